//! Who is told of measures: the office at once and before they are due; its deputies and the issuer when they are
//! overdue; and the alarm.

use std::{sync::Arc, time::Duration};

use super::{
    super::{
        Parts, Unavailable,
        alarms::{AlarmCode, Seen, Subject as AlarmSubject, Told},
        notice::{self, Addressee, Notice, NoticeKind, Subject},
        record::{WarningId, WarningRecord, rfc3339, span_ms},
        remind,
    },
    view::office_name,
};
use crate::domain::{
    measures::{Call, CallKind, Measure, NEWS_MS, Sheet},
    roster::OFFICE,
};

/// The shortest and the longest time a notice is tried for.
const SHORTEST_MS: i64 = 120_000;
const LONGEST_MS: i64 = 4 * 3_600_000;

/// Tells whoever is to be told now and was not yet.
pub(in crate::flow) async fn look(parts: &Arc<Parts>) -> Result<(), Unavailable> {
    if parts.rosters.is_empty() {
        return Ok(());
    }
    let before_ms = span_ms(parts.config.tasks.remind_before_s);
    for (_, sheet) in parts.measures.open() {
        for call in sheet.calls(parts.clock.unix_ms(), before_ms) {
            tell(parts, &sheet, &call).await?;
        }
    }
    Ok(())
}

async fn tell(parts: &Parts, sheet: &Sheet, call: &Call) -> Result<(), Unavailable> {
    let Some(record) = parts.warning_record(&WarningId(call.from.clone())) else { return Ok(()) };
    let (kind, round) = match call.kind {
        CallKind::Assigned => (NoticeKind::MeasuresAssigned, call.office.clone()),
        CallKind::DueSoon => (NoticeKind::MeasuresDue, format!("{}/{}", call.office, call.due_ms)),
        CallKind::Overdue => (NoticeKind::MeasuresOverdue, format!("{}/{}", call.office, call.due_ms)),
    };
    if parts.warnings.read().has_notice(&record.id, kind, &round) {
        return Ok(());
    }
    let to = addressees(parts, &record, call);
    let Some(about) = Subject::of(&record).filter(|_| !to.is_empty()) else { return Ok(()) };
    let items: Vec<&Measure> = call.items.iter().filter_map(|at| sheet.items.get(*at)).collect();
    let due_ms = items.iter().map(|item| item.due_ms).min().unwrap_or_default();
    let list = |text: fn(&Measure) -> &str| {
        let one = |(at, item): (&usize, &&Measure)| format!("{}) {}（{}）", at + 1, text(item), short(item.due_ms));
        call.items.iter().zip(&items).map(one).collect::<Vec<_>>().join(" ")
    };
    let facts = vec![
        ("office", office_name(parts, &call.office)),
        ("count", items.len().to_string()),
        ("due", rfc3339(due_ms)),
        ("items_zh", list(|item| &item.what.text_zh)),
        ("items_en", list(|item| &item.what.text_en)),
    ];
    let left_ms = (due_ms - parts.clock.unix_ms()).clamp(SHORTEST_MS, LONGEST_MS);
    let left_ms = if call.kind == CallKind::Overdue { LONGEST_MS } else { left_ms };
    let valid = Duration::from_millis(u64::try_from(left_ms).unwrap_or_default());
    let channels = parts.config.tasks.channels.clone();
    notice::tell(parts, Notice { about, kind, round, to, channels, valid, facts, puts: Vec::new() }).await
}

/// `11-24 09:30` in China's time.
fn short(due_ms: i64) -> String {
    rfc3339(due_ms).get(5..16).map(|text| text.replace('T', " ")).unwrap_or_default()
}

/// The officers on duty of the office, the district's where it has none. What is overdue is told to them, to their
/// deputies and to the officers on duty of the issuer.
fn addressees(parts: &Parts, record: &WarningRecord, call: &Call) -> Vec<Addressee> {
    let mut to = remind::or_the_district(parts, &call.office);
    if call.kind == CallKind::Overdue {
        to.extend(remind::deputies(parts, &call.office));
        to.extend(remind::or_the_district(parts, record.issuer.as_deref().unwrap_or(OFFICE)));
    }
    remind::once(to)
}

/// The alarm for what is overdue, one for each warning that asked for it.
pub(in crate::flow) fn overdue(parts: &Parts, seen: &mut Seen) {
    let now_ms = parts.clock.unix_ms();
    for (_, sheet) in parts.measures.open() {
        let lately = |item: &&Measure| item.is_overdue(now_ms) && now_ms - item.due_ms < NEWS_MS;
        for item in sheet.items.iter().filter(lately) {
            let subject = AlarmSubject { warning: Some(WarningId(item.from.clone())), ..AlarmSubject::default() };
            let of_it: Vec<&Measure> = sheet.items.iter().filter(lately).filter(|one| one.from == item.from).collect();
            let mut offices: Vec<String> = of_it.iter().map(|one| office_name(parts, &one.what.office)).collect();
            offices.sort();
            offices.dedup();
            let since_ms = of_it.iter().map(|one| one.due_ms).min();
            let facts = [
                ("count", of_it.len().to_string()),
                ("offices", offices.join("、")),
                ("due", rfc3339(since_ms.unwrap_or(now_ms))),
            ];
            let facts = facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect();
            seen.insert((AlarmCode::MeasuresOverdue, subject), Told { since_ms, facts });
        }
    }
}
