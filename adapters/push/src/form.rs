//! Which form of a text goes out, and the names that bind messages of a thread and attempts of a delivery.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fenghuo_contract::{Cause, Content, Token, Urgency};
use sha2::{Digest, Sha256};

/// Bytes kept free for what is put in for one recipient alone (the address of the page where he confirms).
pub(crate) const OWN_ROOM: usize = 256;

/// What is built from the whole text when that has at most `most` bytes, else from the short form; with the text used.
pub(crate) fn whole_or_short<T: AsRef<[u8]>>(
    content: &Content,
    most: usize,
    build: impl Fn(&str) -> T,
) -> Result<(T, &str), Cause> {
    let whole = build(&content.text);
    let long = whole.as_ref().len();
    if long <= most {
        return Ok((whole, &content.text));
    }
    let short = (!content.short.is_empty()).then(|| build(&content.short)).filter(|short| short.as_ref().len() <= most);
    let refused = || {
        let text = format!("the payload has {long} bytes, at most {most} fit, and there is no short form that does");
        Cause::new("TOO-LONG", &text)
    };
    short.map(|short| (short, &*content.short)).ok_or_else(refused)
}

/// A name for the thread, 43 URL-safe characters. A content without a thread is one of its own, so that a repeat of it
/// takes its own place.
pub(crate) fn thread(content: &Content) -> String {
    let own = || format!("{} {} {}", content.released_at, content.title, content.text);
    let named = if content.thread.is_empty() { own() } else { content.thread.clone() };
    URL_SAFE_NO_PAD.encode(Sha256::digest(named))
}

/// A UUID (version 8, RFC 9562) made from the delivery's token: the same on every attempt of a round.
pub(crate) fn uuid(token: Token) -> String {
    uuid_of_all(std::iter::once(token))
}

/// The same for deliveries that go out together.
pub(crate) fn uuid_of_all(tokens: impl Iterator<Item = Token>) -> String {
    let mut hash = Sha256::new_with_prefix(b"fenghuo");
    tokens.for_each(|token| hash.update(format!(" {token}")));
    let mut bytes: [u8; 32] = hash.finalize().into();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let [a, b, c, d, e] = [&bytes[..4], &bytes[4..6], &bytes[6..8], &bytes[8..10], &bytes[10..16]].map(hex);
    format!("{a}-{b}-{c}-{d}-{e}")
}

/// The name of the colour that goes with an urgency; `None` when the level is unknown.
pub(crate) const fn colour(urgency: Urgency) -> Option<&'static str> {
    match urgency {
        Urgency::Highest => Some("red"),
        Urgency::High => Some("orange"),
        Urgency::Medium => Some("yellow"),
        Urgency::Low => Some("blue"),
        Urgency::Unknown => None,
    }
}

/// Whether a device is to be woken at once.
pub(crate) const fn wakes(urgency: Urgency) -> bool {
    matches!(urgency, Urgency::Highest | Urgency::High | Urgency::Medium)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_has_one_uuid_and_another_in_another_round() {
        let token = Token::new(7, 3);
        assert_eq!(uuid(token), uuid(token));
        assert_ne!(uuid(token), uuid(Token { round: 1, ..token }));
        assert_ne!(uuid(token), uuid(Token::new(7, 4)));
        let text = uuid(token);
        assert_eq!(text.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_eq!((text.as_bytes()[14], text.len()), (b'8', 36));
    }
}
