//! How a made-up school is laid out, as numbers: which class has which students, which assessments
//! there are, and how far each sheet is filled.
//!
//! The school teaches grades 4 to 9. Everybody was there the year before, one grade lower, in a
//! class of the same stream. Of the assessments of the two years the newest are made, as few as
//! hold the marks; all but the newest are full, and the newest takes what is left.

use std::collections::HashMap;

use hillview_shared::ApiError;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::school::Size;
use crate::error::Result;
use crate::service::packs::{Pack, PackLevel};

/// Students of a class.
pub const CLASS: usize = 40;
/// The grades of now, in each the one of the year before.
pub const GRADES: [(&str, &str); 6] = [
    ("G3", "G4"),
    ("G4", "G5"),
    ("G5", "G6"),
    ("G6", "G7"),
    ("G7", "G8"),
    ("G8", "G9"),
];
/// A paper: code, name, out of.
type Paper = (&'static str, &'static str, i32);
/// What is taught as two papers instead of one.
pub const TWO_PAPERS: [(&str, [Paper; 2]); 2] = [
    (
        "ENG",
        [("GRAM", "Grammar", 60), ("COMP", "Composition", 40)],
    ),
    ("KIS", [("LUGHA", "Lugha", 60), ("INSHA", "Insha", 40)]),
];
/// Assessments of a year.
pub const A_YEAR: usize = 9;
/// Assessments of both years.
pub const ASSESSMENTS: usize = 2 * A_YEAR;
const STREAMS: [&str; 48] = [
    "East", "West", "North", "South", "Blue", "Red", "Green", "Yellow", "White", "Purple",
    "Orange", "Tana", "Athi", "Mara", "Nzoia", "Yala", "Sondu", "Ewaso", "Galana", "Kenya",
    "Elgon", "Longonot", "Menengai", "Suswa", "Marsabit", "Kulal", "Baobab", "Mvule", "Acacia",
    "Cedar", "Mugumo", "Neem", "Simba", "Chui", "Duma", "Twiga", "Ndovu", "Kifaru", "Swara",
    "Kongoni", "Umoja", "Amani", "Upendo", "Uhuru", "Imani", "Tumaini", "Busara", "Hekima",
];

/// Students who go through the school together: a class each year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Index into [`GRADES`].
    pub grade: usize,
    pub stream: String,
    /// The first student, counted from 0, and how many there are.
    pub first: usize,
    pub students: usize,
}

/// A sheet to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Index of its assessment, of those that are made.
    pub assessment: usize,
    pub group: usize,
    /// Index of the paper among those of the grade.
    pub paper: usize,
    pub entered: usize,
    /// Whether one mark was entered wrongly first.
    pub corrected: bool,
}

/// The school as numbers.
pub struct Layout {
    pub seed: u64,
    pub groups: Vec<Group>,
    /// How many assessments are made: the newest of both years.
    pub assessments: usize,
    /// In the order of assessments, groups and papers.
    pub sheets: Vec<Sheet>,
}

impl Layout {
    /// Lays a school out, or says which number does not fit.
    pub fn of(size: &Size, pack: &Pack) -> Result<Self> {
        check(size)?;
        let groups = groups(size.students);
        let taken = taken(pack);
        let papers = |grade: &str| taken.get(grade).copied().unwrap_or(0);
        let cells = |year: usize| -> u64 {
            let of = |group: &Group| group.students * papers(grade(group, year));
            groups.iter().map(|group| of(group) as u64).sum()
        };
        let cells = [cells(0), cells(1)];
        let Some((assessments, left)) = fitting(size.marks, cells) else {
            let most = A_YEAR as u64 * (cells[0] + cells[1]);
            let text = format!(
                "{} marks are too many: {} students with their papers in {ASSESSMENTS} assessments have room for {most}",
                size.marks, size.students
            );
            let hint = format!("give --marks {most} or fewer, or more students");
            return Err(ApiError::invalid("too-many-marks", text).hint(hint).into());
        };
        let mut sheets = Vec::new();
        for assessment in 0..assessments {
            let year = year(assessment, assessments);
            for (index, group) in groups.iter().enumerate() {
                sheets.extend((0..papers(grade(group, year))).map(|paper| Sheet {
                    assessment,
                    group: index,
                    paper,
                    entered: group.students,
                    corrected: false,
                }));
            }
        }
        let mut random = StdRng::seed_from_u64(size.seed);
        let newest = sheets.partition_point(|sheet| sheet.assessment + 1 < assessments);
        enter(&mut sheets[newest..], left, &mut random);
        for sheet in &mut sheets {
            sheet.corrected = sheet.entered > 0 && random.random_ratio(1, 16);
        }
        Ok(Self {
            seed: size.seed,
            groups,
            assessments,
            sheets,
        })
    }
}

