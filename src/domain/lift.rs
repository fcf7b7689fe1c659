//! The message that ends an event.

use super::{
    level::Level,
    message::{Certainty, Info, Kind, Message, MessageRef, ResponseType, Urgency},
    moment::Moment,
    national,
};

/// The lift of an event whose newest message is `last`.
///
/// It keeps scope, status, areas, severity and codes, so that it takes the same way; it references every member of the
/// event (CAP 1.2, 3.2.1: all related messages that have not expired). `text` takes the place of the prepared
/// sentence in every language.
#[must_use]
pub fn lift(
    last: &Message,
    members: Vec<MessageRef>,
    identifier: String,
    sent: Moment,
    text: Option<&str>,
    end: Moment,
) -> Message {
    Message {
        identifier,
        sent,
        kind: Kind::Cancel,
        references: members,
        infos: last.infos.iter().map(|info| lift_info(info, sent, text, end)).collect(),
        ..last.clone()
    }
}

fn lift_info(info: &Info, sent: Moment, text: Option<&str>, end: Moment) -> Info {
    let chinese = info.language.as_deref().is_some_and(|tag| tag.to_ascii_lowercase().starts_with("zh"));
    let (headline, prepared) = if chinese { chinese_texts(info, sent) } else { english_texts(info, sent) };
    Info {
        response_types: vec![ResponseType::AllClear],
        urgency: Urgency::Past,
        certainty: Certainty::Observed,
        effective: Some(sent),
        onset: None,
        expires: Some(end),
        headline: Some(headline),
        description: Some(text.map_or(prepared, str::to_owned)),
        instruction: None,
        parameters: national::parameter::following(&info.parameters),
        resources: Vec::new(),
        ..info.clone()
    }
}

fn chinese_texts(info: &Info, sent: Moment) -> (String, String) {
    let sender = info.sender_name.as_deref().unwrap_or_default();
    let level = Level::from(info.severity);
    let colour = if level == Level::Unknown { "" } else { level.colour_zh() };
    let headline = format!("{sender}解除{}{colour}预警", info.event);
    let description = format!("{sender}于 {} 解除{}{colour}预警。", sent.chinese(), info.event);
    (headline, description)
}

fn english_texts(info: &Info, sent: Moment) -> (String, String) {
    let level = Level::from(info.severity);
    let colour = if level == Level::Unknown { String::new() } else { format!("{} ", level.name()) };
    let headline = format!("Lifted: {colour}warning, {}", info.event);
    let by = info.sender_name.as_deref().map(|name| format!(" by {name}")).unwrap_or_default();
    (headline, format!("The {colour}warning of {} was lifted{by} at {}.", info.event, sent.plain()))
}

#[cfg(test)]
mod tests {
    use super::lift;
    use crate::domain::message::{Kind, Message, MessageRef};

    fn message() -> Message {
        serde_json::from_str(
            r#"{"identifier":"A1","sender":"flood@songbei.example","sent":"2026-07-15T14:40:00+08:00","status":"exercise",
            "kind":"alert","scope":"public","infos":[{"language":"zh-CN","categories":["met"],"event":"暴雨","urgency":"immediate",
            "severity":"extreme","certainty":"observed","sender_name":"防汛指挥部","headline":"暴雨红色预警",
            "description":"雨","instruction":"避险","areas":[{"description":"松北区","geocodes":[{"name":"c","value":"230109000000"}]}]}]}"#,
        )
        .expect("valid")
    }

    #[test]
    fn takes_the_same_way_and_says_what_is_over() {
        let first = message();
        let members =
            vec![MessageRef { sender: first.sender.clone(), identifier: first.identifier.clone(), sent: first.sent }];
        let sent = "2026-07-15T18:00:00+08:00".parse().expect("valid");
        let end = "2026-07-15T19:00:00+08:00".parse().expect("valid");
        let lifted = lift(&first, members.clone(), "A2".to_owned(), sent, None, end);
        assert_eq!(lifted.kind, Kind::Cancel);
        assert_eq!(lifted.references, members);
        assert_eq!(lifted.status, first.status);
        assert_eq!(lifted.infos[0].areas, first.infos[0].areas);
        assert_eq!(lifted.infos[0].headline.as_deref(), Some("防汛指挥部解除暴雨红色预警"));
        assert_eq!(lifted.infos[0].instruction, None);
    }

    #[test]
    fn a_given_text_takes_the_place_of_the_prepared_one() {
        let at = "2026-07-15T18:00:00+08:00".parse().expect("valid");
        let lifted = lift(&message(), Vec::new(), "A2".to_owned(), at, Some("雨已停。"), at);
        assert_eq!(lifted.infos[0].description.as_deref(), Some("雨已停。"));
    }
}
