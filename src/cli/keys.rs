//! `fenghuo keys`: in a data directory that no server holds, in a store that servers share, or through a server.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    arguments::{Keys, KeysAction, KeysCreate, KeysPlace},
    client::{Client, segment},
    exit::Exit,
    fault::Fault,
    output::{Output, table},
    settings,
};
use crate::{
    app::{Opened, StartFault},
    clock::Clock,
    config::Environment,
    flow::authorize::{self, KeyOrder, Role},
    store::embedded::OpenFault,
};

pub(super) async fn run(arguments: &Keys, output: &Output) -> Result<Exit, Fault> {
    match &arguments.action {
        KeysAction::Create(order) => create(order, output).await,
        KeysAction::List(arguments) => list(&arguments.place, output).await,
        KeysAction::Revoke(arguments) => revoke(&arguments.id, &arguments.place, output).await,
    }
}

/// Opens the data directory, or says that a server holds it.
async fn open(place: &KeysPlace, clock: &Clock, output: &Output) -> Result<Option<Opened>, Fault> {
    if let Some(file) = &place.config {
        return open_shared(file, place, clock, output).await.map(Some);
    }
    let Some(data) = &place.data else { return Ok(None) };
    let args = |cause: String| [("data", data.display().to_string()), ("cause", cause)];
    match crate::app::open(data, clock).await {
        Ok(opened) => Ok(Some(opened)),
        Err(StartFault::Store(OpenFault::InUse(_))) => {
            Err(Fault::new(Exit::Temporary, output.lang, "cli-data-in-use", &args(String::new())))
        }
        Err(fault) => Err(Fault::failed(output.lang, "cli-data-not-opened", &args(fault.to_string()))),
    }
}

/// Opens the store that settings name: beside the nodes that share one, too.
async fn open_shared(file: &Path, place: &KeysPlace, clock: &Clock, output: &Output) -> Result<Opened, Fault> {
    let loaded = crate::config::load(Some(file), &Environment::of_process());
    let mut store = loaded.map_err(|fault| settings::refused(&fault, output))?.config.store;
    if let Some(data) = &place.data {
        store.data.clone_from(data);
    }
    let data = store.data.display().to_string();
    let opened = crate::app::open_configured(&store, clock).await;
    opened.map_err(|fault| {
        let code = if store.url.is_some() { "cli-store-not-opened" } else { "cli-data-not-opened" };
        Fault::failed(output.lang, code, &[("data", data), ("cause", fault.to_string())])
    })
}

fn not_stored(output: &Output, fault: &crate::flow::Unavailable) -> Fault {
    Fault::new(Exit::Temporary, output.lang, "cli-not-stored", &[("cause", fault.to_string())])
}

async fn create(order: &KeysCreate, output: &Output) -> Result<Exit, Fault> {
    let subject = subject(order, output)?;
    let clock = Clock::system();
    let made = if let Some(opened) = open(&order.place, &clock, output).await? {
        let order = KeyOrder { role: order.role, subject, person: order.person.clone(), note: order.note.clone() };
        let made = authorize::offline::create(&opened.store, &clock, order).await;
        opened.store.close().await;
        serde_json::to_value(made.map_err(|fault| not_stored(output, &fault))?).unwrap_or_default()
    } else {
        let client = Client::new(&order.place.connection, output)?;
        let mut body = json!({"role": order.role.name(), "note": order.note});
        if let Some(subject) = subject {
            body["subject"] = subject.into();
        }
        if let Some(person) = &order.person {
            body["person"] = person.as_str().into();
        }
        client.send(client.request(Method::POST, "/v1/keys").json(&body)).await?.body
    };
    if output.json {
        output.document(&made);
    } else {
        let text = |name: &str| made.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        output.text(&(text("secret") + "\n"));
        output.note(&output.say("cli-keys-created", &[("id", text("id")), ("role", text("role"))]));
    }
    Ok(Exit::Done)
}

/// The issuer or screen the key belongs to: there for these two roles, and for no other.
fn subject(order: &KeysCreate, output: &Output) -> Result<Option<String>, Fault> {
    let (flag, given, other) = match order.role {
        Role::Screen => ("--screen", &order.screen, &order.issuer),
        _ => ("--issuer", &order.issuer, &order.screen),
    };
    let args = [("role", order.role.name().to_owned()), ("flag", flag.to_owned())];
    match (order.role.has_subject(), given, other) {
        (_, _, Some(_)) | (false, Some(_), _) => {
            Err(Fault::new(Exit::Usage, output.lang, "cli-keys-no-subject", &args))
        }
        (true, None, None) => Err(Fault::new(Exit::Usage, output.lang, "cli-keys-subject", &args)),
        (_, given, None) => Ok(given.clone()),
    }
}

async fn list(place: &KeysPlace, output: &Output) -> Result<Exit, Fault> {
    let clock = Clock::system();
    let items = if let Some(opened) = open(place, &clock, output).await? {
        let keys = authorize::offline::list(&opened.store).await;
        opened.store.close().await;
        let keys = keys.map_err(|fault| not_stored(output, &fault))?;
        serde_json::to_value(keys).unwrap_or_default()
    } else {
        let client = Client::new(&place.connection, output)?;
        client.get("/v1/keys").await?.body.get("items").cloned().unwrap_or_default()
    };
    if output.json {
        output.document(&json!({"items": items}));
        return Ok(Exit::Done);
    }
    let heading = ["id", "role", "subject", "person", "created", "revoked", "note"];
    let mut rows = vec![heading.map(|name| output.say(&format!("cli-column-{name}"), &[])).to_vec()];
    for item in items.as_array().into_iter().flatten() {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
        rows.push(["id", "role", "subject", "person", "created_at", "revoked_at", "note"].map(text).to_vec());
    }
    output.text(&table(&rows));
    Ok(Exit::Done)
}

async fn revoke(id: &str, place: &KeysPlace, output: &Output) -> Result<Exit, Fault> {
    let clock = Clock::system();
    let args = [("id", id.to_owned())];
    if let Some(opened) = open(place, &clock, output).await? {
        let revoked = authorize::offline::revoke(&opened.store, &clock, id).await;
        opened.store.close().await;
        if !revoked.map_err(|fault| not_stored(output, &fault))? {
            return Err(Fault::failed(output.lang, "cli-key-unknown", &args));
        }
    } else {
        let client = Client::new(&place.connection, output)?;
        client.send(client.request(Method::POST, &format!("/v1/keys/{}/revoke", segment(id)))).await?;
    }
    if output.json {
        output.document(&json!({"type": "key_revoked", "id": id}));
    } else {
        output.text(&(output.say("cli-keys-revoked", &args) + "\n"));
    }
    Ok(Exit::Done)
}
