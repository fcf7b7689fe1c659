//! One connection to the broker, in either version of the protocol. What was not acknowledged when it ends is forgotten:
//! whoever connects again publishes what holds then.

mod v3;
mod v5;

use std::pin::Pin;

use bytes::Bytes;
use fenghuo_contract::{Cause, Class, CodeTable, Fault};
use futures_util::Stream;

use crate::settings::{Broker, Version};

/// Messages that may be unacknowledged in either direction.
pub(crate) const WINDOW: u16 = 32;
/// Requests that fit between us and the connection: the window, acknowledgements of ours and the few of a start.
const REQUESTS: usize = 4 * WINDOW as usize;
/// Bytes of a message we take at most; words of screens are far shorter.
const INCOMING_MAX: u32 = 64 * 1024;
/// Bytes of a message we send at most.
const OUTGOING_MAX: u32 = 16 * 1024 * 1024;
/// Seconds the broker of version 5 keeps what screens said while we were away.
const SESSION_S: u32 = 3600;

/// A message to be kept by the broker.
pub(crate) struct Publication {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    /// Seconds until the broker forgets it; only version 5 can. `None` = never.
    pub(crate) expiry_s: Option<u32>,
}

/// What a connection says.
pub(crate) enum Heard {
    /// The log-in succeeded. The broker takes messages of so many bytes at most, when it says.
    Connected { packet_max: Option<u32> },
    /// The next of the publications, in their order, was written under this number.
    Sent(u16),
    /// The broker answered the message of this number; 0 and 0x10 = taken.
    Answered { number: u16, code: u8 },
    /// A message for us, not acknowledged yet.
    Message(Message),
    /// The broker does not let us hear what screens say.
    Deaf,
    /// Nothing of interest.
    Other,
}

/// A message of a screen.
pub(crate) struct Message {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    pub(crate) unanswered: Unanswered,
}

/// What it takes to acknowledge a message.
pub(crate) enum Unanswered {
    V3(rumqttc::Publish),
    V5(Box<rumqttc::v5::mqttbytes::v5::Publish>),
}

/// The end of a connection.
#[derive(Debug)]
pub(crate) struct Broken {
    /// As the code table writes it, or a name of our own.
    pub(crate) code: String,
    pub(crate) text: String,
}

impl Broken {
    fn code(occasion: &str, code: u8) -> Self {
        Self { code: format!("{occasion} 0x{code:02X}"), text: "the broker refuses or ends the connection".to_owned() }
    }

    fn io(error: &std::io::Error) -> Self {
        let handshake = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
        let code = if handshake { "tls" } else { "IO" };
        Self { code: code.to_owned(), text: error.to_string() }
    }

    fn other(text: &dyn std::fmt::Display) -> Self {
        Self { code: "PROTOCOL".to_owned(), text: text.to_string() }
    }

    /// What it means for every message: none of them was taken.
    pub(crate) fn fault(&self, codes: &CodeTable) -> Fault {
        let known = codes.find(&self.code);
        let cause = Cause::new(&self.code, known.map_or(&*self.text, |meaning| &*meaning.en));
        let class = known.map_or(Class::Transient, |meaning| meaning.class);
        class.fault(cause.clone(), None).unwrap_or(Fault::Transient(cause))
    }
}

/// What one connection says, until it ends.
pub(crate) type Hearing = Pin<Box<dyn Stream<Item = Result<Heard, Broken>> + Send>>;

/// The side of a connection that speaks.
#[derive(Clone)]
pub(crate) enum Client {
    V3(rumqttc::AsyncClient),
    V5(rumqttc::v5::AsyncClient),
}

/// Opens a connection: it is made while the hearing is polled.
pub(crate) fn open(broker: &Broker) -> (Client, Hearing) {
    match broker.version {
        Version::V3 => v3::open(broker),
        Version::V5 => v5::open(broker),
    }
}

/// The requests of a connection are not read fast enough, or it ended.
#[derive(Debug)]
pub(crate) struct NoRoom;

impl Client {
    /// Hands over a message that the broker shall keep, with QoS 1.
    pub(crate) fn publish(&self, message: Publication) -> Result<(), NoRoom> {
        match self {
            Self::V3(client) => v3::publish(client, message),
            Self::V5(client) => v5::publish(client, message),
        }
    }

    /// Asks for the messages of these topics.
    pub(crate) fn subscribe(&self, filters: Vec<String>) -> Result<(), NoRoom> {
        match self {
            Self::V3(client) => v3::subscribe(client, filters),
            Self::V5(client) => v5::subscribe(client, filters),
        }
    }

    /// Tells the broker that a message was taken.
    pub(crate) async fn acknowledge(&self, message: &Unanswered) -> Result<(), NoRoom> {
        match (self, message) {
            (Self::V3(client), Unanswered::V3(message)) => client.ack(message).await.map_err(|_| NoRoom),
            (Self::V5(client), Unanswered::V5(message)) => client.ack(message).await.map_err(|_| NoRoom),
            _ => Err(NoRoom),
        }
    }

    /// The same without waiting for room.
    pub(crate) fn acknowledge_now(&self, message: &Unanswered) -> Result<(), NoRoom> {
        match (self, message) {
            (Self::V3(client), Unanswered::V3(message)) => client.try_ack(message).map_err(|_| NoRoom),
            (Self::V5(client), Unanswered::V5(message)) => client.try_ack(message).map_err(|_| NoRoom),
            _ => Err(NoRoom),
        }
    }

    /// Says farewell, so that the last will is not published.
    pub(crate) fn disconnect(&self) -> Result<(), NoRoom> {
        match self {
            Self::V3(client) => client.try_disconnect().map_err(|_| NoRoom),
            Self::V5(client) => client.try_disconnect().map_err(|_| NoRoom),
        }
    }
}

/// What presence says.
pub(crate) fn presence(online: bool) -> &'static str {
    if online { r#"{"online":true}"# } else { r#"{"online":false}"# }
}
