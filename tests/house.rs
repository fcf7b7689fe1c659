//! The rules of the house, read off the source tree: who may know whom, how files are named, how long they get.

mod paths;

use std::path::{Path, PathBuf};

use paths::paths;

/// The stages, in the order a warning passes them.
const STAGES: [&str; 9] =
    ["intake", "authorize", "approve", "target", "render", "schedule", "deliver", "receipt", "status"];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 7] = ["utils", "util", "common", "helper", "helpers", "manager", "misc"];

/// A file longer than this is cut in two.
const LINES: usize = 500;

/// What `domain` may not touch: it neither waits, reads, writes nor looks at a clock.
const IMPURE: &[&str] = &[
    "tokio",
    "axum",
    "reqwest",
    "rusqlite",
    "tracing",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::time::SystemTime",
];

/// A file of the tree, by its path from the root.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Whether it is `src/MODULE.rs` or below `src/MODULE/`.
    fn is_in(&self, module: &str) -> bool {
        let rest = self.path.strip_prefix("src/").and_then(|path| path.strip_prefix(module));
        rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    }

    fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs")
    }
}

/// What is wrong with a file, one sentence each. `adapters` are the names of the concrete adapter crates.
fn complaints(source: &Source, adapters: &[String]) -> Vec<String> {
    let mut found = layout(source);
    if !source.is_test() {
        found.extend(paths(&source.path, &source.text).iter().filter_map(|path| import(source, path, adapters)));
    }
    found.into_iter().map(|complaint| format!("{}: {complaint}", source.path)).collect()
}

fn layout(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let parts = source.path.split('/').map(|part| part.trim_end_matches(".rs"));
    if source.path.ends_with("/mod.rs") {
        found.push("a module is foo.rs beside foo/, never foo/mod.rs".to_owned());
    }
    let inline = source.text.lines().filter_map(|line| line.trim().trim_start_matches("pub ").strip_prefix("mod "));
    let inline = inline.map(|rest| rest.trim_end_matches([';', '{', ' ']));
    for name in parts.chain(inline).filter(|name| name.split('_').any(|word| EMPTY_NAMES.contains(&word))) {
        found.push(format!("`{name}` says nothing: name the file after the question it answers"));
    }
    let lines = source.text.lines().count();
    if lines > LINES {
        found.push(format!("{lines} lines; above {LINES} a file holds two things: part them"));
    }
    for macro_name in [concat!("to", "do!("), concat!("unimple", "mented!(")] {
        if source.text.contains(macro_name) {
            found.push(format!("`{macro_name})` pretends: leave the thing out or build it"));
        }
    }
    found
}

/// What is wrong with a file naming this path.
fn import(source: &Source, path: &str, adapters: &[String]) -> Option<String> {
    let own = path.strip_prefix("crate::");
    let module = own.map(|own| own.split("::").next().unwrap_or(own));
    let adapter = adapters.iter().find(|adapter| path.split("::").next() == Some(adapter));
    if source.path.starts_with("src/") && source.path != "src/app/adapters.rs" && adapter.is_some() {
        return Some(format!("names `{path}`; only src/app/adapters.rs names a concrete adapter"));
    }
    if source.is_in("domain") {
        let impure = IMPURE.iter().any(|impure| path == *impure || path.starts_with(&format!("{impure}::")));
        let beyond = module.is_some_and(|module| module != "domain") || path.starts_with("fenghuo_http");
        return (impure || beyond).then(|| {
            format!("names `{path}`; domain knows only the contract's vocabulary and pure crates, takes time as an argument and waits for nothing")
        });
    }
    if source.is_in("http") {
        let beyond = module == Some("store") || path.starts_with("fenghuo_http");
        return beyond.then(|| format!("names `{path}`; http asks the flow, never the store or an adapter"));
    }
    if source.is_in("store") {
        let beyond = matches!(module, Some("flow" | "http" | "app" | "domain"));
        return beyond.then(|| {
            format!("names `{path}`; a store knows no warnings: what a value means is its writer's business")
        });
    }
    later_stage(source, own?)
}

