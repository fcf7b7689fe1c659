use super::*;

const TABLE: &str = r#"
source = "a standard"
codes = [
    { is = ["5.1.*"], class = "recipient", zh = "一", en = "one" },
    { is = ["5.1.8", "5.1.9"], class = "misconfigured", zh = "二", en = "two", source = "another" },
    { is = ["5.1.8*"], class = "content", zh = "三", en = "three" },
    { is = ["40001"], class = "misconfigured", zh = "四", en = "four", refresh = true },
]
"#;

#[test]
fn an_exact_code_counts_before_the_longest_beginning() {
    let table = CodeTable::parse(TABLE).expect("a table");
    assert_eq!(table.class("5.1.8"), Class::Misconfigured);
    assert_eq!(table.class("5.1.80"), Class::Content);
    assert_eq!(table.class("5.1.1"), Class::Recipient);
    assert_eq!(table.find("4.1.1"), None);
    assert_eq!(table.class("4.1.1"), Class::Transient);
    assert!(table.find("40001").is_some_and(|meaning| meaning.refresh));
    assert_eq!(&*table.find("5.1.9").expect("known").source, "another");
    assert_eq!(table.iter().count(), 5);
}

#[test]
fn a_sites_own_codes_lie_over_the_built_in_ones() {
    let own = r#"source = "ours"
codes = [{ is = ["5.1.8", "9.*"], class = "in-doubt", zh = "自", en = "own" }]"#;
    let table = CodeTable::parse(own).expect("a table").over(&CodeTable::parse(TABLE).expect("a table"));
    let classes = ["5.1.8", "9.9", "5.1.9", "5.1.1"].map(|code| table.class(code));
    assert_eq!(classes, [Class::InDoubt, Class::InDoubt, Class::Misconfigured, Class::Recipient]);
}

#[test]
fn what_is_wrong_is_named() {
    let row = |row: &str| CodeTable::parse(&format!("source = \"s\"\ncodes = [{{ {row} }}]"));
    let form = |result: Result<CodeTable, CodeTableFault>| match result {
        Err(CodeTableFault::Form(text)) => text,
        other => panic!("{other:?}"),
    };
    assert!(form(row("is = [\"1\"], class = \"recipient\", zh = \"a\", en = \"b\", clas = 1")).contains("clas"));
    assert!(form(row("is = [\"1\"], class = \"receiver\", zh = \"a\", en = \"b\"")).contains("receiver"));
    assert!(form(row("is = [\"1\"], class = \"recipient\", zh = \"a\"")).contains("en"));
    let twice = row("is = [\"1\", \"1\"], class = \"recipient\", zh = \"a\", en = \"b\"");
    assert_eq!(twice, Err(CodeTableFault::Twice("1".to_owned())));
    let nothing = row("is = [\"*\"], class = \"recipient\", zh = \"a\", en = \"b\"");
    assert_eq!(nothing, Err(CodeTableFault::NoCode("b".to_owned())));
    let silent = row("is = [\"1\"], class = \"recipient\", zh = \" \", en = \"b\"");
    assert_eq!(silent, Err(CodeTableFault::NoText("1".to_owned(), "zh")));
    let baseless = CodeTable::parse("codes = [{ is = [\"1\"], class = \"content\", zh = \"a\", en = \"b\" }]");
    assert_eq!(baseless, Err(CodeTableFault::NoText("1".to_owned(), "source")));
}

#[test]
fn every_class_has_its_name_and_its_verdict() {
    for class in Class::ALL {
        let text = format!(
            "source = \"s\"\ncodes = [{{ is = [\"1\"], class = \"{}\", zh = \"a\", en = \"b\" }}]",
            class.name()
        );
        assert_eq!(CodeTable::parse(&text).expect("a table").class("1"), class);
        let verdict = class.verdict(Cause::new("1", "b"), None);
        let fault = class.fault(Cause::new("1", "b"), None);
        assert_eq!(fault.is_none(), matches!(verdict, Verdict::Accepted(_)), "{class:?}");
    }
}
