//! Calls about what is taught, assessed and marked.

use hillview_shared::api::HillviewRequest as Call;
use hillview_shared::assessments::{
    AddAssessment, ListSheets, OpenSheet, WhichAssessment, WhichSheet,
};
use hillview_shared::classes::{AddClass, ListClasses};
use hillview_shared::ids::{OperationId, Version};
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score, ShowHistory};
use hillview_shared::subjects::{AddSubject, NewPaper};

use super::{About, day, text};
use crate::wire::english;

/// What a school sets up before there are marks.
pub fn subjects() -> Vec<Call> {
    vec![
        Call::ListTerms {},
        Call::ListClasses {
            request: ListClasses {
                class: Some(text("4 East")),
                search: Some(text("East")),
                mine: true,
                after: Some(text("7")),
                limit: 50,
            },
        },
        Call::AddClass {
            request: AddClass {
                grade: text("Grade 5"),
                stream: text("Blue"),
            },
        },
        Call::ListPapers {},
        Call::AddSubject {
            request: AddSubject {
                code: text("CODE"),
                name: text("Coding"),
                aliases: vec![text("Computing")],
                grades: vec![text("Grade 4")],
                papers: vec![NewPaper {
                    code: text("P1"),
                    name: text("Paper 1"),
                    weight: 100,
                    out_of: Score::whole(60),
                }],
            },
        },
    ]
}

pub fn assessments() -> Vec<Call> {
    let which = || WhichAssessment {
        code: text("T1-END"),
    };
    vec![
        Call::ListAssessments {},
        Call::AddAssessment {
            request: AddAssessment {
                code: text("T1-END"),
                name: text("End-Term"),
                term: text("T1"),
                out_of: Some(Score::whole(50)),
                opens: day("2026-01-05"),
                closes: day("2026-12-01"),
                direct_levels: false,
                grades: vec![text("Grade 4")],
            },
        },
        Call::OpenAssessment { request: which() },
        Call::LockAssessment { request: which() },
    ]
}

pub fn sheets(about: &About) -> Vec<Call> {
    vec![
        Call::ListSheets {
            request: ListSheets {
                assessment: None,
                class: Some(about.east),
                mine: false,
                after: Some(text("1")),
                limit: 20,
            },
        },
        Call::OpenSheet {
            request: OpenSheet {
                sheet: english(),
                newer_than: Some(Version(0)),
            },
        },
        Call::OpenSheet {
            request: OpenSheet {
                sheet: WhichSheet::Id(about.sheet),
                newer_than: None,
            },
        },
        Call::SaveMarks {
            request: SaveMarks {
                sheet: about.sheet,
                operation: OperationId([7; 16]),
                edits: vec![
                    Edit {
                        student: about.student,
                        based_on: Version(0),
                        entry: Entry::Score(Score(6_750)),
                    },
                    Edit {
                        student: about.student,
                        based_on: Version(0),
                        entry: Entry::Level(text("EE1")),
                    },
                ],
                reason: Some(text("typed wrong")),
            },
        },
        Call::ShowHistory {
            request: ShowHistory {
                sheet: about.sheet,
                student: Some(about.student),
                after: 0,
            },
        },
    ]
}
