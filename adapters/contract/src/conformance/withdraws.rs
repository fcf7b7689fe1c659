use std::time::Duration;

use super::{BUDGET, GRACE, Report, Samples, batch, submits};
use crate::{Adapter, Fault, Reference, Verdict, Withdrawal, Withdrawn};

pub(super) async fn run(adapter: &dyn Adapter, samples: &Samples, report: &mut Report) {
    let accepted = accepted(adapter, samples).await;
    if adapter.profile().withdraw_max == 0 {
        let answer = adapter.withdraw(&accepted, BUDGET).await;
        report.must(answer.is_err(), "S35", || format!("an adapter that withdraws nothing answered {answer:?}"));
        return;
    }
    let answers = withdrawn(adapter, &[], BUDGET, report).await;
    report.must(answers.is_empty(), "S36", || format!("no messages were answered {answers:?}"));
    withdrawn(adapter, &accepted, BUDGET, report).await;
    let stranger = Withdrawal { reference: Reference::new("0"), address: samples.addresses[0].clone() };
    let answers = withdrawn(adapter, &[stranger], BUDGET, report).await;
    let gone = answers.contains(&Withdrawn::Gone);
    report.must(!gone, "S37", || "a message that does not exist is said to be withdrawn".to_owned());
    withdrawn(adapter, &accepted, Duration::ZERO, report).await;
    submits::accepts(adapter, samples, report, "S38", "after a withdraw").await;
}

/// A withdraw after the adapter was closed.
pub(super) async fn closed(adapter: &dyn Adapter, samples: &Samples, report: &mut Report) {
    if adapter.profile().withdraw_max > 0 {
        let message = Withdrawal { reference: Reference::new("0"), address: samples.addresses[0].clone() };
        let answer = adapter.withdraw(&[message], BUDGET).await;
        let transient = matches!(answer, Err(Fault::Transient(_)));
        report.must(transient, "S41", || format!("a withdraw after close answered {answer:?}"));
    }
}

/// Messages the provider has just taken, at most as many as one withdraw may name.
async fn accepted(adapter: &dyn Adapter, samples: &Samples) -> Vec<Withdrawal> {
    let batch = batch(samples, 200, 2);
    let verdicts = adapter.submit(&batch, BUDGET).await.unwrap_or_default();
    let named = batch.items.iter().zip(verdicts).filter_map(|(item, verdict)| match verdict {
        Verdict::Accepted(Some(reference)) => Some(Withdrawal { reference, address: item.address.clone() }),
        _ => None,
    });
    named.take(adapter.profile().withdraw_max.max(1)).collect()
}

/// Withdraws, and checks what holds of every withdraw.
async fn withdrawn(
    adapter: &dyn Adapter,
    messages: &[Withdrawal],
    budget: Duration,
    report: &mut Report,
) -> Vec<Withdrawn> {
    let answers = match tokio::time::timeout(budget + GRACE, adapter.withdraw(messages, budget)).await {
        Ok(Ok(answers)) => answers,
        Ok(Err(Fault::Transient(_) | Fault::InDoubt(_))) if budget.is_zero() => return Vec::new(),
        Ok(Err(fault)) => {
            report.broken("S36", format!("a withdraw of {} messages failed: {fault}", messages.len()));
            return Vec::new();
        }
        Err(_) => {
            report.broken("S38", format!("a budget of {budget:?} was overdrawn by more than {GRACE:?}"));
            return Vec::new();
        }
    };
    let (asked, told) = (messages.len(), answers.len());
    report.must(asked == told, "S36", || format!("{asked} messages were answered with {told} answers"));
    for (message, answer) in messages.iter().zip(&answers) {
        if let Withdrawn::Kept(cause) | Withdrawn::Unknown(cause) = answer {
            let address = message.address.expose();
            let quoted = cause.text.contains(address) || cause.code.contains(address);
            report.must(!quoted, "S50", || format!("the cause given for {:?} quotes the address", message.address));
        }
    }
    answers
}
