//! The chain of an event: what a message is to the messages before it, and what it does to them. Pure.
//!
//! Sources: CAP 1.2, 3.2.1 (`msgType`, `references`); Emergency Response Law, article 70 (adjust = issue again, lift at
//! once when it is over); the national form, whose reference is the first message of the event.
//!
//! # Decided where these leave room
//!
//! | case | answer |
//! | --- | --- |
//! | Alert, with or without references | begins an event of its own; its references are mentions |
//! | Update of an event that is known here | `raise` or `lower` when its level is above or below the highest standing member's, else `update` |
//! | Cancel, also without an info | lift: the words and the level are those of what it ends |
//! | Update that had already expired when it was sent | lift |
//! | Update whose every info says AllClear and nothing else | lift |
//! | such a lift with the code [`CORRECTION`] | `correction`: what it ends was a mistake |
//! | fewer references than standing members | ends every standing member that is older all the same |
//! | reference to a member that is not the newest | the event is the same: every older member ends, the newest too |
//! | reference to a message of another sender | a mention: nobody ends a stranger's warning |
//! | Update with references to unknown messages only | taken with `reference-unknown`, begins an event |
//! | lift with references to unknown messages only | taken with `reference-unknown`, ends nothing and reaches nobody |
//! | a message to which a newer released one, here already, refers | refused, `event-newer-stands`: it was out of date before it came |
//! | Update older by `sent` than a standing member it does not name | refused, `event-newer-stands` |
//! | lift older by `sent` than a standing member it does not name | taken with `event-newer-stands`: ends the others, not that one |
//! | reference to a member with a later `sent` | a reference says more than a clock: in order |
//! | the same `sent` | the one that came later is the newer one |
//! | Update of a lifted event | begins a new event: those told before were told that it was over |
//! | the same, sent before the lift | refused, `event-lifted-since` |
//! | lift of a lifted event | taken, ends nothing, nobody is told twice |
//! | Update of an event that expired by itself | continues it |
//! | references to two events that are not lifted | refused, `event-several` |
//! | part of the areas is over | no Cancel says that, it ends whole messages: an Update with fewer areas; those told before who are no longer named get it too |
//! | Update, Cancel, Ack or Error without references, reference to itself | refused by [`rules`](super::rules) |
//! | Ack, Error | kept with the event they speak of, and change nothing |
//!
//! A relayed warning is ended by its originator's next message. Whoever passes it on can only stop doing so, in his own
//! name: see [`super::lift::stop_relaying`].

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::{
    finding::{Finding, code},
    level::Level,
    message::{Info, Kind, Message, MessageRef, ResponseType},
    moment::Moment,
    national,
};

/// CAP `code` of a message that says of what it ends that it was a mistake.
pub const CORRECTION: &str = "FENGHUO-CORRECTION";

/// What a message is to its event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Begins an event, or changes none.
    #[default]
    First,
    /// Takes the place of what stood, at the same level or where levels cannot be compared.
    Update,
    /// At a higher level than anything that stood.
    Raise,
    /// At a lower level than the highest that stood.
    Lower,
    /// Ends the event.
    Lift,
    /// Ends the event and says that it was a mistake.
    Correction,
}

impl Change {
    /// Every value.
    pub const ALL: [Self; 6] = [Self::First, Self::Update, Self::Raise, Self::Lower, Self::Lift, Self::Correction];

    /// Stable name in API and texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Update => "update",
            Self::Raise => "raise",
            Self::Lower => "lower",
            Self::Lift => "lift",
            Self::Correction => "correction",
        }
    }

    /// What is done, as headlines say it: 升级为, 降级为, 解除.
    #[must_use]
    pub const fn word_zh(self) -> &'static str {
        match self {
            Self::First => "发布",
            Self::Update => "更新为",
            Self::Raise => "升级为",
            Self::Lower => "降级为",
            Self::Lift => "解除",
            Self::Correction => "更正",
        }
    }

    /// The same in English: raised to, lowered to, lifted.
    #[must_use]
    pub const fn word_en(self) -> &'static str {
        match self {
            Self::First => "issued",
            Self::Update => "updated to",
            Self::Raise => "raised to",
            Self::Lower => "lowered to",
            Self::Lift => "lifted",
            Self::Correction => "corrected",
        }
    }
}

/// How a message that is here stands when another one comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// Not released yet.
    Waiting,
    /// Released, not ended, not expired.
    Standing,
    /// Released, over by its own time.
    Expired,
    /// A newer one took its place.
    Superseded,
    /// Its event was lifted or corrected.
    Lifted,
    /// Was not and will not be released.
    Unsaid,
}

