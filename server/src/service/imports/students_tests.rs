use hillview_shared::ids::{ImportId, StudentId, Version};
use hillview_shared::imports::ImportKind;

use super::super::read;
use super::*;

fn grade(id: i64) -> Grade {
    Grade {
        grade_id: GradeId(id),
        code: format!("G{id}"),
        name: format!("Grade {id}"),
        short: id.to_string(),
    }
}

fn class(id: i64, of: i64, stream: &str) -> Named {
    Named {
        id: ClassId(id),
        grade: grade(of),
        stream: stream.to_owned(),
        class: format!("{of}{stream}"),
    }
}

fn student(id: i64, number: &str, name: &str, class: i64) -> Student {
    Student {
        id: StudentId(id),
        admission_no: number.to_owned(),
        name: name.to_owned(),
        sex: None,
        birth_date: None,
        status: StudentStatus::Active,
        class_id: Some(ClassId(class)),
        class: None,
        v: Version(1),
    }
}

fn options() -> RunImport {
    RunImport {
        import: ImportId(1),
        dry_run: false,
        on_duplicate: OnDuplicate::Update,
        create_classes: false,
        assign_numbers: false,
        class: None,
        assessment: None,
    }
}

/// A school with 4A, 4B and these students; the plan of a file in it.
fn plan_of(text: &str, students: &[Student], options: &RunImport) -> Plan {
    let take = &mut |grid| Table::of(grid, ImportKind::Students, &|_| false);
    let table = read::first(text.as_bytes(), take).unwrap().unwrap();
    let school = School {
        today: NaiveDate::from_ymd_opt(2026, 5, 4).unwrap(),
        grades: &[grade(4), grade(5)],
        classes: &[class(41, 4, "A"), class(42, 4, "B")],
        students,
    };
    plan(&table, &school, options)
}

/// What is listed: line and code of each problem.
fn told(plan: Plan) -> Vec<(u32, String)> {
    let problems = plan.listing.into_problems();
    problems.into_iter().map(|p| (p.line, p.code)).collect()
}

fn codes(text: &str, students: &[Student], options: &RunImport) -> Vec<(u32, String)> {
    told(plan_of(text, students, options))
}

fn counts(plan: &Plan) -> [u32; 5] {
    let listing = &plan.listing;
    [
        listing.added,
        listing.changed,
        listing.same,
        listing.skipped,
        listing.refused(),
    ]
}

#[test]
fn new_students_are_added_to_the_class_they_name() {
    let text = "Name,Adm No,Class,Sex,DOB\nNg'ang'a Peter,007,4 a,M,27/3/2016\nAmina Ali,8,Grade 4 - B,Girl,\n";
    let plan = plan_of(text, &[], &options());
    assert_eq!(counts(&plan), [2, 0, 0, 0, 0]);
    let add = |number: &str, name: &str, sex, birth_date, class| Add {
        admission_no: number.to_owned(),
        name: name.to_owned(),
        sex: Some(sex),
        birth_date,
        class: ClassRef::Known(ClassId(class)),
    };
    let born = NaiveDate::from_ymd_opt(2016, 3, 27);
    assert_eq!(
        plan.adds,
        [
            add("007", "Ng'ang'a Peter", Sex::Male, born, 41),
            add("8", "Amina Ali", Sex::Female, None, 42),
        ]
    );
}

#[test]
fn every_unreadable_cell_of_a_row_is_named() {
    let text =
        "Name,Adm No,Grade,Stream,Sex,DOB\n,1,4,A,M,\nAmina,2,9,A,x,31/02/2016\nBrian,3 4,,A,,\n";
    assert_eq!(
        codes(text, &[], &options()),
        [
            (2, "missing-name".to_owned()),
            (3, "unknown-sex".to_owned()),
            (3, "impossible-date".to_owned()),
            (3, "unknown-grade".to_owned()),
            (4, "bad-number".to_owned()),
            (4, "missing-grade".to_owned()),
        ]
    );
}

#[test]
fn classes_are_created_only_when_asked_and_only_for_rows_that_stay() {
    let text = "Name,Adm No,Grade,Stream\nAmina,1,5,East\nBrian,2,Grade 5,EAST\nChebet,3,5,\nDan,,5,West\nEve,4,4,\n";
    let told_codes = codes(text, &[], &options());
    let refused = [
        "unknown-class",
        "unknown-class",
        "unknown-class",
        "unknown-class",
        "which-stream",
    ];
    assert_eq!(
        told_codes.iter().map(|(_, code)| code).collect::<Vec<_>>(),
        refused
    );

    let create = RunImport {
        create_classes: true,
        ..options()
    };
    let plan = plan_of(text, &[], &create);
    assert_eq!(counts(&plan), [3, 0, 0, 0, 2]);
    let names: Vec<&str> = plan
        .classes
        .iter()
        .map(|class| class.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["5 East", "Grade 5"],
        "none for the refused row of 5 West"
    );
    assert_eq!(plan.adds[0].class, plan.adds[1].class);
    assert_eq!(
        told(plan),
        [
            (5, "missing-number".to_owned()),
            (6, "which-stream".to_owned())
        ]
    );
}

#[test]
fn numbers_are_matched_without_regard_to_case() {
    let school = [
        student(1, "ADM001", "John Doe", 41),
        student(2, "ADM002", "Jane Smith", 41),
    ];
    let text = "Name,Adm No,Class,Sex\nJohn Doe,adm001,4A,\nJane Smith,Adm002,4B,F\n";
    let plan = plan_of(text, &school, &options());
    assert_eq!(counts(&plan), [0, 1, 1, 0, 0]);
    let [change] = &plan.changes[..] else {
        panic!("one changes")
    };
    assert_eq!(change.before, school[1]);
    assert_eq!(
        (change.after.admission_no.as_str(), change.after.sex),
        ("ADM002", Some(Sex::Female))
    );
    assert_eq!(change.class, Some(ClassRef::Known(ClassId(42))));
}

