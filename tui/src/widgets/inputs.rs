//! Labelled fields to fill in one after the other: text, one of a closed list, any of one.
//!
//! ```text
//!     Number    T-104
//!   > Permission  < marks.enter >
//!     Roles     [x] teacher
//!               [ ] registrar
//! ```

use std::borrow::Cow;

use ratatui::layout::Position;

use super::field::Field;
use super::pen::Pen;
use super::rows::{self, Cursor};
use super::text;
use crate::command::Command;
use crate::msg::{Code, Key};
use crate::theme::Tone;

/// Where labels begin.
const LEFT: usize = 4;

/// What is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Text(Field),
    /// One of a closed list.
    Choice {
        options: Vec<String>,
        at: usize,
    },
    /// Any of a closed list.
    Ticks {
        options: Vec<String>,
        ticked: Vec<bool>,
        cursor: Cursor,
    },
}

impl Input {
    pub fn text(text: &str, limit: usize) -> Self {
        Self::Text(Field::new(text, limit))
    }

    pub fn password() -> Self {
        Self::Text(Field::password(hillview_shared::accounts::PASSWORD_MAX))
    }

    pub fn choice<T: ToString>(options: &[T], at: usize) -> Self {
        Self::Choice {
            options: options.iter().map(T::to_string).collect(),
            at,
        }
    }

    pub fn ticks<T: ToString>(options: &[T], ticked: impl Fn(&T) -> bool) -> Self {
        let ticked = options.iter().map(ticked).collect();
        Self::ticks_of(options.iter().map(T::to_string).collect(), ticked)
    }

    pub fn ticks_of(options: Vec<String>, ticked: Vec<bool>) -> Self {
        let cursor = Cursor::default();
        Self::Ticks {
            options,
            ticked,
            cursor,
        }
    }

    /// Takes a key; false when it is not for this input.
    fn key(&mut self, key: Key) -> bool {
        match self {
            Self::Text(field) => field.key(key),
            Self::Choice { options, at } => {
                let count = options.len().max(1);
                match key.code {
                    Code::Right | Code::Char(' ') => *at = (*at + 1) % count,
                    Code::Left => *at = (*at + count - 1) % count,
                    _ => match key.text() {
                        Some(c) => *at = next_with(options, *at, c),
                        None => return false,
                    },
                }
                true
            }
            Self::Ticks {
                options,
                ticked,
                cursor,
            } => {
                let last = options.len().saturating_sub(1);
                match key.code {
                    // At its ends the keys lead to the fields before and behind.
                    Code::Up if cursor.at > 0 => cursor.at -= 1,
                    Code::Down if cursor.at < last => cursor.at += 1,
                    Code::PageUp => cursor.at = cursor.at.saturating_sub(10),
                    Code::PageDown => cursor.at = last.min(cursor.at + 10),
                    Code::Home => cursor.at = 0,
                    Code::End => cursor.at = last,
                    Code::Char(' ') => {
                        if let Some(tick) = ticked.get_mut(cursor.at) {
                            *tick = !*tick;
                        }
                    }
                    _ => match key.text() {
                        Some(c) => cursor.at = next_with(options, cursor.at, c),
                        None => return false,
                    },
                }
                true
            }
        }
    }

    /// Draws it in at most so many lines; gives the place of the cursor and the line behind it.
    fn draw(
        &self,
        pen: &mut Pen<'_>,
        (line, column): (usize, usize),
        room: usize,
        focused: bool,
    ) -> (Position, usize) {
        match self {
            Self::Text(field) => {
                let room = pen.columns().saturating_sub(column + 2);
                let (shown, caret) = field.shown(room, pen.theme);
                pen.put(line, column, Tone::Plain, &shown);
                (pen.position(line, column + caret), line + 1)
            }
            Self::Choice { .. } if focused => {
                pen.put(line, column, Tone::Plain, &format!("< {} >", self.words()));
                (pen.position(line, column + 2), line + 1)
            }
            Self::Choice { .. } => {
                pen.put(line, column, Tone::Plain, &self.words());
                (pen.position(line, column), line + 1)
            }
            Self::Ticks {
                options,
                ticked,
                cursor,
            } => {
                let window = rows::window(cursor.at, options.len(), room.max(3));
                for (below, at) in window.clone().enumerate() {
                    let tick = if ticked[at] { "[x]" } else { "[ ]" };
                    let words = format!("{tick} {}", options[at]);
                    pen.put(line + below, column, Tone::Plain, &words);
                }
                let caret = line + cursor.at.saturating_sub(window.start);
                let behind = line + window.len().max(1);
                (pen.position(caret, column + 1), behind)
            }
        }
    }

