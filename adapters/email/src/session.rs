//! One connection to the relay: greeting, TLS, log-in, then transactions.

use std::{io, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fenghuo_contract::{Cause, CodeTable, Fault};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use crate::{
    codes::Stage,
    reply::Reply,
    settings::{Login, Mechanism, Relay, Tls},
    wire::{Stream, Wire},
};

/// How long a polite farewell may take.
const FAREWELL: Duration = Duration::from_millis(500);

/// An open connection, logged in.
pub(crate) struct Session {
    pub(crate) wire: Wire<Box<dyn Stream>>,
    pub(crate) offers: Offers,
    /// Transactions begun on it.
    pub(crate) transactions: usize,
    /// A transaction was left open and must be reset before the next.
    pub(crate) unfinished: bool,
    /// The server has said farewell, or the dialogue is out of step.
    pub(crate) over: bool,
    /// Where messages are put together.
    pub(crate) scratch: Vec<u8>,
    /// What replies mean.
    pub(crate) codes: Arc<CodeTable>,
}

/// What the relay offers in its answer to EHLO.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offers {
    /// Commands may be sent in groups (RFC 2920).
    pub(crate) pipelining: bool,
    /// Addresses need not be ASCII (RFC 6531).
    pub(crate) smtputf8: bool,
    /// Bodies need not be ASCII (RFC 6152).
    pub(crate) eight_bit: bool,
    /// Reports can be asked for (RFC 3461).
    pub(crate) dsn: bool,
    /// `Some` when sizes may be announced, with the largest taken (RFC 1870; 0 = no limit known).
    pub(crate) size: Option<usize>,
    starttls: bool,
    mechanisms: Vec<Mechanism>,
}

impl Offers {
    fn read(reply: &Reply) -> Self {
        let mut offers = Self::default();
        for line in reply.lines.iter().skip(1) {
            let line = line.to_ascii_uppercase();
            let mut words = line.split([' ', '=']);
            match words.next().unwrap_or_default() {
                "PIPELINING" => offers.pipelining = true,
                "SMTPUTF8" => offers.smtputf8 = true,
                "8BITMIME" => offers.eight_bit = true,
                "DSN" => offers.dsn = true,
                "STARTTLS" => offers.starttls = true,
                "SIZE" => offers.size = Some(words.next().and_then(|size| size.parse().ok()).unwrap_or(0)),
                "AUTH" => offers.mechanisms.extend(words.filter_map(|word| match word {
                    "PLAIN" => Some(Mechanism::Plain),
                    "LOGIN" => Some(Mechanism::Login),
                    "XOAUTH2" => Some(Mechanism::Xoauth2),
                    _ => None,
                })),
                _ => {}
            }
        }
        offers
    }
}

impl Session {
    /// Connects, protects, logs in.
    pub(crate) async fn open(relay: &Relay) -> Result<Self, Fault> {
        let stream = TcpStream::connect((&*relay.host, relay.port)).await.map_err(|error| broken("CONNECT", &error))?;
        stream.set_nodelay(true).map_err(|error| broken("CONNECT", &error))?;
        let (mut wire, offers) = protect(stream, relay).await?;
        if let Some(login) = &relay.login {
            log_in(&mut wire, &offers, login, &relay.codes).await?;
        }
        let codes = Arc::clone(&relay.codes);
        Ok(Self { wire, offers, transactions: 0, unfinished: false, over: false, scratch: Vec::new(), codes })
    }

    /// Says farewell, and waits a little for the answer.
    pub(crate) async fn quit(mut self) {
        if self.over {
            return;
        }
        let farewell = async {
            self.wire.send(b"QUIT\r\n").await?;
            self.wire.reply().await
        };
        if let Ok(Err(error)) = tokio::time::timeout(FAREWELL, farewell).await {
            tracing::debug!(%error, "the relay did not answer the farewell");
        }
    }
}

async fn protect(stream: TcpStream, relay: &Relay) -> Result<(Wire<Box<dyn Stream>>, Offers), Fault> {
    let (hello, codes) = (&relay.hello_name, &relay.codes);
    match relay.tls {
        Tls::None => {
            let mut wire = Wire::new(Box::new(stream) as Box<dyn Stream>);
            greeting(&mut wire, codes).await?;
            let offers = ehlo(&mut wire, hello, codes).await?;
            Ok((wire, offers))
        }
        Tls::Implicit => {
            let mut wire = encrypted(stream, relay).await?;
            greeting(&mut wire, codes).await?;
            let offers = ehlo(&mut wire, hello, codes).await?;
            Ok((wire, offers))
        }
        Tls::Starttls => {
            let mut wire = Wire::new(stream);
            greeting(&mut wire, codes).await?;
            if !ehlo(&mut wire, hello, codes).await?.starttls {
                let cause = Cause::new("NO-STARTTLS", "the relay offers no STARTTLS and nothing is sent without it");
                return Err(Fault::Misconfigured(cause));
            }
            command(&mut wire, "STARTTLS", Stage::Connect, codes).await?;
            let stream = wire.into_stream().map_err(|error| broken("STARTTLS", &error))?;
            let mut wire = encrypted(stream, relay).await?;
            // What was offered in the clear may have been changed on the way.
            let offers = ehlo(&mut wire, hello, codes).await?;
            Ok((wire, offers))
        }
    }
}

