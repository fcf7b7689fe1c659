//! How spans of time and sizes are written in the configuration.

/// Spans of time, in seconds.
pub(super) mod seconds {
    use std::time::Duration;

    use serde::Deserialize;

    pub(in crate::config) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
    }
}

/// The same where it may be absent.
pub(super) mod maybe_seconds {
    use std::time::Duration;

    use serde::Deserialize;

    pub(in crate::config) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<f64>::deserialize(deserializer)?;
        seconds.map(|seconds| Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)).transpose()
    }
}

/// Sizes as people write them.
pub(super) mod size {
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u64),
        Text(String),
    }

    pub(in crate::config) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
        let bytes = match Written::deserialize(deserializer)? {
            Written::Number(bytes) => Some(bytes),
            Written::Text(text) => parse(&text),
        };
        let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
        bytes.ok_or_else(|| serde::de::Error::custom("not a size"))
    }

    /// Bytes of `"1 MiB"`, `"512 KiB"`, `"1048576"`; `None` for anything else.
    pub(in crate::config) fn parse(text: &str) -> Option<u64> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number: u64 = text[..digits].parse().ok()?;
        let unit = match text[digits..].trim() {
            "" | "B" => 1,
            "KiB" => 1024,
            "MiB" => 1024 * 1024,
            "GiB" => 1024 * 1024 * 1024,
            "kB" => 1000,
            "MB" => 1_000_000,
            _ => return None,
        };
        number.checked_mul(unit)
    }
}

/// IP networks; an address alone is a network of one.
pub(super) mod networks {
    use std::net::IpAddr;

    use ipnet::IpNet;
    use serde::{Deserialize, de::Error};

    pub(in crate::config) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<IpNet>, D::Error> {
        let written = Vec::<String>::deserialize(deserializer)?;
        let read = |text: &String| parse(text).ok_or_else(|| D::Error::custom(format!("{text} is no IP network")));
        written.iter().map(read).collect()
    }

    pub(in crate::config) fn parse(text: &str) -> Option<IpNet> {
        text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
    }
}
