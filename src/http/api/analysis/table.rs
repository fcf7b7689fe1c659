//! The analysis as a table that spreadsheets open: one row per group of every grouping.

use super::AnalysisDocument;
use crate::domain::analysis::{Spread, Tally};

const HEAD: [&str; 31] = [
    "group",
    "key",
    "name",
    "warnings",
    "first",
    "updates",
    "lifts",
    "released",
    "returned",
    "rejected",
    "unsigned",
    "corrected",
    "human_median_s",
    "human_p95_s",
    "human_longest_s",
    "machine_median_s",
    "machine_p95_s",
    "machine_longest_s",
    "addressed",
    "reached_by_one",
    "reached_by_two",
    "confirmed",
    "deliveries",
    "failed",
    "measures_asked",
    "measures_done",
    "measures_late",
    "measures_overdue",
    "measures_not_applicable",
    "measures_ended",
    "as_of",
];

/// The table, with the mark by which spreadsheets know UTF-8.
///
/// # Errors
/// Those of the writer; in memory there are none.
pub(super) fn csv(document: &AnalysisDocument) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    writer.write_record(HEAD)?;
    writer.write_record(row("total", "", "", &document.total, &document.as_of))?;
    for (grouping, groups) in document.groupings() {
        for group in groups {
            writer.write_record(row(grouping, &group.key, &group.name, &group.tally, &document.as_of))?;
        }
    }
    writer.into_inner().map_err(|fault| fault.into_error().into())
}

fn row(grouping: &str, key: &str, name: &str, tally: &Tally, as_of: &str) -> Vec<String> {
    let mut cells = vec![grouping.to_owned(), plain(key), plain(name)];
    let counts = [
        tally.warnings,
        tally.first,
        tally.updates,
        tally.lifts,
        tally.released,
        tally.returned,
        tally.rejected,
        tally.unsigned,
        tally.corrected,
    ];
    cells.extend(counts.map(|count| count.to_string()));
    cells.extend(spread(tally.human));
    cells.extend(spread(tally.machine));
    let reach = tally.reach;
    let reach = [reach.addressed, reach.by_one, reach.by_two, reach.confirmed, reach.deliveries, reach.failed];
    cells.extend(reach.map(|count| count.to_string()));
    let done = tally.measures;
    let done = [done.asked, done.done, done.late, done.overdue, done.not_applicable, done.ended];
    cells.extend(done.map(|count| count.to_string()));
    cells.push(as_of.to_owned());
    cells
}

fn spread(spread: Option<Spread>) -> [String; 3] {
    let seconds = |of: fn(&Spread) -> f64| spread.as_ref().map(of).map(|s| format!("{s:.3}")).unwrap_or_default();
    [seconds(|s| s.median_s), seconds(|s| s.p95_s), seconds(|s| s.longest_s)]
}

/// A text that no spreadsheet takes for a formula, whoever wrote it.
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
