//! Reports in prose, as qmail, Exchange and many others write them, and the codes in their words.

use fenghuo_contract::Cause;
use mail_parser::{HeaderName, Message};

use super::report::Said;
use crate::reply::discreet;

/// Bytes of prose that are searched.
const PROSE_MAX: usize = 16 * 1024;

/// Who writes reports: the part of the address before the `@`.
const DAEMONS: [&str; 4] = ["mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon"];

/// How reports are headed.
const SUBJECTS: [&str; 14] = [
    "undeliver",
    "failure notice",
    "delivery status notification",
    "delivery failure",
    "delivery has failed",
    "mail delivery failed",
    "delivery notification",
    "returned mail",
    "returned to sender",
    "退信",
    "退回",
    "未送达",
    "投递失败",
    "无法投递",
];

/// Headings of reports that it takes longer.
const DELAYS: [&str; 5] = ["delay", "could not send message for past", "延迟", "延误", "will be retried"];

/// What stands before the returned message.
const RETURNED: [&str; 8] = [
    "--- below this line",
    "this is a copy of the message",
    "--- the header of the original",
    "original message headers",
    "-----original message",
    "----- original message",
    "原始邮件",
    "原邮件",
];

/// Reads a message without a machine-readable part.
pub(super) fn read(message: &Message<'_>) -> Said {
    let subject = message.subject().unwrap_or_default().to_lowercase();
    let named = message.header("X-Failed-Recipients").is_some();
    let headed = SUBJECTS.iter().any(|heading| subject.contains(heading));
    if !named && !headed && (is_reply(message) || !is_from_a_daemon(message)) {
        return Said::Nothing("it is no report");
    }
    if DELAYS.iter().any(|heading| subject.contains(heading)) {
        return Said::Nothing("it tells of a delay");
    }
    let text = message.body_text(0).unwrap_or_default();
    Said::Failed(reason(before_the_returned(&text)))
}

fn is_from_a_daemon(message: &Message<'_>) -> bool {
    let from = message.from().and_then(|from| from.first()).and_then(|from| from.address());
    let user = from.map(|address| address.split('@').next().unwrap_or_default().to_ascii_lowercase());
    user.is_some_and(|user| DAEMONS.contains(&&*user))
}

/// A machine answers in a person's name (RFC 3834, and what came before it).
fn is_reply(message: &Message<'_>) -> bool {
    let says = |name: &'static str, word: &str| {
        message.header_raw(HeaderName::from(name)).is_some_and(|value| value.to_ascii_lowercase().contains(word))
    };
    let known = ["X-Autoreply", "X-Autorespond", "X-Vacation"].iter().any(|name| message.header(*name).is_some());
    known || says("Auto-Submitted", "auto-replied") || says("Precedence", "auto_reply")
}

fn before_the_returned(text: &str) -> &str {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        let small = line.to_lowercase();
        if end + line.len() > PROSE_MAX || RETURNED.iter().any(|mark| small.contains(mark)) {
            break;
        }
        end += line.len();
    }
    &text[..end]
}

/// The line with the most telling code.
fn reason(text: &str) -> Cause {
    let with = |class: &str| {
        let found = |line: &str| enhanced(line).is_some_and(|code| code.starts_with(class));
        text.lines().find(|line| found(line))
    };
    if let Some(line) = with("5.").or_else(|| with("4.")) {
        return cause(basic(line), enhanced(line).unwrap_or_default(), line, None);
    }
    match text.lines().find(|line| basic(line).is_some()) {
        Some(line) => cause(basic(line), "", line, None),
        None => Cause::new("BOUNCE", "reported without a code"),
    }
}

/// A cause in the form of the answers of a dialogue: basic code and enhanced one, words without addresses.
pub(super) fn cause(basic: Option<&str>, enhanced: &str, text: &str, local_part: Option<&str>) -> Cause {
    let basic = basic.filter(|basic| enhanced.is_empty() || basic.as_bytes()[0] == enhanced.as_bytes()[0]);
    let code = match (basic, enhanced) {
        (Some(basic), "") => basic.to_owned(),
        (Some(basic), enhanced) => format!("{basic} {enhanced}"),
        (None, "") => "BOUNCE".to_owned(),
        (None, enhanced) => enhanced.to_owned(),
    };
    let code_word = |word: &&str| Some(*word) != basic && *word != enhanced;
    let words: Vec<&str> = text.split_whitespace().filter(code_word).map(|word| discreet(word, local_part)).collect();
    Cause::new(&code, &words.join(" "))
}

/// The first enhanced status code of a failure in a text (RFC 3463): three numbers with dots that are no part of a longer one.
pub(super) fn enhanced(text: &str) -> Option<&str> {
    let is_part = |sign: char| sign.is_ascii_digit() || sign == '.';
    text.split(|sign: char| !is_part(sign)).map(|word| word.trim_matches('.')).find(|word| {
        let numbers: Vec<&str> = word.split('.').collect();
        matches!(numbers[..], ["4" | "5", subject, detail] if [subject, detail].iter().all(|number| (1..=3).contains(&number.len())))
    })
}

/// The basic code at the start of a server's words.
pub(super) fn basic_at_start(text: &str) -> Option<&str> {
    let (code, rest) = text.split_at_checked(3)?;
    let ends = rest.is_empty() || rest.starts_with([' ', '-']);
    (ends && is_basic(code)).then_some(code)
}

/// A basic code anywhere in a line.
fn basic(line: &str) -> Option<&str> {
    line.split(|sign: char| !sign.is_ascii_alphanumeric()).find(|word| is_basic(word))
}

fn is_basic(word: &str) -> bool {
    matches!(
        word,
        "421"
            | "450"
            | "451"
            | "452"
            | "500"
            | "501"
            | "503"
            | "530"
            | "535"
            | "550"
            | "551"
            | "552"
            | "553"
            | "554"
            | "556"
    )
}
