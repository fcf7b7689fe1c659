//! The disk a data directory stands on: how short it is, and what of the reserve is left.

use std::{io, path::PathBuf, time::Duration};

use tokio::time::Instant;

use super::{
    bounds::{LOOK_EVERY, LOW_BYTES, LOW_SHARE},
    directory::Directory,
    fault::OpenFault,
    reserve::{self, Reserve},
    state::{Shared, Shortage},
};
use crate::{clock::Clock, store::contract::Room};

/// What the writer knows of its disk.
pub(super) struct Disk {
    root: PathBuf,
    reserve: Reserve,
    /// A commit found no room since the reserve was last found whole.
    was_full: bool,
    next_look: Instant,
}

impl Disk {
    /// Opens the reserve and makes it whole if there is room.
    pub(super) fn open(directory: &Directory, wanted: Option<u64>, clock: &Clock) -> Result<Self, OpenFault> {
        let path = directory.reserve();
        let reserve = Reserve::open(&path, wanted).map_err(|source| OpenFault::io("cannot open", &path, source))?;
        let root = directory.root().to_owned();
        Ok(Self { root, reserve, was_full: false, next_look: clock.instant() })
    }

    /// The disk was full: gives up `bytes` of the reserve or a little more; false when nothing is left of it.
    pub(super) fn release(&mut self, bytes: u64) -> bool {
        self.was_full = true;
        self.reserve.release(bytes)
    }

    /// A commit found no room.
    pub(super) fn found_full(&mut self) {
        self.was_full = true;
    }

    /// Whether the store cannot be opened because of a full disk, which not every error says.
    pub(super) fn is_in_the_way_of(&mut self, fault: &OpenFault) -> bool {
        match fault {
            OpenFault::DiskFull(_) => true,
            OpenFault::Io { .. } | OpenFault::Sqlite { .. } => self.reserve.has_no_room(),
            _ => false,
        }
    }

    /// How long until the next look is due.
    pub(super) fn left(&self, clock: &Clock) -> Duration {
        self.next_look.saturating_duration_since(clock.instant())
    }

    /// Looks at the disk; makes the reserve whole when that is possible.
    pub(super) fn look(&mut self, shared: &Shared) {
        self.next_look = shared.clock.instant() + LOOK_EVERY;
        if self.was_full || !self.reserve.is_whole() {
            self.was_full = self.reserve.make_whole().is_err();
        }
        self.tell(shared);
    }

    /// Shows what is known of the disk, without trying anything.
    pub(super) fn tell(&self, shared: &Shared) {
        let (free, total) = self.free().unwrap_or_default();
        let low_mark = (total / LOW_SHARE).min(LOW_BYTES);
        let shortage = match () {
            () if self.was_full || !self.reserve.is_whole() => Shortage::Full,
            () if free < low_mark => Shortage::Low,
            () => Shortage::None,
        };
        let (reserve, reserve_whole) = (self.reserve.held(), self.reserve.whole());
        shared.look(shortage, Room { free, total, low_mark, reserve, reserve_whole, ..Room::default() });
    }

    fn free(&self) -> io::Result<(u64, u64)> {
        reserve::look(&self.root)
    }
}
