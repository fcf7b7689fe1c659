//! `fenghuo lift` and `fenghuo correct`: end the event of a warning. They show what will happen and ask for a word; they
//! never ask without a terminal, and then change nothing.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    arguments::{Ending, Lift},
    client::{Client, segment},
    exit::Exit,
    fault::Fault,
    output::Output,
};

/// What is asked for.
struct Order<'a> {
    /// `lift` or `correct`.
    act: &'static str,
    text: Option<&'a str>,
    ending: &'a Ending,
}

pub(super) async fn run(arguments: &Lift, output: &Output) -> Result<Exit, Fault> {
    end(&Order { act: "lift", text: arguments.text.as_deref(), ending: &arguments.ending }, output).await
}

pub(super) async fn correct(arguments: &Ending, output: &Output) -> Result<Exit, Fault> {
    end(&Order { act: "correct", text: None, ending: arguments }, output).await
}

async fn end(order: &Order<'_>, output: &Output) -> Result<Exit, Fault> {
    let Order { act, ending, .. } = order;
    if !ending.yes && !ending.dry_run && !output.interactive {
        return Err(Fault::new(Exit::Usage, output.lang, "cli-lift-needs-yes", &[]));
    }
    let client = Client::new(&ending.connection, output)?;
    let path = format!("/v1/warnings/{}", segment(&ending.id));
    let warning = client.get(&path).await?.body;
    let words = words(&warning, act);
    output.note(&plan(&warning, order, output));
    if ending.dry_run {
        return Ok(Exit::Done);
    }
    confirm(order, &words, output)?;
    let body = json!({"text": order.text, "reason": ending.reason});
    let body: serde_json::Map<String, Value> =
        body.as_object().cloned().unwrap_or_default().into_iter().filter(|(_, value)| !value.is_null()).collect();
    let answer = client.send(client.request(Method::POST, &format!("{path}/{act}")).json(&body)).await?;
    let id = answer.body.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    if output.json {
        let ended = if *act == "lift" { "lifted" } else { "corrected" };
        output.document(&json!({"type": act, "id": id, ended: ending.id, "warning": answer.body}));
    } else {
        let args = [("id", id.clone()), ("lifted", ending.id.clone())];
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
    match (arguments.ending.confirm.as_deref(), arguments.ending.yes) {
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
