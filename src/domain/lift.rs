//! The messages that end an event, prepared with the warning that begins or continues it: its lift, and its correction
//! for the case that it was sent by mistake.
//!
//! Both are written, rendered and signed while there is time to think. What is not known then is the moment of sending:
//! it stands as a [`Blank`] that people can read, and is filled in by [`Times::fill`] when it is sent. Nothing else of a
//! prepared text changes. The issuer may write texts of its own as parameters [`LIFT_TEXT`] and [`CORRECTION_TEXT`] of an
//! info (in our JSON `lift_text`, `correction_text`), with or without the blank.
//!
//! The lift is a Cancel, the correction an Update that says AllClear: it takes the place of what was wrong, and ends the
//! event. Both end after [`Times::end`]. A correction asks for no action and claims nothing but that there is none.

mod words;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::{
    chain::{self, CORRECTION},
    message::{Certainty, Info, Kind, Message, MessageRef, NamedValue, ResponseType, Urgency},
    moment::Moment,
    national,
};

/// Parameter of an info: the text of its lift.
pub const LIFT_TEXT: &str = "FENGHUO.lift_text";
/// Parameter of an info: the text of its correction.
pub const CORRECTION_TEXT: &str = "FENGHUO.correction_text";

/// What can be prepared with a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It is over.
    Lift,
    /// It was a mistake.
    Correction,
}

impl Ending {
    /// Stable name in API and journal.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lift => "lift",
            Self::Correction => "correction",
        }
    }

    const fn parameter(self) -> &'static str {
        match self {
            Self::Lift => LIFT_TEXT,
            Self::Correction => CORRECTION_TEXT,
        }
    }
}

/// A time that is not known when a text is signed, in Chinese and in any other language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blank {
    /// When it is sent.
    Sent,
    /// Until when it is shown.
    End,
}

impl Blank {
    /// What stands in its place.
    #[must_use]
    pub fn text(self, language: &str) -> &'static str {
        match (self, is_chinese(Some(language))) {
            (Self::Sent, true) => "〔发出时间〕",
            (Self::Sent, false) => "[time of sending]",
            (Self::End, true) => "〔截止时间〕",
            (Self::End, false) => "[time of its end]",
        }
    }
}

/// The times that fill the blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    pub sent: Moment,
    pub end: Moment,
}

impl Times {
    /// The text with its blanks filled.
    #[must_use]
    pub fn fill(self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (blank, at) in [(Blank::Sent, self.sent), (Blank::End, self.end)] {
            filled = filled.replace(blank.text("zh"), &at.chinese()).replace(blank.text("en"), &at.plain());
        }
        filled
    }
}

fn is_chinese(tag: Option<&str>) -> bool {
    tag.is_some_and(|tag| tag.to_ascii_lowercase().starts_with("zh"))
}

/// What would end a warning, with blanks in its texts. Identifier, references and times are those of the warning until
/// it is sent, see [`send`]. Scope, status, areas, severity and codes stay, so that it takes the same way.
#[must_use]
pub fn form(of: &Message, ending: Ending) -> Message {
    let infos = of.infos.iter().map(|info| info_form(info, ending)).collect();
    assemble(of, ending, infos)
}

/// A form with a text that takes the place of the prepared one in every language.
#[must_use]
pub fn reworded(form: &Message, text: &str) -> Message {
    let infos = form.infos.iter().map(|info| Info { description: Some(text.to_owned()), ..info.clone() });
    Message { infos: infos.collect(), ..form.clone() }
}

fn assemble(of: &Message, ending: Ending, infos: Vec<Info>) -> Message {
    let mut codes = of.codes.clone();
    codes.retain(|code| code != CORRECTION);
    if ending == Ending::Correction {
        codes.push(CORRECTION.to_owned());
    }
    Message {
        identifier: format!("{}-{}", of.identifier, ending.name()),
        kind: if ending == Ending::Lift { Kind::Cancel } else { Kind::Update },
        references: vec![chain::reference(of)],
        note: None,
        codes,
        infos,
        ..of.clone()
    }
}

fn info_form(info: &Info, ending: Ending) -> Info {
    let (headline, prepared) = words::of(info, ending);
    let own = info.parameters.iter().find(|parameter| parameter.name == ending.parameter());
    let text = own.map(|own| own.value.as_str()).filter(|text| !text.trim().is_empty());
    Info {
        response_types: vec![ResponseType::AllClear],
        urgency: Urgency::Past,
        certainty: if ending == Ending::Lift { Certainty::Observed } else { Certainty::Unlikely },
        effective: None,
        onset: None,
        expires: None,
        headline: Some(headline),
        description: Some(text.map_or(prepared, str::to_owned)),
        instruction: None,
        parameters: following(&info.parameters),
        resources: Vec::new(),
        ..info.clone()
    }
}

/// Parameters that a later message takes over: no text that was prepared, and none of the national form's that end.
fn following(parameters: &[NamedValue]) -> Vec<NamedValue> {
    let mut following = national::parameter::following(parameters);
    following.retain(|parameter| parameter.name != LIFT_TEXT && parameter.name != CORRECTION_TEXT);
    following
}

/// The message of a form as it is sent: its blanks filled, and nothing else of its words changed.
#[must_use]
pub fn send(form: &Message, identifier: String, references: Vec<MessageRef>, times: Times) -> Message {
    let filled = |text: &Option<String>| text.as_deref().map(|text| times.fill(text));
    let infos = form.infos.iter().map(|info| Info {
        effective: Some(times.sent),
        expires: Some(times.end),
        headline: filled(&info.headline),
        description: filled(&info.description),
        ..info.clone()
    });
    Message { identifier, sent: times.sent, references, infos: infos.collect(), ..form.clone() }
}

/// What tells those who got a relayed warning that it is passed on no more: in the name of `sender`, who passed it on.
/// It claims nothing about the danger; the originator's words stay as they are. A form, like those of [`form`].
#[must_use]
pub fn stop_relaying(of: &Message, sender: &str, name: &str) -> Message {
    let infos = of.infos.iter().map(|info| {
        let (headline, description) = words::stopped(info, &of.sender, name);
        Info {
            response_types: vec![ResponseType::None],
            urgency: Urgency::Unknown,
            certainty: Certainty::Unknown,
            sender_name: Some(name.to_owned()),
            headline: Some(headline),
            description: Some(description),
            ..info_form(info, Ending::Lift)
        }
    });
    let infos = infos.collect();
    Message { sender: sender.to_owned(), ..assemble(of, Ending::Lift, infos) }
}
