//! Public education: what screens teach in peace, where and when; adding to it, changing it, ending it.

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    OPERATORS,
    board::escape,
    frame::{Frame, Visit},
    show::clock,
    words::Words,
};
use crate::{
    domain::moment::Moment,
    flow::screens::{Lesson, ScreenClass, ScreenView},
    http::{Site, api::read_lesson, fields::Fields, problem::FieldProblem},
    messages,
};

#[derive(Deserialize)]
pub(super) struct Asked {
    /// A lesson to be changed.
    edit: Option<String>,
    put: Option<String>,
    removed: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Removal {
    #[serde(default)]
    form: String,
    id: String,
}

/// `GET /console/education`
pub(super) async fn page(State(site): State<Site>, Query(asked): Query<Asked>, visit: Visit) -> Response {
    let done = match (&asked.put, &asked.removed) {
        (Some(id), _) => Some(visit.words.with("console-lesson-put", "lesson", id)),
        (None, Some(id)) => Some(visit.words.with("console-lesson-removed", "lesson", id)),
        (None, None) => None,
    };
    let edited = asked.edit.and_then(|id| site.flow.education().into_iter().find(|lesson| lesson.id == id));
    let given = edited.map_or_else(Given::default, |lesson| Given::of(&lesson));
    show(&site, &visit, StatusCode::OK, given, Vec::new(), done).await
}

/// `POST /console/education`
pub(super) async fn put(State(site): State<Site>, visit: Visit, Form(pairs): Form<Vec<(String, String)>>) -> Response {
    let given = Given::read(pairs);
    let actor = match visit.acts(&given.form) {
        Ok(actor) => actor,
        Err(refusal) => return *refusal,
    };
    let mut fields = Fields::of_object(given.fields());
    let lesson = read_lesson(&mut fields, given.id.trim().to_owned());
    let problems = fields.into_problems();
    if !problems.is_empty() {
        let faults = problems.iter().map(|problem| sentence(visit.words, problem)).collect();
        return show(&site, &visit, StatusCode::UNPROCESSABLE_ENTITY, given, faults, None).await;
    }
    let id = lesson.id.clone();
    match site.flow.put_education(lesson, &actor.key).await {
        Ok(()) => Redirect::to(&format!("/console/education?put={}", escape(&id))).into_response(),
        Err(fault) => visit.unavailable(&fault),
    }
}

/// `POST /console/education/remove`
pub(super) async fn remove(State(site): State<Site>, visit: Visit, Form(given): Form<Removal>) -> Response {
    let actor = match visit.acts(&given.form) {
        Ok(actor) => actor,
        Err(refusal) => return *refusal,
    };
    match site.flow.remove_education(&given.id, &actor.key).await {
        Ok(true) => Redirect::to(&format!("/console/education?removed={}", escape(&given.id))).into_response(),
        Ok(false) => visit.not_found(),
        Err(fault) => visit.unavailable(&fault),
    }
}

async fn show(
    site: &Site,
    visit: &Visit,
    status: StatusCode,
    given: Given,
    faults: Vec<String>,
    done: Option<String>,
) -> Response {
    let screens = match site.flow.screens().await {
        Ok(screens) => screens,
        Err(fault) => return visit.unavailable(&fault),
    };
    let frame = visit.frame(visit.mode().await);
    let (now, may_act) = (site.clock.unix(), visit.is_one_of(OPERATORS));
    let lessons = site.flow.education();
    visit.answer(status, &Education::new(frame, &lessons, &screens, now, may_act, given, (done, faults), &visit.now()))
}

/// What is wrong with a field, in the words of the page.
fn sentence(words: Words, problem: &FieldProblem) -> String {
    let field = |value: &String| words.of("console-lesson-field-", value);
    let arg =
        |(name, value): &(&'static str, String)| (*name, if *name == "field" { field(value) } else { value.clone() });
    let got = problem.got.iter().map(|got| ("got", got.clone()));
    let args: Vec<_> = problem.args.iter().map(arg).chain(got).collect();
    let said = messages::sentence(words.0, &problem.code, &args);
    // Some sentences do not name their field.
    let named = problem.args.iter().find(|(name, _)| *name == "field").map(|(_, value)| field(value));
    named
        .filter(|named| !said.contains(named.as_str()))
        .map_or_else(|| said.clone(), |named| format!("{named}: {said}"))
}

/// `2026-07-15 08:00`, China's time: a lesson may stand for years.
fn minute(moment: Moment) -> String {
    Moment::china(moment.unix()).to_string().get(..16).unwrap_or_default().replace('T', " ")
}

/// A form as it was filled in.
#[derive(Default)]
pub(super) struct Given {
    form: String,
    id: String,
    title: String,
    text: String,
    language: String,
    classes: Vec<String>,
    groups: String,
    from: String,
    until: String,
    hours_from: String,
    hours_until: String,
    seconds: String,
}

impl Given {
    fn of(lesson: &Lesson) -> Self {
        let local = |moment: Moment| minute(moment).replace(' ', "T");
        let hours = lesson.hours.as_deref().and_then(|hours| hours.split_once('-')).unwrap_or_default();
        Self {
            form: String::new(),
            id: lesson.id.clone(),
            title: lesson.title.clone(),
            text: lesson.text.clone(),
            language: lesson.language.clone(),
            classes: lesson.classes.iter().map(|class| class.name().to_owned()).collect(),
            groups: lesson.groups.join(" "),
            from: lesson.from.map(local).unwrap_or_default(),
            until: lesson.until.map(local).unwrap_or_default(),
            hours_from: hours.0.to_owned(),
            hours_until: hours.1.to_owned(),
            seconds: lesson.seconds.map(|seconds| seconds.to_string()).unwrap_or_default(),
        }
    }

    fn read(pairs: Vec<(String, String)>) -> Self {
        let mut given = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "form" => given.form = value,
                "id" => given.id = value,
                "title" => given.title = value,
                // Browsers send line ends of two signs.
                "text" => given.text = value.replace("\r\n", "\n"),
                "language" => given.language = value,
                "classes" => given.classes.push(value),
                "groups" => given.groups = value,
                "from" => given.from = value,
                "until" => given.until = value,
                "hours_from" => given.hours_from = value,
                "hours_until" => given.hours_until = value,
                "seconds" => given.seconds = value,
                _ => {}
            }
        }
        given
    }

