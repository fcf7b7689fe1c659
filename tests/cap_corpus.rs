//! CAP documents and the verdict each must get: our own fixtures always, the big corpus where it is there.

use std::{
    collections::BTreeSet,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use fenghuo::domain::{
    cap,
    finding::{CODES, Finding, Weight},
    json, rules, xml,
};
use fluent_bundle::{FluentArgs, FluentBundle, FluentResource};

/// 2026-07-15T14:50:00+08:00: ten minutes after the fixtures were sent.
const NOW: i64 = 1_784_098_200;

/// Codes that no file is needed for: they take a document too large to keep, a form other than XML, or a clock.
const WITHOUT_FILE: &[&str] = &[
    // Archives: domain::national::package.
    "national-zip-broken",
    "national-zip-encrypted",
    "national-zip-method",
    "national-zip-entries",
    "national-zip-unpacks",
    "national-zip-form",
    "national-zip-name",
    "national-zip-twice",
    "national-attachment-missing",
    "national-attachment-differs",
    "national-file-name",
    "reference-unknown",
    "event-newer-stands",
    "event-lifted",
    "event-lifted-since",
    "event-several",
    "audience-above-ceiling",
    "area-only-named",
    "conflict-other-level",
    "conflict-not-updated",
    "conflict-doubled",
    "audience-unusual",
    "audience-empty",
    "audience-everyone",
    "deadline-missed",
    "shape-beyond",
    "shape-unplaced",
    "shape-widened",
    "document-too-large",
    "xml-too-many-elements",
    "polygon-too-many-points",
    "polygon-too-complex",
    "json-syntax",
    "json-too-many-values",
    "json-type",
    "json-field-missing",
    "json-field-unknown",
    "json-field-repeated",
    "level-conflict",
    "hazard-form",
    "hazard-conflict",
    // What the national form cannot say is found when it is written; another root is told apart before.
    "national-wrong-root",
    "national-field-missing",
    "national-cannot-say",
    "national-unsaid",
    // CAP without a category is missing an element.
    "category-required",
    // An XML reader takes blank texts as absent and refuses the characters before they are texts.
    "text-blank",
    "text-character",
    // Asked of what is handed in, not of every document: domain::items and domain::lint.
    "item-level-missing",
    "item-start-missing",
    "item-area-missing",
    "item-cautions-missing",
    "item-measures-missing",
    "item-issuer-missing",
    "text-time-ambiguous",
    "text-brackets",
    "text-level-differs",
    "sms-segment-nearly-empty",
    "channel-cannot-carry",
    "route-cannot-carry",
    "ending-cannot-be-carried",
    "ending-route-cannot-carry",
    "screens-headline-only",
    "screens-too-small",
    "screens-size-unknown",
    "screen-reading-long",
];

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let inside = |form| std::fs::read_dir(folder.join(form)).expect("own fixtures");
    let mut files: Vec<_> =
        ["cap", "national"].into_iter().flat_map(inside).map(|entry| entry.expect("entry").path()).collect();
    files.sort();
    let read = |path: &PathBuf| (stem(path), std::fs::read(path).expect("fixture"));
    files.iter().map(read).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().expect("a file").to_string_lossy().into_owned()
}

/// Everything found in a document, with what depends on the clock.
fn findings(bytes: &[u8]) -> (bool, Vec<Finding>) {
    let reading = xml::read(bytes);
    let mut found = reading.findings;
    if let Some(message) = &reading.message {
        found.extend(rules::check_at(message, NOW));
    }
    let accepted = found.iter().all(|finding| finding.weight == Weight::Advise);
    assert!(!accepted || reading.message.is_some(), "taken without a message");
    (accepted, found)
}

#[test]
fn every_fixture_breaks_the_rule_it_is_named_after() {
    for (name, bytes) in fixtures() {
        let (accepted, found) = findings(&bytes);
        if name.starts_with("valid-") {
            assert!(accepted && found.is_empty(), "{name}: {found:#?}");
            continue;
        }
        let hit = found.iter().find(|finding| finding.code == name);
        let hit = hit.unwrap_or_else(|| panic!("{name} not found: {found:#?}"));
        assert_eq!(accepted, hit.weight == Weight::Advise, "{name}: {found:#?}");
        assert_eq!(found.len(), 1, "{name} breaks one rule only: {found:#?}");
    }
}

