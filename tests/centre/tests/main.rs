//! Centres against programs of other people and against scripted clients.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod carriers;
mod client;
mod foreign;
mod program;
mod smpp;
