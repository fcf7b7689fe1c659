//! One message over an open session: MAIL, RCPT for each recipient, DATA, content. Every recipient is answered on its own,
//! and those accepted get the message even when others are refused.

use std::{io, sync::Arc};

use fenghuo_contract::{Cause, CodeTable, Item, Reference, Verdict};
use lettre::Address;

use crate::{
    codes::Stage,
    letter::{Copy, Letter},
    reply::Reply,
    session::Session,
};

/// A recipient of a message.
pub(crate) struct Envelope<'a> {
    pub(crate) item: &'a Item,
    pub(crate) address: Address,
}

/// What is known about the recipients of a message, kept up to date so that it can be read when the work is cut short.
#[derive(Debug)]
pub(crate) struct Progress {
    /// `None` until a recipient has its answer.
    pub(crate) verdicts: Vec<Option<Verdict>>,
    /// The final dot has been handed to the connection.
    pub(crate) sent: bool,
}

impl Progress {
    pub(crate) fn new(recipients: usize) -> Self {
        Self { verdicts: vec![None; recipients], sent: false }
    }

    /// Whether nothing at all has been answered, and nothing was taken.
    pub(crate) fn is_untouched(&self) -> bool {
        !self.sent && self.verdicts.iter().all(Option::is_none)
    }

    /// Ends it: who has no answer is in doubt when the message was sent, and was not reached when it was not.
    pub(crate) fn finish(self, cause: &Cause) -> Vec<Verdict> {
        let rest = if self.sent { Verdict::InDoubt(cause.clone()) } else { Verdict::Transient(cause.clone()) };
        self.verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(|| rest.clone())).collect()
    }

    fn answer_open(&mut self, verdict: impl Fn(usize) -> Verdict) {
        for (index, open) in self.verdicts.iter_mut().enumerate().filter(|(_, open)| open.is_none()) {
            *open = Some(verdict(index));
        }
    }
}

/// Carries the message. When it fails, the session is over and `progress` says how far it came.
pub(crate) async fn carry(
    session: &mut Session,
    letter: &Letter<'_>,
    recipients: &[Envelope<'_>],
    progress: &mut Progress,
) -> io::Result<()> {
    session.transactions += 1;
    refuse_what_cannot_go(session, letter, recipients, progress);
    let open: Vec<usize> = (0..recipients.len()).filter(|index| progress.verdicts[*index].is_none()).collect();
    if open.is_empty() {
        return Ok(());
    }
    let ready = prepare(session, letter, recipients, &open, progress).await?;
    match ready {
        Ready::No => Ok(()),
        // A server that wants content although it has no recipient gets an empty message (RFC 2920 §3.1).
        Ready::Empty => {
            session.wire.send(b".\r\n").await?;
            session.wire.reply().await.map(|_| ())
        }
        Ready::Yes => content(session, letter, recipients, progress).await,
    }
}

/// What the relay's offers rule out is not tried.
fn refuse_what_cannot_go(session: &Session, letter: &Letter<'_>, recipients: &[Envelope<'_>], progress: &mut Progress) {
    if session.offers.size.is_some_and(|most| most > 0 && letter.size() > most) {
        progress.answer_open(|_| Verdict::refused_content("5.3.4", "the message is larger than the relay takes"));
        return;
    }
    if !session.offers.smtputf8 {
        for (verdict, recipient) in progress.verdicts.iter_mut().zip(recipients) {
            if !is_ascii(&recipient.address) {
                let cause = Cause::new("5.6.7", "the relay takes ASCII addresses only");
                *verdict = Some(Verdict::RefusedRecipient(cause));
            }
        }
    }
}

fn is_ascii(address: &Address) -> bool {
    AsRef::<str>::as_ref(address).is_ascii()
}

/// What the relay says before the content.
enum Ready {
    /// It invites the content.
    Yes,
    /// It does not; the next message can begin.
    No,
    /// It invites content although nobody is left to get it.
    Empty,
}

