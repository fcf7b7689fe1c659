//! Stage 4: who is concerned. The audience of each channel, frozen as a bitmap of directory rows.

pub mod directory;
pub mod import;
mod named;

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use fenghuo_contract::Channel;
use roaring::RoaringBitmap;

use self::directory::Selection;
pub(crate) use self::named::Named;
use super::{
    Parts, Unavailable, notice, partners,
    projection::recall,
    record::{Decision, LadderStep, PlanRecord, Stage, WarningId, WarningRecord, create, span_ms},
};
use crate::{
    config::Config,
    domain::{
        area::AreaCode,
        level::Level,
        message::{Kind, Status},
        purpose::Purpose,
        warning::Warning,
    },
    store::{Expect, Put, Space},
};

/// Freezes the audiences of a released warning as plans, one for each channel that has a route for it and somebody to
/// reach; several where the kinds of addresses on a channel are carried by different routes.
pub(crate) async fn step(
    parts: &Arc<Parts>,
    mut record: WarningRecord,
    version: u64,
    warning: &Warning,
) -> Result<(), Unavailable> {
    let now_ms = parts.clock.unix_ms();
    let mut plans = Vec::new();
    let purpose = Purpose::of(warning.status());
    let told = notice::reach(parts, &mut record).await?;
    let named = Named::of(parts, warning, record.issuer.as_deref()).await?;
    for channel in Channel::ALL {
        let routes = routes(parts, channel, warning.status());
        let Some(purpose) = purpose.filter(|_| !routes.is_empty()) else { continue };
        let audience = match &told {
            Some(told) => told.get(&channel).cloned().unwrap_or_default(),
            None => audience(parts, &record, warning, &named, channel).await?,
        };
        for (routes, audience) in by_routes(parts, channel, routes, audience) {
            let plan = PlanRecord {
                number: plan_number(parts, now_ms),
                warning: record.id.clone(),
                event: record.event.clone(),
                issuer: record.issuer.clone(),
                channel,
                level: record.level,
                lift: warning.is_lift(),
                purpose: purpose.into(),
                deadline: deadline(parts, warning, now_ms),
                size: u32::try_from(audience.len()).unwrap_or(u32::MAX),
                routes,
                refused: Vec::new(),
                created_ms: now_ms,
                ladder: None,
                closing: None,
            };
            plans.push((plan, audience));
        }
    }
    // What only persons on duty are told is nothing for partners.
    let partners = if told.is_some() { Vec::new() } else { partner_plans(parts, &record, warning, now_ms).await? };
    if !warning.is_lift() && told.is_none() {
        let channels: Vec<Channel> = plans.iter().map(|(plan, _)| plan.channel).collect();
        for (plan, _) in &mut plans {
            plan.ladder = ladder_step(&parts.config, record.level, plan.channel, &channels);
        }
    }
    plans.extend(partners);
    let mut puts = Vec::with_capacity(2 * plans.len());
    let mut sizes = Vec::with_capacity(plans.len());
    for (plan, audience) in &plans {
        sizes.push(format!("{}={}", plan.channel, plan.size));
        puts.push(create(Space::Plan, plan.number, plan));
        let value = Some(bitmap_bytes(audience));
        puts.push(Put { space: Space::PlanAudience, key: plan.number.into(), value, expect: Expect::Absent });
    }
    record.plans = plans.iter().map(|(plan, _)| plan.number).collect();
    record.stage = Stage::Targeted;
    let decision = Decision {
        at_ms: now_ms,
        what: "targeted".to_owned(),
        warning: Some(record.id.clone()),
        by: None,
        detail: Some(sizes.join(" ")),
    };
    parts.advance(&record, version, puts, &decision).await?;
    Ok(())
}

/// An audience by the routes that carry its addresses: one part where every route carries them all, none without anybody.
/// Those whose address no route carries stay with all routes, where the last look ends them with that reason.
fn by_routes(
    parts: &Parts,
    channel: Channel,
    routes: Vec<String>,
    audience: RoaringBitmap,
) -> Vec<(Vec<String>, RoaringBitmap)> {
    let mut by_routes: BTreeMap<Vec<String>, RoaringBitmap> = BTreeMap::new();
    for (kind, rows) in parts.directory.by_kind(&audience, channel) {
        let carries = |name: &&String| parts.routes.get(*name).is_some_and(|route| route.adapter.carries(&kind));
        let carrying: Vec<String> = routes.iter().filter(carries).cloned().collect();
        *by_routes.entry(if carrying.is_empty() { routes.clone() } else { carrying }).or_default() |= rows;
    }
    by_routes.into_iter().collect()
}

/// A plan for each partner the warning goes to: its own route, its own row, in no ladder.
async fn partner_plans(
    parts: &Parts,
    record: &WarningRecord,
    warning: &Warning,
    now_ms: i64,
) -> Result<Vec<(PlanRecord, RoaringBitmap)>, Unavailable> {
    let purpose = Purpose::of(warning.status()).filter(|_| !parts.config.partners.is_empty());
    let Some(purpose) = purpose else { return Ok(Vec::new()) };
    let told = told(parts, &record.event, Some(&record.id), Some(Channel::Webhook)).await?;
    let plan = |(route, row): (String, u32)| {
        let plan = PlanRecord {
            number: plan_number(parts, now_ms),
            warning: record.id.clone(),
            event: record.event.clone(),
            issuer: record.issuer.clone(),
            channel: Channel::Webhook,
            level: record.level,
            lift: warning.is_lift(),
            purpose: purpose.into(),
            deadline: deadline(parts, warning, now_ms),
            size: 1,
            routes: vec![route],
            refused: Vec::new(),
            created_ms: now_ms,
            ladder: None,
            closing: None,
        };
        (plan, RoaringBitmap::from([row]))
    };
    Ok(partners::addressed(parts, warning, &told).into_iter().map(plan).collect())
}

