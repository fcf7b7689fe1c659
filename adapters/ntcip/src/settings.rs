mod choice;

use std::{
    fmt,
    io::Read,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use fenghuo_contract::CodeTable;
use ipnet::IpNet;

pub use self::choice::{Letters, Memory, OnLift, Priorities};
use crate::{codes, objects::Slot, snmp::Version};

/// Road signs of one model. `networks`, `community_file`, `lines` and `columns` must be given.
///
/// ```toml
/// networks = ["10.20.0.0/16"]
/// community_file = "/run/credentials/signs-community"
/// lines = 3
/// columns = 24
/// letters = "gb18030"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Networks the signs are in; an address outside of them is not spoken to.
    pub networks: Vec<IpNet>,
    /// File that holds the community and nothing else (a line end is ignored).
    pub community_file: PathBuf,
    /// Version of SNMP, `"1"` or `"2c"`; both send the community in the clear. SNMPv3 is not spoken. Default `"1"`.
    #[serde(default)]
    pub version: Version,
    /// Lines of a page.
    pub lines: usize,
    /// Columns of a line, at least 2: a Latin letter takes one, a Chinese character two.
    pub columns: usize,
    /// Pages of a message at most. Default 4.
    #[serde(default = "four")]
    pub pages: usize,
    /// Bytes of MULTI text at most (`dmsMaxMultiStringLength`). Default 1024.
    #[serde(default = "thousand")]
    pub multi_max: usize,
    /// How characters beyond ASCII are written. Default `character_tags`.
    #[serde(default)]
    pub letters: Letters,
    /// Characters that somebody who drives by reads in a second; pages stand as long as that takes. Default 4.
    #[serde(default = "four")]
    pub characters_per_s: usize,
    /// Tenths of a second a page stands at least, 1 to 255. Default 20.
    #[serde(default = "twenty")]
    pub page_min: usize,
    /// Show the headline alone where neither text nor short form fit. Default yes; without it such content is refused.
    #[serde(default = "yes")]
    pub headline_alone: bool,
    /// What becomes of a sign when the warning it shows is lifted. Default `blank`.
    #[serde(default)]
    pub on_lift: OnLift,
    /// Memory the message is written to. Default `changeable`.
    #[serde(default)]
    pub memory: Memory,
    /// Number of the message in that memory, ours alone. Default 1.
    #[serde(default = "one")]
    pub message_number: u16,
    /// Name under which messages are written, letters and digits, at most 40; signs show it to whoever asks. Default
    /// `fenghuo`.
    #[serde(default = "fenghuo")]
    pub owner: String,
    /// Run-time priority of messages, 1 to 255, by the level of the warning. A message shows when it is not below what shows
    /// already; leave room above for operators at the sign. Default 60, 100, 140, 180, 220.
    #[serde(default)]
    pub priorities: Priorities,
    /// Address that signs note as the sender. Default: the one the packets come from.
    #[serde(default)]
    pub source_address: Option<Ipv4Addr>,
    /// A sign that [`probe`](fenghuo_contract::Adapter::probe) asks for its type, `address:port`. Default: none, and a probe
    /// says nothing about signs.
    #[serde(default)]
    pub probe_sign: Option<String>,
    /// Time a sign has for one answer, milliseconds, 50 to 60000. Default 2000.
    #[serde(default = "two_seconds")]
    pub answer_timeout_ms: u64,
    /// Times a question without answer is sent, 1 to 10: packets get lost, and the same packet twice does nothing twice.
    /// Default 3.
    #[serde(default = "three")]
    pub sends: u32,
    /// File with meanings of error codes that count before the built-in ones; its form is that of
    /// `config/codes/ntcip.toml`. Default: the built-in ones alone.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
}

/// Everything that is wrong with the settings, one line each: key, Chinese, English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct SettingsFault(pub Vec<String>);

/// What of a text a sign can show.
#[derive(Clone, Debug)]
pub(crate) struct Capacity {
    pub(crate) lines: usize,
    pub(crate) columns: usize,
    pub(crate) pages: usize,
    pub(crate) multi_max: usize,
    pub(crate) characters_per_s: usize,
    pub(crate) page_min: usize,
    pub(crate) letters: Letters,
    pub(crate) headline_alone: bool,
}

