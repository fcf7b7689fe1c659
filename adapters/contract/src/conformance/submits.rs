use std::{collections::HashSet, future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use super::{BUDGET, GRACE, Report, Samples, batch, cause};
use crate::{Adapter, Batch, ReceiptStyle, Verdict};

pub(super) async fn run(adapter: &dyn Adapter, samples: &Samples, report: &mut Report) {
    accepts(adapter, samples, report, "S10", "at first").await;
    empty(adapter, samples, report).await;
    full(adapter, samples, report).await;
    overfull(adapter, samples, report).await;
    overlong(adapter, samples, report).await;
    in_a_hurry(adapter, samples, report).await;
    dropped(adapter, samples, report).await;
    together(adapter, samples, report).await;
}

/// A submit of two items is accepted; otherwise `rule` is broken.
pub(super) async fn accepts(
    adapter: &dyn Adapter,
    samples: &Samples,
    report: &mut Report,
    rule: &'static str,
    when: &str,
) {
    let verdicts = verdicts(adapter, &batch(samples, 2, 2), report, rule).await;
    let accepted = verdicts.iter().all(|verdict| matches!(verdict, Verdict::Accepted(_)));
    report.must(accepted, rule, || format!("{when}, sample addresses were answered {verdicts:?}"));
}

/// Submits, and checks what holds of every submit.
async fn verdicts(adapter: &dyn Adapter, batch: &Batch, report: &mut Report, rule: &'static str) -> Vec<Verdict> {
    let answer = tokio::time::timeout(BUDGET + GRACE, adapter.submit(batch, BUDGET)).await;
    let verdicts = match answer {
        Ok(Ok(verdicts)) => verdicts,
        Ok(Err(fault)) => {
            report.broken(rule, format!("a batch of {} items failed: {fault}", batch.items.len()));
            return Vec::new();
        }
        Err(_) => {
            report.broken("S15", format!("a budget of {BUDGET:?} was overdrawn by more than {GRACE:?}"));
            return Vec::new();
        }
    };
    inspect(adapter, batch, &verdicts, report);
    verdicts
}

fn inspect(adapter: &dyn Adapter, batch: &Batch, verdicts: &[Verdict], report: &mut Report) {
    let (asked, told) = (batch.items.len(), verdicts.len());
    report.must(asked == told, "S10", || format!("{asked} items were answered with {told} verdicts"));
    for (item, verdict) in batch.items.iter().zip(verdicts) {
        let address = item.address.expose();
        let told = cause(verdict).is_some_and(|cause| cause.text.contains(address) || cause.code.contains(address));
        report.must(!told, "S50", || format!("the cause given for {:?} quotes the address", item.address));
    }
    let references: Vec<_> = verdicts
        .iter()
        .filter_map(|verdict| match verdict {
            Verdict::Accepted(reference) => Some(reference),
            _ => None,
        })
        .collect();
    if adapter.profile().receipts == ReceiptStyle::Delivery {
        let distinct: HashSet<_> = references.iter().filter_map(|reference| reference.as_ref()).collect();
        let unique = distinct.len() == references.len();
        report.must(unique, "S17", || format!("{} accepted, {} references", references.len(), distinct.len()));
    }
}

async fn empty(adapter: &dyn Adapter, samples: &Samples, report: &mut Report) {
    let verdicts = verdicts(adapter, &batch(samples, 3, 0), report, "S11").await;
    report.must(verdicts.is_empty(), "S11", || format!("an empty batch was answered {verdicts:?}"));
}

/// As much as the profile promises, but no more than a slice.
async fn full(adapter: &dyn Adapter, samples: &Samples, report: &mut Report) {
    let most = adapter.profile().batch_max.min(256);
    let verdicts = verdicts(adapter, &batch(samples, 4, most), report, "S12").await;
    let accepted = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Accepted(_))).count();
    report.must(accepted == most, "S12", || format!("of a batch of {most} items {accepted} were accepted"));
}

