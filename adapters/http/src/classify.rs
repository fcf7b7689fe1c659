//! The usual reading of statuses. Adapters whose provider means something else by a status look at that one first.

use std::{sync::LazyLock, time::Duration};

use fenghuo_contract::{Cause, Class, CodeTable, Fault, Verdict};
use http::{HeaderMap, StatusCode, header};

/// The longest wait believed.
const WAIT_MAX: Duration = Duration::from_secs(24 * 3600);

/// The table every adapter starts from: `config/codes/http.toml`.
static BUILT_IN: LazyLock<CodeTable> = LazyLock::new(|| {
    CodeTable::parse(include_str!("../../../config/codes/http.toml")).expect("the built-in table is parsed by a test")
});

/// The usual meaning of statuses (RFC 9110 §15, RFC 6585), for adapters to lay their own table over.
#[must_use]
pub fn statuses() -> &'static CodeTable {
    &BUILT_IN
}

/// What a status says about one delivery, by the usual table: `config/codes/http.toml`.
#[must_use]
pub fn verdict(status: StatusCode, headers: &HeaderMap) -> Verdict {
    verdict_by(&BUILT_IN, status, headers)
}

/// The same by a table of the adapter. A status is looked up with ` retry-after` behind it first when the answer has that
/// header.
#[must_use]
pub fn verdict_by(codes: &CodeTable, status: StatusCode, headers: &HeaderMap) -> Verdict {
    let (class, cause, after) = read(codes, status, headers);
    class.verdict(cause, after)
}

/// What a status says about a whole call that carried several deliveries, by the usual table; `None` when it was taken.
/// Refusals cannot be laid on single recipients here, so they count as transient with their code.
#[must_use]
pub fn fault(status: StatusCode, headers: &HeaderMap) -> Option<Fault> {
    fault_by(&BUILT_IN, status, headers)
}

/// The same by a table of the adapter.
#[must_use]
pub fn fault_by(codes: &CodeTable, status: StatusCode, headers: &HeaderMap) -> Option<Fault> {
    let (class, cause, after) = read(codes, status, headers);
    class.fault(cause, after)
}

fn read(codes: &CodeTable, status: StatusCode, headers: &HeaderMap) -> (Class, Cause, Option<Duration>) {
    let cause = Cause::new(&format!("HTTP {}", status.as_u16()), status.canonical_reason().unwrap_or_default());
    let after = retry_after(headers);
    let waiting = after.and_then(|_| codes.find(&format!("{} retry-after", status.as_u16())));
    let meaning = waiting.or_else(|| codes.find(status.as_str()));
    (meaning.map_or(Class::Transient, |meaning| meaning.class), cause, after)
}

/// The wait a provider asks for (RFC 9110 §10.2.3), at most a day. A date is read against the `Date` of the same answer, so
/// that neither clock needs to be right; without one it is not read.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().map_or(WAIT_MAX, Duration::from_secs).min(WAIT_MAX));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = httpdate::parse_http_date(headers.get(header::DATE)?.to_str().ok()?).ok()?;
    Some(until.duration_since(now).unwrap_or_default().min(WAIT_MAX))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    fn kind(status: u16, headers: &HeaderMap) -> &'static str {
        match verdict(StatusCode::from_u16(status).unwrap(), headers) {
            Verdict::Accepted(_) => "accepted",
            Verdict::RefusedContent(_) => "content",
            Verdict::RefusedRecipient(_) => "recipient",
            Verdict::Misconfigured(_) => "misconfigured",
            Verdict::Throttled { .. } => "throttled",
            Verdict::Transient(_) => "transient",
            Verdict::InDoubt(_) => "in doubt",
        }
    }

    #[test]
    fn statuses_are_read_by_the_table() {
        for (statuses, expected) in [
            (&[200, 201, 202, 204, 299][..], "accepted"),
            (&[400, 413, 414, 415, 422], "content"),
            (&[301, 302, 307, 308, 401, 403, 405, 407], "misconfigured"),
            (&[404, 410], "recipient"),
            (&[429], "throttled"),
            (&[100, 402, 406, 408, 409, 418, 421, 425, 451, 500, 501, 502, 503, 504, 599, 999], "transient"),
        ] {
            for status in statuses {
                assert_eq!(kind(*status, &HeaderMap::new()), expected, "{status}");
            }
        }
        assert_eq!(kind(503, &headers(&[(header::RETRY_AFTER, "30")])), "throttled");
    }

    #[test]
    fn waits_are_read_as_seconds_or_against_the_servers_own_clock() {
        let date = (header::DATE, "Tue, 15 Nov 1994 08:12:31 GMT");
        let wait = |text, date: Option<(header::HeaderName, &'static str)>| {
            let pairs: Vec<_> = [Some((header::RETRY_AFTER, text)), date].into_iter().flatten().collect();
            retry_after(&headers(&pairs)).map(|wait| wait.as_secs())
        };
        assert_eq!(wait("30", None), Some(30));
        assert_eq!(wait(" 0 ", None), Some(0));
        assert_eq!(wait("999999999999999999999999", None), Some(86_400));
        assert_eq!(wait("Tue, 15 Nov 1994 08:13:31 GMT", Some(date.clone())), Some(60));
        assert_eq!(wait("Tue, 15 Nov 1994 08:00:00 GMT", Some(date.clone())), Some(0));
        assert_eq!(wait("Tue, 15 Nov 1994 08:13:31 GMT", None), None);
        assert_eq!(wait("-5", Some(date.clone())), None);
        assert_eq!(wait("soon", Some(date)), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn a_call_for_many_blames_no_single_recipient() {
        let fault = |status| fault(StatusCode::from_u16(status).unwrap(), &HeaderMap::new());
        assert_eq!(fault(200), None);
        assert!(matches!(fault(404), Some(Fault::Transient(_))));
        assert!(matches!(fault(422), Some(Fault::Transient(_))));
        assert!(matches!(fault(401), Some(Fault::Misconfigured(_))));
        assert!(matches!(fault(429), Some(Fault::Throttled { .. })));
    }
}
