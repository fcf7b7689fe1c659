use std::{fmt::Display, io::Read, path::Path};

use fenghuo_contract::CodeTable;
use zeroize::Zeroizing;

/// Bytes of a file with a secret at most.
const SECRET_MAX: u64 = 64 * 1024;

/// Everything that is wrong with the settings, one line each: key, Chinese, English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct SettingsFault(pub Vec<String>);

/// What was found wrong so far.
#[derive(Default)]
pub(crate) struct Problems(pub(crate) Vec<String>);

impl Problems {
    pub(crate) fn add(&mut self, key: &str, zh: &str, en: impl Display) {
        self.0.push(format!("{key}: {zh} / {en}"));
    }

    pub(crate) fn unless(&mut self, holds: bool, key: &str, zh: &str, en: &str) {
        if !holds {
            self.add(key, zh, en);
        }
    }

    /// Words must be given for this key.
    pub(crate) fn words(&mut self, key: &str, text: &str) {
        self.unless(!text.trim().is_empty(), key, "不可为空", "must not be empty");
    }

    /// The value, or one more problem.
    pub(crate) fn take<T>(&mut self, key: &str, zh: &str, value: Result<T, impl Display>) -> Option<T> {
        value.map_err(|fault| self.add(key, zh, fault)).ok()
    }

    /// What stands in a file of a secret, without blanks around it.
    pub(crate) fn secret(&mut self, key: &str, path: &Path) -> Option<Zeroizing<String>> {
        let text = self.take(key, "无法读取", read(path).map_err(|error| format!("cannot be read: {error}")))?;
        let text = Zeroizing::new(text.trim().to_owned());
        self.unless(!text.is_empty(), key, "文件是空的", "the file is empty");
        (!text.is_empty()).then_some(text)
    }

    /// The built-in table, with the site's own codes over it.
    pub(crate) fn codes(&mut self, file: Option<&Path>, built_in: &CodeTable) -> CodeTable {
        let Some(path) = file else { return built_in.clone() };
        let own = std::fs::read_to_string(path).map_err(|error| error.to_string());
        let own = own.and_then(|text| CodeTable::parse(&text).map_err(|fault| fault.to_string()));
        let own = own.map_err(|fault| format!("cannot be used: {}: {fault}", path.display()));
        self.take("codes_file", "无法使用", own).map_or_else(|| built_in.clone(), |own| own.over(built_in))
    }

    /// `ready`, if nothing at all is wrong.
    pub(crate) fn none_or<T>(self, ready: Option<T>) -> Result<T, SettingsFault> {
        match ready {
            Some(ready) if self.0.is_empty() => Ok(ready),
            _ => Err(SettingsFault(self.0)),
        }
    }
}

fn read(path: &Path) -> std::io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    std::fs::File::open(path)?.take(SECRET_MAX).read_to_string(&mut text)?;
    Ok(text)
}
