//! The counting peer as a process of its own, and how it is asked.

use std::{
    io::{self, BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use super::counting::{CountingPeer, Counts};
use crate::run::Failed;

/// The name of the hidden command that runs it.
pub(crate) const COMMAND: &str = "counting-peer";

/// A running peer; it ends when this is dropped.
pub(super) struct PeerProcess {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub(super) port: u16,
}

impl PeerProcess {
    /// Starts it; each message is answered `pause` after it has arrived.
    pub(super) fn start(pause: Duration) -> Result<Self, Failed> {
        let own = std::env::current_exe().map_err(|fault| failed(&fault))?;
        let mut command = Command::new(own);
        command.arg(COMMAND).arg(pause.as_micros().to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|fault| failed(&fault))?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failed("torture: the peer has no pipes".to_owned()));
        };
        let mut peer = Self { child, orders, answers: BufReader::new(answers), port: 0 };
        peer.port = peer.line()?.parse().map_err(|_| Failed("torture: the peer named no port".to_owned()))?;
        Ok(peer)
    }

    /// What it has counted.
    pub(super) fn counts(&mut self) -> Result<Counts, Failed> {
        writeln!(self.orders, "counts").map_err(|fault| failed(&fault))?;
        let mut counts = Counts::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(counts);
            }
            let mut words = line.split('\t');
            let (Some(message), Some(recipient), Some(Ok(count))) =
                (words.next(), words.next(), words.next().map(str::parse))
            else {
                return Err(Failed(format!("torture: the peer said {line:?}")));
            };
            counts.insert((message.to_owned(), recipient.to_owned()), count);
        }
    }

    fn line(&mut self) -> Result<String, Failed> {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(0) => Err(Failed("torture: the peer has ended".to_owned())),
            Ok(_) => Ok(line.trim_end().to_owned()),
            Err(fault) => Err(failed(&fault)),
        }
    }
}

impl Drop for PeerProcess {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// Runs the peer until its orders end: the port first, then the counts each time they are asked for.
#[expect(clippy::print_stdout, reason = "this is how it answers")]
pub(crate) fn run(arguments: &[String]) -> Result<(), Failed> {
    let pause = arguments.first().and_then(|text| text.parse().ok()).unwrap_or(0);
    let peer = CountingPeer::start(Duration::from_micros(pause)).map_err(|fault| failed(&fault))?;
    println!("{}", peer.port);
    for _order in io::stdin().lock().lines().map_while(Result::ok) {
        for ((message, recipient), count) in peer.counts() {
            println!("{message}\t{recipient}\t{count}");
        }
        println!();
    }
    Ok(())
}

fn failed(fault: &io::Error) -> Failed {
    Failed(format!("torture: counting peer: {fault}"))
}
