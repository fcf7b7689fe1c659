//! What a notice says: plain sentences in every configured language, without the look of a warning to the public.

use std::collections::BTreeMap;

use fenghuo_contract::{Channel, Content};

use super::{About, Notice, NoticeOf, Subject};
use crate::{
    domain::{
        level::Level,
        message::{Category, Certainty, Info, Kind, Message, Scope, Severity, Urgency},
        moment::Moment,
        text::DRILL_MARK,
        warning::Warning,
    },
    flow::{
        Parts,
        render::{
            self,
            templates::{Context, Templates},
        },
    },
    messages::{self, Lang},
};

/// The CAP sender of every notice.
const SENDER: &str = "fenghuo";

/// Characters of a text that is not ours in a notice.
const QUOTED: usize = 80;
/// Of a list of them.
const LISTED: usize = 600;

/// The message of a notice. `name` tells it from all others.
pub(super) fn message(parts: &Parts, notice: &Notice, name: &str, now: i64) -> Message {
    let mut addresses: Vec<String> = notice.to.iter().filter_map(|to| to.recipient.clone()).collect();
    if addresses.is_empty() {
        // A private message names somebody: the offices it could have gone to.
        addresses.extend(notice.to.iter().map(|to| to.office.clone()));
    }
    addresses.sort();
    addresses.dedup();
    let valid = i64::try_from(notice.valid.as_secs()).unwrap_or(i64::MAX / 4).max(60);
    let until = Moment::china(now.saturating_add(valid));
    Message {
        identifier: format!("notice-{name}"),
        sender: SENDER.to_owned(),
        sent: Moment::china(now),
        status: notice.about.status,
        kind: Kind::Alert,
        source: None,
        scope: Scope::Private,
        restriction: None,
        addresses,
        codes: Vec::new(),
        note: None,
        references: Vec::new(),
        incidents: Vec::new(),
        infos: parts.config.texts.languages.iter().map(|tag| info(parts, notice, tag, until)).collect(),
    }
}

fn info(parts: &Parts, notice: &Notice, tag: &str, until: Moment) -> Info {
    let lang = if tag.starts_with("zh") { Lang::Chinese } else { Lang::English };
    let code = notice.kind.code();
    let mut args = about(parts, &notice.about, lang);
    args.extend(notice.facts.iter().filter_map(|(name, fact)| said_in(lang, name, fact)));
    Info {
        language: Some(tag.to_owned()),
        categories: vec![Category::Other],
        event: messages::title(lang, "notice-event"),
        response_types: Vec::new(),
        urgency: Urgency::Immediate,
        severity: severity(notice.about.level),
        certainty: Certainty::Observed,
        audience: None,
        event_codes: Vec::new(),
        effective: None,
        onset: None,
        expires: Some(until),
        sender_name: Some(parts.config.texts.signature.clone()),
        headline: Some(messages::text(lang, &code, &args)),
        description: Some(messages::detail(lang, &code, &args)),
        instruction: None,
        web: None,
        contact: None,
        parameters: Vec::new(),
        resources: Vec::new(),
        areas: Vec::new(),
    }
}

/// A fact as a language says it. A list in one language has a name that ends in `_zh` or `_en`; that is told only there,
/// under the name without it.
fn said_in(lang: Lang, name: &'static str, fact: &str) -> Option<(&'static str, String)> {
    match name.rsplit_once('_') {
        Some((name, "zh")) => (lang == Lang::Chinese).then(|| (name, cut(fact, LISTED))),
        Some((name, "en")) => (lang == Lang::English).then(|| (name, cut(fact, LISTED))),
        _ => Some((name, quoted(fact))),
    }
}

