//! Custodians: who looks after a screen is told, by the channels themselves, that it has fallen silent, again each hour
//! while it lasts, and that it is back. Who was told is committed together with the notice, so that a restart tells
//! nobody twice and forgets nobody.

use std::{sync::Arc, time::Duration};

use super::{
    Parts, Unavailable,
    alarms::{AlarmCode, Seen, Subject as AlarmSubject, Told},
    notice::{self, Addressee, Notice, NoticeKind, Subject},
    parts::parse,
    record::{Decision, json, rfc3339},
    screens::{Due, Silence},
};
use crate::store::{self, Commit, Expect, Key, Put, Space, Stored, Urgency};

/// A custodian is tried to be reached for so long; then he is told anew.
const VALID: Duration = Duration::from_secs(3600);

/// Reads who was told of what before the start.
pub(super) async fn load(parts: &Parts) -> Result<(), Unavailable> {
    store::each(&parts.store, Space::ScreenSilence, None, |key, stored| {
        let silence: Silence = parse(&stored.value)?;
        if let Ok(screen) = std::str::from_utf8(&key.0) {
            parts.screens.told(&Due { screen: screen.to_owned(), name: String::new(), silence, back: false });
        }
        Ok(())
    })
    .await
}

/// Takes in that another node told a custodian.
pub(super) fn hear(parts: &Parts, key: &Key, stored: Option<&Stored>) -> Result<(), Unavailable> {
    let Ok(screen) = std::str::from_utf8(&key.0) else { return Ok(()) };
    let silence: Option<Silence> = stored.map(|stored| parse(&stored.value)).transpose()?;
    parts.screens.know_silence(screen, silence);
    Ok(())
}

/// Tells whoever is to be told now and was not yet.
pub(super) async fn look(parts: &Arc<Parts>) -> Result<(), Unavailable> {
    let after = parts.config.screens.silent_after_s;
    if after.is_zero() {
        return Ok(());
    }
    for due in parts.screens.look(after) {
        tell(parts, &due).await?;
        parts.screens.told(&due);
    }
    Ok(())
}

async fn tell(parts: &Parts, due: &Due) -> Result<(), Unavailable> {
    let silence = &due.silence;
    let value = (!due.back).then(|| json(silence));
    let put = Put { space: Space::ScreenSilence, key: due.screen.as_str().into(), value, expect: Expect::Any };
    let Some(custodian) = &silence.to else { return note(parts, due, put).await };
    let kind = if due.back { NoticeKind::ScreenBack } else { NoticeKind::ScreenSilent };
    let to = Addressee {
        office: due.name.clone(),
        person: Some(custodian.name.clone()),
        recipient: Some(custodian.recipient.clone()),
        deputy: false,
        unreached: None,
    };
    let minutes = (parts.clock.unix_ms() - silence.since_ms).max(0) / 60_000;
    let facts = vec![
        ("screen", due.name.clone()),
        ("id", due.screen.clone()),
        ("since", rfc3339(silence.since_ms)),
        ("minutes", minutes.to_string()),
    ];
    notice::tell(
        parts,
        Notice {
            about: Subject::of_screen(&due.screen),
            kind,
            round: format!("{}/{}", silence.since_ms, silence.times),
            to: vec![to],
            channels: Vec::new(),
            valid: VALID,
            facts,
            puts: vec![put],
        },
    )
    .await
}

/// Nobody looks after it: that is written down.
async fn note(parts: &Parts, due: &Due, put: Put) -> Result<(), Unavailable> {
    let kind = if due.back { NoticeKind::ScreenBack } else { NoticeKind::ScreenSilent };
    let decision = Decision {
        at_ms: parts.clock.unix_ms(),
        what: kind.name().to_owned(),
        warning: None,
        by: Some("gateway".to_owned()),
        detail: Some(format!("{} since {}, no custodian", due.screen, rfc3339(due.silence.since_ms))),
    };
    let commit = Commit { puts: vec![put], entries: vec![decision.entry()] };
    let committed = parts.store.commit_as(Urgency::Pressing, commit).await?;
    parts.progress.decided(committed.entries.first().map_or(0, |entry| entry.sequence), &decision);
    Ok(())
}

/// So many screens fell silent at once that it is one alarm, and rather ours.
pub(super) fn seen(parts: &Parts, seen: &mut Seen) {
    let Some(mass) = parts.screens.mass() else { return };
    let facts = [("count", mass.count.to_string()), ("of", mass.of.to_string()), ("since", rfc3339(mass.since_ms))];
    let facts = facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect();
    let told = Told { since_ms: Some(mass.since_ms), facts };
    seen.insert((AlarmCode::ScreensSilent, AlarmSubject::default()), told);
}
