//! Numbers of commands and statuses.

/// command_id.
pub(super) mod command {
    pub(in crate::smpp) const BIND_RECEIVER: u32 = 0x01;
    pub(in crate::smpp) const BIND_TRANSMITTER: u32 = 0x02;
    pub(in crate::smpp) const QUERY: u32 = 0x03;
    pub(in crate::smpp) const SUBMIT: u32 = 0x04;
    pub(in crate::smpp) const DELIVER: u32 = 0x05;
    pub(in crate::smpp) const UNBIND: u32 = 0x06;
    pub(in crate::smpp) const REPLACE: u32 = 0x07;
    pub(in crate::smpp) const CANCEL: u32 = 0x08;
    pub(in crate::smpp) const BIND_TRANSCEIVER: u32 = 0x09;
    pub(in crate::smpp) const ENQUIRE_LINK: u32 = 0x15;
    pub(in crate::smpp) const SUBMIT_MULTI: u32 = 0x21;
    pub(in crate::smpp) const DATA: u32 = 0x103;
    pub(in crate::smpp) const BROADCAST: u32 = 0x111;
    pub(in crate::smpp) const RESPONSE: u32 = 0x8000_0000;
    pub(in crate::smpp) const GENERIC_NACK: u32 = 0x8000_0000;
}

/// command_status.
pub(super) mod status {
    pub(in crate::smpp) const INVMSGLEN: u32 = 0x01;
    pub(in crate::smpp) const INVCMDLEN: u32 = 0x02;
    pub(in crate::smpp) const INVCMDID: u32 = 0x03;
    pub(in crate::smpp) const INVBNDSTS: u32 = 0x04;
    pub(in crate::smpp) const ALYBND: u32 = 0x05;
    pub(in crate::smpp) const INVDSTADR: u32 = 0x0B;
    pub(in crate::smpp) const BINDFAIL: u32 = 0x0D;
    pub(in crate::smpp) const INVPASWD: u32 = 0x0E;
    pub(in crate::smpp) const INVSYSID: u32 = 0x0F;
    pub(in crate::smpp) const CANCELFAIL: u32 = 0x11;
    pub(in crate::smpp) const REPLACEFAIL: u32 = 0x13;
    pub(in crate::smpp) const INVNUMDESTS: u32 = 0x33;
    pub(in crate::smpp) const INVDESTFLAG: u32 = 0x40;
    pub(in crate::smpp) const INVESMCLASS: u32 = 0x43;
    pub(in crate::smpp) const THROTTLED: u32 = 0x58;
    pub(in crate::smpp) const INVSCHED: u32 = 0x61;
    pub(in crate::smpp) const INVEXPIRY: u32 = 0x62;
    pub(in crate::smpp) const QUERYFAIL: u32 = 0x67;
    pub(in crate::smpp) const INVOPTPARSTREAM: u32 = 0xC0;
    pub(in crate::smpp) const INVPARLEN: u32 = 0xC2;
    pub(in crate::smpp) const INVOPTPARAMVAL: u32 = 0xC4;
    pub(in crate::smpp) const INVDCS: u32 = 0x104;
    pub(in crate::smpp) const BCASTFAIL: u32 = 0x10D;
}
