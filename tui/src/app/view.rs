//! The lines around every screen.
//!
//! ```text
//!  Kilimani Primary  2026 T2  4 East, English / Grammar      w.kamau@hillview.example
//!  … the screen …
//!  24 of 40, mean 41.3                       2 queued, offline since 14:02
//!  0-9 mark  a absent  e exempt  u undo  / find  ? help
//! ```

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::fetch::in_words;
use super::{App, Context, SMALLEST};
use crate::command::{self, Command, Entry, Scope};
use crate::msg::LineState;
use crate::screens::Screen;
use crate::theme::Tone;
use crate::widgets::pen::Pen;
use crate::widgets::text;

impl App {
    /// Draws everything, and puts the terminal's cursor where typing goes.
    pub fn view(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        if let Some(cursor) = self.draw(frame.buffer_mut(), area) {
            frame.set_cursor_position(cursor);
        }
    }

    fn draw(&self, buffer: &mut ratatui::buffer::Buffer, area: Rect) -> Option<Position> {
        let mut pen = Pen::new(buffer, area, self.context.theme);
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            too_small(&mut pen);
            return None;
        }
        let columns = pen.columns();
        self.status(&mut pen, columns);
        self.bottom(&mut pen, columns);
        let body = Rect {
            y: area.y + 1,
            height: area.height - 3,
            ..area
        };
        let stack = &self.stack;
        let full = stack
            .iter()
            .rposition(|screen| screen.lines(&self.context).is_none());
        let Some(full) = full else {
            self.not_yet(&mut Pen::new(buffer, body, self.context.theme));
            return None;
        };
        let mut cursor = None;
        for screen in &self.stack[full..] {
            let mut place = body;
            if let Some(lines) = screen.lines(&self.context) {
                place.height = u16::try_from(lines).map_or(body.height, |n| n.min(body.height));
                place.y = body.y + body.height - place.height;
            }
            let mut pen = Pen::new(buffer, place, self.context.theme);
            if place.height < body.height {
                pen.wipe();
            }
            cursor = screen.view(&mut pen, &self.context);
        }
        cursor
    }

    /// Before there is a screen: a stored session is tried.
    fn not_yet(&self, pen: &mut Pen<'_>) {
        let words = match &self.context.line {
            LineState::Refused(error) => in_words(error),
            LineState::Offline { .. } => {
                "The server cannot be reached; it is tried again by itself. What you typed before \
                 is kept on this machine."
                    .to_owned()
            }
            _ => "Opening your session.".to_owned(),
        };
        let server = format!("Server    {}", self.context.server);
        pen.put(1, 4, Tone::Plain, &server);
        for (line, words) in text::wrap(&words, pen.columns() - 8).iter().enumerate() {
            pen.put(3 + line, 4, Tone::Plain, words);
        }
    }

    fn status(&self, pen: &mut Pen<'_>, columns: usize) {
        let context = &self.context;
        let host = host(&context.server);
        let right = match &context.who {
            Some(who) => format!("{}@{host} ", who.username),
            None => format!("{host} "),
        };
        let right = text::cut(&right, columns * 3 / 10 + 1, context.theme);
        let (mut school, mut rest) = ("Hillview", String::new());
        if let Some(who) = &context.who {
            school = &who.school.name;
            if let Some(term) = &who.school.term {
                rest += &format!("  {}", term.name);
            }
        }
        if let Some(top) = self.stack.last() {
            rest += &format!("  {}", top.place());
        }
        let room = columns.saturating_sub(text::width(&right) + 1);
        // When it is narrow, where one is matters more than the end of the school's name.
        let kept = room.saturating_sub(text::width(&rest) + 1).max(6);
        let school = text::cut(school, kept, context.theme);
        let left = text::cut(&format!(" {school}{rest}"), room, context.theme);
        pen.put(0, 0, Tone::Heading, &left);
        pen.put_right(0, Tone::Plain, &right);
    }

    fn bottom(&self, pen: &mut Pen<'_>, columns: usize) {
        let context = &self.context;
        let lines = pen.lines();
        let state = format!("{} ", line_words(context, columns));
        let tone = match context.line {
            LineState::Online if context.counts.held == 0 => Tone::Plain,
            LineState::Online | LineState::Connecting => Tone::Waiting,
            _ => Tone::Bad,
        };
        pen.put_right(lines - 2, tone, &state);
        let room = columns.saturating_sub(text::width(&state) + 3);
        let Some(notice) = &context.notice else {
            let summary = match self.stack.last() {
                Some(top) => top.summary(context),
                None => "Esc leaves Hillview".to_owned(),
            };
            let summary = text::cut(&summary, room, context.theme);
            pen.put(lines - 2, 1, Tone::Plain, &summary);
            return pen.put(lines - 1, 1, Tone::Plain, &self.hints(columns - 1));
        };
        let tone = if notice.bad { Tone::Bad } else { Tone::Good };
        let mut words = text::wrap(&text::clean(&notice.words, context.theme), room);
        pen.put(lines - 2, 1, tone, &words.remove(0));
        match words.is_empty() {
            true => pen.put(lines - 1, 1, Tone::Plain, &self.hints(columns - 1)),
            // The hints come back with the next key; the whole reason matters more now.
            false => pen.put(lines - 1, 1, tone, &words.join(" ")),
        }
    }

    /// What can be done now, in plain words, as much as fits; help is always among it.
    fn hints(&self, columns: usize) -> String {
        let Some(top) = self.stack.last() else {
            return String::new();
        };
        let entries = || command::within(top.scopes()).filter(|entry| !entry.short.is_empty());
        let hint = |entry: &Entry| -> Option<String> {
            let key = self.key_of(top.as_ref(), entry)?;
            Some(match self.why_not(entry.command) {
                None => format!("{key} {}", entry.short),
                Some(_) => format!("({key} {})", entry.short),
            })
        };
        let help = entries()
            .find(|entry| entry.command == Command::Help)
            .filter(|_| self.why_not(Command::Help).is_none())
            .and_then(hint);
        let mut room = columns.saturating_sub(help.as_ref().map_or(0, |help| help.len() + 2));
        let mut hints = Vec::new();
        let left_out = |command| match command {
            Command::Help => true,
            Command::Back => self.why_not(command).is_some(),
            // While a mark is typed, few and short: they are drawn anew for every mark.
            Command::Quit => top.scopes().contains(&Scope::MarkEdit),
            Command::Palette => top.typing(),
            _ => false,
        };
        for words in entries()
            .filter(|entry| !left_out(entry.command))
            .filter_map(hint)
        {
            match room.checked_sub(words.len() + 2) {
                Some(left) => room = left,
                None => break,
            }
            hints.push(words);
        }
        hints.extend(help);
        hints.join("  ")
    }

    /// The key that gives a command now: not a letter while letters are text, and not one that a
    /// nearer scope has taken.
    pub(super) fn key_of(&self, top: &dyn Screen, entry: &Entry) -> Option<&'static str> {
        entry.keys.iter().copied().find(|key| {
            let is_text = key.chars().count() == 1;
            let nearest = command::within(top.scopes())
                .find(|other| other.keys.contains(key))
                .is_some_and(|other| std::ptr::eq(other, entry));
            nearest && !(is_text && top.typing())
        })
    }
}

