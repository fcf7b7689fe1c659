//! Changing the directory: records, look-ups and index in one commit, one writer at a time.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use bytes::Bytes;
use fenghuo_contract::{Address, Channel};
use roaring::RoaringBitmap;

use super::{
    Directory, Recipient,
    edit::{self, Edit},
    facet::Facet,
    record::{Gone, Record},
};
use crate::{
    domain::opt_out::OptOut,
    flow::Unavailable,
    store::{Commit, Entry, Expect, Key, Put, Space},
};

/// Recipients of one commit at most.
pub(in crate::flow::target) const CHUNK: usize = 2_000;
/// Recipients worked on between two chances for other tasks.
const STRIDE: usize = 128;

/// What became, or would become, of one recipient of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::flow::target) enum Change {
    Created,
    Changed,
    /// It stood there with the same content; nothing was written.
    Unchanged,
    /// Its row is among those to be left alone; nothing was written.
    Repeated,
}

/// Where one recipient of a write stands.
#[derive(Clone, Copy, Debug)]
pub(in crate::flow::target) struct Placed {
    /// `None` only for one that would be created.
    pub(in crate::flow::target) row: Option<u32>,
    pub(in crate::flow::target) change: Change,
}

/// What the one writer knows of the stored index.
pub(super) struct Writer {
    /// Version of the index's head record.
    pub(super) head: Option<u64>,
    /// A commit ended in doubt: what stands must be read again before the next change.
    pub(super) stale: bool,
}

/// A recipient as it stands while a write is prepared.
struct Standing {
    row: u32,
    recipient: Recipient,
    /// Clear and sealed address by channel.
    sealed: BTreeMap<Channel, (String, String)>,
}

/// A write being prepared.
struct Draft<'a> {
    directory: &'a Directory,
    edit: Edit,
    puts: Vec<Put>,
    standing: HashMap<String, Standing>,
}

impl Directory {
    /// Stores at most [`CHUNK`] recipients in one commit, except those whose row is in `skip`. With `dry_run` it only
    /// says what would happen.
    pub(in crate::flow::target) async fn write(
        &self,
        recipients: &[Recipient],
        skip: &RoaringBitmap,
        dry_run: bool,
    ) -> Result<Vec<Placed>, Unavailable> {
        let mut writer = self.writer.lock().await;
        self.refresh(&mut writer).await?;
        let mut draft = self.draft(recipients.iter().map(|recipient| recipient.external_id.as_str())).await?;
        let mut placed = Vec::with_capacity(recipients.len());
        for (count, recipient) in recipients.iter().enumerate() {
            placed.push(if dry_run { draft.compare(recipient, skip) } else { draft.place(recipient, skip)? });
            if count % STRIDE == STRIDE - 1 {
                tokio::task::yield_now().await;
            }
        }
        self.keep(&mut writer, draft).await?;
        Ok(placed)
    }

    /// Removes a recipient; see [`Directory::remove`].
    pub(super) async fn erase(&self, external_id: &str) -> Result<bool, Unavailable> {
        let mut writer = self.writer.lock().await;
        self.refresh(&mut writer).await?;
        let mut draft = self.draft(std::iter::once(external_id)).await?;
        let Some(standing) = draft.standing.remove(external_id) else { return Ok(false) };
        draft.bury(&standing, Gone::Removed);
        draft.put(Space::RecipientExternal, external_id.into(), None);
        self.keep(&mut writer, draft).await?;
        Ok(true)
    }

    /// Writes down what the recipients of rows chose not to get, with an entry in the journal about the rows for which that is
    /// news; `false` when it is for none. Who has a duty has no choice.
    pub(in crate::flow) async fn choose(
        &self,
        rows: &[u32],
        choice: Option<OptOut>,
        entry: impl Fn(&[u32]) -> Entry,
    ) -> Result<bool, Unavailable> {
        let mut writer = self.writer.lock().await;
        self.refresh(&mut writer).await?;
        let records = self.records(rows).await?.into_iter().flatten().filter(|record| record.gone.is_none());
        let ids: Vec<String> = records.map(|record| record.external_id).collect();
        let mut draft = self.draft(ids.iter().map(String::as_str)).await?;
        let asked = draft.standing.values().map(|standing| (standing.row, &standing.recipient));
        let news = asked.filter(|(_, recipient)| !recipient.duty && recipient.opt_out_below != choice);
        let news: BTreeMap<u32, Recipient> = news.map(|(row, recipient)| (row, recipient.clone())).collect();
        for recipient in news.values() {
            draft.place(&Recipient { opt_out_below: choice, ..recipient.clone() }, &RoaringBitmap::new())?;
        }
        let rows: Vec<u32> = news.into_keys().collect();
        if rows.is_empty() {
            return Ok(false);
        }
        self.keep_with(&mut writer, draft, vec![entry(&rows)]).await?;
        Ok(true)
    }

