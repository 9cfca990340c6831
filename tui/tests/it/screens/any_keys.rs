//! Random keys, pastes, sizes, answers and news of the outbox: nothing panics, and whatever was
//! entered is on the screen or was settled. A seed that fails becomes a test of its own.

use std::collections::BTreeMap;

use hillview_shared::Kind;
use hillview_shared::ids::Version;
use hillview_shared::marks::{Entry, Score, Theirs};

use super::*;

const KEYS: [&str; 61] = [
    "0",
    "1",
    "5",
    "9",
    ".",
    "-",
    "/",
    "%",
    "a",
    "e",
    "W",
    "Y",
    "u",
    "n",
    "N",
    "f",
    "h",
    "i",
    "j",
    "k",
    "g",
    "G",
    "m",
    "t",
    "s",
    "c",
    "o",
    "R",
    "A",
    "y",
    "?",
    ":",
    "q",
    "z",
    "é",
    "王",
    " ",
    "<Enter>",
    "<Enter>",
    "<Enter>",
    "<Esc>",
    "<Tab>",
    "<BackTab>",
    "<Backspace>",
    "<Del>",
    "<Up>",
    "<Down>",
    "<Left>",
    "<Right>",
    "<Home>",
    "<End>",
    "<PgUp>",
    "<PgDn>",
    "<F1>",
    "<F2>",
    "<F5>",
    "<C-r>",
    "<C-l>",
    "<C-u>",
    "<C-q>",
    "<C-p>",
];
const PASTES: [&str; 6] = [
    "Adm No\tMark\n20240003\t50\n20240003\t51\n99\t20\n",
    "Marks\n52\n47",
    "52\n47\n\n61",
    "20240003\t50\n20240004\tab",
    "x\u{1b}[2J\n",
    "",
];
const SIZES: [(u16, u16); 6] = [(80, 24), (60, 20), (20, 5), (1, 1), (200, 60), (79, 21)];

/// Numbers that look random and are the same on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// A played outbox: the edits that are neither stored nor dropped, the oldest first.
#[derive(Default)]
struct Played {
    waiting: BTreeMap<EditId, NewEdit>,
    last: i64,
}

impl Played {
    /// Writes what was given to it to the journal.
    fn keep(&mut self, desk: &mut Desk) {
        while !desk.saves.is_empty() {
            let (edit, new) = desk.queue();
            if let Some(replaced) = new.replaces
                && self.waiting.remove(&replaced).is_some()
            {
                let (sheet, student) = (new.sheet, new.student);
                desk.event(OutboxEvent::Dropped {
                    edit: replaced,
                    sheet,
                    student,
                });
            }
            self.waiting.insert(edit, new);
        }
    }

    /// News of some edit, as dice fall.
    fn news(&mut self, desk: &mut Desk, dice: &mut Dice) {
        self.keep(desk);
        if self.waiting.is_empty() {
            return;
        }
        let at = dice.below(self.waiting.len());
        let (&edit, new) = self.waiting.iter().nth(at).expect("one of them");
        let (sheet, student, entry) = (new.sheet, new.student, new.entry.clone());
        let new = new.clone();
        match dice.below(6) {
            0 => desk.event(OutboxEvent::Sending {
                edit,
                sheet,
                student,
            }),
            1 => desk.event(OutboxEvent::Waiting {
                edit,
                sheet,
                student,
            }),
            2 => desk.event(OutboxEvent::Refused {
                edit,
                sheet,
                student,
                entry,
                code: "out-of-range".into(),
                message: "refused by dice".into(),
            }),
            3 => desk.event(OutboxEvent::Conflict {
                edit,
                sheet,
                student,
                entry,
                theirs: Theirs {
                    entry: Entry::Score(Score::whole(41)),
                    version: Version(self.last + 1),
                    by: "M. Hassan".into(),
                    at: NOW,
                },
            }),
            _ => {
                self.last += 10;
                self.waiting.remove(&edit);
                desk.saved(edit, &new, self.last);
            }
        }
    }

    /// Carries out what the app asked for besides calls and saves.
    fn effects(&mut self, desk: &mut Desk) {
        for effect in std::mem::take(&mut desk.others) {
            match effect {
                Effect::Drop(edit) => {
                    if let Some(new) = self.waiting.remove(&edit) {
                        let (sheet, student) = (new.sheet, new.student);
                        desk.event(OutboxEvent::Dropped {
                            edit,
                            sheet,
                            student,
                        });
                    }
                }
                Effect::LogOut => {
                    desk.send(Msg::Resumed(Box::new(fixtures::kamau())));
                    self.load(desk);
                }
                _ => {}
            }
        }
    }

    /// Tells what the journal holds, as after a login.
    fn load(&self, desk: &mut Desk) {
        let all = self.waiting.iter();
        let all = all.map(|(edit, new)| pending(*edit, new, PendingState::Queued));
        desk.event(OutboxEvent::Loaded(all.collect()));
    }
}

