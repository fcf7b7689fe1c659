//! What limits and times of repeats would do.

use fenghuo_contract::Channel;

use super::Pass;
use crate::{
    config::{Limit, Retry},
    domain::level::Level,
};

pub(super) fn check(pass: &mut Pass<'_>) {
    for (name, retry) in &pass.config.retry {
        times(pass, name, retry);
    }
    let limits = &pass.config.limits;
    for (name, limit) in &limits.channel {
        channel(pass, &["limits", "channel", name]);
        zero(pass, &["limits", "channel", name], limit);
    }
    for (name, limit) in &limits.issuer {
        if name != "default" && !pass.incomplete && !pass.config.issuers.contains_key(name) {
            pass.advise("config-limit-issuer", &["limits", "issuer", name], vec![("got", name.clone())]);
        }
        zero(pass, &["limits", "issuer", name], limit);
    }
    for name in limits.recipient.keys() {
        channel(pass, &["limits", "recipient", name]);
    }
}

fn times(pass: &mut Pass<'_>, name: &str, retry: &Retry) {
    let path = ["retry", name];
    let is_channel = |name: &str| name.parse::<Channel>().is_ok();
    let is_level = |name: &str| Level::ALL.iter().any(|level| level.name() == name);
    let both = name.split_once('.').is_some_and(|(channel, level)| is_channel(channel) && is_level(level));
    if name != "default" && !is_channel(name) && !is_level(name) && !both {
        pass.refuse("config-retry-name", &path, vec![("got", name.to_owned())]);
    }
    if let (Some(first), Some(longest)) = (retry.first_s, retry.longest_s)
        && first > longest
    {
        let args = vec![("first", first.as_secs_f64().to_string()), ("longest", longest.as_secs_f64().to_string())];
        pass.refuse("config-retry-order", &[path[0], path[1], "first_s"], args);
    }
    if let Some(factor) = retry.factor.filter(|factor| !(1.0..=10.0).contains(factor)) {
        pass.refuse("config-retry-factor", &[path[0], path[1], "factor"], vec![("got", factor.to_string())]);
    }
}

fn channel(pass: &mut Pass<'_>, path: &[&str; 3]) {
    if path[2].parse::<Channel>().is_err() {
        pass.refuse("config-limit-channel", path, vec![("got", path[2].to_owned())]);
    }
}

fn zero(pass: &mut Pass<'_>, path: &[&str; 3], limit: &Limit) {
    let keys = [("rate_per_s", limit.rate_per_s), ("per_minute", limit.per_minute), ("per_day", limit.per_day)];
    for (key, _) in keys.into_iter().filter(|(_, most)| *most == Some(0)) {
        pass.refuse("config-limit-zero", &[path[0], path[1], path[2], key], Vec::new());
    }
    if !(0.0..=0.9).contains(&limit.red_share) {
        let args = vec![("route", path[2].to_owned()), ("got", limit.red_share.to_string())];
        pass.refuse("config-red-share", &[path[0], path[1], path[2], "red_share"], args);
    }
}
