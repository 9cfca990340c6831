//! The list of schools, in the control schema.

use hillview_shared::ids::{Moment, SchoolId};

use super::{Db, Failure, Tx};

/// A school of this installation.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct School {
    pub id: SchoolId,
    pub code: String,
    pub name: String,
    /// `making`, `open` or `suspended`.
    pub state: String,
}

pub async fn find(control: &Db, code: &str) -> Result<Option<School>, Failure> {
    control
        .query("select id, code, name, state from school where code = ?")
        .bind(code)
        .optional()
        .await
}

pub async fn all(control: &Db) -> Result<Vec<School>, Failure> {
    control
        .query("select id, code, name, state from school order by code")
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
