//! What arrives, however it is written, and what is refused at the door.

use hillview_server::caller::Caller;
use hillview_server::config::Config;
use hillview_server::service::imports::books::{book, book_of_text, pack};
use hillview_server::service::imports::{receive, run, start, undo};
use hillview_server::service::{State, students as register};
use hillview_server::testing::{Installation, on_each_engine};
use hillview_shared::ids::ImportId;
use hillview_shared::imports::{
    CHUNK_MAX, FILE_MAX, ImportKind, RunImport, SendChunk, StartImport,
};
use hillview_shared::students::{ListStudents, WhichStudent};

use super::steps::{back, codes, counts, plain, send, students, told};

#[tokio::test]
async fn a_file_is_read_however_it_was_saved() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let text =
            "Class list 2026;;\r\nAdm No;Name;Class\r\nB1;\"O\u{2019}Brien; Zo\u{eb}\";4 East\r\n";
        let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes);
        let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(utf16).collect();
        let latin: Vec<u8> = text
            .chars()
            .map(|c| match c {
                '\u{2019}' => 0x92,
                c => u8::try_from(u32::from(c)).unwrap(),
            })
            .collect();
        for (bytes, encoding, expected) in [
            (text.as_bytes().to_vec(), "UTF-8", [1, 0, 0, 0, 0]),
            (utf16, "UTF-16LE", [0, 0, 1, 0, 0]),
            (latin, "windows-1252", [0, 0, 1, 0, 0]),
            (text.replace("\r\n", "\r").into(), "UTF-8", [0, 0, 1, 0, 0]),
        ] {
            let report = students(&it.state, &registrar, bytes, |how| how)
                .await
                .unwrap();
            assert_eq!(report.encoding, encoding);
            assert_eq!(
                (report.layout.as_str(), report.header_line),
                ("semicolon", 2)
            );
            assert_eq!(
                counts(&report),
                expected,
                "{encoding} {:?}",
                report.problems
            );
        }
    })
    .await;
}

#[tokio::test]
async fn the_sheet_with_a_header_is_taken_from_a_workbook() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let text = |place: &str, text: &str| {
            format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
        };
        let instructions = format!("<row r=\"1\">{}</row>", text("A1", "Fill in the other sheet"));
        // name and adm are shared strings; B2 is a number shown as 00042, C2 a date.
        let data = format!(
            "<row r=\"3\"><c r=\"A3\" t=\"s\"><v>0</v></c><c r=\"B3\" t=\"s\"><v>1</v></c>{}{}</row>\
             <row r=\"4\"><c r=\"A4\" t=\"s\"><v>2</v></c><c r=\"B4\" s=\"1\"><v>42</v></c>\
             <c r=\"C4\" s=\"2\"><v>42000</v></c><c r=\"D4\" t=\"str\"><f>B1</f><v>4 East</v></c></row>",
            text("C3", "DOB"),
            text("D3", "Class"),
        );
        let sheets = [
            ("Instructions", "visible", instructions.as_str()),
            ("Learners", "visible", &data),
        ];
        let report = students(&it.state, &registrar, book(&sheets), |how| how).await.unwrap();
        assert_eq!((report.encoding.as_str(), report.layout.as_str()), ("XLSX", "Learners"));
        assert_eq!(counts(&report), [1, 0, 0, 0, 0], "{:?}", report.problems);
        let which = hillview_shared::students::WhichStudent::AdmissionNo("00042".to_owned());
        let detail = hillview_server::service::students::show(&it.state, &registrar, which);
        let student = detail.await.unwrap().student;
        assert_eq!(student.name, "Ng'ang'a Peter");
        assert_eq!(student.birth_date.unwrap().to_string(), "2014-12-27");
    })
    .await;
}

