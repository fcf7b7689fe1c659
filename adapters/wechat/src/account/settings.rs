use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use fenghuo_contract::When;

use crate::{
    api::{Api, Credentials},
    callback::Mailbox,
    clock::{self, Now},
    codes,
    outbound::Outbound,
    problems::{Problems, SettingsFault},
    seal::Seal,
    secret::Secret,
    template::{Template, Templates},
    token::Tokens,
};

const ENDPOINT: &str = "https://api.weixin.qq.com";

/// Recipients of a call of `mass/send` at most.
const LIST_MAX: usize = 10_000;

/// An official account or mini program, and the way its messages go. `app_id`, `secret_file` and `way` must be given; what
/// else must be is said at each key.
///
/// ```toml
/// app_id = "wx0123456789abcdef"
/// secret_file = "/run/credentials/wechat-secret"
/// way = "mass"
/// callback_token_file = "/run/credentials/wechat-token"
/// callback_key_file = "/run/credentials/wechat-aes-key"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// AppID of the account.
    pub app_id: String,
    /// File that holds the AppSecret and nothing else; blanks around it are ignored.
    pub secret_file: PathBuf,
    /// How messages go; see [`Way`].
    pub way: Way,
    /// The approved templates; the first that serves a message counts. Required by the ways `template`, `subscribe` and
    /// `mini_program`, of no use to others.
    #[serde(default)]
    pub templates: Vec<Template>,
    /// The most characters of fields by their type, for example `{ thing = 20 }`, before the built-in
    /// `config/wechat/fields.toml`. Default: those alone.
    #[serde(default)]
    pub fields: BTreeMap<String, usize>,
    /// Which mass messages are sent, and how many a month.
    #[serde(default)]
    pub mass: Mass,
    /// What every draft has in common. Required by the way `draft`.
    #[serde(default)]
    pub draft: Option<Draft>,
    /// Send the delivery's token with a template message, by which WeChat recognises a repeat for ten minutes. Accounts saw
    /// reports without the message's number then, so whether it arrived stays unknown. Default no.
    #[serde(default)]
    pub repeat_guard: bool,
    /// Page of the mini program that a message opens, for example `pages/warning/index`. Default: none.
    #[serde(default)]
    pub page: Option<String>,
    /// Characters of a customer-service or mass text at most. Default 600.
    #[serde(default = "six_hundred")]
    pub text_max: usize,
    /// File with the token (令牌) callbacks are signed with. Without it no callbacks are expected. A mini program's have to be
    /// set to XML.
    #[serde(default)]
    pub callback_token_file: Option<PathBuf>,
    /// File with the EncodingAESKey, 43 characters, for the safe and the compatible mode. Without it messages come in plain,
    /// and nothing they say counts as signed. Goes with `callback_token_file`.
    #[serde(default)]
    pub callback_key_file: Option<PathBuf>,
    /// Keys of the menu's buttons (type `click`), and the text that pressing one stands for, as if it had been written.
    /// Default `{ current = "当前预警" }`.
    #[serde(default = "current")]
    pub menu: BTreeMap<String, String>,
    /// Addresses handed over at a time. Default 100, by the way `mass_list` 10000, which is the most.
    #[serde(default)]
    pub batch_max: Option<usize>,
    /// Calls under way at the same time within one hand-over. Default 16.
    #[serde(default = "sixteen")]
    pub parallel: usize,
    /// Hand-overs under way at the same time. Default 8.
    #[serde(default = "eight")]
    pub window: usize,
    /// How the provider is called. Default: directly.
    #[serde(default)]
    pub outbound: Outbound,
    /// File with meanings of codes that count before the built-in ones, in the form of `config/codes/wechat.toml`. Default:
    /// the built-in ones alone.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
}

