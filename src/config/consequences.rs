//! The second pass: what would happen if the gateway started with these settings.

mod alarms;
mod authority;
mod call;
mod drills;
mod issuers;
mod ladder;
mod measures;
mod pace;
mod public;
mod roster;
mod routes;
mod sharing;
mod signoff;
mod store;

use super::{
    Config,
    finding::{ConfigFinding, Spot, Weight},
    tree::{Node, Source, written},
};
use crate::domain::{area::AreaCode, sheet};

/// Checks settings against each other. `incomplete`: some were wrong and left out, so what is missing proves nothing.
pub(super) fn check(config: &Config, tree: &Node, sources: &[Source], incomplete: bool) -> Vec<ConfigFinding> {
    let mut pass = Pass { config, tree, sources, incomplete, findings: Vec::new() };
    pass.server();
    pass.store();
    pass.texts();
    pass.delivery();
    pass.receipts();
    pass.retention();
    pass.areas();
    pass.outlines();
    pass.hazards();
    issuers::check(&mut pass);
    authority::check(&mut pass);
    routes::check(&mut pass);
    pace::check(&mut pass);
    ladder::check(&mut pass);
    alarms::check(&mut pass);
    signoff::check(&mut pass);
    call::check(&mut pass);
    drills::check(&mut pass);
    sharing::check(&mut pass);
    roster::check(&mut pass);
    measures::check(&mut pass);
    public::check(&mut pass);
    pass.findings
}

struct Pass<'a> {
    config: &'a Config,
    tree: &'a Node,
    sources: &'a [Source],
    incomplete: bool,
    findings: Vec<ConfigFinding>,
}

