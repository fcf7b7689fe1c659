//! What every page of the site has: its language, its head with the ways to the others, the minute it was made; and how a page
//! is answered.

use askama::Template;
use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderValue, Response, StatusCode, Uri,
        header::{ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, VARY},
        request::Parts,
    },
};

use crate::{
    domain::moment::Moment,
    http::{Site, console::assets, feeds::tag::Tagged, problem::Problem},
    messages::PublicLang,
};

/// Nothing but this server's own files; no script or style in the page itself; no frames around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";

/// Seconds of a minute: a page made again within the same minute has the same ETag.
const MINUTE: i64 = 60;

/// The pages that stand in the head: path, and the id of their name.
const PAGES: [(&str, &str); 4] = [
    ("/", "public-nav-now"),
    ("/history", "public-nav-history"),
    ("/verify", "public-nav-verify"),
    ("/subscribe", "public-nav-subscribe"),
];

/// A resident's request for a page.
pub(super) struct Visit {
    pub(super) site: Site,
    pub(super) say: Say,
    pub(super) headers: HeaderMap,
    pub(super) uri: Uri,
    /// The language stands in the address, and goes on standing there.
    chosen: bool,
}

impl FromRequestParts<Site> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Self::Rejection> {
        let offered = &site.config.public.languages;
        let asked = parameter(&parts.uri, "lang").and_then(PublicLang::from_tag).filter(|lang| offered.contains(lang));
        let liked = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let lang = asked.unwrap_or_else(|| PublicLang::from_accept_language(liked, offered));
        Ok(Self {
            site: site.clone(),
            say: Say(lang),
            headers: parts.headers.clone(),
            uri: parts.uri.clone(),
            chosen: asked.is_some(),
        })
    }
}

/// A parameter of an address, as written.
pub(super) fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// The texts of one language, for templates.
#[derive(Clone, Copy)]
pub(super) struct Say(pub(super) PublicLang);

impl Say {
    pub(super) fn t(&self, id: &str) -> String {
        self.0.text(id, &[])
    }

    pub(super) fn with(&self, id: &str, name: &str, value: impl std::fmt::Display) -> String {
        self.0.text(id, &[(name, value.to_string())])
    }

    pub(super) fn tag(&self) -> &'static str {
        self.0.tag()
    }
}

/// A way to another page, or to the same one in another language.
pub(super) struct Link {
    pub(super) href: String,
    pub(super) word: String,
    /// BCP 47, of a way to another language.
    pub(super) tag: &'static str,
    pub(super) here: bool,
}

/// What every page shows.
pub(super) struct Frame {
    pub(super) say: Say,
    pub(super) name: String,
    contact: String,
    path: String,
    /// The query of this page without its language.
    query: String,
    chosen: bool,
    languages: Vec<PublicLang>,
    /// Seconds since 1970 of the minute it was made in.
    pub(super) made: i64,
    /// Made anew by itself.
    pub(super) live: bool,
}

impl Frame {
    pub(super) fn new(visit: &Visit) -> Self {
        let public = &visit.site.config.public;
        let name = if public.title.is_empty() { &visit.site.config.texts.signature } else { &public.title };
        let rest = visit.uri.query().unwrap_or_default().split('&');
        let rest: Vec<&str> = rest.filter(|pair| !pair.is_empty() && !pair.starts_with("lang=")).collect();
        Self {
            say: visit.say,
            name: name.clone(),
            contact: public.contact.clone(),
            path: visit.uri.path().to_owned(),
            query: rest.join("&"),
            chosen: visit.chosen,
            languages: public.languages.clone(),
            made: visit.site.clock.unix().div_euclid(MINUTE) * MINUTE,
            live: false,
        }
    }

    /// The address of a page in the language that was chosen.
    pub(super) fn to(&self, path: &str) -> String {
        if !self.chosen {
            return path.to_owned();
        }
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("{path}{joint}lang={}", self.say.tag())
    }

    pub(super) fn pages(&self) -> Vec<Link> {
        let page = |(path, id): (&str, &str)| Link {
            href: self.to(path),
            word: self.say.t(id),
            tag: self.say.tag(),
            here: self.path == path,
        };
        PAGES.into_iter().map(page).collect()
    }

    pub(super) fn tongues(&self) -> Vec<Link> {
        let query = if self.query.is_empty() { String::new() } else { format!("&{}", self.query) };
        let tongue = |lang: &PublicLang| Link {
            href: format!("{}?lang={}{query}", self.path, lang.tag()),
            word: lang.name().to_owned(),
            tag: lang.tag(),
            here: *lang == self.say.0,
        };
        self.languages.iter().map(tongue).collect()
    }

    pub(super) fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    pub(super) fn contact(&self) -> Option<String> {
        (!self.contact.is_empty()).then(|| self.say.with("public-contact", "contact", &self.contact))
    }

    pub(super) fn as_of(&self) -> String {
        Moment::china(self.made).plain()
    }
}

/// Answers with a page, or that the reader holds it already.
pub(super) fn answer(visit: &Visit, status: StatusCode, page: &impl Template) -> Result<Response<Body>, Problem> {
    let html = page.render().map_err(Problem::internal)?;
    let mut response = Tagged::of(html.into(), HTML, None).answer(&visit.headers);
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding, accept-language"));
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(visit.say.tag()));
    Ok(response)
}
