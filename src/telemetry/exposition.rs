//! The text form of the metrics: OpenMetrics as the library writes it, or the older text form of Prometheus.

use prometheus_client::{encoding::text::encode, registry::Registry};

/// Media type of OpenMetrics.
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Media type of the older text form.
pub const PLAIN_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) fn write(registry: &Registry, open_metrics: bool) -> String {
    let mut text = String::new();
    encode(&mut text, registry).expect("writing to a String cannot fail");
    if open_metrics { text } else { plain(&text) }
}

/// In the older form a family of counters is called as its samples are, `…_total`, an info is a gauge `…_info`, and
/// there are neither units nor an end mark.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("EOF"), ..) | (Some("#"), Some("UNIT"), ..) => continue,
            (Some("#"), Some(word @ ("HELP" | "TYPE")), Some(name), rest) => {
                let kind = kind_of(&lines[index..], name);
                let rest = rest.unwrap_or_default();
                let (suffix, rest) = match (kind, word) {
                    ("counter", _) => ("_total", rest),
                    ("info", "TYPE") => ("_info", "gauge"),
                    ("info", _) => ("_info", rest),
                    _ => ("", rest),
                };
                out.push_str(&format!("# {word} {name}{suffix} {rest}"));
            }
            _ => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

/// The kind of the family called `name`; its TYPE line is at most two lines away from its HELP line.
fn kind_of<'a>(lines: &[&'a str], name: &str) -> &'a str {
    let head = format!("# TYPE {name} ");
    lines.iter().take(3).find_map(|line| line.strip_prefix(head.as_str())).unwrap_or_default()
}
