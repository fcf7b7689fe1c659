//! Parameters that several operations have.

use serde_json::{Value, json};

use crate::http::openapi::{Parameter, both};

pub(super) const WARNING: Parameter =
    Parameter { name: "id", place: "path", schema: text, text: both("预警编号", "Id of the warning") };

pub(super) const CURSOR: Parameter = Parameter {
    name: "cursor",
    place: "query",
    schema: text,
    text: both("上一页应答里的 next", "The next of the page before"),
};

pub(super) const LIMIT: Parameter = Parameter {
    name: "limit",
    place: "query",
    schema: limit,
    text: both(
        "一页的条数，默认 50，最多 1000，超过按 1000 算",
        "Items on a page: 50 by default, 1000 at most, more count as 1000",
    ),
};

pub(super) fn text() -> Value {
    json!({"type": "string"})
}

pub(super) fn flag() -> Value {
    json!({"type": "boolean", "default": false})
}

fn limit() -> Value {
    json!({"type": "integer", "minimum": 0, "default": 50})
}
