use super::*;

fn grid(bytes: &[u8]) -> Result<Grid, ApiError> {
    first(bytes, &mut Some).map(|grid| grid.expect("the first grid is taken"))
}

/// The code of the refusal when only commas count; empty when the file is read.
fn refusal(bytes: &[u8]) -> String {
    first(bytes, &mut |grid| (grid.layout == "comma").then_some(()))
        .err()
        .map_or_else(String::new, |error| error.code)
}

fn cells(grid: &Grid) -> Vec<(u32, Vec<&str>)> {
    grid.lines
        .iter()
        .map(|line| (line.number, line.cells.iter().collect()))
        .collect()
}

#[test]
fn encodings_are_found_and_named() {
    let text = "name,adm\nNg\u{2019}ang\u{2019}a Zo\u{eb},1\n";
    let utf16 =
        |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let (little, big) = (utf16(u16::to_le_bytes), utf16(u16::to_be_bytes));
    let (latin, _, _) = WINDOWS_1252.encode(text);
    for (bytes, encoding) in [
        (text.as_bytes().to_vec(), "UTF-8"),
        ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), "UTF-8"),
        ([b"\xFF\xFE", &little[..]].concat(), "UTF-16LE"),
        ([b"\xFE\xFF", &big[..]].concat(), "UTF-16BE"),
        (little.clone(), "UTF-16LE"),
        (big.clone(), "UTF-16BE"),
        (latin.into_owned(), "windows-1252"),
    ] {
        let grid = grid(&bytes).unwrap();
        assert_eq!(grid.encoding, encoding);
        assert_eq!(
            cells(&grid),
            [
                (1, vec!["name", "adm"]),
                (2, vec!["Ng\u{2019}ang\u{2019}a Zo\u{eb}", "1"])
            ],
            "{encoding}"
        );
    }
}

#[test]
fn short_western_text_is_windows_1252() {
    for name in [
        "Andr\u{e9}",
        "Zo\u{eb} M\u{fc}ller",
        "O\u{2019}Brien",
        "Fran\u{e7}ois N\u{2019}Gola",
    ] {
        let text = format!("name,adm\n{name},1\n");
        let (bytes, _, _) = WINDOWS_1252.encode(&text);
        let grid = grid(&bytes).unwrap();
        assert_eq!(
            (grid.encoding.as_str(), grid.lines[1].cell(0)),
            ("windows-1252", name)
        );
    }
}

#[test]
fn separators_are_found() {
    for (text, layout) in [
        ("a,b,c\n1,2,3\n", "comma"),
        ("a;b;c\n1,5;2,5;3,5\n4,5;5,5;6,5\n", "semicolon"),
        ("a\tb\tc\n1,5\t2\t3\n", "tab"),
        ("a|b|c\n1|2|3\n", "bar"),
        ("sep=;\na;b;c\n1,5,5;2;3\n", "semicolon"),
        ("\"School; of Hillview\"\na,b,c\n1,2,3\n", "comma"),
    ] {
        let grid = grid(text.as_bytes()).unwrap();
        assert_eq!(grid.layout, layout, "{text:?}");
        assert_eq!(grid.lines.last().unwrap().cells.len(), 3, "{text:?}");
    }
}

#[test]
fn line_numbers_are_those_of_the_file() {
    for end in ["\n", "\r\n", "\r"] {
        let text =
            "sep=,\n\na,b,,,\n\n\n\"x\ny\",\"1, \"\"2\"\"\"\n,,,\nlast,3,,".replace('\n', end);
        let grid = grid(text.as_bytes()).unwrap();
        assert_eq!(
            cells(&grid),
            [
                (3, vec!["a", "b"]),
                (6, vec!["x\ny", "1, \"2\""]),
                (9, vec!["last", "3"]),
            ],
            "{end:?}"
        );
    }
}

#[test]
fn cells_that_were_made_safe_come_back_as_they_were() {
    let grid = grid(b"a,b,c,d\n'=1+1,'@x,=\"007\",'til\n").unwrap();
    assert_eq!(grid.lines[1].cells, vec!["=1+1", "@x", "007", "'til"]);
}

#[test]
fn other_files_are_named() {
    for (bytes, code) in [
        (&b""[..], "empty-file"),
        (b"\n \n", "empty-file"),
        (b"\xEF\xBB\xBF", "empty-file"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1rest", "old-workbook"),
        (b"%PDF-1.7", "unknown-format"),
        (b"<html><table>", "unknown-format"),
        (b"\x00\x01\x02\x03name,adm\n", "unknown-format"),
        (b"PK\x03\x04broken", "damaged-workbook"),
    ] {
        assert_eq!(refusal(bytes), code, "{bytes:?}");
    }
}

#[test]
fn limits_are_held() {
    let header = "name,adm\n";
    let long = |length: usize| format!("{header}{},1\n", "x".repeat(length));
    assert_eq!(refusal(long(CELL_MAX).as_bytes()), "");
    assert_eq!(refusal(long(CELL_MAX + 1).as_bytes()), "too-large");
    let wide = |columns: usize| format!("{}x\n", "x,".repeat(columns - 1));
    assert_eq!(refusal(wide(COLUMNS_MAX).as_bytes()), "");
    assert_eq!(refusal(wide(COLUMNS_MAX + 1).as_bytes()), "too-large");
    let many = |rows: usize| header.repeat(rows);
    assert_eq!(refusal(many(LINES_MAX).as_bytes()), "");
    assert_eq!(refusal(many(LINES_MAX + 1).as_bytes()), "too-large");
    assert_eq!(refusal(&vec![b'x'; FILE_MAX as usize + 1]), "too-large");
}

#[test]
fn a_quote_that_never_closes_is_refused_with_its_line() {
    let error = grid(b"name,adm\nA,1\n\"B,2\nC,3\n").err().unwrap();
    assert_eq!(error.code, "endless-quote");
    assert!(error.message.contains("line 3"), "{error}");
    let long = format!("name,adm\n\"{}", "B,2\n".repeat(CELL_MAX));
    assert_eq!(refusal(long.as_bytes()), "endless-quote");
    // A quotation mark inside a cell is only a character.
    assert_eq!(refusal(b"name,adm\nMary \"Shiru\" W,1\n6\" nail,2\n"), "");
}
