//! The plan of an import of staff: what each row of the file means for the school as it is.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use hillview_shared::ApiError;
use hillview_shared::accounts::{Role, RoleCode};
use hillview_shared::ids::{ClassId, OfferingId, StaffId};
use hillview_shared::imports::OnDuplicate;
use hillview_shared::staff::{Staff, StaffState};
use hillview_shared::teaching::{Teaching, TeachingRole};

use super::header::Table;
use super::headings::Field;
use super::plan::{Listing, listed, strangers};
use super::staff_rows::{Reader, Row, refuse_doubles};
use crate::db::teaching::NewTeaching;
use crate::service::staff::{Giving, key, namesake};
use crate::service::teaching::{Judged, Names, Verdict, Wish, judge, own_teaching};

/// The school that a file is held against.
pub struct School<'a> {
    pub today: NaiveDate,
    pub staff: &'a [Staff],
    /// Every login's name, also of those who are no staff.
    pub usernames: HashSet<String>,
    /// Every assignment of the year's classes.
    pub teaching: &'a [Teaching],
    pub giving: &'a Giving<'a>,
    /// Refuses to change the login of somebody, as `may_take_over` does.
    pub may_take_over: &'a dyn Fn(&Staff) -> Result<(), ApiError>,
    /// Whether the caller may say who teaches what.
    pub may_assign: bool,
    /// The caller, where they may not say what they teach themselves.
    pub myself: Option<StaffId>,
}

/// A member of staff to add.
#[derive(Debug, PartialEq, Eq)]
pub struct Add {
    pub line: u32,
    pub staff_no: String,
    pub name: String,
    pub username: String,
    pub roles: Vec<RoleCode>,
}

/// A member of staff to change.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    pub line: u32,
    pub before: Staff,
    pub name: String,
    /// The roles, where they are others.
    pub roles: Option<Vec<RoleCode>>,
}

impl Change {
    /// The roles that they lose.
    pub fn taken(&self) -> Vec<RoleCode> {
        let Some(roles) = &self.roles else {
            return Vec::new();
        };
        let taken = self
            .before
            .roles
            .iter()
            .filter(|role| !roles.contains(role));
        taken.cloned().collect()
    }
}

/// Everything that an import of staff does.
#[derive(Debug, Default)]
pub struct Plan {
    pub adds: Vec<Add>,
    pub changes: Vec<Change>,
    /// What they are to teach. The staff of those that are added have the ids of [`placeholder`].
    pub wishes: Vec<Wish>,
    pub judged: Judged,
    pub listing: Listing,
}

/// Stands for the member of staff that is added at a place of the plan.
pub fn placeholder(line: u32) -> StaffId {
    StaffId(-i64::from(line))
}

/// Makes the plan. The same table and school always give the same plan: the preview is what happens.
pub fn plan(table: &Table, school: School<'_>, names: &mut Names, twice: OnDuplicate) -> Plan {
    let mut listing = Listing::default();
    for line in &table.samples {
        let reason = "this is the template's sample, not a person: it was left out";
        listing.warn(*line, "", "sample-row", reason);
    }
    if table.column(Field::Roles).is_none() && !table.rows.is_empty() {
        let reason = "no column says what people are: everybody in the file becomes a teacher";
        listing.warn(table.header_line, "", "no-roles", reason);
    }
    let known = school.giving.known();
    let mut reader = Reader::new(table, names, &known, school.may_assign);
    let mut rows = Vec::with_capacity(table.rows.len());
    for line in &table.rows {
        rows.extend(reader.read(line, &mut listing));
    }
    refuse_doubles(&rows, table, &mut listing);
    let mut planner = Planner::new(table, school, twice, listing);
    planner.reserve(&rows);
    for row in rows {
        if !planner.plan.listing.is_refused(row.line) {
            planner.decide(row);
        }
    }
    planner.settle()
}

