//! A drill as the store holds it; its bytes stand beside it under [`body_key`] until it is over.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::DrillView;
use crate::{
    domain::{level::Level, message::Status, warning::Warning},
    flow::{
        authorize::{Actor, Role},
        intake::{Form, Submission},
        record::{WarningId, rfc3339},
    },
    store::Key,
};

/// How far a drill has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Scheduled,
    Entered,
    Skipped,
    Cancelled,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Entered => "entered",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct DrillRecord {
    pub(super) id: String,
    pub(super) state: State,
    /// Milliseconds since 1970.
    pub(super) starts_ms: i64,
    scheduled_ms: i64,
    /// Id of the key that scheduled it.
    pub(super) scheduled_by: String,
    role: Role,
    /// The issuer the key belongs to.
    pub(super) issuer: Option<String>,
    media_type: String,
    /// SHA-256 of its bytes, hex, with its algorithm.
    digest: String,
    level: Level,
    status: Status,
    headline: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) warning: Option<WarningId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended_by: Option<String>,
}

/// Where the bytes of a drill stand.
pub(super) fn body_key(id: &str) -> Key {
    format!("{id}/body").as_str().into()
}

const JSON: &str = "application/json";

impl DrillRecord {
    pub(super) fn new(id: String, submission: &Submission, warning: &Warning, starts_ms: i64, now_ms: i64) -> Self {
        let info = warning.message().infos.first();
        let digest = Sha256::digest(&submission.body);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            id,
            state: State::Scheduled,
            starts_ms,
            scheduled_ms: now_ms,
            scheduled_by: submission.actor.key.clone(),
            role: submission.actor.role,
            issuer: submission.actor.subject.clone(),
            media_type: submission.media_type.clone(),
            digest: format!("sha256:{hex}"),
            level: warning.level(),
            status: warning.status(),
            headline: info.map(|info| info.headline.clone().unwrap_or_else(|| info.event.clone())).unwrap_or_default(),
            warning: None,
            why: None,
            ended_ms: None,
            ended_by: None,
        }
    }

    /// Whether another is the same order, still waiting.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.state == State::Scheduled
            && (&self.digest, &self.media_type, self.starts_ms, &self.scheduled_by)
                == (&other.digest, &other.media_type, other.starts_ms, &other.scheduled_by)
    }

    pub(super) fn end(&mut self, state: State, at_ms: i64) {
        self.state = state;
        self.ended_ms = Some(at_ms);
    }

    /// Who scheduled it, as far as that is needed to find what entered.
    pub(super) fn author(&self) -> Actor {
        Actor::new(self.scheduled_by.clone(), self.role, self.issuer.clone())
    }

    /// What it enters as. The key makes it enter once.
    pub(super) fn submission(&self, body: Bytes, actor: Actor) -> Submission {
        Submission {
            form: if self.media_type == JSON { Form::Json } else { Form::Xml },
            media_type: self.media_type.clone(),
            body,
            actor,
            idempotency_key: Some(format!("drill {}", self.id)),
        }
    }

    pub(super) fn view(&self) -> DrillView {
        DrillView {
            id: self.id.clone(),
            state: self.state.name().to_owned(),
            starts_at: rfc3339(self.starts_ms),
            scheduled_at: rfc3339(self.scheduled_ms),
            scheduled_by: self.scheduled_by.clone(),
            issuer: self.issuer.clone(),
            level: self.level,
            status: self.status,
            headline: self.headline.clone(),
            warning: self.warning.clone(),
            why: self.why.clone(),
            ended_at: self.ended_ms.map(rfc3339),
            ended_by: self.ended_by.clone(),
        }
    }
}
