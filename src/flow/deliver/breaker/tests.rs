use super::*;

const LIMITS: config::Breaker =
    config::Breaker { faults: 3, share: 0.9, attempts: 100, span_s: Duration::from_secs(5) };

#[expect(clippy::disallowed_methods, reason = "a moment to count from")]
fn start() -> Now {
    Now { at: Instant::now(), ms: 1_000, chance: 0.0 }
}

fn later(now: Now, seconds: u64) -> Now {
    Now { at: now.at + Duration::from_secs(seconds), ms: now.ms + 1_000 * seconds.cast_signed(), ..now }
}

fn cause() -> Cause {
    Cause::new("X1", "no")
}

fn tally(accepted: u32, transient: u32, in_doubt: u32) -> Tally {
    Tally { accepted, transient, in_doubt, ..Tally::default() }
}

/// A breaker that failures of the link have opened.
fn broken(now: Now) -> Breaker {
    let mut breaker = Breaker::new(LIMITS);
    for _ in 0..3 {
        breaker.fault(breaker.generation(), false, &cause(), now);
    }
    assert!(breaker.is_open());
    breaker
}

/// The same with its rest over.
fn half_open(now: Now) -> (Breaker, Now) {
    let mut breaker = broken(now);
    let now = Now { at: breaker.trip().expect("open").until, ..now };
    assert_eq!(breaker.wake(now.at), Some(EndsBy::Submit));
    (breaker, now)
}

#[test]
fn faults_in_a_row_open_it_and_an_answer_between_does_not_let_them() {
    let now = start();
    let mut breaker = Breaker::new(LIMITS);
    for _ in 0..5 {
        assert!(!breaker.fault(0, false, &cause(), now));
        assert!(!breaker.fault(0, false, &cause(), now));
        assert!(!breaker.answered(0, tally(1, 0, 0), None, now));
    }
    assert!(!breaker.fault(0, false, &cause(), now));
    assert!(!breaker.fault(0, false, &cause(), now));
    assert!(breaker.fault(0, true, &cause(), now));
    let trip = breaker.trip().expect("open");
    assert_eq!((trip.cause, trip.since_ms, &trip.provider), (TripCause::Unanswered, 1_000, &cause()));
}

#[test]
fn a_share_of_the_last_attempts_opens_it_when_they_lasted_long_enough() {
    let now = start();
    let run = |bad: u32, step: u64| {
        let mut breaker = Breaker::new(LIMITS);
        let opened = (0..10).any(|n| breaker.answered(0, tally(50 - bad, bad, 0), Some(&cause()), later(now, n * step)));
        (opened, breaker.trip().map(|trip| trip.cause))
    };
    assert_eq!(run(46, 1), (true, Some(TripCause::Failing)));
    assert_eq!(run(44, 1), (false, None), "not bad enough");
    assert_eq!(run(50, 0), (false, None), "all in one moment");
    let mut doubtful = Breaker::new(LIMITS);
    assert!((0..10).any(|n| doubtful.answered(0, tally(0, 10, 40), None, later(now, n))));
    assert_eq!(doubtful.trip().map(|trip| trip.cause), Some(TripCause::Unanswered));
}

#[test]
fn submits_of_which_nothing_was_answered_are_failures_of_the_link() {
    let now = start();
    let mut breaker = Breaker::new(LIMITS);
    assert!(!breaker.answered(0, tally(0, 0, 4), Some(&cause()), now));
    assert!(!breaker.answered(0, tally(1, 0, 4), Some(&cause()), now), "something was");
    assert!(!breaker.answered(0, tally(0, 0, 4), Some(&cause()), now));
    assert!(!breaker.answered(0, tally(0, 0, 1), Some(&cause()), now));
    assert!(breaker.answered(0, tally(0, 0, 4), Some(&cause()), now));
    assert_eq!(breaker.trip().map(|trip| trip.cause), Some(TripCause::Unanswered));
}

#[test]
fn refusals_of_recipients_are_no_failures() {
    let now = start();
    let mut breaker = Breaker::new(LIMITS);
    let refused = Tally { refused: 100, ..Tally::default() };
    assert!(!(0..20).any(|n| breaker.answered(0, refused, None, later(now, n))));
}

