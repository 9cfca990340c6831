//! Every call there is: one page that lists the product.
//!
//! A method takes one request and gives its answer or an [`ApiError`]. Fields may be added with
//! `#[serde(default)]`; methods may be added anywhere: an end that does not know one says
//! `unsupported`. Before any other call a connection says [`hello`](Hillview::hello).

use serde::{Deserialize, Serialize};

use crate::accounts::{ChangePassword, LogIn, LoggedIn, Who};
use crate::assessments::{
    AddAssessment, Assessment, ListSheets, OpenSheet, SheetOpened, SheetSummary, WhichAssessment,
};
use crate::calendar::Term;
use crate::classes::{AddClass, Class};
use crate::error::ApiError;
use crate::ids::{ImportId, Moment, Token};
use crate::imports::{
    ImportReport, ImportSummary, ListProblems, Piece, RefusedRows, RowProblem, RunImport,
    SendChunk, StartImport, UndoImport,
};
use crate::marks::{MarkChange, MarksSaved, SaveMarks, ShowHistory};
use crate::staff::{AddStaff, Staff, StaffAdded};
use crate::students::{
    AddStudent, EditStudent, ListStudents, MoveStudent, Page, Student, StudentDetail, WhichStudent,
};
use crate::subjects::{AddSubject, Paper};
use crate::teaching::{AssignTeaching, Teaching};

/// The protocol's number. It grows only when two ends can no longer understand each other.
pub const PROTOCOL: u32 = 1;

/// An answer, or what a person may be told about why there is none.
pub type Reply<T> = Result<T, ApiError>;

/// The calls.
#[tarpc::service(derive = [Clone, PartialEq, Eq, Serialize, Deserialize])]
pub trait Hillview {
    /// Opens the connection; with a token it resumes a session.
    async fn hello(request: Hello) -> Reply<Welcome>;
    /// Answers at once: a sign of life.
    async fn ping() -> Reply<Moment>;

    /// Starts a session on this connection.
    async fn log_in(request: LogIn) -> Reply<LoggedIn>;
    /// Ends the session everywhere.
    async fn log_out() -> Reply<()>;
    /// Says whose session this is.
    async fn who_am_i() -> Reply<Who>;
    /// Changes the caller's password.
    async fn change_password(request: ChangePassword) -> Reply<LoggedIn>;

    /// Lists the terms, the latest first.
    async fn list_terms() -> Reply<Vec<Term>>;
    /// Lists the classes of the current year that the caller may see.
    async fn list_classes() -> Reply<Vec<Class>>;
    /// Adds a class.
    async fn add_class(request: AddClass) -> Reply<Class>;
    /// Lists the papers of every grade.
    async fn list_papers() -> Reply<Vec<Paper>>;
    /// Adds a subject.
    async fn add_subject(request: AddSubject) -> Reply<Vec<Paper>>;

    /// Lists or searches students.
    async fn list_students(request: ListStudents) -> Reply<Page<Student>>;
    /// Shows one student.
    async fn show_student(request: WhichStudent) -> Reply<StudentDetail>;
    /// Adds a student.
    async fn add_student(request: AddStudent) -> Reply<Student>;
    /// Changes a student.
    async fn edit_student(request: EditStudent) -> Reply<Student>;
    /// Moves a student to another class.
    async fn move_student(request: MoveStudent) -> Reply<Student>;

    /// Lists staff.
    async fn list_staff() -> Reply<Vec<Staff>>;
    /// Adds a member of staff.
    async fn add_staff(request: AddStaff) -> Reply<StaffAdded>;
    /// Lists who teaches what.
    async fn list_teaching() -> Reply<Vec<Teaching>>;
    /// Assigns a member of staff to a class.
    async fn assign_teaching(request: AssignTeaching) -> Reply<Teaching>;

    /// Lists assessments of the current year.
    async fn list_assessments() -> Reply<Vec<Assessment>>;
    /// Adds an assessment in draft.
    async fn add_assessment(request: AddAssessment) -> Reply<Assessment>;
    /// Opens an assessment and makes its sheets.
    async fn open_assessment(request: WhichAssessment) -> Reply<Assessment>;
    /// Locks an assessment.
    async fn lock_assessment(request: WhichAssessment) -> Reply<Assessment>;

    /// Lists sheets with their progress.
    async fn list_sheets(request: ListSheets) -> Reply<Page<SheetSummary>>;
    /// Opens a sheet.
    async fn open_sheet(request: OpenSheet) -> Reply<SheetOpened>;
    /// Saves marks of a sheet.
    async fn save_marks(request: SaveMarks) -> Reply<MarksSaved>;
    /// Shows the history of marks, oldest first, at most 200 changes.
    async fn show_history(request: ShowHistory) -> Reply<Vec<MarkChange>>;

    /// Announces a file to import.
    async fn start_import(request: StartImport) -> Reply<ImportId>;
    /// Sends a piece of it.
    async fn send_chunk(request: SendChunk) -> Reply<()>;
    /// Previews or applies it.
    async fn run_import(request: RunImport) -> Reply<ImportReport>;
    /// Lists further problems of an import.
    async fn list_problems(request: ListProblems) -> Reply<Vec<RowProblem>>;
    /// Fetches the refused rows as a file.
    async fn refused_rows(request: RefusedRows) -> Reply<Piece>;
    /// Lists the latest imports.
    async fn list_imports() -> Reply<Vec<ImportSummary>>;
    /// Takes an import back.
    async fn undo_import(request: UndoImport) -> Reply<ImportSummary>;
}

/// The first call on every connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The client's [`PROTOCOL`].
    pub protocol: u32,
    /// The client's name and version, such as `tui 0.1.0`; the part before the space is the
    /// source that a mark's history names.
    pub client: String,
    /// The identifiers of the dictionaries that the client has.
    #[serde(default)]
    pub dictionaries: Vec<u32>,
    /// The session to resume: the school's code and the token.
    #[serde(default)]
    pub resume: Option<Resume>,
}

/// A session to resume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// The school's code.
    pub school: String,
    /// The session's secret.
    pub token: Token,
}

/// The answer to [`Hello`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The server's [`PROTOCOL`].
    pub protocol: u32,
    /// The server's version.
    pub server: String,
    /// The server's clock.
    pub time: Moment,
    /// Whose session was resumed; `None` without a token or when the session has ended.
    #[serde(default)]
    pub who: Option<Who>,
}
