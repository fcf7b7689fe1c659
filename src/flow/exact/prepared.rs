//! What would end a warning, rendered with it: part of what is signed, and kept until it is sent.
//!
//! The texts are kept and not only their digest: what is sent is what was signed, whatever templates, signature or names
//! are by then. The times of sending are blank in them, see [`lift::Blank`].

use fenghuo_contract::{Channel, Content};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::SignedText;
use crate::{
    config::{Config, authority::OWN_SENDER},
    domain::{
        lift::{self, Ending, Times},
        message::{Message, Status},
        moment::Moment,
        warning::Warning,
    },
    flow::{
        Parts, Unavailable,
        parts::parse,
        record::{WarningId, WarningRecord, hex, json},
        render::{self, templates::Rendered},
        target::routes,
    },
    store::Space,
};

/// 2026-12-30T23:59:00+08:00, seconds since 1970: no time is longer in words.
const LONGEST: i64 = 1_798_646_340;

/// One text of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FormText {
    channel: Channel,
    language: String,
    title: String,
    text: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    short: String,
    html: String,
}

/// A message that is prepared, with every text of it, times blank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Form {
    pub(crate) message: Message,
    texts: Vec<FormText>,
    /// Of the two, as it was when they were written.
    pub(crate) digest: String,
}

/// What is prepared with a warning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Forms {
    lift: Form,
    /// `None` for a warning that is passed on: whether it was a mistake is for its originator to say.
    correction: Option<Form>,
}

/// The prepared texts of a warning, as they are signed with it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PreparedTexts {
    /// What goes out when it is lifted.
    pub lift: Vec<SignedText>,
    /// What goes out when it was a mistake; empty for a warning that is passed on.
    pub correction: Vec<SignedText>,
}

impl Forms {
    /// What would end a warning; `None` for one that ends another, or that reaches nobody.
    pub(crate) fn of(parts: &Parts, warning: &Warning, issuer: Option<&str>) -> Option<Self> {
        let reaches = matches!(warning.status(), Status::Actual | Status::Exercise | Status::Test);
        if warning.is_lift() || !reaches {
            return None;
        }
        let message = warning.message();
        let form = |message: Message| Warning::new(message).ok().map(|ending| Form::of(parts, &ending, warning));
        if relays(&parts.config, issuer, message) {
            let (sender, name) = own_name(&parts.config, issuer);
            let lift = form(lift::stop_relaying(message, &sender, &name))?;
            return Some(Self { lift, correction: None });
        }
        let lift = form(lift::form(message, Ending::Lift))?;
        Some(Self { lift, correction: form(lift::form(message, Ending::Correction)) })
    }

    /// What was prepared with a stored warning when it was released.
    pub(crate) async fn stored(parts: &Parts, id: &WarningId) -> Result<Option<Self>, Unavailable> {
        let stored = parts.store.get(Space::WarningPrepared, id.0.as_str().into()).await?;
        stored.map(|stored| parse(&stored.value)).transpose()
    }

    pub(crate) fn get(&self, ending: Ending) -> Option<&Form> {
        match ending {
            Ending::Lift => Some(&self.lift),
            Ending::Correction => self.correction.as_ref(),
        }
    }

    /// What would end it, as contents of one channel that routes can be asked about, by configured language. Blanks are filled
    /// with times as long as any.
    pub(crate) fn contents(&self, parts: &Parts, of: &Warning, channel: Channel) -> Vec<(Ending, Vec<Content>)> {
        let forms = [(Ending::Lift, Some(&self.lift)), (Ending::Correction, self.correction.as_ref())];
        let contents = |form: &Form| form.contents(parts, of, channel);
        forms.into_iter().filter_map(|(ending, form)| Some((ending, contents(form?)))).collect()
    }

    pub(super) fn digests(&self) -> Vec<String> {
        let forms = std::iter::once(&self.lift).chain(&self.correction);
        forms.map(|form| form.digest.clone()).collect()
    }

    pub(crate) fn texts(&self) -> PreparedTexts {
        let correction = self.correction.as_ref().map(Form::signed);
        PreparedTexts { lift: self.lift.signed(), correction: correction.unwrap_or_default() }
    }
}

