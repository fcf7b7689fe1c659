//! How a batch becomes calls, and their answers verdicts.

use std::collections::BTreeSet;

use fenghuo_contract::{Cause, Class, Fault, Item, Reference, Verdict};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::{sync::Semaphore, time::Instant};

use super::{
    OfficialAccount,
    message::{Message, data, draft},
    settings::Way,
};
use crate::{
    answer::Said,
    clock,
    quota::{Audience, MassSend},
};

/// Characters of an openid at most.
const OPENID_MAX: usize = 64;

impl OfficialAccount {
    /// One attempt at every item.
    pub(super) async fn send(&self, message: &Message, items: &[Item], deadline: Instant) -> Vec<Verdict> {
        if matches!(self.ready.way, Way::Mass | Way::MassList) {
            self.set_speed(deadline).await;
        }
        if self.ready.way == Way::MassList {
            return self.send_list(message, items, deadline).await;
        }
        let places = Semaphore::new(self.ready.parallel);
        let calls = items.iter().map(|item| async {
            let _place = places.acquire().await;
            self.send_one(message, item, deadline).await
        });
        join_all(calls).await
    }

    /// Sets the speed of mass messages, once. A message does not wait for it: at another speed it comes too.
    async fn set_speed(&self, deadline: Instant) {
        let Some(speed) = self.ready.mass.speed else { return };
        let set = || async {
            let body = json!({ "speed": speed });
            match self.ready.api.call("/cgi-bin/message/mass/speed/set", Some(&body), &[], deadline).await {
                Ok(said) if said.class == Class::Accepted => Ok(()),
                Ok(_) | Err(_) => Err(()),
            }
        };
        // What failed is tried again with the next message.
        self.paced.get_or_try_init(set).await.ok();
    }

    async fn send_one(&self, message: &Message, item: &Item, deadline: Instant) -> Verdict {
        let address = name(item);
        match self.ready.way {
            Way::Mass => match audience(address) {
                Some(audience) => self.send_mass(message, item, audience, deadline).await,
                None => wrong_address("neither all nor tag:N"),
            },
            Way::Draft if !address.starts_with("draft:") => wrong_address("not draft:"),
            Way::Template | Way::Subscribe | Way::MiniProgram | Way::Customer if !is_openid(address) => {
                wrong_address("not an openid")
            }
            _ => match self.body(message, item) {
                Some((path, body)) => self.deliver(path, &body, &[address], deadline).await,
                None => Verdict::Misconfigured(Cause::new("REQUEST", "the call cannot be written")),
            },
        }
    }

    /// Path and document of the call for one address.
    fn body(&self, message: &Message, item: &Item) -> Option<(&'static str, Value)> {
        let to = name(item);
        match (self.ready.way, message) {
            (Way::Template, Message::Filled { filled, .. }) => {
                let mut body = json!({ "touser": to, "template_id": filled.id, "data": data(filled) });
                put(&mut body, "url", item.confirm.as_deref());
                let token = self.ready.repeat_guard.then(|| item.token.to_string());
                put(&mut body, "client_msg_id", token.as_deref());
                Some(("/cgi-bin/message/template/send", body))
            }
            (Way::Subscribe, Message::Filled { filled, .. }) => {
                let mut body = json!({ "touser": to, "template_id": filled.id, "data": data(filled) });
                put(&mut body, "page", item.confirm.as_deref());
                Some(("/cgi-bin/message/subscribe/bizsend", body))
            }
            (Way::MiniProgram, Message::Filled { filled, language }) => {
                let mut body = json!({
                    "touser": to, "template_id": filled.id, "data": data(filled), "miniprogram_state": "formal",
                    "lang": language,
                });
                put(&mut body, "page", self.ready.page.as_deref());
                Some(("/cgi-bin/message/subscribe/send", body))
            }
            (Way::Customer, Message::Text(text)) => {
                let text = self.with_confirm(text, item);
                let body = json!({ "touser": to, "msgtype": "text", "text": { "content": text } });
                Some(("/cgi-bin/message/custom/send", body))
            }
            (Way::Draft, Message::Article { title, html, .. }) => {
                Some(("/cgi-bin/draft/add", draft(self.ready.draft.as_ref()?, title, html)))
            }
            _ => None,
        }
    }

    /// The page of confirmation as a line of its own below the text, where there is room for it.
    fn with_confirm(&self, text: &str, item: &Item) -> String {
        let whole = item.confirm.as_ref().map(|page| format!("{text}\n{page}"));
        whole.filter(|whole| whole.chars().nth(self.ready.text_max).is_none()).unwrap_or_else(|| text.to_owned())
    }

    async fn deliver(&self, path: &str, body: &Value, private: &[&str], deadline: Instant) -> Verdict {
        match self.ready.api.call(path, Some(body), private, deadline).await {
            Ok(said) => {
                let accepted = Verdict::Accepted(reference(&said));
                said.verdict(accepted)
            }
            Err(fault) => fault.verdict(),
        }
    }

