//! Builds the message that ends an event.

use super::Lift;
use crate::{
    domain::{
        lift,
        message::{Kind, Message, MessageRef},
        moment::Moment,
    },
    flow::{
        Parts,
        record::{WarningId, WarningRecord},
    },
};

/// The lift of the event a warning belongs to; `None` when there is no such warning, or it is a notice.
pub(in crate::flow) fn message(parts: &Parts, id: &WarningId, order: &Lift) -> Option<Message> {
    let warning = parts.warning_record(id).filter(|record| record.notice.is_none())?;
    let mut members = parts.event_members(&warning.event);
    members.retain(|member| matches!(member.message.kind, Kind::Alert | Kind::Update));
    members.sort_by_key(|member| member.received_ms);
    let last = members.last().map_or(&warning, |last| last);
    let now = parts.clock.unix();
    // Later than everything it ends, even when the issuer's clock was ahead of ours.
    let sent = now.max(last.message.sent.unix());
    let validity = i64::try_from(parts.config.delivery.lift_validity_s.as_secs()).unwrap_or(3_600);
    let references = members.iter().map(|member| reference(member)).collect();
    let identifier = format!("{}-lift-{}", last.message.identifier, parts.uuid());
    let (sent, end) = (Moment::china(sent), Moment::china(sent + validity));
    Some(lift::lift(&last.message, references, identifier, sent, order.text.as_deref(), end))
}

fn reference(member: &WarningRecord) -> MessageRef {
    MessageRef {
        sender: member.message.sender.clone(),
        identifier: member.message.identifier.clone(),
        sent: member.message.sent,
    }
}
