//! Bringing a fresh Debian machine to where the tests run. Each step looks first, does nothing when nothing is missing,
//! and says what it installs.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::run::{Failed, check, root, say, works};

/// A package of the distribution, and how to see that it is there.
struct Package {
    name: &'static str,
    probe: &'static [&'static str],
}

const PACKAGES: &[Package] = &[
    Package { name: "libxml2-utils", probe: &["xmllint", "--version"] },
    Package { name: "chromium", probe: &["chromium", "--version"] },
    Package { name: "chromium-driver", probe: &["chromedriver", "--version"] },
    Package { name: "postfix", probe: &["postconf", "-d", "mail_version"] },
    // Without a font for Chinese the browser draws boxes, and measures them.
    Package { name: "fonts-wqy-microhei", probe: &["sh", "-c", "fc-list :lang=zh | grep -q ."] },
    // Debian puts it where only root looks by itself.
    Package { name: "mosquitto", probe: &["sh", "-c", "PATH=$PATH:/usr/sbin command -v mosquitto"] },
    Package { name: "redis-server", probe: &["redis-server", "--version"] },
    Package { name: "redis-tools", probe: &["redis-cli", "--version"] },
    Package { name: "strace", probe: &["strace", "--version"] },
    Package { name: "python3-venv", probe: &["python3", "-c", "import ensurepip, venv"] },
];

/// What Postfix would ask while it is installed: it gets no set-up, and without one its service does not start.
const POSTFIX_ANSWERS: &str = "postfix postfix/main_mailer_type select No configuration";

/// Installs what is missing; answers the environment the tests run in.
pub(crate) fn prepare() -> Result<Vec<(&'static str, OsString)>, Failed> {
    packages()?;
    let venv = python(&root().join("target/venv"), &root().join("tests/requirements.txt"))?;
    for folder in node_projects(&root().join("tests")) {
        node(&folder)?;
    }
    let mut environment = vec![("FENGHUO_VENV", venv.into_os_string())];
    let corpus = root().join("../shared/corpus");
    if std::env::var_os("FENGHUO_CORPUS").is_none() && corpus.is_dir() {
        environment.push(("FENGHUO_CORPUS", corpus.into_os_string()));
    }
    Ok(environment)
}

fn packages() -> Result<(), Failed> {
    let missing: Vec<&str> = PACKAGES
        .iter()
        .filter(|package| !works(package.probe[0], &package.probe[1..]))
        .map(|package| package.name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !works("apt-get", &["--version"]) {
        say(&format!("xtask: without apt-get, please install what these Debian packages hold: {}", missing.join(" ")));
        return Ok(());
    }
    say(&format!("xtask: installing packages: {}", missing.join(" ")));
    if missing.contains(&"postfix") {
        check(installer("sh").args(["-c", "echo \"$1\" | debconf-set-selections", "sh", POSTFIX_ANSWERS]))?;
    }
    check(installer("apt-get").args(["--quiet=2", "update"]))?;
    check(installer("apt-get").args(["--quiet=2", "install", "--yes", "--no-install-recommends"]).args(missing))
}

/// A program with the rights to install, which asks nothing.
fn installer(program: &str) -> Command {
    let mut apt = if works("sh", &["-c", "test $(id -u) = 0"]) {
        Command::new("env")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.arg("env");
        sudo
    };
    apt.args(["DEBIAN_FRONTEND=noninteractive", program]).stdin(Stdio::null()).stdout(Stdio::null());
    apt
}

/// An environment with the pinned Python packages, made again when the pins change.
fn python(venv: &Path, requirements: &Path) -> Result<PathBuf, Failed> {
    if !is_current(venv, requirements) {
        say(&format!("xtask: installing Python packages: {}", listed(requirements)));
        check(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))?;
        let mut pip = Command::new(venv.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(requirements);
        check(&mut pip)?;
        remember(venv, requirements)?;
    }
    Ok(venv.to_owned())
}

/// Folders with a lock file of npm, at most two below `folder`.
fn node_projects(folder: &Path) -> Vec<PathBuf> {
    let below = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        entries.filter(|path| path.is_dir() && !path.ends_with("node_modules")).collect::<Vec<_>>()
    };
    let children = below(folder);
    let grandchildren: Vec<PathBuf> = children.iter().flat_map(|child| below(child)).collect();
    let folders = std::iter::once(folder.to_owned()).chain(children).chain(grandchildren);
    folders.filter(|folder| folder.join("package-lock.json").is_file()).collect()
}

fn node(folder: &Path) -> Result<(), Failed> {
    let (modules, lock) = (folder.join("node_modules"), folder.join("package-lock.json"));
    if is_current(&modules, &lock) {
        return Ok(());
    }
    say(&format!("xtask: installing the Node packages of {}", lock.display()));
    let mut npm = Command::new("npm");
    check(npm.args(["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(folder))?;
    remember(&modules, &lock)
}

/// Whether what stands in `folder` was installed from `list` as it is now.
fn is_current(folder: &Path, list: &Path) -> bool {
    let installed = fs::read(folder.join(INSTALLED_FROM));
    installed.is_ok_and(|installed| fs::read(list).is_ok_and(|list| list == installed))
}

fn remember(folder: &Path, list: &Path) -> Result<(), Failed> {
    let copied = fs::copy(list, folder.join(INSTALLED_FROM));
    copied.map(drop).map_err(|error| Failed(format!("xtask: {}: {error}", folder.display())))
}

/// The copy of the list a folder was filled from.
const INSTALLED_FROM: &str = ".installed-from";

fn listed(requirements: &Path) -> String {
    fs::read_to_string(requirements).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}