/// Whether a warning is another's real one: only its originator says that it is over.
pub(crate) fn relays(config: &Config, issuer: Option<&str>, message: &Message) -> bool {
    message.status == Status::Actual && config.is_relayed(issuer, &message.sender)
}

/// The sender and the name under which an issuer speaks for itself.
fn own_name(config: &Config, issuer: Option<&str>) -> (String, String) {
    let name = issuer.and_then(|id| config.issuers.get(id)).map(|issuer| issuer.name.clone());
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| config.texts.signature.clone());
    (format!("{}{OWN_SENDER}", issuer.unwrap_or("fenghuo")), name)
}

impl Form {
    fn of(parts: &Parts, ending: &Warning, of: &Warning) -> Self {
        let open = Channel::ALL.into_iter().filter(|channel| !routes(parts, *channel, of.status()).is_empty());
        let languages = &parts.config.texts.languages;
        let texts = open.flat_map(|channel| {
            languages.iter().map(move |language| {
                let Rendered { title, text, short, html } = render::blank(parts, ending, of, channel, language);
                FormText { channel, language: language.clone(), title, text, short, html }
            })
        });
        let (message, texts) = (ending.message().clone(), texts.collect());
        let digest = digest(&message, &texts);
        Self { message, texts, digest }
    }

    /// Whether it is still what it was when it was signed.
    pub(crate) fn is_whole(&self) -> bool {
        digest(&self.message, &self.texts) == self.digest
    }

    /// The text of a channel and language as it is sent: the times filled in, and nothing else changed.
    pub(crate) fn sent(&self, channel: Channel, language: &str, times: Times) -> Option<Rendered> {
        let text = self.texts.iter().find(|text| text.channel == channel && text.language == language)?;
        let [title, whole, short, html] =
            [&text.title, &text.text, &text.short, &text.html].map(|text| times.fill(text));
        Some(Rendered { title, text: whole, short, html })
    }

    fn contents(&self, parts: &Parts, of: &Warning, channel: Channel) -> Vec<Content> {
        let longest = Moment::china(LONGEST);
        let times = Times { sent: longest, end: longest };
        let ending = Warning::new(self.message.clone()).ok();
        let content = |language: &String| {
            let Rendered { title, text, short, html } = self.sent(channel, language, times)?;
            let values = render::blank_values(parts, ending.as_ref()?, of, channel, language);
            let values = values.into_iter().map(|(name, value)| (name, times.fill(&value))).collect();
            let (language, confirm_sample) = (language.clone(), parts.confirm_sample(channel));
            let urgency = of.level().urgency();
            let content =
                Content { language, title, text, short, html, values, urgency, confirm_sample, ..Content::default() };
            Some(render::complete(content))
        };
        parts.config.texts.languages.iter().filter_map(content).collect()
    }

    fn signed(&self) -> Vec<SignedText> {
        let text = |form: &FormText| SignedText {
            channel: form.channel.name().to_owned(),
            language: form.language.clone(),
            title: form.title.clone(),
            text: form.text.clone(),
            short: form.short.clone(),
        };
        self.texts.iter().map(text).collect()
    }
}

fn digest(message: &Message, texts: &Vec<FormText>) -> String {
    format!("sha256:{}", hex(&Sha256::digest(json(&(message, texts)))))
}

/// The form that a message made here sends, with its times; `None` when it says other words, or the form is not any
/// more what was signed.
pub(crate) async fn ordered(parts: &Parts, record: &WarningRecord) -> Result<Option<(Form, Times)>, Unavailable> {
    let Some(order) = &record.order else { return Ok(None) };
    let Some(digest) = &order.prepared else { return Ok(None) };
    let ending = if crate::domain::chain::is_correction(&record.message) { Ending::Correction } else { Ending::Lift };
    let forms = Forms::stored(parts, &order.of).await?;
    let form = forms.as_ref().and_then(|forms| forms.get(ending)).filter(|form| form.digest == *digest);
    let end = record.message.infos.first().and_then(|info| info.expires);
    let Some((form, end)) = form.filter(|form| form.is_whole()).zip(end) else {
        tracing::error!(warning = %record.id, of = %order.of, "what was signed is not there any more: rendered anew");
        return Ok(None);
    };
    Ok(Some((form.clone(), Times { sent: record.message.sent, end })))
}
