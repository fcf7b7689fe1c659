use proptest::prelude::*;

use super::{MOST_BYTES, read, write};
use crate::domain::{
    finding::{MOST, Weight},
    message::arbitrary,
    rules,
};

const NS: &str = "urn:oasis:names:tc:emergency:cap:1.2";

/// The codes of a document's findings, with their paths.
fn codes(text: &str) -> Vec<(&'static str, String)> {
    read(text.as_bytes()).findings.into_iter().map(|finding| (finding.code, finding.at.path)).collect()
}

fn only_code(bytes: &[u8]) -> &'static str {
    let reading = read(bytes);
    assert!(reading.message.is_none());
    assert_eq!(reading.findings.len(), 1, "{:#?}", reading.findings);
    reading.findings[0].code
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read_back_equal(message in arbitrary::message()) {
        let refused: Vec<_> = rules::check(&message).into_iter().filter(|finding| finding.weight == Weight::Refuse).collect();
        prop_assert!(refused.is_empty(), "{:#?}", refused);
        let text = write(&message);
        let reading = read(text.as_bytes());
        prop_assert_eq!(reading.message, Some(message), "{:#?}\n{}", reading.findings, text);
    }

    #[test]
    fn no_bytes_bring_the_reader_down(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let reading = read(&bytes);
        prop_assert!(reading.message.is_none() && !reading.findings.is_empty());
    }

    #[test]
    fn no_damage_brings_the_reader_down(message in arbitrary::message(), at in 0.0..1.0, cut in 0_usize..40, put in "[<>&;/!\\[\\]\"'a-z0-9暴 ]{0,6}") {
        let text = write(&message);
        let mut at = (text.len() as f64 * at) as usize;
        while !text.is_char_boundary(at) { at -= 1 }
        let mut end = (at + cut).min(text.len());
        while !text.is_char_boundary(end) { end += 1 }
        let reading = read(format!("{}{put}{}", &text[..at], &text[end..]).as_bytes());
        prop_assert!(reading.message.is_some() || !reading.findings.is_empty());
    }
}

#[test]
fn all_findings_come_at_once_in_document_order_with_places() {
    let text = format!(
        "<alert xmlns=\"{NS}\">\n <identifier>a b</identifier>\n <sender>s</sender>\n <sent>now</sent>\n \
         <status>actual</status>\n <msgType>Update</msgType>\n <scope>Private</scope>\n <info>\n  <event> </event>\n  \
         <severity>Red</severity>\n  <urgency>Immediate</urgency>\n  <area>\n   <areaDesc>x</areaDesc>\n   \
         <polygon/>\n   <polygon>1,2</polygon>\n   <polygon>a</polygon>\n   <ceiling>5</ceiling>\n  </area>\n </info>\n</alert>"
    );
    let expected = [
        ("addresses-required", "/alert/addresses"),
        ("references-required", "/alert/references"),
        ("identifier-characters", "/alert/identifier"),
        ("time-form", "/alert/sent"),
        ("value-unknown", "/alert/status"),
        ("cap-element-missing", "/alert/info[1]/category"),
        ("cap-element-missing", "/alert/info[1]/certainty"),
        ("event-empty", "/alert/info[1]/event"),
        ("value-unknown", "/alert/info[1]/severity"),
        ("cap-element-order", "/alert/info[1]/urgency"),
        ("polygon-points", "/alert/info[1]/area[1]/polygon[2]"),
        ("polygon-form", "/alert/info[1]/area[1]/polygon[3]"),
        ("ceiling-without-altitude", "/alert/info[1]/area[1]/ceiling"),
    ];
    let found = codes(&text);
    let found: Vec<(&str, &str)> = found.iter().map(|(code, path)| (*code, path.as_str())).collect();
    assert_eq!(found, expected);
    let reading = read(text.as_bytes());
    let ceiling = reading.findings.last().expect("thirteen");
    assert_eq!((ceiling.at.line, ceiling.at.column), (Some(17), Some(4)));
    assert!(reading.message.is_none());
}

