//! Robots of three providers.

use serde_json::json;

use super::*;

impl StandIn {
    /// Robots whose names are their keys.
    pub(super) fn robot(&self, preset: &str, names: &[&str]) -> RobotSettings {
        let mut text = format!("preset = '{preset}'\n");
        for name in names {
            std::fs::write(self.file(name), name).unwrap();
            text += &format!("[[groups]]\nname = '{name}'\nkey_file = '{}'\n", self.file(name).display());
            if preset != "wecom" {
                text += &format!("secret_file = '{}'\n", self.file("secret").display());
            }
        }
        RobotSettings { outbound: self.outbound(), ..toml::from_str(&text).unwrap() }
    }
}

#[tokio::test]
async fn each_provider_gets_its_own_form_and_signature() {
    for (preset, path) in
        [("wecom", "/cgi-bin/webhook/send"), ("dingtalk", "/robot/send"), ("feishu", "/open-apis/bot/v2/hook/robot1")]
    {
        let mut stand_in = StandIn::start(preset, &[]).await;
        let robot = Robot::new(&stand_in.robot(preset, &["robot1"]), now()).unwrap();
        assert_eq!(submit(&robot, &batch(&["robot1", "nobody"])).await, ["accepted", "recipient"], "{preset}");
        let call = stand_in.next().await;
        assert_eq!(call["path"], path);
        let said = if preset == "feishu" {
            &call["document"]["content"]["text"]
        } else {
            &call["document"]["text"]["content"]
        };
        assert_eq!(*said, json!(content().text));
        robot.probe().await.unwrap();
    }
}

#[tokio::test]
async fn answers_are_classified_by_the_providers_table() {
    for (preset, cases) in [
        ("wecom", &[("robot_93000", "misconfigured"), ("robot_45009", "throttled"), ("robot_junk", "in doubt")][..]),
        ("dingtalk", &[("robot_310000", "misconfigured"), ("robot_130101", "throttled"), ("robot_-1", "transient")]),
        ("feishu", &[("robot_19022", "misconfigured"), ("robot_11232", "throttled"), ("robot_http500", "transient")]),
    ] {
        let stand_in = StandIn::start(preset, &[]).await;
        let names: Vec<&str> = cases.iter().map(|(name, _)| *name).collect();
        let robot = Robot::new(&stand_in.robot(preset, &names), now()).unwrap();
        let answer = robot.submit(&batch(&names), BUDGET).await;
        assert_eq!(kinds(&answer), cases.iter().map(|(_, kind)| *kind).collect::<Vec<_>>(), "{preset}: {answer:?}");
        let waits = answer.iter().flatten().filter_map(|verdict| match verdict {
            Verdict::Throttled { after, .. } => Some(after.unwrap().as_secs()),
            _ => None,
        });
        assert_eq!(waits.collect::<Vec<_>>(), [if preset == "dingtalk" { 600 } else { 60 }], "{preset}");
        names.iter().for_each(|name| assert!(!format!("{answer:?}").contains(name), "{answer:?}"));
    }
}

#[tokio::test]
async fn a_wrong_secret_stops_the_route() {
    for preset in ["dingtalk", "feishu"] {
        let stand_in = StandIn::start(preset, &[]).await;
        std::fs::write(stand_in.file("secret"), "another").unwrap();
        let robot = Robot::new(&stand_in.robot(preset, &["robot1"]), now()).unwrap();
        assert_eq!(submit(&robot, &batch(&["robot1"])).await, ["misconfigured"], "{preset}");
    }
}

#[tokio::test]
async fn a_group_gets_no_more_than_its_minute_holds() {
    let mut stand_in = StandIn::start("wecom", &[]).await;
    let robot = Robot::new(&stand_in.robot("wecom", &["robot1", "robot2"]), now()).unwrap();
    assert_eq!(submit(&robot, &batch(&["robot1"; 20])).await, ["accepted"; 20]);
    assert_eq!(submit(&robot, &batch(&["robot1", "robot2"])).await, ["too often", "accepted"]);
    for _ in 0..21 {
        stand_in.next().await;
    }
    stand_in.saw_nothing_more(&robot).await;
}

#[tokio::test]
async fn markdown_has_room_for_twice_as_much() {
    let mut stand_in = StandIn::start("wecom", &[]).await;
    let settings = RobotSettings { form: Form::Markdown, ..stand_in.robot("wecom", &["robot1"]) };
    let robot = Robot::new(&settings, now()).unwrap();
    let long = Content { text: "雨".repeat(1365), ..content() };
    assert_eq!(submit(&robot, &Batch { content: Arc::new(long.clone()), ..batch(&["robot1"]) }).await, ["accepted"]);
    assert_eq!(stand_in.next().await["document"]["msgtype"], "markdown");
    assert!(Robot::new(&stand_in.robot("wecom", &["robot1"]), now()).unwrap().fit(&long).is_err());
}

#[tokio::test]
async fn crowded_minutes_are_left_to_urgent_messages() {
    let stand_in = StandIn::start("feishu", &[]).await;
    let settings = RobotSettings { avoid_crowded_minutes: true, ..stand_in.robot("feishu", &["robot1"]) };
    let robot = Robot::new(&settings, Arc::new(|| NOW - NOW % 1800 + 59)).unwrap();
    let answer = robot.submit(&batch(&["robot1"]), BUDGET).await;
    assert!(matches!(&answer, Err(Fault::Throttled { after: Some(after), .. }) if after.as_secs() == 1), "{answer:?}");
    assert_eq!(submit(&robot, &Batch { urgent: true, ..batch(&["robot1"]) }).await, ["accepted"]);
    let robot = Robot::new(&settings, Arc::new(|| NOW - NOW % 1800 + 60)).unwrap();
    assert_eq!(submit(&robot, &batch(&["robot1"])).await, ["accepted"]);
}
