//! What the texts of a warning say, as single values: for providers that carry nothing but templates they approved before.
//! `config/templates/README.md` lists the names.

use std::collections::BTreeMap;

use fenghuo_contract::{Channel, Content};

use super::templates::Context;
use crate::domain::text::DRILL_MARK;

/// Whether providers of a channel carry templates of their own.
const fn fills_templates(channel: Channel) -> bool {
    matches!(channel, Channel::Sms | Channel::Wechat | Channel::Push | Channel::Display)
}

/// The values of a warning on a channel; none where no provider asks for them.
pub(super) fn of(channel: Channel, context: &Context) -> BTreeMap<String, String> {
    if !fills_templates(channel) {
        return BTreeMap::new();
    }
    // Whatever a template of a provider says around it, one of these names the warning, and says that it is a drill.
    let marked = |text: &str| if context.drill { format!("{DRILL_MARK}{text}") } else { text.to_owned() };
    let chinese = context.language.starts_with("zh");
    let values = [
        ("hazard", context.hazard.code.clone()),
        ("hazard_name", context.hazard.name.clone()),
        ("level", context.level.name.to_owned()),
        ("level_name", context.level.colour.to_owned()),
        ("change", context.change.name().to_owned()),
        ("drill", if context.drill { "yes" } else { "no" }.to_owned()),
        ("event", context.event.clone()),
        ("headline", marked(&context.headline)),
        ("title", marked(&context.title)),
        ("summary", marked(&context.summary)),
        ("warning_name", marked(&context.warning_name)),
        ("issuer", context.issuer.clone()),
        ("area", context.areas.join(if chinese { "、" } else { ", " })),
        ("sent", context.sent.clone()),
        ("released_at", context.released_at.clone()),
        ("expires", context.expires.clone()),
        ("language", context.language.clone()),
        ("code", context.code.clone()),
    ];
    values.map(|(name, value)| (name.to_owned(), value)).into()
}

/// Says the short form of a content among its values too.
pub(super) fn with_short(content: Content) -> Content {
    let mut content = content;
    if !content.values.is_empty() {
        content.values.insert("short".to_owned(), content.short.clone());
    }
    content
}
