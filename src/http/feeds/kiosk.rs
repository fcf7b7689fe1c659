//! The page a screen's player opens and never leaves. What stands is written into it by the server, so that a player
//! without script shows it too; the script takes over from there.

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::screen::viewer;
use crate::{
    domain::{legible::TARGET_ARC_MIN, level::Level, moment::Moment},
    flow::{
        authorize::{Actor, Role},
        screens::{KIOSK_PARAMETER, Notice, POLL_SECONDS, Screen, ScreenDocument, Viewer, meant},
    },
    http::{
        Site,
        console::{assets, words::Words},
        problem::{Problem, ProblemCode},
    },
    messages::Lang,
};

/// Only this server's own files. Players show the page inside a frame of their own, and there is nothing on it to
/// press: framing is not forbidden.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'; \
                      img-src data:; form-action 'none'; base-uri 'none'";

/// `GET /screens/{id}`
pub(super) async fn page(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let unknown = || Problem::new(ProblemCode::ScreenNotFound).with("id", &id);
    // A page that begins holds nothing yet: its first request for the feed is its first word.
    let document = site.flow.screen_document(&id, Viewer::Onlooker).await?.ok_or_else(unknown)?;
    let screen = site.flow.screen(&id).ok_or_else(unknown)?.screen;
    let onlooker = actor.role != Role::Screen;
    debug_assert_eq!(onlooker, viewer(&actor, &headers) == Viewer::Onlooker);
    let query = if onlooker { String::new() } else { token_of(query.as_deref()) };
    let page = Kiosk::new(&screen, &document, site.clock.unix_ms(), query, onlooker);
    let html = page.render().map_err(|fault| Problem::internal(fault.to_string()))?;
    let mut response = html.into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// The token of the page's own address, for the requests of its script: `&k=…`.
fn token_of(query: Option<&str>) -> String {
    let name = format!("{KIOSK_PARAMETER}=");
    let token = query.unwrap_or_default().split('&').find(|pair| pair.starts_with(&name));
    token.filter(|pair| pair.bytes().all(|b| b.is_ascii_graphic())).map_or_else(String::new, |pair| format!("&{pair}"))
}

/// The page; the first notice in full, the others by their headlines.
#[derive(Template)]
#[template(path = "kiosk/page.html")]
pub(super) struct Kiosk {
    words: Words,
    screen_id: String,
    screen_name: String,
    state: &'static str,
    drill: bool,
    class: &'static str,
    word: String,
    roman: String,
    title: String,
    text: String,
    issuer: String,
    released: String,
    until: String,
    others: Vec<Other>,
    document: String,
    etag: String,
    query: String,
    onlooker: u8,
    now: String,
    now_ms: i64,
    poll_seconds: u64,
    /// Height of a character that is read comfortably from where people stand, in hundredths of the screen's height; 0 where
    /// nobody said how far that is.
    character: String,
    levels: String,
    version: &'static str,
    style: String,
    script: String,
}

struct Other {
    class: &'static str,
    word: String,
    title: String,
}

impl Kiosk {
    pub(super) fn new(screen: &Screen, document: &ScreenDocument, now_ms: i64, query: String, onlooker: bool) -> Self {
        let chinese = screen.language.to_ascii_lowercase().starts_with("zh");
        let words = Words(if chinese { Lang::Chinese } else { Lang::English });
        let notices: Vec<&Notice> = meant(&document.notices).collect();
        let first = notices.first().copied();
        let text = |part: fn(&Notice) -> &str| first.map(part).unwrap_or_default().to_owned();
        let class = first.map_or("unknown", class);
        let others = notices.iter().map(|notice| Other {
            class: self::class(notice),
            word: words.t(&format!("kiosk-level-{}", name(notice))),
            title: notice.title.clone(),
        });
        Self {
            words,
            screen_id: screen.id.clone(),
            screen_name: screen.name.clone(),
            state: if first.is_some() { "warning" } else { "calm" },
            drill: first.is_some_and(|notice| notice.drill),
            class,
            word: words.t(&format!("kiosk-level-{}", first.map_or("unknown", name))),
            roman: grade(words, class),
            title: text(|notice| &notice.title),
            text: text(|notice| &notice.text),
            issuer: text(|notice| &notice.issuer),
            released: minute(&text(|notice| &notice.released_at)),
            until: minute(&text(|notice| notice.valid_until.as_deref().unwrap_or_default())),
            others: if notices.len() > 1 { others.collect() } else { Vec::new() },
            document: String::from_utf8_lossy(&document.body).into_owned(),
            etag: document.etag.clone(),
            query,
            onlooker: u8::from(onlooker),
            now: minute(&Moment::china(now_ms.div_euclid(1000)).to_string()),
            now_ms,
            poll_seconds: POLL_SECONDS,
            character: screen.panel.map_or_else(
                || "0".to_owned(),
                |panel| {
                    let part = panel.character_cm(TARGET_ARC_MIN) / f64::from(panel.height_cm.max(1));
                    format!("{:.2}", part * 100.0)
                },
            ),
            levels: levels(words),
            version: env!("CARGO_PKG_VERSION"),
            style: assets::address("kiosk.css"),
            script: assets::address("kiosk.js"),
        }
    }
}

/// What a notice is called: its level, a lift or a correction.
fn name(notice: &Notice) -> &'static str {
    if notice.correction { "correction" } else { class(notice) }
}

/// What draws a notice: its level, or that it is a lift.
fn class(notice: &Notice) -> &'static str {
    if notice.lift { "lift" } else { notice.level.name() }
}

fn grade(words: Words, class: &str) -> String {
    if matches!(class, "red" | "orange" | "yellow" | "blue") {
        words.t(&format!("kiosk-grade-{class}"))
    } else {
        String::new()
    }
}

/// `07-15 14:40`
fn minute(rfc3339: &str) -> String {
    rfc3339.get(5..16).unwrap_or_default().replace('T', " ")
}

/// The words of each class for the script: `{"red":["红色预警","Ⅰ级 特别严重"],…}`.
fn levels(words: Words) -> String {
    let classes = Level::ALL.into_iter().map(Level::name).chain(["lift", "correction"]);
    let pairs = classes.map(|class| {
        let texts = serde_json::json!([words.t(&format!("kiosk-level-{class}")), grade(words, class)]);
        (class.to_owned(), texts)
    });
    serde_json::Value::Object(pairs.collect()).to_string()
}
