//! Configuration: built-in defaults ← file (with the files it includes) ← environment (`FENGHUO_…`). Unknown keys are
//! refused, and everything that is wrong is reported at once, with place and consequence: see [`load`].

pub mod authority;
mod call;
mod consequences;
mod drills;
pub mod environment;
pub mod finding;
mod ladder;
mod layers;
mod measures;
mod pace;
pub mod partners;
mod public;
mod receipts;
mod roster;
mod route;
mod schema;
mod screens;
mod signoff;
mod structure;
mod tree;
mod units;
pub mod upstream;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::LazyLock, time::Duration};

use fenghuo_contract::{Channel, RateUnit};
use serde::Deserialize;

pub use authority::{Authority, Grant, Permit, Power};
pub use call::CallRule;
pub use drills::Drills;
pub use environment::Environment;
pub use finding::ConfigFinding;
pub use ladder::{Alarms, Ladder, Until};
pub use layers::{ConfigFault, Loaded, load};
pub use measures::{MeasureItem, MeasureRule, Tasks};
pub use pace::{Limit, Limits, RecipientLimit, Retry, RetryTimes};
pub use partners::Partner;
pub use public::Public;
pub use receipts::Receipts;
pub use roster::{SignOffReminders, Witnessed, Witnesses};
pub use route::Breaker;
pub use screens::Screens;
pub use signoff::SignOffRule;
pub use upstream::Upstream;

use self::{
    pace::{default_red_share, default_retry},
    units::{maybe_seconds, seconds, size},
};
use crate::domain::{area::AreaCode, level::Level, roster::ShiftForm, warning::Warning};

/// Everything that can be configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub server: Server,
    pub store: StoreConfig,
    pub texts: Texts,
    /// By name, `channel.account`; the order within a channel is the order of preference.
    pub routes: BTreeMap<String, Route>,
    /// By id.
    pub issuers: BTreeMap<String, Issuer>,
    /// Who has to sign what, by name of the rule; what no rule matches is released at once. Of several that match, the
    /// one with the most steps counts; of those, the first by name.
    pub sign_off: BTreeMap<String, SignOffRule>,
    /// Who has to confirm what, by name of the rule; of several that match, the first by name counts.
    pub call: BTreeMap<String, CallRule>,
    /// Who reminds whom that a signature is waited for, and when.
    pub sign_off_reminders: SignOffReminders,
    /// Who is on duty, by office: the id of an issuer, or `office`. What is set by API takes the place of an office's.
    pub roster: BTreeMap<String, Vec<ShiftForm>>,
    /// What the duty officers of the other headquarters are told of.
    pub witnesses: Witnesses,
    /// What every department does about some hazards at some levels.
    pub measures: Vec<MeasureRule>,
    /// How departments are reminded of it.
    pub tasks: Tasks,
    /// Powers by hazard, and exceptions of single issuers.
    pub authority: Authority,
    /// Name of every area the district speaks of, by code.
    pub areas: BTreeMap<AreaCode, String>,
    /// Names and class of hazard codes; what the configuration names is added to the built-in list.
    pub hazards: BTreeMap<String, Hazard>,
    pub delivery: Delivery,
    pub receipts: Receipts,
    pub drills: Drills,
    /// How public screens are served and watched.
    pub screens: Screens,
    /// The site for residents.
    pub public: Public,
    /// When failed deliveries are tried again: `default`, a channel, a level, or `channel.level`; the most specific
    /// says, key by key.
    pub retry: BTreeMap<String, Retry>,
    /// Limits besides those of the routes.
    pub limits: Limits,
    /// By level: channels one after the other instead of all at once.
    pub ladder: BTreeMap<Level, Ladder>,
    pub alarms: Alarms,
    pub retention: Retention,
    /// Systems that get released warnings, by name.
    pub partners: BTreeMap<String, Partner>,
    /// Feeds of upper levels, by name.
    pub upstreams: BTreeMap<String, Upstream>,
}

impl Config {
    /// The rule by which a warning of an issuer is signed off, with its name.
    #[must_use]
    pub fn sign_off_rule(&self, warning: &Warning, issuer: Option<&str>) -> Option<(&str, &SignOffRule)> {
        let matching = self.sign_off.iter().filter(|(_, rule)| rule.matches(warning, issuer));
        let strictest = matching.min_by_key(|(_, rule)| std::cmp::Reverse(rule.steps.len()));
        strictest.map(|(name, rule)| (name.as_str(), rule))
    }

