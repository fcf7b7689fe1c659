//! What replies mean. The enhanced status code (RFC 3463 and its IANA registry) is looked up first, then the basic code
//! (RFC 5321 §4.2) by the stage it came in. What is in neither table is transient, with its code.

use Meaning::{Account, Content, Misconfigured, Recipient, RecipientThrottled, Transient};

/// Where in the dialogue a reply came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Greeting, EHLO, STARTTLS.
    Connect,
    /// AUTH.
    Auth,
    /// MAIL, and DATA before any content.
    Mail,
    /// RCPT: the only stage that speaks of one recipient.
    Rcpt,
    /// After the final dot.
    Content,
}

/// Who is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// This address, for good.
    Recipient,
    /// This message, whoever gets it.
    Content,
    /// We: credentials, rights, reputation, set-up.
    Misconfigured,
    /// We are too fast.
    Account,
    /// Too fast, or too early, for this recipient (greylisting).
    RecipientThrottled,
    /// Worth another try.
    Transient,
}

/// Enhanced codes; a `*` stands for any last number. The first row that fits counts.
const ENHANCED: &[(&str, Meaning)] = &[
    // Addresses.
    ("5.1.7", Misconfigured), // bad sender mailbox syntax
    ("5.1.8", Misconfigured), // bad sender system
    ("5.1.9", Transient),     // sent on to a system that speaks another protocol
    ("5.1.*", Recipient),     // bad mailbox, system, syntax, moved, null MX
    // Mailboxes. A limit of one mailbox (x.2.3) says nothing about other recipients.
    ("5.2.1", Recipient), // disabled
    ("5.2.2", Transient), // full
    ("5.2.3", Recipient), // message too long for this mailbox
    ("5.2.4", Recipient), // mailing list cannot be expanded
    ("4.2.*", Transient),
    // Systems.
    ("5.3.3", Misconfigured), // feature missing
    ("5.3.4", Content),       // message too big for the system
    ("5.3.5", Misconfigured), // system incorrectly configured
    ("4.3.*", Transient),
    // Networks.
    ("5.4.4", Recipient),     // no route to the recipient's domain
    ("5.4.6", Misconfigured), // loop
    ("4.4.*", Transient),
    // Protocol.
    ("4.5.*", Transient),
    // The message as such.
    ("5.6.7", Recipient), // address is not ASCII
    ("5.6.*", Content),
    // Policy and security.
    ("4.7.0", Account),
    ("4.7.1", RecipientThrottled),
    ("4.7.28", Account), // mail flood
    ("4.7.*", Transient),
    ("5.7.17", Recipient), // mailbox has another owner now
    ("5.7.18", Recipient), // domain has another owner now
    ("5.7.28", Account),   // mail flood
    ("5.7.*", Misconfigured),
];

/// Basic codes by stage. The first row that fits counts.
const BASIC: &[(&[Stage], &[u16], Meaning)] = &[
    (&[Stage::Connect, Stage::Auth], &[500, 501, 502, 503, 504, 521, 530, 534, 535, 538, 550, 554, 571], Misconfigured),
    (&[Stage::Rcpt], &[501, 550, 551, 553, 556], Recipient),
    (&[Stage::Rcpt], &[552], Transient), // mailbox full (RFC 5321 §4.5.3.1.10)
    (&[Stage::Content], &[550, 552, 554], Content),
    (&[Stage::Mail], &[552], Content), // too big, by the SIZE of MAIL (RFC 1870)
    (&[Stage::Mail], &[550, 551, 553], Misconfigured),
    (&[Stage::Mail, Stage::Rcpt, Stage::Content], &[500, 502, 503, 504, 530, 535, 555], Misconfigured),
    (&[Stage::Mail, Stage::Rcpt], &[501, 554], Misconfigured),
];