#[test]
fn what_could_not_be_read_breaks_no_rule_that_depends_on_it() {
    // Without a time of sending nothing is said about the expiry, without a kind nothing about references.
    let text = format!(
        "<alert xmlns=\"{NS}\"><identifier>a</identifier><sender>s</sender><sent>x</sent><status>Test</status>\
         <msgType>x</msgType><scope>x</scope><restriction>r</restriction><info><category>Met</category><event>e</event>\
         <urgency>Past</urgency><severity>Minor</severity><certainty>Likely</certainty>\
         <expires>1999-01-01T00:00:00+08:00</expires><area><areaDesc>d</areaDesc><circle>1,2 3</circle></area></info></alert>"
    );
    let found: Vec<&str> = codes(&text).into_iter().map(|(code, _)| code).collect();
    assert_eq!(found, ["time-form", "value-unknown", "value-unknown"]);
}

#[test]
fn columns_count_characters() {
    let text = format!("<alert xmlns=\"{NS}\"><identifier>松北区暴雨</identifier><sender>a b</sender></alert>");
    let reading = read(text.as_bytes());
    let sender = reading.findings.iter().find(|finding| finding.code == "sender-characters").expect("found");
    assert_eq!(sender.at.column, Some(16 + u32::try_from(NS.len()).expect("short") + 30 + 1));
}

#[test]
fn signatures_are_tolerated_last_only() {
    let body = "<identifier>a</identifier><sender>s</sender><sent>2026-07-15T14:40:00+08:00</sent><status>Test</status>\
                <msgType>Cancel</msgType><scope>Public</scope>";
    let references = "<references>s,b,2026-07-15T14:00:00+08:00</references>";
    let signature = "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><a b=\"c\">d</a></Signature>";
    let good = format!("<alert xmlns=\"{NS}\">{body}{references}{signature}{signature}</alert>");
    assert!(read(good.as_bytes()).message.is_some(), "{:?}", codes(&good));
    let early = format!("<alert xmlns=\"{NS}\">{body}{signature}{references}</alert>");
    assert_eq!(codes(&early), [("cap-element-order", "/alert/references".to_owned())]);
}

#[test]
fn markup_that_only_lenient_readers_take_is_refused() {
    let around = |inside: &str| format!("<alert xmlns=\"{NS}\"><identifier>{inside}</identifier></alert>");
    for (text, code) in [
        (around("a]]>b"), "xml-syntax"),
        (around("a&b"), "xml-syntax"),
        (around("a<!-- -- -->b"), "xml-syntax"),
        (around("a<?xml version=\"1.0\"?>b"), "xml-syntax"),
        (around("a<1>b</1>"), "xml-syntax"),
        (around("a<x y=z/>"), "xml-syntax"),
        (around("a<x y=\"<\"/>"), "xml-syntax"),
        (around("a<x y=\"&foo;\"/>"), "xml-entity"),
        (around("a&#0;b"), "xml-character"),
        (around("a&#xD800;b"), "xml-character"),
        (around("a\u{1}b"), "xml-character"),
        (around("a\u{FFFF}b"), "xml-character"),
        (format!("{}x", around("a")), "xml-after-end"),
        (format!("{}<![CDATA[ ]]>", around("a")), "xml-after-end"),
        (format!("x{}", around("a")), "xml-none"),
        (format!("<?xml version=\"1.0\"?>x{}", around("a")), "xml-syntax"),
        (format!(" <?xml version=\"1.0\"?>{}", around("a")), "xml-syntax"),
        (String::new(), "xml-none"),
        ("<!-- only a comment -->".to_owned(), "xml-none"),
        ("<alert".to_owned(), "xml-syntax"),
        ("</alert>".to_owned(), "xml-syntax"),
    ] {
        assert_eq!(only_code(text.as_bytes()), code, "{text:?}");
    }
}

#[test]
fn no_namespace_is_asked_before_wrong_ones() {
    for (root, code) in [
        ("<alert/>", "cap-no-namespace"),
        ("<alert xmlns=\"http://com.icss.amp\"/>", "cap-namespace-unknown"),
        ("<alert xmlns=\"http://www.incident.com/cap/1.0\"/>", "cap-version-unsupported"),
        ("<alert xmlns=\"urn:x\"/>", "cap-namespace-unknown"),
        ("<rss/>", "cap-wrapped"),
        ("<feed xmlns=\"http://www.w3.org/2005/Atom\"/>", "cap-wrapped"),
        ("<html/>", "cap-wrong-root"),
    ] {
        assert_eq!(only_code(root.as_bytes()), code, "{root}");
    }
}

