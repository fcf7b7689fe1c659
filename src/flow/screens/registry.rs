//! The registered screens, in memory and in the store. Each is also the recipient `screen:{id}` of the display channel,
//! so that audiences find screens the way they find everybody else.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use fenghuo_contract::Channel;
use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};

use super::{Screen, ScreenDocument, sighting::Sighting};
use crate::{
    flow::{
        Unavailable,
        target::directory::{Directory, Recipient},
    },
    store::{Commit, CommitFault, Expect, Key, Put, Space, Store, Stored, each},
};

/// Screens registered or read at a time.
const CHUNK: usize = 1000;
/// Attempts at a change that others keep changing.
const ATTEMPTS: usize = 8;

/// A screen as the store holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ScreenRecord {
    #[serde(flatten)]
    pub(super) screen: Screen,
    /// Its row in the directory; absent from the first of two commits until the directory has answered.
    row: Option<u32>,
    /// Raised to revoke every kiosk address handed out before.
    pub(super) kiosk_generation: u64,
}

/// A screen in memory.
pub(super) struct Entry {
    pub(super) record: ScreenRecord,
    pub(super) row: u32,
    /// The token of its kiosk address, made when it is first asked for.
    pub(super) token: OnceLock<String>,
    /// What it showed of the board that stood last, by the board's number.
    pub(super) shown: Mutex<Option<(u64, Arc<ScreenDocument>)>>,
    /// Outlives changes of the record.
    pub(super) sighting: Arc<Mutex<Sighting>>,
}

pub(super) struct Registry {
    store: Store,
    directory: Arc<Directory>,
    entries: RwLock<BTreeMap<String, Arc<Entry>>>,
}

impl Registry {
    pub(super) async fn open(store: Store, directory: Arc<Directory>) -> Result<Self, Unavailable> {
        let registry = Self { store, directory, entries: RwLock::default() };
        let mut after = None;
        loop {
            let page = registry.store.list(Space::Screen, after, CHUNK).await?;
            let Some((last, _)) = page.last() else { return Ok(registry) };
            after = Some(last.clone());
            registry.take(page).await?;
        }
    }

    /// Takes records into memory; finishes those that a crash left without a row.
    async fn take(&self, page: Vec<(Key, Stored)>) -> Result<(), Unavailable> {
        for (_, stored) in page {
            let record = read(&stored)?;
            match record.row {
                Some(row) => self.keep(record, row),
                None => self.give_row(record, stored.version).await?,
            }
        }
        Ok(())
    }

    /// Reads again which screens there are.
    pub(super) async fn renew(&self) -> Result<(), Unavailable> {
        let mut gone: BTreeSet<String> = self.entries.read().keys().cloned().collect();
        each(&self.store, Space::Screen, None, |key, stored| {
            let id = String::from_utf8_lossy(&key.0);
            self.hear(&id, Some(stored))?;
            gone.remove(&*id);
            Ok::<(), Unavailable>(())
        })
        .await?;
        self.entries.write().retain(|id, _| !gone.contains(id));
        Ok(())
    }

