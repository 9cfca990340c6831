//! The list of calls and what each does: one line a call. Who may is in [`crate::rules`], which
//! the gate has applied before a call comes here; what happens is in [`crate::service`].
//!
//! What is long to work on and rare is boxed: every call would make room for it.

use std::sync::Arc;

use hillview_shared::accounts::{
    BeginSecondFactor, ChangePassword, ConfirmSecondFactor, DropSecondFactor, LogIn, LoggedIn,
    RecoveryCodes, SecondFactorSecret, Who,
};
use hillview_shared::api::{Hello, Hillview, Reply, Welcome};
use hillview_shared::assessments::{
    AddAssessment, Assessment, ListSheets, OpenSheet, SheetOpened, SheetSummary, WhichAssessment,
};
use hillview_shared::audit::{AuditChecked, AuditEntry, ListAudit, VerifyAudit};
use hillview_shared::calendar::Term;
use hillview_shared::classes::{AddClass, Class, ListClasses};
use hillview_shared::grants::{
    AccessRequest, DecideRequest, ExtendGrant, GiveGrant, Grant, ListGrants, ListRequests,
    RequestAccess, RevokeGrant,
};
use hillview_shared::ids::{ImportId, Moment};
use hillview_shared::imports::{
    ImportReport, ImportSummary, ListProblems, Piece, RefusedRows, RowProblem, RunImport,
    SendChunk, StartImport, UndoImport,
};
use hillview_shared::marks::{MarkChange, MarksSaved, SaveMarks, ShowHistory};
use hillview_shared::roles::{DropRole, RoleDetail, SaveRole};
use hillview_shared::schools::{
    AddSchool, ExportSchool, ListSchools, RemoveSchool, RenameSchool, SchoolAdded, SchoolEntry,
    SchoolExported, SuspendSchool,
};
use hillview_shared::sessions::{
    AddToken, EndSession, ListSessions, RevokeToken, SessionPolicy, SessionSummary, TokenAdded,
    TokenSummary,
};
use hillview_shared::staff::{
    AddStaff, DisableStaff, EditStaff, IssuePasswords, ListStaff, OneTimePassword, Staff,
    StaffAdded, WhichStaff,
};
use hillview_shared::students::{
    AddStudent, EditStudent, ListStudents, MoveStudent, Page, Student, StudentDetail, WhichStudent,
};
use hillview_shared::subjects::{AddSubject, Paper};
use hillview_shared::teaching::{
    AssignMany, AssignTeaching, Assigned, EndTeaching, ListTeaching, Teaching,
};
use tarpc::context::Context;

use crate::caller::Caller;
use crate::gate::Connection;
use crate::greeting;
use crate::service::{
    State, accounts, assessments, audit, calendar, classes, grants, imports, marks, requests,
    roles, schools, staff, students, subjects, teaching,
};

/// Answers one call of one connection.
pub struct Api {
    connection: Arc<Connection>,
    caller: Option<Caller>,
}

impl Api {
    /// For a call that the gate has admitted.
    pub fn new(connection: Arc<Connection>, caller: Option<Caller>) -> Self {
        Self { connection, caller }
    }

    fn state(&self) -> &State {
        &self.connection.state
    }

    /// Whose call it is.
    fn caller(&self) -> &Caller {
        self.caller
            .as_ref()
            .expect("the gate admits calls with a rule beyond hello only with a session")
    }

    /// The caller as a platform administrator.
    fn actor(&self) -> schools::Actor<'_> {
        schools::Actor::Person(self.caller())
    }
}

impl Hillview for Api {
    async fn hello(self, _: Context, request: Hello) -> Reply<Welcome> {
        Ok(greeting::hello(&self.connection, request).await?)
    }

    async fn ping(self, _: Context) -> Reply<Moment> {
        Ok(self.state().clock.now())
    }

    async fn log_in(self, _: Context, request: LogIn) -> Reply<LoggedIn> {
        Ok(greeting::log_in(&self.connection, request).await?)
    }

