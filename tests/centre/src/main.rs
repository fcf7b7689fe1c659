//! A message centre for people: prints JSON lines about what happens on it.

use std::{
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
};

use fenghuo_centre::{Behaviour, Centre, Counts, Protocol};
use serde_json::json;

const USAGE: &str = "\
usage: fenghuo-centre [--protocol smpp|cmpp|sgip|smgp] [--listen 127.0.0.1:0] [--behaviour FILE.json] [--tls] [--tell]
  Plays a carrier's message centre and prints one JSON object a line: first {\"listening\": PORT, …}, then the sums
  whenever they have changed within a second. With --tell each message that arrives is printed too.
  --behaviour reads fenghuo_centre::Behaviour; what is absent there is honest and prompt.";

/// What the command line asks for.
struct Arguments {
    protocol: Protocol,
    listen: SocketAddr,
    behaviour: Behaviour,
    tls: bool,
    tell: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match arguments(std::env::args().skip(1)) {
        Ok(arguments) => run(arguments).await.map_err(|error| error.to_string()),
        Err(why) => Err(format!("{why}\n{USAGE}")),
    };
    let Err(why) = outcome else { return ExitCode::SUCCESS };
    // Where standard error is closed nobody can be told.
    drop(writeln!(io::stderr(), "fenghuo-centre: {why}"));
    ExitCode::FAILURE
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments {
        protocol: Protocol::Smpp,
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        behaviour: Behaviour::default(),
        tls: false,
        tell: false,
    };
    while let Some(name) = given.next() {
        let mut value = || given.next().ok_or(format!("{name} needs a value"));
        match &*name {
            "--protocol" => {
                arguments.protocol = serde_json::from_value(value()?.into()).map_err(|error| error.to_string())?;
            }
            "--listen" => arguments.listen = value()?.parse().map_err(|error| format!("--listen: {error}"))?,
            "--behaviour" => arguments.behaviour = behaviour(&value()?)?,
            "--tls" => arguments.tls = true,
            "--tell" => arguments.tell = true,
            _ => return Err(format!("{name} is unknown")),
        }
    }
    Ok(arguments)
}

fn behaviour(path: &str) -> Result<Behaviour, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))
}

async fn run(arguments: Arguments) -> io::Result<()> {
    let Arguments { protocol, listen, behaviour, tls, tell } = arguments;
    let start = Centre::of(protocol, behaviour).listen(listen).at(today());
    let centre = if tls { start.with_tls() } else { start }.try_start().await?;
    let address = centre.address();
    say(
        &json!({"listening": address.port(), "address": address, "protocol": protocol, "certificate": centre.certificate()}),
    )?;
    let mut told = Told::default();
    loop {
        let stopped = tokio::time::timeout(std::time::Duration::from_secs(1), tokio::signal::ctrl_c()).await;
        told.tell(&centre, tell)?;
        if stopped.is_ok() {
            centre.stop().await;
            return Ok(());
        }
    }
}

/// The local date and time.
#[expect(clippy::disallowed_methods, reason = "people compare receipts with their own clock")]
fn today() -> jiff::civil::DateTime {
    jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::system()).datetime()
}

/// What was printed already.
#[derive(Default)]
struct Told {
    counts: Counts,
    arrived: usize,
}

impl Told {
    fn tell(&mut self, centre: &Centre, tell: bool) -> io::Result<()> {
        if tell {
            for arrived in centre.arrived_since(self.arrived) {
                self.arrived += 1;
                say(&json!({"arrived": arrived}))?;
            }
        }
        let counts = centre.counts();
        if counts != self.counts {
            say(&json!({"counts": counts}))?;
            self.counts = counts;
        }
        Ok(())
    }
}

fn say(line: &serde_json::Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
