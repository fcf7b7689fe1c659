//! What each issuer may say: does it mean something?

use super::{Args, Pass};
use crate::{
    config::Issuer,
    domain::{area::AreaCode, text::nearest},
};

pub(super) fn check(pass: &mut Pass<'_>) {
    let issuers = &pass.config.issuers;
    if issuers.is_empty() && !pass.incomplete {
        pass.advise("config-no-issuer", &["issuers"], Vec::new());
    }
    for (id, issuer) in issuers {
        if !is_id(id) {
            pass.refuse("config-issuer-id", &["issuers", id], vec![("got", id.clone())]);
        }
        silent(pass, id, issuer);
        hazards(pass, id, issuer);
        areas(pass, issuer, &issuer.areas, &["issuers", id, "areas"]);
        senders(pass, id, issuer);
    }
}

/// Ids stand in URLs, in keys and in the journal.
pub(super) fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn silent(pass: &mut Pass<'_>, id: &str, issuer: &Issuer) {
    let empty = [
        ("hazards", issuer.hazards.is_empty()),
        ("levels", issuer.levels.is_empty()),
        ("areas", issuer.areas.is_empty()),
    ];
    for (name, _) in empty.into_iter().filter(|(_, empty)| *empty) {
        // The list may be empty only because its wrong items have been left out.
        let written = pass.tree.at(&["issuers", id, name]);
        let reported = pass.incomplete && written.is_some() && name == "levels";
        if !reported {
            pass.refuse("config-issuer-silent", &["issuers", id, name], issuer_args(issuer, name));
        }
    }
}

fn issuer_args(issuer: &Issuer, got: &str) -> Args {
    vec![("issuer", issuer.name.clone()), ("got", got.to_owned())]
}

fn hazards(pass: &mut Pass<'_>, id: &str, issuer: &Issuer) {
    let known = &pass.config.hazards;
    for pattern in &issuer.hazards {
        let stem = pattern.strip_suffix('*').unwrap_or(pattern);
        let formed = pattern == "*" || is_hazard_code(stem);
        let matches = if pattern.ends_with('*') {
            known.keys().any(|code| code.starts_with(stem))
        } else {
            known.contains_key(pattern)
        };
        let mut args = issuer_args(issuer, pattern);
        if !formed {
            pass.refuse("config-hazard-pattern", &["issuers", id, "hazards"], args);
        } else if !matches {
            args.extend(nearest(pattern, known.keys().map(String::as_str)).map(|near| ("suggestion", near.to_owned())));
            pass.advise("config-hazard-unknown", &["issuers", id, "hazards"], args);
        }
    }
}

/// Whether a text can be a hazard code, national or local: capitals and digits, hyphens inside.
pub(super) fn is_hazard_code(text: &str) -> bool {
    (1..=20).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
}

pub(super) fn areas(pass: &mut Pass<'_>, issuer: &Issuer, areas: &[String], path: &[&str]) {
    let known = &pass.config.areas;
    for text in areas.iter().filter(|text| *text != "*") {
        let mut args = issuer_args(issuer, text);
        let Ok(area) = text.parse::<AreaCode>() else {
            let named = known.iter().find(|(_, name)| *name == text).map(|(code, _)| code.to_string());
            args.extend(named.map(|code| ("suggestion", code)));
            pass.refuse("config-issuer-area", path, args);
            continue;
        };
        let inside = known.keys().any(|other| other.contains(area) || area.contains(*other));
        let exact = known.contains_key(&area);
        if !inside || (!exact && is_sibling(known.keys(), area)) {
            let codes: Vec<String> = known.keys().map(ToString::to_string).collect();
            args.extend(nearest(text, codes.iter().map(String::as_str)).map(|near| ("suggestion", near.to_owned())));
            if !pass.incomplete || !known.is_empty() {
                pass.refuse("config-issuer-area", path, args);
            }
        }
    }
}

/// Whether the streets of this area's district are configured, and it is none of them: then it is a slip.
fn is_sibling<'a>(mut known: impl Iterator<Item = &'a AreaCode>, area: AreaCode) -> bool {
    let (street, district) = (area.number() / 1_000 * 1_000, area.number() / 1_000_000);
    // A village of a street that is configured is fine: villages need not be listed.
    area.number() == street
        && known.any(|other| other.number() / 1_000_000 == district && other.number() % 1_000_000 != 0)
}

fn senders(pass: &mut Pass<'_>, id: &str, issuer: &Issuer) {
    for sender in issuer.senders.iter().filter(|sender| sender.is_empty() || sender.contains([' ', ',', '<', '&'])) {
        pass.refuse("config-issuer-sender", &["issuers", id, "senders"], issuer_args(issuer, sender));
    }
}
