//! Whether the end of the journal is the end that was acknowledged.

use std::path::Path;

use rusqlite::Connection;

use super::{bounds::TAIL_ROWS, fault::OpenFault, walk};
use crate::store::chain::Head;

/// Compares the journal with a head that was acknowledged, checks its last rows, and answers where it ends. Rows may
/// stand behind the acknowledged one: their answers had not left yet.
pub(super) fn check(connection: &Connection, path: &Path, acknowledged: Head) -> Result<Head, OpenFault> {
    let sqlite = |source| OpenFault::sqlite(path, source);
    let last = walk::last(connection).map_err(sqlite)?;
    let known = walk::head_at(connection, acknowledged.sequence).map_err(sqlite)?;
    if last < acknowledged.sequence {
        let journal = walk::head_at(connection, last).map_err(sqlite)?.unwrap_or(Head::EMPTY);
        return Err(OpenFault::Shortened { journal, head: acknowledged });
    }
    if known != Some(acknowledged) {
        return Err(OpenFault::OtherJournal { sequence: acknowledged.sequence });
    }
    let before = last.saturating_sub(TAIL_ROWS).min(acknowledged.sequence);
    let before = walk::head_at(connection, before).map_err(sqlite)?;
    let Some(before) = before else {
        return Err(walk::RowFault::Missing { sequence: last.saturating_sub(TAIL_ROWS) }.into());
    };
    Ok(walk::walk(connection, before, u64::from(u32::MAX), |_, _| true).map_err(sqlite)??)
}
