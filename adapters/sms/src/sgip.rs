//! SGIP 1.2, the protocol of China Unicom's gateways (SMG).

pub mod codec;
