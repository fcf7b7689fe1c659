//! A connection in clear or under TLS.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::BytesMut;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use super::Line;
use crate::protocol::FRAME_MAX;

/// A connection to the peer.
#[derive(Debug)]
pub(crate) enum Stream {
    /// In clear.
    Plain(TcpStream),
    /// Under TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Connects. Small frames must not wait for each other's acknowledgement, so Nagle is off.
    pub(super) async fn open(line: &Line) -> io::Result<Self> {
        let stream = TcpStream::connect((&*line.host, line.port)).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = &line.tls else { return Ok(Self::Plain(stream)) };
        let name = ServerName::try_from(line.host.clone()).map_err(io::Error::other)?;
        Ok(Self::Tls(Box::new(tls.connect(name, stream).await?)))
    }
}

impl Stream {
    /// Reads until a whole frame is there, and takes it out of `input`; what came after it stays.
    pub(super) async fn frame(&mut self, input: &mut BytesMut, header: usize) -> io::Result<BytesMut> {
        loop {
            if let Some(head) = input.first_chunk::<4>() {
                let length = u32::from_be_bytes(*head) as usize;
                if length < header || length > FRAME_MAX {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                if input.len() >= length {
                    return Ok(input.split_to(length));
                }
            }
            if self.read_buf(input).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, into),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
