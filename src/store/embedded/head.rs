//! The second place of the journal's head: a small file with two slots, written in turn after each group, so that a
//! torn write spoils one slot only. A journal that ends before what stands here has lost rows that were acknowledged.
//!
//! A slot: `FHJH`, number of the hash algorithm, three zero bytes, sequence (8, little-endian), hash (32), crc-32 of
//! all before it (4, little-endian). The slots stand 4,096 bytes apart, so that no disk writes both at once.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use super::directory::private;
use crate::store::chain::{Algorithm, Head};

const MAGIC: &[u8; 4] = b"FHJH";
const SLOT: usize = 52;
const APART: u64 = 4096;

/// The open file.
pub(super) struct HeadFile {
    file: File,
    /// Written since the last sync.
    dirty: bool,
}

/// What one slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Never written.
    Empty,
    /// A head.
    Holds(Head),
    /// Neither.
    Damaged,
}

impl HeadFile {
    /// Creates the file for an empty journal.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = private(path)?;
        file.write_all_at(&[0; 2 * APART as usize], 0)?;
        let mut created = Self { file, dirty: true };
        created.write(Head::EMPTY)?;
        created.file.sync_all()?;
        Ok(created)
    }

    /// Opens the file that is there.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::options().read(true).write(true).open(path)?, dirty: false })
    }

    /// Writes the slot whose turn it is. It survives the process at once, the machine after [`HeadFile::sync`].
    pub(super) fn write(&mut self, head: Head) -> io::Result<()> {
        self.file.write_all_at(&encode(head), (head.sequence % 2) * APART)?;
        self.dirty = true;
        Ok(())
    }

    /// Makes what was written durable; does nothing when that has been done.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.dirty {
            self.file.sync_data()?;
            self.dirty = false;
        }
        Ok(())
    }
}

/// Both slots of the file at `path`.
pub(super) fn read(path: &Path) -> io::Result<[Slot; 2]> {
    let file = File::open(path)?;
    Ok([slot(&file, 0)?, slot(&file, APART)?])
}

/// The newest head of two slots, `None` when neither holds one.
pub(super) fn newest(slots: [Slot; 2]) -> Option<Head> {
    let heads = slots.into_iter().filter_map(|slot| match slot {
        Slot::Holds(head) => Some(head),
        Slot::Empty | Slot::Damaged => None,
    });
    heads.max_by_key(|head| head.sequence)
}

fn slot(file: &File, offset: u64) -> io::Result<Slot> {
    let mut bytes = [0; SLOT];
    match file.read_exact_at(&mut bytes, offset) {
        Ok(()) => Ok(decode(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Slot::Damaged),
        Err(error) => Err(error),
    }
}

fn encode(head: Head) -> [u8; SLOT] {
    let mut slot = [0; SLOT];
    slot[..4].copy_from_slice(MAGIC);
    slot[4] = Algorithm::Sha256 as u8;
    slot[8..16].copy_from_slice(&head.sequence.to_le_bytes());
    slot[16..48].copy_from_slice(&head.hash);
    let crc = crc32fast::hash(&slot[..48]);
    slot[48..].copy_from_slice(&crc.to_le_bytes());
    slot
}

fn decode(slot: &[u8; SLOT]) -> Slot {
    if slot.iter().all(|byte| *byte == 0) {
        return Slot::Empty;
    }
    let (mut sequence, mut hash) = ([0; 8], [0; 32]);
    sequence.copy_from_slice(&slot[8..16]);
    hash.copy_from_slice(&slot[16..48]);
    let head = Head { sequence: u64::from_le_bytes(sequence), hash };
    if encode(head) == *slot { Slot::Holds(head) } else { Slot::Damaged }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_slot_wins_and_a_torn_one_falls_back_to_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.head");
        let mut file = HeadFile::create(&path).unwrap();
        assert_eq!(read(&path).unwrap(), [Slot::Holds(Head::EMPTY), Slot::Empty]);
        for sequence in 1..=5 {
            let head = Head { sequence, hash: [sequence as u8; 32] };
            file.write(head).unwrap();
            assert_eq!(newest(read(&path).unwrap()), Some(head));
        }
        for byte in 0..SLOT {
            let mut slot = encode(Head { sequence: 5, hash: [5; 32] });
            slot[byte] ^= 0x20;
            file.file.write_all_at(&slot, APART).unwrap();
            let slots = read(&path).unwrap();
            assert_eq!(slots[1], Slot::Damaged, "byte {byte}");
            assert_eq!(newest(slots).map(|head| head.sequence), Some(4));
        }
        file.file.set_len(100).unwrap();
        assert_eq!(read(&path).unwrap()[1], Slot::Damaged);
    }
}
