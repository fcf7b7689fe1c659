//! The messages of CMPP 2.0 and 3.0 and their bytes. The two versions differ in the width of numbers and results, and in what
//! stands at the end of a submit and a deliver.

use crate::fixed::{Malformed, Reader, Writer};

/// Bytes of a header: length, command, sequence number.
pub const HEADER: usize = 12;

/// Set in the command of an answer.
const ANSWER: u32 = 0x8000_0000;

const CONNECT: u32 = 1;
const TERMINATE: u32 = 2;
pub(super) const SUBMIT: u32 = 4;
const DELIVER: u32 = 5;
const ACTIVE_TEST: u32 = 8;

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub enum Version {
    /// CMPP 2.0.
    #[serde(rename = "2.0")]
    V20,
    /// CMPP 3.0.
    #[default]
    #[serde(rename = "3.0")]
    V30,
}

impl Version {
    /// Its number in a connect: main version in the upper four bits.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V20 => 0x20,
            Self::V30 => 0x30,
        }
    }

    /// Bytes of a subscriber's number.
    pub(crate) const fn number_width(self) -> usize {
        match self {
            Self::V20 => 21,
            Self::V30 => 32,
        }
    }

    /// Bytes of the LinkID (3.0) or the reserve (2.0) at the end of a submit and a deliver.
    const fn tail_width(self) -> usize {
        match self {
            Self::V20 => 8,
            Self::V30 => 20,
        }
    }

    /// Status and Result have one byte in 2.0 and four in 3.0.
    fn read_result(self, reader: &mut Reader<'_>) -> Result<u32, Malformed> {
        match self {
            Self::V20 => reader.u8().map(u32::from),
            Self::V30 => reader.u32(),
        }
    }

    fn write_result(self, result: u32, writer: &mut Writer) {
        match self {
            Self::V20 => writer.u8(u8::try_from(result).unwrap_or(u8::MAX)),
            Self::V30 => writer.u32(result),
        }
    }
}

/// A message with its sequence number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdu {
    /// Sequence_Id: an answer repeats that of its request.
    pub sequence: u32,
    /// The message.
    pub message: Message,
}

/// The messages a provider of services and a gateway exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// CMPP_CONNECT.
    Connect(Connect),
    /// CMPP_CONNECT_RESP.
    ConnectResp(ConnectResp),
    /// CMPP_TERMINATE.
    Terminate,
    /// CMPP_TERMINATE_RESP.
    TerminateResp,
    /// CMPP_SUBMIT.
    Submit(Box<Submit>),
    /// CMPP_SUBMIT_RESP.
    SubmitResp(Taken),
    /// CMPP_DELIVER.
    Deliver(Box<Deliver>),
    /// CMPP_DELIVER_RESP.
    DeliverResp(Taken),
    /// CMPP_ACTIVE_TEST.
    ActiveTest,
    /// CMPP_ACTIVE_TEST_RESP.
    ActiveTestResp,
    /// Any other command; its body is passed over.
    Other(u32),
}

/// CMPP_CONNECT: we log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// Source_Addr: the SP_Id, at most six characters.
    pub source: Box<str>,
    /// AuthenticatorSource, by [`login::source`](super::login::source).
    pub authenticator: [u8; 16],
    /// Version, by [`Version::number`].
    pub version: u8,
    /// Timestamp: `MMDDHHMMSS` as a number, Beijing time.
    pub timestamp: u32,
}

/// CMPP_CONNECT_RESP: whether the gateway lets us in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectResp {
    /// Status: 0 lets us in.
    pub status: u32,
    /// AuthenticatorISMG, by [`login::gateway`](super::login::gateway).
    pub authenticator: [u8; 16],
    /// Version: the highest the gateway speaks.
    pub version: u8,
}

