//! The command line. Results go to standard output, messages and progress to standard error; `output` is the only
//! place that prints. Every sentence comes from the message files, the help included.

pub mod arguments;
mod check;
mod client;
mod demo;
mod documents;
mod drill;
pub mod exit;
mod explain;
mod fault;
mod follow;
pub mod help;
mod import;
mod keys;
mod language;
mod lift;
mod migrate;
mod output;
mod progress;
mod retry;
mod send;
mod serve;
mod settings;
mod status;
mod usage;
mod verify;
mod watch;

use std::{ffi::OsString, process::ExitCode};

use clap::FromArgMatches;

use crate::config::Environment;
use arguments::{Arguments, Command};
use exit::Exit;
use fault::Fault;
use output::Output;

/// Runs the program with the arguments and the environment of the process.
#[must_use]
pub fn main() -> ExitCode {
    let exit = run(std::env::args_os().collect(), &Environment::of_process());
    ExitCode::from(exit.code())
}

/// Runs the program with these arguments, the program's name first.
#[must_use]
pub fn run(arguments: Vec<OsString>, environment: &Environment) -> Exit {
    let lang = language::choose(&arguments, environment);
    let command = help::localized(lang);
    if let Some(text) = help::asked(&command, &arguments) {
        Output::plain(lang, environment).text(&text);
        return Exit::Done;
    }
    let matches = match command.clone().try_get_matches_from(&arguments) {
        Ok(matches) => matches,
        Err(error) => return usage::report(&error, &arguments, &Output::plain(lang, environment)),
    };
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => return usage::report(&error, &[], &Output::plain(lang, environment)),
    };
    let output = Output::new(lang, environment, &arguments.common);
    let command = if arguments.version { Some(Command::Version) } else { arguments.command };
    match dispatch(command, environment, &output) {
        Ok(exit) => exit,
        Err(fault) => {
            output.fault(&fault);
            fault.exit
        }
    }
}

fn dispatch(command: Option<Command>, environment: &Environment, output: &Output) -> Result<Exit, Fault> {
    let Some(command) = command else {
        output.text(&help::bare(output.lang));
        return Ok(Exit::Done);
    };
    match command {
        Command::Explain(arguments) => return explain::run(&arguments, output),
        Command::Completions(arguments) => return documents::completions(&arguments, output),
        Command::Man(arguments) => return documents::man(&arguments, output),
        Command::Version => return documents::version(output),
        Command::Help(arguments) => return documents::help(&arguments, output),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|cause| Fault::failed(output.lang, "cli-no-runtime", &[("cause", cause.to_string())]))?;
    let done = runtime.block_on(Box::pin(dispatch_async(command, environment, output)));
    // Nothing that still runs then is worth waiting for: what had to be durable is.
    runtime.shutdown_background();
    done
}

async fn dispatch_async(command: Command, environment: &Environment, output: &Output) -> Result<Exit, Fault> {
    match command {
        Command::Serve(arguments) => Box::pin(serve::run(&arguments, environment, output)).await,
        Command::Demo(arguments) => Box::pin(demo::run(&arguments, environment, output)).await,
        Command::Drill(arguments) => Box::pin(drill::run(&arguments, environment, output)).await,
        Command::Check(arguments) => check::run(&arguments, environment, output).await,
        Command::Send(arguments) => send::run(&arguments, output).await,
        Command::Watch(arguments) => watch::run(&arguments, output).await,
        Command::Follow(arguments) => Box::pin(follow::run(&arguments, environment, output)).await,
        Command::Status(arguments) => status::run(&arguments, output).await,
        Command::Lift(arguments) => lift::run(&arguments, output).await,
        Command::Correct(arguments) => lift::correct(&arguments, output).await,
        Command::Retry(arguments) => retry::run(&arguments, output).await,
        Command::Import(arguments) => import::run(&arguments, output).await,
        Command::Keys(arguments) => keys::run(&arguments, output).await,
        Command::Verify(arguments) => Box::pin(verify::run(&arguments, output)).await,
        Command::Migrate(arguments) => Box::pin(migrate::run(&arguments, output)).await,
        // The others need no runtime and have run already.
        _ => Ok(Exit::Done),
    }
}
