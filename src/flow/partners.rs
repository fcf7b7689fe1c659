//! Partners: other systems that are told of every released warning that concerns them.
//!
//! A partner is a *route of its own* (`webhook.NAME`) and a *directory row of its own* (`partner:NAME`, as a screen has
//! one), and a warning that concerns it has a *plan of its own* for that one row. So leases, outcomes, receipts, limits,
//! retries, withdrawals, alarms, lists and restarts are those of every other delivery, nothing on the send path knows
//! partners, and one that is slow or dead holds up nobody else. The row has no area, so that no warning selects it as it
//! selects people: [`Partner::is_concerned`](crate::config::Partner::is_concerned) does.
//!
//! What goes out is `event::content`: frozen when the warning is rendered, signed at each attempt.
//!
//! A lift goes to those that were told before. Restricted and private warnings go only to partners they name
//! (`partner:NAME`). A drill goes only to partners marked for drills, and that is asked three times: here, at the route
//! and at the row.
//!
//! A partner that answers 410 wants no more: what waits for it ends, it gets nothing new, and an alarm stands until a
//! test ([`Flow::test_partner`]) is answered with success.

mod event;
mod gone;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use fenghuo_contract::Channel;
use parking_lot::RwLock;
use roaring::RoaringBitmap;
use sha2::{Digest, Sha256};

pub(crate) use self::{
    event::content,
    gone::{answered, refused, seen},
};
pub use view::{PartnerTest, PartnerView};

use super::{
    Flow, Parts, Unavailable,
    deliver::Route,
    parts::parse,
    record::{PlanRecord, WarningId},
    target::directory::Recipient,
};
use crate::{
    config::{Config, Partner, partners::route_name},
    domain::{
        message::{Scope, Status},
        purpose::Purpose,
        warning::Warning,
    },
    store::{Key, Space, Stored},
};

/// What the gateway remembers of its partners.
#[derive(Default)]
pub(crate) struct Partners {
    /// Those that want no more, with how that was said.
    gone: RwLock<BTreeMap<String, Gone>>,
    /// Their directory rows.
    rows: RwLock<BTreeMap<String, u32>>,
    /// Ids of the keys that sign, the current one first.
    key_ids: BTreeMap<String, Vec<String>>,
}

/// A partner that wants no more.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Gone {
    /// Milliseconds since 1970.
    since_ms: i64,
    /// The warning it said so about.
    warning: Option<WarningId>,
}

impl Partners {
    /// Reads the secrets' files for the ids of the keys.
    pub(crate) fn new(config: &Config) -> Self {
        let ids = |partner: &Partner| partner.secret_files.iter().filter_map(|file| key_id(file)).collect();
        let key_ids = config.partners.iter().map(|(name, partner)| (name.clone(), ids(partner))).collect();
        Self { key_ids, ..Self::default() }
    }

    fn is_gone(&self, name: &str) -> bool {
        self.gone.read().contains_key(name)
    }
}

/// Names a secret without giving it away: the first eight hexadecimal digits of its SHA-256.
fn key_id(file: &std::path::Path) -> Option<String> {
    let text = zeroize::Zeroizing::new(std::fs::read_to_string(file).ok()?);
    let digest = Sha256::digest(text.trim().as_bytes());
    Some(digest[..4].iter().fold(String::new(), |id, byte| id + &format!("{byte:02x}")))
}

/// The name of a partner in the directory.
fn external_id(name: &str) -> String {
    format!("partner:{name}")
}

/// Learns who wants no more, and gives every partner of the configuration its row.
pub(crate) async fn start(parts: &Parts) -> Result<(), Unavailable> {
    let partners = &parts.config.partners;
    for name in partners.keys() {
        if let Some(stored) = parts.store.get(Space::Partner, name.as_str().into()).await? {
            parts.partners.gone.write().insert(name.clone(), parse(&stored.value)?);
        }
    }
    let rows = parts.directory.put(partners.iter().map(|(name, partner)| recipient(parts, name, partner)).collect());
    let rows = rows.await?;
    *parts.partners.rows.write() = partners.keys().cloned().zip(rows).collect();
    Ok(())
}

/// Takes in that a partner wants no more, or again.
pub(crate) fn hear(parts: &Parts, key: &Key, stored: Option<&Stored>) -> Result<(), Unavailable> {
    let Ok(name) = std::str::from_utf8(&key.0) else { return Ok(()) };
    let mut gone = parts.partners.gone.write();
    match stored {
        Some(stored) => drop(gone.insert(name.to_owned(), parse(&stored.value)?)),
        None => drop(gone.remove(name)),
    }
    Ok(())
}

fn recipient(parts: &Parts, name: &str, partner: &Partner) -> Recipient {
    Recipient {
        external_id: external_id(name),
        name: name.to_owned(),
        language: parts.config.texts.languages.first().cloned().unwrap_or_else(|| "zh-CN".to_owned()),
        endpoints: BTreeMap::from([(Channel::Webhook, name.to_owned())]),
        drill: partner.drills,
        ..Recipient::default()
    }
}

/// The partners a warning goes to: the route and the row of each. `told` are the rows that an earlier warning of the
/// event reached on the channel.
pub(crate) fn addressed(parts: &Parts, warning: &Warning, told: &RoaringBitmap) -> Vec<(String, u32)> {
    let rows = parts.partners.rows.read();
    let partners = parts.config.partners.iter().filter(|(name, _)| !parts.partners.is_gone(name));
    let wanted = partners.filter_map(|(name, partner)| {
        let (route, row) = (parts.routes.get(&route_name(name))?, *rows.get(name)?);
        let told = told.contains(row);
        let wants = if warning.is_lift() { told } else { told || is_concerned(name, partner, warning) };
        (wants && may(route, partner, warning.status())).then(|| (route.name.clone(), row))
    });
    wanted.collect()
}

/// Whether a status may go to a partner at all.
fn may(route: &Route, partner: &Partner, status: Status) -> bool {
    let open = partner.active && route.config.partner.is_some();
    let Some(purpose) = Purpose::of(status) else { return false };
    open && purpose.permit(route).is_some() && (partner.drills || !purpose.is_drill())
}

fn is_concerned(name: &str, partner: &Partner, warning: &Warning) -> bool {
    let message = warning.message();
    let named: BTreeSet<&str> = match message.scope {
        Scope::Public => return partner.is_concerned(message, warning.level()),
        Scope::Restricted => message.restriction.as_deref().unwrap_or_default().split_whitespace().collect(),
        Scope::Private => message.addresses.iter().map(String::as_str).collect(),
    };
    named.contains(external_id(name).as_str()) && partner.is_concerned(message, warning.level())
}

/// Whether a plan is one partner's.
pub(crate) fn is_of_partner(parts: &Parts, plan: &PlanRecord) -> bool {
    plan.channel == Channel::Webhook
        && plan.routes.iter().filter_map(|name| parts.routes.get(name)).any(|route| route.config.partner.is_some())
}

impl Flow {
    /// Every partner of the configuration and how it does.
    #[must_use]
    pub fn partners(&self) -> Vec<PartnerView> {
        self.0.config.partners.iter().map(|(name, partner)| view::view(&self.0, name, partner)).collect()
    }

    /// Posts a signed ping to a partner; `None` when there is none of this name. One that wanted no more and answers
    /// with success gets warnings again from now on.
    ///
    /// # Errors
    /// When that cannot be stored.
    pub async fn test_partner(&self, name: &str, by: &str) -> Result<Option<PartnerTest>, Unavailable> {
        view::test(&self.0, name, by).await
    }
}
