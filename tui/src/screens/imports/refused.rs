//! The refused rows on their way from the server into a file: fetched in pieces, then written.

use std::path::{Path, PathBuf};

use hillview_shared::ApiError;
use hillview_shared::api::HillviewRequest;
use hillview_shared::ids::ImportId;
use hillview_shared::imports::RefusedRows;

use super::upload::beside;
use crate::app::context::Context;
use crate::app::fetch::{Fetch, in_words};
use crate::msg::Ticket;
use crate::shapes::list::Answer;

#[derive(Debug)]
pub struct Refused {
    import: ImportId,
    path: PathBuf,
    rows: Vec<u8>,
    fetch: Fetch,
    writing: Option<Ticket>,
}

impl Refused {
    pub fn new(import: ImportId, given: &Path) -> Self {
        Self {
            import,
            path: beside(given),
            rows: Vec::new(),
            fetch: Fetch::Never,
            writing: None,
        }
    }

    pub fn is_busy(&self) -> bool {
        self.writing.is_some() || matches!(self.fetch, Fetch::Waiting(_))
    }

    pub fn waits_for(&self, ticket: Ticket) -> bool {
        self.writing == Some(ticket) || self.fetch.waits_for(ticket)
    }

    /// Fetches them from the first on.
    pub fn save(&mut self, context: &mut Context) {
        self.rows.clear();
        self.ask(context);
    }

    fn ask(&mut self, context: &mut Context) {
        let request = RefusedRows {
            import: self.import,
            offset: self.rows.len() as u64,
        };
        self.fetch = Fetch::Waiting(context.call(HillviewRequest::RefusedRows { request }));
    }

    pub fn answered(&mut self, answer: Answer, context: &mut Context) {
        match self.fetch.settle(crate::reply!(answer, RefusedRows)) {
            Some(piece) => {
                self.rows.extend_from_slice(&piece.bytes);
                let all = self.rows.len() as u64 >= piece.length;
                if !all && !piece.bytes.is_empty() {
                    return self.ask(context);
                }
                let rows = std::mem::take(&mut self.rows).into();
                self.writing = Some(context.write_file(self.path.clone(), rows));
            }
            None => context.tell_failure(&self.fetch),
        }
    }

    pub fn written(&mut self, written: Result<PathBuf, ApiError>, context: &mut Context) {
        self.writing = None;
        match written {
            Ok(path) => context.say(format!(
                "the refused rows are in {}: fix them there and import that file",
                path.display()
            )),
            Err(error) => context.refuse(in_words(&error)),
        }
    }
}
