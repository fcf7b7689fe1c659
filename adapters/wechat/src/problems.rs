//! What is wrong with settings, all of it at once.

/// Everything that is wrong with the settings, one line each: key, Chinese, English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct SettingsFault(pub Vec<String>);

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Problems(pub(crate) Vec<String>);

impl Problems {
    pub(crate) fn unless(&mut self, good: bool, key: &str, zh: &str, en: &str) {
        if !good {
            self.0.push(format!("{key}: {zh} · {en}"));
        }
    }

    /// The value, or the fault as a problem.
    pub(crate) fn or<T>(&mut self, key: &str, zh: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|fault| self.unless(false, key, zh, &fault)).ok()
    }

    /// A number within bounds.
    pub(crate) fn within(&mut self, key: &str, value: usize, most: usize) {
        let (zh, en) = (format!("须为 1 至 {most}"), format!("must be 1 to {most}"));
        self.unless((1..=most).contains(&value), key, &zh, &en);
    }

    /// A text that is not blank.
    pub(crate) fn filled(&mut self, key: &str, value: &str) {
        self.unless(!value.trim().is_empty(), key, "不可为空", "must not be empty");
    }
}
