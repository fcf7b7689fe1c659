//! What one screen must show now, in the forms players of others read: one CAP document for content systems that take a
//! single address, and plain text for controllers of LED lines. Empty when it is calm.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{
    cap::CAP,
    screen::{unknown, viewer},
    tag::{Tagged, form_of},
};
use crate::{
    domain::{
        cap,
        message::{Kind, Message, Scope, Status},
    },
    flow::{
        authorize::Actor,
        record::WarningId,
        screens::{Notice, ScreenDocument, meant},
    },
    http::{Site, problem::Problem},
};

/// `GET /screens/{id}/current.cap`
pub(super) async fn merged(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let document = site.flow.screen_document(&id, viewer(&actor, &headers)).await?.ok_or_else(|| unknown(&id))?;
    let mut messages = Vec::new();
    for notice in meant(&document.notices) {
        let view = site.flow.warning(&WarningId(notice.warning.clone())).await?;
        messages.extend(view.map(|view| view.message));
    }
    let merged = merge(&site.config.texts.signature, &messages);
    let body = merged.map_or_else(String::new, |message| cap::write_public(&message));
    Ok(signed(&site, Tagged::of(Bytes::from(body), CAP, Some(document.changed_at))).answer(&headers))
}

/// One message that says what all of these say; `None` when there are none.
///
/// It is this gateway's own: its identifier is made from theirs, so that it is the same as long as they are.
pub(super) fn merge(signature: &str, messages: &[Message]) -> Option<Message> {
    let first = messages.first()?;
    let newest = messages.iter().map(|message| message.sent).max_by_key(|sent| sent.unix())?;
    let mut named = Sha256::new();
    for message in messages {
        named.update(format!("{}\n{}\n{}\n", message.sender, message.identifier, message.sent));
    }
    let name: String = named.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Some(Message {
        identifier: format!("fenghuo-current-{name}"),
        sender: first.sender.clone(),
        sent: newest,
        status: if first.status == Status::Actual { Status::Actual } else { Status::Exercise },
        kind: Kind::Alert,
        source: Some(signature.to_owned()),
        scope: Scope::Public,
        restriction: None,
        addresses: Vec::new(),
        codes: Vec::new(),
        note: None,
        references: Vec::new(),
        incidents: Vec::new(),
        infos: messages.iter().flat_map(|message| message.infos.clone()).collect(),
    })
}

/// Signed like the document it was made of, so that whoever passes it on can be believed.
fn signed(site: &Site, mut tagged: Tagged) -> Tagged {
    let (flow, etag) = (site.flow.clone(), tagged.etag.clone());
    tagged.sign = Some(Box::new(move |packed| flow.signed_etag(&form_of(&etag, packed))));
    tagged
}

/// `GET /screens/{id}/feed.txt`
pub(super) async fn plain(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let document = site.flow.screen_document(&id, viewer(&actor, &headers)).await?.ok_or_else(|| unknown(&id))?;
    let screen = site.flow.screen(&id).ok_or_else(|| unknown(&id))?.screen;
    let room = screen.characters.map(|characters| characters as usize);
    let body = Bytes::from(lines(&document, room));
    Ok(signed(&site, Tagged::of(body, "text/plain; charset=utf-8", Some(document.changed_at))).answer(&headers))
}

/// A line for each notice, the most important first: title and text where there is room for both, else the title alone,
/// which is never cut.
pub(crate) fn lines(document: &ScreenDocument, room: Option<usize>) -> String {
    let line = |notice: &Notice| {
        let whole = format!("{} {}", notice.title, notice.text.split_whitespace().collect::<Vec<_>>().join(" "));
        let fits = room.is_none_or(|room| whole.chars().count() <= room);
        if fits { whole } else { notice.title.clone() }
    };
    meant(&document.notices).map(|notice| line(notice) + "\n").collect()
}
