//! What nodes that share one store know of each other: who lives, who does what only one may do, what the others
//! committed, and which part of a shared limit is theirs.
//!
//! The store is the only judge, by its own clock: no node compares its wall clock with another's. A node that was taken
//! for dead is fenced: the store refuses everything it commits from then on, so that what was taken over from it cannot
//! be written twice. It starts again under a new number.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::contract::{Entry, Key, ReadFault, Space, Stored};

/// A node, from one start to its end: the store numbers every start, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct NodeId(pub u64);

impl std::fmt::Display for NodeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What one row of the journal changed: its entries, and the records its commits put.
#[derive(Clone, Debug)]
pub struct Change {
    /// The row's number; every commit belongs to a row, also one that only changes records.
    pub sequence: u64,
    /// Milliseconds since 1970 by the clock of the node that committed it.
    pub at_ms: i64,
    /// Who committed it.
    pub node: NodeId,
    /// The records as they stood after it, `None` = removed; in the order they were put.
    pub puts: Vec<(Space, Key, Option<Stored>)>,
    /// The row's entries with the offset of each one's data.
    pub entries: Vec<(u32, Entry)>,
}

/// Why the changes of the others cannot be followed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FollowFault {
    /// Now; asked again later, nothing is missed.
    #[error(transparent)]
    Unreadable(#[from] ReadFault),
    /// Rows above `after` are no longer kept as changes: this node fell too far behind and starts again from the records.
    #[error("changes after row {after} are not kept any more")]
    Gone {
        /// The last row this node has seen.
        after: u64,
    },
    /// The store is another one, or an older state of it, than this node has seen: nothing may be built on it.
    #[error("the store is not the one this node knows: {0}")]
    Strange(String),
}

/// What a node asks for of a limit that all nodes share.
#[derive(Clone, Debug, PartialEq)]
pub struct RateAsk {
    /// The limit's name, the same on every node.
    pub limit: String,
    /// Units a second all nodes may use together.
    pub rate: f64,
    /// Units a second this node could use now; 0 gives its part back.
    pub wants: f64,
}

/// A part of a shared limit, for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatePart {
    /// Units a second this node may use. The parts of all nodes that hold good at a moment never come to more than the
    /// limit.
    pub rate: f64,
    /// How long it holds good from when it was *asked for*; then nothing, until asked again.
    pub valid: Duration,
}

/// What nodes that share one store know of each other. All methods may be called concurrently.
#[async_trait::async_trait]
pub trait Cluster: Send + Sync + 'static {
    /// This node.
    fn node(&self) -> NodeId;

    /// Ends when this node was taken for dead, or the store is not the one it knew: it commits nothing any more, and has
    /// to start again.
    fn fenced(&self) -> CancellationToken;

    /// Rows above `after`, in order and without gaps, this node's own among them; waits for the first for at most `wait`.
    /// Empty when there were none.
    async fn changes(&self, after: u64, wait: Duration) -> Result<Vec<Change>, FollowFault>;

    /// The nodes that live, in rising order, this one among them.
    async fn nodes(&self) -> Result<Vec<NodeId>, ReadFault>;

    /// Takes a role only one node may have, or keeps it. True while this node has it: until it is fenced or gives it back.
    /// The role of a node that is dead is free.
    async fn hold(&self, role: &str) -> Result<bool, ReadFault>;

    /// Gives a role back, as a node that stops does.
    async fn give_back(&self, role: &str) -> Result<(), ReadFault>;

    /// This node's parts of shared limits, in the order asked.
    async fn rates(&self, asks: &[RateAsk]) -> Result<Vec<RatePart>, ReadFault>;

    /// Reserves up to `units` of what all nodes together may use in a window of a shared limit; says how many were given.
    /// `window` names it, days by their date; the store forgets it after `keep`.
    async fn reserve(&self, window: &str, most: u64, units: u64, keep: Duration) -> Result<u64, ReadFault>;
}
