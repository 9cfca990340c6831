//! The plan of an import of students: what each row of the file means for the school as it is.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use hillview_shared::ids::{ClassId, GradeId};
use hillview_shared::imports::{OnDuplicate, RunImport};
use hillview_shared::students::{Sex, Student, StudentStatus};
use hillview_shared::text::fold;

use super::cells::{self, Flaw};
use super::dates::{Order, read_birth_date};
use super::header::Table;
use super::headings::Field;
use super::plan::{Listing, listed, strangers};
use super::read::Line;
use super::wishes::{Classes, Wish, Wishes};
use crate::db::classes::{Grade, Named};
use crate::service::names::read_sex;
use crate::service::numbers::{self, Pattern};

/// The school that a file is held against.
pub struct School<'a> {
    pub today: NaiveDate,
    pub grades: &'a [Grade],
    pub classes: &'a [Named],
    pub students: &'a [Student],
}

/// A class by its id, or one of the plan's new ones by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClassRef {
    Known(ClassId),
    New(usize),
}

/// A class to create.
#[derive(Debug, PartialEq, Eq)]
pub struct NewClass {
    pub grade: GradeId,
    pub stream: String,
    pub name: String,
}

/// A student to add.
#[derive(Debug, PartialEq, Eq)]
pub struct Add {
    pub admission_no: String,
    pub name: String,
    pub sex: Option<Sex>,
    pub birth_date: Option<NaiveDate>,
    pub class: ClassRef,
}

/// A student to change; `before.v` is the version that the plan is based on.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    pub before: Student,
    pub after: Student,
    /// The class to move to, when it is another one.
    pub class: Option<ClassRef>,
}

/// Everything that an import of students does.
#[derive(Debug, Default)]
pub struct Plan {
    pub classes: Vec<NewClass>,
    pub adds: Vec<Add>,
    pub changes: Vec<Change>,
    pub listing: Listing,
    /// In which order day and month are read.
    pub order: Option<Order>,
}

/// Makes the plan. The same table and school always give the same plan: the preview is what happens.
pub fn plan(table: &Table, school: &School<'_>, options: &RunImport) -> Plan {
    let mut listing = Listing::default();
    for line in &table.samples {
        let reason = "this is the template's sample, not a student: it was left out";
        listing.warn(*line, "", "sample-row", reason);
    }
    let dates = table.column(Field::BirthDate).map(|column| {
        let dates = table.rows.iter().map(move |row| row.cell(column));
        Order::of(dates)
    });
    let mut reader = Reader {
        table,
        today: school.today,
        wishes: Wishes::new(school.grades),
        order: dates.unwrap_or(Order::DayFirst),
    };
    let mut rows = Vec::with_capacity(table.rows.len());
    for line in &table.rows {
        rows.extend(reader.read(line, &mut listing));
    }
    refuse_doubles(&rows, table, &mut listing);
    let mut planner = Planner::new(table, school, options, listing);
    planner.reserve(&rows);
    for row in rows {
        if !planner.plan.listing.is_refused(row.line) {
            planner.decide(row);
        }
    }
    Plan {
        order: dates,
        ..planner.plan
    }
}

/// A row as read, before the school is asked.
#[derive(Debug)]
struct Row {
    line: u32,
    /// Empty where the file has none.
    number: String,
    name: String,
    sex: Option<Sex>,
    birth_date: Option<NaiveDate>,
    class: Option<Wish>,
}

struct Reader<'a> {
    table: &'a Table,
    today: NaiveDate,
    wishes: Wishes<'a>,
    order: Order,
}

impl Reader<'_> {
    /// Reads a row; `None` when something of it cannot be read, which is listed.
    fn read(&mut self, line: &Line, listing: &mut Listing) -> Option<Row> {
        let number = match cells::read_number(self.table.cell(line, Field::Number)) {
            Ok(number) => {
                if let Some(flaw) = number.warning {
                    let column = self.table.heading(Field::Number);
                    listing.warn(line.number, column, flaw.code, flaw.reason);
                }
                Some(number.text)
            }
            Err(flaw) => self.refuse(line, Field::Number, flaw, listing),
        };
        let name = match cells::read_name(&self.table.name(line)) {
            Ok(name) if name.is_empty() => {
                let flaw = Flaw::new("missing-name", "the row has no name");
                self.refuse(line, Field::Name, flaw, listing)
            }
            Ok(name) => Some(name),
            Err(flaw) => self.refuse(line, Field::Name, flaw, listing),
        };
        let sex = self.optional(line, Field::Sex, listing, |text| {
            read_sex(text).ok_or_else(|| {
                let reason = format!("{text:?} is no sex; write M or F");
                Flaw::new("unknown-sex", reason)
            })
        });
        let birth_date = self.optional(line, Field::BirthDate, listing, |text| {
            read_birth_date(text, self.order, self.today)
        });
        let class = match self.wishes.of(self.table, line) {
            Ok(class) => Some(class),
            Err((field, flaw)) => self.refuse(line, field, flaw, listing),
        };
        Some(Row {
            line: line.number,
            number: number?,
            name: name?,
            sex: sex?,
            birth_date: birth_date?,
            class: class?,
        })
    }

    /// Reads a cell that may be empty: `None` when it cannot be read.
    fn optional<T>(
        &self,
        line: &Line,
        field: Field,
        listing: &mut Listing,
        read: impl Fn(&str) -> Result<T, Flaw>,
    ) -> Option<Option<T>> {
        match self.table.cell(line, field) {
            "" => Some(None),
            text => match read(text) {
                Ok(value) => Some(Some(value)),
                Err(flaw) => self.refuse(line, field, flaw, listing),
            },
        }
    }

    fn refuse<T>(&self, line: &Line, field: Field, flaw: Flaw, listing: &mut Listing) -> Option<T> {
        listing.refuse_flaw(line.number, self.table.heading(field), flaw);
        None
    }
}

