//! Speaks to a running gateway over its HTTP interface.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde_json::Value;

use super::{arguments::Connection, exit::Exit, fault::Fault};
use crate::{cli::output::Output, messages::Lang};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take; a large import is given its own time.
const ANSWER: Duration = Duration::from_secs(60);

/// A gateway as this caller reaches it.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    key: Option<String>,
    pub(super) lang: Lang,
}

/// An answer that is not a problem.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

/// Makes the HTTP client of the command line: no proxy from the environment, no redirects, *ring* for TLS.
pub(super) fn http(base: &str) -> Result<reqwest::Client, reqwest::Error> {
    // A second call finds it installed, which is as good.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .user_agent(concat!("fenghuo/", env!("CARGO_PKG_VERSION")));
    // A machine without certificates can still speak to its own gateway.
    let plain = base.starts_with("http://").then(|| {
        rustls::ClientConfig::builder().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
    });
    match plain {
        Some(tls) => builder.tls_backend_preconfigured(tls).build(),
        None => builder.build(),
    }
}

impl Client {
    /// Reads the key file and gets ready; nothing is sent yet.
    pub(super) fn new(connection: &Connection, output: &Output) -> Result<Self, Fault> {
        let lang = output.lang;
        let key = connection.key_file.as_ref().map(|file| {
            let text = std::fs::read_to_string(file).map_err(|cause| Fault::file(lang, file, &cause))?;
            Ok::<_, Fault>(text.trim().to_owned())
        });
        Self::with_key(&connection.server, key.transpose()?, lang)
    }

    /// The same with a key at hand.
    pub(super) fn with_key(server: &str, key: Option<String>, lang: Lang) -> Result<Self, Fault> {
        let base = server.trim_end_matches('/').to_owned();
        let wrong = |cause: String| {
            let args = [("server", base.clone()), ("cause", cause)];
            Fault::new(Exit::Usage, lang, "cli-server-wrong", &args)
        };
        if !base.starts_with("http://") && !base.starts_with("https://") {
            return Err(wrong(String::new()));
        }
        let http = http(&base).map_err(|cause| wrong(chain(&cause)))?;
        Ok(Self { http, base, key, lang })
    }

    /// A request to a path; everything a request needs is on it but its body.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base)).timeout(ANSWER);
        let request = request.header(header::ACCEPT_LANGUAGE, self.lang.tag());
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer, Fault> {
        self.send(self.request(Method::GET, path)).await
    }

    /// Sends a request and reads the answer.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer, Fault> {
        let response = request.send().await.map_err(|cause| self.unreachable(&cause))?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|cause| self.unreachable(&cause))?;
        let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if status.is_success() { Ok(Answer { status, body }) } else { Err(self.problem(status, body)) }
    }

    fn unreachable(&self, cause: &reqwest::Error) -> Fault {
        let args = [("server", self.base.clone()), ("cause", chain(cause))];
        let (exit, code) = if cause.is_connect() || cause.is_builder() {
            (Exit::Unreachable, "cli-unreachable")
        } else {
            (Exit::Temporary, "cli-no-answer")
        };
        Fault::new(exit, self.lang, code, &args)
    }

    /// What a problem document means for the caller: everything it lists, in its own words.
    fn problem(&self, status: StatusCode, document: Value) -> Fault {
        let exit = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::NotAllowed,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                Exit::Temporary
            }
            StatusCode::BAD_REQUEST | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => Exit::Refused,
            _ => Exit::Failed,
        };
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(code) = text(&document, "code") else {
            let args = [("server", self.base.clone()), ("status", status.as_u16().to_string())];
            return Fault::new(exit, self.lang, "cli-not-ours", &args);
        };
        let errors = document.get("errors").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut lines: Vec<String> = errors.iter().map(field).collect();
        if self.key.is_none() && exit == Exit::NotAllowed {
            lines.push(crate::messages::text(self.lang, "cli-key-file-hint", &[]));
        }
        lines.push(crate::messages::text(self.lang, "cli-explain-hint", &[("code", code.clone())]));
        let sentence = text(&document, "detail").or_else(|| text(&document, "title")).unwrap_or_else(|| code.clone());
        Fault { exit, code, text: sentence, lines, document: Some(document) }
    }
}

/// One wrong field: where, code, sentence.
fn field(error: &Value) -> String {
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| error.get(name).and_then(Value::as_u64);
    let place = match (number("line"), number("column")) {
        (Some(line), Some(column)) => format!(" {line}:{column}"),
        (Some(line), None) => format!(" {line}"),
        _ => String::new(),
    };
    format!("{}{place}  {}  {}", text("pointer"), text("code"), text("detail"))
}

/// An error and its causes in one line, without repeating what a cause says again.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    // The outermost of reqwest repeats the URL; the causes say what happened.
    let last = causes.map(ToString::to_string).last();
    last.unwrap_or_else(|| error.to_string())
}

/// A path segment written by a person.
pub(super) fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
