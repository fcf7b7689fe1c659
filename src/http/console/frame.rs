//! What every page shows: who, in which role, actual or drill, what time it is; and how a page is answered.

use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderValue, StatusCode, Uri,
        header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, SET_COOKIE},
        request::Parts,
    },
    response::{IntoResponse, Response},
};

use super::{ANALYSTS, DELIVERY_READERS, INBOX_READERS, KEEPERS, OPERATORS, READERS, assets, form, words::Words};
use crate::{
    domain::{level::Level, message::Status, moment::Moment},
    flow::{
        Unavailable,
        authorize::{Actor, Role},
        intake::{WarningFilter, WarningView},
        record::WarningId,
    },
    http::Site,
    messages::Lang,
};

/// Nothing but this server's own files; no script or style in the page itself; no frames around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Remembers the language chosen by `?lang=`.
const LANGUAGE_COOKIE: &str = "fh_lang";

/// A request for a page.
pub(super) struct Visit {
    pub(super) site: Site,
    /// Absent on pages that are open to everybody.
    pub(super) actor: Option<Actor>,
    pub(super) words: Words,
    pub(super) headers: HeaderMap,
    uri: Uri,
}

impl FromRequestParts<Site> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Self::Rejection> {
        Ok(Self {
            site: site.clone(),
            actor: parts.extensions.get::<Actor>().cloned(),
            words: Words(language(&parts.headers, &parts.uri)),
            headers: parts.headers.clone(),
            uri: parts.uri.clone(),
        })
    }
}

/// `?lang=`, else what was chosen before, else what the browser prefers, else Chinese.
fn language(headers: &HeaderMap, uri: &Uri) -> Lang {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let chosen = text(COOKIE)
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == LANGUAGE_COOKIE);
    match asked_language(uri).or(chosen.map(|(_, value)| value)) {
        Some("en") => Lang::English,
        Some("zh-CN") => Lang::Chinese,
        _ => Lang::from_accept_language(text(ACCEPT_LANGUAGE)),
    }
}

fn asked_language(uri: &Uri) -> Option<&'static str> {
    uri.query()?.split('&').find_map(|pair| match pair {
        "lang=en" => Some("en"),
        "lang=zh-CN" | "lang=zh" => Some("zh-CN"),
        _ => None,
    })
}

impl Visit {
    pub(super) fn now(&self) -> String {
        Moment::china(self.site.clock.unix()).to_string()
    }

    pub(super) fn is_one_of(&self, roles: &[Role]) -> bool {
        self.actor.as_ref().is_some_and(|actor| roles.contains(&actor.role))
    }

    /// Whether a warning is the caller's to act on: an issuer's own, and any for everybody else.
    pub(super) fn owns(&self, warning: &WarningView) -> bool {
        let Some(actor) = &self.actor else { return false };
        actor.role != Role::Issuer || (actor.subject.is_some() && actor.subject == warning.issuer)
    }

    /// Whether the caller may see a warning: released ones of all, others of its own.
    pub(super) fn may_see(&self, warning: &WarningView) -> bool {
        warning.released_at.is_some() || self.owns(warning)
    }

    /// What an office is called.
    pub(super) fn office(&self, id: &str) -> String {
        let issuer = self.site.config.issuers.get(id);
        issuer.map_or_else(|| self.words.of("console-roster-office-", id), |issuer| issuer.name.clone())
    }

    pub(super) fn frame(&self, mode: Mode) -> Frame {
        let now_ms = self.site.clock.unix_ms();
        Frame {
            words: self.words,
            mode,
            who: self.actor.as_ref().map(|actor| Who {
                role: self.words.of("console-role-", actor.role.name()),
                key: actor.subject.clone().unwrap_or_else(|| actor.key.chars().take(12).collect()),
            }),
            links: links(self.words, self.actor.as_ref().map(|actor| actor.role), self.uri.path()),
            now_ms,
            now: Moment::china(now_ms.div_euclid(1000)).to_string().get(..19).unwrap_or_default().replace('T', " "),
            form: form::token(&self.headers),
            other_language: self.in_language(self.words.other_tag()),
            refresh: false,
        }
    }

