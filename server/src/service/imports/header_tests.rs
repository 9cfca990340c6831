use hillview_shared::imports::ImportKind::{Marks, Students};

use super::super::read;
use super::*;

fn table(text: &str, kind: ImportKind) -> Option<Table> {
    let papers = ["english", "kiswahili", "maths", "scienceandtechnology"];
    let is_paper = |heading: &str| papers.contains(&key(heading).as_str());
    read::first(text.as_bytes(), &mut |grid| {
        Table::of(grid, kind, &is_paper)
    })
    .unwrap()
}

fn lines(table: &Table) -> Vec<u32> {
    table.rows.iter().map(|row| row.number).collect()
}

#[test]
fn the_header_is_found_below_titles_and_instructions() {
    let text = "HILLVIEW PRIMARY SCHOOL,,\nName,Class list of 2026\n\n\
                # fill in every column\nS/No,Adm No,Name of Student,Class,Sex\n\
                1,ADM001,Amina Ali,4A,F\n";
    let table = table(text, Students).unwrap();
    assert_eq!(table.header_line, 5);
    assert_eq!(lines(&table), [6]);
    assert_eq!(table.cell(&table.rows[0], Field::Number), "ADM001");
    assert_eq!(table.cell(&table.rows[0], Field::Class), "4A");
    assert_eq!(table.heading(Field::Sex), "Sex");
    assert_eq!(table.heading(Field::BirthDate), "");
}

#[test]
fn a_header_beyond_the_fortieth_line_is_not_looked_for() {
    let with = |titles: usize| {
        format!(
            "{}Name,Adm No\nAmina,1\n",
            "Title,of,a,line\n".repeat(titles)
        )
    };
    assert!(table(&with(39), Students).is_some());
    assert!(table(&with(40), Students).is_none());
}

#[test]
fn what_is_no_data_is_left_out() {
    let text = "Name,Adm No,English,Kiswahili\nMax Marks,,40,60\nAmina,1,30,50\n\
                # absent: AB\n,,,\nName,Adm No,English,Kiswahili\nBrian,2,20,40\n\
                TOTAL,,50,90\nClass Average,,25,45\nMean Score:,,25,45\n,Total,50,90\n\
                Total Wanjiru,3,1,2\n";
    let table = table(text, Marks).unwrap();
    assert_eq!(lines(&table), [3, 7, 12]);
    let out_of = table.out_of.unwrap();
    assert_eq!(
        (out_of.number, out_of.cell(2), out_of.cell(3)),
        (2, "40", "60")
    );
}

#[test]
fn the_old_templates_sample_row_is_no_student() {
    let text = "name,admission_number,grade,stream,gender\nStudent Name Here,ADM001 (optional),\
                Grade 4 (optional),A (optional),Male/Female (optional)\n";
    let table = table(text, Students).unwrap();
    assert!(table.rows.is_empty());
    assert_eq!(table.samples, [2]);
}

#[test]
fn a_file_of_something_else_has_no_header() {
    for text in [
        "name,education_level\nMathematics,lower_primary\n",
        "a,b\n1,2\n",
    ] {
        assert!(table(text, Students).is_none(), "{text}");
    }
    assert!(table("a,b\n1,2\n", Marks).is_none());
}

#[test]
fn names_in_parts_are_put_together() {
    let text = "givenName,Middle Name,familyName,Adm No\nWanjiku,,Kamau,7\n";
    let table = table(text, Students).unwrap();
    assert_eq!(table.name(&table.rows[0]), "Wanjiku Kamau");
}

#[test]
fn a_title_names_the_class() {
    for title in ["Class: 4 East", "CLASS,4 East", "Term 1,,Grade:,4 East"] {
        let text = format!("{title}\nAdm No,English,Kiswahili\n1,2,3\n");
        assert_eq!(
            table(&text, Marks).unwrap().class.as_deref(),
            Some("4 East"),
            "{title}"
        );
    }
}

#[test]
fn a_marks_header_may_have_numbers_only_and_papers_decide() {
    let text = "Name,of the exam\nAdm No,English (Max: 40),Maths /60\n1,2,3\n";
    assert_eq!(table(text, Marks).unwrap().header_line, 2);
}
