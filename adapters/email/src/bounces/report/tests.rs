use proptest::prelude::*;

use super::*;

fn failed(code: &str, text: &str) -> Said {
    Said::Failed(Cause::new(code, text))
}

/// A report by the book with these fields about the recipient.
fn by_the_book(fields: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\nDate: Thu, 28 May 2026 20:26:40 +0000\nAuto-Submitted: auto-replied\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
         --b\nContent-Type: text/plain\n\nSorry.\n\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{fields}\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nSubject: x\n\n--b--\n"
    )
}

fn said(message: &str) -> Said {
    read(message.replace('\n', "\r\n").as_bytes()).said
}

#[test]
fn reports_by_the_book_are_read() {
    for (fields, expected) in [
        (
            "Final-Recipient: rfc822; Li.Si@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 \
             <Li.Si@example.org>: user li.si\n unknown",
            failed("550 5.1.1", "<…> user <…> unknown"),
        ),
        (
            "Action: Failed\nStatus: 5.2.2 (full)\nDiagnostic-Code: X-Postfix; mailbox is full",
            failed("5.2.2", "mailbox is full"),
        ),
        ("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550-5.7.26 no", failed("550 5.7.26", "550-5.7.26 no")),
        ("Action: failed\nStatus: 4.4.1", failed("4.4.1", "")),
        ("Action: failed\nDiagnostic-Code: smtp; 554 no", failed("554", "no")),
        ("Action: failed\nStatus: nonsense", failed("BOUNCE", "")),
        ("Action: delivered\nStatus: 2.0.0", Said::Delivered),
        ("Action: delivered\n\nAction: failed\nStatus: 5.1.1", failed("5.1.1", "")),
    ] {
        assert_eq!(said(&by_the_book(fields)), expected, "{fields}");
    }
    for action in ["delayed", "relayed", "expanded", ""] {
        let fields = format!("Action: {action}\nStatus: 4.0.0");
        assert!(matches!(said(&by_the_book(&fields)), Said::Nothing(_)), "{action}");
    }
    let report = by_the_book("Action: delivered");
    assert_eq!(read(report.as_bytes()).at, Some(1_780_000_000_000));
}

#[test]
fn reports_in_prose_are_read() {
    let mail = |head: &str, body: &str| format!("{head}\nContent-Type: text/plain; charset=utf-8\n\n{body}\n");
    for (message, expected) in [
        (
            mail(
                "From: MAILER-DAEMON@mx.example\nSubject: failure notice",
                "Hi. This is the qmail-send program at mx.example.\n\n<li@example.org>:\nSorry, no mailbox here by that \
                 name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n5.7.1 in the copy",
            ),
            failed("5.1.1", "Sorry, no mailbox here by that name. (#5.1.1)"),
        ),
        (
            mail(
                "From: postmaster@exchange.example\nSubject: Undeliverable: x",
                "Your message did not reach some recipients.\n  li@example.org\n  #< #5.1.1 smtp;550 5.1.1 \
                 RESOLVER.ADR.RecipNotFound; not found> #SMTP#",
            ),
            failed("550 5.1.1", "#< #5.1.1 smtp;550 RESOLVER.ADR.RecipNotFound; not found> #SMTP#"),
        ),
        (
            mail(
                "From: Mailer-Daemon@exim.example\nX-Failed-Recipients: li@example.org\nAuto-Submitted: auto-replied",
                "A message could not be delivered.\n  li@example.org\n    host mx [192.0.2.4]: 550 User unknown",
            ),
            failed("550", "host mx [192.0.2.4]: User unknown"),
        ),
        (
            mail("From: a@example.org\nSubject: 系统退信", "收件人邮箱已满 552 5.2.2"),
            failed("552 5.2.2", "收件人邮箱已满"),
        ),
        (mail("From: postmaster@x.example\nSubject: hello", "no code"), failed("BOUNCE", "reported without a code")),
    ] {
        assert_eq!(said(&message), expected, "{message}");
    }
}