/// CMPP_SUBMIT: one content, or one part of a long one, for up to 99 numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submit {
    /// Pk_total: parts of the whole text.
    pub parts: u8,
    /// Pk_number: which part this is, from 1.
    pub part: u8,
    /// Registered_Delivery: 1 asks for a status report.
    pub registered_delivery: u8,
    /// Msg_level: 0 to 9, the higher the sooner.
    pub level: u8,
    /// Service_Id, at most ten characters.
    pub service_id: Box<str>,
    /// Fee_UserType: who pays. 0 the receiver, 1 the sender, 2 the provider, 3 what `fee_number` says.
    pub fee_user: u8,
    /// Fee_terminal_Id: the number that pays, empty unless `fee_user` is 3.
    pub fee_number: Box<str>,
    /// TP_udhi: 1 when the content begins with a user data header.
    pub udhi: u8,
    /// Msg_Fmt: 0 ASCII, 4 binary, 8 UCS-2, 15 GBK.
    pub format: u8,
    /// Msg_src: the SP_Id, at most six characters.
    pub source: Box<str>,
    /// FeeType, two characters: `01` free for the fee user.
    pub fee_type: Box<str>,
    /// FeeCode: the price in hundredths of a yuan, at most six digits.
    pub fee_code: Box<str>,
    /// ValId_Time: until when it is worth delivering, in the form of SMPP; empty = the gateway's own rule.
    pub valid_until: Box<str>,
    /// Src_Id: the number shown as the sender, at most 21 characters.
    pub sender: Box<str>,
    /// Dest_terminal_Id: whom it goes to.
    pub numbers: Vec<Box<str>>,
    /// Msg_Content: at most 140 bytes, 159 with Msg_Fmt 0.
    pub content: Vec<u8>,
}

/// The body of CMPP_SUBMIT_RESP and CMPP_DELIVER_RESP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Msg_Id.
    pub id: [u8; 8],
    /// Result: 0 = taken.
    pub result: u32,
}

/// CMPP_DELIVER: what somebody wrote, or a status report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deliver {
    /// Msg_Id of the deliver itself.
    pub id: [u8; 8],
    /// Dest_Id: our number that was written to.
    pub receiver: Box<str>,
    /// Service_Id.
    pub service_id: Box<str>,
    /// TP_udhi: 1 when the content begins with a user data header.
    pub udhi: u8,
    /// Msg_Fmt, as in [`Submit::format`].
    pub format: u8,
    /// Src_terminal_Id: who wrote.
    pub number: Box<str>,
    /// Registered_Delivery: 1 when the content is a [`Report`](super::report::Report).
    pub registered_delivery: u8,
    /// Msg_Content.
    pub content: Vec<u8>,
}

impl Pdu {
    /// Its bytes.
    #[must_use]
    pub fn encode(&self, version: Version) -> Vec<u8> {
        let mut writer = Writer::message();
        writer.u32(self.message.command());
        writer.u32(self.sequence);
        match &self.message {
            Message::Connect(connect) => connect.write(&mut writer),
            Message::ConnectResp(answer) => answer.write(version, &mut writer),
            Message::Submit(submit) => {
                submit.head(version, &mut writer);
                writer.texts(&submit.numbers, version.number_width());
                submit.tail(version, &mut writer);
            }
            Message::Deliver(deliver) => deliver.write(version, &mut writer),
            Message::SubmitResp(taken) | Message::DeliverResp(taken) => {
                writer.octets(&taken.id);
                version.write_result(taken.result, &mut writer);
            }
            Message::ActiveTestResp => writer.u8(0),
            Message::Terminate | Message::TerminateResp | Message::ActiveTest | Message::Other(_) => {}
        }
        writer.finish()
    }

    /// Reads one whole message.
    ///
    /// # Errors
    /// [`Malformed`] when its fields do not come out even.
    pub fn decode(version: Version, bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let (_length, command, sequence) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let body = &mut reader;
        let message = match command {
            CONNECT => Message::Connect(Connect::read(body)?),
            TERMINATE => Message::Terminate,
            SUBMIT => Message::Submit(Box::new(Submit::read(version, body)?)),
            DELIVER => Message::Deliver(Box::new(Deliver::read(version, body)?)),
            ACTIVE_TEST => Message::ActiveTest,
            _ => Message::read_answer(command, version, body)?,
        };
        match message {
            // The reserve of an active test's answer is left out by some gateways.
            Message::ActiveTestResp | Message::Other(_) => {}
            _ => reader.end()?,
        }
        Ok(Self { sequence, message })
    }
}

impl Message {
    const fn command(&self) -> u32 {
        match self {
            Self::Connect(_) => CONNECT,
            Self::ConnectResp(_) => CONNECT | ANSWER,
            Self::Terminate => TERMINATE,
            Self::TerminateResp => TERMINATE | ANSWER,
            Self::Submit(_) => SUBMIT,
            Self::SubmitResp(_) => SUBMIT | ANSWER,
            Self::Deliver(_) => DELIVER,
            Self::DeliverResp(_) => DELIVER | ANSWER,
            Self::ActiveTest => ACTIVE_TEST,
            Self::ActiveTestResp => ACTIVE_TEST | ANSWER,
            Self::Other(command) => *command,
        }
    }

