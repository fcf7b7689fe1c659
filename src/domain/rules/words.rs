//! Rules for single words and texts, and the forms they have.

use base64::Engine as _;

use super::Spot;
use crate::domain::{
    finding::{Found, code},
    message::NamedValue,
    moment::Moment,
    text,
};

/// The first character that an identifier or sender may not have: white space, comma, `<`, `&` (CAP 1.2, 3.2.1).
pub(super) fn reserved(name: &str) -> Option<char> {
    name.chars().find(|c| c.is_whitespace() || matches!(c, ',' | '<' | '&'))
}

/// A text that may stay away but not be blank, and carries plain text that every form can carry.
pub(super) fn optional(value: Option<&String>, spot: &Spot<'_>, found: &mut Found) {
    let Some(value) = value else { return };
    if text::is_blank(value) {
        found.push(spot.refuse(code::TEXT_BLANK));
    }
    carried(value, spot, found);
}

/// A text for people: as [`optional`], and plain.
pub(super) fn plain(value: Option<&String>, spot: &Spot<'_>, found: &mut Found) {
    optional(value, spot, found);
    if value.is_some_and(|value| text::has_markup(value)) {
        found.push(spot.advise(code::TEXT_MARKUP));
    }
}

/// Whether XML can carry a text.
pub(super) fn carried(value: &str, spot: &Spot<'_>, found: &mut Found) {
    if let Some((at, c)) = text::forbidden_character(value) {
        let position = value[..at].chars().count() + 1;
        found.push(
            spot.refuse(code::TEXT_CHARACTER)
                .arg("character", format!("U+{:04X}", u32::from(c)))
                .arg("position", position),
        );
    }
}

/// Values with names: the value may be empty, the name should not.
pub(super) fn named(values: &[NamedValue], spot: &Spot<'_>, found: &mut Found) {
    for (index, value) in values.iter().enumerate() {
        let item = spot.item(index);
        if text::is_blank(&value.name) {
            found.push(item.field("name").advise(code::NAME_EMPTY));
        }
        carried(&value.name, &item.field("name"), found);
        carried(&value.value, &item.field("value"), found);
    }
}

/// Times of UTC are `-00:00` in CAP; `+00:00` is often a local time whose offset was forgotten.
pub(super) fn offset(moment: Option<Moment>, spot: &Spot<'_>, found: &mut Found) {
    if let Some(moment) = moment.filter(|moment| moment.offset_minutes() == 0) {
        let written = moment.to_string();
        if written.ends_with("+00:00") {
            found.push(spot.advise(code::TIME_ZERO_OFFSET).got(&written));
        }
    }
}

/// Whether a text is a language tag of RFC 3066: `zh-CN`, `es-419`, `sr-Latn`.
pub(super) fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let fits = |part: &str| (1..=8).contains(&part.len());
    parts.next().is_some_and(|part| fits(part) && part.bytes().all(|byte| byte.is_ascii_alphabetic()))
        && parts.all(|part| fits(part) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The scheme of an absolute URI (RFC 3986, 3.1), when a text is one.
pub(super) fn scheme(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once(':')?;
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let whole = !rest.is_empty()
        && !uri.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"'));
    (named && whole).then_some(scheme)
}

/// Whether a text is an address a browser can open: absolute, http or https.
pub(super) fn is_web(uri: &str) -> bool {
    let host = uri.split_once("://").is_some_and(|(_, rest)| !rest.is_empty() && !rest.starts_with('/'));
    host && scheme(uri)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
}

/// Whether a text is a media type of RFC 2046, with or without parameters.
pub(super) fn is_media_type(text: &str) -> bool {
    let token = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+%'*`|~".contains(&byte))
    };
    let essence = text.split(';').next().unwrap_or_default().trim_end();
    essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
}

/// Whether a text is base64 (RFC 4648, section 4), line breaks allowed.
pub(super) fn is_base64(text: &str) -> bool {
    let packed: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    base64::engine::general_purpose::STANDARD.decode(packed).is_ok()
}