    /// The rule by which officers have to confirm a warning of an issuer, with its name.
    #[must_use]
    pub fn call_rule(&self, warning: &Warning, issuer: Option<&str>) -> Option<(&str, &CallRule)> {
        let first = self.call.iter().find(|(_, rule)| rule.matches(warning, issuer));
        first.map(|(name, rule)| (name.as_str(), rule))
    }
}

/// The HTTP side.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    pub listen: SocketAddr,
    /// How the outside reaches this server; the base of every URL it hands out. Default: `http://{listen}`.
    pub public_url: Option<String>,
    /// Bytes (written as a number or as `"1 MiB"`); a body with CAP resources may have four times as many.
    #[serde(deserialize_with = "size::deserialize")]
    pub body_max: usize,
    /// How long a stopping server waits for what is on the wire before it breaks off.
    #[serde(with = "seconds")]
    pub stop_within_s: Duration,
}

/// Where data is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// The data directory.
    pub data: PathBuf,
    /// Bytes (written as a number or as `"64 MiB"`) of disk kept for lifts, corrections and outcomes when it is full.
    #[serde(deserialize_with = "size::deserialize")]
    pub reserve: usize,
}

/// Texts and templates.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Texts {
    /// Directory of message templates; `None` = the built-in ones.
    pub templates: Option<PathBuf>,
    /// Name of the district's warning service, signature of short messages.
    pub signature: String,
    /// Languages rendered, first = default.
    pub languages: Vec<String>,
    /// Channels whose texts end with the short code by which anybody finds the warning on the site.
    pub short_code: Vec<Channel>,
    /// A text on screens that takes longer to read is worth a word; 0 = never.
    #[serde(with = "seconds")]
    pub screen_reading_s: Duration,
}

/// One route: a provider account or link of a channel.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    pub channel: Channel,
    /// `email`, `display`, `simulator`, …
    pub adapter: String,
    /// May carry exercises and tests.
    #[serde(default)]
    pub drill: bool,
    /// May carry actual warnings.
    #[serde(default)]
    pub actual: bool,
    /// Units per second; absent = no limit.
    #[serde(default)]
    pub rate_per_s: Option<u32>,
    /// What the limit counts; absent = what the adapter says.
    #[serde(default)]
    pub rate_unit: Option<RateUnit>,
    /// Units in any minute; absent = no limit.
    #[serde(default)]
    pub per_minute: Option<u32>,
    /// Units in a day of China's calendar; absent = no limit.
    #[serde(default)]
    pub per_day: Option<u32>,
    /// The provider cuts off whoever is over the rate in any second: never be, at the price of one per cent of it.
    #[serde(default)]
    pub hard_cap: bool,
    /// Share of every limit that only red may use, 0 to 0.9.
    #[serde(default = "default_red_share")]
    pub red_share: f64,
    /// Deliveries handed to the adapter at a time; absent = what the adapter says.
    #[serde(default)]
    pub batch: Option<usize>,
    /// Submits unanswered at a time; absent = what the adapter says.
    #[serde(default)]
    pub window: Option<usize>,
    /// Of the window, the submits only red may have unanswered; absent = an eighth, at least one where there are two.
    #[serde(default)]
    pub red_window: Option<usize>,
    /// How long one submit may take.
    #[serde(default = "default_timeout", with = "seconds")]
    pub timeout_s: Duration,
    /// File with the last part of the address at which the provider reports by calling us; every line is one that is valid,
    /// so that a new one can be introduced before the old one goes. Absent = no calls are taken.
    #[serde(default)]
    pub callback_secret_file: Option<PathBuf>,
    /// What a wrong or missing signature of such a call means.
    #[serde(default)]
    pub callback_signatures: fenghuo_contract::SignatureCheck,
    /// Gets work only as far as the channel's other routes have lost share.
    #[serde(default)]
    pub standby: bool,
    /// A silent link test after so long without a success; 0 = none.
    #[serde(default = "default_canary", with = "seconds")]
    pub canary_s: Duration,
    /// When the route is taken out of service.
    #[serde(default)]
    pub breaker: Breaker,
    /// What one unit costs, in the currency of whoever pays; absent = not told.
    #[serde(default)]
    pub cost_per_unit: Option<f64>,
    /// What the adapter itself needs; its own documentation lists the keys.
    #[serde(default)]
    pub settings: toml::Table,
    /// The partner it leads to, and to nobody else; made from [`Config::partners`], never written.
    #[serde(skip)]
    pub partner: Option<String>,
}

impl Route {
    /// The route's node of the limit tree.
    #[must_use]
    pub fn limit(&self) -> Limit {
        Limit {
            rate_per_s: self.rate_per_s,
            per_minute: self.per_minute,
            per_day: self.per_day,
            rate_unit: self.rate_unit,
            hard_cap: self.hard_cap,
            red_share: self.red_share,
        }
    }
}

