//! The messages of SMGP 3.0.3 and their bytes.

use crate::fixed::{Malformed, Reader, Writer};

/// Bytes of a header: length, command, sequence number.
pub const HEADER: usize = 12;

/// Version 3.0, as Login names it.
pub const VERSION: u8 = 0x30;

/// Set in the command of an answer.
const ANSWER: u32 = 0x8000_0000;

const LOGIN: u32 = 1;
pub(super) const SUBMIT: u32 = 2;
const DELIVER: u32 = 3;
const ACTIVE_TEST: u32 = 4;
const EXIT: u32 = 6;

/// Bytes of a number.
pub(super) const NUMBER: usize = 21;

/// Bytes of the reserve of a submit and a deliver.
const RESERVE: usize = 8;

/// A message with its sequence number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdu {
    /// SequenceID: an answer repeats that of its request.
    pub sequence: u32,
    /// The message.
    pub message: Message,
}

/// The messages a provider of services and a gateway exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Login.
    Login(Login),
    /// Login_Resp.
    LoginResp(LoginResp),
    /// Submit.
    Submit(Box<Submit>),
    /// Submit_Resp.
    SubmitResp(Taken),
    /// Deliver.
    Deliver(Box<Deliver>),
    /// Deliver_Resp.
    DeliverResp(Taken),
    /// Active_Test.
    ActiveTest,
    /// Active_Test_Resp.
    ActiveTestResp,
    /// Exit.
    Exit,
    /// Exit_Resp.
    ExitResp,
    /// Any other command; its body is passed over.
    Other(u32),
}

/// Login: we log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// ClientID, at most eight characters.
    pub client: Box<str>,
    /// AuthenticatorClient, by [`login::client`](super::login::client).
    pub authenticator: [u8; 16],
    /// LoginMode: 0 sends, 1 receives, 2 does both.
    pub mode: u8,
    /// TimeStamp: `MMDDHHMMSS` as a number, Beijing time.
    pub timestamp: u32,
    /// ClientVersion: main version in the upper four bits.
    pub version: u8,
}

/// Login_Resp: whether the gateway lets us in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginResp {
    /// Status: 0 lets us in.
    pub status: u32,
    /// AuthenticatorServer, by [`login::server`](super::login::server).
    pub authenticator: [u8; 16],
    /// ServerVersion: the highest the gateway speaks.
    pub version: u8,
}

/// Submit: one content, or one part of a long one, for up to 100 numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submit {
    /// MsgType: 6 from a provider of services to a user.
    pub message_type: u8,
    /// NeedReport: 1 asks for a status report.
    pub need_report: u8,
    /// Priority: 0 to 3, the higher the sooner.
    pub priority: u8,
    /// ServiceID, at most ten characters.
    pub service_id: Box<str>,
    /// FeeType, two characters: `00` free.
    pub fee_type: Box<str>,
    /// FeeCode: the price in hundredths of a yuan, at most six digits.
    pub fee_code: Box<str>,
    /// FixedFee: the monthly fee in hundredths of a yuan, at most six digits.
    pub fixed_fee: Box<str>,
    /// MsgFormat: 0 ASCII, 4 binary, 8 UCS-2, 15 GB18030.
    pub format: u8,
    /// ValidTime: until when it is worth delivering, in the form of SMPP; empty = the gateway's own rule.
    pub valid_until: Box<str>,
    /// SrcTermID: the number shown as the sender.
    pub sender: Box<str>,
    /// ChargeTermID: the number that pays; empty = the receiver's.
    pub fee_number: Box<str>,
    /// DestTermID: whom it goes to.
    pub numbers: Vec<Box<str>>,
    /// MsgContent: at most 140 bytes.
    pub content: Vec<u8>,
    /// The optional parameters that make it a part of a long text; `None` when it is whole.
    pub part: Option<Part>,
}

/// A part of a long text, by the optional parameters TP_udhi, PkTotal and PkNumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// PkTotal: parts of the whole text.
    pub total: u8,
    /// PkNumber: which part this is, from 1.
    pub number: u8,
}

/// The body of Submit_Resp and Deliver_Resp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// MsgID: gateway, time and sequence in binary-coded decimals.
    pub id: [u8; 10],
    /// Status: 0 = taken.
    pub status: u32,
}

