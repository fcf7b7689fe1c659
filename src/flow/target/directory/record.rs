//! A recipient as the store keeps it: JSON a person can read in an emergency, addresses sealed.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use fenghuo_contract::{Address, Channel};
use serde::{Deserialize, Serialize};

use super::{Recipient, RecipientView};
use crate::{
    clock::Clock,
    domain::{area::AreaCode, opt_out::OptOut, position::Position},
    store::{
        Space,
        seal::{Context, Unsealable, Vault},
    },
};

/// Why a row stands for nobody any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Gone {
    /// The recipient has another row now: look it up by its external id.
    Moved,
    /// The recipient was removed.
    Removed,
}

/// The record of a row.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) external_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) gone: Option<Gone>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) areas: Vec<AreaCode>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) groups: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) language: String,
    #[serde(default)]
    pub(super) drill: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) duty: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) opt_out_below: Option<OptOut>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deputy: Option<String>,
    /// Base64 of the sealed position: latitude and longitude in millionths of a degree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) position: Option<String>,
    /// Base64 of the sealed address by channel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) sealed: BTreeMap<Channel, String>,
}

impl Record {
    /// What remains of a row whose recipient moved or was removed: no address, no name.
    pub(super) fn tombstone(external_id: &str, gone: Gone) -> Self {
        Self {
            external_id: external_id.to_owned(),
            gone: Some(gone),
            name: String::new(),
            areas: Vec::new(),
            groups: Vec::new(),
            language: String::new(),
            drill: false,
            duty: false,
            opt_out_below: None,
            deputy: None,
            position: None,
            sealed: BTreeMap::new(),
        }
    }

    /// The record of a recipient at a row. Addresses found unchanged in `kept` stay sealed as they are.
    pub(super) fn seal(
        recipient: &Recipient,
        row: u32,
        kept: &BTreeMap<Channel, (String, String)>,
        vault: &Vault,
        clock: &Clock,
    ) -> Self {
        let sealed = recipient.endpoints.iter().map(|(channel, address)| {
            let sealed = match kept.get(channel) {
                Some((clear, sealed)) if clear == address => sealed.clone(),
                _ => {
                    let key = row.to_be_bytes();
                    let sealed = vault.seal(context(&key, *channel), address.as_bytes(), clock.random());
                    STANDARD_NO_PAD.encode(sealed)
                }
            };
            (*channel, sealed)
        });
        Self {
            external_id: recipient.external_id.clone(),
            gone: None,
            name: recipient.name.clone(),
            areas: recipient.areas.clone(),
            groups: recipient.groups.clone(),
            language: recipient.language.clone(),
            drill: recipient.drill,
            duty: recipient.duty,
            opt_out_below: recipient.opt_out_below,
            deputy: recipient.deputy.clone(),
            position: recipient.position.map(|position| seal_position(position, row, vault, clock)),
            sealed: sealed.collect(),
        }
    }

    pub(super) fn read(value: &[u8]) -> Option<Self> {
        serde_json::from_slice(value).ok()
    }

    pub(super) fn write(&self) -> Bytes {
        serde_json::to_vec(self).expect("text keys and plain values always have a JSON form").into()
    }

    /// The address on a channel, `None` when there is none.
    pub(super) fn address(&self, row: u32, channel: Channel, vault: &Vault) -> Result<Option<Address>, Unsealable> {
        let Some(sealed) = self.sealed.get(&channel) else { return Ok(None) };
        let sealed = STANDARD_NO_PAD.decode(sealed).map_err(|_| Unsealable)?;
        let clear = vault.unseal(context(&row.to_be_bytes(), channel), &sealed)?;
        std::str::from_utf8(&clear).map(|text| Some(Address::new(text))).map_err(|_| Unsealable)
    }

    /// Where the recipient is, `None` when that is not known.
    pub(super) fn position(&self, row: u32, vault: &Vault) -> Result<Option<Position>, Unsealable> {
        let Some(sealed) = &self.position else { return Ok(None) };
        let sealed = STANDARD_NO_PAD.decode(sealed).map_err(|_| Unsealable)?;
        let clear = vault.unseal(place(&row.to_be_bytes()), &sealed)?;
        let (latitude, longitude) = clear.split_first_chunk::<4>().ok_or(Unsealable)?;
        let longitude = longitude.try_into().map_err(|_| Unsealable)?;
        let position = Position::of_micro(i32::from_be_bytes(*latitude), i32::from_be_bytes(longitude));
        position.map(Some).ok_or(Unsealable)
    }

    /// The recipient with every address in clear; one that does not open is empty, and so unlike any other.
    pub(super) fn recipient(&self, row: u32, vault: &Vault) -> Recipient {
        let open = |channel: Channel| {
            let address = self.address(row, channel, vault).ok().flatten();
            (channel, address.map(|address| address.expose().to_owned()).unwrap_or_default())
        };
        Recipient {
            external_id: self.external_id.clone(),
            name: self.name.clone(),
            areas: self.areas.clone(),
            groups: self.groups.clone(),
            language: self.language.clone(),
            endpoints: self.sealed.keys().map(|channel| open(*channel)).collect(),
            drill: self.drill,
            duty: self.duty,
            opt_out_below: self.opt_out_below,
            deputy: self.deputy.clone(),
            position: self.position(row, vault).ok().flatten(),
        }
    }

    /// The recipient as people see it.
    pub(super) fn view(&self, row: u32, vault: &Vault) -> RecipientView {
        let mask = |channel: Channel| match self.address(row, channel, vault) {
            Ok(address) => address.map(|address| address.masked()).unwrap_or_default(),
            Err(Unsealable) => {
                tracing::error!(row, %channel, code = "directory-unsealable", "address does not open");
                "?".to_owned()
            }
        };
        RecipientView {
            external_id: self.external_id.clone(),
            name: self.name.clone(),
            areas: self.areas.clone(),
            groups: self.groups.clone(),
            language: self.language.clone(),
            drill: self.drill,
            duty: self.duty,
            opt_out_below: self.opt_out_below,
            deputy: self.deputy.clone(),
            position: self.shown_position(row, vault),
            endpoints: self.sealed.keys().map(|channel| (channel.name().to_owned(), mask(*channel))).collect(),
        }
    }

    fn shown_position(&self, row: u32, vault: &Vault) -> Option<Position> {
        let position = self.position(row, vault).unwrap_or_else(|Unsealable| {
            tracing::error!(row, code = "directory-position-unsealable", "position does not open");
            None
        });
        position.map(Position::coarse)
    }
}

fn seal_position(position: Position, row: u32, vault: &Vault, clock: &Clock) -> String {
    let (latitude, longitude) = position.micro();
    let clear = [latitude.to_be_bytes(), longitude.to_be_bytes()].concat();
    STANDARD_NO_PAD.encode(vault.seal(place(&row.to_be_bytes()), &clear, clock.random()))
}

fn place(key: &[u8; 4]) -> Context<'_> {
    Context { space: Space::Recipient, key, field: "position" }
}

fn context(key: &[u8; 4], channel: Channel) -> Context<'_> {
    Context { space: Space::Recipient, key, field: channel.name() }
}
