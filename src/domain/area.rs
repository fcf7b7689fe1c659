//! Area codes: 12 digits, county 6 + street 3 + village 3 (GB/T 2260 and GB/T 10114). A district contains its streets.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::message::{Area, NamedValue};

/// A 12-digit code of an administrative area. Trailing zero groups widen it: `230109000000` contains `230109005000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AreaCode(u64);

/// The text is no area code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an area code: 12 digits (or 6 or 9, the rest understood as zeros)")]
pub struct NotAnAreaCode;

impl AreaCode {
    /// What contains every area.
    pub const EVERYWHERE: Self = Self(0);

    /// The code as a number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The area with this number; `None` when no code is written like that.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        format!("{number:012}").parse().ok()
    }

    /// The street or town it lies in; itself when it is one, or is larger than one.
    #[must_use]
    pub const fn street(self) -> Self {
        Self(self.0 - self.0 % 1_000)
    }

    /// How many numbers below the code it spans: its own and all of its parts. Two-digit groups down to the county,
    /// three-digit groups below.
    const fn span(self) -> u64 {
        let mut span = 1;
        let mut step = 0;
        const GROUPS: [u64; 5] = [1_000, 1_000, 100, 100, 100];
        while step < GROUPS.len() && self.0.is_multiple_of(span * GROUPS[step]) {
            span *= GROUPS[step];
            step += 1;
        }
        span
    }

    /// Whether `other` is this area or a part of it.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        other.0 >= self.0 && other.0 < self.0 + self.span()
    }

    /// This code and the largest number it contains: the range of an ordered index.
    #[must_use]
    pub const fn range(self) -> (u64, u64) {
        (self.0, self.0 + self.span() - 1)
    }

    /// Reads a geocode of a warning: any value with the form of a code, whatever its name is (`CN-STAT-CODE`, `CPEAS
    /// Geographic Code`, …).
    #[must_use]
    pub fn from_geocode(geocode: &NamedValue) -> Option<Self> {
        geocode.value.parse().ok()
    }

    /// Every area code among an area's geocodes.
    pub fn of_area(area: &Area) -> impl Iterator<Item = Self> + '_ {
        area.geocodes.iter().filter_map(Self::from_geocode)
    }
}

impl fmt::Display for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl FromStr for AreaCode {
    type Err = NotAnAreaCode;

    fn from_str(text: &str) -> Result<Self, NotAnAreaCode> {
        let text = text.trim();
        if !matches!(text.len(), 6 | 9 | 12) || !text.bytes().all(|byte| byte.is_ascii_digit()) || text.starts_with('0')
        {
            return Err(NotAnAreaCode);
        }
        let number: u64 = text.parse().map_err(|_| NotAnAreaCode)?;
        Ok(Self(number * 10u64.pow(12 - u32::try_from(text.len()).unwrap_or(12))))
    }
}

impl Serialize for AreaCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AreaCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::AreaCode;

    #[test]
    fn a_district_contains_its_streets_and_nothing_of_its_neighbour() {
        let code = |text: &str| text.parse::<AreaCode>().expect(text);
        let (city, district, street) = (code("230100000000"), code("230109"), code("230109005000"));
        assert!(city.contains(district) && district.contains(street) && street.contains(street));
        assert!(district.contains(code("230109005001")));
        assert!(!street.contains(district) && !district.contains(code("230111004000")));
        assert!(code("230000000000").contains(district) && !code("220000000000").contains(district));
    }

    #[test]
    fn a_village_lies_in_its_street_and_a_district_in_none() {
        let code = |text: &str| text.parse::<AreaCode>().expect(text);
        assert_eq!(code("230109005001").street(), code("230109005000"));
        assert_eq!(code("230109005000").street(), code("230109005000"));
        assert_eq!(code("230109000000").street(), code("230109000000"));
        assert_eq!(AreaCode::from_number(code("230109005001").number()), Some(code("230109005001")));
        assert_eq!(AreaCode::from_number(0), None);
    }

    #[test]
    fn refuses_other_lengths_and_letters() {
        for text in ["", "23", "2301090", "23010900000a", "030109000000", "2301090000000"] {
            assert!(text.parse::<AreaCode>().is_err(), "{text}");
        }
    }
}
