//! Any message that keeps the rules, for property tests.

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    Area, Category, Certainty, Circle, Info, Kind, Message, MessageRef, NamedValue, Polygon, Resource, ResponseType,
    Scope, Severity, Status, Urgency,
};
use crate::domain::{moment::Moment, text};

/// Text with everything XML and JSON trip over: blanks at both ends, line ends of all kinds, quotes, markup, characters
/// beyond the basic plane.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9 .,;:]{1,12}",
        4 => "[暴雨黄色预警，。]{1,8}",
        1 => Just(" ".to_owned()),
        1 => Just("\t".to_owned()),
        1 => Just("\n".to_owned()),
        1 => Just("\r".to_owned()),
        1 => Just("\r\n".to_owned()),
        1 => Just("]]>".to_owned()),
        1 => Just("<b>&amp;'\"</b>".to_owned()),
        1 => Just("<!-- & -->".to_owned()),
        1 => Just("𠮷🌧️".to_owned()),
        1 => Just("\u{85}\u{2028}\u{FEFF}\u{FFFD}\u{7F}".to_owned()),
        1 => any::<char>().prop_filter("carried", |c| text::is_xml_character(*c)).prop_map(String::from),
    ];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn filled_text() -> impl Strategy<Value = String> {
    any_text().prop_filter("not blank", |text| !text.trim().is_empty())
}

fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9@._:/\"'>;松北]{1,20}"
}

fn item() -> impl Strategy<Value = String> {
    filled_text().prop_map(|text| text.replace('"', "'"))
}

fn moment() -> impl Strategy<Value = Moment> {
    (946_684_800_i64..4_102_444_800, -14_i16 * 60..=14 * 60, any::<bool>()).prop_map(|(unix, offset, plus)| {
        let moment = Moment::new(unix, offset);
        let positive = moment.to_string().replace("-00:00", "+00:00");
        if plus && offset == 0 { positive.parse().expect("still a moment") } else { moment }
    })
}

fn one_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    select(all)
}

fn named_value() -> impl Strategy<Value = NamedValue> {
    (any_text(), any_text()).prop_map(|(name, value)| NamedValue { name, value })
}

fn height() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), -1e6..1e6, any::<f64>().prop_filter("finite", |number| number.is_finite())]
}

fn area() -> impl Strategy<Value = Area> {
    let square = ((-80.0..80.0), (-170.0..170.0), (0.001..9.0), (0.001..9.0)).prop_map(
        |(south, west, height, width): (f64, f64, f64, f64)| {
            let (north, east) = (south + height, west + width);
            Polygon(vec![[south, west], [south, east], [north, east], [north, west], [south, west]])
        },
    );
    let circle = ((-90.0..=90.0), (-180.0..=180.0), prop_oneof![Just(0.0), 0.0..20_000.0])
        .prop_map(|(latitude, longitude, radius_km)| Circle { centre: [latitude, longitude], radius_km });
    let heights = (option::of(height()), option::of(height())).prop_map(|(low, high)| match (low, high) {
        (None, _) => (None, None),
        (Some(low), Some(high)) if high < low => (Some(high), Some(low)),
        both => both,
    });
    (filled_text(), vec(square, 0..3), vec(circle, 0..3), vec(named_value(), 0..3), heights).prop_map(
        |(description, polygons, circles, geocodes, (altitude_ft, ceiling_ft))| Area {
            description,
            polygons,
            circles,
            geocodes,
            altitude_ft,
            ceiling_ft,
        },
    )
}

fn resource() -> impl Strategy<Value = Resource> {
    let place = prop_oneof![
        Just((Some("https://example.org/a?b=1&c=2".to_owned()), None)),
        Just((None, Some("SGVs\r\nbG8=".to_owned()))),
        Just((Some("a.png".to_owned()), Some("SGVsbG8=".to_owned()))),
    ];
    (any_text(), option::of(any::<u64>()), place, option::of(filled_text())).prop_map(
        |(description, size, (uri, content), digest)| Resource {
            description,
            mime_type: "image/png; type=map".to_owned(),
            size,
            uri,
            content,
            digest,
        },
    )
}

fn info() -> impl Strategy<Value = Info> {
    let words = (
        option::of(select(vec!["zh-CN".to_owned(), "en-US".to_owned(), "sr-Latn".to_owned()])),
        vec(one_of(Category::ALL), 1..4),
        filled_text(),
        vec(one_of(ResponseType::ALL), 0..4),
        one_of(Urgency::ALL),
        one_of(Severity::ALL),
        one_of(Certainty::ALL),
    );
    let texts = vec(option::of(filled_text()), 6);
    let values = (vec(named_value(), 0..3), vec(named_value(), 0..3), vec(resource(), 0..2), vec(area(), 0..3));
    let times = (option::of(moment()), option::of(moment()), option::of(moment()));
    let web = option::of(Just("https://example.org/?a=1&b='2'".to_owned()));
    (words, texts, values, times, web).prop_map(
        |(
            (language, categories, event, response_types, urgency, severity, certainty),
            mut texts,
            (event_codes, parameters, resources, areas),
            (effective, onset, expires),
            web,
        )| Info {
            language,
            categories,
            event,
            response_types,
            urgency,
            severity,
            certainty,
            audience: texts.pop().flatten(),
            event_codes,
            effective,
            onset,
            expires,
            sender_name: texts.pop().flatten(),
            headline: texts.pop().flatten(),
            description: texts.pop().flatten(),
            instruction: texts.pop().flatten(),
            web,
            contact: texts.pop().flatten(),
            parameters,
            resources,
            areas,
        },
    )
}

fn reference() -> impl Strategy<Value = MessageRef> {
    let other = word().prop_map(|word| format!("other-{word}"));
    (word(), other, moment()).prop_map(|(sender, identifier, sent)| MessageRef { sender, identifier, sent })
}

/// Any message that keeps the rules.
pub(crate) fn message() -> impl Strategy<Value = Message> {
    let head = (word(), word(), moment(), one_of(Status::ALL), one_of(Kind::ALL), one_of(Scope::ALL));
    let texts = (option::of(filled_text()), filled_text(), option::of(filled_text()));
    let lists = (vec(item(), 1..4), vec(filled_text(), 0..3), vec(item(), 0..3), vec(reference(), 1..4));
    (head, texts, lists, vec(info(), 1..3)).prop_map(
        |((identifier, sender, sent, status, kind, scope), (source, restriction, note), lists, mut infos)| {
            let (addresses, codes, incidents, references) = lists;
            infos.iter_mut().for_each(|info| order_times(info, sent, kind));
            Message {
                identifier,
                sender,
                sent,
                status,
                kind,
                source,
                scope,
                restriction: (scope == Scope::Restricted).then_some(restriction),
                addresses: if scope == Scope::Private { addresses } else { Vec::new() },
                codes,
                note,
                references: if kind == Kind::Alert { Vec::new() } else { references },
                incidents,
                infos,
            }
        },
    )
}

/// Moves the end of an info behind its beginning where the rules want it there.
fn order_times(info: &mut Info, sent: Moment, kind: Kind) {
    let lift = kind == Kind::Update && info.expires.is_some_and(|end| end.unix() <= sent.unix());
    if matches!(kind, Kind::Alert | Kind::Update) && !lift {
        let start = info.effective.unwrap_or(sent).unix().max(sent.unix());
        info.expires = info.expires.map(|end| Moment::new(end.unix().max(start + 1), end.offset_minutes()));
    }
}
