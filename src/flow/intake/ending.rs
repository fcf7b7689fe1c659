//! Builds the message that ends an event: what was prepared and signed with its newest warning, or other words.

use super::Lift;
use crate::{
    domain::{
        chain::{self, Change},
        lift::{self, Ending, Times},
        message::{Message, MessageRef},
        moment::Moment,
        warning::Warning,
    },
    flow::{
        Parts, Unavailable,
        exact::{self, Forms},
        record::{Decision, EndingOrder, WarningId, WarningRecord},
    },
};

/// What is there to be ended.
pub(in crate::flow) enum Found {
    /// No such warning.
    Nothing,
    /// It was ended so before: by this.
    Ended(WarningId),
    /// Nobody was told of it: there is nothing to correct.
    NotReleased,
    /// What ends it.
    Built(Box<Own>),
}

/// A message of our own making that ends an event.
pub(in crate::flow) struct Own {
    pub(in crate::flow) message: Message,
    pub(in crate::flow) event: WarningId,
    /// The warning it is about: the newest of the event.
    pub(in crate::flow) of: WarningRecord,
    pub(in crate::flow) order: EndingOrder,
    pub(in crate::flow) change: Change,
    reason: Option<String>,
}

impl Own {
    /// What is written down of it besides that it was received.
    pub(super) fn decision(&self, received: &Decision) -> Decision {
        let words = self.order.prepared.as_deref().unwrap_or("other-text");
        let reason = self.reason.as_deref().unwrap_or_default();
        let what = match self.change {
            _ if self.order.stops_relaying => "relay_stop_ordered",
            Change::Correction => "correction_ordered",
            _ => "lift_ordered",
        };
        let detail = format!("{} {words} {reason}", self.of.id);
        Decision { what: what.to_owned(), detail: Some(detail.trim_end().to_owned()), ..received.clone() }
    }
}

/// What ends the event of a warning.
pub(in crate::flow) async fn find(
    parts: &Parts,
    id: &WarningId,
    ending: Ending,
    order: &Lift,
) -> Result<Found, Unavailable> {
    let Some(warning) = parts.warning_record(id).filter(|record| record.notice.is_none()) else {
        return Ok(Found::Nothing);
    };
    let mut members = parts.event_members(&warning.event);
    members.sort_by_key(|member| (member.message.sent.unix(), member.received_ms));
    let (endings, members): (Vec<_>, Vec<_>) = members.into_iter().partition(|one| chain::is_lift(&one.message));
    let open: Vec<_> = members.iter().filter(|member| member.ended.is_none()).collect();
    let ends_all = |one: &&_| open.iter().all(|member| chain::names(message(one), &member.message));
    let so = |one: &&_| ending == Ending::Lift || chain::is_correction(message(one));
    if let Some(ended) = endings.iter().rev().filter(|one| so(&&***one)).find(|one| ends_all(&&***one)) {
        return Ok(Found::Ended(ended.id.clone()));
    }
    let told = |member: &&std::sync::Arc<WarningRecord>| member.released_ms.is_some();
    let newest = open.iter().rev().copied().find(told).or_else(|| members.iter().rev().find(told));
    let last = match (ending, newest) {
        (Ending::Correction, None) => return Ok(Found::NotReleased),
        (_, last) => last.or(members.last()).unwrap_or(&warning),
    };
    build(parts, last, &open.iter().map(|member| &member.message).collect::<Vec<_>>(), ending, order)
        .await
        .map(|own| own.map_or(Found::NotReleased, |own| Found::Built(Box::new(own))))
}

fn message(record: &WarningRecord) -> &Message {
    &record.message
}

/// The message; `None` when nothing of the kind can be said of the warning.
async fn build(
    parts: &Parts,
    last: &WarningRecord,
    open: &[&Message],
    ending: Ending,
    order: &Lift,
) -> Result<Option<Own>, Unavailable> {
    let stored = Forms::stored(parts, &last.id).await?;
    let anew = || Forms::of(parts, &Warning::new(last.message.clone()).ok()?, last.issuer.as_deref());
    let signed = stored.as_ref().and_then(|forms| forms.get(ending)).filter(|form| form.is_whole()).cloned();
    let (form, digest) = match (signed, &order.text) {
        (Some(form), None) => (form.message, Some(form.digest)),
        (Some(form), Some(text)) => (lift::reworded(&form.message, text), None),
        // Not released, or from before there was anything prepared.
        (None, text) => {
            let form = anew().and_then(|forms| forms.get(ending).map(|form| form.message.clone()));
            let Some(form) = form else { return Ok(None) };
            (text.as_deref().map_or(form.clone(), |text| lift::reworded(&form, text)), None)
        }
    };
    let stops_relaying = exact::relays(&parts.config, last.issuer.as_deref(), &last.message);
    let message = lift::send(&form, identifier(parts, last, ending), references(last, open), times(parts, last));
    let change = if ending == Ending::Lift { Change::Lift } else { Change::Correction };
    let order_record = EndingOrder { of: last.id.clone(), prepared: digest, stops_relaying };
    Ok(Some(Own {
        message,
        event: last.event.clone(),
        of: last.clone(),
        order: order_record,
        change,
        reason: order.reason.clone(),
    }))
}

fn identifier(parts: &Parts, last: &WarningRecord, ending: Ending) -> String {
    format!("{}-{}-{}", last.message.identifier, ending.name(), parts.uuid())
}

/// Every member that is not ended, and the one it is about.
fn references(last: &WarningRecord, open: &[&Message]) -> Vec<MessageRef> {
    let mut references: Vec<MessageRef> = open.iter().map(|member| chain::reference(member)).collect();
    let own = chain::reference(&last.message);
    if !references.contains(&own) {
        references.push(own);
    }
    references
}

/// Later than everything it ends, even when the issuer's clock was ahead of ours.
fn times(parts: &Parts, last: &WarningRecord) -> Times {
    let sent = parts.clock.unix().max(last.message.sent.unix());
    let validity = i64::try_from(parts.config.delivery.lift_validity_s.as_secs()).unwrap_or(3_600);
    Times { sent: Moment::china(sent), end: Moment::china(sent + validity) }
}
