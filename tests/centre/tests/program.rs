//! The program for people, with TLS.

use std::{process::Stdio, sync::Arc};

use fenghuo_centre::Behaviour;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
};
use tokio_rustls::TlsConnector;

fn start(arguments: &[&str]) -> Child {
    let mut program = Command::new(env!("CARGO_BIN_EXE_fenghuo-centre"));
    program.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap()
}

fn trusting(certificate: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

#[tokio::test]
async fn the_program_speaks_tls_and_tells() {
    let mut program = start(&["--protocol", "smpp", "--tls", "--tell"]);
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    let port = u16::try_from(first["listening"].as_u64().unwrap()).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = trusting(first["certificate"].as_str().unwrap()).connect(name, stream).await.unwrap();
    stream.write_all(b"\0\0\0\x23\0\0\0\x09\0\0\0\0\0\0\0\x01900001\0secret\0\0\x34\0\0\0").await.unwrap();
    let text = b"\0\x01\x0110690000\0\x01\x018613800000001\0\0\0\0\0\0\0\0\0\0\x05water";
    let length = u8::try_from(16 + text.len()).unwrap();
    stream.write_all(&[&[0, 0, 0, length, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 2][..], text].concat()).await.unwrap();
    let mut answers = [0; 34 + 18];
    stream.read_exact(&mut answers).await.unwrap();
    assert_eq!(answers[4..16], [0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(answers[34..], *b"\0\0\0\x12\x80\0\0\x04\0\0\0\0\0\0\0\x021\0");
    loop {
        let told: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        if let Some(arrived) = told.get("arrived") {
            assert_eq!(arrived["text"], "water");
            return;
        }
        assert!(told["counts"].is_object(), "{told}");
    }
}

#[tokio::test]
async fn the_program_explains_what_it_does_not_understand() {
    let output = start(&["--protocol", "pigeon"]).wait_with_output().await.unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("pigeon") && error.contains("usage:"), "{error}");
}

#[test]
fn behaviour_is_data() {
    let written = serde_json::to_value(Behaviour::default()).unwrap();
    assert_eq!(serde_json::from_value::<Behaviour>(written).unwrap(), Behaviour::default());
    let given = json!({"answer_after": 250, "receipts": {"when": {"after": {"ms": 5}}}, "manner": "silent"});
    assert_eq!(serde_json::from_value::<Behaviour>(given).unwrap().answer_after.as_millis(), 250);
    assert!(serde_json::from_value::<Behaviour>(json!({"maner": "silent"})).is_err());
}
