//! Powers and exceptions: does anybody get them, and can everything that may be said be said by somebody?

use super::{Args, Pass, issuers};
use crate::{
    config::{
        Grant, Issuer, Power,
        authority::{matches, overlap},
    },
    domain::{level::Level, text::nearest},
};

pub(super) fn check(pass: &mut Pass<'_>) {
    let authority = &pass.config.authority;
    for pattern in authority.private_hazards.iter().filter(|pattern| !is_pattern(pattern) || *pattern == "*") {
        pass.refuse("config-authority-pattern", &["authority", "private_hazards"], vec![("got", pattern.clone())]);
    }
    for (pattern, power) in &authority.hazards {
        let path = ["authority", "hazards", pattern.as_str()];
        if is_pattern(pattern) {
            named(pass, &path, pattern);
            nobody(pass, &path, pattern, power);
        } else {
            pass.refuse("config-authority-pattern", &path, vec![("got", pattern.clone())]);
        }
        originators(pass, pattern, power);
    }
    for (id, grants) in &authority.issuers {
        let Some(issuer) = pass.config.issuers.get(id) else {
            unknown_issuer(pass, id);
            continue;
        };
        for (pattern, grant) in grants {
            exception(pass, (id, issuer), pattern, grant);
        }
    }
    unissued(pass);
}

/// A hazard code, or its beginning with an asterisk, or an asterisk alone.
fn is_pattern(pattern: &str) -> bool {
    pattern == "*" || issuers::is_hazard_code(pattern.strip_suffix('*').unwrap_or(pattern))
}

/// A power over a hazard that is in no list is most likely a slip.
fn named(pass: &mut Pass<'_>, path: &[&str], pattern: &str) {
    let config = pass.config;
    let private = config.authority.private_hazards.iter().any(|private| overlap(private, pattern));
    if private || config.hazards.keys().any(|code| matches(pattern, code)) {
        return;
    }
    let mut args = vec![("got", pattern.to_owned())];
    let near = nearest(pattern, config.hazards.keys().map(String::as_str));
    args.extend(near.map(|near| ("suggestion", near.to_owned())));
    pass.advise("config-authority-hazard-unknown", path, args);
}

/// Whether somebody can issue what the district may, at every level it may.
fn nobody(pass: &mut Pass<'_>, path: &[&str], pattern: &str, power: &Power) {
    let config = pass.config;
    if config.issuers.is_empty() || power.levels.is_empty() && !power.relay_only {
        return;
    }
    let can = config.issuers.iter().filter(|(_, issuer)| {
        (issuer.relay || !power.relay_only) && issuer.hazards.iter().any(|own| overlap(own, pattern))
    });
    let can: Vec<(&String, &Issuer)> = can.collect();
    let got = ("got", pattern.to_owned());
    if can.is_empty() {
        let code = if power.relay_only { "config-authority-no-relay" } else { "config-authority-nobody" };
        pass.advise(code, path, vec![got]);
        return;
    }
    let signs = |level: &Level| {
        can.iter().any(|(id, issuer)| {
            let grants = config.authority.issuers.get(*id).into_iter().flatten();
            let mut granted = grants.filter(|(other, _)| overlap(other, pattern)).map(|(_, grant)| grant);
            issuer.levels.contains(level) || granted.any(|grant| grant.levels.iter().flatten().any(|own| own == level))
        })
    };
    // Every level is the default, and says only that nothing is beyond the district.
    let written = pass.tree.at(&[path, &["levels"]].concat()).is_some();
    let unsigned: Vec<&str> =
        power.levels.iter().filter(|level| written && !signs(level)).map(|level| level.name()).collect();
    if !unsigned.is_empty() {
        let key = [path, &["levels"]].concat();
        pass.advise("config-authority-level-nobody", &key, vec![got, ("levels", unsigned.join(", "))]);
    }
}

fn originators(pass: &mut Pass<'_>, pattern: &str, power: &Power) {
    let path = ["authority", "hazards", pattern, "originators"];
    for sender in &power.originators {
        let stem = sender.strip_suffix('*').unwrap_or(sender);
        if stem.is_empty() || stem.contains([' ', ',', '<', '&', '*']) {
            pass.refuse("config-authority-originator", &path, vec![("got", sender.clone())]);
        }
    }
}

fn unknown_issuer(pass: &mut Pass<'_>, id: &str) {
    // Wrong issuers have been left out, and reported.
    if pass.incomplete && pass.config.issuers.is_empty() {
        return;
    }
    let mut args = vec![("got", id.to_owned())];
    let near = nearest(id, pass.config.issuers.keys().map(String::as_str));
    args.extend(near.map(|near| ("suggestion", near.to_owned())));
    pass.refuse("config-authority-issuer", &["authority", "issuers", id], args);
}

fn exception(pass: &mut Pass<'_>, (id, issuer): (&str, &Issuer), pattern: &str, grant: &Grant) {
    let path = ["authority", "issuers", id, pattern];
    let args = |got: &str| -> Args { vec![("got", got.to_owned()), ("issuer", issuer.name.clone())] };
    if !is_pattern(pattern) {
        pass.refuse("config-authority-pattern", &path, args(pattern));
    } else if !issuer.hazards.iter().any(|own| overlap(own, pattern)) {
        pass.advise("config-authority-not-own", &path, args(pattern));
    }
    let empty = [
        ("levels", grant.levels.as_ref().is_some_and(Vec::is_empty)),
        ("areas", grant.areas.as_ref().is_some_and(Vec::is_empty)),
    ];
    let complete = !pass.incomplete;
    for (name, _) in empty.into_iter().filter(|(_, empty)| *empty && complete) {
        pass.advise("config-authority-silent", &["authority", "issuers", id, pattern, name], args(pattern));
    }
    let areas = grant.areas.as_deref().unwrap_or_default();
    issuers::areas(pass, issuer, areas, &["authority", "issuers", id, pattern, "areas"]);
}

/// Codes a sentence repeats.
const TOLD: usize = 10;

/// Known hazards that no issuer may say anything about.
fn unissued(pass: &mut Pass<'_>) {
    let config = pass.config;
    // Without powers nobody has thought about who may say what yet.
    if pass.incomplete || config.issuers.is_empty() || config.authority.hazards.is_empty() {
        return;
    }
    let can = |code: &str, issuer: &Issuer| {
        (issuer.relay || !config.power(Some(code)).relay_only) && issuer.hazards.iter().any(|own| matches(own, code))
    };
    let unissued: Vec<&str> = config
        .hazards
        .iter()
        .filter(|(code, _)| !config.issuers.values().any(|issuer| can(code, issuer)))
        .map(|(code, _)| code.as_str())
        .collect();
    if unissued.is_empty() {
        return;
    }
    let more = if unissued.len() > TOLD { ", …" } else { "" };
    let got = unissued.iter().take(TOLD).copied().collect::<Vec<_>>().join(", ") + more;
    pass.advise("config-hazard-nobody", &["issuers"], vec![("got", got)]);
}
