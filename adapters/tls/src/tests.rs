use std::fs;

use super::{TlsFault, client};

fn authority() -> String {
    rcgen::generate_simple_self_signed(["gateway.test".to_owned()]).expect("a certificate").cert.pem()
}

#[test]
fn an_authority_of_its_own_is_trusted_beside_the_systems() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    fs::write(&file, authority() + &authority()).expect("written");
    assert!(client(Some(&file)).is_ok());
}

#[test]
fn a_file_that_is_missing_empty_or_broken_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    assert!(matches!(client(Some(&file)), Err(TlsFault::CaFile { .. })), "missing");
    fs::write(&file, "no certificate in here\n").expect("written");
    let fault = client(Some(&file)).expect_err("empty");
    assert!(matches!(fault, TlsFault::Empty { .. }) && fault.to_string().contains("ca.pem"), "{fault}");
    fs::write(&file, "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n").expect("written");
    assert!(matches!(client(Some(&file)), Err(TlsFault::CaFile { .. })), "broken");
}