/// Deliver: what somebody wrote, or a status report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deliver {
    /// MsgID of the deliver itself.
    pub id: [u8; 10],
    /// IsReport: 1 when the content is a [`Report`](super::report::Report).
    pub is_report: u8,
    /// MsgFormat, as in [`Submit::format`].
    pub format: u8,
    /// RecvTime: when the gateway took it, `YYYYMMDDHHMMSS`, Beijing time.
    pub received: Box<str>,
    /// SrcTermID: who wrote, or whom the report is about.
    pub number: Box<str>,
    /// DestTermID: our number that was written to.
    pub receiver: Box<str>,
    /// MsgContent.
    pub content: Vec<u8>,
    /// The optional parameter TP_udhi: the content begins with a user data header.
    pub udhi: bool,
}

impl Pdu {
    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::message();
        writer.u32(self.message.command());
        writer.u32(self.sequence);
        match &self.message {
            Message::Login(login) => login.write(&mut writer),
            Message::LoginResp(answer) => answer.write(&mut writer),
            Message::Submit(submit) => {
                submit.head(&mut writer);
                writer.texts(&submit.numbers, NUMBER);
                submit.tail(&mut writer);
            }
            Message::Deliver(deliver) => deliver.write(&mut writer),
            Message::SubmitResp(taken) | Message::DeliverResp(taken) => {
                writer.octets(&taken.id);
                writer.u32(taken.status);
            }
            Message::ActiveTest | Message::ActiveTestResp | Message::Exit | Message::ExitResp | Message::Other(_) => {}
        }
        writer.finish()
    }

    /// Reads one whole message. Optional parameters that are not known are
    /// passed over.
    ///
    /// # Errors
    /// [`Malformed`] when its fields do not come out even.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let (_length, command, sequence) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let body = &mut reader;
        let message = match command {
            LOGIN => Message::Login(Login::read(body)?),
            SUBMIT => Message::Submit(Box::new(Submit::read(body)?)),
            DELIVER => Message::Deliver(Box::new(Deliver::read(body)?)),
            ACTIVE_TEST => Message::ActiveTest,
            EXIT => Message::Exit,
            _ => Message::read_answer(command, body)?,
        };
        Ok(Self { sequence, message })
    }
}

impl Message {
    const fn command(&self) -> u32 {
        match self {
            Self::Login(_) => LOGIN,
            Self::LoginResp(_) => LOGIN | ANSWER,
            Self::Submit(_) => SUBMIT,
            Self::SubmitResp(_) => SUBMIT | ANSWER,
            Self::Deliver(_) => DELIVER,
            Self::DeliverResp(_) => DELIVER | ANSWER,
            Self::ActiveTest => ACTIVE_TEST,
            Self::ActiveTestResp => ACTIVE_TEST | ANSWER,
            Self::Exit => EXIT,
            Self::ExitResp => EXIT | ANSWER,
            Self::Other(command) => *command,
        }
    }

    fn read_answer(command: u32, body: &mut Reader<'_>) -> Result<Self, Malformed> {
        if command & ANSWER == 0 {
            return Ok(Self::Other(command));
        }
        Ok(match command & !ANSWER {
            LOGIN => Self::LoginResp(LoginResp::read(body)?),
            SUBMIT => Self::SubmitResp(Taken::read(body)?),
            DELIVER => Self::DeliverResp(Taken::read(body)?),
            ACTIVE_TEST => Self::ActiveTestResp,
            EXIT => Self::ExitResp,
            _ => Self::Other(command),
        })
    }
}

impl Login {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.client, 8);
        writer.octets(&self.authenticator);
        writer.u8(self.mode);
        writer.u32(self.timestamp);
        writer.u8(self.version);
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (client, authenticator, mode) = (body.text(8)?, body.octets()?, body.u8()?);
        Ok(Self { client, authenticator, mode, timestamp: body.u32()?, version: body.u8()? })
    }
}

impl LoginResp {
    fn write(&self, writer: &mut Writer) {
        writer.u32(self.status);
        writer.octets(&self.authenticator);
        writer.u8(self.version);
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { status: body.u32()?, authenticator: body.octets()?, version: body.u8()? })
    }
}

