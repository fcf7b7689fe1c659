//! What the demonstration shows: settings, keys, screens, recipients and the drill.

use std::{net::SocketAddr, path::Path};

use fenghuo_contract::Channel;

use crate::{
    app::Gateway,
    cli::{fault::Fault, output::Output},
    clock::Clock,
    config::Config,
    domain::{cap, legible::Panel, message::Message, moment::Moment},
    flow::{
        authorize::{NewKey, Role},
        screens::Screen,
        target::directory::sample,
    },
};

/// The seed of the sample directory: the same people every time.
const SEED: u64 = 12379;
/// Recipients stored at a time.
const CHUNK: usize = 20_000;
/// The issuer whose key hands the drill in: it may pass on what others issued.
const ISSUER: &str = "relay";
/// How long the drill is valid, seconds.
const VALID: i64 = 3 * 3_600;

/// Addresses at which the simulated providers behave in some special way: refuse, answer late, report twice, before
/// the answer, or that it did not arrive. None that would stop a whole route.
const SPECIALS: [(Channel, &str); 13] = [
    (Channel::Wechat, "refuse"),
    (Channel::Wechat, "late"),
    (Channel::Wechat, "twice"),
    (Channel::Wechat, "undelivered"),
    (Channel::Wechat, "confirm"),
    (Channel::Push, "refuse"),
    (Channel::Push, "early"),
    (Channel::Push, "transient"),
    (Channel::Push, "silent"),
    (Channel::Email, "refuse@songbei.example"),
    (Channel::Email, "transient@songbei.example"),
    (Channel::Email, "undelivered@songbei.example"),
    (Channel::Email, "confirm@songbei.example"),
];

/// Id, name, area of each screen.
pub(in crate::cli) const SCREENS: [(&str, &str, &str); 12] = [
    ("gov-square", "世纪大道政务广场", "230109005000"),
    ("metro-daxue", "地铁站厅", "230109005000"),
    ("sun-island-gate", "太阳岛风景区正门", "230109002000"),
    ("sun-island-pier", "太阳岛码头", "230109002000"),
    ("polar-park", "极地公园广场", "230109002000"),
    ("songpu-bridge", "松浦大桥桥头", "230109003000"),
    ("songpu-market", "松浦市场", "230109003000"),
    ("wanbao-school", "万宝学校门口", "230109004000"),
    ("songan-plaza", "松安广场", "230109006000"),
    ("songxiang-clinic", "松祥卫生服务中心", "230109007000"),
    ("duiqingshan-station", "对青山站候车室", "230109101000"),
    ("leye-hall", "乐业镇文化站", "230109102000"),
];

/// The settings of the demonstration: its own file with the areas and issuers of the sample configuration.
pub(in crate::cli) fn config(data: &Path, listen: SocketAddr) -> Config {
    let read = |text: &str| -> Config { toml::from_str(text).expect("the built-in files are read by a test") };
    let mut config = read(include_str!("../../../config/demo/demo.toml"));
    config.areas = read(include_str!("../../../config/areas.toml")).areas;
    config.issuers = read(include_str!("../../../config/issuers.toml")).issuers;
    let powers = read(include_str!("../../../config/authority.toml"));
    config.authority = powers.authority;
    config.hazards = Config::default().hazards;
    config.hazards.extend(powers.hazards);
    config.store.data = data.to_owned();
    config.server.listen = listen;
    config
}

/// The drill of the repository as a CAP document, its times moved so that it is sent now.
pub(super) fn drill(clock: &Clock, name: &str) -> String {
    let reading = cap::read(include_bytes!("../../../config/demo/red-drill.xml"));
    let mut message = reading.message.expect("the built-in file is read by a test");
    let now = clock.unix();
    let by = now - message.sent.unix();
    shift(&mut message, by);
    message.identifier = format!("{}-{name}-{now}", message.identifier);
    cap::write(&message)
}

fn shift(message: &mut Message, by: i64) {
    let moved = |moment: Moment| Moment::new(moment.unix() + by, moment.offset_minutes());
    message.sent = moved(message.sent);
    for info in &mut message.infos {
        for moment in [&mut info.effective, &mut info.onset, &mut info.expires].into_iter().flatten() {
            *moment = moved(*moment);
        }
        // The script is valid for years so that it can be tried by hand; a drill of now is over this afternoon.
        info.expires = Some(Moment::new(message.sent.unix() + VALID, message.sent.offset_minutes()));
    }
}

