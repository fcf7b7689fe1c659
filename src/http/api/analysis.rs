//! `/v1/analysis`: what the warnings of a span of time came to, as JSON or as a table for spreadsheets.

mod description;
mod table;

use axum::{
    Json,
    extract::State,
    http::{
        HeaderMap, HeaderValue, Uri,
        header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, VARY},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;

use self::description::ANALYSIS;
use crate::{
    config::Config,
    domain::{
        analysis::{Analysis, Group, Overlap, Period, Tally},
        area::AreaCode,
        message::Status,
        moment::Moment,
    },
    flow::{
        analysis::AnalysisOrder,
        authorize::{Actor, Role},
    },
    http::{
        Site,
        fields::Fields,
        problem::{Problem, language},
        routes::{Access, RouteSpec},
    },
    messages::{self, Lang},
};

/// Who reads it; an issuer sees released warnings of all, others only of its own.
pub(in crate::http) const ANALYSTS: &[Role] =
    &[Role::Issuer, Role::Approver, Role::Operator, Role::Auditor, Role::Admin];
/// Days told when nothing is asked.
const DAYS: i64 = 30;
const DAY_S: i64 = 86_400;

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![RouteSpec::get("/v1/analysis", Access::roles(ANALYSTS), analysis).described(&ANALYSIS)]
}

/// What is asked for: whole days of China's calendar, both included.
#[derive(Clone, Debug)]
pub(in crate::http) struct Asked {
    pub(in crate::http) from: String,
    pub(in crate::http) to: String,
    pub(in crate::http) period: Period,
    pub(in crate::http) status: Status,
}

impl Asked {
    /// Reads what an address asks for; `today` is the last day when none is named.
    pub(in crate::http) fn of(fields: &mut Fields, now_unix: i64) -> Self {
        let day = |unix| Moment::china(unix).to_string()[..10].to_owned();
        let named = |fields: &mut Fields, name: &str, unless: i64| match fields.text(name, 10) {
            Some(text) if begins(&text).is_some() => text,
            Some(text) => {
                fields.refuse(name, "value-not-allowed", &text, &["YYYY-MM-DD".to_owned()]);
                text
            }
            None => day(unless),
        };
        let (from, to) = (named(fields, "from", now_unix - (DAYS - 1) * DAY_S), named(fields, "to", now_unix));
        let period = fields.one_of("period", &Period::ALL).unwrap_or_default();
        let statuses = [("actual", Status::Actual), ("exercise", Status::Exercise), ("test", Status::Test)];
        let status = fields.one_of("status", &statuses).unwrap_or(Status::Actual);
        Self { from, to, period, status }
    }

    pub(in crate::http) fn order(&self) -> AnalysisOrder {
        AnalysisOrder {
            from_ms: begins(&self.from).unwrap_or_default() * 1_000,
            until_ms: begins(&self.to).map_or(0, |day| day + DAY_S) * 1_000,
            period: self.period,
            status: self.status,
        }
    }

    pub(in crate::http) fn period_name(&self) -> &'static str {
        Period::ALL.iter().find(|(_, period)| *period == self.period).map_or("month", |(name, _)| name)
    }
}

/// When a day begins in China, seconds since 1970; `None` when there is no such day.
fn begins(day: &str) -> Option<i64> {
    format!("{day}T00:00:00+08:00").parse::<Moment>().ok().map(|moment| moment.unix())
}

/// The answer: every grouping of the same warnings.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(in crate::http) struct AnalysisDocument {
    /// First and last day, both included.
    pub(in crate::http) from: String,
    pub(in crate::http) to: String,
    /// `day`, `month` or `year`.
    pub(in crate::http) period: String,
    pub(in crate::http) status: Status,
    /// RFC 3339.
    pub(in crate::http) as_of: String,
    pub(in crate::http) total: Tally,
    pub(in crate::http) by_period: Vec<Group>,
    pub(in crate::http) by_hazard: Vec<Group>,
    pub(in crate::http) by_level: Vec<Group>,
    pub(in crate::http) by_issuer: Vec<Group>,
    /// A warning about several areas counts in each.
    pub(in crate::http) by_area: Vec<Group>,
    /// Where several hazards stood at the same time.
    pub(in crate::http) overlaps: Vec<OverlapDocument>,
}

/// Several hazards in one area at the same time.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub(in crate::http) struct OverlapDocument {
    /// Area code.
    pub(in crate::http) area: String,
    /// Name of the area.
    pub(in crate::http) name: String,
    /// Names of the hazards.
    pub(in crate::http) hazards: Vec<String>,
    /// RFC 3339.
    pub(in crate::http) from: String,
    /// RFC 3339.
    pub(in crate::http) until: String,
}

