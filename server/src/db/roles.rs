//! Roles and what they may do.

use hillview_shared::accounts::{Permission, RoleCode};
use hillview_shared::ids::Version;

use super::{Failure, On, Tx};

/// A role.
#[derive(Clone, Debug)]
pub struct Role {
    pub id: i64,
    pub code: RoleCode,
    pub second_factor: bool,
    pub v: Version,
    /// How many active logins have it.
    pub logins: i64,
    /// Sorted; words that this version does not know are left out.
    pub permissions: Vec<Permission>,
}

/// Every role, by code.
pub async fn list(on: impl Into<On<'_>>) -> Result<Vec<Role>, Failure> {
    type Row = (i64, RoleCode, bool, Version, i64, Option<String>);
    let rows: Vec<Row> = on
        .into()
        .query(
            "select role.id, role.code, role.second_factor, role.v,
                (select count(*) from user_role join user on user.id = user_role.user_id
                    where user_role.role_id = role.id and user.state = 'active') as logins,
                role_permission.permission
            from role
            left join role_permission on role_permission.role_id = role.id
            order by role.code",
        )
        .all()
        .await?;
    let mut roles: Vec<Role> = Vec::new();
    for (id, code, second_factor, v, logins, word) in rows {
        if roles.last().is_none_or(|role| role.id != id) {
            roles.push(Role {
                id,
                code,
                second_factor,
                v,
                logins,
                permissions: Vec::new(),
            });
        }
        let role = roles.last_mut().expect("its role was put there");
        role.permissions
            .extend(word.and_then(|word| word.parse::<Permission>().ok()));
    }
    roles
        .iter_mut()
        .for_each(|role| role.permissions.sort_unstable());
    Ok(roles)
}

/// Holds every role until the transaction ends: who changes what roles may do, and who has which,
/// does so one after the other.
pub async fn hold(tx: &mut Tx) -> Result<(), Failure> {
    let _: Vec<(i64,)> = tx
        .query("select id from role order by id {lock}")
        .all()
        .await?;
    Ok(())
}

/// Adds a role; its code must be free.
pub async fn add(tx: &mut Tx, code: &RoleCode, second_factor: bool) -> Result<i64, Failure> {
    tx.query("insert into role (code, second_factor) values (?, ?)")
        .bind(code)
        .bind(second_factor)
        .insert()
        .await
}

/// Counts a role up from version `v`; says whether it was at that version.
pub async fn edit(
    tx: &mut Tx,
    role: i64,
    v: Version,
    second_factor: bool,
) -> Result<bool, Failure> {
    let rows = tx
        .query("update role set second_factor = ?, v = v + 1 where id = ? and v = ?")
        .bind(second_factor)
        .bind(role)
        .bind(v)
        .execute()
        .await?;
    Ok(rows == 1)
}

/// Gives a role permissions.
pub async fn give(tx: &mut Tx, role: i64, permissions: &[Permission]) -> Result<(), Failure> {
    if permissions.is_empty() {
        return Ok(());
    }
    let mut insert = tx
        .query(
            "insert into role_permission (role_id, permission) values {rows (?, ?)}
            {keep role_id, permission}",
        )
        .rows(permissions.len());
    for permission in permissions {
        insert = insert.bind(role).bind(*permission);
    }
    insert.execute().await?;
    Ok(())
}

/// Takes permissions from a role.
pub async fn take(tx: &mut Tx, role: i64, permissions: &[Permission]) -> Result<(), Failure> {
    tx.query("delete from role_permission where role_id = ? and permission in ({list})")
        .bind(role)
        .list(permissions)
        .execute()
        .await?;
    Ok(())
}

/// Drops a role with what it may do; no login may have it.
pub async fn remove(tx: &mut Tx, role: i64) -> Result<(), Failure> {
    tx.query("delete from role_permission where role_id = ?")
        .bind(role)
        .execute()
        .await?;
    tx.query("delete from role where id = ?")
        .bind(role)
        .execute()
        .await?;
    Ok(())
}

/// How many active logins have any of these permissions by their roles.
pub async fn any(tx: &mut Tx, permissions: &[Permission]) -> Result<i64, Failure> {
    tx.query(
        "select count(*) from user
        where state = 'active'
            and id in (select user_id from user_role where role_id in
                (select role_id from role_permission where permission in ({list})))",
    )
    .list(permissions)
    .scalar()
    .await
}

/// How many active logins have both of these permissions by their roles.
pub async fn able(tx: &mut Tx, one: Permission, other: Permission) -> Result<i64, Failure> {
    tx.query(
        "select count(*) from user
        where state = 'active'
            and id in (select user_id from user_role where role_id in
                (select role_id from role_permission where permission = ?))
            and id in (select user_id from user_role where role_id in
                (select role_id from role_permission where permission = ?))",
    )
    .bind(one)
    .bind(other)
    .scalar()
    .await
}