    /// Takes in how a screen stands now. One without a row is given one by whoever registered it.
    pub(super) fn hear(&self, id: &str, stored: Option<&Stored>) -> Result<(), Unavailable> {
        match stored.map(read).transpose()? {
            Some(record) => {
                if let Some(row) = record.row {
                    self.keep(record, row);
                }
            }
            None => drop(self.entries.write().remove(id)),
        }
        Ok(())
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<Entry>> {
        self.entries.read().get(id).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<Entry>> {
        self.entries.read().values().cloned().collect()
    }

    pub(super) async fn put(&self, screen: Screen) -> Result<(), Unavailable> {
        let change = |before: Option<ScreenRecord>| ScreenRecord {
            screen: screen.clone(),
            row: None,
            kiosk_generation: before.map_or(0, |record| record.kiosk_generation),
        };
        let (record, version) = self.change(&screen.id, change).await?;
        self.give_row(record, version).await
    }

    /// Makes every kiosk address handed out so far useless; `false` when there is no such screen.
    pub(super) async fn revoke(&self, id: &str) -> Result<bool, Unavailable> {
        let Some(entry) = self.get(id) else { return Ok(false) };
        let change = |before: Option<ScreenRecord>| {
            let record = before.unwrap_or_else(|| entry.record.clone());
            ScreenRecord { kiosk_generation: record.kiosk_generation + 1, ..record }
        };
        let (record, _) = self.change(id, change).await?;
        self.keep(record, entry.row);
        Ok(true)
    }

    pub(super) async fn remove(&self, id: &str) -> Result<bool, Unavailable> {
        if self.get(id).is_none() {
            return Ok(false);
        }
        self.directory.remove(&external_id(id)).await?;
        let gone = |space| Put { space, key: id.into(), value: None, expect: Expect::Any };
        let puts = vec![gone(Space::Screen), gone(Space::ScreenSilence)];
        self.store.commit(Commit { puts, entries: Vec::new() }).await?;
        self.entries.write().remove(id);
        Ok(true)
    }

    /// Enters a screen in the directory and completes its record with the row.
    async fn give_row(&self, record: ScreenRecord, version: u64) -> Result<(), Unavailable> {
        let rows = self.directory.put(vec![recipient(&record.screen)]).await?;
        let row = *rows.first().ok_or_else(|| Unavailable::new("the directory gave no row".to_owned()))?;
        let record = ScreenRecord { row: Some(row), ..record };
        let value = serde_json::to_vec(&record).map_err(|fault| Unavailable::new(fault.to_string()))?;
        let expect = Expect::Version(version);
        let key = Key::from(record.screen.id.as_str());
        let put = Put { space: Space::Screen, key, value: Some(value.into()), expect };
        match self.commit(put).await {
            // Changed meanwhile: whoever changed it gives it its row.
            Ok(_) | Err(CommitFault::Conflict { .. }) => {}
            Err(fault) => return Err(fault.into()),
        }
        self.keep(record, row);
        Ok(())
    }

    async fn change(
        &self,
        id: &str,
        change: impl Fn(Option<ScreenRecord>) -> ScreenRecord,
    ) -> Result<(ScreenRecord, u64), Unavailable> {
        for _ in 0..ATTEMPTS {
            let stored = self.store.get(Space::Screen, id.into()).await?;
            let expect = stored.as_ref().map_or(Expect::Absent, |stored| Expect::Version(stored.version));
            let record = change(stored.as_ref().map(read).transpose()?);
            let value = serde_json::to_vec(&record).map_err(|fault| Unavailable::new(fault.to_string()))?;
            let put = Put { space: Space::Screen, key: id.into(), value: Some(value.into()), expect };
            match self.commit(put).await {
                Ok(version) => return Ok((record, version)),
                Err(CommitFault::Conflict { .. }) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(Unavailable::new(format!("screen {id} keeps being changed by others")))
    }

    async fn commit(&self, put: Put) -> Result<u64, CommitFault> {
        let committed = self.store.commit(Commit { puts: vec![put], entries: Vec::new() }).await?;
        Ok(committed.versions.first().copied().unwrap_or_default())
    }

    fn keep(&self, record: ScreenRecord, row: u32) {
        let mut entries = self.entries.write();
        let sighting = entries.get(&record.screen.id).map(|entry| Arc::clone(&entry.sighting)).unwrap_or_default();
        entries.insert(
            record.screen.id.clone(),
            Arc::new(Entry { record, row, token: OnceLock::new(), shown: Mutex::default(), sighting }),
        );
    }
}

fn read(stored: &Stored) -> Result<ScreenRecord, Unavailable> {
    serde_json::from_slice(&stored.value)
        .map_err(|fault| Unavailable::new(format!("a screen's record cannot be read: {fault}")))
}

/// The name of a screen in the directory.
pub(super) fn external_id(id: &str) -> String {
    format!("screen:{id}")
}

fn recipient(screen: &Screen) -> Recipient {
    Recipient {
        external_id: external_id(&screen.id),
        name: screen.name.clone(),
        areas: vec![screen.area],
        groups: screen.groups.clone(),
        language: screen.language.clone(),
        // A screen that shows no warnings is nobody's audience.
        endpoints: screen.shows_warnings().then(|| (Channel::Display, screen.id.clone())).into_iter().collect(),
        position: screen.position,
        drill: screen.drill,
        ..Recipient::default()
    }
}
