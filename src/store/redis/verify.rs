//! Proving a store on Redis from outside, without taking part in it: every row of the journal follows from the row before
//! it up to the head, and every record is what was written.

use super::{
    Options,
    bounds::{PAGE_RECORDS, PAGE_ROWS},
    fault::{Fault, OpenFault},
    keys::Keys,
    link::{Link, Server},
    reader::{Reader, raw_rows},
    reply, unreachable_at,
    writer::read_head_from,
};
use crate::store::{
    chain::{GENESIS, Head},
    contract::{ReadFault, Space},
    embedded::{Broken, Progress, RowFault, Verification},
};

/// Looks at a store without changing anything in it; its nodes may go on meanwhile.
///
/// # Errors
/// It cannot be reached, or there is none. What is wrong inside is in the answer.
pub async fn verify(options: &Options, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Verification, OpenFault> {
    let keys = Keys::new(&options.prefix);
    let server = Server::of(options, keys.head());
    let link = Link::new(server.into());
    let at = |fault: Fault| unreachable_at(&options.address, &fault);
    let mut command = redis::cmd("HMGET");
    command.arg(keys.head()).arg("sequence").arg("hash");
    let mut answer =
        link.ask(&command).await.and_then(|answer| reply::array(answer, "a head")).map_err(at)?.into_iter();
    if matches!(answer.as_slice().first(), None | Some(redis::Value::Nil)) {
        return Err(OpenFault::Headless(options.address.to_string()));
    }
    let head = read_head_from(&mut answer).map_err(at)?;
    let second_place = Some((head.sequence, head.hash));
    let mut found = Verification { head: (0, GENESIS), second_place, ..Verification::default() };
    let looked = Looking { link: &link, keys: &keys, of_rows: head.sequence };
    if let Err(fault) = looked.journal(head, &mut found, progress).await {
        found.faults.push(Broken::Database(fault.0));
    }
    for space in Space::ALL {
        if let Err(fault) = looked.records(space, &mut found, progress).await {
            found.faults.push(Broken::Database(fault.0));
        }
    }
    Ok(found)
}

struct Looking<'l> {
    link: &'l Link,
    keys: &'l Keys,
    of_rows: u64,
}

impl Looking<'_> {
    /// Walks the rows from the first to the head at least; nodes may have written more meanwhile.
    async fn journal(
        &self,
        acknowledged: Head,
        found: &mut Verification,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(), ReadFault> {
        let mut head = Head::EMPTY;
        loop {
            let rows = raw_rows(self.link, self.keys, head.sequence + 1, PAGE_ROWS).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                if row.head.sequence != head.sequence + 1 {
                    found.faults.push(RowFault::Missing { sequence: head.sequence + 1 }.into());
                    return Ok(());
                }
                let entries = row.follows(&head).and_then(|()| row.entries());
                let entries = match entries {
                    Ok(entries) => entries,
                    Err(fault) => {
                        found.faults.push(fault.into());
                        return Ok(());
                    }
                };
                head = row.head;
                found.rows += 1;
                found.entries += entries.len() as u64;
                found.bytes += row.data.len() as u64;
                found.head = (head.sequence, head.hash);
                if head.sequence == acknowledged.sequence && head != acknowledged {
                    found.faults.push(Broken::OtherJournal { sequence: head.sequence });
                }
            }
            progress(Progress { rows: found.rows, of_rows: self.of_rows, records: found.records });
        }
        if head.sequence < acknowledged.sequence {
            let (journal, acknowledged) = (head.sequence, acknowledged.sequence);
            found.faults.push(Broken::EndsEarly { journal, acknowledged });
        }
        Ok(())
    }

    /// Reads every record of a kind; its checksum is looked at where it is read.
    async fn records(
        &self,
        space: Space,
        found: &mut Verification,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(), ReadFault> {
        let reader = Reader { link: self.link, keys: self.keys };
        let mut after = None;
        loop {
            let page = reader.list(space, after, PAGE_RECORDS).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            found.records += page.len() as u64;
            progress(Progress { rows: found.rows, of_rows: self.of_rows, records: found.records });
        }
    }
}
