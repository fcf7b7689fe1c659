mod ready;

use std::path::PathBuf;

use ipnet::IpNet;

pub(crate) use ready::Ready;

use crate::{template::Template, twilio::TEXT_MAX};

/// An account at a provider of short messages. `provider`, `key_id` and `key_file` must be given; what else must be is said
/// at each key.
///
/// ```toml
/// provider = "aliyun"
/// key_id = "LTAI5tExample"
/// key_file = "/run/credentials/aliyun-key"
/// signature = "松北应急"
///
/// [[templates]]
/// id = "SMS_480000001"
/// text = "${issuer}发布${hazard_name}${level_name}预警。"
/// parameters = ["issuer", "hazard_name", "level_name"]
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `aliyun`, `tencent`, `huawei` or `twilio`.
    pub provider: Provider,
    /// Public name of the key: AccessKeyId (Aliyun), SecretId (Tencent), APP Key or AK (Huawei), Account SID (Twilio).
    pub key_id: String,
    /// File that holds the secret of the key and nothing else; blanks around it are ignored. At Twilio the Auth Token.
    pub key_file: PathBuf,
    /// Where the provider is called, `https` or, where the way is safe by other means, `http`; any port. Default: the
    /// provider's own address (Huawei: region cn-north-4).
    #[serde(default)]
    pub endpoint: Option<String>,
    /// 短信签名 as approved, without 【】; it stands before every text and is counted. Required except at Twilio, which has none.
    #[serde(default)]
    pub signature: Option<String>,
    /// SmsSdkAppId. Required at Tencent, nowhere else.
    #[serde(default)]
    pub app_id: Option<String>,
    /// Region at Tencent. Default `ap-guangzhou`.
    #[serde(default)]
    pub region: Option<String>,
    /// Huawei: channel number of the signature. Twilio: a number, or a messaging service (`MG…`). Required at both.
    #[serde(default)]
    pub sender: Option<String>,
    /// How calls to Huawei are authorised: `wsse` or `ak_sk`. Default `wsse`.
    #[serde(default)]
    pub auth: Auth,
    /// The approved templates; the first that serves a message counts. Required except at Twilio, which carries free text.
    #[serde(default)]
    pub templates: Vec<Template>,
    /// Characters of a message at most, signature included. Default 500; at Twilio 1600.
    #[serde(default)]
    pub text_max: Option<usize>,
    /// Numbers of one call, at Twilio numbers handed over at a time. Default, and most: 1000 (Aliyun), 200 (Tencent), 500
    /// (Huawei), 50 (Twilio).
    #[serde(default)]
    pub batch_max: Option<usize>,
    /// Calls under way at the same time within one hand-over. Default 16.
    #[serde(default = "sixteen")]
    pub parallel: usize,
    /// Hand-overs under way at the same time. Default 8.
    #[serde(default = "eight")]
    pub window: usize,
    /// Public address of this route's callbacks up to their secret, `https://…/callbacks/ROUTE/`; at Twilio also where its
    /// console sends what people write back. Without it Twilio reports nothing, and Huawei only what its console was told to
    /// report; Aliyun and Tencent are told in their consoles.
    #[serde(default)]
    pub callback_url: Option<String>,
    /// File with the secret the address ends with, the same as the route's. Required with `callback_url`.
    #[serde(default)]
    pub callback_secret_file: Option<PathBuf>,
    /// Networks that callbacks may come from, for example `["203.119.0.0/16"]`; others are refused. Default: any.
    #[serde(default)]
    pub callback_from: Vec<IpNet>,
    /// Networks of the inside that the provider may be in, for private clouds. Default none.
    #[serde(default)]
    pub allow_private: Vec<IpNet>,
    /// PEM file with certificate authorities trusted besides those of the operating system.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Time to connect, TLS included, milliseconds. Default 5000.
    #[serde(default = "five_seconds")]
    pub connect_timeout_ms: u64,
    /// Time for a whole call at most, milliseconds; a shorter budget of the submit wins. Default 15000.
    #[serde(default = "fifteen_seconds")]
    pub timeout_ms: u64,
    /// File with meanings of codes that count before the built-in ones, in the form of `config/codes/aliyun.toml`. Default:
    /// the built-in ones alone.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
}

/// Whose interface is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// 阿里云短信, dysmsapi 2017-05-25.
    Aliyun,
    /// 腾讯云短信, sms 2021-01-11.
    Tencent,
    /// 华为云消息&短信, `/sms/batchSendSms/v1`.
    Huawei,
    /// Twilio Programmable Messaging, `2010-04-01`.
    Twilio,
}

/// How calls to Huawei are authorised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// `X-WSSE` with APP Key and APP Secret.
    #[default]
    Wsse,
    /// `SDK-HMAC-SHA256` with AK and SK.
    AkSk,
}

/// Everything that is wrong with the settings, one line each: key, Chinese, English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct SettingsFault(pub Vec<String>);

fn sixteen() -> usize {
    16
}

fn eight() -> usize {
    8
}

fn five_seconds() -> u64 {
    5000
}

fn fifteen_seconds() -> u64 {
    15_000
}

impl Provider {
    /// Where it is called unless the settings say otherwise.
    fn endpoint(self) -> &'static str {
        match self {
            Self::Aliyun => "https://dysmsapi.aliyuncs.com",
            Self::Tencent => "https://sms.tencentcloudapi.com",
            Self::Huawei => "https://smsapi.cn-north-4.myhuaweicloud.com",
            Self::Twilio => "https://api.twilio.com",
        }
    }

    /// Numbers handed over at a time, at most.
    fn batch_max(self) -> usize {
        match self {
            Self::Aliyun => 1000,
            Self::Tencent => 200,
            Self::Huawei => 500,
            Self::Twilio => 50,
        }
    }

    fn text_max(self) -> usize {
        if self == Self::Twilio { TEXT_MAX } else { 500 }
    }
}
