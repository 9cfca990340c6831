//! Carries the plan of an import of staff out, and takes it back: many rows a statement, all in
//! one transaction. Who is added has a login and no password yet.

use std::collections::{HashMap, HashSet};

use chrono::Days;
use hillview_shared::ApiError;
use hillview_shared::accounts::{Permission, RoleCode};
use hillview_shared::audit::Action;
use hillview_shared::ids::{ClassId, Moment, StaffId, TeachingId};
use hillview_shared::imports::RunImport;
use hillview_shared::staff::Staff;
use serde::{Deserialize, Serialize};

use super::header::Table;
use super::headings::Field;
use super::run::{Outcome, When};
use super::staff::{Add, Change, Plan, School, placeholder, plan};
use crate::caller::Caller;
use crate::db::imports::{Changed, staff as bulk};
use crate::db::{Tx, sessions, staff, teaching};
use crate::error::{Error, Result};
use crate::service::audit::Event;
use crate::service::staff::{self as people, Giving, Roles, keep_holders, may_take_over};
use crate::service::teaching::{
    Names, carry_out, ended as ended_on, events as assigned, not_to_assign,
};

/// What a changed member of staff was before, and the version that the import gave the row.
#[derive(Debug, Serialize, Deserialize)]
pub struct Previous {
    pub staff: Staff,
    pub version: i64,
    /// Whether the import gave them other roles.
    pub roles: bool,
}

/// Plans the import and, unless it is a preview, does what was planned.
pub async fn import(
    tx: &mut Tx,
    caller: &Caller,
    table: &Table,
    request: &RunImport,
    when: When,
) -> Result<Outcome> {
    let roles = Roles::hold(tx, when.now).await?;
    let giving = Giving::read(tx, caller, &roles).await?;
    let everyone = bulk::everyone(tx).await?;
    let everyone = staff::some(&mut *tx, &everyone).await?;
    let mut names = Names::read((&mut *tx).into(), caller, when.today).await?;
    let assigns = [Field::Leads, Field::Teaches]
        .into_iter()
        .any(|field| table.column(field).is_some());
    let classes: Vec<ClassId> = names.classes().filter(|_| assigns).collect();
    if !request.dry_run && !classes.is_empty() {
        teaching::hold_classes(tx, &classes).await?;
    }
    let there = teaching::of_classes(&mut *tx, &classes).await?;
    let may_change = |who: &Staff| may_take_over(caller, &roles, who);
    let school = School {
        today: when.today,
        staff: &everyone,
        usernames: bulk::usernames(tx).await?,
        teaching: &there,
        giving: &giving,
        may_take_over: &may_change,
        may_assign: caller.may(Permission::TeachingAssign),
        myself: not_to_assign(caller),
    };
    let mut plan = plan(table, school, &mut names, request.on_duplicate);
    let (mut changes, mut ended, mut events) = (Vec::new(), Vec::new(), Vec::new());
    if !request.dry_run {
        let hired = add(tx, caller, &plan.adds, when.now, &mut changes).await?;
        ended = change(tx, &plan.changes, when.now, &mut changes).await?;
        let known: HashSet<TeachingId> = there.iter().map(|one| one.id).collect();
        assign(tx, caller, &mut plan, &hired, when.now).await?;
        let after = teaching::of_classes(&mut *tx, &classes).await?;
        let new = after.iter().filter(|one| !known.contains(&one.id));
        changes.extend(new.map(|one| changed("teaching", one.id.0, None)));
        let taken: Vec<RoleCode> = plan.changes.iter().flat_map(Change::taken).collect();
        keep_holders(tx, &roles, &taken).await?;
        events = given(tx, &plan, &hired).await?;
    }
    Ok(Outcome {
        ended,
        events,
        listing: plan.listing,
        changes,
        taken: taken(table),
    })
}

fn taken(table: &Table) -> Vec<Option<String>> {
    let words = |column: &super::header::Column| column.field?.staff_words().map(str::to_owned);
    table.columns.iter().map(words).collect()
}

fn changed(entity: &str, id: i64, previous: Option<String>) -> Changed {
    Changed {
        entity: entity.to_owned(),
        entity_id: id,
        previous,
    }
}

