//! Where somebody is at home: WGS-84, to a millionth of a degree.

pub mod gcj02;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A millionth of a degree is 11 centimetres from north to south.
const MICRO: f64 = 1e6;

/// A point on the ground, WGS-84. Equal to a millionth of a degree, so that writing and reading changes nothing.
///
/// `Debug` shows nothing of it: where a person lives is nobody's business in a log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    longitude: i32,
    latitude: i32,
}

/// Why two numbers are no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPosition {
    /// They would be one the other way round: in China the larger number is the longitude.
    #[error("latitude and longitude are swapped")]
    Swapped,
    /// Latitude is beyond ±90 or not a number.
    #[error("latitude is beyond ±90")]
    Latitude,
    /// Longitude is beyond ±180 or not a number.
    #[error("longitude is beyond ±180")]
    Longitude,
    /// Both are zero: what programs write for "unknown".
    #[error("both are zero")]
    Zero,
}

impl Position {
    /// The position of a latitude and a longitude in degrees.
    ///
    /// # Errors
    /// When they are out of range, swapped or both zero.
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, NotAPosition> {
        let fits = |value: f64, most: f64| value.abs() <= most;
        match (fits(latitude, 90.0), fits(longitude, 180.0)) {
            (true, true) if latitude == 0.0 && longitude == 0.0 => Err(NotAPosition::Zero),
            (true, true) => {
                Ok(Self { longitude: (longitude * MICRO).round() as i32, latitude: (latitude * MICRO).round() as i32 })
            }
            (false, _) if fits(latitude, 180.0) && fits(longitude, 90.0) => Err(NotAPosition::Swapped),
            (false, _) => Err(NotAPosition::Latitude),
            (true, false) => Err(NotAPosition::Longitude),
        }
    }

    /// The position of whole millionths of a degree; `None` when they are out of range.
    #[must_use]
    pub const fn of_micro(latitude: i32, longitude: i32) -> Option<Self> {
        if latitude.unsigned_abs() <= 90_000_000 && longitude.unsigned_abs() <= 180_000_000 {
            Some(Self { longitude, latitude })
        } else {
            None
        }
    }

    /// Latitude and longitude in millionths of a degree.
    #[must_use]
    pub const fn micro(self) -> (i32, i32) {
        (self.latitude, self.longitude)
    }

    /// Degrees, north positive.
    #[must_use]
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude) / MICRO
    }

    /// Degrees, east positive.
    #[must_use]
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude) / MICRO
    }

    /// The same to a hundredth of a degree, about a kilometre: what may be shown of it.
    #[must_use]
    pub const fn coarse(self) -> Self {
        const STEP: i32 = 10_000;
        const fn round(value: i32) -> i32 {
            (value + if value < 0 { -STEP / 2 } else { STEP / 2 }) / STEP * STEP
        }
        Self { longitude: round(self.longitude), latitude: round(self.latitude) }
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Position(…)")
    }
}

/// A position as JSON writes it. The names keep the two numbers from being swapped.
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Degrees {
    /// Degrees, WGS-84, north positive.
    pub latitude: f64,
    /// Degrees, WGS-84, east positive.
    pub longitude: f64,
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Degrees { latitude: self.latitude(), longitude: self.longitude() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let degrees = Degrees::deserialize(deserializer)?;
        Self::new(degrees.latitude, degrees.longitude).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{NotAPosition, Position};

    #[test]
    fn knows_swapped_numbers_from_wrong_ones() {
        assert!(Position::new(45.8, 126.5).is_ok() && Position::new(-90.0, 180.0).is_ok());
        assert_eq!(Position::new(126.5, 45.8), Err(NotAPosition::Swapped));
        assert_eq!(Position::new(91.0, 126.5), Err(NotAPosition::Latitude));
        assert_eq!(Position::new(f64::NAN, 126.5), Err(NotAPosition::Latitude));
        assert_eq!(Position::new(45.8, 1265.0), Err(NotAPosition::Longitude));
        assert_eq!(Position::new(45.8, f64::NAN), Err(NotAPosition::Longitude));
        assert_eq!(Position::new(0.0, -0.0), Err(NotAPosition::Zero));
    }

    #[test]
    fn writing_and_reading_changes_nothing_and_a_log_shows_nothing() {
        let home = Position::new(45.802_345_6, -126.567_891_2).unwrap();
        let text = serde_json::to_string(&home).unwrap();
        assert_eq!(text, r#"{"latitude":45.802346,"longitude":-126.567891}"#);
        assert_eq!(serde_json::from_str::<Position>(&text).unwrap(), home);
        assert_eq!(Position::of_micro(home.micro().0, home.micro().1), Some(home));
        assert_eq!(Position::of_micro(90_000_001, 0), None);
        assert!(!format!("{home:?}").contains("45"));
        assert_eq!(serde_json::to_string(&home.coarse()).unwrap(), r#"{"latitude":45.8,"longitude":-126.57}"#);
    }
}
