//! RFC 8291 over RFC 8188: one record of `aes128gcm`.

use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
    rand::{SecureRandom, SystemRandom},
};

use super::subscription::Subscription;

/// Octets of an encrypted body every push service takes (RFC 8030 §7.2), and the record size.
const RECORD: usize = 4096;

/// Salt, record size, length of the key, key.
const HEADER: usize = 16 + 4 + 1 + 65;

/// The most that can be encrypted: without header, delimiter and tag.
pub(crate) const PLAIN_MAX: usize = RECORD - HEADER - 1 - 16;

/// Bodies are filled up to a multiple of this.
const STEP: usize = 512;

/// Encrypts for a subscription, with a key and a salt of its own; `None` when the subscription's key is none, or the text
/// is longer than [`PLAIN_MAX`]. Keys are the business of the system's generator, not of a test's.
pub(crate) fn encrypt(plain: &[u8], to: &Subscription) -> Option<Vec<u8>> {
    let random = SystemRandom::new();
    let mut salt = [0; 16];
    random.fill(&mut salt).ok()?;
    let private = EphemeralPrivateKey::generate(&ECDH_P256, &random).ok()?;
    let public = private.compute_public_key().ok()?;
    let public = public.as_ref().try_into().ok()?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, &to.key);
    agree_ephemeral(private, &theirs, |secret| seal(&padded(plain)?, to, secret, public, salt)).ok()?
}

/// The text, the delimiter of the last record, and zeros (RFC 8188 §2).
fn padded(plain: &[u8]) -> Option<Vec<u8>> {
    let length = (plain.len() + 1).next_multiple_of(STEP).min(PLAIN_MAX + 1);
    if plain.len() > PLAIN_MAX {
        return None;
    }
    let mut padded = Vec::with_capacity(length + 16);
    padded.extend_from_slice(plain);
    padded.push(2);
    padded.resize(length, 0);
    Some(padded)
}

/// Seals one record, given what the two keys agreed on.
fn seal(padded: &[u8], to: &Subscription, secret: &[u8], public: &[u8; 65], salt: [u8; 16]) -> Option<Vec<u8>> {
    let info = [b"WebPush: info\0", &to.key[..], public];
    let key = Salt::new(HKDF_SHA256, &to.auth).extract(secret);
    let key = Salt::new(HKDF_SHA256, &salt).extract(&expand::<32>(&key, &info)?);
    let nonce = Nonce::assume_unique_for_key(expand(&key, &[b"Content-Encoding: nonce\0"])?);
    let key = UnboundKey::new(&AES_128_GCM, &expand::<16>(&key, &[b"Content-Encoding: aes128gcm\0"])?).ok()?;
    let mut body = Vec::with_capacity(HEADER + padded.len() + 16);
    body.extend_from_slice(&salt);
    body.extend_from_slice(&(RECORD as u32).to_be_bytes());
    body.push(65);
    body.extend_from_slice(public);
    let mut record = padded.to_vec();
    LessSafeKey::new(key).seal_in_place_append_tag(nonce, Aad::empty(), &mut record).ok()?;
    body.extend_from_slice(&record);
    Some(body)
}

/// So many octets.
struct Octets(usize);

impl KeyType for Octets {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(key: &Prk, info: &[&[u8]]) -> Option<[u8; N]> {
    let mut octets = [0; N];
    key.expand(info, Octets(N)).ok()?.fill(&mut octets).ok()?;
    Some(octets)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use p256::{PublicKey, SecretKey, ecdh::diffie_hellman};

    use super::*;

    fn octets<const N: usize>(text: &str) -> [u8; N] {
        URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
    }

    /// The example of RFC 8291, section 5 and appendix A.
    #[test]
    fn agrees_with_the_example_of_the_standard() {
        let subscription = Subscription {
            endpoint: String::new(),
            key: octets("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
            auth: octets("BTBZMqHH6r4Tts7J_aSIgg"),
        };
        let private = SecretKey::from_slice(&octets::<32>("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        let public = octets("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        let theirs = PublicKey::from_sec1_bytes(&subscription.key).unwrap();
        let secret = diffie_hellman(private.to_nonzero_scalar(), theirs.as_affine());
        let plain = b"When I grow up, I want to be a watermelon\x02";
        let salt = octets("DGv6ra1nlYgDCS1FRnbzlw");
        let body = seal(plain, &subscription, secret.raw_secret_bytes(), &public, salt).unwrap();
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml\
                        mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT\
                        pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(body), expected);
    }

    #[test]
    fn lengths_are_hidden_and_bounded() {
        let lengths = |plain: usize| padded(&vec![b'x'; plain]).map(|padded| padded.len());
        assert_eq!([lengths(0), lengths(511), lengths(512)], [Some(512), Some(512), Some(1024)]);
        assert_eq!([lengths(PLAIN_MAX), lengths(PLAIN_MAX + 1)], [Some(PLAIN_MAX + 1), None]);
        assert_eq!(HEADER + PLAIN_MAX + 1 + 16, RECORD);
    }
}