impl AnalysisDocument {
    /// With the names of the configuration, in one language.
    pub(in crate::http) fn new(config: &Config, lang: Lang, asked: &Asked, told: Analysis, as_of: String) -> Self {
        let names = Names { config, lang };
        let group = |key: String, name: String, tally: Tally| Group { key, name, tally };
        Self {
            from: asked.from.clone(),
            to: asked.to.clone(),
            period: asked.period_name().to_owned(),
            status: asked.status,
            as_of,
            total: told.total,
            by_period: told.by_period.into_iter().map(|(key, tally)| group(key.clone(), key, tally)).collect(),
            by_hazard: most_first(told.by_hazard.into_iter().map(|(key, tally)| {
                let name = names.hazard(&key);
                group(key, name, tally)
            })),
            // The highest level first.
            by_level: told
                .by_level
                .into_iter()
                .rev()
                .map(|(level, tally)| {
                    let name = messages::title(lang, &format!("level-{}", level.name()));
                    group(level.name().to_owned(), name, tally)
                })
                .collect(),
            by_issuer: most_first(told.by_issuer.into_iter().map(|(key, tally)| {
                let name = config.issuers.get(&key).map_or_else(|| key.clone(), |issuer| issuer.name.clone());
                group(key, name, tally)
            })),
            by_area: told
                .by_area
                .into_iter()
                .map(|(code, tally)| group(code.to_string(), names.area(code), tally))
                .collect(),
            overlaps: told.overlaps.iter().map(|overlap| names.overlap(overlap)).collect(),
        }
    }

    /// Every grouping with its name in the table.
    fn groupings(&self) -> [(&'static str, &[Group]); 5] {
        [
            ("period", &self.by_period),
            ("hazard", &self.by_hazard),
            ("level", &self.by_level),
            ("issuer", &self.by_issuer),
            ("area", &self.by_area),
        ]
    }
}

fn most_first(groups: impl Iterator<Item = Group>) -> Vec<Group> {
    let mut groups: Vec<Group> = groups.collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.tally.warnings));
    groups
}

/// Names as the configuration has them.
struct Names<'a> {
    config: &'a Config,
    lang: Lang,
}

impl Names<'_> {
    fn hazard(&self, key: &str) -> String {
        let hazard = self.config.hazards.get(key);
        let name = |hazard: &crate::config::Hazard| match self.lang {
            Lang::Chinese => hazard.zh.clone(),
            Lang::English => hazard.en.clone(),
        };
        hazard.map_or_else(|| key.to_owned(), name)
    }

    fn area(&self, code: AreaCode) -> String {
        self.config.areas.get(&code).cloned().unwrap_or_else(|| code.to_string())
    }

    fn overlap(&self, overlap: &Overlap) -> OverlapDocument {
        let time = |ms: i64| Moment::china(ms.div_euclid(1_000)).to_string();
        OverlapDocument {
            area: overlap.area.to_string(),
            name: self.area(overlap.area),
            hazards: overlap.hazards.iter().map(|hazard| self.hazard(hazard)).collect(),
            from: time(overlap.from_ms),
            until: time(overlap.until_ms),
        }
    }
}

async fn analysis(State(site): State<Site>, actor: Actor, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let mut fields = Fields::of_address(&uri)?;
    let asked = Asked::of(&mut fields, site.clock.unix());
    let format = fields.one_of("format", &[("json", false), ("csv", true)]);
    fields.end()?;
    let told = site.flow.analysis(asked.order(), &actor).await?;
    let lang = language(&headers);
    let document = AnalysisDocument::new(&site.config, lang, &asked, told, site.flow.now());
    let accepts = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.starts_with("text/csv"));
    if !format.unwrap_or_else(|| headers.get(ACCEPT).is_some_and(accepts)) {
        return Ok(([(VARY, "Accept, Accept-Language")], Json(document)).into_response());
    }
    let name = format!("attachment; filename=\"fenghuo-{}-{}.csv\"", document.from, document.to);
    let disposition = HeaderValue::try_from(name).map_err(Problem::internal)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (CONTENT_DISPOSITION, disposition),
        (VARY, HeaderValue::from_static("Accept, Accept-Language")),
    ];
    Ok((headers, table::csv(&document).map_err(Problem::internal)?).into_response())
}
