use proptest::prelude::*;

use super::{check, check_at, polygon, words};
use crate::domain::{
    cap,
    finding::Weight,
    message::{Area, Circle, Info, Kind, Message, NamedValue, Polygon, Scope, Status, arbitrary},
    moment::Moment,
};

/// A message that breaks nothing and gives no cause for advice.
fn good() -> Message {
    let text = "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>A-1</identifier><sender>drill@example.org</sender>\
        <sent>2026-07-15T14:40:00+08:00</sent><status>Exercise</status><msgType>Alert</msgType><scope>Public</scope>\
        <info><language>zh-CN</language><category>Met</category><event>暴雨</event><urgency>Expected</urgency>\
        <severity>Moderate</severity><certainty>Likely</certainty><expires>2026-07-15T20:40:00+08:00</expires>\
        <area><areaDesc>松北区</areaDesc><geocode><valueName>CN-STAT-CODE</valueName><value>230109000000</value></geocode>\
        </area></info></alert>";
    cap::read(text.as_bytes()).message.expect("a good message")
}

fn changed(change: impl FnOnce(&mut Message)) -> Vec<(&'static str, String)> {
    let mut message = good();
    change(&mut message);
    check(&message).into_iter().map(|finding| (finding.code, finding.at.path)).collect()
}

fn info(change: impl FnOnce(&mut Info)) -> Vec<(&'static str, String)> {
    changed(|message| change(&mut message.infos[0]))
}

fn area(change: impl FnOnce(&mut Area)) -> Vec<(&'static str, String)> {
    info(|info| change(&mut info.areas[0]))
}

fn at(code: &'static str, path: &str) -> Vec<(&'static str, String)> {
    vec![(code, path.to_owned())]
}

fn moment(text: &str) -> Moment {
    text.parse().expect("a moment")
}

#[test]
fn a_good_message_breaks_nothing() {
    assert_eq!(changed(|_| {}), []);
}

#[test]
fn texts_must_say_something_that_xml_can_carry() {
    assert_eq!(changed(|m| m.note = Some(" \n".into())), at("text-blank", "/note"));
    assert_eq!(changed(|m| m.codes = vec!["a".into(), String::new()]), at("text-blank", "/codes/1"));
    assert_eq!(info(|i| i.headline = Some("雨\u{0}".into())), at("text-character", "/infos/0/headline"));
    assert_eq!(info(|i| i.event = "\u{FFFE}".into()), at("text-character", "/infos/0/event"));
    let value = NamedValue { name: "a".into(), value: "\u{8}".into() };
    assert_eq!(info(|i| i.parameters = vec![value]), at("text-character", "/infos/0/parameters/0/value"));
    assert_eq!(changed(|m| m.incidents = vec!["a\"b".into()]), at("list-item-form", "/incidents/0"));
    assert_eq!(info(|i| i.categories.clear()), at("category-required", "/infos/0/categories"));
}

#[test]
fn references_are_held_to_the_rules_of_what_they_name() {
    let sent = moment("2026-07-15T14:00:00+08:00");
    let reference = |sender: &str, identifier: &str| crate::domain::message::MessageRef {
        sender: sender.into(),
        identifier: identifier.into(),
        sent,
    };
    assert_eq!(
        changed(|m| m.references = vec![reference("a,b", "1")]),
        at("sender-characters", "/references/0/sender")
    );
    assert_eq!(
        changed(|m| m.references = vec![reference("a", "")]),
        at("identifier-empty", "/references/0/identifier")
    );
    // The same identifier of another sender is another message.
    assert_eq!(changed(|m| m.references = vec![reference("a", "A-1")]), []);
}

#[test]
fn scope_and_restriction_go_together() {
    let restricted = |restriction: Option<&str>| {
        changed(|m| {
            m.scope = Scope::Restricted;
            m.restriction = restriction.map(str::to_owned);
        })
    };
    assert_eq!(restricted(Some("值班人员")), []);
    assert_eq!(restricted(None), at("restriction-required", "/restriction"));
    assert_eq!(changed(|m| m.restriction = Some("值班人员".into())), at("restriction-scope", "/restriction"));
}

#[test]
fn an_end_before_the_beginning_is_a_lift_in_an_update_and_a_mistake_in_an_alert() {
    let ended = |kind: Kind| {
        changed(|m| {
            m.kind = kind;
            m.references = vec![crate::domain::message::MessageRef {
                sender: m.sender.clone(),
                identifier: "A-0".into(),
                sent: moment("2026-07-15T14:00:00+08:00"),
            }];
            m.infos[0].expires = Some(m.sent);
            m.infos[0].effective = Some(m.sent);
        })
    };
    assert_eq!(ended(Kind::Alert), at("expires-not-after-sent", "/infos/0/expires"));
    assert_eq!(ended(Kind::Update), []);
    assert_eq!(ended(Kind::Cancel), []);
}

