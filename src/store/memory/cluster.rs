//! Several nodes on one store in memory: each has a handle of its own, and a test decides who is dead and who is cut off.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Memory, Shared};
use crate::{
    clock::Clock,
    store::{Change, Cluster, FollowFault, NodeId, RateAsk, RatePart, ReadFault},
};

/// How long a part of a shared limit holds good.
const VALID: Duration = Duration::from_millis(200);
/// Rows shown at a time.
const ROWS: usize = 500;

/// One node.
pub(super) struct Member {
    pub(super) id: NodeId,
    clock: Clock,
    shared: Arc<Shared>,
    fenced: CancellationToken,
}

/// What the store knows of its nodes.
#[derive(Default)]
pub(super) struct Nodes {
    /// By number; those that are dead stay.
    members: BTreeMap<NodeId, Standing>,
    /// Who has which role.
    roles: BTreeMap<String, NodeId>,
    /// Rows since the first node joined, in order.
    changes: VecDeque<Change>,
    /// The row before the first of them.
    before: u64,
    limits: BTreeMap<String, BTreeMap<NodeId, Part>>,
    /// Units given of windows, and until when they are remembered.
    windows: BTreeMap<String, (u64, Instant)>,
}

struct Standing {
    alive: bool,
    /// It reaches nothing.
    cut: bool,
    /// It is taken for dead after so many more commits.
    last: Option<u32>,
    fenced: CancellationToken,
}

/// A node's part of a shared limit.
struct Part {
    wants: f64,
    rate: f64,
    until: Instant,
}

impl Nodes {
    /// Whether nodes share the store.
    pub(super) fn are_shared(&self) -> bool {
        !self.members.is_empty()
    }

    /// Whether the store lets a node do anything, else why not.
    pub(super) fn admits(&self, node: NodeId) -> Result<(), String> {
        match self.members.get(&node) {
            Some(standing) if standing.cut => Err("the store is not reached".to_owned()),
            Some(standing) if standing.alive => Ok(()),
            _ => Err(format!("node {node} was taken for dead")),
        }
    }

    /// A node has committed; true when that was its last commit.
    pub(super) fn spend(&mut self, node: NodeId) -> bool {
        let Some(left) = self.members.get_mut(&node).and_then(|standing| standing.last.as_mut()) else { return false };
        *left = left.saturating_sub(1);
        *left == 0
    }

    pub(super) fn keep(&mut self, change: Change) {
        self.changes.push_back(change);
    }

    fn alive(&self) -> Vec<NodeId> {
        self.members.iter().filter(|(_, standing)| standing.alive).map(|(node, _)| *node).collect()
    }

    /// A node's part: its fair share of what all want, as far as the parts of the others leave it.
    fn part(&mut self, node: NodeId, ask: &RateAsk, now: Instant) -> RatePart {
        let parts = self.limits.entry(ask.limit.clone()).or_default();
        parts.retain(|other, part| part.until > now && *other != node);
        let given: f64 = parts.values().map(|part| part.rate).sum();
        let mut wants: Vec<f64> = parts.values().map(|part| part.wants).filter(|wants| *wants > 0.0).collect();
        let rate = fair(ask, &mut wants).min(ask.rate - given).max(0.0);
        if ask.wants > 0.0 {
            parts.insert(node, Part { wants: ask.wants, rate, until: now + VALID });
        }
        RatePart { rate, valid: VALID }
    }
}

/// What is left to one who wants a part, when those who want less than an equal share get what they want.
fn fair(ask: &RateAsk, others: &mut [f64]) -> f64 {
    others.sort_by(f64::total_cmp);
    let (mut left, mut count) = (ask.rate, others.len() + 1);
    for wants in others.iter().copied() {
        let share = left / count as f64;
        if wants >= share || ask.wants <= wants {
            break;
        }
        left -= wants;
        count -= 1;
    }
    ask.wants.min(left / count as f64)
}

