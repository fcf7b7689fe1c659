//! Suppressed addresses as people see and clear them.

use serde::Serialize;

use super::{Digest, Suppressed, decision, put, span_ms};
use crate::{
    flow::{
        Flow, Page, Unavailable,
        record::{hex, rfc3339},
    },
    store::Commit,
};

/// An address that is spared what is below red, because its provider refused it for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SuppressionView {
    pub id: String,
    pub channel: String,
    /// Masked; `null` when nobody in the directory has it any more.
    pub address: Option<String>,
    /// External ids of the recipients who have it.
    pub recipients: Vec<String>,
    /// The route whose provider refused it.
    pub route: String,
    /// The provider's code.
    pub code: String,
    /// RFC 3339.
    pub since: String,
    /// When it is tried again, or this entry about one that has ended is cleared away, RFC 3339.
    pub until: String,
    /// It has ended, by the provider's word, and left the directory.
    pub gone: bool,
}

/// Suppressions on a page at most.
const PAGE: usize = 1_000;

impl Flow {
    /// Suppressed addresses, in the order of their ids. A cursor that is not from here gives an empty page.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub async fn suppressions(&self, cursor: Option<&str>, limit: usize) -> Result<Page<SuppressionView>, Unavailable> {
        let limit = limit.clamp(1, PAGE);
        let after = match cursor.map(digest) {
            None => None,
            Some(Some(after)) => Some(after),
            Some(None) => return Ok(Page { items: Vec::new(), next: None }),
        };
        let mut listed: Vec<(Digest, Suppressed)> = {
            let known = self.0.suppressions.known.read();
            let all = known.by_digest.iter().filter(|(digest, _)| after.is_none_or(|after| **digest > after));
            all.take(limit + 1).map(|(digest, suppressed)| (*digest, suppressed.clone())).collect()
        };
        let more = listed.len() > limit;
        listed.truncate(limit);
        let next = listed.last().map(|(digest, _)| hex(digest)).filter(|_| more);
        let mut items = Vec::with_capacity(listed.len());
        for (digest, suppressed) in listed {
            items.push(self.suppression(digest, suppressed).await?);
        }
        Ok(Page { items, next })
    }

    async fn suppression(&self, digest: Digest, suppressed: Suppressed) -> Result<SuppressionView, Unavailable> {
        let parts = &self.0;
        let rows = if suppressed.gone { suppressed.rows } else { parts.directory.rows_with(&digest).await? };
        let channel = suppressed.channel.name();
        let views = parts.directory.views(&rows).await?.into_iter().flatten();
        // Of one that has ended those are named who had it.
        let having: Vec<_> = views.filter(|view| suppressed.gone || view.endpoints.contains_key(channel)).collect();
        let address = having.first().filter(|_| !suppressed.gone);
        Ok(SuppressionView {
            id: hex(&digest),
            channel: channel.to_owned(),
            address: address.and_then(|view| view.endpoints.get(channel).cloned()),
            recipients: having.into_iter().map(|view| view.external_id).collect(),
            route: suppressed.route,
            code: suppressed.code,
            since: rfc3339(suppressed.since_ms),
            until: rfc3339(suppressed.since_ms.saturating_add(span_ms(parts))),
            gone: suppressed.gone,
        })
    }

    /// Lets an address be tried again; `false` when it is not suppressed. `by` is the id of the key of whoever says so.
    /// Durable when it returns.
    ///
    /// # Errors
    /// When it is not known to be durable: the same may be asked for again.
    pub async fn clear_suppression(&self, id: &str, by: &str) -> Result<bool, Unavailable> {
        let parts = &self.0;
        let Some(digest) = digest(id) else { return Ok(false) };
        let Some(known) = parts.suppressions.known.read().by_digest.get(&digest).cloned() else { return Ok(false) };
        let detail = format!("{} {}", hex(&digest), known.channel);
        let entries = vec![decision(parts, "suppression_cleared", Some(by), detail).entry()];
        parts.store.commit(Commit { puts: vec![put(&digest, None)], entries }).await?;
        parts.suppressions.known.write().remove(&digest);
        Ok(true)
    }
}

/// The digest an id is written from.
fn digest(id: &str) -> Option<Digest> {
    let bytes = id.as_bytes();
    if bytes.len() != 2 * size_of::<Digest>() || !bytes.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u128::from_str_radix(id, 16).ok().map(u128::to_be_bytes)
}
