//! Public education: what screens show in peace. Warnings pre-empt it: a screen that has anything to warn of, be it a
//! drill or that an event is over, shows none of it.

use serde::{Deserialize, Serialize};

use super::{Screen, ScreenClass};
use crate::domain::{legible, moment::Moment, roster};

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;
/// China has one time, eight hours ahead of UTC, all year.
const CHINA: i64 = 8 * 60 * MINUTE;

/// Something screens teach in peace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// Letters, digits, `-`, `_`; at most 64. Lessons are shown in the order of their ids.
    pub id: String,
    pub title: String,
    pub text: String,
    /// BCP 47 tag, default `zh-CN`: shown on screens that have this language.
    #[serde(default = "super::screen::default_language")]
    pub language: String,
    /// Classes of screens that show it; empty = all.
    #[serde(default)]
    pub classes: Vec<ScreenClass>,
    /// Groups of screens that show it, one is enough; empty = all.
    #[serde(default)]
    pub groups: Vec<String>,
    /// RFC 3339; absent = at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub from: Option<Moment>,
    /// RFC 3339; from this moment on it is not shown. Absent = until it is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub until: Option<Moment>,
    /// Daily, in China's time: `08:00-20:00`, over midnight too; absent = all day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// How long it stands at a time; absent = long enough to be read twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

/// A lesson as a screen shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Slide {
    pub id: String,
    pub title: String,
    pub text: String,
    pub language: String,
    /// How long it stands at a time.
    pub seconds: u32,
}

impl Lesson {
    /// Whether it is shown at this moment.
    pub(crate) fn is_due(&self, unix: i64) -> bool {
        self.from.is_none_or(|from| from.unix() <= unix)
            && self.until.is_none_or(|until| unix < until.unix())
            && self.daily().is_none_or(|(from, until)| within(from, until, (unix + CHINA).rem_euclid(DAY)))
    }

    /// The next moment after this one at which that may change.
    pub(super) fn next_turn(&self, unix: i64) -> Option<i64> {
        let once = [self.from, self.until].into_iter().flatten().map(Moment::unix).filter(|at| *at > unix);
        let daily = self.daily().into_iter().flat_map(|(from, until)| [from, until]).map(|second| {
            let midnight = (unix + CHINA).div_euclid(DAY) * DAY - CHINA;
            let today = midnight + second;
            if today > unix { today } else { today + DAY }
        });
        once.chain(daily).min()
    }

    /// Seconds after midnight between which it is shown.
    fn daily(&self) -> Option<(i64, i64)> {
        let (from, until) = roster::hours(self.hours.as_deref()?)?;
        Some((i64::from(from) * MINUTE, i64::from(until) * MINUTE))
    }

    /// Whether it is meant for a screen.
    pub(crate) fn concerns(&self, screen: &Screen) -> bool {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        (self.classes.is_empty() || self.classes.contains(&screen.class))
            && (self.groups.is_empty() || self.groups.iter().any(|group| screen.groups.contains(group)))
            && screen.languages().iter().any(|tag| primary(tag) == primary(&self.language))
    }

    pub(super) fn slide(&self) -> Slide {
        Slide {
            id: self.id.clone(),
            title: self.title.clone(),
            text: self.text.clone(),
            language: self.language.clone(),
            seconds: self.seconds.unwrap_or_else(|| legible::reading_s(&self.text)),
        }
    }
}

/// An end that is not after the beginning is one of the next day; the same twice is all day.
const fn within(from: i64, until: i64, second: i64) -> bool {
    if from < until { from <= second && second < until } else { from <= second || second < until }
}

#[cfg(test)]
mod tests {
    use super::{Lesson, Screen, ScreenClass};

    fn lesson() -> Lesson {
        Lesson {
            id: "flood".to_owned(),
            title: "雨天不涉水".to_owned(),
            text: "水没过脚踝时不要行走。".to_owned(),
            language: "zh-CN".to_owned(),
            classes: Vec::new(),
            groups: Vec::new(),
            from: None,
            until: None,
            hours: None,
            seconds: None,
        }
    }

    fn at(text: &str) -> i64 {
        text.parse::<crate::domain::moment::Moment>().expect("a moment").unix()
    }

    #[test]
    fn it_is_due_between_its_dates_in_its_hours() {
        let from = "2026-07-15T09:30:00+08:00".parse().ok();
        let until = "2026-07-17T00:00:00+08:00".parse().ok();
        let day = Lesson { from, until, hours: Some("08:00-20:00".to_owned()), ..lesson() };
        for (time, due, next) in [
            ("2026-07-15T08:30:00+08:00", false, Some("2026-07-15T09:30:00+08:00")),
            ("2026-07-15T09:30:00+08:00", true, Some("2026-07-15T20:00:00+08:00")),
            ("2026-07-15T20:00:00+08:00", false, Some("2026-07-16T08:00:00+08:00")),
            ("2026-07-16T19:59:59+08:00", true, Some("2026-07-16T20:00:00+08:00")),
            ("2026-07-17T12:00:00+08:00", false, Some("2026-07-17T20:00:00+08:00")),
        ] {
            assert_eq!((day.is_due(at(time)), day.next_turn(at(time))), (due, next.map(at)), "{time}");
        }
        assert_eq!((lesson().is_due(0), lesson().next_turn(0)), (true, None));
    }

    #[test]
    fn hours_may_go_over_midnight() {
        let night = Lesson { hours: Some("22:00-06:00".to_owned()), ..lesson() };
        for (time, due) in [("21:59", false), ("22:00", true), ("05:59", true), ("06:00", false)] {
            assert_eq!(night.is_due(at(&format!("2026-07-15T{time}:00+08:00"))), due, "{time}");
        }
    }

    #[test]
    fn it_is_for_classes_groups_and_languages() {
        let area = "230109005000".parse().expect("a code");
        let bus = Screen {
            class: ScreenClass::Vehicle,
            groups: vec!["line-9".to_owned()],
            more_languages: vec!["en-GB".to_owned()],
            ..Screen::new("bus", "九路", area)
        };
        assert!(lesson().concerns(&bus), "those in vehicles too");
        assert!(!Lesson { classes: vec![ScreenClass::Square], ..lesson() }.concerns(&bus));
        assert!(Lesson { groups: vec!["line-8".to_owned(), "line-9".to_owned()], ..lesson() }.concerns(&bus));
        assert!(!Lesson { groups: vec!["line-8".to_owned()], ..lesson() }.concerns(&bus));
        assert!(Lesson { language: "en".to_owned(), ..lesson() }.concerns(&bus));
        assert!(!Lesson { language: "ru".to_owned(), ..lesson() }.concerns(&bus));
    }
}
