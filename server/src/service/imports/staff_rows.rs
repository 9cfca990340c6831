//! A row of a file of staff as read, before it is held against the school's staff.

use std::collections::HashMap;

use hillview_shared::accounts::{Role, RoleCode};
use hillview_shared::ids::{ClassId, OfferingId};
use hillview_shared::text::fold;

use super::cells::{self, Flaw};
use super::header::Table;
use super::headings::Field;
use super::plan::{Listing, listed};
use super::read::Line;
use crate::service::accounts::check_username;
use crate::service::staff::{NUMBER_MAX, key};
use crate::service::teaching::Names;

/// The most classes and subjects of one row: more than anybody teaches.
const TAUGHT_MAX: usize = 60;

/// A row that could be read.
#[derive(Debug)]
pub struct Row {
    pub line: u32,
    pub number: String,
    pub name: String,
    pub login: Option<String>,
    /// Sorted; `None` where the file does not say.
    pub roles: Option<Vec<RoleCode>>,
    /// The classes that they are class teacher of, with their names.
    pub leads: Vec<(ClassId, String)>,
    pub teaches: Vec<Taught>,
}

/// A subject of a class.
#[derive(Debug)]
pub struct Taught {
    pub class: ClassId,
    pub name: String,
    pub offering: OfferingId,
    pub subject: String,
}

/// Reads rows with the names that the school has.
pub struct Reader<'a> {
    table: &'a Table,
    names: &'a mut Names,
    roles: &'a [&'a RoleCode],
    may_assign: bool,
}

impl<'a> Reader<'a> {
    pub fn new(
        table: &'a Table,
        names: &'a mut Names,
        roles: &'a [&'a RoleCode],
        may_assign: bool,
    ) -> Self {
        Self {
            table,
            names,
            roles,
            may_assign,
        }
    }

    /// Reads a row; `None` when something of it cannot be read, which is listed, or when it is
    /// about nobody who works here.
    pub fn read(&mut self, line: &Line, listing: &mut Listing) -> Option<Row> {
        let roles = match read_roles(self.table.cell(line, Field::Roles), self.roles) {
            Ok(Roles::Nobody(what)) => {
                let column = self.table.heading(Field::Roles);
                let reason = format!("{what} works not here: the row was left out");
                listing.warn(line.number, column, "not-staff", reason);
                listing.skipped += 1;
                return None;
            }
            Ok(Roles::Unsaid) => Some(None),
            Ok(Roles::Said(roles)) => Some(Some(roles)),
            Err(flaw) => self.refuse(line, Field::Roles, flaw, listing),
        };
        let number = match read_number(self.table.cell(line, Field::Number)) {
            Ok(number) => Some(number),
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
        let login = match read_login(self.table.cell(line, Field::Login)) {
            Ok(login) => Some(login),
            Err(flaw) => self.refuse(line, Field::Login, flaw, listing),
        };
        let leads = match self.leads(self.table.cell(line, Field::Leads)) {
            Ok(leads) => Some(leads),
            Err(flaw) => self.refuse(line, Field::Leads, flaw, listing),
        };
        let teaches = match self.teaches(self.table.cell(line, Field::Teaches)) {
            Ok(teaches) => Some(teaches),
            Err(flaw) => self.refuse(line, Field::Teaches, flaw, listing),
        };
        Some(Row {
            line: line.number,
            number: number?,
            name: name?,
            login: login?,
            roles: roles?,
            leads: leads?,
            teaches: teaches?,
        })
    }

    fn refuse<T>(&self, line: &Line, field: Field, flaw: Flaw, listing: &mut Listing) -> Option<T> {
        listing.refuse_flaw(line.number, self.table.heading(field), flaw);
        None
    }

    fn class(&mut self, text: &str) -> Result<(ClassId, String), Flaw> {
        let class = self.names.class(text);
        let class = class.map_err(|refusal| Flaw::new("unknown-class", refusal.message))?;
        Ok((class.id, class.class.clone()))
    }

    /// `4 East`, or several with semicolons between them.
    fn leads(&mut self, text: &str) -> Result<Vec<(ClassId, String)>, Flaw> {
        let parts = parts(text, &[';', ',']);
        self.may_say(&parts)?;
        parts.into_iter().map(|part| self.class(part)).collect()
    }

    /// `4 East: ENG, MAT; 5 West: MAT`.
    fn teaches(&mut self, text: &str) -> Result<Vec<Taught>, Flaw> {
        let parts = parts(text, &[';', '\n']);
        self.may_say(&parts)?;
        let mut teaches = Vec::new();
        for part in parts {
            let Some((class, subjects)) = part.split_once(':') else {
                let reason =
                    format!("{part:?} names no class; write 4 East: ENG, MAT; 5 West: MAT");
                return Err(Flaw::new("bad-teaching", reason));
            };
            let (class, name) = self.class(class.trim())?;
            for subject in self::parts(subjects, &[',', '/']) {
                let offering = self.names.subject(class, subject);
                let offering =
                    offering.map_err(|refusal| Flaw::new("unknown-subject", refusal.message))?;
                let (name, subject) = (name.clone(), subject.to_owned());
                teaches.push(Taught {
                    class,
                    name,
                    offering,
                    subject,
                });
            }
            if teaches.len() > TAUGHT_MAX {
                let reason = format!("more than {TAUGHT_MAX} subjects are named");
                return Err(Flaw::new("too-many-subjects", reason));
            }
        }
        Ok(teaches)
    }

    fn may_say(&self, parts: &[&str]) -> Result<(), Flaw> {
        if parts.len() > TAUGHT_MAX {
            let reason = format!("more than {TAUGHT_MAX} classes are named");
            return Err(Flaw::new("too-many-classes", reason));
        }
        if !parts.is_empty() && !self.may_assign {
            let reason = "you may not say who teaches what: leave the cell empty";
            return Err(Flaw::new("denied", reason));
        }
        Ok(())
    }
}

