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
    fn never_shows_an_address_whole() {
        let shown = |text: &str| format!("{:?}", Address::new(text));
        assert_eq!(shown("13812341234"), "138****1234");
        assert_eq!(shown("zhang@songbei.example"), "z***@songbei.example");
        assert_eq!(shown("1234"), "****");
        assert_eq!(shown("屏幕一号塔"), "屏****号塔");
        assert_eq!(shown(""), "****");
    }
}
