//! Coming back from a failed commit. SQLite would go on acknowledging after one, and lose what it acknowledged: the
//! system marks pages that it could not write as clean. Only a new connection whose log went back into the database
//! completely, and whose journal still holds what was acknowledged, takes commits again.

use std::time::Duration;

use rusqlite::Connection;
use tokio::time::Instant;

use super::{bounds::PAUSES, fault::OpenFault, schema, tail, writer::Writer};
use crate::clock::Clock;

/// The pause before the next attempt to come back.
pub(super) struct Wait {
    pause: Duration,
    until: Instant,
}

impl Wait {
    pub(super) fn start(clock: &Clock) -> Self {
        Self { pause: PAUSES.0, until: clock.instant() + PAUSES.0 }
    }

    pub(super) fn left(&self, clock: &Clock) -> Duration {
        self.until.saturating_duration_since(clock.instant())
    }

    fn longer(&mut self, clock: &Clock) {
        self.pause = (self.pause * 2).min(PAUSES.1);
        self.until = clock.instant() + self.pause;
    }
}

impl Writer {
    /// Takes no more commits on this connection.
    pub(super) fn poison(&mut self, error: String) {
        self.connection = None;
        self.wait = Wait::start(&self.shared.clock);
        self.shared.poison(error);
    }

    /// One attempt. Where a full disk is in the way, the reserve makes room: without a store there is no lift.
    pub(super) fn come_back(&mut self) {
        let reopened = loop {
            match self.reopen() {
                Err(fault) if self.disk.is_in_the_way_of(&fault) && self.disk.release(0) => {}
                reopened => break reopened,
            }
        };
        self.look();
        match reopened {
            Ok(connection) => {
                self.connection = Some(connection);
                self.shared.heal(self.head);
            }
            Err(error) => {
                self.wait.longer(&self.shared.clock);
                self.shared.poison(error.to_string());
            }
        }
    }

    /// A connection fit for commits. The journal may hold one row more than was acknowledged: the group whose commit
    /// failed may have arrived after all.
    fn reopen(&mut self) -> Result<Connection, OpenFault> {
        let path = self.directory.database();
        let connection = schema::open_writer(&self.directory, &self.shared.clock)?;
        match schema::empty_log(&connection) {
            Ok(true) => {}
            Ok(false) => return Err(OpenFault::Busy(path)),
            Err(error) => return Err(OpenFault::sqlite(&path, error)),
        }
        let head = tail::check(&connection, &path, self.head)?;
        let path = self.directory.head();
        let rewrite = self.head_file.write(head).and_then(|()| self.head_file.sync());
        rewrite.map_err(|source| OpenFault::io("cannot write", &path, source))?;
        self.head = head;
        Ok(connection)
    }
}
