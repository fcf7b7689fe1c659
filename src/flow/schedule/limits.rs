//! The limit tree: route ∧ issuer ∧ channel ∧ recipient. A slice goes when every node lets it, and nothing is spent on
//! any node unless all agree.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use fenghuo_contract::{Channel, RateUnit};
use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

use super::{
    Pacer,
    limit::{At, Cost, Day, DayUse, No, Node, QUANTUM},
    recipients::Recipients,
};
use crate::{config::Limits as Configured, flow::record::PlanRecord};

/// Which node says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// The plan's issuer: other issuers' plans may go.
    Issuer(No),
    /// The channel or the route: nothing of this level may go.
    Everything(No),
}

/// The nodes that routes share.
pub(crate) struct Limits {
    configured: Configured,
    channels: BTreeMap<Channel, Mutex<Node>>,
    issuers: Mutex<BTreeMap<String, Node>>,
    pub(crate) recipients: Recipients,
    /// What was known of the day's use at the start, by node.
    known: BTreeMap<String, DayUse>,
    /// Rings when a node wants a reservation written down.
    pub(crate) wanting: Notify,
    /// Several nodes of the flow share these.
    shared: AtomicBool,
}

impl Limits {
    /// `known` is the day's use by node, as the store has it.
    pub(crate) fn new(configured: &Configured, known: BTreeMap<String, DayUse>, now: Instant) -> Self {
        let node = |channel: Channel| {
            let limit = configured.channel.get(channel.name())?;
            let known = known.get(&name("channel", channel.name())).copied();
            Some((channel, Mutex::new(Node::new(limit, RateUnit::Recipients, known, now))))
        };
        Self {
            channels: Channel::ALL.into_iter().filter_map(node).collect(),
            issuers: Mutex::default(),
            recipients: Recipients::new(configured),
            configured: configured.clone(),
            known,
            wanting: Notify::new(),
            shared: AtomicBool::new(false),
        }
    }

    /// Nothing goes from now on but what is this gateway's part.
    pub(crate) fn share(&self, now: Instant) {
        self.shared.store(true, Ordering::Relaxed);
        self.channels.values().for_each(|node| node.lock().share(now));
    }

    /// Shows every node with its kind and what it limits.
    pub(crate) fn each(&self, mut see: impl FnMut(&str, &str, &mut Node)) {
        self.channels.iter().for_each(|(channel, node)| see("channel", channel.name(), &mut node.lock()));
        self.issuers.lock().iter_mut().for_each(|(issuer, node)| see("issuer", issuer, node));
    }

