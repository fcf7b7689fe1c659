use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use super::MEMBERS_MAX;
use crate::{
    account::seal,
    api::{Api, Credentials},
    callback::Mailbox,
    clock::Now,
    codes,
    outbound::Outbound,
    problems::{Problems, SettingsFault},
    rates::Rates,
    secret::Secret,
    token::Tokens,
};

const ENDPOINT: &str = "https://qyapi.weixin.qq.com";

/// An app of a company in WeCom. `corp_id`, `agent_id` and `secret_file` must be given. Addresses are ids of members
/// (`userid`).
///
/// ```toml
/// corp_id = "ww0123456789abcdef"
/// agent_id = 1000002
/// secret_file = "/run/credentials/wecom-secret"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// 企业 ID.
    pub corp_id: String,
    /// AgentId of the app.
    pub agent_id: u64,
    /// File that holds the app's Secret and nothing else; blanks around it are ignored.
    pub secret_file: PathBuf,
    /// Bytes of a text at most; the provider cuts what is longer. Default 2048.
    #[serde(default = "two_kilobytes")]
    pub text_bytes: usize,
    /// Messages a member may get in a minute; the provider drops more without a word. Default 30.
    #[serde(default = "thirty")]
    pub member_per_minute: u32,
    /// Messages a member may get in an hour; the provider drops more without a word. Default 1000.
    #[serde(default = "thousand")]
    pub member_per_hour: u32,
    /// Send nothing but urgent messages in the first minute of every half hour, when every company sends. Default no.
    #[serde(default)]
    pub avoid_crowded_minutes: bool,
    /// Seconds in which the provider drops the same text to the same members, so that a repeat is not seen twice; 0 to
    /// 14400. A round that a person ordered is sent all the same. Default 1800.
    #[serde(default = "half_an_hour")]
    pub duplicate_check_s: u32,
    /// File with the token callbacks are signed with. Without it no callbacks are expected.
    #[serde(default)]
    pub callback_token_file: Option<PathBuf>,
    /// File with the EncodingAESKey, 43 characters. Required with `callback_token_file`: WeCom always encrypts.
    #[serde(default)]
    pub callback_key_file: Option<PathBuf>,
    /// Keys of the menu's buttons, and the text that pressing one stands for, as if it had been written.
    /// Default `{ current = "当前预警" }`.
    #[serde(default = "current")]
    pub menu: BTreeMap<String, String>,
    /// Members handed over at a time. Default 1000, which is the most.
    #[serde(default = "members_max")]
    pub batch_max: usize,
    /// Hand-overs under way at the same time. Default 8.
    #[serde(default = "eight")]
    pub window: usize,
    /// How the provider is called. Default: directly.
    #[serde(default)]
    pub outbound: Outbound,
    /// File with meanings of codes that count before the built-in ones, in the form of `config/codes/wecom.toml`. Default:
    /// the built-in ones alone.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
}

fn two_kilobytes() -> usize {
    2048
}

fn thirty() -> u32 {
    30
}

fn thousand() -> u32 {
    1000
}

fn half_an_hour() -> u32 {
    1800
}

fn members_max() -> usize {
    MEMBERS_MAX
}

fn eight() -> usize {
    8
}

fn current() -> BTreeMap<String, String> {
    [("current".to_owned(), "当前预警".to_owned())].into()
}

/// Settings made usable.
pub(crate) struct Ready {
    pub(crate) api: Api,
    pub(crate) agent_id: u64,
    pub(crate) text_bytes: usize,
    pub(crate) rates: Rates,
    pub(crate) avoid_crowded_minutes: bool,
    pub(crate) duplicate_check_s: u32,
    pub(crate) mailbox: Option<Mailbox>,
}

impl Settings {
    /// Checks everything, reads the secrets and the certificate authorities; opens no connection.
    pub(crate) fn ready(&self, tokens: Arc<dyn Tokens>, now: &Now) -> Result<Ready, SettingsFault> {
        let mut problems = Problems::default();
        self.check(&mut problems);
        let codes = problems.or("codes_file", "无法使用", codes::table(codes::WECOM, self.codes_file.as_deref()));
        let secret = problems.or("secret_file", "无法使用", Secret::read(&self.secret_file));
        let mailbox = self.mailbox(&mut problems);
        let outbound = self.outbound.ready(ENDPOINT, &mut problems);
        match (codes, secret, outbound) {
            (Some(codes), Some(secret), Some((kit, base))) if problems.0.is_empty() => {
                let credentials = Credentials::WeCom { corp_id: self.corp_id.clone(), secret };
                Ok(Ready {
                    api: Api { kit, base, credentials, tokens, codes, wait, now: Arc::clone(now) },
                    agent_id: self.agent_id,
                    text_bytes: self.text_bytes,
                    rates: Rates::new(self.member_per_minute, self.member_per_hour),
                    avoid_crowded_minutes: self.avoid_crowded_minutes,
                    duplicate_check_s: self.duplicate_check_s,
                    mailbox,
                })
            }
            _ => Err(SettingsFault(problems.0)),
        }
    }

    fn check(&self, problems: &mut Problems) {
        problems.filled("corp_id", &self.corp_id);
        problems.within("text_bytes", self.text_bytes, 2048);
        problems.within("member_per_minute", self.member_per_minute as usize, 1000);
        problems.within("member_per_hour", self.member_per_hour as usize, 60_000);
        let (zh, en) = ("须为 0 至 14400", "must be 0 to 14400");
        problems.unless(self.duplicate_check_s <= 14_400, "duplicate_check_s", zh, en);
        problems.within("batch_max", self.batch_max, MEMBERS_MAX);
        problems.within("window", self.window, 1000);
    }

    fn mailbox(&self, problems: &mut Problems) -> Option<Mailbox> {
        match (&self.callback_token_file, &self.callback_key_file) {
            (None, None) => None,
            (Some(token), Some(key)) => {
                let seal = seal(token, Some(key), &self.corp_id, problems)?;
                Some(Mailbox { seal, menu: self.menu.clone(), subscriptions: false })
            }
            _ => {
                let (zh, en) = ("须与 callback_token_file 一同填写", "goes together with callback_token_file");
                problems.unless(false, "callback_key_file", zh, en);
                None
            }
        }
    }
}

/// Who is too fast by the minute is shut out for sixty seconds.
fn wait(code: &str, _now: i64) -> Option<Duration> {
    matches!(code, "45009" | "45033").then_some(Duration::from_secs(60))
}
