//! Connections that the peer opens to us, to bring its reports (SGIP). From the log-in on they are links like others.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{Arc, PoisonError},
    time::Duration,
};

use bytes::BytesMut;
use fenghuo_contract::{Cause, Fault};
use ipnet::IpNet;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};

use super::{
    Bind, Condition, JOBS_WAITING, TICK,
    inbox::ROOM,
    session::{Session, Wires},
    stream::Stream,
};
use crate::protocol::{Event, FRAME_MAX};

/// Connections at a time; more are turned away, so that a peer gone wild cannot use us up.
const PEERS_MAX: usize = 64;

/// The wait before an address that cannot be listened at is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// Where the peer comes to us.
#[derive(Clone, Debug)]
pub(crate) struct Reception {
    /// Where we listen.
    pub(crate) listen: SocketAddr,
    /// Who may come.
    pub(crate) allow: Vec<IpNet>,
}

impl Reception {
    fn allows(&self, peer: SocketAddr) -> bool {
        let address = peer.ip().to_canonical();
        self.allow.iter().any(|network| network.contains(&address))
    }
}

/// Takes connections until the stop, then waits until all of them have said farewell.
pub(super) async fn receive(bind: Arc<Bind>, reception: Reception) {
    let mut peers = JoinSet::new();
    let mut stop = bind.stop.clone();
    tokio::select! {
        never = accept(&bind, &reception, &mut peers) => match never {},
        stopped = stop.wait_for(|stop| *stop) => drop(stopped),
    }
    while peers.join_next().await.is_some() {}
}

/// Listens as soon as that can be done.
async fn listen(bind: &Bind, reception: &Reception) -> TcpListener {
    loop {
        let error = match TcpListener::bind(reception.listen).await {
            Ok(listener) => {
                bind.becomes(Condition::Up);
                return listener;
            }
            Err(error) => error.kind(),
        };
        tracing::error!(protocol = bind.protocol.name(), listen = %reception.listen, %error, "cannot listen for reports");
        let fault = Fault::Misconfigured(Cause::new("LISTEN", &format!("{}: {error}", reception.listen)));
        *bind.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
        bind.becomes(Condition::Down);
        tokio::time::sleep(RETRY).await;
    }
}

async fn accept(bind: &Arc<Bind>, reception: &Reception, peers: &mut JoinSet<()>) -> Infallible {
    let listener = listen(bind, reception).await;
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Out of descriptors: what is open must end first.
            tokio::time::sleep(TICK).await;
            continue;
        };
        while peers.try_join_next().is_some() {}
        if !reception.allows(peer) || peers.len() >= PEERS_MAX {
            tracing::warn!(protocol = bind.protocol.name(), peer = %peer.ip(), "a connection was turned away");
            continue;
        }
        let bind = Arc::clone(bind);
        peers.spawn(async move {
            if let Err(error) = Box::pin(serve(&bind, stream)).await {
                tracing::warn!(protocol = bind.protocol.name(), peer = %peer.ip(), kind = %error.kind(), "a peer was not let in");
            }
        });
    }
}

/// Lets the peer log in, and speaks with it until it leaves.
async fn serve(bind: &Bind, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut stream, mut input) = (Stream::Plain(stream), BytesMut::with_capacity(FRAME_MAX));
    tokio::time::timeout(bind.line.connect_timeout, let_in(bind, &mut stream, &mut input)).await??;
    // Nothing is ever submitted here: the sender only keeps the channel open.
    let (_no_jobs, mut jobs) = mpsc::channel(JOBS_WAITING);
    let (words, heard) = mpsc::channel(ROOM);
    let (answers, acks) = mpsc::channel(ROOM);
    let mut session = Box::new(Session::new(bind, bind.protocol.first_sequence()));
    let speaking = async move {
        session.run(stream, input, Wires { jobs: &mut jobs, words, acks }).await;
    };
    tokio::join!(bind.courier.carry(heard, answers), speaking);
    Ok(())
}

async fn let_in(bind: &Bind, stream: &mut Stream, input: &mut BytesMut) -> io::Result<()> {
    let frame = stream.frame(input, bind.protocol.header()).await?;
    let Ok(Event::Login { granted, answer }) = bind.protocol.read(&frame) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    stream.write_all(&answer).await?;
    stream.flush().await?;
    if granted { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_addresses_may_come_however_they_are_written() {
        let allow = ["10.20.30.60/32", "fd00:1::/64"].map(|network| network.parse().unwrap()).to_vec();
        let reception = Reception { listen: SocketAddr::from(([0, 0, 0, 0], 8801)), allow };
        for (peer, may) in [
            ("10.20.30.60:1234", true),
            ("[::ffff:10.20.30.60]:1234", true),
            ("[fd00:1::7]:1234", true),
            ("10.20.30.61:1234", false),
            ("127.0.0.1:1234", false),
            ("[fd00:2::7]:1234", false),
        ] {
            assert_eq!(reception.allows(peer.parse().unwrap()), may, "{peer}");
        }
    }
}
