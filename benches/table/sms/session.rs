//! A bare SMPP session, which has the same messages on the wire as a link of the gateway and nothing behind them.
//!
//! It binds as a transceiver and sends as many messages of the same length, UCS-2 with a receipt asked for, to numbers of the
//! same form, with as many unanswered as a link of the gateway may have ([`WINDOW`]). What comes is read in whole chunks: an
//! answer makes room in the window, a receipt is answered with zero, and everything there is to write leaves in one write.
//! It is over when every message is answered and has its receipt. What it leaves out is all that is not the protocol: it
//! looks at command, length and number of a message only, keeps no name of a message and writes nothing down.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::WINDOW;

const BIND_TRANSCEIVER: u32 = 0x09;
const SUBMIT: u32 = 0x04;
const DELIVER: u32 = 0x05;
const RESPONSE: u32 = 0x8000_0000;

/// Sends `count` messages to the numbers from `first` on, until each is answered and has its receipt.
pub(super) async fn run(address: SocketAddr, first: u32, count: u32) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut out = Vec::new();
    put(&mut out, BIND_TRANSCEIVER, 1, &[b"900001\0secret\0\0\x34\0\0\0"]);
    stream.write_all(&out).await?;
    let mut input = Vec::with_capacity(1 << 18);
    while input.len() < 16 {
        stream.read_buf(&mut input).await?;
    }
    input.clear();
    let (mut sent, mut answered, mut reported) = (0, 0, 0);
    while answered < count || reported < count {
        out.clear();
        while sent < count && ((sent - answered) as usize) < WINDOW {
            submit(&mut out, sent + 2, first + sent);
            sent += 1;
        }
        let mut read = 0;
        while let Some((command, sequence, length)) = head(&input[read..]) {
            match command {
                DELIVER => {
                    reported += 1;
                    put(&mut out, DELIVER | RESPONSE, sequence, &[b"\0"]);
                }
                answer if answer == SUBMIT | RESPONSE => answered += 1,
                _ => {}
            }
            read += length;
        }
        input.drain(..read);
        if out.is_empty() {
            if stream.read_buf(&mut input).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        } else {
            stream.write_all(&out).await?;
        }
    }
    Ok(())
}

/// A message like those the gateway sends: UCS-2, a receipt asked for.
fn submit(out: &mut Vec<u8>, sequence: u32, number: u32) {
    let to = format!("+999{number:010}");
    let text = [0x96, 0xE8].repeat(28);
    let head = b"\0\0\x01\0\x01\x01";
    put(out, SUBMIT, sequence, &[head, to.as_bytes(), b"\0\0\0\x03\0\x3000002000000000R\0\x01\0\x08\0", &[56], &text]);
}

/// Command, sequence and length of the first message that is here whole.
fn head(input: &[u8]) -> Option<(u32, u32, usize)> {
    let field = |at: usize| Some(u32::from_be_bytes(input.get(at..at + 4)?.try_into().ok()?));
    let length = field(0)? as usize;
    (input.len() >= length && length >= 16).then_some((field(4)?, field(12)?, length))
}

fn put(out: &mut Vec<u8>, command: u32, sequence: u32, body: &[&[u8]]) {
    let length = 16 + body.iter().map(|part| part.len()).sum::<usize>();
    for field in [length as u32, command, 0, sequence] {
        out.extend_from_slice(&field.to_be_bytes());
    }
    body.iter().for_each(|part| out.extend_from_slice(part));
}
