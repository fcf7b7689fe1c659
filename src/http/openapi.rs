//! The description of the API for machines, made from the table of routes: what is served and what is described cannot
//! part.

mod document;
mod operation;
mod schemas;

#[cfg(test)]
mod tests;

pub(in crate::http) use operation::both;
pub use operation::{Answer, Both, Content, Operation, Parameter};

pub use document::{document, json};
pub(in crate::http) use document::{problems, roles};
