//! Calls that carry a token: fetched when there is none, and once again when the provider refuses it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use fenghuo_contract::{Cause, CodeTable, Fault};
use fenghuo_http::{Answer, Call, HttpKit};
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::{
    answer::{Fields, Said},
    clock::Now,
    secret::Secret,
    token::{AccessToken, Tokens},
};

/// Seconds before its end at which a token is replaced: for as long the provider takes both.
const EARLY: i64 = 300;

/// Time a probe may take.
const PROBE: Duration = Duration::from_secs(3600);

const FIELDS: Fields = Fields { code: &["errcode"], words: &["errmsg"] };

/// How a token is asked for.
#[derive(Clone, Debug)]
pub(crate) enum Credentials {
    /// `stable_token` of an official account or mini program.
    Official { app_id: String, secret: Secret },
    /// `gettoken` of a WeCom app, which wants its secret in the address; no address is ever shown.
    WeCom { corp_id: String, secret: Secret },
}

/// One account's interface.
pub(crate) struct Api {
    pub(crate) kit: HttpKit,
    /// Where every address begins, without a slash at its end.
    pub(crate) base: String,
    pub(crate) credentials: Credentials,
    pub(crate) tokens: Arc<dyn Tokens>,
    pub(crate) codes: Arc<CodeTable>,
    /// How long a code says to wait.
    pub(crate) wait: fn(&str, i64) -> Option<Duration>,
    pub(crate) now: Now,
}

/// The moment an attempt must have ended by.
pub(crate) fn deadline(budget: Duration) -> Instant {
    tokio::time::sleep(budget).deadline()
}

impl Api {
    /// A token to begin with.
    ///
    /// # Errors
    /// The fault of fetching it: nothing has been sent then.
    pub(crate) async fn ready(&self, deadline: Instant) -> Result<AccessToken, Fault> {
        let token = async {
            match self.tokens.get(&self.account(), (self.now)()).await? {
                Some(token) => Ok(token),
                None => self.renew(None).await,
            }
        };
        timeout_at(deadline, token).await.unwrap_or_else(|_| Err(no_time()))
    }

    /// Posts a document, or asks where there is none; with a new token once more when the provider refuses the one in use.
    /// `private` must not be repeated.
    pub(crate) async fn call(
        &self,
        path: &str,
        body: Option<&Value>,
        private: &[&str],
        deadline: Instant,
    ) -> Result<Said, Fault> {
        let token = self.ready(deadline).await?;
        let said = self.attempt(path, body, private, &token, deadline).await?;
        if !self.codes.find(&said.code).is_some_and(|meaning| meaning.refresh) {
            return Ok(said);
        }
        let token = timeout_at(deadline, self.renew(Some(&token))).await.unwrap_or_else(|_| Err(no_time()))?;
        self.attempt(path, body, private, &token, deadline).await
    }

    /// A call that has no effect and shows whether the next one will be listened to.
    pub(crate) async fn probe(&self) -> Result<(), Fault> {
        let said = self.call("/cgi-bin/get_api_domain_ip", None, &[], deadline(PROBE)).await?;
        said.fault().map_or(Ok(()), Err)
    }

    /// The name everybody who shares its token knows the account by. A token of WeCom belongs to an app, which its secret names.
    fn account(&self) -> String {
        match &self.credentials {
            Credentials::Official { app_id, .. } => app_id.clone(),
            Credentials::WeCom { corp_id, secret } => format!("{corp_id}/{}", tag(secret)),
        }
    }

    async fn attempt(
        &self,
        path: &str,
        body: Option<&Value>,
        private: &[&str],
        token: &AccessToken,
        deadline: Instant,
    ) -> Result<Said, Fault> {
        if timeout_at(deadline, tokio::task::yield_now()).await.is_err() {
            return Err(no_time());
        }
        let call = self.post(path, &[("access_token", token.expose())], body)?;
        let answer = timeout_at(deadline, self.send(call)).await;
        let answer = answer.unwrap_or_else(|_| Err(Fault::InDoubt(Cause::new("TIMEOUT", "no answer in time"))))?;
        let private: Vec<&str> = private.iter().copied().chain([token.expose()]).collect();
        let mut said = Said::read(&answer, &self.codes, FIELDS, &private)?;
        said.after = said.after.or_else(|| (self.wait)(&said.code, (self.now)()));
        Ok(said)
    }

