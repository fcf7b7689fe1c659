//! What would happen: the same reading, checks and permissions as a real submission, the same audience and texts,
//! nothing stored.

use std::collections::BTreeMap;

use fenghuo_contract::Channel;

use serde::Serialize;

use super::{
    Parts, Unavailable,
    authorize::{self, Role},
    forecast::{self, Draft, Forecast},
    intake::{self, Submission, SubmitFault},
    parts::parse,
    record::WarningId,
    target,
};
use crate::{
    domain::{
        finding::{Finding, Weight},
        level::Level,
        lint,
        message::Status,
        text::ucs2_segments,
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
    /// UCS-2 segments, for sms.
    pub segments: Option<u32>,
}

/// What is not said to those who only look: that they may not issue it themselves.
const NOT_FOR_READERS: [&str; 2] = ["role-may-not-issue", "status-not-allowed"];

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
    let issuer = submission.actor.subject.as_deref();
    let drafts = forecast::draft(parts, warning, issuer).await?;
    let (forecast, found) = Forecast::new(parts, warning, issuer, &drafts);
    let identity = intake::identity_digest(&read);
    let known = parts.store.get(Space::WarningIdentity, identity.into()).await.map_err(Unavailable::from)?;
    let repeat_of = known.map(|stored| parse::<WarningId>(&stored.value)).transpose()?;
    let audience = drafts.iter().map(|draft| (draft.channel.name().to_owned(), draft.audience.len())).collect();
    let mut advice = read.advice;
    advice.extend(findings);
    advice.extend(wording(parts, warning, &drafts));
    advice.extend(found);
    if !warning.is_lift() {
        advice.extend(target::Named::of(parts, warning, issuer).await?.advice(parts));
    }
    let texts = drafts.into_iter().flat_map(texts).collect();
    Ok(Preflight { level: warning.level(), status: warning.status(), audience, texts, forecast, repeat_of, advice })
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

fn texts(draft: Draft) -> impl Iterator<Item = PreflightText> {
    let channel = draft.channel;
    draft.contents.into_iter().map(move |content| PreflightText {
        channel: channel.name().to_owned(),
        segments: (channel == Channel::Sms).then(|| u32::try_from(ucs2_segments(&content.text)).unwrap_or(u32::MAX)),
        language: content.language,
        title: content.title,
        text: content.text,
    })
}