/// Everything up to the invitation to send the content, in one group when the relay can take it.
async fn prepare(
    session: &mut Session,
    letter: &Letter<'_>,
    recipients: &[Envelope<'_>],
    open: &[usize],
    progress: &mut Progress,
) -> io::Result<Ready> {
    let codes = Arc::clone(&session.codes);
    let mut replies = Replies::new(session, commands(session, letter, recipients, open));
    replies.start().await?;
    if replies.resets && replies.next().await?.is_farewell() {
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    let mail = replies.next().await?;
    if mail.is_farewell() && replies.session.transactions > 1 {
        // It closed while it rested; a new connection will do.
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    if !mail.is_positive() {
        progress.answer_open(|_| mail.verdict(&codes, Stage::Mail, None));
        return replies.forget().await;
    }
    replies.session.unfinished = true;
    for index in open {
        let reply = replies.next().await?;
        if !reply.is_positive() {
            let local_part = recipients[*index].address.user();
            progress.verdicts[*index] = Some(reply.verdict(&codes, Stage::Rcpt, Some(local_part)));
        }
        if reply.is_farewell() {
            progress.answer_open(|_| reply.verdict(&codes, Stage::Mail, None));
            return Ok(Ready::No);
        }
    }
    if progress.verdicts.iter().all(Option::is_some) {
        return replies.forget().await;
    }
    let data = replies.next().await?;
    if data.code == 354 {
        replies.session.unfinished = false;
        return Ok(Ready::Yes);
    }
    replies.session.over |= data.is_positive();
    progress.answer_open(|_| data.verdict(&codes, Stage::Mail, None));
    Ok(Ready::No)
}

fn commands(session: &Session, letter: &Letter<'_>, recipients: &[Envelope<'_>], open: &[usize]) -> Commands {
    let mut lines = Vec::with_capacity(open.len() + 3);
    if session.unfinished {
        lines.push("RSET\r\n".to_owned());
    }
    lines.push(mail_from(session, letter, recipients, open));
    lines.extend(open.iter().map(|index| rcpt_to(session, letter, &recipients[*index].address)));
    lines.push("DATA\r\n".to_owned());
    Commands { resets: session.unfinished, lines }
}

/// MAIL with what the relay offers: the size (RFC 1870), addresses beyond ASCII (RFC 6531) and with them eight bits
/// (RFC 6152; everything else we write is ASCII), and reports that return headers only and name the delivery (RFC 3461).
fn mail_from(session: &Session, letter: &Letter<'_>, recipients: &[Envelope<'_>], open: &[usize]) -> String {
    let (offers, sender) = (&session.offers, letter.sender());
    let token = open.first().map_or(recipients[0].item.token, |index| recipients[*index].item.token);
    let mut mail = format!("MAIL FROM:<{}>", letter.return_path(token));
    if offers.size.is_some() {
        mail.push_str(&format!(" SIZE={}", letter.size()));
    }
    if open.iter().any(|index| !is_ascii(&recipients[*index].address)) {
        mail.push_str(if offers.eight_bit { " SMTPUTF8 BODY=8BITMIME" } else { " SMTPUTF8" });
    }
    if offers.dsn && (sender.bounces.is_some() || !sender.notify.is_empty()) {
        mail.push_str(&format!(" RET=HDRS ENVID={token}"));
    }
    mail.push_str("\r\n");
    mail
}

/// RCPT, with what is to be reported where the relay can (RFC 3461).
fn rcpt_to(session: &Session, letter: &Letter<'_>, address: &Address) -> String {
    let notify = &letter.sender().notify;
    if !session.offers.dsn || notify.is_empty() {
        return format!("RCPT TO:<{address}>\r\n");
    }
    let events: Vec<&str> = notify.iter().map(|event| event.keyword()).collect();
    let original = if is_ascii(address) { format!(" ORCPT=rfc822;{}", xtext(address.as_ref())) } else { String::new() };
    format!("RCPT TO:<{address}> NOTIFY={}{original}\r\n", events.join(","))
}

/// ASCII in the characters a parameter may have (RFC 3461 §4).
fn xtext(text: &str) -> String {
    let sign = |byte: u8| match byte {
        b'+' | b'=' => format!("+{byte:02X}"),
        b'!'..=b'~' => char::from(byte).to_string(),
        _ => format!("+{byte:02X}"),
    };
    text.bytes().map(sign).collect()
}

struct Commands {
    resets: bool,
    lines: Vec<String>,
}

/// Commands on their way: all at once, or each when the reply to the one before has come.
struct Replies<'a> {
    session: &'a mut Session,
    lines: std::vec::IntoIter<String>,
    resets: bool,
    stepwise: bool,
    /// Commands sent ahead whose replies have not been read.
    outstanding: usize,
}

