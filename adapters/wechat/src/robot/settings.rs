use std::{collections::HashMap, path::PathBuf, sync::Arc};

use fenghuo_contract::CodeTable;
use fenghuo_http::HttpKit;

use super::Preset;
use crate::{
    codes,
    outbound::Outbound,
    problems::{Problems, SettingsFault},
    rates::Rates,
    secret::Secret,
};

/// Robots of one provider. `preset` and `groups` must be given. An address is the name of a group.
///
/// ```toml
/// preset = "dingtalk"
///
/// [[groups]]
/// name = "值班群"
/// key_file = "/run/credentials/duty-robot"
/// secret_file = "/run/credentials/duty-robot-secret"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `wecom`, `dingtalk` or `feishu`.
    pub preset: Preset,
    /// The groups and their robots.
    pub groups: Vec<Group>,
    /// `text`, or at WeCom `markdown`, where the signs of Markdown in a text mean what they do there. Default `text`.
    #[serde(default)]
    pub form: Form,
    /// Bytes of a text at most. Default 2048 (WeCom), 4096 (WeCom, Markdown), 16000 (DingTalk, Feishu).
    #[serde(default)]
    pub text_bytes: Option<usize>,
    /// Messages a group may get in a minute. Default 20 (WeCom, DingTalk), 100 (Feishu).
    #[serde(default)]
    pub per_minute: Option<u32>,
    /// Send nothing but urgent messages in the first minute of every half hour, when everybody sends; Feishu refuses some
    /// then. Default no.
    #[serde(default)]
    pub avoid_crowded_minutes: bool,
    /// Groups handed over at a time. Default 20.
    #[serde(default = "twenty")]
    pub batch_max: usize,
    /// Hand-overs under way at the same time. Default 4.
    #[serde(default = "four")]
    pub window: usize,
    /// How the provider is called. Default: directly.
    #[serde(default)]
    pub outbound: Outbound,
    /// File with meanings of codes that count before the built-in ones, in the form of `config/codes/wecom.toml`. Default:
    /// the built-in ones alone.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
}

/// A group and its robot.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name, by which the directory knows it.
    pub name: String,
    /// File with the key of the robot: what stands in its webhook address behind `key=` (WeCom), `access_token=` (DingTalk) or
    /// `hook/` (Feishu).
    pub key_file: PathBuf,
    /// File with the secret messages are signed with, where the robot's security settings want that (DingTalk, Feishu).
    /// Default: they do not.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
}

/// The form of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// As it is.
    #[default]
    Text,
    /// WeCom's Markdown.
    Markdown,
}

fn twenty() -> usize {
    20
}

fn four() -> usize {
    4
}

/// What a robot is called with.
pub(crate) struct Keys {
    pub(crate) key: Secret,
    pub(crate) secret: Option<Secret>,
}

/// Settings made usable.
pub(crate) struct Ready {
    pub(crate) preset: Preset,
    pub(crate) form: Form,
    pub(crate) kit: HttpKit,
    pub(crate) base: String,
    pub(crate) codes: Arc<CodeTable>,
    pub(crate) groups: HashMap<String, Keys>,
    pub(crate) rates: Rates,
    pub(crate) text_bytes: usize,
    pub(crate) avoid_crowded_minutes: bool,
}

impl Settings {
    /// Checks everything, reads the secrets and the certificate authorities; opens no connection.
    pub(crate) fn ready(&self) -> Result<Ready, SettingsFault> {
        let mut problems = Problems::default();
        let text_bytes = self.text_bytes.unwrap_or(self.preset.text_bytes(self.form));
        let per_minute = self.per_minute.unwrap_or(self.preset.per_minute());
        let markdown = self.form == Form::Markdown && self.preset != Preset::Wecom;
        problems.unless(!markdown, "form", "只有企业微信支持 markdown", "only WeCom has markdown");
        problems.within("text_bytes", text_bytes, 16_000);
        problems.within("per_minute", per_minute as usize, 1000);
        problems.within("batch_max", self.batch_max, 1000);
        problems.within("window", self.window, 1000);
        let groups = self.groups(&mut problems);
        let codes =
            problems.or("codes_file", "无法使用", codes::table(self.preset.codes(), self.codes_file.as_deref()));
        let outbound = self.outbound.ready(self.preset.endpoint(), &mut problems);
        match (codes, outbound) {
            (Some(codes), Some((kit, base))) if problems.0.is_empty() => Ok(Ready {
                preset: self.preset,
                form: self.form,
                kit,
                base,
                codes,
                groups,
                rates: Rates::new(per_minute, u32::MAX),
                text_bytes,
                avoid_crowded_minutes: self.avoid_crowded_minutes,
            }),
            _ => Err(SettingsFault(problems.0)),
        }
    }

    fn groups(&self, problems: &mut Problems) -> HashMap<String, Keys> {
        problems.unless(!self.groups.is_empty(), "groups", "至少要有一个群", "there must be a group at least");
        let mut groups = HashMap::new();
        for (number, group) in self.groups.iter().enumerate() {
            let at = |key: &str| format!("groups[{number}].{key}");
            problems.filled(&at("name"), &group.name);
            let key = problems.or(&at("key_file"), "无法使用", robot_key(Secret::read(&group.key_file)));
            let secret = group.secret_file.as_ref().map(|file| {
                let (zh, en) = ("该机器人没有签名", "these robots have no signature");
                problems.unless(self.preset.is_signed(), &at("secret_file"), zh, en);
                problems.or(&at("secret_file"), "无法使用", Secret::read(file))
            });
            let Some(key) = key else { continue };
            let known = groups.insert(group.name.clone(), Keys { key, secret: secret.flatten() });
            problems.unless(known.is_none(), &at("name"), "名称重复", "the name stands there twice");
        }
        groups
    }
}

/// A key that can stand in an address; a whole address is not one.
fn robot_key(secret: Result<Secret, String>) -> Result<Secret, String> {
    let secret = secret?;
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if secret.expose().bytes().all(known) { Ok(secret) } else { Err("holds more than the key".to_owned()) }
}
