//! `fenghuo verify`: proves a data directory, or the store that nodes share, without changing anything in it and without
//! a server.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use tokio::time::Instant;

use super::{arguments::Verify, exit::Exit, fault::Fault, output::Output, settings};
use crate::{
    app::shared_store,
    clock::Clock,
    config::{self, Environment, StoreConfig},
    store::{
        embedded::{Progress, Verification, verify},
        redis,
    },
};

pub(super) async fn run(arguments: &Verify, output: &Output) -> Result<Exit, Fault> {
    let store = place(arguments, output)?;
    let unreadable = |place: String, cause: String| {
        Fault::failed(output.lang, "cli-verify-unreadable", &[("data", place), ("cause", cause)])
    };
    let url = store.url.clone().unwrap_or_default();
    let shared = shared_store(&store).map_err(|fault| unreadable(url.clone(), fault.to_string()))?;
    let mut telling = Telling::new(output, Duration::from_secs(arguments.every.every));
    let found = match &shared {
        Some(options) => {
            let found = redis::verify(options, &mut |progress| telling.tell(progress)).await;
            found.map_err(|fault| unreadable(url, fault.to_string()))
        }
        None => {
            let found = verify(&store.data, &mut |progress| telling.tell(progress));
            found.map_err(|fault| unreadable(store.data.display().to_string(), fault.to_string()))
        }
    };
    telling.bar.finish_and_clear();
    let found = found?;
    report(&found, output);
    Ok(if found.is_sound() { Exit::Done } else { Exit::Failed })
}

/// What is to be proved: what the settings name, or a data directory.
fn place(arguments: &Verify, output: &Output) -> Result<StoreConfig, Fault> {
    let mut store = match &arguments.config {
        Some(file) => {
            let loaded = config::load(Some(file), &Environment::of_process());
            loaded.map_err(|fault| settings::refused(&fault, output))?.config.store
        }
        None => StoreConfig::default(),
    };
    if let Some(data) = &arguments.data {
        store.data.clone_from(data);
    }
    Ok(store)
}

fn report(found: &Verification, output: &Output) {
    let hash = hex(&found.head.1);
    let faults: Vec<String> = found.faults.iter().map(ToString::to_string).collect();
    if output.json {
        output.document(&json!({
            "sound": found.is_sound(),
            "rows": found.rows,
            "entries": found.entries,
            "bytes": found.bytes,
            "records": found.records,
            "head": {"sequence": found.head.0, "hash": hash},
            "second_place": found.second_place.map(|(sequence, hash)| json!({"sequence": sequence, "hash": hex(&hash)})),
            "reserve": found.reserve,
            "faults": faults,
        }));
        return;
    }
    let args = [
        ("rows", found.rows.to_string()),
        ("entries", found.entries.to_string()),
        ("records", found.records.to_string()),
        ("sequence", found.head.0.to_string()),
        ("hash", hash),
        ("reserve", (found.reserve >> 20).to_string()),
    ];
    let verdict = if found.is_sound() {
        output.green(&output.say("cli-verify-sound", &[]))
    } else {
        output.red(&output.say("cli-verify-broken", &[]))
    };
    let faults: String = faults.iter().map(|fault| format!("  {fault}\n")).collect();
    output.text(&format!("{verdict}\n{}\n{faults}", output.say("cli-verify-counts", &args)));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A bar for a person, a line now and then for a log, JSON lines for a program.
struct Telling<'a> {
    output: &'a Output,
    clock: Clock,
    bar: ProgressBar,
    every: Duration,
    told: Option<Instant>,
}

impl<'a> Telling<'a> {
    fn new(output: &'a Output, every: Duration) -> Self {
        let target =
            if output.animated { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        let style =
            ProgressStyle::with_template("{bar:40} {pos}/{len}").unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(0), target).with_style(style.progress_chars("##-"));
        Self { output, clock: Clock::system(), bar, every, told: None }
    }

    fn tell(&mut self, progress: Progress) {
        self.bar.set_length(progress.of_rows);
        self.bar.set_position(progress.rows);
        let now = self.clock.instant();
        let due = self.told.is_none_or(|told| now.duration_since(told) >= self.every);
        if self.output.animated || !due {
            return;
        }
        self.told = Some(now);
        if self.output.json {
            self.output.status(&json!({
                "type": "status", "rows": progress.rows, "of_rows": progress.of_rows, "records": progress.records,
            }));
            return;
        }
        let args = [
            ("rows", progress.rows.to_string()),
            ("of", progress.of_rows.to_string()),
            ("records", progress.records.to_string()),
        ];
        self.output.note(&self.output.say("cli-verify-progress", &args));
    }
}
