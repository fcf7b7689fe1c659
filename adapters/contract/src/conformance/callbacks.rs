use std::{
    net::{IpAddr, Ipv4Addr},
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::Report;
use crate::{Adapter, Callback, SignatureCheck};

pub(super) fn run(adapter: &dyn Adapter, report: &mut Report) {
    for Call { headers, query, body } in hostile() {
        let callback = Callback {
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            headers: &headers,
            query: &query,
            body: &body,
            signature: SignatureCheck::Observe,
        };
        let read = || format!("{:?}", adapter.read_callback(&callback));
        let Ok(first) = catch_unwind(AssertUnwindSafe(read)) else {
            report.broken("S30", format!("read_callback panicked on a body of {} bytes: {}", body.len(), start(&body)));
            continue;
        };
        let second = read();
        report.must(first == second, "S30", || format!("the same callback was read as {first}, then as {second}"));
    }
}

fn start(body: &[u8]) -> String {
    body[..body.len().min(60)].escape_ascii().to_string()
}

/// A call with its parts owned.
struct Call {
    headers: Vec<(String, String)>,
    query: String,
    body: Vec<u8>,
}

/// Calls no provider would make.
fn hostile() -> Vec<Call> {
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        vec![0],
        vec![0xff; 4096],
        b"{".repeat(100_000),
        b"[".repeat(100_000),
        br#"{"a":1e999,"b":-1,"c":null,"d":"\ud800"}"#.to_vec(),
        b"[{}]".to_vec(),
        br#"[{"phone_number":null,"success":"maybe","biz_id":{},"report_time":"9999-99-99 99:99:99"}]"#.to_vec(),
        b"<a>".repeat(50_000),
        b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>".to_vec(),
        b"<xml><MsgID>-1</MsgID><Encrypt>====</Encrypt></xml>".to_vec(),
        b"a=%&b=%zz&c=%ff&=&&&===".to_vec(),
        "暴雨".repeat(10_000).into_bytes(),
        noise(1 << 20),
    ];
    let headers = [
        Vec::new(),
        vec![("content-type".to_owned(), "application/json".to_owned())],
        vec![
            ("content-type".to_owned(), "text/xml; charset=gb18030".to_owned()),
            (String::new(), "\u{fffd}".repeat(999)),
        ],
    ];
    let long = "a".repeat(8192);
    let queries = ["", "signature=&timestamp=-1&nonce=%00&echostr=%", &long];
    let call = |number: usize, body: &Vec<u8>| Call {
        headers: headers[number % 3].clone(),
        query: queries[number * 2 % 3].to_owned(),
        body: body.clone(),
    };
    let pair = |(number, body): (usize, &Vec<u8>)| [call(number, body), call(number + 1, body)];
    bodies.iter().enumerate().flat_map(pair).collect()
}

/// Bytes without a pattern, always the same (xorshift).
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..count).map(|_| next()).collect()
}
