//! Which installation this machine belongs to: one line in a file, so that a store that was emptied or taken for another
//! is not begun anew by the next start.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::fault::OpenFault;

/// The installation that is remembered.
pub(super) fn recall(path: &Path) -> Result<Option<String>, OpenFault> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|name| !name.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(OpenFault::Memory { path: path.to_owned(), source }),
    }
}

/// Remembers an installation, all of its name or nothing.
pub(super) fn remember(path: &Path, installation: &str) -> Result<(), OpenFault> {
    let beside: PathBuf = path.with_extension("new");
    let write = || {
        fs::write(&beside, format!("{installation}\n"))?;
        fs::File::open(&beside)?.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|source| OpenFault::Memory { path: path.to_owned(), source })
}
