use std::{
    fmt::Display,
    io::Read,
    path::{Path, PathBuf},
};

use lettre::Address;

/// Everything that is wrong with the settings, one line each: key, Chinese, English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct SettingsFault(pub Vec<String>);

/// Bytes of a file with a secret at most.
const SECRET_MAX: u64 = 64 * 1024;

/// What was found wrong.
#[derive(Default)]
pub(crate) struct Problems(pub(crate) Vec<String>);

impl Problems {
    pub(crate) fn unless(&mut self, holds: bool, key: &str, zh: &str, en: &str) {
        if !holds {
            self.0.push(format!("{key}: {zh} / {en}"));
        }
    }

    /// The value, or the problem that there is none.
    pub(crate) fn good<T, E: Display>(&mut self, value: Result<T, E>, key: &str, zh: &str, en: &str) -> Option<T> {
        value.map_err(|fault| self.unless(false, key, zh, &format!("{en}: {fault}"))).ok()
    }

    /// A secret and nothing else in a file; a line end behind it is ignored.
    pub(crate) fn secret(&mut self, key: &str, path: Option<&PathBuf>) -> Option<String> {
        self.good(secret(path?), key, "无法读取", "cannot be read")
    }

    /// A key for signatures of at least 16 bytes.
    pub(crate) fn signing_key(&mut self, key: &str, path: &Path) -> Option<String> {
        let secret = self.secret(key, Some(&path.to_owned()))?;
        self.unless(secret.len() >= 16, key, "密钥至少 16 字节", "the key must have 16 bytes at least");
        Some(secret)
    }

    pub(crate) fn address(&mut self, key: &str, text: &str) -> Option<Address> {
        let address = text.parse().ok().filter(|_| text.is_ascii());
        self.unless(address.is_some(), key, "不是 ASCII 邮件地址", "is not an ASCII mail address");
        address
    }

    /// A domain name or address literal that can stand in a command.
    pub(crate) fn name(&mut self, key: &str, name: Option<String>) -> Option<String> {
        let name = name?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
        let good = !name.is_empty() && name.len() <= 255 && name.bytes().all(fits);
        self.unless(good, key, "不是域名", "is not a domain name");
        good.then_some(name)
    }
}

/// Reads a secret from its file.
pub(crate) fn secret(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(SECRET_MAX).read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
