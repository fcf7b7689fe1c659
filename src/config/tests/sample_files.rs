//! The sample files are the manual: they load, name every key, and say the true defaults.

use super::*;

use schema::{ROOT, Shape};

#[test]
fn the_sample_configuration_loads() {
    let loaded = load(Some(&sample("fenghuo.toml")), &Environment::default()).unwrap_or_else(|fault| {
        let reports: Vec<String> = fault.findings.iter().map(|finding| finding.report(Lang::English)).collect();
        panic!("{}", reports.concat())
    });
    assert_eq!(loaded.config.areas.len(), 10);
    let relay = &loaded.config.issuers["relay"];
    assert!(relay.relay && relay.hazards == ["*"] && relay.areas == ["*"] && relay.levels.len() == 5);
    // Nothing in it can reach a person for real.
    assert!(loaded.config.routes.values().all(|route| !route.actual || route.adapter == "display"));
}

#[test]
fn the_sample_has_the_headquarters_and_what_each_may_say() {
    let loaded = load(Some(&sample("fenghuo.toml")), &Environment::default()).unwrap();
    let config = &loaded.config;
    let headquarters = config.issuers.keys().filter(|id| !["office", "relay"].contains(&id.as_str()));
    assert_eq!(headquarters.count(), 35);
    let authority: Vec<_> = loaded
        .advice
        .iter()
        .filter(|finding| ["authority", "issuers", "hazards"].iter().any(|table| finding.key.starts_with(table)))
        .collect();
    assert_eq!(authority, Vec::<&ConfigFinding>::new(), "nothing odd about who may say what");
    // Every local code is somebody's besides the office's.
    for code in config.hazards.keys().filter(|code| code.starts_with("SB-")) {
        let whose = config.issuers.iter().filter(|(id, issuer)| config.permit(id, issuer, code).is_some());
        assert!(whose.count() >= 3, "{code}: its headquarters, the office and the centre");
    }
}

#[test]
fn the_sample_roster_has_somebody_on_duty_at_every_hour() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["issuers.toml", "areas.toml", "roster.toml"] {
        fs::copy(sample(name), folder.path().join(name)).unwrap();
    }
    let main = folder.path().join("fenghuo.toml");
    fs::write(&main, "include = [\"issuers.toml\", \"areas.toml\", \"roster.toml\"]\n").unwrap();
    let loaded = load(Some(&main), &Environment::default()).unwrap();
    assert!(loaded.advice.iter().all(|finding| !finding.code.contains("witness")), "{:?}", loaded.advice);
    assert_eq!(loaded.config.roster.len(), 3);
    for (office, forms) in &loaded.config.roster {
        let shifts = crate::domain::roster::shifts(office, forms).unwrap();
        assert_eq!(crate::domain::roster::gaps(&shifts, 1_795_478_400), vec![], "{office}");
    }
}

#[test]
fn the_sample_measures_cover_every_level_of_their_hazards() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["issuers.toml", "areas.toml", "authority.toml", "measures.toml"];
    for name in names {
        fs::copy(sample(name), folder.path().join(name)).unwrap();
    }
    let main = folder.path().join("fenghuo.toml");
    fs::write(&main, format!("include = {names:?}\n[tasks]\nneighbours = [\"呼兰区\"]\n")).unwrap();
    let loaded = load(Some(&main), &Environment::default()).unwrap();
    let odd: Vec<_> = loaded.advice.iter().filter(|finding| finding.code.contains("measures")).collect();
    assert!(odd.is_empty(), "{odd:?}");
    use crate::domain::{level::Level, measures::MeasureKind};
    for hazard in ["11B03", "11A01", "11B04", "11B21", "11B09", "11B25"] {
        for level in [Level::Red, Level::Orange, Level::Yellow, Level::Blue] {
            let planned = loaded.config.measures(&[hazard], level);
            let has = |kind| planned.iter().any(|item| item.kind == kind);
            assert!(has(MeasureKind::Duty) && has(MeasureKind::ReportUp), "{hazard} {level:?}");
        }
        let red = loaded.config.measures(&[hazard], Level::Red);
        let neighbours = red.iter().find(|item| item.kind == MeasureKind::NotifyNeighbours).expect("neighbours");
        assert_eq!(neighbours.to, ["呼兰区"], "{hazard}");
        let up = red.iter().find(|item| item.kind == MeasureKind::ReportUp).expect("report");
        assert!(!up.to.is_empty(), "{hazard}");
    }
    assert!(loaded.config.measures(&["11C51"], Level::Red).is_empty(), "nothing is configured for earthquakes");
}

#[test]
fn the_sample_says_the_true_defaults() {
    let sample = load(Some(&sample("fenghuo.toml")), &Environment::default()).unwrap().config;
    let default = Config::default();
    let shown = |config: &Config| {
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            config.server,
            config.texts,
            config.delivery,
            config.receipts,
            config.drills,
            config.tasks,
            config.alarms,
            config.retention,
            config.witnesses,
            config.sign_off_reminders
        )
    };
    assert_eq!(shown(&sample), shown(&default));
    assert_eq!(sample.store.data, default.store.data);
    let route = read("[routes.\"sms.a\"]\nchannel = \"sms\"\nadapter = \"a\"\nactual = true\n").unwrap().config.routes
        ["sms.a"]
        .clone();
    let written = &sample.routes["sms.simulator"];
    assert_eq!((written.red_share, written.timeout_s), (route.red_share, route.timeout_s));
    assert_eq!(written.breaker, route.breaker);
}

/// Every key of the schema, as dotted paths without the names of routes, issuers and so on.
fn keys(shape: Shape, path: &str, all: &mut Vec<String>) {
    match shape {
        Shape::Table(fields) => {
            for field in fields {
                let path = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
                keys(field.shape, &path, all);
            }
        }
        Shape::Names(each) | Shape::Tables(each) => keys(*each, path, all),
        _ => all.push(path.to_owned()),
    }
}