async fn encrypted(stream: TcpStream, relay: &Relay) -> Result<Wire<Box<dyn Stream>>, Fault> {
    let misnamed = || Fault::Misconfigured(Cause::new("TLS", "the host is no name a certificate could have"));
    let name = ServerName::try_from(relay.host.clone()).map_err(|_| misnamed())?;
    let connector = relay.connector.as_ref().ok_or_else(misnamed)?;
    let stream = connector.connect(name, stream).await.map_err(|error| tls_fault(&error))?;
    Ok(Wire::new(Box::new(stream)))
}

/// A certificate that does not hold needs a person; anything else may pass.
fn tls_fault(error: &io::Error) -> Fault {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(tls @ (rustls::Error::InvalidCertificate(_) | rustls::Error::AlertReceived(_))) => {
            Fault::Misconfigured(Cause::new("TLS", &tls.to_string()))
        }
        _ => broken("TLS", error),
    }
}

async fn greeting<S: Stream>(wire: &mut Wire<S>, codes: &CodeTable) -> Result<(), Fault> {
    let reply = wire.reply().await.map_err(|error| broken("GREETING", &error))?;
    if reply.is_positive() { Ok(()) } else { Err(reply.fault(codes, Stage::Connect)) }
}

async fn ehlo<S: Stream>(wire: &mut Wire<S>, name: &str, codes: &CodeTable) -> Result<Offers, Fault> {
    Ok(Offers::read(&command(wire, &format!("EHLO {name}"), Stage::Connect, codes).await?))
}

/// Sends one command; only a positive reply is `Ok`.
async fn command<S: Stream>(
    wire: &mut Wire<S>,
    command: &str,
    stage: Stage,
    codes: &CodeTable,
) -> Result<Reply, Fault> {
    let reply = exchange(wire, command).await?;
    if reply.is_positive() { Ok(reply) } else { Err(reply.fault(codes, stage)) }
}

async fn exchange<S: Stream>(wire: &mut Wire<S>, command: &str) -> Result<Reply, Fault> {
    wire.send(format!("{command}\r\n").as_bytes()).await.map_err(|error| broken("CONNECTION", &error))?;
    wire.reply().await.map_err(|error| broken("CONNECTION", &error))
}

async fn log_in(
    wire: &mut Wire<Box<dyn Stream>>,
    offers: &Offers,
    login: &Login,
    codes: &CodeTable,
) -> Result<(), Fault> {
    let offered = login.mechanisms.iter().find(|mechanism| offers.mechanisms.contains(mechanism));
    let Some(mechanism) = offered else {
        let cause = Cause::new("NO-AUTH", "the relay offers none of the log-in mechanisms allowed");
        return Err(Fault::Misconfigured(cause));
    };
    match mechanism {
        Mechanism::Plain => {
            let token = STANDARD.encode(format!("\0{}\0{}", login.username, login.password()?));
            command(wire, &format!("AUTH PLAIN {token}"), Stage::Auth, codes).await?;
        }
        Mechanism::Login => {
            for line in ["AUTH LOGIN", &STANDARD.encode(&login.username)] {
                let reply = exchange(wire, line).await?;
                if reply.code != 334 {
                    return Err(reply.fault(codes, Stage::Auth));
                }
            }
            command(wire, &STANDARD.encode(login.password()?), Stage::Auth, codes).await?;
        }
        Mechanism::Xoauth2 => xoauth2(wire, login, codes).await?,
    }
    Ok(())
}

/// A refused token is answered with a challenge that holds the reason, and with the refusal after an empty line.
async fn xoauth2(wire: &mut Wire<Box<dyn Stream>>, login: &Login, codes: &CodeTable) -> Result<(), Fault> {
    let token = login.token()?;
    let response = STANDARD.encode(format!("user={}\x01auth=Bearer {token}\x01\x01", login.username));
    let mut reply = exchange(wire, &format!("AUTH XOAUTH2 {response}")).await?;
    if reply.code == 334 {
        reply = exchange(wire, "").await?;
    }
    if reply.is_positive() { Ok(()) } else { Err(reply.fault(codes, Stage::Auth)) }
}

/// A connection that failed before anything was sent over it.
pub(crate) fn broken(code: &str, error: &io::Error) -> Fault {
    Fault::Transient(broken_cause(code, error))
}

/// The words of the operating system name no recipient.
pub(crate) fn broken_cause(code: &str, error: &io::Error) -> Cause {
    Cause::new(code, &error.to_string())
}
