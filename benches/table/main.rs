//! The measures the project claims, each beside its yardstick in the same run of the same program.
//!
//! `cargo xtask bench [NAMES] [--json]`: every measure whose name contains one of the names, all without. A line a
//! measure: value, yardstick, ratio, goal, whether it is met.

mod core;
mod email;
mod intake;
mod machine;
mod nodes;
mod pacing;
mod plan;
mod projection;
mod push;
mod report;
mod screens;
mod sms;
mod store;
mod world;

use report::{Measure, Report};

/// Every measure, in the order of the table in DESIGN.
const MEASURES: &[Measure] = &[
    Measure { name: "core", run: core::million },
    Measure { name: "growth", run: core::growth },
    Measure { name: "pacing", run: pacing::pacing },
    Measure { name: "red", run: pacing::red },
    Measure { name: "plan", run: plan::first_slice },
    Measure { name: "projection", run: projection::memory },
    Measure { name: "counts", run: projection::counts },
    Measure { name: "apply", run: projection::apply },
    Measure { name: "ready", run: projection::ready },
    Measure { name: "outcomes", run: store::measure },
    Measure { name: "intake", run: intake::intake },
    Measure { name: "screens-feed", run: intake::feed },
    Measure { name: "screens-poll", run: screens::polling },
    Measure { name: "screens-listen", run: screens::listening },
    Measure { name: "screens-wait", run: screens::waiting },
    Measure { name: "sms", run: sms::smpp },
    Measure { name: "email", run: email::smtp },
    Measure { name: "push", run: push::push },
    Measure { name: "nodes", run: nodes::nodes },
];

fn main() {
    if screens::crowd::is_crowd() {
        return;
    }
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let mut report = Report::new(arguments.iter().any(|argument| argument == "--json"));
    let names: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    for measure in MEASURES {
        if names.is_empty() || names.iter().any(|name| measure.name.contains(name.as_str())) {
            (measure.run)(&mut report);
        }
    }
    std::process::exit(i32::from(!report.complete()));
}
