use super::*;

fn body(json: &str) -> Fields {
    let Value::Object(values) = serde_json::from_str(json).unwrap() else { panic!("an object") };
    Fields::new(ProblemCode::FieldsWrong, "/", values)
}

fn address(text: &str) -> Fields {
    Fields::of_address(&text.parse().unwrap()).unwrap()
}

/// Pointer and code of everything that was wrong.
fn wrong(fields: Fields) -> Vec<(String, String)> {
    let problem = fields.end().expect_err("something is wrong");
    let document = super::super::problem::ProblemDocument::new(crate::messages::Lang::English, &problem, "id");
    document.errors.into_iter().map(|field| (field.pointer, field.code)).collect()
}

#[test]
fn tells_every_broken_field_at_once() {
    let mut fields = body(r#"{"role":"king","note":7,"groups":["a",1],"drill":"yes","extra/one":1}"#);
    assert_eq!(fields.one_of("role", &[("admin", 1)]), None);
    assert_eq!(fields.text("note", 10), None);
    assert!(fields.texts("groups", 10).is_empty());
    assert!(!fields.flag("drill"));
    assert_eq!(fields.required_text("name", 10), "");
    let pairs = [
        ("/role", "value-not-allowed"),
        ("/note", "field-wrong"),
        ("/groups", "field-wrong"),
        ("/drill", "value-not-allowed"),
        ("/name", "field-missing"),
        ("/extra~1one", "field-unknown"),
    ];
    assert_eq!(wrong(fields), pairs.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
}

#[test]
fn a_page_has_bounds_and_a_default() {
    for (text, limit) in [("/x", 50), ("/x?limit=0", 50), ("/x?limit=7", 7), ("/x?limit=100000", 1000)] {
        let mut fields = address(text);
        assert_eq!(fields.page().0, limit, "{text}");
        fields.end().unwrap();
    }
    let mut fields = address("/x?limit=-1&cursor=abc");
    assert_eq!(fields.page().1.as_deref(), Some("abc"));
    assert_eq!(wrong(fields), [("limit".to_owned(), "field-wrong".to_owned())]);
}

#[test]
fn a_mistyped_parameter_is_not_overlooked() {
    let mut fields = address("/v1/warnings?dryrun=true");
    assert!(!fields.flag("dry_run"));
    assert_eq!(wrong(fields), [("dryrun".to_owned(), "field-unknown".to_owned())]);
    let mut fields = address("/v1/warnings?dry_run=true");
    assert!(fields.flag("dry_run"));
    fields.end().unwrap();
}

#[test]
fn empty_and_too_long_texts_are_told_apart() {
    let mut fields = body(r#"{"name":"  ","note":"12345678901"}"#);
    fields.required_text("name", 10);
    fields.required_text("note", 10);
    let pairs = [("/name", "value-missing"), ("/note", "value-too-long")];
    assert_eq!(wrong(fields), pairs.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
}
