//! Room on the disk that is kept for what must still be written when the disk is full: a preallocated file, cut shorter
//! by as much as a commit needs, and made whole again when there is room.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use super::{bounds::RELEASE_STEP, directory::private};

/// The open file. Without a size asked for, what is there is used and nothing is made.
pub(super) struct Reserve {
    file: Option<File>,
    /// Bytes it holds now.
    held: u64,
    /// Bytes it should hold.
    whole: u64,
}

impl Reserve {
    /// Opens the file at `path`, or makes it when a size is asked for. A disk without room for it is no error: the
    /// reserve is not whole then.
    pub(super) fn open(path: &Path, wanted: Option<u64>) -> io::Result<Self> {
        let held = path.metadata().map_or(0, |file| file.len());
        let whole = wanted.unwrap_or(held);
        if whole == 0 && held == 0 {
            return Ok(Self { file: None, held: 0, whole: 0 });
        }
        let file = private(path)?;
        if held > whole {
            file.set_len(whole)?;
        }
        Ok(Self { file: Some(file), held: held.min(whole), whole })
    }

    pub(super) const fn held(&self) -> u64 {
        self.held
    }

    pub(super) const fn whole(&self) -> u64 {
        self.whole
    }

    pub(super) const fn is_whole(&self) -> bool {
        self.held == self.whole
    }

    /// The smallest part that is given up at once.
    fn step(&self) -> u64 {
        (self.whole / 16).clamp(RELEASE_STEP.0, RELEASE_STEP.1)
    }

    /// Gives at least `bytes` back to the disk, or all there is; false when nothing is left.
    pub(super) fn release(&mut self, bytes: u64) -> bool {
        let Some(file) = self.file.as_ref().filter(|_| self.held > 0) else { return false };
        let left = self.held.saturating_sub(bytes.max(self.step()));
        // Some file systems hand freed blocks out only after a sync.
        if let Err(error) = file.set_len(left).and_then(|()| file.sync_all()) {
            tracing::error!(%error, "the reserve of the disk cannot be given up");
            return false;
        }
        tracing::warn!(released = self.held - left, left, "disk full: a part of the reserve was given up");
        self.held = left;
        true
    }

    /// Makes the reserve whole, and proves that beyond it there is some room.
    pub(super) fn make_whole(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let beyond = self.whole + (self.whole / 16).clamp(RELEASE_STEP.0, RELEASE_STEP.1);
        let grown = allocate(file, self.held, beyond);
        // Where there is room for a part only, others need it more.
        let kept = if grown.is_ok() { self.whole } else { self.held };
        file.set_len(kept)?;
        self.held = kept;
        grown
    }

    /// What the system says to growing by one page: whether an error that does not say so came from a full disk.
    pub(super) fn has_no_room(&mut self) -> bool {
        let (held, Some(file)) = (self.held, &mut self.file) else { return false };
        let grown = allocate(file, held, held + 4096);
        let shrunk = file.set_len(held);
        let full = |error: &io::Error| {
            matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        };
        grown.is_err_and(|error| full(&error)) && shrunk.is_ok()
    }
}

/// Takes room from byte `from` of the file up to byte `to`.
fn allocate(file: &mut File, from: u64, to: u64) -> io::Result<()> {
    if from >= to {
        return Ok(());
    }
    #[cfg(target_os = "linux")]
    match rustix::fs::fallocate(&*file, rustix::fs::FallocateFlags::empty(), from, to - from) {
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
        allocated => return allocated.map_err(io::Error::from),
    }
    fill(file, from, to)
}

/// The same where the file system cannot take room without being written to.
fn fill(file: &mut File, from: u64, to: u64) -> io::Result<()> {
    use std::io::{Seek, SeekFrom};
    file.seek(SeekFrom::Start(from))?;
    let block = vec![0xf5; 1 << 16];
    let mut left = to - from;
    while left > 0 {
        let part = left.min(block.len() as u64);
        file.write_all(&block[..usize::try_from(part).unwrap_or(block.len())])?;
        left -= part;
    }
    file.sync_data()
}

/// Bytes free for this process and bytes in all of the file system that holds `path`.
pub(super) fn look(path: &Path) -> io::Result<(u64, u64)> {
    let found = rustix::fs::statvfs(path)?;
    Ok((found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_given_up_in_parts_and_made_whole_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("reserve");
        let mut reserve = Reserve::open(&path, Some(1 << 20)).unwrap();
        assert!(!reserve.is_whole());
        reserve.make_whole().unwrap();
        assert_eq!((reserve.held(), path.metadata().unwrap().len()), (1 << 20, 1 << 20));
        assert!(reserve.release(1));
        assert_eq!(reserve.held(), (1 << 20) - RELEASE_STEP.0, "at least a step");
        assert!(reserve.release(900 << 10) && reserve.release(900 << 10));
        assert_eq!((reserve.held(), reserve.release(1)), (0, false));
        drop(reserve);
        let mut reserve = Reserve::open(&path, Some(1 << 20)).unwrap();
        assert_eq!(reserve.held(), 0);
        reserve.make_whole().unwrap();
        assert!(reserve.is_whole() && !reserve.has_no_room());
        drop(reserve);
        let smaller = Reserve::open(&path, Some(1 << 19)).unwrap();
        assert!(smaller.is_whole() && path.metadata().unwrap().len() == 1 << 19);
        let as_it_stands = Reserve::open(&path, None).unwrap();
        assert_eq!((as_it_stands.held(), as_it_stands.whole()), (1 << 19, 1 << 19));
    }

    #[test]
    fn without_a_size_nothing_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("reserve");
        let mut none = Reserve::open(&path, None).unwrap();
        none.make_whole().unwrap();
        assert!(none.is_whole() && !none.release(1) && !path.exists());
    }

    #[test]
    fn a_file_system_that_takes_no_room_ahead_is_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = private(&dir.path().join("reserve")).unwrap();
        fill(&mut file, 0, 100_000).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 100_000);
    }
}
