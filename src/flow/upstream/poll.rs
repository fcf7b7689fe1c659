//! Looking at one feed, again and again.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{
    Fetch, Fetched, Validators,
    take::{self, Taken},
};
use crate::{
    config::Upstream,
    domain::feed::{self, Document, Entry},
    flow::{Parts, Unavailable},
};

/// Links followed in one look; the rest are followed in the next.
const LINKS: usize = 20;

/// Bytes of documents held in one look; what would be more waits for the next.
const HELD: usize = 8 << 20;

/// How often a link is tried before its document counts as unreachable.
const TRIES: u32 = 3;

/// The first look comes within this time, spread by chance.
const FIRST: Duration = Duration::from_secs(5);

/// An entry that is still to be looked at.
type Todo = ([u8; 32], Entry);

/// What is remembered from look to look. A restart forgets it: what was taken is known by the inbox.
#[derive(Default)]
struct Memory {
    validators: Validators,
    /// Entries of the feed, as it last stood, that need no more looks.
    done: BTreeSet<[u8; 32]>,
    /// Entries that are still to be looked at, in the order of the feed.
    todo: VecDeque<Todo>,
    tries: BTreeMap<[u8; 32], u32>,
}

/// Looks until the soft stop.
pub(super) async fn run(parts: Arc<Parts>, name: String, upstream: Upstream, fetch: Arc<dyn Fetch>) {
    let stop = parts.lifecycle.stopping();
    let mut memory = Memory::default();
    let mut wait = upstream.every_s.min(FIRST).mul_f64(parts.clock.fraction());
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = parts.clock.sleep(wait) => {}
        }
        tokio::select! {
            biased;
            // What is dropped here is looked at again after the start.
            () = stop.cancelled() => return,
            () = look(&parts, &name, &upstream, &*fetch, &mut memory) => {}
        }
        wait = upstream.every_s.mul_f64(0.9 + parts.clock.fraction() / 5.0);
    }
}

async fn look(parts: &Arc<Parts>, name: &str, upstream: &Upstream, fetch: &dyn Fetch, memory: &mut Memory) {
    let looked = match fetch.get(None, &memory.validators).await {
        Ok(Fetched::Unchanged) => Ok(None),
        Ok(Fetched::Document { body, validators }) => read(parts, name, upstream, &body, memory).await.map(|()| {
            memory.validators = validators;
            Some(())
        }),
        Err(fault) => Err(fault),
    };
    let now_ms = parts.clock.unix_ms();
    match looked {
        Ok(_) => parts.upstreams.change(name, |state| (state.answered_ms, state.failed) = (Some(now_ms), 0)),
        Err(fault) => {
            tracing::warn!(upstream = name, fault, "the feed gave no usable answer");
            parts.upstreams.change(name, |state| {
                state.failed = state.failed.saturating_add(1);
                state.fault = Some((now_ms, fault));
            });
        }
    }
    // What an earlier look left to do is done whatever this one brought.
    if let Err(fault) = work(parts, name, upstream, fetch, memory).await {
        tracing::error!(upstream = name, fault = fault.cause, "documents could not be stored, looking again");
    }
}

/// Reads what stands at the feed's address.
async fn read(
    parts: &Arc<Parts>,
    name: &str,
    upstream: &Upstream,
    body: &Bytes,
    memory: &mut Memory,
) -> Result<(), String> {
    if !upstream.format.is_feed() {
        return single(parts, name, upstream, body, memory).await;
    }
    let text = body.clone();
    let read = tokio::task::spawn_blocking(move || feed::read(&text)).await.map_err(|panic| panic.to_string())?;
    let feed = read.map_err(|finding| format!("{} {}", finding.code, finding.got.unwrap_or_default()))?;
    let mut standing = BTreeSet::new();
    memory.todo.clear();
    for entry in feed.entries {
        let key = key(&entry);
        if standing.insert(key) && !memory.done.contains(&key) {
            memory.todo.push_back((key, entry));
        }
    }
    for _ in 0..feed.left_out {
        parts.upstreams.count(name, "left_out");
    }
    memory.done.retain(|key| standing.contains(key));
    memory.tries.retain(|key, _| standing.contains(key));
    Ok(())
}

