//! Staff by the hundred: every statement here is for many rows.

use std::collections::{HashMap, HashSet};

use hillview_shared::accounts::RoleCode;
use hillview_shared::ids::{Moment, StaffId, TeachingId, UserId};
use hillview_shared::staff::Staff;

use super::{LIST, batches};
use crate::db::staff::{search_name, sort_name};
use crate::db::{Failure, Tx};

/// A member of staff to add, with a login that has no password yet.
pub struct NewStaff<'a> {
    pub staff_no: &'a str,
    pub name: &'a str,
    pub username: &'a str,
}

/// Every login's name.
pub async fn usernames(tx: &mut Tx) -> Result<HashSet<String>, Failure> {
    let rows: Vec<(String,)> = tx.query("select username from user").all().await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Every member of staff's id.
pub async fn everyone(tx: &mut Tx) -> Result<Vec<StaffId>, Failure> {
    let rows: Vec<(StaffId,)> = tx.query("select id from staff order by id").all().await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Adds staff; gives their ids, in the order of the list.
pub async fn add(
    tx: &mut Tx,
    staff: &[NewStaff<'_>],
    by: UserId,
    at: Moment,
) -> Result<Vec<StaffId>, Failure> {
    for batch in batches(staff) {
        let mut query = tx
            .query(
                "insert into staff (staff_no, staff_key, name, sort_name, search_name, state,
                    created_at, created_by)
                values {rows (?, ?, ?, ?, ?, 'active', ?, ?)}",
            )
            .rows(batch.len());
        for new in batch {
            query = query
                .bind(new.staff_no)
                .bind(new.staff_no.to_lowercase())
                .bind(new.name)
                .bind(sort_name(new.name))
                .bind(search_name(new.name, Some(new.username)))
                .bind(at)
                .bind(by);
        }
        query.execute().await?;
    }
    let keys: Vec<String> = staff
        .iter()
        .map(|new| new.staff_no.to_lowercase())
        .collect();
    let mut ids = HashMap::with_capacity(keys.len());
    for keys in keys.chunks(LIST) {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let found: Vec<(String, StaffId)> = tx
            .query("select staff_key, id from staff where staff_key in ({list})")
            .list(&keys)
            .all()
            .await?;
        ids.extend(found);
    }
    let ids: Vec<StaffId> = keys
        .iter()
        .filter_map(|key| ids.get(key).copied())
        .collect();
    let logins: Vec<(&NewStaff<'_>, StaffId)> = staff.iter().zip(ids.iter().copied()).collect();
    add_logins(tx, &logins, by, at).await?;
    Ok(ids)
}

async fn add_logins(
    tx: &mut Tx,
    logins: &[(&NewStaff<'_>, StaffId)],
    by: UserId,
    at: Moment,
) -> Result<(), Failure> {
    for batch in batches(logins) {
        let mut query = tx
            .query(
                "insert into user (staff_id, username, name, password, must_change, state,
                    created_at, created_by, updated_at)
                values {rows (?, ?, ?, '', true, 'active', ?, ?, ?)}",
            )
            .rows(batch.len());
        for (new, staff) in batch {
            query = query
                .bind(*staff)
                .bind(new.username)
                .bind(new.name)
                .bind(at)
                .bind(by)
                .bind(at);
        }
        query.execute().await?;
    }
    Ok(())
}

/// Gives the logins of staff other names and numbers, and holds them.
pub async fn rename(tx: &mut Tx, staff: &[(&Staff, &str)], at: Moment) -> Result<(), Failure> {
    for batch in batches(staff) {
        let mut query = tx
            .query(
                "insert into staff (id, staff_no, staff_key, name, sort_name, search_name, state,
                    created_at)
                values {rows (?, ?, ?, ?, ?, ?, ?, ?)}
                {upsert id: name, sort_name, search_name, v = staff.v + 1}",
            )
            .rows(batch.len());
        for (one, name) in batch {
            query = query
                .bind(one.id)
                .bind(&one.staff_no)
                .bind(one.staff_no.to_lowercase())
                .bind(*name)
                .bind(sort_name(name))
                .bind(search_name(name, one.username.as_deref()))
                .bind(one.state)
                .bind(at);
        }
        query.execute().await?;
    }
    let ids: Vec<StaffId> = staff.iter().map(|(one, _)| one.id).collect();
    for ids in ids.chunks(LIST) {
        tx.query(
            "update user set updated_at = ?,
                name = (select staff.name from staff where staff.id = user.staff_id)
            where staff_id in ({list})",
        )
        .bind(at)
        .list(ids)
        .execute()
        .await?;
    }
    Ok(())
}

/// The versions of staff, whose rows are held until the transaction ends.
pub async fn hold(tx: &mut Tx, staff: &[StaffId]) -> Result<HashMap<StaffId, i64>, Failure> {
    let mut versions = HashMap::with_capacity(staff.len());
    for staff in staff.chunks(LIST) {
        let held: Vec<(StaffId, i64)> = tx
            .query("select id, v from staff where id in ({list}) {lock}")
            .list(staff)
            .all()
            .await?;
        versions.extend(held);
    }
    Ok(versions)
}

/// Gives logins of staff these roles and no others.
pub async fn set_roles(tx: &mut Tx, roles: &[(StaffId, &[RoleCode])]) -> Result<(), Failure> {
    let codes: Vec<(RoleCode, i64)> = tx.query("select code, id from role").all().await?;
    let codes: HashMap<RoleCode, i64> = codes.into_iter().collect();
    for some in roles.chunks(LIST) {
        let staff: Vec<StaffId> = some.iter().map(|(staff, _)| *staff).collect();
        tx.query(
            "delete from user_role where user_id in
                (select id from user where staff_id in ({list}))",
        )
        .list(&staff)
        .execute()
        .await?;
        let logins: Vec<(StaffId, UserId)> = tx
            .query("select staff_id, id from user where staff_id in ({list})")
            .list(&staff)
            .all()
            .await?;
        let logins: HashMap<StaffId, UserId> = logins.into_iter().collect();
        let given = some.iter().flat_map(|(staff, roles)| {
            let user = logins.get(staff).copied();
            let ids = roles.iter().filter_map(|role| codes.get(role).copied());
            ids.filter_map(move |role| Some((user?, role)))
        });
        let given: Vec<(UserId, i64)> = given.collect();
        for batch in batches(&given) {
            let mut query = tx
                .query("insert into user_role (user_id, role_id) values {rows (?, ?)}")
                .rows(batch.len());
            for (user, role) in batch {
                query = query.bind(*user).bind(*role);
            }
            query.execute().await?;
        }
    }
    Ok(())
}

/// The logins of staff.
pub async fn logins(tx: &mut Tx, staff: &[StaffId]) -> Result<Vec<UserId>, Failure> {
    let mut logins = Vec::with_capacity(staff.len());
    for staff in staff.chunks(LIST) {
        let found: Vec<(UserId,)> = tx
            .query("select id from user where staff_id in ({list})")
            .list(staff)
            .all()
            .await?;
        logins.extend(found.into_iter().map(|(id,)| id));
    }
    Ok(logins)
}

/// The numbers of those staff who have logged in, or teach more than these assignments.
pub async fn in_use(
    tx: &mut Tx,
    staff: &[StaffId],
    but: &HashSet<TeachingId>,
) -> Result<Vec<(String, String)>, Failure> {
    let mut in_use = Vec::new();
    for staff in staff.chunks(LIST) {
        let used: Vec<(String,)> = tx
            .query(
                "select distinct staff.staff_no from staff
                join user on user.staff_id = staff.id
                join session on session.user_id = user.id
                where staff.id in ({list})
                order by staff.staff_no",
            )
            .list(staff)
            .all()
            .await?;
        in_use.extend(
            used.into_iter()
                .map(|(no,)| (no, "has logged in".to_owned())),
        );
        let teaching: Vec<(String, TeachingId)> = tx
            .query(
                "select staff.staff_no, teaching.id from staff
                join teaching on teaching.staff_id = staff.id
                where staff.id in ({list})
                order by staff.staff_no",
            )
            .list(staff)
            .all()
            .await?;
        let other = teaching.into_iter().filter(|(_, id)| !but.contains(id));
        in_use.extend(other.map(|(no, _)| (no, "was assigned to teach".to_owned())));
    }
    in_use.dedup();
    Ok(in_use)
}

/// Removes staff with their logins and what they would have taught.
pub async fn remove(tx: &mut Tx, staff: &[StaffId]) -> Result<(), Failure> {
    for staff in staff.chunks(LIST) {
        tx.query("delete from teaching where staff_id in ({list})")
            .list(staff)
            .execute()
            .await?;
        tx.query(
            "delete from user_role where user_id in
                (select id from user where staff_id in ({list}))",
        )
        .list(staff)
        .execute()
        .await?;
        tx.query("delete from user where staff_id in ({list})")
            .list(staff)
            .execute()
            .await?;
        tx.query("delete from staff where id in ({list})")
            .list(staff)
            .execute()
            .await?;
    }
    Ok(())
}
