use proptest::prelude::*;

use super::{Blank, Ending, Times, form, reworded, send, stop_relaying};
use crate::domain::{
    chain,
    message::{Kind, Message, NamedValue, arbitrary},
    moment::Moment,
    warning::Warning,
};

fn message() -> Message {
    serde_json::from_str(
        r#"{"identifier":"A1","sender":"flood@songbei.example","sent":"2026-07-15T14:40:00+08:00","status":"exercise",
        "kind":"alert","scope":"public","infos":[{"language":"zh-CN","categories":["met"],"event":"暴雨","urgency":"immediate",
        "severity":"extreme","certainty":"observed","sender_name":"防汛指挥部","headline":"暴雨红色预警",
        "description":"雨","instruction":"避险","areas":[{"description":"松北区","geocodes":[{"name":"c","value":"230109000000"}]}]}]}"#,
    )
    .expect("valid")
}

fn times() -> Times {
    let at = |text: &str| text.parse::<Moment>().expect("valid");
    Times { sent: at("2026-07-15T18:00:00+08:00"), end: at("2026-07-15T19:00:00+08:00") }
}

fn sent(form: &Message) -> Message {
    send(form, "A2".to_owned(), vec![chain::reference(&message())], times())
}

#[test]
fn a_lift_takes_the_same_way_and_says_what_is_over() {
    let first = message();
    let form = form(&first, Ending::Lift);
    assert_eq!(form.infos[0].description.as_deref(), Some("防汛指挥部于 〔发出时间〕 解除暴雨红色预警。"));
    let lifted = sent(&form);
    assert_eq!((lifted.kind, lifted.status, lifted.infos[0].expires), (Kind::Cancel, first.status, Some(times().end)));
    assert_eq!(lifted.infos[0].areas, first.infos[0].areas);
    assert_eq!(lifted.infos[0].headline.as_deref(), Some("防汛指挥部解除暴雨红色预警"));
    let said = lifted.infos[0].description.as_deref();
    assert_eq!(said, Some("防汛指挥部于 2026年7月15日18时00分 解除暴雨红色预警。"));
    assert_eq!(lifted.infos[0].instruction, None);
}

#[test]
fn a_correction_is_an_update_that_ends_the_event_and_says_that_it_was_a_mistake() {
    let corrected = sent(&form(&message(), Ending::Correction));
    assert_eq!(corrected.kind, Kind::Update);
    assert!(chain::is_correction(&corrected) && Warning::new(corrected.clone()).expect("valid").is_lift());
    let info = &corrected.infos[0];
    assert_eq!(info.headline.as_deref(), Some("更正：防汛指挥部此前发布的暴雨红色预警有误"));
    assert!(
        info.description
            .as_deref()
            .is_some_and(|text| text.contains("2026年7月15日18时00分") && text.contains("请以本次为准"))
    );
    // What corrects a correction's successor is no correction by itself.
    assert!(!chain::is_correction(&form(&corrected, Ending::Lift)));
}

#[test]
fn the_issuers_own_text_takes_the_place_of_the_prepared_one_and_may_have_the_time() {
    let mut first = message();
    first.infos[0].parameters.push(NamedValue {
        name: super::LIFT_TEXT.to_owned(),
        value: format!("雨已停（{}）。", Blank::Sent.text("zh-CN")),
    });
    let lifted = sent(&form(&first, Ending::Lift));
    assert_eq!(lifted.infos[0].description.as_deref(), Some("雨已停（2026年7月15日18时00分）。"));
    assert_eq!(lifted.infos[0].parameters, [], "a prepared text goes nowhere else");
    let other = sent(&reworded(&form(&first, Ending::Lift), "都回家。"));
    assert_eq!(other.infos[0].description.as_deref(), Some("都回家。"));
}

#[test]
fn whoever_stops_relaying_speaks_for_itself_only() {
    let stopped = sent(&stop_relaying(&message(), "relay@fenghuo.local", "松北区应急办"));
    assert_eq!((stopped.kind, stopped.sender.as_str()), (Kind::Cancel, "relay@fenghuo.local"));
    let info = &stopped.infos[0];
    assert_eq!(info.sender_name.as_deref(), Some("松北区应急办"));
    assert!(info.description.as_deref().is_some_and(|text| text.contains("以防汛指挥部发布的为准")), "{info:?}");
    assert!(
        !info.response_types.contains(&crate::domain::message::ResponseType::AllClear),
        "it does not say that it is over"
    );
}

proptest! {
    /// Whatever a warning says, what ends it keeps every rule, and only times differ between form and message.
    #[test]
    fn every_valid_warning_has_valid_endings(message in arbitrary::message()) {
        let at = Moment::china(message.sent.unix());
        let times = Times { sent: at, end: Moment::china(at.unix() + 3_600) };
        if Warning::new(message.clone()).is_ok() && message.kind == Kind::Alert {
            for ending in [Ending::Lift, Ending::Correction] {
                let form = form(&message, ending);
                let sent = send(&form, format!("{}-x", message.identifier), vec![chain::reference(&message)], times);
                let warning = Warning::new(sent.clone());
                prop_assert!(warning.as_ref().is_ok_and(Warning::is_lift), "{:?}", warning);
                for (form, sent) in form.infos.iter().zip(&sent.infos) {
                    prop_assert_eq!(times.fill(form.description.as_deref().unwrap_or_default()), sent.description.clone().unwrap_or_default());
                }
            }
        }
    }
}