impl Memory {
    /// The handle of one more node. From the first one on, nodes follow each other's commits; what is committed through a
    /// handle of no node counts as that of node 0.
    #[must_use]
    pub fn join(&self) -> Self {
        let fenced = CancellationToken::new();
        let mut state = self.shared.state.lock();
        let (head, _) = state.head();
        let nodes = &mut state.nodes;
        if !nodes.are_shared() {
            nodes.before = head;
        }
        let id = NodeId(nodes.members.last_key_value().map_or(1, |(last, _)| last.0 + 1));
        nodes.members.insert(id, Standing { alive: true, cut: false, last: None, fenced: fenced.clone() });
        drop(state);
        let (clock, shared) = (self.clock.clone(), Arc::clone(&self.shared));
        let member = Member { id, clock: clock.clone(), shared: Arc::clone(&shared), fenced };
        Self { clock, shared, member: Some(Arc::new(member)) }
    }

    /// Takes a node for dead: its commits are refused, its roles are free. It learns of that unless it is cut off.
    pub fn kill(&self, node: NodeId) {
        let mut state = self.shared.state.lock();
        state.nodes.roles.retain(|_, holder| *holder != node);
        if let Some(standing) = state.nodes.members.get_mut(&node) {
            standing.alive = false;
            if !standing.cut {
                standing.fenced.cancel();
            }
        }
        drop(state);
        self.shared.bell.notify_waiters();
    }

    /// Takes a node for dead after so many more commits: a test dies between every two of them.
    pub fn kill_after(&self, node: NodeId, commits: u32) {
        if let Some(standing) = self.shared.state.lock().nodes.members.get_mut(&node) {
            standing.last = Some(commits);
        }
    }

    /// Cuts a node off: it reaches nothing and sees nothing, and does not know why.
    pub fn cut(&self, node: NodeId) {
        self.set_cut(node, true);
    }

    /// Ends that. A node that was taken for dead meanwhile learns of it.
    pub fn heal(&self, node: NodeId) {
        self.set_cut(node, false);
    }

    fn set_cut(&self, node: NodeId, cut: bool) {
        let mut state = self.shared.state.lock();
        if let Some(standing) = state.nodes.members.get_mut(&node) {
            standing.cut = cut;
            if !cut && !standing.alive {
                standing.fenced.cancel();
            }
        }
        drop(state);
        self.shared.bell.notify_waiters();
    }

    /// Forgets the changes up to a row, as a store does that keeps them for a while.
    pub fn forget_changes(&self, until: u64) {
        let nodes = &mut self.shared.state.lock().nodes;
        while nodes.changes.front().is_some_and(|change| change.sequence <= until) {
            nodes.changes.pop_front();
        }
        nodes.before = nodes.before.max(until);
    }
}

impl Member {
    /// What is there now after a row.
    fn after(&self, after: u64) -> Result<Vec<Change>, FollowFault> {
        let state = self.shared.state.lock();
        let (head, _) = state.head();
        let nodes = &state.nodes;
        match nodes.members.get(&self.id) {
            Some(standing) if standing.cut => {
                return Err(ReadFault("the store is not reached".to_owned()).into());
            }
            Some(standing) if standing.alive => {}
            _ => return Err(FollowFault::Strange(format!("node {} was taken for dead", self.id))),
        }
        if after > head {
            return Err(FollowFault::Strange(format!("it ends at row {head}, and row {after} was seen")));
        }
        if after < nodes.before {
            return Err(FollowFault::Gone { after });
        }
        let skip = usize::try_from(after - nodes.before).unwrap_or(usize::MAX);
        Ok(nodes.changes.iter().skip(skip).take(ROWS).cloned().collect())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Nodes) -> T) -> Result<T, ReadFault> {
        let mut state = self.shared.state.lock();
        state.nodes.admits(self.id).map_err(ReadFault)?;
        Ok(act(&mut state.nodes))
    }
}

#[async_trait::async_trait]
impl Cluster for Member {
    fn node(&self) -> NodeId {
        self.id
    }

    fn fenced(&self) -> CancellationToken {
        self.fenced.clone()
    }

    async fn changes(&self, after: u64, wait: Duration) -> Result<Vec<Change>, FollowFault> {
        let until = self.clock.instant() + wait;
        loop {
            let rung = self.shared.bell.notified();
            let found = self.after(after)?;
            let left = until.duration_since(self.clock.instant());
            if !found.is_empty() || left.is_zero() {
                return Ok(found);
            }
            tokio::select! {
                () = rung => {}
                () = self.clock.sleep(left) => {}
            }
        }
    }

    async fn nodes(&self) -> Result<Vec<NodeId>, ReadFault> {
        self.with(|nodes| nodes.alive())
    }

