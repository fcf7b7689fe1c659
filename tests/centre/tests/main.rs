//! Centres against programs of other people and against scripted clients.

mod carriers;
mod client;
mod foreign;
mod smpp;
