//! `fenghuo lift`: ends the event of a warning. Shows what will happen and asks for a word; never asks without a
//! terminal, and then changes nothing.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    arguments::Lift,
    client::{Client, segment},
    exit::Exit,
    fault::Fault,
    output::Output,
};

pub(super) async fn run(arguments: &Lift, output: &Output) -> Result<Exit, Fault> {
    if !arguments.yes && !arguments.dry_run && !output.interactive {
        return Err(Fault::new(Exit::Usage, output.lang, "cli-lift-needs-yes", &[]));
    }
    let client = Client::new(&arguments.connection, output)?;
    let path = format!("/v1/warnings/{}", segment(&arguments.id));
    let warning = client.get(&path).await?.body;
    let words = words(&warning);
    output.note(&plan(&warning, arguments, output));
    if arguments.dry_run {
        return Ok(Exit::Done);
    }
    confirm(arguments, &words, output)?;
    let order = json!({"text": arguments.text, "reason": arguments.reason});
    let order: serde_json::Map<String, Value> =
        order.as_object().cloned().unwrap_or_default().into_iter().filter(|(_, value)| !value.is_null()).collect();
    let answer = client.send(client.request(Method::POST, &format!("{path}/lift")).json(&order)).await?;
    let id = answer.body.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    if output.json {
        output.document(&json!({"type": "lift", "id": id, "lifted": arguments.id, "warning": answer.body}));
    } else {
        output.text(&(output.say("cli-lift-done", &[("id", id.clone()), ("lifted", arguments.id.clone())]) + "\n"));
        output.note(&output.say("cli-send-next", &[("id", id)]));
    }
    Ok(Exit::Done)
}

/// The words that confirm, the one asked for first: the level where a slip would reach the public loudest, otherwise
/// the act, or the level as well.
fn words(warning: &Value) -> Vec<String> {
    let text = |name: &str| warning.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let level = text("level");
    if text("status") == "actual" && level == "red" { vec![level] } else { vec!["lift".to_owned(), level] }
}

fn plan(warning: &Value, arguments: &Lift, output: &Output) -> String {
    let text = |name: &str| warning.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let args = [
        ("id", text("id")),
        ("headline", text("headline")),
        ("level", output.say(&format!("level-{}", text("level")), &[])),
        ("status", output.say(&format!("cli-meant-{}", text("status")), &[])),
        ("stage", output.say(&format!("stage-{}", text("stage")), &[])),
    ];
    let given =
        arguments.text.as_ref().map(|text| format!("\n{}", output.say("cli-lift-text", &[("text", text.clone())])));
    output.say("cli-lift-plan", &args) + &given.unwrap_or_default()
}

fn confirm(arguments: &Lift, words: &[String], output: &Output) -> Result<(), Fault> {
    let wanted = words.first().cloned().unwrap_or_default();
    let args = [("word", wanted.clone())];
    let fault = |code| Fault::new(Exit::Usage, output.lang, code, &args);
    match (&arguments.confirm, arguments.yes) {
        (Some(given), _) if !words.contains(given) => Err(fault("cli-lift-word")),
        (Some(_), true) => Ok(()),
        // The loudest one wants its word even in a script.
        (None, true) => {
            if words.len() > 1 {
                Ok(())
            } else {
                Err(fault("cli-lift-needs-confirm"))
            }
        }
        (_, false) => match output.ask(&output.say("cli-lift-ask", &args)) {
            Some(answer) if answer == wanted => Ok(()),
            _ => Err(fault("cli-lift-word")),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::words;

    #[test]
    fn an_actual_red_warning_wants_its_level_and_nothing_else() {
        assert_eq!(words(&json!({"level": "red", "status": "actual"})), ["red"]);
        assert_eq!(words(&json!({"level": "red", "status": "exercise"})), ["lift", "red"]);
        assert_eq!(words(&json!({"level": "blue", "status": "actual"})), ["lift", "blue"]);
    }
}
