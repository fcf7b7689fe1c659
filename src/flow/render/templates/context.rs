//! What a template may speak of.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    config::{Config, Hazard},
    domain::{
        area::AreaCode,
        chain::Change,
        hazard,
        level::Level,
        lift::{Blank, CORRECTION_TEXT, LIFT_TEXT},
        message::{Info, Kind, Status},
        moment::Moment,
        warning::Warning,
    },
};

/// What a warning does to its event, as far as its text differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// The first warning of an event.
    First,
    /// A later one that takes its place.
    Update,
    /// The end of the event.
    Lift,
    /// The end of the event, which was a mistake.
    Correction,
}

impl Variant {
    /// The variant of a warning.
    #[must_use]
    pub fn of(warning: &Warning) -> Self {
        match warning.kind() {
            _ if warning.is_correction() => Self::Correction,
            _ if warning.is_lift() => Self::Lift,
            Kind::Update => Self::Update,
            _ => Self::First,
        }
    }

    /// What it is to its event, as far as the message itself tells.
    const fn change(self) -> Change {
        match self {
            Self::First => Change::First,
            Self::Update => Change::Update,
            Self::Lift => Change::Lift,
            Self::Correction => Change::Correction,
        }
    }
}

/// Everything a template may speak of, in one language. Fields without a value are empty texts or empty lists, never
/// undefined.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Context {
    /// BCP 47 tag of the language the labels are in.
    pub language: String,
    /// Not actual: an exercise or a test. The mark is put on by code.
    pub drill: bool,
    /// `actual`, `exercise`, `test` …
    pub status: String,
    /// `first`, `update`, `lift`, `correction`.
    pub variant: Variant,
    /// `variant` is `lift`.
    pub lift: bool,
    /// `variant` is `correction`.
    pub correction: bool,
    /// `first`, `update`, `raise`, `lower`, `lift`, `correction`.
    pub change: Change,
    /// 升级为, 降级为, 解除; raised to, lowered to, lifted.
    pub change_word: &'static str,
    pub level: LevelWords,
    pub hazard: HazardWords,
    /// The subject event in the sender's words.
    pub event: String,
    /// 暴雨红色预警, red warning of rainstorm.
    pub warning_name: String,
    /// 暴雨红色预警（Ⅰ级/特别严重）; for a lift: 解除暴雨红色预警.
    pub summary: String,
    /// The signed headline, or when there is none, one made of issuer and warning name.
    pub title: String,
    /// The signed headline, verbatim.
    pub headline: String,
    /// The signed description, verbatim.
    pub description: String,
    /// The signed instruction, verbatim.
    pub instruction: String,
    /// The short form its issuer gave it for messages on the telephone, verbatim.
    pub short_text: String,
    /// Name of whoever issued it: as signed, else the signature.
    pub issuer: String,
    pub signature: String,
    /// Times as people of the language write them, in the sender's offset.
    pub sent: String,
    pub released_at: String,
    pub onset: String,
    pub expires: String,
    /// Descriptions of the areas, as signed; names of their codes where a description is missing.
    pub areas: Vec<String>,
    /// Address of further information; only `http` and `https`.
    pub web: String,
    pub contact: String,
    pub note: String,
    /// Code by which anybody finds the warning on the site, `7KQ2-M9XD`; empty where the channel carries none, and for what
    /// the site does not show.
    pub code: String,
    /// CAP parameters of the sender, by name.
    pub parameters: BTreeMap<String, String>,
}

/// A level in words and colours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LevelWords {
    /// `red`, `orange`, `yellow`, `blue`, `unknown`.
    pub name: &'static str,
    /// 红色, Red.
    pub colour: &'static str,
    /// 特别严重, particularly serious.
    pub word: &'static str,
    /// Ⅰ to Ⅳ, empty when unknown.
    pub roman: &'static str,
    /// Background and text colour with a contrast of at least 6:1, told apart by people with colour blindness.
    pub background: &'static str,
    pub text: &'static str,
}

/// A hazard in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HazardWords {
    /// National code, empty when there is none.
    pub code: String,
    /// Configured name, else the event in the sender's words.
    pub name: String,
}

impl Context {
    /// What a template may say about a warning in a language. `released_at` and `deadline` (when it stops being sent
    /// and shown, for a warning without an end of its own) are seconds since 1970.
    #[must_use]
    pub fn new(config: &Config, warning: &Warning, language: &str, released_at: i64, deadline: i64) -> Self {
        Self::lifting(config, warning, None, language, released_at, deadline)
    }

