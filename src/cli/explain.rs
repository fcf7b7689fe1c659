//! `fenghuo explain`: what a code means and what to do, offline.

use fenghuo_contract::CodeMeaning;
use serde_json::{Value, json};

use super::{arguments::Explain, exit::Exit, fault::Fault, output::Output};
use crate::{
    domain::provider_codes,
    messages::{self, Lang},
};

/// Attributes of a text, in the order they are told.
const PARTS: [&str; 4] = ["more", "so", "action", "who"];

pub(super) fn run(arguments: &Explain, output: &Output) -> Result<Exit, Fault> {
    let Some(asked) = &arguments.code else {
        list(output);
        return Ok(Exit::Done);
    };
    let Some(id) = find(asked) else {
        let known = provider_codes::find(asked);
        if !known.is_empty() {
            providers(asked, &known, output);
            return Ok(Exit::Done);
        }
        let mut fault = Fault::failed(output.lang, "cli-explain-unknown", &[("code", asked.clone())]);
        let near = nearest(asked);
        fault.lines.extend(near.map(|code| output.say("config-report-suggestion", &[("suggestion", code)])));
        return Err(fault);
    };
    if output.json {
        output.document(&document(&id));
    } else {
        output.text(&text(&id, output));
    }
    Ok(Exit::Done)
}

/// The message of a code as people meet it: reasons and states with underscores and without what they are, exit codes
/// as bare numbers.
#[must_use]
pub(super) fn find(asked: &str) -> Option<String> {
    let written = asked.trim().to_ascii_lowercase().replace('_', "-");
    let kinds = ["", "reason-", "alarm-", "state-", "exit-", "stage-"];
    kinds.into_iter().map(|kind| format!("{kind}{written}")).find(|id| is_told(id))
}

/// What providers mean by a code, table by table.
fn providers(asked: &str, known: &[(&'static str, &'static CodeMeaning)], output: &Output) {
    if output.json {
        let meanings: Vec<Value> = known
            .iter()
            .map(|(table, meaning)| {
                json!({"table": table, "class": meaning.class.name(), "source": meaning.source,
                    "texts": {Lang::Chinese.tag(): meaning.zh, Lang::English.tag(): meaning.en}})
            })
            .collect();
        output.document(&json!({"code": asked, "provider_codes": meanings}));
        return;
    }
    let rows = known.iter().map(|(table, meaning)| {
        let words = if output.lang == Lang::Chinese { &meaning.zh } else { &meaning.en };
        vec![(*table).to_owned(), meaning.class.name().to_owned(), words.to_string(), meaning.source.to_string()]
    });
    output.text(&format!("{}\n{}", output.bold(asked), super::output::table(&rows.collect::<Vec<_>>())));
}

fn nearest(asked: &str) -> Option<String> {
    let codes: Vec<String> = told();
    crate::domain::text::nearest(asked, codes.iter().map(String::as_str)).map(str::to_owned)
}

/// Whether a message is a code and not a sentence of some page or of the help.
fn is_told(id: &str) -> bool {
    let internal = ["docs-", "console-", "config-form-", "config-report-", "cli-arg-", "cli-column-", "cli-heading-"];
    messages::is_code(id) && !internal.iter().any(|prefix| id.starts_with(prefix))
}

/// Codes that say what to do: those worth listing.
fn told() -> Vec<String> {
    let worth = |id: &String| is_told(id) && messages::action(Lang::English, id).is_some();
    messages::codes().into_iter().filter(worth).collect()
}

fn list(output: &Output) {
    if output.json {
        output.document(&json!({"codes": told()}));
        return;
    }
    let rows: Vec<Vec<String>> =
        told().into_iter().map(|id| vec![id.clone(), messages::title(output.lang, &id)]).collect();
    output.text(&super::output::table(&rows));
}

fn document(id: &str) -> Value {
    let in_language = |lang: Lang| {
        let mut told = serde_json::Map::from_iter([("title".to_owned(), messages::title(lang, id).into())]);
        let parts =
            PARTS.into_iter().filter_map(|part| Some((part.to_owned(), messages::attribute(lang, id, part)?.into())));
        told.extend(parts);
        (lang.tag().to_owned(), Value::Object(told))
    };
    let texts: serde_json::Map<String, Value> = Lang::ALL.into_iter().map(in_language).collect();
    json!({"code": id, "texts": texts})
}

fn text(id: &str, output: &Output) -> String {
    let mut text = format!("{}\n{}\n", output.bold(id), messages::title(output.lang, id));
    for part in PARTS {
        if let Some(told) = messages::attribute(output.lang, id, part) {
            text += &format!("\n{}\n{told}\n", output.say(&format!("cli-explain-{part}"), &[]));
        }
    }
    text
}

#[cfg(test)]
mod tests;
