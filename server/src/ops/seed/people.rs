//! The people of a made-up school: students in their classes of two years, staff with their logins,
//! and who teaches what.

use chrono::NaiveDate;
use hillview_shared::ids::{ClassId, OfferingId, StaffId, StudentId, UserId};
use hillview_shared::teaching::TeachingRole;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::calendar::{Year, moment};
use super::layout::Group;
use crate::db::seed::{NewEnrolment, NewStaff, NewStudent, NewTeaching, NewUser};
use crate::ops::demo::people::person;

/// Who is there beside the teachers: user name, staff number, role.
pub const OFFICE: [(&str, &str, &str); 3] = [
    ("head", "H00001", "head-teacher"),
    ("deputy", "D00001", "deputy-head"),
    ("registrar", "R00001", "registrar"),
];

/// The students, class by class.
pub fn students(groups: &[Group], seed: u64) -> Vec<NewStudent> {
    let mut random = StdRng::seed_from_u64(seed ^ 0x5741);
    let mut all = Vec::new();
    for group in groups {
        for place in 0..group.students {
            let number = group.first + place + 1;
            let person = person(&mut random);
            all.push(NewStudent {
                id: StudentId(number as i64),
                admission_no: format!("{number:05}"),
                name: person.name,
                sex: person.sex,
                birth_date: born(group, &mut random),
            });
        }
    }
    all
}

/// Grade 4 is for those who turn 9 or 10; a few are older.
fn born(group: &Group, random: &mut StdRng) -> NaiveDate {
    const GRADE_4: i32 = 2016;
    let grade = i32::try_from(group.grade).unwrap_or(0);
    let older = match random.random_range(0..20) {
        0 => 2,
        1..10 => 1,
        _ => 0,
    };
    let year = GRADE_4 + 1 - grade - older;
    let day = random.random_range(1..=365);
    NaiveDate::from_yo_opt(year, day).expect("every year has 365 days")
}

/// The class of a group in a year, 0 or 1.
pub fn class(groups: usize, group: usize, year: usize) -> ClassId {
    ClassId((year * groups + group + 1) as i64)
}

/// Where the students are and were.
pub fn enrolments(groups: &[Group], years: &[Year; 2]) -> Vec<NewEnrolment> {
    let mut all = Vec::new();
    for (index, year) in years.iter().enumerate() {
        for (
            group,
            Group {
                first, students, ..
            },
        ) in groups.iter().enumerate()
        {
            all.extend(
                (*first..first + students)
                    .map(|student| (student, group))
                    .map(|(student, group)| NewEnrolment {
                        id: 0,
                        student: StudentId(student as i64 + 1),
                        class: class(groups.len(), group, index),
                        starts: year.starts,
                        ends: year.ends,
                        at: moment(year.starts, 9 * 60),
                    }),
            );
        }
    }
    for (id, enrolment) in (1..).zip(&mut all) {
        enrolment.id = id;
    }
    all
}

/// The office, then the teachers.
pub fn staff(teachers: usize, seed: u64) -> Vec<NewStaff> {
    let mut random = StdRng::seed_from_u64(seed ^ 0x7EAC);
    let office = OFFICE.map(|(username, number, _)| (username.to_owned(), number.to_owned()));
    let teachers = 1..=teachers;
    let teachers = teachers.map(|number| (format!("t{number:05}"), format!("T{number:05}")));
    let numbered = (1..).zip(office.into_iter().chain(teachers));
    let all = numbered.map(|(id, (username, staff_no))| NewStaff {
        id: StaffId(id),
        staff_no,
        name: person(&mut random).name,
        username,
    });
    all.collect()
}

/// The login of a member of staff; they come after the administrator's.
pub fn login(admin: UserId, staff: StaffId) -> UserId {
    UserId(admin.0 + staff.0)
}