    /// The same for a lift, with the warning it ends: a Cancel may have no text, area, hazard or level of its own, and
    /// then those of the lifted warning are named.
    #[must_use]
    pub fn lifting(
        config: &Config,
        warning: &Warning,
        lifted: Option<&Warning>,
        language: &str,
        released_at: i64,
        deadline: i64,
    ) -> Self {
        let message = warning.message();
        let own = warning.info_for(language);
        // What the lift does not say, the warning it ends says.
        let lifted = lifted.filter(|_| warning.is_lift());
        let earlier = lifted.and_then(|lifted| lifted.info_for(language));
        let info = own.or(earlier);
        let own_level = warning.level();
        let level = if own_level == Level::Unknown { lifted.map_or(own_level, Warning::level) } else { own_level };
        let variant = Variant::of(warning);
        let words = Words::of(language);
        let event = info.map(|info| info.event.clone()).unwrap_or_default();
        let hazard = words.hazard(own.into_iter().chain(earlier), &event, &config.hazards);
        let warning_name = words.warning_name(level, &hazard.name);
        let field = |pick: fn(&Info) -> Option<&String>| own.and_then(pick).cloned().unwrap_or_default();
        let issuer = own.or(earlier).and_then(|info| info.sender_name.clone());
        let issuer = issuer.unwrap_or_else(|| config.texts.signature.clone());
        let headline = field(|info| info.headline.as_ref());
        let made = words.headline(variant, &issuer, &warning_name);
        // Our own times are written in the offset of the sender's.
        let ours = |unix| words.time(Moment::new(unix, message.sent.offset_minutes()));
        let web = field(|info| info.web.as_ref());
        Self {
            language: language.to_owned(),
            drill: message.status != Status::Actual,
            status: message.status.cap().to_ascii_lowercase(),
            variant,
            lift: variant == Variant::Lift,
            correction: variant == Variant::Correction,
            change: variant.change(),
            change_word: words.change(variant.change()),
            summary: words.summary(variant, level, &warning_name),
            title: if headline.trim().is_empty() { made } else { headline.clone() },
            level: words.level(level),
            hazard,
            event,
            warning_name,
            headline,
            description: field(|info| info.description.as_ref()),
            instruction: field(|info| info.instruction.as_ref()),
            short_text: warning.short_text(language).unwrap_or_default().to_owned(),
            issuer,
            signature: config.texts.signature.clone(),
            sent: words.time(message.sent),
            released_at: ours(released_at),
            onset: own.and_then(|info| info.onset).map(|onset| words.time(onset)).unwrap_or_default(),
            expires: own.and_then(|info| info.expires).map_or_else(|| ours(deadline), |end| words.time(end)),
            areas: info.map(|info| areas(info, &config.areas)).unwrap_or_default(),
            web: if web.starts_with("https://") || web.starts_with("http://") { web } else { String::new() },
            contact: field(|info| info.contact.as_ref()),
            note: message.note.clone().unwrap_or_default(),
            code: String::new(),
            parameters: own.map(parameters).unwrap_or_default(),
        }
    }
}

impl Context {
    /// The same for a warning that changes its event so.
    #[must_use]
    pub(crate) fn changing(self, change: Change) -> Self {
        let change_word = Words::of(&self.language).change(change);
        Self { change, change_word, ..self }
    }

    /// The same with the code by which it is found.
    #[must_use]
    pub(crate) fn found_by(self, code: String) -> Self {
        Self { code, ..self }
    }

    /// The same with times that are not known yet.
    #[must_use]
    pub(crate) fn blank(self) -> Self {
        let sent = Blank::Sent.text(&self.language).to_owned();
        let expires = Blank::End.text(&self.language).to_owned();
        Self { sent: sent.clone(), released_at: sent, expires, ..self }
    }
}

fn parameters(info: &Info) -> BTreeMap<String, String> {
    // What is prepared to be said one day is not said yet.
    let said = info.parameters.iter().filter(|parameter| ![LIFT_TEXT, CORRECTION_TEXT].contains(&&*parameter.name));
    said.map(|parameter| (parameter.name.clone(), parameter.value.clone())).collect()
}

