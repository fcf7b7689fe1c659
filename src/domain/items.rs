//! The eight items without which no warning is published (突发事件应对法 of 2024, article 64, second paragraph).
//!
//! | | item | where | who says that it is missing |
//! | --- | --- | --- | --- |
//! | 1 | category 类别 | `categories`, `event` | the rules of CAP: `category-required`, `event-empty` |
//! | 2 | level 级别 | `severity` | `item-level-missing` |
//! | 3 | start time 起始时间 | `onset` or `effective` | `item-start-missing` |
//! | 4 | area possibly affected 可能影响的范围 | `areas` with a code, polygon or circle | `item-area-missing` |
//! | 5 | cautions 警示事项 | `description` | `item-cautions-missing` |
//! | 6 | measures to take 应当采取的措施 | `instruction` | `item-measures-missing` |
//! | 7 | issuing unit 发布单位 | `sender_name`: the CAP sender is an address | `item-issuer-missing` |
//! | 8 | release time 发布时间 | `sent` | the form: a message without it cannot be read |
//!
//! Every info is asked: a reader sees the one in his language. What ends an event needs none of them.

#[cfg(test)]
mod tests;

use super::{
    chain,
    finding::{Finding, Weight, code},
    message::{Area, Info, Kind, Message, Severity, Status},
    rules::{Known, Spot},
};

/// How grave it is that an item is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Any item but the level.
    pub items: Weight,
    /// The level: some bodies have notices without one.
    pub level: Weight,
}

impl Demand {
    /// Nothing keeps the message out.
    pub const ADVICE: Self = Self { items: Weight::Advise, level: Weight::Advise };
}

/// Every item a message lacks, with paths into the JSON form.
#[must_use]
pub fn check(message: &Message, demand: Demand) -> Vec<Finding> {
    check_known(message, Known::EVERYTHING, demand)
}

/// As [`check`], for a message of which some fields could not be read.
pub(crate) fn check_known(message: &Message, known: Known, demand: Demand) -> Vec<Finding> {
    if !announces(message, known) {
        return Vec::new();
    }
    let infos = Spot::ROOT.field("infos");
    let each = message.infos.iter().enumerate();
    each.flat_map(|(index, info)| of_info(info, &infos.item(index), demand)).collect()
}

/// Whether a message tells people of a hazard: it neither ends an event nor goes to systems only.
fn announces(message: &Message, known: Known) -> bool {
    known.kind
        && message.status != Status::System
        && match message.kind {
            Kind::Alert => true,
            Kind::Update => !known.sent || !chain::is_lift(message),
            Kind::Cancel | Kind::Ack | Kind::Error => false,
        }
}

fn of_info(info: &Info, spot: &Spot<'_>, demand: Demand) -> Vec<Finding> {
    let missing = [
        ("severity", code::ITEM_LEVEL_MISSING, info.severity == Severity::Unknown),
        ("onset", code::ITEM_START_MISSING, info.onset.is_none() && info.effective.is_none()),
        ("areas", code::ITEM_AREA_MISSING, !info.areas.iter().any(names_a_place)),
        ("description", code::ITEM_CAUTIONS_MISSING, info.description.is_none()),
        ("instruction", code::ITEM_MEASURES_MISSING, info.instruction.is_none()),
        ("sender_name", code::ITEM_ISSUER_MISSING, info.sender_name.is_none()),
    ];
    let missing = missing.into_iter().filter(|(_, _, missing)| *missing);
    let found = missing.map(|(field, code, _)| {
        let weight = if code == code::ITEM_LEVEL_MISSING { demand.level } else { demand.items };
        Finding { weight, ..Finding::advise(code, spot.field(field).pointer()) }
    });
    found.collect()
}

fn names_a_place(area: &Area) -> bool {
    !(area.polygons.is_empty() && area.circles.is_empty() && area.geocodes.is_empty())
}
