use hillview_shared::grading::{Band, Rounding};
use hillview_shared::imports::ImportKind;

use super::super::read;
use super::*;

fn pupil(id: i64, name: &str) -> Pupil {
    Pupil {
        id: StudentId(id),
        admission_no: format!("A{id:03}"),
        name: name.to_owned(),
    }
}

fn sheet(id: i64, subject: (&str, &str), paper: (&str, &str), out_of: i32) -> SheetView {
    SheetView {
        id: SheetId(id),
        paper: PaperNames {
            subject_code: subject.0.to_owned(),
            subject: subject.1.to_owned(),
            subject_short: subject.1.to_owned(),
            aliases: String::new(),
            code: paper.0.to_owned(),
            name: paper.1.to_owned(),
        },
        out_of: Score::whole(out_of),
        levels: None,
        closed: None,
        marks: HashMap::new(),
    }
}

/// 4A: Amina, Brian and two Mary Wanjikus; English / Grammar out of 60, English / Composition out
/// of 40, Mathematics out of 100, all blank. Brian does not take Mathematics.
fn four_a() -> ClassView {
    let students = vec![
        pupil(1, "Amina Ali"),
        pupil(2, "Brian Kip"),
        pupil(3, "Mary Wanjiku"),
        pupil(4, "Mary Wanjiku"),
    ];
    let mut sheets = vec![
        sheet(1, ("ENG", "English"), ("GRAM", "Grammar"), 60),
        sheet(2, ("ENG", "English"), ("COMP", "Composition"), 40),
        sheet(3, ("MAT", "Mathematics"), ("", ""), 100),
    ];
    for sheet in &mut sheets {
        let blank = (Entry::Blank, Version(0));
        sheet.marks = students
            .iter()
            .map(|pupil| (pupil.id, blank.clone()))
            .collect();
    }
    sheets[2].marks.remove(&StudentId(2));
    ClassView {
        name: "4A".to_owned(),
        students,
        sheets,
    }
}

fn plan_of(text: &str, class: &ClassView, on_duplicate: OnDuplicate) -> Plan {
    let papers: Vec<PaperNames> = class
        .sheets
        .iter()
        .map(|sheet| sheet.paper.clone())
        .collect();
    let is_paper = |heading: &str| meaning(&papers, heading) != Meaning::Nothing;
    let take = &mut |grid| Table::of(grid, ImportKind::Marks, &is_paper);
    let table = read::first(text.as_bytes(), take).unwrap().unwrap();
    let of_class = |row: &&Line| ["", "4A"].contains(&table.cell(row, Field::Class));
    let rows: Vec<&Line> = table.rows.iter().filter(of_class).collect();
    let mut plan = Plan::default();
    plan_class(&table, &rows, class, on_duplicate, &mut plan);
    plan
}

fn told(plan: Plan) -> Vec<(u32, String, String)> {
    let problems = plan.listing.into_problems();
    problems
        .into_iter()
        .map(|p| (p.line, p.column, p.code))
        .collect()
}

fn problem(line: u32, column: &str, code: &str) -> (u32, String, String) {
    (line, column.to_owned(), code.to_owned())
}

#[test]
fn columns_find_their_papers_and_rows_their_students() {
    let text = "Student Name,Adm No,ENG/GRAM (Max: 60),Composition,Maths,Total\n\
                Max Marks,,60,40,100,200\n\
                Amina Ali,a001,54.5,20,0,74.5\nBrian Kip,A002,AB,,,\n,A003,85%,EX,17/20,\n";
    let plan = plan_of(text, &four_a(), OnDuplicate::Skip);
    let saved: Vec<(i64, i64, String)> = plan
        .edits
        .iter()
        .flat_map(|(sheet, edits)| edits.iter().map(move |edit| (sheet, edit)))
        .map(|(sheet, planned)| {
            (
                sheet.0,
                planned.edit.student.0,
                planned.edit.entry.to_string(),
            )
        })
        .collect();
    let mark = |sheet, student, entry: &str| (sheet, student, entry.to_owned());
    assert_eq!(
        saved,
        [
            mark(1, 1, "54.5"),
            mark(1, 2, "AB"),
            mark(1, 3, "51"),
            mark(2, 1, "20"),
            mark(2, 3, "EX"),
        ]
    );
    assert_eq!(plan.taken[&2], "English / Grammar");
    assert_eq!(plan.listing.added, 5);
    // The subject's code is MAT, and no alias says Maths here.
    assert_eq!(told(plan), [problem(1, "Maths", "unknown-column")]);
}

