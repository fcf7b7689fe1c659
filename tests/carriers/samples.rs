//! Every real route that stands in the sample configuration as a comment is one: it is built, and `fenghuo check` finds nothing.

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Output},
};

use fenghuo::app::adapters;

use crate::support::peers::judged;

const CONFIGURATION: &str = include_str!("../../config/fenghuo.toml");

/// The commented routes, one text each.
fn samples() -> Vec<String> {
    let mut samples: Vec<String> = Vec::new();
    let mut within = false;
    for line in CONFIGURATION.lines() {
        let Some(line) = line.strip_prefix("#   ") else {
            within = false;
            continue;
        };
        if !within {
            samples.push(String::new());
        }
        within = true;
        let sample = samples.last_mut().expect("one");
        sample.push_str(line);
        sample.push('\n');
    }
    samples
}

fn openssl(arguments: &[&str]) -> Vec<u8> {
    let made = Command::new("openssl").args(arguments).output().expect("openssl runs; run: cargo xtask test");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    made.stdout
}

/// Every file that a sample names, with something of the right kind in it.
fn files(sample: &toml::Table, folder: &Path) {
    for (key, value) in sample {
        match value {
            toml::Value::Table(table) => files(table, folder),
            toml::Value::Array(all) => all.iter().filter_map(toml::Value::as_table).for_each(|one| files(one, folder)),
            toml::Value::String(name) if key.ends_with("_file") => {
                let content = match name.as_str() {
                    "apns.p8" | "vapid.pem" => {
                        openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
                    }
                    "wechat-aes-key" => b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ".to_vec(),
                    "dkim-key" => openssl(&["genpkey", "-algorithm", "ED25519"]),
                    "firebase.json" => {
                        let key = judged("rsa_key.py", "").expect("a key");
                        let account = serde_json::json!({
                            "project_id": "songbei", "client_email": "fenghuo@songbei.example", "private_key": key
                        });
                        account.to_string().into()
                    }
                    // As long as the log-in of SMPP and SGIP has room for, or as long as a key must be.
                    "smpp-password" | "sgip-password" | "sgip-gateway-password" => b"secret".to_vec(),
                    _ => b"kept-to-ourselves-all-of-it".to_vec(),
                };
                std::fs::write(folder.join(name), content).expect("written");
            }
            _ => {}
        }
    }
}

fn check(folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fenghuo"));
    command.args(["check", "--lang", "en", "--config"]).arg(folder.join("routes.toml"));
    command.output().expect("it runs")
}

#[test]
fn every_route_in_the_comments_is_checked_and_found_good() {
    let samples = samples();
    let mut shown = BTreeSet::new();
    for sample in &samples {
        let folder = tempfile::tempdir().expect("a directory");
        let table: toml::Table = toml::from_str(sample).unwrap_or_else(|fault| panic!("{fault}\n{sample}"));
        files(&table, folder.path());
        let routes = table["routes"].as_table().expect("routes");
        shown.extend(routes.values().filter_map(|route| route["adapter"].as_str().map(str::to_owned)));
        std::fs::write(folder.path().join("routes.toml"), sample).expect("written");
        let output = check(folder.path());
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{said}\n{sample}");
    }
    // What needs no account of anybody stands in the configuration itself, or among the partners.
    let plain = ["display", "simulator", "webhook"];
    let wanted: BTreeSet<String> =
        adapters::NAMES.iter().filter(|name| !plain.contains(name)).map(|name| (*name).to_owned()).collect();
    assert_eq!(shown, wanted);
}

#[test]
fn a_sample_with_something_wrong_is_not_found_good() {
    let sample = samples().into_iter().find(|sample| sample.contains("\"smpp\"")).expect("one");
    let folder = tempfile::tempdir().expect("a directory");
    files(&toml::from_str(&sample).expect("TOML"), folder.path());
    std::fs::write(folder.path().join("routes.toml"), sample.replace("implicit", "none")).expect("written");
    let output = check(folder.path());
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success() && said.contains("link.tls"), "{said}");
}
