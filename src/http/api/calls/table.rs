//! A call list as a table that spreadsheets open.

use crate::flow::call::{CallView, CallsView};

const HEAD: [&str; 16] = [
    "external_id",
    "name",
    "office",
    "area",
    "state",
    "since",
    "channel",
    "how",
    "note",
    "reason",
    "telephone",
    "deputy",
    "deputy_name",
    "deputy_telephone",
    "ended",
    "as_of",
];

/// The table, with the mark by which spreadsheets know UTF-8.
///
/// # Errors
/// Those of the writer; in memory there are none.
pub(super) fn csv(view: &CallsView) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    writer.write_record(HEAD)?;
    for item in &view.items {
        writer.write_record(row(view, item))?;
    }
    writer.into_inner().map_err(|fault| fault.into_error().into())
}

fn row(view: &CallsView, item: &CallView) -> [String; 16] {
    let text = |text: &Option<String>| plain(text.as_deref().unwrap_or_default());
    [
        plain(&item.external_id),
        plain(&item.name),
        plain(&item.office),
        text(&item.area),
        item.state.clone(),
        text(&item.since),
        text(&item.channel),
        item.how.map(|how| how.name().to_owned()).unwrap_or_default(),
        text(&item.note),
        text(&item.reason),
        text(&item.telephone),
        text(&item.deputy),
        text(&item.deputy_name),
        text(&item.deputy_telephone),
        text(&view.ended),
        view.as_of.clone(),
    ]
}

/// A text that no spreadsheet takes for a formula, whoever wrote it.
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
