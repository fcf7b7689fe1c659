//! The message as it goes over the wire. Everything but recipient and Message-ID is the same for a whole batch and made
//! once.

use std::time::{Duration, SystemTime};

use fenghuo_contract::{Attachment, Content, Picture, Token, Urgency};
use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

use crate::{
    dkim::Canonical,
    personal::{Personal, Place},
    settings::Sender,
};

/// The last second a Date can show: the end of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// A message for anybody, ready but for the lines that name the recipient and the link that is the recipient's own.
pub(crate) struct Letter<'a> {
    /// Headers and body with dots doubled, and the end mark.
    rest: Vec<u8>,
    /// Where in it the recipient's link stands.
    places: Vec<Place>,
    /// The same for signatures; `None` when nobody signs.
    canonical: Option<Canonical>,
    /// Whether a recipient may be offered to get no more such mail.
    can_be_declined: bool,
    sender: &'a Sender,
}

/// Whose copy of a letter it is.
pub(crate) struct Copy<'a> {
    pub(crate) token: Token,
    /// `None` for several recipients, who must not see each other.
    pub(crate) to: Option<&'a Address>,
    /// Where the recipient confirms.
    pub(crate) confirm: Option<&'a str>,
}

/// The content cannot be made into a message.
#[derive(Debug, thiserror::Error)]
#[error("the content cannot be made into a message")]
pub(crate) struct Unwritable(#[source] lettre::error::Error);

impl<'a> Letter<'a> {
    /// `links` is the length of the longest address to confirm at, 0 when no recipient has one.
    pub(crate) fn new(content: &Content, sender: &'a Sender, links: usize) -> Result<Self, Unwritable> {
        let personal = (links > 0).then(|| Personal::new(content, links));
        let parts = Parts::of(content, personal.as_ref());
        // The envelope is not used: commands are made for each recipient.
        let envelope = Envelope::new(None, vec![sender.envelope_from.clone()]).map_err(Unwritable)?;
        let mut builder = Message::builder()
            .envelope(envelope)
            .from(sender.from.clone())
            .date(moment(content.released_at))
            .subject(one_line(&content.title))
            .raw_header(header("Auto-Submitted", "auto-generated"));
        for (name, value) in marks(content, &sender.domain) {
            builder = builder.raw_header(header(name, &value));
        }
        let message = match parts {
            Parts::Single(part) => builder.singlepart(part),
            Parts::Multi(part) => builder.multipart(part),
        };
        let rest = stuffed(&message.map_err(Unwritable)?.formatted());
        let places = personal.map(|personal| personal.places(&rest)).unwrap_or_default();
        let canonical = (!sender.dkim.is_empty()).then(|| canonical(&rest, &places));
        let can_be_declined = content.urgency < Urgency::High;
        Ok(Self { rest, places, canonical, can_be_declined, sender })
    }

    /// Whom reports of non-delivery about a recipient go to, and what relays are to report.
    pub(crate) fn return_path(&self, token: Token) -> String {
        let Sender { envelope_from, bounces, .. } = self.sender;
        match bounces {
            Some(reports) => {
                format!("{}+{}@{}", envelope_from.user(), reports.seal.seal(token), envelope_from.domain())
            }
            None => envelope_from.to_string(),
        }
    }

    pub(crate) fn sender(&self) -> &Sender {
        self.sender
    }

    /// The name of the message, the same over all attempts, without angle brackets.
    pub(crate) fn message_id(&self, token: Token) -> String {
        format!("{token}@{}", self.sender.domain)
    }

    /// Writes the whole message with its end mark.
    pub(crate) fn write(&self, copy: &Copy<'_>, out: &mut Vec<u8>) {
        let to: &str = copy.to.map_or("undisclosed-recipients:;", AsRef::as_ref);
        out.reserve(self.rest.len() + to.len() + self.sender.domain.len() + 64);
        let id = format!("<{}>", self.message_id(copy.token));
        let decline = self.decline(copy);
        let confirm = copy.confirm.unwrap_or_default();
        if let Some(canonical) = &self.canonical {
            let mut own = vec![("message-id", &*id), ("to", to)];
            if let Some(link) = &decline {
                own.extend([("list-unsubscribe", &**link), ("list-unsubscribe-post", ONE_CLICK)]);
            }
            let place = |number: usize, lines: &mut Vec<u8>| self.places[number].write(confirm, lines);
            canonical.write(&self.sender.dkim, &own, place, out);
        }
        out.extend_from_slice(format!("Message-ID: {id}\r\nTo: {to}\r\n").as_bytes());
        if let Some(link) = decline {
            let lines = format!("List-Unsubscribe: {link}\r\nList-Unsubscribe-Post: {ONE_CLICK}\r\n");
            out.extend_from_slice(lines.as_bytes());
        }
        let mut written = 0;
        for place in &self.places {
            out.extend_from_slice(&self.rest[written..place.start]);
            place.write(confirm, out);
            written = place.end;
        }
        out.extend_from_slice(&self.rest[written..]);
    }

    /// The recipient's link to unsubscribe; a message for several has none, it would be everybody's.
    fn decline(&self, copy: &Copy<'_>) -> Option<String> {
        let unsubscribe = self.sender.unsubscribe.as_ref().filter(|_| self.can_be_declined && copy.to.is_some())?;
        Some(format!("<{}/{}>", unsubscribe.url, unsubscribe.seal.seal(copy.token)))
    }

    /// Bytes of the message for SIZE, roughly: the lines of the recipient count as 1024, and so does each signature.
    pub(crate) fn size(&self) -> usize {
        self.rest.len() + 1024 * (1 + self.sender.dkim.len())
    }
}

/// The value that makes a link to unsubscribe one click (RFC 8058 §3.1).
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

/// The finished message as signatures want it: cut at the places of the recipient's link, dots as they are.
fn canonical(rest: &[u8], places: &[Place]) -> Canonical {
    let body = rest.windows(4).position(|window| window == b"\r\n\r\n").map_or(rest.len(), |end| end + 4);
    let starts = std::iter::once(body).chain(places.iter().map(|place| place.end));
    let ends = places.iter().map(|place| place.start).chain([rest.len() - END_MARK.len()]);
    let parts = starts.zip(ends).map(|(start, end)| unstuffed(&rest[start..end]));
    Canonical::new(&rest[..body], parts)
}

enum Parts {
    Single(SinglePart),
    Multi(MultiPart),
}

impl Parts {
    /// `mixed(alternative(text, related(html, pictures…)), attachments…)`, without the layers that would hold one part.
    fn of(content: &Content, personal: Option<&Personal>) -> Self {
        let text = personal.map_or_else(|| SinglePart::plain(content.text.clone()), Personal::plain);
        let body = if content.html.is_empty() {
            Self::Single(text)
        } else {
            let html = personal.map_or_else(|| SinglePart::html(content.html.clone()), Personal::html);
            let parts = MultiPart::alternative().boundary(boundary("alternative", content)).singlepart(text);
            Self::Multi(if content.pictures.is_empty() {
                parts.singlepart(html)
            } else {
                let related = MultiPart::related().boundary(boundary("related", content)).singlepart(html);
                parts.multipart(content.pictures.iter().fold(related, |all, picture| all.singlepart(shown(picture))))
            })
        };
        if content.attachments.is_empty() {
            return body;
        }
        let mixed = MultiPart::mixed().boundary(boundary("mixed", content));
        let mixed = match body {
            Self::Single(part) => mixed.singlepart(part),
            Self::Multi(part) => mixed.multipart(part),
        };
        Self::Multi(content.attachments.iter().fold(mixed, |mixed, attachment| mixed.singlepart(attached(attachment))))
    }
}

fn attached(attachment: &Attachment) -> SinglePart {
    let media_type = ContentType::parse(&attachment.media_type).unwrap_or_else(|_| octets());
    let name = one_line(&attachment.name);
    lettre::message::Attachment::new(name).body(attachment.body.to_vec(), media_type)
}

/// A picture of the HTML, by the name it has there (RFC 2392).
fn shown(picture: &Picture) -> SinglePart {
    let media_type = ContentType::parse(&picture.media_type).unwrap_or_else(|_| octets());
    lettre::message::Attachment::new_inline(one_line(&picture.id)).body(picture.body.to_vec(), media_type)
}

fn octets() -> ContentType {
    ContentType::parse("application/octet-stream").expect("a media type without parameters")
}

/// A boundary that no text contains and that is the same on every attempt. What is encoded cannot contain `=_`.
fn boundary(kind: &str, content: &Content) -> String {
    let taken = |mark: &str| content.text.contains(mark) || content.html.contains(mark);
    let mut number = 0_u32;
    loop {
        let mark = format!("=_fenghuo_{kind}_{number}");
        if !taken(&mark) {
            return mark;
        }
        number += 1;
    }
}

/// Headers that come from urgency, language, thread and end.
fn marks(content: &Content, domain: &str) -> Vec<(&'static str, String)> {
    let mut marks = Vec::new();
    match content.urgency {
        Urgency::Highest => marks.extend([("Importance", "high".to_owned()), ("X-Priority", "1 (Highest)".to_owned())]),
        Urgency::High => marks.extend([("Importance", "high".to_owned()), ("X-Priority", "2 (High)".to_owned())]),
        Urgency::Medium | Urgency::Low | Urgency::Unknown => {}
    }
    let tag = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !content.language.is_empty() && content.language.bytes().all(tag) {
        marks.push(("Content-Language", content.language.clone()));
    }
    if !content.thread.is_empty() {
        let root = format!("<{}@{domain}>", dot_atom(&content.thread));
        marks.extend([("In-Reply-To", root.clone()), ("References", root)]);
    }
    marks
}

/// A thread in characters a Message-ID may have; others become `_` and their code point.
fn dot_atom(thread: &str) -> String {
    let mut atom = String::from("thread.");
    for sign in thread.chars().take(100) {
        match sign {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' => atom.push(sign),
            _ => atom.push_str(&format!("_{:x}", u32::from(sign))),
        }
    }
    atom
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// Header values are one line, whatever the template wrote.
fn one_line(text: &str) -> String {
    text.split(|sign: char| sign.is_control()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn moment(unix: i64) -> SystemTime {
    let seconds = unix.clamp(0, LAST_SECOND).unsigned_abs();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// What ends a message (RFC 5321 §4.1.1.4), after a line end.
const END_MARK: &[u8] = b".\r\n";

/// Doubles the dots at the start of lines and adds the end mark (RFC 5321 §4.5.2).
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 64 + 5);
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(END_MARK);
    out
}

fn unstuffed(lines: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(lines.len());
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        out.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
    }
    out
}

#[cfg(test)]
mod tests;
