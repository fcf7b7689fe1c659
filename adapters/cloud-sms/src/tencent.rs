//! Tencent Cloud (sms 2021-01-11): `SendSms` carries one text to up to 200 numbers, all of the mainland or none, and answers
//! for each of them. `SerialNo` names a delivery.

use fenghuo_contract::{
    Answer as Said, Callback, CallbackFault, CodeTable, Inbound, Origin, Receipt, ReceiptState, Reference, Reply,
    Verdict,
};
use fenghuo_http::{Answer, Call, Target};
use serde_json::{Value, json as object};

use crate::{
    answer::{Outcome, by_number, json, text, unmentioned, verdict},
    callback::{beijing, document, failed},
    dialect::{Addressee, Dialect, Message, Moment, host, post},
    number::Number,
    segments::Count,
    signature::{Key, sha256, tc3},
};

pub(crate) struct Tencent {
    pub(crate) target: Target,
    pub(crate) key: Key,
    /// 短信签名, without its brackets.
    pub(crate) signature: String,
    /// `SmsSdkAppId`.
    pub(crate) app_id: String,
    /// `X-TC-Region`.
    pub(crate) region: String,
}

impl Tencent {
    fn call(&self, action: &str, parameters: &Value, moment: &Moment) -> Option<Call> {
        let body = parameters.to_string();
        let content_type = ("content-type", "application/json".to_owned());
        let signed = [content_type.clone(), ("host", host(&self.target))];
        let authorization = tc3(&self.key, "sms", &signed, &sha256(body.as_bytes()), moment.now);
        let headers = [
            content_type,
            ("authorization", authorization),
            ("x-tc-action", action.to_owned()),
            ("x-tc-version", "2021-01-11".to_owned()),
            ("x-tc-region", self.region.clone()),
            ("x-tc-timestamp", moment.now.as_second().to_string()),
        ];
        post(&self.target, &headers, body)
    }
}

/// What stands in `Response`, or the outcome when that is an error or nothing.
fn response(answer: &Answer, codes: &CodeTable) -> Result<Value, Outcome> {
    let response = json(answer).and_then(|mut said| said.get_mut("Response").map(Value::take));
    match response {
        None => Err(Outcome::unread(answer)),
        Some(response) => match response.get("Error") {
            Some(error) => Err(Outcome::whole(codes, &text(error, "Code"), &text(error, "Message"), answer)),
            None => Ok(response),
        },
    }
}

fn receipt(report: &Value) -> Option<Receipt> {
    let sid = Some(text(report, "sid")).filter(|sid| !sid.is_empty())?;
    let state = match text(report, "report_status").as_str() {
        "SUCCESS" => ReceiptState::Delivered,
        "FAIL" => failed(&text(report, "errmsg"), &text(report, "description")),
        _ => return None,
    };
    let at = beijing(&text(report, "user_receive_time"));
    Some(Receipt { reference: Reference::new(sid), state, at, origin: Origin::Unsigned })
}

fn reply(word: &Value) -> Option<Reply> {
    let from = Number::of_provider(&format!("+{}{}", text(word, "nationcode"), text(word, "mobile")))?;
    let said = word.get("text")?.as_str()?.to_owned();
    let at = word.get("time").and_then(Value::as_i64).and_then(|seconds| seconds.checked_mul(1000));
    Some(Reply { from: from.address(), text: said, at, origin: Origin::Unsigned })
}

impl Dialect for Tencent {
    fn send(&self, message: &Message, to: &[Addressee<'_>], moment: &Moment) -> Option<Call> {
        let numbers: Vec<String> = to.iter().map(|to| to.number.e164()).collect();
        let values: Vec<&str> = message.values.iter().map(|(_, value)| value.as_str()).collect();
        let mut parameters = object!({
            "PhoneNumberSet": numbers,
            "SmsSdkAppId": self.app_id,
            "TemplateId": message.template(to),
            "TemplateParamSet": values,
        });
        if to.first().is_none_or(|to| to.number.is_mainland()) {
            parameters["SignName"] = self.signature.as_str().into();
        }
        if let [only] = to {
            parameters["SessionContext"] = only.item.token.to_string().into();
        }
        self.call("SendSms", &parameters, moment)
    }

    fn read(&self, to: &[Addressee<'_>], answer: &Answer, codes: &CodeTable) -> Outcome {
        let response = match response(answer, codes) {
            Ok(response) => response,
            Err(outcome) => return outcome,
        };
        let results = by_number(&response["SendStatusSet"], "PhoneNumber");
        let each = to.iter().map(|to| {
            let Some(result) = results.get(&to.number) else { return unmentioned() };
            let serial = Some(text(result, "SerialNo")).filter(|serial| !serial.is_empty());
            let accepted = Verdict::Accepted(serial.map(Reference::new));
            verdict(codes, &text(result, "Code"), &text(result, "Message"), accepted)
        });
        Outcome::Each(each.collect())
    }

    fn probe(&self, moment: &Moment) -> Option<Call> {
        self.call("DescribeSmsTemplateList", &object!({ "International": 0, "Limit": 1, "Offset": 0 }), moment)
    }

    fn read_probe(&self, answer: &Answer, codes: &CodeTable) -> Outcome {
        response(answer, codes).map_or_else(|outcome| outcome, |_| Outcome::Each(Vec::new()))
    }

    fn read_callback(&self, callback: &Callback<'_>) -> Result<Inbound, CallbackFault> {
        let (mut receipts, mut replies) = (Vec::new(), Vec::new());
        match document(callback.body)? {
            Value::Array(reports) if reports.is_empty() => {}
            Value::Array(reports) => receipts = reports.iter().filter_map(receipt).collect(),
            word => replies.extend(reply(&word)),
        }
        if receipts.is_empty() && replies.is_empty() && callback.body.trim_ascii() != b"[]" {
            return Err(CallbackFault::Unreadable("neither reports nor a reply".to_owned()));
        }
        let body = bytes::Bytes::from_static(br#"{"result":0,"errmsg":"OK"}"#);
        let answer = Some(Said { media_type: "application/json", body });
        Ok(Inbound { receipts, replies, answer, ..Inbound::default() })
    }

    fn signature(&self) -> &str {
        &self.signature
    }

    fn count(&self) -> Count {
        Count::Characters
    }
}
