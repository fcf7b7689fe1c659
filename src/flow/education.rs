//! What public screens teach in peace: kept, changed by persons, and shown by the screens on its own schedule.

use super::{
    Flow, Parts, Unavailable,
    parts::parse,
    record::{Decision, json},
    screens::Lesson,
};
use crate::store::{self, Commit, Expect, Key, Put, Space, Stored};

/// Reads what the store holds.
pub(super) async fn load(parts: &Parts) -> Result<(), Unavailable> {
    let mut lessons = Vec::new();
    store::each(&parts.store, Space::Education, None, |_, stored| {
        lessons.push(parse::<Lesson>(&stored.value)?);
        Ok::<_, Unavailable>(())
    })
    .await?;
    lessons.into_iter().for_each(|lesson| parts.screens.teach(&lesson.id.clone(), Some(lesson)));
    Ok(())
}

/// Takes in what was changed at another node.
pub(super) fn hear(parts: &Parts, key: &Key, stored: Option<&Stored>) -> Result<(), Unavailable> {
    let lesson = stored.map(|stored| parse::<Lesson>(&stored.value)).transpose()?;
    parts.screens.teach(&String::from_utf8_lossy(&key.0), lesson);
    Ok(())
}

impl Flow {
    /// Everything that is taught, in the order of the ids, due or not.
    #[must_use]
    pub fn education(&self) -> Vec<Lesson> {
        self.0.screens.lessons()
    }

    /// Enters or changes a lesson.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn put_education(&self, lesson: Lesson, by: &str) -> Result<(), Unavailable> {
        let id = lesson.id.clone();
        change(&self.0, &id, Some(lesson), by).await
    }

    /// Removes a lesson; `false` when there is none of this id.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn remove_education(&self, id: &str, by: &str) -> Result<bool, Unavailable> {
        if self.education().iter().all(|lesson| lesson.id != id) {
            return Ok(false);
        }
        change(&self.0, id, None, by).await?;
        Ok(true)
    }
}

async fn change(parts: &Parts, id: &str, lesson: Option<Lesson>, by: &str) -> Result<(), Unavailable> {
    let put = Put { space: Space::Education, key: id.into(), value: lesson.as_ref().map(json), expect: Expect::Any };
    let title = lesson.as_ref().map(|lesson| lesson.title.as_str()).unwrap_or_default();
    let decision = Decision {
        at_ms: parts.clock.unix_ms(),
        what: if lesson.is_some() { "education_put" } else { "education_removed" }.to_owned(),
        warning: None,
        by: Some(by.to_owned()),
        detail: Some(format!("{id} {title}").trim_end().to_owned()),
    };
    let committed = parts.store.commit(Commit { puts: vec![put], entries: vec![decision.entry()] }).await?;
    parts.progress.decided(committed.entries.first().map_or(0, |entry| entry.sequence), &decision);
    parts.screens.teach(id, lesson);
    Ok(())
}
