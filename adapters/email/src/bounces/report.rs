//! What a message to a return path says: a report by the book (RFC 3464), one in prose, or nothing of importance.

use fenghuo_contract::Cause;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::words;

/// A message, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) said: Said,
    /// When it was written, milliseconds since 1970.
    pub(super) at: Option<i64>,
}

/// What it says about the delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It will not arrive.
    Failed(Cause),
    /// It arrived.
    Delivered,
    /// Nothing that changes anything, and why.
    Nothing(&'static str),
}

/// Reads any bytes.
pub(super) fn read(bytes: &[u8]) -> Report {
    let Some(message) = MessageParser::default().parse(bytes) else {
        return Report { said: Said::Nothing("it is no mail"), at: None };
    };
    let at = message.date().map(|date| date.to_timestamp().saturating_mul(1000));
    Report { said: said(&message), at }
}

fn said(message: &Message<'_>) -> Said {
    let part = |kinds: &[&str]| message.parts.iter().find(|part| kinds.contains(&&*kind(part)));
    if part(&["message/disposition-notification", "message/global-disposition-notification"]).is_some() {
        return Said::Nothing("it tells of reading");
    }
    if part(&["message/feedback-report"]).is_some() {
        return Said::Nothing("it is a complaint");
    }
    if message.parts.iter().any(returns_a_report) {
        return Said::Nothing("it is a report about a report");
    }
    match part(&["message/delivery-status", "message/global-delivery-status"]) {
        Some(status) => by_the_book(&String::from_utf8_lossy(status.contents())),
        None => words::read(message),
    }
}

/// Media type in small letters.
fn kind(part: &MessagePart<'_>) -> String {
    let Some(media) = part.content_type() else { return String::new() };
    format!("{}/{}", media.ctype(), media.subtype().unwrap_or_default()).to_ascii_lowercase()
}

/// Whether the returned message was a report itself.
fn returns_a_report(part: &MessagePart<'_>) -> bool {
    match &part.body {
        PartType::Message(returned) => returned.parts.first().is_some_and(|root| kind(root) == "multipart/report"),
        _ if kind(part).ends_with("rfc822-headers") => {
            let headers = String::from_utf8_lossy(part.contents()).to_ascii_lowercase();
            headers.lines().any(|line| line.starts_with("content-type:") && line.contains("multipart/report"))
        }
        _ => false,
    }
}

/// Every message has one recipient, so all groups are about one delivery: one failure counts, for who was not reached
/// must not look reached.
fn by_the_book(text: &str) -> Said {
    let groups: Vec<Group> = groups(text);
    let acts = |action: &str| groups.iter().find(|group| group.get("action").eq_ignore_ascii_case(action));
    if let Some(failed) = acts("failed") {
        return Said::Failed(failed.cause());
    }
    if acts("delivered").is_some() {
        return Said::Delivered;
    }
    Said::Nothing("it tells of a delay, or of a way where no more reports come from")
}

/// Fields of one recipient, names in small letters.
#[derive(Default)]
struct Group(Vec<(String, String)>);

impl Group {
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// `Status` names the reason, unless it says nothing and the other server's words say more.
    fn cause(&self) -> Cause {
        let diagnostic = self.get("diagnostic-code");
        let said = diagnostic.split_once(';').map_or(diagnostic, |(_, text)| text).trim();
        let status = self.get("status").split_ascii_whitespace().next().unwrap_or_default();
        let status = words::enhanced(status).unwrap_or_default();
        let detailed = words::enhanced(said).unwrap_or_default();
        let vague = status.is_empty() || status.ends_with(".0.0");
        let enhanced = if vague && !detailed.is_empty() { detailed } else { status };
        let recipient = [self.get("final-recipient"), self.get("original-recipient")];
        let local = recipient.iter().find_map(|field| field.split_once(';')?.1.trim().rsplit_once('@'));
        words::cause(words::basic_at_start(said), enhanced, said, local.map(|(local, _)| local))
    }
}

/// Groups of fields, separated by empty lines; folded lines are joined.
fn groups(text: &str) -> Vec<Group> {
    let mut groups = vec![Group::default()];
    for line in text.lines() {
        let group = groups.last_mut().map(|group| &mut group.0);
        match (group, line.chars().next()) {
            (_, None) => groups.push(Group::default()),
            (Some(group), Some(' ' | '\t')) => {
                if let Some((_, value)) = group.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            }
            (Some(group), Some(_)) => {
                if let Some((name, value)) = line.split_once(':') {
                    group.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
                }
            }
            (None, _) => {}
        }
    }
    groups
}

#[cfg(test)]
mod tests;
