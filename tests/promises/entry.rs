//! The ways by which a warning comes to be sent.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use fenghuo::{
    config::{Config, SignOffRule},
    domain::{
        cap,
        delivery::Reason,
        json,
        level::Level,
        moment::Moment,
        signoff::{Answer, Step},
    },
    flow::{
        approve::SignOrder,
        authorize::{Actor, Role},
        intake::{Correct, Lift, Submitted},
        record::WarningId,
        retry::Retry,
        status::StatusView,
        upstream::{Fetch, Fetched, Validators},
    },
};
use serde_json::Value;

use crate::support::{
    engine::{Engine, submission},
    message::{following, warning},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// A new warning.
    Api,
    /// An update of an earlier one.
    Update,
    /// The lift of an earlier one that everybody has got.
    Lift,
    /// The correction of one.
    Correct,
    /// An order to send again what failed for everybody.
    Retry,
    /// A new warning that waited for a signature.
    Signed,
    /// A drill that waited for its time.
    Scheduled,
    /// A warning from an upper level that an approver passes on.
    Relayed,
    /// A new warning, and a crash as soon as it was answered.
    Restart,
}

impl Entry {
    pub const ALL: [Self; 9] = [
        Self::Api,
        Self::Update,
        Self::Lift,
        Self::Correct,
        Self::Retry,
        Self::Signed,
        Self::Scheduled,
        Self::Relayed,
        Self::Restart,
    ];
}

/// What a test is about, on its way: the engine that sends it now, its id, and what its provider had seen before.
pub struct Entered {
    pub engine: Engine,
    pub id: WarningId,
    pub before: u64,
}

/// What stands before the warning under test comes in.
pub struct Before {
    /// Where the people of the test live.
    pub street: &'static str,
    /// Where nobody lives.
    pub nowhere: &'static str,
    /// The route whose arrivals are counted.
    pub route: &'static str,
    /// How long the people need to get the warning that is lifted, or to fail to.
    pub patience: Duration,
    /// How long the warning that is sent again is valid from its first sending on, seconds.
    pub valid_s: i64,
}

/// The warning under test, for a street.
pub fn message(identifier: &str, level: &str, street: &str, expires: Option<&str>) -> Value {
    let mut message = warning(identifier, level);
    message["infos"][0]["areas"][0]["geocodes"][0]["value"] = street.into();
    if let Some(expires) = expires {
        message["infos"][0]["expires"] = expires.into();
    }
    message
}

/// Waits until every delivery of a warning has ended. Asks rarely: nothing here is about the moment.
pub async fn ended(engine: &Engine, id: &WarningId, limit: Duration) -> StatusView {
    let step = Duration::from_millis(500);
    let mut waited = Duration::ZERO;
    loop {
        let status = engine.status(id).await;
        if status.done {
            return status;
        }
        assert!(waited < limit, "not ended within {limit:?}: {status:#?}");
        engine.clock.sleep(step).await;
        waited += step;
    }
}

/// What has to be there before `entry` can be taken: nothing, or an earlier warning of the event.
pub async fn prepare(engine: &Engine, entry: Entry, level: &str, before: &Before) -> Option<(Value, WarningId)> {
    let first = match entry {
        Entry::Api | Entry::Signed | Entry::Scheduled | Entry::Relayed | Entry::Restart => return None,
        // The earlier warning reached nobody, so that the update's audience is its own.
        Entry::Update => message("FIRST", "blue", before.nowhere, None),
        Entry::Lift | Entry::Correct => message("FIRST", level, before.street, None),
        Entry::Retry => {
            let end = Moment::china(engine.clock.unix() + before.valid_s).to_string();
            message("FIRST", level, before.street, Some(&end))
        }
    };
    let id = engine.post(&first).await;
    ended(engine, &id, before.patience).await;
    // And the receipts.
    engine.clock.sleep(Duration::from_secs(1)).await;
    Some((first, id))
}

/// A hazard that takes a signature in every world here.
const SIGNED_HAZARD: &str = "11B99";

/// Asks for one signature where that hazard is warned of, and knows a feed of an upper level.
pub fn signing(config: &mut Config) {
    let rule = SignOffRule {
        hazards: vec![SIGNED_HAZARD.to_owned()],
        levels: vec![Level::Red, Level::Orange, Level::Yellow, Level::Blue],
        issuers: vec!["*".to_owned()],
        drills: true,
        steps: vec![Step::Sign],
        expires_s: Duration::from_secs(3_600),
        second_within_s: Duration::ZERO,
    };
    config.sign_off.insert("signed".to_owned(), rule);
    let above = "url = \"https://above.example/\"\nformat = \"cap\"\nissuer = \"relay\"\nevery_s = 0.01";
    config.upstreams.insert("above".to_owned(), toml::from_str(above).expect("a feed"));
}

/// A feed that says one document.
struct Above(Bytes);

