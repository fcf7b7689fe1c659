//! The torture of the real program, as far as there is time for it in every run of the tests.

use std::{path::Path, process::Command};

#[test]
fn twenty_rounds_of_kill_9_lose_nothing_and_double_no_more_than_was_leased() {
    let xtask = Path::new(env!("CARGO_BIN_EXE_xtask"));
    let program = xtask.with_file_name(format!("fenghuo{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "{} was not built; run: cargo xtask test", program.display());
    let mut torture = Command::new(xtask);
    torture.args(["torture", "--json", "--rounds", "20", "--recipients", "250", "--program"]).arg(&program);
    let ended = torture.output().expect("it runs");
    let (out, told) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{out}\n{told}");
    let last = out.lines().last().unwrap_or_default();
    assert!(last.starts_with(r#"{"rounds":20,"lost":0,"doubled":"#) && last.contains(r#","leased":"#), "{out}");
    // A torture in which no kill met a delivery on the wire would prove nothing.
    assert!(!last.contains(r#""leased":0}"#), "{told}");
}
