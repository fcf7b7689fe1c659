//! What the protocols of the three mainland carriers have in common beyond their fields: numbers, codings, the words of
//! reports, parts of long texts.

mod number;
mod part;

use std::sync::atomic::{AtomicU32, Ordering};

use bytes::{BufMut, BytesMut};
use fenghuo_contract::{Cause, Class, CodeTable, Content, Urgency};
use md5::{Digest, Md5};

pub(crate) use number::{international, national};
pub(crate) use part::fragment;

use crate::{
    beijing,
    protocol::{Segment, State},
    settings::{Long, Problems},
    text::{Coding, Plan},
};

/// Codings the three protocols have.
pub(crate) const CODINGS: [Coding; 3] = [Coding::Ascii, Coding::Ucs2, Coding::Gbk];

/// How long texts are told to belong together in them.
pub(crate) const LONGS: [Long; 2] = [Long::Udh8, Long::Udh16];

/// Hours a message may live at most where the route says nothing: gateways keep none longer, and some refuse what asks for
/// more.
pub(crate) const VALIDITY_HOURS: u32 = 48;

/// The number of a coding in Msg_Fmt, MessageCoding and MsgFormat.
pub(crate) const fn format(coding: Coding) -> u8 {
    match coding {
        Coding::Ascii | Coding::Gsm7 | Coding::Latin1 => 0,
        Coding::Ucs2 => 8,
        Coding::Gbk => 15,
    }
}

/// The coding of what people write. A class of message in the lower bits (flash) does not change the alphabet.
pub(crate) const fn coding(format: u8) -> Coding {
    match format {
        15 => Coding::Gbk,
        _ if format & 0x0C == 8 => Coding::Ucs2,
        _ => Coding::Ascii,
    }
}

/// The step of a priority by the level of the warning; `most` is the highest the protocol has.
pub(crate) fn priority(urgency: Urgency, most: u8) -> u8 {
    let third = match urgency {
        Urgency::Unknown | Urgency::Low => 0,
        Urgency::Medium => 1,
        Urgency::High => 2,
        Urgency::Highest => 3,
    };
    most / 3 * third
}

/// Until when a content is worth delivering, in the form the protocols share; empty with `hours` = 0, which leaves it to the
/// gateway.
pub(crate) fn valid_until(content: &Content, now: i64, hours: u32) -> Box<str> {
    if hours == 0 {
        return Box::default();
    }
    let most = now.saturating_add(i64::from(hours) * 3600);
    beijing::absolute(content.expires_at.min(most)).into()
}

/// What a Stat says, by the code table: taken means delivered, in doubt that nothing is final yet. What the table does not know
/// counts as failed, with the carrier's own word. Words begin with a capital, so that no status of an answer is taken for one.
pub(crate) fn state(codes: &CodeTable, stat: &str) -> State {
    let meaning = codes.find(stat).filter(|_| stat.starts_with(|first: char| first.is_ascii_uppercase()));
    match meaning {
        Some(meaning) if meaning.class == Class::Accepted => State::Delivered,
        Some(meaning) if meaning.class == Class::InDoubt => State::Pending,
        Some(meaning) => State::Failed(Cause::new(stat, &meaning.en)),
        None => State::Failed(Cause::new(stat, "a state no table knows")),
    }
}

/// Sequence numbers for one connection after the other, each with more than it uses before the next but many: gateways
/// refuse, or silently discard, a number they have seen a while ago, and know no connections in it.
#[derive(Debug)]
pub(crate) struct Numbers(AtomicU32);

impl Numbers {
    /// Numbers of one connection.
    const BLOCK: u32 = 1 << 20;

    /// Begins where `seed` says, so that two processes in a row differ.
    pub(crate) fn new(seed: u64) -> Self {
        let [.., high, low] = seed.to_be_bytes();
        Self(AtomicU32::new(u32::from_be_bytes([high, low, 0, 1])))
    }

    /// The first number of the next connection.
    pub(crate) fn next(&self) -> u32 {
        self.0.fetch_add(Self::BLOCK, Ordering::Relaxed)
    }
}

/// A segment of a text with its place and its header.
pub(crate) struct Part {
    /// Segments of the whole text.
    pub(crate) total: u8,
    /// Which this is, from 1.
    pub(crate) number: u8,
    /// User data header, where there are several, and text.
    pub(crate) content: Vec<u8>,
}

impl Part {
    /// TP_udhi: 1 when the content begins with a header.
    pub(crate) fn udhi(&self) -> u8 {
        u8::from(self.total > 1)
    }
}

/// The segments of a plan ready for the content fields.
pub(crate) fn parts(plan: &Plan<'_>, long: Long, reference: u16) -> impl Iterator<Item = Part> {
    let total = u8::try_from(plan.segments.len()).unwrap_or(u8::MAX);
    (1..=total).zip(&plan.segments).map(move |(number, text)| {
        let header = if total > 1 { long.header(reference, total, number) } else { Vec::new() };
        Part { total, number, content: [&*header, text].concat() }
    })
}

/// MD5 over some fields in a row, as CMPP and SMGP prove with it that both sides know the secret.
pub(crate) fn digest(fields: &[&[u8]]) -> [u8; 16] {
    let mut digest = Md5::new();
    fields.iter().for_each(|field| digest.update(field));
    digest.finalize().into()
}

/// Writes a submit: a header without its length, the fields before the numbers, the numbers, the fields after them.
pub(crate) fn submit(header: &[u8], segment: &Segment, to: &[Box<str>], width: usize, out: &mut BytesMut) {
    let length = 4 + header.len() + segment.head.len() + 1 + to.len() * width + segment.tail.len();
    out.reserve(length);
    out.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    out.put_slice(header);
    out.put_slice(&segment.head);
    out.put_u8(u8::try_from(to.len()).unwrap_or(u8::MAX));
    for number in to {
        let digits = &number.as_bytes()[..number.len().min(width)];
        out.put_slice(digits);
        out.put_bytes(0, width - digits.len());
    }
    out.put_slice(&segment.tail);
}

/// Checks that a setting fits its field: visible ASCII, from `least` to `most` characters.
pub(crate) fn check_field(problems: &mut Problems, key: &str, value: &str, least: usize, most: usize) {
    let good = (least..=most).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic());
    let (zh, en) =
        (format!("须为 {least} 至 {most} 个 ASCII 字符"), format!("must be {least} to {most} ASCII characters"));
    problems.unless(good, key, &zh, &en);
}

#[cfg(test)]
mod gateways;
#[cfg(test)]
pub(crate) mod tests;
