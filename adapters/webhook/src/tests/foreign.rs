//! What we sign, checked by the reference library (PyPI `standardwebhooks`), in the tests' own Python environment.

use std::{path::Path, process::Stdio};

use tokio::{io::AsyncWriteExt, process::Command};

use super::{BUDGET, OK, Peer, SECRETS, Seen, batch, partner};
use crate::*;

/// Reads secret, id, time, signature and body, one a line, and verifies. The time is that of the test's clock, so the
/// library's look at the clock of the machine is answered with it.
const VERIFY: &str = r"
import sys, datetime
from unittest import mock
from standardwebhooks.webhooks import Webhook
secret, id, at, signature, body = sys.stdin.read().split('\n', 4)
class Then(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(int(at), tz)
with mock.patch('standardwebhooks.webhooks.datetime', Then):
    Webhook(secret).verify(body, {'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature})
";

async fn verifies(secret: &str, seen: &Seen, body: &str) -> bool {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv");
    let python = std::env::var_os("FENGHUO_VENV").map_or(own, Into::into).join("bin/python3");
    let known = Command::new(&python).args(["-c", "import standardwebhooks"]).status().await;
    assert!(
        known.is_ok_and(|status| status.success()),
        "{} has no standardwebhooks; the tests' Python environment is made by: cargo xtask test",
        python.display()
    );
    let mut check = Command::new(&python);
    let check = check.args(["-c", VERIFY]).stdin(Stdio::piped()).stderr(Stdio::null());
    let mut check = check.spawn().unwrap();
    let header = |name| seen.header(name);
    let input = [secret, header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"), body];
    check.stdin.take().unwrap().write_all(input.join("\n").as_bytes()).await.unwrap();
    check.wait().await.unwrap().success()
}

#[tokio::test]
async fn the_reference_library_accepts_what_we_sign() {
    let peer = Peer::start(OK).await;
    let partner = partner(peer.address, &SECRETS);
    let body = "{\"type\":\"warning.released\",\"headline\":\"松北区发布暴雨红色预警\"}";
    partner.webhook.submit(&batch(body, &[Token::new(1, 1)]), BUDGET).await.unwrap();
    let seen = peer.seen().remove(0);
    for secret in SECRETS {
        assert!(verifies(secret, &seen, body).await, "with either key while both are in use");
    }
    assert!(!verifies(SECRETS[0], &seen, &body.replace('红', "蓝")).await, "not another text");
    assert!(!verifies("whsec_CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC", &seen, body).await, "not another key");
}
