//! What a ladder would do.

use std::collections::BTreeSet;

use super::Pass;
use crate::domain::level::Level;

pub(super) fn check(pass: &mut Pass<'_>) {
    for (level, ladder) in &pass.config.ladder {
        let name = level.name();
        let path = ["ladder", name, "channels"];
        let level_arg = || vec![("level", name.to_owned())];
        if ladder.channels.len() < 2 {
            pass.refuse("config-ladder-short", &path, level_arg());
        }
        let different: BTreeSet<_> = ladder.channels.iter().collect();
        if different.len() < ladder.channels.len() {
            pass.refuse("config-ladder-twice", &path, level_arg());
        }
        for channel in ladder.channels.iter().filter(|channel| !channel.reaches_persons()) {
            let mut args = level_arg();
            args.push(("got", channel.name().to_owned()));
            pass.refuse("config-ladder-channel", &path, args);
        }
        if ladder.wait_s.is_zero() {
            pass.refuse("config-ladder-wait", &["ladder", name, "wait_s"], level_arg());
        }
        if *level == Level::Red {
            pass.advise("config-ladder-red", &["ladder", name], Vec::new());
        }
    }
}
