//! Message centres to test against: what a carrier runs, with a behaviour of choice.
//!
//! A [`Centre`] listens on a port of this machine and plays an SMPP 3.4/5.0 SMSC, a CMPP 2.0/3.0 ISMG, an SGIP 1.2 SMG
//! or an SMGP 3.0 gateway. It is honest unless its [`Behaviour`] says otherwise, counts what arrives at every number,
//! and puts segments together again as phones do.
//!
//! ```no_run
//! # async fn example() {
//! use fenghuo_centre::{Behaviour, Centre, Rule};
//!
//! let rules = vec![Rule::refuse("9", 0x0B)];
//! let centre = Centre::smpp(Behaviour { rules, ..Behaviour::default() }).start().await;
//! // … a client sends to centre.address() …
//! centre.until(|counts| counts.arrived == 1).await;
//! assert_eq!(centre.arrived()[0].text, "台风红色预警");
//! centre.say("8613800000000", "收到");
//! # }
//! ```
//!
//! # Who says that it is the protocol
//! A client and a centre of the same hand agree on the same mistakes. This crate shares no code with the gateway's
//! adapters and is written from the specifications; foreign clients bind to it in its tests: `smpplib` and
//! `aiosmpplib` for SMPP, `pycmpp` for CMPP 2.0. For CMPP 3.0, SGIP and SMGP no foreign program exists to ask; there the
//! layouts of the specifications, written out as octets, are the judge.
//!
//! # What it costs
//! A link reads, serves and writes whole chunks, and enters what arrived into the book once a chunk. With
//! [`Keep::Counts`] a submit of 80 octets with its answer, its receipt and the client's acknowledgement is a little over
//! a microsecond of one core; with [`Keep::Everything`] about three. Measures use the former.
//!
//! # Clocks and chance
//! Time is tokio's, so paused time pauses a centre; its calendar begins on a fixed date unless told otherwise. Paused
//! time jumps to the next timer whenever nothing is to be done, and octets on their way through a socket do not count as
//! something: let no test depend on an answer being faster than a timer. What chance decides follows from
//! `Behaviour::seed`.

mod alphabet;
mod behaviour;
mod book;
mod calendar;
mod carrier;
mod centre;
mod cmpp;
mod dialect;
mod exchange;
mod link;
mod reassembly;
mod sent;
mod serve;
mod sgip;
mod shared;
mod smgp;
mod smpp;
mod wire;

pub use behaviour::{Behaviour, Form, Keep, Manner, Outcome, Radix, Receipts, Rule, State, Throttle, When};
pub use book::{Arrived, Cancelled, Counts};
pub use centre::{Centre, Protocol, Start};
