//! SMGP 3.0.3, the protocol of China Telecom's gateways.

pub mod codec;
pub mod login;
pub mod report;