#[test]
fn bad_cells_are_refused_and_the_good_ones_of_the_row_stay() {
    let text = "Adm No,Grammar,Composition,Mathematics\nA001,61,-5,seventy\nA002,30,10,50\n";
    let plan = plan_of(text, &four_a(), OnDuplicate::Skip);
    assert_eq!((plan.listing.added, plan.listing.refused()), (2, 2));
    assert_eq!(
        told(plan),
        [
            problem(2, "Grammar", "out-of-range"),
            problem(2, "Composition", "out-of-range"),
            problem(2, "Mathematics", "unreadable-mark"),
            problem(3, "Mathematics", "not-on-sheet"),
        ]
    );
}

#[test]
fn two_of_one_name_are_both_refused_without_numbers() {
    let text = "Name,Mathematics\nMary Wanjiku,50\nAmina Ali,60\nMary Wanjiku,70\nNobody,1\n";
    let plan = plan_of(text, &four_a(), OnDuplicate::Skip);
    assert_eq!((plan.listing.added, plan.listing.refused()), (1, 3));
    assert_eq!(
        told(plan),
        [
            problem(2, "Name", "ambiguous-name"),
            problem(4, "Name", "ambiguous-name"),
            problem(5, "Name", "unknown-student"),
        ]
    );
}

#[test]
fn one_student_in_two_rows_is_refused_in_both() {
    let text = "Name,Adm No,Mathematics\nAmina Ali,A001,50\nAmina Ali,,60\nX,A099,1\n,,5\n";
    let plan = plan_of(text, &four_a(), OnDuplicate::Skip);
    assert_eq!(plan.listing.added, 0);
    assert_eq!(
        told(plan),
        [
            problem(2, "Adm No", "duplicate-in-file"),
            problem(3, "Adm No", "duplicate-in-file"),
            problem(4, "Adm No", "unknown-student"),
            problem(5, "Name", "missing-number"),
        ]
    );
}

#[test]
fn a_number_and_a_name_that_disagree_are_pointed_out() {
    let plan = plan_of(
        "Name,Adm No,Mathematics\nBrian Kip,A001,50\n",
        &four_a(),
        OnDuplicate::Skip,
    );
    assert_eq!(plan.listing.added, 1);
    assert_eq!(told(plan), [problem(2, "Name", "name-differs")]);
}

#[test]
fn what_stands_on_the_sheet_is_skipped_changed_or_refused_as_the_user_says() {
    let mut class = four_a();
    let standing = (Entry::Score(Score::whole(50)), Version(3));
    class.sheets[2].marks.insert(StudentId(1), standing);
    let text = "Adm No,Mathematics\nA001,60\n";
    for (on_duplicate, counts, codes) in [
        (OnDuplicate::Skip, (0, 1, 0), vec![]),
        (OnDuplicate::Update, (1, 0, 0), vec![]),
        (
            OnDuplicate::Error,
            (0, 0, 1),
            vec![problem(2, "Mathematics", "exists")],
        ),
    ] {
        let plan = plan_of(text, &class, on_duplicate);
        let listing = &plan.listing;
        assert_eq!(
            (listing.changed, listing.skipped, listing.refused()),
            counts
        );
        if let Some(planned) = plan.edits.values().flatten().next() {
            assert_eq!(planned.edit.based_on, Version(3));
        }
        assert_eq!(told(plan), codes, "{on_duplicate}");
    }
    let plan = plan_of(
        "Adm No,Mathematics\nA001,50.0\n",
        &class,
        OnDuplicate::Error,
    );
    assert_eq!((plan.listing.same, plan.edits.len()), (1, 0));
    let plan = plan_of("Adm No,Mathematics\nA001,\n", &class, OnDuplicate::Update);
    assert_eq!(plan.edits.len(), 0, "a blank changes nothing");
}

