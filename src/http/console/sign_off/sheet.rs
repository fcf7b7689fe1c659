//! What a signer sees before signing: how the sign-off stands, whom the warning would reach and when, what does not go
//! together with it, and every text as it would go out.

use askama::Template;
use fenghuo_contract::Channel;

use super::{Given, word_id};
use crate::{
    domain::{
        measures::Planned,
        message::Status,
        signoff::{Answer, Beyond, Standing, Step},
    },
    flow::{
        Unavailable,
        approve::{GivenView, SignOffView},
        exact::SignedText,
        fit::{self, CarriedText, RouteText},
        forecast::{Conflict, Forecast},
        intake::WarningView,
        preflight::Preflight,
        record::WarningId,
    },
    http::{
        Site,
        console::{
            board::Row,
            frame::{Frame, Mode, Visit},
            show::{clock, eta, grouped, minute, rate, stamp},
            words::Words,
        },
        problem::FieldProblem,
    },
    messages::{self, Lang},
};

/// Streets told one by one.
const STREETS: usize = 30;

/// Everything the page tells.
pub(super) struct Read {
    view: WarningView,
    pub(super) sign_off: Option<SignOffView>,
    looked: Option<Preflight>,
}

impl Read {
    pub(super) async fn of(site: &Site, visit: &Visit, id: &WarningId) -> Result<Option<Self>, Unavailable> {
        let Some(view) = site.flow.warning(id).await?.filter(|view| visit.may_see(view)) else { return Ok(None) };
        let sign_off = site.flow.sign_off(id).await?;
        let looked = if sign_off.is_some() { site.flow.preflight_of(id).await? } else { None };
        Ok(Some(Self { view, sign_off, looked }))
    }
}

#[derive(Template)]
#[template(path = "console/sign_off.html")]
pub(super) struct Sheet {
    frame: Frame,
    row: Row,
    as_of: String,
    heading: String,
    steps: Vec<StepRow>,
    until: String,
    voided: bool,
    beyond: Option<String>,
    conflicts: Vec<Linked>,
    advice: Vec<String>,
    figures: Vec<Figure>,
    channels: Vec<ChannelRow>,
    streets: Vec<StreetRow>,
    more_streets: Option<String>,
    measures: Vec<MeasureRow>,
    texts: Vec<TextRow>,
    /// What would end it, signed with it.
    prepared: Vec<Prepared>,
    form: Option<SignForm>,
    fault: Option<String>,
}

struct StepRow {
    word: String,
    state: &'static str,
    said: String,
    person: String,
    at: String,
    took: String,
    reason: Option<String>,
}

struct Linked {
    href: String,
    word: String,
}

struct Figure {
    word: String,
    number: String,
    /// Worth a second look.
    marked: bool,
}

struct ChannelRow {
    word: String,
    people: String,
    at_once: String,
    segments: String,
    pace: String,
    finish: String,
    misses: String,
    late: bool,
    cost: String,
}

struct StreetRow {
    word: String,
    people: String,
    channels: String,
}

/// What an office will have to do.
struct MeasureRow {
    office: String,
    kind: String,
    text: String,
    to: Option<String>,
    due: String,
}

struct TextRow {
    channel: String,
    language: String,
    title: String,
    text: String,
    segments: Option<String>,
    /// Routes that carry something else, or nothing.
    routes: Vec<RouteRow>,
}

struct RouteRow {
    word: String,
    /// What its readers see.
    text: Option<String>,
}

/// The texts of a lift or a correction.
struct Prepared {
    heading: String,
    texts: Vec<TextRow>,
}

/// What stands in the form.
struct SignForm {
    step: &'static str,
    digest: String,
    act: String,
    word: String,
    word_label: String,
    emergency: Option<Emergency>,
    reason: String,
}

/// Releasing on one signature.
struct Emergency {
    step: &'static str,
    word: String,
}

