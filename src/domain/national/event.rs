//! What the form says in codes and CAP in words: the event and its category.

use crate::domain::message::Category;

/// Colours as headlines name them.
const COLOURS: [&str; 4] = ["红色", "橙色", "黄色", "蓝色"];

/// What headlines have before the event: `<unit>发布<event><colour>`, `…解除…`.
const VERBS: [&str; 4] = ["发布", "解除", "变更", "更新"];

/// Longer than any event; then it is a sentence.
const LONGEST: usize = 20;

/// The event a headline names: what stands between the verb and the colour.
pub(super) fn of_headline(headline: &str) -> Option<&str> {
    let colour = COLOURS.iter().filter_map(|colour| headline.find(colour)).min()?;
    let before = &headline[..colour];
    let verb = VERBS.iter().filter_map(|verb| before.rfind(verb).map(|at| at + verb.len())).max()?;
    let event = before[verb..].trim();
    (!event.is_empty() && event.chars().count() <= LONGEST).then_some(event)
}

/// The category of an event code: class of event, then family of hazards.
pub(super) fn category(code: &str) -> Category {
    match code.as_bytes() {
        [b'1', b'1', b'A' | b'B' | b'E', ..] => Category::Met,
        [b'1', b'1', b'C' | b'D', ..] => Category::Geo,
        [b'1', b'1', b'F', ..] => Category::Env,
        [b'1', b'1', b'G', ..] => Category::Fire,
        [b'1', b'2', ..] => Category::Safety,
        [b'1', b'3', ..] => Category::Health,
        [b'1', b'4', ..] => Category::Security,
        _ => Category::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::of_headline;

    #[test]
    fn headlines_name_their_event() {
        for (headline, event) in [
            ("浙江省气象局发布台风蓝色预警", Some("台风")),
            ("（演练）哈尔滨市气象台升级发布暴雨橙色预警信号[II级/严重]", Some("暴雨")),
            ("哈尔滨市气象台解除暴雨红色预警信号[I级/特别严重]", Some("暴雨")),
            ("哈尔滨市气象局发布道路结冰橙色预警[II级/严重]", Some("道路结冰")),
            ("将暴雨黄色预警升级为橙色", None),
            ("发布红色预警", None),
            ("停水通知", None),
            ("", None),
        ] {
            assert_eq!(of_headline(headline), event, "{headline}");
        }
    }
}
