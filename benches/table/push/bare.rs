//! A client that does nothing but send: requests made before, many under way at a time, answers read and dropped.

use std::{io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use futures_util::future::join_all;
use h2::client::{self, SendRequest};
use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
    rand::{SecureRandom, SystemRandom},
};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{devices::Browser, sink::First};

/// Requests under way on a connection.
const UNDER_WAY: u32 = 256;
/// Octets of what is encrypted for a browser, filled up as RFC 8188 allows.
const PLAIN: usize = 512;

/// Sends `count` requests over one connection; with a `browser` the body of each is encrypted for it.
pub(super) async fn connection(
    address: SocketAddr,
    tls: TlsConnector,
    first: Arc<First>,
    count: u32,
    browser: Option<Arc<Browser>>,
) -> io::Result<()> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let stream = tls.connect(name, stream).await?;
    let (sender, connection) =
        client::Builder::new().enable_push(false).handshake::<_, Bytes>(stream).await.map_err(io::Error::other)?;
    let sending = async move {
        let (each, more) = (count / UNDER_WAY, count % UNDER_WAY);
        let one = |number| requests(sender.clone(), &first, each + u32::from(number < more), browser.as_deref());
        let all = join_all((0..UNDER_WAY).map(one)).await;
        all.into_iter().collect::<Result<Vec<()>, h2::Error>>().map(drop)
    };
    tokio::select! {
        sent = sending => sent.map_err(io::Error::other),
        ended = connection => Err(io::Error::other(format!("the sink closed: {ended:?}"))),
    }
}

/// One request after the other.
async fn requests(
    sender: SendRequest<Bytes>,
    first: &First,
    count: u32,
    browser: Option<&Browser>,
) -> Result<(), h2::Error> {
    for _ in 0..count {
        let mut sender = sender.clone().ready().await?;
        let body = browser.map_or_else(|| first.body.clone(), |browser| encrypted(browser).into());
        let (response, mut sending) = sender.send_request(first.head.clone(), false)?;
        sending.send_data(body, true)?;
        let mut body = response.await?.into_body();
        while let Some(chunk) = body.data().await {
            body.flow_control().release_capacity(chunk?.len())?;
        }
    }
    Ok(())
}

/// What RFC 8291 asks for one message: a key of its own, the agreement, four derivations, one seal.
fn encrypted(to: &Browser) -> Vec<u8> {
    let random = SystemRandom::new();
    let mut body = vec![0; 16];
    random.fill(&mut body).expect("chance");
    let private = EphemeralPrivateKey::generate(&ECDH_P256, &random).expect("a key");
    let public = private.compute_public_key().expect("its public half");
    let key = agree_ephemeral(private, &UnparsedPublicKey::new(&ECDH_P256, &to.key), |secret| {
        let info = [b"WebPush: info\0", &to.key[..], public.as_ref()];
        let key = Salt::new(HKDF_SHA256, &to.auth).extract(secret);
        Salt::new(HKDF_SHA256, &body).extract(&expand::<32>(&key, &info))
    });
    let key = key.expect("a point on the curve");
    let nonce = Nonce::assume_unique_for_key(expand(&key, &[b"Content-Encoding: nonce\0"]));
    let seal = UnboundKey::new(&AES_128_GCM, &expand::<16>(&key, &[b"Content-Encoding: aes128gcm\0"]));
    let mut record = vec![b'x'; PLAIN];
    LessSafeKey::new(seal.expect("a key")).seal_in_place_append_tag(nonce, Aad::empty(), &mut record).expect("sealed");
    body.extend_from_slice(&4096_u32.to_be_bytes());
    body.push(65);
    body.extend_from_slice(public.as_ref());
    body.extend_from_slice(&record);
    body
}

struct Octets(usize);

impl KeyType for Octets {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(key: &Prk, info: &[&[u8]]) -> [u8; N] {
    let mut octets = [0; N];
    key.expand(info, Octets(N)).and_then(|expanded| expanded.fill(&mut octets)).expect("short enough");
    octets
}
