use std::collections::BTreeMap;

use proptest::prelude::{prop, prop_assert, prop_assert_eq, prop_assume, proptest};

use super::*;

fn content(values: &[(&str, &str)]) -> Content {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Content { language: "zh-CN".to_owned(), values, ..Content::default() }
}

fn read(text: &str) -> Vec<Template> {
    #[derive(Deserialize)]
    struct Document {
        templates: Vec<Template>,
    }
    toml::from_str::<Document>(text).unwrap().templates
}

const MAP: &str = r#"
[[templates]]
when = { drill = "yes" }
id = "drill"
text = "【演练】${issuer}${1}"
parameters = ["issuer"]

[[templates]]
when = { hazard = ["11B03", "11A*"], level = ["red"], language = "zh-CN", change = ["lift"] }
id = "lift-red-rain"
text = "{1}解除{2}，{1}"
parameters = ["issuer", { value = "hazard_name", max = 4 }]

[[templates]]
when = { language = "en" }
id = "english"
text = "Warning: ${what}."
parameters = [{ value = "headline", name = "what", max = 20 }]

[[templates]]
id = "any"
id_abroad = "any-abroad"
text = "${issuer}发布预警 {not a place} ${"
parameters = ["issuer"]
"#;

#[test]
fn the_first_whose_conditions_hold_counts() {
    let templates = Templates::new(&read(MAP)).unwrap();
    let lift = [("hazard", "11B03"), ("level", "red"), ("change", "lift"), ("drill", "no"), ("issuer", "市气象台")];
    let with = |more: &[(&'static str, &'static str)]| content(&[&lift[..], &[("hazard_name", "暴雨")], more].concat());
    let filled = templates.fill(&with(&[])).unwrap();
    assert_eq!((filled.id.as_str(), filled.text.as_str()), ("lift-red-rain", "市气象台解除暴雨，市气象台"));
    let values = [("issuer", "市气象台"), ("hazard_name", "暴雨")].map(|(name, value)| (name.into(), value.into()));
    assert_eq!(filled.values, values);
    assert_eq!(templates.fill(&with(&[("hazard", "11A77")])).unwrap().id, "lift-red-rain");
    let any = templates.fill(&with(&[("hazard", "11C01")])).unwrap();
    assert_eq!((any.id.as_str(), any.id_abroad.as_str()), ("any", "any-abroad"));
    assert_eq!(any.text, "市气象台发布预警 {not a place} ${");
    assert_eq!(templates.fill(&with(&[("level", "orange")])).unwrap().id, "any");
    let english = Content { language: "en-GB".to_owned(), ..with(&[("headline", "Rain")]) };
    assert_eq!(templates.fill(&english).unwrap().text, "Warning: Rain.");
    assert_eq!(templates.fill(&Content { language: "eng".to_owned(), ..english }).unwrap().id, "any");
}

#[test]
fn a_drill_gets_no_template_without_the_mark_and_the_real_thing_none_with_it() {
    let templates = Templates::new(&read(MAP)).unwrap();
    let drill = content(&[("drill", "yes"), ("issuer", "市气象台")]);
    assert_eq!(templates.fill(&drill).unwrap().text, "【演练】市气象台市气象台");
    let unmarked = Templates::new(&read(MAP)[1..]).unwrap();
    assert_eq!(&*unmarked.fill(&drill).unwrap_err().code, "NO-TEMPLATE");
    let mark_only = Templates::new(&[Template { when: When::default(), ..read(MAP).remove(0) }]).unwrap();
    assert_eq!(&*mark_only.fill(&content(&[("drill", "no"), ("issuer", "台")])).unwrap_err().code, "NO-TEMPLATE");
    assert_eq!(&*mark_only.fill(&content(&[("issuer", "台")])).unwrap_err().code, "NO-TEMPLATE");
}

#[test]
fn the_documented_sample_is_read() {
    let sample = r#"
        [[templates]]
        when = { level = ["red", "orange"], change = ["first", "update", "raise"] }
        id = "SMS_480000001"
        text = "${issuer}发布${name}，影响${area}，请立即防范。"
        parameters = ["issuer", { value = "hazard_name", name = "name", max = 20 }, { value = "area", max = 35 }]
    "#;
    let values = [
        ("level", "orange"),
        ("change", "raise"),
        ("issuer", "区气象台"),
        ("hazard_name", "暴雨"),
        ("area", "松浦街道"),
    ];
    let filled = Templates::new(&read(sample)).unwrap().fill(&content(&values)).unwrap();
    assert_eq!(filled.text, "区气象台发布暴雨，影响松浦街道，请立即防范。");
    let names: Vec<&str> = filled.values.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["issuer", "name", "area"]);
}

