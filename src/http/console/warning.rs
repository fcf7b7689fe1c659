//! One warning: what it says, how far it has come, whom it did not reach, what happened to it.

use askama::Template;
use axum::{
    extract::{Path, Query, State as Shared},
    response::Response,
};
use serde::Deserialize;

use super::{
    DELIVERY_READERS, LIFTERS,
    board::{Row, escape, name},
    frame::{Frame, Mode, Visit},
    show::{clock, grouped, minute, stamp},
    words::Words,
};
use crate::{
    domain::{
        chain::Change,
        delivery::{Reason, State},
        lift::Ending,
        message::{Info, Scope, Status},
        moment::Moment,
    },
    flow::{
        Unavailable,
        intake::WarningView,
        record::{Stage, WarningId},
        status::{DeliveryFilter, DeliveryView, StatusView, TimelineEntry},
    },
    http::Site,
};

/// So many of those not reached stand on the page itself.
const MISSED: usize = 10;

#[derive(Deserialize)]
pub(super) struct After {
    done: Option<String>,
}

/// `GET /console/warnings/{id}`
pub(super) async fn page(
    Shared(site): Shared<Site>,
    Path(id): Path<String>,
    Query(after): Query<After>,
    visit: Visit,
) -> Response {
    match read(&site, &visit, &WarningId(id)).await {
        Ok(Some(read)) => visit.page(&Detail::new(&visit, &read, after.done.as_deref())),
        Ok(None) => visit.not_found(),
        Err(fault) => visit.unavailable(&fault),
    }
}

/// Everything the page tells.
pub(super) struct Read {
    pub(super) view: WarningView,
    pub(super) status: Option<StatusView>,
    pub(super) timeline: Vec<TimelineEntry>,
    pub(super) missed: Vec<DeliveryView>,
}

async fn read(site: &Site, visit: &Visit, id: &WarningId) -> Result<Option<Read>, Unavailable> {
    let Some(view) = site.flow.warning(id).await?.filter(|view| visit.may_see(view)) else { return Ok(None) };
    let status = site.flow.status(id).await?;
    let timeline = site.flow.timeline(id).await?;
    let mut missed = Vec::new();
    if visit.is_one_of(DELIVERY_READERS) && visit.owns(&view) {
        let filter = DeliveryFilter { state: Some(State::Failed), ..DeliveryFilter::default() };
        missed = site.flow.deliveries(id, &filter, None, MISSED).await?.map(|page| page.items).unwrap_or_default();
    }
    Ok(Some(Read { view, status, timeline, missed }))
}

#[derive(Template)]
#[template(path = "console/warning.html")]
pub(super) struct Detail {
    frame: Frame,
    title: String,
    as_of: String,
    row: Row,
    done: Option<String>,
    ended: Option<Ended>,
    lift: Option<String>,
    correct: Option<String>,
    sign: Option<String>,
    calls: Option<String>,
    measures: Option<String>,
    notices: Option<String>,
    cap: Option<String>,
    first: Option<String>,
    people: Vec<Figure>,
    reasons: Vec<ReasonRow>,
    missed: Vec<Missed>,
    texts: Vec<Text>,
    timeline: Vec<Happened>,
    identity: Vec<Fact>,
}

struct Ended {
    word: String,
    href: Option<String>,
}

struct Figure {
    word: String,
    number: String,
}

struct ReasonRow {
    channel: String,
    word: String,
    count: String,
    href: String,
}

struct Missed {
    recipient: String,
    channel: String,
    address: String,
    reason: String,
    provider: Option<String>,
}

struct Text {
    language: String,
    headline: String,
    paragraphs: Vec<String>,
    facts: Vec<Fact>,
}

pub(super) struct Fact {
    pub(super) word: String,
    pub(super) value: String,
}

struct Happened {
    at: String,
    what: String,
    by: Option<String>,
    detail: Option<String>,
}

