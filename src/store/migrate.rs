//! Moving a store from one engine to the one of several nodes, and proving that nothing was lost on the way.
//!
//! What is proved: of every kind there are as many records on both sides, and a digest over their keys, versions and
//! values is the same; and the journal on the new side, read back row by row, is linked from its first row to the hash it
//! ends with on the old side. The proof comes before the new side is opened to anybody.

use sha2::{Digest, Sha256};

use super::{
    chain::Head,
    contract::{Engine, Key, ReadFault, Space, Stored},
    redis::{Import, ImportFault},
};

/// Records or rows carried over at a time.
const PAGE: usize = 500;

/// How far a move has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Records carried over.
    pub records: u64,
    /// Rows of the journal carried over.
    pub rows: u64,
    /// Rows there are.
    pub of_rows: u64,
}

/// What was moved, as it was found on both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Records by kind: how many, and the digest over them.
    pub spaces: Vec<(Space, u64, [u8; 32])>,
    /// Number and chain hash of the last row.
    pub head: (u64, [u8; 32]),
}

impl Moved {
    /// Records of every kind.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.spaces.iter().map(|(_, count, _)| count).sum()
    }
}

/// Why a store was not moved. The old one is as it was.
#[derive(Debug, thiserror::Error)]
pub enum MigrateFault {
    /// The old store, or what was carried over, cannot be read.
    #[error(transparent)]
    Read(#[from] ReadFault),
    /// The new one does not take it.
    #[error(transparent)]
    Import(#[from] ImportFault),
    /// The proof failed.
    #[error("what was carried over is not what was there: {0}")]
    Differs(String),
}

/// A count and a digest over records, in the order of their keys.
#[derive(Default)]
struct Account {
    count: u64,
    digest: Sha256,
}

impl Account {
    fn add(&mut self, records: &[(Key, Stored)]) {
        for (key, stored) in records {
            self.count += 1;
            for part in [&key.0[..], &stored.value] {
                self.digest.update((part.len() as u64).to_le_bytes());
                self.digest.update(part);
            }
            self.digest.update(stored.version.to_le_bytes());
        }
    }

    fn sum(self) -> (u64, [u8; 32]) {
        (self.count, self.digest.finalize().into())
    }
}

/// Moves everything of a store nobody else writes to, proves it, and opens the new one.
///
/// # Errors
/// [`MigrateFault`]; the new store stays closed then and may be begun anew.
pub async fn migrate(
    from: &dyn Engine,
    to: Import,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Moved, MigrateFault> {
    let (of_rows, _) = from.head().await?;
    let mut progress = Progress { of_rows, ..Progress::default() };
    let mut moved = Moved { head: from.head().await?, ..Moved::default() };
    for space in Space::ALL {
        let (mut account, mut after) = (Account::default(), None);
        loop {
            let page = from.list(space, after, PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            to.records(space, &page).await?;
            account.add(&page);
            progress.records += page.len() as u64;
            tell(progress);
        }
        let (count, digest) = account.sum();
        moved.spaces.push((space, count, digest));
    }
    let mut head = Head::EMPTY;
    loop {
        let rows = from.journal(head.sequence + 1, PAGE).await?;
        if rows.is_empty() {
            break;
        }
        head = to.rows(head, &rows).await?;
        progress.rows = head.sequence;
        tell(progress);
    }
    prove(&to, &moved).await?;
    to.end(head).await?;
    Ok(moved)
}

/// Reads back what was carried over.
async fn prove(to: &Import, moved: &Moved) -> Result<(), MigrateFault> {
    for (space, count, digest) in &moved.spaces {
        let (mut account, mut after) = (Account::default(), None);
        loop {
            let page = to.list(*space, after).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            account.add(&page);
        }
        if account.sum() != (*count, *digest) {
            return Err(MigrateFault::Differs(format!("records of kind {space:?}")));
        }
    }
    let head = to.walk().await?;
    if (head.sequence, head.hash) != moved.head {
        let (there, here) = (head.sequence, moved.head.0);
        return Err(MigrateFault::Differs(format!("the journal ends at row {there} there and at row {here} here")));
    }
    Ok(())
}
