//! What is sent: built once for a content, and completed with the address of an item.

use bytes::Bytes;
use fenghuo_contract::{Cause, Content, Urgency};
use serde_json::{Value, json};

use crate::form::{self, OWN_ROOM, whole_or_short};

/// The longest time a message is kept for a device that is away, seconds: four weeks.
const TTL_MAX: i64 = 28 * 24 * 3600;

/// A message nobody gets, because it is only validated and nobody subscribes to the topic.
pub(crate) const PROBE: &[u8] =
    br#"{"validateOnly":true,"message":{"topic":"fenghuo-link-test","notification":{"title":"test","body":"test"}}}"#;

/// How notifications look.
#[derive(Clone, Debug)]
pub(crate) struct Style {
    /// The app's channel on Android.
    pub(crate) android_channel: Option<String>,
    /// Bytes of a message at most, without its address.
    pub(crate) payload_max: usize,
}

/// A message up to where the data of one item and the address go.
pub(crate) struct Message(String);

/// The text that goes out.
pub(crate) fn fitting<'a>(style: &Style, content: &'a Content) -> Result<&'a str, Cause> {
    let most = style.payload_max.saturating_sub(OWN_ROOM);
    whole_or_short(content, most, |text| open(style, content, text, TTL_MAX)).map(|(_, text)| text)
}

impl Message {
    /// As of `now`, from which its lifetime is counted.
    pub(crate) fn of(style: &Style, content: &Content, now: i64) -> Result<Self, Cause> {
        let text = fitting(style, content)?;
        let ttl = content.expires_at.saturating_sub(now).clamp(0, TTL_MAX);
        Ok(Self(open(style, content, text, ttl)))
    }

    /// To one address, with the page where its recipient confirms, if there is one that fits. `None` when the address is
    /// empty.
    pub(crate) fn to(&self, address: &str, confirm: Option<&str>) -> Option<Bytes> {
        let (kind, name) = target(address);
        if name.is_empty() {
            return None;
        }
        let confirm = confirm.map(|confirm| format!(",\"confirm\":{}", Value::from(confirm)));
        let confirm = confirm.filter(|confirm| confirm.len() <= OWN_ROOM).unwrap_or_default();
        Some(format!("{}{confirm}}},\"{kind}\":{}}}}}", self.0, Value::from(name)).into())
    }
}

/// The field of a message an address belongs in, and what goes there.
fn target(address: &str) -> (&str, &str) {
    match address.split_once(':') {
        Some((kind @ ("token" | "fid" | "topic" | "condition"), name)) => (kind, name),
        _ => ("token", address),
    }
}

/// The message, its data last and still open.
fn open(style: &Style, content: &Content, text: &str, ttl: i64) -> String {
    let mut notification = json!({ "body": text });
    if !content.title.is_empty() {
        notification["title"] = content.title.as_str().into();
    }
    let (android, apns) = (android(style, content, ttl), apns(content));
    let mut data = json!({ "expires": content.expires_at.to_string(), "thread": form::thread(content) });
    if let Some(level) = form::colour(content.urgency) {
        data["level"] = level.into();
    }
    if !content.page.is_empty() {
        data["url"] = content.page.as_str().into();
    }
    let mut data = data.to_string();
    data.pop();
    format!("{{\"message\":{{\"notification\":{notification},\"android\":{android},\"apns\":{apns},\"data\":{data}")
}

fn android(style: &Style, content: &Content, ttl: i64) -> Value {
    let wakes = form::wakes(content.urgency);
    let loud = if content.urgency >= Urgency::High { "PRIORITY_MAX" } else { "PRIORITY_HIGH" };
    let loud = if wakes { loud } else { "PRIORITY_DEFAULT" };
    let mut notification = json!({ "notificationPriority": loud, "visibility": "PUBLIC", "defaultSound": true });
    if let Some(channel) = &style.android_channel {
        notification["channelId"] = channel.as_str().into();
    }
    let thread = form::thread(content);
    notification["tag"] = thread.as_str().into();
    let priority = if wakes { "HIGH" } else { "NORMAL" };
    json!({ "priority": priority, "ttl": format!("{ttl}s"), "collapseKey": thread, "notification": notification })
}

/// For tokens of Apple's devices that go through FCM.
fn apns(content: &Content) -> Value {
    let level = if content.urgency >= Urgency::High { "time-sensitive" } else { "active" };
    let thread = form::thread(content);
    let headers = json!({
        "apns-priority": if form::wakes(content.urgency) { "10" } else { "5" },
        "apns-expiration": content.expires_at.max(0).to_string(),
        "apns-collapse-id": thread,
    });
    let aps = json!({ "interruption-level": level, "sound": "default", "thread-id": thread });
    json!({ "headers": headers, "payload": { "aps": aps } })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STYLE: Style = Style { android_channel: None, payload_max: 4000 };

    #[test]
    fn addresses_say_what_they_are() {
        for (address, expected) in [
            ("abc:APA91", ("token", "abc:APA91")),
            ("token:abc:APA91", ("token", "abc:APA91")),
            ("fid:c7", ("fid", "c7")),
            ("topic:songbei", ("topic", "songbei")),
            ("condition:'a' in topics && 'b' in topics", ("condition", "'a' in topics && 'b' in topics")),
        ] {
            assert_eq!(target(address), expected);
        }
    }

    #[test]
    fn lives_until_it_expires_and_four_weeks_at_most() {
        let ttl = |expires_at, now| {
            let content = Content { expires_at, ..Content::default() };
            let body = Message::of(&STYLE, &content, now).unwrap().to("a", None).unwrap();
            let read: Value = serde_json::from_slice(&body).unwrap();
            read["message"]["android"]["ttl"].as_str().unwrap().to_owned()
        };
        assert_eq!([ttl(100, 40), ttl(100, 100), ttl(100, 200), ttl(i64::MAX, -5)], ["60s", "0s", "0s", "2419200s"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn nothing_is_cut_and_nothing_is_too_large(
            text in ("[\"\\\\\n\u{1}警a]{1,6}|\\PC{1,6}", 0_usize..900).prop_map(|(piece, times)| piece.repeat(times)),
            short in ("\\PC{1,4}", 0_usize..400).prop_map(|(piece, times)| piece.repeat(times)),
            address in "\\PC{1,200}",
            confirm in proptest::option::of("https://[a-z/?=&\"]{0,400}"),
            expires_at in any::<i64>(),
        ) {
            let content = Content { text, short, expires_at, thread: "t".to_owned(), ..Content::default() };
            let of = |text: &str| open(&STYLE, &content, text, TTL_MAX).len();
            let most = STYLE.payload_max - OWN_ROOM;
            match (fitting(&STYLE, &content), Message::of(&STYLE, &content, 0)) {
                (Ok(text), Ok(message)) => {
                    prop_assert_eq!(text, if of(&content.text) <= most { &content.text } else { &content.short });
                    let body = message.to(&address, confirm.as_deref()).unwrap();
                    let read: Value = serde_json::from_slice(&body).unwrap();
                    prop_assert_eq!(&read["message"]["notification"]["body"], text);
                    let (kind, name) = target(&address);
                    prop_assert_eq!(&read["message"][kind], name);
                    prop_assert!(message.0.len() <= most);
                }
                (Err(_), Err(_)) => {
                    prop_assert!(of(&content.text) > most);
                    prop_assert!(content.short.is_empty() || of(&content.short) > most);
                }
                _ => prop_assert!(false, "fit and submit disagree"),
            }
        }
    }
}
