//! What happens in a world, by chance.

use std::time::Duration;

use fenghuo::domain::moment::Moment;
use fenghuo::flow::{authorize::Actor, authorize::Role, intake::Lift};
use serde_json::{Value, json};

use super::{
    provider, storage,
    world::{AREAS, World, person},
};
use crate::support::message::{following, warning};

const LEVELS: [&str; 5] = ["red", "red", "orange", "yellow", "blue"];

/// Does one thing, then lets some time pass.
pub async fn step(world: &mut World, number: u64) {
    let die = world.chance.between(1, 100);
    tracing::info!(die, "what happens");
    match die {
        1..=30 => post(world, number).await,
        31..=38 => follow(world, number, "update").await,
        39..=44 => follow(world, number, "cancel").await,
        45..=48 => lift(world).await,
        49..=54 => crash_while_posting(world, number).await,
        55..=62 => world.crash().await,
        63..=76 => change_provider(world),
        77..=84 => {
            world.disk.set(*world.chance.pick(&[storage::Mood::Calm, storage::Mood::Slow, storage::Mood::Failing]))
        }
        85..=89 => pause_or_resume(world).await,
        90..=95 => edit(world).await,
        96..=97 => repeat(world).await,
        _ => jump(world),
    }
    let time = match world.chance.between(1, 10) {
        1..=3 => world.chance.ms(0, 20),
        10 => world.chance.ms(2_000, 12_000),
        _ => world.chance.ms(20, 2_000),
    };
    world.pass(time).await;
}

fn alert(world: &mut World, number: u64) -> Value {
    let level = *world.chance.pick(&LEVELS);
    let mut message = warning(&format!("W{number}"), level);
    if world.chance.says(30) {
        message["status"] = "actual".into();
    }
    // Long ago, so that it is past whatever becomes of the wall clock.
    message["sent"] = "2026-11-23T08:00:00+08:00".into();
    let info = &mut message["infos"][0];
    info["areas"][0]["geocodes"][0]["value"] = (*world.chance.pick(&AREAS)).into();
    if world.chance.says(40) {
        let end = world.clock.unix() + world.chance.between(3, 120).cast_signed();
        info["expires"] = shown(end).into();
    }
    message
}

fn shown(unix: i64) -> String {
    Moment::china(unix).to_string()
}

async fn post(world: &mut World, number: u64) {
    let message = alert(world, number);
    world.post(message).await;
}

/// An update or a lift of something posted before.
async fn follow(world: &mut World, number: u64, kind: &str) {
    let Some((earlier, _)) = some_posted(world) else { return };
    let mut message = following(&earlier, &format!("W{number}"), kind);
    if kind == "update" {
        message["infos"][0]["level"] = (*world.chance.pick(&LEVELS)).into();
        message["infos"][0]["areas"][0]["geocodes"][0]["value"] = (*world.chance.pick(&AREAS)).into();
    }
    message["infos"][0]["expires"] = "2036-11-24T08:00:00+08:00".into();
    world.post(message).await;
}

/// One that may be followed: an alert, or the newest word about it.
fn some_posted(world: &mut World) -> Option<(Value, fenghuo::flow::record::WarningId)> {
    let may: Vec<_> = world.posted.iter().filter(|(message, _)| message["kind"] != "cancel").cloned().collect();
    (!may.is_empty()).then(|| world.chance.pick(&may).clone())
}

async fn lift(world: &mut World) {
    let Some((_, id)) = some_posted(world) else { return };
    let actor = Actor::new("k1", Role::Issuer, Some("relay".to_owned()));
    // Refused or not, whatever it does must hold.
    let lifted = world.flow().lift(&id, Lift::default(), actor).await;
    if let Ok(Some(fenghuo::flow::intake::Submitted::Created(view))) = lifted {
        let message = json!({"identifier": format!("lift {}", view.id), "kind": "cancel"});
        world.note(message, view.id);
    }
}

