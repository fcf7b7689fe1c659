//! What this process has used of the machine, as the kernel counts it.

use std::{fs, time::Duration};

/// Processor time of every thread of the process so far.
pub(crate) fn cpu() -> Duration {
    cpu_besides("")
}

/// Processor time of every thread of the process so far but those whose name begins so, unless that is nothing: a peer that
/// runs in the same process is no part of what is measured.
pub(crate) fn cpu_besides(peer: &str) -> Duration {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let spent = |task: fs::DirEntry| {
        let name = fs::read_to_string(task.path().join("comm")).ok()?;
        if !peer.is_empty() && name.starts_with(peer) {
            return None;
        }
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    };
    Duration::from_nanos(tasks.filter_map(spent).sum())
}

/// Resident bytes now.
pub(crate) fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * 4096
}