/// The queue's length and the line's state; always on the screen.
fn line_words(context: &Context, columns: usize) -> String {
    let mut words = Vec::new();
    let counts = context.counts;
    if counts.waiting > 0 {
        words.push(format!("{} queued", counts.waiting));
    }
    if counts.held > 0 {
        words.push(format!("{} to settle (o)", counts.held));
    }
    words.push(match &context.line {
        LineState::Connecting => "connecting".to_owned(),
        LineState::Online => "online".to_owned(),
        LineState::SessionEnded => "logged out".to_owned(),
        LineState::Refused(_) => "no connection".to_owned(),
        LineState::Offline { since, retry_at } => {
            let mut words = format!("offline since {}", context.clock(*since));
            if let Some(at) = retry_at.filter(|_| columns >= 80) {
                words += &format!(", next try {}", context.clock_with_seconds(at));
            }
            words
        }
    });
    words.join(", ")
}

/// The server in a word: the host, or `local` for a socket of this machine.
fn host(server: &str) -> &str {
    if server.starts_with("unix:") {
        return "local";
    }
    let host = server.split_once("://").map_or(server, |(_, host)| host);
    host.rsplit_once(':').map_or(host, |(host, _)| host)
}

fn too_small(pen: &mut Pen<'_>) {
    let (columns, lines) = (pen.columns(), pen.lines());
    let words = format!(
        "This terminal is {columns}x{lines}; Hillview needs {}x{}. Nothing is lost: make it larger, or Ctrl-Q leaves.",
        SMALLEST.0, SMALLEST.1
    );
    for (line, words) in text::wrap(&words, columns.max(1)).iter().enumerate() {
        pen.put(line, 0, Tone::Plain, words);
    }
}