    /// As the API takes them.
    fn fields(&self) -> Map<String, Value> {
        // The page asks for times of China, to the minute.
        let moment = |text: &str| if text.is_empty() { Value::Null } else { json!(format!("{text}:00+08:00")) };
        let hours = match (self.hours_from.as_str(), self.hours_until.as_str()) {
            ("", "") => Value::Null,
            (from, until) => json!(format!("{from}-{until}")),
        };
        let seconds = match self.seconds.trim() {
            "" => Value::Null,
            text => text.parse::<u64>().map_or_else(|_| json!(text), |seconds| json!(seconds)),
        };
        let between = |sign: char| sign.is_whitespace() || matches!(sign, ',' | '，' | '、');
        let groups: Vec<&str> = self.groups.split(between).filter(|group| !group.is_empty()).collect();
        let value = json!({
            "title": self.title, "text": self.text, "language": self.language, "classes": self.classes, "groups": groups,
            "from": moment(&self.from), "until": moment(&self.until), "hours": hours, "seconds": seconds,
        });
        if let Value::Object(fields) = value { fields } else { Map::new() }
    }
}

#[derive(Template)]
#[template(path = "console/education.html")]
pub(super) struct Education {
    frame: Frame,
    as_of: String,
    done: Option<String>,
    faults: Vec<String>,
    may_act: bool,
    lessons: Vec<Row>,
    given: Given,
    classes: Vec<Class>,
}

struct Row {
    id: String,
    title: String,
    text: String,
    language: String,
    /// Whether it is shown at this moment.
    due: bool,
    state: String,
    places: String,
    /// How many of the screens it is meant for.
    screens: usize,
    times: String,
}

struct Class {
    name: &'static str,
    word: String,
    chosen: bool,
}

impl Education {
    #[expect(clippy::too_many_arguments, reason = "a page shows what it shows")]
    pub(super) fn new(
        frame: Frame,
        lessons: &[Lesson],
        screens: &[ScreenView],
        now_unix: i64,
        may_act: bool,
        given: Given,
        (done, faults): (Option<String>, Vec<String>),
        now: &str,
    ) -> Self {
        let words = frame.words;
        let class = |(name, _): (&'static str, ScreenClass)| Class {
            name,
            word: words.of("console-class-", name),
            chosen: given.classes.iter().any(|chosen| chosen == name),
        };
        Self {
            as_of: clock(now),
            lessons: lessons.iter().map(|lesson| Row::new(words, lesson, screens, now_unix)).collect(),
            classes: ScreenClass::NAMES.map(class).into(),
            frame,
            done,
            faults,
            may_act,
            given,
        }
    }
}

impl Row {
    fn new(words: Words, lesson: &Lesson, screens: &[ScreenView], now_unix: i64) -> Self {
        let due = lesson.is_due(now_unix);
        let over = lesson.until.is_some_and(|until| until.unix() <= now_unix);
        let state = if due {
            "due"
        } else if over {
            "over"
        } else {
            "waiting"
        };
        let classes = lesson.classes.iter().map(|class| words.of("console-class-", class.name()));
        let places: Vec<String> = classes.chain(lesson.groups.iter().cloned()).collect();
        let from = lesson.from.map(|from| words.with("console-lesson-since", "time", minute(from)));
        let until = lesson.until.map(|until| words.with("console-lesson-until", "time", minute(until)));
        let times: Vec<String> = from.into_iter().chain(until).chain(lesson.hours.clone()).collect();
        Self {
            id: lesson.id.clone(),
            title: lesson.title.clone(),
            text: lesson.text.clone(),
            language: lesson.language.clone(),
            due,
            state: words.of("console-lesson-state-", state),
            places: if places.is_empty() { words.t("console-lesson-everywhere") } else { words.join(places) },
            screens: screens.iter().filter(|screen| lesson.concerns(&screen.screen)).count(),
            times: if times.is_empty() { words.t("console-lesson-always") } else { words.join(times) },
        }
    }
}
