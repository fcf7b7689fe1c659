//! Character references and the five predefined entities.

use std::borrow::Cow;

use crate::domain::{
    finding::{Finding, code},
    text,
};

/// The character a reference stands for; `name` is what stands between `&` and `;`.
pub(super) fn resolve(name: &str) -> Result<char, Finding> {
    match name {
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "amp" => return Ok('&'),
        "quot" => return Ok('"'),
        "apos" => return Ok('\''),
        _ => {}
    }
    let Some(number) = name.strip_prefix('#') else {
        return Err(Finding::refuse(code::XML_ENTITY, "").got(&format!("&{name};")));
    };
    let digits = |text: &str, radix| {
        let plain = !text.is_empty() && text.bytes().all(|byte| char::from(byte).is_digit(radix));
        plain.then(|| u32::from_str_radix(text, radix).ok()).flatten()
    };
    let value = match number.strip_prefix('x') {
        Some(hex) => digits(hex, 16),
        None => digits(number, 10),
    };
    value.and_then(char::from_u32).filter(|c| text::is_xml_character(*c)).ok_or_else(|| {
        Finding::refuse(code::XML_CHARACTER, "")
            .arg("character", format!("&{}…;", name.chars().take(12).collect::<String>()))
    })
}

/// The value of an attribute.
pub(super) fn attribute_value(raw: Cow<'_, str>) -> Result<Cow<'_, str>, Finding> {
    if raw.contains('<') {
        return Err(Finding::refuse(code::XML_SYNTAX, ""));
    }
    if !raw.contains('&') {
        return Ok(raw);
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest: &str = &raw;
    while let Some((before, after)) = rest.split_once('&') {
        let (name, after) = after.split_once(';').ok_or_else(|| Finding::refuse(code::XML_SYNTAX, ""))?;
        value.push_str(before);
        value.push(resolve(name)?);
        rest = after;
    }
    value.push_str(rest);
    Ok(Cow::Owned(value))
}
