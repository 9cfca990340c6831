//! Ways from what the terminal shows to what is wanted, tried on paper.
//!
//! Changing cells in place, erasing the rest of a row first, scrolling a block of rows, starting
//! from an empty screen: the one with the fewest bytes is taken. On a line of 9,600 bits a second
//! a byte is a millisecond, and a try costs microseconds.

use std::ops::RangeInclusive;

use ratatui::buffer::{Cell, CellWidth};
use ratatui::layout::Size;

use super::pen::Pen;

/// Rows of cells. The second half of a wide character is a cell without text.
pub(super) type Rows = Vec<Vec<Cell>>;

/// How far a block of rows may have moved to be found again.
const FARTHEST_SCROLL: i16 = 3;

/// One way to the wanted screen, tried on paper.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) pen: Pen,
    pub(super) rows: Rows,
}

impl Draft {
    /// The shortest way to `wanted`; `unknown` when nothing is known about what is shown.
    pub(super) fn shortest(self, wanted: &Rows, unknown: bool) -> Self {
        let mut from_nothing = self.clone();
        if unknown {
            from_nothing.pen.forget();
        }
        from_nothing.pen.erase_all();
        for row in &mut from_nothing.rows {
            row.fill(Cell::EMPTY);
        }
        let mut drafts = vec![from_nothing];
        if !unknown {
            for lines in (-FARTHEST_SCROLL..=FARTHEST_SCROLL).filter(|lines| *lines != 0) {
                drafts.extend(self.scrolled(wanted, lines));
            }
            drafts.push(self);
        }
        for draft in &mut drafts {
            draft.finish(wanted);
        }
        drafts
            .into_iter()
            .min_by_key(|draft| draft.pen.out.len())
            .expect("there is a draft from nothing")
    }

    /// The draft after a block of rows was moved up by `lines` (down when negative); `None` when
    /// no such block is to be found.
    fn scrolled(&self, wanted: &Rows, lines: i16) -> Option<Self> {
        let block = self.moved_block(wanted, lines)?;
        let mut draft = self.clone();
        let row_of = |row: usize| u16::try_from(row).expect("a row is one of the terminal's");
        draft
            .pen
            .scroll(row_of(*block.start()), row_of(*block.end()), lines);
        let by = usize::from(lines.unsigned_abs());
        let rows = &mut draft.rows[block];
        let come_in = if lines > 0 {
            rows.rotate_left(by);
            rows.len() - by..rows.len()
        } else {
            rows.rotate_right(by);
            0..by
        };
        for row in &mut rows[come_in] {
            row.fill(Cell::EMPTY);
        }
        Some(draft)
    }

    /// The rows among which some are found again `lines` further up.
    fn moved_block(&self, wanted: &Rows, lines: i16) -> Option<RangeInclusive<usize>> {
        let source = |row: usize| self.rows.get(row.checked_add_signed(isize::from(lines))?);
        let moved =
            |row: &usize| source(*row) == Some(&wanted[*row]) && self.rows[*row] != wanted[*row];
        // At the edges of the block are rows that moved and changed as well.
        let resembles = |row: usize| {
            source(row).is_some_and(|source| {
                alike(source, &wanted[row]) > alike(&self.rows[row], &wanted[row])
            })
        };
        let mut rows = (0..wanted.len()).filter(moved);
        let first = rows.next()?;
        let last = rows.next_back()?;
        let first = (0..first)
            .rev()
            .take_while(|&row| resembles(row))
            .last()
            .unwrap_or(first);
        let last = (last + 1..wanted.len())
            .take_while(|&row| resembles(row))
            .last()
            .unwrap_or(last);
        let by = usize::from(lines.unsigned_abs());
        Some(if lines > 0 {
            first..=last + by
        } else {
            first - by..=last
        })
    }

    /// Changes row by row what is still different.
    fn finish(&mut self, wanted: &Rows) {
        for (number, wanted) in wanted.iter().enumerate() {
            let Some(first) = (0..wanted.len()).find(|&x| self.rows[number][x] != wanted[x]) else {
                continue;
            };
            let row = u16::try_from(number).expect("a row is one of the terminal's");
            let mut in_place = (self.pen.clone(), self.rows[number].clone());
            change(&mut in_place.0, &mut in_place.1, wanted, row);
            let mut anew = (self.pen.clone(), self.rows[number].clone());
            anew.0.go(column_of(first), row, &anew.1);
            anew.0.erase_to_end();
            anew.1[first..].fill(Cell::EMPTY);
            change(&mut anew.0, &mut anew.1, wanted, row);
            let (pen, cells) = if anew.0.out.len() < in_place.0.out.len() {
                anew
            } else {
                in_place
            };
            self.pen = pen;
            self.rows[number] = cells;
        }
    }
}

/// Changes the cells of one row from left to right.
fn change(pen: &mut Pen, shown: &mut [Cell], wanted: &[Cell], row: u16) {
    let columns = column_of(wanted.len());
    let tail = wanted
        .iter()
        .rposition(|cell| *cell != Cell::EMPTY)
        .map_or(0, |last| last + 1);
    for column in 0..wanted.len() {
        let cell = &wanted[column];
        if shown[column] == *cell || cell.symbol().is_empty() {
            continue;
        }
        pen.go(column_of(column), row, shown);
        if column >= tail {
            let last = (column..wanted.len()).rposition(|x| shown[x] != wanted[x]);
            if last.is_some_and(|beyond| beyond >= 2) {
                pen.erase_to_end();
                shown[column..].fill(Cell::EMPTY);
                return;
            }
        }
        pen.dress_for(cell);
        pen.write(cell.symbol(), columns);
        let width = usize::from(cell.cell_width().max(1));
        // Whoever covers half of a wide character does not know what the other half shows now.
        if shown
            .get(column + width)
            .is_some_and(|next| next.symbol().is_empty())
        {
            shown[column + width] = Cell::new("\0");
        }
        shown[column..column + width].clone_from_slice(&wanted[column..column + width]);
    }
}

/// How many characters two rows have in common.
fn alike(a: &[Cell], b: &[Cell]) -> usize {
    let same = |(a, b): &(&Cell, &Cell)| a == b && **a != Cell::EMPTY;
    a.iter().zip(b).filter(same).count()
}

fn column_of(column: usize) -> u16 {
    u16::try_from(column).expect("a column is one of the terminal's")
}

pub(super) fn blank(size: Size) -> Rows {
    vec![vec![Cell::EMPTY; usize::from(size.width)]; usize::from(size.height)]
}
