//! Who may make which call: one rule a call, and no call without one, because the table becomes a
//! match that names them all.
//!
//! A rule says what a login needs on the school or somewhere in it. To which classes and sheets it
//! reaches then is the services' to narrow, by asking the [`crate::caller::Caller`].

use hillview_shared::accounts::Permission;
use hillview_shared::api::HillviewRequest;

/// What a call asks of who makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The first call of a connection, and only that.
    First,
    /// Anyone who has said hello.
    Greeted,
    /// Anyone logged in, also while the password must be changed.
    Own,
    /// Anyone logged in.
    LoggedIn,
    /// Any one of these permissions on the school.
    Needs(&'static [Permission]),
    /// Any one of these permissions on the school or on any part of it.
    Somewhere(&'static [Permission]),
}

/// Makes the function from the table below.
macro_rules! rules {
    ($($rule:ident $(($($permission:ident),+))?: $($call:ident),+;)+) => {
        /// The rule of a call.
        pub fn rule(request: &HillviewRequest) -> Rule {
            match request {
                $($(HillviewRequest::$call { .. })|+ => {
                    Rule::$rule $((&[$(Permission::$permission),+]))?
                })+
            }
        }
    };
}

rules! {
    First: Hello;
    Greeted: Ping, LogIn;
    Own: LogOut, WhoAmI, ChangePassword, BeginSecondFactor, ConfirmSecondFactor;

    LoggedIn: DropSecondFactor, ListSessions, EndSession, ShowSessionPolicy;
    Needs(ConfigWrite): SaveSessionPolicy;
    Needs(TokensManage): ListTokens, AddToken, RevokeToken;

    Needs(StaffRead, StaffManage, RolesManage): ListRoles;
    Needs(RolesManage): SaveRole, DropRole;
    Needs(GrantsManage): GiveGrant, ExtendGrant, RevokeGrant;
    LoggedIn: ListGrants, ListRequests, RequestAccess, DecideRequest;

    Needs(AuditRead): ListAudit, VerifyAudit;

    Needs(SchoolsManage): ListSchools, AddSchool, SuspendSchool, RenameSchool;
    Needs(SchoolsManage): ExportSchool, RemoveSchool;

    LoggedIn: ListTerms, ListClasses, ListPapers;
    Needs(ClassesWrite): AddClass;
    Needs(SubjectsWrite): AddSubject;

    LoggedIn: ListStudents, ShowStudent;
    Somewhere(StudentsWrite): AddStudent, EditStudent, MoveStudent;

    Needs(StaffRead, StaffManage): ListStaff;
    Needs(StaffManage): AddStaff, EditStaff, DisableStaff;
    Needs(StaffManage): ResetPassword, ResetSecondFactor, IssuePasswords;
    LoggedIn: ListTeaching;
    Needs(TeachingAssign): AssignTeaching, AssignMany, EndTeaching;

    LoggedIn: ListAssessments;
    Needs(AssessmentsWrite): AddAssessment, OpenAssessment, LockAssessment;

    LoggedIn: ListSheets, OpenSheet, SaveMarks, ShowHistory;

    // What a file holds decides: students need a permission, marks the reach of a teacher.
    LoggedIn: StartImport, SendChunk, RunImport, ListProblems, RefusedRows, ListImports, UndoImport;
}
