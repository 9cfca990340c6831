//! What people at a school do, how often, and who does what.
//!
//! The shares are those of promises.md: of a hundred calls 80 read, 15 save and 5 search or report.
//! Within them:
//!
//! - Nearly everybody is a teacher. A teacher has a few sheets open and comes back to them, which
//!   the client asks for by version; looks at a sheet that is not on the screen yet; goes through
//!   the list of their own sheets and through a class list. Marks are saved as they are typed, a
//!   few at a time; a whole sheet at once is a list that was written on paper first.
//! - A class teacher, who is a teacher too, looks at the progress of the whole class.
//! - The head and the deputy look at progress, at people and at the log; they do not enter marks.
//! - The office looks students up, by name and by number, all day long.
//!
//! In the hour before a deadline everybody enters marks: a sheet is opened, and saved in pieces or
//! at once, and the next one is opened.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde::Serialize;

/// What people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mix {
    /// 80 % read, 15 % save, 5 % search and report
    L1,
    /// The hour before a deadline: everybody enters marks, sheet after sheet
    L4,
}

/// What a person is at the school.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Teacher,
    Head,
    Deputy,
    Registrar,
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    Read,
    Save,
    Search,
}

/// One call, as a person means it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    ListOwnSheets,
    /// How far a class is.
    ListSheetsOfClass,
    /// How far all that a person may see is.
    ListSheets,
    OpenSheet,
    /// One that was open before, by its version.
    OpenSheetAgain,
    ListClasses,
    /// The next page of a class, or of the school.
    ListStudents,
    ShowStudent,
    ShowHistory,
    ListStaff,
    ListTeaching,
    SaveFew,
    SaveSheet,
    SearchStudents,
    ListAudit,
}

/// Deeds with their shares, in hundredths.
type Shares = [(Deed, u32)];

const TEACHER: &Shares = &[
    (Deed::OpenSheetAgain, 28),
    (Deed::OpenSheet, 22),
    (Deed::ListOwnSheets, 12),
    (Deed::ListStudents, 7),
    (Deed::ShowStudent, 5),
    (Deed::ListSheetsOfClass, 3),
    (Deed::ListClasses, 2),
    (Deed::ShowHistory, 1),
    (Deed::SaveFew, 13),
    (Deed::SaveSheet, 2),
    (Deed::SearchStudents, 4),
    (Deed::ListSheets, 1),
];
const HEAD: &Shares = &[
    (Deed::ListSheetsOfClass, 25),
    (Deed::OpenSheet, 20),
    (Deed::ShowStudent, 15),
    (Deed::ListStudents, 10),
    (Deed::ListClasses, 5),
    (Deed::ListStaff, 5),
    (Deed::ListTeaching, 5),
    (Deed::ListSheets, 5),
    (Deed::SearchStudents, 5),
    (Deed::ListAudit, 5),
];
const REGISTRAR: &Shares = &[
    (Deed::ShowStudent, 40),
    (Deed::ListStudents, 25),
    (Deed::ListClasses, 10),
    (Deed::SearchStudents, 25),
];

impl Role {
    /// What somebody of this role does next.
    pub fn next(self, random: &mut StdRng) -> Deed {
        let shares = match self {
            Self::Teacher => TEACHER,
            Self::Head | Self::Deputy => HEAD,
            Self::Registrar => REGISTRAR,
        };
        let chosen = shares.choose_weighted(random, |(_, share)| *share);
        chosen.expect("there are shares").0
    }
}

impl Deed {
    pub fn sort(self) -> Sort {
        match self {
            Self::SaveFew | Self::SaveSheet => Sort::Save,
            Self::SearchStudents | Self::ListSheets | Self::ListAudit => Sort::Search,
            _ => Sort::Read,
        }
    }

    /// The call as the server's log names it, and what is special about it.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::ListOwnSheets => ("ListSheets", "own"),
            Self::ListSheetsOfClass => ("ListSheets", "class"),
            Self::ListSheets => ("ListSheets", "all"),
            Self::OpenSheet => ("OpenSheet", "anew"),
            Self::OpenSheetAgain => ("OpenSheet", "again"),
            Self::ListClasses => ("ListClasses", ""),
            Self::ListStudents => ("ListStudents", "page"),
            Self::ShowStudent => ("ShowStudent", ""),
            Self::ShowHistory => ("ShowHistory", ""),
            Self::ListStaff => ("ListStaff", ""),
            Self::ListTeaching => ("ListTeaching", ""),
            Self::SaveFew => ("SaveMarks", "few"),
            Self::SaveSheet => ("SaveMarks", "sheet"),
            Self::SearchStudents => ("ListStudents", "search"),
            Self::ListAudit => ("ListAudit", ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_those_that_are_promised() {
        let of = |shares: &Shares, sort| {
            let fitting = shares.iter().filter(|(deed, _)| deed.sort() == sort);
            fitting.map(|(_, share)| share).sum::<u32>()
        };
        let all = [Sort::Read, Sort::Save, Sort::Search];
        assert_eq!(all.map(|sort| of(TEACHER, sort)), [80, 15, 5]);
        for shares in [HEAD, REGISTRAR] {
            assert_eq!(all.map(|sort| of(shares, sort)).iter().sum::<u32>(), 100);
        }
    }
}