/// A document in the place of a feed; nothing there means calm.
async fn single(
    parts: &Arc<Parts>,
    name: &str,
    upstream: &Upstream,
    body: &Bytes,
    memory: &mut Memory,
) -> Result<(), String> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    let key: [u8; 32] = Sha256::digest(body).into();
    if memory.done.contains(&key) {
        return Ok(());
    }
    match take::document(parts, name, upstream, body.clone()).await {
        Ok(taken) => {
            if taken == Taken::NothingToLift {
                parts.upstreams.count(name, "nothing_to_lift");
            }
            if taken != Taken::Later {
                memory.done = BTreeSet::from([key]);
            }
            taken.unreadable().map_or(Ok(()), Err)
        }
        Err(fault) => {
            tracing::error!(upstream = name, fault = fault.cause, "the document could not be stored, looking again");
            Ok(())
        }
    }
}

/// The entries that were not looked at yet: fetched newest first, as feeds have them, and decided about oldest first, so
/// that what is ended or updated is known before what ends or updates it.
async fn work(
    parts: &Arc<Parts>,
    name: &str,
    upstream: &Upstream,
    fetch: &dyn Fetch,
    memory: &mut Memory,
) -> Result<(), Unavailable> {
    let mut batch = gather(parts, name, fetch, memory).await;
    let more_to_come = !memory.todo.is_empty();
    while let Some((entry, body)) = batch.pop() {
        match take::document(parts, name, upstream, body).await {
            Ok(taken) if taken.is_done() => drop(memory.done.insert(entry.0)),
            Ok(Taken::NothingToLift) if !more_to_come => {
                parts.upstreams.count(name, "nothing_to_lift");
                memory.done.insert(entry.0);
            }
            Ok(_) => memory.todo.push_back(entry),
            Err(fault) => {
                memory.todo.push_back(entry);
                memory.todo.extend(batch.into_iter().map(|(entry, _)| entry));
                return Err(fault);
            }
        }
    }
    Ok(())
}

/// Documents of entries that were not looked at yet, as far as links and room of one look go.
async fn gather(parts: &Parts, name: &str, fetch: &dyn Fetch, memory: &mut Memory) -> Vec<(Todo, Bytes)> {
    let (mut batch, mut links, mut held) = (Vec::new(), 0, 0);
    for _ in 0..memory.todo.len() {
        let Some((key, entry)) = memory.todo.pop_front() else { break };
        let body = match &entry.document {
            Document::None => {
                memory.done.insert(key);
                continue;
            }
            _ if links == LINKS || held >= HELD => {
                memory.todo.push_back((key, entry));
                continue;
            }
            Document::Inside(text) => Bytes::from(text.clone()),
            Document::Behind(link) => {
                links += 1;
                match fetch.get(Some(link), &Validators::default()).await {
                    Ok(Fetched::Document { body, .. }) => body,
                    Ok(Fetched::Unchanged) => continue,
                    Err(fault) => {
                        unreachable(parts, name, memory, (key, entry), &fault);
                        continue;
                    }
                }
            }
        };
        held += body.len();
        batch.push(((key, entry), body));
    }
    batch
}

fn unreachable(parts: &Parts, name: &str, memory: &mut Memory, (key, entry): Todo, fault: &str) {
    let now_ms = parts.clock.unix_ms();
    parts.upstreams.change(name, |state| state.fault = Some((now_ms, fault.to_owned())));
    let tries = memory.tries.entry(key).or_default();
    *tries += 1;
    if *tries < TRIES {
        memory.todo.push_back((key, entry));
        return;
    }
    tracing::warn!(upstream = name, fault, "a document the feed links to cannot be fetched");
    parts.upstreams.count(name, "unreachable");
    memory.done.insert(key);
}

/// What an entry is told from another, and from its next version, by.
fn key(entry: &Entry) -> [u8; 32] {
    let (kind, text) = match &entry.document {
        Document::Inside(text) => ("inside", text.as_str()),
        Document::Behind(link) => ("behind", link.as_str()),
        Document::None => ("", ""),
    };
    let mut digest = Sha256::new();
    for part in [kind, &entry.changed, text] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}