#[test]
fn the_samples_name_every_key() {
    let mut written = Vec::new();
    for name in
        ["fenghuo.toml", "areas.toml", "issuers.toml", "authority.toml", "hazards.toml", "signoff.toml", "roster.toml", "measures.toml"]
    {
        let text = fs::read_to_string(sample(name)).unwrap();
        // An optional key that is left out stands as "# key = value".
        let is_key = |line: &str| {
            line.split_once(" = ").is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        };
        let whole: String = text
            .lines()
            .map(|line| line.strip_prefix("# ").filter(|line| is_key(line)).unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n");
        let table: toml::Table = toml::from_str(&whole).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let mut all = Vec::new();
        paths(&toml::Value::Table(table), ROOT, "", &mut all);
        written.extend(all);
    }
    let mut wanted = Vec::new();
    keys(ROOT, "", &mut wanted);
    let missing: Vec<_> = wanted.iter().filter(|key| !written.contains(key)).collect();
    assert!(missing.is_empty(), "not in the samples: {missing:?}");
}

fn paths(value: &toml::Value, shape: Shape, path: &str, all: &mut Vec<String>) {
    match (shape, value) {
        (Shape::Table(fields), toml::Value::Table(table)) => {
            for field in fields {
                if let Some(value) = table.get(field.name) {
                    let path = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
                    paths(value, field.shape, &path, all);
                }
            }
        }
        (Shape::Names(each), toml::Value::Table(table)) => {
            table.values().for_each(|value| paths(value, *each, path, all))
        }
        (Shape::Tables(each), toml::Value::Array(items)) => items.iter().for_each(|item| paths(item, *each, path, all)),
        _ => all.push(path.to_owned()),
    }
}

/// Asks a struct for its field names by pretending to deserialize it.
mod fields {
    use serde::de::{DeserializeOwned, Deserializer, Error, Visitor, value};

    pub(super) fn of<T: DeserializeOwned>() -> Vec<String> {
        let mut names = Vec::new();
        let asked = T::deserialize(Asker(&mut names));
        assert!(asked.is_err());
        names
    }

    struct Asker<'a>(&'a mut Vec<String>);

    impl<'de> Deserializer<'de> for Asker<'_> {
        type Error = value::Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(Self::Error::custom("asked"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Self::Error> {
            self.0.extend(fields.iter().map(|field| (*field).to_owned()));
            Err(Self::Error::custom("asked"))
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }
}

#[test]
fn structs_and_schema_name_the_same_keys() {
    let of = |shape: Shape| {
        let inner = match shape {
            Shape::Names(Shape::Tables(each)) => **each,
            Shape::Names(each) | Shape::Tables(each) => *each,
            other => other,
        };
        inner.fields().iter().map(|field| field.name.to_owned()).collect::<Vec<_>>()
    };
    let at = |name: &str| ROOT.fields().iter().find(|field| field.name == name).expect(name).shape;
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let routes = match at("routes") {
        Shape::Names(each) => each.fields(),
        _ => &[],
    };
    let breaker = routes.iter().find(|field| field.name == "breaker").expect("breaker").shape;
    let within = |name: &str| at("authority").fields().iter().find(|field| field.name == name).expect(name).shape;
    let Shape::Tables(rule) = at("measures") else { panic!("rules") };
    let items = rule.fields().iter().find(|field| field.name == "items").expect("items").shape;
    let pairs = [
        (of(ROOT), fields::of::<Config>()),
        (of(at("server")), fields::of::<super::super::Server>()),
        (of(at("store")), fields::of::<super::super::StoreConfig>()),
        (of(at("texts")), fields::of::<super::super::Texts>()),
        (of(at("delivery")), fields::of::<super::super::Delivery>()),
        (of(at("ladder")), fields::of::<super::super::Ladder>()),
        (of(at("alarms")), fields::of::<super::super::Alarms>()),
        (of(at("receipts")), fields::of::<super::super::Receipts>()),
        (of(at("retention")), fields::of::<super::super::Retention>()),
        (of(at("routes")), fields::of::<super::super::Route>()),
        (of(breaker), fields::of::<super::super::Breaker>()),
        (of(at("issuers")), fields::of::<super::super::Issuer>()),
        (of(at("sign_off")), fields::of::<super::super::SignOffRule>()),
        (of(at("hazards")), fields::of::<super::super::Hazard>()),
        (of(at("tasks")), fields::of::<super::super::Tasks>()),
        (of(at("measures")), fields::of::<super::super::MeasureRule>()),
        (of(items), fields::of::<super::super::MeasureItem>()),
        (of(at("witnesses")), fields::of::<super::super::Witnesses>()),
        (of(at("sign_off_reminders")), fields::of::<super::super::SignOffReminders>()),
        (of(at("roster")), fields::of::<crate::domain::roster::ShiftForm>()),
        (of(at("authority")), fields::of::<super::super::Authority>()),
        (of(within("hazards")), fields::of::<super::super::Power>()),
        (
            of(match within("issuers") {
                Shape::Names(grants) => *grants,
                other => other,
            }),
            fields::of::<super::super::Grant>(),
        ),
    ];
    for (schema, structure) in pairs {
        assert_eq!(sorted(schema), sorted(structure));
    }
}

#[test]
fn the_built_in_hazards_are_there_without_a_file() {
    let hazards = load(None, &Environment::default()).unwrap().config.hazards;
    assert_eq!(hazards["11B03"].zh, "暴雨");
    assert!(hazards.keys().all(|code| crate::domain::hazard::has_national_form(code)), "{:?}", hazards.keys());
}
