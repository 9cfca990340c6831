//! The schools of the installation, for who looks after it: what they are called and whether they
//! are open, nothing of what is in them.

mod change;

use hillview_shared::api::{HillviewRequest, HillviewResponse, Reply};
use hillview_shared::schools::{ExportSchool, ListSchools, SchoolEntry, SuspendSchool};
use hillview_shared::students::Page;

use self::change::{AddForm, RemoveForm, RenameForm};
use crate::app::context::Context;
use crate::command::{Command, Scope};
use crate::shapes::facts::Facts;
use crate::shapes::form::Form;
use crate::shapes::list::{Answer, Listing};
use crate::theme::Tone;
use crate::widgets::columns::Column;
use crate::widgets::inputs::Inputs;

const PLACE: &str = "Schools";
const OPEN: &str = "open";
const SUSPENDED: &str = "suspended";

#[derive(Debug, Default)]
pub struct SchoolList;

fn facts(school: &SchoolEntry, context: &Context) -> Facts {
    Facts::new(
        PLACE,
        &school.name,
        [
            ("Code", school.code.clone()),
            ("State", school.state.clone()),
            ("Made", context.clock(school.created)),
        ],
    )
}

impl Listing for SchoolList {
    type Row = SchoolEntry;
    const COLUMNS: &'static [Column] = &[
        Column::new("Code", 21),
        Column::new("Name", 20).grows(),
        Column::new("State", 10),
        Column::new("Made", 18).gives_way(),
    ];
    const NOUNS: (&'static str, &'static str) = ("school", "schools");

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Schools, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn request(
        &self,
        _filters: &Inputs,
        (after, limit): (Option<String>, u16),
        _context: &Context,
    ) -> HillviewRequest {
        let request = ListSchools { after, limit };
        HillviewRequest::ListSchools { request }
    }

    fn page(&mut self, answer: Answer) -> Reply<Page<SchoolEntry>> {
        crate::reply!(answer, ListSchools)
    }

    fn cells(&self, school: &SchoolEntry, context: &Context) -> (Tone, Vec<String>) {
        let tone = match school.state == OPEN {
            true => Tone::Plain,
            false => Tone::Faint,
        };
        let cells = vec![
            school.code.clone(),
            school.name.clone(),
            school.state.clone(),
            context.clock(school.created),
        ];
        (tone, cells)
    }

    fn none(&self, _filters: &Inputs) -> String {
        "There is no school yet. a adds one.".to_owned()
    }

    fn why_not(
        &self,
        command: Command,
        school: Option<&SchoolEntry>,
        _context: &Context,
    ) -> Option<String> {
        let of_a_row = matches!(
            command,
            Command::Rename | Command::Suspend | Command::Export | Command::Remove
        );
        let Some(school) = school.filter(|_| of_a_row) else {
            return match command {
                Command::Schools => Some("they are on the screen".to_owned()),
                _ => of_a_row.then(|| "there is no school here".to_owned()),
            };
        };
        match (command, school.state.as_str()) {
            (Command::Remove, OPEN) => Some("suspend it first".to_owned()),
            (_, OPEN | SUSPENDED) => None,
            (Command::Remove, "removing") => None,
            (_, state) => Some(format!("it is {state}")),
        }
    }

    fn command(
        &mut self,
        command: Command,
        school: Option<&SchoolEntry>,
        context: &mut Context,
    ) -> bool {
        match (command, school) {
            (Command::Add, _) => context.show(Form::new(AddForm::default())),
            (Command::Open, Some(school)) => {
                let facts = facts(school, context);
                context.show(facts);
            }
            (Command::Rename, Some(school)) => {
                context.show(Form::new(RenameForm::new(school.clone())));
            }
            (Command::Remove, Some(school)) => {
                context.show(Form::new(RemoveForm::new(school.clone())));
            }
            (Command::Suspend, Some(school)) => {
                let undo = school.state != OPEN;
                let question = match undo {
                    true => format!("Open {} again?", school.name),
                    false => format!(
                        "Suspend {}? Nobody gets in any more, and all its sessions end. Its data \
                         stay.",
                        school.name
                    ),
                };
                let code = school.code.clone();
                let request = SuspendSchool { code, undo };
                context.ask_to_call(question, HillviewRequest::SuspendSchool { request });
            }
            (Command::Export, Some(school)) => {
                let question = format!(
                    "Write all that {} has into a file beside the server's data?",
                    school.name
                );
                let code = school.code.clone();
                let request = ExportSchool { code };
                context.ask_to_call(question, HillviewRequest::ExportSchool { request });
            }
            _ => {}
        }
        false
    }

    fn acted(&mut self, answer: Answer, context: &mut Context) -> Reply<String> {
        if let Ok(HillviewResponse::SuspendSchool(reply)) = answer {
            let school = reply?;
            return Ok(format!("{} is {}", school.name, school.state));
        }
        let written = crate::reply!(answer, ExportSchool)?;
        context.show(Facts::new(
            PLACE,
            "The school is written into a file, for whoever runs the server to hand over.",
            [
                ("File", format!("exports/{}", written.file)),
                ("Bytes", written.bytes.to_string()),
                ("Rows", written.rows.to_string()),
                ("SHA-256", written.sha256),
            ],
        ));
        Ok("the school is exported".to_owned())
    }
}
