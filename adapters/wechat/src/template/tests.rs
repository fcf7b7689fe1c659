use proptest::prelude::*;

use super::*;

const MAP: &str = r#"
    [[templates]]
    when = { change = "lift" }
    id = "lift"
    text = "解除：{{thing1.DATA}}"
    parameters = [{ value = "headline", name = "thing1" }]

    [[templates]]
    id = "any"
    text = """预警：{{thing1.DATA}}
单位：{{thing2.DATA}} {{level.DATA}}"""
    parameters = [{ value = "headline", name = "thing1" }, { value = "issuer", name = "thing2", max = 6 }, { value = "level" }]
"#;

fn templates(map: &str, own: &[(&str, usize)]) -> Result<Templates, Vec<String>> {
    #[derive(Deserialize)]
    struct Map {
        templates: Vec<Template>,
    }
    let map: Map = toml::from_str(map).unwrap();
    let own = own.iter().map(|(name, most)| ((*name).to_owned(), *most)).collect();
    let mut problems = Problems::default();
    let templates = Templates::new(&map.templates, &own, &mut problems);
    if problems.0.is_empty() { Ok(templates) } else { Err(problems.0) }
}

fn content(values: &[(&str, &str)]) -> Content {
    let of = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Content { values: values.iter().map(of).collect(), ..Content::default() }
}

#[test]
fn the_first_that_serves_is_filled() {
    let templates = templates(MAP, &[]).unwrap();
    let values = [("headline", "暴雨红色预警"), ("issuer", "区气象台"), ("level", "red")];
    let filled = templates.fill(&content(&values)).unwrap();
    assert_eq!((filled.id.as_str(), filled.text.as_str()), ("any", "预警：暴雨红色预警\n单位：区气象台 red"));
    let lift = templates.fill(&content(&[("headline", "暴雨红色预警"), ("change", "lift")])).unwrap();
    assert_eq!((lift.id.as_str(), lift.values), ("lift", vec![("thing1".to_owned(), "暴雨红色预警".to_owned())]));
}

#[test]
fn what_does_not_fit_is_refused_by_its_name() {
    let known = templates(MAP, &[]).unwrap();
    let refused = |templates: &Templates, headline: &str, issuer: &str| {
        let values = [("headline", headline), ("issuer", issuer), ("level", "red")];
        templates.fill(&content(&values)).map_or_else(|cause| cause.to_string(), |_| "fits".to_owned())
    };
    let long = "雨".repeat(21);
    assert_eq!(refused(&known, &long, "台"), "VALUE-LONG headline: 21 characters, at most 20 fit into thing1");
    assert_eq!(refused(&known, "雨", "松北区气象台站"), "VALUE-LONG issuer: 7 characters, at most 6 fit into thing2");
    assert_eq!(refused(&known, "雨", " "), "NO-VALUE issuer: the message says nothing");
    assert_eq!(refused(&known, "雨\n雨", "台"), "VALUE-CONTROL headline: lines and tabs do not fit into thing1");
    let wider = templates(MAP, &[("thing", 30)]).unwrap();
    assert_eq!(refused(&wider, &long, "台"), "fits");
    let none = templates("templates = []", &[]).unwrap();
    assert_eq!(&*none.fill(&content(&[])).unwrap_err().code, "NO-TEMPLATE");
}

#[test]
fn a_drill_must_say_so_in_what_is_read() {
    let templates = templates(MAP, &[]).unwrap();
    let filled = |drill, headline| {
        let values = [("headline", headline), ("change", "lift"), ("drill", drill)];
        templates.fill(&content(&values)).map(|filled| filled.text).map_err(|cause| cause.code.to_string())
    };
    assert_eq!(filled("yes", "【演练】暴雨"), Ok("解除：【演练】暴雨".to_owned()));
    assert_eq!(filled("yes", "暴雨"), Err("DRILL-MARK".to_owned()));
    assert_eq!(filled("no", "【演练】暴雨"), Err("DRILL-MARK".to_owned()));
}

#[test]
fn every_problem_of_the_map_is_told_at_once() {
    let problems = templates(
        r#"
        [[templates]]
        when = { level = "rot" }
        id = " "
        text = "{{thing1.DATA}} {{thing2.DATA}}"
        parameters = [{ value = "a", name = "thing2" }, { value = "b", name = "thing3" }]
        "#,
        &[],
    )
    .unwrap_err();
    let keys: Vec<&str> = problems.iter().filter_map(|problem| Some(problem.split_once(": ")?.0)).collect();
    let expected = ["templates[0].id", "templates[0].when.level", "templates[0].parameters", "templates[0].text"];
    assert_eq!(keys, expected, "{problems:?}");
}

proptest! {
    /// What a reader sees is the approved words with whole values between them; what is longer than its place is refused.
    #[test]
    fn nothing_is_ever_cut(
        words in "[^{}']{0,8}",
        first in "[^\\p{C}]{1,30}",
        second in "[^\\p{C}]{1,30}",
        most in 1usize..30,
    ) {
        prop_assume!(!first.trim().is_empty() && !second.trim().is_empty());
        let of = |value: &str, name: &str, max| Parameter { value: value.to_owned(), name: name.to_owned(), max };
        let template = Template {
            when: When::default(),
            id: "x".to_owned(),
            text: format!("预{}{words}{}", Template::place("thing1"), Template::place("other")),
            parameters: vec![of("a", "thing1", Some(most)), of("b", "other", None)],
        };
        let mut problems = Problems::default();
        let templates = Templates::new(&[template], &BTreeMap::new(), &mut problems);
        prop_assert_eq!(problems.0, Vec::<String>::new());
        let long = first.chars().count() > most;
        let filled = templates.fill(&content(&[("a", &first), ("b", &second)]));
        prop_assert_eq!(filled.is_err(), long);
        if let Ok(filled) = filled {
            prop_assert_eq!(filled.text, format!("预{first}{words}{second}"));
            prop_assert_eq!(filled.values, vec![("thing1".to_owned(), first), ("other".to_owned(), second)]);
        }
    }
}
