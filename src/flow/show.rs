//! What the screens are told: every warning that stands, for the screens it was released to and for those that came later.
//!
//! An audience is frozen when a warning is released, for nobody is to get the middle of a story. A screen is no reader of
//! messages but a place where people read what stands: one that is registered or moved afterwards shows whatever names the
//! place where it hangs now. It is in no plan, so nothing is delivered to it and nothing of it is counted. What says that an
//! event is over is for screens that showed the event.

use std::{collections::HashMap, sync::Arc};

use fenghuo_contract::{Channel, Content};
use parking_lot::Mutex;
use roaring::RoaringBitmap;

use super::{
    Parts, Unavailable, exact,
    projection::Plan,
    record::{Stage, WarningId, WarningRecord},
    render,
    screens::{Standing, StandingText},
    target::{self, Named},
};
use crate::domain::{
    chain,
    purpose::{HasPurpose as _, Purpose},
    warning::Warning,
};

/// The screens that came after the release of what stands, by warning.
#[derive(Default)]
pub(crate) struct Later(Mutex<HashMap<WarningId, Arc<Joined>>>);

/// The screens that came after a release.
#[derive(Default)]
struct Joined {
    /// The registrations it was worked out for.
    registrations: u64,
    rows: RoaringBitmap,
    /// In the languages that nobody read to whom it was released.
    contents: Vec<Arc<Content>>,
}

/// What is shown of a warning.
struct Shown {
    purpose: Purpose,
    deadline: i64,
    contents: Vec<Arc<Content>>,
    audience: RoaringBitmap,
}

/// Tells the screens which warnings stand.
pub(super) async fn screens(parts: &Parts) {
    let now = parts.clock.unix();
    let records: Vec<Arc<WarningRecord>> = parts.warnings.read().standing(now);
    parts.later.keep(&records);
    let mut standing = Vec::with_capacity(records.len());
    for record in records {
        let plans = parts.projection.plans(&record.plans);
        let plan = plans.into_iter().find(|plan| plan.record.channel == Channel::Display);
        let joined = joined(parts, &record, plan.as_deref()).await.unwrap_or_else(|fault| {
            tracing::warn!(warning = %record.id, %fault, "screens that came later do not show it yet");
            parts.screens_change();
            Arc::default()
        });
        let shown = shown(&record, plan.as_deref(), &joined);
        standing.extend(shown.map(|shown| Arc::new(of(parts, &record, shown))));
    }
    parts.screens.set_standing(standing);
}

/// `None` when it is in doubt what it is for, or there is nobody to show it.
fn shown(record: &WarningRecord, plan: Option<&Plan>, joined: &Joined) -> Option<Shown> {
    let Some(plan) = plan else {
        let first = joined.contents.first()?;
        return Some(Shown {
            purpose: Purpose::of(record.status)?,
            deadline: first.expires_at,
            contents: joined.contents.clone(),
            audience: joined.rows.clone(),
        });
    };
    Some(Shown {
        purpose: plan.purpose()?,
        deadline: plan.record.deadline,
        contents: plan.contents.iter().chain(&joined.contents).cloned().collect(),
        audience: &plan.audience | &joined.rows,
    })
}

fn of(parts: &Parts, record: &WarningRecord, shown: Shown) -> Standing {
    let config = &parts.config;
    let issuer = record.issuer.as_ref().and_then(|id| config.issuers.get(id)).map(|issuer| issuer.name.clone());
    let issuer = |content: &Content| {
        let infos = &record.message.infos;
        let language = render::primary(&content.language);
        let same = infos.iter().find(|info| info.language.as_deref().map(render::primary) == Some(language.clone()));
        same.or(infos.first()).and_then(|info| info.sender_name.clone()).or_else(|| issuer.clone()).unwrap_or_default()
    };
    let text = |content: &Arc<Content>| StandingText {
        language: content.language.clone(),
        title: content.title.clone(),
        text: content.text.clone(),
        issuer: issuer(content),
    };
    let first = shown.contents.first();
    Standing {
        warning: record.id.clone(),
        level: record.level,
        purpose: shown.purpose,
        lift: chain::is_lift(&record.message),
        correction: chain::is_correction(&record.message),
        released_ms: record.released_ms.unwrap_or(record.received_ms),
        expires_unix: shown.deadline,
        thread: first.map(|content| content.thread.clone()).unwrap_or_default(),
        released_at: first.map_or(0, |content| content.released_at),
        texts: shown.contents.iter().map(text).collect(),
        audience: shown.audience,
    }
}

impl Later {
    /// Forgets what does not stand any more.
    fn keep(&self, records: &[Arc<WarningRecord>]) {
        self.0.lock().retain(|id, _| records.iter().any(|record| record.id == *id));
    }

    fn known(&self, id: &WarningId, registrations: u64) -> Option<Arc<Joined>> {
        self.0.lock().get(id).filter(|joined| joined.registrations == registrations).cloned()
    }
}

/// The screens that show a warning and are not in its audience; worked out anew when any screen was registered or changed.
async fn joined(parts: &Parts, record: &WarningRecord, plan: Option<&Plan>) -> Result<Arc<Joined>, Unavailable> {
    let registrations = parts.screens.registrations();
    if let Some(known) = parts.later.known(&record.id, registrations) {
        return Ok(known);
    }
    // Before that its plans are not frozen.
    let released = matches!(record.stage, Stage::Delivering | Stage::Finished);
    let may = !target::routes(parts, Channel::Display, record.status).is_empty();
    let warning = Warning::new(record.message.clone()).ok().filter(|warning| released && may && !warning.is_lift());
    let Some(warning) = warning else { return Ok(Arc::default()) };
    let named = Named::of(parts, &warning, record.issuer.as_deref()).await?;
    let mut rows = named.on(parts, Channel::Display) & parts.screens.rows();
    if let Some(plan) = plan {
        rows -= &plan.audience;
    }
    let contents = if rows.is_empty() { Vec::new() } else { contents(parts, record, &warning, plan, &rows).await? };
    let joined = Arc::new(Joined { registrations, rows, contents });
    parts.later.0.lock().insert(record.id.clone(), Arc::clone(&joined));
    Ok(joined)
}

/// What it says in the languages these screens read and its plan lacks.
async fn contents(
    parts: &Parts,
    record: &WarningRecord,
    warning: &Warning,
    plan: Option<&Plan>,
    rows: &RoaringBitmap,
) -> Result<Vec<Arc<Content>>, Unavailable> {
    let released_ms = record.released_ms.unwrap_or(record.received_ms);
    let deadline = plan.map_or_else(|| target::deadline(parts, warning, released_ms), |plan| plan.record.deadline);
    let ordered = exact::ordered(parts, record).await?;
    let readers = render::readers(parts, rows);
    let has = |language: &str| {
        plan.is_some_and(|plan| plan.contents.iter().any(|content| content.language.eq_ignore_ascii_case(language)))
    };
    let said = |language: &String| {
        let said = render::Said { record, warning, ordered: ordered.as_ref(), channel: Channel::Display, deadline };
        Arc::new(said.in_language(parts, language))
    };
    let wanted = |(at, language): &(usize, &String)| {
        (*at == 0 || readers.contains_key(&render::primary(language))) && !has(language)
    };
    let languages = parts.config.texts.languages.iter().enumerate().filter(wanted);
    Ok(languages.map(|(_, language)| said(language)).collect())
}
