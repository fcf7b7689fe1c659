//! How a message of the route is written.

use fenghuo_contract::{Content, Urgency};

use super::{Smpp, UDHI, pdu};
use crate::{
    Coding, Long,
    protocol::{Message, Place},
    text::{self, Plan},
};

impl Smpp {
    /// What all submits of a batch have in common.
    pub(super) fn compose(&self, plan: &Plan<'_>, content: &Content, reference: u16) -> Message {
        let manner = &self.manner;
        let payload = manner.long == Long::Payload && plan.segments.len() > 1;
        let whole = [plan.whole()];
        let bodies = if payload { &whole[..] } else { &plan.segments };
        let total = u8::try_from(bodies.len()).unwrap_or(u8::MAX);
        let (data_coding, priority) = (self.data_coding(plan.coding, content.urgency), self.priority(content.urgency));
        let validity = (content.expires_at != 0).then(|| relative(content.expires_at - (self.now)()));
        let segments = (1..=total).zip(bodies).map(|(number, body)| {
            let header = if total > 1 { manner.long.header(reference, total, number) } else { Vec::new() };
            let sar = (total > 1 && manner.long == Long::Sar).then_some(Place { reference, total, number });
            let esm_class = if header.is_empty() { 0 } else { UDHI };
            let body = self.user_data(plan.coding, header, body);
            let validity = validity.clone();
            pdu::Submit { manner, esm_class, priority, validity, data_coding, body, sar, payload }.segment()
        });
        Message { segments: segments.collect() }
    }

    fn user_data(&self, coding: Coding, mut header: Vec<u8>, body: &[u8]) -> Vec<u8> {
        if coding == Coding::Gsm7 && self.manner.packed {
            let packed = text::pack(body, header.len());
            header.extend(packed);
        } else {
            header.extend_from_slice(body);
        }
        header
    }

    /// 3GPP TS 23.038 §4: the coding group 0001 names a class, 0 = shown at once. Latin-1 is a number of SMPP's own and has
    /// no classes.
    fn data_coding(&self, coding: Coding, urgency: Urgency) -> u8 {
        let flash = self.manner.flash_red && urgency == Urgency::Highest;
        match coding {
            Coding::Gsm7 => u8::from(flash) << 4,
            Coding::Ascii => 0x01,
            Coding::Latin1 => 0x03,
            Coding::Ucs2 | Coding::Gbk => 0x08 | u8::from(flash) << 4,
        }
    }

    fn priority(&self, urgency: Urgency) -> u8 {
        let wanted = match urgency {
            Urgency::Unknown | Urgency::Low => 0,
            Urgency::Medium => 1,
            Urgency::High => 2,
            Urgency::Highest => 3,
        };
        wanted.min(self.manner.priority_max)
    }
}

/// A relative time of SMPP 5.0 §4.7.23.2, never less than asked for: `YYMMDDhhmmss000R`. Months have 28 days at least, so
/// what is longer than a month is counted in months of that length.
pub(super) fn relative(seconds: i64) -> String {
    let seconds = seconds.clamp(1, 99 * 12 * 28 * 86_400);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    if days > 28 {
        let months = (days + 1).div_euclid(28) + 1;
        return format!("{:02}{:02}00000000000R", months / 12, months % 12);
    }
    format!("0000{days:02}{:02}{:02}{:02}000R", rest / 3600, rest / 60 % 60, rest % 60)
}
