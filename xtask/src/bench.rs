//! Running the benches and reading their medians.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::SystemTime,
};

use crate::run::{Failed, cargo, check, root};

/// Runs the benches whose name contains one of the names given (all when none is).
pub(crate) fn bench(arguments: &[String]) -> Result<(), Failed> {
    let json = arguments.iter().any(|argument| argument == "--json");
    let names: Vec<&str> = arguments.iter().map(String::as_str).filter(|argument| *argument != "--json").collect();
    if let Some(unknown) = names.iter().find(|name| name.starts_with('-')) {
        return Err(Failed(format!("xtask: bench knows no {unknown}")));
    }
    let began = beginning();
    for name in if names.is_empty() { vec![""] } else { names } {
        let mut run = cargo(&["bench", "--package", "fenghuo", "--bench", "hot_path", "--"]);
        run.args((!name.is_empty()).then_some(name));
        if json {
            run.stdout(Stdio::null());
        }
        check(&mut run)?;
    }
    if json { print(&medians(&root().join("target/criterion"), began)) } else { Ok(()) }
}

#[expect(clippy::disallowed_methods, reason = "compared with the times of files, which are the machine's")]
fn beginning() -> SystemTime {
    SystemTime::now()
}

/// Nanoseconds by the bench's path, of estimates written since `began`.
fn medians(folder: &Path, began: SystemTime) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = fs::read_dir(&next).into_iter().flatten().flatten().map(|entry| entry.path());
        folders.extend(entries.filter(|path| path.is_dir()));
        let estimates = next.join("estimates.json");
        if next.ends_with("new") && is_newer(&estimates, began) {
            let name = next.parent().and_then(|bench| bench.strip_prefix(folder).ok()).map(Path::to_path_buf);
            let median = fs::read_to_string(&estimates).ok().as_deref().and_then(median);
            found.extend(name.zip(median).map(|(name, median)| (shown(name), median)));
        }
    }
    found
}

fn shown(name: PathBuf) -> String {
    name.to_string_lossy().replace(['"', '\\'], "'")
}

fn is_newer(file: &Path, began: SystemTime) -> bool {
    file.metadata().and_then(|file| file.modified()).is_ok_and(|changed| changed >= began)
}

/// The median's point estimate in criterion's `estimates.json`.
fn median(estimates: &str) -> Option<f64> {
    let (_, median) = estimates.split_once("\"median\"")?;
    let (_, number) = median.split_once("\"point_estimate\":")?;
    number.split([',', '}']).next()?.trim().parse().ok()
}

#[expect(clippy::print_stdout, reason = "this is the program's result")]
fn print(medians: &BTreeMap<String, f64>) -> Result<(), Failed> {
    let members = medians.iter().map(|(name, median)| format!("\"{name}\":{{\"median_ns\":{median}}}"));
    println!("{{{}}}", members.collect::<Vec<_>>().join(","));
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_median_is_found_among_the_estimates() {
        let estimates = r#"{"mean":{"confidence_interval":{"lower_bound":1.0},"point_estimate":9.5,"standard_error":1},
            "median":{"confidence_interval":{"confidence_level":0.95,"lower_bound":7.0},"point_estimate":8.25,"x":1}}"#;
        assert_eq!(super::median(estimates), Some(8.25));
        assert_eq!(super::median("{}"), None);
    }
}
