//! What people write back: that they got it, that they want to be left in peace, or anything else, which nobody reads.
//!
//! Whoever writes that he wants no more gets what is below orange no longer: orange and red reach everybody, and so does
//! every call of somebody with a duty, whatever he writes.

use std::sync::Arc;

use fenghuo_contract::{Channel, NotTaken, Origin, Reply};

use super::{Heard, turn};
use crate::{
    domain::{
        confirm_words::{ConfirmWords, Said, plain},
        delivery::{Reason, State, Word},
        opt_out::OptOut,
        purpose::{HasPurpose, Purpose},
    },
    flow::{
        Flow, Parts, Unavailable,
        call::Replied,
        projection::{Early, recall},
        record::Decision,
    },
    telemetry::ReplyResult,
};

/// How long after its creation a plan can be confirmed by a reply, milliseconds: three days, as long as receipts come.
const LATEST_MS: i64 = 3 * 24 * 3_600_000;
/// Plans looked through for the newest delivery to somebody.
const PLANS: usize = 50;

/// Takes what people wrote back on the channel of a route; returns once what it changes is durable.
pub(super) async fn take(parts: &Arc<Parts>, route: &str, replies: Vec<Reply>) -> Result<(), NotTaken> {
    let Some(channel) = parts.routes.get(route).map(|route| route.config.channel) else { return Ok(()) };
    for reply in replies {
        let result = hear(parts, channel, &reply).await.map_err(|fault| {
            tracing::warn!(route, %fault, "what somebody wrote back is not taken; its provider repeats it");
            NotTaken
        })?;
        parts.telemetry.reply(route, result);
    }
    Ok(())
}

async fn hear(parts: &Arc<Parts>, channel: Channel, reply: &Reply) -> Result<ReplyResult, Unavailable> {
    let from = reply.from.expose();
    let rows = parts.directory.find_by_address(channel, from).await?;
    if rows.is_empty() {
        return Ok(ReplyResult::Unknown);
    }
    let receipts = &parts.config.receipts;
    let text = plain(&reply.text);
    let among = |words: &[String]| !text.is_empty() && words.iter().any(|word| plain(word) == text);
    if among(&receipts.opt_out_words) {
        let new = choose(parts, channel, &rows, Some(OptOut::Orange)).await?;
        return Ok(if new { ReplyResult::OptedOut } else { ReplyResult::Other });
    }
    if among(&receipts.opt_in_words) {
        let new = choose(parts, channel, &rows, None).await?;
        return Ok(if new { ReplyResult::OptedIn } else { ReplyResult::Other });
    }
    match Flow(Arc::clone(parts)).reply(channel, from, &reply.text).await? {
        Replied::Confirmed(_) => Ok(ReplyResult::Confirmed),
        Replied::OtherKind => Ok(ReplyResult::Other),
        Replied::Nothing => confirm(parts, channel, &rows, reply).await,
    }
}

/// Writes down what the recipients of these rows chose; `false` when all of them had, or have a duty.
pub(super) async fn choose(
    parts: &Parts,
    channel: Channel,
    rows: &[u32],
    choice: Option<OptOut>,
) -> Result<bool, Unavailable> {
    let at_ms = parts.clock.unix_ms();
    let entry = |rows: &[u32]| {
        let rows = rows.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        let what = if choice.is_some() { "opted_out" } else { "opted_in" };
        let detail = Some(format!("{channel} rows {rows}"));
        Decision { at_ms, what: what.to_owned(), warning: None, by: None, detail }.entry()
    };
    parts.directory.choose(rows, choice, entry).await
}

/// Marks the newest delivery to somebody on a channel as confirmed, when the reply is a word for its kind.
async fn confirm(
    parts: &Arc<Parts>,
    channel: Channel,
    rows: &[u32],
    reply: &Reply,
) -> Result<ReplyResult, Unavailable> {
    let receipts = &parts.config.receipts;
    let words = ConfirmWords::new(&receipts.confirm_words, &receipts.drill_confirm_words);
    let said = |purpose: Purpose| words.said(&reply.text, purpose);
    if Purpose::ALL.into_iter().all(|purpose| said(purpose) != Said::Confirmed) {
        return Ok(ReplyResult::Other);
    }
    // Whoever knows a callback's address can write anything; that a person confirmed is worth more than that.
    let state = if reply.origin == Origin::Unsigned { State::Delivered } else { State::Confirmed };
    for number in recent(parts) {
        let Some(plan) = recall::recall(parts, &[number]).await?.pop() else { continue };
        if plan.record.channel != channel || plan.purpose().is_none_or(|purpose| said(purpose) != Said::Confirmed) {
            continue;
        }
        let ranks = rows.iter().filter_map(|row| plan.rank(*row));
        let reached: Vec<u32> = ranks.filter(|rank| plan.state(*rank).state.has_reached()).collect();
        if reached.is_empty() {
            continue;
        }
        let word = Word { state, reason: Reason::None };
        let heard = reached.into_iter().map(|rank| {
            let word = Early { word, code: "".into(), at_ms: parts.clock.unix_ms() };
            Heard::about("person", number, rank, word)
        });
        let taken = turn::take(parts, heard.collect()).await;
        parts.calls.bell.notify_one();
        taken.map_err(|NotTaken| Unavailable::new("confirmations are not taken now"))?;
        return Ok(ReplyResult::Confirmed);
    }
    Ok(ReplyResult::Other)
}

/// Plans of the last days, the newest first.
fn recent(parts: &Parts) -> Vec<u64> {
    let since_ms = parts.clock.unix_ms() - LATEST_MS;
    let warnings = parts.warnings.read();
    let released = warnings.all().rev().filter(|record| record.released_ms.is_some_and(|at_ms| at_ms >= since_ms));
    released.flat_map(|record| record.plans.iter().rev().copied()).take(PLANS).collect()
}
