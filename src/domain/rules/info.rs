//! Rules for one info: words, times, texts, resources.

use super::{Known, Spot, words};
use crate::domain::{
    finding::{Found, code},
    message::{Info, Kind, Message, Resource},
    text,
};

/// Characters of a headline that feeds and screens show (CAP 1.2, 3.2.2: devices may cut at 160).
const HEADLINE: usize = 160;

/// Checks an info, its areas apart.
pub(super) fn check(info: &Info, message: &Message, known: Known, spot: &Spot<'_>, found: &mut Found) {
    if let Some(tag) = info.language.as_deref().filter(|tag| !words::is_language(tag)) {
        found.push(spot.field("language").refuse(code::LANGUAGE_FORM).got(tag));
    }
    if info.categories.is_empty() {
        found.push(spot.field("categories").refuse(code::CATEGORY_REQUIRED));
    }
    if info.event.trim().is_empty() {
        found.push(spot.field("event").refuse(code::EVENT_EMPTY));
    } else {
        words::plain(Some(&info.event), &spot.field("event"), found);
    }
    words::named(&info.event_codes, &spot.field("event_codes"), found);
    times(info, message, known, spot, found);
    texts(info, spot, found);
    words::named(&info.parameters, &spot.field("parameters"), found);
    let resources = spot.field("resources");
    for (index, item) in info.resources.iter().enumerate() {
        resource(item, &resources.item(index), found);
    }
}

fn times(info: &Info, message: &Message, known: Known, spot: &Spot<'_>, found: &mut Found) {
    words::offset(info.effective, &spot.field("effective"), found);
    words::offset(info.onset, &spot.field("onset"), found);
    words::offset(info.expires, &spot.field("expires"), found);
    if !known.kind || !matches!(message.kind, Kind::Alert | Kind::Update) {
        return;
    }
    let at = spot.field("expires");
    let alert = message.kind == Kind::Alert;
    match info.expires {
        None if alert => found.push(at.advise(code::EXPIRES_MISSING)),
        None => {}
        Some(end) if alert && known.sent && end.unix() <= message.sent.unix() => {
            found.push(at.refuse(code::EXPIRES_NOT_AFTER_SENT).got(&end.to_string()).arg("sent", message.sent));
        }
        // An Update that is over is a lift, whenever it says it takes effect.
        Some(end) if end.unix() <= message.sent.unix() => {}
        Some(end) => {
            if let Some(start) = info.effective.filter(|start| known.sent && end.unix() <= start.unix()) {
                found.push(at.refuse(code::EXPIRES_NOT_AFTER_EFFECTIVE).got(&end.to_string()).arg("effective", start));
            }
        }
    }
}

fn texts(info: &Info, spot: &Spot<'_>, found: &mut Found) {
    words::plain(info.audience.as_ref(), &spot.field("audience"), found);
    words::plain(info.sender_name.as_ref(), &spot.field("sender_name"), found);
    words::plain(info.headline.as_ref(), &spot.field("headline"), found);
    words::plain(info.description.as_ref(), &spot.field("description"), found);
    words::plain(info.instruction.as_ref(), &spot.field("instruction"), found);
    words::plain(info.contact.as_ref(), &spot.field("contact"), found);
    if let Some(length) = info.headline.as_ref().map(|text| text.chars().count()).filter(|length| *length > HEADLINE) {
        found.push(spot.field("headline").advise(code::HEADLINE_LONG).arg("length", length).arg("most", HEADLINE));
    }
    if let Some(web) = info.web.as_ref().filter(|web| !words::is_web(web)) {
        found.push(spot.field("web").refuse(code::WEB_FORM).got(web));
    }
    words::carried(info.web.as_deref().unwrap_or_default(), &spot.field("web"), found);
}

fn resource(resource: &Resource, spot: &Spot<'_>, found: &mut Found) {
    if text::is_blank(&resource.description) {
        found.push(spot.field("description").advise(code::NAME_EMPTY));
    }
    words::carried(&resource.description, &spot.field("description"), found);
    if !words::is_media_type(&resource.mime_type) {
        found.push(spot.field("mime_type").refuse(code::MIME_TYPE_FORM).got(&resource.mime_type));
    }
    words::carried(&resource.mime_type, &spot.field("mime_type"), found);
    words::optional(resource.uri.as_ref(), &spot.field("uri"), found);
    words::optional(resource.content.as_ref(), &spot.field("content"), found);
    words::optional(resource.digest.as_ref(), &spot.field("digest"), found);
    match (&resource.uri, &resource.content) {
        (None, None) => found.push(spot.refuse(code::RESOURCE_NOWHERE)),
        (Some(uri), None) if words::scheme(uri).is_none() => {
            found.push(spot.field("uri").refuse(code::RESOURCE_NOWHERE).got(uri));
        }
        _ => {}
    }
    if resource.content.as_ref().is_some_and(|content| !words::is_base64(content)) {
        found.push(spot.field("content").refuse(code::RESOURCE_CONTENT_FORM));
    }
}

/// The same description (or headline, where there is none) under two languages: one was not translated.
pub(super) fn check_languages(infos: &[Info], spot: &Spot<'_>, found: &mut Found) {
    let mut seen: std::collections::HashMap<&str, &str> = std::collections::HashMap::new();
    for (index, info) in infos.iter().enumerate() {
        let tag = info.language.as_deref().unwrap_or("en-US");
        let language = tag.split('-').next().unwrap_or_default();
        let field = if info.description.is_some() { "description" } else { "headline" };
        let Some(text) = info.description.as_deref().or(info.headline.as_deref()) else { continue };
        let first = *seen.entry(text).or_insert(language);
        if !first.eq_ignore_ascii_case(language) {
            let item = spot.item(index);
            found.push(
                item.field(field)
                    .advise(code::TEXT_SAME_IN_TWO_LANGUAGES)
                    .arg("language", language)
                    .arg("other", first),
            );
        }
    }
}
