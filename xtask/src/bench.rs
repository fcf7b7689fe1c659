//! Running the measures the project claims.

use crate::run::{Failed, cargo, check};

/// Runs the measures whose name contains one of the names given (all when none is), in the release profile.
pub(crate) fn bench(arguments: &[String]) -> Result<(), Failed> {
    if let Some(unknown) = arguments.iter().find(|argument| argument.starts_with('-') && *argument != "--json") {
        return Err(Failed(format!("xtask: bench knows no {unknown}")));
    }
    check(cargo(&["bench", "--package", "fenghuo", "--bench", "table", "--"]).args(arguments))
}
