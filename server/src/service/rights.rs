//! What each role may do in a new school, which a school then edits in its database; and who may
//! hand out which permission, by a role, a grant or a token.

use hillview_shared::ApiError;
use hillview_shared::accounts::Permission::{self, *};
use hillview_shared::accounts::{PLATFORM, Role};

use crate::caller::Caller;

/// The roles that a school begins with; that of the platform is in none.
pub fn roles() -> impl Iterator<Item = Role> {
    let all = Role::ALL.iter().copied();
    all.filter(|role| *role != Role::PlatformAdmin)
}

/// The permissions on the whole school that a role begins with.
pub fn of(role: Role) -> &'static [Permission] {
    match role {
        Role::HeadTeacher | Role::DeputyHead => Permission::OF_A_SCHOOL,
        Role::SchoolAdmin => &[
            StudentsRead,
            ClassesWrite,
            SubjectsWrite,
            AssessmentsWrite,
            StaffRead,
            StaffManage,
            TeachingAssign,
            SessionsManage,
            TokensManage,
            ConfigWrite,
            AuditRead,
            BackupRun,
        ],
        Role::Registrar => &[
            StudentsRead,
            StudentsWrite,
            ClassesWrite,
            StaffRead,
            ImportRun,
        ],
        // Nothing of the whole school: a teacher reaches what is assigned.
        Role::Teacher | Role::Parent | Role::Service => &[],
        // Beside the schools the logins of the platform itself, which has nothing else.
        Role::PlatformAdmin => &[
            StaffRead,
            StaffManage,
            RolesManage,
            SessionsManage,
            ConfigWrite,
            AuditRead,
            SchoolsManage,
        ],
    }
}

/// Whether only those who have a permission on the whole school can hand it out: those on marks,
/// results and reports, on what leaves the school, and on rights themselves.
pub const fn is_guarded(permission: Permission) -> bool {
    matches!(
        permission,
        MarksRead
            | MarksEnter
            | MarksSubmit
            | MarksApprove
            | MarksUnlock
            | MarksImport
            | ResultsCompute
            | ResultsPublish
            | ReportsIssue
            | ExportBulk
            | RolesManage
            | GrantsManage
            | AuditRead
            | SchoolsManage
    )
}

/// Refuses to hand out permissions that the caller lacks and only their holders hand out; and
/// outside the platform, that of managing schools. Every way to hand out rights comes through here.
pub fn may_hand_out<'a>(
    caller: &Caller,
    permissions: impl IntoIterator<Item = &'a Permission>,
) -> Result<(), ApiError> {
    for permission in permissions {
        if *permission == SchoolsManage && caller.school_code() != PLATFORM {
            let message = format!("{permission} cannot be given in a school");
            return Err(ApiError::invalid("not-of-a-school", message));
        }
        if is_guarded(*permission) && !caller.may(*permission) {
            let message = format!(
                "you may not give {permission}: you do not have it on the whole school yourself"
            );
            return Err(ApiError::denied(message).hint("the head teacher or a deputy can"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_lead_the_school_reach_all_marks() {
        for role in Role::ALL {
            let leads = matches!(role, Role::HeadTeacher | Role::DeputyHead);
            for permission in [MarksRead, MarksEnter, MarksUnlock, MarksImport] {
                assert_eq!(
                    of(*role).contains(&permission),
                    leads,
                    "{role} {permission}"
                );
            }
        }
    }
}
