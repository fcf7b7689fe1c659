//! What a rule of sign-off would do.

use std::collections::BTreeSet;

use super::Pass;

pub(super) fn check(pass: &mut Pass<'_>) {
    let issuers = &pass.config.issuers;
    for (name, rule) in &pass.config.sign_off {
        let args = |got: &str| vec![("rule", name.clone()), ("got", got.to_owned())];
        for (key, empty) in [("steps", rule.steps.is_empty()), ("levels", rule.levels.is_empty())] {
            if empty && !pass.incomplete {
                pass.refuse("config-sign-off-empty", &["sign_off", name, key], args(key));
            }
        }
        let different: BTreeSet<_> = rule.steps.iter().collect();
        if different.len() < rule.steps.len() || !rule.steps.is_sorted() {
            pass.refuse("config-sign-off-order", &["sign_off", name, "steps"], args(""));
        }
        for issuer in rule.issuers.iter().filter(|issuer| *issuer != "*" && !issuers.contains_key(*issuer)) {
            pass.refuse("config-sign-off-issuer", &["sign_off", name, "issuers"], args(issuer));
        }
        if rule.expires_s.is_zero() {
            pass.refuse("config-sign-off-expires", &["sign_off", name, "expires_s"], args(""));
        }
        if !rule.second_within_s.is_zero() && rule.steps.len() < 2 {
            pass.refuse("config-sign-off-second", &["sign_off", name, "second_within_s"], args(""));
        }
    }
}
