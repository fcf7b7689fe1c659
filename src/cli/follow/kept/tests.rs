use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::{Kept, NotBelieved, PublicKey, Received, Refused, Screen, ScreenDocument, keys};
use crate::{
    domain::{level::Level, moment::Moment},
    flow::screens::Notice,
};

const NOW: i64 = 1_784_097_600;
/// How long a signature counts.
const VALID: i64 = 100;

struct Gateway(Ed25519KeyPair);

impl Gateway {
    fn new(seed: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }

    fn keys(&self) -> Vec<PublicKey> {
        vec![PublicKey { id: "screens-1".to_owned(), x: URL_SAFE_NO_PAD.encode(self.0.public_key()) }]
    }

    /// Signed as the gateway does (RFC 9421).
    fn says(&self, document: &ScreenDocument, created: i64) -> Received {
        let expires = created + VALID;
        let parameters = format!(
            "(\"etag\");created={created};expires={expires};keyid=\"screens-1\";alg=\"ed25519\";tag=\"fenghuo-screen\""
        );
        let base = format!("\"etag\": {}\n\"@signature-params\": {parameters}", document.etag);
        let signature = STANDARD.encode(self.0.sign(base.as_bytes()));
        Received {
            body: document.body.clone(),
            input: format!("fenghuo={parameters}"),
            signature: format!("fenghuo=:{signature}:"),
        }
    }
}

fn notice(id: &str, lasts: i64) -> Notice {
    Notice {
        warning: id.to_owned(),
        level: Level::Red,
        title: "暴雨红色预警".to_owned(),
        text: "请立即转移".to_owned(),
        language: "zh-CN".to_owned(),
        also: Vec::new(),
        issuer: "松北区气象局".to_owned(),
        shown_s: 6,
        released_at: Moment::china(NOW).to_string(),
        valid_until: Some(Moment::china(NOW + lasts).to_string()),
        drill: false,
        lift: false,
        correction: false,
    }
}

fn document(notices: Vec<Notice>) -> ScreenDocument {
    ScreenDocument::new("zh-CN", notices, Vec::new(), 0)
}

fn about() -> Screen {
    Screen::new("hall", "大厅", "230109005000".parse().unwrap())
}

fn kept(notices: Vec<Notice>) -> Kept {
    let gateway = Gateway::new(1);
    let received = gateway.says(&document(notices), NOW);
    Kept::believe(about(), received, &gateway.keys(), None, NOW).unwrap()
}

/// Warnings that are told so long after they came; whether they are as they were signed, and whether the line is cut.
fn told(kept: &Kept, later: i64) -> Option<(Vec<String>, bool, bool)> {
    let told = kept.told(NOW + later, false)?;
    let ids = told.document.notices.iter().map(|notice| notice.warning.clone()).collect();
    Some((ids, told.signed, told.cut_since.is_some()))
}

#[test]
fn warnings_are_told_until_they_expire_and_what_is_not_known_is_not_told() {
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let warned = kept(vec![notice("long", 3600), notice("short", 600)]);
    assert_eq!(told(&warned, 0), Some((ids(&["long", "short"]), true, false)));
    assert_eq!(told(&warned, VALID), Some((ids(&["long", "short"]), true, false)));
    assert_eq!(told(&warned, VALID + 1), Some((ids(&["long", "short"]), true, true)), "old, and said so");
    assert_eq!(told(&warned, 600), Some((ids(&["long"]), false, true)), "what has expired is left out");
    assert_eq!(told(&warned, 3600), None, "not calm: unknown");
    let calm = kept(Vec::new());
    assert_eq!(told(&calm, VALID), Some((Vec::new(), true, false)));
    assert_eq!(told(&calm, VALID + 1), None, "that all is calm is short-lived");
    assert_eq!(told(&kept(vec![notice("brief", 10)]), 10), None, "its end is no word of calm either");
}

#[test]
fn only_the_gateways_own_and_newest_word_is_taken() {
    let (gateway, other) = (Gateway::new(1), Gateway::new(2));
    let (red, calm) = (document(vec![notice("red", 3600)]), document(Vec::new()));
    let believe = |received, known: Option<&Kept>, now| {
        Kept::believe(about(), received, &gateway.keys(), known, now).map(|kept| kept.created)
    };
    assert_eq!(believe(gateway.says(&red, NOW), None, NOW), Ok(NOW));
    let forged = Received { body: calm.body.clone(), ..gateway.says(&red, NOW) };
    assert_eq!(believe(forged, None, NOW), Err(Refused::NotBelieved(NotBelieved::Wrong)));
    assert_eq!(believe(other.says(&red, NOW), None, NOW), Err(Refused::NotBelieved(NotBelieved::Wrong)));
    let page = Received { body: "<html>".into(), ..gateway.says(&red, NOW) };
    assert_eq!(believe(page, None, NOW), Err(Refused::NoDocument));
    let late = believe(gateway.says(&calm, NOW), None, NOW + VALID + 61);
    assert_eq!(late, Err(Refused::NotBelieved(NotBelieved::Expired)));
    let known = kept(vec![notice("red", 3600)]);
    assert_eq!(believe(gateway.says(&calm, NOW - 5), Some(&known), NOW), Err(Refused::Older), "played back");
}

#[test]
fn what_is_on_disk_comes_back_only_with_its_signature() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::new(1);
    let known = kept(vec![notice("red", 3600)]);
    known.store(data.path(), "hall").unwrap();
    let back = Kept::load(data.path(), "hall", &gateway.keys()).expect("kept");
    assert_eq!((back.document.etag.as_str(), back.created), (known.document.etag.as_str(), NOW));
    assert!(Kept::load(data.path(), "hall", &Gateway::new(2).keys()).is_none(), "another gateway's");
    let file = data.path().join("screen-hall.json");
    let changed = std::fs::read_to_string(&file).unwrap().replace("请立即转移", "请留在原地");
    std::fs::write(&file, changed).unwrap();
    assert!(Kept::load(data.path(), "hall", &gateway.keys()).is_none(), "changed on the disk");
    assert!(Kept::load(data.path(), "none", &gateway.keys()).is_none());
}

#[test]
fn keys_are_read_from_a_key_set() {
    let set = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"screens-1","x":"abc"},{"kty":"RSA","kid":"r"}]}"#;
    assert_eq!(keys(set).map(|keys| keys.len()), Some(1));
    for none in [&b"{}"[..], b"{\"keys\":[]}", b"no"] {
        assert_eq!(keys(none), None);
    }
}

#[test]
fn what_the_gateway_refuses_to_tell_any_more_is_old_at_once() {
    let warned = kept(vec![notice("long", 3600)]);
    let told = warned.told(NOW, true).expect("it still stands");
    assert_eq!((told.document.notices.len(), told.cut_since), (1, Some(warned.created)));
    assert!(kept(Vec::new()).told(NOW, true).is_none(), "that all is calm counts no longer");
}
