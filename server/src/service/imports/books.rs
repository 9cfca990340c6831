//! Plain workbooks, written by hand: for measurements, and for tests with every kind of cell and
//! every way to break one.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";
const MAIN: &str = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";

/// A workbook of these sheets: name, visibility, and what stands in its `sheetData`. Styles: 1 is
/// `00000`, 2 a date, 3 `0%`. Shared strings: `name`, `adm`, `Ng'ang'a Peter`.
pub fn book(sheets: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut parts = around();
    let (mut list, mut relations) = (String::new(), String::new());
    for (index, (name, state, data)) in sheets.iter().enumerate() {
        list += &format!(
            "<sheet name=\"{name}\" sheetId=\"{index}\" state=\"{state}\" r:id=\"s{index}\"/>"
        );
        relations += &relation(
            &format!("s{index}"),
            "worksheet",
            &format!("worksheets/sheet{index}.xml"),
        );
        parts.push((
            format!("xl/worksheets/sheet{index}.xml"),
            format!("<worksheet {MAIN}><sheetData>{data}</sheetData></worksheet>"),
        ));
    }
    relations += &relation("x", "sharedStrings", "sharedStrings.xml");
    relations += &relation("y", "styles", "styles.xml");
    parts.push((
        "xl/workbook.xml".to_owned(),
        format!("<workbook {MAIN} xmlns:r=\"{OFFICE}\"><sheets>{list}</sheets></workbook>"),
    ));
    parts.push(("xl/_rels/workbook.xml.rels".to_owned(), related(&relations)));
    let parts: Vec<(String, Vec<u8>)> = parts
        .into_iter()
        .map(|(name, text)| (name, format!("{HEAD}{text}").into()))
        .collect();
    pack(&parts)
}

/// A workbook with one visible sheet of text cells.
pub fn book_of_text(rows: &[&[&str]]) -> Vec<u8> {
    let mut data = String::new();
    for (row, cells) in rows.iter().enumerate() {
        data += &format!("<row r=\"{}\">", row + 1);
        for (column, text) in cells
            .iter()
            .enumerate()
            .filter(|(_, text)| !text.is_empty())
        {
            let place = format!("{}{}", letters(column), row + 1);
            let text = escaped(text);
            data += &format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
        }
        data += "</row>";
    }
    book(&[("Sheet1", "visible", &data)])
}

/// `A` to `Z`, `AA`, …
fn letters(column: usize) -> String {
    let letter = |at: usize| u8::try_from(at % 26).map_or('A', |at| char::from(b'A' + at));
    match column / 26 {
        0 => letter(column).to_string(),
        before => letters(before - 1) + &letter(column).to_string(),
    }
}

/// Text as XML has it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// A packed file of these parts.
pub fn pack(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        archive
            .start_file(name.as_str(), SimpleFileOptions::default())
            .and_then(|()| Ok(archive.write_all(bytes)?))
            .expect("memory takes every part");
    }
    let file = archive.finish().expect("memory takes the list of parts");
    file.into_inner()
}

fn around() -> Vec<(String, String)> {
    let formats = "<numFmts count=\"2\"><numFmt numFmtId=\"164\" formatCode=\"00000\"/>\
                   <numFmt numFmtId=\"165\" formatCode=\"dd/mm/yyyy\"/></numFmts>";
    let styles = [0, 164, 165, 9]
        .map(|id| format!("<xf numFmtId=\"{id}\"/>"))
        .concat();
    let strings = "<si><t>name</t></si><si><t>adm</t></si><si><r><t xml:space=\"preserve\">\
                   Ng'ang'a </t></r><r><t>Peter</t></r></si>";
    [
        (
            "[Content_Types].xml",
            format!("<Types xmlns=\"{PACKAGE}/content-types\"/>"),
        ),
        (
            "_rels/.rels",
            related(&relation("a", "officeDocument", "xl/workbook.xml")),
        ),
        (
            "xl/sharedStrings.xml",
            format!("<sst {MAIN}>{strings}</sst>"),
        ),
        (
            "xl/styles.xml",
            format!("<styleSheet {MAIN}>{formats}<cellXfs>{styles}</cellXfs></styleSheet>"),
        ),
    ]
    .map(|(name, text)| (name.to_owned(), text))
    .into()
}

fn relation(id: &str, kind: &str, target: &str) -> String {
    format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
}

fn related(relations: &str) -> String {
    format!("<Relationships xmlns=\"{PACKAGE}/relationships\">{relations}</Relationships>")
}
