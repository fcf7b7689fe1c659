//! `fenghuo check`: would the gateway start, and what would happen? Reads files only; `--live` also asks the providers,
//! and sends nothing.

mod samples;
mod store;

use std::{sync::Arc, time::Duration};

use fenghuo_contract::{Adapter, Fault as ProviderFault, ReceiptSink};
use serde_json::{Value, json};

use samples::Sample;

use super::{arguments::Check, exit::Exit, fault::Fault, output::Output, settings};
use crate::{
    app::adapters,
    clock::Clock,
    config::{Config, ConfigFinding, Environment, Route, finding::Weight},
    domain::{
        moment::Moment,
        roster::{self, ShiftForm},
    },
    flow::{receipt::Inbox, render::templates::Templates},
    messages::{self, Lang},
    store::embedded,
};

/// How long a provider may take to answer a probe.
const PROBE: Duration = Duration::from_secs(10);

type Adapters = Vec<(String, Arc<dyn Adapter>)>;

pub(super) async fn run(arguments: &Check, environment: &Environment, output: &Output) -> Result<Exit, Fault> {
    let (config, mut findings, files) = match settings::load(&arguments.settings, environment, output)? {
        Ok(loaded) => (Some(loaded.config.with_partner_routes()), loaded.advice, loaded.files),
        Err(fault) => (None, fault.findings, fault.files),
    };
    let mut built = Adapters::new();
    if let Some(config) = &config {
        findings.extend(templates(config));
        findings.extend(routes(config, &mut built));
        findings.extend(upstreams(config));
        findings.extend(disk(config));
        findings.extend(roster(config, Clock::system().unix()));
    }
    let samples = config.as_ref().map(|config| samples::look(config, &built)).unwrap_or_default();
    findings.extend(samples.iter().filter_map(Sample::finding));
    if let Some(config) = config.as_ref().filter(|_| arguments.live) {
        findings.extend(store::ask(&config.store).await);
    }
    let refused = findings.iter().any(|finding| finding.weight == Weight::Refuse);
    let probes = if arguments.live && !refused { probe(&built).await } else { Vec::new() };
    let failed = probes.iter().any(|(_, result)| result.is_err());
    if output.json {
        output.document(&document(&findings, &files, &samples, &probes));
    } else {
        let mut text: String = findings.iter().map(|finding| settings::report(finding, output) + "\n").collect();
        text += &summary(config.as_ref().filter(|_| !refused), &findings, &files, output);
        text += &samples.iter().filter_map(|sample| sample.told(output)).collect::<String>();
        text += &probes.iter().map(|probe| told(probe, output)).collect::<String>();
        output.text(&text);
    }
    let denied = arguments.deny_warnings && !findings.is_empty();
    Ok(if refused || failed || denied { Exit::Failed } else { Exit::Done })
}

/// What the templates are reported to be, as findings about the settings.
pub(super) fn templates(config: &Config) -> Vec<ConfigFinding> {
    let Err(faults) = Templates::load(config) else { return Vec::new() };
    let finding = |fault: crate::flow::render::templates::TemplateFinding| ConfigFinding {
        code: fault.code,
        key: "texts".to_owned(),
        spot: None,
        args: fault.args,
        weight: Weight::Refuse,
    };
    faults.findings.into_iter().map(finding).collect()
}

/// Whether the disk of the data directory has room. Nothing is said of a directory that is not there yet.
fn disk(config: &Config) -> Vec<ConfigFinding> {
    if config.store.url.is_some() {
        return Vec::new();
    }
    let Some(room) = embedded::room(&config.store.data, config.store.reserve as u64) else { return Vec::new() };
    let mib = |bytes: u64| (bytes >> 20).to_string();
    let finding = |code, key: &str, args| {
        let weight = Weight::Advise;
        ConfigFinding { code, key: key.to_owned(), spot: None, args, weight }
    };
    let mut findings = Vec::new();
    if room.free < room.low_mark {
        let args = vec![("got", mib(room.free)), ("low", mib(room.low_mark))];
        findings.push(finding("config-disk-short", "store.data", args));
    }
    // A gateway that never ran here has not made it yet: it will, unless there is no room.
    if room.reserve < room.reserve_whole && room.free < room.reserve_whole - room.reserve {
        let args = vec![("got", mib(room.reserve)), ("whole", mib(room.reserve_whole))];
        findings.push(finding("config-reserve-short", "store.reserve", args));
    }
    findings
}

/// Offices without anybody on duty for some time of the week that begins now: the first such time of each.
fn roster(config: &Config, now: i64) -> Vec<ConfigFinding> {
    let gap = |(office, forms): (&String, &Vec<ShiftForm>)| {
        let shifts = roster::shifts(office, forms).ok()?;
        let (from, until) = roster::gaps(&shifts, now).into_iter().next()?;
        let time = |unix| Moment::china(unix).plain();
        let args = vec![("office", office.clone()), ("from", time(from)), ("until", time(until))];
        let key = format!("roster.{office}");
        Some(ConfigFinding { code: "config-roster-gap", key, spot: None, args, weight: Weight::Advise })
    };
    config.roster.iter().filter_map(gap).collect()
}

