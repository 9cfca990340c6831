//! The commands about subjects and their papers.

use clap::{Args, Subcommand};
use hillview_shared::ApiError;
use hillview_shared::marks::Score;
use hillview_shared::subjects::{AddSubject, NewPaper, OfferingMode, Paper};
use serde::Serialize;

use super::Context;
use super::connection::{Session, ask};
use super::output::{self, Column, Decimal, Outcome, hundredths};

#[derive(Subcommand)]
pub enum Command {
    List(List),
    Add(Add),
}

/// List the papers of every subject and grade
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview subjects list
  hillview subjects list --grade G4")]
pub struct List {
    /// Only the grade of this code
    #[arg(long, value_name = "CODE")]
    grade: Option<String>,
}

/// Add a subject to grades, or split one that is there into papers
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview subjects add FRE French --grades 7,8,9
  hillview subjects add GER German --grades G7 --alias Deutsch
  hillview subjects add ENG English --grades 4,5,6 --paper GRAM:Grammar:60 --paper COMP:Composition:40")]
pub struct Add {
    /// The code
    code: String,
    /// The name
    name: String,
    /// The grades that it is taught in
    #[arg(long, value_delimiter = ',', required = true)]
    grades: Vec<String>,
    /// Another name that files use for it
    #[arg(long, value_name = "NAME")]
    alias: Vec<String>,
    /// A paper, with what it is out of, which is its weight too
    #[arg(long, value_name = "CODE:NAME:OUT-OF", value_parser = paper)]
    paper: Vec<NewPaper>,
}

/// Reads `GRAM:Grammar:60`.
fn paper(text: &str) -> Result<NewPaper, String> {
    let [code, name, out_of] = text.split(':').collect::<Vec<_>>()[..] else {
        return Err("a paper is written CODE:NAME:OUT-OF, such as GRAM:Grammar:60".to_owned());
    };
    let out_of = Score::parse(out_of).map_err(|error| error.to_string())?;
    Ok(NewPaper {
        code: code.into(),
        name: name.into(),
        weight: out_of.hundredths(),
        out_of,
    })
}

#[derive(Serialize)]
struct Row {
    grade: String,
    subject_code: String,
    subject: String,
    paper_code: String,
    paper: String,
    mode: OfferingMode,
    weight: Decimal,
    out_of: Decimal,
    id: i64,
}

const COLUMNS: &[Column] = &[
    ("grade", "GRADE"),
    ("subject_code", "CODE"),
    ("subject", "SUBJECT"),
    ("paper_code", "PAPER"),
    ("paper", "NAME"),
    ("mode", "MODE"),
    ("weight", "WEIGHT"),
    ("out_of", "OUT OF"),
    ("id", ""),
];

impl From<Paper> for Row {
    fn from(paper: Paper) -> Self {
        Self {
            grade: paper.grade,
            subject_code: paper.subject_code,
            subject: paper.subject,
            paper_code: paper.code,
            paper: paper.name,
            mode: paper.mode,
            weight: hundredths(paper.weight),
            out_of: Decimal(paper.out_of),
            id: paper.id.0,
        }
    }
}

pub async fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    let papers = match command {
        Command::List(list) => {
            let mut papers = ask!(session, list_papers())?;
            if let Some(grade) = list.grade {
                papers.retain(|paper| paper.grade.eq_ignore_ascii_case(&grade));
            }
            papers
        }
        Command::Add(add) => {
            let request = AddSubject {
                code: add.code,
                name: add.name,
                aliases: add.alias,
                grades: add.grades,
                papers: add.paper,
            };
            ask!(session, add_subject(request))?
        }
    };
    let rows: Vec<Row> = papers.into_iter().map(Row::from).collect();
    output::list(context.settings.format, COLUMNS, &rows)?;
    Ok(Outcome::Done)
}
