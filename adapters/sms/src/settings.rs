//! Settings the protocols share, and how they are checked.

mod link;
mod text;

use std::{io::Read, net::IpAddr, path::Path, sync::Arc};

use fenghuo_contract::CodeTable;

pub(crate) use link::Usual;
pub use link::{Link, Tls};
pub use text::{Long, Text};

/// Everything that is wrong with the settings, one line each: key, Chinese, English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct SettingsFault(pub Vec<String>);

/// What is wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<String>);

impl Problems {
    pub(crate) fn unless(&mut self, holds: bool, key: &str, zh: &str, en: &str) {
        if !holds {
            self.0.push(format!("{key}: {zh} / {en}"));
        }
    }

    /// The value when nothing is wrong.
    pub(crate) fn or<T>(self, value: Option<T>) -> Result<T, SettingsFault> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(SettingsFault(self.0)),
        }
    }

    /// Reads a secret; a line end is ignored.
    pub(crate) fn secret(&mut self, key: &str, path: &Path) -> Option<String> {
        match secret(path) {
            Ok(secret) => Some(secret),
            Err(error) => {
                self.unless(false, key, "无法读取", &format!("cannot be read: {error}"));
                None
            }
        }
    }

    /// The built-in codes, under a site's own when there are some.
    pub(crate) fn codes(&mut self, own: Option<&Path>, built_in: &Arc<CodeTable>) -> Arc<CodeTable> {
        let Some(path) = own else { return Arc::clone(built_in) };
        let own = std::fs::read_to_string(path).map_err(|error| error.to_string());
        match own.and_then(|text| CodeTable::parse(&text).map_err(|fault| fault.to_string())) {
            Ok(own) => Arc::new(own.over(built_in)),
            Err(fault) => {
                let english = format!("cannot be used: {}: {fault}", path.display());
                self.unless(false, "codes_file", "无法使用", &english);
                Arc::clone(built_in)
            }
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Bytes of a password file at most.
const SECRET_MAX: u64 = 4096;

fn secret(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(SECRET_MAX).read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