/// Refuses what no school can be made of.
fn check(size: &Size) -> Result<()> {
    for (what, number) in [
        ("students", size.students as u64),
        ("teachers", size.teachers as u64),
        ("marks", size.marks),
    ] {
        if number == 0 {
            let text = format!("a school with 0 {what} cannot be made up");
            let hint = format!("give at least one with --{what}");
            return Err(ApiError::invalid("nothing-to-seed", text).hint(hint).into());
        }
    }
    let classes = size.students.div_ceil(CLASS);
    if size.teachers < classes {
        let text = format!(
            "{} students make {} classes, and each has a class teacher of its own: {} teachers are too few",
            size.students, classes, size.teachers
        );
        let hint = format!("give --teachers {} or more", classes);
        return Err(ApiError::invalid("too-few-teachers", text)
            .hint(hint)
            .into());
    }
    Ok(())
}

/// The year of an assessment: 0 for the one before, 1 for this one.
pub fn year(assessment: usize, assessments: usize) -> usize {
    usize::from(assessments - assessment <= A_YEAR)
}

/// The code of the grade that a group is in, in a year.
pub fn grade(group: &Group, year: usize) -> &'static str {
    let (before, now) = GRADES[group.grade];
    [before, now][year]
}

/// Classes of [`CLASS`], spread over the grades; the last takes the rest.
fn groups(students: usize) -> Vec<Group> {
    let count = students.div_ceil(CLASS);
    let mut in_grade = [0; GRADES.len()];
    let group = |index: usize| {
        let grade = index * GRADES.len() / count;
        let (turn, place) = (
            in_grade[grade] / STREAMS.len(),
            in_grade[grade] % STREAMS.len(),
        );
        in_grade[grade] += 1;
        let first = index * CLASS;
        Group {
            grade,
            stream: match turn {
                0 => STREAMS[place].to_owned(),
                turn => format!("{} {}", STREAMS[place], turn + 1),
            },
            first,
            students: CLASS.min(students - first),
        }
    };
    (0..count).map(group).collect()
}

/// How many papers every student of a grade takes.
fn taken(pack: &Pack) -> HashMap<&str, usize> {
    let papers = |level: &PackLevel| {
        let offerings = level.offerings();
        let taken = offerings.iter().filter(|offering| offering.by_default);
        let two = |code: &str| TWO_PAPERS.iter().any(|(subject, _)| *subject == code);
        taken
            .map(|offering| 1 + usize::from(two(offering.subject)))
            .sum::<usize>()
    };
    let levels = pack.levels.iter();
    let grades = levels.flat_map(|level| {
        let papers = papers(level);
        level
            .grades
            .iter()
            .map(move |grade| (grade.0.as_str(), papers))
    });
    grades.collect()
}

/// The fewest assessments, from the newest back, that hold the marks, and how many of the marks
/// are in the newest. `cells`: the marks that one takes, in the year before and in this one.
fn fitting(marks: u64, cells: [u64; 2]) -> Option<(usize, u64)> {
    let mut before = 0;
    for assessments in 1..=ASSESSMENTS {
        let newest = cells[1];
        if marks <= before + newest {
            return Some((assessments, marks - before));
        }
        // The next one further back is full.
        before += cells[usize::from(assessments < A_YEAR)];
    }
    None
}

