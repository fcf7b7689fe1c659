//! What the roster, the reminders and the witnesses would come to.

use super::Pass;
use crate::domain::roster::{self, FaultKind, OFFICE};

pub(super) fn check(pass: &mut Pass<'_>) {
    let config = pass.config;
    for (office, forms) in &config.roster {
        if office != OFFICE && !config.issuers.contains_key(office) {
            pass.refuse("config-roster-office", &["roster", office], vec![("got", office.clone())]);
        }
        for fault in roster::shifts(office, forms).err().unwrap_or_default() {
            // What is missing may have been left out because it was wrong, and reported then.
            if pass.incomplete && fault.kind == FaultKind::Missing {
                continue;
            }
            let wanted = match fault.kind {
                FaultKind::Missing => "…".to_owned(),
                FaultKind::NotAllowed(words) => words.join(", "),
                FaultKind::Wrong(form) => form.to_owned(),
            };
            let args = vec![
                ("office", office.clone()),
                ("number", (fault.shift + 1).to_string()),
                ("field", fault.field),
                ("got", fault.got),
                ("wanted", wanted),
            ];
            pass.refuse("config-roster-shift", &["roster", office], args);
        }
    }
    reminders(pass);
    witnesses(pass);
}

fn reminders(pass: &mut Pass<'_>) {
    let config = pass.config;
    if config.sign_off_reminders.every_s.as_secs_f64() > 0.0 && config.sign_off_reminders.every_s.as_secs() < 30 {
        let got = config.sign_off_reminders.every_s.as_secs().to_string();
        pass.advise("config-reminders-often", &["sign_off_reminders", "every_s"], vec![("got", got)]);
    }
    if !config.sign_off.is_empty() && config.roster.is_empty() && !pass.incomplete {
        pass.advise("config-reminders-nobody", &["sign_off"], Vec::new());
    }
    let channels =
        [("sign_off_reminders", &config.sign_off_reminders.channels), ("witnesses", &config.witnesses.channels)];
    for (table, channels) in channels {
        for channel in channels.iter().filter(|channel| !channel.reaches_persons()) {
            let args = vec![("channel", channel.name().to_owned())];
            pass.refuse("config-notice-channel", &[table, "channels"], args);
        }
    }
}

fn witnesses(pass: &mut Pass<'_>) {
    let config = pass.config;
    if config.witnesses.tell.is_empty() {
        return;
    }
    if config.witnesses.valid_s.as_secs() < 60 {
        let got = config.witnesses.valid_s.as_secs().to_string();
        pass.refuse("config-witness-valid", &["witnesses", "valid_s"], vec![("got", got)]);
    }
    // Without issuers there is nobody yet whose acts could be witnessed.
    if config.roster.len() < 2 && !config.issuers.is_empty() && !pass.incomplete {
        pass.advise("config-witness-nobody", &["witnesses"], Vec::new());
    }
}
