//! The file that holds the master key.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{Vault, recorded};
use crate::{clock::Clock, store::Store};

/// First line of a key file: what it is and for which algorithm.
const HEADER: &str = "fenghuo-key:aes-256-gcm";
/// No key file is longer.
const LONGEST: u64 = 4096;

/// Why the keys cannot be used. Each says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// The file cannot be read or written.
    #[error("key file {path} cannot be read or created: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// Group or others may read the file.
    #[error("key file {path} is open to others (mode {mode:03o}): run `chmod 600 {path}`, and consider who read it")]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is no key file.
    #[error("key file {path} is damaged or of another version: put back the copy you keep apart from the data")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The store holds sealed values and the key file is gone.
    #[error("key file {path} is missing, yet the data is sealed with key {expected}: put back the copy of that key")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
        /// Fingerprint of the key the data is sealed with.
        expected: String,
    },
    /// The store's values are sealed with another key.
    #[error("the data is sealed with key {expected}, the key file holds {found}: put back the copy of key {expected}")]
    Wrong {
        /// Fingerprint of the key the data is sealed with.
        expected: String,
        /// Fingerprint of the key given.
        found: String,
    },
    /// The store does not answer, so that nothing can be compared.
    #[error("the key cannot be compared with the data: {0}")]
    Store(String),
}

impl KeyFault {
    /// Every code.
    pub const CODES: &[&str] = &[
        "seal-key-io",
        "seal-key-malformed",
        "seal-key-missing",
        "seal-key-store",
        "seal-key-too-open",
        "seal-key-wrong",
    ];

    /// Stable code for log, console and `fenghuo explain`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "seal-key-io",
            Self::TooOpen { .. } => "seal-key-too-open",
            Self::Malformed { .. } => "seal-key-malformed",
            Self::Missing { .. } => "seal-key-missing",
            Self::Wrong { .. } => "seal-key-wrong",
            Self::Store(_) => "seal-key-store",
        }
    }
}

impl Vault {
    /// Opens the key file at `path`; when there is none, makes a key and writes it with mode 600, durably, before it
    /// is used. Only for a store known to be empty; otherwise see [`Vault::start`].
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn open_or_create(path: &Path, clock: &Clock) -> Result<Self, KeyFault> {
        let io = |source| KeyFault::Io { path: path.to_owned(), source };
        match Self::open(path) {
            Err(KeyFault::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
        create(path, clock).map_err(io)?;
        Self::open(path)
    }

    /// Opens the key file at `path`.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn open(path: &Path) -> Result<Self, KeyFault> {
        let io = |source| KeyFault::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        let mode = file.metadata().map_err(io)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyFault::TooOpen { path: path.to_owned(), mode });
        }
        let mut text = Zeroizing::new(String::with_capacity(256));
        match file.take(LONGEST).read_to_string(&mut text) {
            Err(fault) if fault.kind() != io::ErrorKind::InvalidData => return Err(io(fault)),
            _ => {}
        }
        let key = read_key(&text).ok_or_else(|| KeyFault::Malformed { path: path.to_owned() })?;
        Ok(Self::with_key(&key))
    }

    /// Opens the keys for a store: makes them on the first start, and refuses when the store's values are sealed with
    /// a key that is missing or another one.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub async fn start(store: &Store, path: &Path, clock: &Clock) -> Result<Self, KeyFault> {
        let vault = match recorded(store).await? {
            Some(expected) if !path.exists() => return Err(KeyFault::Missing { path: path.to_owned(), expected }),
            Some(_) => Self::open(path)?,
            None => Self::open_or_create(path, clock)?,
        };
        vault.check(store).await?;
        Ok(vault)
    }
}

/// Writes a new key beside `path` and links it there, so that `path` never holds half a key and never loses another.
fn create(path: &Path, clock: &Clock) -> io::Result<()> {
    let draft = path.with_extension(format!("{:08x}", u32::from_be_bytes(clock.random())));
    let written = write_key(&draft, clock).and_then(|()| match fs::hard_link(&draft, path) {
        Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let removed = fs::remove_file(&draft);
    written.and(removed)?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

fn write_key(path: &Path, clock: &Clock) -> io::Result<()> {
    let key = Zeroizing::new(clock.random::<32>());
    let mut text = Zeroizing::new(String::with_capacity(256));
    text.push_str(HEADER);
    text.push('\n');
    for byte in key.iter() {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text.push('\n');
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn read_key(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut lines = text.lines();
    let (header, digits) = (lines.next()?, lines.next()?.trim_end().as_bytes());
    if header.trim_end() != HEADER || digits.len() != 64 || lines.any(|line| !line.trim().is_empty()) {
        return None;
    }
    let digit = |at: usize| char::from(digits[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut key = Zeroizing::new([0; 32]);
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = digit(at * 2)? << 4 | digit(at * 2 + 1)?;
    }
    Some(key)
}
