//! Warnings that every template is tried with: long and short, with and without what may be missing, and with
//! characters that break careless templates.

use std::collections::BTreeMap;

use crate::domain::chain::Change;

use super::context::{Context, HazardWords, LevelWords, Variant};

/// Every sample in one language, with the variant it is rendered as.
pub(super) fn contexts(language: &str) -> Vec<(Variant, Context)> {
    let full = full(language);
    let bare = Context {
        headline: String::new(),
        description: String::new(),
        instruction: String::new(),
        short_text: String::new(),
        onset: String::new(),
        expires: String::new(),
        areas: Vec::new(),
        web: String::new(),
        contact: String::new(),
        code: String::new(),
        ..full.clone()
    };
    let long = Context { description: "long 长 ".repeat(700).trim().to_owned(), ..full.clone() };
    let hostile = Context {
        title: "<b>&\"{{ 7 * 7 }}{% raw %}\u{20}'".to_owned(),
        headline: "<b>&\"{{ 7 * 7 }}{% raw %}\u{20}'".to_owned(),
        description: "<script>alert(1)</script> 𠮷田 {{ 7 * 7 }} & \"'</td>\n第二段".to_owned(),
        ..full.clone()
    };
    let lift = |context: Context| Context { variant: Variant::Lift, lift: true, ..context }.changing(Change::Lift);
    let update = Context { variant: Variant::Update, ..full.clone() }.changing(Change::Raise);
    let correction = Context { variant: Variant::Correction, correction: true, ..full.clone() };
    vec![
        (Variant::First, full.clone()),
        (Variant::First, Context { drill: true, status: "exercise".to_owned(), ..full.clone() }),
        (Variant::First, bare.clone()),
        (Variant::First, long),
        (Variant::First, hostile),
        (Variant::Update, update),
        (Variant::Correction, correction.changing(Change::Correction).blank()),
        (Variant::Lift, lift(full)),
        (Variant::Lift, lift(bare)),
    ]
}

/// A warning with everything, as an installation would say it.
pub(in crate::flow::render) fn sample(signature: &str, language: &str, drill: bool) -> Context {
    let status = if drill { "exercise" } else { "actual" };
    Context { drill, status: status.to_owned(), signature: signature.to_owned(), ..full(language) }
}

/// A warning with everything.
fn full(language: &str) -> Context {
    let text = |text: &str| text.to_owned();
    Context {
        language: text(language),
        drill: false,
        status: text("actual"),
        variant: Variant::First,
        lift: false,
        correction: false,
        change: Change::First,
        change_word: "发布",
        level: LevelWords {
            name: "red",
            colour: "红色",
            word: "特别严重",
            roman: "Ⅰ",
            background: "#C4001A",
            text: "#FFFFFF",
        },
        hazard: HazardWords { code: text("11B03"), name: text("暴雨") },
        event: text("暴雨"),
        warning_name: text("暴雨红色预警"),
        summary: text("暴雨红色预警（Ⅰ级/特别严重）"),
        title: text("样例气象台发布暴雨红色预警信号"),
        headline: text("样例气象台发布暴雨红色预警信号"),
        description: text("过去三小时松北街道降水量已达97毫米，预计未来3小时仍将持续，请立即避险。\n低洼地带请转移。"),
        instruction: text(
            "1.停止集会、停课、停业（特殊行业除外）；2.转移危险地带人员；3.做好山洪、滑坡的防御和抢险工作。",
        ),
        short_text: text("松北街道暴雨红色预警，请立即避险"),
        issuer: text("样例气象台"),
        signature: text("松北预警"),
        sent: text("2026年7月15日18时20分"),
        released_at: text("2026年7月15日18时20分"),
        onset: text("2026年7月15日18时20分"),
        expires: text("2026年7月15日21时20分"),
        areas: vec![text("松北区"), text("对青山镇")],
        web: text("https://warn.songbei.example/w/1?a=1&b=2"),
        contact: text("0451-00000000"),
        note: text(""),
        code: text("7KQ2-M9XD"),
        parameters: BTreeMap::from([(text("level-colour"), text("Red"))]),
    }
}
