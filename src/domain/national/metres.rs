//! Metres of the form and kilometres of CAP, digit by digit: a division would change the last one.

use crate::domain::cap::list;

/// The kilometres of a text in metres, when it is a number.
pub(super) fn to_kilometres(metres: &str) -> Option<f64> {
    list::read_decimal(metres)?;
    list::read_decimal(&moved(metres, -3))
}

/// The metres of a number of kilometres.
pub(super) fn of_kilometres(kilometres: f64) -> String {
    moved(&kilometres.to_string(), 3)
}

/// A decimal with its point moved to the right by `by` places.
fn moved(decimal: &str, by: isize) -> String {
    let (sign, digits) = decimal.strip_prefix('-').map_or(("", decimal), |rest| ("-", rest));
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let zeros = "0".repeat(by.unsigned_abs());
    let all = format!("{zeros}{whole}{part}{zeros}");
    let point = (zeros.len() + whole.len()).saturating_add_signed(by);
    let (whole, part) = all.split_at(point);
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{of_kilometres, to_kilometres};

    #[test]
    fn five_kilometres_are_five_thousand_metres() {
        for (metres, kilometres) in
            [("5000", 5.0), ("0", 0.0), ("1.5", 0.0015), ("12345.678", 12.345678), ("007", 0.007)]
        {
            assert_eq!(to_kilometres(metres), Some(kilometres), "{metres}");
        }
        assert_eq!(of_kilometres(5.0), "5000");
        assert_eq!(of_kilometres(0.0015), "1.5");
        for text in ["", "x", "5 km", "1e3", "-"] {
            assert_eq!(to_kilometres(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_digit_changes_on_the_way(kilometres in prop_oneof![0.0..20_038.0, any::<f64>().prop_filter("finite", |n| n.is_finite() && n.abs() < 1e6)]) {
            prop_assert_eq!(to_kilometres(&of_kilometres(kilometres)), Some(kilometres));
        }
    }
}
