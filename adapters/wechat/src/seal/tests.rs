use proptest::prelude::*;

use super::*;

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

fn seal() -> Seal {
    Seal::new(Secret::new("token"), Some(&Secret::new(KEY)), "wx0123456789abcdef").unwrap()
}

#[test]
fn words_are_signed_in_any_order() {
    let signature = seal().sign(&["1409659813", "1372623149"]);
    assert!(seal().is_signed(&signature, &["1372623149", "1409659813"]));
    for wrong in [&signature[..39], "", &signature.to_uppercase()] {
        assert!(!seal().is_signed(wrong, &["1372623149", "1409659813"]), "{wrong}");
    }
    assert!(!seal().is_signed(&signature, &["1372623149", "1409659814"]));
}

#[test]
fn a_message_for_another_account_is_not_opened() {
    let other = Seal::new(Secret::new("token"), Some(&Secret::new(KEY)), "wx0123456789abcdeX").unwrap();
    assert_eq!(seal().open(&other.close(b"<xml/>", [7; 16]).unwrap()), Err(SealFault::Owner));
    let longer = Seal { owner: "wx0123456789abcdef0".to_owned(), ..other };
    assert_eq!(seal().open(&longer.close(b"<xml/>", [7; 16]).unwrap()), Err(SealFault::Owner));
}

#[test]
fn what_is_no_envelope_is_told_so() {
    let plain = Seal::new(Secret::new("token"), None, "wx").unwrap();
    assert_eq!(plain.open("AAAA"), Err(SealFault::NoKey));
    assert_eq!(seal().open(&"A".repeat(SEALED_MAX + 1)), Err(SealFault::Large));
    assert_eq!(seal().open("=="), Err(SealFault::Base64));
    assert_eq!(seal().open(""), Err(SealFault::Broken));
    assert_eq!(seal().open("AAAA"), Err(SealFault::Broken), "no whole block");
    for key in ["short", &KEY[1..], &format!("{KEY}AAAA"), "*bcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"] {
        assert!(Seal::new(Secret::new("t"), Some(&Secret::new(key)), "wx").is_err(), "{key}");
    }
}

proptest! {
    #[test]
    fn what_was_closed_opens(message in prop::collection::vec(any::<u8>(), 0..600), chance in any::<[u8; 16]>()) {
        prop_assert_eq!(seal().open(&seal().close(&message, chance).unwrap()), Ok(message));
    }

    /// Whatever comes, it is opened or told why not, and never larger than what came.
    #[test]
    fn no_envelope_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0usize..4) {
        let mut text = STANDARD.encode(&bytes);
        text.truncate(text.len().saturating_sub(cut));
        if let Ok(message) = seal().open(&text) {
            prop_assert!(message.len() <= text.len());
        }
    }

    /// A bit turned in any block but the first, which is chance, is noticed or stays in the message's own bytes.
    #[test]
    fn lengths_that_lie_are_refused(length in any::<u32>(), body in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut whole = [&[0; 16][..], &length.to_be_bytes(), &body].concat();
        let padding = PADDED_TO - whole.len() % PADDED_TO;
        whole.resize(whole.len() + padding, padding as u8);
        match taken_apart(&whole) {
            Some((message, owner)) => prop_assert_eq!((message.len(), owner.len() + length as usize), (length as usize, body.len())),
            None => prop_assert!(length as usize > body.len()),
        }
    }
}