#[tokio::test]
async fn files_that_cannot_be_imported_say_why() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let bomb: Vec<(String, Vec<u8>)> = std::iter::once("[Content_Types].xml".to_owned())
            .chain((0..201).map(|part| format!("xl/worksheets/sheet{part}.xml")))
            .map(|name| (name, vec![b' '; 1024 * 1024]))
            .collect();
        let cell = format!("name,adm\n{},1\n", "x".repeat(64 * 1024 + 1));
        for (bytes, code) in [
            (pack(&bomb), "too-large"),
            (cell.into_bytes(), "too-large"),
            ("name,adm\n".repeat(51_001).into_bytes(), "too-large"),
            (
                b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 workbook".to_vec(),
                "old-workbook",
            ),
            (b"%PDF-1.7".to_vec(), "unknown-format"),
            (b"PK\x03\x04 cut off".to_vec(), "damaged-workbook"),
            (b"name,adm\n\"Amina,1\nBrian,2\n".to_vec(), "endless-quote"),
            (
                b"name,education_level\nMathematics,lower\n".to_vec(),
                "no-header",
            ),
            (book_of_text(&[&["a", "b"], &["1", "2"]]), "no-header"),
        ] {
            let refusal = told(students(&it.state, &registrar, bytes, |how| how).await);
            assert_eq!(refusal.code, code, "{refusal}");
        }
    })
    .await;
}

#[tokio::test]
async fn pieces_come_in_order_and_may_come_twice() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let file = b"Name,Adm No,Class\nAmina Ali,B1,4 East\n";
        let request = StartImport {
            kind: ImportKind::Students,
            file_name: "students.csv".to_owned(),
            length: file.len() as u64,
        };
        let import = start(&it.state, &registrar, request.clone()).await.unwrap();
        let piece = |offset: usize, length: usize| SendChunk {
            import,
            offset: offset as u64,
            bytes: file[offset..offset + length].to_vec().into(),
        };
        receive(&it.state, &registrar, piece(0, 10)).await.unwrap();
        let early = told(receive(&it.state, &registrar, piece(20, 5)).await);
        assert_eq!(early.code, "out-of-order");
        receive(&it.state, &registrar, piece(0, 10)).await.unwrap();
        let unfinished = told(run(&it.state, &registrar, plain(import)).await);
        assert_eq!(unfinished.code, "incomplete-file");
        receive(&it.state, &registrar, piece(10, file.len() - 10))
            .await
            .unwrap();
        let report = run(&it.state, &registrar, plain(import)).await.unwrap();
        assert_eq!(counts(&report), [1, 0, 0, 0, 0]);

        let huge = StartImport {
            length: FILE_MAX + 1,
            ..request.clone()
        };
        assert_eq!(
            told(start(&it.state, &registrar, huge).await).code,
            "too-large"
        );
        let empty = StartImport {
            length: 0,
            ..request
        };
        assert_eq!(
            told(start(&it.state, &registrar, empty).await).code,
            "empty-file"
        );
    })
    .await;
}

/// A file of several pieces: each row a student with this letter before the number.
fn long_file(letter: char) -> String {
    let rows = (0..4_000).map(|n| format!("Amina Ali,{letter}{n},4 East\n"));
    format!("Name,Adm No,Class\n{}", rows.collect::<String>())
}

async fn announce(it: &Installation, caller: &Caller, file: &str) -> ImportId {
    let request = StartImport {
        kind: ImportKind::Students,
        file_name: "students.csv".to_owned(),
        length: file.len() as u64,
    };
    start(&it.state, caller, request).await.unwrap()
}

async fn send_piece(it: &Installation, caller: &Caller, import: ImportId, piece: (usize, &str)) {
    let request = SendChunk {
        import,
        offset: piece.0 as u64,
        bytes: piece.1.as_bytes().to_vec().into(),
    };
    receive(&it.state, caller, request).await.unwrap();
}

#[tokio::test]
async fn two_files_of_one_person_come_up_at_the_same_time() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let files = [long_file('B'), long_file('C')];
        let mut imports = Vec::new();
        for file in &files {
            let import = announce(it, &registrar, file).await;
            send_piece(it, &registrar, import, (0, &file[..CHUNK_MAX])).await;
            imports.push(import);
        }
        for (file, import) in files.iter().zip(&imports) {
            send_piece(it, &registrar, *import, (CHUNK_MAX, &file[CHUNK_MAX..])).await;
        }
        for import in imports {
            let preview = RunImport {
                dry_run: true,
                ..plain(import)
            };
            let report = run(&it.state, &registrar, preview).await.unwrap();
            assert_eq!(counts(&report), [4_000, 0, 0, 0, 0]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_file_that_gave_way_to_later_ones_is_not_imported_in_part() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let file = long_file('B');
        let import = announce(it, &registrar, &file).await;
        send_piece(it, &registrar, import, (0, &file[..CHUNK_MAX])).await;
        for _ in 0..8 {
            let other = b"Name,Adm No,Class\nBrian Kip,C1,4 East\n";
            send(&it.state, &registrar, ImportKind::Students, other)
                .await
                .unwrap();
        }
        send_piece(it, &registrar, import, (CHUNK_MAX, &file[CHUNK_MAX..])).await;
        let refusal = told(run(&it.state, &registrar, plain(import)).await);
        assert_eq!(refusal.code, "file-gone");
    })
    .await;
}

