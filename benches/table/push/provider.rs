//! The providers that are measured, and the routes to them.

use std::{process::Command, sync::Arc};

use fenghuo::{app::adapters::Adapters, clock::Clock, config::Route};
use fenghuo_contract::{Adapter, ReceiptSink};
use serde_json::json;

use super::{CONNECTIONS, sink::Sink};
use crate::world::NoReceipts;

/// Whom a message is given to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Provider {
    Fcm,
    Apns,
    WebPush,
}

impl Provider {
    pub(super) const ALL: [Self; 3] = [Self::Fcm, Self::Apns, Self::WebPush];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Fcm => "FCM",
            Self::Apns => "APNs",
            Self::WebPush => "Web Push",
        }
    }

    /// Recipients, of whom an eighth have a device.
    pub(super) const fn recipients(self) -> u32 {
        match self {
            Self::Fcm | Self::Apns => 800_000,
            Self::WebPush => 320_000,
        }
    }

    /// The route's adapter, towards the sink.
    pub(super) fn adapter(self, sink: &Sink) -> Arc<dyn Adapter> {
        let folder = tempfile::tempdir().expect("a directory");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            path.display().to_string()
        };
        let port = sink.address().port();
        let url = format!("https://localhost:{port}");
        let (name, settings) = match self {
            Self::Fcm => {
                let account = json!({
                    "project_id": "songbei", "client_email": "fenghuo@songbei.example", "private_key": rsa(),
                    "private_key_id": "bench", "token_uri": format!("{url}/token"),
                });
                let account = file("account.json", &account.to_string());
                let text = format!("account_file = '{account}'\nurl = '{url}/'\nconnections = {CONNECTIONS}");
                ("fcm", text)
            }
            Self::Apns => {
                let key = file("apns.p8", &p256());
                let app = "key_id = 'KEY1234567'\nteam_id = 'TEAM123456'\ntopic = 'cn.gov.songbei.warning'";
                ("apns", format!("key_file = '{key}'\n{app}\nurl = '{url}/'\nconnections = {CONNECTIONS}"))
            }
            Self::WebPush => {
                let key = file("vapid.pem", &p256());
                let us = "contact = 'mailto:warning@songbei.example'\npage = 'https://songbei.example/'";
                ("webpush", format!("key_file = '{key}'\n{us}\nservices = ['localhost']\nports = [{port}]"))
            }
        };
        let network = format!("allow_private = ['127.0.0.0/8']\nca_file = '{}'", sink.certificate().display());
        let route = format!("channel = 'push'\nadapter = '{name}'\ndrill = true\n[settings]\n{settings}\n");
        let route: Route = toml::from_str(&format!("{route}[settings.network]\n{network}")).expect("a route");
        let receipts = Arc::new(NoReceipts) as Arc<dyn ReceiptSink>;
        Adapters::new(&Clock::system()).build(&route, receipts).expect("good settings")
    }
}

fn p256() -> String {
    rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key").serialize_pem()
}

/// What signs here makes no such keys.
fn rsa() -> String {
    let arguments = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
    let made = Command::new("openssl").args(arguments).output().expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).expect("PEM")
}
