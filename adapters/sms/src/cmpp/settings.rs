use std::{
    path::PathBuf,
    sync::{Arc, LazyLock},
};

use fenghuo_contract::CodeTable;

use super::{
    codec::{Submit, Version},
    dialogue::Dialogue,
};
use crate::{
    Coding, Link, Now, SettingsFault, Text,
    adapter::Parts,
    link::Line,
    mainland::{CODINGS, LONGS, Numbers, VALIDITY_HOURS, check_field},
    protocol::Role,
    settings::{Problems, Usual},
};

/// Long-lived connections (CMPP 3.0 §6.3: window 16; §6.2: test after 180 s, answers within 60 s). An unanswered test is not
/// repeated, as the specification would have it: over TCP a second question tells nothing the first did not.
const USUAL: Usual = Usual { port: 7890, window: 16, answer_timeout_ms: 60_000, keepalive_ms: 180_000 };

static CODES: LazyLock<Arc<CodeTable>> = LazyLock::new(|| {
    let text = include_str!("../../../../config/codes/cmpp.toml");
    Arc::new(CodeTable::parse(text).expect("the built-in table is parsed by a test"))
});

/// An account with a gateway of China Mobile. `link.host`, `sp_id`, `secret_file`, `sender` and `service_id` must be given.
///
/// ```toml
/// sp_id = "901234"
/// secret_file = "/run/credentials/cmpp-secret"
/// sender = "106901234"
/// service_id = "WARN"
/// [link]
/// host = "10.20.30.40"
/// allow_plain = true
/// [text]
/// signature = "【松北应急】"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The connections. Its port defaults to 7890; the protocol knows no TLS, so that `link.tls` needs a tunnel's end at the
    /// gateway.
    pub link: Link,
    /// How a text becomes messages. Codings: `ucs2` (default), `ascii`, `gbk`; `long`: `udh8` (default) or `udh16`.
    #[serde(default)]
    pub text: Text,
    /// Version of the protocol, `2.0` or `3.0`. Default `3.0`.
    #[serde(default)]
    pub version: Version,
    /// SP_Id: the enterprise code, at most six characters. It stands in Source_Addr and Msg_src.
    pub sp_id: String,
    /// File that holds the shared secret and nothing else (a line end is ignored).
    pub secret_file: PathBuf,
    /// Src_Id: the number shown as the sender, the access code with its extension, at most 20 digits.
    pub sender: String,
    /// Service_Id: the service the contract names, at most ten characters.
    pub service_id: String,
    /// Fee_UserType: who pays. 0 the receiver, 1 the sender, 2 we, 3 the number in `fee_number`. Default 2.
    #[serde(default = "provider")]
    pub fee_user: u8,
    /// Fee_terminal_Id: the number that pays with `fee_user = 3`. Default none.
    #[serde(default)]
    pub fee_number: String,
    /// FeeType, two digits. Default `01`, free.
    #[serde(default = "free")]
    pub fee_type: String,
    /// FeeCode: the price in hundredths of a yuan, at most six digits. Default `0`.
    #[serde(default = "nothing")]
    pub fee_code: String,
    /// The longest validity the gateway is asked for, hours; a message that expires earlier says so. 0 leaves it to the
    /// gateway. Default 48.
    #[serde(default = "validity")]
    pub validity_max_h: u32,
    /// The gateway must prove that it knows the secret, too. Default yes; some gateways leave AuthenticatorISMG empty.
    #[serde(default = "yes")]
    pub verify_gateway: bool,
    /// File with meanings of codes that count before the built-in ones; its form is that of `config/codes/cmpp.toml`.
    /// Default: the built-in ones alone.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
}

impl Settings {
    /// Checks everything, reads the secret and the codes. `seed` makes sequence numbers differ from one process to the next.
    pub(super) fn ready(&self, now: Now, seed: u64) -> Result<Parts, SettingsFault> {
        let mut problems = Problems::default();
        self.check_fields(&mut problems);
        let line = self.link.line(&USUAL, &mut problems);
        let text = self.text.check(&[Coding::Ucs2], &CODINGS, &LONGS, &mut problems);
        let codes = problems.codes(self.codes_file.as_deref(), &CODES);
        let secret = problems.secret("secret_file", &self.secret_file);
        let (line, secret): (Line, String) = problems.or(line.zip(secret))?;
        let dialogue = Dialogue {
            version: self.version,
            sp_id: self.sp_id.as_str().into(),
            secret,
            verify: self.verify_gateway,
            form: self.form(),
            long: text.long,
            validity_hours: self.validity_max_h,
            codes,
            now,
            numbers: Numbers::new(seed),
        };
        Ok(Parts { protocol: Arc::new(dialogue), line, roles: &[Role::Transceiver], text, receipts: true })
    }

    fn form(&self) -> Submit {
        Submit {
            registered_delivery: 1,
            service_id: self.service_id.as_str().into(),
            fee_user: self.fee_user,
            fee_number: self.fee_number.as_str().into(),
            source: self.sp_id.as_str().into(),
            fee_type: self.fee_type.as_str().into(),
            fee_code: self.fee_code.as_str().into(),
            sender: self.sender.as_str().into(),
            ..Submit::default()
        }
    }

    fn check_fields(&self, problems: &mut Problems) {
        check_field(problems, "sp_id", &self.sp_id, 1, 6);
        check_field(problems, "sender", &self.sender, 1, 20);
        check_field(problems, "service_id", &self.service_id, 1, 10);
        check_field(problems, "fee_type", &self.fee_type, 2, 2);
        check_field(problems, "fee_code", &self.fee_code, 1, 6);
        let key = "fee_user";
        problems.unless(self.fee_user <= 3, key, "须为 0 至 3", "must be 0 to 3");
        let paid = if self.fee_user == 3 { 1 } else { 0 };
        check_field(problems, "fee_number", &self.fee_number, paid, 20 * paid);
    }
}

fn provider() -> u8 {
    2
}

fn free() -> String {
    "01".to_owned()
}

fn nothing() -> String {
    "0".to_owned()
}

fn validity() -> u32 {
    VALIDITY_HOURS
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests;
