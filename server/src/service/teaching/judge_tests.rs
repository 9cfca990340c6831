use hillview_shared::teaching::TeachingRole::{ClassTeacher, Deputy, SubjectTeacher};

use super::*;

fn day(text: &str) -> NaiveDate {
    format!("2026-{text}").parse().unwrap()
}

fn span((starts, ends): (&str, &str)) -> Span {
    (day(starts), (!ends.is_empty()).then(|| day(ends)))
}

/// An assignment of class 4 East that is there: who, as what, from when to when.
fn there(id: i64, staff: i64, role: TeachingRole, days: (&str, &str)) -> Teaching {
    let (starts, ends) = span(days);
    Teaching {
        id: TeachingId(id),
        staff_id: StaffId(staff),
        staff: format!("Teacher {staff}"),
        class_id: ClassId(1),
        class: "4 East".to_owned(),
        offering_id: (role == SubjectTeacher).then_some(OfferingId(7)),
        subject: None,
        role,
        starts,
        ends,
    }
}

fn wish(staff: i64, role: TeachingRole, days: (&str, &str)) -> Wish {
    let one = there(0, staff, role, days);
    Wish {
        new: NewTeaching {
            staff: one.staff_id,
            class: one.class_id,
            offering: one.offering_id,
            role,
            starts: one.starts,
            ends: one.ends,
        },
        said_when: true,
        replace: false,
        staff: one.staff,
        class: one.class,
        subject: one.subject,
    }
}

fn from_today(wish: Wish) -> Wish {
    Wish {
        said_when: false,
        ..wish
    }
}

fn replacing(wish: Wish) -> Wish {
    Wish {
        replace: true,
        ..wish
    }
}

fn words(judged: &Judged) -> Vec<&str> {
    let word = |verdict: &_| match verdict {
        Verdict::New => "new",
        Verdict::Same(_) => "same",
        Verdict::Replaces(_) => "replaces",
        Verdict::Refused(refusal) => match refusal.code.as_str() {
            "two-class-teachers" => "two",
            "overlapping" => "overlapping",
            "twice" => "twice",
            other => panic!("{other}"),
        },
    };
    judged.verdicts.iter().map(word).collect()
}

/// Judges one assignment beside one that is there.
fn beside(has: &Teaching, asked: &Wish, verdict: &str) {
    let judged = judge(std::slice::from_ref(has), std::slice::from_ref(asked));
    assert_eq!(words(&judged), [verdict], "{has:?} {asked:?}");
    assert!(judged.ended.is_empty());
}

#[test]
fn a_class_has_one_class_teacher_on_a_day() {
    let open = ("01-05", "");
    let term = ("01-05", "04-02");
    for (has, asked, verdict) in [
        // A class has one class teacher on a day.
        (
            there(1, 1, ClassTeacher, open),
            wish(2, ClassTeacher, ("05-04", "")),
            "two",
        ),
        (
            there(1, 1, ClassTeacher, term),
            wish(2, ClassTeacher, ("04-02", "")),
            "two",
        ),
        (
            there(1, 1, ClassTeacher, term),
            wish(2, ClassTeacher, ("04-03", "")),
            "new",
        ),
        (
            there(1, 1, ClassTeacher, term),
            wish(2, ClassTeacher, ("01-01", "01-05")),
            "two",
        ),
        (
            there(1, 1, ClassTeacher, term),
            wish(2, ClassTeacher, ("01-01", "01-04")),
            "new",
        ),
        (
            there(1, 1, ClassTeacher, ("05-04", "05-03")),
            wish(2, ClassTeacher, open),
            "new",
        ),
    ] {
        beside(&has, &asked, verdict);
    }
}

