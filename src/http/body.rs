//! Reading request bodies: bounded in size, in time and in what all of them hold together.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
    },
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{
    Site,
    problem::{Problem, ProblemCode},
};

/// The most that all bodies being read hold together, KiB.
const ALL_KIB: usize = 64 * 1024;

/// The longest pause between two parts of a body.
const PAUSE: Duration = Duration::from_secs(10);

/// The longest time a whole body may take.
const WHOLE: Duration = Duration::from_secs(60);

/// The most a small JSON body may have.
pub const SMALL: usize = 64 * 1024;

/// `Accept-Post`: the media types a path takes.
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");

/// The room that all bodies being read share. Cheap to clone.
#[derive(Clone)]
pub struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ALL_KIB)))
    }
}

impl Room {
    /// Room for `bytes`, given back when dropped.
    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.0).try_acquire_many_owned(kib);
        room.map_err(|_| Problem::new(ProblemCode::Overloaded).with("what", "bytes of bodies"))
    }
}

/// A body in memory, with the room it takes.
pub struct Received {
    /// The bytes.
    pub bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// When it is larger, encoded, too slow, broken off, or when too many bodies are being read.
pub async fn read(site: &Site, headers: &HeaderMap, body: Body, limit: usize) -> Result<Received, Problem> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    refuse_encoding(headers)?;
    let room = site.bodies.take(declared.unwrap_or(limit))?;
    let bytes = timeout(WHOLE, collect(body, limit, declared)).await.unwrap_or_else(|_| Err(too_slow(WHOLE)))?;
    Ok(Received { bytes, _room: room })
}

/// Refuses bodies that would have to be unpacked: what a few bytes unpack to has no bound.
///
/// # Errors
/// When the body has a content coding.
pub fn refuse_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity" | b"") => Ok(()),
        Some(coding) => {
            let got = format!("Content-Encoding: {}", String::from_utf8_lossy(coding));
            Err(Problem::new(ProblemCode::MediaTypeUnsupported).with("got", got).with("allowed", "identity"))
        }
    }
}

async fn collect(mut body: Body, limit: usize, declared: Option<usize>) -> Result<Bytes, Problem> {
    let mut bytes = BytesMut::with_capacity(declared.unwrap_or(0));
    while let Some(part) = next_part(&mut body).await? {
        if bytes.len() + part.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes.freeze())
}

/// The next part of a streamed body; `None` at its end.
///
/// # Errors
/// When it is too slow or broken off.
pub async fn next_part(body: &mut Body) -> Result<Option<Bytes>, Problem> {
    loop {
        let frame = timeout(PAUSE, body.frame()).await.map_err(|_| too_slow(PAUSE))?;
        match frame {
            None => return Ok(None),
            Some(Err(fault)) => return Err(Problem::new(ProblemCode::BodyBrokenOff).because(fault)),
            Some(Ok(frame)) => {
                if let Ok(part) = frame.into_data() {
                    return Ok(Some(part));
                }
            }
        }
    }
}

/// A body is larger than it may be.
#[must_use]
pub fn too_large(limit: usize) -> Problem {
    Problem::new(ProblemCode::BodyTooLarge).with("limit", limit)
}

fn too_slow(after: Duration) -> Problem {
    Problem::new(ProblemCode::RequestTimeout).with("seconds", after.as_secs())
}

/// The media type of a body without its parameters, in lower case, when it is one of `allowed`.
///
/// # Errors
/// When it is none of them.
pub fn media_type<'a>(headers: &HeaderMap, allowed: &[&'a str]) -> Result<&'a str, Problem> {
    let sent = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let sent = sent.unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    allowed.iter().find(|kind| **kind == essence).copied().ok_or_else(|| {
        let list = allowed.join(", ");
        let got: String = sent.chars().take(120).collect();
        let problem = Problem::new(ProblemCode::MediaTypeUnsupported).with("got", got).with("allowed", &list);
        match HeaderValue::from_str(&list) {
            Ok(value) => problem.header(ACCEPT_POST, value),
            Err(_) => problem,
        }
    })
}
