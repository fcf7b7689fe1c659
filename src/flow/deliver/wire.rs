//! The last look before the wire, and the only way onto it.
//!
//! Only [`submit`] reaches an adapter, and it takes two things that are for the same purpose by their types: a
//! [`Packet`], to which nobody is added who was not permitted for it, and [`Cleared`], which only [`last_look`] gives,
//! with a route that was permitted for it; made per batch, after the addresses were read, right before the submit.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use fenghuo_contract::{
    Adapter, Address, Answer as ProviderAnswer, Batch, Callback, CallbackFault, Cause, Content, Fault, Fit, Inbound,
    Item, Profile, Token, Verdict,
};

use super::Route;
use crate::{
    domain::{
        delivery::{Reason, State},
        purpose::{Marked, Marks, Meant, Permitted, PurposeType},
    },
    flow::{Parts, fit, projection::Plan, target::directory::Endpoint},
};

/// What an adapter gets beyond its budget to bring an answer home that was on its way.
const GRACE: Duration = Duration::from_secs(1);

/// The link behind a route. Everybody may ask what it is like; what goes out over it goes through [`submit`].
pub(crate) struct Link(Arc<dyn Adapter>);

impl Link {
    pub(crate) fn new(adapter: Arc<dyn Adapter>) -> Self {
        Self(adapter)
    }

    pub(crate) fn profile(&self) -> &Profile {
        self.0.profile()
    }

    pub(crate) fn read_callback(&self, callback: &Callback<'_>) -> Result<Inbound, CallbackFault> {
        self.0.read_callback(callback)
    }

    /// Whether addresses of a kind are for it.
    pub(crate) fn carries(&self, kind: &str) -> bool {
        self.0.carries(kind)
    }

    /// The provider's answer to a call, with words for whoever made it.
    pub(crate) fn answer_with(&self, callback: &Callback<'_>, text: &str) -> Option<ProviderAnswer> {
        self.0.answer_with(callback, text)
    }

    /// What carrying a content takes; nothing is sent.
    pub(crate) fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        self.0.fit(content)
    }

    pub(crate) async fn probe(&self) -> Result<(), Fault> {
        self.0.probe().await
    }
}

/// Somebody with an address.
pub(super) struct Addressee {
    address: Address,
    drill: bool,
}

impl Addressee {
    /// `None` when the recipient or the address is gone.
    pub(super) fn of(endpoint: Endpoint) -> Option<Self> {
        endpoint.address.map(|address| Self { address, drill: endpoint.drill })
    }
}

impl Addressee {
    /// Whether a route is for the address it has now.
    pub(super) fn is_for(&self, route: &Route) -> bool {
        route.adapter.carries(self.address.kind())
    }
}

impl Marked for Addressee {
    fn marks(&self) -> Marks {
        Marks::audience(self.drill)
    }
}

/// Items of one content for addressees who may get something for `P`.
pub(super) struct Packet<P: PurposeType> {
    batch: Batch,
    purpose: PhantomData<P>,
}

impl<P: PurposeType> Packet<P> {
    /// An empty one, with room for so many.
    pub(super) fn new(content: &Arc<Content>, urgent: bool, room: usize) -> Self {
        let batch = Batch { content: Arc::clone(content), items: Vec::with_capacity(room), urgent };
        Self { batch, purpose: PhantomData }
    }

    /// One more. `confirm` is the address at which its reader confirms.
    pub(super) fn add(&mut self, to: Permitted<P, Addressee>, token: Token, attempt: u8, confirm: Option<Box<str>>) {
        self.batch.items.push(Item { token, address: to.into_inner().address, attempt, confirm });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batch.items.is_empty()
    }
}

/// Leave to submit one packet now, for at most this long.
pub(super) struct Cleared<'a, P: PurposeType> {
    route: Permitted<P, &'a Route>,
    budget: Duration,
}

/// Why a batch does not go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// Its deliveries end so: the plan is closed, expired, or met a route of the other kind.
    Ended(State, Reason),
    /// They go back: the route does not send now, or its provider refused the content.
    Back,
}

/// Whether a batch of a plan may go out now over a route.
pub(super) fn last_look<'a, P: PurposeType>(
    parts: &Parts,
    route: &'a Route,
    plan: &Meant<P, &Arc<Plan>>,
) -> Result<Cleared<'a, P>, Halt> {
    if let Some(closing) = plan.closing() {
        return Err(Halt::Ended(closing.state, closing.reason));
    }
    let left = left(parts, plan);
    if left.is_zero() {
        return Err(Halt::Ended(State::Expired, Reason::Expired));
    }
    let Some(permitted) = plan.permit(route) else {
        return Err(Halt::Ended(State::Failed, Reason::DrillGate));
    };
    // A provider that carries its own template must have one for drills.
    if !fit::of_plan(route, plan).marked {
        return Err(Halt::Ended(State::Failed, Reason::DrillGate));
    }
    if !route.is_running() || plan.refused_by(&route.name) {
        return Err(Halt::Back);
    }
    Ok(Cleared { route: permitted, budget: route.config.timeout_s.min(left) })
}

/// Time until nothing more of a plan may be sent.
pub(super) fn left(parts: &Parts, plan: &Plan) -> Duration {
    let left = plan.record.deadline.saturating_mul(1000).saturating_sub(parts.clock.unix_ms());
    Duration::from_millis(u64::try_from(left).unwrap_or_default())
}

/// Hands a packet to the adapter of the route it was cleared for; gives one verdict per item.
pub(super) async fn submit<P: PurposeType>(packet: &Packet<P>, cleared: Cleared<'_, P>) -> Result<Vec<Verdict>, Fault> {
    let (route, budget) = (cleared.route, cleared.budget);
    deliver(&route, &packet.batch, budget).await
}

async fn deliver(route: &Route, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
    let answer = tokio::time::timeout(budget + GRACE, route.adapter.0.submit(batch, budget)).await;
    let mut verdicts = answer.unwrap_or_else(|_| Err(Fault::InDoubt(Cause::new("timeout", "no answer in time"))))?;
    if verdicts.len() != batch.items.len() {
        tracing::error!(route = route.name, "adapter answered {} of {} items", verdicts.len(), batch.items.len());
        let missing = Verdict::InDoubt(Cause::new("no-verdict", "the adapter gave no verdict"));
        verdicts.resize(batch.items.len(), missing);
    }
    Ok(verdicts)
}
