//! Every kind of adapter keeps the contract.

use fenghuo_contract::conformance::{self, Samples};

use super::*;

fn addresses(of: impl Fn(u32) -> String, count: u32) -> Vec<Address> {
    (0..count).map(|number| Address::new(of(number))).collect()
}

#[tokio::test]
async fn every_way_of_an_account_keeps_the_contract() {
    for (way, of) in [
        ("template", (|number| format!("oFollower{number}")) as fn(u32) -> String),
        ("subscribe", |number| format!("oFollower{number}")),
        ("mini_program", |number| format!("oFollower{number}")),
        ("customer", |number| format!("oFollower{number}")),
        ("mass_list", |number| format!("oFollower{number}")),
        ("mass", |number| format!("tag:{}", 1000 + number)),
        ("draft", |number| format!("draft:{number}")),
    ] {
        let stand_in = StandIn::start("official", &["--monthly", "1000"]).await;
        let more = if way == "draft" { "draft = { thumb_media_id = 'thumb' }" } else { "mass = { monthly = 1000 }" };
        let settings = stand_in.account(way, more);
        let samples = Samples { content: content(), addresses: addresses(of, 300) };
        let make = || async { Arc::new(account(&settings)) as Arc<dyn Adapter> };
        let report = conformance::run(make, &samples).await;
        assert!(report.violations.is_empty(), "{way}: {report}");
    }
}

#[tokio::test]
async fn wecom_keeps_the_contract() {
    let stand_in = StandIn::start("wecom", &[]).await;
    let settings = stand_in.wecom("");
    let samples = Samples { content: content(), addresses: addresses(|number| format!("member{number}"), 300) };
    let make = || async { Arc::new(wecom::adapter(&settings)) as Arc<dyn Adapter> };
    conformance::run(make, &samples).await.assert();
}

#[tokio::test]
async fn every_robot_keeps_the_contract() {
    for preset in ["wecom", "dingtalk", "feishu"] {
        let stand_in = StandIn::start(preset, &[]).await;
        let settings = RobotSettings { per_minute: Some(1000), ..stand_in.robot(preset, &["robot1", "robot2"]) };
        let samples = Samples { content: content(), addresses: addresses(|number| format!("robot{}", number + 1), 2) };
        let make = || async { Arc::new(Robot::new(&settings, now()).unwrap()) as Arc<dyn Adapter> };
        let report = conformance::run(make, &samples).await;
        assert!(report.violations.is_empty(), "{preset}: {report}");
    }
}
