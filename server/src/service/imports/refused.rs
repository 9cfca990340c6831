//! The refused rows as a file to fix and send again: the file's own columns, then where and why.

use std::collections::BTreeMap;

use hillview_shared::imports::RowProblem;

use super::header::Table;
use super::headings::Field;
use super::read::Line;

/// Makes the CSV file of the rows that have a problem which is no warning; empty when none has.
pub fn file(table: &Table, problems: &[RowProblem]) -> Vec<u8> {
    let mut of_line: BTreeMap<u32, Vec<&RowProblem>> = BTreeMap::new();
    for problem in problems.iter().filter(|problem| !problem.warning) {
        of_line.entry(problem.line).or_default().push(problem);
    }
    let rows: Vec<(&Line, &Vec<&RowProblem>)> = table
        .rows
        .iter()
        .filter_map(|row| of_line.get(&row.number).map(|problems| (row, problems)))
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(Vec::new());
    let headings = table.columns.iter().map(|column| column.heading.as_str());
    let added = ["line", "column", "code", "reason"];
    let written = writer
        .write_record(headings.map(neutral).chain(added.map(str::to_owned)))
        .and_then(|()| {
            rows.into_iter().try_for_each(|(row, problems)| {
                let cells = table.columns.iter().enumerate();
                let cells = cells.map(|(at, column)| match column.field {
                    Some(Field::Password) => String::new(),
                    _ => neutral(row.cell(at)),
                });
                let joined = |what: &dyn Fn(&RowProblem) -> &str| {
                    let parts: Vec<&str> = problems.iter().map(|problem| what(problem)).collect();
                    neutral(&parts.join("; "))
                };
                writer.write_record(cells.chain([
                    row.number.to_string(),
                    joined(&|problem| &problem.column),
                    joined(&|problem| &problem.code),
                    joined(&|problem| &problem.reason),
                ]))
            })
        });
    written.expect("rows of a flexible file go into memory");
    writer.into_inner().expect("memory takes every row")
}

/// A cell that no spreadsheet takes for a formula.
fn neutral(cell: &str) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use hillview_shared::imports::ImportKind;

    use super::super::plan::Listing;
    use super::super::read;
    use super::*;

    fn table(text: &str) -> Table {
        let take = &mut |grid| Table::of(grid, ImportKind::Students, &|_| false);
        read::first(text.as_bytes(), take).unwrap().unwrap()
    }

    #[test]
    fn refused_rows_come_back_with_their_reasons_and_without_formulas() {
        let table = table("Name,Adm No,Note\n=cmd(),,\"a, b\"\nAmina,1\nBrian,2,x\n");
        let mut listing = Listing::default();
        listing.refuse(2, "Adm No", "missing-number", "no number");
        listing.refuse(2, "Name", "not-a-name", "no name");
        listing.warn(3, "", "sample-row", "left out");
        let text = String::from_utf8(file(&table, &listing.into_problems())).unwrap();
        assert_eq!(
            text,
            "Name,Adm No,Note,line,column,code,reason\n\
             '=cmd(),,\"a, b\",2,Adm No; Name,missing-number; not-a-name,no number; no name\n"
        );
        let again = self::table(&text);
        assert_eq!(again.name(&again.rows[0]), "=cmd()");
    }

    #[test]
    fn without_refused_rows_there_is_no_file() {
        let table = table("Name,Adm No\nAmina,1\n");
        assert!(file(&table, &[]).is_empty());
    }
}
