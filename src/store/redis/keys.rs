//! The names everything has in Redis. All share one hash tag, so that in a cluster all of it is in one slot and a script
//! can change all of it at once.

use crate::store::contract::Space;

/// Names that begin with `{prefix}:`.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    fn name(&self, rest: &str) -> String {
        format!("{{{}}}:{rest}", self.prefix)
    }

    /// Installation, epoch, newest row: a hash.
    pub(super) fn head(&self) -> String {
        self.name("head")
    }

    /// Rows: a stream.
    pub(super) fn journal(&self) -> String {
        self.name("journal")
    }

    /// Which records the rows changed: a stream of the newest.
    pub(super) fn changes(&self) -> String {
        self.name("changes")
    }

    /// Tokens of the nodes that may commit, by number: a hash.
    pub(super) fn nodes(&self) -> String {
        self.name("nodes")
    }

    /// When nodes were last heard of: a hash.
    pub(super) fn beats(&self) -> String {
        self.name("beats")
    }

    /// Attempts of nodes that came too late: a hash.
    pub(super) fn floors(&self) -> String {
        self.name("floors")
    }

    /// Who does what only one may do: a hash.
    pub(super) fn roles(&self) -> String {
        self.name("roles")
    }

    /// The number of the newest node.
    pub(super) fn counter(&self) -> String {
        self.name("node")
    }

    /// Records of a kind: a hash.
    pub(super) fn records(&self, space: Space) -> String {
        self.name(&format!("r:{}", space as u8))
    }

    /// Their keys in order: a sorted set.
    pub(super) fn order(&self, space: Space) -> String {
        self.name(&format!("k:{}", space as u8))
    }

    /// The parts of a shared limit: a hash.
    pub(super) fn rate(&self, limit: &str) -> String {
        self.name(&format!("rate:{limit}"))
    }

    /// What is reserved of a limit in a window.
    pub(super) fn reserved(&self, window: &str) -> String {
        self.name(&format!("reserved:{window}"))
    }
}