/// A message that is here, with the event it belongs to.
#[derive(Clone, Debug)]
pub struct Member<'m, E> {
    pub event: E,
    pub message: &'m Message,
    pub stand: Stand,
}

/// Where a new message belongs.
#[derive(Clone, Debug, PartialEq)]
pub struct Place<E> {
    /// The event it continues or ends; `None`: it begins one.
    pub event: Option<E>,
    pub change: Change,
    /// What keeps it out, and what a person should know.
    pub findings: Vec<Finding>,
}

/// Whether a message ends its event.
#[must_use]
pub fn is_lift(message: &Message) -> bool {
    let over = |info: &Info| info.expires.is_some_and(|end| end.unix() <= message.sent.unix());
    let clear = |info: &Info| {
        !info.response_types.is_empty() && info.response_types.iter().all(|kind| *kind == ResponseType::AllClear)
    };
    let infos = &message.infos;
    match message.kind {
        Kind::Cancel => true,
        Kind::Update => !infos.is_empty() && (infos.iter().all(over) || infos.iter().all(clear)),
        Kind::Alert | Kind::Ack | Kind::Error => false,
    }
}

/// Whether a message ends its event and says that it was a mistake.
#[must_use]
pub fn is_correction(message: &Message) -> bool {
    message.kind == Kind::Update && message.codes.iter().any(|code| code == CORRECTION) && is_lift(message)
}

/// Whether `message` names `other` among its references. The national form names no time of sending.
#[must_use]
pub fn names(message: &Message, other: &Message) -> bool {
    message.references.iter().any(|reference| is_named(reference, other))
}

fn is_named(reference: &MessageRef, other: &Message) -> bool {
    reference.sender == other.sender
        && reference.identifier == other.identifier
        && (reference.sent.unix() == other.sent.unix() || national::is_bare(reference))
}

/// The highest level of a message.
#[must_use]
pub fn level(message: &Message) -> Level {
    message.infos.iter().map(|info| Level::from(info.severity)).max().unwrap_or_default()
}

