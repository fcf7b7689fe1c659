//! Taking over what another engine kept: records with their versions, rows with their numbers, times and hashes.
//!
//! Until it has ended no node opens the store, and an attempt that broke off is wiped by the next. What was taken over can
//! be read back before the end: whoever moves a store proves it first.

use redis::Cmd;

use super::{
    Options,
    bounds::{PAGE_RECORDS, PAGE_ROWS},
    fault::{Fault, ImportFault, OpenFault},
    hex,
    keys::Keys,
    link::{Link, Server, patience_for},
    reader::{Reader, raw_rows},
    record, reply,
    script::{SCRIPTS, Script},
    unreachable_at,
    writer::{Replicas, wait_for},
};
use crate::{
    clock::Clock,
    store::{
        chain::{self, GENESIS, Head},
        contract::{JournalRow, Key, ReadFault, Space, Stored},
        embedded::RowFault,
    },
};

/// A store that is being taken over.
pub struct Import {
    link: Link,
    keys: Keys,
    replicas: Replicas,
    token: String,
}

impl Import {
    /// Begins on a place where there is no store yet.
    ///
    /// # Errors
    /// [`OpenFault`]: it cannot be reached, or there is a store.
    pub async fn begin(clock: &Clock, options: Options) -> Result<Self, OpenFault> {
        let keys = Keys::new(&options.prefix);
        let server = Server::of(&options, keys.head());
        let link = Link::new(server.into());
        let (token, installation) = (hex(&clock.random::<8>()), hex(&clock.random::<16>()));
        let mut names = vec![keys.head(), keys.journal(), keys.changes()];
        names.extend(Space::ALL.into_iter().flat_map(|space| [keys.records(space), keys.order(space)]));
        let mut call = SCRIPTS.import_begin.call(&names);
        call.arg(&token).arg(&installation).arg(&chain::tag(&GENESIS)[..]);
        let at = |fault: Fault| unreachable_at(&options.address, &fault);
        // What an earlier attempt left behind may be large.
        let patience = patience_for(1 << 30);
        let answer = link.run_within(&SCRIPTS.import_begin, &call, patience).await.and_then(reply::word);
        let (word, mut rest) = answer.map_err(at)?;
        let replicas = Replicas { count: options.replicas, wait: options.wait };
        match &*word {
            "begun" => Ok(Self { link, keys, replicas, token }),
            "headless" => Err(OpenFault::Headless(options.address.to_string())),
            _ => {
                let installation = reply::text(reply::next(&mut rest), "an installation").map_err(at)?;
                Err(OpenFault::Inhabited { address: options.address.to_string(), installation })
            }
        }
    }

    /// Takes records of one kind.
    ///
    /// # Errors
    /// [`ImportFault`].
    pub async fn records(&self, space: Space, records: &[(Key, Stored)]) -> Result<(), ImportFault> {
        let mut call =
            SCRIPTS.import_records.call(&[self.keys.head(), self.keys.records(space), self.keys.order(space)]);
        call.arg(&self.token);
        for (key, stored) in records {
            let mut value = stored.version.to_le_bytes().to_vec();
            value.extend(record::seal(space, &key.0, &stored.value));
            call.arg(&key.0).arg(value);
        }
        self.run(&SCRIPTS.import_records, &call).await
    }

    /// Takes rows in order; each has to follow from the one before it, which begins with `before`. Answers the last.
    ///
    /// # Errors
    /// [`ImportFault`]; rows that do not follow are not taken.
    pub async fn rows(&self, before: Head, rows: &[JournalRow]) -> Result<Head, ImportFault> {
        let mut call = SCRIPTS.import_rows.call(&[self.keys.head(), self.keys.journal()]);
        call.arg(&self.token);
        let mut head = before;
        for row in rows {
            let mut data = Vec::new();
            for (_, entry) in &row.entries {
                chain::pack(&mut data, row.sequence, entry);
            }
            head = head.after(row.at_ms, &data);
            if head != (Head { sequence: row.sequence, hash: row.hash }) {
                return Err(ImportFault::Row(RowFault::Link { sequence: row.sequence }));
            }
            let crc = chain::checksum(head.sequence, row.at_ms, &head.hash, &data);
            call.arg(head.sequence).arg(row.at_ms).arg(&chain::tag(&head.hash)[..]).arg(crc).arg(data);
        }
        self.run(&SCRIPTS.import_rows, &call).await?;
        Ok(head)
    }

    /// Records that were taken, as they can be read, in the order of their keys after `after`.
    ///
    /// # Errors
    /// One is damaged, or the server does not answer.
    pub async fn list(&self, space: Space, after: Option<Key>) -> Result<Vec<(Key, Stored)>, ReadFault> {
        Reader { link: &self.link, keys: &self.keys }.list(space, after, PAGE_RECORDS).await
    }

    /// Walks every row that was taken, each checked against the one before it. Answers where the journal ends.
    ///
    /// # Errors
    /// A row is missing, damaged or not linked, or the server does not answer.
    pub async fn walk(&self) -> Result<Head, ReadFault> {
        let mut head = Head::EMPTY;
        loop {
            let rows = raw_rows(&self.link, &self.keys, head.sequence + 1, PAGE_ROWS).await?;
            if rows.is_empty() {
                return Ok(head);
            }
            for row in rows {
                row.follows(&head)?;
                head = row.head;
            }
        }
    }

    /// Opens the store to nodes: it is whole and ends with this row.
    ///
    /// # Errors
    /// [`ImportFault`]; also when fewer replicas have it than were asked for.
    pub async fn end(self, head: Head) -> Result<(), ImportFault> {
        let mut call = SCRIPTS.import_end.call(&[self.keys.head()]);
        call.arg(&self.token).arg(head.sequence).arg(&chain::tag(&head.hash)[..]);
        if self.replicas.count > 0 {
            let reached = self.link.ask_behind(&wait_for(self.replicas), self.replicas.wait * 10).await?;
            let reached = reply::number(reached, "a count")?;
            if reached < u64::from(self.replicas.count) {
                return Err(ImportFault::Replicas { reached, wanted: self.replicas.count });
            }
        }
        self.run(&SCRIPTS.import_end, &call).await
    }

    async fn run(&self, script: &Script, call: &Cmd) -> Result<(), ImportFault> {
        let (word, _) = self.link.run(script, call).await.and_then(reply::word)?;
        if word == "overtaken" { Err(ImportFault::Overtaken) } else { Ok(()) }
    }
}
