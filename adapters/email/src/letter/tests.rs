use bytes::Bytes;
use fenghuo_contract::{Attachment, Content, Picture, Token, Urgency};
use mail_parser::{Message, MessageParser, MimeHeaders};

use super::*;
use crate::Settings;

fn sender() -> Sender {
    let mut settings = Settings::of("localhost", "warning@songbei.example");
    settings.from_name = Some("松北应急预警".to_owned());
    settings.setup().unwrap().sender
}

fn written(content: &Content) -> Vec<u8> {
    let mut wire = Vec::new();
    let to = "zhang@example.org".parse().unwrap();
    let copy = Copy { token: Token::new(7, 3), to: Some(&to), confirm: None };
    Letter::new(content, &sender(), 0).unwrap().write(&copy, &mut wire);
    wire
}

/// What a reader gets: the end mark taken off, dots undoubled.
fn received(content: &Content) -> String {
    let wire = String::from_utf8(written(content)).unwrap();
    let message = wire.strip_suffix(".\r\n").expect("an end mark");
    assert!(message.is_ascii(), "{message}");
    for line in message.split("\r\n") {
        assert!(line.len() <= 998 && !line.contains(['\r', '\n']), "{line}");
        assert!(line != ".", "an end mark inside");
    }
    message.split_inclusive("\r\n").map(|line| line.strip_prefix('.').unwrap_or(line)).collect()
}

fn content() -> Content {
    Content {
        title: "暴雨红色预警".to_owned(),
        text: "请勿外出。\n.\n..点\n".to_owned(),
        released_at: 1_780_000_000,
        ..Content::default()
    }
}

fn header<'a>(message: &'a Message<'_>, name: &'static str) -> Option<&'a str> {
    message.header_raw(name).map(str::trim)
}

#[test]
fn headers_say_what_it_is() {
    let content =
        Content { urgency: Urgency::Highest, thread: "e7/甲".to_owned(), language: "zh-CN".to_owned(), ..content() };
    let text = received(&content);
    let message = MessageParser::default().parse(&text).unwrap();
    assert_eq!(message.subject(), Some("暴雨红色预警"));
    assert_eq!(message.message_id(), Some("0000000000000007-00000003@songbei.example"));
    assert_eq!(message.date().unwrap().to_timestamp(), 1_780_000_000);
    let from = message.from().unwrap().first().unwrap();
    assert_eq!((from.name(), from.address()), (Some("松北应急预警"), Some("warning@songbei.example")));
    for (name, value) in [
        ("To", "zhang@example.org"),
        ("Auto-Submitted", "auto-generated"),
        ("Importance", "high"),
        ("X-Priority", "1 (Highest)"),
        ("Content-Language", "zh-CN"),
        ("In-Reply-To", "<thread.e7_2f_7532@songbei.example>"),
        ("References", "<thread.e7_2f_7532@songbei.example>"),
        ("MIME-Version", "1.0"),
    ] {
        assert_eq!(header(&message, name), Some(value), "{name}");
    }
}

#[test]
fn only_loud_warnings_are_marked_important() {
    for (urgency, expected) in
        [(Urgency::Highest, true), (Urgency::High, true), (Urgency::Medium, false), (Urgency::Unknown, false)]
    {
        let text = received(&Content { urgency, ..content() });
        let message = MessageParser::default().parse(&text).unwrap();
        assert_eq!(header(&message, "Importance").is_some(), expected, "{urgency:?}");
        assert_eq!(header(&message, "In-Reply-To"), None);
    }
}

#[test]
fn texts_and_files_arrive_as_they_were() {
    let file = "<?xml version=\"1.0\"?>\n<alert>\r\n.暴雨\n.\n</alert>".repeat(50);
    let content = Content {
        html: "<p>请勿外出。</p>\n.\n".to_owned(),
        attachments: vec![Attachment {
            name: "预警 alert.xml".to_owned(),
            media_type: "application/cap+xml; charset=utf-8".to_owned(),
            body: Bytes::from(file.clone()),
        }],
        ..content()
    };
    let text = received(&content);
    let message = MessageParser::default().parse(&text).unwrap();
    let unix = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    assert_eq!(unix(&message.body_text(0).unwrap()), unix(&content.text));
    assert_eq!(unix(&message.body_html(0).unwrap()), unix(&content.html));
    let attachment = message.attachment(0).unwrap();
    assert_eq!(attachment.contents(), file.as_bytes());
    assert_eq!(attachment.attachment_name(), Some("预警 alert.xml"));
    let kind = attachment.content_type().unwrap();
    assert_eq!((kind.ctype(), kind.subtype()), ("application", Some("cap+xml")));
}

