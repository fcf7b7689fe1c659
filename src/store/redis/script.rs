//! The scripts, put together from their parts.

use std::sync::LazyLock;

use redis::Cmd;
use sha1::{Digest, Sha1};

/// A script and the name the server knows it by.
pub(super) struct Script {
    pub(super) code: String,
    hash: String,
}

/// Every script of the engine.
pub(super) struct Scripts {
    pub(super) open: Script,
    pub(super) commit: Script,
    /// The same, allowed when the memory is full.
    pub(super) commit_reserved: Script,
    pub(super) look: Script,
    pub(super) forsake: Script,
    pub(super) list: Script,
    pub(super) rows: Script,
    pub(super) follow: Script,
    pub(super) head: Script,
    pub(super) beat: Script,
    pub(super) leave: Script,
    pub(super) hold: Script,
    pub(super) give_back: Script,
    pub(super) rates: Script,
    pub(super) reserve: Script,
    pub(super) import_begin: Script,
    pub(super) import_records: Script,
    pub(super) import_rows: Script,
    pub(super) import_end: Script,
}

const IDENTITY: &str = include_str!("identity.lua");
const TIME: &str = include_str!("time.lua");
const STANDS: &str = include_str!("stands.lua");
const COMMIT: &str = include_str!("commit.lua");

/// A script that is refused when memory is short.
const ORDINARY: &str = "#!lua\n";
/// One that takes next to no memory or gives some back.
const SMALL: &str = "#!lua flags=allow-oom\n";
/// One that only reads.
const READING: &str = "#!lua flags=no-writes\n";

pub(super) static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| Scripts {
    open: Script::of(&[SMALL, TIME, include_str!("open.lua")]),
    commit: Script::of(&[ORDINARY, IDENTITY, STANDS, COMMIT]),
    commit_reserved: Script::of(&[SMALL, IDENTITY, STANDS, COMMIT]),
    look: Script::of(&[SMALL, STANDS, include_str!("look.lua")]),
    forsake: Script::of(&[SMALL, include_str!("forsake.lua")]),
    list: Script::of(&[READING, include_str!("list.lua")]),
    rows: Script::of(&[READING, include_str!("rows.lua")]),
    follow: Script::of(&[READING, IDENTITY, include_str!("follow.lua")]),
    head: Script::of(&[READING, IDENTITY, STANDS, include_str!("head.lua")]),
    beat: Script::of(&[SMALL, IDENTITY, STANDS, TIME, include_str!("beat.lua")]),
    leave: Script::of(&[SMALL, IDENTITY, include_str!("leave.lua")]),
    hold: Script::of(&[SMALL, IDENTITY, include_str!("hold.lua")]),
    give_back: Script::of(&[SMALL, IDENTITY, include_str!("give_back.lua")]),
    rates: Script::of(&[SMALL, IDENTITY, TIME, include_str!("rates.lua")]),
    reserve: Script::of(&[SMALL, IDENTITY, include_str!("reserve.lua")]),
    import_begin: Script::of(&[SMALL, include_str!("import/begin.lua")]),
    import_records: Script::of(&[ORDINARY, include_str!("import/records.lua")]),
    import_rows: Script::of(&[ORDINARY, include_str!("import/rows.lua")]),
    import_end: Script::of(&[SMALL, include_str!("import/end.lua")]),
});

impl Script {
    fn of(parts: &[&str]) -> Self {
        let code = parts.concat();
        let digest = Sha1::digest(code.as_bytes());
        let hash = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { code, hash }
    }

    /// A call with these keys; arguments follow.
    pub(super) fn call(&self, keys: &[String]) -> Cmd {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&self.hash).arg(keys.len()).arg(keys);
        command
    }

    /// What makes the server know it.
    pub(super) fn load(&self) -> Cmd {
        let mut command = redis::cmd("SCRIPT");
        command.arg("LOAD").arg(&self.code);
        command
    }
}
