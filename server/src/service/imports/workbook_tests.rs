use super::super::books::{book, pack};
use super::*;

fn only(data: &str) -> Result<Grid, ApiError> {
    first(&book(&[("Students", "visible", data)]), &mut Some).map(Option::unwrap)
}

#[test]
fn cells_of_every_kind_are_read_as_they_look() {
    let grid = only(
        "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c><c r=\"C2\" t=\"inlineStr\"><is><t>x &amp; y</t></is></c></row>\
         <row r=\"4\"><c r=\"A4\" t=\"s\"><v>2</v></c><c r=\"B4\" s=\"1\"><v>42</v></c>\
         <c r=\"C4\" s=\"2\"><v>42000</v></c><c r=\"D4\" s=\"3\"><v>0.85</v></c>\
         <c r=\"E4\"><f>SUM(A1:B2)</f><v>67.5</v></c><c r=\"F4\" t=\"str\"><f>A1</f><v>4A</v></c>\
         <c r=\"G4\" t=\"e\"><v>#N/A</v></c><c r=\"H4\" t=\"b\"><v>1</v></c><c r=\"I4\"/></row>",
    )
    .unwrap();
    assert_eq!(
        (grid.encoding.as_str(), grid.layout.as_str()),
        ("XLSX", "Students")
    );
    let numbers: Vec<u32> = grid.lines.iter().map(|line| line.number).collect();
    assert_eq!(numbers, [2, 4]);
    assert_eq!(grid.lines[0].cells, vec!["name", "", "x & y"]);
    assert_eq!(
        grid.lines[1].cells,
        vec![
            "Ng'ang'a Peter",
            "00042",
            "2014-12-27",
            "85%",
            "67.5",
            "4A",
            "#N/A",
            "TRUE"
        ]
    );
}

#[test]
fn visible_sheets_are_shown_in_turn() {
    let row = |text: &str| {
        format!("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>{text}</t></is></c></row>")
    };
    let bytes = book(&[
        ("Instructions", "visible", &row("how")),
        ("Old", "hidden", &row("old")),
        ("Empty", "visible", ""),
        ("Data", "visible", &row("name")),
    ]);
    let mut seen = Vec::new();
    let taken = first(&bytes, &mut |grid| {
        let is_data = grid
            .lines
            .first()
            .is_some_and(|line| line.cell(0) == "name");
        seen.push(grid.layout);
        is_data.then_some(())
    });
    assert!(taken.unwrap().is_some());
    assert_eq!(seen, ["Instructions", "Empty", "Data"]);
}

#[test]
fn a_sheet_that_claims_to_be_huge_costs_nothing() {
    let corner = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"1048576\"><c r=\"A1048576\"><v>2</v></c></row>";
    assert_eq!(only(corner).unwrap().lines.len(), 2);
    let wide = only("<row r=\"1\"><c r=\"XFD1\"><v>1</v></c></row>");
    assert_eq!(wide.err().unwrap().code, "too-large");
    let backwards = only(
        "<row r=\"2\"><c r=\"A2\"><v>1</v></c></row><row r=\"1\"><c r=\"A1\"><v>2</v></c></row>",
    );
    assert_eq!(backwards.err().unwrap().code, "damaged-workbook");
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    let zeros = vec![b' '; 1024 * 1024];
    let parts: Vec<(String, Vec<u8>)> = std::iter::once("[Content_Types].xml".to_owned())
        .chain((0..201).map(|part| format!("xl/worksheets/sheet{part}.xml")))
        .map(|name| (name, zeros.clone()))
        .collect();
    let bytes = pack(&parts);
    assert!(
        bytes.len() < 1024 * 1024,
        "it is small when packed: {}",
        bytes.len()
    );
    assert_eq!(first(&bytes, &mut Some).err().unwrap().code, "too-large");

    let strings = "<si/>".repeat(TAGS_MAX as usize + 1);
    let parts = [
        ("[Content_Types].xml", ""),
        ("xl/sharedStrings.xml", &strings),
    ]
    .map(|(name, text)| (name.to_owned(), text.into()));
    assert_eq!(
        first(&pack(&parts), &mut Some).err().unwrap().code,
        "too-large"
    );
}

#[test]
fn other_packed_files_are_named() {
    for (part, words) in [
        ("word/document.xml", "text document"),
        ("xl/workbook.bin", "xlsb"),
        ("content.xml", "OpenDocument"),
        ("photo.jpg", "packed file"),
    ] {
        let error = first(&pack(&[(part.to_owned(), b"x".to_vec())]), &mut Some)
            .err()
            .unwrap();
        assert_eq!(error.code, "unknown-format");
        assert!(error.message.contains(words), "{error}");
    }
}

#[test]
fn numbers_look_as_they_do_in_the_spreadsheet() {
    for (number, format, text) in [
        (88.0, "General", "88"),
        (67.1, "0.0", "67.1"),
        (0.1 + 0.2, "", "0.3"),
        (0.855, "0%", "85.5%"),
        (1.0, "0%", "100%"),
        (0.07, "0.00%", "7%"),
        (7.0, "00000", "00007"),
        (12.0, "0", "12"),
        (20_240_001.0, "", "20240001"),
        (-3.0, "", "-3"),
    ] {
        assert_eq!(shown(number, format), text, "{number} as {format}");
    }
}
