//! What one connection knows: which state of each group was written, acknowledged, refused, and when it grows old.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use fenghuo_contract::Cause;
use tokio::sync::mpsc;
use tokio_util::time::{DelayQueue, delay_queue::Key};

use crate::{
    acks::Word,
    publisher::Publisher,
    state::{GroupState, Said},
    topics::is_group,
    wire::{Broken, Client, Heard, Message, Publication, WINDOW, presence},
};

/// After this time a state that was refused is published again.
const REFUSED_AGAIN: Duration = Duration::from_secs(30);
/// Bytes a message is longer than topic and payload, generously.
const PACKET_EXTRA: usize = 64;
/// Answers of a broker below this say that it took the message.
const FIRST_REFUSAL: u8 = 0x80;

/// What screens of a topic read.
#[derive(serde::Serialize)]
struct Envelope<'a> {
    document: &'a str,
    etag: &'a str,
    signature_input: &'a str,
    signature: &'a str,
    keys: &'a str,
}

/// A message under way: the state of a group, or our presence.
struct UnderWay {
    of: Option<(String, Arc<GroupState>)>,
}

pub(crate) struct Session<'a> {
    pub(crate) publisher: &'a mut Publisher,
    pub(crate) client: Client,
    pub(crate) refreshing: DelayQueue<String>,
    words: mpsc::Sender<Word>,
    packet_max: Option<usize>,
    /// Groups to look at, and whether to publish what is published already.
    due: BTreeSet<String>,
    old: BTreeSet<String>,
    newest: HashMap<String, Arc<GroupState>>,
    timers: HashMap<String, Key>,
    /// Handed over, in this order, not yet written.
    waiting: VecDeque<UnderWay>,
    /// Written, not yet answered, by number.
    unanswered: HashMap<u16, UnderWay>,
}

impl Broken {
    /// An end that we make.
    pub(crate) fn ours(text: &str) -> Self {
        Self { code: "ENDED".to_owned(), text: text.to_owned() }
    }
}

impl<'a> Session<'a> {
    pub(crate) fn new(
        publisher: &'a mut Publisher,
        client: Client,
        words: mpsc::Sender<Word>,
        packet_max: Option<u32>,
    ) -> Self {
        Self {
            publisher,
            client,
            refreshing: DelayQueue::new(),
            words,
            packet_max: packet_max.and_then(|most| usize::try_from(most).ok()),
            due: BTreeSet::new(),
            old: BTreeSet::new(),
            newest: HashMap::new(),
            timers: HashMap::new(),
            waiting: VecDeque::new(),
            unanswered: HashMap::new(),
        }
    }

    /// Says that we are there, and asks for what screens say.
    pub(crate) fn greet(&mut self) -> Result<(), Broken> {
        self.tell_presence(true)?;
        let filters = self.publisher.broker.topics.acks();
        self.client.subscribe(filters).map_err(|_| Broken::ours("no room for a subscription"))
    }

    pub(crate) fn absent(&mut self) -> Result<(), Broken> {
        self.tell_presence(false)
    }

    fn tell_presence(&mut self, online: bool) -> Result<(), Broken> {
        let topic = self.publisher.broker.topics.presence();
        let payload = Bytes::from_static(presence(online).as_bytes());
        self.hand_over(Publication { topic, payload, expiry_s: None }, None)
    }

    fn hand_over(&mut self, message: Publication, of: Option<(String, Arc<GroupState>)>) -> Result<(), Broken> {
        self.client.publish(message).map_err(|_| Broken::ours("no room for a message"))?;
        self.waiting.push_back(UnderWay { of });
        Ok(())
    }

    /// Whether nothing is under way.
    pub(crate) fn is_answered(&self) -> bool {
        self.waiting.is_empty() && self.unanswered.is_empty()
    }

    /// Looks at every group.
    pub(crate) async fn all_due(&mut self) {
        let groups = self.publisher.source.groups().await;
        self.due.extend(groups.into_iter().filter(|group| is_group(group)));
    }

    pub(crate) fn grew_old(&mut self, group: String) {
        self.timers.remove(&group);
        self.old.insert(group.clone());
        self.due.insert(group);
    }