impl Detail {
    pub(super) fn new(visit: &Visit, read: &Read, done: Option<&str>) -> Self {
        let Read { view, status, timeline, missed } = read;
        let words = visit.words;
        let now = visit.now();
        let enders = visit.is_one_of(LIFTERS) && visit.owns(view);
        let linked = visit.is_one_of(DELIVERY_READERS) && visit.owns(view);
        let row = Row::new(words, view, status.as_ref(), linked, &now);
        let mut frame = visit.frame(Mode::of(std::slice::from_ref(view)));
        frame.refresh = true;
        Self {
            frame,
            title: format!("{} {} {}", row.level.steps, row.mark, row.headline),
            as_of: clock(status.as_ref().map_or(&now, |status| &status.as_of)),
            done: match done {
                Some("lift") => Some(words.t("console-lift-done")),
                Some("correct") => Some(words.t("console-correct-done")),
                Some("sign") => Some(words.t("console-sign-done")),
                _ => None,
            },
            ended: view.ended.as_ref().map(|ended| Ended {
                word: words.of("console-ended-", ended),
                href: view.ended_by.as_ref().map(|by| format!("/console/warnings/{by}")),
            }),
            lift: (enders && can_be_ended(view, Ending::Lift)).then(|| format!("{}/lift", row.href)),
            correct: (enders && can_be_ended(view, Ending::Correction)).then(|| format!("{}/correct", row.href)),
            sign: (view.stage == Stage::Received && view.ended.is_none()).then(|| format!("{}/sign-off", row.href)),
            calls: (linked && status.as_ref().is_some_and(|status| status.calls.is_some()))
                .then(|| format!("{}/calls", row.href)),
            measures: (view.released_at.is_some() && view.notice.is_none()).then(|| format!("{}/measures", row.href)),
            notices: (linked && view.notice.is_none()).then(|| format!("{}/notices", row.href)),
            cap: is_public(view).then(|| format!("/cap/{}.xml", escape(&view.message.identifier))),
            first: (view.event != view.id).then(|| format!("/console/warnings/{}", view.event)),
            people: status.as_ref().map(|status| people(words, status)).unwrap_or_default(),
            reasons: status.as_ref().map(|status| reasons(words, &row.href, status, linked)).unwrap_or_default(),
            missed: missed.iter().map(|one| Missed::new(words, one)).collect(),
            texts: view.message.infos.iter().map(|info| Text::new(words, info)).collect(),
            timeline: timeline.iter().map(|entry| Happened::new(words, entry)).collect(),
            identity: identity(words, view),
            row,
        }
    }
}

/// Whether there is anything to end: released, meant for somebody, and not yet ended; what was lifted can still be called
/// a mistake, what ends another cannot.
pub(super) fn can_be_ended(view: &WarningView, ending: Ending) -> bool {
    let released = matches!(view.stage, Stage::Released | Stage::Delivering | Stage::Finished);
    let told = view.released_at.is_some() && !matches!(view.change, Change::Lift | Change::Correction);
    match ending {
        Ending::Lift => view.ended.is_none() && released,
        Ending::Correction => told && matches!(view.ended.as_deref(), None | Some("lifted")),
    }
}

/// Whether everybody may read it.
pub(crate) fn is_public(view: &WarningView) -> bool {
    view.status == Status::Actual && view.scope == Scope::Public && view.released_at.is_some()
}

fn people(words: Words, status: &StatusView) -> Vec<Figure> {
    let figure = |id, number| Figure { word: words.t(id), number: grouped(number) };
    let people = &status.people;
    let mut figures = vec![
        figure("console-people-addressed", people.addressed),
        figure("console-people-one", people.reached_by_one),
        figure("console-people-two", people.reached_by_two),
        figure("console-people-confirmed", people.confirmed),
        figure("console-people-unreached", people.unreached),
    ];
    // Of one channel it is the same number again.
    if people.first_channel.len() > 1 {
        figures.extend(people.first_channel.iter().map(|(channel, count)| Figure {
            word: words.with("console-people-first", "channel", words.of("console-channel-", channel)),
            number: grouped(*count),
        }));
    }
    figures.push(figure("console-receipts-awaited", status.receipts_awaited));
    if let Some(forecast) = &status.forecast {
        let finish = forecast.finish_at.as_deref().map_or_else(|| words.t("console-forecast-never"), clock);
        figures.push(Figure { word: words.t("console-forecast-finish"), number: finish });
        figures.push(figure("console-forecast-misses", forecast.will_miss));
    }
    figures
}

