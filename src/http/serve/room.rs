//! How many connections there is room for: each is a file, and the store and the routes need files too.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Connections open at the same time, where the system allows as many files: the screens of a district, each with its own,
/// and as many others again as used to be enough.
const CONNECTIONS_MAX: usize = 28_000;
/// Files for everything that is no connection of a client.
const OTHER_FILES: usize = 1_000;

/// Lets the process open as many files as the system permits it, and says how many that is. A shell usually hands on a
/// thousand where twenty times as many are permitted.
pub fn raise_files() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    if let Err(fault) = raised {
        tracing::warn!(%fault, "the limit on open files stays as it is");
    }
    files()
}

fn files() -> usize {
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

/// Connections that may be open at the same time.
pub(super) fn connections() -> usize {
    room_of(files())
}

fn room_of(files: usize) -> usize {
    files.saturating_sub(OTHER_FILES).max(files / 2).clamp(1, CONNECTIONS_MAX)
}

#[cfg(test)]
mod tests {
    use super::{CONNECTIONS_MAX, room_of};

    #[test]
    fn connections_leave_files_for_the_store_and_the_routes() {
        for (files, room) in [(1024, 512), (20_000, 19_000), (65_536, CONNECTIONS_MAX), (usize::MAX, CONNECTIONS_MAX)] {
            assert_eq!(room_of(files), room, "{files}");
        }
    }
}
