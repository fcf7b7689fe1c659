use std::borrow::Cow;

use super::Problems;
use crate::text::Coding;

/// How a text becomes short messages: section `text` of a route's settings. Every key has a default.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Text {
    /// Signature in front of every text, brackets included, for example `【松北应急】`; counted with the text. A text that
    /// begins with it gets no second one. Default: none.
    pub signature: String,
    /// The provider puts the signature there: it is not sent, but counted, and room is left for it. Default no.
    pub signature_by_provider: bool,
    /// Segments of one message at most, 1 to 255: a longer text gives way to its short form, and is refused without one.
    /// Default 8.
    pub segments_max: usize,
    /// Codings in order of preference; a text goes out in the first that has all its characters. Default: what the protocol
    /// says, its Unicode last.
    pub codings: Option<Vec<Coding>>,
    /// How the segments of a long text are told to belong together. Default `udh8`.
    pub long: Long,
    /// Segments of long messages remembered until their receipts are complete, 1000 to 100000000, some 100 bytes each.
    /// Default 1000000.
    pub segments_remembered: usize,
    /// What stands for `codings` when nothing was said.
    #[serde(skip)]
    pub(crate) usual: &'static [Coding],
}

/// How the segments of a long text are told to belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Long {
    /// By a header in the text with an 8-bit reference: 67 hanzi a segment. Every handset knows it.
    #[default]
    Udh8,
    /// By a header with a 16-bit reference: 66 hanzi a segment.
    Udh16,
    /// By the parameters `sar_msg_ref_num`, `sar_total_segments`, `sar_segment_seqnum` (SMPP): 67 hanzi a segment.
    Sar,
    /// Not at all: the whole text goes to the provider in `message_payload` (SMPP), which segments it. One receipt.
    Payload,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            signature: String::new(),
            signature_by_provider: false,
            segments_max: 8,
            codings: None,
            long: Long::default(),
            segments_remembered: 1_000_000,
            usual: &[Coding::Ucs2],
        }
    }
}

impl Text {
    /// Codings in order of preference.
    pub(crate) fn codings(&self) -> &[Coding] {
        self.codings.as_deref().unwrap_or(self.usual)
    }

    /// The text with the signature in front.
    pub(crate) fn signed<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.signature.is_empty() || text.starts_with(&self.signature) {
            return Cow::Borrowed(text);
        }
        Cow::Owned(format!("{}{text}", self.signature))
    }

    /// The most characters of a text that could go out, in whichever coding.
    pub(crate) fn characters_max(&self) -> usize {
        let signature = self.signature.chars().count();
        let fit = |coding: &Coding| coding.characters_max(self.segments_max, self.long).saturating_sub(signature);
        self.codings().iter().map(fit).max().unwrap_or_default().max(1)
    }

    /// Checks against what the protocol can carry, and remembers its usual codings.
    pub(crate) fn check(
        &self,
        usual: &'static [Coding],
        able: &[Coding],
        longs: &[Long],
        problems: &mut Problems,
    ) -> Self {
        let most = (1..=255).contains(&self.segments_max);
        problems.unless(most, "text.segments_max", "须为 1 至 255", "must be 1 to 255");
        let key = "text.segments_remembered";
        let good = (1_000..=100_000_000).contains(&self.segments_remembered);
        problems.unless(good, key, "须为 1000 至 100000000", "must be 1000 to 100000000");
        let codings = self.codings.as_deref().unwrap_or(usual);
        let good = !codings.is_empty() && codings.iter().all(|coding| able.contains(coding));
        problems.unless(
            good,
            "text.codings",
            "为空，或本协议没有其中的编码",
            "is empty, or names one the protocol lacks",
        );
        problems.unless(longs.contains(&self.long), "text.long", "本协议没有这种方式", "the protocol has no such way");
        let key = "text.signature";
        let length = self.signature.chars().count();
        problems.unless(length <= 40, key, "最多 40 个字", "must be 40 characters at most");
        let carried = self.signature.is_empty() || codings.iter().any(|coding| coding.carries(&self.signature));
        problems.unless(carried, key, "没有一种编码能写它", "no coding can write it");
        Self { usual, ..self.clone() }
    }
}
