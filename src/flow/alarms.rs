//! What is so wrong that a person is told: one closed list of alarms, each raised once and ended once.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use serde::Serialize;
use tokio::time::Instant;

use super::record::{WarningId, rfc3339};
use crate::{clock::Clock, telemetry::Telemetry};

/// Every alarm there is. Its text is the message `alarm-{name}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlarmCode {
    /// Red waits on a paused route.
    RedPaused,
    /// Deliveries wait and no route of theirs runs.
    WarningNoRoute,
    /// Deliveries wait, their routes run, and none ends.
    WarningStuck,
    /// A provider refuses the content for everybody.
    ContentRefused,
    /// A route stopped: every attempt would fail until a person acts.
    RouteStopped,
    /// Receipts take much longer than usual.
    ReceiptsSlow,
    /// Much of what was accepted was never reported on.
    ReceiptsMissing,
    /// Released on one signature in an emergency, and the second has not come in time.
    SecondSignatureMissing,
    /// A red warning waits for a signature.
    RedUnsigned,
    /// Responsible officers have not confirmed a red or orange warning and are to be called by telephone.
    OfficersUnconfirmed,
    /// A drill did not begin at its time.
    DrillSkipped,
    /// What departments have to do was not done in time.
    MeasuresOverdue,
    /// The store does not take anything until it was reopened.
    StorePoisoned,
    /// The disk is full: only lifts and outcomes are taken.
    StoreFull,
    /// The disk runs short: new warnings are not taken.
    StoreLow,
    /// A partner answered that it wants no more events.
    PartnerGone,
    /// A feed of an upper level gives no usable answer.
    UpstreamSilent,
    /// More than half of the screens fell silent at once.
    ScreensSilent,
    /// A provider refuses most of the addresses it is given: none is given up.
    AddressesDoubted,
}

impl AlarmCode {
    /// Every alarm, the most pressing first.
    pub const ALL: [Self; 19] = [
        Self::SecondSignatureMissing,
        Self::RedUnsigned,
        Self::OfficersUnconfirmed,
        Self::RedPaused,
        Self::WarningNoRoute,
        Self::WarningStuck,
        Self::ContentRefused,
        Self::UpstreamSilent,
        Self::ScreensSilent,
        Self::RouteStopped,
        Self::AddressesDoubted,
        Self::PartnerGone,
        Self::ReceiptsSlow,
        Self::ReceiptsMissing,
        Self::DrillSkipped,
        Self::MeasuresOverdue,
        Self::StorePoisoned,
        Self::StoreFull,
        Self::StoreLow,
    ];

    /// Stable name in API, console, metrics, log and `fenghuo explain`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RedPaused => "red-paused",
            Self::WarningNoRoute => "warning-no-route",
            Self::WarningStuck => "warning-stuck",
            Self::ContentRefused => "content-refused",
            Self::RouteStopped => "route-stopped",
            Self::ReceiptsSlow => "receipts-slow",
            Self::ReceiptsMissing => "receipts-missing",
            Self::SecondSignatureMissing => "second-signature-missing",
            Self::RedUnsigned => "red-unsigned",
            Self::OfficersUnconfirmed => "officers-unconfirmed",
            Self::DrillSkipped => "drill-skipped",
            Self::MeasuresOverdue => "measures-overdue",
            Self::StorePoisoned => "store-poisoned",
            Self::StoreFull => "store-full",
            Self::StoreLow => "store-low",
            Self::PartnerGone => "partner-gone",
            Self::UpstreamSilent => "upstream-silent",
            Self::ScreensSilent => "screens-silent",
            Self::AddressesDoubted => "addresses-doubted",
        }
    }
}

/// What an alarm is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    pub warning: Option<WarningId>,
    /// Name of the channel.
    pub channel: Option<String>,
    /// Name of the route, or `upstream.NAME` of a feed.
    pub route: Option<String>,
}

/// An alarm that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AlarmView {
    /// Stable code; `/docs/errors/alarm-{code}` says what to do.
    pub code: String,
    /// Since when it is so, RFC 3339.
    pub since: String,
    pub warning: Option<WarningId>,
    pub channel: Option<String>,
    pub route: Option<String>,
    /// Numbers and words of its text, by name.
    pub facts: BTreeMap<String, String>,
}

/// What is told of an alarm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Since when it is so, milliseconds since 1970; `None` = since it was raised.
    pub(crate) since_ms: Option<i64>,
    pub(crate) facts: BTreeMap<String, String>,
}

/// Alarms of a gateway that somebody looks for anew each time.
pub(crate) type Seen = BTreeMap<(AlarmCode, Subject), Told>;

/// The alarms of one gateway.
pub(crate) struct Alarms {
    clock: Clock,
    telemetry: Telemetry,
    standing: Mutex<BTreeMap<(AlarmCode, Subject), Alarm>>,
}

struct Alarm {
    since_ms: i64,
    facts: BTreeMap<String, String>,
    /// It ends by itself when it is no longer seen.
    watched: bool,
    /// No longer seen since then.
    gone: Option<Instant>,
}

impl Alarms {
    pub(crate) fn new(clock: Clock, telemetry: Telemetry) -> Self {
        Self { clock, telemetry, standing: Mutex::default() }
    }

