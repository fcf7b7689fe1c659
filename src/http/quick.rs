//! What thousands of screens ask every few seconds: whether what they hold still stands. Nearly always it does.
//!
//! Such a question is answered ahead of the router and of what is around it, in a fraction of the time. It is answered as the
//! route of the table would, by the same check of the same tokens and keys, with the same headers, metric and proof of what the
//! screen holds; `tests/screens/quick.rs` holds the two against each other. Whatever is not exactly this question, or has
//! another answer, goes the ordinary way.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{
        HeaderMap, Method, Request, Response,
        header::{IF_NONE_MATCH, RANGE},
    },
};

use super::{Site, access, feeds::screen as feed, request};
use crate::flow::{
    authorize::Role,
    screens::{KIOSK_PARAMETER, ONLOOKER, ScreenDocument, Viewer, is_screen_id, names},
};

/// The route of the table that this is.
const ROUTE: &str = "/screens/{id}/feed.json";

/// The answer to a screen that holds what stands; `None` when somebody else asks, or something else, or another answer is due.
pub(super) async fn answer<B>(site: &Site, asked: &Request<B>) -> Option<Response<Body>> {
    let question = Question::of(asked)?;
    if site.stopping.is_cancelled() {
        return None;
    }
    let started = site.clock.instant();
    let document = question.document(site).await?;
    if !names(question.held, &document.etag) {
        return None;
    }
    Some(stands(site, &document, asked.headers(), started))
}

fn stands(
    site: &Site,
    document: &Arc<ScreenDocument>,
    headers: &HeaderMap,
    started: tokio::time::Instant,
) -> Response<Body> {
    let mut response = feed::tagged(site, document).answer(headers);
    request::named(&mut response, headers, &site.clock);
    let took = started.elapsed();
    site.telemetry.screen_stands(ROUTE, took);
    // Thousands a second that say nothing new are for whoever looks for them.
    tracing::debug!(route = ROUTE, status = 304, "a screen holds what stands");
    response
}

/// A screen's question, with what proves that it is the screen.
struct Question<'a> {
    id: &'a str,
    held: &'a str,
    proof: Proof<'a>,
}

enum Proof<'a> {
    Token(&'a str),
    Key(&'a str),
}

impl<'a> Question<'a> {
    fn of<B>(asked: &'a Request<B>) -> Option<Self> {
        let headers = asked.headers();
        if asked.method() != Method::GET || headers.contains_key(ONLOOKER) || headers.contains_key(RANGE) {
            return None;
        }
        let id = asked.uri().path().strip_prefix("/screens/")?.strip_suffix("/feed.json")?;
        let held = feed::held(headers).filter(|_| headers.get_all(IF_NONE_MATCH).iter().count() == 1)?;
        let proof = match asked.uri().query() {
            // A token that is written in another way is for the ordinary way to read.
            Some(query) => {
                let token = query.strip_prefix(KIOSK_PARAMETER)?.strip_prefix('=')?;
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
                Proof::Token(token.bytes().all(plain).then_some(token)?)
            }
            None => Proof::Key(access::bearer(headers).ok()??),
        };
        is_screen_id(id).then_some(Self { id, held, proof })
    }

    /// What it must show, when it is the screen itself.
    async fn document(&self, site: &Site) -> Option<Arc<ScreenDocument>> {
        let key = match self.proof {
            Proof::Token(token) => return site.flow.kiosk_document(self.id, token, self.held).await,
            Proof::Key(key) => key,
        };
        let holder = site.flow.authenticate(key).await.ok()?;
        if holder.role != Role::Screen || holder.subject.as_deref() != Some(self.id) {
            return None;
        }
        site.flow.screen_document(self.id, Viewer::Screen { holds: Some(self.held) }).await.ok()?
    }
}
