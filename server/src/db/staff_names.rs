//! The order of staff by name, and the search for them, in an index that has all it takes.
//!
//! The names are kept folded beside the names, because no database folds as `text::fold` does.

use hillview_shared::ids::StaffId;
use sqlx::FromRow;

use super::staff::{search_name, sort_name};
use super::{Db, Failure, Tx};

/// How many words of a search are looked for.
pub const WORDS: usize = 8;
/// How many names are written in one transaction.
const BATCH: i64 = 500;

/// Which staff.
pub struct Filter<'a> {
    /// Folded beginnings of words of the name or the login: each must fit.
    pub words: [&'a str; WORDS],
    /// The folded beginning of the number, which fits instead of the words.
    pub number: &'a str,
    pub disabled: bool,
    /// The folded name and the number of the last one of the page before.
    pub after: (&'a str, StaffId),
    pub limit: i64,
}

/// Their folded names and ids, by name. A statement for each kind of filter, because each is found
/// in another way.
pub async fn list(db: &Db, filter: &Filter<'_>) -> Result<Vec<(String, StaffId)>, Failure> {
    match filter.words[0] {
        // Nothing is looked for, or nothing that folding leaves.
        "" => of_school(db, filter).await,
        _ => searched(db, filter).await,
    }
}

async fn of_school(db: &Db, filter: &Filter<'_>) -> Result<Vec<(String, StaffId)>, Failure> {
    let (name, id) = filter.after;
    db.query(
        "select sort_name, id from staff
        where sort_name >= ? and (sort_name > ? or id > ?) and (? or state = 'active')
        order by sort_name, id
        limit ?",
    )
    .bind(name)
    .bind(name)
    .bind(id)
    .bind(filter.disabled)
    .bind(filter.limit)
    .all()
    .await
}

/// Those whose words or number fit. Words are looked through in the index that orders the names;
/// numbers have an index of their own.
async fn searched(db: &Db, filter: &Filter<'_>) -> Result<Vec<(String, StaffId)>, Failure> {
    let (name, id) = filter.after;
    let mut query = db
        .query(
            "select sort_name, id
            from (select sort_name, id from (select sort_name, id from staff
                    where sort_name >= ? and (sort_name > ? or id > ?)
                        and search_name like ? and search_name like ? and search_name like ?
                        and search_name like ? and search_name like ? and search_name like ?
                        and search_name like ? and search_name like ?
                        and (? or state = 'active')
                    order by sort_name, id
                    limit ?) of_name
                union select sort_name, id from (select sort_name, id from staff
                    where staff_key >= ? and staff_key < ?
                        and sort_name >= ? and (sort_name > ? or id > ?)
                        and (? or state = 'active')
                    order by sort_name, id
                    limit ?) of_number) fitting
            order by sort_name, id
            limit ?",
        )
        .bind(name)
        .bind(name)
        .bind(id);
    for word in filter.words {
        query = query.bind(begins_a_word(word));
    }
    query
        .bind(filter.disabled)
        .bind(filter.limit)
        .bind(filter.number)
        // No text has the last character of all.
        .bind(format!("{}{}", filter.number, char::MAX))
        .bind(name)
        .bind(name)
        .bind(id)
        .bind(filter.disabled)
        .bind(filter.limit)
        .bind(filter.limit)
        .all()
        .await
}

/// What text with a space before each word is like, when one of its words begins so. Folding leaves
/// no sign that means something to LIKE.
pub(super) fn begins_a_word(word: &str) -> String {
    match word {
        "" => "%".to_owned(),
        word => format!("% {word}%"),
    }
}

/// Somebody whom a server of before wrote: without folded names.
#[derive(FromRow)]
pub struct Unwritten {
    pub id: StaffId,
    name: String,
    username: Option<String>,
}

/// The next of those behind a number whose folded names are not written.
pub async fn unwritten(db: &Db, after: StaffId) -> Result<Vec<Unwritten>, Failure> {
    db.query(
        "select staff.id, staff.name, user.username
        from staff
        left join user on user.staff_id = staff.id
        where staff.sort_name = '' and staff.id > ? and staff.search_name = ''
        order by staff.id
        limit ?",
    )
    .bind(after)
    .bind(BATCH)
    .all()
    .await
}

/// Writes folded names, each only while there is none: several at once do no harm.
pub async fn write(tx: &mut Tx, some: &[Unwritten]) -> Result<(), Failure> {
    for Unwritten { id, name, username } in some {
        tx.query(
            "update staff set sort_name = ?, search_name = ?
            where id = ? and sort_name = '' and search_name = '' and name = ?",
        )
        .bind(sort_name(name))
        .bind(search_name(name, username.as_deref()))
        .bind(*id)
        .bind(name)
        .execute()
        .await?;
    }
    Ok(())
}
