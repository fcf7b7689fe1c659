//! What the server of a shared store is asked with `--live`.

use crate::{
    app,
    config::{ConfigFinding, StoreConfig, finding::Weight},
    store::redis::{Fitness, examine},
};

/// What is wrong with the server of the store that several nodes share, when there is one.
pub(super) async fn ask(config: &StoreConfig) -> Vec<ConfigFinding> {
    // An address that cannot be read is a finding of its own.
    let Ok(Some(options)) = app::shared_store(config) else { return Vec::new() };
    match examine(&options).await {
        Ok(fitness) => judge(&fitness, config.replicas),
        Err(fault) => vec![finding("config-store-away", "url", Weight::Refuse, vec![("cause", fault.to_string())])],
    }
}

fn finding(code: &'static str, key: &str, weight: Weight, args: Vec<(&'static str, String)>) -> ConfigFinding {
    ConfigFinding { code, key: format!("store.{key}"), spot: None, args, weight }
}

fn judge(fitness: &Fitness, replicas: u32) -> Vec<ConfigFinding> {
    let mut findings = Vec::new();
    let mut say = |code, key, weight, args| findings.push(finding(code, key, weight, args));
    let got = |got: &str| vec![("got", got.to_owned())];
    let of = |got: u64, whole: u64| vec![("got", got.to_string()), ("whole", whole.to_string())];
    if fitness.is_old() {
        say("config-store-old", "url", Weight::Refuse, got(&fitness.version));
    }
    if fitness.evicts() {
        say("config-store-evicts", "url", Weight::Refuse, got(&fitness.policy));
    }
    if !fitness.append_only {
        say("config-store-append", "url", Weight::Refuse, Vec::new());
    }
    match fitness.sync.as_deref() {
        None => say("config-store-settings", "url", Weight::Advise, Vec::new()),
        Some(sync) if sync != "always" && fitness.append_only => {
            say("config-store-sync", "url", Weight::Advise, got(sync));
        }
        Some(_) => {}
    }
    if fitness.replicas < replicas {
        let args = of(fitness.replicas.into(), replicas.into());
        say("config-store-replicas", "replicas", Weight::Refuse, args);
    }
    if let Some(least) = fitness.replicas_to_write.filter(|least| *least < replicas) {
        say("config-store-min-replicas", "replicas", Weight::Advise, of(least.into(), replicas.into()));
    }
    let free = fitness.most.saturating_sub(fitness.used);
    if fitness.most == 0 {
        say("config-store-unbounded", "url", Weight::Advise, Vec::new());
    } else if free < fitness.most / 10 {
        say("config-store-memory", "url", Weight::Advise, of(free >> 20, fitness.most >> 20));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server as it should be.
    fn fit() -> Fitness {
        Fitness {
            version: "7.0.15".to_owned(),
            policy: "noeviction".to_owned(),
            append_only: true,
            sync: Some("always".to_owned()),
            replicas_to_write: Some(1),
            replicas: 1,
            used: 1 << 20,
            most: 1 << 30,
        }
    }

    fn codes(fitness: &Fitness) -> Vec<(&'static str, bool)> {
        let findings = judge(fitness, 1);
        findings.iter().map(|finding| (finding.code, finding.weight == Weight::Refuse)).collect()
    }

    #[test]
    fn every_way_of_losing_what_was_acknowledged_is_named() {
        assert_eq!(codes(&fit()), []);
        let old = Fitness { version: "6.2.14".to_owned(), ..fit() };
        assert_eq!(codes(&old), [("config-store-old", true)]);
        let evicting = Fitness { policy: "allkeys-lru".to_owned(), ..fit() };
        assert_eq!(codes(&evicting), [("config-store-evicts", true)]);
        let forgetful = Fitness { append_only: false, ..fit() };
        assert_eq!(codes(&forgetful), [("config-store-append", true)]);
        let late = Fitness { sync: Some("everysec".to_owned()), ..fit() };
        assert_eq!(codes(&late), [("config-store-sync", false)]);
        let silent = Fitness { sync: None, replicas_to_write: None, ..fit() };
        assert_eq!(codes(&silent), [("config-store-settings", false)]);
        let alone = Fitness { replicas: 0, replicas_to_write: Some(0), ..fit() };
        assert_eq!(codes(&alone), [("config-store-replicas", true), ("config-store-min-replicas", false)]);
        assert_eq!(codes(&Fitness { used: 1 << 30, ..fit() }), [("config-store-memory", false)]);
        assert_eq!(codes(&Fitness { most: 0, ..fit() }), [("config-store-unbounded", false)]);
    }
}