fn walk(seed: u64) -> usize {
    let mut dice = Dice(seed);
    let mut desk = Desk::sheet(80, 24);
    let mut played = Played::default();
    let mut trail = Vec::new();
    for _ in 0..600 {
        match dice.below(20) {
            0 => {
                let (columns, rows) = dice.of(&SIZES);
                desk.resize(columns, rows);
            }
            1 => desk.send(Msg::Paste(dice.of(&PASTES).into())),
            2 | 3 => desk.serve(),
            4 => {
                if let Some((ticket, _)) = desk.calls.pop() {
                    let error = ApiError::new(Kind::Busy, "busy", "the server has too much to do");
                    desk.answer(ticket, Err(error));
                }
            }
            5 => {
                let offline = LineState::Offline {
                    since: NOW,
                    retry_at: None,
                };
                let line = if dice.below(2) == 0 {
                    LineState::Online
                } else {
                    offline
                };
                desk.send(Msg::Line(line));
            }
            12 if dice.below(3) == 0 => {
                desk.resize(80, 24);
                go_home(&mut desk);
                desk.keys("g<Enter>");
                desk.serve();
            }
            6 => played.news(&mut desk, &mut dice),
            7..=11 => {
                // What people do most; and from home they open the sheet again.
                let key = dice.of(&["4", "5", "<Enter>", "<Enter>", "a"]);
                trail.push(key);
                desk.keys(key);
            }
            _ => {
                let key = dice.of(&KEYS);
                trail.push(key);
                desk.keys(key);
            }
        }
        played.effects(&mut desk);
        let screen = desk.screen();
        assert!(
            !screen.contains('\u{1b}'),
            "seed {seed}, after {trail:?}\n{screen}"
        );
    }
    shows_what_waits(seed, desk, played)
}

/// Leaves whatever is open.
fn go_home(desk: &mut Desk) {
    while !desk.screen().contains("this is where it begins") {
        let asked = desk.screen().contains("and lose");
        desk.keys(if asked { "y" } else { "<Esc>" });
    }
}

/// At the end every mark that was entered and is not settled stands on its sheet.
fn shows_what_waits(seed: u64, mut desk: Desk, mut played: Played) -> usize {
    desk.resize(200, 60);
    played.keep(&mut desk);
    go_home(&mut desk);
    played.effects(&mut desk);
    desk.keys("<F5>");
    desk.serve();
    desk.keys("g<Enter>");
    desk.serve();
    let mut newest = BTreeMap::new();
    for new in played
        .waiting
        .values()
        .filter(|new| new.sheet == fixtures::GRAMMAR)
    {
        newest.insert(new.student, new.entry.clone());
    }
    let found = newest.len();
    for (student, entry) in newest {
        let line = desk.line_with(&(20_240_000 + student.0).to_string());
        assert!(
            line.contains(&entry.to_string()),
            "seed {seed}: {entry:?} in {line}"
        );
        let waits = ["queued", "sending", "refused", "CONFLICT"];
        assert!(
            waits.iter().any(|state| line.contains(state)),
            "seed {seed}: {line}"
        );
    }
    found
}

/// Where people go, whatever is open.
const PLACES: [&str; 15] = [
    "<Esc>y<Esc><C-p>sessions<Enter>",
    "<Esc>y<Esc><C-p>audit<Enter>",
    "<Esc>y<Esc><C-p>roles<Enter>",
    "v",
    "<Esc>y<Esc><C-p>staff<Enter>",
    "<Esc>y<Esc><C-p>teaching<Enter>",
    "<Esc>y<Esc><C-p>grants<Enter>",
    "<Esc>y<Esc><C-p>requests<Enter>",
    "<Esc>y<Esc><C-p>set-up<Enter>",
    "<Esc>y<Esc><C-p>import-staff<Enter>staff.csv<Enter><Enter>",
    "<Esc>y<Esc><C-p>import-marks<Enter>a.csv<Enter><Enter>END<Enter><Enter>",
    "<Esc>y<Esc><C-p>imports<Enter>",
    "a",
    "e",
    "m",
];

/// The screens of people and rights take whatever comes.
fn walk_among_people(seed: u64) -> usize {
    let mut dice = Dice(seed);
    let mut desk = Desk::home_of(super::people::head());
    let (mut trail, mut calls) = (Vec::new(), 0);
    for _ in 0..600 {
        match dice.below(12) {
            0 => {
                let (columns, rows) = dice.of(&SIZES);
                desk.resize(columns, rows);
            }
            1 => desk.send(Msg::Paste(dice.of(&PASTES).into())),
            2 | 3 => {
                calls += desk.calls.len();
                desk.serve();
            }
            4 => {
                if let Some((ticket, _)) = desk.calls.pop() {
                    let error = ApiError::new(Kind::Busy, "busy", "the server has too much to do");
                    desk.answer(ticket, Err(error));
                }
            }
            5 | 6 => {
                let keys = dice.of(&PLACES);
                trail.push(keys);
                desk.keys(keys);
            }
            _ => {
                let key = dice.of(&KEYS);
                trail.push(key);
                desk.keys(key);
            }
        }
        if desk
            .others
            .iter()
            .any(|effect| matches!(effect, Effect::LogOut))
        {
            desk.send(Msg::Resumed(Box::new(super::people::head())));
        }
        desk.others.clear();
        let screen = desk.screen();
        assert!(
            !screen.contains('\u{1b}'),
            "seed {seed}, after {trail:?}\n{screen}"
        );
    }
    calls
}

#[test]
fn any_keys_among_people_and_rights() {
    let calls: usize = (0..6).map(walk_among_people).sum();
    assert!(calls > 100, "the walks come to screens that ask: {calls}");
}

#[test]
fn any_keys_in_any_order_at_any_size() {
    let found: usize = (0..6).map(walk).sum();
    assert!(found > 20, "the walks leave marks to look for: {found}");
}
