//! What a document from above is, and what becomes of it.
//!
//! | document | becomes |
//! | --- | --- |
//! | breaks rules, or is no warning | counted, told as the feed's fault |
//! | Test, System, Draft, Ack, Error | ignored: it concerns nobody here |
//! | of a sender, hazard or area that is not wanted, or over | counted |
//! | known by its CAP identity, or the same words from another feed | nothing |
//! | ends or updates what was relayed here | relayed at once, whatever the rule: a lift never waits |
//! | ends or updates what waits here | ends that, and waits itself when it is an update |
//! | ends what is not known here | counted, once nothing more of the feed is on its way |
//! | actual, public, `rule = "relay"` | relayed at once; waits when authority refuses it |
//! | anything else | waits |
//!
//! A document without area codes is never dropped for its area: nobody here knows where its polygons are.

use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::{
    config::{
        Upstream,
        authority::matches,
        partners::{is_of_area, is_of_hazard},
        upstream::Rule,
    },
    domain::{
        finding::Weight,
        message::{Kind, Message, Scope, Status},
        national,
        warning::Warning,
        xml,
    },
    flow::{
        Flow, Parts, Unavailable,
        inbox::{self, InboxRecord, InboxState, Summary, WAITING_MAX},
        intake::{SubmitFault, Submitted},
        record::WarningId,
    },
};

/// Documents up to this size are read where they arrive; what is packed is larger than it looks.
const SMALL: usize = 16 << 10;

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Counted under this name; it need not be looked at again.
    Done(&'static str),
    /// It cannot be read: why.
    Unreadable(String),
    /// There is no room for it now.
    Later,
    /// It ends what is not known here: perhaps what it ends is still on its way.
    NothingToLift,
}

impl Taken {
    pub(super) fn is_done(&self) -> bool {
        !matches!(self, Self::Later | Self::NothingToLift)
    }

    /// Why it cannot be read, when that is so.
    pub(super) fn unreadable(self) -> Option<String> {
        if let Self::Unreadable(why) = self { Some(why) } else { None }
    }
}

/// Decides about one document.
pub(super) async fn document(
    parts: &Arc<Parts>,
    name: &str,
    upstream: &Upstream,
    body: Bytes,
) -> Result<Taken, Unavailable> {
    let taken = match read(&body).await {
        Ok(warning) => {
            let _turn = parts.inbox.turn.lock().await;
            Document { parts, name, upstream, body, warning }.take().await?
        }
        Err(why) => Taken::Unreadable(why),
    };
    let now_ms = parts.clock.unix_ms();
    match &taken {
        Taken::Done(what) => parts.upstreams.count(name, what),
        Taken::NothingToLift => {}
        Taken::Later => parts.upstreams.count(name, "inbox_full"),
        Taken::Unreadable(why) => {
            tracing::warn!(upstream = name, why, "a document from above cannot be read");
            parts.upstreams.count(name, "unreadable");
            parts.upstreams.change(name, |state| state.fault = Some((now_ms, why.clone())));
        }
    }
    Ok(taken)
}

async fn read(body: &Bytes) -> Result<Warning, String> {
    let text = body.clone();
    let work = move || {
        let reading = xml::read(&text);
        let refusing = |finding: &&crate::domain::finding::Finding| finding.weight == Weight::Refuse;
        if let Some(first) = reading.findings.iter().find(refusing) {
            return Err(format!("{} {}", first.code, first.at.path));
        }
        let message = reading.message.ok_or_else(|| "no message".to_owned())?;
        Warning::new(message).map_err(|found| found.first().map(|first| first.code.to_owned()).unwrap_or_default())
    };
    if body.len() <= SMALL && !national::is_package(body) {
        return work();
    }
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|panic| Err(panic.to_string()))
}

struct Document<'a> {
    parts: &'a Arc<Parts>,
    name: &'a str,
    upstream: &'a Upstream,
    body: Bytes,
    warning: Warning,
}

