//! What partners would be sent, and where warnings from above would come from.

use super::{Args, Pass, issuers::is_id, routes::secret};
use crate::{
    config::{Partner, Upstream},
    domain::area::AreaCode,
};

/// Below this a feed's owner may take us for an attack, seconds.
const SHORTEST_S: u64 = 10;

pub(super) fn check(pass: &mut Pass<'_>) {
    for (name, partner) in &pass.config.partners {
        identity(pass, "partners", name, &partner.url);
        lists(pass, "partners", name, &partner.hazards, &partner.areas);
        secrets(pass, name, partner);
    }
    for (name, upstream) in &pass.config.upstreams {
        identity(pass, "upstreams", name, &upstream.url);
        lists(pass, "upstreams", name, &upstream.hazards, &upstream.areas);
        authority(pass, name, upstream);
        if upstream.every_s.as_secs() < SHORTEST_S {
            pass.refuse("config-upstream-pace", &["upstreams", name, "every_s"], named(name));
        }
    }
}

fn named(name: &str) -> Args {
    vec![("name", name.to_owned())]
}

/// The address itself is not repeated: its path may be a secret.
fn identity(pass: &mut Pass<'_>, table: &str, name: &str, url: &str) {
    if !is_id(name) {
        pass.refuse("config-share-name", &[table, name], vec![("got", name.to_owned())]);
    }
    if url.starts_with("http://") {
        pass.advise("config-share-plain", &[table, name, "url"], named(name));
    } else if !url.starts_with("https://") {
        pass.refuse("config-share-url", &[table, name, "url"], named(name));
    }
}

fn lists(pass: &mut Pass<'_>, table: &str, name: &str, hazards: &[String], areas: &[String]) {
    for (key, _) in [("hazards", hazards), ("areas", areas)].into_iter().filter(|(_, list)| list.is_empty()) {
        let args = vec![("name", name.to_owned()), ("got", key.to_owned())];
        pass.advise("config-share-nothing", &[table, name, key], args);
    }
    for area in areas.iter().filter(|area| *area != "*") {
        let args = vec![("name", name.to_owned()), ("got", area.clone())];
        match area.parse::<AreaCode>() {
            Err(_) => pass.refuse("config-share-area", &[table, name, "areas"], args),
            Ok(code) if !pass.config.areas.contains_key(&code) => {
                pass.advise("config-share-area", &[table, name, "areas"], args);
            }
            Ok(_) => {}
        }
    }
}

/// The secrets of a partner that gets nothing may be on their way.
fn secrets(pass: &mut Pass<'_>, name: &str, partner: &Partner) {
    if !partner.active {
        return;
    }
    if partner.secret_files.is_empty() {
        pass.refuse("config-partner-unsigned", &["partners", name, "secret_files"], named(name));
    }
    for file in &partner.secret_files {
        secret(pass, &["partners", name, "secret_files"], file, true);
    }
    if let Some(file) = &partner.ca_file {
        secret(pass, &["partners", name, "ca_file"], file, false);
    }
}

fn authority(pass: &mut Pass<'_>, name: &str, upstream: &Upstream) {
    let relays = pass.config.issuers.get(&upstream.issuer).is_some_and(|issuer| issuer.relay);
    if !relays && !pass.incomplete {
        let args = vec![("name", name.to_owned()), ("got", upstream.issuer.clone())];
        pass.refuse("config-upstream-issuer", &["upstreams", name, "issuer"], args);
    }
    if let Some(file) = &upstream.ca_file {
        secret(pass, &["upstreams", name, "ca_file"], file, false);
    }
}
