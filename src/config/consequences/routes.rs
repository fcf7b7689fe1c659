//! What each route would do, and what the routes together leave out.

use std::path::Path;

use fenghuo_contract::Channel;

use super::Pass;
use crate::config::Route;

/// Channels that texts are rendered for.
const RENDERED: [Channel; 5] = [Channel::Sms, Channel::Wechat, Channel::Push, Channel::Email, Channel::Display];

pub(super) fn check(pass: &mut Pass<'_>) {
    for (name, route) in &pass.config.routes {
        names(pass, name, route);
        limits(pass, name, route);
        breaker(pass, name, route);
        gates(pass, name, route);
        secrets(pass, &["routes", name, "settings"], &route.settings);
        if let Some(file) = &route.callback_secret_file {
            secret(pass, &["routes", name, "callback_secret_file"], file, true);
        }
    }
    // A route left out because something else in it is wrong would be missed here for the wrong reason.
    if !pass.incomplete {
        uncovered(pass);
        Channel::ALL.into_iter().for_each(|channel| standbys(pass, channel));
    }
}

fn names(pass: &mut Pass<'_>, name: &str, route: &Route) {
    let in_url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !(1..=64).contains(&name.len()) || !name.bytes().all(in_url) {
        pass.refuse("config-route-name", &["routes", name], vec![("got", name.to_owned())]);
    } else if name.split('.').next() != Some(route.channel.name()) {
        let args = vec![("got", name.to_owned()), ("suggestion", format!("{}.{name}", route.channel))];
        pass.advise("config-route-prefix", &["routes", name], args);
    }
}

fn limits(pass: &mut Pass<'_>, name: &str, route: &Route) {
    let named = || vec![("route", name.to_owned())];
    if route.rate_per_s == Some(0) {
        pass.refuse("config-rate-zero", &["routes", name, "rate_per_s"], named());
    }
    if !(0.0..=0.9).contains(&route.red_share) {
        let mut args = named();
        args.push(("got", route.red_share.to_string()));
        pass.refuse("config-red-share", &["routes", name, "red_share"], args);
    }
    if route.batch == Some(0) {
        pass.refuse("config-batch-zero", &["routes", name, "batch"], named());
    }
    if route.window == Some(0) {
        pass.refuse("config-window-zero", &["routes", name, "window"], named());
    }
    if route.timeout_s.is_zero() {
        pass.refuse("config-timeout-zero", &["routes", name, "timeout_s"], named());
    }
}

fn breaker(pass: &mut Pass<'_>, name: &str, route: &Route) {
    let breaker = &route.breaker;
    for (key, fits) in [
        ("faults", breaker.faults > 0),
        ("share", breaker.share > 0.0 && breaker.share <= 1.0),
        ("attempts", breaker.attempts > 0),
    ] {
        if !fits {
            let args = vec![("route", name.to_owned()), ("name", key.to_owned())];
            pass.refuse("config-breaker", &["routes", name, "breaker", key], args);
        }
    }
}

fn gates(pass: &mut Pass<'_>, name: &str, route: &Route) {
    let named = || vec![("route", name.to_owned())];
    match (route.drill, route.actual) {
        // Screens fetch what they show; only those marked for drills are given a drill.
        (true, true) if route.channel == Channel::Display => {}
        (true, true) => pass.advise("config-route-both", &["routes", name, "drill"], named()),
        (false, false) => pass.advise("config-route-idle", &["routes", name, "actual"], named()),
        _ => {}
    }
}

/// Files a route's settings name: are they there, and does nobody else read them?
fn secrets(pass: &mut Pass<'_>, path: &[&str], settings: &toml::Table) {
    for (key, value) in settings {
        let path = [path, &[key]].concat();
        if let toml::Value::Table(inner) = value {
            secrets(pass, &path, inner);
        }
        for inner in value.as_array().into_iter().flatten().filter_map(toml::Value::as_table) {
            secrets(pass, &path, inner);
        }
        let (true, Some(file)) = (key.ends_with("_file"), value.as_str()) else { continue };
        secret(pass, &path, Path::new(file), !is_public(key));
    }
}

/// One file that is named; `hidden` when others should not read it.
pub(super) fn secret(pass: &mut Pass<'_>, path: &[&str], file: &Path, hidden: bool) {
    let name = file.display().to_string();
    match std::fs::metadata(file) {
        Err(cause) => pass.refuse("config-file-missing", path, vec![("file", name), ("cause", cause.to_string())]),
        Ok(metadata) if hidden && is_open_to_others(&metadata) => {
            pass.advise("config-file-open", path, vec![("file", name)]);
        }
        Ok(_) => {}
    }
}

/// Certificates and tables of codes are no secret.
fn is_public(key: &str) -> bool {
    key.starts_with("ca_") || key.contains("cert") || key == "codes_file"
}

#[cfg(unix)]
fn is_open_to_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

/// A channel whose routes are all standbys has nobody to stand by for: they carry it, so the word misleads.
fn standbys(pass: &mut Pass<'_>, channel: Channel) {
    let routes: Vec<(&String, &Route)> =
        pass.config.routes.iter().filter(|(_, route)| route.channel == channel).collect();
    if let Some((name, _)) = routes.first().filter(|_| routes.iter().all(|(_, route)| route.standby)) {
        let args = vec![("channel", channel.name().to_owned())];
        pass.advise("config-standby-alone", &["routes", name, "standby"], args);
    }
}

fn uncovered(pass: &mut Pass<'_>) {
    for channel in RENDERED {
        let routes = || pass.config.routes.iter().filter(|(_, route)| route.channel == channel);
        let args = vec![("channel", channel.name().to_owned())];
        let Some((first, _)) = routes().next() else {
            pass.advise("config-no-route", &[], args);
            continue;
        };
        if !routes().any(|(_, route)| route.actual) {
            pass.advise("config-no-actual-route", &["routes", first, "actual"], args);
        } else if !routes().any(|(_, route)| route.drill) {
            pass.advise("config-no-drill-route", &["routes", first, "drill"], args);
        }
    }
}
