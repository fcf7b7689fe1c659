//! Fetches the feeds of upper levels, through the guard that keeps outbound calls from going where they must not.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use fenghuo_http::{Call, HttpKit, Settings, Target};
use reqwest::{
    Method, StatusCode,
    header::{ACCEPT, ETAG, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, USER_AGENT},
};

use crate::{
    config::Upstream,
    domain::feed::MOST_BYTES,
    flow::upstream::{Fetch, Fetched, Validators},
};

/// What is asked for, most wanted first.
const WANTED: &str = "application/cap+xml, application/atom+xml, application/rss+xml, application/xml, text/xml;q=0.9";

struct Fetcher {
    kit: HttpKit,
    feed: Target,
    budget: std::time::Duration,
}

/// What fetches a feed. Reads the certificate authorities; opens no connection.
///
/// # Errors
/// What is wrong with its settings.
pub fn fetcher(upstream: &Upstream) -> Result<Arc<dyn Fetch>, String> {
    let plain = upstream.url.starts_with("http://");
    let uri: axum::http::Uri = upstream.url.parse().map_err(|_| "url: this is not a URL".to_owned())?;
    let own = uri.port_u16().unwrap_or(if plain { 80 } else { 443 });
    let nets: Result<Vec<_>, _> = upstream.allow_private.iter().map(|net| net.parse()).collect();
    let timeout_ms = u64::try_from(upstream.timeout_s.as_millis()).unwrap_or(u64::MAX);
    let settings = Settings {
        timeout_ms,
        answer_max: MOST_BYTES,
        gzip: true,
        ports: vec![own, 443, 8443],
        allow_plain: plain,
        allow_private: nets.map_err(|fault| format!("allow_private: {fault}"))?,
        ca_file: upstream.ca_file.clone(),
        ..Settings::default()
    };
    let kit = HttpKit::new(settings).map_err(|fault| fault.to_string())?;
    let feed = kit.target(&upstream.url).map_err(|fault| format!("url: {fault}"))?;
    Ok(Arc::new(Fetcher { kit, feed, budget: upstream.timeout_s }))
}

impl Fetcher {
    fn target(&self, link: Option<&str>) -> Result<Target, String> {
        let Some(link) = link else { return Ok(self.feed.clone()) };
        let joined = self.feed.expose().join(link).map_err(|fault| format!("link: {fault}"))?;
        self.kit.target(joined.as_str()).map_err(|fault| format!("link: {fault}"))
    }
}

#[async_trait]
impl Fetch for Fetcher {
    async fn get(&self, link: Option<&str>, known: &Validators) -> Result<Fetched, String> {
        let target = self.target(link)?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(WANTED));
        headers.insert(USER_AGENT, HeaderValue::from_static("fenghuo"));
        for (name, value) in [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)] {
            if let Some(value) = value.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
                headers.insert(name, value);
            }
        }
        let asked = *known != Validators::default();
        let call = Call { method: Method::GET, target, headers, body: Bytes::new() };
        let answer = self.kit.call(call, self.budget).await.map_err(|fault| fault.to_string())?;
        let header = |name| answer.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        match answer.status {
            StatusCode::NOT_MODIFIED if asked => Ok(Fetched::Unchanged),
            StatusCode::OK | StatusCode::NO_CONTENT if answer.cut => Err(format!("larger than {MOST_BYTES} bytes")),
            StatusCode::OK | StatusCode::NO_CONTENT if answer.broken => Err("the answer broke off".to_owned()),
            StatusCode::OK | StatusCode::NO_CONTENT => {
                let validators = Validators { etag: header(ETAG), last_modified: header(LAST_MODIFIED) };
                Ok(Fetched::Document { body: answer.body, validators })
            }
            status if status.is_redirection() => Err(format!("HTTP {}: redirects are not followed", status.as_u16())),
            status => Err(format!("HTTP {status}")),
        }
    }
}
