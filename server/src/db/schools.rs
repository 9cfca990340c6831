//! The list of schools, in the control schema. The platform's own database stands in it too, under
//! a code that no school may have.

use hillview_shared::accounts::PLATFORM;
use hillview_shared::ids::{Moment, SchoolId};
use hillview_shared::schools::SchoolEntry;

use super::{Db, Failure, On, Tx};

/// A school of this installation, or the platform.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct School {
    pub id: SchoolId,
    pub code: String,
    pub name: String,
    /// `making`, `open`, `suspended` or `removing`.
    pub state: String,
    pub created: Moment,
}

impl From<School> for SchoolEntry {
    fn from(school: School) -> Self {
        Self {
            code: school.code,
            name: school.name,
            state: school.state,
            created: school.created,
        }
    }
}

pub async fn find(on: impl Into<On<'_>>, code: &str) -> Result<Option<School>, Failure> {
    on.into()
        .query("select id, code, name, state, created_at as created from school where code = ?")
        .bind(code)
        .optional()
        .await
}

/// Every database there is, also the platform's.
pub async fn all(control: &Db) -> Result<Vec<School>, Failure> {
    control
        .query("select id, code, name, state, created_at as created from school order by code")
        .all()
        .await
}

/// The schools after a code, without the platform.
pub async fn list(control: &Db, after: &str, limit: i64) -> Result<Vec<SchoolEntry>, Failure> {
    control
        .query(
            "select code, name, state, created_at as created \
             from school \
             where code > ? and code <> ? \
             order by code \
             limit ?",
        )
        .bind(after)
        .bind(PLATFORM)
        .bind(limit)
        .all()
        .await
}

/// Adds a school in state `making`, or keeps the one that is there.
pub async fn add(tx: &mut Tx, code: &str, name: &str, at: Moment) -> Result<(), Failure> {
    tx.query(
        "insert into school (code, name, state, created_at) values (?, ?, 'making', ?) {keep code}",
    )
    .bind(code)
    .bind(name)
    .bind(at)
    .execute()
    .await?;
    Ok(())
}

pub async fn set_state(tx: &mut Tx, code: &str, state: &str) -> Result<(), Failure> {
    tx.query("update school set state = ? where code = ?")
        .bind(state)
        .bind(code)
        .execute()
        .await?;
    Ok(())
}

/// Moves a school from one state to another; says whether it was in the first.
pub async fn move_state(
    tx: &mut Tx,
    school: SchoolId,
    from: &str,
    to: &str,
) -> Result<bool, Failure> {
    let rows = tx
        .query("update school set state = ? where id = ? and state = ?")
        .bind(to)
        .bind(school)
        .bind(from)
        .execute()
        .await?;
    Ok(rows == 1)
}

pub async fn rename(tx: &mut Tx, school: SchoolId, name: &str) -> Result<(), Failure> {
    tx.query("update school set name = ? where id = ?")
        .bind(name)
        .bind(school)
        .execute()
        .await?;
    Ok(())
}

/// Takes a school from the list; its data are gone before.
pub async fn remove(tx: &mut Tx, school: SchoolId) -> Result<(), Failure> {
    tx.query("delete from school where id = ?")
        .bind(school)
        .execute()
        .await?;
    Ok(())
}