fn areas(info: &Info, names: &BTreeMap<AreaCode, String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for area in &info.areas {
        let coded = || AreaCode::of_area(area).filter_map(|code| names.get(&code).cloned()).collect::<Vec<_>>();
        let described = area.description.trim();
        let named = if described.is_empty() { coded() } else { vec![described.to_owned()] };
        for name in named {
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    all
}

/// The words of a language that labels are made of; any language but Chinese is given the English ones.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    Chinese,
    English,
}

impl Words {
    fn of(language: &str) -> Self {
        let primary = language.split('-').next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") { Self::Chinese } else { Self::English }
    }

    fn change(self, change: Change) -> &'static str {
        match self {
            Self::Chinese => change.word_zh(),
            Self::English => change.word_en(),
        }
    }

    fn time(self, moment: Moment) -> String {
        match self {
            Self::Chinese => moment.chinese(),
            Self::English => moment.plain(),
        }
    }

    fn level(self, level: Level) -> LevelWords {
        let (colour, word) = match (self, level) {
            (Self::Chinese, level) => (level.colour_zh(), level.word_zh()),
            (Self::English, Level::Red) => ("Red", "particularly serious"),
            (Self::English, Level::Orange) => ("Orange", "serious"),
            (Self::English, Level::Yellow) => ("Yellow", "rather serious"),
            (Self::English, Level::Blue) => ("Blue", "ordinary"),
            (Self::English, Level::Unknown) => ("No level", "no level"),
        };
        let (background, text) = match level {
            Level::Red => ("#C4001A", "#FFFFFF"),
            Level::Orange => ("#F28500", "#000000"),
            Level::Yellow => ("#FFE000", "#000000"),
            Level::Blue => ("#0B57B7", "#FFFFFF"),
            Level::Unknown => ("#5F6368", "#FFFFFF"),
        };
        LevelWords { name: level.name(), colour, word, roman: level.roman(), background, text }
    }

    fn hazard<'a>(
        self,
        infos: impl Iterator<Item = &'a Info>,
        event: &str,
        names: &BTreeMap<String, Hazard>,
    ) -> HazardWords {
        let code = infos.into_iter().find_map(hazard::national_code).unwrap_or_default().to_owned();
        let name = names.get(&code).map(|hazard| match self {
            Self::Chinese => hazard.zh.clone(),
            Self::English => hazard.en.clone(),
        });
        HazardWords { code, name: name.unwrap_or_else(|| event.to_owned()) }
    }

    fn warning_name(self, level: Level, hazard: &str) -> String {
        let colour = self.level(level).colour;
        match (self, level) {
            (Self::Chinese, Level::Unknown) => format!("{hazard}预警"),
            (Self::Chinese, _) => format!("{hazard}{colour}预警"),
            (Self::English, _) => {
                let colour =
                    if level == Level::Unknown { String::new() } else { format!("{} ", colour.to_lowercase()) };
                let of = if hazard.is_empty() { String::new() } else { format!(" of {}", hazard.to_lowercase()) };
                format!("{colour}warning{of}")
            }
        }
    }

    fn summary(self, variant: Variant, level: Level, name: &str) -> String {
        let LevelWords { roman, word, .. } = self.level(level);
        match (self, variant, level) {
            (Self::Chinese, Variant::Lift, _) => format!("解除{name}"),
            (Self::Chinese, Variant::Correction, _) => format!("更正：{name}有误"),
            (Self::Chinese, _, Level::Unknown) => name.to_owned(),
            (Self::Chinese, _, _) => format!("{name}（{roman}级/{word}）"),
            (Self::English, Variant::Lift, _) => format!("Lifted: {name}"),
            (Self::English, Variant::Correction, _) => format!("Correction: {name} sent by mistake"),
            (Self::English, _, Level::Unknown) => capital(name),
            (Self::English, _, _) => format!("{} (level {roman}, {word})", capital(name)),
        }
    }

    fn headline(self, variant: Variant, issuer: &str, name: &str) -> String {
        match (self, variant) {
            (Self::Chinese, Variant::Lift) => format!("{issuer}解除{name}"),
            (Self::Chinese, Variant::Correction) => format!("更正：{issuer}此前发布的{name}有误"),
            (Self::Chinese, _) => format!("{issuer}发布{name}"),
            (Self::English, Variant::Lift) => format!("{issuer}: {name} lifted"),
            (Self::English, Variant::Correction) => format!("Correction: {name} of {issuer} sent by mistake"),
            (Self::English, _) => format!("{issuer}: {name}"),
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
