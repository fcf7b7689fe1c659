//! The files that came with a warning: they stay in the bytes received, and the message names each with its digest, so
//! that a signature of the message is about them too.

use crate::{
    domain::national::{self, Attachment, package},
    flow::{Flow, Unavailable, record::WarningId},
    store::Space,
};

impl Flow {
    /// The files that came with a warning and that its message names with their digests; none for a warning that came
    /// alone, or is not there.
    ///
    /// # Errors
    /// When the store cannot be read, or what it holds is no longer what was received.
    pub async fn attachments(&self, id: &WarningId) -> Result<Vec<Attachment>, Unavailable> {
        let Some(record) = self.0.warning_record(id) else { return Ok(Vec::new()) };
        let Some(stored) = self.0.store.get(Space::WarningBody, id.0.as_str().into()).await? else {
            return Ok(Vec::new());
        };
        if !national::is_package(&stored.value) {
            return Ok(Vec::new());
        }
        // Unpacking takes a while for large files.
        let unpack = move || package::attachments(&stored.value, &record.message);
        match tokio::task::spawn_blocking(unpack).await {
            Ok(Ok(attachments)) => Ok(attachments),
            Ok(Err(findings)) => Err(Unavailable::new(format!("a stored package is broken: {findings:?}"))),
            Err(panic) => Err(Unavailable::new(format!("unpacking failed: {panic}"))),
        }
    }
}
