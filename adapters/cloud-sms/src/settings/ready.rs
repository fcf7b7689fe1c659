//! Settings made usable: everything checked, everything told at once.

use std::{fmt, path::Path, sync::Arc};

use fenghuo_contract::CodeTable;
use fenghuo_http::{HttpKit, Target};
use ipnet::IpNet;

use super::{Auth, Provider, Settings, SettingsFault};
use crate::{
    aliyun::Aliyun,
    codes,
    dialect::Dialect,
    huawei::{Huawei, PATH},
    signature::{Key, Secret},
    template::Templates,
    tencent::Tencent,
    twilio::Twilio,
};

/// Bytes of a file with a secret at most.
const FILE_MAX: u64 = 4096;

/// Bytes of an answer that are kept: the results of a thousand numbers.
const ANSWER_MAX: usize = 1 << 20;

/// Settings made usable.
pub(crate) struct Ready {
    pub(crate) kit: HttpKit,
    pub(crate) dialect: Box<dyn Dialect>,
    pub(crate) codes: Arc<CodeTable>,
    pub(crate) templates: Option<Templates>,
    pub(crate) text_max: usize,
    pub(crate) per_call: usize,
    pub(crate) parallel: usize,
    pub(crate) callback_from: Vec<IpNet>,
}

impl Settings {
    /// Checks everything, reads the secrets and the certificate authorities; opens no connection.
    pub(crate) fn ready(&self) -> Result<Ready, SettingsFault> {
        let mut problems = Problems(Vec::new());
        self.check_keys(&mut problems);
        self.check_numbers(&mut problems);
        let codes = problems.or("codes_file", "无法使用", codes::table(self.provider, self.codes_file.as_deref()));
        let key = self.key(&mut problems);
        let callback_url = self.callback_url(&mut problems);
        let templates = self.templates(&mut problems);
        let kit = problems.or(
            "ca_file",
            "无法建立 TLS 信任",
            HttpKit::new(self.outbound()).map_err(|fault| fault.to_string()),
        );
        let dialect = match (&kit, key) {
            (Some(kit), Some(key)) => self.dialect(kit, key, callback_url, &mut problems),
            _ => None,
        };
        match (kit, dialect, codes) {
            (Some(kit), Some(dialect), Some(codes)) if problems.0.is_empty() => Ok(Ready {
                kit,
                dialect,
                codes,
                templates,
                text_max: self.text_max(),
                per_call: if self.provider == Provider::Twilio { 1 } else { self.batch_max() },
                parallel: self.parallel,
                callback_from: self.callback_from.clone(),
            }),
            _ => Err(SettingsFault(problems.0)),
        }
    }

    pub(crate) fn batch_max(&self) -> usize {
        self.batch_max.unwrap_or(self.provider.batch_max())
    }

    pub(crate) fn text_max(&self) -> usize {
        self.text_max.unwrap_or(self.provider.text_max())
    }

    /// Which keys a provider wants, and which mean nothing to it.
    fn check_keys(&self, problems: &mut Problems) {
        use Provider::{Aliyun, Huawei, Tencent, Twilio};
        let text = |value: &Option<String>| value.as_ref().is_some_and(|value| !value.trim().is_empty());
        for (key, given, wanted_by, known_to) in [
            ("signature", text(&self.signature), &[Aliyun, Tencent, Huawei][..], &[Aliyun, Tencent, Huawei][..]),
            ("app_id", text(&self.app_id), &[Tencent], &[Tencent]),
            ("region", text(&self.region), &[], &[Tencent]),
            ("sender", text(&self.sender), &[Huawei, Twilio], &[Huawei, Twilio]),
            ("templates", !self.templates.is_empty(), &[Aliyun, Tencent, Huawei], &[Aliyun, Tencent, Huawei]),
            ("auth", self.auth != Auth::default(), &[], &[Huawei]),
            ("callback_url", text(&self.callback_url), &[], &[Huawei, Twilio]),
        ] {
            problems.unless(
                given || !wanted_by.contains(&self.provider),
                key,
                "该服务商必填",
                "this provider needs it",
            );
            problems.unless(
                !given || known_to.contains(&self.provider),
                key,
                "该服务商不用",
                "this provider has no use for it",
            );
        }
        problems.unless(!self.key_id.trim().is_empty(), "key_id", "不可为空", "must not be empty");
        let bracketed = self.signature.as_ref().is_some_and(|signature| signature.contains(['【', '】']));
        problems.unless(!bracketed, "signature", "不含【】", "comes without 【】");
    }

    fn check_numbers(&self, problems: &mut Problems) {
        let most = self.provider.batch_max();
        let (zh, en) = (format!("须为 1 至 {most}"), format!("must be 1 to {most}"));
        problems.unless((1..=most).contains(&self.batch_max()), "batch_max", &zh, &en);
        let most = self.provider.text_max().max(1000);
        let (zh, en) = (format!("须为 1 至 {most}"), format!("must be 1 to {most}"));
        problems.unless((1..=most).contains(&self.text_max()), "text_max", &zh, &en);
        problems.unless((1..=100).contains(&self.parallel), "parallel", "须为 1 至 100", "must be 1 to 100");
        problems.unless((1..=1000).contains(&self.window), "window", "须为 1 至 1000", "must be 1 to 1000");
        for (key, value) in [("connect_timeout_ms", self.connect_timeout_ms), ("timeout_ms", self.timeout_ms)] {
            problems.unless(value >= 1, key, "须至少为 1", "must be at least 1");
        }
    }