    async fn hold(&self, role: &str) -> Result<bool, ReadFault> {
        self.with(|nodes| *nodes.roles.entry(role.to_owned()).or_insert(self.id) == self.id)
    }

    async fn give_back(&self, role: &str) -> Result<(), ReadFault> {
        self.with(|nodes| nodes.roles.retain(|held, holder| held != role || *holder != self.id))
    }

    async fn rates(&self, asks: &[RateAsk]) -> Result<Vec<RatePart>, ReadFault> {
        let now = self.clock.instant();
        self.with(|nodes| asks.iter().map(|ask| nodes.part(self.id, ask, now)).collect())
    }

    async fn reserve(&self, window: &str, most: u64, units: u64, keep: Duration) -> Result<u64, ReadFault> {
        let now = self.clock.instant();
        self.with(|nodes| {
            nodes.windows.retain(|_, (_, until)| *until > now);
            let (used, _) = nodes.windows.entry(window.to_owned()).or_insert((0, now + keep));
            let given = units.min(most.saturating_sub(*used));
            *used += given;
            given
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Commit, CommitFault, Engine, Entry, EntryKind, Expect, Put, Space};

    fn commit(key: &str) -> Commit {
        let put = Put { space: Space::Meta, key: key.into(), value: Some("v".into()), expect: Expect::Any };
        Commit { puts: vec![put], entries: vec![Entry { kind: EntryKind::Decision, data: "d".into() }] }
    }

    #[tokio::test(start_paused = true)]
    async fn nodes_see_what_the_others_commit_and_the_dead_commit_nothing() {
        let store = Memory::new(Clock::simulated(1_000, 1));
        store.commit(commit("before")).await.unwrap();
        let (a, b) = (store.join(), store.join());
        let (of_a, of_b) = (a.cluster().unwrap(), b.cluster().unwrap());
        assert!(of_a.hold("leader").await.unwrap() && !of_b.hold("leader").await.unwrap());
        a.commit(commit("a")).await.unwrap();
        a.commit(Commit { puts: commit("only").puts, entries: Vec::new() }).await.unwrap();
        let seen = of_b.changes(1, Duration::ZERO).await.unwrap();
        assert_eq!(
            seen.iter().map(|change| (change.sequence, change.node)).collect::<Vec<_>>(),
            [(2, of_a.node()), (3, of_a.node())]
        );
        assert!(matches!(of_b.changes(0, Duration::ZERO).await, Err(FollowFault::Gone { after: 0 })));
        assert!(matches!(of_b.changes(9, Duration::ZERO).await, Err(FollowFault::Strange(_))));
        store.cut(of_a.node());
        store.kill(of_a.node());
        assert!(!of_a.fenced().is_cancelled(), "it cannot know yet");
        store.heal(of_a.node());
        assert!(of_a.fenced().is_cancelled());
        assert!(matches!(a.commit(commit("late")).await, Err(CommitFault::Unavailable(_))));
        assert!(of_b.hold("leader").await.unwrap(), "the role of the dead is free");
        assert_eq!(of_b.nodes().await.unwrap(), [of_b.node()]);
        assert!(store.join().cluster().unwrap().node() > of_b.node());
    }

    #[tokio::test(start_paused = true)]
    async fn parts_never_come_to_more_than_the_limit() {
        let clock = Clock::simulated(1_000, 1);
        let store = Memory::new(clock.clone());
        let nodes: Vec<_> = (0..3).map(|_| store.join().cluster().unwrap()).collect();
        let ask = |wants: f64| [RateAsk { limit: "l".to_owned(), rate: 90.0, wants }];
        let all = nodes[0].rates(&ask(90.0)).await.unwrap()[0].rate;
        assert!((all - 90.0).abs() < 1e-9);
        assert!(nodes[1].rates(&ask(90.0)).await.unwrap()[0].rate < 1e-9, "the first has it all yet");
        let half = nodes[0].rates(&ask(90.0)).await.unwrap()[0].rate;
        let other = nodes[1].rates(&ask(10.0)).await.unwrap()[0].rate;
        assert!((half - 45.0).abs() < 1e-9 && (other - 10.0).abs() < 1e-9, "{half} {other}");
        clock.sleep(VALID).await;
        let rest = nodes[2].rates(&ask(500.0)).await.unwrap()[0].rate;
        assert!((rest - 90.0).abs() < 1e-9, "what is not asked for again is free: {rest}");
    }
}