#[tokio::test]
async fn an_import_needs_no_more_than_one_connection() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let config = Config {
            connections: 1,
            ..it.config.clone()
        };
        let narrow = State::open(&config).await.unwrap();
        let registrar = school.caller_at(&narrow, "registrar").await;
        let text = "Name,Adm No,Class\nAmina Ali,B1,4 East\n";
        let report = students(&narrow, &registrar, text, |how| how)
            .await
            .unwrap();
        assert_eq!(counts(&report), [1, 0, 0, 0, 0]);
        undo(&narrow, &registrar, back(report.import))
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_accent_behind_its_letter_is_one_with_it() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let apart =
            "Name,Adm No,Class\nWanjiku\u{303} Jane,A005,4 East\nI\u{303}ndo,E\u{301}1,4 East\n";
        let workbook = book_of_text(&[&["Name", "Adm No"], &["Wanjiku\u{303} Jane", "A005"]]);
        let report = students(&it.state, &registrar, apart, |how| how)
            .await
            .unwrap();
        assert_eq!(counts(&report), [1, 0, 1, 0, 0], "{:?}", report.problems);
        let report = students(&it.state, &registrar, workbook, |how| how)
            .await
            .unwrap();
        assert_eq!(counts(&report), [0, 0, 1, 0, 0], "{:?}", report.problems);
        for number in ["\u{c9}1", "e\u{301}1"] {
            let which = WhichStudent::AdmissionNo(number.to_owned());
            let found = register::show(&it.state, &registrar, which).await.unwrap();
            assert_eq!(found.student.name, "\u{128}ndo");
            assert_eq!(found.student.admission_no, "\u{c9}1");
        }
        for search in ["wanjik\u{169}", "WANJIKU\u{303}", "wanjiku"] {
            let request = ListStudents {
                search: Some(search.to_owned()),
                ..ListStudents::default()
            };
            let found = register::list(&it.state, &registrar, request)
                .await
                .unwrap();
            assert_eq!(found.rows.len(), 1, "{search:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_run_that_was_answered_before_is_answered_alike() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let file = b"Name,Adm No,Class\nAmina Ali,B1,4 East\nNobody,B2,9 East\n";
        let import = send(&it.state, &registrar, ImportKind::Students, file)
            .await
            .unwrap();
        let first = run(&it.state, &registrar, plain(import)).await.unwrap();
        assert_eq!(codes(&first), [(3, "unknown-class")]);
        let second = run(&it.state, &registrar, plain(import)).await.unwrap();
        assert_eq!(first, second);
    })
    .await;
}

#[tokio::test]
async fn imports_belong_to_who_may_make_them() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let teacher = school.caller("teacher").await;
        let admin = school.caller("admin").await;
        let file = b"Name,Adm No,Class\nAmina Ali,B1,4 East\n";
        for (caller, kind) in [
            (&teacher, ImportKind::Students),
            (&admin, ImportKind::Marks),
            (&registrar, ImportKind::Marks),
        ] {
            let refusal = told(send(&it.state, caller, kind, file).await);
            assert_eq!(refusal.code, "denied", "{kind}");
        }
        let import = send(&it.state, &registrar, ImportKind::Students, file)
            .await
            .unwrap();
        let refusal = told(run(&it.state, &teacher, plain(import)).await);
        assert_eq!(refusal.code, "not-found");

        let elsewhere = it.school("lakeside").await;
        let other = elsewhere.caller("registrar").await;
        let refusal = told(run(&it.state, &other, plain(import)).await);
        assert_eq!(
            refusal.code, "not-found",
            "another school has no such import"
        );
    })
    .await;
}
