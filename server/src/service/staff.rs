//! Staff and their logins.

use hillview_shared::ApiError;
use hillview_shared::accounts::{Role, RoleCode};
use hillview_shared::staff::{AddStaff, ListStaff, Staff, StaffAdded, StaffState};
use hillview_shared::students::Page;

use crate::caller::Caller;
use crate::db::{accounts as logins, staff};
use crate::error::Result;
use crate::service::accounts::{self, NewLogin};
use crate::service::{State, fields};

/// Lists all staff.
pub async fn list(_: &State, caller: &Caller, _request: ListStaff) -> Result<Page<Staff>> {
    let rows = staff::list(caller.db()).await?;
    Ok(Page { rows, next: None })
}

/// Adds a member of staff with a login and a password that works once.
pub async fn add(state: &State, caller: &Caller, request: AddStaff) -> Result<StaffAdded> {
    let staff_no = fields::number("staff number", &request.staff_no, 30)?;
    let name = fields::name("name", &request.name, 120)?;
    let username = accounts::check_username(&request.username)?;
    let to_lead = may_give(caller, &request.roles)?;
    let one_time = accounts::one_time(state).await?;
    let now = state.clock.now();
    let added = caller
        .db()
        .write(async |tx| {
            if let Some(role) = &to_lead
                && logins::hold_and_count(tx, Role::HeadTeacher).await? > 0
            {
                return Err(may_not_make(role).into());
            }
            let id = staff::add(tx, &staff_no, &name, caller.user(), now).await?;
            let new = NewLogin {
                staff: Some(id),
                username: &username,
                name: &name,
                roles: &request.roles,
                by: Some(caller.user()),
            };
            accounts::add_login(tx, &new, &one_time, now).await?;
            let (staff_no, name) = (staff_no.clone(), name.clone());
            Ok(Staff {
                id,
                staff_no,
                name,
                username: Some(username.clone()),
                state: StaffState::Active,
                roles: request.roles.clone(),
                last_seen: None,
                second_factor: false,
            })
        })
        .await;
    let staff = added.map_err(|error| {
        let message = format!("staff number {staff_no} is taken");
        error.on_unique(
            "staff_staff_key_unique",
            ApiError::conflict("number-taken", message),
        )
    })?;
    let one_time_password = one_time.password;
    Ok(StaffAdded {
        staff,
        one_time_password,
    })
}

/// Only a head or a deputy makes another one. An administrator does it for a school that has no
/// head yet: gives the role that is given on this condition.
fn may_give(caller: &Caller, roles: &[RoleCode]) -> Result<Option<RoleCode>> {
    if roles.is_empty() {
        let message = "a login has at least one role";
        return Err(ApiError::invalid("no-role", message).into());
    }
    let heads = |role: &RoleCode| *role == Role::HeadTeacher || *role == Role::DeputyHead;
    let own = &caller.session().roles;
    match roles.iter().find(|role| heads(role)) {
        None => Ok(None),
        Some(_) if own.iter().any(heads) => Ok(None),
        Some(role) if own.iter().any(|own| *own == Role::SchoolAdmin) => Ok(Some(role.clone())),
        Some(role) => Err(may_not_make(role).into()),
    }
}

fn may_not_make(role: &RoleCode) -> ApiError {
    ApiError::denied(format!("you may not make a {role}"))
        .hint("the head teacher or a deputy can; an administrator only while there is no head")
}
