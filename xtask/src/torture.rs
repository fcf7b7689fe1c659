//! `kill -9` of the real program, again and again, beside a peer that counts what really arrived.
//!
//! In every round warnings of several levels, sometimes with an update and a lift, are posted over HTTP while the program
//! is killed at random moments, its start included. When everything has ended, the program's word about every single
//! delivery is compared with what the peer, a process of its own, counted for that recipient and message.
//!
//! `lost`: answered with 201 and not there or not ended, or called accepted and never arrived. `doubled`: arrivals
//! beyond the first. `leased`: deliveries whose lease a kill left without outcome; the program says so delivery by
//! delivery, and it cannot say more than can be on the wire at a kill.
//!
//! With `--nodes N` the same on several nodes that share a Redis of their own: nodes are killed and frozen, Redis is
//! killed and frozen, and whatever node is asked at the end has to say the same.

mod chance;
#[path = "../../tests/peers/counting.rs"]
mod counting;
mod gateway;
mod json;
mod message;
mod nodes;
pub(crate) mod peer;
mod round;

use std::{
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

use crate::run::{Failed, cargo, check, root, say};
use chance::Chance;
use counting::Counts;
use gateway::{Installation, ask};
use peer::PeerProcess;
use round::Found;

/// Rounds on one data directory before a fresh one is taken.
const ROUNDS_A_DIRECTORY: usize = 5;
/// How long the peer takes to answer a letter.
const PAUSE: Duration = Duration::from_millis(3);

struct Options {
    rounds: usize,
    seed: u64,
    json: bool,
    recipients: u64,
    program: Option<PathBuf>,
    debug: bool,
    /// Nodes on one Redis; none is one program on its own store.
    nodes: Option<usize>,
}

/// Runs the rounds that were asked for.
pub(crate) fn torture(arguments: &[String]) -> Result<(), Failed> {
    let options = options(arguments)?;
    let program = match &options.program {
        Some(program) => program.clone(),
        None => build(options.debug)?,
    };
    say(&format!("torture: {} rounds, --seed {}", options.rounds, options.seed));
    let mut all = Found::default();
    let mut directory = None;
    let mut cluster = None;
    for round in 0..options.rounds {
        if round % ROUNDS_A_DIRECTORY == 0 {
            (directory, cluster) = (None, None);
        }
        let number = round / ROUNDS_A_DIRECTORY;
        if let Some(nodes) = options.nodes {
            let cluster = match &mut cluster {
                Some(cluster) => cluster,
                none => none.insert(nodes::Cluster::new(&program, nodes, options.recipients, number)?),
            };
            all.add(&told(&options, round, |chance| cluster.round(round, chance))?);
            continue;
        }
        let directory = match &mut directory {
            Some(directory) => directory,
            none => none.insert(Directory::new(&program, &options, number)?),
        };
        all.add(&told(&options, round, |chance| directory.round(round, chance))?);
    }
    print(&options, &all);
    all.broken().map_or(Ok(()), |broken| Err(Failed(format!("torture: {broken}; repeat with --seed {}", options.seed))))
}

/// A data directory, the peer its letters go to, and what had arrived there before.
struct Directory {
    number: usize,
    installation: Installation,
    peer: PeerProcess,
    before: Counts,
}

impl Directory {
    fn new(program: &std::path::Path, options: &Options, number: usize) -> Result<Self, Failed> {
        let peer = PeerProcess::start(PAUSE)?;
        let folder = std::env::temp_dir().join(format!("fenghuo-torture-{}-{number}", std::process::id()));
        let installation = Installation::new(program, folder, peer.port, None)?;
        let gateway = installation.start()?;
        import(&gateway.address()?, &installation, options.recipients)?;
        gateway.kill();
        Ok(Self { number, installation, peer, before: Counts::new() })
    }

    fn round(&mut self, round: usize, chance: &mut Chance) -> Result<Found, Failed> {
        let posts = message::posts(self.number, round, chance);
        round::run(&self.installation, &mut self.peer, &mut self.before, posts, chance)
    }
}

/// Puts the recipients of the letters into the directory.
fn import(address: &str, installation: &Installation, recipients: u64) -> Result<(), Failed> {
    let lines = message::recipients(recipients);
    let (path, media) = ("/v1/recipients/import", "application/x-ndjson");
    match ask(address, "POST", path, &installation.operator, media, &lines) {
        Some(answer) if answer.status == 200 => Ok(()),
        answer => {
            let text = answer.map(|answer| answer.text).unwrap_or_default();
            Err(Failed(format!("torture: the recipients were not imported: {text}")))
        }
    }
}

/// Runs a round and tells a person what it showed.
#[expect(clippy::disallowed_methods, reason = "how long a round took is shown to a person")]
fn told(
    options: &Options,
    round: usize,
    run: impl FnOnce(&mut Chance) -> Result<Found, Failed>,
) -> Result<Found, Failed> {
    let since = Instant::now();
    let mut chance = Chance::of(options.seed.wrapping_add(round as u64 * 0x1_0000_0001));
    let found = run(&mut chance)?;
    let line = format!(
        "round {:>4}: {} warnings, {} deliveries, {} kills: lost {}, doubled {}, leased {}, {:.1} s{}",
        round + 1,
        found.warnings,
        found.deliveries,
        found.kills,
        found.lost,
        found.doubled,
        found.leased,
        since.elapsed().as_secs_f64(),
        found.broken().map(|broken| format!("  BROKEN: {broken}")).unwrap_or_default(),
    );
    show(options, &line);
    Ok(found)
}

/// Lines for a person; with `--json` standard output holds the one object.
#[expect(clippy::print_stdout, reason = "this is the program's result")]
fn show(options: &Options, line: &str) {
    if options.json { say(line) } else { println!("{line}") }
}

#[expect(clippy::print_stdout, reason = "this is the program's result")]
fn print(options: &Options, all: &Found) {
    let Found { lost, doubled, leased, deliveries, kills, unmarked, unexplained, .. } = all;
    let rounds = options.rounds;
    show(
        options,
        &format!(
            "{rounds} rounds, {deliveries} deliveries, {kills} kills: lost {lost}, doubled {doubled} (unmarked {unmarked}), leased {leased}, unexplained {unexplained}"
        ),
    );
    if options.json {
        println!(r#"{{"rounds":{rounds},"lost":{lost},"doubled":{doubled},"leased":{leased}}}"#);
    }
}

fn options(arguments: &[String]) -> Result<Options, Failed> {
    let mut options = Options {
        rounds: 20,
        seed: beginning(),
        json: false,
        recipients: 600,
        program: None,
        debug: false,
        nodes: None,
    };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut value = |what: &str| words.next().ok_or_else(|| Failed(format!("torture: {word} wants {what}")));
        match word.as_str() {
            "--rounds" => options.rounds = number(word, value("a number")?)?,
            "--seed" => options.seed = number(word, value("a number")?)?,
            "--recipients" => options.recipients = number(word, value("a number")?)?,
            "--nodes" => options.nodes = Some(number::<usize>(word, value("a number")?)?.max(1)),
            "--program" => options.program = Some(value("the program's path")?.into()),
            "--json" => options.json = true,
            "--debug" => options.debug = true,
            _ => return Err(Failed(format!("xtask: torture knows no {word}"))),
        }
    }
    Ok(options)
}

fn number<T: std::str::FromStr>(word: &str, text: &str) -> Result<T, Failed> {
    text.parse().map_err(|_| Failed(format!("torture: {word} wants a number, not {text:?}")))
}

#[expect(clippy::disallowed_methods, reason = "a seed nobody chose; it is shown, so that it can be chosen again")]
fn beginning() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Builds the program and says where it is.
fn build(debug: bool) -> Result<PathBuf, Failed> {
    let mut build = cargo(&["build", "--quiet", "--package", "fenghuo", "--bin", "fenghuo"]);
    check(build.args((!debug).then_some("--release")))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join(if debug { "debug" } else { "release" }).join("fenghuo"))
}
