//! The workspace's own commands: `cargo xtask test`, `cargo xtask check`, `cargo xtask bench`,
//! `cargo xtask torture`.

mod bench;
mod machine;
mod run;
mod torture;

use std::process::ExitCode;

use run::{Failed, cargo, say};

const USAGE: &str = "\
usage: cargo xtask COMMAND
  test [ARGUMENTS]         installs what the tests need and is missing, then runs them all; arguments go to the runner
  check                    formatting, clippy and documentation, warnings denied
  bench [NAMES] [--json]   runs the measures whose name contains one of NAMES; --json prints one JSON object a line
  torture [--rounds N]     kills the real program at random and compares with what a counting peer saw; --json ends with
                           one JSON object, --seed S repeats a run, --debug takes the dev profile, --recipients N,
                           --program PATH; --nodes N does it with N nodes on a Redis that is killed too";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let arguments: Vec<String> = arguments.collect();
    let outcome = match &*command {
        "test" => test(&arguments),
        "check" => check(),
        "bench" => bench::bench(&arguments),
        "torture" => torture::torture(&arguments),
        torture::peer::COMMAND => torture::peer::run(&arguments),
        _ => Err(Failed(USAGE.to_owned())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed(why)) => {
            say(&why);
            ExitCode::FAILURE
        }
    }
}

/// Runs every test of the workspace, the examples in the documentation of the adapter contract, and what must not compile.
fn test(arguments: &[String]) -> Result<(), Failed> {
    let environment = machine::prepare()?;
    let mut tests = if run::works("cargo", &["nextest", "--version"]) {
        cargo(&["nextest", "run", "--workspace"])
    } else {
        cargo(&["test", "--workspace"])
    };
    run::check(tests.args(arguments).envs(environment.iter().cloned()))?;
    run::check(&mut cargo(&["test", "--quiet", "--doc", "--package", "fenghuo-contract"]))?;
    // What must not compile: a drill where an actual warning is meant.
    run::check(&mut cargo(&["test", "--quiet", "--doc", "--package", "fenghuo", "domain::purpose"]))
}

fn check() -> Result<(), Failed> {
    run::check(&mut cargo(&["fmt", "--all", "--check"]))?;
    run::check(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    run::check(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings"))
}
