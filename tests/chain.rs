//! Events from their first warning to their end: what continues what, what a lift and a correction say and to whom.

mod ending;
mod http;
mod order;
mod withdraw;
