use super::*;
use crate::domain::json;

#[test]
fn days_named_by_their_distance_need_a_date() {
    for (text, word) in [
        ("预计今晚超过警戒水位。", Some("今晚")),
        ("明天8时前停水", Some("明天")),
        ("7月15日水位上涨。今夜仍有强降雨", Some("今夜")),
        ("Heavy rain is expected Tonight.", Some("Tonight")),
        ("Roads close this evening", Some("this evening")),
        ("今天（15日）夜间有大风", None),
        ("预计26日夜间至27日夜间，全市降温", None),
        ("15日今晚有雨", None),
        ("今日 2026-07-15 停课", None),
        ("有关情况说明天亮后公布", None),
        ("请声明日期", None),
        ("三天后天晴", None),
        ("雨后天气转凉", None),
        ("采取适当天数的停工", None),
        ("tonight, 15 July, heavy rain", None),
        ("Todayville is closed", None),
        ("", None),
    ] {
        assert_eq!(times::ambiguous(text), word, "{text}");
    }
}

#[test]
fn brackets_belong_to_the_signature_and_the_drill_mark() {
    for (text, found) in [
        ("【松北预警】暴雨将至", true),
        ("暴雨将至】", true),
        ("【演练】暴雨将至【演练】", false),
        ("【演练】【紧急】暴雨", true),
        ("[暴雨]（橙色）〔2018〕", false),
    ] {
        assert_eq!(has_brackets(text), found, "{text}");
    }
}

#[test]
fn levels_are_read_off_colours_numerals_and_words_in_brackets() {
    use Level::{Blue, Orange, Red, Yellow};
    for (text, own, word) in [
        ("发布暴雨红色预警信号", Yellow, Some("红色")),
        ("发布暴雨黄色预警信号", Yellow, None),
        ("启动三级（黄色）预警", Orange, Some("黄色")),
        ("道路结冰橙色预警[II级/严重]", Orange, None),
        ("道路结冰橙色预警[I级/特别严重]", Orange, Some("I级")),
        ("道路结冰橙色预警（特别重大）", Orange, Some("特别重大")),
        ("橙色预警（严重）", Orange, None),
        ("预警级别Ⅲ级", Blue, Some("Ⅲ级")),
        ("启动防汛Ⅳ级应急响应", Red, None),
        ("VI级、A级、二级响应", Red, None),
        ("灾情严重，拉起红色警戒线", Blue, None),
        ("Red rainstorm warning", Yellow, Some("Red")),
        ("A red car. Warning", Yellow, None),
        ("Yellow warning of gale", Yellow, None),
        ("Bored alert readers", Yellow, None),
    ] {
        assert_eq!(levels::foreign(text, own).map(|(word, _)| word), word, "{text}");
    }
}

#[test]
fn a_change_of_level_names_both() {
    let raised = "将暴雨黄色预警信号升级为暴雨橙色预警信号";
    assert_eq!(levels::last_foreign(raised, Level::Orange), None);
    assert_eq!(levels::last_foreign(raised, Level::Yellow), Some(("橙色", Level::Orange)));
    assert_eq!(levels::own_missing(raised, Level::Yellow), None);
    assert_eq!(levels::own_missing(raised, Level::Red).map(|(word, _)| word), Some("黄色"));
    assert_eq!(levels::own_missing("请注意防范", Level::Red), None);
}

#[test]
fn a_last_segment_is_worth_five_characters() {
    for (units, over) in [
        (1, None),
        (70, None),
        (71, Some(1)),
        (74, Some(4)),
        (75, None),
        (134, None),
        (135, Some(1)),
        (138, Some(4)),
        (139, None),
        (202, Some(1)),
    ] {
        let finding = sms(&"雨".repeat(units), "/infos/0/description");
        let told = finding.map(|finding| finding.args[0].1.parse::<usize>().expect("a number"));
        assert_eq!(told, over, "{units}");
    }
    // A character outside of the basic plane is two units.
    assert!(sms(&("🌧".to_owned() + &"雨".repeat(69)), "").is_some());
}

#[test]
fn a_screen_is_read_in_passing() {
    for (text, seconds) in
        [("", 0), ("雨", 1), ("暴雨将至！", 1), ("暴雨将至，请避险", 2), ("Heavy rain soon", 1), ("雨rain", 1)]
    {
        assert_eq!(reading_seconds(text), seconds, "{text}");
    }
    let long = "雨".repeat(301);
    assert_eq!(screen(&long, 60, "").map(|finding| finding.args[0].1.clone()).as_deref(), Some("61"));
    assert!(screen(&long, 61, "").is_none() && screen(&long, 0, "").is_none());
}

fn found(kind: &str, headline: &str, description: &str, instruction: &str) -> Vec<(&'static str, String)> {
    let mut document = serde_json::json!({
        "identifier": "w-1", "sender": "flood@songbei.example", "sent": "2026-07-15T14:40:00+08:00",
        "status": "exercise", "kind": kind, "scope": "public",
        "infos": [{
            "categories": ["met"], "event": "暴雨", "urgency": "immediate", "severity": "moderate",
            "certainty": "likely", "headline": headline, "description": description, "instruction": instruction
        }]
    });
    if kind != "alert" {
        let earlier = serde_json::json!({"sender": "flood@songbei.example", "identifier": "w-0", "sent": "2026-07-15T14:00:00+08:00"});
        document["references"] = serde_json::json!([earlier]);
    }
    let message = json::read(document.to_string().as_bytes()).message.expect("it keeps the rules");
    check(&message).into_iter().map(|finding| (finding.code, finding.at.path)).collect()
}

#[test]
fn every_text_is_read_and_nothing_is_refused() {
    let at = |field: &str| format!("/infos/0/{field}");
    assert_eq!(found("alert", "发布暴雨黄色预警", "预计15日15时有暴雨", "远离江边"), []);
    assert_eq!(
        found("alert", "发布暴雨红色预警", "今晚有暴雨", "【请转移】"),
        [
            ("text-level-differs", at("headline")),
            ("text-time-ambiguous", at("description")),
            ("text-brackets", at("instruction"))
        ]
    );
    assert_eq!(found("update", "暴雨橙色预警信号降为黄色预警信号", "橙色预警信号改为黄色预警信号", "注意"), []);
    assert_eq!(found("update", "发布暴雨红色预警", "红色预警信号", "注意").len(), 2);
    assert_eq!(found("cancel", "解除暴雨红色预警", "解除红色预警信号", "注意"), []);
}