#[test]
fn one_answer_closes_it_and_one_failure_opens_it_for_longer() {
    let now = start();
    let (mut breaker, now) = half_open(now);
    assert!(breaker.answered(breaker.generation(), tally(1, 5, 0), None, now));
    assert_eq!(breaker.trip(), None);

    let (mut breaker, mut now) = half_open(start());
    let mut rests = Vec::new();
    for _ in 0..7 {
        assert!(breaker.fault(breaker.generation(), false, &cause(), now), "one is enough while it is tried");
        let trip = breaker.trip().expect("open").clone();
        rests.push(trip.until.duration_since(now.at).as_millis());
        assert_eq!(trip.since_ms, 1_000, "since the first");
        now = Now { at: trip.until, ..now };
        assert_eq!(breaker.wake(now.at), Some(EndsBy::Submit));
    }
    assert_eq!(rests, [1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
}

#[test]
fn an_answer_of_an_earlier_time_neither_opens_nor_closes_it() {
    let (mut breaker, now) = half_open(start());
    let old = breaker.generation() - 1;
    assert!(!breaker.answered(old, tally(100, 0, 0), None, now));
    assert!(!breaker.misconfigured(old, &cause(), now));
    assert!(!breaker.fault(old, false, &cause(), now));
    assert!(!breaker.throttled(old, Duration::from_secs(9), &cause(), now));
    assert!(breaker.is_half_open());
    // Sixteen submits of one moment make one trip.
    let present = breaker.generation();
    assert!(breaker.misconfigured(present, &cause(), now));
    assert!((0..15).all(|_| !breaker.misconfigured(present, &cause(), now)));
}

#[test]
fn a_throttled_route_goes_on_when_its_time_is_up_and_a_longer_wait_counts() {
    let now = start();
    let mut breaker = Breaker::new(LIMITS);
    assert!(breaker.throttled(0, Duration::from_secs(2), &cause(), now));
    assert!(!breaker.throttled(0, Duration::from_secs(5), &cause(), now));
    assert_eq!(breaker.wake(later(now, 4).at), None);
    assert_eq!(breaker.wake(later(now, 5).at), Some(EndsBy::Time));
    assert_eq!(breaker.trip(), None);
    assert_eq!(breaker.ramp(later(now, 5).at), 1.0, "its pace follows the answer by itself");
}

#[test]
fn wrong_credentials_and_failed_canaries_wait_for_a_probe() {
    let now = start();
    for cause_of_trip in [TripCause::Misconfigured, TripCause::Canary] {
        let mut breaker = Breaker::new(LIMITS);
        match cause_of_trip {
            TripCause::Canary => assert!(breaker.canary_failed(&cause(), now)),
            _ => assert!(breaker.misconfigured(0, &cause(), now)),
        }
        assert_eq!(breaker.trip().map(|trip| trip.cause), Some(cause_of_trip));
        assert_eq!(breaker.wake(later(now, 29).at), None);
        assert_eq!(breaker.wake(later(now, 30).at), Some(EndsBy::Probe));
        assert_eq!(breaker.wake(later(now, 31).at), None, "the next in half a minute");
        assert!(breaker.probe_succeeded());
        assert!(breaker.is_half_open());
        assert!(!breaker.probe_succeeded());
    }
    assert!(!broken(now).probe_succeeded(), "a probe proves no submit");
}

#[test]
fn after_an_outage_it_starts_low_and_after_a_blink_it_does_not() {
    let (mut breaker, now) = half_open(start());
    let back = later(now, 3_600);
    assert!(breaker.answered(breaker.generation(), tally(1, 0, 0), None, back));
    let ramp = |seconds| breaker.ramp(later(back, seconds).at);
    assert_eq!([ramp(0), ramp(10), ramp(19), ramp(20), ramp(60)], [0.1, 0.5, 0.9, 1.0, 1.0]);

    let (mut breaker, now) = half_open(start());
    assert!(breaker.answered(breaker.generation(), tally(1, 0, 0), None, now));
    assert_eq!(breaker.ramp(now.at), 1.0);
}

#[test]
fn an_operator_closes_it() {
    let mut breaker = broken(start());
    let before = breaker.generation();
    breaker.reset();
    assert_eq!(breaker.trip(), None);
    assert_ne!(breaker.generation(), before);
}