#[test]
fn what_does_not_fit_is_refused_by_its_name() {
    let templates = Templates::new(&read(MAP)).unwrap();
    let english = |headline: &str| Content { language: "en".to_owned(), ..content(&[("headline", headline)]) };
    let long = templates.fill(&english(&"雨".repeat(21))).unwrap_err();
    assert_eq!((&*long.code, &*long.text), ("PARAMETER-LONG", "headline: 21 characters, at most 20 fit into what"));
    templates.fill(&english(&"雨".repeat(20))).unwrap();
    for nothing in [english(" "), Content { language: "en".to_owned(), ..content(&[]) }] {
        let cause = templates.fill(&nothing).unwrap_err();
        assert!(&*cause.code == "NO-VALUE" && cause.text.starts_with("headline: "), "{cause}");
    }
}

#[test]
fn every_problem_of_the_map_is_told_at_once() {
    let problems = Templates::new(&read(
        r#"
        [[templates]]
        when = { level = ["rot"], change = ["end"], drill = ["yes"] }
        id = " "
        text = "${nobody}"
        parameters = [{ value = "issuer", max = 0 }]
        [[templates]]
        id = "x"
        text = "no place"
        parameters = ["issuer"]
        [[templates]]
        id = "y"
        text = ""
        "#,
    ))
    .unwrap_err();
    let keys: Vec<&str> = problems.iter().map(|(key, _, _)| key.as_str()).collect();
    let expected = [
        "templates[0].id",
        "templates[0].text",
        "templates[0].when.level",
        "templates[0].when.change",
        "templates[0].parameters",
        "templates[0].text",
        "templates[1].text",
        "templates[2].text",
    ];
    assert_eq!(keys, expected, "{problems:?}");
    for unknown in ["when = { lvel = 'red' }", "parameters = [{ value = 'a', size = 1 }]", "name = 'x'"] {
        let text = format!("id = 'x'\ntext = 'x'\n{unknown}");
        assert!(toml::from_str::<Template>(&text).unwrap_err().to_string().contains("unknown field"), "{unknown}");
    }
}

proptest! {
    /// What a reader sees is the approved words with the values between them, and nothing else.
    #[test]
    fn a_text_is_its_words_and_its_values(
        words in prop::collection::vec("[^{}$]{0,8}", 3),
        values in prop::collection::vec("\\PC{1,12}", 2),
        dollar in proptest::bool::ANY,
    ) {
        let sign = if dollar { "$" } else { "" };
        let text = format!("发{}{sign}{{1}}{}{sign}{{b}}{}", words[0], words[1], words[2]);
        let parameters = vec![Parameter::of("a"), Parameter { max: Some(12), ..Parameter::of("b") }];
        let template = Template { when: When::default(), id: "t".into(), id_abroad: None, text, parameters };
        prop_assume!(!template.is_drill() && values.iter().all(|value| !value.trim().is_empty()));
        let templates = Templates::new(&[template]).unwrap();
        let filled = templates.fill(&content(&[("a", &values[0]), ("b", &values[1])])).unwrap();
        prop_assert_eq!(filled.text, format!("发{}{}{}{}{}", words[0], values[0], words[1], values[1], words[2]));
    }

    /// No value longer than its place ever goes out, and none that fits is refused.
    #[test]
    fn a_place_takes_exactly_what_fits(value in "\\PC{1,30}", max in 1usize..30) {
        prop_assume!(!value.trim().is_empty());
        let parameter = Parameter { max: Some(max), ..Parameter::of("a") };
        let content = Content { values: BTreeMap::from([("a".to_owned(), value.clone())]), ..Content::default() };
        prop_assert_eq!(parameter.read(&content).is_ok(), value.chars().count() <= max);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[${}a1 雨]{0,20}") {
        let template = Template {
            when: When::default(),
            id: "t".into(),
            id_abroad: None,
            text: text.clone(),
            parameters: vec![Parameter::of("a")],
        };
        if let Ok(pieces) = pieces(&template) {
            let words: usize = pieces.iter().map(|piece| if let Piece::Words(words) = piece { words.len() } else { 0 }).sum();
            prop_assert!(words <= text.len());
        }
    }
}
