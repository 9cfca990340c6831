//! Importing a file of students, staff or marks: which file and how, how far it is sent, what it
//! would do, and what it did. One screen all the way, so that going back leads to the fields.

mod asked;
mod list;
mod refused;
mod report;
mod upload;

use std::path::PathBuf;

use hillview_shared::ApiError;
use hillview_shared::imports::ImportKind;
use ratatui::layout::Position;

use self::asked::Asked;
use self::report::Report;
use self::upload::Upload;
use super::Screen;
use crate::app::context::{Confirmation, Context, Wish};
use crate::app::fetch::{Fetch, in_words};
use crate::command::{Command, Scope};
use crate::msg::{Effect, GivenFile, Key, Ticket};
use crate::shapes::list::Answer;
use crate::theme::Tone;
use crate::widgets::inputs;
use crate::widgets::pen::Pen;

pub use self::list::ImportList;

#[derive(Debug)]
pub struct Import {
    asked: Asked,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The file and the rest are filled in.
    Filling,
    /// The file is being read on this machine.
    Reading(Ticket),
    Sending(Box<Upload>),
    Shown(Box<Report>),
}

impl Import {
    pub fn new(kind: ImportKind) -> Self {
        Self {
            asked: Asked::new(kind),
            stage: Stage::Filling,
        }
    }

    fn submit(&mut self, context: &mut Context) {
        if self.asked.inputs.go_on() {
            return;
        }
        match self.asked.path() {
            Ok(path) => {
                self.asked.error = None;
                self.stage = Stage::Reading(context.read_file(path));
            }
            Err(wrong) => {
                self.asked.inputs.focus = wrong.at;
                self.refuse(wrong.why, context);
            }
        }
    }

    /// Back to the fields, with why.
    fn refuse(&mut self, why: String, context: &mut Context) {
        self.asked.error = Some(why);
        self.stage = Stage::Filling;
        context.effect(Effect::Bell);
    }

    /// Leaves, so that what is below shows what was imported.
    fn leave(context: &mut Context) {
        context.wish(Wish::CloseAndRefresh);
    }
}

