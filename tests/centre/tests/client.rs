//! A client that writes frames and reads frames, and knows no more.

use fenghuo_centre::Centre;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
}

impl Client {
    pub(crate) fn of(stream: TcpStream) -> Self {
        Self { stream }
    }

    pub(crate) async fn connect(centre: &Centre) -> Self {
        Self::of(TcpStream::connect(centre.address()).await.unwrap())
    }

    /// Writes frames at once.
    pub(crate) async fn write(&mut self, frames: &[Vec<u8>]) {
        self.stream.write_all(&frames.concat()).await.unwrap();
    }

    /// The next frame; nothing if the connection has ended.
    pub(crate) async fn read(&mut self) -> Option<Vec<u8>> {
        let mut frame = vec![0; 4];
        self.stream.read_exact(&mut frame).await.ok()?;
        let length = u32::from_be_bytes(*frame.first_chunk().unwrap()) as usize;
        frame.resize(length, 0);
        self.stream.read_exact(&mut frame[4..]).await.ok()?;
        Some(frame)
    }

    /// The next frame's four numbers behind the length, as far as it has them.
    pub(crate) async fn head(&mut self) -> Option<[u32; 3]> {
        let frame = self.read().await?;
        let number =
            |at: usize| frame.get(at..at + 4).map_or(0, |octets| u32::from_be_bytes(octets.try_into().unwrap()));
        Some([number(4), number(8), number(12)])
    }
}

/// A frame: its length, then the parts.
pub(crate) fn frame(parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = u32::try_from(body.len() + 4).unwrap();
    [&length.to_be_bytes()[..], &body].concat()
}

/// A field of fixed length, filled with zeros.
pub(crate) fn padded(text: &str, length: usize) -> Vec<u8> {
    let mut field = text.as_bytes().to_vec();
    field.resize(length, 0);
    field
}
