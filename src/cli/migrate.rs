//! `fenghuo migrate`: moves a data directory that no server holds into a Redis, and proves it.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::{arguments::Migrate, exit::Exit, fault::Fault, output::Output};
use crate::{
    app::{KEY_FILE, StartFault},
    clock::Clock,
    store::{
        embedded::OpenFault as Held,
        migrate::{Moved, Progress, migrate},
        redis::{Address, Import, OpenFault, Options},
    },
};

pub(super) async fn run(arguments: &Migrate, output: &Output) -> Result<Exit, Fault> {
    let clock = Clock::system();
    let (from, to) = (arguments.from.display().to_string(), arguments.to.clone());
    let args = |cause: String| [("data", from.clone()), ("store", to.clone()), ("cause", cause)];
    let address: Address = to.parse().map_err(|fault: crate::store::redis::AddressFault| {
        Fault::new(Exit::Usage, output.lang, "cli-migrate-address", &args(fault.to_string()))
    })?;
    let opened = crate::app::open(&arguments.from, &clock).await.map_err(|fault| match fault {
        StartFault::Store(Held::InUse(_)) => {
            Fault::new(Exit::Temporary, output.lang, "cli-migrate-in-use", &args(String::new()))
        }
        fault => Fault::failed(output.lang, "cli-data-not-opened", &args(fault.to_string())),
    })?;
    let options = Options {
        ca_file: arguments.ca_file.clone(),
        user: arguments.user.clone(),
        password_file: arguments.password_file.clone(),
        prefix: arguments.prefix.clone(),
        replicas: arguments.replicas,
        ..Options::at(address)
    };
    let import = Import::begin(&clock, options).await.map_err(|fault| match fault {
        OpenFault::Inhabited { .. } => {
            Fault::new(Exit::Refused, output.lang, "cli-migrate-inhabited", &args(fault.to_string()))
        }
        fault => Fault::new(Exit::Unreachable, output.lang, "cli-migrate-not-begun", &args(fault.to_string())),
    })?;
    let mut telling = Telling { output, clock, every: Duration::from_secs(arguments.every.every), told: None };
    let moved = migrate(&*opened.store, import, &mut |progress| telling.tell(progress)).await;
    opened.store.close().await;
    let moved = moved.map_err(|fault| Fault::failed(output.lang, "cli-migrate-failed", &args(fault.to_string())))?;
    report(&moved, arguments, output);
    Ok(Exit::Done)
}

fn report(moved: &Moved, arguments: &Migrate, output: &Output) {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (sequence, hash) = (moved.head.0, hex(&moved.head.1));
    if output.json {
        let kinds = moved.spaces.iter().filter(|(_, count, _)| *count > 0);
        let kinds =
            kinds.map(|(space, count, digest)| json!({"kind": *space as u8, "records": count, "sha256": hex(digest)}));
        output.document(&json!({
            "records": moved.records(),
            "kinds": kinds.collect::<Vec<_>>(),
            "head": {"sequence": sequence, "hash": hash},
        }));
        return;
    }
    let args = [
        ("records", moved.records().to_string()),
        ("sequence", sequence.to_string()),
        ("hash", hash),
        ("store", arguments.to.clone()),
        ("key", arguments.from.join(KEY_FILE).display().to_string()),
    ];
    output.text(&format!("{}\n", output.green(&output.say("cli-migrate-done", &args))));
    output.note(&output.say("cli-migrate-next", &args));
}

/// A line now and then, for a person or as JSON.
struct Telling<'a> {
    output: &'a Output,
    clock: Clock,
    every: Duration,
    told: Option<Instant>,
}

impl Telling<'_> {
    fn tell(&mut self, progress: Progress) {
        let now = self.clock.instant();
        if self.told.is_some_and(|told| now.duration_since(told) < self.every) {
            return;
        }
        self.told = Some(now);
        let Progress { records, rows, of_rows } = progress;
        if self.output.json {
            self.output.status(&json!({"type": "status", "records": records, "rows": rows, "of_rows": of_rows}));
            return;
        }
        let args = [("rows", rows.to_string()), ("of", of_rows.to_string()), ("records", records.to_string())];
        self.output.note(&self.output.say("cli-verify-progress", &args));
    }
}