impl Document<'_> {
    fn message(&self) -> &Message {
        self.warning.message()
    }

    async fn take(&self) -> Result<Taken, Unavailable> {
        let follows = self.follows();
        if let Some(why) = self.unwanted(follows) {
            return Ok(Taken::Done(why));
        }
        if self.parts.inbox.get(&inbox::id_of(&self.warning)).is_some() {
            return Ok(Taken::Done("repeated"));
        }
        if self.parts.inbox.same_elsewhere(&inbox::content_of(&self.warning), self.name) {
            return Ok(Taken::Done("same_elsewhere"));
        }
        let replaced = self.replaces().await?;
        if follows {
            return self.relay("followed").await;
        }
        if self.warning.is_lift() {
            if replaced > 0 {
                self.keep(InboxState::Ended, Vec::new(), None).await?;
                return Ok(Taken::Done("followed"));
            }
            return Ok(Taken::NothingToLift);
        }
        let why = match (self.message().status, self.message().scope) {
            (Status::Actual, Scope::Public) if self.upstream.rule == Rule::Relay => return self.relay("relayed").await,
            (Status::Actual, Scope::Public) => "inbox-rule",
            (Status::Actual, _) => "inbox-scope",
            _ => "inbox-drill",
        };
        self.wait(vec![why.to_owned()]).await
    }

    /// Whether it continues or ends a warning that was relayed here.
    fn follows(&self) -> bool {
        let message = self.message();
        if !matches!(message.kind, Kind::Update | Kind::Cancel) {
            return false;
        }
        let own = message.references.iter().filter(|reference| reference.sender == message.sender);
        let known = own.filter_map(|reference| self.parts.referenced(reference));
        known.into_iter().any(|known| known.issuer.as_deref() == Some(self.upstream.issuer.as_str()))
    }

    /// Why it does not concern this district. What follows a warning that was relayed does.
    fn unwanted(&self, follows: bool) -> Option<&'static str> {
        let (message, upstream) = (self.message(), self.upstream);
        if !upstream.senders.iter().any(|pattern| matches(pattern, &message.sender)) {
            return Some("other_sender");
        }
        if !matches!(message.status, Status::Actual | Status::Exercise)
            || matches!(message.kind, Kind::Ack | Kind::Error)
        {
            return Some("ignored");
        }
        if follows || self.warning.is_lift() {
            return None;
        }
        if self.expires_unix() <= self.parts.clock.unix() {
            return Some("expired");
        }
        if !is_of_hazard(&upstream.hazards, message) {
            return Some("other_hazard");
        }
        (is_of_area(&upstream.areas, message) == Some(false)).then_some("elsewhere")
    }

    fn expires_unix(&self) -> i64 {
        let validity = i64::try_from(self.parts.config.delivery.default_validity_s.as_secs()).unwrap_or(86_400);
        let default = self.message().sent.unix().saturating_add(validity);
        self.warning.expires().map_or(default, |end| end.unix())
    }

    /// Ends what waits here and is ended or updated by it; says how many.
    async fn replaces(&self) -> Result<usize, Unavailable> {
        let message = self.message();
        if !matches!(message.kind, Kind::Update | Kind::Cancel) {
            return Ok(0);
        }
        let named = |record: &InboxRecord| {
            let same = |reference| record.summary.is_named_by(reference);
            record.summary.sender == message.sender && message.references.iter().any(same)
        };
        let lift = self.warning.is_lift();
        let (state, what) =
            if lift { (InboxState::Ended, "inbox_ended") } else { (InboxState::Superseded, "inbox_superseded") };
        let waiting = self.parts.inbox.waiting_that(named);
        let count = waiting.len();
        for mut record in waiting {
            record.decided(state, self.parts.clock.unix_ms(), None, None);
            inbox::keep(self.parts, record, None, what, Some(&self.by())).await?;
        }
        Ok(count)
    }

    fn by(&self) -> String {
        inbox::feed_actor(self.name, &self.upstream.issuer).key
    }

    /// Hands it in as the relaying issuer; what may not be said waits for a person.
    async fn relay(&self, counted: &'static str) -> Result<Taken, Unavailable> {
        let actor = inbox::feed_actor(self.name, &self.upstream.issuer);
        let flow = Flow(Arc::clone(self.parts));
        match flow.submit(inbox::submission(self.body.clone(), actor)).await {
            Ok(Submitted::Created(view) | Submitted::Repeated(view)) => {
                self.keep(InboxState::Relayed, Vec::new(), Some(view.id)).await?;
                Ok(Taken::Done(counted))
            }
            Err(SubmitFault::Unavailable(fault)) => Err(fault),
            // The same identity with other words is here: the first stands.
            Err(SubmitFault::IdentityTaken(_) | SubmitFault::KeyReused | SubmitFault::KeyRunning) => {
                Ok(Taken::Done("conflicting"))
            }
            // Said of orders to correct only.
            Err(SubmitFault::NotReleased) => self.wait(vec!["warning-not-released".to_owned()]).await,
            Err(SubmitFault::Rejected(findings) | SubmitFault::Forbidden(findings)) => {
                let refusing = findings.iter().filter(|finding| finding.weight == Weight::Refuse);
                let mut why: Vec<String> = refusing.map(|finding| finding.code.to_owned()).collect();
                why.dedup();
                self.wait(why).await
            }
        }
    }

    async fn wait(&self, why: Vec<String>) -> Result<Taken, Unavailable> {
        if self.parts.inbox.waiting() >= WAITING_MAX {
            return Ok(Taken::Later);
        }
        self.keep(InboxState::Waiting, why, None).await?;
        Ok(Taken::Done("waiting"))
    }

    async fn keep(&self, state: InboxState, why: Vec<String>, warning: Option<WarningId>) -> Result<(), Unavailable> {
        let now_ms = self.parts.clock.unix_ms();
        let digest = Sha256::digest(&self.body);
        let decided = state != InboxState::Waiting;
        let record = InboxRecord {
            id: inbox::id_of(&self.warning),
            upstream: self.name.to_owned(),
            state,
            why,
            summary: Summary::of(&self.warning),
            content: inbox::content_of(&self.warning),
            digest: digest.iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}")),
            received_ms: now_ms,
            expires_unix: self.expires_unix(),
            proposed_by: None,
            decided_by: decided.then(|| self.by()),
            decided_ms: decided.then_some(now_ms),
            reason: None,
            warning,
        };
        let what = match state {
            InboxState::Waiting => "inbox_waiting",
            InboxState::Relayed => "inbox_relayed",
            _ => "inbox_ended",
        };
        // The document of a warning that is here stands with the warning.
        let body = (state == InboxState::Waiting).then_some(&self.body);
        inbox::keep(self.parts, record, body, what, Some(&self.by())).await
    }
}
