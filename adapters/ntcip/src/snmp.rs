//! Messages of SNMP versions 1 and 2c (RFC 1157, RFC 3416): a question and its answer.

use crate::ber::{self, BerFault, INTEGER, NULL, OCTETS, OID, Reader, SEQUENCE};

/// A version of the protocol with communities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub enum Version {
    /// SNMPv1, which every sign speaks.
    #[default]
    #[serde(rename = "1")]
    V1,
    /// SNMPv2c.
    #[serde(rename = "2c")]
    V2c,
}

const GET: u8 = 0xa0;
const RESPONSE: u8 = 0xa2;
const SET: u8 = 0xa3;
/// noSuchObject, noSuchInstance, endOfMibView in the place of a value.
const MISSING: std::ops::RangeInclusive<u8> = 0x80..=0x82;
/// Bindings an answer may have; we never ask for more.
const BINDINGS_MAX: usize = 32;

/// A value of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Integer(i64),
    Octets(Vec<u8>),
    /// There is no such object.
    Missing,
    /// Of a kind we never ask for.
    Other(u8),
}

/// What is asked of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question<'a> {
    Get(&'a [Vec<u32>]),
    Set(&'a [(Vec<u32>, Value)]),
}

/// The answer of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) request_id: i64,
    /// 0 = no error.
    pub(crate) error_status: i64,
    pub(crate) values: Vec<Value>,
}

/// A question as it goes out.
pub(crate) fn write(version: Version, community: &[u8], request_id: i32, question: Question<'_>) -> Vec<u8> {
    let mut bindings = Vec::new();
    match question {
        Question::Get(oids) => oids.iter().for_each(|oid| binding(&mut bindings, oid, None)),
        Question::Set(values) => values.iter().for_each(|(oid, value)| binding(&mut bindings, oid, Some(value))),
    }
    let mut pdu = Vec::new();
    ber::write_integer(&mut pdu, request_id.into());
    ber::write_integer(&mut pdu, 0);
    ber::write_integer(&mut pdu, 0);
    ber::write(&mut pdu, SEQUENCE, &bindings);
    let mut message = Vec::new();
    ber::write_integer(&mut message, if version == Version::V1 { 0 } else { 1 });
    ber::write(&mut message, OCTETS, community);
    ber::write(&mut message, if matches!(question, Question::Get(_)) { GET } else { SET }, &pdu);
    let mut out = Vec::new();
    ber::write(&mut out, SEQUENCE, &message);
    out
}

fn binding(out: &mut Vec<u8>, oid: &[u32], value: Option<&Value>) {
    let mut pair = Vec::new();
    ber::write_oid(&mut pair, oid);
    match value {
        Some(Value::Integer(number)) => ber::write_integer(&mut pair, *number),
        Some(Value::Octets(bytes)) => ber::write(&mut pair, OCTETS, bytes),
        _ => ber::write(&mut pair, NULL, &[]),
    }
    ber::write(out, SEQUENCE, &pair);
}

/// An answer as it came in.
///
/// # Errors
/// [`BerFault`] when it is none.
pub(crate) fn read(bytes: &[u8]) -> Result<Answer, BerFault> {
    let mut message = Reader::new(bytes).inside(SEQUENCE)?;
    message.integer()?;
    message.value(OCTETS)?;
    let mut pdu = message.inside(RESPONSE)?;
    let (request_id, error_status) = (pdu.integer()?, pdu.integer()?);
    pdu.integer()?;
    let mut bindings = pdu.inside(SEQUENCE)?;
    let mut values = Vec::new();
    while !bindings.is_empty() && values.len() < BINDINGS_MAX {
        let mut pair = bindings.inside(SEQUENCE)?;
        pair.value(OID)?;
        values.push(match pair.any()? {
            (INTEGER, bytes) => Value::Integer(ber::signed(bytes)?),
            (OCTETS, bytes) => Value::Octets(bytes.to_vec()),
            (tag, _) if MISSING.contains(&tag) => Value::Missing,
            (tag, _) => Value::Other(tag),
        });
    }
    Ok(Answer { request_id, error_status, values })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_question_is_written_as_the_standard_does() {
        let oid = vec![1, 3, 6, 1, 2, 1, 1, 1, 0];
        let question = write(Version::V1, b"public", 1, Question::Get(std::slice::from_ref(&oid)));
        let expected = [
            0x30, 0x26, 2, 1, 0, 4, 6, b'p', b'u', b'b', b'l', b'i', b'c', 0xa0, 0x19, 2, 1, 1, 2, 1, 0, 2, 1, 0, 0x30,
            0x0e, 0x30, 0x0c, 6, 8, 0x2b, 6, 1, 2, 1, 1, 1, 0, 5, 0,
        ];
        assert_eq!(question, expected);
    }

    #[test]
    fn an_answer_has_the_number_of_its_question() {
        // A question turned into an answer by its tag alone.
        let set = [(vec![1, 3, 6, 1], Value::Integer(-7)), (vec![1, 3, 6, 2], Value::Octets(b"[[".to_vec()))];
        let mut bytes = write(Version::V2c, b"sign", 77, Question::Set(&set));
        let at = bytes.iter().position(|byte| *byte == SET).expect("a set");
        bytes[at] = RESPONSE;
        let values = vec![Value::Integer(-7), Value::Octets(b"[[".to_vec())];
        assert_eq!(read(&bytes), Ok(Answer { request_id: 77, error_status: 0, values }));
        assert!(read(&bytes[..bytes.len() - 1]).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(answer) = read(&bytes) {
                prop_assert!(answer.values.len() <= BINDINGS_MAX);
            }
        }

        #[test]
        fn no_changed_byte_makes_it_panic(at in 0_usize..60, byte: u8) {
            let mut bytes = write(Version::V1, b"community", 5, Question::Set(&[(vec![1, 3, 6, 1, 4], Value::Octets(vec![1; 20]))]));
            let pdu = bytes.iter().position(|byte| *byte == SET).expect("a set");
            bytes[pdu] = RESPONSE;
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(answer) = read(&bytes) {
                prop_assert!(answer.values.len() <= BINDINGS_MAX);
            }
        }
    }
}
