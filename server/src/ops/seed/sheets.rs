//! From the layout's numbers to the school's own grades, papers and people.

use std::collections::{BTreeSet, HashMap};

use hillview_shared::ids::{GradeId, Moment, OfferingId, SheetId, UserId, Version};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::calendar::{self, Year, after, moment};
use super::layout::{Layout, grade, year};
use super::marks::Filling;
use super::people::{Timetable, class, login};
use crate::db::Db;
use crate::db::classes::{self, Grade};
use crate::db::seed::{self, NewAssessment, NewClass, NewSheet, Paper};
use crate::error::{Error, Result};
use crate::service::spelling::class_name;

/// What is taught in the grades that the school has.
pub struct Papers {
    grades: HashMap<String, Grade>,
    by_grade: HashMap<String, Vec<Paper>>,
    /// A number for each subject.
    subjects: HashMap<String, usize>,
}

impl Papers {
    /// Reads the papers, and checks that they are those that the layout was made for.
    pub async fn read(db: &Db, layout: &Layout) -> Result<Self> {
        let grades = classes::grades(db).await?;
        let codes: HashMap<GradeId, &str> = grades
            .iter()
            .map(|grade| (grade.grade_id, grade.code.as_str()))
            .collect();
        let mut by_grade: HashMap<String, Vec<Paper>> = HashMap::new();
        let mut subjects = BTreeSet::new();
        for paper in seed::papers(db).await? {
            subjects.insert(paper.subject.clone());
            let code = codes.get(&paper.grade_id).copied().unwrap_or_default();
            by_grade.entry(code.to_owned()).or_default().push(paper);
        }
        let papers = Self {
            grades: grades
                .into_iter()
                .map(|grade| (grade.code.clone(), grade))
                .collect(),
            by_grade,
            subjects: (0..)
                .zip(subjects)
                .map(|(number, code)| (code, number))
                .collect(),
        };
        let fits = |sheet: &super::layout::Sheet| {
            let group = &layout.groups[sheet.group];
            let code = grade(group, year(sheet.assessment, layout.assessments));
            sheet.paper < papers.of(code).len()
        };
        match layout.sheets.iter().all(fits) {
            true => Ok(papers),
            false => Err(Error::fault("seed a school", "the pack has other papers")),
        }
    }

    fn of(&self, code: &str) -> &[Paper] {
        self.by_grade.get(code).map_or(&[], Vec::as_slice)
    }

    /// The offerings of each group in a year.
    pub fn offerings(&self, layout: &Layout, year: usize) -> Vec<Vec<OfferingId>> {
        let of = |code| {
            let mut all: Vec<_> = self
                .of(code)
                .iter()
                .map(|paper| paper.offering_id)
                .collect();
            all.dedup();
            all
        };
        layout
            .groups
            .iter()
            .map(|group| of(grade(group, year)))
            .collect()
    }

    /// The grades that assessments of each year cover.
    pub fn grades(&self, layout: &Layout) -> [Vec<GradeId>; 2] {
        [0, 1].map(|year| {
            let codes = layout.groups.iter().map(|group| grade(group, year));
            let found = codes.filter_map(|code| self.grades.get(code));
            let grades: BTreeSet<GradeId> = found.map(|grade| grade.grade_id).collect();
            grades.into_iter().collect()
        })
    }

    /// The classes of both years.
    pub fn classes(&self, layout: &Layout, years: &[Year; 2]) -> Vec<NewClass> {
        let mut all = Vec::new();
        for (index, year) in years.iter().enumerate() {
            for (number, group) in layout.groups.iter().enumerate() {
                all.extend(self.grades.get(grade(group, index)).map(|grade| NewClass {
                    id: class(layout.groups.len(), number, index),
                    year: year.id,
                    grade: grade.grade_id,
                    stream: group.stream.clone(),
                    name: class_name(grade, &group.stream),
                }));
            }
        }
        all
    }

    /// The sheets, and what fills them.
    pub fn sheets(
        &self,
        layout: &Layout,
        assessments: &[NewAssessment],
        timetables: &[Timetable; 2],
        admin: UserId,
    ) -> (Vec<NewSheet>, Vec<Filling>) {
        let mut random = StdRng::seed_from_u64(layout.seed ^ 0x7368);
        let numbered = (1..).zip(&layout.sheets);
        let made = numbered.map(|(number, sheet)| {
            let year = year(sheet.assessment, assessments.len());
            let papers = self.of(grade(&layout.groups[sheet.group], year));
            let (paper, assessment) = (&papers[sheet.paper], &assessments[sheet.assessment]);
            let mut before: Vec<_> = papers[..=sheet.paper]
                .iter()
                .map(|paper| paper.offering_id)
                .collect();
            before.dedup();
            let teacher = timetables[year].teacher(sheet.group, before.len() - 1);
            let saves = i64::from(sheet.entered > 0) + i64::from(sheet.corrected);
            let new = NewSheet {
                id: SheetId(number),
                assessment: assessment.id,
                class: class(layout.groups.len(), sheet.group, year),
                paper: paper.paper_id,
                scheme: paper.scheme_id,
                out_of: paper.out_of,
                v: Version(saves + calendar::counted_up(assessment.state)),
            };
            let filling = Filling {
                id: new.id,
                sheet: *sheet,
                out_of: paper.out_of,
                subject: self.subjects.get(&paper.subject).copied().unwrap_or(0),
                by: login(admin, teacher),
                at: entered_at(assessment, &mut random),
            };
            (new, filling)
        });
        made.unzip()
    }
}

/// A moment of the first week of entry, in working hours.
fn entered_at(assessment: &NewAssessment, random: &mut StdRng) -> Moment {
    let day = after(assessment.opens, random.random_range(0..6));
    let Moment(minute) = moment(day, random.random_range(8 * 60..16 * 60));
    Moment(minute + random.random_range(0..60_000_000))
}