/// A login for each of the staff.
pub fn users(staff: &[NewStaff], admin: UserId) -> Vec<NewUser<'_>> {
    let all = staff.iter().map(|one| NewUser {
        id: login(admin, one.id),
        staff: one.id,
        username: &one.username,
        name: &one.name,
    });
    all.collect()
}

/// The teacher of a number, counted from 0.
fn teacher(number: usize) -> StaffId {
    StaffId((OFFICE.len() + number + 1) as i64)
}

/// Who teaches which subject of which class in one year: the first teachers have a class of their
/// own and its first subject, and the rest is spread over the others.
pub struct Timetable {
    /// By group and place of the offering among those of the grade.
    by: Vec<Vec<StaffId>>,
}

impl Timetable {
    /// `offerings`: those of each group.
    pub fn of(offerings: &[Vec<OfferingId>], teachers: usize) -> Self {
        let counts: Vec<usize> = offerings.iter().map(Vec::len).collect();
        Self::spread(&counts, teachers)
    }

    fn spread(offerings: &[usize], teachers: usize) -> Self {
        let groups = offerings.len();
        let others: usize = offerings.iter().map(|count| count.saturating_sub(1)).sum();
        let free = teachers - groups;
        // With few to spare, those with a class of their own take their part.
        let (first, pool) = match free * 4 >= others {
            true => (groups, free.min(others).max(1)),
            false => (0, teachers),
        };
        let mut by: Vec<Vec<StaffId>> = (0..groups).map(|group| vec![teacher(group)]).collect();
        let most = offerings.iter().copied().max().unwrap_or(0);
        let mut given = 0;
        // Subject by subject, so that a teacher has one subject in several classes.
        for place in 1..most {
            for (group, count) in offerings.iter().enumerate() {
                if place < *count {
                    by[group].push(teacher(first + given * pool / others));
                    given += 1;
                }
            }
        }
        Self { by }
    }

    pub fn teacher(&self, group: usize, place: usize) -> StaffId {
        self.by[group][place]
    }
}

/// The assignments of both years. `offerings`: of each year and group.
pub fn teaching(
    years: &[Year; 2],
    offerings: &[Vec<Vec<OfferingId>>; 2],
    timetables: &[Timetable; 2],
) -> Vec<NewTeaching> {
    let mut all = Vec::new();
    for (index, year) in years.iter().enumerate() {
        let new = |staff, group, offering: Option<OfferingId>| NewTeaching {
            id: 0,
            staff,
            class: class(offerings[index].len(), group, index),
            offering,
            role: match offering {
                None => TeachingRole::ClassTeacher,
                Some(_) => TeachingRole::SubjectTeacher,
            },
            starts: year.starts,
            ends: year.ends,
            at: moment(year.starts, 9 * 60),
        };
        for (group, taught) in offerings[index].iter().enumerate() {
            all.push(new(teacher(group), group, None));
            for (place, offering) in taught.iter().enumerate() {
                let staff = timetables[index].teacher(group, place);
                all.push(new(staff, group, Some(*offering)));
            }
        }
    }
    for (id, assignment) in (1..).zip(&mut all) {
        assignment.id = id;
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn loads(offerings: &[usize], teachers: usize) -> HashMap<StaffId, usize> {
        let timetable = Timetable::spread(offerings, teachers);
        let mut loads = HashMap::new();
        for staff in timetable.by.iter().flatten() {
            *loads.entry(*staff).or_default() += 1;
        }
        loads
    }

    #[test]
    fn every_class_has_a_teacher_for_each_subject_and_nobody_has_too_many() {
        let offerings = [8; 250];
        let plenty = loads(&offerings, 3_000);
        assert_eq!(plenty.values().sum::<usize>(), 2_000);
        assert_eq!(plenty.values().max(), Some(&1));
        let few = loads(&offerings, 300);
        assert!(
            few.len() == 300 && few.values().all(|load| *load <= 9),
            "{few:?}"
        );
        assert_eq!(loads(&[8], 1), HashMap::from([(teacher(0), 8)]));
    }
}
