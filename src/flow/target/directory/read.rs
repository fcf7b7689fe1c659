//! Reading recipients: by row, by external id, by address.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fenghuo_contract::{Address, Channel};

use super::{
    Directory, Endpoint, RecipientView, address,
    record::{Gone, Record},
    synthetic,
};
use crate::{
    flow::{Page, Unavailable},
    store::{Key, Space},
};

/// Items of a page at most.
const PAGE: usize = 1_000;
/// How often a row that moved is followed when it moves again meanwhile.
const HOPS: usize = 3;

impl Directory {
    /// Addresses of rows on a channel, in the order asked for.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn endpoints(&self, rows: &[u32], channel: Channel) -> Result<Vec<Endpoint>, Unavailable> {
        if self.synthetic {
            return Ok(rows.iter().map(|row| synthetic::endpoint(*row)).collect());
        }
        let found = self.resolve(rows).await?;
        let endpoint = |(row, found): (&u32, Option<(u32, Record)>)| {
            let drill = found.as_ref().is_some_and(|(_, record)| record.drill);
            let address = found.and_then(|(now, record)| self.address(now, &record, channel));
            Endpoint { row: *row, address, drill }
        };
        Ok(rows.iter().zip(found).map(endpoint).collect())
    }

    /// Recipients by row, masked, for lists of deliveries. Of a recipient that was removed only the external id is left.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn views(&self, rows: &[u32]) -> Result<Vec<Option<RecipientView>>, Unavailable> {
        let found = self.resolve(rows).await?;
        Ok(found.into_iter().map(|found| found.map(|(row, record)| record.view(row, &self.vault))).collect())
    }

    /// Recipients by external id, in order, at most 1,000. A cursor that is not from here gives an empty page.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list(&self, cursor: Option<&str>, limit: usize) -> Result<Page<RecipientView>, Unavailable> {
        let limit = limit.clamp(1, PAGE);
        let after = match cursor.map(|cursor| URL_SAFE_NO_PAD.decode(cursor)).transpose() {
            Ok(after) => after.map(Key),
            Err(_) => return Ok(Page { items: Vec::new(), next: None }),
        };
        let mut listed = self.store.list(Space::RecipientExternal, after, limit + 1).await?;
        let more = listed.len() > limit;
        listed.truncate(limit);
        let last = listed.last().map(|(key, _)| URL_SAFE_NO_PAD.encode(&key.0));
        let rows = listed.iter().map(|(_, stored)| read_row(&stored.value)).collect::<Result<Vec<_>, _>>()?;
        let items = self.views(&rows).await?.into_iter().flatten().collect();
        Ok(Page { items, next: last.filter(|_| more) })
    }

    /// The row of the recipient with this external id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn find_by_external(&self, external_id: &str) -> Result<Option<u32>, Unavailable> {
        Ok(self.rows(vec![external_id.into()]).await?.pop().flatten())
    }

    /// Rows of the recipients with this address on a channel, however it is written; at most 1,000.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn find_by_address(&self, channel: Channel, text: &str) -> Result<Vec<u32>, Unavailable> {
        self.rows_with(&self.address_digest(channel, text)).await
    }

    /// A text as a mail address in the form it is stored in; `None` when it is none.
    pub(in crate::flow) fn mail_address(text: &str) -> Option<String> {
        address::canonical(Channel::Email, text).ok()
    }

    /// Authentication code over `bytes` for one purpose, with the key addresses are sealed with.
    pub(in crate::flow) fn code(&self, purpose: &str, bytes: &[u8]) -> [u8; 32] {
        self.vault.mac(purpose, bytes)
    }

    /// Keyed hash of an address on a channel, the same however it is written.
    pub(in crate::flow) fn address_digest(&self, channel: Channel, text: &str) -> [u8; 16] {
        self.vault.lookup(channel.name(), &address::comparable(channel, text))
    }

    /// Rows of the recipients whose address has this keyed hash.
    pub(in crate::flow) async fn rows_with(&self, hash: &[u8; 16]) -> Result<Vec<u32>, Unavailable> {
        let listed = self.store.list(Space::RecipientAddress, Some(Key(hash.to_vec())), PAGE).await?;
        let row = |key: Key| key.0.strip_prefix(&hash[..]).and_then(|row| row.try_into().ok()).map(u32::from_be_bytes);
        Ok(listed.into_iter().map_while(|(key, _)| row(key)).collect())
    }

    /// Rows by external id, in the order asked for.
    pub(super) async fn rows(&self, ids: Vec<Key>) -> Result<Vec<Option<u32>>, Unavailable> {
        let found = self.store.get_many(Space::RecipientExternal, ids).await?;
        found.into_iter().map(|stored| stored.map(|stored| read_row(&stored.value)).transpose()).collect()
    }

    /// Records by row, in the order asked for; one that cannot be read counts as missing.
    pub(super) async fn records(&self, rows: &[u32]) -> Result<Vec<Option<Record>>, Unavailable> {
        let keys = rows.iter().map(|row| Key::from(*row)).collect();
        let found = self.store.get_many(Space::Recipient, keys).await?;
        let read = |(row, stored): (&u32, Option<crate::store::Stored>)| {
            let record = Record::read(&stored?.value);
            if record.is_none() {
                tracing::error!(row, code = "directory-unreadable", "recipient record is damaged");
            }
            record
        };
        Ok(rows.iter().zip(found).map(read).collect())
    }

    /// What stands for each row today: its own record, or the one its recipient moved to, with that record's row.
    async fn resolve(&self, rows: &[u32]) -> Result<Vec<Option<(u32, Record)>>, Unavailable> {
        let found = self.records(rows).await?;
        let mut found: Vec<_> =
            rows.iter().zip(found).map(|(row, record)| record.map(|record| (*row, record))).collect();
        for _ in 0..HOPS {
            let moved = |found: &Option<(u32, Record)>| {
                found.as_ref().is_some_and(|(_, record)| record.gone == Some(Gone::Moved))
            };
            let places: Vec<usize> = (0..found.len()).filter(|place| moved(&found[*place])).collect();
            if places.is_empty() {
                break;
            }
            let ids = places.iter().filter_map(|place| found[*place].as_ref());
            let rows = self.rows(ids.map(|(_, record)| record.external_id.as_str().into()).collect()).await?;
            let known: Vec<(usize, u32)> =
                places.into_iter().zip(rows).filter_map(|(place, row)| Some((place, row?))).collect();
            if known.is_empty() {
                break;
            }
            let records = self.records(&known.iter().map(|(_, row)| *row).collect::<Vec<_>>()).await?;
            for ((place, row), record) in known.into_iter().zip(records) {
                found[place] = record.map(|record| (row, record));
            }
        }
        Ok(found)
    }

    fn address(&self, row: u32, record: &Record, channel: Channel) -> Option<Address> {
        record.address(row, channel, &self.vault).unwrap_or_else(|_| {
            tracing::error!(row, %channel, code = "directory-unsealable", "address does not open");
            None
        })
    }
}

fn read_row(value: &[u8]) -> Result<u32, Unavailable> {
    let row = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
    row.ok_or_else(|| Unavailable::new("directory row number is damaged".to_owned()))
}
