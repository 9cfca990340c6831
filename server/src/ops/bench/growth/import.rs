//! A register of new students, brought as a file.

use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::imports::{
    CHUNK_MAX, ImportKind, OnDuplicate, RunImport, SendChunk, StartImport,
};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::known::{Known, ask};
use crate::ops::demo::people::person;

const STUDENTS: usize = 1_000;

/// Imports new students into the classes that there are; gives how long it took to send the file
/// and apply it.
pub async fn students(school: &Known) -> anyhow::Result<Duration> {
    let file = file(school);
    let line = &school.registrar;
    let began = Instant::now();
    let request = StartImport {
        kind: ImportKind::Students,
        file_name: "register.csv".to_owned(),
        length: u64::try_from(file.len())?,
    };
    let HillviewResponse::StartImport(Ok(import)) =
        ask(line, HillviewRequest::StartImport { request }).await?
    else {
        bail!("the import did not start");
    };
    for (place, piece) in file.as_bytes().chunks(CHUNK_MAX).enumerate() {
        let request = SendChunk {
            import,
            offset: u64::try_from(place * CHUNK_MAX)?,
            bytes: bytes::Bytes::copy_from_slice(piece),
        };
        ask(line, HillviewRequest::SendChunk { request }).await?;
    }
    let request = RunImport {
        import,
        dry_run: false,
        on_duplicate: OnDuplicate::Error,
        create_classes: false,
        assign_numbers: false,
        class: None,
        assessment: None,
    };
    let HillviewResponse::RunImport(Ok(report)) =
        ask(line, HillviewRequest::RunImport { request }).await?
    else {
        bail!("the import said nothing of itself");
    };
    let took = began.elapsed();
    let added = usize::try_from(report.added)?;
    ensure!(
        added == STUDENTS,
        "{added} of {STUDENTS} students were imported; the first problem: {:?}",
        report.problems.first()
    );
    Ok(took)
}

fn file(school: &Known) -> String {
    let mut random = StdRng::seed_from_u64(7);
    let mut file = String::from("Adm No,Name,Sex,Class\n");
    for number in 0..STUDENTS {
        let person = person(&mut random);
        let class = &school.classes[number % school.classes.len()];
        let (name, sex, class) = (&person.name, person.sex, &class.name);
        let _ = writeln!(file, "N{number:05},{name},{sex},{class}");
    }
    file
}
