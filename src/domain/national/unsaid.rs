//! What a message says that the form leaves out: found by writing it and reading what was written.

use std::collections::HashSet;

use serde_json::Value;

use super::{AREA_CODE, parameter::SHA256, read, saying::Saying, write};
use crate::domain::{
    area::AreaCode,
    finding::{Finding, Found, code},
    hazard,
    message::{Info, Message, NamedValue},
    moment::Moment,
};

/// What the form leaves out of a message it can say, as advice with paths into the JSON form; nothing for one it cannot
/// say. Of a time only the instant counts, of an area code and of an event code only the code, of a reference only the
/// identifier, of a file only what the form says of it.
#[must_use]
pub fn unsaid(message: &Message) -> Vec<Finding> {
    let Ok(saying) = Saying::of(message) else { return Vec::new() };
    let Some(mut said) = read(write::write(&saying).as_bytes()).message else { return Vec::new() };
    // It comes with the file, not with the form.
    said.infos.iter_mut().for_each(|info| info.parameters.push(digest_of_file()));
    let mut found = Found::default();
    let (mut ours, mut theirs) = (plain(message), plain(&said));
    let infos = ours.as_object_mut().and_then(|fields| fields.remove("infos"));
    let first = theirs.as_object_mut().and_then(|fields| fields.remove("infos")).unwrap_or_default();
    compare(&ours, Some(&theirs), "", &mut found);
    for (index, info) in infos.iter().filter_map(Value::as_array).flatten().enumerate() {
        let pointer = format!("/infos/{index}");
        compare(info, first.get(0).filter(|_| index == saying.at), &pointer, &mut found);
    }
    found.into_vec()
}

/// Takes down what is in `ours` and not in `theirs`.
fn compare(ours: &Value, theirs: Option<&Value>, pointer: &str, found: &mut Found) {
    match (ours, theirs) {
        (ours, Some(theirs)) if ours == theirs => {}
        (Value::Object(fields), Some(Value::Object(others))) => {
            for (name, value) in fields {
                compare(value, others.get(name), &format!("{pointer}/{name}"), found);
            }
        }
        (Value::Array(items), Some(Value::Array(others))) => {
            let said: HashSet<String> = others.iter().map(Value::to_string).collect();
            for (index, item) in items.iter().enumerate().filter(|(_, item)| !said.contains(&item.to_string())) {
                if found.is_full() {
                    return;
                }
                // Areas stay what they are, one by one; of other lists an item is there or not.
                let other = others.get(index).filter(|_| pointer.ends_with("/areas"));
                compare(item, other, &format!("{pointer}/{index}"), found);
            }
        }
        _ => found.push(Finding::advise(code::NATIONAL_UNSAID, pointer)),
    }
}

/// Stands for any.
fn digest_of_file() -> NamedValue {
    NamedValue { name: SHA256.to_owned(), value: String::new() }
}

/// The same instant in China's time.
fn china(moment: Moment) -> Moment {
    Moment::china(moment.unix())
}

/// A message with everything written in one way that says the same in several.
fn plain(message: &Message) -> Value {
    let mut plain = message.clone();
    plain.sent = china(plain.sent);
    for reference in &mut plain.references {
        (reference.sender, reference.sent) = (String::new(), Moment::china(0));
    }
    for Info { effective, onset, expires, event_codes, parameters, areas, .. } in &mut plain.infos {
        // Others keep their places: findings name them by number.
        parameters.iter_mut().filter(|one| one.name == SHA256).for_each(|one| *one = digest_of_file());
        [effective, onset, expires].into_iter().for_each(|moment| *moment = moment.map(china));
        for code in event_codes.iter_mut().filter(|code| hazard::has_national_form(&code.value)) {
            code.name = hazard::NATIONAL_CODE.to_owned();
        }
        for geocode in areas.iter_mut().flat_map(|area| &mut area.geocodes) {
            if let Some(code) = AreaCode::from_geocode(geocode) {
                (geocode.name, geocode.value) = (AREA_CODE.to_owned(), code.to_string());
            }
        }
    }
    serde_json::to_value(plain).unwrap_or_default()
}