    async fn log_out(self, _: Context) -> Reply<()> {
        Ok(greeting::log_out(&self.connection, self.caller()).await?)
    }

    async fn who_am_i(self, _: Context) -> Reply<Who> {
        Ok(accounts::who_am_i(self.state(), self.caller()).await?)
    }

    async fn change_password(self, _: Context, request: ChangePassword) -> Reply<LoggedIn> {
        let done = Box::pin(greeting::change_password(
            &self.connection,
            self.caller(),
            request,
        ));
        Ok(done.await?)
    }

    async fn list_terms(self, _: Context) -> Reply<Vec<Term>> {
        Ok(calendar::list(self.state(), self.caller()).await?)
    }

    async fn list_classes(self, _: Context, request: ListClasses) -> Reply<Page<Class>> {
        Ok(classes::list(self.state(), self.caller(), request).await?)
    }

    async fn add_class(self, _: Context, request: AddClass) -> Reply<Class> {
        Ok(classes::add(self.state(), self.caller(), request).await?)
    }

    async fn list_papers(self, _: Context) -> Reply<Vec<Paper>> {
        Ok(subjects::list(self.state(), self.caller()).await?)
    }

    async fn add_subject(self, _: Context, request: AddSubject) -> Reply<Vec<Paper>> {
        Ok(subjects::add(self.state(), self.caller(), request).await?)
    }

    async fn list_students(self, _: Context, request: ListStudents) -> Reply<Page<Student>> {
        Ok(students::list(self.state(), self.caller(), request).await?)
    }

    async fn show_student(self, _: Context, request: WhichStudent) -> Reply<StudentDetail> {
        Ok(students::show(self.state(), self.caller(), request).await?)
    }

    async fn add_student(self, _: Context, request: AddStudent) -> Reply<Student> {
        Ok(students::add(self.state(), self.caller(), request).await?)
    }

    async fn edit_student(self, _: Context, request: EditStudent) -> Reply<Student> {
        Ok(students::edit(self.state(), self.caller(), request).await?)
    }

    async fn move_student(self, _: Context, request: MoveStudent) -> Reply<Student> {
        Ok(students::move_to(self.state(), self.caller(), request).await?)
    }

    async fn list_staff(self, _: Context, request: ListStaff) -> Reply<Page<Staff>> {
        Ok(staff::list(self.state(), self.caller(), request).await?)
    }

    async fn add_staff(self, _: Context, request: AddStaff) -> Reply<StaffAdded> {
        Ok(staff::add(self.state(), self.caller(), request).await?)
    }

    async fn list_teaching(self, _: Context, request: ListTeaching) -> Reply<Page<Teaching>> {
        Ok(teaching::list(self.state(), self.caller(), request).await?)
    }

    async fn assign_teaching(self, _: Context, request: AssignTeaching) -> Reply<Teaching> {
        Ok(teaching::assign(self.state(), self.caller(), request).await?)
    }

    async fn list_assessments(self, _: Context) -> Reply<Vec<Assessment>> {
        Ok(assessments::list(self.state(), self.caller()).await?)
    }

    async fn add_assessment(self, _: Context, request: AddAssessment) -> Reply<Assessment> {
        Ok(assessments::add(self.state(), self.caller(), request).await?)
    }

    async fn open_assessment(self, _: Context, request: WhichAssessment) -> Reply<Assessment> {
        Ok(assessments::open(self.state(), self.caller(), request).await?)
    }

    async fn lock_assessment(self, _: Context, request: WhichAssessment) -> Reply<Assessment> {
        Ok(assessments::lock(self.state(), self.caller(), request).await?)
    }

    async fn list_sheets(self, _: Context, request: ListSheets) -> Reply<Page<SheetSummary>> {
        Ok(assessments::list_sheets(self.state(), self.caller(), request).await?)
    }

    async fn open_sheet(self, _: Context, request: OpenSheet) -> Reply<SheetOpened> {
        Ok(assessments::open_sheet(self.state(), self.caller(), request).await?)
    }