/// Spreads marks over the sheets of one assessment: some are full, some half, some empty.
fn enter(sheets: &mut [Sheet], marks: u64, random: &mut StdRng) {
    let mut room: u64 = sheets.iter().map(|sheet| sheet.entered as u64).sum();
    let mut left = marks;
    for sheet in sheets {
        let most = sheet.entered as u64;
        let even = (left * most).div_ceil(room.max(1));
        let before = room;
        room -= most;
        let wanted = match random.random_range(0..before.max(1)) {
            chance if chance < left / 2 => most,
            chance if chance % 2 == 0 => even,
            _ => 0,
        };
        // What the others have no room for stays here.
        let entered = wanted.clamp(left.saturating_sub(room), most.min(left));
        left -= entered;
        sheet.entered = usize::try_from(entered).unwrap_or(sheet.entered);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(students: usize, teachers: usize, marks: u64) -> Size {
        Size {
            students,
            teachers,
            marks,
            seed: 1,
        }
    }

    fn lay_out(size: &Size) -> Result<Layout> {
        Layout::of(size, &Pack::named("ke-cbe").unwrap())
    }

    #[test]
    fn the_marks_are_as_many_as_asked_for_and_the_newest_assessment_takes_the_rest() {
        for marks in [1, 799, 4_200, 4_201, 30_000, 74_160] {
            let layout = lay_out(&size(400, 30, marks)).unwrap();
            let entered: usize = layout.sheets.iter().map(|sheet| sheet.entered).sum();
            assert_eq!(entered as u64, marks);
            let older = |sheet: &&Sheet| sheet.assessment + 1 < layout.assessments;
            let older = layout.sheets.iter().filter(older);
            let full = |sheet: &Sheet| sheet.entered == layout.groups[sheet.group].students;
            assert!(older.clone().all(full), "{marks}");
        }
    }

    #[test]
    fn ten_thousand_students_have_room_for_1_800_000_marks() {
        let layout = lay_out(&size(10_000, 3_000, 1_800_000)).unwrap();
        assert_eq!(layout.groups.len(), 250);
        assert_eq!(layout.assessments, ASSESSMENTS);
        assert!(layout.groups.iter().all(|group| group.students == CLASS));
        let newest = layout.sheets.iter().filter(|sheet| sheet.assessment == 17);
        let (mut empty, mut part, mut full) = (0, 0, 0);
        for sheet in newest {
            match sheet.entered {
                0 => empty += 1,
                CLASS => full += 1,
                _ => part += 1,
            }
        }
        assert!(
            empty > 500 && part > 500 && full > 300,
            "{empty} {part} {full}"
        );
    }

    #[test]
    fn wrong_numbers_are_refused_with_those_that_would_do() {
        for (wrong, code, says) in [
            (size(0, 1, 1), "nothing-to-seed", "0 students"),
            (size(1, 0, 1), "nothing-to-seed", "0 teachers"),
            (size(1, 1, 0), "nothing-to-seed", "0 marks"),
            (size(81, 2, 1), "too-few-teachers", "3 classes"),
            (size(40, 1, 1_000_000), "too-many-marks", "room for 6840"),
        ] {
            let Err(crate::Error::Refused(told)) = lay_out(&wrong).map(|_| ()) else {
                panic!("{code} was not refused");
            };
            assert_eq!(told.code, code);
            assert!(told.message.contains(says), "{}", told.message);
            assert!(told.hint.is_some());
        }
    }

    #[test]
    fn streams_of_a_grade_differ_however_many_there_are() {
        let groups = groups(100_000);
        let mut names: Vec<_> = groups
            .iter()
            .map(|group| (group.grade, &group.stream))
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), groups.len());
        assert!(groups.iter().all(|group| group.stream.len() <= 20));
    }
}
