//! Who teaches what, and from when to when.

use chrono::NaiveDate;
use hillview_shared::ids::{ClassId, Moment, OfferingId, StaffId, TeachingId, UserId};
use hillview_shared::teaching::{Teaching, TeachingRole};
use sqlx::FromRow;

use super::fragments::{teaching_listed, teaching_listed_page, teaching_listed_where};
use super::imports::{LIST, batches};
use super::query::Query;
use super::{Db, Failure, On, Tx};

macro_rules! teaching {
    ($rest:literal) => {
        concat!(
            "select teaching.id, teaching.staff_id, staff.name as staff, teaching.class_id,
                class.name as class, teaching.offering_id, subject.name as subject, teaching.role,
                teaching.starts, teaching.ends, grade.ordinal
            from teaching
            join staff on staff.id = teaching.staff_id
            join class on class.id = teaching.class_id
            join grade on grade.id = class.grade_id
            left join offering on offering.id = teaching.offering_id
            left join subject on subject.id = offering.subject_id ",
            $rest
        )
    };
}

/// An assignment with the place of its grade, by which lists are ordered first.
#[derive(Debug, FromRow)]
pub struct Listed {
    #[sqlx(flatten)]
    pub teaching: Teaching,
    pub ordinal: i64,
}

/// Which assignments.
pub struct Filter<'a> {
    /// Only of this member of staff.
    pub staff: Option<StaffId>,
    /// Only of this class.
    pub class: Option<ClassId>,
    /// Also those that are not in force today.
    pub all_dates: bool,
    pub after: After<'a>,
    pub limit: i64,
}

/// Where a page begins: behind the assignment with these.
#[derive(Clone, Copy, Default)]
pub struct After<'a> {
    pub ordinal: i64,
    pub class: &'a str,
    pub role: &'a str,
    pub subject: &'a str,
    pub id: i64,
}

/// Assignments, class by class. A statement for each kind of filter, because each is found in
/// another way.
pub async fn list(db: &Db, filter: &Filter<'_>, today: NaiveDate) -> Result<Vec<Listed>, Failure> {
    let query = match (filter.staff, filter.class) {
        (Some(staff), class) => db
            .query(concat!(
                teaching_listed!(),
                "from teaching
                join class on class.id = teaching.class_id
                join grade on grade.id = class.grade_id",
                teaching_listed_where!(),
                "and teaching.staff_id = ? and (? is null or teaching.class_id = ?)",
                teaching_listed_page!()
            ))
            .bind(filter.all_dates)
            .bind(today)
            .bind(today)
            .bind(staff)
            .bind(class)
            .bind(class),
        (None, Some(class)) => db
            .query(concat!(
                teaching_listed!(),
                "from teaching
                join class on class.id = teaching.class_id
                join grade on grade.id = class.grade_id",
                teaching_listed_where!(),
                "and teaching.class_id = ?",
                teaching_listed_page!()
            ))
            .bind(filter.all_dates)
            .bind(today)
            .bind(today)
            .bind(class),
        (None, None) => of_school(db, filter, today),
    };
    query
        .bind(filter.after.ordinal)
        .bind(filter.after.class)
        .bind(filter.after.role)
        .bind(filter.after.subject)
        .bind(filter.after.id)
        .bind(filter.limit)
        .all()
        .await
}

