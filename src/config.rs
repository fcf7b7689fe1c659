//! Configuration: built-in defaults ← file (with the files it includes) ← environment (`FENGHUO_…`). Unknown keys are
//! refused, and everything that is wrong is reported at once, with place and consequence: see [`load`].

mod consequences;
pub mod environment;
pub mod finding;
mod layers;
mod route;
mod receipts;
mod schema;
mod structure;
mod tree;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::LazyLock, time::Duration};

use fenghuo_contract::{Channel, RateUnit};
use serde::Deserialize;

pub use environment::Environment;
pub use finding::ConfigFinding;
pub use layers::{ConfigFault, Loaded, load};
pub use route::Breaker;
pub use receipts::Receipts;

use crate::domain::{area::AreaCode, delivery::State, level::Level};

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
    /// Name of every area the district speaks of, by code.
    pub areas: BTreeMap<AreaCode, String>,
    /// Names and class of hazard codes; what the configuration names is added to the built-in list.
    pub hazards: BTreeMap<String, Hazard>,
    pub delivery: Delivery,
    pub receipts: Receipts,
    /// When failed deliveries are tried again: `default`, a channel, a level, or `channel.level`; the most specific
    /// says, key by key.
    pub retry: BTreeMap<String, Retry>,
    /// Limits besides those of the routes.
    pub limits: Limits,
    /// By level: channels one after the other instead of all at once.
    pub ladder: BTreeMap<Level, Ladder>,
    pub alarms: Alarms,
    pub retention: Retention,
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

/// Limits that hold besides those of a route.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// By channel: for all its routes together.
    pub channel: BTreeMap<String, Limit>,
    /// By issuer: each alone; `default` for those not named.
    pub issuer: BTreeMap<String, Limit>,
    /// By channel: how often one person may be reached.
    pub recipient: BTreeMap<String, RecipientLimit>,
}

/// How many units may go.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// In a second.
    #[serde(default)]
    pub rate_per_s: Option<u32>,
    /// In any minute.
    #[serde(default)]
    pub per_minute: Option<u32>,
    /// In a day of China's calendar.
    #[serde(default)]
    pub per_day: Option<u32>,
    /// What is counted; absent = recipients.
    #[serde(default)]
    pub rate_unit: Option<RateUnit>,
    /// Never over the rate in any second.
    #[serde(default)]
    pub hard_cap: bool,
    /// Share only red may use.
    #[serde(default = "default_red_share")]
    pub red_share: f64,
}

/// How often one person may be reached on a channel by warnings below red. Lifts are never held back.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientLimit {
    /// In any hour.
    #[serde(default)]
    pub per_hour: Option<u16>,
    /// In any 24 hours.
    #[serde(default)]
    pub per_day: Option<u16>,
    /// The highest level that is held back.
    #[serde(default = "default_up_to")]
    pub up_to: Level,
}

fn default_up_to() -> Level {
    Level::Orange
}

fn default_red_share() -> f64 {
    0.2
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

/// Some of the times of repeated attempts.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Wait before the second attempt.
    #[serde(with = "maybe_seconds")]
    pub first_s: Option<Duration>,
    /// Longest wait between attempts.
    #[serde(with = "maybe_seconds")]
    pub longest_s: Option<Duration>,
    /// How much each wait is longer than the one before.
    pub factor: Option<f64>,
    /// Attempts of one delivery at most; 0 = until its deadline.
    pub attempts_max: Option<u8>,
    /// Attempts at most of a delivery that may have arrived: each further one may be a double.
    pub in_doubt_max: Option<u8>,
}

/// The times of repeated attempts of one channel and level.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryTimes {
    pub first_s: Duration,
    pub longest_s: Duration,
    pub factor: f64,
    pub attempts_max: u8,
    pub in_doubt_max: u8,
}

fn default_retry() -> BTreeMap<String, Retry> {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let red = Retry { first_s: seconds(1), longest_s: seconds(15), attempts_max: Some(0), ..Retry::default() };
    BTreeMap::from([("red".to_owned(), red)])
}

