//! Showing the whole journal at start-up: one thread reads and checks pieces of some megabytes, the caller's task makes
//! something of the piece before.

use std::ops::Range;

use rusqlite::Connection;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{
    bounds::REPLAY_BYTES,
    reader::Readers,
    walk::{self, RowFault},
};
use crate::store::{
    chain::{Entries, Head},
    contract::{JournalRowRef, ReadFault},
};

pub(super) type Visit<'v> = dyn for<'row> FnMut(JournalRowRef<'row>) + Send + 'v;

/// Rows in one buffer, found whole and linked.
#[derive(Default)]
struct Piece {
    bytes: Vec<u8>,
    rows: Vec<(Head, i64, Range<usize>)>,
}

/// Shows rows from `from` up to the newest, which is not before `at_least`.
pub(super) async fn replay(
    readers: &Readers,
    from: u64,
    at_least: Head,
    visit: &mut Visit<'_>,
) -> Result<(), ReadFault> {
    let (full, arriving) = channel::<Piece>(1);
    let (back, empty) = channel::<Piece>(2);
    let reading = readers.run(move |connection| read(connection, from, &full, empty));
    let (read, shown) = tokio::join!(reading, show(arriving, &back, visit));
    shown?;
    let reached = read?;
    if reached.sequence < at_least.sequence {
        return Err(RowFault::Missing { sequence: reached.sequence + 1 }.into());
    }
    Ok(())
}

async fn show(mut arriving: Receiver<Piece>, back: &Sender<Piece>, visit: &mut Visit<'_>) -> Result<(), ReadFault> {
    while let Some(mut piece) = arriving.recv().await {
        for (head, at_ms, range) in piece.rows.drain(..) {
            let entries = Entries::of(&piece.bytes[range])
                .map_err(|source| RowFault::Malformed { sequence: head.sequence, source })?;
            visit(JournalRowRef::packed(head.sequence, at_ms, head.hash, entries));
        }
        piece.bytes.clear();
        // A buffer that does not go back is only an allocation more.
        drop(back.try_send(piece));
    }
    Ok(())
}

/// Reads from `from` to the end or until nobody looks any more; answers the head reached.
fn read(
    connection: &Connection,
    from: u64,
    full: &Sender<Piece>,
    mut empty: Receiver<Piece>,
) -> Result<Head, ReadFault> {
    let before = from.max(1) - 1;
    let Some(mut head) = walk::head_at(connection, before)? else {
        // Nothing is there to follow: fine when the journal ends before `from`, a gap otherwise.
        let last = walk::last(connection)?;
        let head = walk::head_at(connection, last)?.unwrap_or(Head::EMPTY);
        return if last < before { Ok(head) } else { Err(RowFault::Missing { sequence: before }.into()) };
    };
    loop {
        let mut piece = empty.try_recv().unwrap_or_default();
        head = fill(connection, head, &mut piece)?;
        if piece.rows.is_empty() || full.blocking_send(piece).is_err() {
            return Ok(head);
        }
    }
}

fn fill(connection: &Connection, head: Head, piece: &mut Piece) -> Result<Head, ReadFault> {
    let reached = walk::walk(connection, head, u64::from(u32::MAX), |raw, _| {
        let start = piece.bytes.len();
        piece.bytes.extend_from_slice(raw.data);
        piece.rows.push((raw.head, raw.at_ms, start..piece.bytes.len()));
        piece.bytes.len() < REPLAY_BYTES
    })?;
    Ok(reached?)
}
