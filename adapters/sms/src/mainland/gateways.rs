//! The three protocols against gateways that others wrote from the specifications.

mod answers;
mod carrier;
mod links;
mod reports;
mod texts;
