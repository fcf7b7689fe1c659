//! Receipts: by parameters, or by the text of SMPP 3.4 appendix B, which every message centre writes in its own way.

use std::{borrow::Cow, sync::Arc};

use fenghuo_contract::{Cause, CodeTable, Reference};
use jiff::{civil::DateTime, tz::Offset};

use super::{Manner, MsgidFormat, pdu::Delivered};
use crate::protocol::{Report, State};

/// Message type bits of `esm_class`.
const TYPE: u8 = 0x3C;

/// A delivery receipt.
const RECEIPT: u8 = 0x04;

/// An intermediate notification.
const INTERMEDIATE: u8 = 0x20;

/// Whether the message centre speaks, not a person: receipts, notifications, acknowledgements of the handset.
pub(super) fn is_word_of_the_centre(esm_class: u8) -> bool {
    esm_class & TYPE != 0
}

/// The report in it; `None` when it is none, or names no message.
pub(super) fn of(delivered: &Delivered<'_>, manner: &Manner, codes: &Arc<CodeTable>) -> Option<Report> {
    let kind = delivered.esm_class & TYPE;
    if kind != RECEIPT && kind != INTERMEDIATE && delivered.receipted_id.is_none() {
        return None;
    }
    let text = Text::read(delivered.body);
    let id = delivered.receipted_id.filter(|id| !id.is_empty()).or(text.id)?;
    let word = match delivered.state {
        Some(state) => state_word(state),
        None => text.state.unwrap_or_default(),
    };
    let told = || text.error.filter(|error| error.bytes().any(|byte| byte != b'0')).map(str::to_owned);
    let error = || delivered.network_error.map(|error| error.to_string()).or_else(told);
    let state = if kind == INTERMEDIATE { State::Pending } else { state(word, error, codes) };
    let id = Reference::new(self::id(id, manner.msgid_format, Side::Receipt));
    Some(Report {
        id,
        to: delivered.source.into(),
        state,
        at: text.done.and_then(|done| moment(done, manner.utc_offset_minutes)),
    })
}

/// SMPP 5.0 §4.7.15, in the words of the text.
fn state_word(state: u8) -> &'static str {
    match state {
        2 => "DELIVRD",
        3 => "EXPIRED",
        4 => "DELETED",
        5 => "UNDELIV",
        8 => "REJECTD",
        9 => "SKIPPED",
        // Scheduled, on its way, accepted, unknown, and what no version names: nothing final.
        _ => "ENROUTE",
    }
}

/// A word the table does not know is nothing final: it must not become a failure by guess.
fn state(word: &str, error: impl FnOnce() -> Option<String>, codes: &CodeTable) -> State {
    if word.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("DELIV")) {
        return State::Delivered;
    }
    let word = &word.to_ascii_uppercase();
    let Some(meaning) = codes.find(&format!("stat {word}")) else { return State::Pending };
    let code = error().map_or_else(|| word.clone(), |error| format!("{word} {error}"));
    State::Failed(Cause::new(&code, &meaning.en))
}

/// What the text says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Text<'a> {
    id: Option<&'a [u8]>,
    state: Option<&'a str>,
    error: Option<&'a str>,
    done: Option<&'a str>,
}

impl<'a> Text<'a> {
    /// Keys in any case and order, at the start or after a space, values up to the next space; one may be missing, and the
    /// next key is not it. What follows `text:` is the message itself. Of keys that come twice the first counts.
    fn read(body: &'a [u8]) -> Self {
        let mut read = Self::default();
        let mut seen = [false; 4];
        let mut rest = body;
        loop {
            if starts(rest, b"text:") {
                return read;
            }
            let key =
                KEYS.iter().position(|key| starts(rest, key)).filter(|key| !std::mem::replace(&mut seen[*key], true));
            if let Some(key) = key {
                let value = value(&rest[KEYS[key].len()..]);
                let word = value.and_then(|value| str::from_utf8(value).ok());
                match key {
                    0 => read.id = value,
                    1 => read.state = word,
                    2 => read.error = word,
                    _ => read.done = word,
                }
            }
            let Some(space) = rest.iter().position(u8::is_ascii_whitespace) else { return read };
            rest = &rest[space + 1..];
        }
    }
}

const KEYS: [&[u8]; 4] = [b"id:", b"stat:", b"err:", b"done date:"];

fn starts(text: &[u8], key: &[u8]) -> bool {
    text.get(..key.len()).is_some_and(|start| start.eq_ignore_ascii_case(key))
}

/// The word behind a key.
fn value(after: &[u8]) -> Option<&[u8]> {
    let start = after.iter().position(|byte| *byte != b' ')?;
    let value = after[start..].split(|byte| byte.is_ascii_whitespace() || *byte == 0).next()?;
    (!value.is_empty() && !value.contains(&b':')).then_some(value)
}

