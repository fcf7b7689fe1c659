//! What is sent: built once for a content, and completed for an item that has a page of its own.

use bytes::Bytes;
use fenghuo_contract::{Cause, Content, Item, Urgency};
use serde_json::{Map, Value, json};

use crate::form::{OWN_ROOM, thread, whole_or_short};

/// Bytes of a payload at most (Apple, "Generating a remote notification").
pub(crate) const PAYLOAD_MAX: usize = 4096;

/// How notifications ring.
#[derive(Clone, Debug)]
pub(crate) struct Style {
    pub(crate) critical: bool,
    pub(crate) sound: String,
}

/// A payload.
pub(crate) struct Payload {
    /// Complete.
    plain: Bytes,
    /// Without its last brace.
    open: String,
}

impl Payload {
    /// With the text that is in it.
    pub(crate) fn of<'a>(style: &Style, content: &'a Content) -> Result<(Self, &'a str), Cause> {
        let build = |text: &str| {
            let mut json = document(style, content, text).to_string();
            json.pop();
            json
        };
        let (json, text) = whole_or_short(content, PAYLOAD_MAX - OWN_ROOM, build)?;
        Ok((Self { plain: format!("{json}}}").into(), open: json }, text))
    }

    /// For one item: with the page where its recipient confirms, if there is one that fits.
    pub(crate) fn for_item(&self, item: &Item) -> Bytes {
        let Some(confirm) = &item.confirm else { return self.plain() };
        let whole = format!("{},\"confirm\":{}}}", self.open, Value::from(&**confirm));
        if whole.len() <= PAYLOAD_MAX { whole.into() } else { self.plain() }
    }

    pub(crate) fn plain(&self) -> Bytes {
        self.plain.clone()
    }
}

fn document(style: &Style, content: &Content, text: &str) -> Value {
    let mut alert = Map::new();
    if !content.title.is_empty() {
        alert.insert("title".to_owned(), content.title.as_str().into());
    }
    alert.insert("body".to_owned(), text.into());
    let critical = style.critical && content.urgency == Urgency::Highest;
    let mut aps =
        json!({ "alert": alert, "mutable-content": 1, "interruption-level": level(content.urgency, critical) });
    aps["sound"] =
        if critical { json!({ "critical": 1, "name": style.sound, "volume": 1.0 }) } else { json!(style.sound) };
    aps["thread-id"] = thread(content).into();
    let mut document = json!({ "aps": aps, "expires": content.expires_at });
    if !content.page.is_empty() {
        document["url"] = content.page.as_str().into();
    }
    document
}

fn level(urgency: Urgency, critical: bool) -> &'static str {
    match urgency {
        Urgency::Highest if critical => "critical",
        Urgency::Highest | Urgency::High => "time-sensitive",
        Urgency::Medium | Urgency::Low | Urgency::Unknown => "active",
    }
}

#[cfg(test)]
mod tests {
    use fenghuo_contract::{Address, Token};
    use proptest::prelude::*;

    use super::*;

    fn style(critical: bool) -> Style {
        Style { critical, sound: "default".to_owned() }
    }

    fn item(confirm: Option<String>) -> Item {
        let confirm = confirm.map(String::into_boxed_str);
        Item { token: Token::new(1, 1), address: Address::new("a"), attempt: 1, confirm }
    }

    fn read(payload: &Payload, confirm: Option<&str>) -> Value {
        serde_json::from_slice(&payload.for_item(&item(confirm.map(str::to_owned)))).unwrap()
    }

    #[test]
    fn rings_by_level_and_is_critical_only_where_that_is_entitled() {
        for (urgency, entitled, level) in [
            (Urgency::Highest, true, "critical"),
            (Urgency::Highest, false, "time-sensitive"),
            (Urgency::High, true, "time-sensitive"),
            (Urgency::Medium, true, "active"),
            (Urgency::Low, true, "active"),
            (Urgency::Unknown, true, "active"),
        ] {
            let content = Content { urgency, text: "雨".to_owned(), thread: "event".to_owned(), ..Content::default() };
            let read = read(&Payload::of(&style(entitled), &content).unwrap().0, None);
            assert_eq!(read["aps"]["interruption-level"], level, "{urgency:?}");
            assert_eq!(read["aps"]["sound"].is_object(), level == "critical");
            assert!(read["aps"]["thread-id"].is_string() && read["aps"]["alert"].get("title").is_none());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The whole text, or the whole short form, or a refusal; never more bytes than Apple takes, whatever stands in it.
        #[test]
        fn nothing_is_cut_and_nothing_is_too_large(
            text in ("[\"\\\\\n\u{1}警a]{1,6}|\\PC{1,6}", 0_usize..900).prop_map(|(piece, times)| piece.repeat(times)),
            short in ("\\PC{1,4}", 0_usize..400).prop_map(|(piece, times)| piece.repeat(times)),
            title in "\\PC{0,40}",
            confirm in proptest::option::of("https://[a-z/?=&\"]{0,400}"),
        ) {
            let content = Content { text, short, title, ..Content::default() };
            let of = |text: &str| document(&style(false), &content, text).to_string().len();
            let most = PAYLOAD_MAX - OWN_ROOM + 1;
            match Payload::of(&style(false), &content) {
                Ok((payload, text)) => {
                    let body = payload.for_item(&item(confirm.clone()));
                    prop_assert!(body.len() <= PAYLOAD_MAX);
                    let read: Value = serde_json::from_slice(&body).unwrap();
                    prop_assert_eq!(&read["aps"]["alert"]["body"], text);
                    let whole = of(&content.text) <= most;
                    prop_assert_eq!(text, if whole { &content.text } else { &content.short });
                    if let Some(confirm) = confirm.filter(|confirm| Value::from(&**confirm).to_string().len() < 200) {
                        prop_assert_eq!(read["confirm"].as_str(), Some(&*confirm));
                    }
                }
                Err(_) => {
                    prop_assert!(of(&content.text) > most);
                    prop_assert!(content.short.is_empty() || of(&content.short) > most);
                }
            }
        }
    }
}
