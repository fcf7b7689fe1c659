use std::{error::Error, fmt, time::Duration};

use bytes::{Bytes, BytesMut};
use fenghuo_contract::{Cause, Fault};
use http::{HeaderMap, Method, StatusCode};

use crate::{
    Guard, Settings, Target, TargetFault,
    guard::{Closed, GuardedResolver},
    tls,
};

/// The outbound client of one route. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct HttpKit {
    client: reqwest::Client,
    guard: Guard,
    settings: Settings,
}

/// One call to make.
#[derive(Clone)]
pub struct Call {
    /// `POST`, mostly.
    pub method: Method,
    /// Where it goes.
    pub target: Target,
    /// Headers besides those of the connection.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
}

/// What came back.
#[derive(Clone)]
pub struct Answer {
    /// The status, unjudged: see [`verdict`](crate::verdict).
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, at most `answer_max` bytes of it.
    pub body: Bytes,
    /// Whether more body came than was kept.
    pub cut: bool,
    /// Whether the body broke off before its end.
    pub broken: bool,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum KitFault {
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] fenghuo_tls::TlsFault),
    /// The address names no host a connection can be made to.
    #[error("the address names no host that can be connected to")]
    Origin,
    /// The client cannot be made.
    #[error("the HTTP client cannot be made")]
    Client(#[source] reqwest::Error),
}

impl HttpKit {
    /// A client with these settings. Reads the certificate authorities; opens no connection.
    ///
    /// # Errors
    /// [`KitFault`].
    pub fn new(settings: Settings) -> Result<Self, KitFault> {
        let guard = Guard::new(settings.allow_private.clone(), settings.deny.clone());
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::client(settings.ca_file.as_deref())?)
            .dns_resolver(std::sync::Arc::new(GuardedResolver(guard.clone())))
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_millis(settings.connect_timeout_ms))
            .timeout(Duration::from_millis(settings.timeout_ms))
            .https_only(!settings.allow_plain)
            .tcp_nodelay(true)
            .gzip(settings.gzip)
            .build()
            .map_err(KitFault::Client)?;
        Ok(Self { client, guard, settings })
    }

    /// Checks a URL. Addresses behind a name are checked again when it is called.
    ///
    /// # Errors
    /// [`TargetFault`] says which rule it breaks.
    pub fn target(&self, url: &str) -> Result<Target, TargetFault> {
        Target::check(url, &self.settings, &self.guard)
    }

    /// Makes the call, once.
    ///
    /// # Errors
    /// A [`Fault`] when no status came back: misconfigured for a certificate that does not hold or an address that may
    /// not be called, transient when there was no connection, in doubt when the request may have arrived.
    pub async fn call(&self, call: Call, budget: Duration) -> Result<Answer, Fault> {
        let Call { method, target, headers, body } = call;
        let request = self.client.request(method, target.expose().clone()).headers(headers).body(body).timeout(budget);
        let exchange = async {
            let response = request.send().await.map_err(|error| fault_of(&error))?;
            self.read(response).await
        };
        match tokio::time::timeout(budget.min(Duration::from_millis(self.settings.timeout_ms)), exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(Fault::InDoubt(Cause::new("TIMEOUT", "no answer in time"))),
        }
    }

    /// A status that has come counts even when the body breaks off.
    async fn read(&self, mut response: reqwest::Response) -> Result<Answer, Fault> {
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut body = BytesMut::new();
        let (mut cut, mut broken) = (false, false);
        while self.settings.answer_max > 0 && !cut {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    let room = self.settings.answer_max - body.len();
                    body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                    cut = chunk.len() > room;
                }
                Ok(None) => break,
                Err(_) => {
                    broken = true;
                    break;
                }
            }
        }
        Ok(Answer { status, headers, body: body.freeze(), cut, broken })
    }
}

/// The message of the library is not kept: it may quote the URL.
fn fault_of(error: &reqwest::Error) -> Fault {
    for link in chain(error) {
        if link.is::<Closed>() {
            return Fault::Misconfigured(Cause::new("CLOSED-ADDRESS", "the host resolves to an address of the inside"));
        }
        match link.downcast_ref() {
            Some(rustls::Error::InvalidCertificate(_) | rustls::Error::AlertReceived(_)) => {
                return Fault::Misconfigured(Cause::new("TLS", &link.to_string()));
            }
            Some(_) => return Fault::Transient(Cause::new("TLS", &link.to_string())),
            None => {}
        }
    }
    if error.is_builder() {
        return Fault::Misconfigured(Cause::new("REQUEST", "the request cannot be made"));
    }
    if error.is_connect() {
        let text = if error.is_timeout() { "no connection in time" } else { "no connection" };
        return Fault::Transient(Cause::new("CONNECT", text));
    }
    let text = if error.is_timeout() { "no answer in time" } else { "the connection broke before the answer" };
    Fault::InDoubt(Cause::new(if error.is_timeout() { "TIMEOUT" } else { "BROKEN" }, text))
}

/// The causes of an error, also those an input-output error wraps, which its `source` leaps over.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |link| {
        let link: &'a (dyn Error + 'static) = *link;
        match link.downcast_ref::<std::io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => link.source(),
        }
    })
}

impl fmt::Debug for HttpKit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpKit").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({} bytes)", self.method, self.target, self.body.len())
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

#[cfg(test)]
mod tests;