    /// Takes an address out of every recipient who has it on a channel, with an entry in the journal about their rows. Whoever
    /// came by himself and is known by nothing else is removed.
    pub(in crate::flow) async fn forget(
        &self,
        channel: Channel,
        address: &Address,
        entry: impl Fn(&[u32]) -> Entry,
    ) -> Result<(), Unavailable> {
        let mut writer = self.writer.lock().await;
        self.refresh(&mut writer).await?;
        let digest = self.address_digest(channel, address.expose());
        let rows = self.rows_with(&digest).await?;
        let records = self.records(&rows).await?.into_iter().flatten().filter(|record| record.gone.is_none());
        let ids: Vec<String> = records.map(|record| record.external_id).collect();
        let mut draft = self.draft(ids.iter().map(String::as_str)).await?;
        let has = |recipient: &Recipient| {
            recipient.endpoints.get(&channel).is_some_and(|known| self.address_digest(channel, known) == digest)
        };
        let having: Vec<(u32, Recipient)> = draft
            .standing
            .values()
            .filter(|standing| has(&standing.recipient))
            .map(|standing| (standing.row, standing.recipient.clone()))
            .collect();
        for (_, mut recipient) in having.iter().cloned() {
            recipient.endpoints.remove(&channel);
            if recipient.endpoints.is_empty() && recipient.name.is_empty() && !recipient.duty {
                let Some(standing) = draft.standing.remove(&recipient.external_id) else { continue };
                draft.bury(&standing, Gone::Removed);
                draft.put(Space::RecipientExternal, recipient.external_id.as_str().into(), None);
            } else {
                draft.place(&recipient, &RoaringBitmap::new())?;
            }
        }
        if having.is_empty() {
            return Ok(());
        }
        let rows: Vec<u32> = having.into_iter().map(|(row, _)| row).collect();
        self.keep_with(&mut writer, draft, vec![entry(&rows)]).await
    }

    /// Reads the index again when it is not known what stands in the store.
    async fn refresh(&self, writer: &mut Writer) -> Result<(), Unavailable> {
        if writer.stale {
            let (index, head) = edit::load(&self.store, &self.vault).await?;
            self.index.store(Arc::new(index));
            *writer = Writer { head, stale: false };
        }
        Ok(())
    }

    /// An empty draft that knows how these recipients stand now.
    async fn draft<'a>(&self, ids: impl Iterator<Item = &'a str>) -> Result<Draft<'_>, Unavailable> {
        let mut standing = HashMap::new();
        let rows: Vec<u32> = self.rows(ids.map(Key::from).collect()).await?.into_iter().flatten().collect();
        for (row, record) in rows.iter().zip(self.records(&rows).await?) {
            let record = record.filter(|record| record.gone.is_none());
            let record =
                record.ok_or_else(|| Unavailable::new(format!("directory row {row} is named but has no record")))?;
            let recipient = record.recipient(*row, &self.vault);
            let sealed = recipient
                .endpoints
                .iter()
                .filter_map(|(channel, clear)| Some((*channel, (clear.clone(), record.sealed.get(channel)?.clone()))));
            let sealed = sealed.collect();
            standing.insert(record.external_id, Standing { row: *row, recipient, sealed });
        }
        let edit = Edit::of((**self.index.load()).clone());
        Ok(Draft { directory: self, edit, puts: Vec::new(), standing })
    }

    /// Commits a draft and shows its index to readers.
    async fn keep(&self, writer: &mut Writer, draft: Draft<'_>) -> Result<(), Unavailable> {
        self.keep_with(writer, draft, Vec::new()).await
    }

    async fn keep_with(&self, writer: &mut Writer, draft: Draft<'_>, entries: Vec<Entry>) -> Result<(), Unavailable> {
        let Draft { edit, puts, .. } = draft;
        if puts.is_empty() {
            return Ok(());
        }
        let mut all = edit.puts(writer.head, &self.vault, &self.clock);
        all.extend(puts);
        // From here until the answer it is unknown what stands, also when this future is dropped.
        writer.stale = true;
        let committed = self.store.commit(Commit { puts: all, entries }).await;
        let committed = committed?;
        writer.head = committed.versions.first().copied();
        writer.stale = false;
        self.index.store(Arc::new(edit.index));
        Ok(())
    }
}

