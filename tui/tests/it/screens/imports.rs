//! Importing a file: the fields, the sending, what it would do, what it did, taking it back.

use hillview::msg::GivenFile;
use hillview_shared::Kind;
use hillview_shared::accounts::Permission;
use hillview_shared::ids::ImportId;
use hillview_shared::imports::{
    CHUNK_MAX, ColumnTaken, ImportKind, ImportReport, ImportState, ImportSummary, OnDuplicate,
    Piece, RowProblem, RunImport, StartImport, UndoImport,
};

use super::people::{admin, head};
use super::*;

const IMPORT: ImportId = ImportId(12);
const REFUSED: &[u8] = b"name,login\nOtieno,\n";

fn problem(line: u32) -> RowProblem {
    RowProblem {
        line,
        column: "Login".into(),
        code: "login-taken".into(),
        reason: format!("the login of row {line} is somebody else's: give another one"),
        warning: false,
    }
}

fn report(request: &RunImport) -> ImportReport {
    let column = |heading: &str, taken_for: Option<&str>| ColumnTaken {
        heading: heading.into(),
        taken_for: taken_for.map(str::to_owned),
    };
    ImportReport {
        import: request.import,
        dry_run: request.dry_run,
        encoding: "UTF-8".into(),
        layout: "comma".into(),
        header_line: 1,
        columns: vec![
            column("TSC No", Some("number")),
            column("Name", Some("name")),
            column("Shoe size", None),
        ],
        rows: 9,
        added: 4,
        changed: 1,
        same: 1,
        skipped: 0,
        refused: 3,
        classes_created: Vec::new(),
        problems: vec![
            problem(3),
            RowProblem {
                column: String::new(),
                code: "no-role".into(),
                reason: "nobody with this role is known".into(),
                warning: true,
                ..problem(5)
            },
        ],
        more_problems: true,
    }
}

fn imports() -> Vec<ImportSummary> {
    let import = |id, state| ImportSummary {
        id: ImportId(id),
        kind: ImportKind::Staff,
        file_name: "staff.csv".into(),
        state,
        by: "R. Mutua".into(),
        at: NOW,
        added: 4,
        changed: 1,
        refused: 3,
    };
    vec![
        import(12, ImportState::Applied),
        import(11, ImportState::Previewed),
        import(10, ImportState::Undone),
    ]
}

/// What the server answers.
pub fn answer(request: &HillviewRequest) -> Option<HillviewResponse> {
    use HillviewRequest as Q;
    use HillviewResponse as A;
    Some(match request {
        Q::StartImport { .. } => A::StartImport(Ok(IMPORT)),
        Q::SendChunk { .. } => A::SendChunk(Ok(())),
        Q::RunImport { request } => A::RunImport(Ok(report(request))),
        Q::ListProblems { request } => A::ListProblems(Ok(match request.after {
            2 => vec![problem(7), problem(8)],
            _ => Vec::new(),
        })),
        Q::RefusedRows { request } => {
            let from = usize::try_from(request.offset).expect("few bytes");
            let piece = &REFUSED[from..REFUSED.len().min(from + 8)];
            A::RefusedRows(Ok(Piece {
                bytes: piece.to_vec().into(),
                length: REFUSED.len() as u64,
            }))
        }
        Q::ListImports {} => A::ListImports(Ok(imports())),
        Q::UndoImport { .. } => A::UndoImport(Ok(imports().remove(0))),
        _ => return None,
    })
}

/// What the machine says to a wish about a file.
pub fn filed(wish: Effect) -> Msg {
    match wish {
        Effect::ReadFile { ticket, path } => {
            let path = format!("/home/amina/{path}").into();
            let bytes = b"TSC No,Name,Shoe size\n1,Otieno,44\n".to_vec().into();
            let read = Ok(GivenFile { path, bytes });
            Msg::FileRead { ticket, read }
        }
        Effect::WriteFile { ticket, path, .. } => Msg::FileWritten {
            ticket,
            written: Ok(path),
        },
        other => panic!("no file: {other:?}"),
    }
}

/// A head who has filled in the fields for a file of staff.
fn asked_for(file: &str) -> Desk {
    let mut desk = Desk::home_of(head());
    desk.play(":staff<Enter>|i");
    desk.keys(&format!("{file}<Enter><Right><Enter>"));
    desk
}