/// What is put into a running gateway.
pub(super) struct World<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) folder: &'a Path,
    pub(super) clock: &'a Clock,
    pub(super) output: &'a Output,
}

impl World<'_> {
    fn not_stored(&self, fault: &crate::flow::Unavailable) -> Fault {
        Fault::failed(self.output.lang, "cli-not-stored", &[("cause", fault.to_string())])
    }

    pub(super) async fn key(&self, role: Role) -> Result<NewKey, Fault> {
        let subject = (role == Role::Issuer).then(|| ISSUER.to_owned());
        let made = self.gateway.flow().create_key(role, subject, "demo".to_owned()).await;
        made.map_err(|fault| self.not_stored(&fault))
    }

    pub(super) async fn screens(&self) -> Result<(), Fault> {
        for (id, name, area) in SCREENS {
            let area = area.parse().expect("a literal, parsed by a test");
            let panel = Some(Panel { width_cm: 384, height_cm: 216, distance_m: 12 });
            let screen = Screen { drill: true, panel, ..Screen::new(id, name, area) };
            self.gateway.flow().put_screen(screen).await.map_err(|fault| self.not_stored(&fault))?;
        }
        Ok(())
    }

    pub(super) async fn recipients(&self, count: u32) -> Result<(), Fault> {
        let started = self.clock.instant();
        let config = config(self.folder, self.gateway.address());
        let streets: Vec<_> = config.areas.keys().copied().filter(|area| area.number() % 1_000_000 != 0).collect();
        let specials: Vec<_> = SPECIALS.iter().map(|(channel, address)| (*channel, (*address).to_owned())).collect();
        let mut people = sample::sample(count as usize, SEED, &streets, &specials);
        while !people.is_empty() {
            let rest = people.split_off(people.len().min(CHUNK));
            let stored = self.gateway.directory().put(std::mem::replace(&mut people, rest)).await;
            stored.map_err(|fault| self.not_stored(&fault))?;
        }
        let ms = self.clock.instant().duration_since(started).as_millis().to_string();
        let args = [("count", count.to_string()), ("screens", SCREENS.len().to_string()), ("ms", ms)];
        self.output.note(&self.output.say("cli-demo-stored", &args));
        Ok(())
    }

    /// Writes a file that only this user can read.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Fault> {
        let path = self.folder.join(name);
        write_private(&path, text).map_err(|cause| Fault::file(self.output.lang, &path, &cause))
    }
}

#[cfg(unix)]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    file?.write_all(text.as_bytes())
}

#[cfg(not(unix))]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{level::Level, message::Status, warning::Warning};

    #[test]
    fn nothing_in_the_demonstration_can_reach_a_person() {
        let config = config(Path::new("data"), SocketAddr::from(([127, 0, 0, 1], 0)));
        assert!(config.routes.values().all(|route| route.drill && !route.actual));
        assert!(config.routes.values().all(|route| matches!(route.adapter.as_str(), "simulator" | "display")));
        let streets: Vec<_> = config.areas.keys().copied().collect();
        let people = sample::sample(500, SEED, &streets, &[]);
        assert!(people.iter().all(|person| person.drill));
    }

    #[test]
    fn the_drill_is_a_valid_red_drill_of_now() {
        let clock = Clock::simulated(1_800_000_000_000, 1);
        let reading = cap::read(drill(&clock, "demo").as_bytes());
        let warning = Warning::new(reading.message.expect("readable")).expect("valid");
        assert_eq!((warning.level(), warning.status()), (Level::Red, Status::Exercise));
        assert_eq!(warning.hazard(), Some("11B03"));
        let message = warning.message();
        assert_eq!(message.sent.unix(), 1_800_000_000);
        assert!(warning.expires().is_some_and(|end| end.unix() == 1_800_000_000 + VALID));
        let texts = &message.infos[0];
        assert!(texts.headline.is_some() && texts.description.is_some() && texts.instruction.is_some());
        let again = drill(&clock, "try");
        assert_ne!(drill(&clock, "demo"), again);
    }

    #[test]
    fn screens_are_in_areas_that_are_configured() {
        let config = config(Path::new("data"), SocketAddr::from(([127, 0, 0, 1], 0)));
        assert!(SCREENS.iter().all(|(_, _, area)| config.areas.contains_key(&area.parse().expect("a code"))));
    }
}
