//! What replies mean, by `config/codes/email.toml` or a site's own table over it. The enhanced status code (RFC 3463 and its
//! IANA registry) is looked up first, then the basic code (RFC 5321 §4.2) with the stage it came in. What is in neither is
//! transient, with its code.

use std::sync::{Arc, LazyLock};

use fenghuo_contract::{Cause, Class, CodeTable};

/// The table every route has.
pub(crate) static BUILT_IN: LazyLock<Arc<CodeTable>> = LazyLock::new(|| {
    let text = include_str!("../../../config/codes/email.toml");
    Arc::new(CodeTable::parse(text).expect("the built-in table is parsed by a test"))
});

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

impl Stage {
    /// Its name in the table.
    const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Content => "content",
        }
    }
}

/// Looks a refusal up.
pub(crate) fn class(codes: &CodeTable, stage: Stage, code: u16, enhanced: Option<&str>) -> Class {
    if let Some(meaning) = enhanced.and_then(|enhanced| codes.find(enhanced)) {
        return at(stage, meaning.class);
    }
    codes.class(&format!("{} {code}", stage.name()))
}

/// Whether a refusal or a report of non-delivery says that the mailbox is not there and will not come back, so that sending to it
/// again only costs reputation: then its address belongs on a list of those not written to.
///
/// The code's last word is looked up as an enhanced status code (RFC 3463) in the built-in table; hard is what has the class
/// [`Class::Recipient`] there, except `5.2.3`, `5.2.4` and `5.6.7`, which speak of this message and this way rather than of
/// the mailbox. A basic code alone (`550`) proves nothing: spam filters answer the same.
#[must_use]
pub fn is_hard(cause: &Cause) -> bool {
    let code = cause.code.split(' ').next_back().unwrap_or_default();
    let of_the_message = ["5.2.3", "5.2.4", "5.6.7"].contains(&code);
    code.starts_with("5.") && !of_the_message && BUILT_IN.class(code) == Class::Recipient
}

/// A code that speaks of a recipient can only mean one where a recipient was named.
fn at(stage: Stage, class: Class) -> Class {
    match (stage, class) {
        (Stage::Rcpt | Stage::Content, _) => class,
        (_, Class::Recipient) => Class::Misconfigured,
        (_, Class::ThrottledRecipient) => Class::Throttled,
        _ => class,
    }
}

#[cfg(test)]
mod tests {
    use Class::{
        Content, Misconfigured, Recipient, Throttled as Account, ThrottledRecipient as RecipientThrottled, Transient,
    };

    use super::*;

    fn meaning(stage: Stage, code: u16, enhanced: Option<&str>) -> Class {
        class(&BUILT_IN, stage, code, enhanced)
    }

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
    fn only_a_mailbox_that_is_gone_is_hard() {
        for (code, expected) in [
            ("550 5.1.1", true),
            ("5.1.10", true),
            ("5.1.2", true),
            ("550 5.2.1", true),
            ("5.4.4", true),
            ("550 5.7.17", true),
            ("552 5.2.2", false),
            ("5.2.3", false),
            ("5.6.7", false),
            ("5.1.8", false),
            ("554 5.7.1", false),
            ("4.1.1", false),
            ("5.0.0", false),
            ("550", false),
            ("BOUNCE", false),
            ("", false),
        ] {
            assert_eq!(is_hard(&Cause::new(code, "x")), expected, "{code}");
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
