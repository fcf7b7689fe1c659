//! Answers that a reader may hold already.

use std::{
    io::Write,
    sync::{Arc, OnceLock},
};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use crate::flow::screens::{PACKED, Stamped, names};

/// The fields of a signature (RFC 9421).
const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
const SIGNATURE: HeaderName = HeaderName::from_static("signature");

/// A document with its strong ETag.
pub(in crate::http) struct Tagged {
    pub(super) body: Bytes,
    /// With quotes.
    pub(super) etag: String,
    pub(super) media_type: &'static str,
    /// Seconds since 1970 of its last change.
    pub(super) changed_at: Option<i64>,
    /// Room for the same as the header says it, kept where many are told.
    pub(super) dated: Arc<OnceLock<Bytes>>,
    /// Gives the signature over its ETag, of the plain or of the packed form; it goes with a 304 too, which says that the
    /// document still stands.
    pub(super) sign: Option<Box<dyn FnOnce(bool) -> Stamped + Send>>,
    /// Room for the body packed with gzip, kept where many take it.
    pub(super) packed: Arc<OnceLock<Bytes>>,
}

/// A shorter body gains nothing by being packed.
const PACKED_FROM: usize = 256;

impl Tagged {
    /// A document whose ETag is the hash of its bytes.
    pub(in crate::http) fn of(body: Bytes, media_type: &'static str, changed_at: Option<i64>) -> Self {
        let hex: String = Sha256::digest(&body).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let etag = format!("\"{hex}\"");
        Self { body, etag, media_type, changed_at, dated: Arc::default(), sign: None, packed: Arc::default() }
    }

    /// The document, or 304 when the reader names its ETag. `If-Modified-Since` is not answered: whole seconds cannot
    /// tell two changes of one second apart, and a screen would go on showing what was lifted.
    pub(in crate::http) fn answer(self, headers: &HeaderMap) -> Response<Body> {
        let held = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let held = held.into_iter().any(|value| value.trim() == "*" || names(value, &self.etag));
        let packed = self.body.len() >= PACKED_FROM && takes_gzip(headers);
        let etag = form_of(&self.etag, packed);
        let body = match (held, packed) {
            (true, _) => Body::empty(),
            (false, true) => Body::from(self.packed.get_or_init(|| pack(&self.body)).clone()),
            (false, false) => Body::from(self.body),
        };
        let mut response = Response::new(body);
        *response.status_mut() = if held { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if packed && !held {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        headers.extend(HeaderValue::from_str(&etag).ok().map(|etag| (header::ETAG, etag)));
        if let Some(changed_at) = self.changed_at {
            let date = self.dated.get_or_init(|| http_date(changed_at).unwrap_or_default()).clone();
            let date = HeaderValue::from_maybe_shared(date).ok().filter(|date| !date.is_empty());
            headers.extend(date.map(|date| (header::LAST_MODIFIED, date)));
        }
        if let Some(Stamped { input, signature, .. }) = self.sign.map(|sign| sign(packed)) {
            let named = [(SIGNATURE_INPUT, input), (SIGNATURE, signature)];
            headers
                .extend(named.into_iter().filter_map(|(name, text)| Some((name, HeaderValue::try_from(text).ok()?))));
        }
        if !held {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        }
        response
    }
}

/// The ETag of the plain or of the packed form of a document.
pub(in crate::http) fn form_of(etag: &str, packed: bool) -> String {
    if packed { etag.trim_end_matches('"').to_owned() + PACKED + "\"" } else { etag.to_owned() }
}

/// Whether the reader takes gzip (RFC 9110 §12.5.3): named, or `*`, and not with the weight 0.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, "q=1"));
        let refused = weight.trim().trim_start_matches("q=").parse() == Ok(0.0_f32);
        matches!(name.trim(), "gzip" | "*") && !refused
    })
}

fn pack(body: &Bytes) -> Bytes {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let written = packer.write_all(body).and_then(|()| packer.finish());
    Bytes::from(written.unwrap_or_default())
}

/// `Wed, 15 Jul 2026 06:40:00 GMT`
fn http_date(unix: i64) -> Option<Bytes> {
    let time = jiff::Timestamp::from_second(unix).ok()?.to_zoned_datetime(jiff::tz::TimeZone::UTC);
    Some(time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string().into())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
    use bytes::Bytes;

    use super::Tagged;

    fn held(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_str(value).expect("header text"))])
    }

    #[test]
    fn who_names_the_etag_gets_no_body() {
        let document = || Tagged::of(Bytes::from_static(b"{}"), "application/json", Some(1_784_097_600));
        let first = document().answer(&HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[header::LAST_MODIFIED], "Wed, 15 Jul 2026 06:40:00 GMT");
        let etag = first.headers()[header::ETAG].to_str().expect("ASCII").to_owned();
        for value in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
            let again = document().answer(&held(&value));
            assert_eq!(
                (again.status(), &again.headers()[header::ETAG]),
                (StatusCode::NOT_MODIFIED, &first.headers()[header::ETAG])
            );
        }
        assert_eq!(document().answer(&held("\"other\"")).status(), StatusCode::OK);
    }

    #[test]
    fn a_date_alone_is_not_believed() {
        let headers = HeaderMap::from_iter([(
            header::IF_MODIFIED_SINCE,
            HeaderValue::from_static("Wed, 15 Jul 2026 06:40:00 GMT"),
        )]);
        let document = Tagged::of(Bytes::from_static(b"{}"), "application/json", Some(1_784_097_600));
        assert_eq!(document.answer(&headers).status(), StatusCode::OK);
    }
}
