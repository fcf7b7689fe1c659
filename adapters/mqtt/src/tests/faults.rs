//! A broker that follows a script: takes log-ins, and does with messages what no real broker does on demand.

use std::net::SocketAddr;

use fenghuo_contract::Adapter;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::*;
use crate::{Mqtt, Settings};

/// What the broker answers to each message.
#[derive(Clone, Copy)]
enum Answer {
    Nothing,
    /// This reason code.
    Code(u8),
    /// The end of the connection, without a word.
    Drop,
    /// The end of the connection for this reason.
    Disconnect(u8),
}

async fn serve(answer: Answer) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut sessions = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            sessions.spawn(async move { drop(talk(stream, answer).await) });
        }
    });
    (address, serving)
}

/// One packet: its first byte and its body.
async fn packet(stream: &mut TcpStream) -> std::io::Result<(u8, Vec<u8>)> {
    let first = stream.read_u8().await?;
    let (mut length, mut shift) = (0_usize, 0);
    loop {
        let byte = stream.read_u8().await?;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok((first, body))
}

async fn talk(mut stream: TcpStream, answer: Answer) -> std::io::Result<()> {
    loop {
        let (first, body) = packet(&mut stream).await?;
        match first >> 4 {
            // CONNECT: taken, a new session, no properties.
            1 => stream.write_all(&[0x20, 3, 0, 0, 0]).await?,
            // PUBLISH: the number stands behind the topic.
            3 => {
                let topic = usize::from(u16::from_be_bytes([body[0], body[1]]));
                let presence = body[2..2 + topic].ends_with(b"/gateway");
                let number = [body[2 + topic], body[3 + topic]];
                match answer {
                    _ if presence => stream.write_all(&[0x40, 2, number[0], number[1]]).await?,
                    Answer::Nothing => {}
                    Answer::Code(code) => stream.write_all(&[0x40, 3, number[0], number[1], code]).await?,
                    Answer::Drop => return Ok(()),
                    Answer::Disconnect(code) => {
                        stream.write_all(&[0xe0, 2, code, 0]).await?;
                        // Closed with something unread, the reason would be lost on the way.
                        return stream.read_to_end(&mut Vec::new()).await.map(drop);
                    }
                }
            }
            // SUBSCRIBE: the three filters are granted.
            8 => stream.write_all(&[0x90, 6, body[0], body[1], 0, 1, 1, 1]).await?,
            12 => stream.write_all(&[0xd0, 0]).await?,
            // DISCONNECT.
            14 => return Ok(()),
            _ => {}
        }
    }
}

/// What a submit says to such a broker once its messages are under way.
async fn answered(answer: Answer) -> Vec<&'static str> {
    let (address, _serving) = serve(answer).await;
    let source = Source::of(&["plaza"]);
    source.show("plaza", &[("w-1", "flood", 7)], 100);
    let settings = Settings {
        port: Some(address.port()),
        tls: false,
        reconnect_max_ms: 60_000,
        ..Settings::of("127.0.0.1", KEYS)
    };
    let mqtt = Mqtt::new(&settings, source).unwrap();
    let budget = if matches!(answer, Answer::Nothing) { Duration::from_millis(200) } else { BUDGET };
    let flood = batch(content("flood", 7), &["plaza"]);
    let said = loop {
        let said = mqtt.submit(&flood, budget).await.unwrap_or_else(|fault| vec![fault.verdict()]);
        let not_yet = |verdict: &Verdict| matches!(verdict, Verdict::Transient(cause) if &*cause.code == "NOT-SHOWN");
        if !said.iter().any(not_yet) {
            break said;
        }
    };
    mqtt.close().await;
    said.iter().map(kind).collect()
}

#[tokio::test]
async fn an_answer_that_does_not_come_leaves_it_in_doubt() {
    assert_eq!(answered(Answer::Nothing).await, ["in doubt"]);
}

#[tokio::test]
async fn answers_are_classed_by_the_table() {
    for (code, expected) in [
        (0x00, "accepted"),
        (0x10, "accepted"),
        (0x80, "transient"),
        (0x87, "misconfigured"),
        (0x97, "throttled"),
        (0x99, "content"),
    ] {
        assert_eq!(answered(Answer::Code(code)).await, [expected], "{code:#x}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_under_a_message_is_tried_again() {
    assert_eq!(answered(Answer::Drop).await, ["transient"]);
}

#[tokio::test]
async fn the_reason_a_connection_ends_for_is_classed_by_the_table() {
    for (code, expected) in [(0x8b, "transient"), (0x8e, "misconfigured"), (0x96, "throttled")] {
        assert_eq!(answered(Answer::Disconnect(code)).await, [expected], "{code:#x}");
    }
}

#[tokio::test]
async fn nobody_there_is_transient_at_once() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let source = Source::of(&["plaza"]);
    let settings = Settings { port: Some(free.port()), tls: false, ..Settings::of("127.0.0.1", KEYS) };
    let mqtt = Mqtt::new(&settings, source).unwrap();
    let fault = mqtt.submit(&batch(content("flood", 7), &["plaza"]), BUDGET).await.unwrap_err();
    assert!(matches!(fault, fenghuo_contract::Fault::Transient(_)), "{fault}");
    mqtt.close().await;
}
