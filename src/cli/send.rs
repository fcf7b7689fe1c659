//! `fenghuo send`: hands a warning in.

use std::{
    io::{IsTerminal, Read},
    path::Path,
    time::Duration,
};

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::{
    arguments::Send,
    client::{Answer, Client},
    exit::Exit,
    fault::Fault,
    output::Output,
    watch,
};

pub(super) async fn run(arguments: &Send, output: &Output) -> Result<Exit, Fault> {
    let body = read(&arguments.file, output)?;
    let client = Client::new(&arguments.connection, output)?;
    let answer = submit(&client, body, arguments.dry_run, arguments.idempotency_key.as_deref()).await?;
    if arguments.dry_run {
        preflight(&answer.body, output);
        return Ok(Exit::Done);
    }
    let id = answer.body.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    tell(&answer, &id, output);
    if !arguments.watch {
        return Ok(Exit::Done);
    }
    let every = Duration::from_secs(arguments.every.every);
    let numbers = watch::follow(&client, &id, every, Duration::ZERO, output).await?;
    Ok(watch::report(&numbers, output))
}

/// The bytes of a file, or of standard input for `-`.
pub(super) fn read(file: &Path, output: &Output) -> Result<Vec<u8>, Fault> {
    if file != Path::new("-") {
        return std::fs::read(file).map_err(|cause| Fault::file(output.lang, file, &cause));
    }
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(Fault::new(Exit::Usage, output.lang, "cli-stdin-terminal", &[]));
    }
    let mut bytes = Vec::new();
    stdin.read_to_end(&mut bytes).map_err(|cause| Fault::file(output.lang, file, &cause))?;
    Ok(bytes)
}

/// Posts a warning; its form is told from its first character.
pub(super) async fn submit(client: &Client, body: Vec<u8>, dry_run: bool, key: Option<&str>) -> Result<Answer, Fault> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let media_type = if first == Some(&b'{') { "application/json" } else { "application/cap+xml" };
    let path = if dry_run { "/v1/warnings?dry_run=true" } else { "/v1/warnings" };
    let mut request = client.request(Method::POST, path).header(header::CONTENT_TYPE, media_type).body(body);
    if let Some(key) = key {
        request = request.header("Idempotency-Key", format!("\"{key}\""));
    }
    client.send(request).await
}

fn tell(answer: &Answer, id: &str, output: &Output) {
    let repeat = answer.status == StatusCode::OK;
    if output.json {
        output.document(&json!({"type": "warning", "id": id, "repeat": repeat, "warning": answer.body}));
        return;
    }
    let text = |name: &str| answer.body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let level = output.say(&format!("level-{}", text("level")), &[]);
    let args = [("id", id.to_owned()), ("level", level), ("status", text("status")), ("headline", text("headline"))];
    output.text(&(output.say(if repeat { "cli-send-repeat" } else { "cli-send-created" }, &args) + "\n"));
    output.note(&output.say("cli-send-next", &args));
}

/// When it is through.
fn finish(forecast: &Value, output: &Output) -> String {
    match forecast.get("finish_at").and_then(Value::as_str) {
        Some(at) => output.say("cli-preflight-finish", &[("finish", at.to_owned())]),
        None => output.say("cli-preflight-never", &[]),
    }
}

/// What the forecast says of one channel, in a line.
fn foretold(channel: &Value, output: &Output) -> String {
    let number = |name: &str| channel.get(name).and_then(Value::as_u64);
    let mut parts = Vec::new();
    if let Some(first) = number("at_once").filter(|first| Some(*first) != number("people")) {
        parts.push(output.say("cli-preflight-first", &[("count", first.to_string())]));
    }
    if let Some(segments) = number("segments") {
        parts.push(output.say("cli-preflight-all-segments", &[("count", segments.to_string())]));
    }
    if let Some(rate) = channel.get("rate_per_s").and_then(Value::as_f64) {
        let ahead = number("ahead").unwrap_or_default().to_string();
        parts.push(output.say("cli-preflight-pace", &[("rate", rate.round().to_string()), ("ahead", ahead)]));
    }
    parts.push(finish(channel, output));
    if let Some(missed) = number("will_miss").filter(|missed| *missed > 0) {
        parts.push(output.yellow(&output.say("cli-preflight-miss", &[("count", missed.to_string())])));
    }
    if let Some(cost) = channel.get("cost").and_then(Value::as_f64) {
        parts.push(output.say("cli-preflight-cost", &[("cost", format!("{cost:.2}"))]));
    }
    parts.join(" · ")
}