/// How messages go, and to which addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Template messages to followers, one call each; addresses are openids.
    Template,
    /// Subscription notices (订阅通知) to who subscribed; addresses are openids.
    Subscribe,
    /// Subscription messages of a mini program; addresses are its openids.
    MiniProgram,
    /// Customer-service messages to who wrote within 48 hours; addresses are openids.
    Customer,
    /// Mass messages (群发), addresses are `all` and `tag:N` with the number of a tag of the account.
    Mass,
    /// Mass messages to lists of openids, two at least in each hand-over. Who of them was reached is never told.
    MassList,
    /// Articles (图文) laid into the account's box of drafts, for a person to publish; the address is `draft:`.
    Draft,
}

/// Which mass messages are sent, and how many a month.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mass {
    /// Which messages may go. Default `{ level = "red", drill = "no" }`.
    pub when: When,
    /// How many a follower may get in a month of Beijing. Default 4.
    pub monthly: u32,
    /// How fast WeChat sends one out: 0 is 800,000 a minute, 4 is 100,000, as documented. It is set for the account before the
    /// first mass message. Default: what the account has.
    pub speed: Option<u8>,
}

impl Default for Mass {
    fn default() -> Self {
        let when = When { level: vec!["red".to_owned()], drill: vec!["no".to_owned()], ..When::default() };
        Self { when, monthly: 4, speed: None }
    }
}

/// What every draft has in common.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Number of the permanent material that is the picture of the cover.
    pub thumb_media_id: String,
    /// Author, as readers see it, 16 characters at most. Default: none.
    #[serde(default)]
    pub author: String,
    /// Characters of a title at most. Default 32.
    #[serde(default = "thirty_two")]
    pub title_max: usize,
    /// Characters of the article's HTML at most. Default 20000.
    #[serde(default = "twenty_thousand")]
    pub content_max: usize,
}

fn six_hundred() -> usize {
    600
}

fn sixteen() -> usize {
    16
}

fn eight() -> usize {
    8
}

fn thirty_two() -> usize {
    32
}

fn twenty_thousand() -> usize {
    20_000
}

fn current() -> BTreeMap<String, String> {
    [("current".to_owned(), "当前预警".to_owned())].into()
}

/// Settings made usable.
pub(crate) struct Ready {
    pub(crate) app_id: String,
    pub(crate) way: Way,
    pub(crate) api: Api,
    pub(crate) templates: Templates,
    pub(crate) mass: Mass,
    pub(crate) draft: Option<Draft>,
    pub(crate) repeat_guard: bool,
    pub(crate) page: Option<String>,
    pub(crate) text_max: usize,
    pub(crate) parallel: usize,
    pub(crate) mailbox: Option<Mailbox>,
}

impl Way {
    pub(crate) fn has_templates(self) -> bool {
        matches!(self, Self::Template | Self::Subscribe | Self::MiniProgram)
    }
}

impl Settings {
    /// Checks everything, reads the secrets and the certificate authorities; opens no connection.
    pub(crate) fn ready(&self, tokens: Arc<dyn Tokens>, now: &Now) -> Result<Ready, SettingsFault> {
        let mut problems = Problems::default();
        self.check(&mut problems);
        let codes = problems.or("codes_file", "无法使用", codes::table(codes::WECHAT, self.codes_file.as_deref()));
        let secret = problems.or("secret_file", "无法使用", Secret::read(&self.secret_file));
        let mailbox = self.mailbox(&mut problems);
        let templates = Templates::new(&self.templates, &self.fields, &mut problems);
        let outbound = self.outbound.ready(ENDPOINT, &mut problems);
        match (codes, secret, outbound) {
            (Some(codes), Some(secret), Some((kit, base))) if problems.0.is_empty() => {
                let credentials = Credentials::Official { app_id: self.app_id.clone(), secret };
                Ok(Ready {
                    app_id: self.app_id.clone(),
                    way: self.way,
                    api: Api { kit, base, credentials, tokens, codes, wait, now: Arc::clone(now) },
                    templates,
                    mass: self.mass.clone(),
                    draft: self.draft.clone(),
                    repeat_guard: self.repeat_guard,
                    page: self.page.clone(),
                    text_max: self.text_max,
                    parallel: self.parallel,
                    mailbox,
                })
            }
            _ => Err(SettingsFault(problems.0)),
        }
    }

