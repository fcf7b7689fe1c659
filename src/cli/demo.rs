//! `fenghuo demo`: a whole gateway with simulated providers, a sample directory and a red drill, to look at. Nothing
//! in it can reach a person: every route is simulated or a feed on this machine, and every recipient exists for drills
//! only.

mod players;
pub(super) mod world;

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

use super::{
    arguments::Demo, client::Client, exit::Exit, fault::Fault, output::Output, progress::Numbers, send, serve, watch,
};
use crate::{
    app::Gateway,
    clock::Clock,
    config::Environment,
    flow::authorize::{NewKey, Role},
};
use world::World;

/// How long the numbers must stand still before they are called the end: receipts come later than answers.
const SETTLE: Duration = Duration::from_secs(3);

pub(super) async fn run(arguments: &Demo, environment: &Environment, output: &Output) -> Result<Exit, Fault> {
    serve::log(environment, "error", output)?;
    let clock = Clock::system();
    let folder = Folder::new(arguments.data.clone(), &clock, output)?;
    let config = world::config(&folder.path, listen(arguments.listen));
    let gateway = serve::start(config, output).await?;
    // Both end together: the players have no end of their own.
    let done = {
        let players = players::run(&gateway, &clock);
        tokio::select! {
            done = Box::pin(show(arguments, &gateway, &folder.path, &clock, output)) => done,
            () = players => Ok(Exit::Failed),
            () = serve::stop_asked() => Ok(Exit::Interrupted),
        }
    };
    gateway.shutdown().await;
    done
}

async fn show(
    arguments: &Demo,
    gateway: &Gateway,
    folder: &Path,
    clock: &Clock,
    output: &Output,
) -> Result<Exit, Fault> {
    let base = format!("http://{}", gateway.address());
    let world = World { gateway, folder, clock, output };
    let (issuer, operator) = (world.key(Role::Issuer).await?, world.key(Role::Operator).await?);
    world.screens().await?;
    world.recipients(arguments.recipients).await?;
    world.write("issuer.key", &issuer.secret)?;
    world.write("operator.key", &operator.secret)?;
    world.write("issuer.header", &format!("Authorization: Bearer {}", issuer.secret))?;
    world.write("try-it.xml", &world::drill(clock, "try"))?;
    links(&base, folder, &operator, output);

    let client = Client::with_key(&base, Some(issuer.secret.clone()), output.lang)?;
    let answer = send::submit(&client, world::drill(clock, "demo").into_bytes(), false, None).await?;
    let id = answer.body.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    output.note(&output.say("cli-demo-sent", &[("id", id.clone()), ("url", base.clone())]));
    let every = Duration::from_secs(arguments.every.every);
    let numbers = watch::follow(&client, &id, every, SETTLE, output).await?;
    let exit = end(&numbers, output);
    if !arguments.exit && exit == Exit::Done {
        output.note(&output.say("cli-demo-stays", &[("url", base)]));
        serve::stop_asked().await;
    }
    Ok(exit)
}

/// Prints the end. A demonstration has succeeded when everything ended and the numbers add up: its simulated providers
/// refuse some on purpose.
fn end(numbers: &Numbers, output: &Output) -> Exit {
    if output.json {
        output.document(&numbers.document());
    } else {
        output.text(&numbers.report(output));
    }
    match (numbers.done, numbers.adds_up()) {
        (false, _) => Exit::Interrupted,
        (true, false) => Exit::Failed,
        (true, true) => Exit::Done,
    }
}

/// Where to look and what to type.
fn links(base: &str, folder: &Path, operator: &NewKey, output: &Output) {
    let file = |name: &str| folder.join(name).display().to_string();
    let args = [
        ("url", base.to_owned()),
        ("key", operator.secret.clone()),
        ("header", file("issuer.header")),
        ("file", file("try-it.xml")),
        ("data", folder.display().to_string()),
    ];
    output.note(&output.say("cli-demo-links", &args));
}

/// The address to listen on; when the usual one is taken, any free one of this machine.
fn listen(asked: Option<SocketAddr>) -> SocketAddr {
    let usual = SocketAddr::from(([127, 0, 0, 1], 12379));
    let free = || TcpListener::bind(usual).is_ok();
    asked.unwrap_or_else(|| if free() { usual } else { SocketAddr::from(([127, 0, 0, 1], 0)) })
}

/// The data directory; a temporary one goes with the demonstration.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    temporary: bool,
}

impl Folder {
    pub(super) fn new(given: Option<PathBuf>, clock: &Clock, output: &Output) -> Result<Self, Fault> {
        let temporary = given.is_none();
        let name = format!("fenghuo-demo-{:016x}", u64::from_le_bytes(clock.random()));
        let path = given.unwrap_or_else(|| std::env::temp_dir().join(name));
        // Whole, so that the lines printed work from everywhere.
        let path = create(&path)
            .and_then(|()| path.canonicalize())
            .map_err(|cause| Fault::file(output.lang, &path, &cause))?;
        Ok(Self { path, temporary })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            // What cannot be removed lies in the system's temporary directory and is removed there.
            let _removed = std::fs::remove_dir_all(&self.path);
        }
    }
}

#[cfg(unix)]
fn create(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)
}
