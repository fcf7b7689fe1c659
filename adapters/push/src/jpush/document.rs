//! What is pushed: built once for a content, and completed with the audience of a call.

use bytes::Bytes;
use fenghuo_contract::{Cause, Content, Urgency};
use serde_json::{Value, json};

use crate::form::{self, OWN_ROOM, whole_or_short};

/// The longest time a push is kept for a device that is away, seconds: ten days.
const TTL_MAX: i64 = 10 * 24 * 3600;

/// What an address names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One device.
    RegistrationId,
    /// One user of the app.
    Alias,
    /// Everybody with this tag.
    Tag,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Self; 3] = [Self::RegistrationId, Self::Alias, Self::Tag];

    /// What an address names.
    pub(crate) fn of(address: &str) -> Self {
        match address.split_once(':') {
            Some(("alias", _)) => Self::Alias,
            Some(("tag", _)) => Self::Tag,
            _ => Self::RegistrationId,
        }
    }

    /// The address without its kind.
    pub(crate) fn name(self, address: &str) -> &str {
        match self {
            Self::RegistrationId => address.strip_prefix("registration_id:").unwrap_or(address),
            Self::Alias | Self::Tag => address.split_once(':').map_or(address, |(_, name)| name),
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::RegistrationId => "registration_id",
            Self::Alias => "alias",
            Self::Tag => "tag",
        }
    }

    /// How many a call may name.
    pub(crate) const fn most(self) -> usize {
        match self {
            Self::RegistrationId | Self::Alias => 1000,
            Self::Tag => 20,
        }
    }
}

/// How notifications look.
#[derive(Clone, Debug)]
pub(crate) struct Style {
    pub(crate) apns_production: bool,
    pub(crate) android_channel: Option<String>,
    /// Bytes of notification and options at most.
    pub(crate) payload_max: usize,
}

/// A push without its audience.
pub(crate) struct Document {
    notification: Value,
    options: Value,
}

/// The text that goes out.
pub(crate) fn fitting<'a>(style: &Style, content: &'a Content) -> Result<&'a str, Cause> {
    let build = |text: &str| format!("{}{}", notification(style, content, text), options(style, content, TTL_MAX));
    // The page of one recipient stands in it for Android and for iOS.
    whole_or_short(content, style.payload_max.saturating_sub(2 * OWN_ROOM), build).map(|(_, text)| text)
}

impl Document {
    /// As of `now`, from which its lifetime is counted.
    pub(crate) fn of(style: &Style, content: &Content, now: i64) -> Result<Self, Cause> {
        let text = fitting(style, content)?;
        let ttl = content.expires_at.saturating_sub(now).clamp(0, TTL_MAX);
        Ok(Self { notification: notification(style, content, text), options: options(style, content, ttl) })
    }

    /// To an audience, with the page where its only recipient confirms, if there is one that fits.
    pub(crate) fn to(&self, kind: Kind, names: &[&str], confirm: Option<&str>, cid: Option<&str>) -> Bytes {
        let mut notification = self.notification.clone();
        let confirm = confirm.map(Value::from).filter(|confirm| confirm.to_string().len() + 12 <= OWN_ROOM);
        if let Some(confirm) = confirm {
            for platform in ["android", "ios"] {
                notification[platform]["extras"]["confirm"] = confirm.clone();
            }
        }
        let mut audience = json!({});
        audience[kind.key()] = json!(names);
        let mut document = json!({
            "platform": "all", "audience": audience, "notification": notification, "options": self.options,
        });
        if let Some(cid) = cid {
            document["cid"] = cid.into();
        }
        document.to_string().into()
    }
}

fn notification(style: &Style, content: &Content, text: &str) -> Value {
    let mut extras = json!({ "expires": content.expires_at });
    if let Some(level) = form::colour(content.urgency) {
        extras["level"] = level.into();
    }
    if !content.page.is_empty() {
        extras["url"] = content.page.as_str().into();
    }
    let priority = match content.urgency {
        Urgency::Highest | Urgency::High => 2,
        Urgency::Medium => 1,
        Urgency::Low | Urgency::Unknown => 0,
    };
    // A notification of the big-text style is shown whole.
    let mut android = json!({ "alert": text, "priority": priority, "style": 1, "big_text": text, "extras": extras });
    let mut alert = json!({ "body": text });
    if !content.title.is_empty() {
        android["title"] = content.title.as_str().into();
        alert["title"] = content.title.as_str().into();
    }
    if let Some(channel) = &style.android_channel {
        android["channel_id"] = channel.as_str().into();
    }
    let thread = form::thread(content);
    let ios = json!({ "alert": alert, "sound": "default", "thread-id": thread, "extras": extras });
    json!({ "android": android, "ios": ios })
}

fn options(style: &Style, content: &Content, ttl: i64) -> Value {
    let thread = form::thread(content);
    json!({ "time_to_live": ttl, "apns_production": style.apns_production, "apns_collapse_id": thread })
}
