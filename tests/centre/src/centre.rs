//! Starting a centre, watching it and talking through it.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use jiff::civil::{DateTime, date};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::{
    alphabet,
    behaviour::Behaviour,
    book::{Arrived, Cancelled, Counts},
    calendar,
    cmpp::Cmpp,
    dialect::{Delivery, Dialect, Head, Part, Said},
    exchange::Way,
    link::Link,
    sgip::Sgip,
    shared::Shared,
    smgp::Smgp,
    smpp::Smpp,
};

/// What a centre speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// SMPP 3.4 and 5.0.
    Smpp,
    /// CMPP 2.0 and 3.0.
    Cmpp,
    /// SGIP 1.2.
    Sgip,
    /// SMGP 3.0.
    Smgp,
}

/// A centre about to start.
#[derive(Debug)]
#[must_use = "nothing listens until it is started"]
pub struct Start {
    protocol: Protocol,
    behaviour: Behaviour,
    listen: SocketAddr,
    date: DateTime,
    tls: bool,
}

impl Start {
    /// Listens there rather than on a free port of the loopback; port 0 is a free one.
    pub fn listen(self, listen: SocketAddr) -> Self {
        Self { listen, ..self }
    }

    /// The local date and time the centre's calendar begins at.
    pub fn at(self, date: DateTime) -> Self {
        Self { date, ..self }
    }

    /// Speaks TLS, with a certificate of its own for `localhost` and the loopback; see
    /// [`Centre::certificate`].
    pub fn with_tls(self) -> Self {
        Self { tls: true, ..self }
    }

    /// Starts listening.
    ///
    /// # Panics
    /// If the address is taken. [`Self::try_start`] says so instead.
    pub async fn start(self) -> Centre {
        let listen = self.listen;
        match self.try_start().await {
            Ok(centre) => centre,
            Err(error) => panic!("a message centre cannot listen on {listen}: {error}"),
        }
    }

    /// Starts listening.
    ///
    /// # Errors
    /// If the address is taken, or no certificate can be made.
    pub async fn try_start(self) -> io::Result<Centre> {
        let tls = self.tls.then(certify).transpose()?;
        let listener = TcpListener::bind(self.listen).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(self.behaviour, self.date));
        let (acceptor, certificate) = tls.unzip();
        match self.protocol {
            Protocol::Smpp => open::<Smpp>(&shared, listener, acceptor),
            Protocol::Cmpp => open::<Cmpp>(&shared, listener, acceptor),
            Protocol::Smgp => open::<Smgp>(&shared, listener, acceptor),
            Protocol::Sgip => {
                shared.tasks.spawn(call(Arc::clone(&shared)));
                open::<Sgip>(&shared, listener, acceptor);
            }
        }
        Ok(Centre { protocol: self.protocol, address, certificate, shared })
    }
}

/// A centre that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Centre {
    protocol: Protocol,
    address: SocketAddr,
    certificate: Option<String>,
    shared: Arc<Shared>,
}

impl Centre {
    /// An SMSC that speaks SMPP 3.4 and 5.0.
    pub fn smpp(behaviour: Behaviour) -> Start {
        Self::of(Protocol::Smpp, behaviour)
    }

    /// A gateway that speaks CMPP 2.0 and 3.0, whichever the client has.
    pub fn cmpp(behaviour: Behaviour) -> Start {
        Self::of(Protocol::Cmpp, behaviour)
    }

    /// A gateway that speaks SGIP 1.2; see [`Behaviour::reports_to`].
    pub fn sgip(behaviour: Behaviour) -> Start {
        Self::of(Protocol::Sgip, behaviour)
    }

    /// A gateway that speaks SMGP 3.0.
    pub fn smgp(behaviour: Behaviour) -> Start {
        Self::of(Protocol::Smgp, behaviour)
    }

    /// A centre that speaks `protocol`.
    pub fn of(protocol: Protocol, behaviour: Behaviour) -> Start {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Start { protocol, behaviour, listen, date: date(2026, 6, 1).at(8, 0, 0, 0), tls: false }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it speaks.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Its certificate as PEM, if it speaks TLS.
    #[must_use]
    pub fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// The messages that arrived whole, in order; none with [`crate::Keep::Counts`].
    #[must_use]
    pub fn arrived(&self) -> Vec<Arrived> {
        self.shared.book.lock().arrived().to_vec()
    }

    /// The messages that arrived whole from the one with this order on.
    #[must_use]
    pub fn arrived_since(&self, order: usize) -> Vec<Arrived> {
        self.shared.book.lock().arrived().get(order..).unwrap_or_default().to_vec()
    }

    /// The requests to stop a message, in order.
    #[must_use]
    pub fn cancelled(&self) -> Vec<Cancelled> {
        self.shared.book.lock().cancelled().to_vec()
    }

    /// The sums so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.book.lock().counts()
    }

    /// How often messages reached a number whole.
    #[must_use]
    pub fn reached(&self, number: &str) -> u32 {
        self.shared.book.lock().reached(number)
    }