/// The place of a channel in the ladder of a level; `None` when there is no ladder, the channel is not in it, or no other
/// of the warning's `channels` is.
pub(crate) fn ladder_step(config: &Config, level: Level, channel: Channel, channels: &[Channel]) -> Option<LadderStep> {
    let ladder = config.ladder.get(&level)?;
    let steps: Vec<Channel> = ladder.channels.iter().copied().filter(|step| channels.contains(step)).collect();
    let step = steps.iter().position(|step| *step == channel).filter(|_| steps.len() > 1)?;
    let wait_ms = span_ms(ladder.wait_s);
    Some(LadderStep { step: u8::try_from(step).unwrap_or(u8::MAX), wait_ms, until: ladder.until })
}

/// Rows that a warning addresses on a channel.
///
/// A lift goes to those whose copy of an earlier warning of the event was accepted or may have been; the correction of a
/// red or orange one goes to them on every channel they have. An update goes to
/// everybody it names, and to those who were told before and are no longer named: they must learn of the change.
async fn audience(
    parts: &Parts,
    record: &WarningRecord,
    warning: &Warning,
    named: &Named,
    channel: Channel,
) -> Result<RoaringBitmap, Unavailable> {
    let told = told(parts, &record.event, Some(&record.id), Some(channel)).await?;
    if warning.is_correction() && record.level >= Level::Orange && channel.reaches_persons() {
        return Ok(told | everywhere(parts, record, channel).await?);
    }
    if warning.is_lift() {
        return Ok(told);
    }
    Ok(named.on(parts, channel) | told)
}

/// Rows that an earlier warning of the event reached anywhere, on another channel: whoever was alarmed by mistake is told
/// so by every means there is.
async fn everywhere(parts: &Parts, record: &WarningRecord, channel: Channel) -> Result<RoaringBitmap, Unavailable> {
    let drill_only = record.status != Status::Actual;
    let selection = Selection { areas: vec![AreaCode::EVERYWHERE], drill_only, ..Selection::default() };
    let all = parts.directory.select(&selection, channel);
    Ok(all & told(parts, &record.event, Some(&record.id), None).await?)
}

/// Rows that a warning which is not released would address on a channel.
pub(crate) async fn proposed(
    parts: &Parts,
    warning: &Warning,
    named: &Named,
    channel: Channel,
) -> Result<RoaringBitmap, Unavailable> {
    let told = match parts.event_of(warning.message()) {
        Some(event) if matches!(warning.kind(), Kind::Update | Kind::Cancel) => {
            told(parts, &event, None, Some(channel)).await?
        }
        _ => RoaringBitmap::new(),
    };
    if warning.is_lift() {
        return Ok(told);
    }
    Ok(named.on(parts, channel) | told)
}

/// Rows that an earlier warning of the event reached, or may have; on one channel, or on any that reaches persons. `but`
/// is the later one.
async fn told(
    parts: &Parts,
    event: &WarningId,
    but: Option<&WarningId>,
    channel: Option<Channel>,
) -> Result<RoaringBitmap, Unavailable> {
    let earlier = parts.event_members(event);
    let plans = earlier.iter().filter(|member| Some(&member.id) != but).flat_map(|member| member.plans.iter().copied());
    let plans = recall::recall(parts, &plans.collect::<Vec<u64>>()).await?;
    let asked = |other: Channel| channel.map_or(other.reaches_persons(), |channel| channel == other);
    let on_channel = plans.iter().filter(|plan| asked(plan.record.channel));
    Ok(on_channel.fold(RoaringBitmap::new(), |told, plan| told | plan.reached(true)))
}

/// Routes of a channel that may carry a warning of this status, in the order of the configuration.
pub(crate) fn routes(parts: &Parts, channel: Channel, status: Status) -> Vec<String> {
    let Some(purpose) = Purpose::of(status) else { return Vec::new() };
    // A partner's route carries what is the partner's, and nothing else.
    let routes = parts.routes.values().filter(|route| route.channel == channel && route.config.partner.is_none());
    routes.filter_map(|route| purpose.permit(&**route)).map(|route| route.name.clone()).collect()
}

/// Unix seconds at which nothing more of a warning may be sent.
pub(crate) fn deadline(parts: &Parts, warning: &Warning, now_ms: i64) -> i64 {
    let now = now_ms.div_euclid(1000);
    let after = |span: std::time::Duration| now + i64::try_from(span.as_secs()).unwrap_or(i64::MAX / 2);
    if warning.is_lift() {
        // The end of a lift says when the warning ended, not when the news of it is stale.
        return after(parts.config.delivery.lift_validity_s);
    }
    warning.expires().map_or_else(|| after(parts.config.delivery.default_validity_s), |end| end.unix())
}

/// A number for a new plan: milliseconds and 22 random bits, so that later plans sort later and two nodes never meet.
fn plan_number(parts: &Parts, now_ms: i64) -> u64 {
    let chance = u64::from(u32::from_le_bytes(parts.clock.random()) & 0x3f_ffff);
    (u64::try_from(now_ms).unwrap_or_default() << 22) | chance
}

pub(crate) fn bitmap_bytes(rows: &RoaringBitmap) -> Bytes {
    let mut bytes = Vec::with_capacity(rows.serialized_size());
    // Writing to memory cannot fail.
    let _written = rows.serialize_into(&mut bytes);
    bytes.into()
}

pub(crate) fn bitmap(bytes: &[u8]) -> Result<RoaringBitmap, Unavailable> {
    RoaringBitmap::deserialize_from(bytes)
        .map_err(|fault| Unavailable::new(format!("a stored bitmap cannot be read: {fault}")))
}