/// What the forecast says of all channels, and of the issuer's usual audience.
fn whole(forecast: &Value, output: &Output) -> String {
    let Some(people) = forecast.get("people").and_then(Value::as_u64) else { return String::new() };
    let args = [("people", people.to_string()), ("finish", finish(forecast, output))];
    let mut text = format!("  {}\n", output.say("cli-preflight-people", &args));
    if let Some(usual) = forecast.get("usual").filter(|usual| usual.is_object()) {
        let number = |name: &str| usual.get(name).and_then(Value::as_u64).unwrap_or_default().to_string();
        let ratio = usual.get("ratio").and_then(Value::as_f64).unwrap_or_default();
        let args = [
            ("median", number("median")),
            ("largest", number("largest")),
            ("count", number("warnings")),
            ("ratio", format!("{ratio:.1}")),
        ];
        text += &format!("  {}\n", output.say("cli-preflight-usual", &args));
    }
    text
}

/// What a route makes of a text, where that is not the text itself.
fn on_route(route: &Value, output: &Output) -> String {
    let field = |name: &str| route.get(name).and_then(Value::as_str);
    let name = field("route").unwrap_or_default().to_owned();
    if let Some(cause) = field("refusal") {
        let args = [("route", name), ("cause", cause.to_owned())];
        return output.yellow(&output.say("cli-preflight-route-refuses", &args)) + "\n";
    }
    let Some(text) = field("text") else { return String::new() };
    let count = route.get("segments").and_then(Value::as_u64).unwrap_or(1).to_string();
    format!("{}\n{text}\n", output.say("cli-preflight-route-makes", &[("route", name), ("count", count)]))
}

/// What would go out, to how many, in which words.
fn preflight(body: &Value, output: &Output) {
    if output.json {
        output.document(body);
        return;
    }
    let mut text = output.say("cli-preflight", &[]) + "\n";
    let forecast = body.get("forecast").unwrap_or(&Value::Null);
    for (channel, people) in body.get("audience").and_then(Value::as_object).into_iter().flatten() {
        let args = [("channel", output.say(&format!("channel-{channel}"), &[])), ("count", people.to_string())];
        text += &format!("  {}\n", output.say("cli-preflight-channel", &args));
        if let Some(channel) = forecast.pointer(&format!("/channels/{channel}")) {
            text += &format!("    {}\n", foretold(channel, output));
        }
    }
    text += &whole(forecast, output);
    for part in body.get("texts").and_then(Value::as_array).into_iter().flatten() {
        let field = |name: &str| part.get(name).and_then(Value::as_str).unwrap_or_default();
        let segments = part.get("segments").and_then(Value::as_u64);
        let segments = segments.map(|count| output.say("cli-preflight-segments", &[("count", count.to_string())]));
        text += &format!(
            "\n{} {} {}\n{}\n{}\n",
            output.say(&format!("channel-{}", field("channel")), &[]),
            field("language"),
            segments.unwrap_or_default(),
            output.bold(field("title")),
            field("text")
        );
        for route in part.get("routes").and_then(Value::as_array).into_iter().flatten() {
            text += &on_route(route, output);
        }
    }
    for advice in body.get("advice").and_then(Value::as_array).into_iter().flatten() {
        let field = |name: &str| advice.get(name).and_then(Value::as_str).unwrap_or_default();
        text += &format!(
            "\n{} {}  {}\n",
            output.yellow(&output.say("config-report-advice", &[])),
            field("pointer"),
            field("detail")
        );
    }
    output.text(&text);
}
