//! The directory of recipients: numbered by area, indexed by bitmaps, addresses sealed.
//!
//! **Rows.** A recipient is a row number. Rows are handed out in blocks of 65,536 to the area that comes first in the
//! recipient, so that the people of an area stand together and the bitmaps of a selection stay small. A row never means
//! another person: a recipient whose first area changes gets a new row, and the old one becomes a tombstone without
//! name or address. A plan that froze the old row still finds the person through it, at the address of today; after
//! [`Directory::remove`] it finds nobody.
//!
//! **Index.** The bitmaps live in memory as one immutable value that a write replaces as a whole, so a reader never sees
//! half a change, and in the store as small blobs, one per property and block, written in the same commit as the
//! recipients. Opening reads the blobs only.
//!
//! **Positions** are sealed with the index, see [`Directory::within`]; recipients without one are selected by area code
//! alone.
//!
//! **Addresses** are sealed in the records, each for its row and channel, and found by keyed hash.

mod address;
mod edit;
mod facet;
mod index;
mod positions;
mod read;
mod record;
pub mod sample;
mod synthetic;
mod write;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt, sync::Arc};

use arc_swap::ArcSwap;
use fenghuo_contract::{Address, Channel};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

pub use self::{index::Drawn, positions::Within};
use self::{index::Index, write::Writer};
use crate::{
    clock::Clock,
    domain::{area::AreaCode, level::Level, opt_out::OptOut, position::Position, shape::Shape},
    flow::Unavailable,
    store::{Store, seal::Vault},
};

pub(super) use self::{
    address::{AddressFault, canonical as canonical_address, is_exponent},
    write::{CHUNK, Change},
};

/// The language of a recipient that names none.
pub(super) const DEFAULT_LANGUAGE: &str = "zh-CN";

/// A recipient as imported and exported (addresses in clear only on the way in). `Debug` masks them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// The issuer's own name for it; a second import of the same id changes the recipient.
    pub external_id: String,
    #[serde(default)]
    pub name: String,
    /// At least one: the first is where the recipient is at home and numbered, the others are those it chose besides.
    #[schema(value_type = Vec<String>)]
    pub areas: Vec<AreaCode>,
    #[serde(default)]
    pub groups: Vec<String>,
    /// BCP 47 tag.
    #[serde(default = "default_language")]
    pub language: String,
    /// Address by channel name.
    #[schema(value_type = BTreeMap<String, String>)]
    pub endpoints: BTreeMap<Channel, String>,
    /// Takes part in drills; others never get a drill.
    #[serde(default)]
    pub drill: bool,
    /// Has a duty in emergencies and gets every warning, whatever it chose.
    #[serde(default)]
    pub duty: bool,
    /// The level below which it wants no warnings.
    #[serde(default)]
    pub opt_out_below: Option<OptOut>,
    /// External id of whoever is called when it does not confirm.
    #[serde(default)]
    pub deputy: Option<String>,
    /// Where it is, WGS-84.
    #[serde(default)]
    #[schema(value_type = Option<crate::domain::position::Degrees>)]
    pub position: Option<Position>,
}

impl Default for Recipient {
    fn default() -> Self {
        Self {
            external_id: String::new(),
            name: String::new(),
            areas: Vec::new(),
            groups: Vec::new(),
            language: default_language(),
            endpoints: BTreeMap::new(),
            drill: false,
            duty: false,
            opt_out_below: None,
            deputy: None,
            position: None,
        }
    }
}

fn default_language() -> String {
    DEFAULT_LANGUAGE.to_owned()
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let masked = |(channel, text): (&Channel, &String)| (*channel, Address::new(text.as_str()).masked());
        f.debug_struct("Recipient")
            .field("external_id", &self.external_id)
            .field("areas", &self.areas)
            .field("groups", &self.groups)
            .field("language", &self.language)
            .field("endpoints", &self.endpoints.iter().map(masked).collect::<BTreeMap<_, _>>())
            .field("drill", &self.drill)
            .field("duty", &self.duty)
            .field("opt_out_below", &self.opt_out_below)
            .field("deputy", &self.deputy)
            .finish_non_exhaustive()
    }
}

/// A recipient as listed: addresses masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RecipientView {
    pub external_id: String,
    pub name: String,
    #[schema(value_type = Vec<String>)]
    pub areas: Vec<AreaCode>,
    pub groups: Vec<String>,
    pub language: String,
    pub drill: bool,
    pub duty: bool,
    pub opt_out_below: Option<OptOut>,
    /// External id of whoever is called when it does not confirm.
    pub deputy: Option<String>,
    /// To a hundredth of a degree, about a kilometre.
    #[schema(value_type = Option<crate::domain::position::Degrees>)]
    pub position: Option<Position>,
    /// Masked address by channel name.
    pub endpoints: BTreeMap<String, String>,
}

