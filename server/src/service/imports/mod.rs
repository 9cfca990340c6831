//! Imports: from the bytes of a file to what is stored, and back.
//!
//! `read`, `delimited` and `workbook` make lines of cells; `header` finds the columns by their `headings`; `cells`,
//! `dates` and `wishes` read single values. `students`, `staff` and `marks` make a plan of the
//! table and of what the school has; none of them writes or asks a database. `register`, `hiring`
//! and `sheets` carry a plan out, `undo` takes it back. A preview is the same plan, not carried out.

pub mod books;
mod cells;
mod dates;
mod delimited;
mod header;
mod headings;
mod hiring;
mod marks;
mod plan;
mod read;
mod refused;
mod register;
mod run;
mod sheets;
mod staff;
mod staff_rows;
mod students;
mod undo;
mod upload;
mod wishes;
mod workbook;

use hillview_shared::ApiError;
use hillview_shared::accounts::Permission;
use hillview_shared::imports::{
    ImportKind, ImportSummary, ListProblems, Piece, RefusedRows, RowProblem,
};

use crate::caller::Caller;
use crate::db::imports::{self, Job};
use crate::error::Result;
use crate::service::State;

pub use run::run;
pub use undo::undo;
pub use upload::{receive, start};

/// How many imports are listed.
const LISTED: i64 = 50;

/// Refuses who may not import files of this kind. Whoever may enter marks somewhere may bring them
/// in a file: sheet by sheet it is decided which they may write.
fn may_import(caller: &Caller, kind: ImportKind) -> Result<()> {
    match kind {
        ImportKind::Students => caller.require(Permission::ImportRun),
        ImportKind::Staff => caller.require(Permission::StaffManage),
        ImportKind::Marks => {
            caller.require_somewhere(&[Permission::MarksImport, Permission::MarksEnter])
        }
    }
}

/// The import, when it is the caller's own or they may import files of its kind.
fn mine(caller: &Caller, job: Option<Job>) -> Result<Job> {
    job.filter(|job| job.created_by == caller.user() || sees_all(caller, job.kind))
        .ok_or_else(|| ApiError::not_found("import").into())
}

/// Whether everybody's imports of a kind are the caller's to see.
fn sees_all(caller: &Caller, kind: ImportKind) -> bool {
    caller.may(match kind {
        ImportKind::Students => Permission::ImportRun,
        ImportKind::Staff => Permission::StaffManage,
        ImportKind::Marks => Permission::MarksImport,
    })
}

/// Lists the latest imports: everybody's of the kinds that the caller may import, else their own.
pub async fn list(_: &State, caller: &Caller) -> Result<Vec<ImportSummary>> {
    let kinds = ImportKind::ALL.iter().copied();
    let kinds: Vec<ImportKind> = kinds.filter(|kind| sees_all(caller, *kind)).collect();
    Ok(imports::list(caller.db(), &kinds, caller.user(), LISTED).await?)
}

/// Lists problems of an import after those that were listed already.
pub async fn problems(
    _: &State,
    caller: &Caller,
    request: ListProblems,
) -> Result<Vec<RowProblem>> {
    let db = caller.db();
    let job = mine(caller, imports::job(db.into(), request.import).await?)?;
    let problems = imports::problems(db.into(), job.id, request.after, run::PROBLEMS_MAX).await?;
    Ok(run::fitting(problems))
}

/// A piece of the refused rows as a CSV file.
pub async fn refused_rows(_: &State, caller: &Caller, request: RefusedRows) -> Result<Piece> {
    let db = caller.db();
    let job = mine(caller, imports::job(db.into(), request.import).await?)?;
    let position = i64::try_from(request.offset).unwrap_or(i64::MAX);
    let (bytes, length) = imports::refused(db, job.id, position).await?;
    Ok(Piece {
        bytes: bytes.into(),
        length: length.cast_unsigned(),
    })
}