fn previewed() -> Desk {
    let mut desk = asked_for("staff.csv");
    desk.serve();
    desk
}

/// Gives the file that is asked for, with so many bytes.
fn give(desk: &mut Desk, length: usize) {
    let Effect::ReadFile { ticket, path } = desk.files.remove(0) else {
        panic!("no file is read");
    };
    let (path, bytes) = (path.into(), vec![b'x'; length].into());
    let read = Ok(GivenFile { path, bytes });
    desk.send(Msg::FileRead { ticket, read });
}

#[test]
fn the_fields_are_those_of_the_kind() {
    let mut desk = Desk::home_of(head());
    desk.play(":staff<Enter>|i");
    insta::assert_snapshot!(desk.screen(), @"
    Kilimani Primary  2026 T2  Import staff               r.mutua@hillview.example

       Import staff from a file: a row a person, with login, roles and what
       they teach. First it is only shown what would happen. Left and Right
       choose.

     > File (CSV or XLSX)
       Known with other values  leave what the school has














                                                                            online
    Enter next, do it  Esc back  Ctrl-Q quit  F1 help
    ");
    desk.keys("<Enter><Enter>");
    desk.shows("the file is missing");
    let mut desk = Desk::home_of(head());
    desk.play(":students<Enter>|i");
    desk.shows("In a class that is not there  refuse the row");
    desk.shows("Without admission number");
    let mut desk = Desk::home_of(head());
    desk.keys(":import-marks<Enter>m.csv<Enter><Enter><Enter><Enter>");
    desk.shows("the assessment's code is missing");
    assert!(desk.files.is_empty());
}

#[test]
fn the_file_is_read_sent_in_order_and_looked_at_before_anything_changes() {
    let mut desk = asked_for("~/new/staff.csv");
    assert!(matches!(&desk.files[0], Effect::ReadFile { path, .. } if path == "~/new/staff.csv"));
    desk.shows("reading the file; Esc cancels");
    give(&mut desk, CHUNK_MAX + 5);
    assert_eq!(
        desk.calls.remove(0).1,
        HillviewRequest::StartImport {
            request: StartImport {
                kind: ImportKind::Staff,
                file_name: "staff.csv".into(),
                length: CHUNK_MAX as u64 + 5,
            }
        }
    );
    let mut desk = asked_for("staff.csv");
    give(&mut desk, CHUNK_MAX + 5);
    let mut pieces = Vec::new();
    for words in ["sending 1 of 2", "sending 1 of 2", "sending 2 of 2"] {
        desk.shows(words);
        assert_eq!(desk.calls.len(), 1, "one after the other");
        let (ticket, request) = desk.calls.remove(0);
        if let HillviewRequest::SendChunk { request } = &request {
            pieces.push((request.import, request.offset, request.bytes.len()));
        }
        desk.answer(ticket, Ok(fixtures::answer(&request)));
    }
    let second = CHUNK_MAX as u64;
    assert_eq!(pieces, [(IMPORT, 0, CHUNK_MAX), (IMPORT, second, 5)]);
    desk.shows("the server reads the file, nothing is changed yet");
    assert_eq!(
        desk.call(),
        HillviewRequest::RunImport {
            request: RunImport {
                import: IMPORT,
                dry_run: true,
                on_duplicate: OnDuplicate::Update,
                create_classes: false,
                assign_numbers: false,
                class: None,
                assessment: None,
            }
        }
    );
    desk.serve();
    desk.shows("Nothing is changed yet");
}

#[test]
fn the_preview_counts_and_names_every_problem() {
    let mut desk = previewed();
    insta::assert_snapshot!(desk.screen(), @"
     Kilimani Primary  2026 T2  Import staff: staff.csv    r.mutua@hillview.example
     9 rows: 4 new, 1 changed, 1 the same, 3 refused. UTF-8, comma, heading row 1
     Left out: Shoe size. Columns: TSC No (number), Name
      Row    Column       Code              Why
    > 3      Login        login-taken       the login of row 3 is somebody else's…
      5      whole row    no-role           to look at: nobody with this role is …













     Row 3, Login: the login of row 3 is somebody else's: give another one
     [login-taken]

     Nothing is changed yet; 2+ problems                                     online
     Enter import  s save refused rows  c columns  Esc back  : commands  ? help
    ");
    desk.keys("G");
    assert!(matches!(
        desk.call(),
        HillviewRequest::ListProblems { request } if request.after == 2
    ));
    desk.play("|G|");
    desk.shows("Row 8, Login: the login of row 8 is somebody else's");
    desk.shows("Nothing is changed yet; 4 problems");
    desk.keys("c");
    desk.shows("TSC No: taken for number");
    desk.shows("Shoe size: left out");
}

#[test]
fn it_is_imported_after_a_yes_and_says_what_comes_next() {
    let mut desk = previewed();
    desk.keys("<Enter>");
    desk.shows("Import staff from staff.csv: 4 new, 1 changed? 3 refused rows are left out.");
    desk.keys("<Enter>");
    assert!(desk.calls.is_empty(), "the default is no");
    desk.keys("<Enter>y");
    assert!(matches!(
        desk.call(),
        HillviewRequest::RunImport { request } if !request.dry_run && request.import == IMPORT
    ));
    desk.shows("importing");
    desk.keys("<Esc>");
    desk.shows("Leave without seeing what it did?");
    desk.keys("n");
    desk.serve();
    desk.shows("import 12 is done");
    desk.shows("hillview staff issue-passwords --out FILE");
    desk.keys("<Enter>");
    desk.shows("it is imported; Esc leaves");
    desk.keys("<Esc>");
    assert!(matches!(desk.call(), HillviewRequest::ListStaff { .. }));
    desk.shows("2026 T2  Staff");
}

#[test]
fn an_import_whose_answer_did_not_come_is_asked_for_again_by_its_number() {
    let mut desk = previewed();
    desk.keys("<Enter>y");
    let (ticket, _) = desk.calls.remove(0);
    desk.answer(ticket, Err(ApiError::offline("the line was cut")));
    desk.shows("the line was cut [offline]");
    desk.keys("j");
    desk.shows("Not known whether it is imported; Enter asks again");
    desk.hides("Nothing is changed yet");
    desk.keys("<Enter>y");
    assert!(matches!(
        desk.call(),
        HillviewRequest::RunImport { request } if !request.dry_run && request.import == IMPORT
    ));
}

#[test]
fn refused_rows_go_into_a_new_file_beside_the_given_one() {
    let mut desk = previewed();
    desk.keys("s");
    while let Some((ticket, request)) = desk.calls.pop() {
        desk.answer(ticket, Ok(fixtures::answer(&request)));
    }
    let Effect::WriteFile {
        ticket,
        path,
        bytes,
    } = desk.files.remove(0)
    else {
        panic!("nothing is written");
    };
    assert_eq!(path.to_str(), Some("/home/amina/staff-refused.csv"));
    assert_eq!(bytes, REFUSED);
    desk.keys("s");
    desk.shows("they are being saved");
    let there = ApiError::conflict("file-exists", "it is there already").hint("move it away first");
    let written = Err(there);
    desk.send(Msg::FileWritten { ticket, written });
    desk.shows("it is there already; move it away first [file-exists]");
    desk.play("s");
    desk.shows("the refused rows are in /home/amina/staff-refused.csv");
}

#[test]
fn escape_gives_up_a_file_on_its_way_and_keeps_the_fields() {
    let mut desk = asked_for("staff.csv");
    desk.keys("<Esc>");
    desk.shows("given up; nothing is changed");
    desk.keys("<Enter>");
    // The first file comes late.
    give(&mut desk, 5);
    assert!(desk.calls.is_empty());
    give(&mut desk, 5);
    desk.keys("<Esc>");
    let (ticket, request) = desk.calls.remove(0);
    desk.answer(ticket, Ok(fixtures::answer(&request)));
    assert!(desk.calls.is_empty());
    assert!(desk.line_with("File (CSV").contains("staff.csv"));
    desk.keys("<Esc>");
    desk.shows("Leave and lose what is filled in?");
    let mut desk = previewed();
    desk.keys("<Esc>");
    assert!(desk.line_with("Known").contains("take what the file says"));
    desk.keys("<Esc>");
    desk.shows("2026 T2  Staff");
}

#[test]
fn what_the_line_cuts_short_goes_on_where_it_was() {
    let mut desk = asked_for("staff.csv");
    give(&mut desk, 2 * CHUNK_MAX);
    for _ in 0..2 {
        let (ticket, request) = desk.calls.remove(0);
        desk.answer(ticket, Ok(fixtures::answer(&request)));
    }
    let (ticket, request) = desk.calls.remove(0);
    desk.answer(ticket, Err(ApiError::offline("the line was cut")));
    desk.shows("the line was cut [offline]. F5 goes on where it was, Esc cancels");
    desk.send(Msg::Line(LineState::Offline {
        since: NOW,
        retry_at: None,
    }));
    desk.send(Msg::Line(LineState::Online));
    assert_eq!(desk.call(), request);
    desk.serve();
    desk.shows("Nothing is changed yet");
}

#[test]
fn what_cannot_be_read_or_is_refused_is_told_at_the_fields() {
    let mut desk = asked_for("nowhere.csv");
    let Effect::ReadFile { ticket, .. } = desk.files.remove(0) else {
        panic!("no file is read");
    };
    let read = Err(ApiError::new(
        Kind::NotFound,
        "no-file",
        "cannot read nowhere.csv",
    ));
    desk.send(Msg::FileRead { ticket, read });
    desk.shows("cannot read nowhere.csv [no-file]");
    desk.keys("<C-u>staff.csv<Enter><Enter>");
    give(&mut desk, 5);
    let (ticket, _) = desk.calls.remove(0);
    let denied = ApiError::new(Kind::Denied, "denied", "you may not import staff");
    desk.answer(ticket, Err(denied));
    desk.shows("you may not import staff [denied]");
    assert!(desk.line_with("File (CSV").contains("staff.csv"));
}

#[test]
fn who_may_not_import_is_told_which_permission_is_missing() {
    let mut desk = Desk::home_of(admin());
    desk.keys(":import-students<Enter>");
    desk.shows("it needs import.run on the school");
    let mut desk = Desk::home(80, 24);
    desk.keys(":import-staff<Enter>");
    desk.shows("it needs staff.manage on the school");
    assert!(!fixtures::kamau().may(Permission::StaffManage));
}

#[test]
fn marks_go_into_an_assessment() {
    let mut desk = Desk::home(80, 24);
    desk.keys("im.csv<Enter><Enter>T1-MID<Enter>4 East<Enter>");
    desk.serve();
    desk.keys("<Enter>y");
    assert!(matches!(
        desk.call(),
        HillviewRequest::RunImport { request }
            if request.assessment.as_deref() == Some("T1-MID")
                && request.class.as_deref() == Some("4 East")
                && request.on_duplicate == OnDuplicate::Skip
    ));
}

#[test]
fn an_import_is_taken_back_after_a_yes() {
    let mut desk = Desk::home_of(head());
    desk.play(":imports<Enter>|");
    insta::assert_snapshot!(desk.screen(), @"
     Kilimani Primary  2026 T2  Imports                    r.mutua@hillview.example
      No    Of       File                  State     When              Who
    > 12    staff    staff.csv             applied   14:05             R. Mutua
      11    staff    staff.csv             previewed 14:05             R. Mutua
      10    staff    staff.csv             undone    14:05             R. Mutua

















     3 imports                                                               online
     Enter show  u take back  Esc back  : commands  Ctrl-Q quit  ? help
    ");
    desk.keys("ju");
    desk.shows("it changed nothing yet");
    desk.keys("ju");
    desk.shows("it is taken back already");
    desk.keys("guwrong file<Enter>");
    desk.shows("Take it back: 4 added go, 1 changed become what they were?");
    desk.keys("y");
    assert_eq!(
        desk.call(),
        HillviewRequest::UndoImport {
            request: UndoImport {
                import: IMPORT,
                reason: Some("wrong file".into()),
            }
        }
    );
    desk.serve();
    desk.shows("import 12 is taken back");
    desk.keys("<Enter>");
    desk.shows("4 new, 1 changed, 3 refused");
}
