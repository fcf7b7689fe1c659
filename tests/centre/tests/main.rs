//! Centres against programs of other people and against scripted clients.

mod client;
mod foreign;
mod smpp;