#[test]
fn polygons_are_checked_point_by_point() {
    let ring = |pairs: &[[f64; 2]]| area(|a| a.polygons = vec![Polygon(pairs.to_vec())]);
    let path = "/infos/0/areas/0/polygons/0";
    assert_eq!(ring(&[[1.0, 1.0], [1.0, 2.0], [2.0, 2.0], [1.0, 1.0]]), []);
    assert_eq!(ring(&[]), at("polygon-points", path));
    assert_eq!(ring(&[[1.0, 1.0], [1.0, 2.0], [2.0, 2.0], [2.0, 1.0]]), at("polygon-open", path));
    assert_eq!(ring(&[[1.0, 1.0], [2.0, 2.0], [1.0, 2.0], [2.0, 1.0], [1.0, 1.0]]), at("polygon-crossing", path));
    assert_eq!(ring(&[[1.0, 1.0]; 4]), at("polygon-flat", path));
    assert_eq!(ring(&[[f64::NAN, 1.0]; 4]), at("coordinate-range", path));
    // A ring that touches itself in a point is common in simplified borders.
    let touching = [[0.0, 0.0], [1.0, 1.0], [2.0, 0.0], [2.0, 2.0], [1.0, 1.0], [0.0, 2.0], [0.0, 0.0]];
    assert_eq!(ring(&touching), []);
    assert_eq!(ring(&vec![[1.0, 1.0]; 10_001]), at("polygon-too-many-points", path));
}

#[test]
fn a_ring_of_ten_thousand_points_is_compared_and_a_tangle_is_not() {
    let circle: Vec<[f64; 2]> = (0..10_000)
        .map(|step| {
            let angle = f64::from(step % 9_999) / 9_999.0 * std::f64::consts::TAU;
            [angle.sin() * 10.0, angle.cos() * 10.0]
        })
        .collect();
    assert_eq!(area(|a| a.polygons = vec![Polygon(circle)]), []);
    // Every edge runs from the far west to the far east, so every one must be compared with every other.
    let mut comb: Vec<[f64; 2]> =
        (0..9_000).map(|step| [f64::from(step) / 1_000.0, if step % 2 == 0 { 0.0 } else { 10.0 }]).collect();
    comb.extend([[20.0, 10.0], [20.0, -1.0], [0.0, -1.0], [0.0, 0.0]]);
    assert_eq!(area(|a| a.polygons = vec![Polygon(comb)]), at("polygon-too-complex", "/infos/0/areas/0/polygons/0"));
}

#[test]
fn circles_and_heights_are_finite() {
    let circle = |centre, radius_km| area(|a| a.circles = vec![Circle { centre, radius_km }]);
    let path = "/infos/0/areas/0/circles/0";
    assert_eq!(circle([45.8, 126.5], 0.0), []);
    for radius in [-0.1, f64::NAN, f64::INFINITY, 20_039.0] {
        assert_eq!(circle([45.8, 126.5], radius), at("circle-radius", path), "{radius}");
    }
    assert_eq!(circle([126.5, 45.8], 1.0), at("coordinate-swapped", path));
    assert_eq!(circle([45.8, 226.5], 1.0), at("coordinate-range", path));
    assert_eq!(area(|a| a.altitude_ft = Some(f64::INFINITY)), at("number-form", "/infos/0/areas/0/altitude_ft"));
}

#[test]
fn what_depends_on_the_clock_is_asked_apart() {
    let message = good();
    let codes =
        |now| check_at(&message, now).into_iter().map(|finding| (finding.code, finding.weight)).collect::<Vec<_>>();
    let (sent, end) = (message.sent.unix(), message.infos[0].expires.expect("set").unix());
    let weight = if message.status == Status::Actual { Weight::Refuse } else { Weight::Advise };
    assert_eq!(codes(sent - 24 * 3600 - 1), [("sent-in-future", weight)]);
    let mut other = good();
    other.status = if weight == Weight::Refuse { Status::Exercise } else { Status::Actual };
    let other = check_at(&other, sent - 24 * 3600 - 1);
    assert!(other.len() == 1 && other[0].weight != weight, "refused when it is actual, advice when it is a script");
    assert_eq!(codes(sent - 24 * 3600), []);
    assert_eq!(codes(end - 1), []);
    assert_eq!(codes(end), [("already-expired", Weight::Advise)]);
}

