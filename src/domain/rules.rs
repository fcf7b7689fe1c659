//! The rules a message must keep beyond its types. Source: OASIS CAP 1.2, section 3.2, where its text goes further than
//! its schema; the advice follows the validators of Google and of the national profiles.
//!
//! # Decided where the text leaves room
//!
//! | case | answer |
//! | --- | --- |
//! | Alert whose `expires` is not after `sent` | refused: nothing of it could be sent |
//! | Update whose `expires` is not after `sent` | taken: it is a lift |
//! | Cancel, Ack or Error without an info | taken: they need no text |
//! | Alert or Update without an info | refused: it says nothing |
//! | Update, Cancel, Ack or Error without references | refused: it could withdraw nothing |
//! | scope Restricted without restriction | refused: nobody could tell who may see it |
//! | scope Public or Restricted with addresses | taken |
//! | polygon of fewer than four pairs, or without an inside | refused, also where an agency really publishes it |
//! | polygon that touches itself, without edges crossing | taken |
//! | area without a name | refused: it could not be shown |
//! | Alert without `expires`, info without a place, markup in texts, `+00:00` | taken with advice |
//! | actual, sent more than 24 hours ahead of the clock | refused by [`check_at`]: a wrong clock, or forged; advice for an exercise or test, whose script is written ahead |
//! | Alert that is over when it arrives | taken with advice by [`check_at`]; nothing is sent after expiry |

mod alert;
mod info;
mod place;
mod polygon;
mod words;

use super::{
    finding::{Finding, Found, code},
    message::{Kind, Message, Status},
};

/// A path into the JSON form of a message, built only when something is found there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot<'a> {
    above: Option<&'a Spot<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Item(usize),
}

impl Spot<'_> {
    /// The message itself.
    pub(crate) const ROOT: Self = Spot { above: None, step: Step::Root };
}

impl<'a> Spot<'a> {
    /// A field of what is here.
    pub(crate) const fn field(&'a self, name: &'a str) -> Self {
        Self { above: Some(self), step: Step::Field(name) }
    }

    /// An item of the list that is here, counted from 0.
    pub(crate) const fn item(&'a self, index: usize) -> Self {
        Self { above: Some(self), step: Step::Item(index) }
    }

    /// The path as a JSON pointer (RFC 6901).
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = self.above.map(Spot::pointer).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Field(name) => {
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
            Step::Item(index) => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
        }
        pointer
    }

    fn refuse(&self, code: &'static str) -> Finding {
        Finding::refuse(code, self.pointer())
    }

    fn advise(&self, code: &'static str) -> Finding {
        Finding::advise(code, self.pointer())
    }
}

/// Which fields that other fields are compared with could be read. Where one could not, a stand-in is in the message
/// and no rule may be judged by it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) sent: bool,
    pub(crate) kind: bool,
    pub(crate) scope: bool,
    /// Written by the sender, and not filled in by us.
    pub(crate) identifier_given: bool,
    pub(crate) sent_given: bool,
}

impl Known {
    pub(crate) const EVERYTHING: Self =
        Self { sent: true, kind: true, scope: true, identifier_given: true, sent_given: true };
}

/// Everything a message breaks, with paths into the JSON form.
#[must_use]
pub fn check(message: &Message) -> Vec<Finding> {
    check_known(message, Known::EVERYTHING)
}

/// As [`check`], for a message of which some fields could not be read.
pub(crate) fn check_known(message: &Message, known: Known) -> Vec<Finding> {
    let mut found = Found::default();
    alert::check(message, known, &mut found);
    let mut comparisons = polygon::COMPARISONS;
    let infos = Spot::ROOT.field("infos");
    for (index, item) in message.infos.iter().enumerate() {
        let spot = infos.item(index);
        info::check(item, message, known, &spot, &mut found);
        place::check(item, &spot, &mut comparisons, &mut found);
    }
    info::check_languages(&message.infos, &infos, &mut found);
    found.into_vec()
}

/// What a caller asks of a message besides the rules; it gets the message as far as it could be read.
pub(crate) type Further<'a> = &'a dyn Fn(&Message, Known) -> Vec<Finding>;

/// As [`check_known`], and everything `further` finds, so that all of it is told at once.
pub(crate) fn check_further(message: &Message, known: Known, further: Further<'_>) -> Vec<Finding> {
    let more = further(message, known);
    let mut found = check_known(message, known);
    // The law's demand says the same at the same place, and more.
    let demanded = |finding: &Finding| {
        let same = |other: &Finding| other.code == code::ITEM_AREA_MISSING && other.at.path == finding.at.path;
        finding.code == code::AREA_MISSING && more.iter().any(same)
    };
    found.retain(|finding| !demanded(finding));
    let mut all = Found::default();
    found.into_iter().chain(more).for_each(|finding| all.push(finding));
    all.into_vec()
}

/// How far ahead of our clock a message may say it was sent, in seconds: clocks differ, offsets are mistaken by hours.
const FUTURE: i64 = 24 * 3600;

/// What depends on the time it is: `now` in seconds since 1970. Paths lead into the JSON form.
#[must_use]
pub fn check_at(message: &Message, now: i64) -> Vec<Finding> {
    let mut found = Found::default();
    if message.sent.unix() > now + FUTURE {
        let sent = Spot::ROOT.field("sent");
        // The script of an exercise or test is written ahead, with the times of its scene.
        let finding = match message.status {
            Status::Exercise | Status::Test => sent.advise(code::SENT_IN_FUTURE),
            _ => sent.refuse(code::SENT_IN_FUTURE),
        };
        found.push(finding.got(&message.sent.to_string()));
    }
    let infos = Spot::ROOT.field("infos");
    for (index, info) in message.infos.iter().enumerate() {
        if let Some(end) = info.expires.filter(|end| message.kind == Kind::Alert && end.unix() <= now) {
            let spot = infos.item(index);
            found.push(spot.field("expires").advise(code::ALREADY_EXPIRED).got(&end.to_string()));
        }
    }
    found.into_vec()
}

#[cfg(test)]
mod tests;
