//! What a person should look at twice in the words of a warning. Nothing here keeps a warning out.
//!
//! [`check`] reads the message; [`sms`] and [`screen`] read what was rendered for a channel. Markup in a text and
//! missing items are found by [`super::rules`] and [`super::items`].

mod levels;
mod rendered;
#[cfg(test)]
mod tests;
mod times;

use super::{
    finding::{Finding, code},
    level::Level,
    message::{Info, Kind, Message},
    rules::Spot,
    text::DRILL_MARK,
};

pub use rendered::{reading_seconds, screen, sms};

/// Everything odd in the words of a message, with paths into the JSON form.
#[must_use]
pub fn check(message: &Message) -> Vec<Finding> {
    let infos = Spot::ROOT.field("infos");
    let each = message.infos.iter().enumerate();
    each.flat_map(|(index, info)| of_info(message.kind, info, &infos.item(index))).collect()
}

fn of_info(kind: Kind, info: &Info, spot: &Spot<'_>) -> Vec<Finding> {
    let level = Level::from(info.severity);
    let mut found = Vec::new();
    for (field, text) in texts(info) {
        let path = || spot.field(field).pointer();
        if let Some(word) = times::ambiguous(text) {
            found.push(Finding::advise(code::TEXT_TIME_AMBIGUOUS, path()).got(word));
        }
        if has_brackets(text) {
            found.push(Finding::advise(code::TEXT_BRACKETS, path()));
        }
        // A lift may name the colour it ends.
        let told = match kind {
            Kind::Alert => levels::foreign(text, level),
            Kind::Update if field == "headline" => levels::last_foreign(text, level),
            Kind::Update => levels::own_missing(text, level),
            Kind::Cancel | Kind::Ack | Kind::Error => None,
        };
        if let Some((word, _)) = told {
            found.push(Finding::advise(code::TEXT_LEVEL_DIFFERS, path()).got(word).arg("level", level.name()));
        }
    }
    found
}

/// The texts people read, with the name of their field.
fn texts(info: &Info) -> impl Iterator<Item = (&'static str, &str)> {
    let texts = [("headline", &info.headline), ("description", &info.description), ("instruction", &info.instruction)];
    texts.into_iter().filter_map(|(field, text)| Some((field, text.as_deref()?)))
}

/// Whether a text has 【 or 】 other than those of the drill mark. Platforms for short messages take what stands in them
/// for a signature and refuse the text.
fn has_brackets(text: &str) -> bool {
    text.contains(['【', '】']) && text.replace(DRILL_MARK, "").contains(['【', '】'])
}
