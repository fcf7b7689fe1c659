use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// HMAC-SHA-256 (RFC 2104) over the parts one after another.
#[must_use]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    keyed(key, parts).finalize().into_bytes().into()
}

/// Whether `tag` is the HMAC-SHA-256 of the parts; takes the same time whatever the tag.
#[must_use]
pub fn verify_hmac_sha256(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    keyed(key, parts).verify_slice(tag).is_ok()
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac
}

#[cfg(test)]
mod tests {
    use super::{hmac_sha256, verify_hmac_sha256};

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Test cases 1, 2 and 6 of RFC 4231.
    #[test]
    fn agrees_with_the_published_vectors() {
        for (key, parts, tag) in [
            (
                &[0x0b; 20][..],
                &[&b"Hi There"[..]][..],
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                &[b"what do ya want ", b"for nothing?"],
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 131],
                &[b"Test Using Larger Than Block-Size Key - Hash Key First"],
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(hex(&hmac_sha256(key, parts)), tag);
        }
    }

    #[test]
    fn refuses_any_other_tag() {
        let tag = hmac_sha256(b"key", &[b"body"]);
        assert!(verify_hmac_sha256(b"key", &[b"bo", b"dy"], &tag));
        let mut flipped = tag;
        flipped[31] ^= 1;
        for wrong in [&flipped[..], &tag[..31], &[]] {
            assert!(!verify_hmac_sha256(b"key", &[b"body"], wrong));
        }
        assert!(!verify_hmac_sha256(b"kez", &[b"body"], &tag));
    }
}