impl Sheet {
    pub(super) fn new(
        visit: &Visit,
        read: &Read,
        sign_off: &SignOffView,
        given: &Given,
        signs: bool,
        fault: Option<String>,
    ) -> Self {
        let Read { view, looked, .. } = read;
        let words = visit.words;
        let now = visit.now();
        let row = Row::new(words, view, None, false, &now);
        let forecast = looked.as_ref().map(|looked| &looked.forecast);
        let next = match sign_off.standing {
            Standing::Waiting(step) | Standing::Owed(step) => Some(step),
            _ => None,
        };
        let streets = forecast.map(|forecast| streets(words, forecast)).unwrap_or_default();
        let more = forecast.map_or(0, |forecast| forecast.streets.len().saturating_sub(STREETS));
        Self {
            frame: visit.frame(Mode::of(std::slice::from_ref(view))),
            as_of: clock(forecast.map_or(&now, |forecast| &forecast.as_of)),
            heading: heading(words, view, sign_off, &row),
            steps: sign_off.steps.iter().map(|step| StepRow::new(words, *step, next, sign_off)).collect(),
            until: until(words, sign_off),
            voided: !sign_off.voided.is_empty(),
            beyond: sign_off.beyond.map(|beyond| beyond_text(words, beyond)),
            conflicts: forecast
                .iter()
                .flat_map(|forecast| &forecast.conflicts)
                .map(|one| conflict(words, one))
                .collect(),
            advice: looked.iter().flat_map(|looked| advice(words, looked)).collect(),
            figures: forecast.map(|forecast| figures(words, forecast)).unwrap_or_default(),
            channels: forecast.map(|forecast| channels(words, forecast)).unwrap_or_default(),
            streets,
            more_streets: (more > 0).then(|| words.with("console-sign-more-streets", "count", grouped(more as u64))),
            measures: looked.iter().flat_map(|looked| &looked.measures).map(|one| measure(visit, one)).collect(),
            texts: texts(words, &sign_off.texts, &sign_off.carried),
            prepared: prepared(words, sign_off),
            form: next.filter(|_| signs).and_then(|step| SignForm::new(words, view, sign_off, step, given, &row)),
            fault,
            row,
        }
    }
}

fn kind(view: &WarningView) -> &'static str {
    if view.status == Status::Actual { "actual" } else { "drill" }
}

fn heading(words: Words, view: &WarningView, sign_off: &SignOffView, row: &Row) -> String {
    let id = match sign_off.standing {
        Standing::Waiting(_) => format!("console-sign-heading-{}", kind(view)),
        Standing::Owed(_) => "console-sign-owed".to_owned(),
        Standing::Signed => "console-sign-signed".to_owned(),
        Standing::Returned => "console-ended-returned".to_owned(),
        Standing::Rejected => "console-ended-rejected".to_owned(),
        Standing::Expired => "console-ended-unsigned".to_owned(),
    };
    words.with(&id, "level", &row.level.word)
}

fn until(words: Words, sign_off: &SignOffView) -> String {
    match (&sign_off.standing, &sign_off.second_due_at) {
        (Standing::Owed(_), Some(due)) => words.with("console-sign-due", "time", stamp(due)),
        (Standing::Waiting(_), _) => words.with("console-sign-expires", "time", stamp(&sign_off.expires_at)),
        _ => String::new(),
    }
}

impl StepRow {
    fn new(words: Words, step: Step, next: Option<Step>, sign_off: &SignOffView) -> Self {
        let given: Option<&GivenView> = sign_off.given.iter().find(|given| given.step == step);
        let state = match given {
            Some(_) => "done",
            None if next == Some(step) => "next",
            None => "later",
        };
        let said = given.map_or_else(
            || words.of("console-sign-state-", state),
            |given| {
                let said = words.of("console-sign-answer-", given.answer.name());
                if given.emergency { words.join([said, words.t("console-sign-emergency-given")]) } else { said }
            },
        );
        Self {
            word: words.of("console-sign-step-", step.name()),
            state,
            said,
            person: given.map(|given| given.person.clone()).unwrap_or_default(),
            at: given.map(|given| stamp(&given.at)).unwrap_or_default(),
            took: given.map_or_else(String::new, |given| eta(words, u64::try_from(given.took_s).unwrap_or_default())),
            reason: given.and_then(|given| given.reason.clone()),
        }
    }
}