#[test]
fn columns_that_cannot_be_taken_are_left_out_and_said_once() {
    let mut class = four_a();
    class.sheets[1].closed = Some(("sheet-closed", "entry closed on 14 Nov 2026".to_owned()));
    let text = "Adm No,English,Composition,Mathematics /50,MAT,Mathematics,Art\n\
                A001,1,2,3,4,5,6\nA002,1,2,3,,,6\n";
    let plan = plan_of(text, &class, OnDuplicate::Skip);
    assert_eq!((plan.listing.added, plan.listing.refused()), (1, 0));
    assert_eq!(
        told(plan),
        [
            problem(1, "English", "which-paper"),
            problem(1, "Composition", "sheet-closed"),
            problem(1, "Mathematics /50", "out-of-differs"),
            problem(1, "Mathematics", "duplicate-column"),
            problem(1, "Art", "unknown-column"),
        ]
    );
}

#[test]
fn a_column_that_only_other_classes_fill_is_theirs() {
    let class = four_a();
    let text = "Adm No,Class,MAT,Mathematics,Pottery\nA001,4A,,60,\nX001,5A,70,,80\n";
    let plan = plan_of(text, &class, OnDuplicate::Update);
    let mathematics: Vec<_> = plan.edits.keys().collect();
    assert_eq!(mathematics, [&SheetId(3)]);
    assert_eq!(told(plan), []);
}

#[test]
fn an_out_of_row_that_differs_leaves_its_column_out() {
    let text = "Name,Adm No,Mathematics,Grammar\nMax Marks,,50,60\nAmina Ali,A001,40,50\n";
    let plan = plan_of(text, &four_a(), OnDuplicate::Skip);
    assert_eq!(plan.listing.added, 1);
    assert_eq!(told(plan), [problem(1, "Mathematics", "out-of-differs")]);
}

#[test]
fn a_heading_and_an_out_of_row_that_disagree_leave_the_column_out() {
    let text =
        "Name,Adm No,Mathematics /100,Grammar (60)\nMax Marks,,50,60\nAmina Ali,A001,40,50\n";
    let plan = plan_of(text, &four_a(), OnDuplicate::Skip);
    assert_eq!(plan.listing.added, 1);
    let problems = plan.listing.into_problems();
    let [problem] = &problems[..] else {
        panic!("{problems:?}")
    };
    assert_eq!(
        (problem.column.as_str(), problem.code.as_str()),
        ("Mathematics /100", "out-of-unclear")
    );
    for number in ["100", "50"] {
        assert!(problem.reason.contains(number), "{}", problem.reason);
    }
}

#[test]
fn levels_are_read_where_they_are_entered_directly() {
    let band = |code: &str, lower, points| Band {
        code: code.to_owned(),
        label: String::new(),
        lower,
        points,
    };
    let mut class = four_a();
    class.sheets[2].levels = Some(Arc::new(Scheme {
        code: "four".to_owned(),
        rounding: Rounding::None,
        bands: vec![band("EE", 7500, 400), band("BE", 0, 100)],
    }));
    let plan = plan_of(
        "Adm No,Mathematics\nA001,ee\nA003,4\nA004,88\n",
        &class,
        OnDuplicate::Skip,
    );
    assert_eq!(plan.listing.added, 2);
    assert_eq!(told(plan), [problem(4, "Mathematics", "no-such-level")]);
}
