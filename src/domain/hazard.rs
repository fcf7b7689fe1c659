//! Hazard codes: five characters, `1`, class, letter, two digits (family of GB/T 35561). Unknown codes pass through.

use super::message::Info;

/// The name (CAP `valueName`) under which a national event code is written.
pub const NATIONAL_CODE: &str = "CN-12379";

/// The first event code of an info that has the national form, for example `11B03`.
#[must_use]
pub fn national_code(info: &Info) -> Option<&str> {
    info.event_codes.iter().map(|code| code.value.as_str()).find(|value| has_national_form(value))
}

/// Whether a text has the form of a national event code.
#[must_use]
pub fn has_national_form(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 5
        && bytes[0] == b'1'
        && bytes[1].is_ascii_digit()
        && (bytes[2].is_ascii_uppercase() || bytes[2] == b'0')
        && bytes[3..].iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::has_national_form;

    #[test]
    fn national_codes_have_five_characters() {
        for code in ["11B03", "11A51", "10000", "14A01"] {
            assert!(has_national_form(code), "{code}");
        }
        for code in ["", "11B3", "21B03", "11b03", "11B031", "1AB03", "SAME1"] {
            assert!(!has_national_form(code), "{code}");
        }
    }
}