    /// One mass message, if there is one left in the month for these people.
    async fn send_mass(&self, message: &Message, item: &Item, audience: Audience, deadline: Instant) -> Verdict {
        let now = (self.now)();
        let (month, token) = (clock::month(now), item.token.to_string());
        let send = MassSend { account: &self.ready.app_id, month: &month, audience, token: &token };
        match self.quota.take(send, self.ready.mass.monthly).await {
            Ok(true) => {}
            Ok(false) => return used_up(now),
            Err(fault) => return fault.verdict(),
        }
        let filter = match audience {
            Audience::All => json!({ "is_to_all": true }),
            Audience::Tag(tag) => json!({ "is_to_all": false, "tag_id": tag }),
        };
        let mut body = mass(message, &token);
        body["filter"] = filter;
        let verdict = self.deliver("/cgi-bin/message/mass/sendall", &body, &[], deadline).await;
        // An earlier attempt may have been taken whatever this one was told.
        if matches!(verdict, Verdict::Accepted(_) | Verdict::InDoubt(_)) || item.attempt > 1 {
            return verdict;
        }
        // What cannot be given back stays spent: too few messages are sent rather than too many.
        self.quota.give_back(send).await.ok();
        verdict
    }

    /// One mass message to all openids of the batch. The interface wants two of them at least and says of none of them what
    /// became of it; a repeat of the same hand-over is recognised.
    async fn send_list(&self, message: &Message, items: &[Item], deadline: Instant) -> Vec<Verdict> {
        let openids = items.iter().map(name).filter(|openid| is_openid(openid));
        let openids: Vec<&str> = openids.collect::<BTreeSet<_>>().into_iter().collect();
        let answer = if openids.len() < 2 {
            Err(Fault::Transient(Cause::new("LIST-OF-ONE", "a mass message by list needs two openids at least")))
        } else {
            let mut body = mass(message, &list_token(items));
            body["touser"] = json!(openids);
            self.ready.api.call("/cgi-bin/message/mass/send", Some(&body), &openids, deadline).await
        };
        let job = answer.as_ref().map(|said| said.text("msg_id")).unwrap_or_default();
        let whole = match answer {
            Ok(said) => said.verdict_on_list(),
            Err(fault) => fault.verdict(),
        };
        let verdict = |(place, item): (usize, &Item)| match &whole {
            _ if !is_openid(name(item)) => wrong_address("not an openid"),
            Verdict::Accepted(_) => Verdict::Accepted(Some(Reference::new(format!("{job}/{place}")))),
            whole => whole.clone(),
        };
        items.iter().enumerate().map(verdict).collect()
    }
}

impl Said {
    /// The verdict on each of a list: a refusal of one that is not named is laid on nobody.
    fn verdict_on_list(self) -> Verdict {
        match self.class {
            Class::Recipient | Class::ThrottledRecipient => Verdict::Transient(self.cause),
            _ => self.verdict(Verdict::Accepted(None)),
        }
    }
}

fn mass(message: &Message, token: &str) -> Value {
    let text = if let Message::Text(text) = message { text.as_str() } else { "" };
    json!({ "msgtype": "text", "text": { "content": text }, "clientmsgid": token })
}

/// The same for the same deliveries. The interface's 64 bytes were seen to be fewer than 36.
fn list_token(items: &[Item]) -> String {
    let tokens: Vec<String> = items.iter().map(|item| item.token.to_string()).collect();
    let parts: Vec<&[u8]> = tokens.iter().map(String::as_bytes).collect();
    fenghuo_http::hmac_sha256(b"list", &parts)[..12].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The address without the name of the provider.
fn name(item: &Item) -> &str {
    item.address.without_kind("wechat")
}

fn put(body: &mut Value, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        body[name] = json!(text);
    }
}

/// What the provider calls the message; nothing where it gives it no name.
fn reference(said: &Said) -> Option<Reference> {
    let names = ["msgid", "msg_id", "media_id"].map(|name| said.text(name));
    names.into_iter().find(|name| !name.is_empty()).map(Reference::new)
}

fn audience(address: &str) -> Option<Audience> {
    match address.strip_prefix("tag:") {
        Some(tag) => tag.parse().ok().filter(|tag| *tag >= 0).map(Audience::Tag),
        None => (address == "all").then_some(Audience::All),
    }
}

fn is_openid(address: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=OPENID_MAX).contains(&address.len()) && address.bytes().all(known)
}

fn wrong_address(told: &str) -> Verdict {
    Verdict::RefusedRecipient(Cause::new("ADDRESS", told))
}

fn used_up(now: i64) -> Verdict {
    Verdict::Throttled {
        scope: fenghuo_contract::Scope::Recipient,
        after: Some(clock::to_next_month(now)),
        cause: Cause::new("mass-quota", "the mass messages of the month for these people are used up"),
    }
}
