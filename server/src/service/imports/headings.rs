//! Headings: the words that people write above a column, and what they mean.

use hillview_shared::imports::ImportKind;
use hillview_shared::marks::Score;

use crate::service::papers::key;

/// What a column holds, as far as its heading says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    Name,
    FirstName,
    MiddleName,
    LastName,
    Number,
    Grade,
    Stream,
    Class,
    Sex,
    BirthDate,
    Login,
    Roles,
    /// The classes that somebody is class teacher of.
    Leads,
    /// The subjects that somebody teaches, class by class.
    Teaches,
    /// A secret that nobody should have put into a file: never read, and never given back.
    Password,
    /// Calculated from the rest, or only for the eye: places, totals, row numbers.
    Ignored,
}

impl Field {
    /// The words for the list of columns of staff.
    pub fn staff_words(self) -> Option<&'static str> {
        match self {
            Self::Number => Some("staff number"),
            other => other.words(),
        }
    }

    /// The words for the list of columns.
    pub fn words(self) -> Option<&'static str> {
        Some(match self {
            Self::Name => "name",
            Self::FirstName => "first name",
            Self::MiddleName => "middle name",
            Self::LastName => "last name",
            Self::Number => "admission number",
            Self::Grade => "grade",
            Self::Stream => "stream",
            Self::Class => "class",
            Self::Sex => "sex",
            Self::BirthDate => "birth date",
            Self::Login => "login",
            Self::Roles => "roles",
            Self::Leads => "class teacher of",
            Self::Teaches => "subjects taught",
            Self::Password | Self::Ignored => return None,
        })
    }

    /// The headings of each field, as [`key`] makes them.
    const HEADINGS: [(Self, &'static [&'static str]); 11] = [
        (
            Self::Name,
            &[
                "name",
                "names",
                "fullname",
                "fullnames",
                "student",
                "studentname",
                "studentsname",
                "studentnames",
                "studentfullname",
                "pupil",
                "pupilname",
                "pupilsname",
                "learner",
                "learnername",
                "learnersname",
                "nameofstudent",
                "nameofpupil",
                "nameoflearner",
                "candidate",
                "candidatename",
                "nameofcandidate",
                "jina",
                "jinalamwanafunzi",
            ],
        ),
        (Self::FirstName, &["firstname", "givenname", "forename"]),
        (
            Self::MiddleName,
            &["middlename", "secondname", "othername", "othernames"],
        ),
        (Self::LastName, &["lastname", "surname", "familyname"]),
        (
            Self::Number,
            &[
                "admissionnumber",
                "admissionno",
                "admission",
                "admnumber",
                "admno",
                "adm",
                "admn",
                "admnno",
                "regnumber",
                "regno",
                "registrationnumber",
                "registrationno",
                "studentnumber",
                "studentno",
                "studentid",
                "pupilnumber",
                "pupilno",
                "learnernumber",
                "learnerno",
                "nambariyausajili",
                "nambari",
            ],
        ),
        (
            Self::Grade,
            &[
                "grade",
                "gradelevel",
                "form",
                "std",
                "standard",
                "yeargroup",
            ],
        ),
        (Self::Stream, &["stream", "streamname", "section", "mkondo"]),
        (
            Self::Class,
            &["class", "classname", "gradestream", "classstream", "darasa"],
        ),
        (Self::Sex, &["gender", "sex", "mf", "boygirl", "jinsia"]),
        (
            Self::BirthDate,
            &[
                "birthdate",
                "dateofbirth",
                "dob",
                "birthday",
                "born",
                "tareheyakuzaliwa",
            ],
        ),
        (
            Self::Ignored,
            &[
                "no",
                "sno",
                "sn",
                "serialno",
                "number",
                "total",
                "totals",
                "totalmarks",
                "totalscore",
                "mean",
                "meanscore",
                "average",
                "avg",
                "averagescore",
                "position",
                "pos",
                "rank",
                "points",
                "totalpoints",
                "level",
                "meangrade",
                "remark",
                "remarks",
                "comment",
                "comments",
                "signature",
                "sign",
                "line",
                "column",
                "code",
                "reason",
            ],
        ),
    ];

    /// The headings of each field in a file of staff, where they are others.
    const STAFF: [(Self, &'static [&'static str]); 8] = [
        (
            Self::Name,
            &[
                "name",
                "names",
                "fullname",
                "fullnames",
                "teacher",
                "teachername",
                "teachersname",
                "teachernames",
                "nameofteacher",
                "staff",
                "staffname",
                "staffnames",
                "nameofstaff",
                "employee",
                "employeename",
                "jina",
                "jinalamwalimu",
                "mwalimu",
            ],
        ),
        (
            Self::Number,
            &[
                "staffno",
                "staffnumber",
                "staffid",
                "tsc",
                "tscno",
                "tscnumber",
                "tscid",
                "teacherno",
                "teachernumber",
                "teacherid",
                "employeeno",
                "employeenumber",
                "employeeid",
                "payrollno",
                "payrollnumber",
                "pfno",
                "pfnumber",
                "personalno",
                "personalnumber",
                "personnelno",
                "sourcedid",
            ],
        ),
        (
            Self::Login,
            &["login", "loginname", "username", "user", "userlogin"],
        ),
        (
            Self::Roles,
            &["role", "roles", "position", "designation", "cheo"],
        ),
        (
            Self::Leads,
            &[
                "classteacherof",
                "classteacher",
                "classteacherfor",
                "formteacherof",
                "formteacher",
            ],
        ),
        (
            Self::Teaches,
            &[
                "teaches",
                "teaching",
                "subjects",
                "subjectstaught",
                "subjectsteaching",
                "teachingsubjects",
                "classessubjects",
                "subjectsclasses",
                "lessons",
                "masomo",
            ],
        ),
        (
            Self::Password,
            &["password", "pass", "pin", "initialpassword", "nenosiri"],
        ),
        // What a list of students has and one of staff has not.
        (
            Self::Ignored,
            &["grade", "stream", "class", "sex", "gender", "admno", "dob"],
        ),
    ];

    /// The field that a heading names.
    pub fn of(heading: &str) -> Option<Self> {
        named(&Self::HEADINGS, heading)
    }

    /// The field that a heading names in a file of this kind.
    pub fn of_kind(heading: &str, kind: ImportKind) -> Option<Self> {
        match kind {
            ImportKind::Students | ImportKind::Marks => Self::of(heading),
            ImportKind::Staff => named(&Self::STAFF, heading).or_else(|| Self::of(heading)),
        }
    }
}

