//! The forms of addresses: what is an address on a channel, and when two texts are the same one.

use fenghuo_contract::{Address, Channel};

/// Bytes of an address at most (tokens of browsers are the longest).
const LONGEST: usize = 2048;

/// Why a text is no address on its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::flow::target) enum AddressFault {
    /// A spreadsheet turned the number into `1.38E+10`: its digits are gone.
    Exponent,
    /// Neither a Chinese mobile number nor an international one.
    Telephone,
    /// No mail address.
    Mail,
    /// No `http(s)` URL, or one with credentials in it.
    Url,
    /// Empty, too long, or with blanks or control characters in it.
    Text,
}

/// The address in the one form it is stored and sent in.
///
/// Telephone: Chinese mobile numbers (`1` and ten digits, with or without `+86`, `86`, `0086`) as eleven digits, others
/// as `+` and 7 to 15 digits (E.164); blanks, dashes, brackets, full-width digits and a spreadsheet's leading `'` are
/// taken away. Mail: the domain in lower case.
pub(in crate::flow::target) fn canonical(channel: Channel, text: &str) -> Result<String, AddressFault> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
        return Err(AddressFault::Text);
    }
    match channel {
        Channel::Sms => telephone(text),
        Channel::Email => mail(text).ok_or(AddressFault::Mail),
        Channel::Webhook => url(text).ok_or(AddressFault::Url),
        Channel::Wechat | Channel::Push | Channel::Display | Channel::Broadcast => {
            if text.contains(char::is_whitespace) {
                return Err(AddressFault::Text);
            }
            if is_exponent(text) { Err(AddressFault::Exponent) } else { Ok(text.to_owned()) }
        }
    }
}

/// The form by which two addresses are the same, also for texts that are none. A provider that tells us of somebody does not
/// write the kind of his address.
pub(super) fn comparable(channel: Channel, text: &str) -> String {
    let form = canonical(channel, text).unwrap_or_else(|_| text.trim().to_owned());
    match channel {
        Channel::Email => form.to_lowercase(),
        Channel::Wechat => {
            let address = Address::new(form.as_str());
            address.without_kind(address.kind()).to_owned()
        }
        _ => form,
    }
}

/// Whether a spreadsheet wrote a long number in scientific notation: `1.38E+10`, always with its plus.
pub(in crate::flow::target) fn is_exponent(text: &str) -> bool {
    let text = text.trim().trim_start_matches('\'');
    let Some((mantissa, exponent)) = text.split_once("E+").or_else(|| text.split_once("e+")) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    exponent.len() <= 3 && digits(exponent) && digits(&mantissa.replacen('.', "", 1))
}

fn telephone(text: &str) -> Result<String, AddressFault> {
    if is_exponent(text) {
        return Err(AddressFault::Exponent);
    }
    let narrow = |c: char| match c {
        '０'..='９' => char::from_digit(c as u32 - '０' as u32, 10).unwrap_or(c),
        '＋' => '+',
        _ => c,
    };
    let dropped = |c: &char| !(c.is_whitespace() || matches!(c, '-' | '‐' | '–' | '－' | '(' | ')' | '（' | '）'));
    let plain: String = text.trim_start_matches('\'').chars().map(narrow).filter(dropped).collect();
    let digits = plain.strip_prefix('+').unwrap_or(&plain);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AddressFault::Telephone);
    }
    let national = ["+86", "0086", "86", ""].iter().find_map(|prefix| plain.strip_prefix(prefix).filter(is_mobile));
    if let Some(national) = national {
        return Ok(national.to_owned());
    }
    let international = plain.strip_prefix('+').or_else(|| plain.strip_prefix("00"));
    let fits = |digits: &&str| matches!(digits.len(), 7..=15) && !digits.starts_with('0') && !digits.starts_with("86");
    international.filter(fits).map(|digits| format!("+{digits}")).ok_or(AddressFault::Telephone)
}

fn is_mobile(digits: &&str) -> bool {
    let bytes = digits.as_bytes();
    bytes.len() == 11 && bytes[0] == b'1' && (b'3'..=b'9').contains(&bytes[1]) && bytes.iter().all(u8::is_ascii_digit)
}

fn mail(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let barred = |c: char| {
        c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | ':' | '"' | '\\' | '@')
    };
    let local_fits =
        matches!(local.len(), 1..=64) && !local.contains(barred) && !local.starts_with('.') && !local.ends_with('.');
    let label_fits = |label: &str| {
        matches!(label.len(), 1..=63)
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let fits = local_fits && text.len() <= 254 && domain.contains('.') && domain.split('.').all(label_fits);
    fits.then(|| format!("{local}@{}", domain.to_lowercase()))
}

fn url(text: &str) -> Option<String> {
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    let scheme = ["https://", "http://"].into_iter().find(|scheme| lower.starts_with(scheme))?;
    let rest = &text[scheme.len()..];
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    (!host.is_empty() && !host.contains('@') && !text.contains(char::is_whitespace)).then(|| format!("{scheme}{rest}"))
}

#[cfg(test)]
mod tests {
    use fenghuo_contract::Channel::{Email, Push, Sms, Webhook};

    use super::{AddressFault, canonical, comparable};

    #[test]
    fn one_telephone_number_has_one_form() {
        let forms = ["13800138000", "+86 138-0013-8000", "8613800138000", "0086 13800138000", "'13800138000"];
        for form in forms.into_iter().chain(["１３８００１３８０００", "＋86（138）00138000"]) {
            assert_eq!(canonical(Sms, form).as_deref(), Ok("13800138000"), "{form}");
        }
        assert_eq!(canonical(Sms, "+1 212-555-0100").as_deref(), Ok("+12125550100"));
        assert_eq!(canonical(Sms, "0044 20 7946 0000").as_deref(), Ok("+442079460000"));
    }

    #[test]
    fn refuses_what_is_no_telephone_number() {
        for text in
            ["12345", "1E10", "1380013800", "138001380001", "23800138000", "+86 1380013800", "138O0138000", "+", "电话"]
        {
            assert_eq!(canonical(Sms, text), Err(AddressFault::Telephone), "{text}");
        }
        for text in ["1.38E+10", "1.38001E+10", "1E+10", "1.3e+010", "'1.38E+10"] {
            assert_eq!(canonical(Sms, text), Err(AddressFault::Exponent), "{text}");
        }
        assert_eq!(canonical(Sms, "138\u{0}00138000"), Err(AddressFault::Text));
        assert_eq!(canonical(Push, "4.5E+17"), Err(AddressFault::Exponent));
    }

    #[test]
    fn knows_the_shape_of_mail_addresses() {
        assert_eq!(canonical(Email, " Zhang.San@SongBei.Example ").as_deref(), Ok("Zhang.San@songbei.example"));
        assert_eq!(canonical(Email, "张三@例子.example").as_deref(), Ok("张三@例子.example"));
        for text in
            ["zhang", "@a.example", "a@example", "a b@c.example", "a@b..example", "a@-b.example", "a@@b.example"]
        {
            assert_eq!(canonical(Email, text), Err(AddressFault::Mail), "{text}");
        }
        assert_eq!(comparable(Email, "A@b.example"), comparable(Email, "a@B.example"));
    }

    #[test]
    fn urls_carry_no_credentials() {
        assert_eq!(canonical(Webhook, "HTTPS://a.example/x").as_deref(), Ok("https://a.example/x"));
        for text in ["ftp://a.example", "https://", "https://user:pw@a.example/", "a.example"] {
            assert_eq!(canonical(Webhook, text), Err(AddressFault::Url), "{text}");
        }
    }
}