    /// Publishes what differs from what the broker was given, as far as the window reaches.
    pub(crate) async fn publish_due(&mut self) -> Result<(), Broken> {
        while self.waiting.len() + self.unanswered.len() < usize::from(WINDOW)
            && let Some(group) = self.due.pop_first()
        {
            let old = self.old.remove(&group);
            let Some(state) = self.publisher.source.state(&group).await else { continue };
            let same =
                self.newest.get(&group).is_some_and(|newest| newest.etag == state.etag && newest.shown == state.shown);
            if old || !same {
                self.publish(group, Arc::new(state))?;
            }
        }
        Ok(())
    }

    fn publish(&mut self, group: String, state: Arc<GroupState>) -> Result<(), Broken> {
        let topic = self.publisher.broker.topics.of_group(&group);
        let envelope = Envelope {
            document: &state.document,
            etag: &state.etag,
            signature_input: &state.signature_input,
            signature: &state.signature,
            keys: &self.publisher.broker.keys_url,
        };
        let payload = serde_json::to_vec(&envelope).map_err(|fault| Broken::ours(&fault.to_string()))?;
        self.newest.insert(group.clone(), Arc::clone(&state));
        self.remind(&group, state.counts_for / 2);
        self.publisher.board.send_modify(|board| board.wrote(&group, Arc::clone(&state)));
        if self.packet_max.is_some_and(|most| topic.len() + payload.len() + PACKET_EXTRA > most) {
            self.refused(&group, "publish 0x95");
            return Ok(());
        }
        let expiry_s = u32::try_from(state.counts_for.as_secs().max(1)).ok();
        self.hand_over(Publication { topic, payload: payload.into(), expiry_s }, Some((group, state)))
    }

    /// Looks at a group again after a while.
    fn remind(&mut self, group: &str, after: Duration) {
        let after = after.max(Duration::from_secs(1));
        match self.timers.get(group) {
            Some(timer) => self.refreshing.reset(timer, after),
            None => {
                let timer = self.refreshing.insert(group.to_owned(), after);
                self.timers.insert(group.to_owned(), timer);
            }
        }
    }

    pub(crate) fn heard(&mut self, heard: Heard) -> Result<(), Broken> {
        match heard {
            Heard::Sent(number) => {
                let written = self.waiting.pop_front();
                self.unanswered.extend(written.map(|under_way| (number, under_way)));
            }
            Heard::Answered { number, code } => self.answered(number, code),
            Heard::Message(message) => return self.message(message),
            Heard::Deaf => tracing::warn!("the broker of the panels does not let us hear what screens say"),
            Heard::Connected { .. } | Heard::Other => {}
        }
        Ok(())
    }

    fn answered(&mut self, number: u16, code: u8) {
        let Some(UnderWay { of: Some((group, state)) }) = self.unanswered.remove(&number) else { return };
        if code < FIRST_REFUSAL {
            self.publisher.board.send_modify(|board| board.took(&group, state));
        } else {
            self.refused(&group, &format!("publish 0x{code:02X}"));
        }
    }

    fn refused(&mut self, group: &str, code: &str) {
        let codes = &self.publisher.broker.codes;
        let text = codes.find(code).map_or("the broker refused it", |meaning| &*meaning.en);
        tracing::warn!(group, code, text, "the broker refused what a group of panels must show");
        let verdict = codes.class(code).verdict(Cause::new(code, text), None);
        self.publisher.board.send_modify(|board| board.refused(group, verdict));
        self.remind(group, REFUSED_AGAIN);
    }

    /// The word of a screen goes on its way; what is none is counted and done with.
    fn message(&mut self, message: Message) -> Result<(), Broken> {
        let topics = &self.publisher.broker.topics;
        let said = topics
            .acknowledging(&message.topic)
            .and_then(|group| Some((group.to_owned(), Said::read(&message.payload)?)));
        match said {
            Some((group, said)) => {
                let word = Word { group, said, unanswered: message.unanswered };
                // Only a broker that sends more than it may fills the queue: it repeats over a new connection.
                self.words.try_send(word).map_err(|_| Broken::ours("screens say more than can be stored"))
            }
            None => {
                self.publisher.garbage += 1;
                if self.publisher.garbage.is_power_of_two() {
                    tracing::warn!(count = self.publisher.garbage, "words of screens that cannot be understood so far");
                }
                self.done_with(message)
            }
        }
    }

    fn done_with(&self, message: Message) -> Result<(), Broken> {
        self.client.acknowledge_now(&message.unanswered).map_err(|_| Broken::ours("no room to acknowledge"))
    }
}
