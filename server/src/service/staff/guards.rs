//! Who may make whom, and who may take over whose login.

use std::collections::HashMap;

use hillview_shared::ApiError;
use hillview_shared::accounts::{Permission, Role, RoleCode};
use hillview_shared::ids::{Moment, StaffId};
use hillview_shared::staff::Staff;

use super::ROLES_MAX;
use crate::caller::Caller;
use crate::db::{Tx, grants, roles};
use crate::error::Result;
use crate::service::rights::{is_guarded, may_hand_out};

/// What makes somebody lead a school: whoever has any of these is not an administrator's to outdo.
const LEADING: [Permission; 8] = [
    Permission::RolesManage,
    Permission::GrantsManage,
    Permission::MarksRead,
    Permission::MarksEnter,
    Permission::MarksSubmit,
    Permission::MarksApprove,
    Permission::MarksUnlock,
    Permission::MarksImport,
];

/// The roles of a school with what each may do, held until the transaction ends: who changes which
/// login has which role does so one after the other. And what staff were granted.
pub struct Roles {
    roles: Vec<(RoleCode, Vec<Permission>)>,
    /// On any part of the school, now or later.
    granted: HashMap<StaffId, Vec<Permission>>,
}

impl Roles {
    pub async fn hold(tx: &mut Tx, now: Moment) -> Result<Self> {
        roles::hold(tx).await?;
        let all = roles::list(&mut *tx).await?.into_iter();
        let mut granted: HashMap<StaffId, Vec<Permission>> = HashMap::new();
        for (staff, permission) in grants::of_staff(tx, now).await? {
            granted.entry(staff).or_default().push(permission);
        }
        Ok(Self {
            roles: all.map(|role| (role.code, role.permissions)).collect(),
            granted,
        })
    }

    pub fn codes(&self) -> impl Iterator<Item = &RoleCode> {
        self.roles.iter().map(|(code, _)| code)
    }

    /// What a login with these roles may do on the whole school.
    fn permissions<'a>(&'a self, of: &'a [RoleCode]) -> impl Iterator<Item = Permission> + 'a {
        let had = self.roles.iter().filter(|(code, _)| of.contains(code));
        had.flat_map(|(_, permissions)| permissions.iter().copied())
    }

    /// What a member of staff may do by their roles and by what they were granted, now or later.
    fn all_of<'a>(&'a self, who: &'a Staff) -> impl Iterator<Item = Permission> + 'a {
        let granted = self.granted.get(&who.id).into_iter().flatten().copied();
        self.permissions(&who.roles).chain(granted)
    }
}

/// Whether a permission is guarded and the caller does not have it.
fn is_above(caller: &Caller, permission: Permission) -> bool {
    is_guarded(permission) && !caller.may(permission)
}

/// The permissions whose holders' logins a caller may not take over.
pub fn above(caller: &Caller) -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|permission| is_above(caller, *permission))
        .collect()
}

/// Refuses to change the login of somebody who may do guarded things that the caller may not: with
/// a new password, or in their place, the caller would have got them. What somebody reaches because
/// they teach it does not count: staff would be nobody's to look after.
pub fn may_take_over(caller: &Caller, roles: &Roles, who: &Staff) -> Result<(), ApiError> {
    match roles.all_of(who).find(|it| is_above(caller, *it)) {
        None => Ok(()),
        Some(permission) => {
            let message = format!(
                "{} may do what you may not, such as {permission}: their login is not yours to change",
                who.name
            );
            Err(ApiError::denied(message)
                .hint("the head teacher or a deputy can; in need, hillview-server user reset"))
        }
    }
}

/// What roles a caller may give in a school as it is.
pub struct Giving<'a> {
    caller: &'a Caller,
    roles: &'a Roles,
    is_led: bool,
}

impl<'a> Giving<'a> {
    pub async fn read(tx: &mut Tx, caller: &'a Caller, roles: &'a Roles) -> Result<Self> {
        let is_led = roles::any(tx, &LEADING).await? > 0;
        Ok(Self {
            caller,
            roles,
            is_led,
        })
    }

    /// The roles of the school.
    pub fn known(&self) -> Vec<&'a RoleCode> {
        self.roles.codes().collect()
    }

    /// Refuses roles that the caller may not give, and those that are none.
    pub fn check(&self, given: &[RoleCode]) -> Result<(), ApiError> {
        if given.len() > ROLES_MAX {
            let message = format!("a login has at most {ROLES_MAX} roles");
            return Err(ApiError::invalid("too-many-roles", message));
        }
        let known = self.known();
        if let Some(unknown) = given.iter().find(|role| !known.contains(role)) {
            let message = format!("there is no role {:?}", unknown.0);
            let known: Vec<&str> = known.iter().map(|role| role.0.as_str()).collect();
            return Err(ApiError::invalid("unknown-role", message)
                .hint(format!("the roles are {}", known.join(", "))));
        }
        match may_lead(self.caller, given)? {
            Some(role) if self.is_led => Err(may_not_make(&role)),
            // The first one to lead the school has more than any administrator.
            Some(_) => Ok(()),
            None => {
                let permissions: Vec<Permission> = self.roles.permissions(given).collect();
                may_hand_out(self.caller, &permissions)
            }
        }
    }
}

/// Refuses roles that the caller may not give, and those that are none.
pub async fn may_give(
    tx: &mut Tx,
    caller: &Caller,
    roles: &Roles,
    given: &[RoleCode],
) -> Result<()> {
    Ok(Giving::read(tx, caller, roles).await?.check(given)?)
}

/// Only a head or a deputy makes another one. An administrator does it for a school that nobody
/// leads: gives the role that is given on this condition.
fn may_lead(caller: &Caller, roles: &[RoleCode]) -> Result<Option<RoleCode>, ApiError> {
    let heads = |role: &RoleCode| *role == Role::HeadTeacher || *role == Role::DeputyHead;
    let own = &caller.session().roles;
    match roles.iter().find(|role| heads(role)) {
        None => Ok(None),
        Some(_) if own.iter().any(heads) => Ok(None),
        Some(role) if own.iter().any(|own| *own == Role::SchoolAdmin) => Ok(Some(role.clone())),
        Some(role) => Err(may_not_make(role)),
    }
}

fn may_not_make(role: &RoleCode) -> ApiError {
    ApiError::denied(format!("you may not make a {role}")).hint(
        "the head teacher or a deputy can; an administrator only while nobody leads the school",
    )
}

/// Refuses a login without a role.
pub fn must_have_one(roles: &[RoleCode]) -> Result<(), ApiError> {
    if roles.is_empty() {
        let message = "a login has at least one role";
        return Err(ApiError::invalid("no-role", message));
    }
    Ok(())
}

/// Refuses a change after which nobody could manage staff any more, or after which nobody had what
/// only its holders can give. Call it when the change is made, in the transaction that it is undone
/// with.
pub async fn keep_holders(tx: &mut Tx, roles: &Roles, taken: &[RoleCode]) -> Result<()> {
    let mut taken: Vec<Permission> = roles.permissions(taken).collect();
    taken.sort_unstable();
    taken.dedup();
    taken.retain(|permission| is_guarded(*permission) || *permission == Permission::StaffManage);
    for permission in taken {
        if roles::able(tx, permission, permission).await? == 0 {
            let message = format!("nobody would have {permission} any more");
            return Err(ApiError::conflict("last-holder", message)
                .hint("first give it to somebody else with a role")
                .into());
        }
    }
    Ok(())
}
