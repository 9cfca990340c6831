//! An import over the line, with the longest answers that it may have.

use hillview::client::Client;
use hillview_server::testing::on_each_engine;
use hillview_shared::ids::ImportId;
use hillview_shared::imports::{
    CHUNK_MAX, ImportKind, ImportState, ListProblems, RefusedRows, SendChunk, StartImport,
};

use super::steps::{back, counts, plain};
use crate::line::{connect, log_in};

/// Rows that are refused for a sex of five hundred characters, and one that is not; headings as
/// long and as many as a file may have.
fn file() -> String {
    let headings: String = (0..190)
        .map(|n| format!(",{n} {}", "h".repeat(300)))
        .collect();
    let sex = "\u{1e8f}".repeat(500);
    let rows: String = (0..1_200)
        .map(|n| format!("Amina Ali,B{n},4 East,{sex}\n"))
        .collect();
    format!("Name,Adm No,Class,Sex{headings}\n{rows}Brian Kip,C1,4 East,M\n")
}

/// Sends a file of students over the line.
async fn send(client: &Client, file: &[u8]) -> ImportId {
    let request = StartImport {
        kind: ImportKind::Students,
        file_name: "students.csv".to_owned(),
        length: file.len() as u64,
    };
    let import = client.ask(async |api, context| api.start_import(context, request).await);
    let import = import.await.unwrap();
    for (piece, offset) in file.chunks(CHUNK_MAX).zip((0..).step_by(CHUNK_MAX)) {
        let request = SendChunk {
            import,
            offset,
            bytes: piece.to_vec().into(),
        };
        let sent = client.ask(async |api, context| api.send_chunk(context, request).await);
        sent.await.unwrap();
    }
    import
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_file_and_its_many_problems_fit_the_line() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let server = it.serve().await;
        let client = connect(&server).await;
        log_in(&client, &school.code, "registrar").await;
        let import = send(&client, file().as_bytes()).await;
        let request = plain(import);
        let report = client.ask(async |api, context| api.run_import(context, request).await);
        let report = report.await.unwrap();
        assert_eq!(counts(&report), [1, 0, 0, 0, 1_200]);
        let mut listed = report.problems.len();
        assert!(report.more_problems && listed > 0);
        while listed < 1_200 {
            let after = u32::try_from(listed).unwrap();
            let request = ListProblems { import, after };
            let more = client.ask(async |api, context| api.list_problems(context, request).await);
            let more = more.await.unwrap().len();
            assert!(more > 0, "{listed} were listed");
            listed += more;
        }
        let mut to_fix = 0;
        loop {
            let request = RefusedRows {
                import,
                offset: to_fix,
            };
            let piece = client.ask(async |api, context| api.refused_rows(context, request).await);
            let piece = piece.await.unwrap();
            to_fix += piece.bytes.len() as u64;
            if piece.bytes.is_empty() {
                assert_eq!(to_fix, piece.length);
                break;
            }
        }
        let request = back(import);
        let undone = client.ask(async |api, context| api.undo_import(context, request).await);
        assert_eq!(undone.await.unwrap().state, ImportState::Undone);
        let all = client.ask(async |api, context| api.list_imports(context).await);
        let all = all.await.unwrap();
        assert_eq!((all[0].by.as_str(), all[0].refused), ("Peter Mutua", 1_200));
        server.stop().await;
    })
    .await;
}
