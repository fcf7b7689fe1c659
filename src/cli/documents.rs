//! `completions`, `man`, `version` and `help`: what the program says about itself.

use serde_json::json;

use super::{
    arguments::{Completions, Help, Man},
    exit::Exit,
    fault::Fault,
    help,
    output::Output,
};

/// Version of the package.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Commit this program was built from, `unknown` outside a repository.
pub(super) const COMMIT: &str = env!("FENGHUO_COMMIT");

pub(super) fn completions(arguments: &Completions, output: &Output) -> Result<Exit, Fault> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut help::localized(output.lang), "fenghuo", &mut script);
    output.text(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}

pub(super) fn man(arguments: &Man, output: &Output) -> Result<Exit, Fault> {
    let broken = |cause: &std::io::Error| Fault::file(output.lang, &arguments.directory, cause);
    std::fs::create_dir_all(&arguments.directory).map_err(|cause| broken(&cause))?;
    let command = help::localized(output.lang).version(VERSION);
    clap_mangen::generate_to(command, &arguments.directory).map_err(|cause| broken(&cause))?;
    output.note(&output.say("cli-man-done", &[("directory", arguments.directory.display().to_string())]));
    Ok(Exit::Done)
}

pub(super) fn version(output: &Output) -> Result<Exit, Fault> {
    if output.json {
        output.document(&json!({
            "version": VERSION,
            "commit": COMMIT,
            "adapters": crate::app::adapters::NAMES,
            "target": format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        }));
    } else {
        output.text(&format!("fenghuo {VERSION} ({COMMIT})\n"));
    }
    Ok(Exit::Done)
}

pub(super) fn help(arguments: &Help, output: &Output) -> Result<Exit, Fault> {
    let path: Vec<&str> = arguments.topic.iter().map(String::as_str).collect();
    let command = help::localized(output.lang);
    match path.as_slice() {
        ["exit-codes"] => output.text(&help::exit_codes(output.lang)),
        ["environment"] => output.text(&help::environment(output.lang)),
        path if path.first().is_none_or(|name| command.find_subcommand(name).is_some()) => {
            output.text(&help::of(&command, path, true));
        }
        path => {
            let args = [("topic", path.join(" "))];
            return Err(Fault::new(Exit::Usage, output.lang, "cli-help-unknown", &args));
        }
    }
    Ok(Exit::Done)
}
