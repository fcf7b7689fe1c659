use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, LazyLock},
};

use fenghuo_contract::CodeTable;
use ipnet::IpNet;

use super::{
    codec::Submit,
    dialogue::{Dialogue, Login},
};
use crate::{
    Coding, Link, Now, SettingsFault, Text,
    adapter::Parts,
    link::Reception,
    mainland::{CODINGS, LONGS, Numbers, VALIDITY_HOURS, check_field},
    protocol::Role,
    settings::{Problems, Usual},
};

/// SGIP 1.2: answers within 30 s; a connection idle for 60 s may be ended by either side, and we are the earlier.
const USUAL: Usual = Usual { port: 8801, window: 32, answer_timeout_ms: 30_000, keepalive_ms: 30_000 };

static CODES: LazyLock<Arc<CodeTable>> = LazyLock::new(|| {
    let text = include_str!("../../../../config/codes/sgip.toml");
    Arc::new(CodeTable::parse(text).expect("the built-in table is parsed by a test"))
});

/// An account with a gateway of China Unicom. `link.host`, `node_id`, `login_name`, `password_file`, `sender`, `corp_id`,
/// `service_type` and section `reports` must be given.
///
/// ```toml
/// node_id = 3045112345
/// login_name = "fenghuo"
/// password_file = "/run/credentials/sgip-password"
/// sender = "10655123"
/// corp_id = "12345"
/// service_type = "WARN"
/// [link]
/// host = "10.20.30.60"
/// allow_plain = true
/// [reports]
/// listen = "10.1.2.3:8801"
/// allow = ["10.20.30.60/32"]
/// login_name = "smg"
/// password_file = "/run/credentials/sgip-gateway-password"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The connections that carry submits. The port defaults to 8801; `keepalive_ms` is how long a connection may be idle
    /// before it is ended. The protocol knows no TLS, so that `link.tls` needs a tunnel's end at the gateway.
    pub link: Link,
    /// Where the gateway brings reports and replies.
    pub reports: Reports,
    /// How a text becomes messages. Codings: `ucs2` (default), `ascii`, `gbk`; `long`: `udh8` (default) or `udh16`.
    #[serde(default)]
    pub text: Text,
    /// The number of this node, `3AAAAQQQQQ`: area code and enterprise code.
    pub node_id: u32,
    /// Login Name, at most 16 characters.
    pub login_name: String,
    /// File that holds the Login Password, at most 16 characters, and nothing else (a line end is ignored).
    pub password_file: PathBuf,
    /// SPNumber: the number shown as the sender, the access code with its extension, at most 20 digits.
    pub sender: String,
    /// CorpId: the enterprise code, at most five digits.
    pub corp_id: String,
    /// ServiceType: the service the contract names, at most ten characters.
    pub service_type: String,
    /// ChargeNumber: the number that pays, at most 21 digits. Default 21 zeros: we pay.
    #[serde(default = "we_pay")]
    pub fee_number: String,
    /// FeeType, 0 to 5. Default 1, free.
    #[serde(default = "free")]
    pub fee_type: u8,
    /// FeeValue: the price in hundredths of a yuan, at most six digits. Default `0`.
    #[serde(default = "nothing")]
    pub fee_value: String,
    /// GivenValue: what is given to the user, hundredths of a yuan, at most six digits. Default `0`.
    #[serde(default = "nothing")]
    pub given_value: String,
    /// AgentFlag: 0 to be received, 1 real. Default 0.
    #[serde(default)]
    pub agent_flag: u8,
    /// MorelatetoMTFlag: 0 the first answer to an order, 1 a later one, 2 without an order, 3 scheduled. Default 2.
    #[serde(default = "without_order")]
    pub reason: u8,
    /// The longest validity the gateway is asked for, hours; a message that expires earlier says so. 0 leaves it to the
    /// gateway. Default 48.
    #[serde(default = "validity")]
    pub validity_max_h: u32,
    /// File with meanings of codes that count before the built-in ones; its form is that of `config/codes/sgip.toml`.
    /// Default: the built-in ones alone.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
}

