//! Every command there is: found by a few letters, with its key and its form on the command line.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::layout::Position;

use super::Screen;
use crate::app::context::{Context, Wish};
use crate::command::{Command, Entry, Scope};
use crate::msg::Key;
use crate::theme::Tone;
use crate::widgets::field::Field;
use crate::widgets::pen::Pen;
use crate::widgets::rows::{self, Cursor};
use crate::widgets::text;

/// The most lines that the popup takes from the screen below it.
const LINES: usize = 14;
/// From this many columns on, the form on the command line stands beside each command.
const WIDE: usize = 110;

/// A command, and why it cannot be done on the screen below.
#[derive(Clone, Debug)]
pub struct Choice {
    pub entry: &'static Entry,
    /// The key that gives it here, or `-`.
    pub key: &'static str,
    pub why_not: Option<String>,
}

#[derive(Debug)]
pub struct Palette {
    field: Field,
    choices: Vec<Choice>,
    /// Which choices fit what is typed, the best first.
    found: Vec<usize>,
    cursor: Cursor,
}

impl Palette {
    pub fn new(choices: Vec<Choice>) -> Self {
        let found = (0..choices.len()).collect();
        Self {
            field: Field::new("", 40),
            choices,
            found,
            cursor: Cursor::default(),
        }
    }

    fn search(&mut self) {
        let pattern = Pattern::parse(
            self.field.text(),
            CaseMatching::Ignore,
            Normalization::Smart,
        );
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut letters = Vec::new();
        let mut scored: Vec<(u32, usize)> = Vec::new();
        for (at, choice) in self.choices.iter().enumerate() {
            // The name counts twice: it is what people remember.
            let name = Utf32Str::new(choice.entry.name, &mut letters);
            let by_name = pattern.score(name, &mut matcher).map(|score| score * 2);
            let sentence = Utf32Str::new(choice.entry.sentence, &mut letters);
            let by_sentence = pattern.score(sentence, &mut matcher);
            if let Some(score) = by_name.max(by_sentence) {
                // What can be done here comes before what fits a little better.
                let here = if choice.why_not.is_none() { 3 } else { 2 };
                scored.push((score * here, at));
            }
        }
        let rank = |(score, at): &(u32, usize)| (std::cmp::Reverse(*score), *at);
        scored.sort_by_key(rank);
        self.found = scored.into_iter().map(|(_, at)| at).collect();
        self.cursor = Cursor::default();
    }
}

impl Screen for Palette {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Palette, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        "Commands".to_owned()
    }

    fn lines(&self, _context: &Context) -> Option<usize> {
        Some(LINES)
    }

    fn summary(&self, context: &Context) -> String {
        let choice = self.found.get(self.cursor.at).map(|at| &self.choices[*at]);
        match choice {
            Some(Choice {
                why_not: Some(why), ..
            }) => format!("not now: {why}"),
            Some(Choice { entry, .. })
                if !entry.cli.is_empty() && usize::from(context.columns) < WIDE =>
            {
                format!("on the command line: hillview {}", entry.cli)
            }
            _ => String::new(),
        }
    }

    fn typing(&self) -> bool {
        true
    }

    fn why_not(&self, command: Command, _context: &Context) -> Option<String> {
        (command == Command::Palette).then(|| "these are the commands; Esc goes back".to_owned())
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        if command != Command::RunCommand {
            self.cursor.step(command, self.found.len(), LINES - 2);
            return;
        }
        let Some(choice) = self.found.get(self.cursor.at).map(|at| &self.choices[*at]) else {
            return context.refuse("no command fits what is typed");
        };
        match &choice.why_not {
            Some(why) => context.refuse(why.clone()),
            None => context.wish(Wish::CloseAndRun(choice.entry.command)),
        }
    }

    fn type_key(&mut self, key: Key, _context: &mut Context) -> bool {
        let taken = self.field.key(key);
        if taken {
            self.search();
        }
        taken
    }

    fn paste(&mut self, text: &str, _context: &mut Context) {
        self.field.paste(text);
        self.search();
    }

    fn view(&self, pen: &mut Pen<'_>, _context: &Context) -> Option<Position> {
        let (shown, caret) = self.field.shown(pen.columns() - 4, pen.theme);
        pen.put(1, 1, Tone::Heading, &format!(": {shown}"));
        let cli = if pen.columns() >= WIDE { 24 } else { 0 };
        let sentence = pen.columns().saturating_sub(3 + 22 + 8 + cli);
        let window = rows::window(self.cursor.at, self.found.len(), pen.lines() - 2);
        if self.found.is_empty() {
            pen.put(2, 2, Tone::Plain, "No command fits what is typed.");
        }
        for (line, at) in window.enumerate() {
            let choice = &self.choices[self.found[at]];
            let entry = choice.entry;
            let (name, about, tone) = match &choice.why_not {
                None => (
                    entry.name.to_owned(),
                    entry.sentence.to_owned(),
                    Tone::Plain,
                ),
                Some(_) => (
                    format!("({})", entry.name),
                    entry.sentence.to_owned(),
                    Tone::Faint,
                ),
            };
            let words = format!(
                "{}{}{}{}",
                text::left(&name, 22, pen.theme),
                text::left(choice.key, 8, pen.theme),
                text::left(&about, sentence.saturating_sub(1), pen.theme),
                text::left(&format!(" {}", entry.cli), cli, pen.theme),
            );
            pen.row(line + 2, at == self.cursor.at, tone, &words);
        }
        Some(pen.position(1, 3 + caret))
    }
}
