//! Where a recipient is, and in which coordinates its file says so.

use std::{fmt, str::FromStr};

use super::{LineError, Options, column::Column, draft::Draft};
use crate::domain::position::{NotAPosition, Position, gcj02};

/// The coordinates of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coordinates {
    /// GPS; the China Geodetic Coordinate System 2000 differs by centimetres.
    Wgs84,
    /// The shifted ones of Chinese maps; turned into WGS-84 while reading.
    Gcj02,
}

/// The text names no coordinates that can be read, Baidu's BD-09 among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither wgs84 nor gcj02")]
pub struct NotCoordinates;

impl FromStr for Coordinates {
    type Err = NotCoordinates;

    fn from_str(text: &str) -> Result<Self, NotCoordinates> {
        let kept = |c: &char| c.is_alphanumeric();
        let plain: String = text.chars().filter(kept).flat_map(char::to_lowercase).collect();
        match plain.as_str() {
            "wgs84" | "gps" | "epsg4326" | "cgcs2000" => Ok(Self::Wgs84),
            "gcj02" | "火星坐标" | "国测局坐标" | "高德" | "腾讯" => Ok(Self::Gcj02),
            _ => Err(NotCoordinates),
        }
    }
}

impl fmt::Display for Coordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wgs84 => "wgs84",
            Self::Gcj02 => "gcj02",
        })
    }
}

impl Draft {
    /// The advice due when a position is written and nobody said in which coordinates.
    pub(super) fn assumes(&self, options: &Options<'_>) -> Option<LineError> {
        let said = options.coordinates.is_some() || self.fields.contains_key(&Column::Coordinates);
        let placed = self.fields.contains_key(&Column::Latitude) && self.fields.contains_key(&Column::Longitude);
        (placed && !said)
            .then(|| LineError::new(self.line, Some(Column::Latitude.name()), "import-coordinates-assumed"))
    }

    /// The position in WGS-84, when one is written.
    pub(super) fn position(&mut self, options: &Options<'_>) -> Option<Position> {
        let coordinates = self.coordinates(options);
        let both = [Column::Latitude, Column::Longitude];
        let missing: Vec<Column> = both.into_iter().filter(|column| !self.fields.contains_key(column)).collect();
        match missing[..] {
            [] => {}
            [column] => {
                self.reject(column, "import-position-half", "");
                return None;
            }
            _ => return None,
        }
        let [latitude, longitude] = both.map(|column| self.degrees(column));
        let (latitude, longitude) = latitude.zip(longitude)?;
        let read = match coordinates? {
            Coordinates::Wgs84 => Position::new(latitude, longitude),
            Coordinates::Gcj02 => gcj02::to_wgs84(latitude, longitude),
        };
        read.map_err(|fault| self.misplaced(fault)).ok()
    }

    fn coordinates(&mut self, options: &Options<'_>) -> Option<Coordinates> {
        let text = self.first(Column::Coordinates);
        if text.is_empty() {
            return Some(options.coordinates.unwrap_or(Coordinates::Wgs84));
        }
        let read = text.parse();
        if read.is_err() {
            self.reject(Column::Coordinates, "import-coordinates", &text);
        }
        read.ok()
    }

    fn degrees(&mut self, column: Column) -> Option<f64> {
        let text = self.first(column);
        let read = text.trim_start_matches('\'').trim_end_matches('°').trim().parse::<f64>();
        if read.is_err() {
            self.reject(column, "import-degrees", &text);
        }
        read.ok()
    }

    fn misplaced(&mut self, fault: NotAPosition) {
        let (column, code) = match fault {
            NotAPosition::Swapped => (Column::Latitude, "import-position-swapped"),
            NotAPosition::Latitude => (Column::Latitude, "import-latitude"),
            NotAPosition::Longitude => (Column::Longitude, "import-longitude"),
            NotAPosition::Zero => (Column::Latitude, "import-position-zero"),
        };
        let text = self.first(column);
        self.reject(column, code, &text);
    }
}
