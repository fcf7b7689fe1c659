//! The store that several nodes share.

use super::Pass;
use crate::store::redis::Address;

impl Pass<'_> {
    /// What several nodes share, if they do.
    pub(super) fn shared_store(&mut self) {
        let store = self.config.store.clone();
        let Some(url) = &store.url else {
            let keys = ["user", "password_file", "ca_file"];
            for key in keys.into_iter().filter(|key| self.tree.at(&["store", key]).is_some()) {
                self.advise("config-store-unused", &["store", key], Vec::new());
            }
            return;
        };
        if let Err(fault) = url.parse::<Address>() {
            let args = vec![("got", without_login(url)), ("cause", fault.to_string())];
            self.refuse("config-store-url", &["store", "url"], args);
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if store.prefix.is_empty() || !store.prefix.chars().all(plain) {
            self.refuse("config-store-prefix", &["store", "prefix"], vec![("got", store.prefix.clone())]);
        }
        // To Redis, waiting for no time at all is waiting for ever.
        if !(0.05..=10.0).contains(&store.wait_s.as_secs_f64()) {
            let got = store.wait_s.as_secs_f64().to_string();
            self.refuse("config-store-wait", &["store", "wait_s"], vec![("got", got)]);
        }
        if !(1.0..=60.0).contains(&store.lease_s.as_secs_f64()) {
            let got = store.lease_s.as_secs_f64().to_string();
            self.refuse("config-store-lease", &["store", "lease_s"], vec![("got", got)]);
        }
    }
}

/// An address without the user and password that do not belong into it.
fn without_login(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}