    async fn send(&self, call: Call) -> Result<Answer, Fault> {
        self.kit.call(call, PROBE).await
    }

    fn post(&self, path: &str, query: &[(&str, &str)], body: Option<&Value>) -> Result<Call, Fault> {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let query = if query.is_empty() { query } else { format!("?{query}") };
        let target = self.kit.target(&format!("{}{path}{query}", self.base));
        let target = target.map_err(|fault| Fault::Misconfigured(Cause::new("ENDPOINT", &fault.to_string())))?;
        Ok(json_call(target, body))
    }

    async fn renew(&self, stale: Option<&AccessToken>) -> Result<AccessToken, Fault> {
        let fetch = Box::pin(self.fetch(stale));
        self.tokens.renew(&self.account(), stale, (self.now)(), fetch).await
    }

    /// Asks for a token. The provider's stable token stays what it was as long as it holds; when that is the one just
    /// refused, another is forced.
    async fn fetch(&self, stale: Option<&AccessToken>) -> Result<AccessToken, Fault> {
        let token = self.fetch_once(false).await?;
        let same = stale.is_some_and(|stale| stale.expose() == token.expose());
        if same && matches!(self.credentials, Credentials::Official { .. }) {
            return self.fetch_once(true).await;
        }
        Ok(token)
    }

    async fn fetch_once(&self, force: bool) -> Result<AccessToken, Fault> {
        let (call, secret) = match &self.credentials {
            Credentials::Official { app_id, secret } => {
                let body = json!({
                    "grant_type": "client_credential", "appid": app_id, "secret": secret.expose(), "force_refresh": force,
                });
                (self.post("/cgi-bin/stable_token", &[], Some(&body))?, secret)
            }
            Credentials::WeCom { corp_id, secret } => {
                let query = [("corpid", corp_id.as_str()), ("corpsecret", secret.expose())];
                (self.post("/cgi-bin/gettoken", &query, None)?, secret)
            }
        };
        // A token asked for in vain can be asked for again: nothing of a message is in doubt.
        let answer = self.send(call).await.map_err(|fault| match fault {
            Fault::InDoubt(cause) => Fault::Transient(cause),
            fault => fault,
        })?;
        let said = Said::read(&answer, &self.codes, FIELDS, &[secret.expose()]).map_err(|fault| match fault {
            Fault::InDoubt(cause) => Fault::Transient(cause),
            fault => fault,
        })?;
        if let Some(fault) = said.fault() {
            return Err(fault);
        }
        let lives = said.document.get("expires_in").and_then(Value::as_i64).unwrap_or(0).clamp(0, 86_400);
        match said.text("access_token").as_str() {
            "" => Err(Fault::Transient(Cause::new("NO-TOKEN", "the answer holds no token"))),
            text => Ok(AccessToken::new(text, (self.now)() + lives - EARLY.min(lives / 2))),
        }
    }
}

/// A call with a document, or without one.
pub(crate) fn json_call(target: fenghuo_http::Target, body: Option<&Value>) -> Call {
    let mut headers = HeaderMap::new();
    headers.insert(header::USER_AGENT, HeaderValue::from_static("fenghuo"));
    let Some(body) = body else { return Call { method: Method::GET, target, headers, body: Bytes::new() } };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    Call { method: Method::POST, target, headers, body: Bytes::from(body.to_string()) }
}

/// Tells secrets apart and says nothing about them to whoever lacks them.
fn tag(secret: &Secret) -> String {
    let tag = fenghuo_http::hmac_sha256(secret.expose().as_bytes(), &[b"account"]);
    tag[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn no_time() -> Fault {
    Fault::Transient(Cause::new("NO-TIME", "the time was over before the call"))
}
