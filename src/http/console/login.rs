//! Signing in with a key, and out.

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    KEEPERS, READERS,
    frame::{Frame, Mode, Visit},
};
use crate::{
    flow::authorize::TokenFault,
    http::{Site, access},
};

/// Longer texts are no keys.
const KEY_MAX: usize = 200;

#[derive(Template)]
#[template(path = "console/login.html")]
pub(super) struct Login {
    pub(super) frame: Frame,
    pub(super) then: String,
    pub(super) fault: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    then: String,
}

#[derive(Deserialize)]
pub(super) struct Given {
    key: String,
    #[serde(default)]
    then: String,
}

#[derive(Deserialize)]
pub(super) struct Leaving {
    #[serde(default)]
    form: String,
}

/// `GET /console`
pub(super) async fn lead_in() -> Redirect {
    Redirect::permanent("/console/")
}

/// `GET /console/login`
pub(super) async fn page(visit: Visit, Query(asked): Query<Asked>) -> Response {
    visit.page(&Login { frame: visit.frame(Mode::default()), then: own_page(&asked.then), fault: None })
}

/// `POST /console/login`
pub(super) async fn sign_in(State(site): State<Site>, visit: Visit, Form(given): Form<Given>) -> Response {
    let then = own_page(&given.then);
    let refuse = |status, id: &str| {
        let fault = Some(visit.words.t(id));
        visit.answer(status, &Login { frame: visit.frame(Mode::default()), then: then.clone(), fault })
    };
    let key = given.key.trim();
    if key.len() > KEY_MAX {
        return refuse(StatusCode::UNAUTHORIZED, "console-key-refused");
    }
    match site.flow.authenticate(key).await {
        Ok(actor) if !READERS.contains(&actor.role) && !KEEPERS.contains(&actor.role) => {
            return refuse(StatusCode::FORBIDDEN, "console-key-no-role");
        }
        Ok(_) => {}
        Err(TokenFault::Unavailable(fault)) => return visit.unavailable(&fault),
        Err(_) => return refuse(StatusCode::UNAUTHORIZED, "console-key-refused"),
    }
    match access::sign_in(&site, key).await {
        Ok(cookie) => leave(cookie, &then),
        Err(TokenFault::Unavailable(fault)) => visit.unavailable(&fault),
        Err(_) => refuse(StatusCode::UNAUTHORIZED, "console-key-refused"),
    }
}

/// `POST /console/sign-out`
pub(super) async fn sign_out(State(site): State<Site>, visit: Visit, Form(leaving): Form<Leaving>) -> Response {
    if let Some(refusal) = visit.refuse_form(&leaving.form) {
        return refusal;
    }
    leave(access::sign_out(&site, &visit.headers), "/console/login")
}

fn leave(cookie: HeaderValue, to: &str) -> Response {
    ([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response()
}

/// Where to go after signing in: a page of the console, whatever the address asked for.
fn own_page(asked: &str) -> String {
    let fits = asked.starts_with("/console/")
        && asked.len() < 300
        && asked.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let own = fits && !asked.starts_with("/console/login");
    if own { asked.to_owned() } else { "/console/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::own_page;

    #[test]
    fn leads_nowhere_but_into_the_console() {
        assert_eq!(own_page("/console/warnings/0198-a?x=1"), "/console/warnings/0198-a?x=1");
        for asked in [
            "",
            "//evil.example",
            "https://evil.example/console/",
            "/console\\@evil",
            "/console/\r\nX: y",
            "/v1/keys",
            "/console/login?then=/console/",
        ] {
            assert_eq!(own_page(asked), "/console/", "{asked:?}");
        }
    }
}