/// The parts of a cell between signs, those that are not empty.
fn parts<'t>(text: &'t str, signs: &[char]) -> Vec<&'t str> {
    let parts = text.split(signs).map(str::trim);
    parts.filter(|part| !part.is_empty()).collect()
}

/// A staff number: as an admission number, but shorter, and nobody is without.
fn read_number(text: &str) -> Result<String, Flaw> {
    let number = cells::read_number(text)?;
    if let Some(flaw) = number.warning {
        return Err(flaw);
    }
    let number = number.text;
    if number.is_empty() {
        return Err(Flaw::new("missing-number", "the row has no staff number"));
    }
    if number.chars().count() > NUMBER_MAX {
        let reason = format!("the staff number is longer than {NUMBER_MAX} characters");
        return Err(Flaw::new("number-too-long", reason));
    }
    Ok(number)
}

/// A login, in lower case; of an address of mail, what stands before the `@`.
fn read_login(text: &str) -> Result<Option<String>, Flaw> {
    let login = text.split('@').next().unwrap_or_default().trim();
    match login {
        "" => Ok(None),
        login if login.len() > 60 => Err(Flaw::new("bad-username", "the login is too long")),
        login => match check_username(login) {
            Ok(login) => Ok(Some(login)),
            Err(refusal) => {
                let reason = format!("{}: use 2 to 40 of a-z, 0-9, . _ -", refusal.message);
                Err(Flaw::new("bad-username", reason))
            }
        },
    }
}

/// What a cell says of somebody's roles.
enum Roles {
    Unsaid,
    Said(Vec<RoleCode>),
    /// Students and parents are no staff.
    Nobody(String),
}

fn read_roles(text: &str, known: &[&RoleCode]) -> Result<Roles, Flaw> {
    let mut roles = Vec::new();
    for part in parts(text, &[';', ',', '\n']) {
        let folded = fold(part);
        if NO_STAFF.contains(&folded.as_str()) {
            return Ok(Roles::Nobody(folded));
        }
        let by_code = known.iter().find(|role| fold(&role.0) == folded);
        let alias = ROLES
            .iter()
            .find(|(_, words)| words.contains(&folded.as_str()));
        let role = match (by_code, alias) {
            (Some(code), _) => (*code).clone(),
            (None, Some((role, _))) => (*role).into(),
            (None, None) => {
                let part: String = part.chars().take(40).collect();
                let known: Vec<&str> = known.iter().map(|role| role.0.as_str()).collect();
                let reason = format!("{part:?} is no role; there are {}", known.join(", "));
                return Err(Flaw::new("unknown-role", reason));
            }
        };
        roles.push(role);
    }
    roles.sort_unstable();
    roles.dedup();
    Ok(match roles.is_empty() {
        true => Roles::Unsaid,
        false => Roles::Said(roles),
    })
}

/// Words for those who are not staff, in files that hold everybody.
const NO_STAFF: [&str; 9] = [
    "student",
    "pupil",
    "learner",
    "parent",
    "guardian",
    "relative",
    "mwanafunzi",
    "mzazi",
    "aide to student",
];

/// What people write for the roles that every school begins with.
const ROLES: [(Role, &[&str]); 4] = [
    (
        Role::HeadTeacher,
        &[
            "head",
            "headteacher",
            "h t",
            "ht",
            "principal",
            "mwalimu mkuu",
        ],
    ),
    (
        Role::DeputyHead,
        &[
            "deputy",
            "deputy headteacher",
            "deputy head teacher",
            "deputy principal",
            "d h t",
            "dht",
            "naibu mwalimu mkuu",
        ],
    ),
    (
        Role::SchoolAdmin,
        &["admin", "administrator", "school administrator"],
    ),
    (
        Role::Teacher,
        &[
            "teachers",
            "class teacher",
            "subject teacher",
            "faculty",
            "professor",
            "instructor",
            "tutor",
            "mwalimu",
        ],
    ),
];

/// Refuses every row of those that are about one member of staff or one login: both lines, because
/// neither is known to be the right one.
pub fn refuse_doubles(rows: &[Row], table: &Table, listing: &mut Listing) {
    let mut seen: HashMap<(Field, String), Vec<u32>> = HashMap::new();
    for row in rows {
        let number = (Field::Number, key(&row.number));
        seen.entry(number).or_default().push(row.line);
        if let Some(login) = &row.login {
            let login = (Field::Login, login.clone());
            seen.entry(login).or_default().push(row.line);
        }
    }
    for ((field, value), lines) in seen {
        if lines.len() < 2 {
            continue;
        }
        let what = match field {
            Field::Number => "staff number",
            _ => "login",
        };
        let shown = &lines[..lines.len().min(10)];
        let reason = format!(
            "lines {} have the same {what}, {value}: leave one of them",
            listed(shown)
        );
        for line in &lines {
            listing.refuse(
                *line,
                table.heading(field),
                "duplicate-in-file",
                reason.as_str(),
            );
        }
    }
}
