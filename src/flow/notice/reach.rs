//! Whom a notice reaches, by channel: the recipients it names and nobody else, wherever they live and whatever they
//! chose to get.

use std::collections::BTreeMap;

use fenghuo_contract::Channel;
use roaring::RoaringBitmap;

use super::Unreached;
use crate::{
    domain::message::Status,
    flow::{Parts, Unavailable, record::WarningRecord, target},
};

/// Rows by channel; `None` for what is no notice. Whoever is on no channel is marked in the record, with the reason.
pub(crate) async fn reach(
    parts: &Parts,
    record: &mut WarningRecord,
) -> Result<Option<BTreeMap<Channel, RoaringBitmap>>, Unavailable> {
    let status = record.status;
    let Some(notice) = &mut record.notice else { return Ok(None) };
    let carries = |channel: &Channel| {
        channel.reaches_persons()
            && (notice.channels.is_empty() || notice.channels.contains(channel))
            && !target::routes(parts, *channel, status).is_empty()
    };
    let channels: Vec<Channel> = Channel::ALL.into_iter().filter(carries).collect();
    let mut reached: BTreeMap<Channel, RoaringBitmap> = BTreeMap::new();
    for to in &mut notice.to {
        let Some(recipient) = &to.recipient else { continue };
        let row = parts.directory.find_by_external(recipient).await?;
        let view = match row {
            Some(row) => parts.directory.views(&[row]).await?.pop().flatten(),
            None => None,
        };
        let (Some(row), Some(view)) = (row, view) else {
            to.unreached = Some(Unreached::RecipientUnknown);
            continue;
        };
        if status != Status::Actual && !view.drill {
            to.unreached = Some(Unreached::NotInDrills);
            continue;
        }
        let on: Vec<Channel> =
            channels.iter().copied().filter(|channel| view.endpoints.contains_key(channel.name())).collect();
        to.unreached = on.is_empty().then_some(Unreached::NoAddress);
        for channel in on {
            reached.entry(channel).or_default().insert(row);
        }
    }
    for to in notice.to.iter().filter(|to| to.unreached.is_some()) {
        let why = to.unreached.map(Unreached::name);
        tracing::warn!(notice = %record.id, office = to.office, kind = notice.kind.name(), why, "cannot be told");
    }
    Ok(Some(reached))
}
