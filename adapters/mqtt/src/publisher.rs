//! Keeps the retained message of every group equal to the source: after each connection, on every change, and before the
//! signature of what the broker holds runs out.

use std::{pin::pin, sync::Arc, time::Duration};

use futures_util::StreamExt;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    acks,
    board::{Board, Link},
    session::Session,
    settings::Broker,
    state::StateSource,
    wire::{self, Broken, Heard, Hearing},
};

/// The pause before the first new attempt to connect; each next is twice as long.
const RECONNECT_FIRST: Duration = Duration::from_millis(100);
/// A connection that lasted so long may be followed by the next at once; one that did not is the sign of something that
/// connecting alone does not mend.
const LASTING: Duration = Duration::from_secs(10);
/// Time the broker has for our farewell.
const FAREWELL: Duration = Duration::from_secs(2);

/// The task of an adapter.
pub(crate) struct Publisher {
    pub(crate) broker: Broker,
    pub(crate) source: Arc<dyn StateSource>,
    pub(crate) board: watch::Sender<Board>,
    pub(crate) closing: CancellationToken,
    /// Whether the connection has lasted.
    pub(crate) lasted: bool,
    /// Words that said nothing: not ours to repair, but to be seen.
    pub(crate) garbage: u64,
}

/// How a connection ended.
enum End {
    Closing,
    Broken(Broken),
}

impl Publisher {
    /// Connects, again and again, until the adapter closes; not before the source can be asked.
    pub(crate) async fn run(mut self) {
        let mut changes = self.source.changes();
        while !self.source.is_ready() {
            let changed = tokio::select! {
                changed = changes.changed() => changed.is_ok(),
                () = self.closing.cancelled() => false,
            };
            if !changed {
                return self.board.send_modify(|board| board.turn(Link::Closed));
            }
        }
        let mut pause = RECONNECT_FIRST;
        while let End::Broken(fault) = self.connection().await {
            if std::mem::take(&mut self.lasted) {
                pause = RECONNECT_FIRST;
            }
            let down = Link::Down(fault.fault(&self.broker.codes));
            if self.board.borrow().link != down {
                tracing::warn!(code = fault.code, text = fault.text, "the broker of the panels is not connected");
            }
            self.board.send_modify(|board| board.turn(down));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.closing.cancelled() => break,
            }
            pause = (pause * 2).min(self.broker.reconnect_max);
        }
        self.board.send_modify(|board| board.turn(Link::Closed));
    }

    /// One connection from its first byte to its last.
    async fn connection(&mut self) -> End {
        let (client, mut hearing) = wire::open(&self.broker);
        let packet_max = loop {
            let heard = tokio::select! {
                heard = hear(&mut hearing) => heard,
                () = self.closing.cancelled() => return End::Closing,
            };
            match heard {
                Ok(Heard::Connected { packet_max }) => break packet_max,
                Ok(_) => {}
                Err(fault) => return End::Broken(fault),
            }
        };
        tracing::info!("the broker of the panels is connected");
        self.board.send_modify(|board| board.turn(Link::Up));
        let (words, waiting) = acks::queue();
        let refused = Arc::new(Notify::new());
        let carrier = acks::carry(Arc::clone(&self.source), client.clone(), waiting, Arc::clone(&refused));
        let session = Session::new(self, client, words, packet_max);
        tokio::select! {
            end = session.run(&mut hearing, &refused) => end.unwrap_or_else(End::Broken),
            // It ends by itself when words were not taken; the session hears of it and comes first the next time.
            () = async { carrier.await; std::future::pending().await } => End::Closing,
        }
    }
}

impl Session<'_> {
    async fn run(mut self, hearing: &mut Hearing, refused: &Notify) -> Result<End, Broken> {
        let closing = self.publisher.closing.clone();
        let mut changes = self.publisher.source.changes();
        let mut lasting = pin!(tokio::time::sleep(LASTING));
        self.greet()?;
        self.all_due().await;
        loop {
            self.publish_due().await?;
            tokio::select! {
                heard = hear(hearing) => self.heard(heard?)?,
                Ok(()) = changes.changed() => self.all_due().await,
                Some(old) = self.refreshing.next() => self.grew_old(old.into_inner()),
                () = &mut lasting, if !self.publisher.lasted => self.publisher.lasted = true,
                () = refused.notified() => return Err(Broken::ours("what screens said could not be stored")),
                () = closing.cancelled() => {
                    self.farewell(hearing).await?;
                    return Ok(End::Closing);
                }
            }
        }
    }

    /// Says that we go, waits until the broker knows, and goes.
    async fn farewell(&mut self, hearing: &mut Hearing) -> Result<(), Broken> {
        self.absent()?;
        let parting = async {
            while !self.is_answered() {
                let heard = hear(hearing).await?;
                self.heard(heard)?;
            }
            self.client.disconnect().map_err(|_| Broken::ours("no room"))?;
            // The connection ends once the farewell is written.
            while hear(hearing).await.is_ok() {}
            Ok(())
        };
        tokio::time::timeout(FAREWELL, parting).await.unwrap_or(Ok(()))
    }
}

/// Logs in and goes again: nothing is published, and nobody is told.
pub(crate) async fn look_in(broker: &Broker) -> Result<(), Broken> {
    let (client, mut hearing) = wire::open(broker);
    while !matches!(hear(&mut hearing).await?, Heard::Connected { .. }) {}
    client.disconnect().map_err(|_| Broken::ours("no room"))?;
    // The connection ends once the farewell is written.
    while hear(&mut hearing).await.is_ok() {}
    Ok(())
}

/// The next word of a connection; its end is one too.
async fn hear(hearing: &mut Hearing) -> Result<Heard, Broken> {
    hearing.next().await.unwrap_or_else(|| Err(Broken::ours("the connection ended")))
}