/// Refuses every row of those that are about one student: both lines, because neither is known to
/// be the right one.
fn refuse_doubles(rows: &[Row], table: &Table, listing: &mut Listing) {
    let mut numbered: HashMap<String, Vec<&Row>> = HashMap::new();
    let mut named: HashMap<(String, Option<&Wish>), Vec<&Row>> = HashMap::new();
    for row in rows {
        if row.number.is_empty() {
            let person = (fold(&row.name), row.class.as_ref());
            named.entry(person).or_default().push(row);
        } else {
            let key = cells::number_key(&row.number);
            numbered.entry(key).or_default().push(row);
        }
    }
    for same in numbered.into_values().filter(|same| same.len() > 1) {
        let lines: Vec<u32> = same.iter().map(|row| row.line).collect();
        for row in same {
            let reason = format!(
                "lines {} have the same admission number, {}: leave one of them",
                listed(&lines),
                row.number
            );
            let column = table.heading(Field::Number);
            listing.refuse(row.line, column, "duplicate-in-file", reason);
        }
    }
    for same in named.into_values().filter(|same| same.len() > 1) {
        let lines: Vec<u32> = same.iter().map(|row| row.line).collect();
        for row in same {
            let reason = format!(
                "lines {} are {} of one class without an admission number: give them numbers",
                listed(&lines),
                row.name
            );
            listing.refuse(
                row.line,
                table.heading(Field::Name),
                "duplicate-in-file",
                reason,
            );
        }
    }
}