    /// The numbers that messages reached whole more than once, and how often.
    #[must_use]
    pub fn doubled(&self) -> BTreeMap<String, u32> {
        self.shared.book.lock().doubled()
    }

    /// Receipts and people's messages that wait at the centre: not yet due, or for a link that may receive.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.exchange.waiting()
    }

    /// Waits until the sums are as wanted.
    pub async fn until(&self, mut wanted: impl FnMut(&Counts) -> bool) {
        loop {
            let entered = self.shared.entered.notified();
            tokio::pin!(entered);
            entered.as_mut().enable();
            if wanted(&self.counts()) {
                return;
            }
            entered.await;
        }
    }

    /// Behaves otherwise from now on.
    pub fn set(&self, behaviour: Behaviour) {
        self.shared.set(behaviour);
    }

    /// How it behaves.
    #[must_use]
    pub fn behaviour(&self) -> Behaviour {
        (*self.shared.behaviour()).clone()
    }

    /// Cuts all links at once, with whatever is unanswered on them.
    pub fn cut_links(&self) {
        self.shared.cut_links();
    }

    /// A person answers: `number` writes `text` to the service number it was last written to from.
    pub fn say(&self, number: &str, text: &str) {
        let behaviour = self.shared.behaviour();
        let to = self.shared.book.lock().sender_to(number).unwrap_or(&behaviour.number).into();
        let now = calendar::now();
        let at = self.shared.calendar().stamp(now);
        let message = self.shared.next_message();
        let head = Head { command: 0, status: 0, sequence: [0; 3] };
        let (id, basic) = match self.protocol {
            Protocol::Smpp => (Smpp::id(message, &head, at), Smpp::BASIC),
            Protocol::Cmpp => (Cmpp::id(message, &head, at), Cmpp::BASIC),
            Protocol::Sgip => (Sgip::id(message, &head, at), Sgip::BASIC),
            Protocol::Smgp => (Smgp::id(message, &head, at), Smgp::BASIC),
        };
        let (alphabet, segments) = alphabet::write(basic, text);
        let total = u8::try_from(segments.len()).unwrap_or(u8::MAX);
        let reference = u16::from(message.to_be_bytes()[7]);
        let said = (1..=total).zip(segments).map(|(number_of_part, octets)| {
            let part = (total > 1).then_some(Part { reference, total, number: number_of_part });
            Delivery::Said(Said { id, from: number.into(), to: Box::clone(&to), alphabet, part, octets, at })
        });
        self.shared.exchange.post(now, now, said.map(|said| (Way::Any, said)));
    }

    /// Ends all links and listens no more.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

/// Accepts links and hands over what is due, until the centre stops.
fn open<D: Dialect>(shared: &Arc<Shared>, listener: TcpListener, acceptor: Option<TlsAcceptor>) {
    shared.tasks.spawn(accept::<D>(Arc::clone(shared), listener, acceptor));
    shared.tasks.spawn(hand_over(Arc::clone(shared)));
}

async fn accept<D: Dialect>(shared: Arc<Shared>, listener: TcpListener, acceptor: Option<TlsAcceptor>) {
    let stop = shared.stop.clone();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        // A client that is gone before it is accepted is no fault of the centre.
        let Ok((stream, _)) = accepted else { continue };
        shared.tasks.spawn(serve::<D>(Arc::clone(&shared), stream, acceptor.clone()));
    }
}

async fn serve<D: Dialect>(shared: Arc<Shared>, stream: TcpStream, acceptor: Option<TlsAcceptor>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match acceptor {
        None => Link::<D>::new(&shared).run(stream).await,
        Some(acceptor) => {
            if let Some(Ok(stream)) = shared.stop.run_until_cancelled(acceptor.accept(stream)).await {
                Link::<D>::new(&shared).run(stream).await;
            }
        }
    }
}

/// Opens a connection to the client's listener whenever something waits for one.
async fn call(shared: Arc<Shared>) {
    let stop = shared.stop.clone();
    while stop.run_until_cancelled(shared.exchange.wanted.notified()).await.is_some() {
        while shared.exchange.is_wanting() && !stop.is_cancelled() {
            if let Some(listener) = shared.behaviour().reports_to
                && let Ok(stream) = TcpStream::connect(listener).await
            {
                let mut link = Link::<Sgip>::new(&shared);
                link.call();
                link.run(stream).await;
            }
            stop.run_until_cancelled(tokio::time::sleep(BETWEEN_CALLS)).await;
        }
    }
}

/// How long the gateway waits before it calls again.
const BETWEEN_CALLS: Duration = Duration::from_millis(100);

async fn hand_over(shared: Arc<Shared>) {
    loop {
        let woken = shared.exchange.woken.notified();
        let next = shared.exchange.hand_due(calendar::now());
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = woken => {}
            () = tokio::time::sleep_until(next.unwrap_or(shared.started)), if next.is_some() => {}
        }
    }
}

/// A TLS server with a certificate signed by nobody else, and the certificate.
fn certify() -> io::Result<(TlsAcceptor, String)> {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let certified = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .map_err(io::Error::other)?;
    Ok((TlsAcceptor::from(Arc::new(config)), certified.cert.pem()))
}
