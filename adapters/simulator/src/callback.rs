//! Receipts that come as a call to us.

use fenghuo_contract::{Callback, CallbackFault, Cause, Origin, Receipt, ReceiptState, Reference, SignatureCheck};

/// The header that must repeat the word agreed on.
const SIGNATURE: &str = "x-simulator-signature";

/// Receipts of one call at most.
const LINES: usize = 100_000;

pub(crate) fn read(word: Option<&str>, callback: &Callback<'_>) -> Result<Vec<Receipt>, CallbackFault> {
    let given = callback.headers.iter().find(|(name, _)| name == SIGNATURE).map(|(_, value)| value.as_str());
    let origin = match word {
        Some(word) if given == Some(word) => Origin::Signed,
        Some(_) if callback.signature == SignatureCheck::Enforce => return Err(CallbackFault::Forged),
        _ => Origin::Unsigned,
    };
    let unreadable = |what: &str| CallbackFault::Unreadable(what.to_owned());
    let text = std::str::from_utf8(callback.body).map_err(|_| unreadable("the body is not UTF-8"))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    if lines.clone().take(LINES + 1).count() > LINES {
        return Err(unreadable("too many lines"));
    }
    lines.map(|line| receipt(line, origin).ok_or_else(|| unreadable("a line is not REFERENCE STATE [CODE]"))).collect()
}

fn receipt(line: &str, origin: Origin) -> Option<Receipt> {
    let mut words = line.split_ascii_whitespace();
    let (reference, state) = (words.next()?, words.next()?);
    let state = match state {
        "delivered" => ReceiptState::Delivered,
        "confirmed" => ReceiptState::Confirmed,
        "failed" => ReceiptState::Failed(Cause::new(words.next().unwrap_or("UNDELIV"), "not delivered")),
        _ => return None,
    };
    Some(Receipt { reference: Reference::new(reference), state, at: None, origin })
}
