//! Huawei Cloud (`/sms/batchSendSms/v1`): one text to many numbers, with an answer for each. `smsMsgId` names a delivery.
//!
//! There is no call without effect: the probe posts a message without recipients, which can reach nobody. That the provider
//! complains of the parameters and not of the key is what it shows.

use fenghuo_contract::{
    Callback, CallbackFault, Class, CodeTable, Inbound, Origin, Receipt, ReceiptState, Reference, Reply, Verdict,
};
use fenghuo_http::{Answer, Call, Target};
use serde_json::Value;

use crate::{
    answer::{Outcome, by_number, json, text, unmentioned, verdict},
    callback::{document, failed, field, form as fields_of, universal},
    dialect::{Addressee, Dialect, Message, Moment, form, host, post},
    number::Number,
    segments::Count,
    settings::Auth,
    signature::{Key, sdk_hmac, wsse},
};

/// Where messages are posted.
pub(crate) const PATH: &str = "/sms/batchSendSms/v1";

/// What stands for the hash of a body that the signature does not cover: what the published code does with forms.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

pub(crate) struct Huawei {
    pub(crate) target: Target,
    pub(crate) key: Key,
    pub(crate) auth: Auth,
    /// 短信签名, without its brackets.
    pub(crate) signature: String,
    /// The signature's channel number.
    pub(crate) sender: String,
    /// Where reports go.
    pub(crate) callback_url: Option<String>,
}

impl Huawei {
    fn call(&self, fields: &[(&str, &str)], moment: &Moment) -> Option<Call> {
        let content_type = ("content-type", "application/x-www-form-urlencoded".to_owned());
        let mut headers = vec![content_type];
        match self.auth {
            Auth::Wsse => {
                let created = moment.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
                let realm = "WSSE realm=\"SDP\",profile=\"UsernameToken\",type=\"Appkey\"";
                headers.push(("authorization", realm.to_owned()));
                headers.push(("x-wsse", wsse(&self.key, &moment.nonce, &created)));
            }
            Auth::AkSk => {
                let date = moment.now.strftime("%Y%m%dT%H%M%SZ").to_string();
                headers.push(("host", host(&self.target)));
                headers.push(("x-sdk-content-sha256", UNSIGNED.to_owned()));
                headers.push(("x-sdk-date", date.clone()));
                let authorization = sdk_hmac(&self.key, &format!("{PATH}/"), &headers, UNSIGNED, &date);
                headers.push(("authorization", authorization));
                headers.remove(1);
            }
        }
        post(&self.target, &headers, form(fields))
    }
}

/// What one report says. `None` as inner value: a state on the way, of which nothing is to be told.
fn receipt(id: &str, status: &str, words: &str, at: &str) -> Option<Option<Receipt>> {
    if id.is_empty() || status.is_empty() {
        return None;
    }
    let state = match status {
        "DELIVRD" => ReceiptState::Delivered,
        "ACCEPTD" | "UNKNOWN" => return Some(None),
        _ => failed(status, words),
    };
    Some(Some(Receipt { reference: Reference::new(id), state, at: universal(at), origin: Origin::Unsigned }))
}

fn many(body: &[u8]) -> Result<Inbound, CallbackFault> {
    let document = document(body)?;
    let reports = document.get("statusReportList").and_then(Value::as_array);
    let reports = reports.ok_or_else(|| CallbackFault::Unreadable("no statusReportList".to_owned()))?;
    let read = |report: &Value| {
        let of = |name| text(report, name);
        receipt(&of("smsMsgId"), &of("status"), &of("statusDesc"), &of("updateTime"))
    };
    Ok(reports.iter().filter_map(read).flatten().collect::<Vec<_>>().into())
}

fn one(body: &[u8]) -> Result<Inbound, CallbackFault> {
    let form = fields_of(body);
    let of = |name| field(&form, name);
    if let Some(from) = Number::of_provider(of("from")).filter(|_| form.iter().any(|(name, _)| name == "body")) {
        let at = universal(of("createTime"));
        let reply = Reply { from: from.address(), text: of("body").to_owned(), at, origin: Origin::Unsigned };
        return Ok(Inbound { replies: vec![reply], ..Inbound::default() });
    }
    let receipt = receipt(of("smsMsgId"), of("status"), of("statusDesc"), of("updateTime"));
    let receipt = receipt.ok_or_else(|| CallbackFault::Unreadable("neither a report nor a reply".to_owned()))?;
    Ok(receipt.into_iter().collect::<Vec<_>>().into())
}

impl Dialect for Huawei {
    fn send(&self, message: &Message, to: &[Addressee<'_>], moment: &Moment) -> Option<Call> {
        let numbers: Vec<String> = to.iter().map(|to| to.number.e164()).collect();
        let numbers = numbers.join(",");
        let values: Value = message.values.iter().map(|(_, value)| value.as_str()).collect();
        let values = values.to_string();
        let mut fields = vec![
            ("from", self.sender.as_str()),
            ("to", &numbers),
            ("templateId", message.template(to)),
            ("signature", &self.signature),
        ];
        if !message.values.is_empty() {
            fields.push(("templateParas", &values));
        }
        if let Some(url) = &self.callback_url {
            fields.push(("statusCallback", url));
        }
        let token = to.first().map(|to| to.item.token.to_string()).filter(|_| to.len() == 1);
        if let Some(token) = &token {
            fields.push(("extend", token));
        }
        self.call(&fields, moment)
    }

    fn read(&self, to: &[Addressee<'_>], answer: &Answer, codes: &CodeTable) -> Outcome {
        let Some(said) = json(answer).filter(|said| said.get("code").is_some()) else {
            return Outcome::unread(answer);
        };
        let results = by_number(&said["result"], "originTo");
        if results.is_empty() && codes.class(&text(&said, "code")) != Class::Accepted {
            return Outcome::whole(codes, &text(&said, "code"), &text(&said, "description"), answer);
        }
        let each = to.iter().map(|to| {
            let Some(result) = results.get(&to.number) else { return unmentioned() };
            let id = Some(text(result, "smsMsgId")).filter(|id| !id.is_empty());
            let status = text(result, "status");
            let words = codes.find(&status).map_or("", |meaning| &meaning.en);
            verdict(codes, &status, words, Verdict::Accepted(id.map(Reference::new)))
        });
        Outcome::Each(each.collect())
    }

    fn probe(&self, moment: &Moment) -> Option<Call> {
        self.call(&[("from", &self.sender)], moment)
    }

    fn read_probe(&self, answer: &Answer, codes: &CodeTable) -> Outcome {
        match self.read(&[], answer, codes) {
            Outcome::Whole { class: Class::Content, .. } => Outcome::Each(Vec::new()),
            other => other,
        }
    }

    fn read_callback(&self, callback: &Callback<'_>) -> Result<Inbound, CallbackFault> {
        if callback.body.trim_ascii_start().starts_with(b"{") { many(callback.body) } else { one(callback.body) }
    }

    fn signature(&self) -> &str {
        &self.signature
    }

    fn count(&self) -> Count {
        Count::Characters
    }
}
