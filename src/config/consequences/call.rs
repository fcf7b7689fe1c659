//! What a rule of calling would do.

use super::Pass;
use crate::domain::roster::OFFICE;

pub(super) fn check(pass: &mut Pass<'_>) {
    let (issuers, links) = (&pass.config.issuers, &pass.config.receipts.confirm_links);
    for (name, rule) in &pass.config.call {
        let args = |got: &str| vec![("rule", name.clone()), ("got", got.to_owned())];
        let nobody = rule.groups.is_empty() && rule.offices.is_empty();
        for (key, empty) in
            [("levels", rule.levels.is_empty()), ("channels", rule.channels.is_empty()), ("groups", nobody)]
        {
            if empty && !pass.incomplete {
                pass.refuse("config-call-empty", &["call", name, key], args(key));
            }
        }
        for office in rule.offices.iter().filter(|id| *id != OFFICE && !issuers.contains_key(*id)) {
            pass.refuse("config-call-office", &["call", name, "offices"], args(office));
        }
        for channel in rule.channels.iter().filter(|channel| !channel.reaches_persons()) {
            let args = vec![("channel", channel.name().to_owned())];
            pass.refuse("config-notice-channel", &["call", name, "channels"], args);
        }
        let in_order = !rule.confirm_within_s.is_zero()
            && rule.deputy_after_s >= rule.confirm_within_s
            && rule.telephone_after_s > rule.deputy_after_s;
        if !in_order {
            pass.refuse("config-call-times", &["call", name, "telephone_after_s"], args(""));
        }
        if !rule.channels.is_empty() && !rule.channels.iter().any(|channel| links.contains(channel)) {
            pass.advise("config-call-links", &["call", name, "channels"], args(""));
        }
    }
}