#[test]
fn every_code_has_a_fixture_or_a_test_of_its_own() {
    let files: BTreeSet<String> = fixtures().into_iter().map(|(name, _)| name).collect();
    let missing: Vec<_> = CODES.iter().filter(|code| !files.contains(**code) && !WITHOUT_FILE.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn bundle(text: &str) -> FluentBundle<FluentResource> {
    let resource = FluentResource::try_new(text.to_owned()).map_err(|(_, errors)| errors).expect("well-formed texts");
    let mut bundle = FluentBundle::default();
    bundle.set_use_isolating(false);
    bundle.add_resource(resource).expect("no id twice");
    bundle
}

fn texts() -> [FluentBundle<FluentResource>; 2] {
    [include_str!("../src/messages/zh-CN/rules.ftl"), include_str!("../src/messages/en/rules.ftl")].map(bundle)
}

#[test]
fn every_code_has_a_sentence_and_an_action_in_both_languages() {
    for bundle in texts() {
        for code in CODES {
            let message = bundle.get_message(code).unwrap_or_else(|| panic!("{code}"));
            assert!(message.value().is_some() && message.get_attribute("action").is_some(), "{code}");
        }
    }
}

#[test]
fn findings_carry_every_variable_their_sentences_use() {
    for (name, bytes) in fixtures() {
        for finding in findings(&bytes).1 {
            let mut args = FluentArgs::new();
            finding.args.iter().for_each(|(name, value)| args.set(*name, value.clone()));
            finding.got.iter().for_each(|got| args.set("got", got.clone()));
            for bundle in texts() {
                let message = bundle.get_message(finding.code).expect("checked above");
                let action = message.get_attribute("action").expect("checked above").value();
                for pattern in [message.value().expect("checked above"), action] {
                    let mut errors = Vec::new();
                    let text = bundle.format_pattern(pattern, Some(&args), &mut errors);
                    assert!(errors.is_empty(), "{name}: {text}: {errors:?}");
                }
            }
        }
    }
}

/// The folder of the corpus: `FENGHUO_CORPUS`, else beside the repository. It is not part of the project, so without it
/// only the fixtures are tested, and that is said.
pub fn corpus() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    #[expect(clippy::disallowed_methods, reason = "a test finds its data, nothing is configured")]
    let folder = std::env::var("FENGHUO_CORPUS").map_or_else(|_| beside(), PathBuf::from);
    if folder.join("cap/manifest.csv").is_file() {
        return Some(folder);
    }
    // Past the capture of the test harness: what was not tested is said even when everything passes.
    let said = format!("no corpus at {}: only the own fixtures are tested (set FENGHUO_CORPUS)\n", folder.display());
    std::io::stderr().write_all(said.as_bytes()).expect("standard error");
    None
}

/// What we answer where the corpus asks for a decision: the refusing code, or `None` when it is taken.
const DECIDED: &[(&str, Option<&str>)] = &[
    ("policy/rs-rhmz-polygon-after-geocode.xml", Some("cap-element-order")),
    ("policy/se-krisinformation-vma.cap", Some("cap-element-unknown")),
    ("policy/se-smhi-alerts-root.cap", Some("cap-wrapped")),
    ("policy/de-dwd-degenerate-polygon.xml", Some("polygon-points")),
    ("policy/mm-exercise-expired.xml", Some("expires-not-after-sent")),
    ("policy/ca-update-empty-references.cap", Some("references-required")),
    ("policy/ca-selftest-empty-optional.xml", None),
    ("policy/sem-restricted-without-restriction.xml", Some("restriction-required")),
    ("policy/sem-areadesc-empty.xml", Some("area-description-empty")),
    ("policy/sem-expires-before-sent.xml", Some("expires-not-after-sent")),
    ("policy/sem-sent-in-far-future.xml", Some("sent-in-future")),
    ("wrapper/edxl-de-rfs.xml", Some("cap-wrapped")),
    ("wrapper/edxl-de-bushfire-invalid.edxlde", Some("cap-wrapped")),
    ("wrapper/atom-weather-invalid.atom", Some("cap-wrapped")),
    ("wrapper/atom-us-nws-index.atom", Some("cap-wrapped")),
    ("other-version/cap11-usgs-earthquake.cap", Some("cap-version-unsupported")),
    ("other-version/cap11-nws-weather.cap", Some("cap-version-unsupported")),
    ("other-version/cap11-minimal.cap", Some("cap-version-unsupported")),
    ("other-version/cap11-bad-enums.cap", Some("cap-version-unsupported")),
    ("other-version/cap11-signed-bad-order.cap", Some("cap-version-unsupported")),
    ("other-version/cap11-oasis-amber.cap", Some("cap-version-unsupported")),
];

/// Every row of the manifest that is XML: file and verdict.
fn manifest(corpus: &Path) -> Vec<(String, String)> {
    let mut rows = csv::Reader::from_path(corpus.join("cap/manifest.csv")).expect("manifest");
    let rows = rows.records().map(|row| row.expect("a row"));
    let rows = rows.map(|row| (row[0].to_owned(), row[3].to_owned()));
    rows.filter(|(file, _)| !file.starts_with("json/")).collect()
}

/// Every document of the manifest with its verdict: `yes`, `no`, or `policy` for what was decided above; and the Songbei
/// warnings. `None` without the corpus.
pub fn documents() -> Option<Vec<(String, String, Vec<u8>)>> {
    let corpus = corpus()?;
    let verdict = |file: &str, valid: String| match DECIDED.iter().any(|(name, _)| *name == file) {
        true => "policy".to_owned(),
        false => valid,
    };
    let read = |file: &String| std::fs::read(corpus.join("cap").join(file)).expect("in the manifest");
    let rows = manifest(&corpus).into_iter().map(|(file, valid)| {
        let bytes = read(&file);
        (file.clone(), verdict(&file, valid), bytes)
    });
    let songbei = songbei(&corpus, "cap").into_iter().map(|(name, bytes)| (name, "yes".to_owned(), bytes));
    Some(rows.chain(songbei).collect())
}

/// The Songbei warnings in the national form, by the names of their files. `None` without the corpus.
pub fn national() -> Option<Vec<(String, Vec<u8>)>> {
    corpus().map(|corpus| songbei(&corpus, "national-form"))
}

#[test]
fn every_document_of_the_corpus_gets_its_verdict() {
    let Some(corpus) = corpus() else { return };
    let rows = manifest(&corpus);
    assert!(rows.len() >= 100, "the whole manifest was read, not {} rows", rows.len());
    for (file, valid) in rows {
        let (accepted, found) = findings(&std::fs::read(corpus.join("cap").join(&file)).expect("in the manifest"));
        let decided = DECIDED.iter().find(|(name, _)| *name == file).map(|(_, answer)| *answer);
        match (valid.as_str(), decided) {
            ("yes", None) => assert!(accepted, "{file}: {found:#?}"),
            ("no", None) => assert!(!accepted, "{file}: {found:#?}"),
            (_, Some(None)) => assert!(accepted, "{file}: {found:#?}"),
            (_, Some(Some(code))) => {
                assert!(!accepted && found.iter().any(|finding| finding.code == code), "{file}: {found:#?}")
            }
            (other, None) => panic!("{file}: nothing decided for {other}"),
        }
    }
}

/// Every taken document: fixtures, corpus, Songbei.
fn taken() -> Vec<(String, Vec<u8>)> {
    let mut files = fixtures();
    if let Some(corpus) = corpus() {
        for (file, _) in manifest(&corpus) {
            let bytes = std::fs::read(corpus.join("cap").join(&file)).expect("in the manifest");
            files.push((file, bytes));
        }
        files.extend(songbei(&corpus, "cap"));
    }
    files.retain(|(_, bytes)| cap::read(bytes).message.is_some());
    files
}

/// The Songbei warnings in a form, by the names of their files.
fn songbei(corpus: &Path, form: &str) -> Vec<(String, Vec<u8>)> {
    let folder = corpus.join("songbei").join(form);
    let paths = std::fs::read_dir(folder).expect("songbei").map(|entry| entry.expect("entry").path());
    paths.map(|path| (stem(&path), std::fs::read(&path).expect("file"))).collect()
}

#[test]
fn every_songbei_warning_is_taken_without_a_word() {
    let Some(corpus) = corpus() else { return };
    let warnings = songbei(&corpus, "cap");
    assert_eq!(warnings.len(), 24);
    for (name, bytes) in warnings {
        let reading = cap::read(&bytes);
        assert!(reading.message.is_some() && reading.findings.is_empty(), "{name}: {:#?}", reading.findings);
    }
}

#[test]
fn what_is_taken_survives_cap_and_json() {
    for (name, bytes) in taken() {
        let message = cap::read(&bytes).message.expect("taken");
        let again = cap::read(cap::write(&message).as_bytes());
        assert_eq!(again.message.as_ref(), Some(&message), "{name}: {:#?}", again.findings);
        let text = serde_json::to_string(&message).expect("a message");
        let again = json::read(text.as_bytes());
        assert_eq!(again.message.as_ref(), Some(&message), "{name}: {:#?}", again.findings);
    }
}

fn headline(path: &str) -> String {
    let (_, bytes) = taken().into_iter().find(|(name, _)| name == path).expect("in the corpus");
    cap::read(&bytes).message.expect("taken").infos[0].headline.clone().unwrap_or_default()
}

#[test]
fn tricky_texts_come_out_unharmed() {
    if corpus().is_none() {
        return;
    }
    assert_eq!(headline("tricky-valid/cdata-and-entities.xml"), "SEVERE <b>THUNDERSTORM</b> & 雷雨");
    assert_eq!(headline("tricky-valid/comment-inside-text.xml"), "SEVERE THUNDERSTORM WARNING");
    assert_eq!(headline("tricky-valid/four-byte-characters.xml"), "𠮷林街道⚡🌩️ 雷电");
    assert_eq!(headline("tricky-valid/utf16le-bom.xml"), "SEVERE THUNDERSTORM WARNING");
    assert!(headline("tricky-valid/gb18030-declared.xml").ends_with("色预警信号"));
    let markup = "<script>alert(1)</script> ${jndi:x} {{7*7}} '; DROP TABLE alerts;--";
    assert_eq!(headline("tricky-valid/markup-in-headline.xml"), markup);
}

#[test]
fn everything_written_passes_the_schema() {
    let Some(corpus) = corpus() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = Vec::new();
    for (number, (_, bytes)) in taken().into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.xml"));
        std::fs::write(&path, cap::write(&cap::read(&bytes).message.expect("taken"))).expect("written");
        files.push(path);
    }
    let schema = corpus.join("cap/xsd/CAP-v1.2.xsd");
    let answer = Command::new("xmllint").args(["--nonet", "--noout", "--schema"]).arg(schema).args(&files).output();
    let answer = answer.expect("xmllint is needed: apt-get install -y libxml2-utils");
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    assert!(files.len() >= 70, "{} documents", files.len());
}