/// What every notice about a warning may say of it.
fn about(parts: &Parts, subject: &Subject, lang: Lang) -> Vec<(&'static str, String)> {
    let Some(record) = &subject.record else { return Vec::new() };
    let infos = &record.message.infos;
    let own = |tag: &&Info| {
        let chinese = tag.language.as_deref().is_some_and(|tag| tag.starts_with("zh"));
        chinese == (lang == Lang::Chinese)
    };
    let info = infos.iter().find(own).or(infos.first());
    let headline = info.map(|info| info.headline.clone().unwrap_or_else(|| info.event.clone())).unwrap_or_default();
    let issuer = record.issuer.as_ref();
    let issuer = issuer.map(|id| parts.config.issuers.get(id).map_or_else(|| id.clone(), |known| known.name.clone()));
    let issuer = issuer.unwrap_or_else(|| record.message.sender.clone());
    vec![
        ("headline", quoted(&headline)),
        ("issuer", quoted(&issuer)),
        ("level", messages::title(lang, &format!("level-{}", record.level.name()))),
    ]
}

/// A text that is not ours: one line, not too long.
fn quoted(text: &str) -> String {
    cut(text, QUOTED)
}

fn cut(text: &str, most: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() > most { text.chars().take(most - 1).chain(['…']).collect() } else { text }
}

fn severity(level: Level) -> Severity {
    match level {
        Level::Red => Severity::Extreme,
        Level::Orange => Severity::Severe,
        Level::Yellow => Severity::Moderate,
        Level::Blue => Severity::Minor,
        Level::Unknown => Severity::Unknown,
    }
}

/// What one channel says in one language: the sentences themselves, with the mark of a drill where it is one. The headline
/// alone is their short form.
pub(crate) fn content(
    parts: &Parts,
    (notice, of): (&Warning, &NoticeOf),
    channel: Channel,
    language: &str,
    released_ms: i64,
    deadline: i64,
    thread: &str,
) -> Content {
    let released_at = released_ms.div_euclid(1000);
    let context = Context::new(&parts.config, notice, language, released_at, deadline);
    let plain = Templates::plain(channel, &context);
    // Short messages are carried only with the signature of their sender.
    let signature =
        if channel == Channel::Sms { format!("【{}】", parts.config.texts.signature) } else { String::new() };
    let signed = |text: String| if text.is_empty() { text } else { format!("{signature}{text}") };
    render::complete(Content {
        language: language.to_owned(),
        title: plain.title,
        text: signed(plain.text),
        short: signed(plain.short),
        html: plain.html,
        values: values(parts, of, channel, &context),
        confirm_sample: parts.confirm_sample(channel),
        urgency: notice.level().urgency(),
        thread: thread.to_owned(),
        released_at,
        expires_at: deadline,
        ..Content::default()
    })
}

/// What a notice says, as single values for providers of templates; none where no provider asks for them.
fn values(parts: &Parts, of: &NoticeOf, channel: Channel, context: &Context) -> BTreeMap<String, String> {
    if !render::fills_templates(channel) {
        return BTreeMap::new();
    }
    let subject = match &of.about {
        About::Warning(id) => parts.warning_record(id).and_then(|record| Subject::of(&record)),
        About::Key(_) | About::Screen(_) | About::Subscription(_) => None,
    };
    let lang = if context.language.starts_with("zh") { Lang::Chinese } else { Lang::English };
    let facts = subject.map(|subject| about(parts, &subject, lang)).unwrap_or_default();
    let fact = |wanted: &str| facts.iter().find(|(name, _)| *name == wanted).map(|(_, fact)| fact.clone());
    // Whatever a template says around it, one of these says that it is about a drill.
    let headline = if context.drill { format!("{DRILL_MARK}{}", context.headline) } else { context.headline.clone() };
    let values = [
        ("notice", of.kind.name().to_owned()),
        ("title", headline.clone()),
        ("headline", headline),
        ("about", fact("headline").unwrap_or_default()),
        ("issuer", fact("issuer").unwrap_or_else(|| context.issuer.clone())),
        ("level", context.level.name.to_owned()),
        ("level_name", context.level.colour.to_owned()),
        ("drill", if context.drill { "yes" } else { "no" }.to_owned()),
        ("sent", context.sent.clone()),
        ("released_at", context.released_at.clone()),
        ("expires", context.expires.clone()),
        ("language", context.language.clone()),
    ];
    values.map(|(name, value)| (name.to_owned(), value)).into()
}
