//! Worlds in one line.

pub mod arrivals;
pub mod assembly;
pub mod engine;
pub mod gateway;

pub mod message;
pub mod peers;
pub mod program;
pub mod redis;