/// Cuts the power while a warning is being taken: whatever was answered, posting it again must find it.
async fn crash_while_posting(world: &mut World, number: u64) {
    let message = alert(world, number);
    let wait = world.chance.ms(0, 150);
    let answered = tokio::time::timeout(wait, world.try_post(&message)).await.ok().flatten();
    if let Some(id) = answered {
        world.note(message.clone(), id);
    }
    world.crash().await;
    world.post(message).await;
}

async fn repeat(world: &mut World) {
    let may: Vec<Value> =
        world.posted.iter().filter(|(message, _)| message["infos"].is_array()).map(|(m, _)| m.clone()).collect();
    let now = world.clock.unix();
    // What has expired meanwhile is refused, rightly.
    let stands =
        |message: &&Value| message["infos"][0]["expires"].as_str().is_some_and(|end| end > &shown(now + 5)[..]);
    let may: Vec<Value> = may.iter().filter(stands).cloned().collect();
    if !may.is_empty() {
        let message = world.chance.pick(&may).clone();
        world.post(message).await;
    }
}

fn change_provider(world: &mut World) {
    let names: Vec<String> = world.lines.keys().cloned().collect();
    let name = world.chance.pick(&names).clone();
    let mood = *world.chance.pick(&provider::Mood::ALL);
    world.lines[&name].provider.set(mood);
}

async fn pause_or_resume(world: &mut World) {
    let names: Vec<String> = world.lines.keys().cloned().collect();
    let name = world.chance.pick(&names).clone();
    // When it could not be stored, the operator tries again later, or not.
    let _stored = if world.chance.says(50) {
        world.flow().pause_route(&name, "k1", "maintenance").await
    } else {
        world.flow().resume_route(&name, "k1").await
    };
}

/// Somebody moves, joins, leaves, or takes part in drills no longer.
async fn edit(world: &mut World) {
    let number = world.chance.between(0, world.people.len() as u64);
    let mut changed = person(number, &mut world.chance);
    let external_id = changed.external_id.clone();
    if world.chance.says(20) {
        let _removed = world.flow().directory().remove(&external_id).await;
        return;
    }
    if let Some(known) = world.people.iter().find(|known| known.external_id == external_id) {
        // The same address stays the same person's; only what is said about the person changes.
        changed.endpoints = known.endpoints.clone();
    }
    if changed.drill {
        world.tell_book(&changed, true);
    }
    let stored = world.flow().directory().put(vec![changed.clone()]).await;
    if stored.is_ok() {
        world.tell_book(&changed, changed.drill);
        world.people.retain(|known| known.external_id != external_id);
        world.people.push(changed);
    }
}

/// A person or a time server moves the wall clock.
fn jump(world: &mut World) {
    let ms = world.chance.between(1_000, 90_000).cast_signed();
    world.clock.jump(if world.chance.says(50) { ms } else { -ms });
}

/// The last things: everything ends, and a restart on what is on disk says the same.
pub async fn end(world: &mut World) {
    world.quiesce().await;
    world.known.settle(world).await;
    let mut before = Vec::new();
    for (_, id) in &world.posted {
        before.push(said(world, id).await);
    }
    world.crash().await;
    // A lease that was refused and stands all the same is known from the journal only: there may be more marks.
    let same = |before: &(String, bool), now: &(String, bool)| before.0 == now.0 && before.1 <= now.1;
    for (said_before, (_, id)) in before.into_iter().zip(world.posted.clone()) {
        let now = said(world, &id).await;
        let alike =
            said_before.len() == now.len() && said_before.iter().zip(&now).all(|(before, now)| same(before, now));
        world.book.must(alike, || {
            let differs = said_before.iter().zip(&now).find(|(before, now)| !same(before, now));
            let counts = (said_before.len(), now.len());
            format!("{id}: the projection rebuilt from the journal says otherwise: {differs:?} {counts:?} {now:?}")
        });
    }
    world.pass(Duration::from_secs(2)).await;
}

/// What is said of every delivery of a warning, and whether it is marked.
async fn said(world: &World, id: &fenghuo::flow::record::WarningId) -> Vec<(String, bool)> {
    let deliveries = world.deliveries(id).await;
    let said =
        deliveries.iter().map(|one| (format!("{} {:?} {:?}", one.token, one.state, one.reason), one.maybe_doubled));
    said.collect()
}
