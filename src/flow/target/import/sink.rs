//! Drafts to the directory, chunk by chunk, counted.

use std::collections::{HashMap, HashSet};

use roaring::RoaringBitmap;

use super::{
    ImportFault, ImportReport, LineError, Options,
    reader::{Reader, Taken},
};
use crate::flow::target::directory::{CHUNK, Change, Directory, Recipient};

/// Bytes of lines in a chunk at most.
const CHUNK_BYTES: usize = 1 << 20;
/// New ids a dry run remembers, to notice a second line of the same id.
const FRESH_MAX: usize = 1_000_000;

/// Takes drafts into the directory.
pub(super) struct Sink<'a> {
    directory: &'a Directory,
    options: Options<'a>,
    report: ImportReport,
    chunk: Vec<Recipient>,
    /// Line of each id in the chunk.
    lines: HashMap<String, u64>,
    size: usize,
    /// Rows this import has met.
    rows: RoaringBitmap,
    /// Ids a dry run would have given rows, as keyed hashes.
    fresh: HashSet<[u8; 16]>,
    /// Positions came without a word on their coordinates.
    assumed: bool,
}

impl<'a> Sink<'a> {
    pub(super) fn new(directory: &'a Directory, options: Options<'a>) -> Self {
        Self {
            directory,
            options,
            report: ImportReport { dry_run: options.dry_run, ..ImportReport::default() },
            chunk: Vec::new(),
            lines: HashMap::new(),
            size: 0,
            rows: RoaringBitmap::new(),
            fresh: HashSet::new(),
            assumed: false,
        }
    }

    pub(super) async fn take(&mut self, taken: Taken) -> Result<(), ImportFault> {
        self.report.lines += 1;
        let draft = match taken {
            Taken::Draft(draft) => draft,
            Taken::Bad(error) => {
                self.reject(vec![error]);
                return Ok(());
            }
        };
        let (line, size) = (draft.line, draft.size);
        if let Some(assumed) = draft.assumes(&self.options).filter(|_| !self.assumed) {
            self.assumed = true;
            self.report.advice.push(assumed);
        }
        match draft.check(&self.options) {
            Err(errors) => self.reject(errors),
            Ok(recipient) if self.is_repeated(&recipient.external_id) => self.repeated(line, &recipient.external_id),
            Ok(recipient) => {
                self.lines.insert(recipient.external_id.clone(), line);
                self.chunk.push(recipient);
                self.size += size;
            }
        }
        if self.chunk.len() >= CHUNK || self.size >= CHUNK_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    /// Writes what is left and closes the report.
    pub(super) async fn finish(mut self, reader: &Reader) -> Result<ImportReport, ImportFault> {
        self.flush().await?;
        self.report.encoding = reader.encoding.name();
        self.report.advice.extend_from_slice(&reader.advice);
        self.report.errors.sort_by_key(|error| error.line);
        Ok(self.report)
    }

    async fn flush(&mut self) -> Result<(), ImportFault> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let written = self.directory.write(&self.chunk, &self.rows, self.options.dry_run).await;
        let placed = match written {
            Ok(placed) => placed,
            Err(source) => {
                // Of this chunk it is not known whether it stands: the report counts what certainly does.
                self.report.lines -= self.chunk.len() as u64;
                return Err(ImportFault::Unavailable { so_far: Box::new(self.report.clone()), source });
            }
        };
        for (recipient, placed) in std::mem::take(&mut self.chunk).into_iter().zip(placed) {
            let id = &recipient.external_id;
            match placed.change {
                Change::Created => self.report.created += 1,
                Change::Changed => self.report.changed += 1,
                Change::Unchanged => self.report.unchanged += 1,
                Change::Repeated => self.repeated(self.lines.get(id).copied().unwrap_or_default(), id),
            }
            match placed.row {
                Some(row) => {
                    self.rows.insert(row);
                }
                None if self.fresh.len() < FRESH_MAX => {
                    self.fresh.insert(self.directory.digest(id));
                }
                None => {}
            }
        }
        self.lines.clear();
        self.size = 0;
        Ok(())
    }

    fn is_repeated(&self, id: &str) -> bool {
        self.lines.contains_key(id) || (!self.fresh.is_empty() && self.fresh.contains(&self.directory.digest(id)))
    }

    fn repeated(&mut self, line: u64, id: &str) {
        self.reject(vec![LineError::new(line, Some("external_id"), "import-id-duplicate").got(id)]);
    }

    fn reject(&mut self, errors: Vec<LineError>) {
        self.report.rejected += 1;
        errors.into_iter().for_each(|error| self.report.error(error));
    }
}
