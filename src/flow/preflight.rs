//! What would happen: the same reading, checks and permissions as a real submission, the same audience and texts,
//! nothing stored.

use std::{collections::BTreeMap, sync::Arc};

use fenghuo_contract::Channel;

use serde::Serialize;

use super::{
    Parts, Unavailable,
    authorize::{self, Role},
    exact::Forms,
    fit::{self, RouteText},
    forecast::{self, Draft, Forecast},
    intake::{self, Submission, SubmitFault},
    measures,
    parts::parse,
    record::{Stage, WarningId, WarningRecord},
    target,
};
use crate::{
    domain::{
        finding::{Finding, Weight, code},
        legible::Legibility,
        level::Level,
        lint,
        measures::Planned,
        message::Status,
        signoff::Beyond,
        warning::Warning,
    },
    store::Space,
};

/// What a dry run answers: everything but stored.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Preflight {
    pub level: Level,
    pub status: Status,
    /// People per channel that would be addressed.
    pub audience: BTreeMap<String, u64>,
    /// Rendered texts per channel and language, as they would go out.
    pub texts: Vec<PreflightText>,
    /// How long it takes at the limits and with the queues of this moment, and who will be too late.
    pub forecast: Forecast,
    /// Why the emergency office has to sign it, whatever the rules ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Beyond, required = false)]
    pub beyond: Option<Beyond>,
    /// What departments have to do when it is released.
    pub measures: Vec<Planned>,
    /// Whether the same warning is stored already.
    pub repeat_of: Option<WarningId>,
    /// Advice that does not keep it out.
    #[schema(value_type = Vec<Object>)]
    #[serde(skip)]
    pub advice: Vec<Finding>,
}

/// One rendered text of a dry run.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PreflightText {
    pub channel: String,
    pub language: String,
    pub title: String,
    pub text: String,
    /// A shorter form, for routes that cannot carry the text; absent when there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub short: String,
    /// Segments of a short message on the first route that carries it; for sms.
    pub segments: Option<u32>,
    /// What each route of the channel makes of it, in the order of the configuration.
    pub routes: Vec<RouteText>,
}

/// What is not said to those who only look: that they may not issue it themselves.
const NOT_FOR_READERS: [&str; 2] = ["role-may-not-issue", "status-not-allowed"];

/// So many screens are named; of more only the number is told.
const SCREENS_NAMED: usize = 20;

/// Looks at a submission as its submitter, or (`reads`) as somebody who is to approve it or to see it through.
pub(super) async fn dry_run(parts: &Parts, submission: Submission, reads: bool) -> Result<Preflight, SubmitFault> {
    let read = intake::read(parts, &submission).await?;
    let mut findings = authorize::may(parts, &submission.actor, &read.warning);
    if reads && submission.actor.role != Role::Issuer {
        findings.retain(|finding| !NOT_FOR_READERS.contains(&finding.code));
    }
    if findings.iter().any(|finding| finding.weight == Weight::Refuse) {
        return Err(SubmitFault::Forbidden(findings));
    }
    let warning = &read.warning;
    let identity = intake::identity_digest(&read);
    let known = parts.store.get(Space::WarningIdentity, identity.into()).await.map_err(Unavailable::from)?;
    let repeat_of = known.map(|stored| parse::<WarningId>(&stored.value)).transpose()?;
    let mut advice = read.advice;
    advice.extend(findings);
    let looked = look(parts, warning, submission.actor.subject.as_deref()).await?;
    if looked.advice.iter().any(|finding| finding.weight == Weight::Refuse) {
        return Err(SubmitFault::Rejected(looked.advice));
    }
    advice.extend(looked.advice);
    Ok(Preflight { repeat_of, advice, ..looked })
}

/// What a stored warning would do if it were released now; `None` when there is none, or it has been decided about.
pub(super) async fn of_stored(parts: &Parts, id: &WarningId) -> Result<Option<Preflight>, Unavailable> {
    let waits = |record: &Arc<WarningRecord>| record.stage == Stage::Received && record.ended.is_none();
    let Some(record) = parts.warning_record(id).filter(waits) else { return Ok(None) };
    let Ok(warning) = Warning::new(record.message.clone()) else { return Ok(None) };
    let mut looked = look(parts, &warning, record.issuer.as_deref()).await?;
    looked.advice.splice(0..0, lint::check(warning.message()));
    Ok(Some(looked))
}

