//! What a link owes the client: requests that are unanswered, and what waits behind them.

use std::collections::VecDeque;

use crate::dialect::Delivery;

/// What the centre sent and still waits to send.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) queue: VecDeque<Delivery>,
    /// Requests in order; the first one's sequence is one above `first`.
    requests: VecDeque<Request>,
    first: u32,
    unanswered: usize,
}

/// A request of the centre.
#[derive(Debug)]
pub(crate) enum Request {
    Delivery(Delivery),
    Test,
    Bind,
    Answered,
}

impl Sent {
    /// The sequence the next request gets.
    pub(crate) fn upcoming(&self) -> u32 {
        self.first + u32::try_from(self.requests.len()).unwrap_or(u32::MAX) + 1
    }

    /// Remembers a request; answers its sequence.
    pub(crate) fn next(&mut self, request: Request) -> u32 {
        let sequence = self.upcoming();
        self.unanswered += 1;
        self.requests.push_back(request);
        sequence
    }

    pub(crate) fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// Takes the request with this sequence off.
    pub(crate) fn answered(&mut self, sequence: u32) -> Option<Request> {
        let place = usize::try_from(sequence.checked_sub(self.first + 1)?).ok()?;
        let request = std::mem::replace(self.requests.get_mut(place)?, Request::Answered);
        if matches!(request, Request::Answered) {
            return None;
        }
        self.unanswered -= 1;
        while matches!(self.requests.front(), Some(Request::Answered)) {
            self.requests.pop_front();
            self.first += 1;
        }
        Some(request)
    }

    /// Whether an alive question is unanswered.
    pub(crate) fn is_tested(&self) -> bool {
        self.requests.iter().any(|request| matches!(request, Request::Test))
    }

    /// What the client has not acknowledged.
    pub(crate) fn left(&mut self) -> impl Iterator<Item = Delivery> {
        let unanswered = self.requests.drain(..).filter_map(|request| match request {
            Request::Delivery(delivery) => Some(delivery),
            _ => None,
        });
        unanswered.chain(self.queue.drain(..))
    }
}