impl Draft<'_> {
    fn put(&mut self, space: Space, key: Key, value: Option<Bytes>) {
        self.puts.push(Put { space, key, value, expect: Expect::Any });
    }

    fn compare(&self, recipient: &Recipient, skip: &RoaringBitmap) -> Placed {
        let Some(standing) = self.standing.get(&recipient.external_id) else {
            return Placed { row: None, change: Change::Created };
        };
        let change = if skip.contains(standing.row) {
            Change::Repeated
        } else if standing.recipient == *recipient {
            Change::Unchanged
        } else {
            Change::Changed
        };
        Placed { row: Some(standing.row), change }
    }

    fn place(&mut self, recipient: &Recipient, skip: &RoaringBitmap) -> Result<Placed, Unavailable> {
        let placed = self.compare(recipient, skip);
        if matches!(placed.change, Change::Unchanged | Change::Repeated) {
            return Ok(placed);
        }
        let before = self.standing.remove(&recipient.external_id);
        let stays = before.as_ref().filter(|standing| standing.recipient.areas.first() == recipient.areas.first());
        let (row, facets, kept) = match (stays, &before) {
            (Some(standing), _) => (standing.row, Facet::of(&standing.recipient), standing.sealed.clone()),
            (None, old) => {
                if let Some(old) = old {
                    self.bury(old, Gone::Moved);
                }
                let area = recipient.areas.first().map_or(0, |area| area.number());
                let full = || Unavailable::new("directory is full: every block of rows is given out".to_owned());
                (self.edit.allocate(area).ok_or_else(full)?, BTreeSet::new(), BTreeMap::new())
            }
        };
        let record = Record::seal(recipient, row, &kept, &self.directory.vault, &self.directory.clock);
        self.edit.change(row, &facets, &Facet::of(recipient));
        self.edit.place(row, recipient.position);
        self.index_addresses(row, &kept, recipient);
        self.put(Space::Recipient, row.into(), Some(record.write()));
        if stays.is_none() {
            self.put(Space::RecipientExternal, recipient.external_id.as_str().into(), Some(row.to_string().into()));
        }
        let clear = |(channel, sealed): (Channel, String)| {
            Some((channel, (recipient.endpoints.get(&channel)?.clone(), sealed)))
        };
        let sealed = record.sealed.into_iter().filter_map(clear).collect();
        let standing = Standing { row, recipient: recipient.clone(), sealed };
        self.standing.insert(recipient.external_id.clone(), standing);
        Ok(Placed { row: Some(row), ..placed })
    }

    /// Erases what a row says of a person and takes it out of every bitmap.
    fn bury(&mut self, standing: &Standing, gone: Gone) {
        self.edit.change(standing.row, &Facet::of(&standing.recipient), &BTreeSet::new());
        self.edit.place(standing.row, None);
        for (channel, (clear, _)) in &standing.sealed {
            let key = self.directory.address_key(*channel, clear, standing.row);
            self.put(Space::RecipientAddress, key, None);
        }
        let tombstone = Record::tombstone(&standing.recipient.external_id, gone);
        self.put(Space::Recipient, standing.row.into(), Some(tombstone.write()));
    }

    /// Makes new addresses findable and old ones not.
    fn index_addresses(&mut self, row: u32, before: &BTreeMap<Channel, (String, String)>, after: &Recipient) {
        for (channel, (clear, _)) in before {
            if after.endpoints.get(channel) != Some(clear) {
                let key = self.directory.address_key(*channel, clear, row);
                self.put(Space::RecipientAddress, key, None);
            }
        }
        for (channel, clear) in &after.endpoints {
            if before.get(channel).is_none_or(|(old, _)| old != clear) {
                let key = self.directory.address_key(*channel, clear, row);
                self.put(Space::RecipientAddress, key, Some(channel.name().into()));
            }
        }
    }
}

impl Directory {
    /// Keyed hash of an external id, for remembering many of them.
    pub(in crate::flow::target) fn digest(&self, external_id: &str) -> [u8; 16] {
        self.vault.lookup("external-id", external_id)
    }

    /// Key under which a row is found by one of its addresses: keyed hash, then the row, so that several recipients may
    /// share an address and none has to be read to add another.
    fn address_key(&self, channel: Channel, clear: &str, row: u32) -> Key {
        let hash = self.address_digest(channel, clear);
        Key([&hash[..], &row.to_be_bytes()].concat())
    }
}
