//! Numbers of the mainland of China, as the protocols of the three carriers write them: CMPP and SMGP without the country
//! code, SGIP with it.

/// Digits of a number at most: the fields have 21 bytes, one of them for the NUL.
const DIGITS_MAX: usize = 20;

/// The number in its national form: digits alone, without `86`, `+86` or `0086` in front; `None` when it is no number of the
/// mainland.
pub(crate) fn national(address: &str) -> Option<&str> {
    let address = address.trim();
    let number = match address.strip_prefix('+').or_else(|| address.strip_prefix("00")) {
        Some(international) => international.strip_prefix("86")?,
        // A mobile number has eleven digits; a shorter rest belongs to a number that just begins with 86.
        None => address.strip_prefix("86").filter(|rest| rest.len() >= 11).unwrap_or(address),
    };
    let good = (3..=DIGITS_MAX).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    good.then_some(number)
}

/// The number with its country code, as SGIP wants it.
pub(crate) fn international(address: &str) -> Option<String> {
    let number = national(address)?;
    (number.len() + 2 <= DIGITS_MAX).then(|| format!("86{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_number_is_the_same_number() {
        for address in ["13812341234", "8613812341234", "+8613812341234", "008613812341234", " 13812341234 "] {
            assert_eq!(national(address), Some("13812341234"), "{address}");
            assert_eq!(international(address).as_deref(), Some("8613812341234"), "{address}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for address in [
            "",
            "12",
            "1381234123x",
            "１３８１２３４１２３４",
            "138 1234 1234",
            "138123412341381234123",
            "+85261234567",
            "0013812341234",
        ] {
            assert_eq!(national(address), None, "{address}");
            assert_eq!(international(address), None, "{address}");
        }
        assert_eq!(national("10086"), Some("10086"));
        assert_eq!(national("8612345"), Some("8612345"));
    }
}
