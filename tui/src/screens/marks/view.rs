//! Draws a sheet.
//!
//! ```text
//!     #  Adm no    Name                          Mark of 60  Level  State
//!     4  20240004  Ng'ang'a Peter                        61         61 is over 60
//! >   5  20240005  Hassan Amina                          38  ME1    CONFLICT
//!        yours 38, theirs 41 (M. Hassan, 14:05): m keep mine  t take theirs
//!     6  20240006  Kiprono Dennis                         4_
//! ```
//!
//! The terminal's own cursor is the cursor of the grid: to show it otherwise, for example in
//! reverse video, would cost a slow line a quarter more for every mark.

use hillview_shared::marks::Entry;
use ratatui::layout::Position;

use super::Marks;
use super::cell::Cell;
use super::edit::Mode;
use crate::app::context::Context;
use crate::theme::Tone;
use crate::widgets::pen::Pen;
use crate::widgets::{rows, text};

const MARK: usize = 7;
const LEVEL: usize = 5;
/// The longest word of a state.
const STATE: usize = 9;

/// Where the columns begin.
struct Columns {
    adm: (usize, usize),
    name: (usize, usize),
    mark: usize,
    level: usize,
    state: usize,
}

impl Columns {
    fn of(marks: &Marks, columns: usize) -> Self {
        let widest = marks.cells.iter().map(|cell| text::width(&cell.adm)).max();
        let adm = widest.unwrap_or(0).clamp(6, 12);
        let name = 7 + adm + 2;
        // Names come first; what is left is for states, at least for their longest word.
        let widest = marks.cells.iter().map(|cell| text::width(&cell.name)).max();
        let after = 1 + MARK + 2 + LEVEL + 2;
        let room = columns.saturating_sub(name + after + STATE);
        let mark = name + widest.unwrap_or(0).clamp(18, 40).min(room) + 1;
        let level = mark + MARK + 2;
        let state_at = level + LEVEL + 2;
        Self {
            adm: (7, adm),
            name: (name, mark.saturating_sub(name + 1)),
            mark,
            level,
            state: state_at,
        }
    }
}

/// How many rows of marks a body of some height shows.
pub fn page(marks: &Marks, body: usize) -> usize {
    let conflict = marks.current().is_some_and(|cell| cell.theirs().is_some());
    let taken = 1 + usize::from(conflict) + notes(marks).len();
    body.saturating_sub(taken).max(1)
}

/// What there is to say about pasted marks, under the rows.
fn notes(marks: &Marks) -> Vec<(Tone, String)> {
    let Mode::Preview(preview) = &marks.mode else {
        return Vec::new();
    };
    let mut notes = preview.notes();
    // Beside the mark there may be no room for the whole reason.
    let why = preview
        .of(marks.cursor.at)
        .and_then(|mark| mark.as_ref().err());
    if let (Some(cell), Some(why)) = (marks.current(), why) {
        notes.push((Tone::Bad, format!("{}: {why}", cell.adm)));
    }
    notes
}

pub fn draw(marks: &Marks, pen: &mut Pen<'_>, context: &Context) -> Option<Position> {
    let Some(sheet) = &marks.sheet else {
        let words = marks.fetch.words().unwrap_or_default();
        pen.put(1, 2, Tone::Plain, &words);
        return None;
    };
    let columns = Columns::of(marks, pen.columns());
    let out_of = match sheet.direct_levels {
        true => "Level given".to_owned(),
        false => format!("Mark of {}", sheet.out_of),
    };
    pen.put(0, 4, Tone::Faint, "#");
    pen.put(0, columns.adm.0, Tone::Faint, "Adm no");
    let head = columns.mark + MARK - text::width(&out_of);
    let name = text::cut("Name", head.saturating_sub(columns.name.0 + 1), pen.theme);
    pen.put(0, columns.name.0, Tone::Faint, &name);
    pen.put(0, head, Tone::Faint, &out_of);
    pen.put(0, columns.level, Tone::Faint, "Level");
    pen.put(0, columns.state, Tone::Faint, "State");
    if marks.cells.is_empty() {
        pen.put(2, 2, Tone::Plain, "Nobody is expected on this sheet.");
        return None;
    }
    let mut cursor = None;
    let mut line = 1;
    let height = page(marks, pen.lines());
    for at in rows::window(marks.cursor.at, marks.cells.len(), height) {
        let here = row(marks, at, line, &columns, pen);
        if at == marks.cursor.at {
            cursor = Some(here);
            if let Some(words) = conflict(marks, context) {
                line += 1;
                pen.put(line, 7, Tone::Bad, &words);
            }
        }
        line += 1;
    }
    let notes = notes(marks);
    let first = pen.lines().saturating_sub(notes.len());
    for (at, (tone, words)) in notes.iter().enumerate() {
        pen.put(first + at, 1, *tone, words);
    }
    if let Mode::Find(field) = &marks.mode {
        let (last, asked) = (pen.lines() - 1, " Find (name, number or row): ");
        let (shown, caret) = field.shown(pen.columns() - asked.len() - 1, pen.theme);
        pen.clear_line(last);
        pen.put(last, 0, Tone::Heading, asked);
        pen.put(last, asked.len(), Tone::Plain, &shown);
        cursor = Some(pen.position(last, asked.len() + caret));
    }
    cursor
}

