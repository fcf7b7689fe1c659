//! Scripts, styles and pictures of the pages, inside the binary.

use std::sync::LazyLock;

use axum::{
    extract::{Path, RawQuery},
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

/// Name, media type and content of each file.
static FILES: LazyLock<Vec<(String, &str, String)>> = LazyLock::new(|| {
    let mut files = vec![
        ("console.css".to_owned(), STYLE, include_str!("assets/console.css").to_owned()),
        ("console.js".to_owned(), SCRIPT, include_str!("assets/console.js").to_owned()),
        ("confirm.css".to_owned(), STYLE, include_str!("../api/confirm.css").to_owned()),
        ("docs.css".to_owned(), STYLE, include_str!("../docs/docs.css").to_owned()),
        ("public.css".to_owned(), STYLE, include_str!("../public/public.css").to_owned()),
        ("public.js".to_owned(), SCRIPT, include_str!("../public/public.js").to_owned()),
        ("subscribe.js".to_owned(), SCRIPT, include_str!("../public/subscribe/subscribe.js").to_owned()),
        ("kiosk.css".to_owned(), STYLE, include_str!("../feeds/assets/kiosk.css").to_owned()),
        ("kiosk.js".to_owned(), SCRIPT, include_str!("../feeds/assets/kiosk.js").to_owned()),
        ("kiosk-worker.js".to_owned(), SCRIPT, include_str!("../feeds/assets/kiosk-worker.js").to_owned()),
    ];
    let marks = [
        ("none", "#8a9299", 0),
        ("unknown", "#5f6368", 0),
        ("blue", "#0b57b7", 1),
        ("yellow", "#ffe000", 2),
        ("orange", "#f28500", 3),
        ("red", "#c4001a", 4),
    ];
    files.extend(marks.map(|(level, colour, steps)| (format!("mark-{level}.svg"), PICTURE, mark(colour, steps))));
    files
});

/// Four places on a ground of the level's colour, as many of them full as the level is high.
fn mark(colour: &str, steps: usize) -> String {
    let ink = if matches!(steps, 2 | 3) { "#000" } else { "#fff" };
    let place = |at: usize| {
        let (x, fill) = (3 + at * 7, if at < steps { ink } else { "none" });
        format!(r#"<rect x="{x}" y="8" width="5" height="16" fill="{fill}" stroke="{ink}"/>"#)
    };
    let places: String = (0..4).map(place).collect();
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="4" fill="{colour}"/>{places}</svg>"#
    )
}

fn version(content: &str) -> String {
    Sha256::digest(content).iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}

/// The address of a file, different for every content: it may be kept for ever.
pub(crate) fn address(name: &str) -> String {
    let file = FILES.iter().find(|(known, _, _)| known == name);
    file.map_or_else(|| format!("/assets/{name}"), |(_, _, content)| format!("/assets/{name}?v={}", version(content)))
}

/// `GET /assets/{name}`
pub(crate) async fn get(Path(name): Path<String>, RawQuery(query): RawQuery) -> Response {
    let Some((_, media_type, content)) = FILES.iter().find(|(known, _, _)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let current = query.is_some_and(|query| query == format!("v={}", version(content)));
    let keep = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response =
        ([(header::CONTENT_TYPE, *media_type), (header::CACHE_CONTROL, keep)], content.as_str()).into_response();
    if name == "kiosk-worker.js" {
        // It stands under /assets/ and answers for pages under /screens/.
        response
            .headers_mut()
            .insert(HeaderName::from_static("service-worker-allowed"), header::HeaderValue::from_static("/screens/"));
    }
    response
}
