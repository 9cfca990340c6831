//! Who may make which call: one rule a call, and no call without one, because the match names
//! them all.
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

/// The rule of a call.
pub fn rule(request: &HillviewRequest) -> Rule {
    use HillviewRequest as Call;
    use Permission as P;
    match request {
        Call::Hello { .. } => Rule::First,
        Call::Ping { .. } | Call::LogIn { .. } => Rule::Greeted,
        Call::LogOut { .. }
        | Call::WhoAmI { .. }
        | Call::ChangePassword { .. }
        | Call::BeginSecondFactor { .. }
        | Call::ConfirmSecondFactor { .. } => Rule::Own,
        Call::DropSecondFactor { .. }
        | Call::ListSessions { .. }
        | Call::EndSession { .. }
        | Call::ShowSessionPolicy { .. } => Rule::LoggedIn,
        Call::SaveSessionPolicy { .. } => Rule::Needs(&[P::ConfigWrite]),
        Call::ListTokens { .. } | Call::AddToken { .. } | Call::RevokeToken { .. } => {
            Rule::Needs(&[P::TokensManage])
        }

        Call::ListRoles { .. } => Rule::Needs(&[P::StaffRead, P::StaffManage, P::RolesManage]),
        Call::SaveRole { .. } | Call::DropRole { .. } => Rule::Needs(&[P::RolesManage]),
        Call::GiveGrant { .. } | Call::ExtendGrant { .. } | Call::RevokeGrant { .. } => {
            Rule::Needs(&[P::GrantsManage])
        }
        Call::ListGrants { .. }
        | Call::ListRequests { .. }
        | Call::RequestAccess { .. }
        | Call::DecideRequest { .. } => Rule::LoggedIn,

        Call::ListAudit { .. } | Call::VerifyAudit { .. } => Rule::Needs(&[P::AuditRead]),

        Call::ListSchools { .. }
        | Call::AddSchool { .. }
        | Call::SuspendSchool { .. }
        | Call::RenameSchool { .. }
        | Call::ExportSchool { .. }
        | Call::RemoveSchool { .. } => Rule::Needs(&[P::SchoolsManage]),

        Call::ListTerms { .. } | Call::ListClasses { .. } | Call::ListPapers { .. } => {
            Rule::LoggedIn
        }
        Call::AddClass { .. } => Rule::Needs(&[P::ClassesWrite]),
        Call::AddSubject { .. } => Rule::Needs(&[P::SubjectsWrite]),

        Call::ListStudents { .. } | Call::ShowStudent { .. } => Rule::LoggedIn,
        Call::AddStudent { .. } | Call::EditStudent { .. } | Call::MoveStudent { .. } => {
            Rule::Somewhere(&[P::StudentsWrite])
        }

        Call::ListStaff { .. } => Rule::Needs(&[P::StaffRead, P::StaffManage]),
        Call::ListTeaching { .. } => Rule::LoggedIn,
        Call::AddStaff { .. }
        | Call::EditStaff { .. }
        | Call::DisableStaff { .. }
        | Call::ResetPassword { .. }
        | Call::ResetSecondFactor { .. }
        | Call::IssuePasswords { .. } => Rule::Needs(&[P::StaffManage]),
        Call::AssignTeaching { .. } | Call::AssignMany { .. } | Call::EndTeaching { .. } => {
            Rule::Needs(&[P::TeachingAssign])
        }

        Call::ListAssessments { .. } => Rule::LoggedIn,
        Call::AddAssessment { .. } | Call::OpenAssessment { .. } | Call::LockAssessment { .. } => {
            Rule::Needs(&[P::AssessmentsWrite])
        }

        Call::ListSheets { .. }
        | Call::OpenSheet { .. }
        | Call::SaveMarks { .. }
        | Call::ShowHistory { .. } => Rule::LoggedIn,

        // What a file holds decides: students need a permission, marks the reach of a teacher.
        Call::StartImport { .. }
        | Call::SendChunk { .. }
        | Call::RunImport { .. }
        | Call::ListProblems { .. }
        | Call::RefusedRows { .. }
        | Call::ListImports { .. }
        | Call::UndoImport { .. } => Rule::LoggedIn,
    }
}
