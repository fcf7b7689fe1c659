//! Rules for the message as a whole: who, when, to whom, about which earlier messages.

use super::{Known, Spot, words};
use crate::domain::{
    finding::{Found, code},
    message::{Kind, Message, Scope},
    text,
};

/// Checks everything above the infos.
pub(super) fn check(message: &Message, known: Known, found: &mut Found) {
    let root = Spot::ROOT;
    name(&message.identifier, &root.field("identifier"), [code::IDENTIFIER_EMPTY, code::IDENTIFIER_CHARACTERS], found);
    name(&message.sender, &root.field("sender"), [code::SENDER_EMPTY, code::SENDER_CHARACTERS], found);
    words::offset(Some(message.sent), &root.field("sent"), found);
    words::optional(message.source.as_ref(), &root.field("source"), found);
    words::plain(message.note.as_ref(), &root.field("note"), found);
    audience(message, known, found);
    let codes = root.field("codes");
    for (index, item) in message.codes.iter().enumerate() {
        words::optional(Some(item), &codes.item(index), found);
    }
    list(&message.addresses, &root.field("addresses"), found);
    list(&message.incidents, &root.field("incidents"), found);
    references(message, known, found);
    if known.kind && message.infos.is_empty() && matches!(message.kind, Kind::Alert | Kind::Update) {
        found.push(root.field("infos").refuse(code::INFO_REQUIRED).arg("kind", message.kind));
    }
}

/// An identifier or sender. What it holds is not repeated: a sender may be a person's address.
fn name(name: &str, spot: &Spot<'_>, [empty, characters]: [&'static str; 2], found: &mut Found) {
    if name.is_empty() {
        found.push(spot.refuse(empty));
    } else if let Some(c) = words::reserved(name) {
        let shown = if c.is_whitespace() { format!("U+{:04X}", u32::from(c)) } else { c.to_string() };
        found.push(spot.refuse(characters).arg("character", shown));
    } else {
        words::carried(name, spot, found);
    }
}

fn audience(message: &Message, known: Known, found: &mut Found) {
    let root = Spot::ROOT;
    let restriction = root.field("restriction");
    words::optional(message.restriction.as_ref(), &restriction, found);
    if !known.scope {
        return;
    }
    match (message.scope, &message.restriction) {
        (Scope::Restricted, None) => found.push(restriction.refuse(code::RESTRICTION_REQUIRED)),
        (Scope::Public | Scope::Private, Some(_)) => {
            found.push(restriction.refuse(code::RESTRICTION_SCOPE).arg("scope", message.scope));
        }
        _ => {}
    }
    if message.scope == Scope::Private && message.addresses.is_empty() {
        found.push(root.field("addresses").refuse(code::ADDRESSES_REQUIRED));
    }
}

/// Items of a list that CAP writes into one text, quoted where they contain blanks: none may be empty or contain the
/// quotation mark itself.
fn list(items: &[String], spot: &Spot<'_>, found: &mut Found) {
    for (index, item) in items.iter().enumerate() {
        if text::is_blank(item) || item.contains('"') {
            found.push(spot.item(index).refuse(code::LIST_ITEM_FORM));
        }
        words::carried(item, &spot.item(index), found);
    }
}

fn references(message: &Message, known: Known, found: &mut Found) {
    let spot = Spot::ROOT.field("references");
    if known.kind && message.references.is_empty() && message.kind != Kind::Alert {
        found.push(spot.refuse(code::REFERENCES_REQUIRED).arg("kind", message.kind));
    }
    for (index, reference) in message.references.iter().enumerate() {
        let item = spot.item(index);
        name(&reference.sender, &item.field("sender"), [code::SENDER_EMPTY, code::SENDER_CHARACTERS], found);
        name(
            &reference.identifier,
            &item.field("identifier"),
            [code::IDENTIFIER_EMPTY, code::IDENTIFIER_CHARACTERS],
            found,
        );
        if reference.sender == message.sender && reference.identifier == message.identifier {
            found.push(item.refuse(code::REFERENCE_SELF).got(&reference.identifier));
        } else if known.sent && reference.sent.unix() > message.sent.unix() {
            found.push(item.advise(code::REFERENCE_LATER).got(&reference.sent.to_string()));
        }
    }
}
