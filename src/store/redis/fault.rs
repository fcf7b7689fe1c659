//! What can go wrong with a command, told apart by what is known of it afterwards; and why a store does not open.

use crate::store::{
    contract::{CommitFault, ReadFault},
    embedded::RowFault,
};

/// Why a command was not answered as it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// It was never sent.
    #[error("{0}")]
    Away(String),
    /// It was sent, and nothing is known of it.
    #[error("{0}")]
    Silent(String),
    /// The server refused it before doing anything, for want of memory.
    #[error("{0}")]
    Full(String),
    /// The server refused it before doing anything, and may take it in a moment.
    #[error("{0}")]
    Later(String),
    /// The server refused it before doing anything; another one may take it, or this one when it is ready.
    #[error("{0}")]
    Elsewhere(String),
    /// The server refused it before doing anything.
    #[error("{0}")]
    Refused(String),
    /// The server does not know the script.
    #[error("script unknown")]
    NoScript,
}

impl Fault {
    /// What an error of the client means.
    pub(super) fn of(error: &redis::RedisError) -> Self {
        let text = error.to_string();
        match error.code() {
            Some("NOSCRIPT") => Self::NoScript,
            Some("OOM") => Self::Full(text),
            // Some keys of the slot are here, some there already.
            Some("TRYAGAIN" | "ASK" | "BUSY") => Self::Later(text),
            Some("MOVED" | "READONLY" | "MASTERDOWN" | "CLUSTERDOWN" | "LOADING") => Self::Elsewhere(text),
            Some("MISCONF" | "NOREPLICAS" | "NOAUTH" | "NOPERM" | "WRONGPASS" | "CROSSSLOT") => Self::Refused(text),
            // A script that fails on the way may have done something.
            _ => Self::Silent(text),
        }
    }

    /// Whether the connection should be made anew, perhaps to another server.
    pub(super) fn ends_connection(&self) -> bool {
        matches!(self, Self::Silent(_) | Self::Elsewhere(_) | Self::Refused(_))
    }
}

impl From<Fault> for ReadFault {
    fn from(fault: Fault) -> Self {
        Self(fault.to_string())
    }
}

impl From<Fault> for CommitFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Silent(text) => Self::Unknown(text),
            Fault::Full(_) => Self::Full,
            fault => Self::Unavailable(fault.to_string()),
        }
    }
}

/// An answer that no script of ours gives.
pub(super) fn unreadable(what: &str) -> Fault {
    Fault::Silent(format!("the server answered something else than {what}"))
}

/// Why a store on Redis does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// The prefix of its names is empty or holds something else than letters, digits, `-`, `_` and `.`.
    #[error("prefix {0:?} is not made of letters, digits, '-', '_' and '.'")]
    Prefix(String),
    /// The file that remembers the installation cannot be read or written.
    #[error("cannot use {path}")]
    Memory {
        /// Which.
        path: std::path::PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The server is set up so that it would lose what it acknowledges.
    #[error("the store at {address} cannot be used: {text}")]
    Unfit {
        /// Where.
        address: String,
        /// What it would do.
        text: &'static str,
    },
    /// The server cannot be reached or does not do as it is told.
    #[error("the store at {address} cannot be used: {text}")]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// What is wrong.
        text: String,
    },
    /// This machine knows a store, and there is none or another one.
    #[error(
        "this machine belongs to installation {known}, and the store at {address} holds {found}; if that is meant, remove {path}"
    )]
    Other {
        /// The one that is known.
        known: String,
        /// Where it was looked for.
        address: String,
        /// What is there.
        found: String,
        /// The file that remembers the installation.
        path: std::path::PathBuf,
    },
    /// There is a journal and no head.
    #[error("the store at {0} has a journal and no head: it is damaged")]
    Headless(String),
    /// It was written by a newer program.
    #[error("the store at {address} has format {format}, which this program does not know")]
    Newer {
        /// Where.
        address: String,
        /// Its format.
        format: String,
    },
    /// There is a store where one was to be taken over.
    #[error("there is a store at {address} already: installation {installation}")]
    Inhabited {
        /// Where.
        address: String,
        /// Its name.
        installation: String,
    },
    /// Another store is being taken over there, or that broke off.
    #[error("a store is being moved to {0}, or that broke off; repeat the move")]
    Moving(String),
    /// The end of the journal is damaged.
    #[error("the journal of the store at {address} is damaged")]
    Damaged {
        /// Where.
        address: String,
        /// How.
        #[source]
        source: RowFault,
    },
}

/// Why a store could not be taken over.
#[derive(Debug, thiserror::Error)]
pub enum ImportFault {
    /// The server does not answer, or refuses.
    #[error("{0}")]
    Server(String),
    /// A row does not follow from the row before it.
    #[error(transparent)]
    Row(RowFault),
    /// Somebody else began to take a store over there.
    #[error("somebody else began to move a store there")]
    Overtaken,
    /// Fewer replicas have it than were asked for.
    #[error("{reached} of {wanted} replicas have it")]
    Replicas {
        /// How many have it.
        reached: u64,
        /// How many should.
        wanted: u32,
    },
}

impl From<Fault> for ImportFault {
    fn from(fault: Fault) -> Self {
        Self::Server(fault.to_string())
    }
}
