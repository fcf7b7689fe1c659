//! Finds and reads the configuration for a command.

use std::path::{Path, PathBuf};

use super::{arguments::Settings, exit::Exit, fault::Fault, output::Output};
use crate::config::{self, ConfigFault, ConfigFinding, Environment, Loaded, finding::Weight};

/// Where a configuration is looked for when none is named, in this order.
const PLACES: [&str; 3] = ["fenghuo.toml", "config/fenghuo.toml", "/etc/fenghuo/fenghuo.toml"];

/// The file to read.
pub(super) fn file(settings: &Settings, output: &Output) -> Result<PathBuf, Fault> {
    if let Some(file) = &settings.config {
        return Ok(file.clone());
    }
    let found = PLACES.iter().map(Path::new).find(|place| place.is_file());
    let args = [("places", PLACES.join(", "))];
    found.map(Path::to_owned).ok_or_else(|| Fault::new(Exit::Usage, output.lang, "cli-no-config", &args))
}

/// Reads it.
pub(super) fn load(
    settings: &Settings,
    environment: &Environment,
    output: &Output,
) -> Result<Result<Loaded, ConfigFault>, Fault> {
    Ok(config::load(Some(&file(settings, output)?), environment))
}

/// Says what is wrong with settings that were refused; what the command ends with.
pub(super) fn refused(fault: &ConfigFault, output: &Output) -> Fault {
    for finding in &fault.findings {
        output.note(&report(finding, output));
    }
    let count = fault.findings.len().to_string();
    Fault::failed(output.lang, "cli-config-refused", &[("count", count)])
}

/// A finding as it is printed: its first line coloured by weight.
pub(super) fn report(finding: &ConfigFinding, output: &Output) -> String {
    let text = finding.report(output.lang);
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let first = if finding.weight == Weight::Refuse { output.red(first) } else { output.yellow(first) };
    format!("{first}\n{rest}")
}
