//! Who is asking, and whether the table lets them: keys in `Authorization: Bearer fh_…`, sessions of the console in a
//! cookie, kiosk tokens in the address of a screen's page.

mod session;

use axum::{
    extract::{FromRequestParts, Query, RawPathParams, Request, State},
    http::{
        HeaderMap, HeaderValue, Method, Uri,
        header::{AUTHORIZATION, HOST, ORIGIN, REFERRER_POLICY},
        request::Parts,
    },
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

pub use session::{Sessions, sign_in, sign_out};

use super::{
    Site,
    problem::{Problem, ProblemCode},
    routes::{Access, Style, Who},
};
use crate::flow::authorize::{Actor, Role, TokenFault, secret_digest};

/// The query parameter that carries a kiosk token.
pub const KIOSK_PARAMETER: &str = "k";

/// Where people sign in.
pub const SIGN_IN_PAGE: &str = "/console/login";

/// The check of one route.
#[derive(Clone)]
pub struct Guard {
    pub(super) access: Access,
    pub(super) site: Site,
}

/// What of a request its check needs; the body is left alone.
#[derive(Clone, Copy)]
struct Asking<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
}

impl<'a> Asking<'a> {
    fn of(request: &'a Request) -> Self {
        Self { method: request.method(), uri: request.uri(), headers: request.headers() }
    }
}

/// Lets the request through to its handler, with the [`Actor`] among its extensions, or turns it away.
pub async fn check(State(guard): State<Guard>, params: RawPathParams, mut request: Request, next: Next) -> Response {
    let page = guard.access.style == Style::Page;
    let (actor, admission) = match guard.decide(&params, Asking::of(&request)).await {
        Ok(Some((actor, admission))) => (Some(actor), Some(admission)),
        Ok(None) => (None, None),
        Err(problem) if page && problem.code().status() == 401 => return lead_to_sign_in(request.uri()),
        Err(problem) => return problem.into_response(),
    };
    if let Some(actor) = &actor {
        request.extensions_mut().insert(actor.clone());
    }
    if let Some(admission) = admission {
        request.extensions_mut().insert(admission);
    }
    let mut response = next.run(request).await;
    if page {
        // Without this the browser hides the origin of the console's own forms, and their check would fail.
        response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }
    if let Some(actor) = actor {
        response.extensions_mut().insert(actor);
    }
    response
}

fn lead_to_sign_in(uri: &Uri) -> Response {
    let then: String = uri
        .path()
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    Redirect::to(&format!("{SIGN_IN_PAGE}?then={then}")).into_response()
}

impl Guard {
    /// `None` for somebody unknown on a route that is open to everybody.
    async fn decide(&self, params: &RawPathParams, asking: Asking<'_>) -> Result<Option<(Actor, Admission)>, Problem> {
        let roles = match self.access.who {
            Who::Everyone => return Ok(None),
            Who::Roles(roles) => roles,
            Who::Screen(also) => {
                if let Some(admitted) = self.kiosk(params, asking.uri) {
                    return Ok(Some(admitted));
                }
                also
            }
        };
        let (actor, admission) = self.caller(asking).await?;
        if roles.contains(&actor.role) {
            return Ok(Some((actor, admission)));
        }
        if matches!(self.access.who, Who::Screen(_)) && actor.role == Role::Screen {
            // Another screen's page does not exist for this one.
            let id = screen_id(params);
            let own = actor.subject.as_deref() == Some(id);
            return if own { Ok(Some((actor, admission))) } else { Err(not_its_screen(id)) };
        }
        let allowed: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        Err(Problem::new(ProblemCode::RoleNotAllowed)
            .with("role", actor.role.name())
            .with("allowed", allowed.join(", ")))
    }

    /// The holder of the request's key or session.
    async fn caller(&self, asking: Asking<'_>) -> Result<(Actor, Admission), Problem> {
        if let Some(token) = bearer(asking.headers)? {
            return Ok((self.site.flow.authenticate(token).await?, Admission::Key(secret_digest(token))));
        }
        let Some(digest) = self.site.sessions.key_of(asking.headers, &self.site.clock) else {
            return Err(Problem::new(ProblemCode::KeyMissing));
        };
        if !is_safe(asking.method) && !is_from_own_page(asking.headers) {
            return Err(Problem::new(ProblemCode::CrossSiteRequest));
        }
        match self.site.flow.authenticate_digest(digest).await {
            Err(TokenFault::Unavailable(fault)) => Err(fault.into()),
            Err(_) => Err(Problem::new(ProblemCode::KeyRevoked)),
            Ok(actor) => Ok((actor, Admission::Key(digest))),
        }
    }

    fn kiosk(&self, params: &RawPathParams, uri: &Uri) -> Option<(Actor, Admission)> {
        #[derive(Deserialize)]
        struct Kiosk {
            k: String,
        }
        let Query(kiosk) = Query::<Kiosk>::try_from_uri(uri).ok()?;
        let id = screen_id(params);
        let opens = self.site.flow.kiosk_token_opens(id, &kiosk.k);
        opens.then(|| (Actor::new("kiosk", Role::Screen, Some(id.to_owned())), Admission::Kiosk(kiosk.k.into())))
    }
}

/// What let somebody in: it is looked at again while an answer lasts, for a key can be revoked meanwhile.
#[derive(Clone)]
pub(super) enum Admission {
    /// The token of a kiosk address.
    Kiosk(Box<str>),
    /// A key, or the key behind a session, by its digest.
    Key([u8; 32]),
}

impl Admission {
    /// Whether it still lets its holder in to the screen `id`. While that cannot be asked nobody is put out.
    pub(super) async fn still_opens(&self, site: &Site, id: &str) -> bool {
        match self {
            Self::Kiosk(token) => site.flow.kiosk_token_opens(id, token),
            Self::Key(digest) => {
                let holder = site.flow.authenticate_digest(*digest).await;
                holder.is_ok() || matches!(holder, Err(TokenFault::Unavailable(_)))
            }
        }
    }
}

/// Handlers whose answers last take it as an argument.
impl FromRequestParts<Site> for Admission {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::new(ProblemCode::KeyMissing))
    }
}

fn not_its_screen(id: &str) -> Problem {
    Problem::new(ProblemCode::ScreenNotFound).with("id", id)
}

fn screen_id(params: &RawPathParams) -> &str {
    params.iter().find(|(name, _)| *name == "id").map_or("", |(_, value)| value)
}

/// The token of an `Authorization` header; `None` when there is no such header.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    token.map(Some).ok_or_else(|| Problem::new(ProblemCode::KeyUnknown).because("not a bearer token"))
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// A cookie proves who asks, not that they meant to: what changes something must come from a page of this server.
fn is_from_own_page(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let (Some(origin), Some(host)) = (text(ORIGIN.as_str()), text(HOST.as_str())) else { return false };
    origin.split_once("://").is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(host))
}

/// Handlers of routes that are not public take the [`Actor`] as an argument.
impl FromRequestParts<Site> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::new(ProblemCode::KeyMissing))
    }
}
