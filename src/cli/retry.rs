//! `fenghuo retry`: sends failed deliveries of a warning again. Shows what will happen and asks for a word; never asks
//! without a terminal, and then changes nothing.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    arguments::Retry,
    client::{Client, segment},
    exit::Exit,
    fault::Fault,
    output::Output,
};

/// The word that confirms.
const WORD: &str = "retry";

pub(super) async fn run(arguments: &Retry, output: &Output) -> Result<Exit, Fault> {
    if !arguments.yes && !output.interactive {
        return Err(Fault::new(Exit::Usage, output.lang, "cli-retry-needs-yes", &[]));
    }
    let client = Client::new(&arguments.connection, output)?;
    let path = format!("/v1/warnings/{}", segment(&arguments.id));
    let warning = client.get(&path).await?.body;
    let status = client.get(&format!("{path}/status")).await?.body;
    output.note(&plan(&warning, &status, arguments, output));
    if !arguments.yes && output.ask(&output.say("cli-retry-ask", &[("word", WORD.to_owned())])).as_deref() != Some(WORD)
    {
        return Err(Fault::new(Exit::Usage, output.lang, "cli-retry-word", &[("word", WORD.to_owned())]));
    }
    let nonce = arguments.nonce.clone().unwrap_or_else(fresh);
    let order = order(arguments, &nonce);
    let answer = client.send(client.request(Method::POST, &format!("{path}/retry")).json(&order)).await?;
    if output.json {
        output.document(&json!({"type": "retry", "nonce": nonce, "retried": answer.body}));
        return Ok(Exit::Done);
    }
    let count = answer.body.get("put_back").and_then(Value::as_u64).unwrap_or_default();
    output.text(&(output.say("cli-retry-done", &[("count", count.to_string())]) + "\n"));
    for (channel, numbers) in answer.body.get("channels").and_then(Value::as_object).into_iter().flatten() {
        let left = numbers.get("left").and_then(Value::as_object);
        for (why, count) in left.into_iter().flatten() {
            let args = [
                ("channel", output.say(&format!("channel-{channel}"), &[])),
                ("count", count.to_string()),
                ("why", why.clone()),
            ];
            output.note(&output.say("cli-retry-left", &args));
        }
    }
    output.note(&output.say("cli-send-next", &[("id", arguments.id.clone())]));
    Ok(Exit::Done)
}

/// A nonce nobody has used.
fn fresh() -> String {
    crate::clock::Clock::system().random::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn order(arguments: &Retry, nonce: &str) -> Map<String, Value> {
    let order = json!({
        "nonce": nonce,
        "channel": arguments.channel.map(fenghuo_contract::Channel::name),
        "reasons": (!arguments.failed_by.is_empty()).then_some(&arguments.failed_by),
        "reason": arguments.reason,
    });
    order.as_object().cloned().unwrap_or_default().into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// Failed deliveries of the channels asked for, with why.
fn plan(warning: &Value, status: &Value, arguments: &Retry, output: &Output) -> String {
    let text = |name: &str| warning.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut lines = vec![output.say("cli-retry-plan", &[("id", text("id")), ("headline", text("headline"))])];
    for (channel, numbers) in status.get("channels").and_then(Value::as_object).into_iter().flatten() {
        if arguments.channel.is_some_and(|asked| asked.name() != channel) {
            continue;
        }
        let failed = numbers.get("failed_by_reason").and_then(Value::as_object);
        for (why, count) in failed.into_iter().flatten() {
            let why = format!("reason-{}", why.replace('_', "-"));
            let args = [
                ("channel", output.say(&format!("channel-{channel}"), &[])),
                ("count", count.to_string()),
                ("why", output.say(&why, &[])),
            ];
            lines.push(output.say("cli-retry-failed", &args));
        }
    }
    lines.join("\n")
}