/// What selects an audience.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Union of these areas and of those inside shapes; without both nobody is selected.
    pub areas: Vec<AreaCode>,
    /// Those inside shapes, from [`Directory::within`].
    pub within: Within,
    /// When there, those inside shapes only if one of their areas is one of these.
    pub bounds: Option<Vec<AreaCode>>,
    /// When not empty, only members of one of these groups.
    pub groups: Vec<String>,
    /// When not empty, only readers of one of these languages; `en` stands for `en-GB` too.
    pub languages: Vec<String>,
    /// Only recipients with a duty.
    pub duty_only: bool,
    /// Only recipients who take part in drills.
    pub drill_only: bool,
    /// The level of a warning that recipients may have chosen not to get; `None` asks nobody for a choice.
    pub wanted_at: Option<Level>,
}

/// A recipient as the deliver stage needs it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub row: u32,
    /// `None` when the recipient or the address is gone.
    pub address: Option<Address>,
    pub drill: bool,
}

/// The directory of one gateway. Bitmaps in memory, recipients in the store.
pub struct Directory {
    store: Store,
    vault: Arc<Vault>,
    clock: Clock,
    index: ArcSwap<Index>,
    /// Held over a whole write: one at a time, while readers go on with the index that stands.
    writer: tokio::sync::Mutex<Writer>,
    /// Addresses are made up from row numbers, see [`Directory::synthetic`].
    synthetic: bool,
}

impl Directory {
    /// Loads the bitmaps. The vault's key must be the one the store's addresses are sealed with.
    ///
    /// # Errors
    /// When the store cannot be read, its index is damaged, or the key is another one.
    pub async fn open(store: Store, vault: Arc<Vault>, clock: Clock) -> Result<Self, Unavailable> {
        vault.check(&store).await.map_err(|fault| Unavailable::new(fault.to_string()))?;
        let (index, head) = edit::load(&store, &vault).await?;
        let writer = tokio::sync::Mutex::new(Writer { head, stale: false });
        Ok(Self { store, vault, clock, index: ArcSwap::from_pointee(index), writer, synthetic: false })
    }

    /// Stores recipients (new ones and changed ones), durably, in commits of at most 2,000; returns their rows in
    /// order. Each replaces the recipient of the same external id as a whole; one that says nothing new writes nothing.
    ///
    /// Addresses are taken as they are: what comes from outside goes through the [import](super::import) first.
    ///
    /// # Errors
    /// When it cannot be stored; of several commits the earlier ones then stand.
    pub async fn put(&self, recipients: Vec<Recipient>) -> Result<Vec<u32>, Unavailable> {
        let mut rows = Vec::with_capacity(recipients.len());
        for chunk in recipients.chunks(CHUNK) {
            let placed = self.write(chunk, &RoaringBitmap::new(), false).await?;
            rows.extend(placed.into_iter().filter_map(|placed| placed.row));
        }
        Ok(rows)
    }

    /// Rows selected that have an address on the channel. A recipient in several of the areas is there once.
    #[must_use]
    pub fn select(&self, selection: &Selection, channel: Channel) -> RoaringBitmap {
        self.index.load().select(selection, channel)
    }

    /// Recipients whose position is inside one of the shapes, borders included. The time it takes grows with the number
    /// of positions in the tiles the shapes touch; other tasks get their turn meanwhile.
    pub async fn within(&self, shapes: &[Shape]) -> Within {
        let index = self.index.load_full();
        index.within(shapes).await
    }

    /// What the shapes of a selection find and cannot find, on all channels together.
    #[must_use]
    pub fn drawn(&self, selection: &Selection) -> Drawn {
        self.index.load().drawn(selection)
    }

    /// The languages of these rows: for each language, its rows among `rows`. Every row is in exactly one; rows of
    /// recipients that are gone count as `zh-CN`.
    #[must_use]
    pub fn by_language(&self, rows: &RoaringBitmap) -> BTreeMap<String, RoaringBitmap> {
        self.index.load().by_language(rows)
    }

    /// The kinds of these rows' addresses on a channel, see [`fenghuo_contract::Address::kind`]. Every row is in exactly one;
    /// those whose address names none stand under the empty one.
    #[must_use]
    pub fn by_kind(&self, rows: &RoaringBitmap, channel: Channel) -> BTreeMap<Box<str>, RoaringBitmap> {
        let mut kinds = self.index.load().by_kind(rows, channel);
        let rest = kinds.values().fold(rows.clone(), |rest, of| rest - of);
        if !rest.is_empty() {
            kinds.insert("".into(), rest);
        }
        kinds
    }

    /// The areas of these rows: for each area somebody names as his own, its rows among `rows`. A row with several areas
    /// is in each of them.
    #[must_use]
    pub fn by_area(&self, rows: &RoaringBitmap) -> BTreeMap<AreaCode, RoaringBitmap> {
        let areas = self.index.load().by_area(rows);
        areas.into_iter().filter_map(|(number, rows)| Some((AreaCode::from_number(number)?, rows))).collect()
    }

    /// Removes a recipient and erases its name and sealed addresses; its row remains as a tombstone that knows only the
    /// external id. `false` when there is none with this external id.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn remove(&self, external_id: &str) -> Result<bool, Unavailable> {
        self.erase(external_id).await
    }

    /// How many recipients there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.index.load().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
