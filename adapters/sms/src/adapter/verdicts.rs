//! From what became of requests to a verdict for each recipient.

use fenghuo_contract::{Cause, Class, Fault, Reference, Verdict};

use crate::{
    link::{Done, Outcome},
    protocol::{Answer, Protocol},
    receipt::{Flight, reference},
};

/// How the requests of a submit belong to its recipients.
pub(super) struct Reading<'a> {
    pub(super) protocol: &'a dyn Protocol,
    pub(super) segments: usize,
    /// The numbers, where submits have several.
    pub(super) numbers: &'a [Box<str>],
    /// Where each group of numbers ends.
    pub(super) ends: &'a [usize],
    pub(super) count: usize,
}

impl Reading<'_> {
    /// One verdict for each number.
    ///
    /// # Errors
    /// The fault for which nothing of it was written.
    pub(super) fn verdicts(&self, done: Done, flight: Option<&Flight<'_>>) -> Result<Vec<Verdict>, Fault> {
        let Done { outcomes, fault, .. } = done;
        let fault = fault.unwrap_or_else(|| Fault::Transient(Cause::new("LOST", "there was no answer")));
        if outcomes.iter().all(|outcome| *outcome == Outcome::Unsent) {
            return Err(fault);
        }
        let mut verdicts = Vec::with_capacity(self.count);
        let mut outcomes = outcomes.into_iter();
        let mut start = 0;
        for end in self.ends {
            let group = outcomes.by_ref().take(self.segments);
            if self.numbers.is_empty() {
                verdicts.push(self.verdict(group, Recipient { number: None, alone: true }, &fault, flight));
            } else {
                let group: Vec<Outcome> = group.collect();
                let several = &self.numbers[start..*end];
                let to = |to| Recipient { number: Some(to), alone: several.len() == 1 };
                verdicts.extend(
                    several.iter().map(|number| self.verdict(group.iter().cloned(), to(&**number), &fault, flight)),
                );
            }
            start = *end;
        }
        Ok(verdicts)
    }

    /// All segments of one recipient: a segment in doubt leaves the message in doubt, a segment that was refused speaks for
    /// the message.
    fn verdict(
        &self,
        outcomes: impl Iterator<Item = Outcome>,
        to: Recipient<'_>,
        fault: &Fault,
        flight: Option<&Flight<'_>>,
    ) -> Verdict {
        // A message of one segment has one name, and nobody asks for those of others.
        let (mut first, mut names) = (None, Vec::new());
        let (mut refused, mut in_doubt, mut unsent, mut nameless) = (None, false, false, false);
        for outcome in outcomes {
            match self.answer(outcome, to) {
                Heard::Name(name) => {
                    if flight.is_some() {
                        names.push(name.clone());
                    }
                    first.get_or_insert(name);
                }
                Heard::Nameless => nameless = true,
                Heard::Refused(status, of_it) => refused = refused.or(Some((status, of_it))),
                Heard::InDoubt => in_doubt = true,
                Heard::Unsent => unsent = true,
            }
        }
        if in_doubt {
            return Verdict::InDoubt(cause(fault));
        }
        if let Some((status, of_it)) = refused {
            return self.refused(status, of_it);
        }
        if unsent {
            return match fault {
                // What was written of it is answered: the rest of the message is known not to have been taken.
                Fault::InDoubt(cause) => Verdict::Transient(cause.clone()),
                fault => fault.verdict(),
            };
        }
        if nameless {
            return Verdict::Accepted(None);
        }
        if let Some(flight) = flight.filter(|_| !names.is_empty()) {
            flight.accepted(&names);
        }
        Verdict::Accepted(first)
    }

    fn answer(&self, outcome: Outcome, to: Recipient<'_>) -> Heard {
        let named = |id: Option<Reference>| id.map_or(Heard::Nameless, |id| Heard::Name(name(id, to.number)));
        match outcome {
            Outcome::Unsent => Heard::Unsent,
            Outcome::Unanswered => Heard::InDoubt,
            Outcome::Answered(Answer::Taken(id)) => named(id),
            Outcome::Answered(Answer::Refused(status)) => Heard::Refused(status, to.alone),
            Outcome::Answered(Answer::Partly(id, left_out)) => {
                let status =
                    left_out.iter().find(|(number, _)| Some(&**number) == to.number).map(|(_, status)| *status);
                status.map_or_else(|| named(id), |status| Heard::Refused(status, true))
            }
        }
    }

    /// A refusal of the recipient that was said of a submit to several speaks of one of them, nobody knows which.
    fn refused(&self, status: u32, of_it: bool) -> Verdict {
        let refusal = self.protocol.refusal(status);
        match refusal.class {
            Class::Recipient if !of_it => Verdict::Transient(refusal.cause),
            Class::Accepted => Verdict::Accepted(None),
            class => class.verdict(refusal.cause, None),
        }
    }
}

/// One recipient of a submit.
#[derive(Clone, Copy)]
struct Recipient<'a> {
    /// The number, where submits have several.
    number: Option<&'a str>,
    /// Whether the submit is for this one alone.
    alone: bool,
}

/// What was heard about one segment to one recipient.
enum Heard {
    Name(Reference),
    Nameless,
    /// A status, and whether it speaks of this recipient alone.
    Refused(u32, bool),
    InDoubt,
    Unsent,
}

fn name(id: Reference, to: Option<&str>) -> Reference {
    if to.is_some() { reference(&id, to) } else { id }
}

fn cause(fault: &Fault) -> Cause {
    match fault {
        Fault::Misconfigured(cause)
        | Fault::Throttled { cause, .. }
        | Fault::Transient(cause)
        | Fault::InDoubt(cause) => cause.clone(),
    }
}
