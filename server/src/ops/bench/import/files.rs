//! The files of a measurement, as a registrar and class teachers bring them.

use std::collections::BTreeMap;

use hillview_shared::imports::ImportKind;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::ops::demo::people::person;
use crate::ops::seed::CLASS;
use crate::service::imports::books::book_of_text;

/// What a file is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Csv,
    Xlsx,
}

/// A file to bring, and what is said with it.
#[derive(Clone, Debug)]
pub struct File {
    pub kind: ImportKind,
    pub name: String,
    pub bytes: bytes::Bytes,
    /// Whose file it is: the login's name.
    pub by: String,
    /// The class, where the whole file is of one.
    pub class: Option<String>,
    pub assessment: Option<String>,
    pub rows: usize,
    /// Students or marks in it.
    pub items: usize,
}

/// A class of the school, as far as files of its marks go.
#[derive(Clone, Debug)]
pub struct Class {
    pub name: String,
    /// The login of its class teacher.
    pub teacher: String,
    /// Admission number and name.
    pub students: Vec<(String, String)>,
    /// What its sheets are headed by.
    pub papers: Vec<String>,
}

/// A table of text in a format.
fn written(rows: &[Vec<String>], format: Format) -> anyhow::Result<bytes::Bytes> {
    let bytes = match format {
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in rows {
                writer.write_record(row)?;
            }
            writer.into_inner().map_err(|error| error.into_error())?
        }
        Format::Xlsx => {
            let rows: Vec<Vec<&str>> = rows
                .iter()
                .map(|row| row.iter().map(String::as_str).collect())
                .collect();
            let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
            book_of_text(&rows)
        }
    };
    Ok(bytes.into())
}

/// A register of new students in new classes of these grades.
pub fn register(
    students: usize,
    grades: &[String],
    by: &str,
    format: Format,
) -> anyhow::Result<File> {
    let mut random = StdRng::seed_from_u64(2026);
    let mut rows = vec![
        ["Admission Number", "Full Name", "Grade", "Stream", "Gender"]
            .map(String::from)
            .to_vec(),
    ];
    for number in 0..students {
        let class = number / CLASS;
        let person = person(&mut random);
        rows.push(vec![
            format!("N{:06}", number + 1),
            person.name,
            grades[class % grades.len()].clone(),
            format!("New {}", class / grades.len() + 1),
            person.sex.to_string(),
        ]);
    }
    Ok(File {
        kind: ImportKind::Students,
        name: name("students", 1, format),
        bytes: written(&rows, format)?,
        by: by.to_owned(),
        class: None,
        assessment: None,
        rows: students,
        items: students,
    })
}

/// Files of at most so many marks for these assessments, some classes in each: a class's own file
/// is its class teacher's, one of several `everybody`'s.
pub fn marks(
    classes: &[Class],
    assessments: &[String],
    (most, classes_a_file): (usize, usize),
    everybody: &str,
    format: Format,
) -> anyhow::Result<Vec<File>> {
    let mut random = StdRng::seed_from_u64(2027);
    let mut left = most;
    let mut files = Vec::new();
    for assessment in assessments {
        for some in classes.chunks(classes_a_file) {
            if left == 0 {
                return Ok(files);
            }
            let (rows, items) = table(some, left, &mut random);
            left -= items;
            let alone = match some {
                [only] => Some(only),
                _ => None,
            };
            files.push(File {
                kind: ImportKind::Marks,
                name: name("marks", files.len() + 1, format),
                bytes: written(&rows, format)?,
                by: alone.map_or(everybody, |class| &class.teacher).to_owned(),
                class: alone.map(|class| class.name.clone()),
                assessment: Some(assessment.clone()),
                rows: rows.len() - 1,
                items,
            });
        }
    }
    Ok(files)
}

/// The header and a row a student, with at most so many marks; and how many there are.
fn table(classes: &[Class], most: usize, random: &mut StdRng) -> (Vec<Vec<String>>, usize) {
    let mut columns: BTreeMap<&str, usize> = BTreeMap::new();
    for paper in classes.iter().flat_map(|class| &class.papers) {
        let next = columns.len();
        columns.entry(paper).or_insert(next);
    }
    let mut header = ["Adm No", "Name", "Class"].map(String::from).to_vec();
    let before = header.len();
    header.resize(before + columns.len(), String::new());
    for (paper, place) in &columns {
        header[before + place] = (*paper).to_owned();
    }
    let (mut rows, mut items) = (vec![header], 0);
    for class in classes {
        for (number, name) in &class.students {
            let mut row = vec![number.clone(), name.clone(), class.name.clone()];
            row.resize(before + columns.len(), String::new());
            for paper in class.papers.iter().take(most - items) {
                row[before + columns[paper.as_str()]] = random.random_range(0..=100).to_string();
                items += 1;
            }
            rows.push(row);
            if items == most {
                return (rows, items);
            }
        }
    }
    (rows, items)
}

fn name(what: &str, number: usize, format: Format) -> String {
    match format {
        Format::Csv => format!("{what}-{number:04}.csv"),
        Format::Xlsx => format!("{what}-{number:04}.xlsx"),
    }
}