    /// Knows the nodes of these issuers from now on.
    pub(crate) fn meet<'a>(&self, issuers: impl IntoIterator<Item = &'a str>, now: Instant) {
        let mut nodes = self.issuers.lock();
        for issuer in issuers {
            self.issuer(&mut nodes, Some(issuer), now);
        }
    }

    /// What the store knows of a route's day.
    pub(crate) fn known(&self, route: &str) -> Option<DayUse> {
        self.known.get(&name("route", route)).copied()
    }

    /// Asks every node how much of a plan may go, at most `most` deliveries of `segments` segments each in `contents`
    /// contents, and spends it; or says which node does not let it.
    pub(crate) fn take(&self, pacer: &mut Pacer, plan: &PlanRecord, slice: &SliceShape, at: At) -> Result<u32, Held> {
        let red = plan.level == crate::domain::level::Level::Red;
        let mut issuers = self.issuers.lock();
        let mut issuer = self.issuer(&mut issuers, plan.issuer.as_deref(), at.now);
        let mut channel = self.channels.get(&plan.channel).map(Mutex::lock);

        let mut deliveries = slice.deliveries(&mut pacer.node, red, at);
        for node in [issuer.as_deref_mut(), channel.as_deref_mut()].into_iter().flatten() {
            deliveries = deliveries.min(slice.deliveries(node, red, at));
        }
        let cost = slice.cost(deliveries);
        let by_issuer = match &mut issuer {
            Some(node) => Some(node.take(&cost, red, at).map_err(|no| self.no(Held::Issuer(no)))?),
            None => None,
        };
        let by_channel = channel.as_mut().map(|node| node.take(&cost, red, at));
        let by_route = match by_channel {
            Some(Err(no)) => Err(no),
            _ => pacer.node.take(&cost, red, at),
        };
        let Err(no) = by_route else { return Ok(deliveries) };
        if let (Some(node), Some(given)) = (&mut issuer, by_issuer) {
            node.undo(given);
        }
        if let (Some(node), Some(Ok(given))) = (&mut channel, by_channel) {
            node.undo(given);
        }
        Err(self.no(Held::Everything(no)))
    }

    fn no(&self, held: Held) -> Held {
        if matches!(held, Held::Issuer(No::Reserving) | Held::Everything(No::Reserving)) {
            self.wanting.notify_one();
        }
        held
    }

    fn issuer<'a>(
        &self,
        nodes: &'a mut BTreeMap<String, Node>,
        issuer: Option<&str>,
        now: Instant,
    ) -> Option<&'a mut Node> {
        let issuer = issuer?;
        let limit = self.configured.issuer.get(issuer).or_else(|| self.configured.issuer.get("default"))?;
        if !nodes.contains_key(issuer) {
            let known = self.known.get(&name("issuer", issuer)).copied();
            let mut node = Node::new(limit, RateUnit::Recipients, known, now);
            if self.shared.load(Ordering::Relaxed) {
                node.share(now);
            }
            nodes.insert(issuer.to_owned(), node);
        }
        nodes.get_mut(issuer)
    }

    /// Reservations to be written down, by node.
    pub(crate) fn wanted(&self) -> Vec<(String, DayUse)> {
        let of = |kind: &str, what: &str, node: &Node| Some((name(kind, what), node.day().wanted()?));
        let mut wanted: Vec<_> =
            self.channels.iter().filter_map(|(channel, node)| of("channel", channel.name(), &node.lock())).collect();
        wanted.extend(self.issuers.lock().iter().filter_map(|(issuer, node)| of("issuer", issuer, node)));
        wanted
    }

    /// Shows the day of a channel or an issuer by the name of its node.
    pub(crate) fn day_of(&self, node: &str, see: impl FnOnce(&mut Day)) {
        match node.split_once('/') {
            Some(("channel", channel)) => {
                let found = self.channels.iter().find(|(known, _)| known.name() == channel);
                if let Some((_, node)) = found {
                    see(node.lock().day_mut());
                }
            }
            Some(("issuer", issuer)) => {
                if let Some(node) = self.issuers.lock().get_mut(issuer) {
                    see(node.day_mut());
                }
            }
            _ => {}
        }
    }
}

/// The name of a node where its use is written down.
pub(crate) fn name(kind: &str, what: &str) -> String {
    format!("{kind}/{what}")
}

/// What a slice of a plan on a route is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SliceShape {
    /// Deliveries at most.
    pub(crate) most: u32,
    /// Segments of one delivery, the longest of the plan's contents.
    pub(crate) segments: u32,
    /// Contents of the plan: each is a call of its own.
    pub(crate) contents: u32,
    /// Deliveries one call may carry.
    pub(crate) per_call: u32,
    /// Work worth taking at a time, as far as one call carries it.
    pub(crate) span: Duration,
}

impl SliceShape {
    fn cost(&self, deliveries: u32) -> Cost {
        let calls = deliveries.div_ceil(self.per_call.max(1)) + self.contents.saturating_sub(1);
        Cost { deliveries, segments: deliveries.saturating_mul(self.segments), calls: calls.min(deliveries) }
    }

    /// How many deliveries a node would like to see at a time.
    fn deliveries(&self, node: &mut Node, red: bool, at: At) -> u32 {
        let mut within = |span: Duration, most: u32| match node.unit() {
            RateUnit::Recipients => node.quantum(most, span, red, at),
            RateUnit::Segments => {
                node.quantum(most.saturating_mul(self.segments), span, red, at) / self.segments.max(1)
            }
            // A call costs the same however many it carries.
            RateUnit::Calls => most.min(self.per_call),
        };
        let mut deliveries = within(QUANTUM, self.most);
        if self.span > QUANTUM {
            deliveries = deliveries.max(within(self.span, self.most.min(self.per_call)));
        }
        deliveries.clamp(1, self.most.max(1))
    }
}