/// Any bytes will do: nobody here looks at the picture.
fn pictured() -> Content {
    Content {
        html: "<p>请勿外出。</p><img src=\"cid:map@fenghuo\" alt=\"地图\">".to_owned(),
        pictures: vec![Picture {
            id: "map@fenghuo".to_owned(),
            media_type: "image/png".to_owned(),
            alt: "地图".to_owned(),
            body: Bytes::from((0..=255_u8).cycle().take(5_000).collect::<Vec<_>>()),
        }],
        attachments: vec![Attachment {
            name: "warning.cap.xml".to_owned(),
            media_type: "application/cap+xml; charset=utf-8".to_owned(),
            body: Bytes::from_static(b"<alert/>"),
        }],
        ..content()
    }
}

#[test]
fn a_picture_stands_in_the_html_and_is_no_attachment_to_look_for() {
    let content = pictured();
    let text = received(&content);
    let message = MessageParser::default().parse(&text).unwrap();
    let types: Vec<String> = message
        .parts
        .iter()
        .filter_map(|part| part.content_type())
        .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()))
        .collect();
    let expected = [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/cap+xml",
    ];
    assert_eq!(types, expected);
    let picture = message.parts.iter().find(|part| part.content_id() == Some("map@fenghuo")).expect("the picture");
    assert_eq!(picture.contents(), &content.pictures[0].body[..]);
    assert!(picture.content_disposition().is_some_and(|how| how.ctype() == "inline"));
    assert_eq!(message.attachments().filter(|part| part.attachment_name().is_some()).count(), 1);
    // Without HTML there is nowhere to show it.
    let plain = received(&Content { html: String::new(), ..content });
    assert!(!plain.contains("image/png"));
}

#[test]
fn a_link_of_the_reader_s_own_stands_in_front_of_the_picture() {
    let content = pictured();
    let sender = sender();
    let link = "https://warn.example/c/1AAAAAAAAAAAAAAAAAAAAAAAA";
    let letter = Letter::new(&content, &sender, link.len()).unwrap();
    let mut wire = Vec::new();
    let to = "zhang@example.org".parse().unwrap();
    letter.write(&Copy { token: Token::new(7, 3), to: Some(&to), confirm: Some(link) }, &mut wire);
    let text = String::from_utf8(wire).unwrap();
    let message = MessageParser::default().parse(&text).unwrap();
    assert!(message.body_text(0).unwrap().contains(link) && message.body_html(0).unwrap().contains(link));
    let picture = message.parts.iter().find(|part| part.content_id() == Some("map@fenghuo")).expect("the picture");
    assert_eq!(picture.contents(), &content.pictures[0].body[..]);
}

#[test]
fn hostile_texts_break_nothing() {
    let boundary = "--=_fenghuo_alternative_0--\n--=_fenghuo_mixed_0\n";
    for (title, text, html, media_type) in [
        ("a\r\nBcc: x@example.org\r\n\r\nbody", "plain", "", "text/plain"),
        ("long", &*"x".repeat(100_000), "", "text/plain"),
        ("dots", ".\r\n.\r\nQUIT\r\n", "", "text/plain"),
        ("boundary", boundary, "<p>x</p>", "not a type\r\nX: y"),
        ("", "", "", ""),
        ("\u{0}\u{7f}控制", "\u{0}\u{1}", "\u{0}", "application/x"),
    ] {
        let content = Content {
            title: title.to_owned(),
            text: text.to_owned(),
            html: html.to_owned(),
            attachments: vec![Attachment {
                name: "a\r\nX: y\".xml".to_owned(),
                media_type: media_type.to_owned(),
                body: Bytes::from_static(b"body"),
            }],
            released_at: i64::MAX,
            ..Content::default()
        };
        let raw = received(&content);
        let message = MessageParser::default().parse(&raw).unwrap();
        assert_eq!((header(&message, "Bcc"), header(&message, "X")), (None, None), "{title}");
        assert_eq!(message.attachment_count(), 1, "{title}: {raw}");
        assert_eq!(message.attachment(0).unwrap().contents(), b"body", "{title}");
    }
}

#[test]
fn a_repeat_is_the_same_message() {
    let content = Content { html: "<p>x</p>".to_owned(), ..content() };
    assert_eq!(written(&content), written(&content));
}

#[test]
fn dots_are_doubled_and_the_end_is_marked() {
    for (message, wire) in [
        (&b""[..], &b"\r\n.\r\n"[..]),
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b".\r\n..\r\na.\r\n", b"..\r\n...\r\na.\r\n.\r\n"),
    ] {
        assert_eq!(stuffed(message), wire, "{}", message.escape_ascii());
    }
}

