use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use crate::{Address, Cause};

/// What is to be shown to a person, already rendered for one channel, one language and one variant.
///
/// A channel uses the parts it has a place for and never shortens any of them: text that does not fit is refused with
/// [`Verdict::refused_content`](crate::Verdict::refused_content).
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Content {
    /// BCP 47 tag of the language of the texts, for example `zh-CN`.
    pub language: String,
    /// Subject of a mail, title of a push message or of a screen; empty where the channel has none.
    pub title: String,
    /// The text itself, complete.
    pub text: String,
    /// A shorter form of `text` that was signed together with it; empty when there is none. It goes out where `text` does
    /// not fit, and only there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub short: String,
    /// What the texts say, as named single values (`hazard`, `level`, `area`, `issuer`, `time` …), for providers that carry
    /// nothing but templates they approved before. Which names there are is up to whoever renders.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// The same for readers of HTML (e-mail); empty where the channel has none.
    pub html: String,
    /// Files that go with it (e-mail: the CAP document).
    pub attachments: Vec<Attachment>,
    /// How loudly to ring, from the level of the warning.
    pub urgency: Urgency,
    /// Address of the page where anybody reads the whole of it, `https://…`; empty where there is none. What a notification
    /// opens; a channel without a place for it leaves it out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub page: String,
    /// Messages with the same thread are about the same event; a later one replaces an earlier one where the channel
    /// can (collapse id, tag, In-Reply-To).
    pub thread: String,
    /// When the sender's decision was released, seconds since 1970-01-01T00:00:00Z. Constant over retries.
    pub released_at: i64,
    /// After this moment nobody should see it as current, same unit.
    pub expires_at: i64,
}

impl Content {
    /// The text in the form that goes out where the limit is `most` characters (Unicode scalar values, `None` = no limit):
    /// the whole one when it fits, else the short one.
    ///
    /// # Errors
    /// [`TooLong`] when neither fits.
    pub fn text_within(&self, most: Option<usize>) -> Result<&str, TooLong> {
        let Some(most) = most else { return Ok(&self.text) };
        let fits = |text: &str| text.chars().nth(most).is_none();
        match (fits(&self.text), self.short.is_empty()) {
            (true, _) => Ok(&self.text),
            (false, false) if fits(&self.short) => Ok(&self.short),
            _ => Err(TooLong { most, long: self.text.chars().count() }),
        }
    }
}

/// Neither the text nor its short form fits the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text has {long} characters, at most {most} fit, and there is no short form that does")]
pub struct TooLong {
    /// Characters that fit.
    pub most: usize,
    /// Characters of the whole text.
    pub long: usize,
}

impl From<TooLong> for Cause {
    fn from(fault: TooLong) -> Self {
        Self::new("TOO-LONG", &fault.to_string())
    }
}

/// A file that goes with a message.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Attachment {
    /// File name shown to the reader.
    pub name: String,
    /// Media type with parameters, for example `application/cap+xml; charset=utf-8`.
    pub media_type: String,
    /// The bytes of the file.
    pub body: Bytes,
}

/// How loudly a device should ring. Four steps, as the levels; `Unknown` rings like the lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Level unknown, or not a warning.
    #[default]
    Unknown,
    /// Blue.
    Low,
    /// Yellow.
    Medium,
    /// Orange.
    High,
    /// Red.
    Highest,
}

/// Names one delivery in one round, the same over all attempts of the round, different from every other delivery of this
/// installation.
///
/// Channels that can recognise a repeat use it: Message-ID, collapse id, client message id. A repeat that a person ordered
/// is a new round with a new token, so that no provider drops it as a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// The plan (warning × channel).
    pub plan: u64,
    /// The place of the recipient in the plan's audience.
    pub index: u32,
    /// 0 as planned; one more with each time somebody ordered the failed ones to be sent again.
    pub round: u8,
}

impl Token {
    /// The delivery as planned, in round 0.
    #[must_use]
    pub const fn new(plan: u64, index: u32) -> Self {
        Self { plan, index, round: 0 }
    }
}

/// `{plan}-{index}` in hex, 16 and 8 digits; from round 1 on `-{round}` in hex behind it.
impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}-{:08x}", self.plan, self.index)?;
        if self.round > 0 { write!(f, "-{:x}", self.round) } else { Ok(()) }
    }
}

/// One address of a batch.
#[derive(Clone, Debug)]
pub struct Item {
    /// Names the delivery.
    pub token: Token,
    /// Where it goes.
    pub address: Address,
    /// 1 for the first attempt of the round; above 1 the provider may have seen it before.
    pub attempt: u8,
    /// Address of the page where this recipient says that the message arrived; `None` when the channel is not to carry
    /// one.
    ///
    /// An adapter that can say something to one recipient alone adds it as a line or a button of its own below the text,
    /// which stays as it is; others leave it out.
    pub confirm: Option<Box<str>>,
}

/// One content for several addresses, at most [`Profile::batch_max`](crate::Profile::batch_max) of them.
#[derive(Clone, Debug)]
pub struct Batch {
    /// What is to be shown.
    pub content: Arc<Content>,
    /// To whom.
    pub items: Vec<Item>,
    /// Whether it must not wait behind others: an adapter that holds several links keeps one free for such batches.
    pub urgent: bool,
}
