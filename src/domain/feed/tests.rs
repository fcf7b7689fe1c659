use super::*;
use crate::domain::{cap, finding::Weight};

fn documents(text: &str) -> Vec<Document> {
    read(text.as_bytes()).unwrap().entries.into_iter().map(|entry| entry.document).collect()
}

fn behind(address: &str) -> Document {
    Document::Behind(address.to_owned())
}

/// A CAP document without declarations of its own.
const BODY: &str = "<identifier>A1</identifier><sender>test@example.org</sender>\
    <sent>2026-11-24T08:00:00+08:00</sent><status>Actual</status><msgType>Cancel</msgType><scope>Public</scope>\
    <references>test@example.org,A0,2026-11-24T07:00:00+08:00</references>";

#[test]
fn atom_points_by_typed_link_then_plain_link_then_id() {
    let feed = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>
        <entry><id>urn:1</id><updated>2026-11-24T00:00:00Z</updated>
          <link rel="alternate" type="text/html" href="https://a.example/1.html"/>
          <link rel="alternate" type="application/xml" href="https://a.example/1.x"/>
          <link rel="related" type="application/cap+xml" href="https://a.example/1.cap?a=1&amp;b=2"/></entry>
        <entry><id>https://a.example/2.cap</id><link rel="self" href="https://a.example/2.atom"/></entry>
        <entry><id>https://a.example/3</id><link href=" ../3.cap "/></entry>
        <entry><id>urn:4</id><link rel="alternate" type="text/html" href="https://a.example/4.html"/></entry>
      </feed>"#;
    assert_eq!(
        documents(feed),
        [
            behind("https://a.example/1.cap?a=1&b=2"),
            behind("https://a.example/2.cap"),
            behind("../3.cap"),
            Document::None
        ]
    );
    assert_eq!(read(feed.as_bytes()).unwrap().entries[0].changed, "2026-11-24T00:00:00Z");
}

#[test]
fn rss_points_by_enclosure_or_link() {
    let feed = r#"<rss version="2.0"><channel><title>t</title>
        <item><guid>23010041600000_1</guid><link>https://a.example/1.xml</link><pubDate>now</pubDate></item>
        <item><link>https://a.example/2.html</link>
          <enclosure url="https://a.example/2.xml" type="application/cap+xml" length="1"/></item>
        <item><guid>https://a.example/3.xml</guid></item>
      </channel></rss>"#;
    let expected = ["https://a.example/1.xml", "https://a.example/2.xml", "https://a.example/3.xml"];
    assert_eq!(documents(feed), expected.map(behind));
}

#[test]
fn a_document_inside_is_whole_on_its_own() {
    let namespace = "urn:oasis:names:tc:emergency:cap:1.2";
    let atom = |declared: &str, alert: &str| {
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"{declared}><entry><id>x</id><content type=\"text/xml\">{alert}</content></entry></feed>"
        )
    };
    let prefixed = BODY.replace('<', "<c:").replace("<c:/", "</c:");
    let escaped = format!("<alert xmlns=\"{namespace}\">{BODY}</alert>").replace('<', "&lt;").replace('>', "&gt;");
    for feed in [
        atom("", &format!("<alert xmlns=\"{namespace}\">{BODY}</alert>")),
        atom(&format!(" xmlns:c=\"{namespace}\""), &format!("<c:alert>{prefixed}</c:alert>")),
        atom("", &format!("<div xmlns=\"{namespace}\"><alert>{BODY}</alert></div>")),
        atom("", &escaped),
    ] {
        let [Document::Inside(document)] = &documents(&feed)[..] else { panic!("{feed}") };
        let reading = cap::read(document.as_bytes());
        assert!(reading.findings.iter().all(|finding| finding.weight != Weight::Refuse), "{document}: {reading:?}");
        assert_eq!(reading.message.unwrap().identifier, "A1");
    }
}

#[test]
fn long_feeds_are_read_from_their_beginning() {
    let entries: String =
        (0..MOST_ENTRIES + 7).map(|n| format!("<entry><id>https://a.example/{n}</id></entry>")).collect();
    let feed = read(format!("<feed xmlns=\"http://www.w3.org/2005/Atom\">{entries}</feed>").as_bytes()).unwrap();
    assert_eq!((feed.entries.len(), feed.left_out), (MOST_ENTRIES, 7));
    assert_eq!(feed.entries[0].document, behind("https://a.example/0"));
}

#[test]
fn what_is_no_feed_is_refused_with_its_reason() {
    let deep = "<feed>".repeat(100);
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><feed>&c;</feed>";
    for (text, expected) in [
        ("", code::XML_NONE),
        ("not a feed", code::XML_NONE),
        ("<html><body/></html>", code::CAP_WRONG_ROOT),
        ("<feed><entry></feed>", code::XML_SYNTAX),
        (&deep, code::XML_TOO_DEEP),
        (bomb, code::XML_DOCTYPE),
    ] {
        let found = read(text.as_bytes()).unwrap_err();
        if expected != code::XML_SYNTAX {
            assert_eq!(found.code, expected, "{text}");
        }
    }
    assert_eq!(read(&vec![b' '; MOST_BYTES + 1]).unwrap_err().code, code::DOCUMENT_TOO_LARGE);
}
