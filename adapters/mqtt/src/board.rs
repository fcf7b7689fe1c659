//! What the broker is known to hold, as far as submits want to know it.

use std::{collections::HashMap, sync::Arc};

use fenghuo_contract::{Cause, Content, Fault, Verdict};

use crate::{state::GroupState, topics::reference_for};

/// The connection and the topics at one moment.
#[derive(Default)]
pub(crate) struct Board {
    pub(crate) link: Link,
    groups: HashMap<String, Held>,
}

/// The connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Link {
    /// The first attempt is under way.
    #[default]
    Trying,
    /// Logged in.
    Up,
    /// The last attempt failed so, or the connection ended so.
    Down(Fault),
    /// The adapter is closed.
    Closed,
}

/// What is known of one topic in this connection.
#[derive(Default)]
struct Held {
    /// The newest state that may have reached the broker.
    written: Option<Arc<GroupState>>,
    /// The newest state the broker acknowledged.
    held: Option<Arc<GroupState>>,
    /// What the broker said of the newest state when it refused it.
    refused: Option<Verdict>,
}

impl Board {
    /// A connection begins or ends: nothing is known of any topic until it is published anew.
    pub(crate) fn turn(&mut self, link: Link) {
        self.link = link;
        self.groups.clear();
    }

    pub(crate) fn wrote(&mut self, group: &str, state: Arc<GroupState>) {
        let held = self.groups.entry(group.to_owned()).or_default();
        held.written = Some(state);
        held.refused = None;
    }

    pub(crate) fn took(&mut self, group: &str, state: Arc<GroupState>) {
        self.groups.entry(group.to_owned()).or_default().held = Some(state);
    }

    pub(crate) fn refused(&mut self, group: &str, verdict: Verdict) {
        self.groups.entry(group.to_owned()).or_default().refused = Some(verdict);
    }

    /// Why no submit can succeed now.
    pub(crate) fn fault(&self) -> Option<Fault> {
        match &self.link {
            Link::Trying | Link::Up => None,
            Link::Down(fault) => Some(fault.clone()),
            Link::Closed => Some(Fault::Transient(Cause::new("CLOSED", "the adapter is closed"))),
        }
    }

    /// The answer for a group, once there is one.
    pub(crate) fn verdict(&self, group: &str, content: &Content) -> Option<Verdict> {
        let held = self.groups.get(group)?;
        let shows = |state: &Arc<GroupState>| state.shows(&content.thread, content.released_at);
        if held.held.as_ref().is_some_and(shows) {
            return Some(Verdict::Accepted(Some(reference_for(group, &content.thread, content.released_at))));
        }
        held.refused.clone().filter(|_| held.written.as_ref().is_some_and(shows))
    }

    /// The answer when time is over.
    pub(crate) fn overdue(&self, group: &str, content: &Content) -> Verdict {
        if let Some(verdict) = self.verdict(group, content) {
            return verdict;
        }
        let written = self.groups.get(group).and_then(|held| held.written.as_ref());
        if written.is_some_and(|state| state.shows(&content.thread, content.released_at)) {
            return Verdict::InDoubt(Cause::new("UNANSWERED", "the broker did not acknowledge the state of the group"));
        }
        let text = match self.link {
            Link::Up => "the state of the group does not show this decision yet",
            _ => "the broker is not connected",
        };
        Verdict::Transient(Cause::new("NOT-SHOWN", text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(released_at: i64) -> Arc<GroupState> {
        let shown = crate::Shown { warning: "w".to_owned(), thread: "event".to_owned(), released_at };
        Arc::new(GroupState {
            document: "{}".to_owned(),
            etag: "\"1\"".to_owned(),
            signature_input: String::new(),
            signature: String::new(),
            counts_for: std::time::Duration::from_secs(100),
            shown: vec![shown],
        })
    }

    #[test]
    fn a_decision_is_accepted_when_a_state_that_shows_it_was_acknowledged() {
        let content = Content { thread: "event".to_owned(), released_at: 20, ..Content::default() };
        let mut board = Board::default();
        board.turn(Link::Up);
        assert!(matches!(board.overdue("plaza", &content), Verdict::Transient(_)));
        board.wrote("plaza", state(10));
        board.took("plaza", state(10));
        assert!(matches!(board.overdue("plaza", &content), Verdict::Transient(_)), "the warning before the lift");
        board.wrote("plaza", state(20));
        assert_eq!(board.verdict("plaza", &content), None);
        assert!(matches!(board.overdue("plaza", &content), Verdict::InDoubt(_)));
        let refusal = Verdict::refused_content("publish 0x95", "too long");
        board.refused("plaza", refusal.clone());
        assert_eq!(board.verdict("plaza", &content), Some(refusal));
        board.wrote("plaza", state(20));
        board.took("plaza", state(20));
        let accepted = Verdict::Accepted(Some(reference_for("plaza", "event", 20)));
        assert_eq!(board.verdict("plaza", &content), Some(accepted));
        board.turn(Link::Down(Fault::Transient(Cause::new("IO", "away"))));
        assert_eq!(board.verdict("plaza", &content), None);
    }
}