/// Looks a refusal up.
pub(crate) fn meaning(stage: Stage, code: u16, enhanced: Option<&str>) -> Meaning {
    if let Some(enhanced) = enhanced
        && let Some((_, meaning)) = ENHANCED.iter().find(|(pattern, _)| fits(pattern, enhanced))
    {
        return at(stage, *meaning);
    }
    let row = BASIC.iter().find(|(stages, codes, _)| stages.contains(&stage) && codes.contains(&code));
    row.map_or(Transient, |(_, _, meaning)| *meaning)
}

fn fits(pattern: &str, enhanced: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => enhanced.starts_with(start),
        None => pattern == enhanced,
    }
}

/// A code that speaks of a recipient can only mean one where a recipient was named.
fn at(stage: Stage, meaning: Meaning) -> Meaning {
    match (stage, meaning) {
        (Stage::Rcpt | Stage::Content, _) => meaning,
        (_, Recipient) => Misconfigured,
        (_, RecipientThrottled) => Account,
        _ => meaning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes_come_first() {
        for (stage, code, enhanced, expected) in [
            (Stage::Rcpt, 550, "5.1.1", Recipient),
            (Stage::Rcpt, 550, "5.1.2", Recipient),
            (Stage::Rcpt, 501, "5.1.3", Recipient),
            (Stage::Rcpt, 556, "5.1.10", Recipient),
            (Stage::Rcpt, 550, "5.2.1", Recipient),
            (Stage::Rcpt, 552, "5.2.2", Transient),
            (Stage::Rcpt, 452, "4.2.2", Transient),
            (Stage::Rcpt, 552, "5.2.3", Recipient),
            (Stage::Content, 552, "5.3.4", Content),
            (Stage::Content, 554, "5.6.0", Content),
            (Stage::Content, 554, "5.6.11", Content),
            (Stage::Rcpt, 553, "5.6.7", Recipient),
            (Stage::Rcpt, 451, "4.7.1", RecipientThrottled),
            (Stage::Mail, 451, "4.7.1", Account),
            (Stage::Connect, 421, "4.7.0", Account),
            (Stage::Rcpt, 450, "4.7.28", Account),
            (Stage::Rcpt, 450, "4.7.25", Transient),
            (Stage::Rcpt, 554, "5.7.1", Misconfigured),
            (Stage::Auth, 535, "5.7.8", Misconfigured),
            (Stage::Content, 550, "5.7.23", Misconfigured),
            (Stage::Content, 550, "5.7.26", Misconfigured),
            (Stage::Rcpt, 451, "4.4.1", Transient),
            (Stage::Mail, 550, "5.1.0", Misconfigured),
            (Stage::Mail, 553, "5.1.8", Misconfigured),
            (Stage::Rcpt, 452, "4.5.3", Transient),
        ] {
            assert_eq!(meaning(stage, code, Some(enhanced)), expected, "{stage:?} {code} {enhanced}");
        }
    }

    #[test]
    fn basic_codes_count_where_there_is_no_other_or_an_unknown_one() {
        for (stage, code, expected) in [
            (Stage::Connect, 421, Transient),
            (Stage::Connect, 554, Misconfigured),
            (Stage::Auth, 535, Misconfigured),
            (Stage::Auth, 454, Transient),
            (Stage::Mail, 530, Misconfigured),
            (Stage::Mail, 550, Misconfigured),
            (Stage::Mail, 552, Content),
            (Stage::Rcpt, 450, Transient),
            (Stage::Rcpt, 451, Transient),
            (Stage::Rcpt, 452, Transient),
            (Stage::Rcpt, 550, Recipient),
            (Stage::Rcpt, 551, Recipient),
            (Stage::Rcpt, 553, Recipient),
            (Stage::Rcpt, 552, Transient),
            (Stage::Rcpt, 554, Misconfigured),
            (Stage::Content, 451, Transient),
            (Stage::Content, 554, Content),
            (Stage::Content, 599, Transient),
            (Stage::Rcpt, 599, Transient),
        ] {
            assert_eq!(meaning(stage, code, None), expected, "{stage:?} {code}");
            assert_eq!(meaning(stage, code, Some("5.0.0")), expected, "{stage:?} {code} with an unknown enhanced code");
        }
    }
}