/// Names of as many classes as a page has rows, from the one of the page before on: each has at
/// least one row, so that they fill it. Left to themselves, engines read every assignment first;
/// an `exists` they would turn into that as well.
fn of_school<'a>(db: &'a Db, filter: &Filter<'_>, today: NaiveDate) -> Query<'a> {
    db.query(concat!(
        teaching_listed!(),
        "from (select class.grade_id, grade.ordinal, class.name from class
                    join grade on grade.id = class.grade_id
                    where (grade.ordinal > ? or (grade.ordinal = ? and class.name >= ?))
                        and (select 1 from teaching where teaching.class_id = class.id
                            and (? or (teaching.starts <= ?
                                and (teaching.ends is null or teaching.ends >= ?)))
                            limit 1) = 1
                    group by class.grade_id, grade.ordinal, class.name
                    order by grade.ordinal, class.name
                    limit ?) near
                {then} grade on grade.id = near.grade_id
                {then} academic_year on true
                {then} class on class.year_id = academic_year.id and class.name = near.name
                    and class.grade_id = near.grade_id
                {then} teaching on teaching.class_id = class.id",
        teaching_listed_where!(),
        teaching_listed_page!()
    ))
    .bind(filter.after.ordinal)
    .bind(filter.after.ordinal)
    .bind(filter.after.class)
    .bind(filter.all_dates)
    .bind(today)
    .bind(today)
    // One more: of the first, all rows may have been on the page before.
    .bind(filter.limit + 1)
    .bind(filter.all_dates)
    .bind(today)
    .bind(today)
}

/// One assignment.
pub async fn one(tx: &mut Tx, teaching: TeachingId) -> Result<Option<Teaching>, Failure> {
    tx.query(teaching!("where teaching.id = ?"))
        .bind(teaching)
        .optional()
        .await
}

/// Those of some assignments that have no end yet.
pub async fn open(tx: &mut Tx, assignments: &[TeachingId]) -> Result<Vec<Teaching>, Failure> {
    let mut open = Vec::new();
    for some in assignments.chunks(LIST) {
        let found: Vec<Teaching> = tx
            .query(teaching!(
                "where teaching.id in ({list}) and teaching.ends is null order by teaching.id"
            ))
            .list(some)
            .all()
            .await?;
        open.extend(found);
    }
    Ok(open)
}

/// Every assignment of classes, whenever it is.
pub async fn of_classes(
    on: impl Into<On<'_>>,
    classes: &[ClassId],
) -> Result<Vec<Teaching>, Failure> {
    on.into()
        .query(teaching!(
            "where teaching.class_id in ({list}) order by teaching.id"
        ))
        .list(classes)
        .all()
        .await
}

/// An assignment to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewTeaching {
    pub staff: StaffId,
    pub class: ClassId,
    pub offering: Option<OfferingId>,
    pub role: TeachingRole,
    pub starts: NaiveDate,
    pub ends: Option<NaiveDate>,
}

/// Holds classes, so that two assignments of one are made one after the other.
pub async fn hold_classes(tx: &mut Tx, classes: &[ClassId]) -> Result<(), Failure> {
    tx.query("update class set v = v + 1 where id in ({list})")
        .list(classes)
        .execute()
        .await?;
    Ok(())
}

/// Makes assignments.
pub async fn add(
    tx: &mut Tx,
    assignments: &[NewTeaching],
    by: UserId,
    at: Moment,
) -> Result<(), Failure> {
    for batch in batches(assignments) {
        let mut query = tx
            .query(
                "insert into teaching (staff_id, class_id, offering_id, role, starts, ends,
                    created_at, created_by)
                values {rows (?, ?, ?, ?, ?, ?, ?, ?)}",
            )
            .rows(batch.len());
        for new in batch {
            query = query
                .bind(new.staff)
                .bind(new.class)
                .bind(new.offering)
                .bind(new.role)
                .bind(new.starts)
                .bind(new.ends)
                .bind(at)
                .bind(by);
        }
        query.execute().await?;
    }
    Ok(())
}

/// Gives assignments their last day; it may be the day before the first, when they never begin.
pub async fn end(
    tx: &mut Tx,
    assignments: &[TeachingId],
    last_day: NaiveDate,
) -> Result<(), Failure> {
    tx.query("update teaching set ends = ? where id in ({list})")
        .bind(last_day)
        .list(assignments)
        .execute()
        .await?;
    Ok(())
}

/// Ends those of some assignments that have no end yet.
pub async fn end_open(
    tx: &mut Tx,
    assignments: &[TeachingId],
    last_day: NaiveDate,
) -> Result<(), Failure> {
    for some in assignments.chunks(LIST) {
        tx.query("update teaching set ends = ? where id in ({list}) and ends is null")
            .bind(last_day)
            .list(some)
            .execute()
            .await?;
    }
    Ok(())
}
