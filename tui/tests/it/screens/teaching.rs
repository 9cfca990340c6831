//! Who teaches what: the list, assigning, ending.

use hillview_shared::ids::{GradeId, OfferingId, PaperId, SubjectId, TeachingId};
use hillview_shared::marks::Score;
use hillview_shared::subjects::{OfferingMode, Paper};
use hillview_shared::teaching::{AssignTeaching, EndTeaching, TeachingRole};

use super::people::head;
use super::*;

pub fn papers() -> Vec<Paper> {
    let paper = |id, subject: &str| Paper {
        id: PaperId(id),
        subject_id: SubjectId(id),
        subject_code: subject[..3].to_uppercase(),
        subject: subject.into(),
        offering_id: OfferingId(id),
        grade_id: GradeId(4),
        grade: "G4".into(),
        mode: OfferingMode::Core,
        code: String::new(),
        name: String::new(),
        weight: 10_000,
        out_of: Score::whole(100),
    };
    vec![
        paper(1, "English"),
        paper(2, "Kiswahili"),
        paper(3, "Mathematics"),
    ]
}

fn on_teaching() -> Desk {
    let mut desk = Desk::home_of(head());
    desk.play(":teaching<Enter>");
    desk
}

#[test]
fn it_shows_who_teaches_what_today_or_at_any_time() {
    let mut desk = on_teaching();
    insta::assert_snapshot!(desk.screen(), @"
     Kilimani Primary  2026 T2  Teaching                   r.mutua@hillview.example
     All of them; / says which to show
      Class      Subject or role       Who                   From       To
    > 4 East     class-teacher         W. Kamau              2026-01-05 -
      4 East     Mathematics           J. Otieno             2026-01-05 -

















     2 assignments                                                           online
     a assign  m many  Del end  / filter  A all dates  Esc back  ? help
    ");
    desk.play("A");
    assert!(desk.line_with("M. Hassan").contains("2026-04-02"));
    desk.keys("GD<Del>");
    desk.shows("it ended on 2026-04-02");
    desk.keys("/4 East<Tab>j.otieno<Enter>");
    assert!(matches!(
        desk.call(),
        HillviewRequest::ListTeaching { request }
            if request.class.as_deref() == Some("4 East")
                && request.staff.as_deref() == Some("j.otieno")
    ));
    desk.serve();
    desk.shows("Only: class 4 East, login or staff number j.otieno");
}

#[test]
fn a_subject_teacher_is_assigned_from_a_day_on() {
    let mut desk = on_teaching();
    desk.play("a");
    desk.keys("j.otieno<Enter>4 East<Enter><Enter>m<Enter>2026-08-24<Enter>");
    insta::assert_snapshot!(desk.screen(), @"
    Kilimani Primary  2026 T2  Assign                     r.mutua@hillview.example

       Assign a member of staff to a class. Left and Right choose.

       Login or staff number     j.otieno
       Class                     4 East
       As                        subject-teacher
       Subject                   Mathematics
       From (empty: today)       2026-08-24
     > Last day (empty: no end)












                                                                            online
    Enter next, do it  Esc back  Ctrl-Q quit  F1 help
    ");
    desk.keys("<Enter>");
    assert_eq!(
        desk.call(),
        HillviewRequest::AssignTeaching {
            request: AssignTeaching {
                staff: "j.otieno".into(),
                class: "4 East".into(),
                subject: Some("Mathematics".into()),
                role: TeachingRole::SubjectTeacher,
                starts: Some(fixtures::day("2026-08-24")),
                ends: None,
                replace: false,
            }
        }
    );
    desk.serve();
    desk.shows("W. Kamau is assigned to 4 East: Mathematics");
}

#[test]
fn a_second_class_teacher_is_refused_unless_the_first_is_replaced() {
    let mut desk = on_teaching();
    desk.play("a");
    desk.keys("j.otieno<Enter>4 East<Enter>c<Enter>soon<Enter><Enter><Enter>");
    desk.shows("\"soon\" is no date such as 2026-07-31");
    desk.keys("<C-u><Tab><Tab><Enter>");
    assert!(matches!(
        desk.call(),
        HillviewRequest::AssignTeaching { request } if !request.replace
    ));
    let (ticket, _) = desk.calls.remove(0);
    let there = ApiError::conflict("class-teacher", "W. Kamau is the class teacher of 4 East");
    desk.answer(ticket, Err(there));
    desk.shows("W. Kamau is the class teacher of 4 East");
    desk.keys("<Right><Enter>");
    assert!(matches!(
        desk.call(),
        HillviewRequest::AssignTeaching { request }
            if request.replace && request.subject.is_none()
                && request.role == TeachingRole::ClassTeacher
    ));
}

#[test]
fn an_assignment_ends_after_a_yes() {
    let mut desk = on_teaching();
    desk.keys("<Del>2026-07-31<Enter>");
    desk.shows("After 2026-07-31 W. Kamau no longer reaches 4 East by this.");
    desk.keys("y");
    assert_eq!(
        desk.call(),
        HillviewRequest::EndTeaching {
            request: EndTeaching {
                teaching: TeachingId(1),
                last_day: Some(fixtures::day("2026-07-31")),
            }
        }
    );
    desk.serve();
    desk.shows("the assignment of W. Kamau to 4 East ends");
}

#[test]
fn from_somebody_of_the_staff_comes_what_they_teach() {
    let mut desk = Desk::home_of(head());
    desk.play(":staff<Enter>|j");
    desk.keys("t");
    assert!(matches!(
        desk.call(),
        HillviewRequest::ListTeaching { request } if request.staff.as_deref() == Some("w.kamau")
    ));
    desk.play("|a");
    assert!(desk.line_with("Login or staff number").contains("w.kamau"));
}

#[test]
fn one_person_is_assigned_to_many_after_a_look() {
    let mut desk = on_teaching();
    desk.play("m");
    desk.play("<Enter>j.otieno<Enter><Enter>");
    desk.shows("Assign j.otieno to: Space ticks");
    // Mathematics is theirs already. English is listed alone when it is chosen, and what was
    // ticked stays ticked.
    desk.hides("Mathematics");
    desk.keys("<Down> <BackTab>e<Tab>");
    desk.hides("Kiswahili");
    insta::assert_snapshot!(desk.screen(), @"
    Kilimani Primary  2026 T2  Assign many                r.mutua@hillview.example

       Assign j.otieno to: Space ticks. Class and subject say which are listed.

       Class                all
       Subject              English
     > Assign to            [x] 4 East     English
       From (empty: today)














                                                                            online
    Enter next, do it  Esc back  Ctrl-Q quit  F1 help
    ");
    desk.keys("<BackTab><Left><Left><Left>a<Tab> <Enter>2026-08-24<Enter>");
    let HillviewRequest::AssignMany { request } = desk.call() else {
        panic!("no preview: {:?}", desk.calls);
    };
    assert!(request.preview);
    let subjects: Vec<Option<&str>> = request
        .assignments
        .iter()
        .map(|one| one.subject.as_deref())
        .collect();
    assert_eq!(subjects, [None, Some("English")]);
    desk.serve();
    insta::assert_snapshot!(desk.screen(), @"
     Kilimani Primary  2026 T2  Assign many                r.mutua@hillview.example
      Class     Subject or role      Who                What becomes of it
    > 4 East    class-teacher        Otieno James       refused: W. Kamau is the …
      4 East    English              Otieno James       new
















     refused: W. Kamau is the class teacher of 4 East

     1 new, 1 refused; nothing is changed yet                                online
     (Enter assign them)  r replace  Del leave out  Esc back  : commands  ? help
    ");
    desk.keys("<Enter>");
    desk.shows("1 is refused: r replaces a class teacher, Del leaves it out");
    desk.play("r");
    desk.shows("replaces: W. Kamau");
    desk.keys("<Down>r");
    desk.shows("only a class teacher is replaced");
    desk.keys("<Enter>");
    assert!(matches!(
        desk.call(),
        HillviewRequest::AssignMany { request }
            if !request.preview && request.assignments[0].replace
                && request.assignments[1].starts == Some(fixtures::day("2026-08-24"))
    ));
    desk.serve();
    desk.shows("made: 2 assignments");
    desk.shows("Teaching");
}

#[test]
fn the_teachers_of_a_class_are_filled_in_and_one_is_left_out() {
    let mut desk = on_teaching();
    desk.play("m");
    desk.keys("<Right><Enter>");
    desk.play("4 e<Enter>");
    insta::assert_snapshot!(desk.screen(), @"
    Kilimani Primary  2026 T2  Assign many                r.mutua@hillview.example

       Who teaches 4 East: a login or staff number each; what is left empty
       stays.

     > class teacher (W. Kamau)
       English
       Kiswahili
       Mathematics (J. Otieno)













                                                                            online
    Enter next, do it  Esc back  Ctrl-Q quit  F1 help
    ");
    desk.play("j.otieno<Tab>j.otieno<Tab>m.hassan<Tab><Enter>");
    desk.shows("2 new, 1 refused");
    desk.play("<Del>");
    desk.shows("2 new; nothing is changed yet");
    // Second thoughts: what was filled in is still there.
    desk.keys("<Esc>");
    desk.shows("m.hassan");
    desk.play("<Enter>");
    desk.play("<Del>");
    desk.play("<Enter>");
    desk.shows("made: 2 assignments");
}