#[test]
fn what_the_school_has_is_skipped_updated_or_refused_as_the_user_says() {
    let mut left = student(2, "2", "Brian", 41);
    left.status = StudentStatus::Left;
    let school = [student(1, "1", "Amina Ali", 41), left];
    let text = "Name,Adm No,Class\nAmina Hassan,1,4A\nBrian Kip,2,4A\n";
    for (on_duplicate, expected, codes) in [
        (OnDuplicate::Skip, [0, 0, 0, 2, 0], vec![]),
        (
            OnDuplicate::Error,
            [0, 0, 0, 0, 2],
            vec!["exists", "exists"],
        ),
        (OnDuplicate::Update, [0, 1, 0, 0, 1], vec!["not-active"]),
    ] {
        let options = RunImport {
            on_duplicate,
            ..options()
        };
        let plan = plan_of(text, &school, &options);
        assert_eq!(counts(&plan), expected, "{on_duplicate}");
        let found: Vec<String> = told(plan).into_iter().map(|(_, code)| code).collect();
        assert_eq!(found, codes, "{on_duplicate}");
    }
}

#[test]
fn another_persons_number_is_pointed_out() {
    let school = [student(1, "1", "Amina Ali", 41)];
    let skip = RunImport {
        on_duplicate: OnDuplicate::Skip,
        ..options()
    };
    let told = codes("Name,Adm No,Class\nBrian Kip,1,4A\n", &school, &skip);
    assert_eq!(told, [(2, "name-differs".to_owned())]);
}

#[test]
fn doubles_in_the_file_are_refused_with_both_lines() {
    let text = "Name,Adm No,Class\nAmina,ADM1,4A\nBrian,2,4A\nAmina A,adm1,4B\nMary Wanjiku,,4A\nMARY WANJIKU,,4a\nMary Wanjiku,,4B\n";
    let assign = RunImport {
        assign_numbers: true,
        ..options()
    };
    let plan = plan_of(text, &[], &assign);
    assert_eq!(counts(&plan), [2, 0, 0, 0, 4]);
    let problems = plan.listing.into_problems();
    let lines: Vec<u32> = problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [2, 4, 5, 6]);
    assert!(
        problems
            .iter()
            .all(|problem| problem.code == "duplicate-in-file")
    );
    assert!(
        problems[0].reason.contains("lines 2 and 4"),
        "{}",
        problems[0].reason
    );
    assert!(
        problems[2].reason.contains("lines 5 and 6"),
        "{}",
        problems[2].reason
    );
}

#[test]
fn numbers_are_assigned_above_those_of_the_school_and_of_the_file() {
    let school = [student(1, "0041", "Amina", 41)];
    let text = "Name,Adm No,Class\nBrian,,4A\nChebet,0042,4A\nDan,,4B\n";
    assert_eq!(
        codes(text, &school, &options()),
        [
            (2, "missing-number".to_owned()),
            (4, "missing-number".to_owned())
        ]
    );
    let assign = RunImport {
        assign_numbers: true,
        ..options()
    };
    let plan = plan_of(text, &school, &assign);
    let numbers: Vec<&str> = plan
        .adds
        .iter()
        .map(|add| add.admission_no.as_str())
        .collect();
    assert_eq!(numbers, ["0043", "0042", "0044"]);
}

#[test]
fn who_was_numbered_before_is_found_by_name_and_class() {
    let assign = RunImport {
        assign_numbers: true,
        ..options()
    };
    let text = "Name,Adm No,Class\nJames Miller,,4A\n";
    let one = [
        student(1, "0001", "James Miller", 41),
        student(2, "0002", "James Miller", 42),
    ];
    assert_eq!(counts(&plan_of(text, &one, &assign)), [0, 0, 1, 0, 0]);
    // Without the right to number, the one of that name in the class is still the one.
    assert_eq!(counts(&plan_of(text, &one, &options())), [0, 0, 1, 0, 0]);

    let two = [
        student(1, "0001", "James Miller", 41),
        student(2, "0002", "james miller", 41),
    ];
    assert_eq!(
        codes(text, &two, &assign),
        [(2, "ambiguous-name".to_owned())]
    );

    let twin = "Name,Adm No,Class\nJames Miller,,4A\nJames Miller,7,4A\n";
    assert_eq!(
        codes(twin, &[], &assign),
        [(2, "ambiguous-name".to_owned())]
    );
}

#[test]
fn the_order_of_dates_is_decided_for_the_file_and_told() {
    let text = "Name,Adm No,Class,DOB\nA A,1,4A,03/04/2016\nB B,2,4A,03/25/2016\n";
    let plan = plan_of(text, &[], &options());
    assert_eq!(plan.order, Some(Order::MonthFirst));
    assert_eq!(plan.adds[0].birth_date, NaiveDate::from_ymd_opt(2016, 3, 4));
}

#[test]
fn a_file_does_not_create_classes_without_end() {
    let create = RunImport {
        create_classes: true,
        ..options()
    };
    let rows: String = (0..550)
        .map(|row| format!("Student {row},N{row},5,Stream{row}\n"))
        .collect();
    let text = format!("Name,Adm No,Grade,Stream\n{rows}");
    let plan = plan_of(&text, &[], &create);
    assert_eq!((plan.classes.len(), plan.listing.refused()), (500, 50));
    assert_eq!(told(plan)[0], (502, "too-many-classes".to_owned()));
}
