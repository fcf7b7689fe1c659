//! What can be read on a screen from where people stand.
//!
//! A hanzi of up to 20 strokes is read comfortably when it is seen under 30 minutes of arc, and not below 22 (ISO 9241-303
//! asks 16 for Latin capitals; every stroke more costs about a quarter of a minute). A page uses 94 % of the width and
//! 80 % of the height, and its lines stand 1.3 characters apart.

/// Minutes of arc under which a character is read comfortably.
pub const TARGET_ARC_MIN: f64 = 30.0;
/// Minutes of arc below which it is not read.
pub const FLOOR_ARC_MIN: f64 = 22.0;

// Part of the width and of the height that carries text, and the distance of lines in characters.
const WIDTH: f64 = 0.94;
const HEIGHT: f64 = 0.80;
const LINE: f64 = 1.3;
/// Characters a person reads in a second, standing before a screen.
const CHARACTERS_PER_S: f64 = 4.5;
/// A page stands long enough to be read twice, and never shorter than this.
const SHORTEST_S: f64 = 6.0;
/// So many characters of text at least make a page of a long text worth turning to.
const PAGE_MIN: usize = 12;

/// The size of a screen and from how far it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    /// Width of the picture, centimetres.
    pub width_cm: u32,
    /// Height of the picture, centimetres.
    pub height_cm: u32,
    /// How far away those stand who are to read it, metres.
    pub distance_m: u32,
}

/// What of a notice a screen can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Legibility {
    /// Not even the headline can be read from where people stand.
    TooSmall,
    /// The headline; the text would be too small.
    Headline,
    /// Headline and text, in pages one after the other.
    Paged,
    /// Headline and text at once.
    Whole,
}

impl Panel {
    /// Height of a character that is seen under so many minutes of arc, centimetres.
    #[must_use]
    pub fn character_cm(&self, arc_min: f64) -> f64 {
        let half = (arc_min / 60.0 / 2.0).to_radians();
        200.0 * f64::from(self.distance_m) * half.tan()
    }

    /// Characters that fit when each is seen under so many minutes of arc.
    #[must_use]
    pub fn capacity(&self, arc_min: f64) -> usize {
        let size = self.character_cm(arc_min);
        let columns = (f64::from(self.width_cm) * WIDTH / size).floor();
        let lines = (f64::from(self.height_cm) * HEIGHT / (size * LINE)).floor();
        // Whole and not negative, and far below 2^53: sizes are bounded where a screen is registered.
        (columns * lines) as usize
    }

    /// What of a notice can be read comfortably from where people stand.
    #[must_use]
    pub fn carries(&self, headline: &str, text: &str) -> Legibility {
        let (headline, text) = (headline.chars().count(), text.chars().count());
        let room = self.capacity(TARGET_ARC_MIN);
        match room.checked_sub(headline) {
            Some(left) if left >= text => Legibility::Whole,
            Some(left) if left >= PAGE_MIN => Legibility::Paged,
            Some(_) => Legibility::Headline,
            None if self.capacity(FLOOR_ARC_MIN) >= headline => Legibility::Headline,
            None => Legibility::TooSmall,
        }
    }
}

/// Seconds a text must stand to be read twice.
#[must_use]
pub fn reading_s(text: &str) -> u32 {
    let seconds = (text.chars().count() as f64 / CHARACTERS_PER_S * 2.0).max(SHORTEST_S).ceil();
    // A text is bounded by the body it came in.
    seconds as u32
}

#[cfg(test)]
mod tests {
    use super::{FLOOR_ARC_MIN, Legibility, Panel, TARGET_ARC_MIN, reading_s};

    /// A screen of so many inches, 16 to 9.
    fn panel(inches: f64, distance_m: u32) -> Panel {
        let (width, height) = (inches * 2.54 * 0.8716, inches * 2.54 * 0.4903);
        Panel { width_cm: width.round() as u32, height_cm: height.round() as u32, distance_m }
    }

    #[test]
    fn characters_are_as_high_as_the_table_says() {
        let height = |metres, arc| (panel(55.0, metres).character_cm(arc) * 10.0).round() / 10.0;
        assert_eq!((height(5, 22.0), height(5, 30.0)), (3.2, 4.4));
        assert_eq!((height(30, FLOOR_ARC_MIN), height(30, TARGET_ARC_MIN)), (19.2, 26.2));
    }

    #[test]
    fn a_screen_carries_less_the_farther_away_people_stand() {
        let capacity = |inches, metres| panel(inches, metres).capacity(TARGET_ARC_MIN);
        assert_eq!((capacity(55.0, 5), capacity(55.0, 10), capacity(55.0, 30)), (234, 52, 4));
        assert_eq!((capacity(75.0, 10), capacity(98.0, 10)), (102, 184));
        let headline = "暴雨红色预警";
        let text = "预计未来三小时降雨量将达一百毫米以上，请立即停止户外活动，转移到安全地带。";
        let carries = |metres| panel(55.0, metres).carries(headline, text);
        assert_eq!(carries(5), Legibility::Whole);
        assert_eq!(carries(12), Legibility::Paged);
        assert_eq!(carries(20), Legibility::Headline);
        assert_eq!(carries(60), Legibility::TooSmall);
    }

    #[test]
    fn a_text_stands_long_enough_to_be_read_twice() {
        assert_eq!((reading_s(""), reading_s("暴雨红色预警"), reading_s(&"字".repeat(90))), (6, 6, 40));
    }
}