#[async_trait::async_trait]
impl Fetch for Above {
    async fn get(&self, _link: Option<&str>, known: &Validators) -> Result<Fetched, String> {
        let validators = Validators { etag: Some("1".to_owned()), last_modified: None };
        if *known == validators {
            return Ok(Fetched::Unchanged);
        }
        Ok(Fetched::Document { body: self.0.clone(), validators })
    }
}

/// Lets a warning come from above, and passes it on.
async fn relay(engine: &Engine, message: &Value) -> WarningId {
    let reading = json::read(message.to_string().as_bytes());
    let document = cap::write(&reading.message.expect("a message"));
    engine.flow.follow("above", Arc::new(Above(document.into())));
    let item = loop {
        if let Some(item) = engine.flow.inbox(None).items.pop() {
            break item;
        }
        engine.clock.sleep(Duration::from_millis(1)).await;
    };
    let approver = Actor::new("approver", Role::Approver, None);
    engine.flow.relay_inbox(&item.id, &approver).await.expect("relayed").expect("known").warning.expect("a warning")
}

/// Signs what waits.
async fn sign(engine: &Engine, id: &WarningId) {
    let view = loop {
        if let Some(view) = engine.flow.sign_off(id).await.expect("read") {
            break view;
        }
        engine.clock.sleep(Duration::from_millis(1)).await;
    };
    let order = SignOrder {
        step: Step::Sign,
        answer: Answer::Approve,
        reason: None,
        digest: view.digest.expect("it waits"),
        emergency: false,
    };
    let approver = Actor::new("approver", Role::Approver, None);
    engine.flow.sign(id, order, &approver).await.expect("taken").expect("known");
}

/// Schedules it for the next moment; gives what it became.
async fn scheduled(engine: &Engine, message: &Value) -> WarningId {
    let key = engine.flow.create_key(Role::Issuer, Some("relay".to_owned()), String::new()).await.expect("stored");
    let actor = engine.flow.authenticate(&key.secret).await.expect("a key");
    let starts = engine.clock.unix_ms() + 10;
    engine.flow.schedule_drill(submission(message, actor.clone()), starts).await.expect("taken");
    loop {
        if let Some(id) = engine.flow.drills(&actor).await.pop().and_then(|drill| drill.warning) {
            return id;
        }
        engine.clock.sleep(Duration::from_millis(1)).await;
    }
}

/// Lets the warning under test in by `entry`; `message` is what it says where it is not a lift.
pub async fn enter(
    engine: Engine,
    entry: Entry,
    first: Option<(Value, WarningId)>,
    message: Value,
    before: &Before,
) -> Entered {
    let seen = engine.ledgers[before.route].seen();
    match (entry, first) {
        (Entry::Update, Some((first, _))) => {
            let mut update = following(&first, "UPDATE", "update");
            update["infos"] = message["infos"].clone();
            // An update that says that it is over by the time it is sent would be a lift.
            update["sent"] = message["sent"].clone();
            let id = engine.post(&update).await;
            Entered { engine, id, before: seen }
        }
        (Entry::Lift, Some((_, id))) => {
            let lifted = engine.flow.lift(&id, Lift::default(), engine.actor()).await.expect("taken").expect("known");
            let (Submitted::Created(view) | Submitted::Repeated(view)) = lifted;
            Entered { engine, id: view.id, before: seen }
        }
        (Entry::Correct, Some((_, id))) => {
            let corrected =
                engine.flow.correct(&id, Correct::default(), engine.actor()).await.expect("taken").expect("known");
            let (Submitted::Created(view) | Submitted::Repeated(view)) = corrected;
            Entered { engine, id: view.id, before: seen }
        }
        (Entry::Retry, Some((_, id))) => {
            let retry = Retry {
                nonce: "again".to_owned(),
                channel: None,
                reasons: vec![Reason::RecipientRefused],
                reason: None,
            };
            engine.flow.retry(&id, retry, &engine.actor()).await.expect("ordered").expect("known");
            Entered { engine, id, before: seen }
        }
        (Entry::Signed, _) => {
            let mut message = message;
            message["infos"][0]["hazard"] = SIGNED_HAZARD.into();
            let id = engine.post(&message).await;
            sign(&engine, &id).await;
            Entered { engine, id, before: seen }
        }
        (Entry::Scheduled, _) => {
            let id = scheduled(&engine, &message).await;
            Entered { engine, id, before: seen }
        }
        (Entry::Relayed, _) => {
            let id = relay(&engine, &message).await;
            Entered { engine, id, before: seen }
        }
        (Entry::Restart, _) => {
            let id = engine.post(&message).await;
            // The ledger of a new life begins at nothing.
            Entered { engine: engine.restart().await, id, before: 0 }
        }
        (_, _) => {
            let id = engine.post(&message).await;
            Entered { engine, id, before: seen }
        }
    }
}
