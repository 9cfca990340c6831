//! A file on its way to the server: announced, sent piece by piece, and looked at there. What the
//! line cuts short goes on where it was, because the same piece sent again changes nothing.

use std::path::{Path, PathBuf};

use hillview_shared::ApiError;
use hillview_shared::api::HillviewRequest;
use hillview_shared::ids::ImportId;
use hillview_shared::imports::{CHUNK_MAX, ImportKind, ImportReport, SendChunk, StartImport};

use super::asked::Options;
use crate::app::context::Context;
use crate::app::fetch::Fetch;
use crate::msg::GivenFile;
use crate::shapes::list::Answer;

#[derive(Debug)]
pub struct Upload {
    pub kind: ImportKind,
    pub options: Options,
    file: GivenFile,
    import: Option<ImportId>,
    /// Bytes that the server has.
    sent: usize,
    fetch: Fetch,
}

impl Upload {
    pub fn begin(
        kind: ImportKind,
        file: GivenFile,
        options: Options,
        context: &mut Context,
    ) -> Self {
        let mut upload = Self {
            kind,
            options,
            file,
            import: None,
            sent: 0,
            fetch: Fetch::Never,
        };
        upload.ask(context);
        upload
    }

    pub fn fetch(&self) -> &Fetch {
        &self.fetch
    }

    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// Only the name travels.
    pub fn file_name(&self) -> String {
        file_name(&self.file.path)
    }

    fn piece(&self) -> usize {
        (self.file.bytes.len() - self.sent).min(CHUNK_MAX)
    }

    fn ask(&mut self, context: &mut Context) {
        let request = match self.import {
            None => HillviewRequest::StartImport {
                request: StartImport {
                    kind: self.kind,
                    file_name: self.file_name(),
                    length: self.file.bytes.len() as u64,
                },
            },
            Some(import) if self.piece() > 0 => HillviewRequest::SendChunk {
                request: SendChunk {
                    import,
                    offset: self.sent as u64,
                    bytes: self.file.bytes.slice(self.sent..self.sent + self.piece()),
                },
            },
            Some(import) => HillviewRequest::RunImport {
                request: self.options.run(import, true),
            },
        };
        self.fetch = Fetch::Waiting(context.call(request));
    }

    /// Sends again what was not answered.
    pub fn go_on(&mut self, context: &mut Context) {
        if self.fetch.may_be_retried() {
            self.ask(context);
        }
    }

    /// Takes an answer and sends what is next; in the end gives what the import would do.
    ///
    /// # Errors
    /// When the server refused it for good.
    pub fn answered(
        &mut self,
        answer: Answer,
        context: &mut Context,
    ) -> Result<Option<ImportReport>, ApiError> {
        let mut report = None;
        if self.import.is_none() {
            self.import = self.fetch.settle(crate::reply!(answer, StartImport));
        } else if self.piece() > 0 {
            let piece = self.piece();
            let sent = self.fetch.settle(crate::reply!(answer, SendChunk));
            self.sent += sent.map_or(0, |()| piece);
        } else {
            report = self.fetch.settle(crate::reply!(answer, RunImport));
        }
        match &self.fetch {
            Fetch::Failed(error) if !self.fetch.may_be_retried() => return Err(error.clone()),
            Fetch::Done if report.is_none() => self.ask(context),
            _ => {}
        }
        Ok(report)
    }

    /// How far it is.
    pub fn words(&self) -> String {
        if let Fetch::Failed(_) = self.fetch {
            let why = self.fetch.words().unwrap_or_default();
            return format!("{why}. F5 goes on where it was, Esc cancels");
        }
        let pieces = self.file.bytes.len().div_ceil(CHUNK_MAX);
        match self.import {
            Some(_) if self.piece() == 0 => {
                "the server reads the file, nothing is changed yet; Esc cancels".to_owned()
            }
            _ => {
                let piece = self.sent / CHUNK_MAX + 1;
                format!("sending {piece} of {}; Esc cancels", pieces.max(1))
            }
        }
    }
}

/// The last part of a path, as text.
pub fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The file for the refused rows: beside the given one, and named after it.
pub fn beside(given: &Path) -> PathBuf {
    let mut name = given.file_stem().unwrap_or_default().to_owned();
    name.push("-refused.csv");
    given.with_file_name(name)
}
