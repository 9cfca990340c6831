//! Screens by state, keys and the expected screen: the app with a played server and outbox.

mod any_keys;
mod audit;
mod bytes;
mod fixtures;
mod grants;
mod imports;
mod late;
mod login;
mod marks;
mod marks_conflicts;
mod marks_outbox;
mod marks_paste;
mod people;
mod places;
mod records;
mod roles;
mod schools;
mod sessions;
mod sizes;
mod staff;
mod teaching;

use hillview::app::App;
use hillview::msg::{
    Code, EditId, Effect, Key, LineState, Msg, NewEdit, OutboxCounts, OutboxEvent, Pending,
    PendingState, Start, Ticket,
};
use hillview::theme::{Palette, Theme};
use hillview_shared::ApiError;
use hillview_shared::accounts::Who;
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::ids::{Moment, Version};
use ratatui::Terminal;
use ratatui::backend::{Backend, TestBackend};

/// 28 July 2026, 14:05 in Nairobi.
pub const NOW: Moment = Moment(1_785_236_700_000_000);
pub const NAIROBI: i32 = 3 * 3600;

pub const MONOCHROME: Theme = Theme {
    palette: Palette::Monochrome,
    ascii: false,
};

/// A terminal with the app in it; what the app asked for and was not given yet is kept.
pub struct Desk {
    pub app: App,
    terminal: Terminal<TestBackend>,
    pub calls: Vec<(Ticket, HillviewRequest)>,
    /// The questions what the person may do, which come beside others.
    pub rights: Vec<Ticket>,
    pub saves: Vec<NewEdit>,
    /// Files to read and to write.
    pub files: Vec<Effect>,
    pub others: Vec<Effect>,
    edits: u64,
    pub counts: OutboxCounts,
}

impl Desk {
    pub fn start(columns: u16, rows: u16, theme: Theme) -> Self {
        let app = App::new(Start {
            server: "tls://hillview.example:7410".into(),
            school: Some("KILIMANI".into()),
            user: None,
            resuming: false,
            now: NOW,
            utc_offset: NAIROBI,
            columns,
            rows,
            theme,
        });
        let mut desk = Self {
            app,
            terminal: Terminal::new(TestBackend::new(columns, rows)).unwrap(),
            calls: Vec::new(),
            rights: Vec::new(),
            saves: Vec::new(),
            files: Vec::new(),
            others: Vec::new(),
            edits: 0,
            counts: OutboxCounts::default(),
        };
        desk.send(Msg::Line(LineState::Online));
        desk
    }

    /// Logged in as the class teacher of 4 East, at home, with everything answered.
    pub fn home(columns: u16, rows: u16) -> Self {
        let mut desk = Self::start(columns, rows, MONOCHROME);
        desk.send(Msg::Resumed(Box::new(fixtures::kamau())));
        desk.serve();
        desk
    }

    /// Logged in as somebody else, with everything answered.
    pub fn home_of(who: Who) -> Self {
        let mut desk = Self::start(80, 24, MONOCHROME);
        desk.send(Msg::Resumed(Box::new(who)));
        desk.serve();
        desk
    }

    /// Presses keys, and answers what was asked for after each `|`.
    pub fn play(&mut self, keys: &str) {
        for keys in keys.split('|') {
            self.keys(keys);
            self.serve();
        }
    }

    /// The last call that was asked for and not answered.
    #[track_caller]
    pub fn call(&mut self) -> HillviewRequest {
        let call = self.calls.last().map(|(_, request)| request.clone());
        call.unwrap_or_else(|| panic!("no call in\n{}", self.screen()))
    }

    /// On the sheet of English grammar.
    pub fn sheet(columns: u16, rows: u16) -> Self {
        let mut desk = Self::home(columns, rows);
        desk.keys("<Enter>");
        desk.serve();
        desk
    }

    pub fn send(&mut self, message: Msg) {
        for effect in self.app.update(message) {
            match effect {
                Effect::Call { ticket, request }
                    if matches!(*request, HillviewRequest::WhoAmI {}) =>
                {
                    self.rights.push(ticket);
                }
                Effect::Call { ticket, request } => self.calls.push((ticket, *request)),
                Effect::Save(edit) => self.saves.push(edit),
                file @ (Effect::ReadFile { .. } | Effect::WriteFile { .. }) => {
                    self.files.push(file);
                }
                other => self.others.push(other),
            }
        }
    }

    /// Presses keys: characters as they are, others as `<Enter>`, `<C-r>`.
    pub fn keys(&mut self, keys: &str) {
        for key in parse(keys) {
            self.send(Msg::Key(key));
        }
    }

    /// Answers every open call from the fixtures, and those that follow from the answers.
    pub fn serve(&mut self) {
        self.serve_with(|answer| answer);
    }

    /// The same, with answers that something was done to.
    pub fn serve_with(&mut self, change: impl Fn(HillviewResponse) -> HillviewResponse) {
        while !self.calls.is_empty() || !self.files.is_empty() {
            for file in std::mem::take(&mut self.files) {
                self.send(imports::filed(file));
            }
            for (ticket, request) in std::mem::take(&mut self.calls) {
                self.answer(ticket, Ok(change(fixtures::answer(&request))));
            }
        }
    }