/// `YYMMDDhhmm` with or without seconds, or with a century in front, to milliseconds since 1970.
fn moment(text: &str, utc_offset_minutes: i32) -> Option<i64> {
    let text = if text.len() == 14 { text.get(2..)? } else { text };
    let two = |place: usize| text.get(place..place + 2)?.parse::<i8>().ok();
    let seconds = if text.len() >= 12 { two(10)? } else { 0 };
    let date = DateTime::new(2000 + i16::from(two(0)?), two(2)?, two(4)?, two(6)?, two(8)?, seconds, 0).ok()?;
    let offset = Offset::from_seconds(utc_offset_minutes * 60).ok()?;
    Some(offset.to_timestamp(date).ok()?.as_millisecond())
}

/// Where an id was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// In the answer to a submit.
    Answer,
    /// In a receipt.
    Receipt,
}

/// An id in the form in which answers and receipts agree: where they differ in their base, the decimal number.
pub(super) fn id(id: &[u8], format: MsgidFormat, side: Side) -> Cow<'_, [u8]> {
    let radix = match (format, side) {
        (MsgidFormat::AsIs, _) => return id.into(),
        (MsgidFormat::Loose, _) => return loose(id).into(),
        (MsgidFormat::HexThenDecimal, Side::Answer) | (MsgidFormat::DecimalThenHex, Side::Receipt) => 16,
        (MsgidFormat::HexThenDecimal, Side::Receipt) | (MsgidFormat::DecimalThenHex, Side::Answer) => 10,
    };
    let number = std::str::from_utf8(id).ok().and_then(|text| u128::from_str_radix(text, radix).ok());
    number.map_or_else(|| loose(id), |number| number.to_string().into_bytes()).into()
}

fn loose(id: &[u8]) -> Vec<u8> {
    let zeros = id.iter().take_while(|byte| **byte == b'0').count().min(id.len().saturating_sub(1));
    id[zeros..].to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_many_message_centres_are_read() {
        for (text, id, state, error, done) in [
            (
                "id:0123456789 sub:001 dlvrd:001 submit date:2611301200 done date:2611301201 stat:DELIVRD err:000 text:id:9",
                Some("0123456789"),
                Some("DELIVRD"),
                Some("000"),
                Some("2611301201"),
            ),
            (
                "ID: a-1  Stat:UNDELIV Err: 045 Done Date:261130120159",
                Some("a-1"),
                Some("UNDELIV"),
                Some("045"),
                Some("261130120159"),
            ),
            ("stat:EXPIRED id:7", Some("7"), Some("EXPIRED"), None, None),
            ("id: sub:001 stat:DELIVRD err: text:", None, Some("DELIVRD"), None, None),
            ("Text:id:5 stat:DELIVRD", None, None, None, None),
            ("grid:5 restat:X", None, None, None, None),
            ("", None, None, None, None),
        ] {
            let expected = Text { id: id.map(str::as_bytes), state, error, done };
            assert_eq!(Text::read(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn dates_are_read_in_the_zone_of_the_message_centre() {
        // 2026-11-30 12:01 in Beijing.
        let noon = 1_796_011_260_000;
        assert_eq!(moment("2611301201", 480), Some(noon));
        assert_eq!(moment("261130120130", 480), Some(noon + 30_000));
        assert_eq!(moment("20261130120130", 480), Some(noon + 30_000));
        assert_eq!(moment("2611300401", 0), Some(noon));
        for bad in ["", "26113", "2613301201", "261130120", "abcdefghij", "二六一一三"] {
            assert_eq!(moment(bad, 480), None, "{bad}");
        }
    }

    #[test]
    fn ids_agree_however_they_are_written() {
        use MsgidFormat::{AsIs, DecimalThenHex, HexThenDecimal, Loose};
        for (format, answer, receipt, agree) in [
            (AsIs, "a1", "a1", true),
            (AsIs, "a1", "A1", false),
            (AsIs, "01", "1", false),
            (Loose, "00a1", "A1", true),
            (Loose, "0000", "0", true),
            (Loose, "a1", "a2", false),
            (HexThenDecimal, "1A", "26", true),
            (HexThenDecimal, "0000001a", "0026", true),
            (HexThenDecimal, "26", "26", false),
            (HexThenDecimal, "x-1", "X-1", true),
            (DecimalThenHex, "26", "1A", true),
            (DecimalThenHex, "0026", "1a", true),
        ] {
            let (answer, receipt) =
                (id(answer.as_bytes(), format, Side::Answer), id(receipt.as_bytes(), format, Side::Receipt));
            assert_eq!(answer == receipt, agree, "{format:?} {answer:?} {receipt:?}");
        }
    }
}
