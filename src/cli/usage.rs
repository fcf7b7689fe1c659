//! What is wrong with the arguments, in the caller's language.

use std::ffi::OsString;

use clap::{
    Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{exit::Exit, fault::Fault, output::Output};

/// Says what clap found.
pub(super) fn report(error: &Error, arguments: &[OsString], output: &Output) -> Exit {
    let code = match error.kind() {
        ErrorKind::UnknownArgument => "cli-usage-unknown-argument",
        ErrorKind::InvalidSubcommand => "cli-usage-unknown-command",
        ErrorKind::MissingRequiredArgument => "cli-usage-missing",
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "cli-usage-no-command",
        ErrorKind::InvalidValue => "cli-usage-not-a-value",
        ErrorKind::ValueValidation => "cli-usage-wrong-value",
        ErrorKind::ArgumentConflict => "cli-usage-conflict",
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => "cli-usage-count",
        _ => "cli-usage-other",
    };
    let value = |kind| error.get(kind).map(shown).unwrap_or_default();
    let subject = match error.kind() {
        ErrorKind::InvalidSubcommand => value(ContextKind::InvalidSubcommand),
        _ => value(ContextKind::InvalidArg),
    };
    let mut here = super::help::localized(output.lang);
    let mut command = String::new();
    for name in arguments.iter().skip(1).map_while(|text| text.to_str()) {
        let Some(sub) = here.find_subcommand(name).cloned() else { break };
        command += &format!("{name} ");
        here = sub;
    }
    let subcommands: Vec<&str> = here.get_subcommands().map(clap::Command::get_name).collect();
    let valid = match code {
        "cli-usage-no-command" => subcommands.join(", "),
        _ => value(ContextKind::ValidValue),
    };
    let args = [
        ("argument", subject),
        ("got", value(ContextKind::InvalidValue)),
        ("known", valid),
        ("other", value(ContextKind::PriorArg)),
    ];
    let mut fault = Fault::new(Exit::Usage, output.lang, code, &args);
    let suggested = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let suggested = suggested.into_iter().find_map(|kind| error.get(kind)).map(shown).filter(|text| !text.is_empty());
    fault.lines.extend(suggested.map(|text| output.say("config-report-suggestion", &[("suggestion", text)])));
    fault.lines.push(output.say("cli-usage-help", &[("command", command)]));
    output.fault(&fault);
    fault.exit
}

fn shown(value: &ContextValue) -> String {
    match value {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.join(", "),
        ContextValue::StyledStr(text) => text.to_string(),
        ContextValue::Number(number) => number.to_string(),
        ContextValue::Bool(yes) => yes.to_string(),
        _ => String::new(),
    }
}
