use proptest::prelude::*;

use super::*;

const ALL: &[Coding] = &[Coding::Gsm7, Coding::Latin1, Coding::Ucs2];

fn settings(long: Long) -> Text {
    Text { long, segments_max: 255, usual: ALL, ..Text::default() }
}

fn content(text: &str) -> Content {
    Content { text: text.to_owned(), ..Content::default() }
}

#[test]
fn hanzi_take_the_segments_carriers_count() {
    for (hanzi, long, segments) in [
        (67, Long::Udh8, 1),
        (70, Long::Udh8, 1),
        (71, Long::Udh8, 2),
        (134, Long::Udh8, 2),
        (135, Long::Udh8, 3),
        (132, Long::Udh16, 2),
        (133, Long::Udh16, 3),
        (134, Long::Sar, 2),
        (135, Long::Payload, 3),
    ] {
        let content = content(&"警".repeat(hanzi));
        let plan = Plan::new(&content, &settings(long)).unwrap();
        assert_eq!((plan.coding, plan.segments.len()), (Coding::Ucs2, segments), "{hanzi} by {long:?}");
        assert_eq!(plan.coding.read(&plan.whole()), content.text);
    }
}

#[test]
fn the_coding_is_chosen_by_the_text() {
    for (text, coding, segments) in [
        ("Stay indoors.", Coding::Gsm7, 1),
        (&*"a".repeat(160), Coding::Gsm7, 1),
        (&*"a".repeat(161), Coding::Gsm7, 2),
        (&*"a".repeat(307), Coding::Gsm7, 3),
        (&*"€".repeat(80), Coding::Gsm7, 1),
        (&*"€".repeat(81), Coding::Gsm7, 2),
        ("Évacuez, s’il", Coding::Ucs2, 1),
        ("þ", Coding::Latin1, 1),
        (&*"þ".repeat(141), Coding::Latin1, 2),
        ("暴雨", Coding::Ucs2, 1),
        (&*"🌊".repeat(35), Coding::Ucs2, 1),
        (&*"🌊".repeat(36), Coding::Ucs2, 2),
    ] {
        let content = content(text);
        let plan = Plan::new(&content, &settings(Long::Udh8)).unwrap();
        assert_eq!((plan.coding, plan.segments.len()), (coding, segments), "{text}");
    }
}

#[test]
fn the_signature_is_counted_and_stands_once() {
    let signed = Text { signature: "【松北应急】".to_owned(), ..settings(Long::Udh8) };
    let plain = content(&"雨".repeat(65));
    let plan = Plan::new(&plain, &signed).unwrap();
    assert_eq!(plan.segments.len(), 2);
    assert_eq!(plan.fit().text, format!("【松北应急】{}", plain.text));
    let already = content("【松北应急】暴雨");
    assert_eq!(Plan::new(&already, &signed).unwrap().text, already.text);
    let provider = Text { signature_by_provider: true, ..signed };
    let plan = Plan::new(&plain, &provider).unwrap();
    assert_eq!((plan.segments.len(), plan.segments[0].len()), (2, (67 - 6) * 2));
    assert_eq!(plan.coding.read(&plan.whole()), plain.text);
    let already = Plan::new(&already, &provider).unwrap();
    assert_eq!(already.coding.read(&already.whole()), "暴雨", "the provider puts it there");
}

#[test]
fn the_short_form_goes_out_where_the_long_one_does_not_fit() {
    let two = Text { segments_max: 2, ..settings(Long::Udh8) };
    let mut long = content(&"雨".repeat(135));
    let refused = Plan::new(&long, &two).unwrap_err();
    assert_eq!(&*refused.code, "TOO-LONG");
    long.short = "短".repeat(134);
    assert_eq!(Plan::new(&long, &two).unwrap().text, long.short);
    long.short = "短".repeat(135);
    assert!(Plan::new(&long, &two).is_err());
}

