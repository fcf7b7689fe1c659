//! What differs between the providers of robots.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use fenghuo_http::hmac_sha256;
use serde_json::{Value, json};

use super::settings::Form;
use crate::{answer::Fields, codes, secret::Secret};

/// Whose robots they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// 企业微信群机器人: `…/cgi-bin/webhook/send?key=KEY`, 20 messages a minute.
    Wecom,
    /// 钉钉自定义机器人: `…/robot/send?access_token=KEY`, 20 messages a minute.
    Dingtalk,
    /// 飞书自定义机器人: `…/open-apis/bot/v2/hook/KEY`, 100 messages a minute.
    Feishu,
}

/// What shows that we know a robot's secret.
pub(crate) struct Signature {
    pub(crate) time: String,
    pub(crate) sign: String,
}

impl Preset {
    pub(crate) const fn endpoint(self) -> &'static str {
        match self {
            Self::Wecom => "https://qyapi.weixin.qq.com",
            Self::Dingtalk => "https://oapi.dingtalk.com",
            Self::Feishu => "https://open.feishu.cn",
        }
    }

    pub(crate) const fn codes(self) -> &'static str {
        match self {
            Self::Wecom => codes::WECOM,
            Self::Dingtalk => codes::DINGTALK,
            Self::Feishu => codes::FEISHU,
        }
    }

    /// Messages of a minute, unless the settings say otherwise.
    pub(crate) const fn per_minute(self) -> u32 {
        match self {
            Self::Wecom | Self::Dingtalk => 20,
            Self::Feishu => 100,
        }
    }

    /// Bytes of a text, unless the settings say otherwise.
    pub(crate) const fn text_bytes(self, form: Form) -> usize {
        match (self, form) {
            (Self::Wecom, Form::Text) => 2048,
            (Self::Wecom, Form::Markdown) => 4096,
            (Self::Dingtalk | Self::Feishu, _) => 16_000,
        }
    }

    /// How long a code says to wait: DingTalk shuts a robot out for ten minutes, the others for one.
    pub(crate) fn wait(self, code: &str) -> Option<Duration> {
        let seconds = match (self, code) {
            (Self::Dingtalk, "130101" | "410100") => 600,
            (Self::Wecom, "45009") | (Self::Feishu, "11232" | "11233" | "99991400") => 60,
            _ => return None,
        };
        Some(Duration::from_secs(seconds))
    }

    pub(crate) const fn is_signed(self) -> bool {
        matches!(self, Self::Dingtalk | Self::Feishu)
    }

    pub(crate) const fn fields(self) -> Fields {
        match self {
            Self::Wecom | Self::Dingtalk => Fields { code: &["errcode"], words: &["errmsg"] },
            Self::Feishu => Fields { code: &["code", "StatusCode"], words: &["msg", "StatusMessage"] },
        }
    }

    /// DingTalk signs time and secret with the secret; Feishu signs nothing with time and secret.
    pub(crate) fn sign(self, secret: &Secret, now: i64) -> Signature {
        let time = if self == Self::Dingtalk { (now * 1000).to_string() } else { now.to_string() };
        let words = zeroize::Zeroizing::new(format!("{time}\n{}", secret.expose()));
        let tag = match self {
            Self::Feishu => hmac_sha256(words.as_bytes(), &[]),
            Self::Dingtalk | Self::Wecom => hmac_sha256(secret.expose().as_bytes(), &[words.as_bytes()]),
        };
        Signature { time, sign: STANDARD.encode(tag) }
    }

    /// The robot's address, which holds its key: for the wire and for nothing else.
    pub(crate) fn url(self, base: &str, key: &Secret, signature: Option<&Signature>) -> String {
        let query =
            |pairs: &[(&str, &str)]| form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        match self {
            Self::Wecom => format!("{base}/cgi-bin/webhook/send?{}", query(&[("key", key.expose())])),
            Self::Feishu => format!("{base}/open-apis/bot/v2/hook/{}", key.expose()),
            Self::Dingtalk => {
                let mut pairs = vec![("access_token", key.expose())];
                if let Some(Signature { time, sign }) = signature {
                    pairs.extend([("timestamp", time.as_str()), ("sign", sign)]);
                }
                format!("{base}/robot/send?{}", query(&pairs))
            }
        }
    }

    pub(crate) fn body(self, text: &str, form: Form, signature: Option<&Signature>) -> Value {
        match (self, form) {
            (Self::Wecom, Form::Markdown) => json!({ "msgtype": "markdown", "markdown": { "content": text } }),
            (Self::Wecom | Self::Dingtalk, _) => json!({ "msgtype": "text", "text": { "content": text } }),
            (Self::Feishu, _) => {
                let mut body = json!({ "msg_type": "text", "content": { "text": text } });
                if let Some(Signature { time, sign }) = signature {
                    (body["timestamp"], body["sign"]) = (json!(time), json!(sign));
                }
                body
            }
        }
    }
}
