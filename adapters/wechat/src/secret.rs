//! Secrets: read from files, wiped when no longer used, shown to nobody.

use std::{fmt, path::Path, sync::Arc};

use zeroize::Zeroizing;

/// Bytes of a file with a secret at most.
const FILE_MAX: u64 = 4096;

/// A secret of one word.
#[derive(Clone)]
pub(crate) struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    pub(crate) fn new(text: &str) -> Self {
        Self(Arc::new(Zeroizing::new(text.to_owned())))
    }

    /// A file's only word.
    ///
    /// # Errors
    /// Why it cannot be used; its content is not repeated.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let told = |fault: &dyn fmt::Display| format!("{} {fault}", path.display());
        if std::fs::metadata(path).map_err(|error| told(&error))?.len() > FILE_MAX {
            return Err(told(&"is larger than 4096 bytes"));
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|error| told(&error))?);
        match text.trim() {
            "" => Err(told(&"is empty")),
            text if text.contains(char::is_whitespace) => Err(told(&"holds more than one word")),
            text => Ok(Self::new(text)),
        }
    }

    /// The secret, for the wire and for nothing else.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}
