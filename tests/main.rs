//! The integration tests: one binary, so one link.
#![expect(unreachable_pub, reason = "modules of one test binary are public to each other only")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod analysis;
mod api;
mod authority;
mod browser;
mod calls;
mod cap_corpus;
mod carriers;
mod chain;
mod cli;
mod crash;
mod drills;
mod engine;
mod faults;
mod feeds;
mod fit;
mod house;
mod measures;
mod national;
mod notices;
mod outcome;
mod pace;
mod people;
mod promises;
mod public;
mod push;
mod receipts;
mod retention;
mod screens;
mod share;
mod signing;
mod signoff;
mod simulation;
mod stop;
mod store;
mod story;
mod support;
mod suppress;
mod targeting;
mod way;
