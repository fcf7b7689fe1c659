//! A call list as the store keeps it, and what was said and done about it.

use std::collections::{BTreeMap, BTreeSet};

use fenghuo_contract::Channel;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        area::AreaCode,
        call::{self, By, How, Reach, Step, Times, Words},
    },
    flow::{
        notice::Unreached,
        record::{Decision, WarningId, create},
    },
    store::{Put, Space},
};

/// Who has to confirm a warning, frozen when the list began.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ListRecord {
    pub(super) warning: WarningId,
    /// Name of the rule.
    pub(super) rule: String,
    /// Milliseconds since 1970.
    pub(super) began_ms: i64,
    pub(super) times: Times,
    pub(super) officers: Vec<Officer>,
}

/// Somebody who has to confirm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Officer {
    /// External id in the directory; `office/…` where nobody is on duty.
    pub(super) id: String,
    pub(super) row: Option<u32>,
    /// Office he is on duty at, or the group by which he is responsible.
    pub(super) office: String,
    /// As the roster names him.
    pub(super) person: Option<String>,
    pub(super) area: Option<AreaCode>,
    /// One after the other.
    pub(super) channels: Vec<Channel>,
    /// Why no channel reaches him.
    pub(super) lack: Option<Unreached>,
    pub(super) deputy: Option<Deputy>,
}

/// Whoever stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Deputy {
    pub(super) id: String,
    pub(super) row: Option<u32>,
    pub(super) person: Option<String>,
    pub(super) channels: Vec<Channel>,
}

/// A word that it arrived, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Word {
    pub(super) warning: WarningId,
    pub(super) officer: String,
    pub(super) by: By,
    pub(super) at_ms: i64,
    pub(super) how: How,
    /// Id of the key of whoever wrote it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    /// Who said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
}

/// Something said or done about a list, once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(super) enum Mark {
    Word(Word),
    /// These stand on the list for the telephone.
    Telephone {
        warning: WarningId,
        officers: Vec<String>,
        at_ms: i64,
    },
    /// Nobody is called any more.
    Ended {
        warning: WarningId,
        why: String,
        at_ms: i64,
    },
}

impl Mark {
    pub(super) fn warning(&self) -> &WarningId {
        match self {
            Self::Word(word) => &word.warning,
            Self::Telephone { warning, .. } | Self::Ended { warning, .. } => warning,
        }
    }

    /// The change that keeps it; there is one of each.
    pub(super) fn put(&self) -> Put {
        let key = match self {
            Self::Word(word) => format!("{}/word/{}/{}", word.warning, word.by.name(), word.officer),
            Self::Telephone { warning, at_ms, .. } => format!("{warning}/telephone/{at_ms}"),
            Self::Ended { warning, .. } => format!("{warning}/ended"),
        };
        create(Space::CallWord, key.as_str(), self)
    }

    /// What stands in the history of the warning.
    pub(super) fn decision(&self, now_ms: i64) -> Decision {
        let (what, by, detail) = match self {
            // Who said it stands in the record alone: the journal is never erased.
            Self::Word(word) => {
                let detail = format!("{} by {} {}", word.officer, word.by.name(), word.how.name());
                ("call_confirmed", word.key.clone(), detail)
            }
            Self::Telephone { officers, .. } => ("call_telephone", None, named(officers)),
            Self::Ended { why, .. } => ("calls_ended", None, why.clone()),
        };
        let warning = Some(self.warning().clone());
        Decision { at_ms: now_ms, what: what.to_owned(), warning, by, detail: Some(detail) }
    }
}

/// How many, and the first of them.
pub(super) fn named(ids: &[String]) -> String {
    const FIRST: usize = 20;
    let first: Vec<&str> = ids.iter().take(FIRST).map(String::as_str).collect();
    let more = if ids.len() > FIRST { ", …" } else { "" };
    format!("{}: {}{more}", ids.len(), first.join(", "))
}

/// A list in memory.
pub(super) struct List {
    pub(super) record: ListRecord,
    /// By external id of the officer.
    pub(super) words: BTreeMap<String, Words>,
    pub(super) said: Vec<Word>,
    /// Who stands on the list for the telephone in the history.
    pub(super) telephoned: BTreeSet<String>,
    pub(super) ended: bool,
}

impl List {
    pub(super) fn new(record: ListRecord) -> Self {
        let (words, said, telephoned) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
        Self { record, words, said, telephoned, ended: false }
    }

    pub(super) fn apply(&mut self, mark: Mark) {
        match mark {
            Mark::Word(word) => {
                let heard = call::Word { at_ms: word.at_ms, how: word.how };
                self.words.entry(word.officer.clone()).or_default().hear(word.by, heard);
                if !self.said.iter().any(|known| known.officer == word.officer && known.by == word.by) {
                    self.said.push(word);
                }
            }
            Mark::Telephone { officers, .. } => self.telephoned.extend(officers),
            Mark::Ended { .. } => self.ended = true,
        }
    }

    fn words_of(&self, officer: &Officer) -> Words {
        self.words.get(&officer.id).copied().unwrap_or_default()
    }

    /// The steps that are due by now.
    pub(super) fn due(&self, officer: &Officer, now_ms: i64) -> Vec<(i64, Step)> {
        let (words, record) = (self.words_of(officer), &self.record);
        call::due(record.times, officer.reach(), record.began_ms, &words, None, now_ms)
    }

    pub(super) fn state(&self, officer: &Officer, ended_ms: Option<i64>, now_ms: i64) -> call::State {
        let (words, record) = (self.words_of(officer), &self.record);
        call::state(record.times, officer.reach(), record.began_ms, &words, ended_ms, now_ms)
    }
}

impl Officer {
    fn reach(&self) -> Reach {
        Reach { own: self.channels.len(), deputy: self.deputy.as_ref().map_or(0, |deputy| deputy.channels.len()) }
    }
}