/// As long as a link can be.
const SAMPLE: &str = "https://warn.songbei.example/c/1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
const OWN: &str = "https://warn.songbei.example/c/1AAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn the_reader_s_link_is_counted_before_it_is_known_and_stands_below_the_text() {
    let two = Text { segments_max: 2, signature: "【松北应急】".to_owned(), ..settings(Long::Udh8) };
    let room = 134 - two.signature.chars().count() - 1 - SAMPLE.len();
    for (hanzi, fits) in [(room, true), (room + 1, false)] {
        let linked = Content { confirm_sample: SAMPLE.to_owned(), ..content(&"雨".repeat(hanzi)) };
        let plan = Plan::new(&linked, &two);
        assert_eq!(plan.is_ok(), fits, "{hanzi}: {plan:?}");
        let own = Plan::personal(&linked, &two, OWN);
        assert_eq!(own.is_ok(), fits, "decided with the longest there can be");
        if let Ok(own) = own {
            assert_eq!(own.text, format!("【松北应急】{}\n{OWN}", linked.text));
            assert_eq!((own.segments.len(), plan.unwrap().segments.len()), (2, 2));
        } else {
            let short = Content { short: "短".to_owned(), ..linked };
            assert_eq!(Plan::personal(&short, &two, OWN).unwrap().text, format!("【松北应急】短\n{OWN}"));
        }
    }
    // Signed before anybody was given a link.
    let full = content(&"雨".repeat(134 - 6));
    assert_eq!(Plan::personal(&full, &two, OWN).unwrap().text, format!("【松北应急】{}", full.text));
}

#[test]
fn a_text_no_coding_carries_is_refused() {
    let codings = Some(vec![Coding::Gsm7]);
    let refused = Plan::new(&content("暴雨"), &Text { codings, ..Text::default() }).map(|plan| plan.coding);
    assert_eq!(&*refused.unwrap_err().code, "CODING");
}

#[test]
fn septets_are_packed_as_the_standard_shows() {
    let hello = [0x68, 0x65, 0x6C, 0x6C, 0x6F];
    assert_eq!(pack(&hello, 0), [0xE8, 0x32, 0x9B, 0xFD, 0x06]);
    assert_eq!(unpack(&[0xE8, 0x32, 0x9B, 0xFD, 0x06], 0), hello);
    assert_eq!(pack(b"ABCDEFG", 0)[6] >> 1, b'\r', "seven bits left over are no character");
    assert_eq!(unpack(&pack(b"ABCDEFG", 0), 0), b"ABCDEFG");
    assert_eq!(pack(&hello, 6).len(), 5, "one fill bit and 35 of text");
}

/// Texts of every kind: the alphabet and its extension, Latin-1, hanzi, rare hanzi and emoji.
fn any_text() -> impl Strategy<Value = String> {
    let sign = prop_oneof![
        proptest::char::range(' ', '~'),
        proptest::sample::select(vec!['€', '[', '|', '\n', 'à', 'Δ', '@']),
        proptest::char::range('\u{A0}', '\u{FF}'),
        proptest::char::range('\u{4E00}', '\u{9FFF}'),
        proptest::char::range('\u{20000}', '\u{2A6DF}'),
        proptest::char::range('\u{1F300}', '\u{1F6FF}'),
    ];
    proptest::collection::vec(sign, 0..600).prop_map(|signs| signs.into_iter().collect())
}

proptest! {
    #[test]
    fn segments_are_full_texts_that_add_up(text in any_text(), kind in 0..4_usize, coding in 0..4_usize) {
        let long = [Long::Udh8, Long::Udh16, Long::Sar, Long::Payload][kind];
        let coding = [Coding::Gsm7, Coding::Latin1, Coding::Ucs2, Coding::Gbk][coding];
        prop_assume!(coding.carries(&text));
        let segments = coding.segments(&text, long);
        let most = if segments.len() == 1 { coding.characters_max(1, long) } else { coding.characters_max(2, long) / 2 };
        let most = if coding == Coding::Ucs2 { most * 2 } else { most };
        let read: String = segments.iter().map(|segment| coding.read(segment)).collect();
        prop_assert_eq!(&read, &text);
        for segment in &segments {
            prop_assert!(segment.len() <= most, "{} of {most}", segment.len());
            prop_assert!(coding.read(segment).find(char::REPLACEMENT_CHARACTER).is_none());
        }
    }

    #[test]
    fn packing_is_undone_by_unpacking(septets in proptest::collection::vec(0..128_u8, 0..160), header in 0..8_usize) {
        // A last `@` or carriage return is not told from what fills the last octet.
        prop_assume!(!septets.last().is_some_and(|last| [0, b'\r'].contains(last)));
        let again = unpack(&pack(&septets, header), header);
        prop_assert_eq!(again, septets);
    }
}
