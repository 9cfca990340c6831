//! Subjects and the papers that marks are entered for.

use hillview_shared::ApiError;
use hillview_shared::ids::{GradeId, SubjectId};
use hillview_shared::marks::Score;
use hillview_shared::subjects::{AddSubject, NewPaper, OfferingMode, Paper};

use crate::caller::Caller;
use crate::db::subjects::{self, NewOffering, NewSubject};
use crate::db::{Tx, classes};
use crate::error::{Error, Result};
use crate::service::State;
use crate::service::{fields, reference, spelling};

/// The longest further names of a subject together, in characters.
const ALIASES_MAX: usize = 500;
/// The most papers of a subject in a grade.
const PAPERS_MAX: usize = 8;

/// Lists the papers of every grade.
pub async fn list(state: &State, caller: &Caller) -> Result<Vec<Paper>> {
    if !caller.works_here() {
        return Ok(Vec::new());
    }
    let papers = reference::papers(state, caller.tenant()).await?;
    Ok(papers.to_vec())
}

/// Adds a subject to grades, or gives a subject that is there other papers in them.
pub async fn add(state: &State, caller: &Caller, request: AddSubject) -> Result<Vec<Paper>> {
    let db = caller.db();
    let code = fields::code(&request.code)?;
    let name = fields::name("name", &request.name, 60)?;
    for alias in &request.aliases {
        fields::name("alias", alias, 60)?;
    }
    let papers = checked(&request.papers)?;
    let known = classes::grades(db).await?;
    let grades = spelling::find_grades(&known, &request.grades)?;
    if grades.is_empty() {
        let message = "a subject is taught in at least one grade";
        return Err(ApiError::invalid("no-grade", message).into());
    }
    let aliases = spelling::alias_text(&request.aliases);
    fields::optional("list of aliases", &aliases, ALIASES_MAX)?;
    let now = state.clock.now();
    let added = db
        .write(async |tx| {
            let subject = match subjects::coded(tx, &code).await? {
                Some((id, known)) if known == name => SubjectId(id),
                Some((_, known)) => {
                    let message = format!("the code {code} belongs to {known}");
                    return Err(ApiError::conflict("code-taken", message).into());
                }
                None => {
                    let short_name: String = name.chars().take(20).collect();
                    let (short_name, aliases) = (short_name.as_str(), aliases.as_str());
                    let new = NewSubject {
                        code: &code,
                        name: &name,
                        short_name,
                        aliases,
                    };
                    subjects::add(tx, &new, Some(caller.user()), now).await?
                }
            };
            for grade in &grades {
                put_papers(tx, *grade, subject, &papers).await?;
            }
            let mut all = subjects::papers(tx.into()).await?;
            all.retain(|paper| paper.subject_id == subject && grades.contains(&paper.grade_id));
            Ok(all)
        })
        .await;
    added.map_err(|error| {
        let message = format!("there is a subject {name} under another code");
        error.on_unique(
            "subject_name_unique",
            ApiError::conflict("name-taken", message),
        )
    })
}

async fn put_papers(
    tx: &mut Tx,
    grade: GradeId,
    subject: SubjectId,
    papers: &[NewPaper],
) -> Result<()> {
    let offering = match subjects::offering(tx, grade, subject).await? {
        Some(offering) => {
            subjects::clear_papers(tx, offering)
                .await
                .map_err(|failure| {
                    let message =
                        "the subject has mark sheets already, so its papers stay as they are";
                    Error::from(failure)
                        .on_foreign_key(ApiError::conflict("papers-in-use", message))
                })?;
            offering
        }
        None => {
            let mode = OfferingMode::Core;
            let new = NewOffering {
                grade,
                subject,
                mode,
                group: None,
                by_default: true,
            };
            subjects::offer(tx, &new).await?
        }
    };
    for (ordinal, paper) in (1..).zip(papers) {
        let new = subjects::NewPaper {
            code: &paper.code,
            name: &paper.name,
            ordinal,
            weight: paper.weight,
            out_of: paper.out_of,
        };
        subjects::add_paper(tx, offering, &new).await?;
    }
    Ok(())
}

/// The papers as they are stored: one without code and name when none are asked for.
fn checked(papers: &[NewPaper]) -> Result<Vec<NewPaper>> {
    if papers.is_empty() {
        return Ok(vec![NewPaper::only()]);
    }
    if papers.len() > PAPERS_MAX {
        let message = format!("a subject has at most {PAPERS_MAX} papers in a grade");
        return Err(ApiError::invalid("too-many-papers", message).into());
    }
    let mut stored: Vec<NewPaper> = Vec::new();
    for paper in papers {
        let code = fields::code(&paper.code)?;
        let name = fields::name("paper's name", &paper.name, 60)?;
        if !(1..=Score::MAX.0).contains(&paper.out_of.0) || !(1..=100_000).contains(&paper.weight) {
            let message = format!("paper {code}: out-of and weight lie between 0.01 and 1,000");
            return Err(ApiError::invalid("out-of-range", message).into());
        }
        if stored.iter().any(|other| other.code == code) {
            let message = format!("two papers have the code {code}");
            return Err(ApiError::invalid("code-twice", message).into());
        }
        stored.push(NewPaper {
            code,
            name,
            ..paper.clone()
        });
    }
    Ok(stored)
}
