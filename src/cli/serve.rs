//! `fenghuo serve`: runs the gateway until it is told to stop.

use std::io::IsTerminal;

use super::{
    arguments::Serve,
    documents::{COMMIT, VERSION},
    exit::Exit,
    fault::Fault,
    output::Output,
    settings,
};
use crate::{
    app::{Gateway, StartFault},
    clock::Clock,
    config::{Config, Environment},
};

/// Pause before a gateway that must begin anew is started again.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(1);

pub(super) async fn run(arguments: &Serve, environment: &Environment, output: &Output) -> Result<Exit, Fault> {
    log(environment, "info", output)?;
    let loaded = match settings::load(&arguments.settings, environment, output)? {
        Ok(loaded) => loaded,
        Err(fault) => return Err(settings::refused(&fault, output)),
    };
    for finding in &loaded.advice {
        tracing::warn!(code = finding.code, key = finding.key, "{}", finding.sentence(output.lang));
    }
    let mut config = loaded.config;
    if let Some(data) = &arguments.data {
        config.store.data.clone_from(data);
    }
    if let Some(listen) = arguments.listen {
        config.server.listen = listen;
    }
    let data = config.store.data.display().to_string();
    survive_file_limit();
    crate::http::serve::raise_files();
    let mut gateway = start(config.clone(), output).await?;
    let files: Vec<String> = loaded.files.iter().map(|file| file.display().to_string()).collect();
    let args = [
        ("version", VERSION.to_owned()),
        ("commit", COMMIT.to_owned()),
        ("address", format!("http://{}", gateway.address())),
        ("data", data),
        ("files", files.join(", ")),
    ];
    output.note(&output.say("cli-serve-started", &args));
    // Where the others will find it again.
    config.server.listen = gateway.address();
    loop {
        tokio::select! {
            biased;
            () = stop_asked() => break,
            () = gateway.must_begin_anew() => {}
        }
        gateway.abandon().await;
        gateway = tokio::select! {
            biased;
            () = stop_asked() => return Ok(Exit::Done),
            again = start_again(&config, output) => again,
        };
        tracing::warn!("the gateway has begun anew from what the store holds");
    }
    output.note(&output.say("cli-serve-stopping", &[]));
    tokio::select! {
        ended = gateway.shutdown() => Ok(if ended { Exit::Done } else { Exit::Failed }),
        // Whoever asks twice does not want to wait.
        () = stop_asked() => Ok(Exit::Interrupted),
    }
}

/// Starts the gateway again, however long it takes: nobody stands by to do it.
async fn start_again(config: &Config, output: &Output) -> Gateway {
    let clock = Clock::system();
    loop {
        match start(config.clone(), output).await {
            Ok(gateway) => return gateway,
            Err(fault) => tracing::error!(?fault, "the gateway does not begin anew yet, repeating"),
        }
        clock.sleep(AGAIN).await;
    }
}

/// Starts the gateway, or says in the caller's language why not.
pub(super) async fn start(config: Config, output: &Output) -> Result<Gateway, Fault> {
    let data = config.store.data.display().to_string();
    let started = Box::pin(Gateway::start(config, Clock::system())).await;
    started.map_err(|fault| {
        let mut args = vec![("data", data), ("cause", causes(&fault))];
        let (exit, code) = match &fault {
            StartFault::Store(crate::store::embedded::OpenFault::InUse(_)) => (Exit::Temporary, "cli-data-in-use"),
            StartFault::Store(crate::store::embedded::OpenFault::DiskFull(_)) => (Exit::Temporary, "cli-data-full"),
            StartFault::Shared(crate::store::redis::OpenFault::Unreachable { .. }) => {
                (Exit::Temporary, "cli-store-not-opened")
            }
            StartFault::Shared(_) | StartFault::Address(_) => (Exit::Failed, "cli-store-not-opened"),
            StartFault::Store(_) | StartFault::Data { .. } | StartFault::Key(_) => {
                (Exit::Failed, "cli-data-not-opened")
            }
            StartFault::Listen { address, .. } => {
                args.push(("address", address.to_string()));
                (Exit::Failed, "cli-not-listening")
            }
            StartFault::Route { route, .. } => {
                args.push(("route", route.clone()));
                (Exit::Failed, "cli-route-not-built")
            }
            _ => (Exit::Failed, "cli-not-started"),
        };
        Fault::new(exit, output.lang, code, &args)
    })
}

fn causes(fault: &StartFault) -> String {
    let first: &dyn std::error::Error = fault;
    let all = std::iter::successors(Some(first), |cause| cause.source());
    let mut told: Vec<String> = Vec::new();
    for cause in all.map(ToString::to_string) {
        // A transparent error says the same as its cause.
        if !told.iter().any(|known| known.contains(&cause)) {
            told.push(cause);
        }
    }
    told.join(": ")
}

/// A write beyond the limit on the size of files is to fail, as it does on a full disk, not to end the process.
fn survive_file_limit() {
    #[cfg(target_os = "linux")]
    {
        use tokio::signal::unix::{SignalKind, signal};
        const SIGXFSZ: i32 = 25;
        // Heard by nobody: that it is caught is enough, and stays so.
        if let Err(fault) = signal(SignalKind::from_raw(SIGXFSZ)) {
            tracing::warn!(%fault, "a limit on the size of files would end the program");
        }
    }
}

/// Waits for SIGTERM or an interrupt.
pub(super) async fn stop_asked() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(fault) => {
                tracing::warn!(%fault, "SIGTERM cannot be heard");
                let _heard = interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    let _heard = interrupt.await;
}

/// Starts the log on standard error: lines for a person, JSON otherwise. `FENGHUO_LOG` names the least level.
pub(super) fn log(environment: &Environment, default: &str, output: &Output) -> Result<(), Fault> {
    use tracing_subscriber::filter::LevelFilter;
    let written = environment.get("FENGHUO_LOG").unwrap_or(default);
    let level: LevelFilter = written
        .parse()
        .map_err(|_| Fault::new(Exit::Usage, output.lang, "cli-log-level", &[("got", written.to_owned())]))?;
    let builder = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(level);
    // A second start in the same process (a test) keeps the first log.
    let _first = if std::io::stderr().is_terminal() { builder.try_init() } else { builder.json().try_init() };
    Ok(())
}