/// Where a message belongs among `members`: every message of every event that one of its own sender's references leads
/// to, and every message that refers to it; not the message itself.
#[must_use]
pub fn place<E: Clone + PartialEq>(message: &Message, members: &[Member<'_, E>]) -> Place<E> {
    let mut findings: Vec<Finding> = outdated(message, members).into_iter().collect();
    let begins = |change, findings| Place { event: None, change, findings };
    let end = if is_correction(message) { Change::Correction } else { Change::Lift };
    let named = || members.iter().filter(|member| names(message, member.message));
    match message.kind {
        Kind::Alert => return begins(Change::First, findings),
        Kind::Ack | Kind::Error => {
            let event = named().next().map(|member| member.event.clone());
            return Place { event, change: Change::First, findings };
        }
        Kind::Update | Kind::Cancel => {}
    }
    let lift = is_lift(message);
    findings.extend(unknown(message, members));
    let mut events: Vec<&E> = Vec::new();
    for member in named().filter(|member| member.message.sender == message.sender) {
        if !events.contains(&&member.event) {
            events.push(&member.event);
        }
    }
    let of = |event: &E| members.iter().filter(move |member| member.event == *event).collect::<Vec<_>>();
    let (over, open): (Vec<&E>, Vec<&E>) = events.into_iter().partition(|event| is_over(&of(event)));
    let event = match (open.as_slice(), over.first()) {
        ([event], _) => (*event).clone(),
        ([], None) => return begins(if lift { end } else { Change::First }, findings),
        ([], Some(event)) => {
            findings.extend(after_lift(message, &of(event), lift));
            return begins(if lift { end } else { Change::First }, findings);
        }
        (several, _) => {
            findings.push(Finding::refuse(code::EVENT_SEVERAL, "/references").arg("count", several.len()));
            return begins(if lift { end } else { Change::First }, findings);
        }
    };
    let standing: Vec<&Message> = members
        .iter()
        .filter(|member| member.event == event && member.stand == Stand::Standing)
        .map(|member| member.message)
        .filter(|member| matches!(member.kind, Kind::Alert | Kind::Update) && !is_lift(member))
        .collect();
    let newer = standing.iter().filter(|other| other.sent.unix() > message.sent.unix() && !names(message, other));
    findings.extend(newer.map(|other| stands(message, other, lift)));
    let change = if lift { end } else { compare(level(message), standing.iter().map(|other| level(other)).max()) };
    Place { event: Some(event), change, findings }
}

/// A newer message that is here already and refers to this one.
fn outdated<E>(message: &Message, members: &[Member<'_, E>]) -> Option<Finding> {
    if !matches!(message.kind, Kind::Alert | Kind::Update) || is_lift(message) {
        return None;
    }
    let said = |stand| !matches!(stand, Stand::Waiting | Stand::Unsaid);
    let later = members.iter().find(|member| {
        let later = member.message;
        let ends = matches!(later.kind, Kind::Update | Kind::Cancel) && later.sender == message.sender;
        ends && said(member.stand) && names(later, message) && !names(message, later)
    })?;
    Some(stands(message, later.message, false))
}

fn stands(message: &Message, newer: &Message, lift: bool) -> Finding {
    let make = if lift { Finding::advise } else { Finding::refuse };
    let finding = make(code::EVENT_NEWER_STANDS, "/sent").got(&message.sent.to_string());
    finding.arg("newer", &newer.identifier).arg("at", newer.sent)
}

/// References of the message's own sender to what is not here.
fn unknown<E>(message: &Message, members: &[Member<'_, E>]) -> Vec<Finding> {
    let own = message.references.iter().enumerate().filter(|(_, reference)| reference.sender == message.sender);
    let unknown = own.filter(|(_, reference)| !members.iter().any(|member| is_named(reference, member.message)));
    unknown
        .map(|(index, reference)| {
            Finding::advise(code::REFERENCE_UNKNOWN, format!("/references/{index}")).got(&reference.identifier)
        })
        .collect()
}

/// Whether an event was lifted: nothing of it stands, waits or ran out by itself.
fn is_over<E>(members: &[&Member<'_, E>]) -> bool {
    let said = members.iter().filter(|member| matches!(member.message.kind, Kind::Alert | Kind::Update));
    let mut said = said.filter(|member| !is_lift(member.message)).peekable();
    let lifted = members.iter().any(|member| member.stand == Stand::Lifted);
    lifted && said.all(|member| matches!(member.stand, Stand::Lifted | Stand::Superseded | Stand::Unsaid))
}

/// What to say of a message that refers to an event that is over.
fn after_lift<E>(message: &Message, members: &[&Member<'_, E>], lift: bool) -> Option<Finding> {
    let lifts = members.iter().map(|member| member.message).filter(|member| is_lift(member));
    let last = lifts.max_by_key(|lift| lift.sent.unix())?;
    let late = !lift && message.sent.unix() < last.sent.unix();
    let finding = if late {
        Finding::refuse(code::EVENT_LIFTED_SINCE, "/sent").got(&message.sent.to_string())
    } else {
        Finding::advise(code::EVENT_LIFTED, "/references").got(&last.identifier)
    };
    Some(finding.arg("newer", &last.identifier).arg("at", last.sent))
}

fn compare(new: Level, standing: Option<Level>) -> Change {
    match standing {
        Some(old) if old == Level::Unknown || new == Level::Unknown => Change::Update,
        Some(old) if new > old => Change::Raise,
        Some(old) if new < old => Change::Lower,
        _ => Change::Update,
    }
}

/// Whether `new`, released, ends `old`, a member of the same event that has not ended. A message is given with the
/// moment it came in, in any unit.
#[must_use]
pub fn ends((new, came): (&Message, i64), (old, before): (&Message, i64)) -> bool {
    matches!(new.kind, Kind::Update | Kind::Cancel)
        && (names(new, old) || (old.sent.unix(), before) < (new.sent.unix(), came))
}

/// The references a message is given out with: those it came with, and every `member` of its event, oldest first, that
/// had not expired when it was sent (CAP 1.2: all related messages that have not expired).
#[must_use]
pub fn references<'m>(message: &Message, members: impl Iterator<Item = &'m Message>) -> Vec<MessageRef> {
    let mut references = message.references.clone();
    if !matches!(message.kind, Kind::Update | Kind::Cancel) {
        return references;
    }
    for member in members.filter(|member| is_open_at(member, message.sent)) {
        if !references.iter().any(|reference| is_named(reference, member)) {
            references.push(reference(member));
        }
    }
    references
}

/// Whether a message is one that others refer to, and had not expired at a moment.
fn is_open_at(message: &Message, at: Moment) -> bool {
    let said = matches!(message.kind, Kind::Alert | Kind::Update) && !is_lift(message);
    said && message.infos.iter().any(|info| info.expires.is_none_or(|end| end.unix() > at.unix()))
}

/// What names a message.
#[must_use]
pub fn reference(message: &Message) -> MessageRef {
    MessageRef { sender: message.sender.clone(), identifier: message.identifier.clone(), sent: message.sent }
}