    pub(crate) fn batch_max(&self) -> usize {
        self.batch_max.unwrap_or(if self.way == Way::MassList { LIST_MAX } else { 100 })
    }

    /// The most characters of a text that goes out as it is; `None` where another rule holds.
    pub(crate) fn free_text(&self) -> Option<usize> {
        matches!(self.way, Way::Customer | Way::Mass | Way::MassList).then_some(self.text_max)
    }

    fn check(&self, problems: &mut Problems) {
        problems.filled("app_id", &self.app_id);
        let (templates, has) = (!self.templates.is_empty(), self.way.has_templates());
        problems.unless(templates || !has, "templates", "该方式必填", "this way needs them");
        problems.unless(!templates || has, "templates", "该方式不用", "this way has no use for them");
        let drafts = self.way == Way::Draft;
        problems.unless(self.draft.is_some() || !drafts, "draft", "该方式必填", "this way needs it");
        problems.unless(self.draft.is_none() || drafts, "draft", "该方式不用", "this way has no use for it");
        if let Some(draft) = &self.draft {
            problems.filled("draft.thumb_media_id", &draft.thumb_media_id);
            let author = draft.author.chars().count();
            problems.unless(author <= 16, "draft.author", "至多 16 字", "must be 16 characters at most");
            problems.within("draft.title_max", draft.title_max, 64);
            problems.within("draft.content_max", draft.content_max, 1_000_000);
        }
        for (condition, unknown, known) in self.mass.when.unknown() {
            let known = known.join(", ");
            let (zh, en) =
                (format!("没有 {unknown:?}，只有 {known}"), format!("there is no {unknown:?}, only {known}"));
            problems.unless(false, &format!("mass.when.{condition}"), &zh, &en);
        }
        let speed = self.mass.speed.is_none_or(|speed| speed <= 4);
        problems.unless(speed, "mass.speed", "须为 0 至 4", "must be 0 to 4");
        problems.within("mass.monthly", self.mass.monthly as usize, 1000);
        problems.within("text_max", self.text_max, 10_000);
        problems.within("batch_max", self.batch_max(), LIST_MAX);
        problems.within("parallel", self.parallel, 100);
        problems.within("window", self.window, 1000);
    }

    fn mailbox(&self, problems: &mut Problems) -> Option<Mailbox> {
        let Some(token) = &self.callback_token_file else {
            let (zh, en) = ("须与 callback_token_file 一同填写", "goes together with callback_token_file");
            problems.unless(self.callback_key_file.is_none(), "callback_key_file", zh, en);
            return None;
        };
        let seal = seal(token, self.callback_key_file.as_deref(), &self.app_id, problems)?;
        let subscriptions = matches!(self.way, Way::Subscribe | Way::MiniProgram);
        Some(Mailbox { seal, menu: self.menu.clone(), subscriptions })
    }
}

/// What opens the callbacks of an account.
pub(crate) fn seal(token: &Path, key: Option<&Path>, owner: &str, problems: &mut Problems) -> Option<Seal> {
    let token = problems.or("callback_token_file", "无法使用", Secret::read(token));
    let key = key.map(|key| problems.or("callback_key_file", "无法使用", Secret::read(key)));
    let (token, key) = match (token, key) {
        (Some(token), None) => (token, None),
        (Some(token), Some(Some(key))) => (token, Some(key)),
        _ => return None,
    };
    problems.or("callback_key_file", "无法使用", Seal::new(token, key.as_ref(), owner))
}

/// Calls are counted by the day, some by the minute, mass messages by the month of Beijing.
fn wait(code: &str, now: i64) -> Option<Duration> {
    match code {
        "45009" => Some(clock::to_midnight(now)),
        "45011" => Some(clock::to_next_minute(now)),
        "45028" => Some(clock::to_next_month(now)),
        "45066" => Some(Duration::from_secs(60)),
        _ => None,
    }
}