/// Where the gateway brings reports and replies: it opens a connection to us and logs in.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reports {
    /// Address and port we listen at, for example `10.1.2.3:8801`.
    pub listen: SocketAddr,
    /// Addresses the gateway may come from, as networks. At least one; from others nothing is read.
    pub allow: Vec<IpNet>,
    /// Login Name the gateway uses, at most 16 characters.
    pub login_name: String,
    /// File that holds the password the gateway uses, at most 16 characters, and nothing else (a line end is ignored).
    pub password_file: PathBuf,
}

impl Settings {
    /// Checks everything, reads the passwords and the codes. `seed` makes sequence numbers differ from one process to the next.
    pub(super) fn ready(&self, now: Now, seed: u64) -> Result<(Parts, Reception), SettingsFault> {
        let mut problems = Problems::default();
        self.check_fields(&mut problems);
        let line = self.link.line(&USUAL, &mut problems);
        let text = self.text.check(&[Coding::Ucs2], &CODINGS, &LONGS, &mut problems);
        let codes = problems.codes(self.codes_file.as_deref(), &CODES);
        let ours = login(&mut problems, "", &self.login_name, &self.password_file);
        let theirs = login(&mut problems, "reports.", &self.reports.login_name, &self.reports.password_file);
        let (line, (ours, theirs)) = problems.or(line.zip(ours.zip(theirs)))?;
        let dialogue = Dialogue {
            node: self.node_id,
            ours,
            theirs,
            form: self.form(),
            long: text.long,
            validity_hours: self.validity_max_h,
            codes,
            now,
            numbers: Numbers::new(seed),
        };
        let parts = Parts { protocol: Arc::new(dialogue), line, roles: &[Role::Transmitter], text, receipts: true };
        let reception = Reception { listen: self.reports.listen, allow: self.reports.allow.clone() };
        Ok((parts, reception))
    }

    fn form(&self) -> Submit {
        Submit {
            sender: self.sender.as_str().into(),
            fee_number: self.fee_number.as_str().into(),
            corp_id: self.corp_id.as_str().into(),
            service_type: self.service_type.as_str().into(),
            fee_type: self.fee_type,
            fee_value: self.fee_value.as_str().into(),
            given_value: self.given_value.as_str().into(),
            agent_flag: self.agent_flag,
            reason: self.reason,
            report_flag: 1,
            ..Submit::default()
        }
    }

    fn check_fields(&self, problems: &mut Problems) {
        check_field(problems, "sender", &self.sender, 1, 20);
        check_field(problems, "corp_id", &self.corp_id, 1, 5);
        check_field(problems, "service_type", &self.service_type, 1, 10);
        check_field(problems, "fee_number", &self.fee_number, 0, 21);
        check_field(problems, "fee_value", &self.fee_value, 1, 6);
        check_field(problems, "given_value", &self.given_value, 1, 6);
        problems.unless(self.fee_type <= 5, "fee_type", "须为 0 至 5", "must be 0 to 5");
        problems.unless(self.agent_flag <= 1, "agent_flag", "须为 0 或 1", "must be 0 or 1");
        problems.unless(self.reason <= 3, "reason", "须为 0 至 3", "must be 0 to 3");
        let key = "reports.allow";
        problems.unless(!self.reports.allow.is_empty(), key, "至少需要一个地址", "needs at least one address");
    }
}

fn login(problems: &mut Problems, section: &str, name: &str, file: &std::path::Path) -> Option<Login> {
    check_field(problems, &format!("{section}login_name"), name, 1, 16);
    let key = format!("{section}password_file");
    let password = problems.secret(&key, file)?;
    check_field(problems, &key, &password, 1, 16);
    Some(Login { name: name.into(), password })
}

fn we_pay() -> String {
    "0".repeat(21)
}

fn free() -> u8 {
    1
}

fn nothing() -> String {
    "0".to_owned()
}

fn without_order() -> u8 {
    2
}

fn validity() -> u32 {
    VALIDITY_HOURS
}

#[cfg(test)]
mod tests;
