//! Takes the records that another node put into memory, each by the module that keeps them there.
//!
//! What is always read from the store needs nothing here: bodies, identities and idempotency keys of warnings, what would
//! end them, audiences and contents of plans, the parts of folded ones, recipients and how they are found, timelines, what
//! digests of keys lead to, and facts about the installation.

use std::sync::Arc;

use crate::{
    flow::{
        Parts, Unavailable, call, custody, drills, education, inbox, measures, partners,
        parts::parse,
        projection::block::Head,
        record::{PlanRecord, Stage, WarningRecord},
        retention, schedule, status, suppress, witness,
    },
    store::{Key, Space, Stored},
};

/// A record as a node put it. What this node put itself is known here already, unless an older state came in between.
pub(super) async fn put(
    parts: &Arc<Parts>,
    is_own: bool,
    space: Space,
    key: &Key,
    stored: Option<&Stored>,
) -> Result<(), Unavailable> {
    if let Some(own) = &parts.nodes.own {
        if is_own {
            own.came_back(space, key, stored);
        } else if own.is_newer(space, key, stored) {
            return Ok(());
        }
    }
    match space {
        // Screens are written beside the flow: what comes back last stands.
        Space::Screen => return parts.screens.hear(key, stored),
        _ if is_own => return Ok(()),
        Space::Warning => {
            if let Some(stored) = stored {
                warning(parts, parse(&stored.value)?).await?;
            }
        }
        Space::Plan => {
            if let Some(stored) = stored {
                plan(parts, &parse(&stored.value)?);
            }
        }
        Space::PlanFolded => folded(parts, key, stored)?,
        Space::Claim => {
            if !super::barrier::hear(parts, key, stored).await && !super::sightings::hear(parts, key, stored) {
                super::claims::hear(parts, key, stored)?;
            }
        }
        Space::Meta => retention::hear(parts, key, stored)?,
        Space::ApiKey => parts.keys.hear(key),
        Space::DirectoryIndex => parts.directory.hear(key, stored).await?,
        Space::RouteDecision => status::hear_route(parts, key, stored)?,
        Space::Roster => {
            witness::hear(parts, key, stored);
            parts.rosters.hear(parts, key, stored)?;
        }
        Space::Partner => partners::hear(parts, key, stored)?,
        Space::Inbox => inbox::hear(parts, key, stored)?,
        Space::Drill => drills::hear(parts, key, stored).await?,
        Space::Call | Space::CallWord => call::hear_record(parts, space, stored)?,
        Space::Measures => measures::hear(parts, key, stored)?,
        Space::Suppression => suppress::hear(parts, key, stored)?,
        Space::Education => education::hear(parts, key, stored)?,
        Space::ScreenSilence => custody::hear(parts, key, stored)?,
        Space::WarningBody
        | Space::WarningIdentity
        | Space::WarningPrepared
        | Space::Idempotency
        | Space::PlanAudience
        | Space::PlanContent
        | Space::ApiKeyDigest
        | Space::Recipient
        | Space::RecipientExternal
        | Space::RecipientAddress
        | Space::Timeline
        | Space::LimitUse => {}
    }
    Ok(())
}

async fn warning(parts: &Arc<Parts>, record: WarningRecord) -> Result<(), Unavailable> {
    if record.stage >= Stage::Rendered {
        for number in &record.plans {
            if parts.projection.plan(*number).is_none()
                && parts.projection.folded.head(*number).is_none()
                && let Some(plan) = schedule::load(parts, *number).await?
            {
                parts.projection.insert(plan);
            }
        }
    }
    let (id, stage) = (record.id.clone(), record.stage);
    parts.remember(record);
    if parts.warnings.read().owes(&id) {
        parts.bell.notify_one();
    }
    if stage >= Stage::Delivering {
        parts.screens_change();
        super::enter(parts);
    }
    parts.progress.new_work.notify_one();
    parts.progress.notify(&id);
    Ok(())
}

fn plan(parts: &Parts, record: &PlanRecord) {
    let Some(plan) = parts.projection.live(record.number) else { return };
    for route in &record.refused {
        plan.refuse(route);
    }
    if let Some(closing) = &record.closing {
        plan.close(closing);
        parts.lanes(plan.record.channel).remove(record.number);
        parts.screens_change();
    }
    parts.progress.notify(&record.warning);
}

/// The head of a folded plan; its parts have longer keys.
fn folded(parts: &Parts, key: &Key, stored: Option<&Stored>) -> Result<(), Unavailable> {
    let (Ok(number), Some(stored)) = (<[u8; 8]>::try_from(&key.0[..]).map(u64::from_be_bytes), stored) else {
        return Ok(());
    };
    parts.projection.folded_elsewhere(Head::read(number, &stored.value)?);
    Ok(())
}
