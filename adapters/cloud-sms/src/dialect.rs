//! What the providers' interfaces have in common.

use bytes::Bytes;
use fenghuo_contract::{Callback, CallbackFault, CodeTable, Inbound, Item};
use fenghuo_http::{Answer, Call, Target};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;

use crate::{answer::Outcome, number::Number, segments::Count};

/// A message as it goes out.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Name of the template for the mainland; empty where the text itself goes out.
    pub(crate) id: String,
    /// Name of the template elsewhere.
    pub(crate) id_abroad: String,
    /// Names and values of its places, in order.
    pub(crate) values: Vec<(String, String)>,
    /// Which of them is the address at which the reader confirms: as long as there can be one until it is the reader's own.
    pub(crate) confirm: Vec<usize>,
    /// What a reader will see, with the signature.
    pub(crate) text: String,
    /// After this moment nobody should see it as current, seconds since 1970; 0 = not said.
    pub(crate) expires_at: i64,
}

impl Message {
    /// The same with the address at which one reader confirms in its places.
    pub(crate) fn of(&self, confirm: &str) -> Self {
        let mut own = self.clone();
        for place in &self.confirm {
            confirm.clone_into(&mut own.values[*place].1);
        }
        own
    }

    /// The template for numbers of this kind.
    pub(crate) fn template(&self, to: &[Addressee<'_>]) -> &str {
        let mainland = to.first().is_none_or(|to| to.number.is_mainland());
        if mainland { &self.id } else { &self.id_abroad }
    }
}

/// One delivery of a call.
#[derive(Clone, Debug)]
pub(crate) struct Addressee<'a> {
    /// Its place in the batch.
    pub(crate) place: usize,
    /// The delivery.
    pub(crate) item: &'a Item,
    /// Where it goes.
    pub(crate) number: Number,
}

/// What every call is made of besides what it says: the time it is signed at, and chance.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    /// The time.
    pub(crate) now: Timestamp,
    /// 32 hexadecimal digits that were never used before.
    pub(crate) nonce: String,
}

/// One provider's interface. Pure: it writes calls and reads answers, and does neither itself.
pub(crate) trait Dialect: Send + Sync {
    /// The call that carries a message to these numbers, all of the mainland or none, each of them once; `None` when it
    /// cannot be written.
    fn send(&self, message: &Message, to: &[Addressee<'_>], moment: &Moment) -> Option<Call>;

    /// What the answer to it says.
    fn read(&self, to: &[Addressee<'_>], answer: &Answer, codes: &CodeTable) -> Outcome;

    /// A call that has no effect and shows whether the next one will be listened to.
    fn probe(&self, moment: &Moment) -> Option<Call>;

    /// What the answer to it says.
    fn read_probe(&self, answer: &Answer, codes: &CodeTable) -> Outcome;

    /// What a call of the provider says, whose sender was already checked.
    fn read_callback(&self, callback: &Callback<'_>) -> Result<Inbound, CallbackFault>;

    /// Signs that reach a reader before the text.
    fn signature(&self) -> &str;

    /// How the provider counts the messages a text makes.
    fn count(&self) -> Count;
}

/// A post; `None` when a header has characters that no header may have. What authorises it is not shown by `Debug`.
pub(crate) fn post(target: &Target, headers: &[(&str, String)], body: String) -> Option<Call> {
    call(Method::POST, target, headers, body)
}

/// A call by any method.
pub(crate) fn call(method: Method, target: &Target, headers: &[(&str, String)], body: String) -> Option<Call> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let mut value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
        value.set_sensitive(matches!(*name, "authorization" | "x-wsse"));
        map.insert(HeaderName::from_bytes(name.as_bytes()).ok()?, value);
    }
    map.insert(http::header::USER_AGENT, HeaderValue::from_static("fenghuo"));
    Some(Call { method, target: target.clone(), headers: map, body: Bytes::from(body) })
}

/// Host and, where it is not the usual one, port, as the request will name them.
pub(crate) fn host(target: &Target) -> String {
    match target.expose().port() {
        Some(port) => format!("{}:{port}", target.host()),
        None => target.host().to_owned(),
    }
}

/// Fields as `application/x-www-form-urlencoded`.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
