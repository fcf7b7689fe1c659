//! `fenghuo status`: the newest warnings, or the numbers of one.

use serde_json::{Value, json};

use super::{
    arguments::Status,
    client::Client,
    exit::Exit,
    fault::Fault,
    output::{Output, table},
    watch,
};

pub(super) async fn run(arguments: &Status, output: &Output) -> Result<Exit, Fault> {
    let client = Client::new(&arguments.connection, output)?;
    match &arguments.id {
        Some(id) => {
            let numbers = watch::numbers(&client, id).await?;
            if output.json {
                output.document(&numbers.document());
            } else {
                let as_of = [("as_of", numbers.as_of.clone())];
                output.text(&format!("{}\n{}", output.say("cli-as-of", &as_of), numbers.report(output)));
            }
        }
        None => list(&client, arguments, output).await?,
    }
    Ok(Exit::Done)
}

async fn list(client: &Client, arguments: &Status, output: &Output) -> Result<(), Fault> {
    let active = if arguments.active { "&active=true" } else { "" };
    let answer = client.get(&format!("/v1/warnings?limit={}{active}", arguments.limit)).await?;
    let items = answer.body.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    if output.json {
        output.document(&json!({"items": items, "next": answer.body.get("next")}));
        return Ok(());
    }
    if items.is_empty() {
        output.note(&output.say("cli-status-empty", &[]));
        return Ok(());
    }
    let heading = ["id", "level", "status", "stage", "received", "headline"];
    let mut rows: Vec<Vec<String>> = vec![heading.map(|name| output.say(&format!("cli-column-{name}"), &[])).to_vec()];
    for item in &items {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let ended = item.get("ended").and_then(Value::as_str);
        let stage = ended.map_or_else(
            || output.say(&format!("stage-{}", text("stage")), &[]),
            |ended| output.say(&format!("cli-ended-{ended}"), &[]),
        );
        rows.push(vec![
            text("id"),
            output.say(&format!("level-{}", text("level")), &[]),
            output.say(&format!("cli-meant-{}", text("status")), &[]),
            stage,
            text("received_at"),
            text("headline"),
        ]);
    }
    output.text(&table(&rows));
    Ok(())
}
