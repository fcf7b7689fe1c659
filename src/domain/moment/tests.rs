use super::{Moment, MomentFault};

#[test]
fn keeps_the_text_it_read() {
    for text in [
        "2026-07-15T14:40:00+08:00",
        "2002-05-24T16:49:00-07:00",
        "2003-02-11T20:56:00-00:00",
        "2024-02-29T23:59:59+00:00",
        "9999-12-31T23:59:59+08:00",
        "9999-12-30T21:00:00-14:00",
        "0001-01-01T00:00:00+14:00",
    ] {
        assert_eq!(text.parse::<Moment>().expect(text).to_string(), text);
    }
}

#[test]
fn refuses_what_cap_forbids() {
    let fault = |text: &str| text.parse::<Moment>().expect_err(text);
    for text in [
        "2026-07-15T14:40:00Z",
        "2026-07-15T14:40:00.5+08:00",
        "2026-07-15 14:40:00+08:00",
        "2026-07-15T14:40+08:00",
        "2026-07-15T14:40:00",
        "",
    ] {
        assert_eq!(fault(text), MomentFault::Form, "{text}");
    }
    for text in [
        "2026-02-29T14:40:00+08:00",
        "2026-13-01T14:40:00+08:00",
        "2026-07-15T24:40:00+08:00",
        "2026-07-15T14:40:00+15:00",
        "2016-12-31T23:59:60+00:00",
    ] {
        assert_eq!(fault(text), MomentFault::NoSuchTime, "{text}");
    }
}

#[test]
fn the_instant_does_not_depend_on_the_offset() {
    let east: Moment = "2026-07-15T14:40:00+08:00".parse().expect("valid");
    let utc: Moment = "2026-07-15T06:40:00-00:00".parse().expect("valid");
    assert_eq!(east.unix(), utc.unix());
    assert_ne!(east, utc);
    assert_eq!(east.chinese(), "2026年7月15日14时40分");
}