impl Screen for Import {
    fn scopes(&self) -> &'static [Scope] {
        match self.stage {
            Stage::Filling => &[Scope::Form, Scope::Fields, Scope::Anywhere],
            Stage::Reading(_) | Stage::Sending(_) => &[Scope::Anywhere],
            Stage::Shown(_) => &[Scope::Import, Scope::Rows, Scope::Anywhere],
        }
    }

    fn place(&self) -> String {
        let place = format!("Import {}", self.asked.kind);
        match &self.stage {
            Stage::Filling | Stage::Reading(_) => place,
            Stage::Sending(upload) => format!("{place}: {}", upload.file_name()),
            Stage::Shown(report) => format!("{place}: {}", report.file_name()),
        }
    }

    fn summary(&self, _context: &Context) -> String {
        match &self.stage {
            Stage::Shown(report) => report.summary(),
            _ => String::new(),
        }
    }

    fn typing(&self) -> bool {
        matches!(self.stage, Stage::Filling)
    }

    fn is_waiting(&self) -> bool {
        match &self.stage {
            Stage::Filling => false,
            Stage::Reading(_) | Stage::Sending(_) => true,
            // What the server was told to do is not given up by a key.
            Stage::Shown(report) => !report.is_applying(),
        }
    }

    fn stop_waiting(&mut self, context: &mut Context) {
        match &self.stage {
            Stage::Shown(report) if report.is_applied() => Self::leave(context),
            Stage::Shown(_) => self.stage = Stage::Filling,
            _ => {
                self.stage = Stage::Filling;
                context.say("given up; nothing is changed");
            }
        }
    }

    /// Goes on with a file whose sending the line or the session cut short.
    fn start(&mut self, context: &mut Context) {
        if let Stage::Sending(upload) = &mut self.stage {
            upload.go_on(context);
        }
    }

    fn fetch(&self) -> Option<&Fetch> {
        match &self.stage {
            Stage::Filling | Stage::Reading(_) => None,
            Stage::Sending(upload) => Some(upload.fetch()),
            Stage::Shown(report) => Some(report.fetch()),
        }
    }

    fn why_not(&self, command: Command, _context: &Context) -> Option<String> {
        match &self.stage {
            Stage::Shown(report) => report.why_not(command),
            _ => None,
        }
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        match (&mut self.stage, command) {
            (Stage::Filling, Command::Submit) => self.submit(context),
            (Stage::Filling, field) => self.asked.inputs.step(field),
            (Stage::Shown(report), command) => report.command(command, context),
            (Stage::Reading(_) | Stage::Sending(_), _) => {}
        }
    }

    fn type_key(&mut self, key: Key, _context: &mut Context) -> bool {
        self.typing() && self.asked.inputs.key(key)
    }

    fn paste(&mut self, text: &str, context: &mut Context) {
        match self.typing() {
            true => self.asked.inputs.paste(text),
            false => context.refuse("nothing can be pasted here"),
        }
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        match &self.stage {
            Stage::Filling => false,
            Stage::Reading(file) => *file == ticket,
            Stage::Sending(upload) => upload.fetch().waits_for(ticket),
            Stage::Shown(report) => report.waits_for(ticket),
        }
    }

    fn file_read(&mut self, read: Result<GivenFile, ApiError>, context: &mut Context) {
        match read {
            Ok(file) => {
                let kind = self.asked.kind;
                let upload = Upload::begin(kind, file, self.asked.options(), context);
                self.stage = Stage::Sending(Box::new(upload));
            }
            Err(error) => {
                self.asked.inputs.focus = asked::FILE;
                self.refuse(in_words(&error), context);
            }
        }
    }

    fn answer(&mut self, ticket: Ticket, answer: Answer, context: &mut Context) {
        match &mut self.stage {
            Stage::Sending(upload) => match upload.answered(answer, context) {
                Ok(None) => {}
                Ok(Some(report)) => {
                    let report = Report::new(upload, report);
                    self.asked.begin_anew();
                    self.stage = Stage::Shown(Box::new(report));
                }
                Err(error) => self.refuse(in_words(&error), context),
            },
            Stage::Shown(report) => report.answered(ticket, answer, context),
            Stage::Filling | Stage::Reading(_) => {}
        }
    }

    fn file_written(&mut self, written: Result<PathBuf, ApiError>, context: &mut Context) {
        if let Stage::Shown(report) = &mut self.stage {
            report.written(written, context);
        }
    }

    fn confirmed(&mut self, what: Confirmation, context: &mut Context) {
        if let (Stage::Shown(report), Confirmation::Submit) = (&mut self.stage, what) {
            report.apply(context);
        }
    }

    fn unsaved(&self) -> Option<String> {
        match &self.stage {
            Stage::Shown(report) => report
                .is_applying()
                .then(|| "the answer to the import".to_owned()),
            _ => self
                .asked
                .is_filled_in()
                .then(|| "what is filled in".to_owned()),
        }
    }

    fn leaving(&self) -> Option<String> {
        if let Stage::Shown(report) = &self.stage {
            let question = "The server imports now. Leave without seeing what it did?";
            return report.is_applying().then(|| question.to_owned());
        }
        let unsaved = self.unsaved()?;
        Some(format!("Leave and lose {unsaved}?"))
    }

    fn view(&self, pen: &mut Pen<'_>, context: &Context) -> Option<Position> {
        let words = match &self.stage {
            Stage::Shown(report) => {
                report.view(pen, context);
                return None;
            }
            Stage::Filling => String::new(),
            Stage::Reading(_) => "reading the file; Esc cancels".to_owned(),
            Stage::Sending(upload) => upload.words(),
        };
        let (cursor, line) = self.asked.draw(pen);
        inputs::tell(pen, line, Tone::Plain, &words);
        cursor.filter(|_| self.typing())
    }
}
