//! Subscribing by e-mail, with two keys: somebody types an address, its owner says yes.
//!
//! Until then the address is kept for a day as a recipient of [`NOWHERE`], an area nothing is ever said of, so that the
//! question reaches it through the ordinary channel like any other notice and nothing else does. The link in the question
//! names it and cannot be made by anybody else. Opening the link changes nothing: filters of mail open every link.

use std::{sync::Arc, time::Duration};

use fenghuo_contract::Channel;
use subtle::ConstantTimeEq;

use super::{Choice, GROUP, SubscribeFault, external_id, recipient};
use crate::{
    domain::{area::AreaCode, opt_out::OptOut},
    flow::{
        Flow, Parts, Unavailable,
        notice::{self, Addressee, Notice, NoticeKind, Subject},
        record::hex,
        target::directory::{Directory, Recipient, Selection},
    },
};

/// Where those are who were asked and did not answer: GB/T 2260 has no place that begins with 99.
const NOWHERE: &str = "990000000000";
/// Begins the external id of those who were asked; the second they are forgotten at follows.
const ASKED: &str = "public-asked-";
/// For how long a question stands.
const VALID: Duration = Duration::from_secs(24 * 3_600);
/// Before a group that names a chosen area.
const AREA: &str = "area:";
/// How often what nobody answered is erased.
const SWEEP: Duration = Duration::from_secs(900);
/// Bytes of a link's code.
const CODE: usize = 16;

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailAsked {
    /// The question is on its way; whether the address was known is not told.
    Asked,
    /// The text is no mail address.
    NoAddress,
}

/// What came of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailConfirmed {
    /// Subscribed, durably.
    Subscribed,
    /// The link is none of ours, was used, or is older than a day.
    Unknown,
}

fn nowhere() -> Vec<AreaCode> {
    NOWHERE.parse().into_iter().collect()
}

fn code(parts: &Parts, id: &str) -> String {
    hex(&parts.directory.code("subscribe", id.as_bytes())[..CODE])
}

/// The one who was asked, from the last part of a link; `None` when it is none of ours or too old.
fn asked(parts: &Parts, token: &str) -> Option<String> {
    let (name, given) = token.rsplit_once('-')?;
    let until: i64 = name.split_once('-')?.0.parse().ok()?;
    let id = format!("{ASKED}{name}");
    let ours = bool::from(code(parts, &id).as_bytes().ct_eq(given.as_bytes()));
    (ours && until > parts.clock.unix()).then_some(id)
}

/// Somebody who was asked. What he chose is kept in names of groups: his areas would select him.
fn waiting(id: &str, address: String, choice: Choice) -> Recipient {
    let chosen = choice.areas.iter().map(|area| format!("{AREA}{area}"));
    Recipient {
        external_id: id.to_owned(),
        areas: nowhere(),
        groups: chosen.chain([format!("{GROUP}-asked")]).collect(),
        language: choice.language,
        endpoints: [(Channel::Email, address)].into(),
        opt_out_below: choice.opt_out_below,
        ..Recipient::default()
    }
}

fn question(id: &str, link: String) -> Notice {
    let to = Addressee {
        office: GROUP.to_owned(),
        person: None,
        recipient: Some(id.to_owned()),
        deputy: false,
        unreached: None,
    };
    Notice {
        about: Subject::of_subscription(id),
        kind: NoticeKind::SubscriptionAsked,
        round: String::new(),
        to: vec![to],
        channels: vec![Channel::Email],
        valid: VALID,
        facts: vec![("link_zh", link.clone()), ("link_en", link)],
        puts: Vec::new(),
    }
}

impl Flow {
    /// Whether subscriptions by e-mail are taken: it is configured, and a route carries actual warnings there.
    #[must_use]
    pub fn takes_mail(&self) -> bool {
        let carries = |route: &crate::config::Route| route.channel == Channel::Email && route.actual;
        self.0.config.public.email_subscriptions && self.0.config.routes.values().any(carries)
    }

    /// Asks the owner of an address whether he wants to subscribe; `page` is where he says yes, the code follows it.
    ///
    /// # Errors
    /// [`SubscribeFault`].
    pub async fn ask_mail(&self, address: &str, choice: Choice, page: &str) -> Result<MailAsked, SubscribeFault> {
        if !self.takes_mail() {
            return Err(SubscribeFault::NotOffered);
        }
        let Some(address) = Directory::mail_address(address) else { return Ok(MailAsked::NoAddress) };
        let parts = &self.0;
        let until = parts.clock.unix().saturating_add_unsigned(VALID.as_secs());
        let digest = hex(&parts.directory.address_digest(Channel::Email, &address));
        let name = format!("{until}-{digest}");
        let id = format!("{ASKED}{name}");
        let link = format!("{page}{name}-{}", code(parts, &id));
        parts.directory.put(vec![waiting(&id, address, choice)]).await?;
        notice::tell(parts, question(&id, link)).await?;
        Ok(MailAsked::Asked)
    }

    /// Whether a link still asks something.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn mail_asks(&self, token: &str) -> Result<bool, Unavailable> {
        let Some(id) = asked(&self.0, token) else { return Ok(false) };
        Ok(self.0.directory.find_by_external(&id).await?.is_some())
    }

    /// The owner of an address says yes.
    ///
    /// # Errors
    /// When it cannot be stored; saying it again does it then.
    pub async fn confirm_mail(&self, token: &str) -> Result<MailConfirmed, Unavailable> {
        let parts = &self.0;
        let Some(id) = asked(parts, token) else { return Ok(MailConfirmed::Unknown) };
        let Some(row) = parts.directory.find_by_external(&id).await? else { return Ok(MailConfirmed::Unknown) };
        let view = parts.directory.views(&[row]).await?.pop().flatten();
        let endpoint = parts.directory.endpoints(&[row], Channel::Email).await?.pop();
        let Some((view, address)) = view.zip(endpoint.and_then(|endpoint| endpoint.address)) else {
            return Ok(MailConfirmed::Unknown);
        };
        let areas = view.groups.iter().filter_map(|group| group.strip_prefix(AREA)?.parse().ok()).collect();
        let opt_out_below: Option<OptOut> = view.opt_out_below;
        let choice = Choice { areas, language: view.language, opt_out_below };
        let own = external_id(parts, Channel::Email, address.expose());
        parts.directory.put(vec![recipient(own, Channel::Email, address.expose().to_owned(), choice)]).await?;
        parts.directory.remove(&id).await?;
        Ok(MailConfirmed::Subscribed)
    }
}

/// Erases those who did not answer within a day, until the soft stop.
pub(in crate::flow) async fn run(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    loop {
        if let Err(fault) = sweep(&parts).await {
            tracing::warn!(%fault, "addresses that did not answer are not yet erased, repeating");
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = parts.clock.sleep(SWEEP) => {}
        }
    }
}

async fn sweep(parts: &Parts) -> Result<(), Unavailable> {
    let selection = Selection { areas: nowhere(), ..Selection::default() };
    let rows: Vec<u32> = parts.directory.select(&selection, Channel::Email).iter().collect();
    let now = parts.clock.unix();
    for rows in rows.chunks(500) {
        for view in parts.directory.views(rows).await?.into_iter().flatten() {
            let until = view.external_id.strip_prefix(ASKED).and_then(|name| name.split_once('-'));
            if until.is_some_and(|(until, _)| until.parse::<i64>().is_ok_and(|until| until <= now)) {
                parts.directory.remove(&view.external_id).await?;
            }
        }
    }
    Ok(())
}
