//! The real program: what it serves, and where it listens.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
};

use fenghuo::{
    clock::Clock,
    flow::{
        authorize::{KeyOrder, Role, offline},
        target::directory::Recipient,
    },
};
use fenghuo_contract::Channel;

use super::message::STREET;

/// An issuer of a configuration that may say anything anywhere.
pub const RELAY: &str = r#"
[issuers.relay]
name = "转发"
hazards = ["*"]
levels = ["red", "orange", "yellow", "blue", "unknown"]
areas = ["*"]
relay = true
"#;

/// Fills a data directory with people of a street who take part in drills; gives the secrets of an issuer's and an
/// operator's key.
pub async fn prepare(data: &Path, channel: Channel, addresses: impl Iterator<Item = String>) -> (String, String) {
    let clock = Clock::system();
    let opened = fenghuo::app::open(data, &clock).await.expect("a store");
    let people = addresses.enumerate().map(|(n, address)| Recipient {
        external_id: format!("r{n}"),
        areas: vec![STREET.parse().expect("a code")],
        language: "zh-CN".to_owned(),
        endpoints: [(channel, address)].into(),
        drill: true,
        ..Recipient::default()
    });
    opened.directory.put(people.collect()).await.expect("stored");
    let issuer = offline::create(&opened.store, &clock, KeyOrder::new(Role::Issuer, Some("relay".to_owned()))).await;
    let operator = offline::create(&opened.store, &clock, KeyOrder::new(Role::Operator, None)).await;
    opened.store.close().await;
    (issuer.expect("a key").secret, operator.expect("a key").secret)
}

/// The program, to be started on a data directory.
pub fn serve(config: &Path, data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fenghuo"));
    command.args(["serve", "--lang", "en", "--config"]).arg(config).arg("--data").arg(data).stderr(Stdio::piped());
    command
}

/// `http://127.0.0.1:…`, once the program says so on its piped standard error; what it says later is read and dropped.
pub fn listening(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stderr.take().expect("piped"));
    let mut said = String::new();
    let base = loop {
        let before = said.len();
        assert!(lines.read_line(&mut said).expect("text") > 0, "the program ended before it listened: {said}");
        let line = &said[before..];
        if let Some(at) = line.find("http://127.0.0.1:") {
            let digits: String = line[at + 17..].chars().take_while(char::is_ascii_digit).collect();
            break format!("http://127.0.0.1:{digits}");
        }
    };
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let _read = lines.read_to_end(&mut rest);
    });
    base
}
