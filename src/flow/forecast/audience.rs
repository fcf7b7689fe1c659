//! The audience and the texts of a warning that is not released, and what would become of them.

use std::collections::BTreeMap;

use fenghuo_contract::{Channel, Content};
use roaring::RoaringBitmap;

use super::{ChannelForecast, ConflictKind, Forecast, LaneKey, Model, Shape, conflicts, in_seconds, streets, usual};
use crate::{
    domain::{
        finding::{Finding, code},
        message::Status,
        purpose::Purpose,
        warning::Warning,
    },
    flow::{
        Parts, Unavailable, deliver, exact,
        fit::{self, RouteText},
        record::{LadderStep, PlanRecord, WarningId, rfc3339},
        render, target,
    },
};

/// So many times the usual audience is worth a second look.
const UNUSUAL: f64 = 10.0;

/// One channel of a warning that is not released.
pub(crate) struct Draft {
    pub(crate) channel: Channel,
    pub(crate) audience: RoaringBitmap,
    /// Of these, whoever gets nothing because his address is suppressed.
    suppressed: RoaringBitmap,
    /// By configured language, the first for everybody the others do not name.
    pub(crate) contents: Vec<Content>,
    /// What the routes make of each content.
    pub(crate) texts: Vec<Vec<RouteText>>,
    plan: PlanRecord,
}

impl Draft {
    /// The routes of the channel for it.
    pub(crate) fn routes(&self) -> &[String] {
        &self.plan.routes
    }

    /// Segments of the longest content on a route.
    fn segments_on(&self, route: &str) -> f64 {
        let of_route = self.texts.iter().flatten().filter(|text| text.route == route);
        of_route.filter_map(|text| text.segments).max().map_or(1.0, f64::from)
    }
}

/// What a warning would be on every channel that has a route for it.
pub(crate) async fn draft(
    parts: &Parts,
    warning: &Warning,
    issuer: Option<&str>,
    named: &target::Named,
) -> Result<Vec<Draft>, Unavailable> {
    let now_ms = parts.clock.unix_ms();
    let deadline = target::deadline(parts, warning, now_ms);
    let mut drafts = Vec::new();
    let Some(purpose) = Purpose::of(warning.status()) else { return Ok(drafts) };
    for channel in Channel::ALL {
        let routes = target::routes(parts, channel, warning.status());
        if routes.is_empty() {
            continue;
        }
        let audience = target::proposed(parts, warning, named, channel).await?;
        let contents = exact::of_channel(parts, warning, channel, "", now_ms);
        let texts = contents.iter().map(|content| fit::on_routes(parts, &routes, content)).collect();
        let nobody = WarningId(String::new());
        let plan = PlanRecord {
            number: 0,
            event: nobody.clone(),
            warning: nobody,
            issuer: issuer.map(str::to_owned),
            channel,
            level: warning.level(),
            lift: warning.is_lift(),
            purpose: purpose.into(),
            deadline,
            size: u32::try_from(audience.len()).unwrap_or(u32::MAX),
            routes,
            refused: Vec::new(),
            created_ms: now_ms,
            ladder: None,
            closing: None,
        };
        let suppressed = parts.suppressions.of_audience(parts, warning.level(), channel, &audience).await?;
        drafts.push(Draft { channel, audience, suppressed, contents, texts, plan });
    }
    if !warning.is_lift() {
        let there = drafts.iter().filter(|draft| !draft.audience.is_empty());
        let channels: Vec<Channel> = there.map(|draft| draft.channel).collect();
        for draft in &mut drafts {
            draft.plan.ladder = target::ladder_step(&parts.config, warning.level(), draft.channel, &channels);
        }
    }
    Ok(drafts)
}

/// Rows told at once on each channel: of a ladder's channels everybody begins with the first he has an address on that is
/// not suppressed.
fn at_once(drafts: &[Draft]) -> Vec<RoaringBitmap> {
    let mut rows: Vec<RoaringBitmap> = drafts.iter().map(|draft| &draft.audience - &draft.suppressed).collect();
    let mut steps: Vec<(LadderStep, usize)> =
        drafts.iter().enumerate().filter_map(|(at, draft)| Some((draft.plan.ladder?, at))).collect();
    steps.sort_by_key(|(step, _)| step.step);
    let mut before = RoaringBitmap::new();
    for (_, at) in steps {
        rows[at] -= &before;
        before |= &drafts[at].audience - &drafts[at].suppressed;
    }
    rows
}

impl Forecast {
    /// What becomes of a warning that is released now, and what a person should know about it.
    pub(crate) fn new(
        parts: &Parts,
        warning: &Warning,
        issuer: Option<&str>,
        drafts: &[Draft],
    ) -> (Self, Vec<Finding>) {
        let now_ms = parts.clock.unix_ms();
        let people = drafts.iter().filter(|draft| draft.channel.reaches_persons());
        let people = people.fold(RoaringBitmap::new(), |all, draft| all | &draft.audience).len();
        let mut channels = BTreeMap::new();
        let mut last = Some(0);
        for (draft, rows) in drafts.iter().zip(at_once(drafts)).filter(|(draft, _)| !draft.audience.is_empty()) {
            let forecast = channel(parts, draft, &rows, now_ms);
            last = last.zip(forecast.finish_s).map(|(last, this)| last.max(this));
            channels.insert(draft.channel.name().to_owned(), forecast);
        }
        let costs: Vec<f64> = channels.values().filter_map(|channel| channel.cost).collect();
        let this = drafts.iter().map(|draft| draft.audience.len()).max().unwrap_or_default();
        let usual = if warning.is_lift() { None } else { usual::compare(parts, warning, issuer, this) };
        let forecast = Self {
            as_of: rfc3339(now_ms),
            people,
            deliveries: channels.values().map(|channel| channel.people).sum(),
            suppressed: channels.values().map(|channel| channel.suppressed).sum(),
            finish_at: last.filter(|_| !channels.is_empty()).map(|seconds| in_seconds(now_ms, seconds)),
            will_miss: channels.values().map(|channel| channel.will_miss).sum(),
            cost: (!costs.is_empty()).then(|| costs.iter().sum()),
            channels,
            streets: streets::streets(parts, drafts),
            conflicts: conflicts::conflicts(parts, warning, issuer),
            usual,
        };
        let advice = advice(parts, &forecast, warning);
        (forecast, advice)
    }
}

