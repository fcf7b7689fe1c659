use std::time::Duration;

use super::*;

fn moved() -> Telemetry {
    let telemetry = Telemetry::default();
    telemetry.delivery("sms.one", Level::Red, State::Accepted, 256);
    telemetry.undelivered("sms.one", Reason::RecipientRefused, 4);
    telemetry.attempts("sms.one", "transient", 8);
    telemetry.withdrawals("sms.one", "gone", 2);
    telemetry.withdrawals("sms.one", "kept", 0);
    telemetry.route("sms.one", "paused", &["running", "paused"], None, 3);
    telemetry.request(&Method::GET, "/v1/warnings", StatusCode::UNAUTHORIZED, "key-missing", Duration::from_millis(3));
    telemetry.intake(IntakeResult::Created);
    telemetry
}

#[test]
fn the_plain_form_names_families_as_their_samples() {
    let text = moved().exposition(false);
    for line in [
        "# TYPE fenghuo_deliveries_total counter",
        "fenghuo_deliveries_total{route=\"sms.one\",level=\"red\",state=\"accepted\"} 256",
        "# TYPE fenghuo_build_info gauge",
        "fenghuo_problems_total{code=\"key-missing\"} 1",
        "# TYPE fenghuo_http_request_seconds histogram",
        "fenghuo_undelivered_total{route=\"sms.one\",reason=\"recipient_refused\"} 4",
        "fenghuo_delivery_attempts_total{route=\"sms.one\",verdict=\"transient\"} 8",
        "fenghuo_withdrawals_total{route=\"sms.one\",result=\"gone\"} 2",
        "fenghuo_route_state{route=\"sms.one\",state=\"paused\"} 1",
        "fenghuo_route_state{route=\"sms.one\",state=\"running\"} 0",
        "fenghuo_intake_warnings_total{result=\"created\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(!text.contains("# EOF") && !text.contains("# UNIT"));
}

#[test]
fn every_family_has_help_in_both_forms() {
    let telemetry = moved();
    for open in [false, true] {
        let text = telemetry.exposition(open);
        for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
            let name = line.split(' ').next().unwrap();
            assert!(text.contains(&format!("# HELP {name} ")), "{name}");
        }
    }
    assert!(telemetry.exposition(true).ends_with("# EOF\n"));
}

#[test]
fn two_gateways_count_apart() {
    let (one, other) = (moved(), Telemetry::default());
    assert_ne!(one.exposition(false), other.exposition(false));
    one.request(&Method::from_bytes(b"BREW").unwrap(), "none", StatusCode::OK, "", Duration::ZERO);
    assert!(one.exposition(false).contains("method=\"other\""));
}