/// Settings made usable.
pub(crate) struct Signs {
    pub(crate) networks: Vec<IpNet>,
    pub(crate) community: Community,
    pub(crate) version: Version,
    pub(crate) capacity: Capacity,
    pub(crate) on_lift: OnLift,
    pub(crate) slot: Slot,
    pub(crate) owner: String,
    pub(crate) priorities: Priorities,
    pub(crate) source_address: Option<Ipv4Addr>,
    pub(crate) probe_sign: Option<String>,
    pub(crate) answer_timeout: Duration,
    pub(crate) sends: u32,
    pub(crate) codes: Arc<CodeTable>,
}

/// The word that opens a sign.
pub(crate) struct Community(Vec<u8>);

impl Community {
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Community")
    }
}

impl Settings {
    /// The defaults, for signs of this size.
    #[must_use]
    pub fn of(networks: Vec<IpNet>, community_file: PathBuf, lines: usize, columns: usize) -> Self {
        Self {
            networks,
            community_file,
            version: Version::default(),
            lines,
            columns,
            pages: four(),
            multi_max: thousand(),
            letters: Letters::default(),
            characters_per_s: four(),
            page_min: twenty(),
            headline_alone: yes(),
            on_lift: OnLift::default(),
            memory: Memory::default(),
            message_number: one(),
            owner: fenghuo(),
            priorities: Priorities::default(),
            source_address: None,
            probe_sign: None,
            answer_timeout_ms: two_seconds(),
            sends: three(),
            codes_file: None,
        }
    }

    /// Checks everything, reads the community.
    pub(crate) fn signs(&self) -> Result<Signs, SettingsFault> {
        let mut problems = Problems(Vec::new());
        self.check_capacity(&mut problems);
        self.check_message(&mut problems);
        let community = self.community(&mut problems);
        let codes = self.codes(&mut problems);
        if !problems.0.is_empty() {
            return Err(SettingsFault(problems.0));
        }
        Ok(Signs {
            networks: self.networks.clone(),
            community: Community(community),
            version: self.version,
            capacity: self.capacity(),
            on_lift: self.on_lift,
            slot: Slot { memory: self.memory.number(), number: self.message_number },
            owner: self.owner.clone(),
            priorities: self.priorities,
            source_address: self.source_address,
            probe_sign: self.probe_sign.clone(),
            answer_timeout: Duration::from_millis(self.answer_timeout_ms),
            sends: self.sends,
            codes,
        })
    }

    fn capacity(&self) -> Capacity {
        Capacity {
            lines: self.lines,
            columns: self.columns,
            pages: self.pages,
            multi_max: self.multi_max,
            characters_per_s: self.characters_per_s,
            page_min: self.page_min,
            letters: self.letters,
            headline_alone: self.headline_alone,
        }
    }

    fn check_capacity(&self, problems: &mut Problems) {
        for (key, value, least) in [
            ("lines", self.lines, 1),
            ("columns", self.columns, 2),
            ("pages", self.pages, 1),
            ("multi_max", self.multi_max, 1),
            ("characters_per_s", self.characters_per_s, 1),
        ] {
            problems.unless(value >= least, key, &format!("须至少为 {least}"), &format!("must be at least {least}"));
        }
        let good = (1..=255).contains(&self.page_min);
        problems.unless(good, "page_min", "须为 1 至 255", "must be 1 to 255");
    }

    fn check_message(&self, problems: &mut Problems) {
        problems.unless(!self.networks.is_empty(), "networks", "至少需要一个网段", "needs at least one network");
        problems.unless(self.message_number >= 1, "message_number", "须至少为 1", "must be at least 1");
        let name = |text: &str| (1..=40).contains(&text.len()) && text.chars().all(|sign| sign.is_ascii_alphanumeric());
        let english = "must be 1 to 40 letters and digits";
        problems.unless(name(&self.owner), "owner", "须为 1 至 40 个字母或数字", english);
        let all = self.priorities.all();
        let rising = all[0] >= 1 && all.is_sorted();
        let english = "must be 1 to 255 and not fall from level to level";
        problems.unless(rising, "priorities", "须为 1 至 255，且不随级别升高而降低", english);
        let good = (50..=60_000).contains(&self.answer_timeout_ms);
        problems.unless(good, "answer_timeout_ms", "须为 50 至 60000", "must be 50 to 60000");
        problems.unless((1..=10).contains(&self.sends), "sends", "须为 1 至 10", "must be 1 to 10");
    }

