//! Twilio (`2010-04-01`): one call for each message, free text, callbacks that are signed.

use fenghuo_contract::{
    Answer as Said, Callback, CallbackFault, CodeTable, Inbound, Origin, Receipt, ReceiptState, Reference, Reply,
    SignatureCheck, Verdict,
};
use fenghuo_http::{Answer, Call, Target};
use http::Method;

use crate::{
    answer::{Outcome, json, text, verdict},
    callback::{failed, field, form as fields_of},
    dialect::{Addressee, Dialect, Message, Moment, call, form, post},
    number::Number,
    segments::Count,
    signature::{Key, basic, verify_twilio},
};

/// Characters of a text at most (d).
pub(crate) const TEXT_MAX: usize = 1600;

/// Seconds a message may wait at the provider at most (d).
const VALIDITY_MAX: i64 = 14_400;

pub(crate) struct Twilio {
    /// Where messages are posted.
    pub(crate) messages: Target,
    /// The account, to be looked at.
    pub(crate) account: Target,
    pub(crate) key: Key,
    /// A number or the name of a messaging service.
    pub(crate) sender: String,
    /// Where reports go; what their signature covers.
    pub(crate) callback_url: Option<String>,
}

impl Twilio {
    fn origin(&self, callback: &Callback<'_>, form: &[(String, String)], url: &str) -> Result<Origin, CallbackFault> {
        let sent = callback.headers.iter().find(|(name, _)| name == "x-twilio-signature");
        let signed = sent.is_some_and(|(_, signature)| {
            let fits = |url: &str| verify_twilio(&self.key.secret, url, form, signature);
            fits(url) || other_spelling(url).is_some_and(|url| fits(&url))
        });
        match (signed, callback.signature) {
            (true, _) => Ok(Origin::Signed),
            (false, SignatureCheck::Observe) => Ok(Origin::Unsigned),
            (false, SignatureCheck::Enforce) => Err(CallbackFault::Forged),
        }
    }
}

/// The address with its port where it was left out, and without it where it was not: the provider signs either.
fn other_spelling(url: &str) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    let authority = uri.authority()?;
    let other = match authority.port_u16() {
        Some(_) => authority.host().to_owned(),
        None => format!("{}:{}", authority.host(), if uri.scheme_str() == Some("https") { 443 } else { 80 }),
    };
    Some(url.replacen(authority.as_str(), &other, 1))
}

/// The text, and below it the page where this recipient confirms, if there is room.
fn body(message: &Message, to: &Addressee<'_>) -> String {
    let whole = to.item.confirm.as_ref().map(|page| format!("{}\n{page}", message.text));
    whole.filter(|whole| whole.chars().nth(TEXT_MAX).is_none()).unwrap_or_else(|| message.text.clone())
}

/// What a status says; `None` for one on the way.
fn state(status: &str, form: &[(String, String)]) -> Option<ReceiptState> {
    match status {
        "delivered" | "read" => Some(ReceiptState::Delivered),
        "undelivered" | "failed" | "canceled" => {
            let code = Some(field(form, "ErrorCode")).filter(|code| !code.is_empty()).unwrap_or(status);
            Some(failed(code, status))
        }
        _ => None,
    }
}

impl Dialect for Twilio {
    fn send(&self, message: &Message, to: &[Addressee<'_>], moment: &Moment) -> Option<Call> {
        let to = to.first()?;
        let (number, body) = (to.number.e164(), body(message, to));
        let sender = if self.sender.starts_with("MG") { "MessagingServiceSid" } else { "From" };
        let mut fields = vec![("To", number.as_str()), (sender, &self.sender), ("Body", &body)];
        if let Some(url) = &self.callback_url {
            fields.push(("StatusCallback", url));
        }
        let left = (message.expires_at - moment.now.as_second()).clamp(1, VALIDITY_MAX).to_string();
        if message.expires_at != 0 {
            fields.push(("ValidityPeriod", &left));
        }
        let headers =
            [("authorization", basic(&self.key)), ("content-type", "application/x-www-form-urlencoded".to_owned())];
        post(&self.messages, &headers, form(&fields))
    }

    fn read(&self, to: &[Addressee<'_>], answer: &Answer, codes: &CodeTable) -> Outcome {
        let Some(said) = json(answer) else { return Outcome::unread(answer) };
        let (code, sid) = (text(&said, "code"), text(&said, "sid"));
        if !answer.status.is_success() && !code.is_empty() {
            return Outcome::whole(codes, &code, &text(&said, "message"), answer);
        }
        if !answer.status.is_success() || sid.is_empty() {
            return Outcome::unread(answer);
        }
        let accepted = Verdict::Accepted(Some(Reference::new(sid)));
        let refused = Some(text(&said, "error_code")).filter(|code| !code.is_empty());
        let said = match refused {
            Some(code) => verdict(codes, &code, &text(&said, "error_message"), accepted),
            None => accepted,
        };
        Outcome::Each(vec![said; to.len()])
    }

    fn probe(&self, _moment: &Moment) -> Option<Call> {
        call(Method::GET, &self.account, &[("authorization", basic(&self.key))], String::new())
    }

    fn read_probe(&self, answer: &Answer, codes: &CodeTable) -> Outcome {
        self.read(&[], answer, codes)
    }

    fn read_callback(&self, callback: &Callback<'_>) -> Result<Inbound, CallbackFault> {
        let url = self.callback_url.as_ref().ok_or(CallbackFault::Unexpected)?;
        let form = fields_of(callback.body);
        let origin = self.origin(callback, &form, url)?;
        let of = |name| field(&form, name);
        let unreadable = || CallbackFault::Unreadable("neither a status nor a message".to_owned());
        let sid = Some(of("MessageSid")).filter(|sid| !sid.is_empty()).ok_or_else(unreadable)?;
        let status = Some(of("MessageStatus")).filter(|status| !status.is_empty()).unwrap_or(of("SmsStatus"));
        if status == "received" {
            let from = Number::of_provider(of("From")).ok_or_else(unreadable)?.address();
            let reply = Reply { from, text: of("Body").to_owned(), at: None, origin };
            let answer = Said { media_type: "text/xml", body: bytes::Bytes::from_static(b"<Response/>") };
            return Ok(Inbound { replies: vec![reply], answer: Some(answer), ..Inbound::default() });
        }
        if status.is_empty() {
            return Err(unreadable());
        }
        let receipt = |state| Receipt { reference: Reference::new(sid), state, at: None, origin };
        Ok(state(status, &form).map(receipt).into_iter().collect::<Vec<_>>().into())
    }

    fn signature(&self) -> &str {
        ""
    }

    fn count(&self) -> Count {
        Count::Alphabet
    }
}
