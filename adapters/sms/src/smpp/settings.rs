use std::{path::PathBuf, sync::Arc};

use crate::{
    Coding, Link, Long, SettingsFault, Text, Tls,
    link::Line,
    protocol::Role,
    settings::{Problems, Usual},
    smpp::{BUILT_IN, Login, Manner, Smpp, pdu},
};

/// A route to a message centre by SMPP. `link.host`, `system_id` and `password_file` must be given.
///
/// ```toml
/// system_id = "songbei"
/// password_file = "/run/credentials/smpp-password"
/// source = "12379"
/// link = { host = "smsc.example", tls = "implicit", binds = 2, window = 50 }
/// text = { signature = "【松北应急】", segments_max = 4 }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The connections. The port is 2775 by default, 3550 with TLS.
    pub link: Link,
    /// How a text becomes short messages. Codings by default `gsm7`, `latin1`, `ucs2`; all of `text.long` is possible.
    #[serde(default)]
    pub text: Text,
    /// Account to log in with, 15 characters at most.
    pub system_id: String,
    /// File that holds the password and nothing else (a line end is ignored), 8 characters at most.
    pub password_file: PathBuf,
    /// System type the message centre wants at log-in, 12 characters at most. Default empty.
    #[serde(default)]
    pub system_type: String,
    /// Version spoken: `3.4` or `5.0`. Default `3.4`.
    #[serde(default)]
    pub version: Version,
    /// Whether one connection does both, or submits and receipts have one each. Default `transceiver`.
    #[serde(default)]
    pub bind: Bind,
    /// Sender shown on the handset: a number, or up to 11 letters where the carrier allows them. Default empty: the carrier
    /// puts in its own.
    #[serde(default)]
    pub source: String,
    /// Type of number of `source`, 0 to 6. Default: 5 when it has letters, else 0.
    #[serde(default)]
    pub source_ton: Option<u8>,
    /// Numbering plan of `source`, 0 to 18. Default: 0 when it has letters, else 1.
    #[serde(default)]
    pub source_npi: Option<u8>,
    /// Type of number of recipients, 0 to 6. Default 1, international.
    #[serde(default = "one")]
    pub destination_ton: u8,
    /// Numbering plan of recipients, 0 to 18. Default 1, telephone.
    #[serde(default = "one")]
    pub destination_npi: u8,
    /// Put in front of numbers that have neither `+` nor `00`, for example `86`. Default empty: numbers go out as the
    /// directory has them.
    #[serde(default)]
    pub country_code: String,
    /// Service type of every message, 5 characters at most. Default empty.
    #[serde(default)]
    pub service_type: String,
    /// The highest `priority_flag`, 0 to 3: red has 3, orange 2, yellow 1, others 0, as far as this allows. Default 3.
    #[serde(default = "three")]
    pub priority_max: u8,
    /// Red messages appear at once on the screen of the handset (class 0), where the coding allows it. Many handsets do not
    /// keep such a message. Default no.
    #[serde(default)]
    pub flash_red: bool,
    /// Whether GSM 7-bit text is packed, eight characters in seven octets. Message centres usually want it unpacked.
    /// Default no.
    #[serde(default)]
    pub packed: bool,
    /// Recipients of one `submit_multi`, 1 to 254; with 1, each gets a `submit_sm`. Many message centres do not know the
    /// request. Default 1.
    #[serde(default = "one_destination")]
    pub destinations: usize,
    /// Whether receipts are asked for. Default yes.
    #[serde(default = "yes")]
    pub receipts: bool,
    /// Whether messages that were accepted and not delivered are withdrawn (`cancel_sm`) when their warning is lifted or
    /// replaced. It is done only where one submit has one recipient (`destinations = 1`) and the message id is kept as it came
    /// (`msgid_format = "as_is"`); a message centre that does not know the request is asked once a warning. Default yes.
    #[serde(default = "yes")]
    pub withdraw: bool,
    /// How the message id of an answer is written in receipts. Default `as_is`.
    #[serde(default)]
    pub msgid_format: MsgidFormat,
    /// Minutes the clock of the message centre is ahead of UTC, for the dates in receipts, -840 to 840. Default 480, Beijing.
    #[serde(default = "beijing")]
    pub utc_offset_minutes: i32,
    /// File with meanings of status codes that count before the built-in ones; its form is that of
    /// `config/codes/smpp.toml`. Default: the built-in ones alone.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
}

/// Version spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub enum Version {
    /// SMPP 3.4.
    #[default]
    #[serde(rename = "3.4")]
    V3_4,
    /// SMPP 5.0: the message centre may say how busy it is.
    #[serde(rename = "5.0")]
    V5_0,
}

/// What a bind consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bind {
    /// One connection for both.
    #[default]
    Transceiver,
    /// One connection for submits, one for receipts and replies.
    Pair,
}

/// How the message id of an answer is written in receipts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MsgidFormat {
    /// The same.
    #[default]
    AsIs,
    /// The same but for upper and lower case and zeros in front.
    Loose,
    /// Hexadecimal in the answer, decimal in the receipt.
    HexThenDecimal,
    /// Decimal in the answer, hexadecimal in the receipt.
    DecimalThenHex,
}

/// Settings made usable.
pub(super) struct Ready {
    pub(super) protocol: Smpp,
    pub(super) line: Line,
    pub(super) roles: &'static [Role],
    pub(super) text: Text,
}

