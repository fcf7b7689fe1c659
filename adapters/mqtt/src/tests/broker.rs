//! Debian's mosquitto on a port and with a configuration of its own.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    process::Stdio,
};

use tokio::process::{Child, Command};

use super::{BUDGET, Duration, KEYS};
use crate::Settings;

/// The account of the gateway and its password; controllers are `panel` with the same.
pub(super) const PASSWORD: &str = "geheim";

pub(super) struct Mosquitto {
    pub(super) port: u16,
    folder: tempfile::TempDir,
    process: Option<Child>,
    tls: bool,
}

impl Mosquitto {
    pub(super) async fn start() -> Self {
        Self::on(false).await
    }

    /// The same behind TLS, with a certificate of an authority of its own.
    pub(super) async fn start_tls() -> Self {
        Self::on(true).await
    }

    async fn on(tls: bool) -> Self {
        // Free a moment ago; the broker names no port it chose itself.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut broker = Self { port, folder: tempfile::tempdir().unwrap(), process: None, tls };
        broker.configure().await;
        broker.run().await;
        broker
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn configure(&self) {
        std::fs::write(self.path("password"), PASSWORD).unwrap();
        for (flags, user) in [(&["-c", "-b"][..], "gateway"), (&["-b"], "panel")] {
            let mut passwords = Command::new("mosquitto_passwd");
            let status = passwords.args(flags).arg(self.path("accounts")).args([user, PASSWORD]).status().await;
            assert!(status.is_ok_and(|status| status.success()), "mosquitto_passwd cannot be run; {INSTALL}");
        }
        let rights = "user gateway\ntopic write fenghuo/#\ntopic deny fenghuo/forbidden\ntopic read fenghuo/#\n\
                      user panel\ntopic read fenghuo/#\ntopic write fenghuo/+/ack\n";
        std::fs::write(self.path("rights"), rights).unwrap();
        let mut lines = vec![
            "user root".to_owned(),
            format!("listener {} 127.0.0.1", self.port),
            format!("acl_file {}", self.path("rights").display()),
            format!("password_file {}", self.path("accounts").display()),
            "allow_anonymous false".to_owned(),
            "persistence false".to_owned(),
        ];
        if self.tls {
            let key = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
            std::fs::write(self.path("ca.pem"), key.cert.pem()).unwrap();
            std::fs::write(self.path("key.pem"), key.signing_key.serialize_pem()).unwrap();
            lines.push(format!("certfile {}", self.path("ca.pem").display()));
            lines.push(format!("keyfile {}", self.path("key.pem").display()));
        }
        std::fs::write(self.path("mosquitto.conf"), lines.join("\n") + "\n").unwrap();
    }

    /// Runs it, again after [`stop`](Self::stop), on the same port; returns once it takes connections.
    pub(super) async fn run(&mut self) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
        let program = paths.map(|folder: PathBuf| folder.join("mosquitto")).find(|program| program.is_file());
        let program = program.unwrap_or_else(|| panic!("there is no mosquitto; {INSTALL}"));
        let mut command = Command::new(program);
        command.arg("-c").arg(self.path("mosquitto.conf")).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(command.kill_on_drop(true).spawn().unwrap());
        let reached = async {
            while tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(BUDGET, reached).await.expect("mosquitto takes connections");
    }

    pub(super) async fn stop(&mut self) {
        self.process.take().unwrap().kill().await.unwrap();
    }

    pub(super) fn settings(&self) -> Settings {
        Settings {
            port: Some(self.port),
            tls: self.tls,
            ca_file: self.tls.then(|| self.path("ca.pem")),
            username: Some("gateway".to_owned()),
            password_file: Some(self.path("password")),
            reconnect_max_ms: 200,
            ..Settings::of("localhost", KEYS)
        }
    }
}

const INSTALL: &str = "the tests' programs are installed by: cargo xtask test";
