//! `fenghuo import`: recipients from a file.

use std::{path::Path, time::Duration};

use reqwest::{Method, header};
use serde_json::Value;

use super::{
    arguments::{Import, ImportCoordinates, ImportFormat},
    client::Client,
    exit::Exit,
    fault::Fault,
    output::Output,
    send,
};

/// A million lines on a slow disk.
const IMPORT: Duration = Duration::from_secs(3600);

pub(super) async fn run(arguments: &Import, output: &Output) -> Result<Exit, Fault> {
    let client = Client::new(&arguments.connection, output)?;
    let format = arguments.format.or_else(|| by_name(&arguments.file));
    let format = format.ok_or_else(|| Fault::new(Exit::Usage, output.lang, "cli-import-format", &[]))?;
    let body = send::read(&arguments.file, output)?;
    let report = import(&client, body, format, &path(arguments)).await?;
    if output.json {
        output.document(&report);
    } else {
        output.text(&text(&report, output));
    }
    let rejected = report.get("rejected").and_then(Value::as_u64).unwrap_or(0);
    Ok(if rejected > 0 { Exit::Partly } else { Exit::Done })
}

fn by_name(file: &Path) -> Option<ImportFormat> {
    match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" | "tsv" | "txt" => Some(ImportFormat::Csv),
        "ndjson" | "jsonl" | "json" => Some(ImportFormat::Ndjson),
        _ => None,
    }
}

/// Where to hand recipients in, with what was asked for.
fn path(arguments: &Import) -> String {
    let coordinates = match arguments.coordinates {
        None => "",
        Some(ImportCoordinates::Wgs84) => "&coordinates=wgs84",
        Some(ImportCoordinates::Gcj02) => "&coordinates=gcj02",
    };
    format!("/v1/recipients/import?dry_run={}{coordinates}", arguments.dry_run)
}

/// Hands recipients in; the answer is the report.
pub(super) async fn import(client: &Client, body: Vec<u8>, format: ImportFormat, path: &str) -> Result<Value, Fault> {
    let media_type = match format {
        ImportFormat::Csv => "text/csv",
        ImportFormat::Ndjson => "application/x-ndjson",
    };
    let request = client.request(Method::POST, path).timeout(IMPORT).header(header::CONTENT_TYPE, media_type);
    Ok(client.send(request.body(body)).await?.body)
}

fn text(report: &Value, output: &Output) -> String {
    let number = |name: &str| report.get(name).and_then(Value::as_u64).unwrap_or(0).to_string();
    let names = ["lines", "created", "changed", "unchanged", "rejected"];
    let args: Vec<(&str, String)> = names.into_iter().map(|name| (name, number(name))).collect();
    let mut text = output.say("cli-import-done", &args) + "\n";
    for (list, colour) in [("errors", true), ("advice", false)] {
        for error in report.get(list).and_then(Value::as_array).into_iter().flatten() {
            let line = line(error, output);
            text += &format!("  {}\n", if colour { line } else { output.yellow(&line) });
        }
    }
    let unlisted = report.get("errors_unlisted").and_then(Value::as_u64).unwrap_or(0);
    if unlisted > 0 {
        text += &format!("  {}\n", output.say("cli-import-more", &[("count", unlisted.to_string())]));
    }
    text
}

/// One bad line: number, column, the sentence of its code.
fn line(error: &Value, output: &Output) -> String {
    let field = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = error.get("line").and_then(Value::as_u64).unwrap_or(0).to_string();
    let sentence = error.get("detail").and_then(Value::as_str).map(str::to_owned);
    let sentence = sentence.unwrap_or_else(|| {
        let own = [("line", number.clone()), ("column", field("column")), ("got", field("got"))];
        let further = error.get("args").and_then(Value::as_object).into_iter().flatten();
        let further = further.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default().to_owned()));
        let args: Vec<(&str, String)> = own.into_iter().chain(further).collect();
        output.say(&field("code"), &args)
    });
    let args = [("line", number.clone()), ("column", field("column")), ("code", field("code")), ("sentence", sentence)];
    output.say("cli-import-line", &args)
}