    async fn save_marks(self, _: Context, request: SaveMarks) -> Reply<MarksSaved> {
        Ok(marks::save(self.state(), self.caller(), request).await?)
    }

    async fn show_history(self, _: Context, request: ShowHistory) -> Reply<Vec<MarkChange>> {
        Ok(marks::history(self.state(), self.caller(), request).await?)
    }

    async fn start_import(self, _: Context, request: StartImport) -> Reply<ImportId> {
        Ok(imports::start(self.state(), self.caller(), request).await?)
    }

    async fn send_chunk(self, _: Context, request: SendChunk) -> Reply<()> {
        Ok(imports::receive(self.state(), self.caller(), request).await?)
    }

    async fn run_import(self, _: Context, request: RunImport) -> Reply<ImportReport> {
        let done = Box::pin(imports::run(self.state(), self.caller(), request));
        Ok(done.await?)
    }

    async fn list_problems(self, _: Context, request: ListProblems) -> Reply<Vec<RowProblem>> {
        Ok(imports::problems(self.state(), self.caller(), request).await?)
    }

    async fn refused_rows(self, _: Context, request: RefusedRows) -> Reply<Piece> {
        Ok(imports::refused_rows(self.state(), self.caller(), request).await?)
    }

    async fn list_imports(self, _: Context) -> Reply<Vec<ImportSummary>> {
        Ok(imports::list(self.state(), self.caller()).await?)
    }

    async fn undo_import(self, _: Context, request: UndoImport) -> Reply<ImportSummary> {
        Ok(imports::undo(self.state(), self.caller(), request).await?)
    }

    async fn begin_second_factor(
        self,
        _: Context,
        request: BeginSecondFactor,
    ) -> Reply<SecondFactorSecret> {
        let done = Box::pin(accounts::begin_second_factor(
            self.state(),
            self.caller(),
            request,
        ));
        Ok(done.await?)
    }

    async fn confirm_second_factor(
        self,
        _: Context,
        request: ConfirmSecondFactor,
    ) -> Reply<RecoveryCodes> {
        Ok(accounts::confirm_second_factor(self.state(), self.caller(), request).await?)
    }

    async fn drop_second_factor(self, _: Context, request: DropSecondFactor) -> Reply<()> {
        let done = Box::pin(accounts::drop_second_factor(
            self.state(),
            self.caller(),
            request,
        ));
        Ok(done.await?)
    }

    async fn list_sessions(self, _: Context, request: ListSessions) -> Reply<Page<SessionSummary>> {
        Ok(accounts::listing::list(self.state(), self.caller(), request).await?)
    }

    async fn end_session(self, _: Context, request: EndSession) -> Reply<()> {
        Ok(accounts::listing::end(self.state(), self.caller(), request).await?)
    }

    async fn show_session_policy(self, _: Context) -> Reply<SessionPolicy> {
        Ok(accounts::policy::show(self.state(), self.caller()).await?)
    }

    async fn save_session_policy(self, _: Context, request: SessionPolicy) -> Reply<SessionPolicy> {
        Ok(accounts::policy::save(self.state(), self.caller(), request).await?)
    }

    async fn list_tokens(self, _: Context) -> Reply<Vec<TokenSummary>> {
        Ok(accounts::tokens::list(self.state(), self.caller()).await?)
    }

    async fn add_token(self, _: Context, request: AddToken) -> Reply<TokenAdded> {
        Ok(accounts::tokens::add(self.state(), self.caller(), request).await?)
    }

    async fn revoke_token(self, _: Context, request: RevokeToken) -> Reply<()> {
        Ok(accounts::tokens::revoke(self.state(), self.caller(), request).await?)
    }

    async fn list_roles(self, _: Context) -> Reply<Vec<RoleDetail>> {
        Ok(roles::list(self.state(), self.caller()).await?)
    }

    async fn save_role(self, _: Context, request: SaveRole) -> Reply<RoleDetail> {
        Ok(roles::save(self.state(), self.caller(), request).await?)
    }

    async fn drop_role(self, _: Context, request: DropRole) -> Reply<()> {
        Ok(roles::drop(self.state(), self.caller(), request).await?)
    }

