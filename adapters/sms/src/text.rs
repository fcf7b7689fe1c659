//! What a text takes on the air: coding and segments. Nothing is ever cut, and no character is split between segments.

mod coding;
mod gsm7;
pub(crate) mod header;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use fenghuo_contract::{Cause, Content, Fit};

pub use coding::Coding;
pub(crate) use gsm7::{pack, unpack};

use crate::settings::{Long, Text};

/// A text laid out for the air.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan<'a> {
    /// How its characters are written.
    pub(crate) coding: Coding,
    /// User data of each segment, without its header; septets in GSM 7-bit, one to a byte. At least one. A signature the
    /// provider adds is not in it, but room for it is left.
    pub(crate) segments: Vec<Vec<u8>>,
    /// What a reader sees, signature included.
    pub(crate) text: Cow<'a, str>,
}

impl<'a> Plan<'a> {
    /// Lays out the text of a content, or its short form where the text takes too many segments, with room below it for an
    /// address at which its reader confirms, where readers are given one.
    ///
    /// # Errors
    /// The [`Cause`] for which the content is refused.
    pub(crate) fn new(content: &'a Content, settings: &Text) -> Result<Self, Cause> {
        let sample = Some(&*content.confirm_sample).filter(|sample| !sample.is_empty());
        Self::of(Self::form(content, settings, sample)?, settings, sample)
    }

    /// The same for one reader, with the address at which this one confirms. Which of the two forms goes out is decided with
    /// the longest address there can be, so that it is the form that was signed for all.
    ///
    /// # Errors
    /// The [`Cause`] for which the content is refused.
    pub(crate) fn personal(content: &'a Content, settings: &Text, confirm: &str) -> Result<Self, Cause> {
        let longest = if content.confirm_sample.len() > confirm.len() { &*content.confirm_sample } else { confirm };
        match Self::form(content, settings, Some(longest)) {
            Ok(form) => Self::of(form, settings, Some(confirm)),
            // Nobody counted on a link when this was signed: the words go out without.
            Err(_) if content.confirm_sample.is_empty() => Self::new(content, settings),
            Err(cause) => Err(cause),
        }
    }

    /// The text, or the short form where the text takes too many segments.
    fn form(content: &'a Content, settings: &Text, confirm: Option<&str>) -> Result<&'a str, Cause> {
        let takes = |text: &'a str| Self::of(text, settings, confirm).map(|plan| plan.segments.len());
        let long = takes(&content.text)?;
        if long <= settings.segments_max {
            return Ok(&content.text);
        }
        if !content.short.is_empty() && takes(&content.short)? <= settings.segments_max {
            return Ok(&content.short);
        }
        let (most, link) =
            (settings.segments_max, if confirm.is_some() { " with the address to confirm at" } else { "" });
        let text = format!("the text takes {long} segments{link}, at most {most} are allowed, and no short form fits");
        Err(Cause::new("TOO-LONG", &text))
    }

    fn of(text: &'a str, settings: &Text, confirm: Option<&str>) -> Result<Self, Cause> {
        let mut text = settings.signed(text);
        if let Some(confirm) = confirm {
            // Below the signed words and nowhere in them.
            text = Cow::Owned(format!("{text}\n{confirm}"));
        }
        let coding = settings.codings().iter().copied().find(|coding| coding.carries(&text));
        let coding = coding.ok_or_else(|| Cause::new("CODING", "no coding of this route carries the text"))?;
        let mut segments = coding.segments(&text, settings.long);
        if settings.signature_by_provider {
            let added = coding.length(&settings.signature);
            let first = &mut segments[0];
            first.drain(..added.min(first.len()));
        }
        Ok(Self { coding, segments, text })
    }

    /// The user data in one piece, for providers that segment themselves.
    pub(crate) fn whole(&self) -> Vec<u8> {
        self.segments.concat()
    }

    pub(crate) fn fit(&self) -> Fit {
        Fit { segments: self.segments.len(), text: self.text.clone().into_owned() }
    }
}

impl Long {
    /// Octets of the 140 that the header of a segment takes.
    pub(crate) const fn overhead(self) -> usize {
        match self {
            Self::Udh8 | Self::Sar | Self::Payload => 6,
            Self::Udh16 => 7,
        }
    }

    /// The header of segment `number` (from 1) of `total`, length byte included (3GPP TS 23.040 §9.2.3.24.1 and .8); empty
    /// where the segments are told apart otherwise.
    pub(crate) fn header(self, reference: u16, total: u8, number: u8) -> Vec<u8> {
        let [high, low] = reference.to_be_bytes();
        match self {
            Self::Udh8 => vec![5, 0, 3, low, total, number],
            Self::Udh16 => vec![6, 8, 4, high, low, total, number],
            Self::Sar | Self::Payload => Vec::new(),
        }
    }
}