#[test]
fn others_stand_beside_it_and_the_same_again_is_there_already() {
    let open = ("01-05", "");
    let term = ("01-05", "04-02");
    for (has, asked, verdict) in [
        // Others stand beside it.
        (
            there(1, 1, ClassTeacher, open),
            wish(2, Deputy, open),
            "new",
        ),
        (
            there(1, 1, ClassTeacher, open),
            wish(1, SubjectTeacher, open),
            "new",
        ),
        (
            there(1, 1, SubjectTeacher, open),
            wish(2, SubjectTeacher, open),
            "new",
        ),
        // The same again.
        (
            there(1, 1, SubjectTeacher, open),
            wish(1, SubjectTeacher, open),
            "same",
        ),
        (
            there(1, 1, SubjectTeacher, term),
            wish(1, SubjectTeacher, open),
            "overlapping",
        ),
        (
            there(1, 1, SubjectTeacher, term),
            wish(1, SubjectTeacher, ("04-03", "")),
            "new",
        ),
        (
            there(1, 1, ClassTeacher, term),
            wish(1, ClassTeacher, ("02-01", "")),
            "overlapping",
        ),
        (
            there(1, 1, SubjectTeacher, open),
            from_today(wish(1, SubjectTeacher, ("05-04", ""))),
            "same",
        ),
        (
            there(1, 1, SubjectTeacher, term),
            from_today(wish(1, SubjectTeacher, ("02-04", ""))),
            "overlapping",
        ),
    ] {
        beside(&has, &asked, verdict);
    }
}

#[test]
fn a_class_teacher_is_replaced_the_day_before() {
    let has = [there(1, 1, ClassTeacher, ("01-05", ""))];
    let judged = judge(&has, &[replacing(wish(2, ClassTeacher, ("05-04", "")))]);
    assert_eq!(words(&judged), ["replaces"]);
    assert_eq!(judged.ended, [(TeachingId(1), day("05-03"))]);

    // On the first day of the other: as if they had never begun.
    let judged = judge(&has, &[replacing(wish(2, ClassTeacher, ("01-05", "")))]);
    assert_eq!(judged.ended, [(TeachingId(1), day("01-04"))]);

    // Nobody is replaced who begins later.
    let has = [there(1, 1, ClassTeacher, ("08-24", ""))];
    let judged = judge(&has, &[replacing(wish(2, ClassTeacher, ("05-04", "")))]);
    assert_eq!((words(&judged), judged.ended.len()), (vec!["two"], 0));

    // Nobody to replace, and the same again.
    let judged = judge(&[], &[replacing(wish(2, ClassTeacher, ("05-04", "")))]);
    assert_eq!(words(&judged), ["new"]);
    let has = [there(1, 2, ClassTeacher, ("05-04", ""))];
    let judged = judge(&has, &[replacing(wish(2, ClassTeacher, ("05-04", "")))]);
    assert_eq!(words(&judged), ["same"]);
}

#[test]
fn those_of_one_list_are_held_against_each_other() {
    let judged = judge(
        &[],
        &[
            wish(1, ClassTeacher, ("01-05", "04-02")),
            wish(2, ClassTeacher, ("04-01", "")),
            wish(3, SubjectTeacher, ("01-05", "")),
            wish(3, SubjectTeacher, ("01-05", "")),
            wish(4, SubjectTeacher, ("01-05", "")),
        ],
    );
    assert_eq!(words(&judged), ["two", "two", "twice", "twice", "new"]);
    let judged = judge(
        &[],
        &[
            wish(1, ClassTeacher, ("01-05", "04-02")),
            wish(2, ClassTeacher, ("04-27", "")),
        ],
    );
    assert_eq!(words(&judged), ["new", "new"]);
}

#[test]
fn one_that_lasts_long_meets_every_later_one() {
    let judged = judge(
        &[],
        &[
            wish(4, ClassTeacher, ("03-04", "03-05")),
            wish(2, ClassTeacher, ("01-06", "01-07")),
            wish(1, ClassTeacher, ("01-05", "03-04")),
            wish(3, ClassTeacher, ("03-06", "03-07")),
        ],
    );
    assert_eq!(words(&judged), ["two", "two", "two", "new"]);
}

#[test]
fn who_replaces_makes_room_for_later_lines_wherever_they_stand() {
    let has = [there(1, 1, ClassTeacher, ("01-05", ""))];
    let judged = judge(
        &has,
        &[
            wish(3, ClassTeacher, ("08-24", "")),
            replacing(wish(2, ClassTeacher, ("05-04", "07-31"))),
        ],
    );
    assert_eq!(words(&judged), ["new", "replaces"]);
}