    fn key(&self, problems: &mut Problems) -> Option<Key> {
        let secret = problems.or("key_file", "无法使用", secret(&self.key_file))?;
        Some(Key { id: self.key_id.trim().to_owned(), secret })
    }

    fn callback_url(&self, problems: &mut Problems) -> Option<String> {
        let (base, file) = match (&self.callback_url, &self.callback_secret_file) {
            (None, None) => return None,
            (Some(base), Some(file)) => (base, file),
            (None, Some(_)) | (Some(_), None) => {
                problems.unless(
                    false,
                    "callback_secret_file",
                    "须与 callback_url 一同填写",
                    "goes together with callback_url",
                );
                return None;
            }
        };
        let (zh, en) = ("须以 / 结尾，其后是密钥", "must end with / where the secret follows");
        problems.unless(base.ends_with('/'), "callback_url", zh, en);
        let secret = problems.or("callback_secret_file", "无法使用", secret(file))?;
        Some(format!("{base}{}", secret.expose()))
    }

    fn templates(&self, problems: &mut Problems) -> Option<Templates> {
        if self.provider == Provider::Twilio {
            return None;
        }
        match Templates::new(&self.templates) {
            Ok(templates) => Some(templates),
            Err(wrong) => {
                wrong.iter().for_each(|(key, zh, en)| problems.unless(false, key, zh, en));
                None
            }
        }
    }

    fn dialect(
        &self,
        kit: &HttpKit,
        key: Key,
        callback_url: Option<String>,
        problems: &mut Problems,
    ) -> Option<Box<dyn Dialect>> {
        let base = self.endpoint().trim_end_matches('/').to_owned();
        let mut target = |path: &str| -> Option<Target> {
            problems.or("endpoint", "不可调用", kit.target(&format!("{base}{path}")).map_err(|fault| fault.to_string()))
        };
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let (signature, sender) = (text(&self.signature), text(&self.sender));
        Some(match self.provider {
            Provider::Aliyun => Box::new(Aliyun { target: target("/")?, key, signature }),
            Provider::Tencent => {
                let region = self.region.clone().unwrap_or_else(|| "ap-guangzhou".to_owned());
                Box::new(Tencent { target: target("/")?, key, signature, app_id: text(&self.app_id), region })
            }
            Provider::Huawei => {
                Box::new(Huawei { target: target(PATH)?, key, auth: self.auth, signature, sender, callback_url })
            }
            Provider::Twilio => {
                let account = format!("/2010-04-01/Accounts/{}", key.id);
                let messages = target(&format!("{account}/Messages.json"))?;
                Box::new(Twilio { messages, account: target(&format!("{account}.json"))?, key, sender, callback_url })
            }
        })
    }

    fn endpoint(&self) -> &str {
        self.endpoint.as_deref().unwrap_or(self.provider.endpoint())
    }

    /// The address was written by whoever runs this gateway, so its own port and scheme may be used; where it leads is
    /// guarded all the same.
    fn outbound(&self) -> fenghuo_http::Settings {
        let uri: Option<http::Uri> = self.endpoint().parse().ok();
        let port = uri.as_ref().and_then(http::Uri::port_u16);
        let plain = uri.as_ref().and_then(http::Uri::scheme_str) == Some("http");
        fenghuo_http::Settings {
            connect_timeout_ms: self.connect_timeout_ms,
            timeout_ms: self.timeout_ms,
            answer_max: ANSWER_MAX,
            ports: vec![port.unwrap_or(if plain { 80 } else { 443 })],
            allow_plain: plain,
            allow_private: self.allow_private.clone(),
            ca_file: self.ca_file.clone(),
            ..fenghuo_http::Settings::default()
        }
    }
}

/// A file's only line. It is not repeated.
fn secret(path: &Path) -> Result<Secret, String> {
    let told = |fault: &dyn fmt::Display| format!("{} {fault}", path.display());
    if std::fs::metadata(path).map_err(|error| told(&error))?.len() > FILE_MAX {
        return Err(told(&"is larger than 4096 bytes"));
    }
    let text = zeroize::Zeroizing::new(std::fs::read_to_string(path).map_err(|error| told(&error))?);
    match text.trim() {
        "" => Err(told(&"is empty")),
        text if text.contains(char::is_whitespace) => Err(told(&"holds more than one word")),
        text => Ok(Secret::new(text)),
    }
}

/// What was found so far.
struct Problems(Vec<String>);

impl Problems {
    fn unless(&mut self, good: bool, key: &str, zh: &str, en: &str) {
        if !good {
            self.0.push(format!("{key}: {zh} · {en}"));
        }
    }

    /// The value, or the fault as a problem.
    fn or<T>(&mut self, key: &str, zh: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|fault| self.unless(false, key, zh, &fault)).ok()
    }
}
