//! What a measure reports, for people and for programs.

use serde_json::json;

/// A measure: a name to choose it by, and what it does.
pub(crate) struct Measure {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&mut Report),
}

/// What a figure has to be.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// Its ratio to the yardstick is at least this.
    RatioAtLeast(f64),
    /// Its ratio to the yardstick is at most this.
    RatioAtMost(f64),
    /// Nothing is claimed; for reading beside the others.
    Shown,
}

/// One figure.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// What it is compared with, measured in the same run, and its value in the same unit.
    pub(crate) yardstick: Option<(&'static str, f64)>,
    pub(crate) goal: Goal,
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        self.yardstick.map(|(_, yardstick)| self.value / yardstick)
    }

    fn met(&self) -> bool {
        let ratio = self.ratio();
        match self.goal {
            Goal::AtLeast(least) => self.value >= least,
            Goal::AtMost(most) => self.value <= most,
            Goal::RatioAtLeast(least) => ratio.is_some_and(|ratio| ratio >= least),
            Goal::RatioAtMost(most) => ratio.is_some_and(|ratio| ratio <= most),
            Goal::Shown => true,
        }
    }

    fn goal(&self) -> String {
        match self.goal {
            Goal::AtLeast(least) => format!(">= {}", short(least)),
            Goal::AtMost(most) => format!("<= {}", short(most)),
            Goal::RatioAtLeast(least) => format!("ratio >= {least}"),
            Goal::RatioAtMost(most) => format!("ratio <= {most}"),
            Goal::Shown => String::new(),
        }
    }
}

/// Takes figures and prints each as it comes.
pub(crate) struct Report {
    json: bool,
    rows: usize,
}

impl Report {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, rows: 0 }
    }

    /// Whether anything was measured.
    pub(crate) fn complete(&self) -> bool {
        self.rows > 0
    }

    #[expect(clippy::print_stdout, reason = "this is the program's result")]
    pub(crate) fn row(&mut self, row: &Row) {
        self.rows += 1;
        if self.json {
            println!("{}", line(row));
            return;
        }
        if self.rows == 1 {
            println!(
                "{:<44} {:>12} {:<14} {:>12} {:>7}  {:<14} met",
                "measure", "value", "unit", "yardstick", "ratio", "goal"
            );
        }
        let yardstick = row.yardstick.map_or_else(String::new, |(_, value)| short(value));
        let ratio = row.ratio().map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        let met = if row.goal().is_empty() {
            ""
        } else if row.met() {
            "yes"
        } else {
            "NO"
        };
        let named = row.yardstick.map_or_else(String::new, |(name, _)| format!("  (yardstick: {name})"));
        println!(
            "{:<44} {:>12} {:<14} {yardstick:>12} {ratio:>7}  {:<14} {met}{named}",
            row.name,
            short(row.value),
            row.unit,
            row.goal()
        );
    }
}

fn line(row: &Row) -> serde_json::Value {
    json!({
        "name": row.name, "value": row.value, "unit": row.unit,
        "yardstick": row.yardstick.map(|(name, value)| json!({"name": name, "value": value})),
        "ratio": row.ratio(), "goal": row.goal(), "met": row.met(),
    })
}

/// A number with three or four significant digits.
fn short(value: f64) -> String {
    match value.abs() {
        large if large >= 1e7 => format!("{:.1} M", value / 1e6),
        large if large >= 1e6 => format!("{:.2} M", value / 1e6),
        large if large >= 1e4 => format!("{:.0} k", value / 1e3),
        large if large >= 100.0 => format!("{value:.0}"),
        large if large >= 10.0 => format!("{value:.1}"),
        large if large >= 0.1 => format!("{value:.2}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.4}"),
    }
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
