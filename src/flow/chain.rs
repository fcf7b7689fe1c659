//! Events as they stand here: the rules of [`chain`] asked about the warnings of this gateway.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Parts,
    record::{Stage, WarningId, WarningRecord},
};
use crate::domain::{
    chain::{self, Change, Member, Place, Stand},
    message::{Kind, Message},
};

impl Parts {
    /// Every warning of an event, oldest first.
    pub(crate) fn event_members(&self, event: &WarningId) -> Vec<Arc<WarningRecord>> {
        self.warnings.read().of_event(event).cloned().collect()
    }

    /// The record of a message that is here.
    pub(crate) fn record_of(&self, message: &Message) -> Option<Arc<WarningRecord>> {
        let reference = chain::reference(message);
        let known = self.warnings.read().referenced(&reference).cloned();
        known.filter(|known| known.message.sent.unix() == message.sent.unix())
    }

    /// Where a message that is not here yet belongs. Nobody but `issuer`, where it is known, has said before what it
    /// says too late; a drill and a real warning never meet.
    pub(crate) fn place(&self, message: &Message, issuer: Option<&str>) -> Place<WarningId> {
        let (found, now) = (self.concerned(message, issuer), self.clock.unix());
        let member = |record: &'_ Arc<WarningRecord>| stand(record, now);
        let members: Vec<Member<'_, WarningId>> = found
            .values()
            .map(|record| Member { event: record.event.clone(), message: &record.message, stand: member(record) })
            .collect();
        chain::place(message, &members)
    }

    fn concerned(&self, message: &Message, issuer: Option<&str>) -> BTreeMap<WarningId, Arc<WarningRecord>> {
        let own = chain::reference(message);
        let warnings = self.warnings.read();
        let mut found = BTreeMap::new();
        let mut add = |record: &Arc<WarningRecord>| {
            if record.status == message.status && chain::reference(&record.message) != own {
                found.insert(record.id.clone(), Arc::clone(record));
            }
        };
        for reference in message.references.iter().filter(|reference| reference.sender == message.sender) {
            if let Some(known) = warnings.referenced(reference) {
                warnings.of_event(&known.event).for_each(&mut add);
            }
        }
        let theirs = |record: &&Arc<WarningRecord>| issuer.is_none() || record.issuer.as_deref() == issuer;
        warnings.referring(&message.identifier).filter(theirs).for_each(add);
        found
    }

    /// The event a message continues or ends; `None` for one that begins an event.
    pub(crate) fn event_of(&self, message: &Message) -> Option<WarningId> {
        match self.record_of(message) {
            Some(record) => (record.event != record.id).then(|| record.event.clone()),
            None => self.place(message, None).event,
        }
    }

    /// What a message is to its event.
    pub(crate) fn change_of(&self, message: &Message) -> Change {
        self.record_of(message).map_or_else(|| self.place(message, None).change, |record| record.change)
    }

    /// A message as it is given out: with references to every member of its event that it takes the place of and that
    /// has not expired. What is passed on for others stays as it came.
    pub(crate) fn given_out(&self, record: &WarningRecord) -> Message {
        let mut message = record.message.clone();
        if !matches!(message.kind, Kind::Update | Kind::Cancel) || self.relays(record) {
            return message;
        }
        let members = self.event_members(&record.event);
        let earlier = members.iter().filter(|member| {
            member.id != record.id
                && member.released_ms.is_some()
                && chain::ends((&record.message, record.received_ms), (&member.message, member.received_ms))
        });
        message.references = chain::references(&record.message, earlier.map(|member| &member.message));
        message
    }

    /// Whether a warning is passed on for somebody else.
    pub(crate) fn relays(&self, record: &WarningRecord) -> bool {
        self.config.is_relayed(record.issuer.as_deref(), &record.message.sender)
    }

    /// Whether a warning takes back or corrects what was said before: a lift, or an update of an event that is known
    /// here and was warned of at its level or above.
    pub(crate) fn takes_back(&self, record: &WarningRecord) -> bool {
        let earlier = |member: &Arc<WarningRecord>| member.id != record.id && member.level >= record.level;
        match record.message.kind {
            _ if record.event == record.id => false,
            Kind::Cancel => true,
            Kind::Update => chain::is_lift(&record.message) || self.event_members(&record.event).iter().any(earlier),
            _ => false,
        }
    }
}

/// How a warning stands at a moment, seconds since 1970.
fn stand(record: &WarningRecord, now: i64) -> Stand {
    match record.ended.as_deref() {
        Some("lifted" | "corrected") => Stand::Lifted,
        // Its originator may still lift it.
        Some("superseded" | "stopped") => Stand::Superseded,
        Some(_) => Stand::Unsaid,
        None if record.stage == Stage::Recorded => Stand::Unsaid,
        None if record.released_ms.is_none() => Stand::Waiting,
        None if record.stands(now) => Stand::Standing,
        None => Stand::Expired,
    }
}