fn beyond_text(words: Words, beyond: Beyond) -> String {
    match beyond {
        Beyond::Audience { people, most } => {
            words.fill("console-sign-beyond-people", &[("count", grouped(people)), ("most", grouped(most))])
        }
        Beyond::NoPlace => words.t("console-sign-beyond-place"),
    }
}

fn conflict(words: Words, one: &Conflict) -> Linked {
    let args = [
        ("issuer", one.issuer.clone().unwrap_or_default()),
        ("level", words.of("console-level-", one.level.name())),
        ("headline", one.headline.clone()),
        ("time", one.released_at.as_deref().map(minute).unwrap_or_default()),
    ];
    let word = words.fill(&format!("console-sign-conflict-{}", one.kind.name()), &args);
    Linked { href: format!("/console/warnings/{}", one.warning), word }
}

/// What the findings say, without those that have a place of their own on the page.
fn advice(words: Words, looked: &Preflight) -> Vec<String> {
    let own_place =
        |code: &str| code.starts_with("conflict-") || ["audience-above-ceiling", "area-only-named"].contains(&code);
    let others = looked.advice.iter().filter(|finding| !own_place(finding.code));
    let mut told: Vec<String> = others
        .map(|finding| {
            let field = FieldProblem::from(finding.clone());
            let mut args: Vec<(&str, String)> = field.args.iter().map(|(name, value)| (*name, value.clone())).collect();
            args.push(("got", field.got.clone().unwrap_or_default()));
            args.push(("path", field.pointer.clone()));
            messages::sentence(words.0, finding.code, &args)
        })
        .collect();
    told.dedup();
    told
}

fn figures(words: Words, forecast: &Forecast) -> Vec<Figure> {
    let figure = |id: &str, number: String, marked: bool| Figure { word: words.t(id), number, marked };
    let finish = forecast.finish_at.as_deref().map_or_else(|| words.t("console-forecast-never"), stamp);
    let mut figures = vec![
        figure("console-sign-people", grouped(forecast.people), forecast.people == 0),
        figure("console-sign-deliveries", grouped(forecast.deliveries), forecast.deliveries == 0),
        figure("console-forecast-finish", finish, forecast.finish_at.is_none()),
        figure("console-forecast-misses", grouped(forecast.will_miss), forecast.will_miss > 0),
    ];
    if forecast.suppressed > 0 {
        figures.push(figure("console-sign-suppressed", grouped(forecast.suppressed), true));
    }
    figures.extend(forecast.cost.map(|cost| figure("console-sign-cost", format!("{cost:.2}"), false)));
    figures.extend(forecast.usual.as_ref().map(|usual| {
        figure("console-sign-usual", format!("{} × {}", rate(usual.ratio), grouped(usual.median)), usual.ratio > 10.0)
    }));
    figures
}

fn channels(words: Words, forecast: &Forecast) -> Vec<ChannelRow> {
    let row = |(name, channel): (&String, &crate::flow::forecast::ChannelForecast)| ChannelRow {
        word: words.of("console-channel-", name),
        people: match channel.suppressed {
            0 => grouped(channel.people),
            suppressed => words.fill(
                "console-sign-people-suppressed",
                &[("count", grouped(channel.people)), ("suppressed", grouped(suppressed))],
            ),
        },
        at_once: grouped(channel.at_once),
        segments: channel.segments.map(grouped).unwrap_or_default(),
        pace: channel.rate_per_s.map(rate).unwrap_or_default(),
        finish: channel.finish_at.as_deref().map_or_else(|| words.t("console-forecast-never"), stamp),
        misses: grouped(channel.will_miss),
        late: channel.will_miss > 0,
        cost: channel.cost.map(|cost| format!("{cost:.2}")).unwrap_or_default(),
    };
    forecast.channels.iter().map(row).collect()
}