impl<'a> Replies<'a> {
    fn new(session: &'a mut Session, commands: Commands) -> Self {
        let stepwise = !session.offers.pipelining;
        Self { session, lines: commands.lines.into_iter(), resets: commands.resets, stepwise, outstanding: 0 }
    }

    async fn start(&mut self) -> io::Result<()> {
        if self.stepwise {
            return Ok(());
        }
        self.outstanding = self.lines.len();
        let group: String = self.lines.by_ref().collect();
        self.session.wire.send(group.as_bytes()).await
    }

    /// The reply to the next command.
    async fn next(&mut self) -> io::Result<Reply> {
        if let Some(line) = self.lines.next() {
            self.session.wire.send(line.as_bytes()).await?;
        } else {
            self.outstanding = self.outstanding.saturating_sub(1);
        }
        let reply = self.session.wire.reply().await?;
        self.session.over |= reply.is_farewell();
        Ok(reply)
    }

    /// Leaves the rest of the commands unsent, or reads the replies to those already sent.
    async fn forget(mut self) -> io::Result<Ready> {
        self.lines = Vec::new().into_iter();
        let mut last = Reply::default();
        while self.outstanding > 0 && !self.session.over {
            last = self.next().await?;
        }
        if last.code != 354 {
            return Ok(Ready::No);
        }
        self.session.unfinished = false;
        Ok(Ready::Empty)
    }
}

async fn content(
    session: &mut Session,
    letter: &Letter<'_>,
    recipients: &[Envelope<'_>],
    progress: &mut Progress,
) -> io::Result<()> {
    let first = progress.verdicts.iter().position(Option::is_none).unwrap_or(0);
    let token = recipients[first].item.token;
    let confirm = if recipients.len() == 1 { recipients[0].item.confirm.as_deref() } else { None };
    let to = (recipients.len() == 1).then(|| &recipients[0].address);
    let mut message = std::mem::take(&mut session.scratch);
    message.clear();
    letter.write(&Copy { token, to, confirm }, &mut message);
    session.wire.send_marking(&message, &mut progress.sent).await?;
    session.scratch = message;
    let reply = session.wire.reply().await?;
    session.over |= reply.is_farewell();
    if reply.is_positive() {
        // A report comes back to the return path, which says the token and no name the relay gave.
        let name = match letter.sender().bounces {
            Some(_) => token.to_string(),
            None => reply.queue_id().map_or_else(|| letter.message_id(token), str::to_owned),
        };
        progress.answer_open(|_| Verdict::Accepted(Some(Reference::new(&name))));
    } else {
        progress.answer_open(|index| refused(&session.codes, &reply, recipients, index));
    }
    Ok(())
}

/// After the content, a word about "the recipient" names nobody when there were several.
fn refused(codes: &CodeTable, reply: &Reply, recipients: &[Envelope<'_>], index: usize) -> Verdict {
    match reply.verdict(codes, Stage::Content, Some(recipients[index].address.user())) {
        Verdict::RefusedRecipient(cause) if recipients.len() > 1 => Verdict::Transient(cause),
        verdict => verdict,
    }
}