    /// In one line, for where it is not being filled in.
    fn words(&self) -> String {
        match self {
            Self::Text(field) => field.text().to_owned(),
            Self::Choice { options, at } => options.get(*at).cloned().unwrap_or_default(),
            Self::Ticks {
                options, ticked, ..
            } => {
                let ticked = options.iter().zip(ticked).filter(|(_, ticked)| **ticked);
                let ticked: Vec<&str> = ticked.map(|(option, _)| option.as_str()).collect();
                ticked.join(", ")
            }
        }
    }

    fn is_blank(&self) -> bool {
        match self {
            Self::Text(field) => field.text().trim().is_empty(),
            Self::Choice { at, .. } => *at == 0,
            Self::Ticks { ticked, .. } => !ticked.contains(&true),
        }
    }
}

/// The next option that begins with a letter, from the present one on and around.
fn next_with(options: &[String], at: usize, letter: char) -> usize {
    let begins = |option: &str| {
        let first = option.chars().flat_map(char::to_lowercase).next();
        first == letter.to_lowercase().next()
    };
    let after = (at + 1..options.len()).chain(0..=at);
    let mut after = after.filter(|at| options.get(*at).is_some());
    after.find(|at| begins(&options[*at])).unwrap_or(at)
}

/// An input with its label.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    label: Cow<'static, str>,
    input: Input,
    /// Not asked for, as things stand.
    hidden: bool,
}

/// Inputs in order, one of them with the focus.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    rows: Vec<Row>,
    pub focus: usize,
}

impl Inputs {
    pub fn new<L: Into<Cow<'static, str>>>(inputs: impl IntoIterator<Item = (L, Input)>) -> Self {
        let mut all = Self::default();
        for (label, input) in inputs {
            all.push(label, input);
        }
        all
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn push(&mut self, label: impl Into<Cow<'static, str>>, input: Input) {
        self.rows.push(Row {
            label: label.into(),
            input,
            hidden: false,
        });
    }

    pub fn truncate(&mut self, count: usize) {
        self.rows.truncate(count);
        self.focus = self.focus.min(count.saturating_sub(1));
    }

    /// Puts another input in the place of one.
    pub fn set(&mut self, at: usize, input: Input) {
        self.rows[at].input = input;
    }

    /// Asks for an input, or does not.
    pub fn show(&mut self, at: usize, shown: bool) {
        self.rows[at].hidden = !shown;
    }

    /// The text of a text field, without blanks around it.
    pub fn text(&self, at: usize) -> &str {
        self.raw(at).trim()
    }

    /// The text of a text field as typed.
    pub fn raw(&self, at: usize) -> &str {
        match &self.rows[at].input {
            Input::Text(field) => field.text(),
            Input::Choice { .. } | Input::Ticks { .. } => "",
        }
    }

    /// The text of a text field, when there is any and it is asked for.
    pub fn given(&self, at: usize) -> Option<String> {
        let text = self.text(at);
        (!text.is_empty() && !self.rows[at].hidden).then(|| text.to_owned())
    }

    /// Which option is chosen.
    pub fn chosen(&self, at: usize) -> usize {
        match &self.rows[at].input {
            Input::Choice { at, .. } => *at,
            Input::Text(_) | Input::Ticks { .. } => 0,
        }
    }

    /// Which options are ticked.
    pub fn ticked(&self, at: usize) -> Vec<usize> {
        match &self.rows[at].input {
            Input::Ticks { ticked, .. } => (0..ticked.len()).filter(|at| ticked[*at]).collect(),
            Input::Text(_) | Input::Choice { .. } => Vec::new(),
        }
    }

    /// An input in words, whatever it is.
    pub fn words(&self, at: usize) -> String {
        self.rows[at].input.words()
    }

    /// The only input, when it is a text.
    pub fn only(&self) -> Option<(&str, &Field)> {
        match self.rows.as_slice() {
            [
                Row {
                    label,
                    input: Input::Text(field),
                    ..
                },
            ] => Some((label, field)),
            _ => None,
        }
    }

    /// Goes on to the next input; false on the last.
    pub fn go_on(&mut self) -> bool {
        let next = (self.focus + 1..self.rows.len()).find(|at| !self.rows[*at].hidden);
        if let Some(next) = next {
            self.focus = next;
        }
        next.is_some()
    }

    /// Moves the focus by a command.
    pub fn step(&mut self, command: Command) {
        let count = self.rows.len();
        let mut around: Vec<usize> = (1..=count).map(|by| (self.focus + by) % count).collect();
        match command {
            Command::NextField => {}
            Command::PreviousField => {
                around.pop();
                around.reverse();
            }
            _ => return,
        }
        if let Some(at) = around.into_iter().find(|at| !self.rows[*at].hidden) {
            self.focus = at;
        }
    }