    /// Raises an alarm; one that stands only learns the newer facts. It stands until [`Self::end`].
    #[cfg_attr(not(test), expect(dead_code, reason = "the door for causes that nobody can look for"))]
    pub(crate) fn raise(&self, code: AlarmCode, subject: Subject, told: Told) {
        self.stand(code, subject, told, false);
        self.count();
    }

    /// Ends an alarm; nothing happens when it does not stand.
    #[cfg_attr(not(test), expect(dead_code, reason = "the door for causes that nobody can look for"))]
    pub(crate) fn end(&self, code: AlarmCode, subject: &Subject) {
        if self.standing.lock().remove(&(code, subject.clone())).is_some() {
            log_end(code, subject);
        }
        self.count();
    }

    /// Everything that a look found. What was found before and is not any more ends after it was gone for `clear`.
    pub(crate) fn seen(&self, seen: Seen, clear: std::time::Duration) {
        let now = self.clock.instant();
        let keys: BTreeSet<(AlarmCode, Subject)> = seen.keys().cloned().collect();
        for ((code, subject), told) in seen {
            self.stand(code, subject, told, true);
        }
        let mut standing = self.standing.lock();
        standing.retain(|key, alarm| {
            if keys.contains(key) || !alarm.watched {
                return true;
            }
            let gone = *alarm.gone.get_or_insert(now);
            let stays = now.duration_since(gone) < clear;
            if !stays {
                log_end(key.0, &key.1);
            }
            stays
        });
        drop(standing);
        self.count();
    }

    fn stand(&self, code: AlarmCode, subject: Subject, told: Told, watched: bool) {
        let mut standing = self.standing.lock();
        if let Some(known) = standing.get_mut(&(code, subject.clone())) {
            (known.facts, known.gone) = (told.facts, None);
            return;
        }
        let Subject { warning, channel, route } = &subject;
        let warning = warning.as_ref().map(|id| id.0.as_str());
        tracing::error!(code = code.name(), warning, channel, route, facts = ?told.facts, "alarm raised; see /docs/errors/alarm-{}", code.name());
        let since_ms = told.since_ms.unwrap_or_else(|| self.clock.unix_ms());
        standing.insert((code, subject), Alarm { since_ms, facts: told.facts, watched, gone: None });
    }

    fn count(&self) {
        let standing = self.standing.lock();
        for code in AlarmCode::ALL {
            let count = standing.keys().filter(|(known, _)| *known == code).count();
            self.telemetry.alarms(code.name(), count as u64);
        }
    }

    /// Every alarm that stands and that `wanted` says yes to, the most pressing first.
    pub(crate) fn list(&self, wanted: impl Fn(&Subject) -> bool) -> Vec<AlarmView> {
        let standing = self.standing.lock();
        let wanted = standing.iter().filter(|((_, subject), _)| wanted(subject));
        wanted
            .map(|((code, subject), alarm)| AlarmView {
                code: code.name().to_owned(),
                since: rfc3339(alarm.since_ms),
                warning: subject.warning.clone(),
                channel: subject.channel.clone(),
                route: subject.route.clone(),
                facts: alarm.facts.clone(),
            })
            .collect()
    }
}

fn log_end(code: AlarmCode, subject: &Subject) {
    let Subject { warning, channel, route } = subject;
    let warning = warning.as_ref().map(|id| id.0.as_str());
    tracing::info!(code = code.name(), warning, channel, route, "alarm ended");
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn alarms() -> (Alarms, Clock) {
        let clock = Clock::simulated(1_795_478_400_000, 1);
        (Alarms::new(clock.clone(), Telemetry::default()), clock)
    }

    fn subject(route: &str) -> Subject {
        Subject { route: Some(route.to_owned()), ..Subject::default() }
    }

    fn codes(alarms: &Alarms) -> Vec<String> {
        alarms.list(|_| true).into_iter().map(|alarm| alarm.code).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_flickers_stands_all_the_while_and_ends_once_it_is_gone() {
        let (alarms, clock) = alarms();
        let clear = Duration::from_secs(20);
        let seen = || Seen::from([((AlarmCode::WarningStuck, subject("sms.a")), Told::default())]);
        alarms.seen(seen(), clear);
        let since = alarms.list(|_| true)[0].since.clone();
        for _ in 0..5 {
            clock.sleep(Duration::from_secs(15)).await;
            alarms.seen(Seen::new(), clear);
            assert_eq!(codes(&alarms), ["warning-stuck"]);
            clock.sleep(Duration::from_secs(3)).await;
            alarms.seen(seen(), clear);
            assert_eq!(alarms.list(|_| true)[0].since, since);
        }
        alarms.seen(Seen::new(), clear);
        clock.sleep(clear).await;
        alarms.seen(Seen::new(), clear);
        assert_eq!(codes(&alarms), Vec::<String>::new());
    }

    #[tokio::test(start_paused = true)]
    async fn what_others_raise_stands_until_they_end_it() {
        let (alarms, clock) = alarms();
        alarms.raise(AlarmCode::StorePoisoned, Subject::default(), Told::default());
        clock.sleep(Duration::from_secs(3600)).await;
        alarms.seen(Seen::new(), Duration::ZERO);
        assert_eq!(codes(&alarms), ["store-poisoned"]);
        alarms.end(AlarmCode::StorePoisoned, &Subject::default());
        assert_eq!(codes(&alarms), Vec::<String>::new());
    }
}
