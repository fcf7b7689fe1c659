//! Exactly what would go out, and its digest: what a signature is about. Like a preflight it renders and stores nothing.
//!
//! With a warning its lift and its correction are signed, see `exact::prepared`.

mod prepared;

use fenghuo_contract::{Channel, Content};
use serde::Serialize;
use sha2::{Digest, Sha256};

pub use prepared::PreparedTexts;
pub(crate) use prepared::{Form, Forms, ordered, relays};

use super::{
    Parts,
    fit::{self, CarriedText},
    measures,
    record::{WarningId, WarningRecord, hex, json},
    render,
    target::{deadline, routes},
};
use crate::domain::{measures::Planned, message::Message, warning::Warning};

/// One text, as its readers would get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SignedText {
    pub channel: String,
    pub language: String,
    pub title: String,
    pub text: String,
    /// A shorter form, signed with it: it goes out over routes that cannot carry the text, and only there. Absent when
    /// there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub short: String,
}

/// What a signature is about. The time of the release is not yet known when somebody signs: it stands as 1970.
#[derive(Serialize)]
struct Signed<'a> {
    message: &'a Message,
    texts: Vec<(SignedText, String)>,
    /// SHA-256 of every picture in them, hex.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pictures: Vec<String>,
    /// What readers see where a route makes something else of a text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    made: Vec<CarriedText>,
    /// Of what would end it.
    prepared: Vec<String>,
    /// What departments have to do when it is released.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    measures: Vec<Planned>,
}

/// The digest of a warning and every text of it, formatted parts included, and of what would end it: SHA-256, hex, with
/// its algorithm.
pub(crate) fn digest(parts: &Parts, warning: &Warning, record: &WarningRecord, forms: Option<&Forms>) -> String {
    let contents = contents(parts, warning, &record.event, 0);
    let made = made(parts, warning, &contents);
    let pictures = contents.iter().flat_map(|(_, content)| &content.pictures);
    let pictures = pictures.map(|picture| hex(&Sha256::digest(&picture.body))).collect();
    let texts = contents.into_iter().map(|(channel, content)| {
        let html = content.html.clone();
        (text(channel, content), html)
    });
    let prepared = forms.map(Forms::digests).unwrap_or_default();
    let signed = Signed {
        message: warning.message(),
        texts: texts.collect(),
        pictures,
        made,
        prepared,
        measures: measures::planned(parts, warning),
    };
    format!("sha256:{}", hex(&Sha256::digest(json(&signed))))
}

pub(crate) fn text(channel: Channel, content: Content) -> SignedText {
    SignedText {
        channel: channel.name().to_owned(),
        language: content.language,
        title: content.title,
        text: content.text,
        short: content.short,
    }
}

/// Every text, as it would be if it were released at a moment, for every channel that has a route for it.
pub(crate) fn contents(
    parts: &Parts,
    warning: &Warning,
    event: &WarningId,
    released_ms: i64,
) -> Vec<(Channel, Content)> {
    let open = Channel::ALL.into_iter().filter(|channel| !routes(parts, *channel, warning.status()).is_empty());
    let of_one = |channel| {
        of_channel(parts, warning, channel, &event.0, released_ms).into_iter().map(move |content| (channel, content))
    };
    open.flat_map(of_one).collect()
}

/// What routes make of these texts, as far as it is neither the text nor a refusal.
fn made(parts: &Parts, warning: &Warning, contents: &[(Channel, Content)]) -> Vec<CarriedText> {
    let mut carried = fit::carried(parts, warning, contents);
    carried.iter_mut().for_each(|one| one.routes.retain(|route| route.text.is_some()));
    carried.retain(|one| !one.routes.is_empty());
    carried
}

/// What one channel would say in every configured language if it were released at a moment.
pub(crate) fn of_channel(
    parts: &Parts,
    warning: &Warning,
    channel: Channel,
    thread: &str,
    released_ms: i64,
) -> Vec<Content> {
    let deadline = deadline(parts, warning, released_ms);
    let render = |language: &String| render::content(parts, warning, channel, language, released_ms, deadline, thread);
    parts.config.texts.languages.iter().map(render).collect()
}
