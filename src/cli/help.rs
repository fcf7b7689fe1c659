//! The help in both languages. clap writes English only, so the command is built first and every sentence of it, the
//! ones clap makes itself included, is replaced afterwards.

use std::ffi::OsString;

use clap::{Arg, Command, CommandFactory};

use super::{arguments::Arguments, exit::Exit};
use crate::messages::{self, Lang};

/// The whole command with its help in a language.
#[must_use]
pub fn localized(lang: Lang) -> Command {
    // Building fills in global options and usages, which are then replaced like everything else.
    let mut command = Arguments::command();
    command.build();
    speak(command, lang, "cli")
}

fn word(lang: Lang, id: &str) -> String {
    messages::text(lang, id, &[])
}

/// A label with what stands between it and its text: a Chinese colon needs no blank.
#[must_use]
pub fn before(lang: Lang, label: &str) -> String {
    match lang {
        Lang::Chinese => label.to_owned(),
        Lang::English => format!("{label} "),
    }
}

/// Replaces the texts of a command and its subcommands; `id` is the message of its one line.
fn speak(command: Command, lang: Lang, id: &str) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let usage = usage(command.clone(), lang);
    let examples = messages::attribute(lang, id, "examples");
    let template = format!(
        "{{about-with-newline}}\n{}{{usage}}{{after-help}}\n\n{{all-args}}\n",
        before(lang, &word(lang, "cli-heading-usage"))
    );
    let mut command = command
        .about(word(lang, id))
        .long_about(
            messages::attribute(lang, id, "more")
                .map_or_else(|| word(lang, id), |more| format!("{}\n\n{more}", word(lang, id))),
        )
        .help_template(template)
        .override_usage(usage)
        .subcommand_help_heading(word(lang, "cli-heading-commands"))
        .mut_args(|argument| speak_argument(argument, lang, id));
    if let Some(examples) = examples {
        command = command.after_long_help(format!("{}\n{}", word(lang, "cli-heading-examples"), indented(&examples)));
    }
    for name in names {
        let id = format!("{id}-{name}");
        command = command.mut_subcommand(&name, |sub| speak(sub, lang, &id));
    }
    command
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// The usage line, with clap's own words replaced.
fn usage(mut command: Command, lang: Lang) -> String {
    let written = command.render_usage().to_string();
    let line = written.strip_prefix("Usage: ").unwrap_or(&written);
    line.replace("[OPTIONS]", &word(lang, "cli-usage-options"))
        .replace("[COMMAND]", &word(lang, "cli-usage-command"))
        .replace("<COMMAND>", &word(lang, "cli-usage-command"))
}

fn speak_argument(argument: Arg, lang: Lang, command: &str) -> Arg {
    let name = argument.get_id().as_str().replace('_', "-");
    let own = format!("{command}-arg-{name}");
    let id = if messages::is_code(&own) { own } else { format!("cli-arg-{name}") };
    let heading = if argument.is_positional() { "cli-heading-arguments" } else { "cli-heading-options" };
    argument
        .help(word(lang, &id))
        .help_heading(word(lang, heading))
        .hide_default_value(true)
        .hide_env(true)
        .hide_possible_values(true)
}

/// The help that `-h` or `--help` anywhere asks for, whatever else is wrong with the arguments.
#[must_use]
pub fn asked(command: &Command, arguments: &[OsString]) -> Option<String> {
    let texts: Vec<&str> =
        arguments.iter().skip(1).map_while(|text| text.to_str()).take_while(|text| *text != "--").collect();
    let long = texts.contains(&"--help");
    if !long && !texts.contains(&"-h") {
        return None;
    }
    let path: Vec<&str> = texts.iter().copied().filter(|text| !text.starts_with('-')).collect();
    Some(of(command, &path, long))
}

/// The help of the command that a path of names leads to, as far as it leads.
#[must_use]
pub fn of(command: &Command, path: &[&str], long: bool) -> String {
    let mut here = command.clone();
    for name in path {
        match here.find_subcommand(name).cloned() {
            Some(sub) => here = sub,
            None if here.get_name() == command.get_name() => continue,
            None => break,
        }
    }
    let help = if long { here.render_long_help() } else { here.render_help() };
    help.to_string()
}

/// What the program says when it is called without anything.
#[must_use]
pub fn bare(lang: Lang) -> String {
    word(lang, "cli-bare") + "\n"
}

/// The table of exit codes.
#[must_use]
pub fn exit_codes(lang: Lang) -> String {
    let mut text = word(lang, "cli-help-exit-codes") + "\n\n";
    for exit in Exit::ALL {
        let id = exit.message();
        let more = messages::attribute(lang, &id, "more").map(|more| format!("  {more}")).unwrap_or_default();
        text += &format!("{:>5}  {}{more}\n", exit.code(), word(lang, &id));
    }
    text + "\n" + &word(lang, "cli-help-exit-codes-more") + "\n"
}

/// The environment variables the command line knows.
#[must_use]
pub fn environment(lang: Lang) -> String {
    word(lang, "cli-help-environment") + "\n"
}

#[cfg(test)]
mod tests;
