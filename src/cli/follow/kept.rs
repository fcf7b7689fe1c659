//! The gateway's word about one screen: believed only with its signature, kept on disk, and told for what it is worth now.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    domain::{cap, moment::Moment},
    flow::screens::{NotBelieved, Notice, PublicKey, Screen, ScreenDocument, etag_of, verify},
};

/// The file of the keys that were pinned at first use.
pub(super) const KEYS: &str = "keys.json";

/// A document with its signature.
#[derive(Debug)]
pub(super) struct Kept {
    /// What the screen is.
    pub(super) about: Screen,
    pub(super) document: ScreenDocument,
    pub(super) input: String,
    pub(super) signature: String,
    /// The same as one CAP document, signed too; `None` when it could not be had.
    pub(super) cap: Option<Signed>,
    /// When it was signed, Unix seconds: so old is our word.
    pub(super) created: i64,
    /// After this second it counts no more.
    pub(super) expires: i64,
}

/// A signed text besides the document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Signed {
    pub(super) body: String,
    pub(super) signature_input: String,
    pub(super) signature: String,
}

impl Signed {
    /// Whether the gateway signed it, at whatever time.
    pub(super) fn is_believed(&self, keys: &[PublicKey]) -> bool {
        let created = created(&self.signature_input);
        let etag = etag_of(self.body.as_bytes());
        created.is_some_and(|at| verify(&etag, &self.signature_input, &self.signature, keys, at).is_ok())
    }
}

fn created(signature_input: &str) -> Option<i64> {
    signature_input.split(";created=").nth(1)?.split(';').next()?.parse().ok()
}

/// The same on disk.
#[derive(Serialize, Deserialize)]
struct Stored {
    about: Screen,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cap: Option<Signed>,
    body: String,
    signature_input: String,
    signature: String,
}

/// What came from the gateway.
pub(super) struct Received {
    pub(super) body: Bytes,
    pub(super) input: String,
    pub(super) signature: String,
}

/// Why what came is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("it is no document of a screen")]
    NoDocument,
    #[error(transparent)]
    NotBelieved(#[from] NotBelieved),
    /// Somebody plays an old answer back.
    #[error("it is older than what is known")]
    Older,
}

/// What can be told of a screen now.
pub(super) struct Told {
    pub(super) document: ScreenDocument,
    /// Whether it is the document that was signed.
    pub(super) signed: bool,
    /// The line is cut: since this second (Unix) nothing was heard.
    pub(super) cut_since: Option<i64>,
}

impl Kept {
    /// Takes what came, when its signature is good, counts now, and is no older than what is known.
    pub(super) fn believe(
        about: Screen,
        received: Received,
        keys: &[PublicKey],
        known: Option<&Self>,
        now: i64,
    ) -> Result<Self, Refused> {
        let document = ScreenDocument::received(received.body).ok_or(Refused::NoDocument)?;
        let stamped = verify(&document.etag, &received.input, &received.signature, keys, now)?;
        if known.is_some_and(|known| stamped.created < known.created) {
            return Err(Refused::Older);
        }
        let (created, expires) = (stamped.created, stamped.expires);
        let (input, signature) = (received.input, received.signature);
        Ok(Self { about, document, input, signature, cap: None, created, expires })
    }

    /// What was kept before the start; however old, but only with a good signature.
    pub(super) fn load(data: &Path, id: &str, keys: &[PublicKey]) -> Option<Self> {
        let stored: Stored = serde_json::from_slice(&std::fs::read(file(data, id)).ok()?).ok()?;
        let created = created(&stored.signature_input)?;
        let Stored { about, cap, body, signature_input: input, signature } = stored;
        // As of the moment it was signed: its age is told with it.
        let believed = Self::believe(about, Received { body: body.into(), input, signature }, keys, None, created);
        let kept =
            believed.inspect_err(|why| tracing::warn!(screen = id, %why, "what was kept is not believed")).ok()?;
        Some(Self { cap: cap.filter(|cap| cap.is_believed(keys)), ..kept })
    }

    /// Keeps it through a loss of power.
    pub(super) fn store(&self, data: &Path, id: &str) -> io::Result<()> {
        let stored = Stored {
            about: self.about.clone(),
            cap: self.cap.clone(),
            body: String::from_utf8_lossy(&self.document.body).into_owned(),
            signature_input: self.input.clone(),
            signature: self.signature.clone(),
        };
        replace(&file(data, id), &serde_json::to_vec(&stored)?)
    }

    /// What can be told at this moment; `None` when nothing is known any more. Warnings are told until they expire, though the
    /// line is cut; that nothing stands counts as long as its signature does, and the gateway does not refuse the screen.
    pub(super) fn told(&self, now: i64, refused: bool) -> Option<Told> {
        let over = |notice: &Notice| {
            let until = notice.valid_until.as_deref().and_then(|until| until.parse::<Moment>().ok());
            until.is_some_and(|until| until.unix() <= now)
        };
        let fresh = now <= self.expires && !refused;
        let cut_since = (!fresh).then_some(self.created);
        let (gone, left): (Vec<&Notice>, Vec<&Notice>) = self.document.notices.iter().partition(|notice| over(notice));
        if gone.is_empty() && (fresh || !left.is_empty()) {
            return Some(Told { document: self.document.clone(), signed: true, cut_since });
        }
        if left.is_empty() {
            return None;
        }
        let left = left.into_iter().cloned().collect();
        let document = ScreenDocument::new(&self.about.language, left, Vec::new(), self.created);
        Some(Told { document, signed: false, cut_since })
    }
}

impl Told {
    /// What the CAP document of `kept` says of it: as it was signed, or without what has expired. `None` when it is not known.
    pub(super) fn cap(&self, kept: &Kept, now: i64) -> Option<String> {
        let cap = kept.cap.as_ref()?;
        if self.signed {
            return Some(cap.body.clone());
        }
        let mut message = cap::read(cap.body.as_bytes()).message?;
        message.infos.retain(|info| info.expires.is_none_or(|expires| expires.unix() > now));
        (!message.infos.is_empty()).then(|| cap::write_public(&message))
    }
}

fn file(data: &Path, id: &str) -> std::path::PathBuf {
    data.join(format!("screen-{id}.json"))
}

/// Writes a file so that after a loss of power the old one or the new one is there.
pub(super) fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = file.with_extension("new");
    let mut written = File::create(&beside)?;
    written.write_all(bytes)?;
    written.sync_all()?;
    std::fs::rename(&beside, file)?;
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// The Ed25519 keys of a JSON Web Key Set; `None` when there are none.
pub(super) fn keys(bytes: &[u8]) -> Option<Vec<PublicKey>> {
    let set: Value = serde_json::from_slice(bytes).ok()?;
    let key = |key: &Value| {
        let text = |name: &str| key[name].as_str().map(str::to_owned);
        (key["crv"] == "Ed25519").then_some(())?;
        Some(PublicKey { id: text("kid")?, x: text("x")? })
    };
    let keys: Vec<PublicKey> = set["keys"].as_array()?.iter().filter_map(key).collect();
    (!keys.is_empty()).then_some(keys)
}

#[cfg(test)]
mod tests;
