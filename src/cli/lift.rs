//! `fenghuo lift` and `fenghuo correct`: end the event of a warning. They show what will happen and ask for a word; they
//! never ask without a terminal, and then change nothing.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    arguments::{Connection, Correct, Lift},
    client::{Client, segment},
    exit::Exit,
    fault::Fault,
    output::Output,
};

/// What is asked for.
struct Order<'a> {
    /// `lift` or `correct`.
    act: &'static str,
    id: &'a str,
    yes: bool,
    confirm: Option<&'a str>,
    text: Option<&'a str>,
    reason: Option<&'a str>,
    dry_run: bool,
    connection: &'a Connection,
}

pub(super) async fn run(arguments: &Lift, output: &Output) -> Result<Exit, Fault> {
    let Lift { id, yes, confirm, text, reason, dry_run, connection } = arguments;
    let (confirm, text, reason) = (confirm.as_deref(), text.as_deref(), reason.as_deref());
    end(&Order { act: "lift", id, yes: *yes, confirm, text, reason, dry_run: *dry_run, connection }, output).await
}

pub(super) async fn correct(arguments: &Correct, output: &Output) -> Result<Exit, Fault> {
    let Correct { id, yes, confirm, reason, dry_run, connection } = arguments;
    let (confirm, reason) = (confirm.as_deref(), reason.as_deref());
    end(&Order { act: "correct", id, yes: *yes, confirm, text: None, reason, dry_run: *dry_run, connection }, output)
        .await
}

async fn end(arguments: &Order<'_>, output: &Output) -> Result<Exit, Fault> {
    let act = arguments.act;
    if !arguments.yes && !arguments.dry_run && !output.interactive {
        return Err(Fault::new(Exit::Usage, output.lang, "cli-lift-needs-yes", &[]));
    }
    let client = Client::new(arguments.connection, output)?;
    let path = format!("/v1/warnings/{}", segment(arguments.id));
    let warning = client.get(&path).await?.body;
    let words = words(&warning, act);
    output.note(&plan(&warning, arguments, output));
    if arguments.dry_run {
        return Ok(Exit::Done);
    }
    confirm(arguments, &words, output)?;
    let order = json!({"text": arguments.text, "reason": arguments.reason});
    let order: serde_json::Map<String, Value> =
        order.as_object().cloned().unwrap_or_default().into_iter().filter(|(_, value)| !value.is_null()).collect();
    let answer = client.send(client.request(Method::POST, &format!("{path}/{act}")).json(&order)).await?;
    let id = answer.body.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    if output.json {
        output.document(&json!({"type": act, "id": id, "lifted": arguments.id, "warning": answer.body}));
    } else {
        let args = [("id", id.clone()), ("lifted", arguments.id.to_owned())];
        output.text(&(output.say(&format!("cli-{act}-done"), &args) + "\n"));
        output.note(&output.say("cli-send-next", &[("id", id)]));
    }
    Ok(Exit::Done)
}

/// The words that confirm, the one asked for first: the level where a slip would reach the public loudest, otherwise
/// the act, or the level as well.
fn words(warning: &Value, act: &str) -> Vec<String> {
    let text = |name: &str| warning.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let level = text("level");
    if text("status") == "actual" && level == "red" { vec![level] } else { vec![act.to_owned(), level] }
}

fn plan(warning: &Value, arguments: &Order<'_>, output: &Output) -> String {
    let text = |name: &str| warning.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let args = [
        ("id", text("id")),
        ("headline", text("headline")),
        ("level", output.say(&format!("level-{}", text("level")), &[])),
        ("status", output.say(&format!("cli-meant-{}", text("status")), &[])),
        ("stage", output.say(&format!("stage-{}", text("stage")), &[])),
    ];
    let given = arguments.text.map(|text| format!("\n{}", output.say("cli-lift-text", &[("text", text.to_owned())])));
    output.say(&format!("cli-{}-plan", arguments.act), &args) + &given.unwrap_or_default()
}

fn confirm(arguments: &Order<'_>, words: &[String], output: &Output) -> Result<(), Fault> {
    let wanted = words.first().cloned().unwrap_or_default();
    let args = [("word", wanted.clone())];
    let fault = |code| Fault::new(Exit::Usage, output.lang, code, &args);
    match (arguments.confirm, arguments.yes) {
        (Some(given), _) if !words.iter().any(|word| word == given) => Err(fault("cli-lift-word")),
        (Some(_), true) => Ok(()),
        // The loudest one wants its word even in a script.
        (None, true) => {
            if words.len() > 1 {
                Ok(())
            } else {
                Err(fault("cli-lift-needs-confirm"))
            }
        }
        (_, false) => match output.ask(&output.say(&format!("cli-{}-ask", arguments.act), &args)) {
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
        assert_eq!(words(&json!({"level": "red", "status": "actual"}), "lift"), ["red"]);
        assert_eq!(words(&json!({"level": "red", "status": "exercise"}), "lift"), ["lift", "red"]);
        assert_eq!(words(&json!({"level": "blue", "status": "actual"}), "correct"), ["correct", "blue"]);
    }
}