fn channel(parts: &Parts, draft: &Draft, rows: &RoaringBitmap, now_ms: i64) -> ChannelForecast {
    let segments: Vec<u64> = draft.texts.iter().map(|text| fit::segments(text).into()).collect();
    let readers = render::readers(parts, rows);
    let others = parts.config.texts.languages.iter().skip(1).zip(segments.iter().skip(1));
    let mut first = rows.len();
    let mut all: u64 = 0;
    let mut contents = 1.0;
    for (language, segments) in others {
        let count = readers.get(&render::primary(language)).map_or(0, RoaringBitmap::len);
        contents += f64::from(u8::from(count > 0));
        first -= count;
        all += count * segments;
    }
    all += first * segments.first().copied().unwrap_or(1);
    let now_unix = now_ms.div_euclid(1000);
    let mut model = Model::new(parts, draft.channel);
    let lane = LaneKey::of(&draft.plan, now_unix);
    let ahead = model.loads.iter().filter(|load| load.lane <= lane).map(|load| load.deliveries).sum::<f64>();
    let at = model.loads.len();
    let segments = model.routes.iter().map(|route| draft.segments_on(&route.name)).collect();
    let shape = Shape { segments, contents };
    let may = |route: &deliver::Route| route.is_running() && deliver::could_carry(parts, route, &draft.plan);
    model.add(&draft.plan, lane, rows.len() as f64, shape, now_unix, may);
    let ends = model.run(parts, draft.channel);
    let running = model.running(at, &ends[at]);
    let rate = super::fluid::alone(&model.ways, &model.loads[at]);
    let costs = model.routes.iter().zip(&ends[at].units).filter(|(_, units)| **units > 0.0);
    let costs: Option<Vec<f64>> =
        costs.map(|(route, units)| route.config.cost_per_unit.map(|cost| cost * units)).collect();
    ChannelForecast {
        people: draft.audience.len(),
        by_language: parts
            .directory
            .by_language(&draft.audience)
            .into_iter()
            .map(|(tag, rows)| (tag, rows.len()))
            .collect(),
        suppressed: draft.suppressed.len(),
        at_once: rows.len(),
        segments: (draft.channel == Channel::Sms).then_some(all),
        rate_per_s: (rate < super::FAST / 1e3).then_some(rate),
        ahead: ahead.round() as u64,
        finish_s: running.finish_s,
        finish_at: running.finish_s.map(|seconds| in_seconds(now_ms, seconds)),
        deadline_at: rfc3339(draft.plan.deadline.saturating_mul(1_000)),
        will_miss: running.will_miss,
        cost: costs.filter(|costs| !costs.is_empty()).map(|costs| costs.iter().sum()),
    }
}

fn advice(parts: &Parts, forecast: &Forecast, warning: &Warning) -> Vec<Finding> {
    let mut advice = Vec::new();
    if !matches!(warning.status(), Status::Actual | Status::Exercise | Status::Test) {
        // Nothing of the others goes to anybody.
        return advice;
    }
    for conflict in &forecast.conflicts {
        let code = match conflict.kind {
            ConflictKind::OtherLevel => code::CONFLICT_OTHER_LEVEL,
            ConflictKind::NotUpdated => code::CONFLICT_NOT_UPDATED,
            ConflictKind::Doubled => code::CONFLICT_DOUBLED,
        };
        let finding = Finding::advise(code, "").got(&conflict.headline);
        let issuer = conflict.issuer.clone().unwrap_or_default();
        advice.push(finding.arg("issuer", issuer).arg("level", conflict.level.name()).arg("id", &conflict.warning.0));
    }
    if forecast.deliveries == 0 {
        advice.push(Finding::advise(code::AUDIENCE_EMPTY, ""));
        return advice;
    }
    if let Some(usual) = forecast.usual.as_ref().filter(|usual| usual.ratio > UNUSUAL) {
        let finding = Finding::advise(code::AUDIENCE_UNUSUAL, "");
        let finding = finding.arg("count", usual.this).arg("usual", usual.median).arg("times", usual.ratio.round());
        advice.push(finding);
    }
    let all = parts.directory.len();
    let used_to = forecast.usual.as_ref().is_some_and(|usual| usual.largest >= forecast.people);
    if forecast.people >= all && !used_to {
        advice.push(Finding::advise(code::AUDIENCE_EVERYONE, "").arg("count", forecast.people));
    }
    if forecast.will_miss > 0 {
        advice.push(Finding::advise(code::DEADLINE_MISSED, "").arg("count", forecast.will_miss));
    }
    advice
}