#[test]
fn hostile_documents_are_refused_at_a_bound() {
    let many = |piece: &str, times: usize| piece.repeat(times);
    let lol: String = (1..10).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
    let attributes: String = (0..80_000).map(|n| format!(" a{n}=\"{n}\"")).collect();
    let namespaces: String = (0..80_000).map(|n| format!(" xmlns:a{n}=\"{n}\"")).collect();
    for (document, code) in [
        (format!("<!DOCTYPE lolz [<!ENTITY l0 \"lol\">{lol}]><alert>&l9;</alert>"), "xml-doctype"),
        ("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><alert>&x;</alert>".to_owned(), "xml-doctype"),
        ("<!DOCTYPE a SYSTEM \"http://127.0.0.1:9/a.dtd\"><alert/>".to_owned(), "xml-doctype"),
        ("<alert>&x;</alert>".to_owned(), "xml-entity"),
        (format!("<alert{attributes}/>"), "xml-too-many-attributes"),
        (format!("<alert{namespaces}/>"), "xml-too-many-attributes"),
        (many("<a>", 100_000), "xml-too-deep"),
        (format!("<alert xmlns=\"{NS}\">{}</alert>", many("<info/>", 100_000)), "xml-too-many-elements"),
        (many("<", 1 << 20), "xml-syntax"),
        (many("<a ", 1 << 18), "xml-syntax"),
        (many("&", 1 << 20), "xml-none"),
        (format!("<a>{}", many("&", 1 << 20)), "xml-syntax"),
        (format!("<a b=\"{}", many("x", 1 << 20)), "xml-syntax"),
        (format!("<a><![CDATA[{}", many("]", 1 << 20)), "xml-unfinished"),
        (format!("<a><!--{}", many("- ", 1 << 20)), "xml-unfinished"),
        (many(" ", MOST_BYTES + 1), "document-too-large"),
    ] {
        assert_eq!(only_code(document.as_bytes()), code, "{}", &document[..document.len().min(60)]);
    }
}

#[test]
fn ten_thousands_of_faults_cost_no_more_than_a_hundred() {
    let inside = ["<x/>", "<info/>", "<info><category>x</category></info>", "<status>x</status>"];
    for piece in inside {
        let text = format!("<alert xmlns=\"{NS}\">{}</alert>", piece.repeat(9_000));
        assert_eq!(read(text.as_bytes()).findings.len(), MOST, "{piece}");
    }
}

#[test]
fn encodings_are_read_or_named_never_guessed() {
    let text = |encoding: &str| {
        format!("<?xml version='1.0' encoding='{encoding}'?><alert xmlns='{NS}'><identifier>松北</identifier></alert>")
    };
    let utf16 = |text: &str, little: bool| -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    };
    let gbk = |encoding: &str| encoding_rs::GB18030.encode(&text(encoding)).0.into_owned();
    let read_well = |bytes: &[u8]| read(bytes).findings.iter().all(|finding| finding.code == "cap-element-missing");
    for bytes in [
        text("UTF-8").into_bytes(),
        text("utf8").into_bytes(),
        [b"\xEF\xBB\xBF", text("UTF-8").as_bytes()].concat(),
        utf16(&format!("\u{FEFF}{}", text("UTF-16")), true),
        utf16(&format!("\u{FEFF}{}", text("UTF-16")), false),
        utf16(&text("UTF-16"), true),
        utf16(&text("UTF-16BE"), false),
        gbk("GB18030"),
        gbk("GBK"),
        gbk("gb2312"),
    ] {
        assert!(read_well(&bytes), "{:#?}", read(&bytes).findings);
    }
    for (bytes, code) in [
        (gbk("UTF-8"), "encoding-bytes"),
        (text("UTF-7").into_bytes(), "encoding-unknown"),
        (text("UTF-16").into_bytes(), "encoding-conflict"),
        ([b"\xEF\xBB\xBF", text("GBK").as_bytes()].concat(), "encoding-conflict"),
        (utf16(&format!("\u{FEFF}{}", text("GBK")), true), "encoding-conflict"),
        ([utf16(&format!("\u{FEFF}{}", text("UTF-16")), true), vec![0x00, 0xD8]].concat(), "encoding-bytes"),
        ([text("GB18030").as_bytes(), b"\xFF"].concat(), "encoding-bytes"),
    ] {
        assert_eq!(only_code(&bytes), code);
    }
}