#[test]
fn what_is_no_report_says_nothing() {
    let in_a_report = |part: &str| by_the_book("Action: failed\nStatus: 5.1.1").replace("--b--", part);
    for message in [
        "From: li@example.org\nSubject: Re: 暴雨红色预警\n\nThank you. 550 5.1.1\n".to_owned(),
        "From: li@example.org\nAuto-Submitted: auto-replied\nSubject: 自动回复\n\nOn holiday until 5.1.1\n".to_owned(),
        "From: postmaster@example.org\nX-Autoreply: yes\nSubject: away\n\n5.1.1\n".to_owned(),
        "From: MAILER-DAEMON@mx.example\nSubject: Warning: message 1a delayed 24 hours\n\n4.4.1\n".to_owned(),
        in_a_report(
            "--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/report; boundary=c\n\n--c--\n\n--b--",
        ),
        in_a_report("--b\nContent-Type: text/rfc822-headers\n\nContent-Type: multipart/report; boundary=c\n\n--b--"),
        by_the_book("Action: failed").replace("message/delivery-status", "message/disposition-notification"),
        by_the_book("Action: failed").replace("message/delivery-status", "message/feedback-report"),
        String::new(),
        "\n\n".to_owned(),
    ] {
        assert!(matches!(said(&message), Said::Nothing(_)), "{message}");
    }
}

#[test]
fn codes_are_told_from_numbers() {
    for (text, expected) in [
        ("5.1.1", Some("5.1.1")),
        ("(#5.1.1)", Some("5.1.1")),
        ("smtp;550 5.7.26 no.", Some("5.7.26")),
        ("user unknown. 4.2.2.", Some("4.2.2")),
        ("5.1.1.1 and 15.1.1 and 5.1 and 5.1.1234 and 2.1.5", None),
        ("192.0.5.1", None),
    ] {
        assert_eq!(words::enhanced(text), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
        read(&bytes);
    }

    /// What begins as a report goes on as anything.
    #[test]
    fn broken_reports_are_read_without_harm(at in 0_usize..500, length in 0_usize..40, junk in ".{0,40}") {
        let mut report = by_the_book("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no").into_bytes();
        let start = at.min(report.len());
        let end = (start + length).min(report.len());
        report.splice(start..end, junk.bytes());
        if let Said::Failed(cause) = read(&report).said {
            prop_assert!(!cause.code.is_empty());
        }
    }

    #[test]
    fn causes_never_hold_an_address(text in "[a-z0-9 .;:<>@#-]{0,60}", fields in "[A-Za-z]{1,8}: [a-z0-9@.; ]{0,30}") {
        for report in [
            by_the_book(&format!("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; {text}\n{fields}")),
            format!("From: postmaster@x.example\nSubject: failure notice\n\n550 5.1.1 {text}\n"),
        ] {
            if let Said::Failed(cause) = said(&report) {
                prop_assert!(!cause.text.contains('@') && !cause.code.contains('@'), "{cause:?}");
            }
        }
    }
}

/// As deep as a kept message can be nested, and as many parts as it can have.
#[test]
fn hostile_structures_cost_little() {
    for unit in [
        "Content-Type:message/rfc822\r\n\r\n",
        "Content-Type:message/rfc822\r\nContent-Transfer-Encoding:base64\r\n\r\n",
        "Content-Type:multipart/mixed;boundary=a\r\n\r\n--a\r\n",
        "Content-Type:multipart/digest;boundary=a\r\n\r\n--a\r\n\r\n",
        "--a\r\n\r\n",
        "Subject: =?utf-8?b?",
        "To: a<b>,(((",
        "\r\n",
    ] {
        let head = "From: postmaster@x.example\r\n";
        let message = format!("{head}{}", unit.repeat(256 * 1024 / unit.len()));
        assert!(!matches!(read(message.as_bytes()).said, Said::Delivered), "{unit}");
        let message =
            format!("{head}Content-Type:multipart/mixed;boundary=a\r\n\r\n{}", unit.repeat(256 * 1024 / unit.len()));
        assert!(!matches!(read(message.as_bytes()).said, Said::Delivered), "{unit}");
    }
}