type Args = Vec<(&'static str, String)>;

impl Pass<'_> {
    fn refuse(&mut self, code: &'static str, path: &[&str], args: Args) {
        self.report(code, path, args, Weight::Refuse);
    }

    fn advise(&mut self, code: &'static str, path: &[&str], args: Args) {
        self.report(code, path, args, Weight::Advise);
    }

    fn report(&mut self, code: &'static str, path: &[&str], args: Args, weight: Weight) {
        let key = written(&path.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>());
        let value = self.tree.at(path).and_then(|entry| Spot::new(self.sources, &entry.node.origin));
        // A default stands nowhere; then the table it belongs to is the place.
        let table = || {
            let above = path.get(..path.len().saturating_sub(1))?;
            Spot::new(self.sources, &self.tree.at(above)?.key)
        };
        self.findings.push(ConfigFinding { code, key, spot: value.or_else(table), args, weight });
    }

    fn server(&mut self) {
        let server = &self.config.server;
        if !server.listen.ip().is_loopback() {
            self.advise("config-listen-open", &["server", "listen"], vec![("address", server.listen.to_string())]);
        }
        if let Some(url) = &server.public_url {
            let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            let whole =
                rest.is_some_and(|rest| !rest.is_empty() && !rest.ends_with('/') && !rest.contains(['?', '#', ' ']));
            if !whole {
                self.refuse("config-public-url", &["server", "public_url"], vec![("got", url.clone())]);
            } else if url.starts_with("http://") && !server.listen.ip().is_loopback() {
                self.advise("config-public-url-plain", &["server", "public_url"], vec![("got", url.clone())]);
            }
        }
        const SMALLEST: usize = 16 * 1024;
        const LARGEST: usize = 64 * 1024 * 1024;
        if !(SMALLEST..=LARGEST).contains(&server.body_max) {
            let args = vec![("got", server.body_max.to_string())];
            self.refuse("config-body-max", &["server", "body_max"], args);
        }
    }

    fn texts(&mut self) {
        let texts = &self.config.texts;
        // 2 to 12 characters, the brackets are added: rule of the national SMS platforms.
        let fits = (2..=12).contains(&texts.signature.chars().count()) && !texts.signature.contains(['【', '】']);
        if !fits {
            self.refuse("config-signature", &["texts", "signature"], vec![("got", texts.signature.clone())]);
        }
        if texts.languages.is_empty() {
            self.refuse("config-languages-none", &["texts", "languages"], Vec::new());
        }
        for tag in texts.languages.iter().filter(|tag| !is_language_tag(tag)) {
            self.refuse("config-language-tag", &["texts", "languages"], vec![("got", tag.clone())]);
        }
        if let Some(directory) = texts.templates.as_ref().filter(|directory| !directory.is_dir()) {
            let args = vec![("directory", directory.display().to_string())];
            self.refuse("config-templates-missing", &["texts", "templates"], args);
        }
    }

    fn delivery(&mut self) {
        let delivery = &self.config.delivery;
        for (name, span) in
            [("default_validity_s", delivery.default_validity_s), ("lift_validity_s", delivery.lift_validity_s)]
        {
            if span.is_zero() {
                self.refuse("config-validity-zero", &["delivery", name], Vec::new());
            }
        }
    }

    fn receipts(&mut self) {
        let receipts = &self.config.receipts;
        if receipts.unknown_max == 0 || receipts.unknown_keep_s.is_zero() {
            let key = if receipts.unknown_max == 0 { "unknown_max" } else { "unknown_keep_s" };
            self.advise("config-unknown-none", &["receipts", key], Vec::new());
        }
        for channel in receipts.confirm_links.iter().filter(|channel| !channel.reaches_persons()) {
            let args = vec![("channel", channel.name().to_owned())];
            self.advise("config-confirm-nobody", &["receipts", "confirm_links"], args);
        }
        if !receipts.confirm_links.is_empty() && self.config.server.public_url.is_none() {
            self.advise("config-confirm-local", &["receipts", "confirm_links"], Vec::new());
        }
    }

    fn store(&mut self) {
        // A lift to ten million people is a bitmap of about a megabyte a channel, its leases and outcomes as much again.
        const SMALLEST: usize = 16 * 1024 * 1024;
        let reserve = self.config.store.reserve;
        if reserve < SMALLEST {
            self.advise("config-reserve-small", &["store", "reserve"], vec![("got", reserve.to_string())]);
        }
        self.shared_store();
    }

    fn retention(&mut self) {
        // Logs are kept for six months (Cybersecurity Law); who was told what is asked about as long.
        const SHORTEST_DAYS: u32 = 180;
        let days = self.config.retention.details_days;
        if (1..SHORTEST_DAYS).contains(&days) {
            self.advise("config-details-short", &["retention", "details_days"], vec![("got", days.to_string())]);
        }
    }

    fn areas(&mut self) {
        let written = self.tree.at(&["areas"]).and_then(|entry| entry.node.table());
        for (code, _) in written.into_iter().flatten() {
            // The same area under two spellings (6 and 12 digits) is one entry to serde: the later would win silently.
            if code.parse::<AreaCode>().is_ok_and(|area| area.to_string() != *code) {
                self.advise("config-area-short", &["areas", code], vec![("got", code.clone())]);
            }
        }
    }

    fn outlines(&mut self) {
        let wrong = self.config.outlines.iter().flat_map(|(code, outlines)| {
            let bad =
                outlines.iter().find(|text| sheet::outline(text).is_none()).map(|text| text.chars().take(40).collect());
            let got: Option<String> = if code.parse::<AreaCode>().is_err() { Some(code.clone()) } else { bad };
            got.map(|got| (code.clone(), got))
        });
        for (code, got) in wrong.collect::<Vec<_>>() {
            self.refuse("config-outline", &["outlines", &code], vec![("got", got)]);
        }
    }

    fn hazards(&mut self) {
        let malformed = self.config.hazards.keys().filter(|code| !issuers::is_hazard_code(code));
        for code in malformed.cloned().collect::<Vec<_>>() {
            self.refuse("config-hazard-code", &["hazards", &code], vec![("got", code.clone())]);
        }
    }
}

/// Whether a text has the form of a BCP 47 tag as we use them: letters, then parts of letters and digits.
fn is_language_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary =
        parts.next().is_some_and(|part| matches!(part.len(), 2 | 3) && part.bytes().all(|b| b.is_ascii_lowercase()));
    primary && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}