/// The text and HTML a reader gets, and the whole message.
fn with_link(content: &Content, longest: usize, link: &str) -> (String, String, Vec<u8>) {
    let sender = sender();
    let letter = Letter::new(content, &sender, longest).unwrap();
    let to = "zhang@example.org".parse().unwrap();
    let mut wire = Vec::new();
    letter.write(&Copy { token: Token::new(7, 3), to: Some(&to), confirm: Some(link) }, &mut wire);
    let message = MessageParser::default().parse(&wire).unwrap();
    let text = message.body_text(0).unwrap().into_owned();
    let html = message.body_html(0).unwrap().into_owned();
    (text, html, wire)
}

#[test]
fn a_link_stands_below_the_signed_words_which_stay_as_they_are() {
    let zeros = "0".repeat(200);
    let html = "<html><body><p>请勿外出。</p></body></html>".to_owned();
    let attachment =
        Attachment { name: "a.txt".to_owned(), media_type: "text/plain".to_owned(), body: zeros.clone().into() };
    for text in ["请勿外出。\n.\n..点\n".to_owned(), format!("stay inside {zeros}"), "x".repeat(57), String::new()]
    {
        for language in ["zh-CN", "en"] {
            for length in [20, 56, 57, 113, 150] {
                let link = format!("https://w.example/c/{}", "a".repeat(length - 20));
                let attachments = vec![attachment.clone()];
                let content = Content { html: html.clone(), language: language.to_owned(), attachments, ..content() };
                let content = Content { text: text.clone(), ..content };
                let (plain, shown, wire) = with_link(&content, length, &link);
                let signed = text.replace('\n', "\r\n");
                assert!(plain.starts_with(&signed), "{plain}");
                assert_eq!(plain[signed.len()..].split_whitespace().next_back(), Some(&*link));
                assert!(
                    shown.starts_with("<html><body><p>请勿外出。</p>") && shown.ends_with("</p>\r\n</body></html>")
                );
                let href = shown.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
                assert_eq!(href.trim_end_matches(' '), link);
                let wire = String::from_utf8(wire).unwrap();
                assert!(wire.split("\r\n").all(|line| line.len() <= 998), "{wire}");
                let message = MessageParser::default().parse(&wire).unwrap();
                assert_eq!(message.attachment(0).unwrap().contents(), zeros.as_bytes());
            }
        }
    }
}

#[test]
fn each_recipient_has_a_link_of_its_own() {
    let sender = sender();
    let letter = Letter::new(&content(), &sender, 30).unwrap();
    let read = |link: Option<&str>| {
        let mut wire = Vec::new();
        letter.write(&Copy { token: Token::new(7, 3), to: None, confirm: link }, &mut wire);
        let message = MessageParser::default().parse(wire.strip_suffix(b".\r\n").expect("an end mark")).unwrap();
        message.body_text(0).unwrap().split_whitespace().next_back().map(str::to_owned)
    };
    assert_eq!(read(Some("https://w.example/c/one")).as_deref(), Some("https://w.example/c/one"));
    assert_eq!(read(Some("https://w.example/c/two")).as_deref(), Some("https://w.example/c/two"));
    let too_long = "https://w.example/c/".to_owned() + &"x".repeat(60);
    assert_ne!(read(Some(&too_long)).as_deref(), Some(&*too_long));
}

#[test]
fn below_orange_one_click_unsubscribes_the_recipient() {
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), "sixteen bytes it is").unwrap();
    let unsubscribe =
        crate::UnsubscribeSettings { url: "https://w.example/u/".to_owned(), key_file: key.path().to_owned() };
    let settings = Settings { unsubscribe: Some(unsubscribe), ..Settings::of("localhost", "warning@songbei.example") };
    let sender = settings.setup().unwrap().sender;
    let to = "zhang@example.org".parse().unwrap();
    for (urgency, alone, expected) in [
        (Urgency::Highest, true, false),
        (Urgency::High, true, false),
        (Urgency::Medium, true, true),
        (Urgency::Unknown, true, true),
        (Urgency::Medium, false, false),
    ] {
        let content = Content { urgency, ..content() };
        let letter = Letter::new(&content, &sender, 0).unwrap();
        let token = Token { round: 2, ..Token::new(7, 3) };
        let mut wire = Vec::new();
        letter.write(&Copy { token, to: alone.then_some(&to), confirm: None }, &mut wire);
        let message = MessageParser::default().parse(&wire).unwrap();
        let link = header(&message, "List-Unsubscribe").map(|link| link.trim_matches(['<', '>']));
        let sealed = link.and_then(|link| link.strip_prefix("https://w.example/u/"));
        let opened = sealed.and_then(|text| crate::Seal::for_unsubscribing(b"sixteen bytes it is").open(text));
        assert_eq!(opened, expected.then_some(token), "{urgency:?} {alone}");
        let post = header(&message, "List-Unsubscribe-Post");
        assert_eq!(post, expected.then_some("List-Unsubscribe=One-Click"), "{urgency:?} {alone}");
    }
}