fn default_canary() -> Duration {
    Duration::from_secs(180)
}

fn default_timeout() -> Duration {
    Duration::from_secs(30)
}

/// A specialist headquarters and what it may say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    pub name: String,
    /// CAP senders it may use; empty = any.
    #[serde(default)]
    pub senders: Vec<String>,
    /// Hazard codes it may use, `*` at the end matches any rest; `["*"]` = any, also none.
    pub hazards: Vec<String>,
    pub levels: Vec<Level>,
    /// Areas it may warn, with their parts; `["*"]` = anywhere, also outside the configured areas.
    pub areas: Vec<String>,
    /// May pass on what others issued.
    #[serde(default)]
    pub relay: bool,
    /// People beyond whom the district's emergency office signs too, whatever the rules ask; absent = no ceiling.
    #[serde(default)]
    pub audience_max: Option<u64>,
}

/// What a hazard code means.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hazard {
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    pub class: HazardClass,
}

/// The four classes of the national plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HazardClass {
    /// 自然灾害
    Natural,
    /// 事故灾难
    Accident,
    /// 公共卫生
    Health,
    /// 社会安全
    Social,
}

/// How deliveries are tried.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// Repeat a delivery that was written and never answered: for these levels a double is better than a miss.
    pub repeat_in_doubt: Vec<Level>,
    /// A warning without an end is given this long.
    #[serde(with = "seconds")]
    pub default_validity_s: Duration,
    /// How long a lift is shown and sent.
    #[serde(with = "seconds")]
    pub lift_validity_s: Duration,
}

/// How long single deliveries are kept, and where.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// After a warning finished and nothing has changed for this long, its deliveries are folded: they leave memory for
    /// one sorted block of the store. Not before the warning stopped standing.
    #[serde(with = "seconds")]
    pub fold_after_s: Duration,
    /// Receipts are awaited for this long after a warning finished; until then it is not folded while one is missing.
    #[serde(with = "seconds")]
    pub receipts_wait_s: Duration,
    /// Single deliveries and the audience are erased this many days after the warning finished; counts stay. 0 = never.
    pub details_days: u32,
}

/// The names of hazards every installation knows: `config/hazards.toml` as built in.
static BUILT_IN_HAZARDS: LazyLock<BTreeMap<String, Hazard>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct File {
        hazards: BTreeMap<String, Hazard>,
    }
    let file: File =
        toml::from_str(include_str!("../config/hazards.toml")).expect("the built-in file is parsed by a test");
    file.hazards
});

impl Default for Config {
    fn default() -> Self {
        Self {
            server: Server::default(),
            store: StoreConfig::default(),
            texts: Texts::default(),
            routes: BTreeMap::new(),
            sign_off: BTreeMap::new(),
            call: BTreeMap::new(),
            sign_off_reminders: SignOffReminders::default(),
            roster: BTreeMap::new(),
            witnesses: Witnesses::default(),
            measures: Vec::new(),
            tasks: Tasks::default(),
            issuers: BTreeMap::new(),
            authority: Authority::default(),
            areas: BTreeMap::new(),
            hazards: BUILT_IN_HAZARDS.clone(),
            delivery: Delivery::default(),
            receipts: Receipts::default(),
            drills: Drills::default(),
            screens: Screens::default(),
            public: Public::default(),
            retry: default_retry(),
            limits: Limits::default(),
            ladder: BTreeMap::new(),
            alarms: Alarms::default(),
            retention: Retention::default(),
            partners: BTreeMap::new(),
            upstreams: BTreeMap::new(),
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 12379));
        Self { listen, public_url: None, body_max: 1024 * 1024, stop_within_s: Duration::from_secs(25) }
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { data: PathBuf::from("data"), reserve: 64 * 1024 * 1024 }
    }
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            templates: None,
            signature: "松北预警".to_owned(),
            languages: vec!["zh-CN".to_owned(), "en".to_owned()],
            short_code: vec![Channel::Wechat, Channel::Push, Channel::Email],
            screen_reading_s: Duration::from_secs(60),
        }
    }
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            repeat_in_doubt: vec![Level::Red, Level::Orange],
            default_validity_s: Duration::from_secs(24 * 3600),
            lift_validity_s: Duration::from_secs(3600),
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            fold_after_s: Duration::from_secs(6 * 3600),
            receipts_wait_s: Duration::from_secs(72 * 3600),
            details_days: 0,
        }
    }
}

#[cfg(test)]
mod tests;