impl Taken {
    fn read(body: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { id: body.octets()?, status: body.u32()? })
    }
}

impl Submit {
    /// The fields before the numbers.
    pub(crate) fn head(&self, writer: &mut Writer) {
        writer.octets(&[self.message_type, self.need_report, self.priority]);
        writer.text(&self.service_id, 10);
        writer.text(&self.fee_type, 2);
        writer.text(&self.fee_code, 6);
        writer.text(&self.fixed_fee, 6);
        writer.u8(self.format);
        writer.text(&self.valid_until, 17);
        // No AtTime: at once.
        writer.text("", 17);
        writer.text(&self.sender, NUMBER);
        writer.text(&self.fee_number, NUMBER);
    }

    /// The fields after the numbers.
    pub(crate) fn tail(&self, writer: &mut Writer) {
        writer.content(&self.content);
        writer.text("", RESERVE);
        if let Some(Part { total, number }) = self.part {
            optional::write(writer, optional::TP_UDHI, 1);
            optional::write(writer, optional::PK_TOTAL, total);
            optional::write(writer, optional::PK_NUMBER, number);
        }
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Malformed> {
        let [message_type, need_report, priority] = body.octets()?;
        let (service_id, fee_type, fee_code) = (body.text(10)?, body.text(2)?, body.text(6)?);
        let (fixed_fee, format) = (body.text(6)?, body.u8()?);
        let (valid_until, _at_time) = (body.text(17)?, body.text(17)?);
        let (sender, fee_number, count) = (body.text(NUMBER)?, body.text(NUMBER)?, body.u8()?);
        let numbers = body.texts(count, NUMBER)?;
        let content = body.content()?.to_vec();
        body.take(RESERVE)?;
        let options = optional::read(body)?;
        let part = options.total.zip(options.number).map(|(total, number)| Part { total, number });
        Ok(Self {
            message_type,
            need_report,
            priority,
            service_id,
            fee_type,
            fee_code,
            fixed_fee,
            format,
            valid_until,
            sender,
            fee_number,
            numbers,
            content,
            part,
        })
    }
}

impl Deliver {
    fn write(&self, writer: &mut Writer) {
        writer.octets(&self.id);
        writer.octets(&[self.is_report, self.format]);
        writer.text(&self.received, 14);
        writer.text(&self.number, NUMBER);
        writer.text(&self.receiver, NUMBER);
        writer.content(&self.content);
        writer.text("", RESERVE);
        if self.udhi {
            optional::write(writer, optional::TP_UDHI, 1);
        }
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (id, is_report, format) = (body.octets()?, body.u8()?, body.u8()?);
        let (received, number, receiver) = (body.text(14)?, body.text(NUMBER)?, body.text(NUMBER)?);
        let content = body.content()?.to_vec();
        body.take(RESERVE)?;
        let udhi = optional::read(body)?.udhi == Some(1);
        Ok(Self { id, is_report, format, received, number, receiver, content, udhi })
    }
}

/// Optional parameters: tag and length of two bytes each, then the value.
mod optional {
    use super::{Malformed, Reader, Writer};

    pub(super) const TP_UDHI: u16 = 0x0002;
    pub(super) const PK_TOTAL: u16 = 0x0009;
    pub(super) const PK_NUMBER: u16 = 0x000A;

    /// Those of one byte that matter here.
    #[derive(Default)]
    pub(super) struct Options {
        pub(super) udhi: Option<u8>,
        pub(super) total: Option<u8>,
        pub(super) number: Option<u8>,
    }

    pub(super) fn write(writer: &mut Writer, tag: u16, value: u8) {
        writer.u16(tag);
        writer.u16(1);
        writer.u8(value);
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Result<Options, Malformed> {
        let mut options = Options::default();
        while !body.is_empty() {
            let (tag, length) = (body.u16()?, body.u16()?);
            let value = body.take(usize::from(length))?.first().copied();
            match tag {
                TP_UDHI => options.udhi = value,
                PK_TOTAL => options.total = value,
                PK_NUMBER => options.number = value,
                _ => {}
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests;
