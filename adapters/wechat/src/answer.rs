//! What a provider's answer says: a code, words, and sometimes more.

use std::time::Duration;

use fenghuo_contract::{Cause, Class, CodeTable, Fault, Verdict};
use fenghuo_http::Answer;
use http::StatusCode;
use serde_json::Value;

/// What an answer says.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// The provider's code; `0` when it is content.
    pub(crate) code: String,
    /// What that means.
    pub(crate) class: Class,
    /// Code and words, without what must not be repeated.
    pub(crate) cause: Cause,
    /// How long we are to wait.
    pub(crate) after: Option<Duration>,
    /// The whole answer.
    pub(crate) document: Value,
}

/// Names of the fields that hold the code and the words, by provider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    pub(crate) code: &'static [&'static str],
    pub(crate) words: &'static [&'static str],
}

impl Said {
    /// Reads an answer. `private` are texts that must not be repeated: addresses, the token.
    ///
    /// # Errors
    /// A [`Fault`] when it holds no code: by its status, or in doubt when the call may have been carried out. Every message
    /// is posted to the same address: when there is nothing, the endpoint is wrong, not a recipient.
    pub(crate) fn read(answer: &Answer, codes: &CodeTable, fields: Fields, private: &[&str]) -> Result<Self, Fault> {
        let whole = !answer.cut && !answer.broken;
        let document = serde_json::from_slice::<Value>(&answer.body).ok().filter(|read| whole && read.is_object());
        let given = document.as_ref().and_then(|document| first(document, fields.code));
        let (document, code) = match (document, given) {
            (Some(document), Some(code)) => (document, code),
            // Some calls are answered with their result and no code at all.
            (Some(document), None) if answer.status == StatusCode::OK => (document, "0".to_owned()),
            _ => return Err(unread(answer)),
        };
        let words = first(&document, fields.words).unwrap_or_default();
        let cause = Cause::new(&code, &discreet(&words, private));
        let after = fenghuo_http::retry_after(&answer.headers);
        Ok(Self { class: codes.class(&code), code, cause, after, document })
    }

    /// The verdict on the one delivery the call carried.
    pub(crate) fn verdict(self, accepted: Verdict) -> Verdict {
        match self.class.verdict(self.cause, self.after) {
            Verdict::Accepted(_) => accepted,
            other => other,
        }
    }

    /// What it says about a call for many or for nobody.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.class.fault(self.cause.clone(), self.after)
    }

    /// A text or a number of the answer; empty when there is neither.
    pub(crate) fn text(&self, name: &str) -> String {
        first(&self.document, &[name]).unwrap_or_default()
    }
}

fn first(document: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match document.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

fn unread(answer: &Answer) -> Fault {
    if answer.status == StatusCode::NOT_FOUND {
        return Fault::Misconfigured(Cause::new("HTTP 404", "there is nothing at the endpoint"));
    }
    let fault = fenghuo_http::fault(answer.status, &answer.headers);
    fault.unwrap_or_else(|| Fault::InDoubt(Cause::new("UNREADABLE", "the answer cannot be read")))
}

/// A provider's words without what they must not repeat, in whatever case they write it.
pub(crate) fn discreet(words: &str, private: &[&str]) -> String {
    let mut said: String = words.chars().take(400).collect();
    for private in private.iter().filter(|private| !private.is_empty()) {
        let wanted = private.to_ascii_lowercase();
        while let Some(start) = said.to_ascii_lowercase().find(&wanted) {
            said.replace_range(start..start + wanted.len(), "****");
            if "****".contains(&wanted) {
                break;
            }
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use proptest::prelude::*;

    use super::*;
    use crate::codes;

    const FIELDS: Fields = Fields { code: &["errcode"], words: &["errmsg"] };

    fn read(status: u16, body: &str) -> Result<Said, Fault> {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            cut: false,
            broken: false,
        };
        Said::read(&answer, &codes::built_in(codes::WECHAT), FIELDS, &["oOpenId123"])
    }

    #[test]
    fn a_code_speaks_before_the_status_and_the_status_before_nothing() {
        let said = read(200, r#"{"errcode":40003,"errmsg":"invalid openid oopenid123 rid: 1"}"#).unwrap();
        assert_eq!(
            (said.class, said.cause.to_string().as_str()),
            (Class::Recipient, "40003 invalid openid **** rid: 1")
        );
        assert_eq!(read(500, r#"{"errcode":"-1"}"#).unwrap().class, Class::Transient);
        let said = read(200, r#"{"media_id":"m"}"#).unwrap();
        assert_eq!((said.class, said.text("media_id").as_str()), (Class::Accepted, "m"));
        for (status, body, expected) in [
            (200, "", "no answer: UNREADABLE the answer cannot be read"),
            (200, "[]", "no answer: UNREADABLE the answer cannot be read"),
            (404, "{}", "misconfigured: HTTP 404 there is nothing at the endpoint"),
            (502, "<html>", "not reached: HTTP 502 Bad Gateway"),
            (403, "{}", "misconfigured: HTTP 403 Forbidden"),
        ] {
            assert_eq!(read(status, body).unwrap_err().to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn nothing_private_is_repeated(before in "\\PC{0,20}", private in "[a-zA-Z0-9_]{6,20}", after in "\\PC{0,20}") {
            let said = discreet(&format!("{before}{}{after}", private.to_lowercase()), &[&private]);
            prop_assert!(!said.to_lowercase().contains(&private.to_lowercase()), "{}", said);
        }
    }
}