    pub fn key(&mut self, key: Key) -> bool {
        let row = self.rows.get_mut(self.focus);
        row.is_some_and(|row| row.input.key(key))
    }

    pub fn paste(&mut self, pasted: &str) {
        if let Some(Row {
            input: Input::Text(field),
            ..
        }) = self.rows.get_mut(self.focus)
        {
            field.paste(pasted);
        }
    }

    /// What is filled in, in one line: `action grant, user j.otieno`.
    pub fn summary(&self) -> String {
        let filled = self.rows.iter().filter(|row| !row.input.is_blank());
        let words = filled.map(|row| format!("{} {}", row.label.to_lowercase(), row.input.words()));
        words.collect::<Vec<_>>().join(", ")
    }

    /// Draws the inputs from a line on; gives the place of the cursor and the line behind them.
    pub fn draw(&self, pen: &mut Pen<'_>, first: usize) -> (Option<Position>, usize) {
        let mut shown: Vec<(usize, &Row)> = self.rows.iter().enumerate().collect();
        shown.retain(|(_, row)| !row.hidden);
        let widths = shown.iter().map(|(_, row)| text::width(&row.label));
        let label = widths.max().unwrap_or(0).min(pen.columns() / 2);
        let column = LEFT + label + 2;
        // A list takes what is left below the other inputs and above the words at the end.
        let below = pen.lines().saturating_sub(first + 4);
        let is_list = |(_, row): &(usize, &Row)| matches!(row.input, Input::Ticks { .. });
        let lists = shown.iter().filter(|row| is_list(row)).count();
        let room = below.saturating_sub(shown.len() - lists) / lists.max(1);
        if lists == 0 {
            let focus = shown.iter().position(|(at, _)| *at == self.focus);
            shown = shown[rows::window(focus.unwrap_or(0), shown.len(), below)].to_vec();
        }
        let (mut line, mut cursor) = (first, None);
        for (at, row) in shown {
            let focused = at == self.focus;
            pen.put(
                line,
                LEFT,
                Tone::Faint,
                &text::cut(&row.label, label, pen.theme),
            );
            if focused {
                pen.put(line, LEFT - 2, Tone::Plain, ">");
            }
            let (caret, behind) = row.input.draw(pen, (line, column), room, focused);
            line = behind;
            if focused {
                cursor = Some(caret);
            }
        }
        (cursor, line)
    }
}

/// Writes a sentence in line with the labels.
pub fn tell(pen: &mut Pen<'_>, line: usize, tone: Tone, words: &str) {
    tell_at(pen, line, LEFT, tone, words);
}

/// Writes a sentence, as many lines as it takes.
pub fn tell_at(pen: &mut Pen<'_>, line: usize, column: usize, tone: Tone, words: &str) {
    let words = text::clean(words, pen.theme);
    let room = pen.columns().saturating_sub(2 * column);
    for (at, words) in text::wrap(&words, room).iter().enumerate() {
        pen.put(line + at, column, tone, words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs() -> Inputs {
        Inputs::new([
            ("Name", Input::text("", 10)),
            ("Where", Input::choice(&["school", "grade", "class"], 0)),
            (
                "Roles",
                Input::ticks(&["head", "teacher"], |one| *one == "head"),
            ),
        ])
    }

    fn press(inputs: &mut Inputs, codes: &[Code]) -> Vec<bool> {
        let press = |code: &Code| inputs.key(Key::plain(*code));
        codes.iter().map(press).collect()
    }

    #[test]
    fn each_kind_takes_the_keys_that_are_for_it() {
        let mut all = inputs();
        press(&mut all, &[Code::Char('x'), Code::Char(' ')]);
        assert_eq!(all.raw(0), "x ");
        assert!(all.go_on());
        press(
            &mut all,
            &[Code::Char(' '), Code::Right, Code::Right, Code::Left],
        );
        assert_eq!(all.words(1), "class");
        press(&mut all, &[Code::Char('g')]);
        assert_eq!(all.words(1), "grade");
        assert!(all.go_on());
        assert_eq!(
            press(
                &mut all,
                &[Code::Up, Code::Down, Code::Char(' '), Code::Down]
            ),
            [false, true, true, false]
        );
        assert_eq!(all.ticked(2), [0, 1]);
        assert!(!all.go_on());
        assert_eq!(all.summary(), "name x , where grade, roles head, teacher");
    }

    #[test]
    fn what_is_not_asked_for_is_passed_over() {
        let mut all = inputs();
        all.show(1, false);
        assert!(all.go_on());
        assert_eq!(all.focus, 2);
        all.step(Command::NextField);
        assert_eq!(all.focus, 0);
        all.step(Command::PreviousField);
        assert_eq!(all.focus, 2);
        all.step(Command::PreviousField);
        assert_eq!(all.focus, 0);
    }
}
