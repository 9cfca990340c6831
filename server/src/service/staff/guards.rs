//! Who may make whom, and who may take over whose login.

use hillview_shared::ApiError;
use hillview_shared::accounts::{Permission, Role, RoleCode};
use hillview_shared::staff::Staff;

use super::ROLES_MAX;
use crate::caller::Caller;
use crate::db::{Tx, accounts as logins, roles};
use crate::error::Result;
use crate::service::rights::{is_guarded, may_hand_out};

/// The roles of a school with what each may do, held until the transaction ends: who changes which
/// login has which role does so one after the other.
pub struct Roles(Vec<(RoleCode, Vec<Permission>)>);

impl Roles {
    pub async fn hold(tx: &mut Tx) -> Result<Self> {
        roles::hold(tx).await?;
        let all = roles::list(tx).await?.into_iter();
        Ok(Self(
            all.map(|role| (role.code, role.permissions)).collect(),
        ))
    }

    pub fn codes(&self) -> impl Iterator<Item = &RoleCode> {
        self.0.iter().map(|(code, _)| code)
    }

    /// What a login with these roles may do on the whole school.
    fn permissions<'a>(&'a self, of: &'a [RoleCode]) -> impl Iterator<Item = Permission> + 'a {
        let had = self.0.iter().filter(|(code, _)| of.contains(code));
        had.flat_map(|(_, permissions)| permissions.iter().copied())
    }

    /// The roles whose logins a caller may not take over.
    pub fn above(&self, caller: &Caller) -> Vec<&str> {
        let roles = self.0.iter();
        let above = roles.filter(|(_, permissions)| permissions.iter().any(above(caller)));
        above.map(|(code, _)| code.0.as_str()).collect()
    }
}

/// Whether a permission is guarded and the caller does not have it.
fn above(caller: &Caller) -> impl Fn(&Permission) -> bool + '_ {
    |permission| is_guarded(*permission) && !caller.may(*permission)
}

/// Refuses to change the login of somebody who may do guarded things that the caller may not: with
/// a new password, or in their place, the caller would have got them.
pub fn may_take_over(caller: &Caller, roles: &Roles, who: &Staff) -> Result<(), ApiError> {
    match roles.permissions(&who.roles).find(|p| above(caller)(p)) {
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
    has_head: bool,
}

impl<'a> Giving<'a> {
    pub async fn read(tx: &mut Tx, caller: &'a Caller, roles: &'a Roles) -> Result<Self> {
        let has_head = logins::hold_and_count(tx, Role::HeadTeacher).await? > 0;
        Ok(Self {
            caller,
            roles,
            has_head,
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
            Some(role) if self.has_head => Err(may_not_make(&role)),
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

/// Only a head or a deputy makes another one. An administrator does it for a school that has no
/// head yet: gives the role that is given on this condition.
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
    ApiError::denied(format!("you may not make a {role}"))
        .hint("the head teacher or a deputy can; an administrator only while there is no head")
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
