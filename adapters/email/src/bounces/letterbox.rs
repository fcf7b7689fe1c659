//! Lines and contents from a peer, bounded in size and time.

use std::{
    io::{ErrorKind, Result},
    time::Duration,
};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::wire::Stream;

/// Bytes of a command at most; RFC 5321 asks for 512 and what extensions add.
const COMMAND_MAX: u64 = 4096;

/// Bytes of a line that are read at a time.
const LINE_MAX: u64 = 64 * 1024;

/// Bytes of a message that are kept.
pub(super) const KEPT: usize = 256 * 1024;

pub(super) struct Letterbox<S> {
    stream: BufReader<S>,
    silence: Duration,
    message_bytes: usize,
}

/// A message as it came, dots undoubled.
pub(super) enum Content {
    /// Its first [`KEPT`] bytes.
    Whole(Vec<u8>),
    /// More bytes than are taken; the rest was not read.
    TooLarge,
}

impl<S: Stream> Letterbox<S> {
    pub(super) fn new(stream: BufReader<S>, silence: Duration, message_bytes: usize) -> Self {
        Self { stream, silence, message_bytes }
    }

    pub(super) fn stream(&mut self) -> &mut BufReader<S> {
        &mut self.stream
    }

    /// The next command without its line end; `None` when the peer has gone.
    pub(super) async fn command(&mut self) -> Result<Option<String>> {
        let line = self.line(COMMAND_MAX).await?;
        if line.is_empty() {
            return Ok(None);
        }
        if !line.ends_with(b"\n") {
            return Err(ErrorKind::InvalidData.into());
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    /// A message up to a line with one dot, both its ends CRLF.
    pub(super) async fn content(&mut self) -> Result<Content> {
        let (mut kept, mut size, mut at_start) = (Vec::new(), 0, true);
        loop {
            let line = self.line(LINE_MAX).await?;
            if line.is_empty() {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if at_start && line == b".\r\n" {
                return Ok(Content::Whole(kept));
            }
            let text = if at_start && line.starts_with(b".") { &line[1..] } else { &line[..] };
            size += text.len();
            if size > self.message_bytes {
                return Ok(Content::TooLarge);
            }
            kept.extend_from_slice(&text[..text.len().min(KEPT - kept.len())]);
            at_start = line.ends_with(b"\r\n");
        }
    }

    /// The next line with its end, or as much of it as is allowed.
    async fn line(&mut self, most: u64) -> Result<Vec<u8>> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.stream).take(most);
        let reading = bounded.read_until(b'\n', &mut line);
        tokio::time::timeout(self.silence, reading).await.map_err(|_| ErrorKind::TimedOut)??;
        Ok(line)
    }
}
