//! What time does to a link: late jobs, answers that do not come, keepalives, the end.

use std::time::Duration;

use fenghuo_contract::{Cause, Fault};
use tokio::time::Instant;

use super::{
    super::{
        Condition,
        job::{Job, Outcome},
    },
    Session,
};

/// How long a farewell may take: half for answers that are still out, half for the peer's own.
const FAREWELL: Duration = Duration::from_secs(2);

impl Session<'_> {
    pub(super) fn tick(&mut self, now: Instant) -> Result<(), Cause> {
        self.now = now;
        self.window.grow(now);
        let timeout = self.bind.line.answer_timeout;
        for waiting in self.table.take_older(now, timeout) {
            let fault = Fault::InDoubt(Cause::new("NO-ANSWER", "the submit was not answered in time"));
            self.settle(&waiting, Outcome::Unanswered, Some(fault));
        }
        let late = |(_, (_, job)): &(usize, &(u64, Job))| job.deadline <= now || job.is_forsaken();
        let late: Vec<usize> = self.jobs.iter().filter(late).map(|(key, _)| key).collect();
        for key in late {
            self.finish(key, Some(Fault::Transient(Cause::new("TIMEOUT", "the time for it ran out"))));
        }
        if self.leaving_at.is_some() { self.farewell() } else { self.keep_alive() }
    }

    fn keep_alive(&mut self) -> Result<(), Cause> {
        if let Some(asked) = self.asked_at {
            if self.now.duration_since(asked) >= self.bind.line.answer_timeout {
                return Err(Cause::new("SILENT", "the peer does not answer"));
            }
        } else if self.now.duration_since(self.heard_at) >= self.bind.line.keepalive {
            if self.bind.protocol.on_demand() {
                if self.jobs.is_empty() {
                    self.leave();
                }
                return Ok(());
            }
            let (number, before) = (self.table.free_number(), self.out.len());
            if self.bind.protocol.keepalive(number, &mut self.out) {
                self.asked_at = Some(self.now);
                self.queued += (self.out.len() - before) as u64;
            }
        }
        Ok(())
    }

    /// Waits for answers that are still out, then says farewell, then waits for the peer's.
    fn farewell(&mut self) -> Result<(), Cause> {
        let Some(since) = self.leaving_at else { return Ok(()) };
        let waited = self.now.duration_since(since);
        if waited >= FAREWELL {
            return Err(Cause::new("CLOSED", "the adapter is closed"));
        }
        if !self.farewell_written && (self.table.len() == 0 || waited >= FAREWELL / 2) {
            let (number, before) = (self.table.number(), self.out.len());
            self.bind.protocol.unbind(number, &mut self.out);
            self.queued += (self.out.len() - before) as u64;
            self.farewell_written = true;
        }
        Ok(())
    }

    /// Answers every job: what the connection took whole may have reached the peer, the rest did not.
    pub(super) fn end(&mut self, cause: &Cause) {
        if self.bind.role.submits() {
            // Before its jobs are answered: what is left of them must not come back here.
            self.bind.becomes(Condition::Down);
        }
        for waiting in self.table.take_all() {
            let outcome = if waiting.end <= self.taken { Outcome::Unanswered } else { Outcome::Unsent };
            self.settle(&waiting, outcome, Some(Fault::Transient(cause.clone())));
        }
        let left: Vec<usize> = self.jobs.iter().map(|(key, _)| key).collect();
        for key in left {
            self.finish(key, Some(Fault::Transient(cause.clone())));
        }
    }
}
