//! What is asked before a file is imported: which file, and how.

use hillview_shared::ids::ImportId;
use hillview_shared::imports::{ImportKind, OnDuplicate, RunImport};
use ratatui::layout::Position;

use crate::shapes::form::{Wrong, needed};
use crate::theme::Tone;
use crate::widgets::inputs::{self, Input, Inputs};
use crate::widgets::pen::Pen;
use crate::widgets::text;

pub const FILE: usize = 0;
const KNOWN: usize = 1;
/// Students.
const CLASSES: usize = 2;
const NUMBERS: usize = 3;
/// Marks.
const ASSESSMENT: usize = 2;
const CLASS: usize = 3;

/// The most characters of a path.
const PATH_MAX: usize = 1_000;

/// How the rows of a file are taken.
#[derive(Clone, Debug)]
pub struct Options {
    on_duplicate: OnDuplicate,
    create_classes: bool,
    assign_numbers: bool,
    class: Option<String>,
    assessment: Option<String>,
}

impl Options {
    pub fn run(&self, import: ImportId, dry_run: bool) -> RunImport {
        RunImport {
            import,
            dry_run,
            on_duplicate: self.on_duplicate,
            create_classes: self.create_classes,
            assign_numbers: self.assign_numbers,
            class: self.class.clone(),
            assessment: self.assessment.clone(),
        }
    }
}

/// The fields.
#[derive(Debug)]
pub struct Asked {
    pub kind: ImportKind,
    pub inputs: Inputs,
    pub error: Option<String>,
    /// As it began, to know whether anything was filled in.
    begun: String,
}

impl Asked {
    pub fn new(kind: ImportKind) -> Self {
        let known = OnDuplicate::ALL.iter().map(|one| match one {
            OnDuplicate::Skip => "leave what the school has",
            OnDuplicate::Update => "take what the file says",
            OnDuplicate::Error => "refuse the row",
        });
        let known: Vec<&str> = known.collect();
        let mut inputs = Inputs::new([
            ("File (CSV or XLSX)", Input::text("", PATH_MAX)),
            ("Known with other values", Input::choice(&known, 0)),
        ]);
        match kind {
            ImportKind::Students => {
                let classes = Input::choice(&["refuse the row", "make the class"], 0);
                let numbers = Input::choice(&["refuse the row", "give the next number"], 0);
                inputs.push("In a class that is not there", classes);
                inputs.push("Without admission number", numbers);
            }
            ImportKind::Marks => {
                inputs.push("Assessment (its code)", Input::text("", 60));
                inputs.push("Class (empty: in the file)", Input::text("", 60));
            }
            ImportKind::Staff => {}
        }
        Self {
            kind,
            begun: inputs.summary(),
            inputs,
            error: None,
        }
    }

    fn title(&self) -> &'static str {
        match self.kind {
            ImportKind::Students => {
                "Import students from a file: a row a student. First it is only shown what would \
                 happen. Left and Right choose."
            }
            ImportKind::Staff => {
                "Import staff from a file: a row a person, with login, roles and what they teach. \
                 First it is only shown what would happen. Left and Right choose."
            }
            ImportKind::Marks => {
                "Import marks from a file: a row a student, a column a paper; a blank cell changes \
                 nothing. First it is only shown what would happen. Left and Right choose."
            }
        }
    }

    /// The file, when all that is needed is filled in.
    pub fn path(&self) -> Result<String, Wrong> {
        let path = needed(&self.inputs, FILE, "file")?;
        if self.kind == ImportKind::Marks {
            needed(&self.inputs, ASSESSMENT, "assessment's code")?;
        }
        Ok(path)
    }

    pub fn options(&self) -> Options {
        let students = self.kind == ImportKind::Students;
        let marks = self.kind == ImportKind::Marks;
        let given = |at| self.inputs.given(at);
        Options {
            on_duplicate: OnDuplicate::ALL[self.inputs.chosen(KNOWN)],
            create_classes: students && self.inputs.chosen(CLASSES) == 1,
            assign_numbers: students && self.inputs.chosen(NUMBERS) == 1,
            class: marks.then(|| given(CLASS)).flatten(),
            assessment: marks.then(|| given(ASSESSMENT)).flatten(),
        }
    }

    /// What is filled in was used: nobody is asked whether to lose it.
    pub fn begin_anew(&mut self) {
        self.begun = self.inputs.summary();
    }

    pub fn is_filled_in(&self) -> bool {
        self.inputs.summary() != self.begun
    }

    /// Draws the fields; gives the place of the cursor and the line for what there is to say.
    pub fn draw(&self, pen: &mut Pen<'_>) -> (Option<Position>, usize) {
        let title = text::wrap(self.title(), pen.columns() - 8);
        for (at, words) in title.iter().enumerate() {
            pen.put(at + 1, 4, Tone::Heading, words);
        }
        let (cursor, line) = self.inputs.draw(pen, title.len() + 2);
        if let Some(error) = &self.error {
            inputs::tell(pen, line + 1, Tone::Bad, error);
        }
        (cursor, line + 1)
    }
}
