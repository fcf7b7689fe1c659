//! The pages in a real browser: headless Chromium against the real program. What is looked at stands in
//! `tests/browser`; each script can also be run by hand and then keeps pictures.

use std::{path::Path, process::Command};

#[test]
fn the_pages_hold_in_chromium() {
    looked_at("check.mjs");
}

#[test]
fn a_public_screen_does_the_right_thing_in_chromium() {
    looked_at("kiosk.mjs");
}

#[test]
fn residents_are_told_in_chromium_what_is_in_force() {
    looked_at("public.mjs");
}

fn looked_at(script: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    assert!(folder.join("node_modules").is_dir(), "the browser checks' packages are missing; run: cargo xtask test");
    let checked = Command::new("node").arg(script).arg(env!("CARGO_BIN_EXE_fenghuo")).current_dir(&folder).output();
    let checked = checked.expect("node is there; if not: apt-get install nodejs");
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}\n{}", String::from_utf8_lossy(&checked.stderr));
    assert!(said.matches("ok   ").count() > 10, "it looked: {said}");
}
