//! Questions to one sign over UDP, one at a time.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::atomic::{AtomicI32, Ordering},
};

use tokio::net::UdpSocket;

use crate::{
    settings::Signs,
    snmp::{self, Question, Value},
};

/// Bytes of a datagram at most.
const DATAGRAM_MAX: usize = 65_535;

/// Numbers of questions, so that a late answer is not taken for another's.
static NUMBER: AtomicI32 = AtomicI32::new(1);

/// Why a question has no answer that helps.
#[derive(Debug)]
pub(crate) enum LinkFault {
    /// Nothing came back, however often it was sent.
    Silent,
    /// The agent answered with this error-status.
    Status(i64),
    /// The network says no.
    Io,
}

/// A way to one sign. Datagrams of others do not get in: the socket is connected.
pub(crate) struct Link<'a> {
    signs: &'a Signs,
    socket: UdpSocket,
}

impl<'a> Link<'a> {
    pub(crate) async fn open(signs: &'a Signs, sign: SocketAddr) -> io::Result<Self> {
        let own = if sign.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
        let socket = UdpSocket::bind((own, 0)).await?;
        socket.connect(sign).await?;
        Ok(Self { signs, socket })
    }

    /// The address we have on this way; signs know addresses of IPv4 alone.
    pub(crate) fn own_address(&self) -> Ipv4Addr {
        match self.socket.local_addr().map(|address| address.ip()) {
            Ok(IpAddr::V4(address)) => address,
            _ => Ipv4Addr::LOCALHOST,
        }
    }

    /// The value of one object; [`Value::Missing`] when the sign has none.
    pub(crate) async fn get(&self, oid: Vec<u32>) -> Result<Value, LinkFault> {
        // An agent of version 1 says so by an error for the whole question, which is why objects are asked one by one.
        const NO_SUCH_NAME: i64 = 2;
        match self.ask(Question::Get(&[oid])).await {
            Ok(values) => Ok(values.into_iter().next().unwrap_or(Value::Missing)),
            Err(LinkFault::Status(NO_SUCH_NAME)) => Ok(Value::Missing),
            Err(fault) => Err(fault),
        }
    }

    /// A number; `None` when the sign has no such object, or not a number there.
    pub(crate) async fn number(&self, oid: Vec<u32>) -> Result<Option<i64>, LinkFault> {
        let value = self.get(oid).await?;
        Ok(if let Value::Integer(number) = value { Some(number) } else { None })
    }

    /// Bytes; none when the sign has no such object, or not bytes there.
    pub(crate) async fn octets(&self, oid: Vec<u32>) -> Result<Vec<u8>, LinkFault> {
        let value = self.get(oid).await?;
        Ok(if let Value::Octets(bytes) = value { bytes } else { Vec::new() })
    }

    /// Writes objects, all or none.
    pub(crate) async fn set(&self, values: &[(Vec<u32>, Value)]) -> Result<(), LinkFault> {
        self.ask(Question::Set(values)).await.map(drop)
    }

    async fn ask(&self, question: Question<'_>) -> Result<Vec<Value>, LinkFault> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed) & i32::MAX;
        let datagram = snmp::write(self.signs.version, self.signs.community.expose(), number, question);
        for _ in 0..self.signs.sends {
            self.socket.send(&datagram).await.map_err(|_| LinkFault::Io)?;
            match tokio::time::timeout(self.signs.answer_timeout, self.answer_to(number.into())).await {
                Ok(answer) => return answer,
                Err(_) => continue,
            }
        }
        Err(LinkFault::Silent)
    }

    /// The answer of this number; datagrams that are none, or another's, are passed over.
    async fn answer_to(&self, number: i64) -> Result<Vec<Value>, LinkFault> {
        let mut buffer = vec![0; DATAGRAM_MAX];
        loop {
            let length = self.socket.recv(&mut buffer).await.map_err(|_| LinkFault::Io)?;
            match snmp::read(&buffer[..length]) {
                Ok(answer) if answer.request_id == number && answer.error_status == 0 => return Ok(answer.values),
                Ok(answer) if answer.request_id == number => return Err(LinkFault::Status(answer.error_status)),
                _ => {}
            }
        }
    }
}
