//! The words of what ends a warning: headline and description, in Chinese and, for any other language, in English.

use super::{Blank, Ending, is_chinese};
use crate::domain::{level::Level, message::Info};

/// Headline and description of an ending.
pub(super) fn of(info: &Info, ending: Ending) -> (String, String) {
    let chinese = is_chinese(info.language.as_deref());
    let (named, sender) = (named(info, chinese), info.sender_name.as_deref().unwrap_or_default());
    let by = if sender.is_empty() { String::new() } else { format!(" by {sender}") };
    let at = Blank::Sent.text(if chinese { "zh" } else { "en" });
    match (ending, chinese) {
        (Ending::Lift, true) => (format!("{sender}解除{named}"), format!("{sender}于 {at} 解除{named}。")),
        (Ending::Lift, false) => (format!("Lifted: {named}"), format!("The {named} was lifted{by} at {at}.")),
        (Ending::Correction, true) => (
            format!("更正：{sender}此前发布的{named}有误"),
            format!("更正：{sender}此前发布的{named}有误，于 {at} 撤销，请以本次为准。无须按此前的预警采取行动。"),
        ),
        (Ending::Correction, false) => (
            format!("Correction: the {named} was sent by mistake"),
            format!(
                "Correction: the {named} issued{by} was sent by mistake and was withdrawn at {at}. Follow this message; \
                 no action is needed because of the earlier one."
            ),
        ),
    }
}

/// Headline and description for those who were told by somebody who passes it on no more.
pub(super) fn stopped(info: &Info, originator: &str, name: &str) -> (String, String) {
    let chinese = is_chinese(info.language.as_deref());
    let named = named(info, chinese);
    let theirs = info.sender_name.as_deref().unwrap_or(originator);
    let at = Blank::Sent.text(if chinese { "zh" } else { "en" });
    if chinese {
        let headline = format!("{name}停止转发{theirs}的{named}");
        (headline, format!("{name}自 {at} 起停止转发{theirs}发布的{named}。预警是否解除，以{theirs}发布的为准。"))
    } else {
        let headline = format!("{name} no longer passes on the {named} of {theirs}");
        let told = format!("Since {at} {name} no longer passes on the {named} issued by {theirs}.");
        (headline, format!("{told} Whether it is over is for {theirs} to say."))
    }
}

/// 暴雨红色预警, red warning of rainstorm.
fn named(info: &Info, chinese: bool) -> String {
    let level = Level::from(info.severity);
    let event = &info.event;
    match (level, chinese) {
        (Level::Unknown, true) => format!("{event}预警"),
        (_, true) => format!("{event}{}预警", level.colour_zh()),
        (Level::Unknown, false) => format!("warning of {event}"),
        (_, false) => format!("{} warning of {event}", level.name()),
    }
}
