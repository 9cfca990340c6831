//! What each role may do in a new school. A school edits its own copy in the database.

use hillview_shared::accounts::Permission::{self, *};
use hillview_shared::accounts::Role;

/// Every permission but the one that reaches beyond a school.
const OF_A_SCHOOL: &[Permission] = {
    let (all, last) = (Permission::ALL, Permission::ALL.len() - 1);
    assert!(matches!(all[last], SchoolsManage));
    all.split_at(last).0
};

/// The roles that a school begins with; that of the platform is in none.
pub fn roles() -> impl Iterator<Item = Role> {
    let all = Role::ALL.iter().copied();
    all.filter(|role| *role != Role::PlatformAdmin)
}

/// The permissions on the whole school that a role begins with.
pub fn of(role: Role) -> &'static [Permission] {
    match role {
        Role::HeadTeacher | Role::DeputyHead => OF_A_SCHOOL,
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
