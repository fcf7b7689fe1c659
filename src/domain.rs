//! The vocabulary of warnings and the rules that hold for it: pure, without async, input, output, clock or chance.
//!
//! What a warning says is a [`message::Message`]; a message that keeps every rule is a [`warning::Warning`], and only a
//! warning travels further than intake.

pub mod analysis;
pub mod area;
pub mod call;
pub mod cap;
pub mod chain;
pub mod confirm_words;
pub mod delivery;
pub mod feed;
pub mod finding;
pub mod hazard;
pub mod items;
pub mod json;
pub mod legible;
pub mod level;
pub mod lift;
pub mod lint;
pub mod measures;
pub mod message;
pub mod moment;
pub mod national;
pub mod opt_out;
pub mod position;
pub mod provider_codes;
pub mod purpose;
pub mod roster;
pub mod rules;
pub mod shape;
pub mod sheet;
pub mod short_code;
pub mod signoff;
pub mod text;
pub mod warning;
pub mod xml;