async fn overfull(adapter: &dyn Adapter, samples: &Samples, report: &mut Report) {
    let batch = batch(samples, 5, adapter.profile().batch_max + 1);
    if let Ok(Ok(verdicts)) = tokio::time::timeout(BUDGET + GRACE, adapter.submit(&batch, BUDGET)).await {
        let (asked, told) = (batch.items.len(), verdicts.len());
        report.must(asked == told, "S12", || format!("{asked} items, one too many, got {told} verdicts"));
    }
}

async fn overlong(adapter: &dyn Adapter, samples: &Samples, report: &mut Report) {
    let Some(most) = adapter.profile().text_max else { return };
    let mut batch = batch(samples, 6, 2);
    let mut content = (*batch.content).clone();
    (content.text, content.short) = ("警".repeat(most + 1), String::new());
    let fit = adapter.fit(&content);
    report.must(fit.is_err(), "S19", || format!("text one character too long fits: {fit:?}"));
    batch.content = Arc::new(content.clone());
    let answers = verdicts(adapter, &batch, report, "S14").await;
    let refused = answers.iter().all(|verdict| matches!(verdict, Verdict::RefusedContent(_)));
    report.must(refused, "S14", || format!("text one character too long was answered {answers:?}"));
    content.short.clone_from(&samples.content.text);
    let fit = adapter.fit(&content);
    let short = fit.as_ref().is_ok_and(|fit| fit.text.contains(&content.short));
    report.must(short, "S14", || format!("with a short form that fits, this fits: {fit:?}"));
    batch.content = Arc::new(content);
    let answers = verdicts(adapter, &batch, report, "S14").await;
    let refused = answers.iter().any(|verdict| matches!(verdict, Verdict::RefusedContent(_)));
    report.must(!refused, "S14", || format!("with a short form that fits, the answer was {answers:?}"));
}

async fn in_a_hurry(adapter: &dyn Adapter, samples: &Samples, report: &mut Report) {
    for budget in [Duration::ZERO, Duration::from_millis(1), Duration::from_millis(20)] {
        let batch = batch(samples, 7, 2);
        match tokio::time::timeout(budget + GRACE, adapter.submit(&batch, budget)).await {
            Ok(Ok(verdicts)) => inspect(adapter, &batch, &verdicts, report),
            Ok(Err(_)) => {}
            Err(_) => report.broken("S15", format!("a budget of {budget:?} was overdrawn by more than {GRACE:?}")),
        }
    }
    accepts(adapter, samples, report, "S15", "after submits that ran out of time").await;
}

async fn dropped(adapter: &dyn Adapter, samples: &Samples, report: &mut Report) {
    for polls in 1..=6 {
        let batch = batch(samples, 8 + polls, 2);
        let mut submit = pin!(adapter.submit(&batch, BUDGET));
        for _ in 0..polls {
            let done = poll_fn(|context| Poll::Ready(submit.as_mut().poll(context).is_ready())).await;
            if done {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    accepts(adapter, samples, report, "S16", "after dropped submits").await;
}

async fn together(adapter: &dyn Adapter, samples: &Samples, report: &mut Report) {
    let batches: Vec<Batch> = (0..4).map(|plan| batch(samples, 100 + plan, 3)).collect();
    let answers = tokio::join!(
        adapter.submit(&batches[0], BUDGET),
        adapter.submit(&batches[1], BUDGET),
        adapter.submit(&batches[2], BUDGET),
        adapter.submit(&batches[3], BUDGET),
    );
    let mut references = HashSet::new();
    for (batch, answer) in batches.iter().zip(<[_; 4]>::from(answers)) {
        match answer {
            Ok(verdicts) => {
                inspect(adapter, batch, &verdicts, report);
                let accepted = verdicts.iter().all(|verdict| matches!(verdict, Verdict::Accepted(_)));
                report.must(accepted, "S5", || format!("one of four concurrent submits was answered {verdicts:?}"));
                references.extend(verdicts.into_iter().map(|verdict| format!("{verdict:?}")));
            }
            Err(fault) => report.broken("S5", format!("one of four concurrent submits failed: {fault}")),
        }
    }
    if adapter.profile().receipts == ReceiptStyle::Delivery {
        report.must(references.len() == 12, "S17", || format!("12 deliveries, {} references", references.len()));
    }
}