const CODINGS: &[Coding] = &[Coding::Gsm7, Coding::Latin1, Coding::Ucs2];

const LONGS: &[Long] = &[Long::Udh8, Long::Udh16, Long::Sar, Long::Payload];

impl Settings {
    /// The defaults, for one message centre and one account.
    #[must_use]
    pub fn of(host: &str, system_id: &str, password_file: impl Into<PathBuf>) -> Self {
        Self {
            link: Link::of(host),
            text: Text::default(),
            system_id: system_id.to_owned(),
            password_file: password_file.into(),
            system_type: String::new(),
            version: Version::default(),
            bind: Bind::default(),
            source: String::new(),
            source_ton: None,
            source_npi: None,
            destination_ton: one(),
            destination_npi: one(),
            country_code: String::new(),
            service_type: String::new(),
            priority_max: three(),
            flash_red: false,
            packed: false,
            destinations: one_destination(),
            receipts: true,
            withdraw: true,
            msgid_format: MsgidFormat::default(),
            utc_offset_minutes: beijing(),
            codes_file: None,
        }
    }

    /// Checks everything, reads the password.
    pub(super) fn ready(&self, now: crate::Now) -> Result<Ready, SettingsFault> {
        let mut problems = Problems::default();
        let port = if self.link.tls == Tls::Implicit { 3550 } else { 2775 };
        let usual = Usual { port, window: 32, answer_timeout_ms: 30_000, keepalive_ms: 30_000 };
        let line = self.link.line(&usual, &mut problems);
        let text = self.text.check(CODINGS, CODINGS, LONGS, &mut problems);
        self.check_numbers(&mut problems);
        let codes = problems.codes(self.codes_file.as_deref(), &BUILT_IN);
        let login = self.login(&mut problems);
        let ready = line.zip(login).map(|(line, login)| Ready {
            protocol: Smpp { login, manner: self.manner(), codes: Arc::clone(&codes), now },
            line,
            roles: match self.bind {
                Bind::Transceiver => &[Role::Transceiver],
                Bind::Pair => &[Role::Transmitter, Role::Receiver],
            },
            text,
        });
        problems.or(ready)
    }

    fn check_numbers(&self, problems: &mut Problems) {
        for (key, ton) in
            [("source_ton", self.source_ton.unwrap_or_default()), ("destination_ton", self.destination_ton)]
        {
            problems.unless(ton <= 6, key, "须为 0 至 6", "must be 0 to 6");
        }
        for (key, npi) in
            [("source_npi", self.source_npi.unwrap_or_default()), ("destination_npi", self.destination_npi)]
        {
            problems.unless(npi <= 18, key, "须为 0 至 18", "must be 0 to 18");
        }
        problems.unless(self.priority_max <= 3, "priority_max", "须为 0 至 3", "must be 0 to 3");
        let key = "destinations";
        problems.unless((1..=254).contains(&self.destinations), key, "须为 1 至 254", "must be 1 to 254");
        let key = "utc_offset_minutes";
        problems.unless(
            (-840..=840).contains(&self.utc_offset_minutes),
            key,
            "须为 -840 至 840",
            "must be -840 to 840",
        );
        let digits = self.country_code.len() <= 4 && self.country_code.bytes().all(|byte| byte.is_ascii_digit());
        problems.unless(digits, "country_code", "须为至多 4 位数字", "must be 4 digits at most");
    }

    fn login(&self, problems: &mut Problems) -> Option<Login> {
        let password = problems.secret("password_file", &self.password_file);
        problems.unless(!self.system_id.is_empty(), "system_id", "不可为空", "must not be empty");
        for (key, text, most) in [
            ("system_id", &*self.system_id, 15),
            ("system_type", &self.system_type, 12),
            ("source", &self.source, 20),
            ("service_type", &self.service_type, 5),
            ("password_file", password.as_deref().unwrap_or_default(), 8),
        ] {
            let good = pdu::fits(text, most);
            let (zh, en) =
                (format!("须为至多 {most} 个 ASCII 字符"), format!("must be {most} ASCII characters at most"));
            problems.unless(good, key, &zh, &en);
        }
        let version = match self.version {
            Version::V3_4 => 0x34,
            Version::V5_0 => 0x50,
        };
        let (system_id, system_type) = (self.system_id.clone(), self.system_type.clone());
        Some(Login { system_id, password: password?, system_type, version })
    }

    fn manner(&self) -> Manner {
        let letters = self.source.bytes().any(|byte| !byte.is_ascii_digit() && byte != b'+');
        Manner {
            source: self.source.clone(),
            source_ton: self.source_ton.unwrap_or(if letters { 5 } else { 0 }),
            source_npi: self.source_npi.unwrap_or(u8::from(!letters)),
            destination_ton: self.destination_ton,
            destination_npi: self.destination_npi,
            country_code: self.country_code.clone(),
            service_type: self.service_type.clone(),
            priority_max: self.priority_max,
            flash_red: self.flash_red,
            packed: self.packed,
            destinations: self.destinations,
            receipts: self.receipts,
            withdraw: self.withdraw,
            long: self.text.long,
            msgid_format: self.msgid_format,
            utc_offset_minutes: self.utc_offset_minutes,
        }
    }
}

fn yes() -> bool {
    true
}

fn one() -> u8 {
    1
}

fn three() -> u8 {
    3
}

fn one_destination() -> usize {
    1
}

fn beijing() -> i32 {
    480
}