/// Adds staff; gives the ids of each by what stood in their place in the plan.
async fn add(
    tx: &mut Tx,
    caller: &Caller,
    adds: &[Add],
    now: Moment,
    changes: &mut Vec<Changed>,
) -> Result<HashMap<StaffId, StaffId>> {
    let new: Vec<bulk::NewStaff<'_>> = adds
        .iter()
        .map(|add| bulk::NewStaff {
            staff_no: &add.staff_no,
            name: &add.name,
            username: &add.username,
        })
        .collect();
    let added = bulk::add(tx, &new, caller.user(), now).await;
    let ids = added.map_err(|failure| {
        let taken = changed_meanwhile("one of the new staff");
        let error = Error::from(failure).on_unique("staff_staff_key_unique", taken.clone());
        error.on_unique("user_username_unique", taken)
    })?;
    if ids.len() != adds.len() {
        return Err(Error::fault("add staff", "one of them is not there"));
    }
    let roles = adds.iter().map(|add| add.roles.as_slice());
    let roles: Vec<(StaffId, &[RoleCode])> = ids.iter().copied().zip(roles).collect();
    bulk::set_roles(tx, &roles).await?;
    changes.extend(ids.iter().map(|id| changed("staff", id.0, None)));
    let places = adds.iter().map(|add| placeholder(add.line));
    Ok(places.zip(ids).collect())
}

/// Changes staff; gives the sessions that ended because of other roles.
async fn change(
    tx: &mut Tx,
    planned: &[Change],
    now: Moment,
    changes: &mut Vec<Changed>,
) -> Result<Vec<[u8; 32]>> {
    if planned.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<StaffId> = planned.iter().map(|change| change.before.id).collect();
    let held = bulk::hold(tx, &ids).await?;
    let renamed: Vec<(&Staff, &str)> = planned
        .iter()
        .map(|change| (&change.before, change.name.as_str()))
        .collect();
    bulk::rename(tx, &renamed, now).await?;
    let roles: Vec<(StaffId, &[RoleCode])> = planned
        .iter()
        .filter_map(|change| Some((change.before.id, change.roles.as_deref()?)))
        .collect();
    let ended = give(tx, &roles, now).await?;
    for change in planned {
        let before = change.before.id;
        let previous = Previous {
            staff: change.before.clone(),
            version: held.get(&before).copied().unwrap_or_default() + 1,
            roles: change.roles.is_some(),
        };
        let previous = serde_json::to_string(&previous)
            .map_err(|error| Error::fault("keep what a member of staff was", error))?;
        changes.push(changed("staff", before.0, Some(previous)));
    }
    Ok(ended)
}

/// Gives roles, which ends the sessions of those who had others.
async fn give(tx: &mut Tx, roles: &[(StaffId, &[RoleCode])], now: Moment) -> Result<Vec<[u8; 32]>> {
    bulk::set_roles(tx, roles).await?;
    let whose: Vec<StaffId> = roles.iter().map(|(staff, _)| *staff).collect();
    let mut ended = Vec::new();
    for user in bulk::logins(tx, &whose).await? {
        ended.extend(sessions::end_all(tx, user, now).await?);
    }
    Ok(ended)
}

/// Makes the assignments, with the ids that those who were added have by now.
async fn assign(
    tx: &mut Tx,
    caller: &Caller,
    plan: &mut Plan,
    hired: &HashMap<StaffId, StaffId>,
    now: Moment,
) -> Result<()> {
    for wish in &mut plan.wishes {
        if let Some(id) = hired.get(&wish.new.staff) {
            wish.new.staff = *id;
        }
    }
    carry_out(tx, caller, &plan.wishes, &plan.judged, now).await
}

/// What the audit log says of each right that an import gave or took.
async fn given(tx: &mut Tx, plan: &Plan, hired: &HashMap<StaffId, StaffId>) -> Result<Vec<Event>> {
    let new: Vec<StaffId> = plan
        .adds
        .iter()
        .filter_map(|add| hired.get(&placeholder(add.line)).copied())
        .collect();
    let new = by_id(tx, &new).await?;
    let added = plan.adds.iter().filter_map(|add| {
        let id = hired.get(&placeholder(add.line))?;
        new.get(id).map(people::added)
    });
    let mut events: Vec<Event> = added.collect();
    let before: Vec<&Staff> = plan.changes.iter().map(|change| &change.before).collect();
    events.extend(changes_of(tx, &before).await?);
    events.extend(assigned(&plan.wishes, &plan.judged));
    Ok(events)
}

/// What the audit log says of staff who were so before and are otherwise now.
async fn changes_of(tx: &mut Tx, before: &[&Staff]) -> Result<Vec<Event>> {
    let ids: Vec<StaffId> = before.iter().map(|one| one.id).collect();
    let after = by_id(tx, &ids).await?;
    let both = before
        .iter()
        .filter_map(|one| Some((*one, after.get(&one.id)?)));
    Ok(both
        .flat_map(|(one, now)| people::events(one, now))
        .collect())
}

async fn by_id(tx: &mut Tx, ids: &[StaffId]) -> Result<HashMap<StaffId, Staff>> {
    let read = staff::some(tx, ids).await?;
    Ok(read.into_iter().map(|one| (one.id, one)).collect())
}