    fn community(&self, problems: &mut Problems) -> Vec<u8> {
        let key = "community_file";
        match secret(&self.community_file) {
            Ok(community) => {
                problems.unless(!community.is_empty(), key, "文件为空", "the file is empty");
                if ["public", "private", "administrator"].contains(&&*community) {
                    tracing::warn!(
                        "the community of the signs is one that everybody tries first: change it at the signs"
                    );
                }
                community.into_bytes()
            }
            Err(error) => {
                problems.unless(false, key, "无法读取", &format!("cannot be read: {error}"));
                Vec::new()
            }
        }
    }

    fn codes(&self, problems: &mut Problems) -> Arc<CodeTable> {
        let built_in = Arc::clone(&codes::BUILT_IN);
        let Some(path) = &self.codes_file else { return built_in };
        let own = std::fs::read_to_string(path).map_err(|error| error.to_string());
        match own.and_then(|text| CodeTable::parse(&text).map_err(|fault| fault.to_string())) {
            Ok(own) => Arc::new(own.over(&built_in)),
            Err(fault) => {
                let english = format!("cannot be used: {}: {fault}", path.display());
                problems.unless(false, "codes_file", "无法使用", &english);
                built_in
            }
        }
    }
}

struct Problems(Vec<String>);

impl Problems {
    fn unless(&mut self, holds: bool, key: &str, zh: &str, en: &str) {
        if !holds {
            self.0.push(format!("{key}: {zh} / {en}"));
        }
    }
}

/// Bytes of a community file at most.
const SECRET_MAX: u64 = 4096;

fn secret(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(SECRET_MAX).read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn yes() -> bool {
    true
}

fn one() -> u16 {
    1
}

fn three() -> u32 {
    3
}

fn four() -> usize {
    4
}

fn twenty() -> usize {
    20
}

fn thousand() -> usize {
    1024
}

fn two_seconds() -> u64 {
    2000
}

fn fenghuo() -> String {
    "fenghuo".to_owned()
}

#[cfg(test)]
mod tests {
    use fenghuo_contract::Urgency;

    use super::*;

    #[test]
    fn every_problem_is_reported_at_once() {
        let settings = Settings {
            pages: 0,
            multi_max: 0,
            characters_per_s: 0,
            page_min: 256,
            message_number: 0,
            owner: "a b".to_owned(),
            priorities: Priorities { low: 200, ..Priorities::default() },
            answer_timeout_ms: 1,
            sends: 0,
            codes_file: Some("/nowhere/codes.toml".into()),
            ..Settings::of(Vec::new(), "/nowhere/community".into(), 0, 1)
        };
        let SettingsFault(problems) = settings.signs().err().unwrap();
        for key in [
            "networks",
            "community_file",
            "lines",
            "columns",
            "pages",
            "multi_max",
            "characters_per_s",
            "page_min",
            "message_number",
            "owner",
            "priorities",
            "answer_timeout_ms",
            "sends",
            "codes_file",
        ] {
            assert!(problems.iter().any(|problem| problem.starts_with(&format!("{key}: "))), "{key} in {problems:?}");
        }
    }

    #[test]
    fn the_documented_sample_is_read_and_unknown_keys_are_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "songbei-signs\n").unwrap();
        let sample = format!(
            "networks = [\"10.20.0.0/16\"]\ncommunity_file = \"{}\"\nlines = 3\ncolumns = 24\nletters = \"gb18030\"\n",
            file.path().display()
        );
        let settings: Settings = toml::from_str(&sample).unwrap();
        let signs = settings.signs().unwrap();
        assert_eq!((signs.community.expose(), signs.capacity.letters), (&b"songbei-signs"[..], Letters::Gb18030));
        assert!(!format!("{:?}", signs.community).contains("songbei"));
        let more: Settings =
            toml::from_str(&format!("{sample}version = \"2c\"\n[priorities]\nhighest = 255\n")).unwrap();
        assert_eq!((more.version, more.priorities.of(Urgency::Highest)), (Version::V2c, 255));
        let unknown = toml::from_str::<Settings>(&format!("{sample}community = \"x\"\n")).unwrap_err();
        assert!(unknown.to_string().contains("unknown field `community`"), "{unknown}");
    }
}