#[test]
fn forms_of_words() {
    for tag in ["zh-CN", "en", "es-419", "sr-Latn", "i-klingon"] {
        assert!(words::is_language(tag), "{tag}");
    }
    for tag in ["", "zh_CN", "419", "zh-", "-CN", "中文", "toolongtag"] {
        assert!(!words::is_language(tag), "{tag}");
    }
    for uri in ["https://example.org", "HTTP://example.org/a?b#c", "https://例子.中国/"] {
        assert!(words::is_web(uri), "{uri}");
    }
    for uri in ["example.org", "/a", "https://", "https:///a", "javascript://x", "ftp://example.org", "https://a b"] {
        assert!(!words::is_web(uri), "{uri}");
    }
    for uri in ["cid:a@b", "ftp://example.org/a", "urn:x"] {
        assert!(words::scheme(uri).is_some(), "{uri}");
    }
    for uri in ["a.png", "../a:b", "a b:c", "x:", "1a:b"] {
        assert!(words::scheme(uri).is_none(), "{uri}");
    }
    for kind in ["image/png", "image/png;type=map", "Text/Html", "application/cap+xml; charset=utf-8"] {
        assert!(words::is_media_type(kind), "{kind}");
    }
    for kind in ["", "png", "image/", "/png", "image/png/x", "image png/x"] {
        assert!(!words::is_media_type(kind), "{kind}");
    }
    assert!(words::is_base64("SGVs\r\n bG8="));
    for text in ["SGVsbG8", "演练", "SGVsbG8=="] {
        assert!(!words::is_base64(text), "{text}");
    }
}

/// Every pair of edges compared, the slow way.
fn crosses(ring: &[[f64; 2]]) -> bool {
    let side = |a: [f64; 2], b: [f64; 2], c: [f64; 2]| {
        ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])).signum()
    };
    let apart = |a, b, c, d| side(a, b, c) * side(a, b, d) < 0.0;
    let edges: Vec<_> = ring.windows(2).map(|ends| (ends[0], ends[1])).collect();
    let pair = |(a, b): ([f64; 2], [f64; 2]), (c, d): ([f64; 2], [f64; 2])| {
        let distinct = [a, b, c, d].iter().enumerate().all(|(i, p)| ![a, b, c, d][..i].contains(p));
        distinct && on_no_line(a, b, c, d) && apart(a, b, c, d) && apart(c, d, a, b)
    };
    edges.iter().enumerate().any(|(i, one)| edges[..i].iter().any(|other| pair(*one, *other)))
}

/// `signum` of zero is one, so three points in a line are told apart here.
fn on_no_line(a: [f64; 2], b: [f64; 2], c: [f64; 2], d: [f64; 2]) -> bool {
    let area = |a: [f64; 2], b: [f64; 2], c: [f64; 2]| (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    [area(a, b, c), area(a, b, d), area(c, d, a), area(c, d, b)].iter().all(|area| *area != 0.0)
}

proptest! {
    #[test]
    fn the_sweep_finds_what_comparing_all_pairs_finds(points in prop::collection::vec((0_i32..12, 0_i32..12), 3..14)) {
        let mut ring: Vec<[f64; 2]> = points.iter().map(|(y, x)| [f64::from(*y), f64::from(*x)]).collect();
        ring.push(ring[0]);
        let mut found = crate::domain::finding::Found::default();
        let mut comparisons = polygon::COMPARISONS;
        polygon::check(&ring, &super::Spot::ROOT, &mut comparisons, &mut found);
        let found = found.into_vec();
        let crossing = found.iter().any(|finding| finding.code == "polygon-crossing");
        prop_assert_eq!(crossing, crosses(&ring), "{:?} {:?}", ring, found);
    }

    #[test]
    fn paths_lead_into_the_json_form(message in arbitrary::message()) {
        let json = serde_json::to_value(&message).expect("a message");
        for finding in check(&message) {
            // What is missing has a parent.
            let parent = finding.at.path.rsplit_once('/').map_or("", |(parent, _)| parent);
            prop_assert!(json.pointer(parent).is_some() || parent.ends_with("areas"), "{}", finding.at.path);
        }
    }
}

#[test]
fn the_end_comes_after_the_beginning() {
    let effective = |text: &str| info(|i| i.effective = Some(moment(text)));
    assert_eq!(effective("2026-07-15T20:39:59+08:00"), []);
    assert_eq!(effective("2026-07-15T20:40:00+08:00"), at("expires-not-after-effective", "/infos/0/expires"));
}
