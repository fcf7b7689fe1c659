//! Short messages over the carrier protocols that hold a link open.
//!
//! - [`smpp`], [`cmpp`], [`sgip`] and [`smgp`] say what bytes mean, each behind the same trait (`protocol`); `fixed`,
//!   `beijing` and `mainland` are what the three protocols of the mainland have in common.
//! - `text` lays a text out: coding, segments, signature. Nothing is cut and no character split; where a text takes too many
//!   segments, its short form goes out. What `fit` says before anybody signs is what a submit does.
//! - `link` holds the connections. Each is one task that logs in, keeps its window, matches answers by number, keeps alive,
//!   and comes back after a loss; what it has to write leaves in one write. The window halves when the carrier says "too
//!   fast", and grows back.
//! - Urgent batches have a link of their own where there are two or more, else places in the window of the one.
//! - At a lost link what left whole and has no answer is in doubt, and what did not leave was not taken: it goes
//!   over another link that is up.
//! - `receipt` makes one receipt of the reports of all segments, whichever link and order they come in. A report is answered
//!   after the sink took what it came to; one the sink refused is to be repeated. `replies` puts together what people write.
//! - A repeat of a long message bears the reference of the first attempt, so that a handset that has some of its segments
//!   completes the message instead of showing it twice.

mod adapter;
mod beijing;
pub mod cmpp;
pub mod fixed;
mod link;
mod mainland;
mod protocol;
mod receipt;
mod replies;
mod settings;
pub mod sgip;
pub mod smgp;
pub mod smpp;
mod text;

pub use adapter::{Now, Sms};
pub use settings::{Link, Long, SettingsFault, Text, Tls};
pub use text::Coding;
