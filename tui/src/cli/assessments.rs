//! The commands about assessments.

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use hillview_shared::assessments::{AddAssessment, Assessment, AssessmentState, WhichAssessment};
use hillview_shared::ids::AssessmentId;
use hillview_shared::marks::{EntryError, Score};
use hillview_shared::{ApiError, Kind};
use serde::Serialize;

use super::Context;
use super::connection::{Session, ask};
use super::output::{self, Column, Outcome};

#[derive(Subcommand)]
pub enum Command {
    /// List the assessments of the current year
    #[command(before_help = "\
Examples:
  hillview assessments list
  hillview assessments list --format json")]
    List,
    Add(Add),
    /// Open an assessment: its mark sheets are made and take entries between its dates
    #[command(before_help = "\
Examples:
  hillview assessments open T1-MID")]
    Open(Which),
    /// Lock an assessment: no marks are entered any more
    #[command(before_help = "\
Examples:
  hillview assessments lock T1-MID
  hillview assessments lock T1-MID --yes")]
    Lock(Which),
}

#[derive(Args)]
pub struct Which {
    /// Its code
    code: String,
}

/// Add an assessment, in draft until it is opened
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview assessments add T1-MID 'Mid-Term' --term T1 --out-of 100
  hillview assessments add T1-SBA 'SBA project' --levels --grades 1,2,3 --opens 2026-02-02 --closes 2026-02-20")]
pub struct Add {
    /// Its code, unique in the year
    code: String,
    /// Its name
    name: String,
    /// The term; the current one without it
    #[arg(long)]
    term: Option<String>,
    /// The out-of of every paper; the papers' own without it
    #[arg(long, value_name = "MARKS", value_parser = score)]
    out_of: Option<Score>,
    /// The first day of entry; the term's first without it
    #[arg(long, value_name = "YYYY-MM-DD")]
    opens: Option<NaiveDate>,
    /// The last day of entry; the term's last without it
    #[arg(long, value_name = "YYYY-MM-DD")]
    closes: Option<NaiveDate>,
    /// Enter levels directly instead of scores
    #[arg(long)]
    levels: bool,
    /// The grades it covers; all without it
    #[arg(long, value_delimiter = ',')]
    grades: Vec<String>,
}

fn score(text: &str) -> Result<Score, EntryError> {
    Score::parse(text)
}

#[derive(Serialize)]
struct Row {
    code: String,
    name: String,
    term: String,
    opens: NaiveDate,
    closes: NaiveDate,
    state: AssessmentState,
    direct_levels: bool,
    sheets: i64,
    id: i64,
}

const COLUMNS: &[Column] = &[
    ("code", "CODE"),
    ("name", "NAME"),
    ("term", "TERM"),
    ("opens", "OPENS"),
    ("closes", "CLOSES"),
    ("state", "STATE"),
    ("direct_levels", "LEVELS"),
    ("sheets", "SHEETS"),
    ("id", ""),
];

impl From<Assessment> for Row {
    fn from(assessment: Assessment) -> Self {
        Self {
            code: assessment.code,
            name: assessment.name,
            term: assessment.term,
            opens: assessment.opens,
            closes: assessment.closes,
            state: assessment.state,
            direct_levels: assessment.direct_levels,
            sheets: assessment.sheets,
            id: assessment.id.0,
        }
    }
}

pub async fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    let format = context.settings.format;
    let session = Session::open(context).await?;
    let assessment = match command {
        Command::List => {
            let assessments = ask!(session, list_assessments())?;
            let rows: Vec<Row> = assessments.into_iter().map(Row::from).collect();
            output::list(format, COLUMNS, &rows)?;
            return Ok(Outcome::Done);
        }
        Command::Add(add) => {
            let request = AddAssessment {
                code: add.code,
                name: add.name,
                term: add.term.unwrap_or_default(),
                out_of: add.out_of,
                opens: add.opens,
                closes: add.closes,
                direct_levels: add.levels,
                grades: add.grades,
            };
            ask!(session, add_assessment(request))?
        }
        Command::Open(which) => ask!(
            session,
            open_assessment(WhichAssessment { code: which.code })
        )?,
        Command::Lock(which) => {
            let code = &which.code;
            context
                .confirm(&format!(
                    "lock {code}, so that no marks can be entered any more?"
                ))
                .await?;
            ask!(
                session,
                lock_assessment(WhichAssessment { code: which.code })
            )?
        }
    };
    output::one(format, COLUMNS, &Row::from(assessment))?;
    Ok(Outcome::Done)
}

/// The assessment of a code, in any case.
pub async fn find(session: &Session, code: &str) -> Result<AssessmentId, ApiError> {
    let assessments = ask!(session, list_assessments())?;
    let found = assessments
        .iter()
        .find(|assessment| assessment.code.eq_ignore_ascii_case(code));
    found.map(|assessment| assessment.id).ok_or_else(|| {
        let codes: Vec<&str> = assessments.iter().map(|a| a.code.as_str()).collect();
        ApiError::new(
            Kind::NotFound,
            "unknown-assessment",
            format!("no assessment {code:?} this year"),
        )
        .hint(format!("there are {}", codes.join(", ")))
    })
}
