//! An app says that it shows a message; a person says that it arrived.

use fenghuo_contract::NotTaken;
use serde::Serialize;

use super::{Heard, turn};
use crate::{
    domain::{
        delivery::{Reason, State, Word},
        level::Level,
    },
    flow::{
        Flow, Unavailable, call,
        notice::About,
        projection::{Early, Plan, recall},
        record::{WarningRecord, rfc3339},
    },
};

/// What is said about a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// An app shows it.
    Delivered,
    /// A person read it.
    Confirmed,
}

/// The message behind a link, as its reader sees it: nothing about anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfirmView {
    pub level: Level,
    pub drill: bool,
    /// Headline in the language asked for, as the sender wrote it.
    pub headline: String,
    pub issuer: String,
    /// RFC 3339.
    pub released_at: String,
    /// Why it no longer stands: `lifted`, `superseded`, `expired`.
    pub ended: Option<String>,
    /// It has been confirmed.
    pub confirmed: bool,
    /// How many of the officers called have confirmed; only for one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub officers: Option<Officers>,
}

/// How far a call list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Officers {
    /// Who have confirmed, themselves or by those who stand in for them.
    pub confirmed: u64,
    /// Who have to.
    pub of: u64,
}

impl Flow {
    /// The message a link belongs to; `None` when the link is not one of ours. Nothing changes.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn confirm_view(&self, token: &str, language: &str) -> Result<Option<ConfirmView>, Unavailable> {
        let parts = &self.0;
        let Some((number, rank)) = parts.links.read(token) else { return Ok(None) };
        let plan = recall::recall(parts, &[number]).await?.pop().filter(|plan| rank < plan.size());
        Ok(plan.and_then(|plan| self.confirm_view_of(&plan, rank, language)))
    }

    fn confirm_view_of(&self, plan: &Plan, rank: u32, language: &str) -> Option<ConfirmView> {
        let parts = &self.0;
        let record = parts.warning_record(&plan.record.warning)?;
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let infos = &record.message.infos;
        let same = |info: &&crate::domain::message::Info| {
            info.language.as_deref().map(primary).as_deref() == Some(&*primary(language))
        };
        let info = infos.iter().find(same).or(infos.first());
        let issuer = record.issuer.as_ref().and_then(|id| parts.config.issuers.get(id));
        let expired = || (plan.record.deadline <= parts.clock.unix()).then(|| "expired".to_owned());
        Some(ConfirmView {
            level: record.level,
            drill: plan.record.purpose.is_drill(),
            headline: info.map(|info| info.headline.clone().unwrap_or_else(|| info.event.clone())).unwrap_or_default(),
            issuer: info
                .and_then(|info| info.sender_name.clone())
                .or_else(|| issuer.map(|issuer| issuer.name.clone()))
                .unwrap_or_default(),
            released_at: rfc3339(record.released_ms.unwrap_or(record.received_ms)),
            ended: record.ended.clone().or_else(expired),
            confirmed: plan.state(rank).state == State::Confirmed,
            officers: self.officers(&record),
        })
    }

    /// How far the calls are that a notice to an officer is one of; `None` for everything else: it is nobody else's
    /// business.
    fn officers(&self, record: &WarningRecord) -> Option<Officers> {
        let notice = record.notice.as_ref().filter(|notice| notice.kind.calls())?;
        let About::Warning(about) = &notice.about else { return None };
        let counts = call::counts(&self.0, about)?;
        Some(Officers { confirmed: counts.confirmed + counts.by_deputy, of: counts.officers })
    }

    /// Takes what an app or a person says; `false` when the link is not one of ours. Returns once it is durable. Said
    /// twice it is the same, and it is taken of warnings that are over, too.
    ///
    /// # Errors
    /// When it is not known to be durable: it must be said again.
    pub async fn confirm(&self, token: &str, confirmation: Confirmation) -> Result<bool, Unavailable> {
        let parts = &self.0;
        let Some((number, rank)) = parts.links.read(token) else { return Ok(false) };
        let plan = recall::recall(parts, &[number]).await?.pop().filter(|plan| rank < plan.size());
        let Some(plan) = plan else { return Ok(false) };
        let (state, source) = match confirmation {
            Confirmation::Delivered => (State::Delivered, "app"),
            Confirmation::Confirmed => (State::Confirmed, "person"),
        };
        let word = Word { state, reason: Reason::None };
        let known = plan.state(rank);
        if crate::domain::delivery::merge(known, word) == known {
            return Ok(true);
        }
        let word = Early { word, code: "".into(), at_ms: parts.clock.unix_ms() };
        let taken = turn::take(parts, vec![Heard::about(source, number, rank, word)]).await;
        parts.calls.bell.notify_one();
        taken.map(|()| true).map_err(|NotTaken| Unavailable::new("confirmations are not taken now".to_owned()))
    }
}
