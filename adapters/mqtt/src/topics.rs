//! The names of topics below a prefix: `{prefix}/{group}` holds what the group shows, `{prefix}/{group}/ack` takes the word
//! of its screens, `{prefix}/gateway` tells whether this gateway is there.

use fenghuo_contract::{Address, Reference};

/// The last level of the topic that takes acknowledgements; no level of a group is called so.
const ACK: &str = "ack";
/// The topic of presence; no group is called so.
const GATEWAY: &str = "gateway";
/// Levels of a group's name at most, so that its acknowledgements are heard with that many subscriptions.
const LEVELS_MAX: usize = 3;
/// Bytes of a group's name at most.
const GROUP_MAX: usize = 120;

/// Whether a text can be the name of a group: one to three levels parted by `/`, each of letters, digits, `-`, `_` and `.`,
/// at most 120 bytes, not `gateway`, no level `ack`.
#[must_use]
pub fn is_group(name: &str) -> bool {
    let level = |level: &str| {
        !level.is_empty() && level != ACK && level.chars().all(|sign| sign.is_alphanumeric() || "-_.".contains(sign))
    };
    name.len() <= GROUP_MAX && name != GATEWAY && name.split('/').count() <= LEVELS_MAX && name.split('/').all(level)
}

/// The group an address names: `group:plaza`, or the name alone.
pub(crate) fn group_of(address: &Address) -> Option<&str> {
    let text = address.expose();
    Some(text.strip_prefix("group:").unwrap_or(text)).filter(|name| is_group(name))
}

/// The reference under which a group holds a decision: `{group}/{thread}/{released_at}`. The time is part of it because a
/// lift has the thread of the warning it ends, and is another delivery.
#[must_use]
pub fn reference_for(group: &str, thread: &str, released_at: i64) -> Reference {
    Reference::new(format!("{group}/{thread}/{released_at}"))
}

/// Topics below one prefix.
#[derive(Clone, Debug)]
pub(crate) struct Topics {
    prefix: String,
}

impl Topics {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    pub(crate) fn of_group(&self, group: &str) -> String {
        format!("{}/{group}", self.prefix)
    }

    pub(crate) fn presence(&self) -> String {
        self.of_group(GATEWAY)
    }

    /// One filter for each number of levels a group can have.
    pub(crate) fn acks(&self) -> Vec<String> {
        let filter = |levels: usize| format!("{}{}/{ACK}", self.prefix, "/+".repeat(levels));
        (1..=LEVELS_MAX).map(filter).collect()
    }

    /// The group whose screens wrote to this topic.
    pub(crate) fn acknowledging<'a>(&self, topic: &'a str) -> Option<&'a str> {
        let below = topic.strip_prefix(&*self.prefix)?.strip_prefix('/')?;
        below.strip_suffix(ACK)?.strip_suffix('/').filter(|group| is_group(group))
    }
}

/// Whether topics can begin with this: levels of letters, digits, `-`, `_` and `.`, at most 120 bytes.
pub(crate) fn is_prefix(text: &str) -> bool {
    let level =
        |level: &str| !level.is_empty() && level.chars().all(|sign| sign.is_alphanumeric() || "-_.".contains(sign));
    text.len() <= GROUP_MAX && text.split('/').all(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_a_few_levels_without_signs_of_the_protocol() {
        for name in ["plaza", "songbei/plaza", "a/b/c", "广场", "gate-1.north_2", "a/gateway"] {
            assert!(is_group(name), "{name}");
        }
        let long = "x".repeat(121);
        for name in
            ["", "/", "a/", "/a", "a//b", "a/b/c/d", "+", "a/#", "$SYS", "gateway", "ack", "a/ack", "a b", &long]
        {
            assert!(!is_group(name), "{name}");
        }
        assert_eq!(group_of(&Address::new("group:plaza")), Some("plaza"));
        assert_eq!(group_of(&Address::new("songbei/plaza")), Some("songbei/plaza"));
        assert_eq!(group_of(&Address::new("group:group:plaza")), None);
    }

    #[test]
    fn acknowledgements_name_their_group() {
        let topics = Topics::new("fenghuo/songbei");
        assert_eq!(topics.acknowledging("fenghuo/songbei/plaza/ack"), Some("plaza"));
        assert_eq!(topics.acknowledging("fenghuo/songbei/a/b/c/ack"), Some("a/b/c"));
        for topic in
            ["fenghuo/songbei/ack", "fenghuo/songbei/plaza", "fenghuo/other/plaza/ack", "fenghuo/songbeix/a/ack"]
        {
            assert_eq!(topics.acknowledging(topic), None, "{topic}");
        }
        let filters = ["fenghuo/songbei/+/ack", "fenghuo/songbei/+/+/ack", "fenghuo/songbei/+/+/+/ack"];
        assert_eq!(topics.acks(), filters);
    }
}
