//! The messages of SGIP 1.2 and their bytes.

use crate::fixed::{Malformed, Reader, Writer};

/// Bytes of a header: length, command, sequence number of three whole numbers.
pub const HEADER: usize = 20;

/// Set in the command of an answer.
const ANSWER: u32 = 0x8000_0000;

const BIND: u32 = 1;
const UNBIND: u32 = 2;
pub(super) const SUBMIT: u32 = 3;
pub(super) const DELIVER: u32 = 4;
pub(super) const REPORT: u32 = 5;

/// Bytes of a number.
pub(super) const NUMBER: usize = 21;

/// Sequence Number: names a request, and for a submit its message. An answer repeats that of its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sequence {
    /// The node that made the request: `3AAAAQQQQQ`, area code and enterprise of the provider of services.
    pub node: u32,
    /// When, `MMDDHHMMSS` as a number, Beijing time.
    pub stamp: u32,
    /// Counts up and begins again.
    pub counter: u32,
}

impl Sequence {
    /// Its twelve bytes, by which a report names the submit.
    #[must_use]
    pub fn bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        for (place, number) in bytes.chunks_exact_mut(4).zip([self.node, self.stamp, self.counter]) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    /// The number these bytes say.
    #[must_use]
    pub fn of(bytes: [u8; 12]) -> Self {
        let [node, stamp, counter] = [0, 4, 8].map(|at| {
            let number = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
            u32::from_be_bytes(number)
        });
        Self { node, stamp, counter }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.octets().map(Self::of)
    }
}

/// A message with its sequence number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdu {
    /// Sequence Number.
    pub sequence: Sequence,
    /// The message.
    pub message: Message,
}

/// The messages a provider of services and a gateway exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Bind.
    Bind(Bind),
    /// Bind_Resp, with its Result.
    BindResp(u8),
    /// Unbind.
    Unbind,
    /// Unbind_Resp.
    UnbindResp,
    /// Submit.
    Submit(Box<Submit>),
    /// Submit_Resp, with its Result.
    SubmitResp(u8),
    /// Deliver.
    Deliver(Box<Deliver>),
    /// Deliver_Resp, with its Result.
    DeliverResp(u8),
    /// Report.
    Report(Report),
    /// Report_Resp, with its Result.
    ReportResp(u8),
    /// Any other command; its body is passed over.
    Other(u32),
}

/// Bind: who opens a connection, and to what end.
#[derive(Clone, PartialEq, Eq)]
pub struct Bind {
    /// Login Type: 1 the provider of services binds to the gateway, 2 the gateway to the provider.
    pub login_type: u8,
    /// Login Name, at most 16 characters.
    pub name: Box<str>,
    /// Login Password, at most 16 characters; it travels in the clear.
    pub password: Box<str>,
}

impl std::fmt::Debug for Bind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bind").field("login_type", &self.login_type).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Submit: one content, or one part of a long one, for up to 100 numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submit {
    /// SPNumber: the number shown as the sender.
    pub sender: Box<str>,
    /// ChargeNumber: the number that pays; `000000000000000000000` lets the provider pay.
    pub fee_number: Box<str>,
    /// UserNumber: whom it goes to, with `86` in front.
    pub numbers: Vec<Box<str>>,
    /// CorpId, at most five digits.
    pub corp_id: Box<str>,
    /// ServiceType, at most ten characters.
    pub service_type: Box<str>,
    /// FeeType: 0 to 4 by the contract, 1 = free.
    pub fee_type: u8,
    /// FeeValue: the price in hundredths of a yuan, at most six digits.
    pub fee_value: Box<str>,
    /// GivenValue: what is given to the user, hundredths of a yuan, at most six digits.
    pub given_value: Box<str>,
    /// AgentFlag: 0 to be received, 1 real.
    pub agent_flag: u8,
    /// MorelatetoMTFlag: why it is sent. 0 the first answer to an order, 1 a later one, 2 without an order, 3 a scheduled one.
    pub reason: u8,
    /// Priority: 0 to 9, the higher the sooner.
    pub priority: u8,
    /// ExpireTime, in the form of SMPP; empty = the gateway's own rule.
    pub expires: Box<str>,
    /// ReportFlag: 0 reports failures alone, 1 always, 2 never, 3 carries only a monthly fee.
    pub report_flag: u8,
    /// TP_udhi: 1 when the content begins with a user data header.
    pub udhi: u8,
    /// MessageCoding: 0 ASCII, 3 card operation, 4 binary, 8 UCS-2, 15 GBK.
    pub coding: u8,
    /// MessageContent.
    pub content: Vec<u8>,
}

/// Deliver: what somebody wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deliver {
    /// UserNumber: who wrote.
    pub number: Box<str>,
    /// SPNumber: our number that was written to.
    pub receiver: Box<str>,
    /// TP_udhi: 1 when the content begins with a user data header.
    pub udhi: u8,
    /// MessageCoding, as in [`Submit::coding`].
    pub coding: u8,
    /// MessageContent.
    pub content: Vec<u8>,
}

/// Report: what became of a submit for one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// SubmitSequenceNumber: the sequence number of the submit.
    pub submit: Sequence,
    /// ReportType: 0 answers a submit.
    pub report_type: u8,
    /// UserNumber: the number it was for.
    pub number: Box<str>,
    /// State: 0 delivered, 1 still waiting, 2 failed.
    pub state: u8,
    /// ErrorCode: why, when it failed.
    pub error: u8,
}

