use std::path::PathBuf;

use super::problems::{Problems, SettingsFault};
use crate::{
    dkim::{Key, Signer},
    seal::Seal,
};

/// A DKIM signature under every message (RFC 6376). Its public half stands in the DNS at `SELECTOR._domainkey.DOMAIN`.
///
/// ```toml
/// selector = "fenghuo"
/// key_file = "/run/credentials/dkim-key"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DkimSettings {
    /// Which of the domain's keys it is.
    pub selector: String,
    /// Who signs. Default: the domain of `from`, which DMARC wants.
    #[serde(default)]
    pub domain: Option<String>,
    /// PEM file with the private key: RSA of 2048 bits or more, or Ed25519 (RFC 8463). Where a receiver may not know Ed25519
    /// yet, sign with both.
    pub key_file: PathBuf,
}

impl DkimSettings {
    pub(crate) fn signer(&self, of_from: Option<&str>, problems: &mut Problems) -> Option<Signer> {
        let selector = problems.name("dkim.selector", Some(self.selector.clone()));
        let domain = problems.name("dkim.domain", self.domain.clone().or(of_from.map(str::to_owned)));
        let pem = problems.secret("dkim.key_file", Some(&self.key_file))?;
        let key = Key::from_pem(pem.as_bytes());
        let key = problems.good(key, "dkim.key_file", "不能用作 DKIM 私钥", "cannot be used as a key for DKIM")?;
        Some(Signer { domain: domain?, selector: selector?, key })
    }
}

/// A link by which a recipient says that he wants no more such mail, with one click (RFC 8058). It is in mails below orange: what is
/// a danger to life cannot be turned off from within a mail program.
///
/// Who serves the address reads it with [`Seal::for_unsubscribing`] and the same key, answers POST alone, and no GET with an
/// effect: programs that look for viruses open every link.
///
/// ```toml
/// url = "https://warning.songbei.example/unsubscribe"
/// key_file = "/run/credentials/unsubscribe-key"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnsubscribeSettings {
    /// Where it leads, `https`; a slash and the signed token of the delivery are added.
    pub url: String,
    /// File with the key it is signed with, 16 bytes or more (a line end is ignored).
    pub key_file: PathBuf,
}

/// The settings made usable.
pub(crate) struct Unsubscribe {
    pub(crate) url: String,
    pub(crate) seal: Seal,
}

impl UnsubscribeSettings {
    /// What opens the links, for whoever serves the address.
    ///
    /// # Errors
    /// [`SettingsFault`] when the key cannot be used.
    pub fn seal(&self) -> Result<Seal, SettingsFault> {
        let mut problems = Problems::default();
        match self.unsubscribe(&mut problems) {
            Some(unsubscribe) if problems.0.is_empty() => Ok(unsubscribe.seal),
            _ => Err(SettingsFault(problems.0)),
        }
    }

    pub(crate) fn unsubscribe(&self, problems: &mut Problems) -> Option<Unsubscribe> {
        let url = self.url.trim_end_matches('/');
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"<>\"?#".contains(&byte);
        let good = url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty()) && url.bytes().all(plain);
        let (zh, en) = ("须为 https 地址，不带查询", "must be an https address without a query");
        problems.unless(good && url.len() <= 400, "unsubscribe.url", zh, en);
        let key = problems.signing_key("unsubscribe.key_file", &self.key_file)?;
        Some(Unsubscribe { url: url.to_owned(), seal: Seal::for_unsubscribing(key.as_bytes()) })
    }
}