    fn read_answer(command: u32, version: Version, body: &mut Reader<'_>) -> Result<Self, Malformed> {
        if command & ANSWER == 0 {
            return Ok(Self::Other(command));
        }
        Ok(match command & !ANSWER {
            CONNECT => Self::ConnectResp(ConnectResp::read(version, body)?),
            TERMINATE => Self::TerminateResp,
            SUBMIT => Self::SubmitResp(Taken::read(version, body)?),
            DELIVER => Self::DeliverResp(Taken::read(version, body)?),
            ACTIVE_TEST => Self::ActiveTestResp,
            _ => Self::Other(command),
        })
    }
}

impl Connect {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.source, 6);
        writer.octets(&self.authenticator);
        writer.u8(self.version);
        writer.u32(self.timestamp);
    }

    fn read(body: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (source, authenticator) = (body.text(6)?, body.octets()?);
        Ok(Self { source, authenticator, version: body.u8()?, timestamp: body.u32()? })
    }
}

impl ConnectResp {
    fn write(&self, version: Version, writer: &mut Writer) {
        version.write_result(self.status, writer);
        writer.octets(&self.authenticator);
        writer.u8(self.version);
    }

    fn read(version: Version, body: &mut Reader<'_>) -> Result<Self, Malformed> {
        let status = version.read_result(body)?;
        Ok(Self { status, authenticator: body.octets()?, version: body.u8()? })
    }
}

impl Taken {
    fn read(version: Version, body: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { id: body.octets()?, result: version.read_result(body)? })
    }
}

impl Submit {
    /// The fields before the numbers.
    pub(crate) fn head(&self, version: Version, writer: &mut Writer) {
        let width = version.number_width();
        // The gateway gives Msg_Id; TP_pid, At_Time, the types of the numbers (real ones) and the tail stay empty.
        writer.octets(&[0; 8]);
        writer.octets(&[self.parts, self.part, self.registered_delivery, self.level]);
        writer.text(&self.service_id, 10);
        writer.u8(self.fee_user);
        writer.text(&self.fee_number, width);
        if version == Version::V30 {
            writer.u8(0);
        }
        writer.octets(&[0, self.udhi, self.format]);
        writer.text(&self.source, 6);
        writer.text(&self.fee_type, 2);
        writer.text(&self.fee_code, 6);
        writer.text(&self.valid_until, 17);
        writer.text("", 17);
        writer.text(&self.sender, 21);
    }

    /// The fields after the numbers.
    pub(crate) fn tail(&self, version: Version, writer: &mut Writer) {
        if version == Version::V30 {
            writer.u8(0);
        }
        writer.content(&self.content);
        writer.text("", version.tail_width());
    }

    fn read(version: Version, body: &mut Reader<'_>) -> Result<Self, Malformed> {
        let width = version.number_width();
        body.take(8)?;
        let [parts, part, registered_delivery, level] = body.octets()?;
        let (service_id, fee_user, fee_number) = (body.text(10)?, body.u8()?, body.text(width)?);
        if version == Version::V30 {
            body.u8()?;
        }
        let [_pid, udhi, format] = body.octets()?;
        let (source, fee_type, fee_code) = (body.text(6)?, body.text(2)?, body.text(6)?);
        let (valid_until, _at_time, sender) = (body.text(17)?, body.text(17)?, body.text(21)?);
        let count = body.u8()?;
        let numbers = body.texts(count, width)?;
        if version == Version::V30 {
            body.u8()?;
        }
        let content = body.content()?.to_vec();
        body.take(version.tail_width())?;
        Ok(Self {
            parts,
            part,
            registered_delivery,
            level,
            service_id,
            fee_user,
            fee_number,
            udhi,
            format,
            source,
            fee_type,
            fee_code,
            valid_until,
            sender,
            numbers,
            content,
        })
    }
}

impl Deliver {
    fn write(&self, version: Version, writer: &mut Writer) {
        writer.octets(&self.id);
        writer.text(&self.receiver, 21);
        writer.text(&self.service_id, 10);
        writer.octets(&[0, self.udhi, self.format]);
        writer.text(&self.number, version.number_width());
        if version == Version::V30 {
            writer.u8(0);
        }
        writer.u8(self.registered_delivery);
        writer.content(&self.content);
        writer.text("", version.tail_width());
    }

    fn read(version: Version, body: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (id, receiver, service_id) = (body.octets()?, body.text(21)?, body.text(10)?);
        let [_pid, udhi, format] = body.octets()?;
        let number = body.text(version.number_width())?;
        if version == Version::V30 {
            body.u8()?;
        }
        let registered_delivery = body.u8()?;
        let content = body.content()?.to_vec();
        body.take(version.tail_width())?;
        Ok(Self { id, receiver, service_id, udhi, format, number, registered_delivery, content })
    }
}

#[cfg(test)]
mod tests;
