//! Who may make which call: one rule a call, and no call without one, because the match names
//! them all.
//!
//! A rule says what a login needs on the whole school. Which classes and sheets a teacher reaches
//! is the services' to narrow.

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
}

/// The rule of a call.
pub fn rule(request: &HillviewRequest) -> Rule {
    use HillviewRequest as Call;
    use Permission as P;
    match request {
        Call::Hello { .. } => Rule::First,
        Call::Ping { .. } | Call::LogIn { .. } => Rule::Greeted,
        Call::LogOut { .. } | Call::WhoAmI { .. } | Call::ChangePassword { .. } => Rule::Own,

        Call::ListTerms { .. } | Call::ListClasses { .. } | Call::ListPapers { .. } => {
            Rule::LoggedIn
        }
        Call::AddClass { .. } => Rule::Needs(&[P::ClassesWrite]),
        Call::AddSubject { .. } => Rule::Needs(&[P::SubjectsWrite]),

        Call::ListStudents { .. } | Call::ShowStudent { .. } => Rule::LoggedIn,
        Call::AddStudent { .. } | Call::EditStudent { .. } | Call::MoveStudent { .. } => {
            Rule::Needs(&[P::StudentsWrite])
        }

        Call::ListStaff { .. } => Rule::Needs(&[P::StaffRead, P::StaffManage]),
        Call::ListTeaching { .. } => Rule::LoggedIn,
        Call::AddStaff { .. } | Call::AssignTeaching { .. } => Rule::Needs(&[P::StaffManage]),

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