/// Audience, texts and forecast of a warning, and what a person should know about them.
async fn look(parts: &Parts, warning: &Warning, issuer: Option<&str>) -> Result<Preflight, Unavailable> {
    let named = target::Named::of(parts, warning, issuer).await?;
    let drafts = forecast::draft(parts, warning, issuer, &named).await?;
    let (forecast, found) = Forecast::new(parts, warning, issuer, &drafts);
    let audience = drafts.iter().map(|draft| (draft.channel.name().to_owned(), draft.audience.len())).collect();
    let beyond = forecast::beyond_of(parts, issuer, warning, forecast.people);
    let mut advice: Vec<Finding> = beyond.map(forecast::advice_beyond).into_iter().collect();
    advice.extend(wording(parts, warning, &drafts));
    advice.extend(found);
    advice.extend(
        drafts.iter().filter(|draft| draft.channel == Channel::Display).flat_map(|draft| legible(parts, draft)),
    );
    let forms = Forms::of(parts, warning, issuer);
    for draft in &drafts {
        let about = fit::About { parts, warning, issuer, channel: draft.channel, audience: &draft.audience };
        let endings = fit::endings(parts, warning, forms.as_ref(), draft.channel, draft.routes());
        advice.extend(about.findings(&draft.texts, &endings));
    }
    if !warning.is_lift() {
        advice.extend(named.advice(parts));
    }
    let texts = drafts.into_iter().flat_map(texts).collect();
    let (level, status) = (warning.level(), warning.status());
    let measures = measures::planned(parts, warning);
    Ok(Preflight { level, status, audience, texts, forecast, beyond, measures, repeat_of: None, advice })
}

/// What a person should look at twice in the texts as channels get them. Languages that say the same are told once.
fn wording(parts: &Parts, warning: &Warning, drafts: &[Draft]) -> Vec<Finding> {
    let most = parts.config.texts.screen_reading_s.as_secs();
    let mut found: Vec<Finding> = Vec::new();
    for draft in drafts {
        for content in &draft.contents {
            let path =
                warning.info_index(&content.language).map_or_else(String::new, |index| format!("/infos/{index}"));
            let finding = match draft.channel {
                Channel::Sms => lint::sms(&content.text, &path),
                Channel::Display => lint::screen(&content.text, most, &path),
                _ => None,
            };
            found.extend(finding.filter(|finding| {
                !found.iter().any(|other| other.code == finding.code && other.at.path == finding.at.path)
            }));
        }
    }
    found
}

/// Screens on which people cannot read all of it from where they stand.
fn legible(parts: &Parts, draft: &Draft) -> Vec<Finding> {
    let words = |language: &str| {
        let same = draft.contents.iter().find(|content| content.language.eq_ignore_ascii_case(language));
        let content = same.or(draft.contents.first());
        content.map(|content| (content.title.clone(), content.text.clone())).unwrap_or_default()
    };
    let found = parts.screens.legible(&draft.audience, &words);
    let told = [
        (Some(Legibility::TooSmall), code::SCREENS_TOO_SMALL),
        (Some(Legibility::Headline), code::SCREENS_HEADLINE_ONLY),
        (None, code::SCREENS_SIZE_UNKNOWN),
    ];
    let finding = |(carries, code)| {
        let screens: &Vec<String> = found.get(&carries)?;
        let named = screens.iter().take(SCREENS_NAMED).cloned().collect::<Vec<_>>().join("、");
        let names = if screens.len() > SCREENS_NAMED { named + " …" } else { named };
        Some(Finding::advise(code, "").arg("count", screens.len()).arg("names", names))
    };
    told.into_iter().filter_map(finding).collect()
}

fn texts(draft: Draft) -> impl Iterator<Item = PreflightText> {
    let channel = draft.channel;
    draft.contents.into_iter().zip(draft.texts).map(move |(content, routes)| PreflightText {
        channel: channel.name().to_owned(),
        segments: (channel == Channel::Sms).then(|| fit::segments(&routes)),
        routes,
        language: content.language,
        title: content.title,
        text: content.text,
        short: content.short,
    })
}