/// Builds the adapter of every route; none of them opens a link for that.
fn routes(config: &Config, built: &mut Adapters) -> Vec<ConfigFinding> {
    let adapters = adapters::Adapters::new(&Clock::system());
    let mut findings = Vec::new();
    for (name, route) in &config.routes {
        let sink = Inbox::new(name.clone()) as Arc<dyn ReceiptSink>;
        match adapters.build(route, sink) {
            Ok(adapter) => built.push((name.clone(), adapter)),
            Err(fault) => findings.push(adapter(name, route, &fault)),
        }
    }
    findings
}

/// What each feed of an upper level is reported to be.
fn upstreams(config: &Config) -> Vec<ConfigFinding> {
    let active = config.upstreams.iter().filter(|(_, upstream)| upstream.active);
    let faults = active.filter_map(|(name, feed)| Some((name, crate::app::upstream::fetcher(feed).err()?)));
    let finding = |(name, cause): (&String, String)| ConfigFinding {
        code: "config-upstream-settings",
        key: format!("upstreams.{name}"),
        spot: None,
        args: vec![("name", name.clone()), ("cause", cause)],
        weight: Weight::Refuse,
    };
    faults.map(finding).collect()
}

fn adapter(name: &str, route: &Route, fault: &adapters::AdapterFault) -> ConfigFinding {
    let mut args = vec![("route", name.to_owned()), ("cause", fault.to_string()), ("got", route.adapter.clone())];
    let (code, key) = match fault {
        adapters::AdapterFault::Unknown(written) => {
            let near = crate::domain::text::nearest(written, adapters::NAMES.iter().copied());
            args.push(("known", adapters::NAMES.join(", ")));
            args.extend(near.map(|name| ("suggestion", name.to_owned())));
            ("config-adapter-unknown", "adapter")
        }
        _ => ("config-adapter-settings", "settings"),
    };
    let key = match &route.partner {
        Some(partner) => format!("partners.{partner}"),
        None => format!("routes.\"{name}\".{key}"),
    };
    ConfigFinding { code, key, spot: None, args, weight: Weight::Refuse }
}

async fn probe(adapters: &Adapters) -> Vec<(String, Result<(), String>)> {
    let probe = |(name, adapter): &(String, Arc<dyn Adapter>)| {
        let (name, adapter) = (name.clone(), Arc::clone(adapter));
        async move {
            let probed: Result<Result<(), ProviderFault>, _> = tokio::time::timeout(PROBE, adapter.probe()).await;
            let result = match probed {
                Ok(answer) => answer.map_err(|fault| fault.to_string()),
                Err(_) => Err(format!("{} s", PROBE.as_secs())),
            };
            adapter.close().await;
            (name, result)
        }
    };
    futures_util::future::join_all(adapters.iter().map(probe)).await
}

fn told((name, result): &(String, Result<(), String>), output: &Output) -> String {
    match result {
        Ok(()) => format!("{}\n", output.green(&output.say("cli-check-probe-ok", &[("route", name.clone())]))),
        Err(cause) => {
            let args = [("route", name.clone()), ("cause", cause.clone())];
            format!("{}\n", output.red(&output.say("cli-check-probe-failed", &args)))
        }
    }
}

/// A short list when all is well, a count otherwise.
fn summary(
    config: Option<&Config>,
    findings: &[ConfigFinding],
    files: &[std::path::PathBuf],
    output: &Output,
) -> String {
    let refusing = findings.iter().filter(|finding| finding.weight == Weight::Refuse).count();
    let args = [("errors", refusing.to_string()), ("advice", (findings.len() - refusing).to_string())];
    let Some(config) = config else {
        return output.red(&output.say("cli-check-refused", &args)) + "\n";
    };
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let counts = [
        ("files", names.join(", ")),
        ("routes", config.routes.len().to_string()),
        ("issuers", config.issuers.len().to_string()),
        ("areas", config.areas.len().to_string()),
        ("hazards", config.hazards.len().to_string()),
        ("languages", config.texts.languages.join(", ")),
    ];
    let verdict = output.green(&output.say("cli-check-passed", &args));
    format!("{verdict}\n{}\n", output.say("cli-check-counts", &counts))
}

fn document(
    findings: &[ConfigFinding],
    files: &[std::path::PathBuf],
    samples: &[Sample],
    probes: &[(String, Result<(), String>)],
) -> Value {
    let finding = |finding: &ConfigFinding| {
        let texts = |lang: Lang| {
            json!({
                "text": finding.sentence(lang),
                "consequence": finding.consequence(lang),
                "action": messages::action(lang, finding.code),
            })
        };
        json!({
            "code": finding.code,
            "key": finding.key,
            "refused": finding.weight == Weight::Refuse,
            "file": finding.spot.as_ref().map(|spot| &spot.source),
            "line": finding.spot.as_ref().map(|spot| spot.line),
            "column": finding.spot.as_ref().map(|spot| spot.column),
            "suggestion": finding.suggestion(),
            "messages": {"zh-CN": texts(Lang::Chinese), "en": texts(Lang::English)},
        })
    };
    let probe = |(name, result): &(String, Result<(), String>)| json!({"route": name, "ok": result.is_ok(), "cause": result.as_ref().err()});
    json!({
        "ok": !findings.iter().any(|finding| finding.weight == Weight::Refuse),
        "files": files,
        "findings": findings.iter().map(finding).collect::<Vec<_>>(),
        "samples": samples.iter().map(Sample::document).collect::<Vec<_>>(),
        "probes": probes.iter().map(probe).collect::<Vec<_>>(),
    })
}
