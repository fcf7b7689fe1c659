//! Who was told what, by which channel, and what came of it.

use serde::Serialize;

use super::{Addressee, NoticeKind, Unreached};
use crate::{
    domain::delivery::{Reason, State},
    flow::{
        Flow, Unavailable,
        record::{Stage, WarningId, WarningRecord, rfc3339},
        status::{DeliveryFilter, DeliveryView},
    },
};

/// Deliveries of one notice that are looked at: persons on duty times channels.
const MOST: usize = 1_000;

/// One notice about a warning.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct NoticeView {
    /// Names the notice in `/v1/warnings/{id}` and below.
    pub id: WarningId,
    pub kind: NoticeKind,
    pub stage: Stage,
    /// RFC 3339.
    pub at: String,
    /// What it says first, in the first configured language.
    pub headline: String,
    /// What it says then.
    pub text: String,
    pub to: Vec<ToldView>,
}

/// Somebody who is to be told.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ToldView {
    /// Where he is on duty.
    pub office: String,
    /// `null` when nobody is on duty there.
    pub person: Option<String>,
    /// External id in the directory of recipients.
    pub recipient: Option<String>,
    /// He stands in for another.
    pub deputy: bool,
    /// Why he cannot be told at all; `null` when it was handed to a channel.
    pub unreached: Option<Unreached>,
    /// By channel; empty until it is on its way.
    pub deliveries: Vec<NoticeDelivery>,
}

/// One notice to one person on one channel.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct NoticeDelivery {
    pub channel: String,
    /// Masked.
    pub address: String,
    pub state: State,
    pub reason: Reason,
    /// The provider's own code and words.
    pub provider: Option<String>,
    /// When the state was reached, RFC 3339.
    pub at: Option<String>,
}

impl Flow {
    /// Notices about a warning, oldest first; `None` when there is no such warning.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn notices(&self, about: &WarningId) -> Result<Option<Vec<NoticeView>>, Unavailable> {
        if self.0.warning_record(about).is_none() {
            return Ok(None);
        }
        let records: Vec<_> = self.0.warnings.read().notices_of(about).cloned().collect();
        let mut views = Vec::with_capacity(records.len());
        for record in records {
            views.extend(self.notice_view(&record).await?);
        }
        Ok(Some(views))
    }

    async fn notice_view(&self, record: &WarningRecord) -> Result<Option<NoticeView>, Unavailable> {
        let Some(notice) = &record.notice else { return Ok(None) };
        let deliveries = self.deliveries(&record.id, &DeliveryFilter::default(), None, MOST).await?;
        let deliveries = deliveries.map(|page| page.items).unwrap_or_default();
        let info = record.message.infos.first();
        Ok(Some(NoticeView {
            id: record.id.clone(),
            kind: notice.kind,
            stage: record.stage,
            at: rfc3339(record.received_ms),
            headline: info.and_then(|info| info.headline.clone()).unwrap_or_default(),
            text: info.and_then(|info| info.description.clone()).unwrap_or_default(),
            to: notice.to.iter().map(|to| told(to, &deliveries)).collect(),
        }))
    }
}

fn told(to: &Addressee, deliveries: &[DeliveryView]) -> ToldView {
    let own = deliveries.iter().filter(|delivery| to.recipient.as_ref() == Some(&delivery.recipient));
    let delivery = |view: &DeliveryView| NoticeDelivery {
        channel: view.channel.clone(),
        address: view.address.clone(),
        state: view.state,
        reason: view.reason,
        provider: view.provider.clone(),
        at: view.at.clone(),
    };
    ToldView {
        office: to.office.clone(),
        person: to.person.clone(),
        recipient: to.recipient.clone(),
        deputy: to.deputy,
        unreached: to.unreached,
        deliveries: own.map(delivery).collect(),
    }
}
