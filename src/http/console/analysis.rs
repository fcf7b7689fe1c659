//! 汇总、分析和研判 on paper: the same numbers as `/v1/analysis`, in tables that print, with a map of areas.

use askama::Template;
use axum::{
    extract::State,
    http::Uri,
    response::{IntoResponse, Response},
};

use super::{
    frame::{Frame, Mode, Visit},
    show::{eta, grouped, minute},
    words::Words,
};
use crate::{
    domain::{
        analysis::{Group, Spread, Tally},
        message::Status,
    },
    http::{
        Site,
        api::{AnalysisDocument, Asked},
        fields::Fields,
    },
};

/// `GET /console/analysis`
pub(super) async fn page(State(site): State<Site>, uri: Uri, visit: Visit) -> Response {
    let Some(actor) = visit.actor.clone() else { return visit.not_found() };
    let read = Fields::of_address(&uri).and_then(|mut fields| {
        // The language is chosen in the address of every page.
        let _language = fields.text("lang", 8);
        let asked = Asked::of(&mut fields, site.clock.unix());
        fields.end().map(|()| asked)
    });
    let asked = match read {
        Ok(asked) => asked,
        Err(problem) => return problem.into_response(),
    };
    let told = match site.flow.analysis(asked.order(), &actor).await {
        Ok(told) => told,
        Err(fault) => return visit.unavailable(&fault),
    };
    let document = AnalysisDocument::new(&site.config, visit.words.0, &asked, told, site.flow.now());
    visit.page(&Report::new(&visit, &document))
}

#[derive(Template)]
#[template(path = "console/analysis.html")]
pub(super) struct Report {
    frame: Frame,
    title: String,
    as_of: String,
    from: String,
    to: String,
    periods: Vec<Choice>,
    statuses: Vec<Choice>,
    csv: String,
    drill: bool,
    total: Line,
    tables: Vec<Table>,
    tiles: Vec<Tile>,
    overlaps: Vec<Shared>,
}

struct Choice {
    value: &'static str,
    word: String,
    chosen: bool,
}

/// One grouping.
struct Table {
    heading: String,
    lines: Vec<Line>,
}

struct Line {
    name: String,
    cells: Vec<String>,
}

/// An area on the map: how many warnings, and whether several hazards stood there together.
struct Tile {
    name: String,
    count: String,
    hazards: String,
    shared: bool,
}

struct Shared {
    name: String,
    hazards: String,
    from: String,
    until: String,
}

impl Report {
    fn new(visit: &Visit, document: &AnalysisDocument) -> Self {
        let words = visit.words;
        let choice = |family: &str, value: &'static str, now: &str| Choice {
            value,
            word: words.of(family, value),
            chosen: value == now,
        };
        let status = match document.status {
            Status::Exercise => "exercise",
            Status::Test => "test",
            _ => "actual",
        };
        let drill = status != "actual";
        let table = |heading: &str, groups: &[Group]| Table {
            heading: words.t(heading),
            lines: groups.iter().map(|group| Line::new(words, &group.name, &group.tally)).collect(),
        };
        let query =
            format!("from={}&to={}&period={}&status={status}&format=csv", document.from, document.to, document.period);
        Self {
            frame: visit.frame(Mode { actual: !drill, drill, worst: None }),
            title: words.t("console-analysis"),
            as_of: minute(&document.as_of),
            from: document.from.clone(),
            to: document.to.clone(),
            periods: ["day", "month", "year"]
                .map(|value| choice("console-analysis-period-", value, &document.period))
                .into(),
            statuses: ["actual", "exercise", "test"]
                .map(|value| choice("console-analysis-status-", value, status))
                .into(),
            csv: format!("/v1/analysis?{query}"),
            drill,
            total: Line::new(words, &words.t("console-analysis-total"), &document.total),
            tables: vec![
                table("console-analysis-by-period", &document.by_period),
                table("console-analysis-by-hazard", &document.by_hazard),
                table("console-analysis-by-level", &document.by_level),
                table("console-analysis-by-issuer", &document.by_issuer),
                table("console-analysis-by-area", &document.by_area),
            ],
            tiles: document.by_area.iter().map(|group| Tile::new(document, group)).collect(),
            overlaps: document
                .overlaps
                .iter()
                .map(|overlap| Shared {
                    name: overlap.name.clone(),
                    hazards: overlap.hazards.join("、"),
                    from: minute(&overlap.from),
                    until: minute(&overlap.until),
                })
                .collect(),
        }
    }

    fn heads(&self) -> Vec<String> {
        let words = self.frame.words;
        [
            "console-analysis-warnings",
            "console-analysis-first",
            "console-analysis-updates",
            "console-analysis-lifts",
            "console-analysis-released",
            "console-analysis-unreleased",
            "console-analysis-human",
            "console-analysis-machine",
            "console-analysis-addressed",
            "console-analysis-by-one",
            "console-analysis-by-two",
            "console-analysis-failed",
            "console-analysis-measures",
            "console-analysis-overdue",
        ]
        .map(|id| words.t(id))
        .into()
    }
}

impl Line {
    fn new(words: Words, name: &str, tally: &Tally) -> Self {
        let spread = |spread: Option<Spread>| {
            spread.map_or_else(String::new, |spread| {
                let [median, late] = [spread.median_s, spread.p95_s].map(|s| eta(words, s.ceil().max(0.0) as u64));
                format!("{median} / {late}")
            })
        };
        let share = |part: u64, of: u64| {
            let percent = part.saturating_mul(100).checked_div(of);
            percent.map_or_else(|| grouped(part), |percent| format!("{} ({percent}%)", grouped(part)))
        };
        let (reach, measures) = (tally.reach, tally.measures);
        let cells = vec![
            grouped(tally.warnings),
            grouped(tally.first),
            grouped(tally.updates),
            grouped(tally.lifts),
            grouped(tally.released),
            grouped(tally.returned + tally.rejected + tally.unsigned),
            spread(tally.human),
            spread(tally.machine),
            grouped(reach.addressed),
            share(reach.by_one, reach.addressed),
            share(reach.by_two, reach.addressed),
            share(reach.failed, reach.deliveries),
            share(measures.done, measures.asked),
            grouped(measures.overdue + measures.late),
        ];
        Self { name: name.to_owned(), cells }
    }
}

impl Tile {
    fn new(document: &AnalysisDocument, group: &Group) -> Self {
        let overlaps = document.overlaps.iter().filter(|overlap| overlap.area == group.key);
        let mut hazards: Vec<&str> = overlaps.flat_map(|overlap| &overlap.hazards).map(String::as_str).collect();
        hazards.sort_unstable();
        hazards.dedup();
        Self {
            name: group.name.clone(),
            count: grouped(group.tally.warnings),
            shared: !hazards.is_empty(),
            hazards: hazards.join("、"),
        }
    }
}
