//! One warning as residents read it: how grave in colour, bars, icon and word; where, what to do, until when, who says so.

use super::frame::{Frame, Say};
use crate::{
    domain::{
        chain::Change,
        message::{Area, Info},
        moment::Moment,
        short_code::ShortCode,
    },
    flow::intake::WarningView,
    http::console::escape,
};

/// Area names of a card at most.
const AREAS: usize = 12;

/// See the module.
pub(super) struct Card {
    pub(super) href: String,
    /// Its number on the map; absent where there is none.
    pub(super) number: Option<usize>,
    /// `red` to `unknown`, `lift` or `correction`.
    pub(super) class: &'static str,
    pub(super) word: String,
    /// The grade; empty for what lifts.
    pub(super) grade: String,
    /// Language of the message's own words.
    pub(super) lang: String,
    pub(super) headline: String,
    pub(super) text: Vec<String>,
    pub(super) instruction: Vec<String>,
    /// Not all of the text stands here.
    pub(super) cut: bool,
    pub(super) area: String,
    pub(super) issuer: String,
    pub(super) released: String,
    pub(super) until: String,
    pub(super) ended: bool,
    /// In force, or how it ended.
    pub(super) state: String,
    /// What it is to its event.
    pub(super) change: String,
    pub(super) code: String,
}

impl Card {
    pub(super) fn new(frame: &Frame, view: &WarningView) -> Self {
        let say = &frame.say;
        let class = class(view);
        let info = info(say, view);
        let part = |part: fn(&Info) -> Option<&String>| info.and_then(part).map_or_else(Vec::new, |text| lines(text));
        let state = match view.ended.as_deref() {
            Some(ended) => format!("public-state-{ended}"),
            None if expired(frame, view) => "public-state-expired".to_owned(),
            None if lifts(view) => format!("public-change-{}", view.change.name()),
            None => "public-state-current".to_owned(),
        };
        Self {
            href: frame.to(&format!("/warnings/{}", escape(&view.id.0))),
            number: None,
            class,
            word: say.t(&format!("public-level-{class}")),
            grade: if lifts(view) { String::new() } else { say.t(&format!("public-grade-{class}")) },
            lang: info.and_then(|info| info.language.clone()).unwrap_or_default(),
            headline: info.map_or_else(|| view.headline.clone(), headline),
            text: part(|info| info.description.as_ref()),
            instruction: part(|info| info.instruction.as_ref()),
            cut: false,
            area: info.map(|info| areas(&info.areas)).unwrap_or_default(),
            issuer: info.and_then(|info| info.sender_name.clone()).or_else(|| view.issuer.clone()).unwrap_or_default(),
            released: when(view.released_at.as_deref()),
            until: when(view.expires_at.as_deref()),
            ended: view.ended.is_some() || expired(frame, view),
            state: say.t(&state),
            change: say.t(&format!("public-change-{}", view.change.name())),
            code: ShortCode::of_digest(&view.digest).map(|code| code.to_string()).unwrap_or_default(),
        }
    }

    /// Bytes of its own words.
    pub(super) fn weight(&self) -> usize {
        let lines = self.text.iter().chain(&self.instruction).map(String::len).sum::<usize>();
        lines + self.headline.len() + self.area.len()
    }

    /// Without more of the text than this many characters.
    pub(super) fn shortened(mut self, most: usize) -> Self {
        for lines in [&mut self.text, &mut self.instruction] {
            let mut left = most;
            for line in lines.iter_mut() {
                let length = line.chars().count();
                if length > left {
                    *line = line.chars().take(left).chain(['…']).collect();
                    self.cut = true;
                }
                left = left.saturating_sub(length);
            }
            lines.retain(|line| line != "…");
        }
        self
    }
}

/// Whether it ends something.
pub(super) fn lifts(view: &WarningView) -> bool {
    matches!(view.change, Change::Lift | Change::Correction)
}

/// Name of its colour in the style sheet.
pub(super) fn class(view: &WarningView) -> &'static str {
    match view.change {
        Change::Lift => "lift",
        Change::Correction => "correction",
        _ => view.level.name(),
    }
}

fn expired(frame: &Frame, view: &WarningView) -> bool {
    let end = view.expires_at.as_deref().and_then(|at| at.parse::<jiff::Timestamp>().ok());
    end.is_some_and(|end| end.as_second() <= frame.made)
}

/// The words in the reader's language; where the message has none, its first.
pub(super) fn info<'a>(say: &Say, view: &'a WarningView) -> Option<&'a Info> {
    let own = say.tag().split('-').next().unwrap_or_default();
    let same = |info: &&Info| info.language.as_deref().is_some_and(|tag| tag.to_ascii_lowercase().starts_with(own));
    view.message.infos.iter().find(same).or(view.message.infos.first())
}

fn headline(info: &Info) -> String {
    info.headline.clone().unwrap_or_else(|| info.event.clone())
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn areas(areas: &[Area]) -> String {
    let names: Vec<&str> = areas.iter().map(|area| area.description.as_str()).collect();
    match names.split_at_checked(AREAS) {
        Some((first, rest)) if !rest.is_empty() => format!("{} … (+{})", first.join("、"), rest.len()),
        _ => names.join("、"),
    }
}

/// `2026-07-15 14:40`; empty when there is no such moment.
pub(super) fn when(rfc3339: Option<&str>) -> String {
    let at = rfc3339.and_then(|at| at.parse::<jiff::Timestamp>().ok());
    at.map(|at| Moment::china(at.as_second()).plain()).unwrap_or_default()
}
