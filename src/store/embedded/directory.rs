//! The data directory: created for its owner only, and held by one process.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::fault::OpenFault;

/// Where the files of one data directory are.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    root: PathBuf,
}

impl Directory {
    pub(super) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The SQLite file.
    pub(super) fn database(&self) -> PathBuf {
        self.root.join("fenghuo.db")
    }

    /// SQLite's log beside it.
    pub(super) fn log(&self) -> PathBuf {
        self.root.join("fenghuo.db-wal")
    }

    /// The second place of the journal's head.
    pub(super) fn head(&self) -> PathBuf {
        self.root.join("journal.head")
    }

    /// What is kept for a full disk.
    pub(super) fn reserve(&self) -> PathBuf {
        self.root.join("reserve")
    }

    /// The directory itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The file whose lock says that a process has the directory open.
    pub(super) fn lock_file(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// Creates the directory when it is not there, readable by its owner alone, and takes it for this process.
    pub(super) fn take(&self) -> Result<File, OpenFault> {
        let io = |what, path| move |source| OpenFault::io(what, path, source);
        if !self.root.is_dir() {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700).create(&self.root).map_err(io("cannot create", &self.root))?;
            if let Some(parent) = self.root.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                sync_directory(parent).map_err(io("cannot sync", parent))?;
            }
        }
        let path = self.lock_file();
        let lock = private(&path).map_err(io("cannot create", &path))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(OpenFault::InUse(self.root.clone())),
            Err(TryLockError::Error(source)) => Err(io("cannot lock", &path)(source)),
        }
    }

    /// Makes the names of the files in the directory durable.
    pub(super) fn sync(&self) -> Result<(), OpenFault> {
        sync_directory(&self.root).map_err(|source| OpenFault::io("cannot sync", &self.root, source))
    }
}

/// Opens a file for reading and writing; a new one is readable by its owner alone.
pub(super) fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
