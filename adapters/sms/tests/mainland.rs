//! The three protocols of the mainland against gateways that others wrote from the specifications.

#[path = "mainland/answers.rs"]
mod answers;
#[path = "mainland/carrier.rs"]
mod carrier;
#[path = "mainland/links.rs"]
mod links;
#[path = "mainland/reports.rs"]
mod reports;
#[path = "mainland/texts.rs"]
mod texts;
