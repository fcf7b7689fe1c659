//! Replies in, commands out, over any stream, with bounds.

use std::{
    future::poll_fn,
    io::{Error, ErrorKind, Result},
    pin::Pin,
    task::Poll,
};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::reply::Reply;

/// Bytes of one reply at most; RFC 5321 asks for 512 a line.
const REPLY_MAX: usize = 64 * 1024;

/// A stream that carries a dialogue.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A dialogue over a stream.
pub(crate) struct Wire<S> {
    stream: S,
    received: Vec<u8>,
    /// How much of `received` has been read as replies.
    read: usize,
}

impl<S: Stream> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, received: Vec::new(), read: 0 }
    }

    /// The bare stream, when nothing was received beyond the replies read. What comes between the answer to STARTTLS
    /// and the handshake was put there by somebody else.
    pub(crate) fn into_stream(self) -> Result<S> {
        if self.read < self.received.len() {
            return Err(Error::new(ErrorKind::InvalidData, "bytes before the TLS handshake"));
        }
        Ok(self.stream)
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Like [`Wire::send`]; sets `sent` as soon as the last byte has been handed over, even if that is all that happens.
    pub(crate) async fn send_marking(&mut self, bytes: &[u8], sent: &mut bool) -> Result<()> {
        let mut written = 0;
        while written < bytes.len() {
            match self.stream.write(&bytes[written..]).await? {
                0 => return Err(ErrorKind::WriteZero.into()),
                count => written += count,
            }
        }
        *sent = true;
        self.stream.flush().await
    }

    /// The next whole reply.
    pub(crate) async fn reply(&mut self) -> Result<Reply> {
        let mut reply = Reply::default();
        let mut size = 0;
        loop {
            let line = self.line(REPLY_MAX.saturating_sub(size)).await?;
            size += line.len();
            let (code, last, text) = split(&line).ok_or_else(|| malformed("not an SMTP reply"))?;
            if !reply.lines.is_empty() && reply.code != code {
                return Err(malformed("a reply with two codes"));
            }
            reply.code = code;
            reply.lines.push(text.to_owned());
            if last {
                return Ok(reply);
            }
        }
    }

    async fn line(&mut self, most: usize) -> Result<String> {
        let mut searched = self.read;
        loop {
            if let Some(end) = self.received[searched..].iter().position(|byte| *byte == b'\n') {
                let end = searched + end;
                let line = self.received[self.read..end].strip_suffix(b"\r").unwrap_or(&self.received[self.read..end]);
                let line = String::from_utf8_lossy(line).into_owned();
                self.read = end + 1;
                return Ok(line);
            }
            searched = self.received.len();
            if searched - self.read >= most {
                return Err(malformed("a reply without end"));
            }
            if self.read > 0 {
                self.received.drain(..self.read);
                searched -= self.read;
                self.read = 0;
            }
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Whether the connection rests: open, and nothing has come in that nobody asked for (a farewell, mostly).
    pub(crate) async fn is_quiet(&mut self) -> bool {
        if self.read < self.received.len() {
            return false;
        }
        poll_fn(|context| {
            let mut byte = [0];
            let mut buffer = ReadBuf::new(&mut byte);
            Poll::Ready(Pin::new(&mut self.stream).poll_read(context, &mut buffer).is_pending())
        })
        .await
    }
}

fn malformed(text: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, text)
}

/// Code, whether it is the last line, and text.
fn split(line: &str) -> Option<(u16, bool, &str)> {
    let (code, rest) = line.split_at_checked(3)?;
    let code = code.bytes().all(|byte| byte.is_ascii_digit()).then(|| code.parse().ok())??;
    match rest.as_bytes().first() {
        None => Some((code, true, "")),
        Some(b' ') => Some((code, true, &rest[1..])),
        Some(b'-') => Some((code, false, &rest[1..])),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn replies(bytes: &[u8]) -> (Vec<Reply>, ErrorKind) {
        let (near, mut far) = tokio::io::duplex(256 * 1024);
        far.write_all(bytes).await.unwrap();
        drop(far);
        let mut wire = Wire::new(near);
        let mut replies = Vec::new();
        loop {
            match wire.reply().await {
                Ok(reply) => replies.push(reply),
                Err(error) => return (replies, error.kind()),
            }
        }
    }

    #[tokio::test]
    async fn reads_replies_however_they_are_written() {
        let (replies, end) = replies("220 hello\r\n250-a\r\n250-b\n250 c\r\n354\r\n550 没有\r\n".as_bytes()).await;
        let read: Vec<_> = replies.iter().map(|reply| (reply.code, reply.lines.join("|"))).collect();
        let expected = [(220, "hello"), (250, "a|b|c"), (354, ""), (550, "没有")];
        assert_eq!(read, expected.map(|(code, text)| (code, text.to_owned())));
        assert_eq!(end, ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn refuses_what_is_no_reply() {
        for hostile in ["hello\r\n", "25x no\r\n", "250_no\r\n", "250-a\r\n251 b\r\n", "\r\n", "２５０ a\r\n"] {
            assert_eq!(replies(hostile.as_bytes()).await, (Vec::new(), ErrorKind::InvalidData), "{hostile}");
        }
    }

    #[tokio::test]
    async fn reads_no_reply_without_end() {
        let endless_line = vec![b'2'; 200_000];
        let endless_lines = b"250-x\r\n".repeat(30_000);
        for hostile in [endless_line, endless_lines] {
            assert_eq!(replies(&hostile).await.1, ErrorKind::InvalidData);
        }
    }
}