fn named(all: &[(Field, &[&str])], heading: &str) -> Option<Field> {
    let key = key(heading.strip_suffix('*').unwrap_or(heading));
    let found = all
        .iter()
        .find(|(_, headings)| headings.contains(&key.as_str()));
    found.map(|(field, _)| *field)
}

/// Takes what a heading says about the out-of from its end: `English (Max: 40)`, `English (40)`,
/// `English /40` and `English out of 40` give `English` and 40.
pub fn out_of_suffix(heading: &str) -> (&str, Option<Score>) {
    let text = heading.trim_end();
    let (text, closing) = match text.strip_suffix([')', ']']) {
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let number_at = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_ascii_digit() || *c == '.')
        .last()
        .map_or(text.len(), |(at, _)| at);
    let Ok(out_of) = Score::parse(&text[number_at..]) else {
        return (heading, None);
    };
    let before = text[..number_at].trim_end();
    let lower = before.to_ascii_lowercase();
    const WORDS: [&str; 9] = [
        "max:", "max.", "max", "maximum:", "maximum", "out of", "marks:", "marks", "/",
    ];
    let word = WORDS
        .iter()
        .filter(|word| lower.ends_with(*word))
        .max_by_key(|word| word.len());
    let before = &before[..before.len() - word.map_or(0, |word| word.len())];
    let name = match before.trim_end().strip_suffix(['(', '[']) {
        Some(name) if closing => name,
        None if !closing && word.is_some() => before,
        _ => return (heading, None),
    };
    let name = name.trim_end_matches(|c: char| c.is_whitespace() || c == '-' || c == ',');
    if name.is_empty() || out_of == Score::default() {
        return (heading, None);
    }
    (name, Some(out_of))
}

#[cfg(test)]
#[path = "headings_tests.rs"]
mod tests;
