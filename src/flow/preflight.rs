//! What would happen: the same reading, checks and permissions as a real submission, the same audience and texts,
//! nothing stored.

use std::collections::BTreeMap;

use fenghuo_contract::Channel;

use serde::Serialize;

use super::{
    Parts, Unavailable, authorize,
    intake::{self, Submission, SubmitFault},
    parts::parse,
    record::WarningId,
    render, target,
};
use crate::{
    domain::{finding::Finding, level::Level, message::Status, text::ucs2_segments},
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

pub(super) async fn dry_run(parts: &Parts, submission: Submission) -> Result<Preflight, SubmitFault> {
    let read = intake::read(parts, &submission).await?;
    let findings = authorize::may(parts, &submission.actor, &read.warning);
    if !findings.is_empty() {
        return Err(SubmitFault::Forbidden(findings));
    }
    let warning = &read.warning;
    let now_ms = parts.clock.unix_ms();
    let mut audience = BTreeMap::new();
    let mut texts = Vec::new();
    for channel in Channel::ALL {
        if target::routes(parts, channel, warning.status()).is_empty() {
            continue;
        }
        audience.insert(channel.name().to_owned(), target::named(parts, warning, channel).await?.len());
        for language in &parts.config.texts.languages {
            let content = render::content(parts, warning, channel, language, now_ms, now_ms.div_euclid(1000), "");
            let segments =
                (channel == Channel::Sms).then(|| u32::try_from(ucs2_segments(&content.text)).unwrap_or(u32::MAX));
            texts.push(PreflightText {
                channel: channel.name().to_owned(),
                language: language.clone(),
                title: content.title,
                text: content.text,
                segments,
            });
        }
    }
    let identity = intake::identity_digest(&read);
    let known = parts.store.get(Space::WarningIdentity, identity.into()).await.map_err(Unavailable::from)?;
    let repeat_of = known.map(|stored| parse::<WarningId>(&stored.value)).transpose()?;
    Ok(Preflight { level: warning.level(), status: warning.status(), audience, texts, repeat_of, advice: read.advice })
}
