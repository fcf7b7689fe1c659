//! Rows of other things than recipients: the same forms and encodings, with fields that only their reader knows.

use serde_json::{Map, Value};

use super::{
    Format, LineError,
    encoding::Encoding,
    lines::{Line, Lines},
    table::{Quotes, delimiter, fields},
};

/// One row of a file.
#[derive(Debug, PartialEq)]
pub struct Row {
    /// Line of the file, from 1, the header counted.
    pub line: u64,
    /// Fields by the names the file gives them, those of CSV as texts and without the blank ones; or why it cannot be read.
    pub fields: Result<Map<String, Value>, LineError>,
}

/// The rows of a whole file.
#[derive(Debug, Default)]
pub struct Rows {
    /// `utf-8` or `gb18030`; `None` while nothing told them apart.
    pub encoding: Option<&'static str>,
    pub rows: Vec<Row>,
}

/// Reads a file that is in memory. A row of CSV is one line; without a header there are no rows.
#[must_use]
pub fn rows(format: Format, bytes: &[u8]) -> Rows {
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut cut = Lines::default();
    let mut lines: Vec<Line> = Vec::new();
    while let Some(line) = cut.next(&mut rest) {
        lines.push(line);
    }
    lines.extend(cut.last());
    let encoding = Encoding::of(lines.iter());
    let mut header: Option<(u8, Vec<String>)> = None;
    let mut rows = Vec::new();
    for line in lines {
        let Some(text) = encoding.decode(&line.bytes).filter(|_| !line.overlong) else {
            let code = if line.overlong { "import-line-long" } else { "import-encoding" };
            let error = LineError::new(line.number, None, code).arg("encoding", encoding.name().unwrap_or("utf-8"));
            rows.push(Row { line: line.number, fields: Err(error) });
            continue;
        };
        if text.trim().is_empty() {
            continue;
        }
        let read = match (format, &header) {
            (Format::Ndjson, _) => object(line.number, text.trim()),
            (Format::Csv, Some((delimiter, names))) => record(line.number, &text, *delimiter, names),
            (Format::Csv, None) => {
                let delimiter = delimiter(&text);
                let names = fields(&text, delimiter).0;
                header = Some((delimiter, names.iter().map(|name| name.trim().to_owned()).collect()));
                continue;
            }
        };
        rows.push(Row { line: line.number, fields: read });
    }
    Rows { encoding: encoding.name(), rows }
}

fn object(line: u64, text: &str) -> Result<Map<String, Value>, LineError> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(LineError::new(line, None, "import-json-object")),
        Err(fault) => Err(LineError::new(line, None, "import-json").arg("at", fault.column())),
    }
}

fn record(line: u64, text: &str, delimiter: u8, names: &[String]) -> Result<Map<String, Value>, LineError> {
    let (values, quotes) = fields(text, delimiter);
    if quotes != Quotes::Paired {
        return Err(LineError::new(line, None, "import-csv-quote"));
    }
    if values.iter().skip(names.len()).any(|value| !value.trim().is_empty()) {
        let error = LineError::new(line, None, "import-csv-columns");
        return Err(error.arg("fields", values.len()).arg("columns", names.len()));
    }
    let filled = names.iter().zip(&values).filter(|(name, value)| !name.is_empty() && !value.trim().is_empty());
    Ok(filled.map(|(name, value)| (name.clone(), Value::String(value.trim().to_owned()))).collect())
}

#[cfg(test)]
mod tests {
    use super::{Format, rows};

    #[test]
    fn each_row_has_its_line_and_a_bad_one_costs_itself_only() {
        let text = "id,名称\n\na,\"东,屏\"\nb,\"西屏\nc,南屏,x\nd,\n";
        let gb18030 = encoding_rs::GB18030.encode(text).0.into_owned();
        for (bytes, encoding) in [(text.as_bytes().to_vec(), "utf-8"), (gb18030, "gb18030")] {
            let read = rows(Format::Csv, &bytes);
            assert_eq!(read.encoding, Some(encoding));
            let told = |row: &super::Row| match &row.fields {
                Ok(fields) => format!("{} {}", row.line, serde_json::to_string(fields).unwrap()),
                Err(error) => format!("{} {}", row.line, error.code),
            };
            let told: Vec<String> = read.rows.iter().map(told).collect();
            let wanted = [
                "3 {\"id\":\"a\",\"名称\":\"东,屏\"}",
                "4 import-csv-quote",
                "5 import-csv-columns",
                "6 {\"id\":\"d\"}",
            ];
            assert_eq!(told, wanted);
        }
        let read = rows(Format::Ndjson, b"{\"id\":\"a\"}\n[1]\n{\n");
        let codes: Vec<_> = read.rows.iter().map(|row| row.fields.as_ref().map_err(|error| error.code).err()).collect();
        assert_eq!(codes, [None, Some("import-json-object"), Some("import-json")]);
    }
}
