//! One group commit as it is sent: several callers' commits, one row.

use std::{collections::BTreeMap, ops::Range};

use redis::Cmd;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{
    bounds::{CHANGES_BYTES, CHANGES_ROWS, GROUP_BYTES, GROUP_COMMITS, GROUP_ENTRIES, GROUP_PUTS},
    record,
    script::SCRIPTS,
    state::Shared,
};
use crate::store::{
    chain::{self, Head},
    contract::{Appended, Commit, CommitFault, Committed, Expect, Space, Urgency},
};

pub(super) type Answer = Result<Committed, CommitFault>;

/// A commit that is waiting.
pub(super) struct Job {
    pub(super) commit: Commit,
    pub(super) urgency: Urgency,
    pub(super) answer: oneshot::Sender<Answer>,
    /// Its share of the queue's bound.
    pub(super) _room: OwnedSemaphorePermit,
}

impl Job {
    pub(super) fn hear(self, answer: Answer) {
        // A caller that no longer listens has its commit all the same.
        drop(self.answer.send(answer));
    }
}

/// How much a group holds.
#[derive(Default)]
pub(super) struct Load {
    commits: usize,
    puts: usize,
    entries: usize,
    bytes: usize,
}

impl Load {
    pub(super) fn add(&mut self, commit: &Commit) {
        self.commits += 1;
        self.puts += commit.puts.len();
        self.entries += commit.entries.len();
        self.bytes += commit.bytes();
    }

    pub(super) fn is_full(&self) -> bool {
        self.commits >= GROUP_COMMITS
            || self.puts >= GROUP_PUTS
            || self.entries >= GROUP_ENTRIES
            || self.bytes >= GROUP_BYTES
    }
}

/// A row made of what is waiting.
pub(super) struct Row {
    pub(super) before: Head,
    pub(super) head: Head,
    at_ms: i64,
    data: Vec<u8>,
    /// Where the entries of each job stand.
    entries: Vec<Vec<Appended>>,
    /// The puts of each job, counted through.
    puts: Vec<Range<usize>>,
}

impl Row {
    pub(super) fn pack(jobs: &[Job], before: Head, at_ms: i64) -> Self {
        let sequence = before.sequence + 1;
        let (mut data, mut puts, mut count) = (Vec::new(), Vec::with_capacity(jobs.len()), 0);
        let mut entries = Vec::with_capacity(jobs.len());
        for job in jobs {
            entries.push(job.commit.entries.iter().map(|entry| chain::pack(&mut data, sequence, entry)).collect());
            puts.push(count..count + job.commit.puts.len());
            count += job.commit.puts.len();
        }
        let head = before.after(at_ms, &data);
        Self { before, head, at_ms, data, entries, puts }
    }

    /// The call that commits it, and about how many bytes that is.
    pub(super) fn call(&self, shared: &Shared, jobs: &[Job], attempt: u64, reserved: bool) -> (Cmd, usize) {
        let keys = &shared.keys;
        let puts = || jobs.iter().flat_map(|job| &job.commit.puts);
        let mut spaces: BTreeMap<Space, usize> = puts().map(|put| (put.space, 0)).collect();
        let mut names = vec![keys.head(), keys.nodes(), keys.journal(), keys.changes(), keys.floors()];
        for (number, (space, position)) in spaces.iter_mut().enumerate() {
            *position = number + 1;
            names.extend([keys.records(*space), keys.order(*space)]);
        }
        let script = if reserved { &SCRIPTS.commit_reserved } else { &SCRIPTS.commit };
        let mut call = script.call(&names);
        shared.sign(&mut call);
        let crc = chain::checksum(self.head.sequence, self.at_ms, &self.head.hash, &self.data);
        call.arg(attempt).arg(self.before.sequence).arg(&chain::tag(&self.before.hash)[..]);
        call.arg(&chain::tag(&self.head.hash)[..]).arg(self.at_ms).arg(crc).arg(&self.data);
        let numbers: Vec<String> = spaces.keys().map(|space| (*space as u8).to_string()).collect();
        call.arg(CHANGES_ROWS).arg(CHANGES_BYTES).arg(numbers.join(","));
        let mut bytes = self.data.len();
        for (number, job) in jobs.iter().enumerate() {
            for put in &job.commit.puts {
                let key = &put.key.0;
                call.arg(number).arg(spaces[&put.space]);
                match put.expect {
                    Expect::Any => call.arg(""),
                    Expect::Absent => call.arg(0),
                    Expect::Version(version) => call.arg(version),
                };
                let value = put.value.as_ref().map(|value| record::seal(put.space, key, value)).unwrap_or_default();
                bytes += key.len() + value.len();
                call.arg(key).arg(value);
            }
        }
        (call, bytes)
    }

    /// Answers every caller: the row is durable, and these are the versions of its puts.
    pub(super) fn acknowledge(self, jobs: Vec<Job>, versions: &[u64]) {
        for ((job, entries), puts) in jobs.into_iter().zip(self.entries).zip(self.puts) {
            let answer = match versions.get(puts) {
                Some(versions) => Ok(Committed { versions: versions.to_vec(), entries }),
                None => Err(CommitFault::Unknown("the versions that stand could not be read".to_owned())),
            };
            job.hear(answer);
        }
    }

    /// Answers callers whose commits run into what stands, as pairs of a put's number and its record's version; hands
    /// the others back.
    pub(super) fn refuse(&self, jobs: Vec<Job>, conflicts: &[u64]) -> Vec<Job> {
        let mut left = Vec::with_capacity(jobs.len());
        for (job, puts) in jobs.into_iter().zip(&self.puts) {
            let conflict = conflicts.chunks_exact(2).find(|pair| puts.contains(&(pair[0] as usize)));
            match conflict {
                Some(pair) => {
                    let index = pair[0] as usize - puts.start;
                    job.hear(Err(CommitFault::Conflict {
                        index,
                        version: Some(pair[1]).filter(|version| *version > 0),
                    }));
                }
                None => left.push(job),
            }
        }
        left
    }
}
