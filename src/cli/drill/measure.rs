//! One warning while it is played: when which part of its audience was reached, and what is dead.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::story::Scene;
use crate::{
    app::Gateway,
    cli::{fault::Fault, output::Output},
    domain::delivery::{Reason, State},
    flow::{
        Unavailable,
        record::WarningId,
        status::{ChannelStatus, DeliveryFilter},
    },
};

/// Parts of an audience whose times are told, in percent.
pub(super) const PARTS: [u64; 3] = [50, 90, 99];
/// Dead numbers that are listed of a channel.
const LISTED: usize = 20;
/// Deliveries read at a time.
const PAGE: usize = 1_000;

/// When each of [`PARTS`] was reached, after the warning was handed in; `None` when it never was.
pub(super) type Times = [Option<Duration>; 3];

/// One channel of a warning.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    pub(super) status: ChannelStatus,
    /// Taken by the provider.
    pub(super) accepted: Times,
    /// Known to have arrived.
    pub(super) delivered: Times,
    /// Addresses that were refused or reported undelivered: how many, and the first of them, masked.
    pub(super) dead: (u64, Vec<String>),
    /// Screens that were never seen to show it.
    pub(super) silent: Vec<String>,
}

pub(super) struct Played {
    pub(super) scene: Scene,
    /// Its id, or the codes of what refused it.
    pub(super) submitted: Result<WarningId, Vec<String>>,
    pub(super) channels: BTreeMap<String, Measured>,
    pub(super) done: bool,
    at: Instant,
}

fn not_read(output: &Output) -> impl Fn(Unavailable) -> Fault {
    let lang = output.lang;
    move |fault| Fault::failed(lang, "cli-not-stored", &[("cause", fault.to_string())])
}

impl Played {
    pub(super) fn new(scene: Scene, submitted: Result<WarningId, Vec<String>>, at: Instant) -> Self {
        Self { scene, submitted, channels: BTreeMap::new(), done: false, at }
    }

    /// Nothing more happens to it.
    pub(super) fn is_over(&self) -> bool {
        self.done || self.submitted.is_err()
    }

    /// Takes in the numbers as they are now; true when one moved.
    pub(super) async fn look(&mut self, gateway: &Gateway, now: Instant, output: &Output) -> Result<bool, Fault> {
        let Ok(id) = &self.submitted else { return Ok(false) };
        let Some(status) = gateway.flow().status(id).await.map_err(not_read(output))? else { return Ok(false) };
        let after = now.duration_since(self.at);
        let mut moved = self.done != status.done;
        self.done = status.done;
        for (name, numbers) in status.channels {
            let channel = self.channels.entry(name).or_default();
            moved |= counts(&channel.status) != counts(&numbers);
            let arrived = numbers.delivered + numbers.confirmed;
            // What was reported undelivered had been taken.
            let undelivered = numbers.failed_by_reason.get(Reason::ReportedUndelivered.name()).copied();
            let taken = numbers.accepted + arrived + undelivered.unwrap_or_default();
            reach(&mut channel.accepted, taken, numbers.audience, after);
            reach(&mut channel.delivered, arrived, numbers.audience, after);
            channel.status = numbers;
        }
        Ok(moved)
    }

    /// Lists what is dead.
    pub(super) async fn list_dead(&mut self, gateway: &Gateway, output: &Output) -> Result<(), Fault> {
        let Ok(id) = &self.submitted else { return Ok(()) };
        for (name, channel) in &mut self.channels {
            for reason in [Reason::RecipientRefused, Reason::ReportedUndelivered] {
                let count = channel.status.failed_by_reason.get(reason.name()).copied().unwrap_or_default();
                channel.dead.0 += count;
                let room = LISTED.saturating_sub(channel.dead.1.len());
                let filter =
                    DeliveryFilter { channel: Some(name.clone()), state: Some(State::Failed), reason: Some(reason) };
                let page = gateway.flow().deliveries(id, &filter, None, room.max(1)).await.map_err(not_read(output))?;
                let found = page.into_iter().flat_map(|page| page.items);
                channel.dead.1.extend(found.take(room).map(|delivery| delivery.address));
            }
            if name == "display" {
                let filter = DeliveryFilter { channel: Some(name.clone()), state: Some(State::Accepted), reason: None };
                let page = gateway.flow().deliveries(id, &filter, None, PAGE).await.map_err(not_read(output))?;
                let found = page.into_iter().flat_map(|page| page.items);
                channel.silent = found.map(|delivery| delivery.recipient.replacen("screen:", "", 1)).collect();
            }
        }
        Ok(())
    }
}

/// Everything that moves when a delivery does.
fn counts(status: &ChannelStatus) -> [u64; 9] {
    crate::cli::progress::states(status).map(|(_, count)| count)
}

/// Notes the parts that have been reached by now.
fn reach(times: &mut Times, reached: u64, audience: u64, after: Duration) {
    for (time, part) in times.iter_mut().zip(PARTS) {
        if time.is_none() && audience > 0 && reached * 100 >= part * audience {
            *time = Some(after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_reached_once_and_only_when_it_is_whole() {
        let mut times = Times::default();
        let ms = Duration::from_millis;
        reach(&mut times, 0, 0, ms(1));
        assert_eq!(times, [None, None, None], "nobody is no half");
        for (reached, at) in [(49, 10), (50, 20), (89, 30), (98, 40), (98, 50)] {
            reach(&mut times, reached, 100, ms(at));
        }
        assert_eq!(times, [Some(ms(20)), Some(ms(40)), None]);
    }
}
