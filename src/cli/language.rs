//! Which language to speak: `--lang`, then the locale.

use std::ffi::OsString;

use crate::{config::Environment, messages::Lang};

/// The language of this run. It must be known before the arguments are read, because their help is in it.
pub(super) fn choose(arguments: &[OsString], environment: &Environment) -> Lang {
    let texts: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let flag = texts.iter().enumerate().find_map(|(at, text)| match text.strip_prefix("--lang") {
        Some("") => texts.get(at + 1).copied(),
        Some(rest) => rest.strip_prefix('='),
        None => None,
    });
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| environment.get(name));
    Lang::from_env(flag.or(locale).unwrap_or_default())
}
