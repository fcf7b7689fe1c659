use std::collections::BTreeSet;

use serde_json::Value;

use super::{document::problems, *};
use crate::http::{problem::ProblemCode, routes};

/// Every operation of the document with its path and method.
fn operations() -> Vec<(String, &'static Value)> {
    let paths = document()["paths"].as_object().expect("paths");
    let methods = |(path, item): (&String, &'static Value)| {
        let item = item.as_object().expect("methods");
        item.iter().map(|(method, operation)| (format!("{method} {path}"), operation)).collect::<Vec<_>>()
    };
    paths.iter().flat_map(methods).collect()
}

#[test]
fn every_route_of_the_api_is_described() {
    for route in routes::table() {
        let described = route.operation.is_some();
        assert_eq!(described, route.path.starts_with("/v1/") || OPERATIONS.contains(&route.path), "{}", route.path);
    }
}

/// Described although not under `/v1/`.
const OPERATIONS: &[&str] = &[
    "/healthz",
    "/readyz",
    "/metrics",
    "/callbacks/{route}/{secret}",
    "/c/{token}",
    "/subscribe/push",
    "/unsubscribe/{token}",
];

#[test]
fn every_operation_has_its_own_id_both_languages_and_examples() {
    let mut ids = BTreeSet::new();
    for (name, operation) in operations() {
        assert!(ids.insert(operation["operationId"].as_str().expect("an id")), "{name}");
        assert!(operation["summary"].as_str().is_some_and(|text| text.contains(" · ")), "{name}");
        let answers = operation["responses"].as_object().expect("responses");
        assert!(answers.keys().any(|status| status.starts_with('2')), "{name}");
        assert!(answers.keys().any(|status| !status.starts_with('2')), "{name}");
        let bodies = answers.values().chain([&operation["requestBody"]]).filter_map(|part| part["content"].as_object());
        for content in bodies.flat_map(|content| content.values()) {
            assert!(content.get("example").is_some() || content.get("examples").is_some(), "{name}");
        }
    }
}

#[test]
fn path_parameters_are_those_of_the_path() {
    for (name, operation) in operations() {
        let in_path: BTreeSet<&str> =
            name.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect();
        let described: BTreeSet<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        assert_eq!(in_path, described, "{name}");
    }
}

#[test]
fn every_reference_leads_somewhere_and_nothing_chooses_null() {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    if name == "$ref" {
                        found.extend(field.as_str().map(str::to_owned));
                    }
                    let null = |choice: &Value| choice["type"] == "null";
                    let choices = ["oneOf", "anyOf"].contains(&name.as_str());
                    assert!(!(choices && field.as_array().is_some_and(|list| list.iter().any(null))), "{fields:#?}");
                    walk(field, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(document(), &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("of this document");
        assert!(document().pointer(pointer).is_some(), "{reference}");
    }
}

/// The few keywords of a schema that our examples need.
fn fits(value: &Value, schema: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document().pointer(&reference[1..]).expect("a schema");
        return fits(value, target, at);
    }
    assert!(schema["allOf"].is_null(), "{at}: parts are merged");
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    assert!(kinds.is_empty() || kinds.iter().any(|kind| is(kind)), "{at}: {value} is none of {kinds:?}");
    if let Some(values) = schema["enum"].as_array() {
        assert!(values.contains(value), "{at}: {value} is none of {values:?}");
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        fits(item, &schema["items"], &format!("{at}/{index}"));
    }
    let Some(fields) = value.as_object() else { return };
    for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        assert!(fields.contains_key(required), "{at}: {required} is missing");
    }
    for (name, field) in fields {
        let known = &schema["properties"][name];
        assert!(!known.is_null() || schema["additionalProperties"] != false, "{at}: {name} is not known");
        if !known.is_null() {
            fits(field, known, &format!("{at}/{name}"));
        }
    }
}

#[test]
fn every_example_fits_its_schema() {
    let mut seen = 0;
    for (name, operation) in operations() {
        let answers = operation["responses"].as_object().expect("responses");
        let bodies = answers.values().chain([&operation["requestBody"]]).filter_map(|part| part["content"].as_object());
        for content in bodies.flat_map(|content| content.values()) {
            if !content["example"].is_null() {
                fits(&content["example"], &content["schema"], &name);
                seen += 1;
            }
            for example in content["examples"].as_object().into_iter().flat_map(|examples| examples.values()) {
                fits(&example["value"], &content["schema"], &name);
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn every_problem_belongs_to_an_operation_or_to_no_operation() {
    let of_any: BTreeSet<&str> = routes::table()
        .iter()
        .filter_map(|route| route.operation.map(|operation| problems(route, operation)))
        .flatten()
        .map(ProblemCode::name)
        .collect();
    // Those of addresses that do not exist, of methods, of HTTP itself, and of the documentation pages.
    let of_none = ["explanation-not-found", "method-not-allowed", "not-found", "request-malformed"];
    for code in ProblemCode::ALL {
        assert_ne!(of_any.contains(code.name()), of_none.contains(&code.name()), "{}", code.name());
    }
}
