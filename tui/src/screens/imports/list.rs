//! The latest imports: who brought what, what became of it, and taking one back.

use hillview_shared::api::{HillviewRequest, Reply};
use hillview_shared::imports::{ImportState, ImportSummary, UndoImport};
use hillview_shared::students::Page;

use crate::app::context::Context;
use crate::command::{Command, Scope};
use crate::shapes::facts::Facts;
use crate::shapes::form::{Done, Filling, Form, Wrong};
use crate::shapes::list::{Answer, Listing};
use crate::theme::Tone;
use crate::widgets::columns::Column;
use crate::widgets::inputs::{Input, Inputs};

const PLACE: &str = "Imports";

#[derive(Debug)]
pub struct ImportList;

fn facts(import: &ImportSummary, context: &Context) -> Facts {
    let counts = format!(
        "{} new, {} changed, {} refused",
        import.added, import.changed, import.refused
    );
    Facts::new(
        PLACE,
        format!("Import {} of {}", import.id, import.kind),
        [
            ("File", import.file_name.clone()),
            ("State", import.state.to_string()),
            ("Rows", counts),
            ("Who", import.by.clone()),
            ("When", context.clock(import.at)),
        ],
    )
}

impl Listing for ImportList {
    type Row = ImportSummary;
    const COLUMNS: &'static [Column] = &[
        Column::new("No", 6),
        Column::new("Of", 9),
        Column::new("File", 12).grows(),
        Column::new("State", 10),
        Column::new("When", 18),
        Column::new("Who", 12).gives_way(),
    ];
    const NOUNS: (&'static str, &'static str) = ("import", "imports");

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Imports, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn request(
        &self,
        _filters: &Inputs,
        _page: (Option<String>, u16),
        _context: &Context,
    ) -> HillviewRequest {
        HillviewRequest::ListImports {}
    }

    fn page(&mut self, answer: Answer) -> Reply<Page<ImportSummary>> {
        let rows = crate::reply!(answer, ListImports)?;
        Ok(Page { rows, next: None })
    }

    fn cells(&self, import: &ImportSummary, context: &Context) -> (Tone, Vec<String>) {
        let tone = match import.state {
            ImportState::Applied => Tone::Plain,
            ImportState::Receiving | ImportState::Previewed | ImportState::Undone => Tone::Faint,
        };
        let cells = vec![
            import.id.to_string(),
            import.kind.to_string(),
            import.file_name.clone(),
            import.state.to_string(),
            context.clock(import.at),
            import.by.clone(),
        ];
        (tone, cells)
    }

    fn none(&self, _filters: &Inputs) -> String {
        "Nobody has imported anything that you may see.".to_owned()
    }

    fn why_not(
        &self,
        command: Command,
        import: Option<&ImportSummary>,
        _context: &Context,
    ) -> Option<String> {
        match (command, import) {
            (Command::Imports, _) => Some("they are on the screen".to_owned()),
            (Command::Undo, None) => Some("there is no import here".to_owned()),
            (Command::Undo, Some(import)) => match import.state {
                ImportState::Applied => None,
                ImportState::Undone => Some("it is taken back already".to_owned()),
                ImportState::Receiving | ImportState::Previewed => {
                    Some("it changed nothing yet".to_owned())
                }
            },
            _ => None,
        }
    }

    fn command(
        &mut self,
        command: Command,
        import: Option<&ImportSummary>,
        context: &mut Context,
    ) -> bool {
        match (command, import) {
            (Command::Open, Some(import)) => {
                let facts = facts(import, context);
                context.show(facts);
            }
            (Command::Undo, Some(import)) => {
                let import = import.clone();
                context.show(Form::new(TakeBack { import }));
            }
            _ => {}
        }
        false
    }
}

/// Takes an import back, with a reason for the histories.
#[derive(Debug)]
struct TakeBack {
    import: ImportSummary,
}

impl Filling for TakeBack {
    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn title(&self) -> String {
        format!(
            "Take back import {} of {} from {}. It is refused when later changes rest on it.",
            self.import.id, self.import.kind, self.import.file_name
        )
    }

    fn inputs(&self) -> Inputs {
        Inputs::new([(
            "Why (needed for marks of a closed sheet)",
            Input::text("", 200),
        )])
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let request = UndoImport {
            import: self.import.id,
            reason: inputs.given(0),
        };
        Ok(HillviewRequest::UndoImport { request })
    }

    fn question(&self, _inputs: &Inputs) -> Option<String> {
        let ImportSummary { added, changed, .. } = self.import;
        Some(format!(
            "Take it back: {added} added go, {changed} changed become what they were?"
        ))
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let import = crate::reply!(answer, UndoImport)?;
        Ok(Done::say(format!("import {} is taken back", import.id)))
    }
}