/// Decides row after row, with what the school has and the file has already taken.
struct Planner<'a> {
    table: &'a Table,
    options: &'a RunImport,
    classes: Classes<'a>,
    by_number: HashMap<String, &'a Student>,
    by_name: HashMap<(String, ClassId), Vec<&'a Student>>,
    /// Names and classes of the rows that have a number.
    numbered_names: HashSet<(String, Option<Wish>)>,
    taken: HashSet<String>,
    /// Numbers of the school, the latest first.
    latest: Vec<&'a String>,
    highest: Option<String>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn new(
        table: &'a Table,
        school: &School<'a>,
        options: &'a RunImport,
        listing: Listing,
    ) -> Self {
        let mut by_name: HashMap<(String, ClassId), Vec<&Student>> = HashMap::new();
        let mut by_number = HashMap::new();
        for student in school.students {
            by_number.insert(cells::number_key(&student.admission_no), student);
            if let Some(class) = student.class_id {
                let person = (fold(&student.name), class);
                by_name.entry(person).or_default().push(student);
            }
        }
        Self {
            table,
            options,
            classes: Classes::new(school.grades, school.classes, options.create_classes),
            taken: by_number.keys().cloned().collect(),
            latest: school
                .students
                .iter()
                .rev()
                .map(|student| &student.admission_no)
                .collect(),
            by_number,
            by_name,
            numbered_names: HashSet::new(),
            highest: None,
            plan: Plan {
                listing,
                ..Plan::default()
            },
        }
    }

    /// Notes the numbers that the file itself gives, so that none of them is assigned.
    fn reserve(&mut self, rows: &[Row]) {
        for row in rows.iter().filter(|row| !row.number.is_empty()) {
            self.taken.insert(cells::number_key(&row.number));
            let person = (fold(&row.name), row.class.clone());
            self.numbered_names.insert(person);
        }
        let of_file = rows.iter().rev().map(|row| &row.number);
        let of_school = self.latest.iter().copied();
        let pattern = of_file
            .chain(of_school)
            .find_map(|number| Pattern::of(number));
        self.highest = pattern.and_then(|pattern| pattern.highest(self.taken.iter()));
    }

    fn decide(&mut self, row: Row) {
        let class = match row.class.as_ref().map(|wish| self.classes.find(wish)) {
            None => None,
            Some(Ok(class)) => Some(class),
            Some(Err((field, flaw))) => {
                let columns = [field, Field::Class, Field::Grade];
                let headings = columns.map(|field| self.table.heading(field));
                let column = headings.into_iter().find(|heading| !heading.is_empty());
                let listing = &mut self.plan.listing;
                return listing.refuse_flaw(row.line, column.unwrap_or(""), flaw);
            }
        };
        match self.find(&row, class) {
            Err(flaw) => {
                let column = self.table.heading(Field::Number);
                self.plan.listing.refuse_flaw(row.line, column, flaw);
            }
            Ok(Some(student)) => self.compare(row, class, student),
            Ok(None) => self.add(row, class),
        }
    }

    /// The student that a row is about: by number, or by a name that only one of the class has.
    fn find(&self, row: &Row, class: Option<ClassRef>) -> Result<Option<&'a Student>, Flaw> {
        if !row.number.is_empty() {
            let key = cells::number_key(&row.number);
            return Ok(self.by_number.get(&key).copied());
        }
        let name = fold(&row.name);
        let twin = self
            .numbered_names
            .contains(&(name.clone(), row.class.clone()));
        let known = match class {
            Some(ClassRef::Known(class)) => self.by_name.get(&(name, class)),
            _ => None,
        };
        match known.map(Vec::as_slice) {
            Some([only]) if !twin => Ok(Some(only)),
            None | Some([]) if !twin => Ok(None),
            _ => {
                let reason = format!(
                    "{} is more than one student of the class: give the admission number",
                    row.name
                );
                Err(Flaw::new("ambiguous-name", reason))
            }
        }
    }

    fn compare(&mut self, row: Row, class: Option<ClassRef>, before: &Student) {
        if strangers(&row.name, &before.name) {
            let reason = format!(
                "{} is {} at the school; the file says {}",
                before.admission_no, before.name, row.name
            );
            let column = self.table.heading(Field::Name);
            self.plan
                .listing
                .warn(row.line, column, "name-differs", reason);
        }
        let after = Student {
            name: row.name,
            sex: row.sex.or(before.sex),
            birth_date: row.birth_date.or(before.birth_date),
            ..before.clone()
        };
        let class = class.filter(|class| {
            before
                .class_id
                .is_none_or(|now| *class != ClassRef::Known(now))
        });
        let mut differs = Vec::new();
        let mut note = |differ: bool, what| differs.extend(differ.then_some(what));
        note(after.name != before.name, "name");
        note(after.sex != before.sex, "sex");
        note(after.birth_date != before.birth_date, "birth date");
        note(class.is_some(), "class");
        if differs.is_empty() {
            self.plan.listing.same += 1;
        } else if self.options.on_duplicate == OnDuplicate::Skip {
            self.plan.listing.skipped += 1;
        } else if self.options.on_duplicate == OnDuplicate::Error {
            let reason = format!(
                "{} is at the school already, with another {}",
                before.admission_no,
                listed(&differs)
            );
            self.plan.listing.refuse(row.line, "", "exists", reason);
        } else if before.status != StudentStatus::Active {
            let reason = format!(
                "{} is {}, not active: change that first",
                before.admission_no, before.status
            );
            self.plan.listing.refuse(row.line, "", "not-active", reason);
        } else {
            let class = class.map(|class| self.classes.settle(class, &mut self.plan.classes));
            self.plan.listing.changed += 1;
            self.plan.changes.push(Change {
                before: before.clone(),
                after,
                class,
            });
        }
    }

    fn add(&mut self, row: Row, class: Option<ClassRef>) {
        let Some(class) = class else {
            let reason = format!("{} is new and has no class: give one", row.name);
            return self
                .plan
                .listing
                .refuse(row.line, "", "missing-class", reason);
        };
        if row.number.is_empty() && !self.options.assign_numbers {
            let reason = format!(
                "{} has no admission number: give one, or have numbers assigned",
                row.name
            );
            let column = self.table.heading(Field::Number);
            return self
                .plan
                .listing
                .refuse(row.line, column, "missing-number", reason);
        }
        let admission_no = match row.number.as_str() {
            "" => self.assign(),
            number => number.to_owned(),
        };
        self.plan.listing.added += 1;
        let class = self.classes.settle(class, &mut self.plan.classes);
        self.plan.adds.push(Add {
            admission_no,
            name: row.name,
            sex: row.sex,
            birth_date: row.birth_date,
            class,
        });
    }

    fn assign(&mut self) -> String {
        loop {
            let number = numbers::next(self.highest.as_deref());
            self.highest = Some(number.clone());
            if self.taken.insert(cells::number_key(&number)) {
                return number;
            }
        }
    }
}

#[cfg(test)]
#[path = "students_tests.rs"]
mod tests;