fn changed_meanwhile(who: &str) -> ApiError {
    let message = format!("somebody else changed {who} meanwhile; nothing was imported");
    ApiError::conflict("changed-meanwhile", message).hint("import the file again")
}

/// What an import of staff did, sorted.
#[derive(Default)]
pub struct Hired {
    pub added: Vec<StaffId>,
    pub changed: Vec<Previous>,
    pub teaching: HashSet<TeachingId>,
}

/// What taking an import of staff back came to.
#[derive(Default)]
pub struct Back {
    /// The sessions that ended.
    pub ended: Vec<[u8; 32]>,
    /// Rights that were given and taken, for the audit log.
    pub events: Vec<Event>,
}

/// Takes an import of staff back, or says what stands against it.
pub async fn back(
    tx: &mut Tx,
    caller: &Caller,
    hired: &Hired,
    when: When,
) -> Result<Result<Back, Vec<String>>> {
    let roles = Roles::hold(tx, when.now).await?;
    let obstacles = obstacles(tx, hired).await?;
    if !obstacles.is_empty() {
        return Ok(Err(obstacles));
    }
    let giving = Giving::read(tx, caller, &roles).await?;
    let changed: Vec<StaffId> = hired.changed.iter().map(|one| one.staff.id).collect();
    let were = staff::some(&mut *tx, &changed).await?;
    let given_back = hired.changed.iter().filter(|one| one.roles);
    let mut given: Vec<(StaffId, &[RoleCode])> = Vec::new();
    for one in given_back {
        // To give somebody back what they had takes the same right as to give it.
        if let Some(now_is) = were.iter().find(|now| now.id == one.staff.id) {
            may_take_over(caller, &roles, now_is)?;
        }
        giving.check(&one.staff.roles)?;
        given.push((one.staff.id, &one.staff.roles));
    }
    let names: Vec<(&Staff, &str)> = hired
        .changed
        .iter()
        .map(|one| (&one.staff, one.staff.name.as_str()))
        .collect();
    bulk::rename(tx, &names, when.now).await?;
    let ended = give(tx, &given, when.now).await?;
    // Those of who stays: until yesterday, or not at all where they began today.
    let yesterday = when.today - Days::new(1);
    let made: Vec<TeachingId> = hired.teaching.iter().copied().collect();
    let mut events: Vec<Event> = by_id(tx, &hired.added)
        .await?
        .values()
        .map(|one| Event::new(Action::StaffRemove, people::shown(one)))
        .collect();
    let open = teaching::open(tx, &made).await?;
    events.extend(open.iter().map(|one| ended_on(one, yesterday)));
    teaching::end_open(tx, &made, yesterday).await?;
    let removed = bulk::remove(tx, &hired.added).await;
    removed.map_err(|failure| {
        let message = "something was given to those who were added since";
        Error::from(failure).on_foreign_key(ApiError::conflict("changed-since", message))
    })?;
    sessions::changed(tx).await?;
    let taken: Vec<RoleCode> = were.iter().flat_map(|one| one.roles.clone()).collect();
    keep_holders(tx, &roles, &taken).await?;
    let were: Vec<&Staff> = were.iter().collect();
    events.extend(changes_of(tx, &were).await?);
    Ok(Ok(Back { ended, events }))
}

/// Staff who are not as the import left them, or whose login is in use by now.
async fn obstacles(tx: &mut Tx, hired: &Hired) -> Result<Vec<String>> {
    let added = hired.added.iter().map(|id| (*id, 1));
    let changed = hired.changed.iter().map(|one| (one.staff.id, one.version));
    let expected: HashMap<StaffId, i64> = added.chain(changed).collect();
    let ids: Vec<StaffId> = expected.keys().copied().collect();
    let held = bulk::hold(tx, &ids).await?;
    let moved_on = expected.iter().filter(|(id, v)| held.get(id) != Some(v));
    let moved_on: Vec<StaffId> = moved_on.map(|(id, _)| *id).collect();
    let mut obstacles = Vec::new();
    if !moved_on.is_empty() {
        let mut found = staff::some(&mut *tx, &moved_on).await?;
        found.sort_by(|a, b| a.staff_no.cmp(&b.staff_no));
        let changed = found
            .iter()
            .map(|one| format!("{} was changed since", one.staff_no));
        obstacles.extend(changed);
        if found.len() < moved_on.len() {
            obstacles.push("somebody is gone since".to_owned());
        }
    }
    let in_use = bulk::in_use(tx, &hired.added, &hired.teaching).await?;
    obstacles.extend(
        in_use
            .into_iter()
            .map(|(number, what)| format!("{number} {what}")),
    );
    Ok(obstacles)
}
