//! The objects of NTCIP 1203 v03 that are used, and the two structures that are not plain values.

use std::net::Ipv4Addr;

/// `dms`: iso.org.dod.internet.private.enterprises.nema.transportation.devices.dms.
const DMS: [u32; 10] = [1, 3, 6, 1, 4, 1, 1206, 4, 2, 3];

fn below(arcs: &[u32]) -> Vec<u32> {
    DMS.iter().chain(arcs).copied().collect()
}

/// `dmsSignType`: every sign has one.
pub(crate) fn sign_type() -> Vec<u32> {
    below(&[1, 2, 0])
}

/// `dmsValidateMessageError`.
pub(crate) fn validate_error() -> Vec<u32> {
    below(&[5, 9, 0])
}

/// `dmsActivateMessage`: a [`Activation`].
pub(crate) fn activate() -> Vec<u32> {
    below(&[6, 3, 0])
}

/// `dmsMsgTableSource`: which row of the table was copied to the face of the sign, memory, number and CRC.
pub(crate) fn table_source() -> Vec<u32> {
    below(&[6, 5, 0])
}

/// `dmsActivateMsgError`.
pub(crate) fn activate_error() -> Vec<u32> {
    below(&[6, 17, 0])
}

/// `dmsActivateErrorMsgCode`: the order that `dmsActivateMsgError` speaks of.
pub(crate) fn activate_error_code() -> Vec<u32> {
    below(&[6, 24, 0])
}

/// `dmsMultiSyntaxError`.
pub(crate) fn syntax_error() -> Vec<u32> {
    below(&[6, 18, 0])
}

/// A column of `dmsMessageTable`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    MultiString = 3,
    Owner = 4,
    Crc = 5,
    Beacon = 6,
    PixelService = 7,
    RunTimePriority = 8,
    Status = 9,
}

/// `dmsMessageStatus`.
pub(crate) mod status {
    pub(crate) const MODIFYING: i64 = 2;
    pub(crate) const VALIDATING: i64 = 3;
    pub(crate) const VALID: i64 = 4;
    pub(crate) const MODIFY_REQUEST: i64 = 6;
    pub(crate) const VALIDATE_REQUEST: i64 = 7;
}

/// `none` of `dmsActivateMsgError`, `dmsMultiSyntaxError` and `dmsValidateMessageError`.
pub(crate) const NO_ERROR: i64 = 2;
/// `syntaxMULTI` of `dmsActivateMsgError`.
pub(crate) const ACTIVATE_SYNTAX: i64 = 8;
/// `syntaxMULTI` of `dmsValidateMessageError`.
pub(crate) const VALIDATE_SYNTAX: i64 = 5;

/// A row of the message table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// `dmsMessageMemoryType`: 3 changeable, 4 volatile, 5 the face of the sign, 7 blank.
    pub(crate) memory: u8,
    pub(crate) number: u16,
}

impl Slot {
    /// What the face of the sign shows.
    pub(crate) const FACE: Self = Self { memory: 5, number: 1 };
    /// Nothing. The number is its run-time priority: whatever comes next may show.
    pub(crate) const BLANK: Self = Self { memory: 7, number: 1 };

    pub(crate) fn column(self, column: Column) -> Vec<u32> {
        below(&[5, 8, 1, column as u32, self.memory.into(), self.number.into()])
    }
}

/// What shows a message: `MessageActivationCode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Activation {
    /// Minutes it may stand; 65535 = until something else comes.
    pub(crate) minutes: u16,
    /// It shows when this is not below the run-time priority of what shows now.
    pub(crate) priority: u8,
    pub(crate) slot: Slot,
    /// As `dmsMessageCRC` says.
    pub(crate) crc: u16,
    /// Who asks.
    pub(crate) source: Ipv4Addr,
}

impl Activation {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let [slot_high, slot_low] = self.slot.number.to_be_bytes();
        let mut code = self.minutes.to_be_bytes().to_vec();
        code.extend([self.priority, self.slot.memory, slot_high, slot_low]);
        code.extend(self.crc.to_be_bytes());
        code.extend(self.source.octets());
        code
    }

    /// Whether a `MessageIDCode` names the message of this order: row and CRC, its bytes in either order.
    pub(crate) fn is_named_by(&self, code: &[u8]) -> bool {
        let [high, low] = self.slot.number.to_be_bytes();
        let crc = |crc: u16| code[3..] == crc.to_be_bytes();
        code.len() == 5 && code[..3] == [self.slot.memory, high, low] && (crc(self.crc) || crc(self.crc.swap_bytes()))
    }
}

/// `dmsMessageCRC` (CRC-16 of ISO/IEC 3309 over text, beacon and pixel service), its first transmitted byte first.
pub(crate) fn crc(multi: &[u8], beacon: u8, pixel_service: u8) -> u16 {
    let bytes = multi.iter().copied().chain([beacon, pixel_service]);
    let step = |crc: u16, byte: u8| {
        (0..8).fold(crc ^ u16::from(byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 })
    };
    (!bytes.fold(0xffff, step)).swap_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in the definition of MessageActivationCode (NTCIP 1203, NTCIP 8005 annex C.15).
    #[test]
    fn the_standards_own_example_comes_out() {
        let slot = Slot { memory: 4, number: 5 };
        let crc = crc(b"[jp3]TEST [fl]Flashing[/fl]", 0, 0);
        let source = Ipv4Addr::new(103, 8, 9, 10);
        let activation = Activation { minutes: 267, priority: 55, slot, crc, source };
        let expected = [0x01, 0x0b, 0x37, 0x04, 0x00, 0x05, 0x95, 0xf9, 0x67, 0x08, 0x09, 0x0a];
        assert_eq!(activation.bytes(), expected);
        assert!(activation.is_named_by(&expected[3..8]) && activation.is_named_by(&[4, 0, 5, 0xf9, 0x95]));
        for other in [&[][..], &[4, 0, 5], &[4, 0, 6, 0x95, 0xf9], &[4, 0, 5, 0x95, 0xf8]] {
            assert!(!activation.is_named_by(other), "{other:?}");
        }
    }

    #[test]
    fn a_row_has_its_place_in_the_tree() {
        let oid = Slot { memory: 3, number: 1 }.column(Column::MultiString);
        assert_eq!(oid, [1, 3, 6, 1, 4, 1, 1206, 4, 2, 3, 5, 8, 1, 3, 3, 1]);
    }
}
