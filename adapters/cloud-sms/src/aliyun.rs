//! Aliyun (dysmsapi 2017-05-25): `SendSms` carries one text to up to 1000 numbers and has one answer for all of them.
//!
//! What one call was given one `BizId` for is told apart by a tag of the number, which says nothing to whoever lacks the key.
//! Parameters go in the body: they hold numbers, and no address may stand in an address.

use fenghuo_contract::{
    Answer as Said, Callback, CallbackFault, Class, CodeTable, Inbound, Origin, Receipt, ReceiptState, Reference,
    Reply, Verdict,
};
use fenghuo_http::{Answer, Call, Target};
use serde_json::Value;

use crate::{
    answer::{Outcome, json, text},
    callback::{array, beijing, failed},
    dialect::{Addressee, Dialect, Message, Moment, form, host, post},
    number::Number,
    segments::Count,
    signature::{Key, acs3, sha256},
};

pub(crate) struct Aliyun {
    pub(crate) target: Target,
    pub(crate) key: Key,
    /// 短信签名, without its brackets.
    pub(crate) signature: String,
}

impl Aliyun {
    fn call(&self, action: &str, fields: &[(&str, &str)], moment: &Moment) -> Option<Call> {
        let body = form(fields);
        let hash = sha256(body.as_bytes());
        let mut headers = vec![
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("host", host(&self.target)),
            ("x-acs-action", action.to_owned()),
            ("x-acs-content-sha256", hash.clone()),
            ("x-acs-date", moment.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ("x-acs-signature-nonce", moment.nonce.clone()),
            ("x-acs-version", "2017-05-25".to_owned()),
        ];
        headers.push(("authorization", acs3(&self.key, &headers, &hash)));
        headers.remove(1);
        post(&self.target, &headers, body)
    }

    fn reference(&self, biz_id: &str, number: &Number) -> Reference {
        Reference::new(format!("{biz_id}/{}", self.key.secret.tag(&number.e164())))
    }

    fn receipt(&self, report: &Value) -> Option<Receipt> {
        let number = Number::of_provider(&text(report, "phone_number"))?;
        let state = match report.get("success")? {
            Value::Bool(true) => ReceiptState::Delivered,
            Value::Bool(false) => failed(&text(report, "err_code"), &text(report, "err_msg")),
            _ => return None,
        };
        let biz_id = Some(text(report, "biz_id")).filter(|biz_id| !biz_id.is_empty())?;
        let at = beijing(&text(report, "report_time"));
        Some(Receipt { reference: self.reference(&biz_id, &number), state, at, origin: Origin::Unsigned })
    }
}

fn reply(word: &Value) -> Option<Reply> {
    let from = Number::of_provider(&text(word, "phone_number"))?;
    let text_of = word.get("content")?.as_str()?.to_owned();
    Some(Reply { from: from.address(), text: text_of, at: beijing(&text(word, "send_time")), origin: Origin::Unsigned })
}

impl Dialect for Aliyun {
    fn send(&self, message: &Message, to: &[Addressee<'_>], moment: &Moment) -> Option<Call> {
        let numbers: Vec<_> = to.iter().map(|to| to.number.bare()).collect();
        let numbers = numbers.join(",");
        let values = message.values.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        let values = Value::Object(values.collect()).to_string();
        let mut fields = vec![
            ("PhoneNumbers", numbers.as_str()),
            ("SignName", &self.signature),
            ("TemplateCode", message.template(to)),
        ];
        if !message.values.is_empty() {
            fields.push(("TemplateParam", &values));
        }
        let token = to.first().map(|to| to.item.token.to_string()).filter(|_| to.len() == 1);
        if let Some(token) = &token {
            fields.push(("OutId", token));
        }
        self.call("SendSms", &fields, moment)
    }

    fn read(&self, to: &[Addressee<'_>], answer: &Answer, codes: &CodeTable) -> Outcome {
        let Some(said) = json(answer).filter(|said| said.get("Code").is_some()) else {
            return Outcome::unread(answer);
        };
        let (code, biz_id) = (text(&said, "Code"), text(&said, "BizId"));
        if codes.class(&code) != Class::Accepted {
            return Outcome::whole(codes, &code, &text(&said, "Message"), answer);
        }
        let reference = |to: &Addressee<'_>| (!biz_id.is_empty()).then(|| self.reference(&biz_id, &to.number));
        Outcome::Each(to.iter().map(|to| Verdict::Accepted(reference(to))).collect())
    }

    fn probe(&self, moment: &Moment) -> Option<Call> {
        self.call("QuerySmsTemplateList", &[("PageIndex", "1"), ("PageSize", "1")], moment)
    }

    fn read_probe(&self, answer: &Answer, codes: &CodeTable) -> Outcome {
        self.read(&[], answer, codes)
    }

    fn read_callback(&self, callback: &Callback<'_>) -> Result<Inbound, CallbackFault> {
        let words = array(callback.body)?;
        let receipts: Vec<Receipt> = words.iter().filter_map(|word| self.receipt(word)).collect();
        let replies: Vec<Reply> = words.iter().filter_map(reply).collect();
        if receipts.is_empty() && replies.is_empty() && !words.is_empty() {
            return Err(CallbackFault::Unreadable("neither reports nor replies".to_owned()));
        }
        let body = bytes::Bytes::from_static("{\"code\":0,\"msg\":\"成功\"}".as_bytes());
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
