//! Where a store is, as one line.

use std::{fmt, str::FromStr};

/// How the primary is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The host is the primary.
    Server,
    /// The hosts are sentinels; they know the primary of this service.
    Sentinel {
        /// The name sentinels watch it under.
        service: String,
    },
    /// The hosts are some of a cluster; the one that has the store's slot is asked.
    Cluster,
}

/// Where a store is: `redis://host:port/db`, `redis+sentinel://host:port,host:port/service/db`,
/// `redis+cluster://host:port,host:port`; with `rediss` for TLS. Ports are 6379, of sentinels 26379, where none is said;
/// the database is 0. A user or password is not part of it: both have settings of their own, so that an address can be
/// logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// How the primary is found.
    pub place: Place,
    /// Whether connections are encrypted.
    pub tls: bool,
    /// Hosts and ports, at least one.
    pub hosts: Vec<(String, u16)>,
    /// The number of the database.
    pub database: i64,
}

/// Why an address cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// It begins with none of the known schemes.
    #[error(
        "begins with none of redis:// rediss:// redis+sentinel:// rediss+sentinel:// redis+cluster:// rediss+cluster://"
    )]
    Scheme,
    /// It holds a user or a password.
    #[error("holds a user or a password; use the settings for the user and for the file of the password")]
    Secret,
    /// No host, or one that cannot be read.
    #[error("names no host, or one that is not host or host:port")]
    Host,
    /// More than one host where there can be one only.
    #[error("names several hosts; only sentinels and clusters have several")]
    Several,
    /// The name of the service is missing or the path is something else.
    #[error("needs /service behind the sentinels, and nothing else but a database")]
    Path,
    /// The number of the database is none.
    #[error("names a database that is not a number")]
    Database,
}

impl FromStr for Address {
    type Err = AddressFault;

    fn from_str(text: &str) -> Result<Self, AddressFault> {
        let (scheme, rest) = text.split_once("://").ok_or(AddressFault::Scheme)?;
        if rest.contains('@') {
            return Err(AddressFault::Secret);
        }
        let (scheme, kind) = scheme.split_once('+').unwrap_or((scheme, ""));
        let tls = match scheme {
            "redis" => false,
            "rediss" => true,
            _ => return Err(AddressFault::Scheme),
        };
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut path = path.split('/').filter(|part| !part.is_empty());
        let (place, port) = match kind {
            "" => (Place::Server, 6379),
            "sentinel" => {
                let service = path.next().ok_or(AddressFault::Path)?.to_owned();
                (Place::Sentinel { service }, 26379)
            }
            "cluster" => (Place::Cluster, 6379),
            _ => return Err(AddressFault::Scheme),
        };
        let hosts = hosts.split(',').map(|host| read_host(host, port)).collect::<Result<Vec<_>, _>>()?;
        if place == Place::Server && hosts.len() > 1 {
            return Err(AddressFault::Several);
        }
        let database = match path.next() {
            None => 0,
            Some(_) if place == Place::Cluster => return Err(AddressFault::Path),
            Some(number) => number.parse().ok().filter(|number| *number >= 0).ok_or(AddressFault::Database)?,
        };
        if path.next().is_some() {
            return Err(AddressFault::Path);
        }
        Ok(Self { place, tls, hosts, database })
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn read_host(text: &str, port: u16) -> Result<(String, u16), AddressFault> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(v6) => v6.split_once(']').ok_or(AddressFault::Host)?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match rest.strip_prefix(':') {
        Some(port) => port.parse().map_err(|_| AddressFault::Host)?,
        None if rest.is_empty() => port,
        None => return Err(AddressFault::Host),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if host.is_empty() || !host.chars().all(plain) {
        return Err(AddressFault::Host);
    }
    Ok((host.to_owned(), port))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.tls { "rediss" } else { "redis" })?;
        f.write_str(match self.place {
            Place::Server => "://",
            Place::Sentinel { .. } => "+sentinel://",
            Place::Cluster => "+cluster://",
        })?;
        for (number, (host, port)) in self.hosts.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            if host.contains(':') { write!(f, "{comma}[{host}]:{port}")? } else { write!(f, "{comma}{host}:{port}")? }
        }
        if let Place::Sentinel { service } = &self.place {
            write!(f, "/{service}")?;
        }
        if self.database == 0 { Ok(()) } else { write!(f, "/{}", self.database) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_read_and_written_the_same() {
        for text in [
            "redis://localhost:6379",
            "rediss://redis.example:6380/2",
            "redis://[::1]:6379",
            "redis+sentinel://a:26379,b:26379,c:26380/warnings",
            "rediss+sentinel://a:26379/warnings/1",
            "redis+cluster://a:6379,b:7000",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        let short: Address = "redis+sentinel://a,b/warnings".parse().unwrap();
        assert_eq!(short.to_string(), "redis+sentinel://a:26379,b:26379/warnings");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, fault) in [
            ("localhost:6379", AddressFault::Scheme),
            ("http://localhost", AddressFault::Scheme),
            ("redis+other://localhost", AddressFault::Scheme),
            ("redis://:secret@localhost", AddressFault::Secret),
            ("redis://", AddressFault::Host),
            ("redis://host:port", AddressFault::Host),
            ("redis://a,b", AddressFault::Several),
            ("redis+sentinel://a,b", AddressFault::Path),
            ("redis+cluster://a/1", AddressFault::Path),
            ("redis://a/b", AddressFault::Database),
            ("redis://a/1/2", AddressFault::Path),
        ] {
            assert_eq!(text.parse::<Address>().unwrap_err(), fault, "{text}");
        }
    }
}