/// Draws one row and says where its mark's caret is.
fn row(marks: &Marks, at: usize, line: usize, columns: &Columns, pen: &mut Pen<'_>) -> Position {
    let (cell, here) = (&marks.cells[at], at == marks.cursor.at);
    let theme = pen.theme;
    let marker = if here { ">" } else { " " };
    pen.put(line, 0, Tone::Plain, marker);
    pen.put(line, 1, Tone::Faint, &format!("{:>4}", at + 1));
    let adm = text::cut(&cell.adm, columns.adm.1, theme);
    pen.put(line, columns.adm.0, Tone::Plain, &adm);
    let name = text::cut(&cell.name, columns.name.1, theme);
    pen.put(line, columns.name.0, Tone::Plain, &name);
    // On the mark's last digit; behind it while one types.
    let mut caret = MARK - 1;
    let (mark, level, state, tone) = match &marks.mode {
        Mode::Edit(edit) if here => {
            let (shown, at) = edit.field.shown(MARK, theme);
            caret = MARK - text::width(&shown) + at;
            let (level, state) = typed(marks, edit.field.text(), edit.refused);
            (shown, level, state, Tone::Bad)
        }
        Mode::Preview(preview) => match preview.of(at) {
            Some(mark) => offered(marks, cell, mark),
            None => entered(marks, cell),
        },
        _ => entered(marks, cell),
    };
    pen.put(
        line,
        columns.mark,
        Tone::Plain,
        &text::right(&mark, MARK, theme),
    );
    pen.put(
        line,
        columns.level,
        Tone::Plain,
        &text::cut(&level, LEVEL, theme),
    );
    pen.put(line, columns.state, tone, &state);
    pen.position(line, columns.mark + caret)
}

/// The level of what is typed and, once there is one, the reason against it.
fn typed(marks: &Marks, words: &str, refused: bool) -> (String, String) {
    match marks.read(words) {
        Ok(entry) => (level(marks, &entry), String::new()),
        // Half a fraction is no mistake yet; a mark that is too high is one.
        Err(error) if refused || error.code() == "out-of-range" => {
            (String::new(), error.to_string())
        }
        Err(_) => (String::new(), String::new()),
    }
}

type Shown = (String, String, String, Tone);

fn entered(marks: &Marks, cell: &Cell) -> Shown {
    let (state, tone) = cell.state();
    let entry = cell.shown();
    (entry.to_string(), level(marks, entry), state, tone)
}

/// A pasted or filled mark, and what it stands for.
fn offered(marks: &Marks, cell: &Cell, mark: &Result<Entry, String>) -> Shown {
    match mark {
        Ok(entry) => {
            let state = match cell.shown() {
                Entry::Blank => "new".to_owned(),
                same if same == entry => "the same".to_owned(),
                other => format!("instead of {other}"),
            };
            (entry.to_string(), level(marks, entry), state, Tone::Waiting)
        }
        Err(why) => (
            cell.shown().to_string(),
            String::new(),
            why.clone(),
            Tone::Bad,
        ),
    }
}

fn level(marks: &Marks, entry: &Entry) -> String {
    let Some(sheet) = &marks.sheet else {
        return String::new();
    };
    match entry {
        Entry::Score(score) => {
            let band = sheet.scheme.band(*score, sheet.out_of);
            band.map(|band| band.code.clone()).unwrap_or_default()
        }
        Entry::Level(code) => code.clone(),
        _ => String::new(),
    }
}

/// The line under a mark against which another one stands.
fn conflict(marks: &Marks, context: &Context) -> Option<String> {
    let cell = marks.current()?;
    let theirs = cell.theirs()?;
    let blank = |entry: &Entry| match entry {
        Entry::Blank => "blank".to_owned(),
        entry => entry.to_string(),
    };
    Some(format!(
        "yours {}, theirs {} ({}, {}): m keep mine  t take theirs",
        blank(cell.shown()),
        blank(&theirs.entry),
        theirs.by,
        context.clock(theirs.at),
    ))
}

/// Progress and mean, or what there is to know about the row.
pub fn summary(marks: &Marks, context: &Context) -> String {
    let Some(sheet) = &marks.sheet else {
        return String::new();
    };
    if let Mode::Preview(preview) = &marks.mode {
        return preview.words();
    }
    if let Some(why) = marks.current().and_then(Cell::reason) {
        return format!("{why}; type it again, or Del clears it");
    }
    let entered = marks.cells.iter().filter(|cell| cell.is_entered()).count();
    let mut words = format!("{entered} of {}", marks.cells.len());
    if let Some(mean) = mean(marks) {
        words += &format!(", mean {mean}");
    }
    match &sheet.closed {
        Some(closed) => words += &format!(", {closed}"),
        None if sheet.closes == context.today() => words += ", closes today",
        None => words += &format!(", closes {}", sheet.closes.format("%-d %b")),
    }
    words
}

/// The mean of the scores, half up to one decimal.
fn mean(marks: &Marks) -> Option<String> {
    let entered = marks.cells.iter().filter(|cell| cell.is_entered());
    let scores: Vec<i64> = entered
        .filter_map(|cell| cell.shown().score())
        .map(|score| i64::from(score.hundredths()))
        .collect();
    let count = i64::try_from(scores.len())
        .ok()
        .filter(|count| *count > 0)?;
    let tenths = (scores.iter().sum::<i64>() * 2 + count * 10) / (count * 20);
    Some(format!("{}.{}", tenths / 10, tenths % 10))
}