impl Pdu {
    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::message();
        writer.u32(self.message.command());
        writer.octets(&self.sequence.bytes());
        match &self.message {
            Message::Bind(bind) => bind.write(&mut writer),
            Message::Submit(submit) => {
                submit.head(&mut writer);
                writer.texts(&submit.numbers, NUMBER);
                submit.tail(&mut writer);
            }
            Message::Deliver(deliver) => deliver.write(&mut writer),
            Message::Report(report) => report.write(&mut writer),
            Message::BindResp(result)
            | Message::SubmitResp(result)
            | Message::DeliverResp(result)
            | Message::ReportResp(result) => {
                writer.u8(*result);
                writer.text("", RESERVE);
            }
            Message::Unbind | Message::UnbindResp | Message::Other(_) => {}
        }
        writer.finish()
    }

    /// Reads one whole message. The reserve at its end is passed over,
    /// there or not.
    ///
    /// # Errors
    /// [`Malformed`] when its fields do not come out even.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let (_length, command, sequence) = (reader.u32()?, reader.u32()?, Sequence::read(&mut reader)?);
        let body = &mut reader;
        let message = match command {
            BIND => Message::Bind(Bind::read(body)?),
            UNBIND => Message::Unbind,
            SUBMIT => Message::Submit(Box::new(Submit::read(body)?)),
            DELIVER => Message::Deliver(Box::new(Deliver::read(body)?)),
            REPORT => Message::Report(Report::read(body)?),
            _ => Message::read_answer(command, body)?,
        };
        Ok(Self { sequence, message })
    }
}

/// Bytes of the reserve at the end of every message that has a body.
const RESERVE: usize = 8;

impl Message {
    const fn command(&self) -> u32 {
        match self {
            Self::Bind(_) => BIND,
            Self::BindResp(_) => BIND | ANSWER,
            Self::Unbind => UNBIND,
            Self::UnbindResp => UNBIND | ANSWER,
            Self::Submit(_) => SUBMIT,
            Self::SubmitResp(_) => SUBMIT | ANSWER,
            Self::Deliver(_) => DELIVER,
            Self::DeliverResp(_) => DELIVER | ANSWER,
            Self::Report(_) => REPORT,
            Self::ReportResp(_) => REPORT | ANSWER,
            Self::Other(command) => *command,
        }
    }

    fn read_answer(command: u32, body: &mut Reader<'_>) -> Result<Self, Malformed> {
        if command & ANSWER == 0 {
            return Ok(Self::Other(command));
        }
        Ok(match command & !ANSWER {
            BIND => Self::BindResp(body.u8()?),
            UNBIND => Self::UnbindResp,
            SUBMIT => Self::SubmitResp(body.u8()?),
            DELIVER => Self::DeliverResp(body.u8()?),
            REPORT => Self::ReportResp(body.u8()?),
            _ => Self::Other(command),
        })
    }
}

impl Bind {
    fn write(&self, writer: &mut Writer) {
        writer.u8(self.login_type);
        writer.text(&self.name, 16);
        writer.text(&self.password, 16);
        writer.text("", RESERVE);
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { login_type: body.u8()?, name: body.text(16)?, password: body.text(16)? })
    }
}

impl Submit {
    /// The fields before the numbers.
    pub(crate) fn head(&self, writer: &mut Writer) {
        writer.text(&self.sender, NUMBER);
        writer.text(&self.fee_number, NUMBER);
    }

    /// The fields after the numbers.
    pub(crate) fn tail(&self, writer: &mut Writer) {
        writer.text(&self.corp_id, 5);
        writer.text(&self.service_type, 10);
        writer.u8(self.fee_type);
        writer.text(&self.fee_value, 6);
        writer.text(&self.given_value, 6);
        writer.octets(&[self.agent_flag, self.reason, self.priority]);
        writer.text(&self.expires, 16);
        // No ScheduleTime: at once.
        writer.text("", 16);
        // TP_pid 0 and MessageType 0, a short message.
        writer.octets(&[self.report_flag, 0, self.udhi, self.coding, 0]);
        writer.long_content(&self.content);
        writer.text("", RESERVE);
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (sender, fee_number, count) = (body.text(NUMBER)?, body.text(NUMBER)?, body.u8()?);
        let numbers = body.texts(count, NUMBER)?;
        let (corp_id, service_type, fee_type) = (body.text(5)?, body.text(10)?, body.u8()?);
        let (fee_value, given_value) = (body.text(6)?, body.text(6)?);
        let [agent_flag, reason, priority] = body.octets()?;
        let (expires, _schedule) = (body.text(16)?, body.text(16)?);
        let [report_flag, _pid, udhi, coding, _kind] = body.octets()?;
        let content = body.long_content()?.to_vec();
        Ok(Self {
            sender,
            fee_number,
            numbers,
            corp_id,
            service_type,
            fee_type,
            fee_value,
            given_value,
            agent_flag,
            reason,
            priority,
            expires,
            report_flag,
            udhi,
            coding,
            content,
        })
    }
}

impl Deliver {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.number, NUMBER);
        writer.text(&self.receiver, NUMBER);
        writer.octets(&[0, self.udhi, self.coding]);
        writer.long_content(&self.content);
        writer.text("", RESERVE);
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (number, receiver) = (body.text(NUMBER)?, body.text(NUMBER)?);
        let [_pid, udhi, coding] = body.octets()?;
        Ok(Self { number, receiver, udhi, coding, content: body.long_content()?.to_vec() })
    }
}

impl Report {
    fn write(&self, writer: &mut Writer) {
        writer.octets(&self.submit.bytes());
        writer.u8(self.report_type);
        writer.text(&self.number, NUMBER);
        writer.octets(&[self.state, self.error]);
        writer.text("", RESERVE);
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (submit, report_type, number) = (Sequence::read(body)?, body.u8()?, body.text(NUMBER)?);
        let [state, error] = body.octets()?;
        Ok(Self { submit, report_type, number, state, error })
    }
}

#[cfg(test)]
mod tests;