fn streets(words: Words, forecast: &Forecast) -> Vec<StreetRow> {
    let told = forecast.streets.iter().take(STREETS).map(|street| {
        let code = street.code.map(|code| code.to_string());
        let channels = street.channels.iter();
        let channels =
            channels.map(|(name, count)| format!("{} {}", words.of("console-channel-", name), grouped(*count)));
        StreetRow {
            word: street.name.clone().or(code).unwrap_or_else(|| words.t("console-sign-elsewhere")),
            people: grouped(street.people),
            channels: words.join(channels),
        }
    });
    told.collect()
}

fn measure(visit: &Visit, planned: &Planned) -> MeasureRow {
    let words = visit.words;
    let to = (!planned.to.is_empty()).then(|| words.with("console-measures-to", "to", planned.to.join("、")));
    MeasureRow {
        office: visit.office(&planned.office),
        kind: words.of("console-measures-kind-", planned.kind.name()),
        text: if words.0 == Lang::Chinese { planned.text_zh.clone() } else { planned.text_en.clone() },
        to,
        due: words.with("console-sign-measure-due", "span", eta(words, planned.due_s)),
    }
}

fn texts(words: Words, texts: &[SignedText], carried: &[CarriedText]) -> Vec<TextRow> {
    let row = |text: &SignedText| {
        let of_text = |one: &&CarriedText| one.channel == text.channel && one.language == text.language;
        let routes = carried.iter().find(of_text).map_or(&[][..], |one| &one.routes);
        let counts = text.channel == Channel::Sms.name() && !routes.is_empty();
        TextRow {
            channel: words.of("console-channel-", &text.channel),
            language: text.language.clone(),
            title: text.title.clone(),
            text: text.text.clone(),
            segments: counts.then(|| words.with("console-sign-segments", "count", fit::segments(routes))),
            routes: routes.iter().filter_map(|route| RouteRow::new(words, route)).collect(),
        }
    };
    texts.iter().map(row).collect()
}

impl RouteRow {
    fn new(words: Words, route: &RouteText) -> Option<Self> {
        let args = |name, value: String| [("route", route.route.clone()), (name, value)];
        if let Some(cause) = &route.refusal {
            let word = words.fill("console-sign-route-refuses", &args("cause", cause.clone()));
            return Some(Self { word, text: None });
        }
        let text = route.text.clone()?;
        let segments = route.segments.unwrap_or(1).to_string();
        Some(Self { word: words.fill("console-sign-route-makes", &args("count", segments)), text: Some(text) })
    }
}

fn prepared(words: Words, sign_off: &SignOffView) -> Vec<Prepared> {
    let of = |id: &str, texts: &[SignedText]| Prepared { heading: words.t(id), texts: self::texts(words, texts, &[]) };
    let forms = sign_off.prepared.iter().flat_map(|prepared| {
        [of("console-sign-prepared-lift", &prepared.lift), of("console-sign-prepared-correction", &prepared.correction)]
    });
    forms.filter(|form| !form.texts.is_empty()).collect()
}

impl SignForm {
    fn new(
        words: Words,
        view: &WarningView,
        sign_off: &SignOffView,
        step: Step,
        given: &Given,
        row: &Row,
    ) -> Option<Self> {
        let owed = matches!(sign_off.standing, Standing::Owed(_));
        let last = sign_off.steps.last() == Some(&step);
        let id = match (owed, last) {
            (true, _) => "console-sign-act-owed".to_owned(),
            (false, false) => format!("console-sign-act-on-{}", kind(view)),
            (false, true) => format!("console-sign-act-out-{}", kind(view)),
        };
        let step_word = words.of("console-sign-step-", step.name());
        let args = [("step", step_word), ("level", row.level.word.clone())];
        let word = words.t(word_id(view.status));
        let alone = sign_off.steps.iter().find(|step| **step >= Step::Sign).filter(|_| sign_off.emergency_allowed);
        Some(Self {
            step: step.name(),
            digest: sign_off.digest.clone()?,
            act: words.fill(&id, &args),
            word_label: words.with("console-sign-word", "word", &word),
            word,
            emergency: alone.map(|step| Emergency { step: step.name(), word: words.t("console-sign-emergency") }),
            reason: if given.decision == Answer::Approve.name() { String::new() } else { given.reason.clone() },
        })
    }
}