/// Failures by channel and reason, the most frequent first.
fn reasons(words: Words, href: &str, status: &StatusView, linked: bool) -> Vec<ReasonRow> {
    let each = status.channels.iter().flat_map(|(channel, numbers)| {
        numbers
            .failed_by_reason
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(move |(reason, count)| (channel, reason, *count))
    });
    let mut each: Vec<_> = each.collect();
    each.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
    let row = |(channel, reason, count): (&String, &String, u64)| ReasonRow {
        channel: words.of("console-channel-", channel),
        word: words.of("console-reason-", reason),
        count: grouped(count),
        href: if linked {
            format!("{href}/deliveries?channel={channel}&reason={reason}")
        } else {
            "#missed".to_owned()
        },
    };
    each.into_iter().map(row).collect()
}

impl Missed {
    fn new(words: Words, one: &DeliveryView) -> Self {
        Self {
            recipient: one.recipient.clone(),
            channel: words.of("console-channel-", &one.channel),
            address: one.address.clone(),
            reason: reason(words, one.reason),
            provider: one.provider.clone(),
        }
    }
}

/// The word for a reason, empty where there is none.
pub(super) fn reason(words: Words, reason: Reason) -> String {
    if reason == Reason::None { String::new() } else { words.of("console-reason-", reason.name()) }
}

impl Text {
    fn new(words: Words, info: &Info) -> Self {
        let lines =
            |text: &Option<String>| text.iter().flat_map(|text| text.lines()).map(str::to_owned).collect::<Vec<_>>();
        let mut paragraphs = lines(&info.description);
        paragraphs.extend(lines(&info.instruction));
        let fact = |id: &str, value: Option<String>| value.map(|value| Fact { word: words.t(id), value });
        let time = |moment: Option<Moment>| moment.map(Moment::plain);
        let areas: Vec<&str> = info.areas.iter().map(|area| area.description.as_str()).collect();
        let facts = [
            fact("console-areas", (!areas.is_empty()).then(|| areas.join("、"))),
            fact("console-effective", time(info.effective)),
            fact("console-onset", time(info.onset)),
            fact("console-expires", time(info.expires)),
            fact("console-contact", info.contact.clone()),
            fact("console-web", info.web.clone()),
        ];
        Self {
            language: info.language.clone().unwrap_or_else(|| "en-US".to_owned()),
            headline: info.headline.clone().unwrap_or_else(|| info.event.clone()),
            paragraphs,
            facts: facts.into_iter().flatten().collect(),
        }
    }
}

impl Happened {
    fn new(words: Words, entry: &TimelineEntry) -> Self {
        Self {
            at: stamp(&entry.at),
            what: words.of("console-event-", &entry.what),
            by: entry.by.as_ref().map(|by| match by.as_str() {
                "policy" => words.t("console-by-policy"),
                key => words.with("console-by-key", "key", key.chars().take(12).collect::<String>()),
            }),
            detail: entry.detail.clone(),
        }
    }
}

fn identity(words: Words, view: &WarningView) -> Vec<Fact> {
    let fact = |id: &str, value: String| Fact { word: words.t(id), value };
    vec![
        fact("console-id", view.id.to_string()),
        fact("console-identifier", view.message.identifier.clone()),
        fact("console-sender", view.message.sender.clone()),
        fact("console-account", view.issuer.clone().unwrap_or_default()),
        fact("console-received", minute(&view.received_at)),
        fact("console-scope", words.of("console-scope-", &name(view.scope))),
        fact("console-digest", view.digest.clone()),
    ]
}
