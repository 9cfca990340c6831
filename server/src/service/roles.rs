//! Roles: each school's own sets of permissions.

use hillview_shared::accounts::{PLATFORM, Permission, Role, RoleCode};
use hillview_shared::audit::Action;
use hillview_shared::ids::Version;
use hillview_shared::roles::{DropRole, RoleDetail, SaveRole};
use hillview_shared::{ApiError, Kind};

use crate::caller::Caller;
use crate::db::{Tx, roles, sessions};
use crate::error::Result;
use crate::service::audit::{self, Event};
use crate::service::{State, accounts, fields, rights};

/// The most roles of a school.
const MOST: usize = 100;

/// Lists the roles of the school.
pub async fn list(_: &State, caller: &Caller) -> Result<Vec<RoleDetail>> {
    let all = roles::list(caller.db()).await?;
    Ok(all.into_iter().map(detail).collect())
}

/// Adds a role, or changes what it may do; everybody who has it may do so from their next call on.
pub async fn save(state: &State, caller: &Caller, request: SaveRole) -> Result<RoleDetail> {
    let code = check_code(caller, &request.code)?;
    let mut wanted = request.permissions;
    wanted.sort_unstable();
    wanted.dedup();
    let (v, second_factor) = (request.v, request.second_factor);
    let now = state.clock.now();
    let saved = caller.db().write(async |tx| {
        roles::hold(tx).await?;
        let known = roles::list(&mut *tx).await?;
        let role = known.iter().find(|role| role.code == code);
        let had = role.map_or(&[][..], |role| &role.permissions);
        let (added, taken) = (without(&wanted, had), without(had, &wanted));
        rights::may_hand_out(caller, &added)?;
        let id = match role {
            Some(role) if v != Version(0) => {
                if !roles::edit(tx, role.id, v, second_factor).await? {
                    return Err(changed_meanwhile(&code).into());
                }
                role.id
            }
            Some(_) => return Err(there_already(&code).into()),
            None if v != Version(0) => return Err(unknown(&code).into()),
            None if known.len() >= MOST => {
                let message = format!("a school has at most {MOST} roles");
                return Err(ApiError::conflict("too-many-roles", message).into());
            }
            None => roles::add(tx, &code, second_factor).await?,
        };
        roles::take(tx, id, &taken).await?;
        roles::give(tx, id, &added).await?;
        keep_holders(tx, &taken).await?;
        let role = one(tx, &code).await?;
        sessions::changed(tx).await?;
        let event = Event::new(Action::RoleSave, &code.0).detail(what(&added, &taken, &role));
        audit::note(tx, &caller.by(now), event).await?;
        Ok(role)
    });
    let role = saved.await?;
    accounts::tell_changed(state, caller.school_code()).await;
    Ok(detail(role))
}

/// Drops a role that nobody has and that not every school begins with.
pub async fn drop(state: &State, caller: &Caller, request: DropRole) -> Result<()> {
    let code = request.code;
    let now = state.clock.now();
    let dropped = caller.db().write(async |tx| {
        roles::hold(tx).await?;
        let role = one(tx, &code).await?;
        if is_built_in(&code) {
            let message = format!("every school has the role {code}: it cannot be dropped");
            return Err(ApiError::conflict("built-in-role", message)
                .hint("take its permissions away instead")
                .into());
        }
        roles::remove(tx, role.id).await?;
        let event = Event::new(Action::RoleDrop, &code.0);
        audit::note(tx, &caller.by(now), event).await
    });
    let message = format!("there are logins with the role {code}, active or disabled");
    let in_use = ApiError::conflict("role-in-use", message).hint("give them another role first");
    dropped.await.map_err(|error| error.on_foreign_key(in_use))
}

fn detail(role: roles::Role) -> RoleDetail {
    RoleDetail {
        built_in: is_built_in(&role.code),
        code: role.code,
        permissions: role.permissions,
        second_factor: role.second_factor,
        logins: u32::try_from(role.logins).unwrap_or(u32::MAX),
        v: role.v,
    }
}

fn is_built_in(code: &RoleCode) -> bool {
    Role::ALL.iter().any(|role| *code == *role)
}

async fn one(tx: &mut Tx, code: &RoleCode) -> Result<roles::Role> {
    let all = roles::list(tx).await?;
    let found = all.into_iter().find(|role| role.code == *code);
    found.ok_or_else(|| unknown(code).into())
}

fn without(these: &[Permission], those: &[Permission]) -> Vec<Permission> {
    let kept = these.iter().filter(|it| !those.contains(it));
    kept.copied().collect()
}

/// The code of a role that this school may have.
fn check_code(caller: &Caller, code: &RoleCode) -> Result<RoleCode, ApiError> {
    let text = code.0.trim();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(2..=40).contains(&text.len()) || !text.chars().all(plain) {
        fields::sought("role", text)?;
        let message = format!("{text:?} is no code of a role: 2 to 40 of a-z, 0-9 and dash");
        return Err(ApiError::invalid("bad-role", message));
    }
    let code = RoleCode(text.to_owned());
    if code == Role::PlatformAdmin && caller.school_code() != PLATFORM {
        let message = format!("no school has the role {text}");
        return Err(ApiError::invalid("bad-role", message).hint("choose another code"));
    }
    Ok(code)
}

/// Refuses to take permissions after which nobody could manage the school, or could ever give
/// again what only its holders can give.
async fn keep_holders(tx: &mut Tx, taken: &[Permission]) -> Result<()> {
    let manage = [Permission::StaffManage, Permission::RolesManage];
    for permission in taken {
        let (one, other) = match manage.contains(permission) {
            true => manage.into(),
            false if rights::is_guarded(*permission) => (*permission, *permission),
            false => continue,
        };
        if roles::able(tx, one, other).await? == 0 {
            let message = match one == other {
                true => format!("nobody would have {one} any more, and nobody could give it again"),
                false => format!("nobody would have both {one} and {other} any more"),
            };
            return Err(ApiError::conflict("last-holder", message)
                .hint("first give it to a role that somebody else has")
                .into());
        }
    }
    Ok(())
}

/// In words, for the audit log.
fn what(added: &[Permission], taken: &[Permission], role: &roles::Role) -> String {
    let listed = |sign: char, these: &[Permission]| {
        let words = these.iter().map(|permission| format!("{sign}{permission}"));
        words.collect::<Vec<_>>()
    };
    let mut words = [listed('+', added), listed('-', taken)].concat();
    if role.second_factor {
        words.push("second factor needed".to_owned());
    }
    words.join(" ")
}

fn unknown(code: &RoleCode) -> ApiError {
    let message = format!("there is no role {:?}", code.0);
    ApiError::new(Kind::NotFound, "unknown-role", message)
        .hint("hillview roles list shows those there are")
}

fn there_already(code: &RoleCode) -> ApiError {
    let message = format!("there is a role {code} already");
    ApiError::conflict("role-exists", message)
        .hint("show it first, and change it from the version that it has")
}

fn changed_meanwhile(code: &RoleCode) -> ApiError {
    let message = format!("somebody else changed the role {code} meanwhile");
    ApiError::conflict("changed-meanwhile", message)
        .hint("look at the role again, then repeat the change")
}
