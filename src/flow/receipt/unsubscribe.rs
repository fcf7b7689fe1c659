//! Whoever opens the link to unsubscribe of a mail wants what is below orange no longer, as if he had written it back.

use std::sync::Arc;

use fenghuo_contract::Token;

use super::reply;
use crate::{
    domain::opt_out::OptOut,
    flow::{
        Flow, Unavailable,
        projection::{Plan, recall},
    },
};

/// Reads what a route signed into its links to unsubscribe; `None` for what it did not sign.
pub type Unsealed = Arc<dyn Fn(&str) -> Option<Token> + Send + Sync>;

/// What stands for the recipient behind a link to unsubscribe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsubscribed {
    /// He gets everything.
    No,
    /// He gets nothing below orange.
    Yes,
    /// He has a duty and gets everything, whatever he wants.
    OnDuty,
}

impl Flow {
    /// What stands for the recipient of the mail that carried this link; `None` when the link is not one of ours, or nobody is
    /// there any more. Nothing changes.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn unsubscribed(&self, token: &str) -> Result<Option<Unsubscribed>, Unavailable> {
        let Some((_, rows)) = self.unsubscriber(token).await? else { return Ok(None) };
        self.chosen(&rows).await
    }

    /// Writes down that the recipient of the mail that carried this link wants nothing below orange. Durable when it returns; said
    /// again it changes nothing. `None` as of [`Self::unsubscribed`].
    ///
    /// # Errors
    /// When it is not known to be durable: the same may be asked for again.
    pub async fn unsubscribe(&self, token: &str) -> Result<Option<Unsubscribed>, Unavailable> {
        let Some((plan, rows)) = self.unsubscriber(token).await? else { return Ok(None) };
        reply::choose(&self.0, plan.record.channel, &rows, Some(OptOut::Orange)).await?;
        self.chosen(&rows).await
    }

    async fn unsubscriber(&self, token: &str) -> Result<Option<(Arc<Plan>, Vec<u32>)>, Unavailable> {
        let parts = &self.0;
        let Some(token) = parts.links.unsealed(token) else { return Ok(None) };
        let plan = recall::recall(parts, &[token.plan]).await?.pop().filter(|plan| token.index < plan.size());
        Ok(plan.map(|plan| {
            let rows = plan.rows(&[token.index]);
            (plan, rows)
        }))
    }

    async fn chosen(&self, rows: &[u32]) -> Result<Option<Unsubscribed>, Unavailable> {
        let views = self.0.directory.views(rows).await?;
        Ok(views.into_iter().flatten().next().map(|view| match view.opt_out_below {
            _ if view.duty => Unsubscribed::OnDuty,
            Some(OptOut::Orange) => Unsubscribed::Yes,
            _ => Unsubscribed::No,
        }))
    }
}