    /// This page's address in another language.
    fn in_language(&self, tag: &str) -> String {
        let query = self
            .uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("lang="));
        let query: Vec<String> = query.map(str::to_owned).chain([format!("lang={tag}")]).collect();
        format!("{}?{}", self.uri.path(), query.join("&"))
    }

    /// Answers with a page.
    pub(super) fn answer(&self, status: StatusCode, page: &impl Template) -> Response {
        let html = match page.render() {
            Ok(html) => html,
            Err(fault) => {
                tracing::error!(%fault, "a page was not rendered");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let mut response = (status, html).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        if let Some(tag) = asked_language(&self.uri) {
            let cookie = format!("{LANGUAGE_COOKIE}={tag}; Path=/; Max-Age=31536000; SameSite=Strict");
            headers.extend(HeaderValue::from_str(&cookie).ok().map(|cookie| (SET_COOKIE, cookie)));
        }
        response
    }

    pub(super) fn page(&self, page: &impl Template) -> Response {
        self.answer(StatusCode::OK, page)
    }

    /// Answers with a short message instead of a page; `id` + `-text` says more.
    pub(super) fn message(&self, status: StatusCode, id: &str) -> Response {
        let (heading, text) = (self.words.t(id), self.words.t(&format!("{id}-text")));
        self.answer(status, &Message { frame: self.frame(Mode::default()), heading, text })
    }

    pub(super) fn not_found(&self) -> Response {
        self.message(StatusCode::NOT_FOUND, "console-not-found")
    }

    pub(super) fn unavailable(&self, fault: &Unavailable) -> Response {
        tracing::warn!(%fault, "a page could not be filled");
        self.message(StatusCode::SERVICE_UNAVAILABLE, "console-unavailable")
    }

    /// `None` when a form comes from a page of this session; else what to answer.
    pub(super) fn refuse_form(&self, given: &str) -> Option<Response> {
        (!form::stands(&self.headers, given)).then(|| self.message(StatusCode::FORBIDDEN, "console-form-stale"))
    }

    /// Who presses a button: the form comes from a page of this session.
    ///
    /// # Errors
    /// What to answer instead.
    pub(super) fn acts(&self, form: &str) -> Result<Actor, Box<Response>> {
        match (self.refuse_form(form), &self.actor) {
            (Some(refusal), _) => Err(Box::new(refusal)),
            (None, Some(actor)) => Ok(actor.clone()),
            (None, None) => Err(Box::new(self.not_found())),
        }
    }

    /// A warning the caller may see or act on, as `may` says.
    ///
    /// # Errors
    /// What to answer instead.
    pub(super) async fn warning(
        &self,
        id: &WarningId,
        may: fn(&Self, &WarningView) -> bool,
    ) -> Result<WarningView, Box<Response>> {
        match self.site.flow.warning(id).await {
            Ok(Some(view)) if may(self, &view) => Ok(view),
            Ok(_) => Err(Box::new(self.not_found())),
            Err(fault) => Err(Box::new(self.unavailable(&fault))),
        }
    }

    /// The warnings in force, for the bar; what cannot be read leaves the bar without a word, never the page.
    pub(super) async fn mode(&self) -> Mode {
        let filter = WarningFilter { active: true, ..WarningFilter::default() };
        let warnings = self.site.flow.warnings(&filter, None, 200).await;
        warnings.map_or_else(|_| Mode::default(), |page| Mode::of(&page.items))
    }
}

/// Whether what stands is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mode {
    pub(super) actual: bool,
    pub(super) drill: bool,
    /// Highest level of what is meant, or of the drills when nothing is.
    pub(super) worst: Option<Level>,
}

impl Mode {
    pub(super) fn of(warnings: &[WarningView]) -> Self {
        let worst = |meant: bool| {
            warnings.iter().filter(|one| (one.status == Status::Actual) == meant).map(|one| one.level).max()
        };
        let (actual, drill) = (worst(true), worst(false));
        Self { actual: actual.is_some(), drill: drill.is_some(), worst: actual.or(drill) }
    }

    pub(super) fn class(self) -> &'static str {
        match (self.actual, self.drill) {
            (false, true) => "mode-drill",
            (true, _) => "mode-actual",
            (false, false) => "mode-none",
        }
    }
}

/// The parts of a page that all have in common.
pub(super) struct Frame {
    pub(super) words: Words,
    pub(super) mode: Mode,
    pub(super) who: Option<Who>,
    links: Vec<Link>,
    pub(super) now_ms: i64,
    pub(super) now: String,
    /// See [`form`].
    pub(super) form: String,
    pub(super) other_language: String,
    /// Reload by itself when the script does not run.
    pub(super) refresh: bool,
}

pub(super) struct Who {
    pub(super) role: String,
    pub(super) key: String,
}

pub(super) struct Link {
    pub(super) href: &'static str,
    pub(super) word: String,
    pub(super) here: bool,
}

/// A word with the class that draws it.
pub(super) struct Chip {
    pub(super) class: &'static str,
    pub(super) word: String,
}

fn links(words: Words, role: Option<Role>, path: &str) -> Vec<Link> {
    let all = [
        ("/console/", "console-nav-board", READERS),
        ("/console/inbox", "console-nav-inbox", INBOX_READERS),
        ("/console/roster", "console-nav-roster", DELIVERY_READERS),
        ("/console/routes", "console-nav-routes", KEEPERS),
        ("/console/screens", "console-nav-screens", KEEPERS),
        ("/console/education", "console-nav-education", KEEPERS),
        ("/console/partners", "console-nav-partners", KEEPERS),
        ("/console/analysis", "console-nav-analysis", ANALYSTS),
        ("/console/suppressions", "console-nav-suppressions", OPERATORS),
    ];
    let mine = all.into_iter().filter(|(_, _, roles)| role.is_some_and(|role| roles.contains(&role)));
    mine.map(|(href, id, _)| Link { href, word: words.t(id), here: path == href }).collect()
}

impl Frame {
    pub(super) fn links(&self) -> &[Link] {
        &self.links
    }

    pub(super) fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// The picture of the tab, which carries the worst level.
    pub(super) fn mark(&self) -> String {
        assets::address(&format!("mark-{}.svg", self.mode.worst.map_or("none", Level::name)))
    }

    pub(super) fn chips(&self) -> Vec<Chip> {
        let chip = |class, id| Chip { class, word: self.words.t(id) };
        let mut chips = Vec::new();
        chips.extend(self.mode.actual.then(|| chip("actual", "console-actual")));
        chips.extend(self.mode.drill.then(|| chip("drill", "console-drill")));
        if chips.is_empty() && self.who.is_some() {
            chips.push(chip("calm", "console-no-mode"));
        }
        chips
    }
}

#[derive(Template)]
#[template(path = "console/message.html")]
struct Message {
    frame: Frame,
    heading: String,
    text: String,
}
