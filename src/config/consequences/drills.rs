//! What the settings of drills would do.

use std::time::Duration;

use super::Pass;
use crate::domain::confirm_words::{ConfirmWords, plain};

/// Nobody who was told of a drill at ten expects it after eleven.
const LATEST: Duration = Duration::from_secs(3_600);

pub(super) fn check(pass: &mut Pass<'_>) {
    let late = pass.config.drills.late_s;
    if late.is_zero() || late > LATEST {
        let args = vec![("got", late.as_secs().to_string()), ("limit", LATEST.as_secs().to_string())];
        pass.refuse("config-drills-late", &["drills", "late_s"], args);
    }
    let receipts = &pass.config.receipts;
    let named = [
        ("confirm_words", &receipts.confirm_words),
        ("drill_confirm_words", &receipts.drill_confirm_words),
        ("opt_out_words", &receipts.opt_out_words),
        ("opt_in_words", &receipts.opt_in_words),
        ("current_words", &receipts.current_words),
    ];
    for (name, words) in named {
        for word in words.iter().filter(|word| plain(word).is_empty()) {
            pass.refuse("config-confirm-word-empty", &["receipts", name], vec![("got", word.clone())]);
        }
    }
    for (at, (name, words)) in named.iter().enumerate().skip(2) {
        let others = || named.iter().take(at).flat_map(|(_, others)| others.iter());
        for word in words.iter().filter(|word| others().any(|other| plain(other) == plain(word))) {
            pass.refuse("config-reply-words-same", &["receipts", name], vec![("got", word.clone())]);
        }
    }
    let words = ConfirmWords::new(&receipts.confirm_words, &receipts.drill_confirm_words);
    for word in words.shared() {
        pass.refuse("config-confirm-words-same", &["receipts", "drill_confirm_words"], vec![("got", word.to_owned())]);
    }
}