/// A stage may name a later stage's types, for they are words, never its modules or functions.
fn later_stage(source: &Source, own: &str) -> Option<String> {
    let stage = STAGES.iter().position(|stage| source.is_in(&format!("flow/{stage}")))?;
    let (later, item) = own.strip_prefix("flow::")?.split_once("::").unwrap_or((own.strip_prefix("flow::")?, ""));
    let later = STAGES.iter().position(|known| *known == later)?;
    let is_type = item.starts_with(char::is_uppercase) && !item.contains("::");
    (later > stage && !is_type).then(|| {
        format!(
            "names `crate::{own}`; stage {} hands over to {} through a stored record, never by a call",
            STAGES[stage], STAGES[later]
        )
    })
}

/// What is wrong with an adapter's manifest.
fn manifest(path: &str, text: &str) -> Vec<String> {
    let manifest: toml::Table = text.parse().expect("cargo reads it, so it is TOML");
    let package = manifest["package"]["name"].as_str().expect("a package has a name").to_owned();
    let table = |name: &str| manifest.get(name).and_then(toml::Value::as_table);
    let named = |name: &str| table(name).into_iter().flat_map(toml::Table::keys);
    // A peer to test against is no part of an adapter.
    let tested = named("dev-dependencies").filter(|name| *name != "fenghuo-centre");
    let named = named("dependencies").chain(named("build-dependencies")).chain(tested);
    let allowed = |name: &str| match &*package {
        "fenghuo-contract" | "fenghuo-tls" => false,
        "fenghuo-http" => name == "fenghuo-contract" || name == "fenghuo-tls",
        _ => matches!(name, "fenghuo-contract" | "fenghuo-http" | "fenghuo-tls"),
    };
    let ours = named.filter(|name| name.starts_with("fenghuo") && !allowed(name));
    ours.map(|name| {
        format!("{path}: depends on {name}; an adapter knows the contract and the kits for HTTP and TLS, nothing else")
    })
    .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `dir`.
fn sources(dir: &Path, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("target") && !path.ends_with("node_modules") {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let from_root = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            found.push(Source::new(&from_root, &std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Manifests of the crates below `adapters`, by their path from the root.
fn manifests() -> Vec<(String, String)> {
    let crates = std::fs::read_dir(root().join("adapters")).unwrap().map(|entry| entry.unwrap().path());
    let manifests = crates.map(|path| path.join("Cargo.toml")).filter(|path| path.is_file());
    let read = |path: PathBuf| {
        (path.strip_prefix(root()).unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap())
    };
    manifests.map(read).collect()
}

/// Crates that are concrete adapters, as Rust names them.
fn concrete_adapters() -> Vec<String> {
    let folders = manifests().into_iter().filter_map(|(path, _)| Some(path.split('/').nth(1)?.to_owned()));
    folders.filter(|name| name != "contract" && name != "http").map(|name| format!("fenghuo_{name}")).collect()
}

#[test]
fn the_tree_keeps_the_rules_of_the_house() {
    let mut tree = Vec::new();
    for dir in ["src", "adapters", "tests", "benches", "xtask"] {
        sources(&root().join(dir), &mut tree);
    }
    assert!(tree.len() > 30 && tree.iter().any(|source| source.path == "src/flow/intake.rs"), "the tree was not found");
    let adapters = concrete_adapters();
    let mut found: Vec<String> = tree.iter().flat_map(|source| complaints(source, &adapters)).collect();
    found.extend(manifests().iter().flat_map(|(path, text)| manifest(path, text)));
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn the_rules_bite() {
    let long = "\n".repeat(LINES + 1);
    let pretending = format!("fn later() {{ {}) }}", concat!("to", "do!("));
    let broken: &[(&str, &str, &str)] = &[
        ("src/domain/area.rs", "use crate::{clock::Clock, domain::level};", "`crate::clock::Clock`"),
        ("src/domain.rs", "async fn f() { tokio::task::yield_now().await }", "`tokio::task::yield_now`"),
        ("src/domain/cap/emit.rs", "use std::{fmt, fs::File};", "`std::fs::File`"),
        ("src/flow/intake.rs", "use super::deliver;", "`crate::flow::deliver`"),
        ("src/flow/intake.rs", "use super::{approve::{self, Step}, record};", "`crate::flow::approve::self`"),
        (
            "src/flow/target/import.rs",
            "fn f() { super::super::render::render_all() }",
            "`crate::flow::render::render_all`",
        ),
        (
            "src/flow/render.rs",
            "fn f() { crate::flow::deliver::Deliver::start() }",
            "`crate::flow::deliver::Deliver::start`",
        ),
        ("src/http/api/warnings.rs", "use crate::store::Store;", "`crate::store::Store`"),
        ("src/http.rs", "use fenghuo_email::Email;", "only src/app/adapters.rs"),
        ("src/app.rs", "fn f() { fenghuo_simulator::new() }", "only src/app/adapters.rs"),
        ("src/store/memory.rs", "use crate::flow::record::Plan;", "`crate::flow::record::Plan`"),
        ("src/http/mod.rs", "", "never foo/mod.rs"),
        ("src/http/utils.rs", "", "`utils` says nothing"),
        ("tests/common/world.rs", "", "`common` says nothing"),
        ("src/app.rs", "pub mod route_manager;", "`route_manager` says nothing"),
        ("src/flow/receipt.rs", &long, "501 lines"),
        ("src/flow/receipt.rs", &pretending, "pretends"),
    ];
    let adapters = ["fenghuo_email".to_owned(), "fenghuo_simulator".to_owned()];
    for (path, text, expected) in broken {
        let found = complaints(&Source::new(path, text), &adapters);
        assert!(found.iter().any(|complaint| complaint.contains(expected)), "{path}: {text}: {found:?}");
    }
    for other in ["[dev-dependencies]\nfenghuo-simulator = '1'", "[dependencies]\nfenghuo-centre = '1'"] {
        let other = format!("[package]\nname = 'fenghuo-email'\n{other}");
        assert_eq!(manifest("adapters/email/Cargo.toml", &other).len(), 1);
    }
}

#[test]
fn what_is_allowed_is_not_complained_of() {
    let kept: &[(&str, &str)] = &[
        ("src/domain/cap.rs", "use std::fmt;\nuse super::level::Level;\nuse crate::domain::warning::Warning;"),
        ("src/flow/intake.rs", "use super::{Flow, authorize::Actor, record::WarningId};"),
        ("src/flow/deliver.rs", "use super::{schedule, target::audience};"),
        ("src/flow/screens.rs", "use super::status;"),
        ("src/http/api/status.rs", "//! Asks [`crate::store`].\nuse crate::flow::status::Counts; // not crate::store"),
        ("src/http/api/tests.rs", "use crate::store::memory::Memory;"),
        ("src/http/feeds.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\n    use crate::store::Store;\n}"),
        ("src/app/adapters.rs", "use fenghuo_email::Email;"),
        ("adapters/email/src/session.rs", "use fenghuo_contract::Verdict;"),
    ];
    for (path, text) in kept {
        assert_eq!(complaints(&Source::new(path, text), &["fenghuo_email".to_owned()]), [""; 0], "{path}");
    }
    let own = "[package]\nname = 'fenghuo-email'\n[dependencies]\nfenghuo-contract = '1'\nfenghuo-http = '1'\n[dev-dependencies]\nfenghuo-centre = '1'";
    assert_eq!(manifest("adapters/email/Cargo.toml", own), [""; 0]);
}