/// Decides row after row, with what the school has and the file has already taken.
struct Planner<'a> {
    table: &'a Table,
    school: School<'a>,
    twice: OnDuplicate,
    by_number: HashMap<String, &'a Staff>,
    /// Every number, of the school and of the file: none of them is the login of somebody else.
    numbers: HashSet<String>,
    /// The number to try next behind a login that was made from a name.
    next: HashMap<String, u32>,
    /// The line of each wish.
    lines: Vec<u32>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn new(table: &'a Table, school: School<'a>, twice: OnDuplicate, listing: Listing) -> Self {
        let by_number = school.staff.iter();
        let by_number: HashMap<_, _> = by_number.map(|one| (key(&one.staff_no), one)).collect();
        Self {
            table,
            numbers: by_number.keys().cloned().collect(),
            by_number,
            school,
            twice,
            next: HashMap::new(),
            lines: Vec::new(),
            plan: Plan {
                listing,
                ..Plan::default()
            },
        }
    }

    /// Notes the logins that the file itself gives, so that none of them is made for another row.
    fn reserve(&mut self, rows: &[Row]) {
        for row in rows {
            self.numbers.insert(key(&row.number));
            let known = self.by_number.contains_key(&key(&row.number));
            match &row.login {
                Some(login) if !known && !self.school.usernames.contains(login) => {
                    self.next.insert(login.clone(), 2);
                }
                _ => {}
            }
        }
    }

    fn decide(&mut self, row: Row) {
        match self.by_number.get(&key(&row.number)) {
            Some(before) => self.compare(row, before),
            None => self.add(row),
        }
    }

    fn add(&mut self, row: Row) {
        let roles = row.roles.clone();
        let roles = roles.unwrap_or_else(|| vec![Role::Teacher.into()]);
        if let Err(refusal) = self.school.giving.check(&roles) {
            return self.refuse(row.line, Field::Roles, &refusal);
        }
        let username = match &row.login {
            Some(login) if self.school.usernames.contains(login) => {
                let message = format!("somebody else has the login {login} already");
                let refusal = ApiError::conflict("login-taken", message);
                return self.refuse(row.line, Field::Login, &refusal);
            }
            Some(login) => login.clone(),
            None => match self.make_login(&row.name) {
                Some(login) => login,
                None => {
                    let message = format!("no login can be made of {}: give one", row.name);
                    let refusal = ApiError::invalid("no-login", message);
                    return self.refuse(row.line, Field::Login, &refusal);
                }
            },
        };
        let number = key(&row.number);
        let taken = username != number && self.numbers.contains(&username);
        if taken || self.school.usernames.contains(&number) {
            let refusal = namesake(&row.number, &username, "somebody else");
            return self.refuse(row.line, Field::Number, &refusal);
        }
        self.wish(&row, placeholder(row.line));
        self.plan.adds.push(Add {
            line: row.line,
            staff_no: row.number,
            name: row.name,
            username,
            roles,
        });
    }

    /// `a.odhiambo` of Akinyi Odhiambo, with a number behind it when somebody has that.
    fn make_login(&mut self, name: &str) -> Option<String> {
        let plain = plain_login(name)?;
        loop {
            let next = self.next.entry(plain.clone()).or_insert(1);
            let login = match *next {
                1 => plain.clone(),
                n => format!("{plain}{n}"),
            };
            *next += 1;
            if !self.school.usernames.contains(&login)
                && !self.numbers.contains(&login)
                && (login == plain || !self.next.contains_key(&login))
            {
                return Some(login);
            }
        }
    }

    fn compare(&mut self, row: Row, before: &Staff) {
        if strangers(&row.name, &before.name) {
            let reason = format!(
                "{} is {} at the school; the file says {}",
                before.staff_no, before.name, row.name
            );
            let column = self.table.heading(Field::Name);
            let listing = &mut self.plan.listing;
            listing.warn(row.line, column, "name-differs", reason);
        }
        let login = row.login.as_ref();
        let other_login = login.filter(|login| before.username.as_ref() != Some(login));
        let roles = row.roles.clone().filter(|roles| *roles != before.roles);
        let wishes = self.wishes(&row, before.id);
        let judged = judge(self.school.teaching, &wishes);
        let same = |verdict: &Verdict| matches!(verdict, Verdict::Same(_));
        let differs: Vec<&str> = [
            (row.name != before.name, "name"),
            (other_login.is_some(), "login"),
            (roles.is_some(), "roles"),
            (!judged.verdicts.iter().all(same), "teaching"),
        ]
        .into_iter()
        .filter_map(|(differs, what)| differs.then_some(what))
        .collect();
        if differs.is_empty() {
            self.plan.listing.same += 1;
            return;
        }
        match self.twice {
            OnDuplicate::Skip => self.plan.listing.skipped += 1,
            OnDuplicate::Error => {
                let differs = listed(&differs);
                let staff_no = &before.staff_no;
                let reason = format!("{staff_no} is at the school already, with another {differs}");
                self.plan.listing.refuse(row.line, "", "exists", reason);
            }
            OnDuplicate::Update => match self.may_change(before, other_login, roles.as_deref()) {
                Err((field, refusal)) => self.refuse(row.line, field, &refusal),
                Ok(()) => {
                    self.wish(&row, before.id);
                    self.plan.changes.push(Change {
                        line: row.line,
                        before: before.clone(),
                        name: row.name,
                        roles,
                    });
                }
            },
        }
    }

    fn may_change(
        &self,
        before: &Staff,
        login: Option<&String>,
        roles: Option<&[RoleCode]>,
    ) -> Result<(), (Field, ApiError)> {
        if before.state != StaffState::Active {
            let message = format!("{} is disabled: let them in again first", before.name);
            return Err((Field::Number, ApiError::conflict("disabled", message)));
        }
        if let Some(login) = login {
            let has = before.username.as_deref().unwrap_or("none");
            let message = format!("the login is {has}, not {login}, and keeps its name");
            return Err((Field::Login, ApiError::conflict("login-differs", message)));
        }
        let Some(roles) = roles else { return Ok(()) };
        let new = roles.iter().filter(|role| !before.roles.contains(role));
        let new: Vec<RoleCode> = new.cloned().collect();
        let given = (self.school.may_take_over)(before).and_then(|()| {
            let all = self.school.giving.check(&new);
            all.and_then(|()| match before.username {
                Some(_) => Ok(()),
                None => Err(ApiError::conflict(
                    "no-login",
                    "there is no login to have a role",
                )),
            })
        });
        given.map_err(|refusal| (Field::Roles, refusal))
    }

    fn refuse(&mut self, line: u32, field: Field, refusal: &ApiError) {
        let column = self.table.heading(field);
        let reason = refusal.message.as_str();
        self.plan
            .listing
            .refuse(line, column, &refusal.code, reason);
    }

    fn wish(&mut self, row: &Row, staff: StaffId) {
        let wishes = self.wishes(row, staff);
        self.lines.extend(wishes.iter().map(|_| row.line));
        self.plan.wishes.extend(wishes);
    }

    /// What a row says that somebody teaches, from today.
    fn wishes(&self, row: &Row, staff: StaffId) -> Vec<Wish> {
        let wish = |class: ClassId, name: &str, offering: Option<(OfferingId, &String)>| Wish {
            new: NewTeaching {
                staff,
                class,
                offering: offering.map(|(offering, _)| offering),
                role: match offering {
                    Some(_) => TeachingRole::SubjectTeacher,
                    None => TeachingRole::ClassTeacher,
                },
                starts: self.school.today,
                ends: None,
            },
            said_when: false,
            replace: false,
            staff: row.name.clone(),
            class: name.to_owned(),
            subject: offering.map(|(_, subject)| subject.clone()),
        };
        let leads = row
            .leads
            .iter()
            .map(|(class, name)| wish(*class, name, None));
        let teaches = row.teaches.iter();
        let teaches =
            teaches.map(|one| wish(one.class, &one.name, Some((one.offering, &one.subject))));
        leads.chain(teaches).collect()
    }

    /// Holds all that is to be taught against each other, and refuses the rows of which something
    /// cannot be.
    fn settle(mut self) -> Plan {
        let judged = judge(self.school.teaching, &self.plan.wishes);
        let verdicts = judged
            .verdicts
            .iter()
            .zip(&self.plan.wishes)
            .zip(&self.lines);
        let mut refused = HashSet::new();
        for ((verdict, wish), line) in verdicts {
            let refusal = match verdict {
                Verdict::Refused(refusal) => refusal.clone(),
                Verdict::Same(_) => continue,
                _ if self.school.myself == Some(wish.new.staff) => own_teaching(),
                _ => continue,
            };
            let field = match wish.new.role {
                TeachingRole::SubjectTeacher => Field::Teaches,
                _ => Field::Leads,
            };
            let column = self.table.heading(field);
            let reason = refusal.message.as_str();
            self.plan
                .listing
                .refuse(*line, column, &refusal.code, reason);
            refused.insert(*line);
        }
        let mut plan = self.plan;
        plan.adds.retain(|add| !refused.contains(&add.line));
        plan.changes
            .retain(|change| !refused.contains(&change.line));
        let mut lines = self.lines.iter();
        plan.wishes
            .retain(|_| lines.next().is_some_and(|line| !refused.contains(line)));
        // Without those that were refused nothing stands in the way of the others.
        plan.judged = judge(self.school.teaching, &plan.wishes);
        plan.listing.added = u32::try_from(plan.adds.len()).unwrap_or(u32::MAX);
        plan.listing.changed = u32::try_from(plan.changes.len()).unwrap_or(u32::MAX);
        plan
    }
}

/// The first letter of the first name and the last name; only the one there is. `None` where no
/// letter of it can stand in a login.
fn plain_login(name: &str) -> Option<String> {
    let folded = hillview_shared::text::fold(name);
    let plain = |word: &str| -> String {
        let letters = word.chars().filter(char::is_ascii_alphanumeric);
        letters.take(30).collect()
    };
    let words: Vec<String> = folded.split(' ').map(plain).collect();
    let words: Vec<&String> = words.iter().filter(|word| !word.is_empty()).collect();
    match words[..] {
        [] => None,
        [only] if only.len() < 2 => None,
        [only] => Some(only.clone()),
        [first, .., last] => Some(format!("{}.{last}", &first[..1])),
    }
}

#[cfg(test)]
#[path = "staff_tests.rs"]
mod tests;
