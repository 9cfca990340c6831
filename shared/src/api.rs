//! Every call there is: one page that lists the product.
//!
//! A method takes one request and gives its answer or an [`ApiError`]. Fields may be added with
//! `#[serde(default)]`; methods may be added anywhere: an end that does not know one says
//! `unsupported`. Before any other call a connection says [`hello`](Hillview::hello).

use serde::{Deserialize, Serialize};

use crate::accounts::{
    BeginSecondFactor, ChangePassword, ConfirmSecondFactor, DropSecondFactor, LogIn, LoggedIn,
    RecoveryCodes, SecondFactorSecret, Who,
};
use crate::assessments::{
    AddAssessment, Assessment, ListSheets, OpenSheet, SheetOpened, SheetSummary, WhichAssessment,
};
use crate::audit::{AuditChecked, AuditEntry, ListAudit, VerifyAudit};
use crate::calendar::Term;
use crate::classes::{AddClass, Class, ListClasses};
use crate::error::ApiError;
use crate::grants::{
    AccessRequest, DecideRequest, ExtendGrant, GiveGrant, Grant, ListGrants, ListRequests,
    RequestAccess, RevokeGrant,
};
use crate::ids::{ImportId, Moment, Token};
use crate::imports::{
    ImportReport, ImportSummary, ListProblems, Piece, RefusedRows, RowProblem, RunImport,
    SendChunk, StartImport, UndoImport,
};
use crate::marks::{MarkChange, MarksSaved, SaveMarks, ShowHistory};
use crate::roles::{DropRole, RoleDetail, SaveRole};
use crate::schools::{
    AddSchool, ExportSchool, ListSchools, RemoveSchool, RenameSchool, SchoolAdded, SchoolEntry,
    SchoolExported, SuspendSchool,
};
use crate::sessions::{
    AddToken, EndSession, ListSessions, RevokeToken, SessionPolicy, SessionSummary, TokenAdded,
    TokenSummary,
};
use crate::staff::{
    AddStaff, DisableStaff, EditStaff, IssuePasswords, ListStaff, OneTimePassword, Staff,
    StaffAdded, WhichStaff,
};
use crate::students::{
    AddStudent, EditStudent, ListStudents, MoveStudent, Page, Student, StudentDetail, WhichStudent,
};
use crate::subjects::{AddSubject, Paper};
use crate::teaching::{AssignMany, AssignTeaching, Assigned, EndTeaching, ListTeaching, Teaching};

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
    /// Begins to set up the caller's second factor.
    async fn begin_second_factor(request: BeginSecondFactor) -> Reply<SecondFactorSecret>;
    /// Confirms the second factor, which counts from then on.
    async fn confirm_second_factor(request: ConfirmSecondFactor) -> Reply<RecoveryCodes>;
    /// Takes the caller's second factor away.
    async fn drop_second_factor(request: DropSecondFactor) -> Reply<()>;
    /// Lists sessions.
    async fn list_sessions(request: ListSessions) -> Reply<Page<SessionSummary>>;
    /// Ends a session.
    async fn end_session(request: EndSession) -> Reply<()>;
    /// Shows how long sessions last.
    async fn show_session_policy() -> Reply<SessionPolicy>;
    /// Changes how long sessions last.
    async fn save_session_policy(request: SessionPolicy) -> Reply<SessionPolicy>;
    /// Lists the tokens of scripts.
    async fn list_tokens() -> Reply<Vec<TokenSummary>>;
    /// Makes a token for a script.
    async fn add_token(request: AddToken) -> Reply<TokenAdded>;
    /// Revokes the token of a script.
    async fn revoke_token(request: RevokeToken) -> Reply<()>;

    /// Lists the roles of the school.
    async fn list_roles() -> Reply<Vec<RoleDetail>>;
    /// Adds a role or changes what it may do.
    async fn save_role(request: SaveRole) -> Reply<RoleDetail>;
    /// Drops a role that nobody has.
    async fn drop_role(request: DropRole) -> Reply<()>;
    /// Lists grants.
    async fn list_grants(request: ListGrants) -> Reply<Page<Grant>>;
    /// Gives a permission on a part of the school.
    async fn give_grant(request: GiveGrant) -> Reply<Grant>;
    /// Gives a grant more time.
    async fn extend_grant(request: ExtendGrant) -> Reply<Grant>;
    /// Takes a grant back.
    async fn revoke_grant(request: RevokeGrant) -> Reply<Grant>;
    /// Lists requests for permissions.
    async fn list_requests(request: ListRequests) -> Reply<Page<AccessRequest>>;
    /// Asks for a permission.
    async fn request_access(request: RequestAccess) -> Reply<AccessRequest>;
    /// Decides a request.
    async fn decide_request(request: DecideRequest) -> Reply<AccessRequest>;

    /// Lists the audit log.
    async fn list_audit(request: ListAudit) -> Reply<Page<AuditEntry>>;
    /// Checks a piece of the audit log and of the histories of marks.
    async fn verify_audit(request: VerifyAudit) -> Reply<AuditChecked>;

    /// Lists the schools of the installation.
    async fn list_schools(request: ListSchools) -> Reply<Page<SchoolEntry>>;
    /// Makes a school.
    async fn add_school(request: AddSchool) -> Reply<SchoolAdded>;
    /// Suspends a school or opens it again.
    async fn suspend_school(request: SuspendSchool) -> Reply<SchoolEntry>;
    /// Gives a school another name.
    async fn rename_school(request: RenameSchool) -> Reply<SchoolEntry>;
    /// Writes all that a school has into a file beside the server's data.
    async fn export_school(request: ExportSchool) -> Reply<SchoolExported>;
    /// Removes a suspended school for good.
    async fn remove_school(request: RemoveSchool) -> Reply<()>;

    /// Lists the terms, the latest first.
    async fn list_terms() -> Reply<Vec<Term>>;
    /// Lists the classes of the current year that the caller may see.
    async fn list_classes(request: ListClasses) -> Reply<Page<Class>>;
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
    async fn list_staff(request: ListStaff) -> Reply<Page<Staff>>;
    /// Adds a member of staff.
    async fn add_staff(request: AddStaff) -> Reply<StaffAdded>;
    /// Changes a member of staff.
    async fn edit_staff(request: EditStaff) -> Reply<Staff>;
    /// Disables a member of staff or lets them in again.
    async fn disable_staff(request: DisableStaff) -> Reply<Staff>;
    /// Gives a member of staff a new one-time password.
    async fn reset_password(request: WhichStaff) -> Reply<OneTimePassword>;
    /// Takes a member of staff's second factor away, when they have lost it.
    async fn reset_second_factor(request: WhichStaff) -> Reply<()>;
    /// Gives one-time passwords to logins that never had a password.
    async fn issue_passwords(request: IssuePasswords) -> Reply<Vec<OneTimePassword>>;
    /// Lists who teaches what.
    async fn list_teaching(request: ListTeaching) -> Reply<Page<Teaching>>;
    /// Assigns a member of staff to a class.
    async fn assign_teaching(request: AssignTeaching) -> Reply<Teaching>;
    /// Assigns many at once, or says what would happen.
    async fn assign_many(request: AssignMany) -> Reply<Assigned>;
    /// Ends an assignment.
    async fn end_teaching(request: EndTeaching) -> Reply<Teaching>;

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

/// What a server has that says nothing about dictionaries.
fn first_dictionary() -> u32 {
    1
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
    /// The dictionary that the client may pack with from now on: the newest that both have.
    #[serde(default = "first_dictionary")]
    pub dictionary: u32,
    /// Whose session was resumed; `None` without a token or when the session has ended.
    #[serde(default)]
    pub who: Option<Who>,
}
