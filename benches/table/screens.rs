//! Screens that poll, wait and listen, as many as a district has, in a process of their own.

pub(crate) mod crowd;

use std::{fmt::Write as _, path::PathBuf, time::Duration};

use fenghuo::{
    app::Gateway,
    flow::screens::{Lesson, Screen, Viewer},
};
use futures_util::{StreamExt, stream};
use tokio::runtime::Runtime;

use self::crowd::{Crowd, Doing};
use crate::{
    intake, machine,
    report::{Goal, Report, Row, median},
    world,
};

/// The screens of a district, and how often each asks.
const SCREENS: usize = 20_000;
const EVERY: Duration = Duration::from_secs(5);
/// Those that listen or wait at the same time.
const LISTENING: usize = 10_000;
/// Files the process needs besides connections.
const OTHER_FILES: usize = 1_200;
const SPAN: Duration = Duration::from_secs(10);
const RUNS: usize = 5;

/// A gateway with its screens, and a list of their paths.
struct District {
    runtime: Runtime,
    gateway: Gateway,
    etag: String,
    data: tempfile::TempDir,
    paths: Vec<String>,
}

impl District {
    fn with(screens: usize) -> Self {
        world::raise_files();
        let runtime = world::runtime();
        let data = tempfile::tempdir().expect("a directory");
        let gateway = runtime.block_on(intake::gateway(data.path()));
        let paths = runtime.block_on(register(&gateway, screens));
        let document = runtime.block_on(gateway.flow().screen_document("screen-0", Viewer::Onlooker));
        let etag = document.expect("a store").expect("a screen").etag.clone();
        Self { runtime, gateway, etag, data, paths }
    }

    /// So many of its screens, each on its own connection.
    fn crowd(&self, doing: Doing, count: usize) -> Crowd {
        let list: PathBuf = self.data.path().join("paths");
        let lines = self.paths.iter().take(count).fold(String::new(), |mut lines, path| {
            let _written = writeln!(lines, "{path}");
            lines
        });
        std::fs::write(&list, lines).expect("written");
        Crowd::gather(doing, self.gateway.address(), &self.etag, &list)
    }

    /// Changes what every screen shows.
    fn change(&self, number: usize) {
        let lesson = Lesson {
            id: "bench".to_owned(),
            title: format!("暴雨天怎么办 {number}"),
            text: "远离河道和低洼地带，不要涉水行走。".to_owned(),
            language: "zh-CN".to_owned(),
            classes: Vec::new(),
            groups: Vec::new(),
            from: None,
            until: None,
            hours: None,
            seconds: None,
        };
        self.runtime.block_on(self.gateway.flow().put_education(lesson, "bench")).expect("a store");
    }

    fn stop(self) {
        self.runtime.block_on(self.gateway.shutdown());
    }
}

/// Registers screens; the paths of their feeds with their tokens.
async fn register(gateway: &Gateway, screens: usize) -> Vec<String> {
    let area = "230109000000".parse().expect("a code");
    let put = |number| gateway.flow().put_screen(Screen::new(&format!("screen-{number}"), "广场", area));
    let views = stream::iter(0..screens).map(put).buffered(512);
    let path = |url: String| url[url.find("/screens/").expect("a page")..].replacen('?', "/feed.json?", 1);
    views.map(|view| path(view.expect("registered").kiosk_url)).collect().await
}

/// How many connections of `wanted` this machine lets a process have.
fn connections(wanted: usize) -> usize {
    wanted.min(world::raise_files().saturating_sub(OTHER_FILES))
}

/// The whole district asks every five seconds whether something changed.
pub(crate) fn polling(report: &mut Report) {
    let count = connections(SCREENS);
    let district = District::with(count);
    // As many questions a second, whatever the number of connections.
    let every = EVERY.mul_f64(count as f64 / SCREENS as f64);
    let mut crowd = district.crowd(Doing::Poll(every), count);
    let (mut parts, mut rates, mut slowest) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        crowd.begin();
        let (began, cpu) = (world::now(), machine::cpu());
        std::thread::sleep(SPAN);
        let (used, took) = ((machine::cpu() - cpu).as_secs_f64(), began.elapsed().as_secs_f64());
        let (answers, slow) = crowd.end();
        parts.push(used / took * 100.0);
        rates.push(answers / took);
        slowest.push(slow);
    }
    report.row(&Row {
        name: format!("screens: {:.0} polls/s, {count} connections", median(rates.clone())),
        value: median(parts.clone()),
        unit: "% of a core",
        yardstick: None,
        goal: Goal::AtMost(10.0),
    });
    report.row(&Row {
        name: "screens: processor time of one poll".to_owned(),
        value: median(parts.iter().zip(&rates).map(|(part, rate)| part / 100.0 / rate * 1e6).collect()),
        unit: "µs",
        yardstick: None,
        goal: Goal::Shown,
    });
    report.row(&Row {
        name: "screens: slowest poll".to_owned(),
        value: median(slowest),
        unit: "ms",
        yardstick: None,
        goal: Goal::Shown,
    });
    drop(crowd);
    district.stop();
}

/// One change to everybody who listens, and what it takes to keep them.
pub(crate) fn listening(report: &mut Report) {
    let count = connections(LISTENING);
    let district = District::with(count);
    let before = machine::resident();
    let mut crowd = district.crowd(Doing::Listen, count);
    let held = machine::resident().saturating_sub(before);
    let (mut firsts, mut lasts) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let began = world::unix_nanos();
        district.change(run);
        let (first, last) = crowd.everybody_heard();
        let since = |at: u128| at.saturating_sub(began) as f64 / 1e6;
        firsts.push(since(first));
        lasts.push(since(last));
        // Nothing of one change is left when the next begins.
        std::thread::sleep(Duration::from_secs(1));
    }
    report.row(&Row {
        name: format!("screens: one change to {count} who listen, the last"),
        value: median(lasts),
        unit: "ms",
        yardstick: None,
        goal: Goal::AtMost(142.0 * count as f64 / LISTENING as f64),
    });
    report.row(&Row {
        name: "screens: the same, the first".to_owned(),
        value: median(firsts),
        unit: "ms",
        yardstick: None,
        goal: Goal::Shown,
    });
    report.row(&memory("screens: memory of one who listens", held, count));
    drop(crowd);
    district.stop();
}

/// What it takes to keep those who wait for an answer.
pub(crate) fn waiting(report: &mut Report) {
    let count = connections(LISTENING);
    let district = District::with(count);
    let before = machine::resident();
    let crowd = district.crowd(Doing::Wait, count);
    // The last of them are still being taken in.
    std::thread::sleep(Duration::from_secs(2));
    let held = machine::resident().saturating_sub(before);
    report.row(&memory("screens: memory of one who waits", held, count));
    drop(crowd);
    district.stop();
}

fn memory(name: &str, bytes: u64, count: usize) -> Row {
    Row {
        name: name.to_owned(),
        value: bytes as f64 / 1024.0 / count as f64,
        unit: "KiB",
        yardstick: None,
        goal: Goal::Shown,
    }
}
