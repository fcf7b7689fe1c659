use std::fmt;

/// Where a message goes on one channel: a telephone number, a mail address, a device token, an open id, a screen id.
///
/// Personal data. `Debug` masks it, there is no `Display`; whoever needs the text says so with [`Address::expose`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address(Box<str>);

impl Address {
    /// Takes an address as the directory holds it.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The kind of the address, where several are in use on one channel: what stands before its first colon when that is one
    /// to sixteen letters a to z or `_` (`apns:…`, `topic:…`), `json` for a JSON object, empty for anything else.
    #[must_use]
    pub fn kind(&self) -> &str {
        if self.0.starts_with('{') {
            return "json";
        }
        let named = |kind: &&str| {
            (1..=16).contains(&kind.len()) && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        self.0.split_once(':').map(|(kind, _)| kind).filter(named).unwrap_or_default()
    }

    /// The address without `kind` and its colon, where it begins so: for the wire, as [`Address::expose`].
    #[must_use]
    pub fn without_kind(&self, kind: &str) -> &str {
        let rest = self.0.strip_prefix(kind).filter(|_| !kind.is_empty());
        rest.and_then(|rest| rest.strip_prefix(':')).unwrap_or(&self.0)
    }

    /// The address itself, for the wire and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The address as people may see it: `138****1234`, `z***@example.org`, first three and last two of anything else.
    #[must_use]
    pub fn masked(&self) -> String {
        if let Some((local, host)) = self.0.rsplit_once('@') {
            let first: String = local.chars().take(1).collect();
            return format!("{first}***@{host}");
        }
        let chars: Vec<char> = self.0.chars().collect();
        let (head, tail) = match chars.len() {
            0..=4 => (0, 0),
            5..=8 => (1, 2),
            9..=10 => (3, 2),
            _ => (3, 4),
        };
        let head: String = chars[..head].iter().collect();
        let tail: String = chars[chars.len() - tail..].iter().collect();
        format!("{head}****{tail}")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn says_its_kind_when_it_has_one() {
        for (text, kind, bare) in [
            ("apns:00fc13", "apns", "00fc13"),
            ("00fc13", "", "00fc13"),
            ("{\"endpoint\":\"https://push.example/1\"}", "json", "{\"endpoint\":\"https://push.example/1\"}"),
            ("registration_id:1a0018970a", "registration_id", "1a0018970a"),
            // A registration token of Google's has a colon of its own.
            ("dQw4w9WgXcQ:APA91bH", "", "dQw4w9WgXcQ:APA91bH"),
            ("abcdefghijklmnopq:x", "", "abcdefghijklmnopq:x"),
            (":x", "", ":x"),
        ] {
            let address = Address::new(text);
            assert_eq!((address.kind(), address.without_kind(kind)), (kind, bare));
        }
        assert_eq!(Address::new("apnsx:1").without_kind("apns"), "apnsx:1");
    }

    #[test]
    fn never_shows_an_address_whole() {
        let shown = |text: &str| format!("{:?}", Address::new(text));
        assert_eq!(shown("13812341234"), "138****1234");
        assert_eq!(shown("zhang@songbei.example"), "z***@songbei.example");
        assert_eq!(shown("1234"), "****");
        assert_eq!(shown("屏幕一号塔"), "屏****号塔");
        assert_eq!(shown(""), "****");
    }
}
