//! CMPP 2.0 and 3.0, the protocol of China Mobile's gateways (ISMG).

pub mod codec;
pub mod login;
pub mod report;
