//! From the answers to requests to withdraw segments to what became of messages.

use fenghuo_contract::{Cause, Class, Fault, Reference, Withdrawal, Withdrawn};

use super::no_number;
use crate::{
    link::{Done, Outcome},
    protocol::{Answer, Protocol},
    receipt::Correlation,
};

/// What is asked about some messages: every segment of each, as far as the segments are known.
pub(super) struct Asking {
    pub(super) requests: Vec<(Reference, Box<str>)>,
    /// Requests of each message, in their order; 0 where its address is no number.
    of_each: Vec<usize>,
}

impl Asking {
    pub(super) fn new(messages: &[Withdrawal], protocol: &dyn Protocol, correlation: &Correlation) -> Self {
        let mut asking = Self { requests: Vec::new(), of_each: Vec::with_capacity(messages.len()) };
        for message in messages {
            let before = asking.requests.len();
            if let Some(to) = protocol.destination(&message.address) {
                let names = correlation.names(&message.reference);
                asking.requests.extend(names.into_iter().map(|name| (name, to.clone())));
            }
            asking.of_each.push(asking.requests.len() - before);
        }
        asking
    }

    /// The answers when there was nothing to ask.
    pub(super) fn without_requests(&self) -> Vec<Withdrawn> {
        self.of_each.iter().map(|_| Withdrawn::Kept(no_number())).collect()
    }

    /// One answer a message: it is gone when every segment is.
    ///
    /// # Errors
    /// A fault that every request met.
    pub(super) fn answers(&self, done: Done, protocol: &dyn Protocol) -> Result<Vec<Withdrawn>, Fault> {
        let Done { outcomes, fault, .. } = done;
        if let Some(fault) = fault.clone().filter(|_| outcomes.iter().all(|outcome| *outcome == Outcome::Unsent)) {
            return Err(fault);
        }
        let silence = match fault {
            Some(Fault::Misconfigured(cause) | Fault::Transient(cause) | Fault::InDoubt(cause))
            | Some(Fault::Throttled { cause, .. }) => cause,
            None => Cause::new("TIMEOUT", "no answer in time"),
        };
        let told: Vec<Told> = outcomes.iter().map(|outcome| Told::of(outcome, protocol, &silence)).collect();
        for class in [Class::Misconfigured, Class::Throttled] {
            let met = |told: &Told| matches!(told, Told::Refused(other, _) if *other == class);
            if told.iter().all(met)
                && let Some(Told::Refused(_, cause)) = told.first()
            {
                let cause = cause.clone();
                let throttled = class == Class::Throttled;
                return Err(if throttled {
                    Fault::Throttled { after: None, cause }
                } else {
                    Fault::Misconfigured(cause)
                });
            }
        }
        let mut told = told.into_iter();
        let mut next = |requests: usize| {
            let all: Vec<Told> = told.by_ref().take(requests).collect();
            message(&all)
        };
        Ok(self.of_each.iter().map(|requests| next(*requests)).collect())
    }
}

/// What one request was answered.
#[derive(Clone)]
enum Told {
    Gone,
    Refused(Class, Cause),
    Nothing(Cause),
}

impl Told {
    fn of(outcome: &Outcome, protocol: &dyn Protocol, silence: &Cause) -> Self {
        match outcome {
            Outcome::Answered(Answer::Refused(status)) => {
                let refusal = protocol.refusal(*status);
                Self::Refused(refusal.class, refusal.cause)
            }
            Outcome::Answered(_) => Self::Gone,
            Outcome::Unsent | Outcome::Unanswered => Self::Nothing(silence.clone()),
        }
    }
}

/// What the answers about its segments say of a message. One that stays is enough for it not to be gone.
fn message(told: &[Told]) -> Withdrawn {
    let refused = told.iter().find_map(|told| match told {
        Told::Refused(_, cause) => Some(Withdrawn::Kept(cause.clone())),
        _ => None,
    });
    let silent = told.iter().find_map(|told| match told {
        Told::Nothing(cause) => Some(Withdrawn::Unknown(cause.clone())),
        _ => None,
    });
    let whole = if told.is_empty() { Withdrawn::Kept(no_number()) } else { Withdrawn::Gone };
    refused.or(silent).unwrap_or(whole)
}
