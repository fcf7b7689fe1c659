//! Confirming for an officer: by an operator who was told so, and by a word sent back.

use fenghuo_contract::Channel;

use super::{
    List, ended,
    list::{Mark, Officer, Word},
    mark,
};
use crate::{
    domain::{
        call::{By, How, Step},
        confirm_words::{ConfirmWords, Said},
        purpose::Purpose,
    },
    flow::{Flow, Unavailable, record::WarningId},
};

/// Characters of an address that are looked at.
const ADDRESS_MAX: usize = 256;

/// Why nobody was confirmed.
#[derive(Debug, thiserror::Error)]
pub enum CallFault {
    /// There is no such warning, or nobody has to confirm it.
    #[error("no calls about this warning")]
    NoList,
    /// He is not on the list, or nobody stands in for him.
    #[error("not on the list")]
    NotListed,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What a message sent back came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replied {
    /// It confirms this warning.
    Confirmed(WarningId),
    /// The word of a drill for the real thing, or the reverse: its writer should be told the right one.
    OtherKind,
    /// Something else, or its writer is not called.
    Nothing,
}

impl Flow {
    /// Writes down that an officer, or whoever stands in for him, has a warning; `note` says who told so, `key` is the id
    /// of the key of whoever writes it. Durable when it returns; said again it changes nothing.
    ///
    /// # Errors
    /// [`CallFault`].
    pub async fn confirm_call(
        &self,
        id: &WarningId,
        officer: &str,
        by: By,
        note: &str,
        key: &str,
    ) -> Result<(), CallFault> {
        let parts = &self.0;
        let listed = parts.calls.read(id, |list| {
            let found = list.record.officers.iter().find(|known| known.id == officer);
            found.is_some_and(|found| by == By::Officer || found.deputy.is_some())
        });
        if !listed.ok_or(CallFault::NoList)? {
            return Err(CallFault::NotListed);
        }
        let word = Word {
            warning: id.clone(),
            officer: officer.to_owned(),
            by,
            at_ms: parts.clock.unix_ms(),
            how: How::Console,
            key: Some(key.to_owned()),
            note: Some(note.to_owned()),
        };
        Ok(mark(parts, Mark::Word(word)).await?)
    }

    /// Takes a message that somebody sent back from an address. It confirms the newest warning of its kind that he was
    /// called about on this channel and nobody has confirmed for him. Durable when it returns.
    ///
    /// # Errors
    /// When the store cannot be read, or it is not known to be durable: it must be handed in again.
    pub async fn reply(&self, channel: Channel, address: &str, text: &str) -> Result<Replied, Unavailable> {
        let parts = &self.0;
        if address.chars().nth(ADDRESS_MAX).is_some() {
            return Ok(Replied::Nothing);
        }
        let receipts = &parts.config.receipts;
        let words = ConfirmWords::new(&receipts.confirm_words, &receipts.drill_confirm_words);
        if Purpose::ALL.iter().all(|purpose| words.said(text, *purpose) == Said::Nothing) {
            return Ok(Replied::Nothing);
        }
        let rows = parts.directory.find_by_address(channel, address).await?;
        let views = parts.directory.views(&rows).await?;
        let ids: Vec<String> = views.into_iter().flatten().map(|view| view.external_id).collect();
        let (mut other, mut repeated) = (false, None);
        for id in parts.calls.active().into_iter().rev() {
            let Some(record) = parts.warning_record(&id).filter(|record| ended(parts, record).is_none()) else {
                continue;
            };
            let now_ms = parts.clock.unix_ms();
            let called = parts.calls.read(&id, |list| called(list, &ids, channel, now_ms)).unwrap_or_default();
            let Some(purpose) = Purpose::of(record.status).filter(|_| !called.is_empty()) else { continue };
            match words.said(text, purpose) {
                Said::Nothing => continue,
                Said::OtherKind => {
                    other = true;
                    continue;
                }
                Said::Confirmed => {}
            }
            let open: Vec<&(String, By, bool)> = called.iter().filter(|(_, _, known)| !known).collect();
            if open.is_empty() {
                repeated.get_or_insert(id);
                continue;
            }
            for (officer, by, _) in open {
                let (officer, at_ms) = (officer.clone(), parts.clock.unix_ms());
                let word =
                    Word { warning: id.clone(), officer, by: *by, at_ms, how: How::Reply, key: None, note: None };
                mark(parts, Mark::Word(word)).await?;
            }
            return Ok(Replied::Confirmed(id));
        }
        Ok(match repeated {
            Some(id) => Replied::Confirmed(id),
            None if other => Replied::OtherKind,
            None => Replied::Nothing,
        })
    }
}

/// Officers for whom these recipients were called on a channel, as whom, and whether somebody has confirmed for them.
fn called(list: &List, ids: &[String], channel: Channel, now_ms: i64) -> Vec<(String, By, bool)> {
    let mut called = Vec::new();
    for officer in &list.record.officers {
        let confirmed = list.words.get(&officer.id).is_some_and(|words| words.counts().is_some());
        let steps = list.due(officer, now_ms);
        let by = steps.iter().find_map(|(_, step)| whose(officer, *step, ids, channel));
        called.extend(by.map(|by| (officer.id.clone(), by, confirmed)));
    }
    called
}

fn whose(officer: &Officer, step: Step, ids: &[String], channel: Channel) -> Option<By> {
    match step {
        Step::Own(n) => (ids.contains(&officer.id) && officer.channels.get(n) == Some(&channel)).then_some(By::Officer),
        Step::Deputy(n) => {
            let deputy = officer.deputy.as_ref().filter(|deputy| ids.contains(&deputy.id))?;
            (deputy.channels.get(n) == Some(&channel)).then_some(By::Deputy)
        }
        Step::Telephone => None,
    }
}
