use std::{os::unix::fs::PermissionsExt, path::PathBuf, sync::Arc};

use super::{Context, KeyFault, Unsealable, Vault};
use crate::messages::{self, Lang};
use crate::{
    clock::Clock,
    store::{Space, Store, memory::Memory},
};

fn vault() -> Vault {
    Vault::with_key(&[7; 32])
}

fn at<'a>(key: &'a [u8], field: &'a str) -> Context<'a> {
    Context { space: Space::Recipient, key, field }
}

#[test]
fn opens_only_where_it_was_sealed() {
    let sealed = vault().seal(at(b"row1", "sms"), b"13800138000", [1; 12]);
    assert_eq!(sealed[0], 1);
    assert_eq!(*vault().unseal(at(b"row1", "sms"), &sealed).unwrap(), b"13800138000");
    let elsewhere = [at(b"row2", "sms"), at(b"row1", "email"), at(b"row", "1sms")];
    for context in elsewhere {
        assert_eq!(vault().unseal(context, &sealed).unwrap_err(), Unsealable, "{context:?}");
    }
    let other_space = Context { space: Space::Screen, ..at(b"row1", "sms") };
    assert!(vault().unseal(other_space, &sealed).is_err());
    assert!(Vault::with_key(&[8; 32]).unseal(at(b"row1", "sms"), &sealed).is_err());
}

#[test]
fn any_altered_byte_and_any_cut_is_noticed() {
    let sealed = vault().seal(at(b"1", "sms"), b"x", [1; 12]);
    for place in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[place] ^= 1;
        assert!(vault().unseal(at(b"1", "sms"), &altered).is_err(), "byte {place}");
        assert!(vault().unseal(at(b"1", "sms"), &sealed[..place]).is_err(), "cut at {place}");
    }
}

#[test]
fn hashes_differ_by_key_kind_and_purpose() {
    let vault = vault();
    assert_eq!(vault.lookup("sms", "1"), Vault::with_key(&[7; 32]).lookup("sms", "1"));
    assert_ne!(vault.lookup("sms", "1"), vault.lookup("email", "1"));
    assert_ne!(vault.lookup("sms", "1"), Vault::with_key(&[8; 32]).lookup("sms", "1"));
    assert_ne!(vault.mac("kiosk", b"a"), vault.mac("other", b"a"));
    assert_ne!(vault.mac("kiosk", b"1")[..16], vault.lookup("kiosk", "1"));
    assert_ne!(vault.fingerprint(), Vault::with_key(&[8; 32]).fingerprint());
}

fn key_path(directory: &tempfile::TempDir) -> PathBuf {
    directory.path().join("seal.key")
}

fn chance(seed: u64) -> Clock {
    Clock::simulated(0, seed)
}

#[tokio::test(start_paused = true)]
async fn makes_its_key_once_with_mode_600() {
    let directory = tempfile::tempdir().unwrap();
    let path = key_path(&directory);
    let first = Vault::open_or_create(&path, &chance(1)).unwrap();
    let again = Vault::open_or_create(&path, &chance(2)).unwrap();
    assert_eq!(first.fingerprint(), again.fingerprint());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "no draft is left");
}

#[tokio::test(start_paused = true)]
async fn refuses_a_key_file_others_can_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = key_path(&directory);
    Vault::open_or_create(&path, &chance(1)).unwrap();
    for mode in [0o640, 0o604, 0o644] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let fault = Vault::open(&path).err().expect("refused");
        assert!(matches!(fault, KeyFault::TooOpen { .. }), "{fault}");
        assert!(fault.to_string().contains("chmod 600"));
    }
}

#[tokio::test(start_paused = true)]
async fn refuses_what_is_no_key_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = key_path(&directory);
    Vault::open_or_create(&path, &chance(1)).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let more = [&whole[..], b"and more"].concat();
    for text in [&b""[..], b"\xff\xfe", b"fenghuo-key:sm4-gcm\n00", &whole[..40], &more] {
        std::fs::write(&path, text).unwrap();
        assert!(matches!(Vault::open(&path), Err(KeyFault::Malformed { .. })), "{text:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn data_without_its_key_or_with_another_does_not_start() {
    let directory = tempfile::tempdir().unwrap();
    let path = key_path(&directory);
    let store: Store = Arc::new(Memory::new(chance(1)));
    let first = Vault::start(&store, &path, &chance(1)).await.unwrap();
    assert!(Vault::start(&store, &path, &chance(2)).await.is_ok());

    std::fs::remove_file(&path).unwrap();
    let missing = Vault::start(&store, &path, &chance(3)).await.err().expect("refused");
    assert!(matches!(&missing, KeyFault::Missing { expected, .. } if expected == first.fingerprint()), "{missing}");
    assert!(!path.exists(), "no key is made in place of a lost one");

    Vault::open_or_create(&path, &chance(4)).unwrap();
    let wrong = Vault::start(&store, &path, &chance(5)).await.err().expect("refused");
    assert!(matches!(&wrong, KeyFault::Wrong { expected, .. } if expected == first.fingerprint()), "{wrong}");
}

#[test]
fn every_code_has_its_text_and_action_in_both_languages() {
    for code in KeyFault::CODES {
        for lang in Lang::ALL {
            assert!(messages::is_code(code) && messages::action(lang, code).is_some(), "{code} in {}", lang.tag());
        }
    }
}
