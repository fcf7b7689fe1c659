//! The torture of the real program, as far as there is time for it in every run of the tests.

use std::{path::Path, process::Command};

/// Runs it, and says what it said last.
fn torture(arguments: &[&str]) -> String {
    let xtask = Path::new(env!("CARGO_BIN_EXE_xtask"));
    let program = xtask.with_file_name(format!("fenghuo{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "{} was not built; run: cargo xtask test", program.display());
    let mut torture = Command::new(xtask);
    torture.args(["torture", "--json", "--program"]).arg(&program).args(arguments);
    let ended = torture.output().expect("it runs");
    let (out, told) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{out}\n{told}");
    out.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn twenty_rounds_of_kill_9_lose_nothing_and_double_no_more_than_was_leased() {
    let last = torture(&["--rounds", "20", "--recipients", "250"]);
    assert!(last.starts_with(r#"{"rounds":20,"lost":0,"doubled":"#) && last.contains(r#","leased":"#), "{last}");
    // A torture in which no kill met a delivery on the wire would prove nothing.
    assert!(!last.contains(r#""leased":0}"#), "{last}");
}

#[test]
fn three_nodes_lose_nothing_whichever_of_them_or_of_their_store_is_killed_or_frozen() {
    let last = torture(&["--nodes", "3", "--rounds", "3", "--recipients", "1500"]);
    assert!(last.starts_with(r#"{"rounds":3,"lost":0,"doubled":"#), "{last}");
}
