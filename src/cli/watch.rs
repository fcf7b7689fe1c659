//! `fenghuo watch`: follows a warning until its last delivery has ended.

use std::time::Duration;

use super::{
    arguments::Watch,
    client::{Client, segment},
    exit::Exit,
    fault::Fault,
    output::Output,
    progress::{Numbers, Progress},
};
use crate::clock::Clock;

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(500);

pub(super) async fn run(arguments: &Watch, output: &Output) -> Result<Exit, Fault> {
    let client = Client::new(&arguments.connection, output)?;
    let numbers =
        follow(&client, &arguments.id, Duration::from_secs(arguments.every.every), Duration::ZERO, output).await?;
    Ok(report(&numbers, output))
}

/// Prints the end and says how the run ends.
pub(super) fn report(numbers: &Numbers, output: &Output) -> Exit {
    if output.json {
        output.document(&numbers.document());
    } else {
        output.text(&numbers.report(output));
    }
    if !numbers.done {
        return Exit::Interrupted;
    }
    if numbers.not_delivered() > 0 { Exit::Partly } else { Exit::Done }
}

/// The numbers of a warning now.
pub(super) async fn numbers(client: &Client, id: &str) -> Result<Numbers, Fault> {
    let answer = client.get(&format!("/v1/warnings/{}/status", segment(id))).await?;
    serde_json::from_value(answer.body)
        .map_err(|cause| Fault::failed(client.lang, "cli-answer-unknown", &[("cause", cause.to_string())]))
}

/// Shows progress until every delivery has ended and nothing has changed for `settle` (receipts come later than
/// answers), or until the caller interrupts.
pub(super) async fn follow(
    client: &Client,
    id: &str,
    every: Duration,
    settle: Duration,
    output: &Output,
) -> Result<Numbers, Fault> {
    let clock = Clock::system();
    let mut progress = Progress::new(output, every);
    let mut last = numbers(client, id).await?;
    let mut changed = clock.instant();
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    loop {
        let now = clock.instant();
        progress.show(&last, now);
        if last.done && now.duration_since(changed) >= settle {
            break;
        }
        tokio::select! {
            () = clock.sleep(LOOK) => {}
            _ = &mut interrupted => {
                last.done = false;
                break;
            }
        }
        match numbers(client, id).await {
            Ok(next) => {
                if next.counts() != last.counts() {
                    changed = clock.instant();
                }
                last = next;
            }
            // A server that restarts comes back; the numbers shown carry their age.
            Err(fault) if matches!(fault.exit, Exit::Temporary | Exit::Unreachable) => output.note(&fault.text),
            Err(fault) => return Err(fault),
        }
    }
    progress.end();
    Ok(last)
}