    async fn list_grants(self, _: Context, request: ListGrants) -> Reply<Page<Grant>> {
        Ok(grants::list(self.state(), self.caller(), request).await?)
    }

    async fn give_grant(self, _: Context, request: GiveGrant) -> Reply<Grant> {
        Ok(grants::give(self.state(), self.caller(), request).await?)
    }

    async fn extend_grant(self, _: Context, request: ExtendGrant) -> Reply<Grant> {
        Ok(grants::extend(self.state(), self.caller(), request).await?)
    }

    async fn revoke_grant(self, _: Context, request: RevokeGrant) -> Reply<Grant> {
        Ok(grants::revoke(self.state(), self.caller(), request).await?)
    }

    async fn list_requests(self, _: Context, request: ListRequests) -> Reply<Page<AccessRequest>> {
        Ok(requests::list(self.state(), self.caller(), request).await?)
    }

    async fn request_access(self, _: Context, request: RequestAccess) -> Reply<AccessRequest> {
        Ok(requests::make(self.state(), self.caller(), request).await?)
    }

    async fn decide_request(self, _: Context, request: DecideRequest) -> Reply<AccessRequest> {
        Ok(requests::decide(self.state(), self.caller(), request).await?)
    }

    async fn list_audit(self, _: Context, request: ListAudit) -> Reply<Page<AuditEntry>> {
        Ok(audit::list(self.state(), self.caller(), request).await?)
    }

    async fn verify_audit(self, _: Context, request: VerifyAudit) -> Reply<AuditChecked> {
        Ok(audit::verify(self.state(), self.caller(), request).await?)
    }

    async fn list_schools(self, _: Context, request: ListSchools) -> Reply<Page<SchoolEntry>> {
        Ok(schools::list(self.state(), request).await?)
    }

    async fn add_school(self, _: Context, request: AddSchool) -> Reply<SchoolAdded> {
        Ok(schools::add(self.state(), self.actor(), &request).await?)
    }

    async fn suspend_school(self, _: Context, request: SuspendSchool) -> Reply<SchoolEntry> {
        Ok(schools::suspend(self.state(), self.actor(), &request).await?)
    }

    async fn rename_school(self, _: Context, request: RenameSchool) -> Reply<SchoolEntry> {
        Ok(schools::rename(self.state(), self.actor(), &request).await?)
    }

    async fn export_school(self, _: Context, request: ExportSchool) -> Reply<SchoolExported> {
        Ok(schools::export(self.state(), self.actor(), &request).await?)
    }

    async fn remove_school(self, _: Context, request: RemoveSchool) -> Reply<()> {
        Ok(schools::remove(self.state(), self.actor(), &request).await?)
    }

    async fn edit_staff(self, _: Context, request: EditStaff) -> Reply<Staff> {
        Ok(staff::edit(self.state(), self.caller(), request).await?)
    }

    async fn disable_staff(self, _: Context, request: DisableStaff) -> Reply<Staff> {
        Ok(staff::disable(self.state(), self.caller(), request).await?)
    }

    async fn reset_password(self, _: Context, request: WhichStaff) -> Reply<OneTimePassword> {
        Ok(staff::reset(self.state(), self.caller(), request).await?)
    }

    async fn reset_second_factor(self, _: Context, request: WhichStaff) -> Reply<()> {
        Ok(accounts::reset_second_factor(self.state(), self.caller(), request).await?)
    }

    async fn issue_passwords(
        self,
        _: Context,
        request: IssuePasswords,
    ) -> Reply<Vec<OneTimePassword>> {
        Ok(staff::issue(self.state(), self.caller(), request).await?)
    }

    async fn assign_many(self, _: Context, request: AssignMany) -> Reply<Assigned> {
        Ok(teaching::assign_many(self.state(), self.caller(), request).await?)
    }

    async fn end_teaching(self, _: Context, request: EndTeaching) -> Reply<Teaching> {
        Ok(teaching::end(self.state(), self.caller(), request).await?)
    }
}