impl Config {
    /// When deliveries of a channel and level are tried again.
    #[must_use]
    pub fn retry_times(&self, channel: Channel, level: Level) -> RetryTimes {
        let names = [
            format!("{channel}.{}", level.name()),
            level.name().to_owned(),
            channel.name().to_owned(),
            "default".to_owned(),
        ];
        // What the configuration does not say of a name, the built-in times say.
        let built_in = default_retry();
        let said = names.iter().flat_map(|name| [self.retry.get(name), built_in.get(name)]);
        let said: Vec<&Retry> = said.flatten().collect();
        RetryTimes {
            first_s: said.iter().find_map(|retry| retry.first_s).unwrap_or(Duration::from_secs(2)),
            longest_s: said.iter().find_map(|retry| retry.longest_s).unwrap_or(Duration::from_secs(60)),
            factor: said.iter().find_map(|retry| retry.factor).unwrap_or(2.0),
            attempts_max: said.iter().find_map(|retry| retry.attempts_max).unwrap_or(5),
            in_doubt_max: said.iter().find_map(|retry| retry.in_doubt_max).unwrap_or(3).max(1),
        }
    }
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

/// Channels that are used one after the other until a recipient answers. Lifts never wait in one.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    /// In this order; each recipient begins with the first he has an address on. Channels not named go at once.
    pub channels: Vec<Channel>,
    /// How long a channel has, from the moment a recipient's turn on it began, before the next is used.
    #[serde(with = "seconds", default = "default_wait")]
    pub wait_s: Duration,
    /// The answer after which a recipient is not bothered on the rest.
    #[serde(default)]
    pub until: Until,
}

/// The answer that ends a recipient's ladder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// The provider took it.
    Accepted,
    /// It reached the device.
    #[default]
    Delivered,
    /// The person confirmed it.
    Confirmed,
}

impl Until {
    /// The state that says so; every better one does too.
    #[must_use]
    pub const fn state(self) -> State {
        match self {
            Self::Accepted => State::Accepted,
            Self::Delivered => State::Delivered,
            Self::Confirmed => State::Confirmed,
        }
    }
}

fn default_wait() -> Duration {
    Duration::from_secs(600)
}

/// When something is so wrong that a person is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alarms {
    /// Deliveries wait, their routes run, and none has ended for this long.
    #[serde(with = "seconds")]
    pub stuck_s: Duration,
    /// Deliveries wait and no route of theirs has run for this long.
    #[serde(with = "seconds")]
    pub no_route_s: Duration,
    /// Red waits on a paused route for this long.
    #[serde(with = "seconds")]
    pub red_paused_s: Duration,
    /// Receipts are slow when they take so many times what 95 of 100 usually take at most …
    pub slow_factor: f64,
    /// … and at least this part of those due by then is missing.
    pub slow_share: f64,
    /// Receipts are missing when this part of what was accepted …
    pub missing_share: f64,
    /// … has none after this long, on a route that reports.
    #[serde(with = "seconds")]
    pub receipts_wait_s: Duration,
    /// An alarm ends when its cause has been gone for this long.
    #[serde(with = "seconds")]
    pub clear_s: Duration,
}

impl Default for Alarms {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            stuck_s: seconds(60),
            no_route_s: seconds(30),
            red_paused_s: seconds(10),
            slow_factor: 3.0,
            slow_share: 0.2,
            missing_share: 0.1,
            receipts_wait_s: seconds(3_600),
            clear_s: seconds(20),
        }
    }
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

mod seconds {
    use std::time::Duration;

    use serde::Deserialize;

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
    }
}

mod maybe_seconds {
    use std::time::Duration;

    use serde::Deserialize;

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<f64>::deserialize(deserializer)?;
        seconds.map(|seconds| Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)).transpose()
    }
}

/// Sizes as people write them.
mod size {
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u64),
        Text(String),
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
        let bytes = match Written::deserialize(deserializer)? {
            Written::Number(bytes) => Some(bytes),
            Written::Text(text) => parse(&text),
        };
        let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
        bytes.ok_or_else(|| serde::de::Error::custom("not a size"))
    }

    /// Bytes of `"1 MiB"`, `"512 KiB"`, `"1048576"`; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<u64> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number: u64 = text[..digits].parse().ok()?;
        let unit = match text[digits..].trim() {
            "" | "B" => 1,
            "KiB" => 1024,
            "MiB" => 1024 * 1024,
            "GiB" => 1024 * 1024 * 1024,
            "kB" => 1000,
            "MB" => 1_000_000,
            _ => return None,
        };
        number.checked_mul(unit)
    }
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
            issuers: BTreeMap::new(),
            areas: BTreeMap::new(),
            hazards: BUILT_IN_HAZARDS.clone(),
            delivery: Delivery::default(),
            receipts: Receipts::default(),
            retry: default_retry(),
            limits: Limits::default(),
            ladder: BTreeMap::new(),
            alarms: Alarms::default(),
            retention: Retention::default(),
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
            templates: None, signature: "松北预警".to_owned(), languages: vec!["zh-CN".to_owned(), "en".to_owned()]
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