    pub fn answer(&mut self, ticket: Ticket, answer: Result<HillviewResponse, ApiError>) {
        let answer = answer.map(Box::new);
        self.send(Msg::Answer { ticket, answer });
    }

    pub fn event(&mut self, event: OutboxEvent) {
        let counts = self.counts;
        self.send(Msg::Outbox { event, counts });
    }

    /// Writes the oldest saved edit to the journal, and gives its name there.
    pub fn queue(&mut self) -> (EditId, NewEdit) {
        let new = self.saves.remove(0);
        self.edits += 1;
        let edit = EditId(self.edits);
        self.counts.waiting += 1;
        let pending = pending(edit, &new, PendingState::Queued);
        self.event(OutboxEvent::Queued {
            ticket: new.ticket,
            pending,
        });
        (edit, new)
    }

    /// Says that an edit is stored as a version.
    pub fn saved(&mut self, edit: EditId, new: &NewEdit, version: i64) {
        self.counts.waiting -= 1;
        self.event(OutboxEvent::Saved {
            edit,
            sheet: new.sheet,
            student: new.student,
            entry: new.entry.clone(),
            version: Version(version),
            entered: 3,
        });
    }

    /// Queues and stores everything that was given to the outbox.
    pub fn store_all(&mut self) {
        while !self.saves.is_empty() {
            let (edit, new) = self.queue();
            let version = 100 + i64::try_from(edit.0).expect("few edits");
            self.saved(edit, &new, version);
        }
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.terminal.backend_mut().resize(columns, rows);
        self.send(Msg::Resize { columns, rows });
    }

    /// The screen as text, without the spaces at the ends of lines.
    pub fn screen(&mut self) -> String {
        self.draw();
        let buffer = self.terminal.backend().buffer().clone();
        let mut lines = Vec::new();
        for y in 0..buffer.area.height {
            let (mut line, mut skip) = (String::new(), 0);
            for x in 0..buffer.area.width {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = buffer[(x, y)].symbol();
                skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
                line.push_str(symbol);
            }
            lines.push(line.trim_end().to_owned());
        }
        lines.join("\n")
    }

    pub fn line(&mut self, at: usize) -> String {
        self.screen().lines().nth(at).unwrap_or_default().to_owned()
    }

    /// The line that holds a text.
    #[track_caller]
    pub fn line_with(&mut self, text: &str) -> String {
        let screen = self.screen();
        let found = screen.lines().find(|line| line.contains(text));
        found
            .unwrap_or_else(|| panic!("no line with {text:?} in\n{screen}"))
            .to_owned()
    }

    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        let screen = self.screen();
        assert!(screen.contains(text), "no {text:?} in\n{screen}");
    }

    #[track_caller]
    pub fn hides(&mut self, text: &str) {
        let screen = self.screen();
        assert!(!screen.contains(text), "there is {text:?} in\n{screen}");
    }

    /// Where the terminal's cursor is: column, line.
    pub fn cursor(&mut self) -> (u16, u16) {
        self.draw();
        let position = self.terminal.backend_mut().get_cursor_position().unwrap();
        (position.x, position.y)
    }

    pub fn buffer(&mut self) -> ratatui::buffer::Buffer {
        self.draw();
        self.terminal.backend().buffer().clone()
    }

    fn draw(&mut self) {
        let app = &self.app;
        self.terminal.draw(|frame| app.view(frame)).unwrap();
    }
}

pub fn pending(edit: EditId, new: &NewEdit, state: PendingState) -> Pending {
    Pending {
        edit,
        sheet: new.sheet,
        student: new.student,
        label: new.label.clone(),
        based_on: new.based_on,
        entry: new.entry.clone(),
        state,
    }
}

fn parse(keys: &str) -> Vec<Key> {
    let mut rest = keys;
    let mut parsed = Vec::new();
    while let Some(c) = rest.chars().next() {
        if let Some((name, after)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            parsed.push(named(name));
            rest = after;
        } else {
            parsed.push(Key::plain(Code::Char(c)));
            rest = &rest[c.len_utf8()..];
        }
    }
    parsed
}

fn named(name: &str) -> Key {
    let plain = |code| Key::plain(code);
    match name {
        "Enter" => plain(Code::Enter),
        "Esc" => plain(Code::Esc),
        "Tab" => plain(Code::Tab),
        "BackTab" => plain(Code::BackTab),
        "Backspace" => plain(Code::Backspace),
        "Del" => plain(Code::Delete),
        "Up" => plain(Code::Up),
        "Down" => plain(Code::Down),
        "Left" => plain(Code::Left),
        "Right" => plain(Code::Right),
        "Home" => plain(Code::Home),
        "End" => plain(Code::End),
        "PgUp" => plain(Code::PageUp),
        "PgDn" => plain(Code::PageDown),
        "F1" => plain(Code::F(1)),
        "F2" => plain(Code::F(2)),
        "F5" => plain(Code::F(5)),
        other => match other.strip_prefix("C-") {
            Some(c) if c.len() == 1 => {
                Key::ctrl(Code::Char(c.chars().next().expect("one character")))
            }
            _ => panic!("no key {other}"),
        },
    }
}
