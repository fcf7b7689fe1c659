//! What must hold of every template, script and style, whatever they show.

use std::{collections::BTreeSet, fs, path::Path};

const CONSOLE: &str = include_str!("assets/console.js");
const KIOSK: &str = include_str!("../feeds/assets/kiosk.js");
const WORKER: &str = include_str!("../feeds/assets/kiosk-worker.js");
const CONSOLE_STYLE: &str = include_str!("assets/console.css");
const KIOSK_STYLE: &str = include_str!("../feeds/assets/kiosk.css");

/// Name and text of every file below a folder of the repository with one of these endings.
fn files(below: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(below)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if endings.iter().any(|ending| entry.to_string_lossy().ends_with(ending)) {
                found.push((entry.display().to_string(), fs::read_to_string(&entry).expect("text")));
            }
        }
    }
    assert!(!found.is_empty(), "{below}");
    found
}

fn templates() -> Vec<(String, String)> {
    ["templates/console", "templates/kiosk"].into_iter().flat_map(|below| files(below, &[".html"])).collect()
}

/// What stands between a quotation mark and the next and begins with `console-` or `kiosk-`.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').filter(|id| {
        let plain = id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'_');
        plain && (id.starts_with("console-") || id.starts_with("kiosk-"))
    })
}

/// A style without its comments.
fn uncommented(style: &str) -> String {
    style.split("/*").map(|part| part.split_once("*/").map_or(part, |(_, rules)| rules)).collect()
}

#[test]
fn every_text_a_page_names_is_there_and_every_text_is_named() {
    let mut sources = templates();
    let code = ["src/http/console", "src/http/feeds"].into_iter().flat_map(|below| files(below, &[".rs"]));
    sources.extend(code.filter(|(name, _)| !name.contains("tests")));
    let named: BTreeSet<&str> = sources.iter().flat_map(|(_, text)| quoted(text)).collect();
    let file = include_str!("../../messages/zh-CN/console.ftl");
    let defined: BTreeSet<&str> = file
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(id, _)| id)
        .filter(|id| !id.starts_with(' '))
        .collect();
    // An id that ends in a dash begins the ids of a family; a message page has a second text.
    let families: Vec<&str> = named.iter().copied().filter(|id| id.ends_with('-')).collect();
    let in_code: BTreeSet<&str> = [
        "kiosk-level-",
        "kiosk-grade-",
        "console-lift-",
        "console-correct-",
        "console-retry-heading-",
        "console-retry-act-",
        "console-sign-heading-",
        "console-sign-act-on-",
        "console-sign-act-out-",
        "console-sign-conflict-",
    ]
    .into();
    let missing: Vec<_> = named.iter().filter(|id| !id.ends_with('-') && !defined.contains(**id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let in_family = |id: &str| {
        families.iter().any(|family| id.starts_with(family)) || in_code.iter().any(|family| id.starts_with(family))
    };
    let second = |id: &str| id.strip_suffix("-text").is_some_and(|first| named.contains(first));
    let idle: Vec<_> = defined.iter().filter(|id| !named.contains(**id) && !in_family(id) && !second(id)).collect();
    assert!(idle.is_empty(), "{idle:?}");
}

#[test]
fn no_page_carries_a_script_a_style_or_anything_from_elsewhere() {
    for (name, text) in templates() {
        for forbidden in [
            "style=",
            "<style",
            "onclick",
            "onload",
            "onerror",
            "javascript:",
            "|safe",
            "escape=\"none\"",
            "http://",
            "https://",
            "src=\"//",
        ] {
            assert!(!text.contains(forbidden), "{name}: {forbidden}");
        }
        for script in text.split("<script").skip(1) {
            assert!(script.trim_start().starts_with("src="), "{name}: a script in the page");
        }
    }
}

#[test]
fn styles_and_scripts_fetch_nothing_from_elsewhere() {
    for text in [CONSOLE, KIOSK, WORKER, CONSOLE_STYLE, KIOSK_STYLE] {
        for forbidden in [
            "http:",
            "https:",
            "url(",
            "@import",
            "eval(",
            "innerHTML",
            "outerHTML",
            "document.write",
            "insertAdjacentHTML",
        ] {
            assert!(!text.contains(forbidden), "{forbidden}");
        }
    }
}

/// The text of a script without its comments and its texts in quotes.
fn bare(script: &str) -> String {
    let code: Vec<&str> = script.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code)).collect();
    let code = code.join("\n");
    code.split('"').step_by(2).collect()
}

#[test]
fn the_kiosk_speaks_the_language_of_old_panels() {
    for script in [KIOSK, WORKER] {
        let code = bare(script);
        for newer in [
            "?.",
            "??",
            "async ",
            "await ",
            "**",
            "...",
            "=> ",
            ".flat(",
            ".includes(",
            "Object.entries",
            "Object.values",
            "padStart",
            ".finally(",
            "import ",
            "export ",
            "AbortController",
            "catch {",
        ] {
            assert!(!code.contains(newer), "{newer}");
        }
    }
    for newer in
        ["display: grid", "gap:", "inset:", "min(", "max(", "clamp(", ":is(", ":where(", "aspect-ratio:", "var(--"]
    {
        assert!(!uncommented(KIOSK_STYLE).replace("-aspect-ratio:", "").contains(newer), "{newer}");
    }
}

#[test]
fn nothing_flashes_and_calm_is_not_green() {
    for forbidden in ["animation", "@keyframes", "blink", "green"] {
        assert!(!uncommented(KIOSK_STYLE).contains(forbidden), "{forbidden}");
    }
}

/// Relative luminance of `#rrggbb` (WCAG 2.2).
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("hex")) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn words_on_level_colours_can_be_read() {
    let pairs = [
        ("#c4001a", "#ffffff"),
        ("#f28500", "#000000"),
        ("#ffe000", "#000000"),
        ("#0b57b7", "#ffffff"),
        ("#5f6368", "#ffffff"),
    ];
    for (ground, ink) in pairs {
        assert!(KIOSK_STYLE.contains(ground) && CONSOLE_STYLE.contains(ground), "{ground}");
        assert!(contrast(ground, ink) >= 4.5, "{ground} {ink}");
    }
}

#[test]
fn the_soft_words_of_both_themes_can_be_read() {
    for (name, block) in [("light", 1), ("dark", 2)] {
        let block = CONSOLE_STYLE.split(":root {").nth(block).expect("a theme").split('}').next().expect("its end");
        let value = |name: &str| {
            let value = block.split(&format!("--{name}: ")).nth(1).expect(name).split(';').next().expect(name);
            if value.len() == 4 {
                "#".to_owned() + &value[1..].chars().flat_map(|c| [c, c]).collect::<String>()
            } else {
                value.to_owned()
            }
        };
        for (ink, ground) in [
            ("ink", "card"),
            ("soft", "card"),
            ("soft", "page"),
            ("link", "card"),
            ("fault", "fault-ground"),
            ("fault", "card"),
            ("bar-ink", "bar"),
        ] {
            assert!(contrast(&value(ink), &value(ground)) >= 4.5, "{name}: {ink} on {ground}");
        }
    }
}
