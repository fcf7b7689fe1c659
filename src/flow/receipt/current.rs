//! Whoever writes "current warnings" to an account of ours, or presses its button, reads at once what stands, from memory: the
//! provider waits for the answer a few seconds and no longer.
//!
//! The answer is the headline of each public warning in force, whole or not at all, with the code by which it is found on the
//! site, and the address of the site.

use crate::{
    domain::{confirm_words::plain, moment::Moment, short_code::ShortCode},
    flow::{Flow, Parts, intake::WarningView},
};

/// Bytes of the answer at most: what WeChat carries, less a little.
const MOST: usize = 1_900;

/// Whether a text asks what stands.
pub(super) fn is_asked(parts: &Parts, text: &str) -> bool {
    let text = plain(text);
    !text.is_empty() && parts.config.receipts.current_words.iter().any(|word| plain(word) == text)
}

/// What stands, in the installation's first language.
pub(super) fn text(flow: &Flow) -> String {
    let parts = &flow.0;
    let languages = &parts.config.texts.languages;
    let chinese = languages.first().is_none_or(|language| language.starts_with("zh"));
    let standing = flow.public_current();
    let at = Moment::china(parts.clock.unix());
    let site = parts.config.server.public_url.as_deref().map(|site| site.trim_end_matches('/')).unwrap_or_default();
    let count = standing.len();
    let head = match (chinese, count) {
        (true, 0) => format!("{}，没有生效中的预警。", at.chinese()),
        (true, _) => format!("{}，生效中的预警和解除共 {count} 条：", at.chinese()),
        (false, 0) => format!("{}: no warning is in force.", at.plain()),
        (false, _) => format!("{}: {count} in force.", at.plain()),
    };
    let foot = match (chinese, site.is_empty()) {
        (_, true) => String::new(),
        (true, false) => format!("\n详情：{site}/"),
        (false, false) => format!("\nMore: {site}/"),
    };
    let rest = |left: usize| match (chinese, left) {
        (_, 0) => String::new(),
        (true, _) => format!("\n另有 {left} 条"),
        (false, _) => format!("\nand {left} more"),
    };
    let mut text = head;
    let mut shown = 0;
    for view in &standing {
        let line = line(view, shown + 1, chinese);
        if text.len() + line.len() + rest(count).len() + foot.len() > MOST {
            break;
        }
        text += &line;
        shown += 1;
    }
    text + &rest(count - shown) + &foot
}

fn line(view: &WarningView, number: usize, chinese: bool) -> String {
    let code = ShortCode::of_digest(&view.digest).map(|code| code.to_string()).unwrap_or_default();
    let headline = &view.headline;
    if chinese {
        format!("\n{number}. {headline}（核验码 {code}）")
    } else {
        format!("\n{number}. {headline} (code {code})")
    }
}
