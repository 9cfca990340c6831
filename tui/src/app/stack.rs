//! Opening and leaving screens, and the commands that belong to no screen.

use hillview_shared::accounts::{PLATFORM, Permission, Role, RoleCode, SecondFactor, Who};
use hillview_shared::imports::ImportKind;

use super::{App, Confirmation, Open, Wish};
use crate::app::context::Typed;
use crate::command::{self, Command, Entry, Scope};
use crate::msg::{Effect, LineState};
use crate::screens::Screen;
use crate::screens::audit::AuditLog;
use crate::screens::classes::ClassList;
use crate::screens::confirm::Confirm;
use crate::screens::grants::{self, GrantList};
use crate::screens::help::Help;
use crate::screens::history::History;
use crate::screens::imports::{Import, ImportList};
use crate::screens::login::LogIn;
use crate::screens::marks::Marks;
use crate::screens::outbox::Outbox;
use crate::screens::palette::{Choice, Palette};
use crate::screens::password::Password;
use crate::screens::requests::RequestList;
use crate::screens::roles::RoleList;
use crate::screens::schools::SchoolList;
use crate::screens::second_factor::{DropFactor, SetUpFactor};
use crate::screens::sessions::SessionList;
use crate::screens::sheets::Sheets;
use crate::screens::staff::StaffList;
use crate::screens::student::StudentPage;
use crate::screens::students::Students;
use crate::screens::teaching::TeachingList;
use crate::shapes::form::Form;
use crate::shapes::list::List;
use crate::widgets::text;

/// What must be done before anything else.
fn bar(who: &Who) -> Option<Command> {
    if who.must_change_password {
        return Some(Command::ChangePassword);
    }
    (who.second_factor == SecondFactor::Missing).then_some(Command::SetUpFactor)
}

fn bar_screen(command: Command, typed: Option<Typed>) -> Box<dyn Screen> {
    match command {
        Command::ChangePassword => Box::new(Password::first(typed)),
        _ => Box::new(SetUpFactor::first(typed)),
    }
}

impl App {
    /// Does a command, or says why it cannot be done.
    pub(super) fn run(&mut self, command: Command) {
        let lacks_a_right = self.missing(command).is_some();
        if lacks_a_right || matches!(command, Command::Refresh | Command::Palette) {
            self.ask_rights();
        }
        if let Some(why) = self.why_not(command) {
            return self.context.refuse(why);
        }
        let context = &mut self.context;
        match command {
            Command::Help => context.open(Open::Help),
            Command::Palette => context.open(Open::Palette),
            Command::Outbox => context.open(Open::Outbox),
            Command::MySheets => context.open(Open::Sheets),
            Command::Classes => context.open(Open::Classes),
            Command::Students | Command::FindStudent => context.open(Open::Students {
                class: None,
                searching: command == Command::FindStudent,
            }),
            Command::Staff => context.open(Open::Staff),
            Command::Teaching => context.open(Open::Teaching {
                staff: None,
                class: None,
            }),
            Command::Grants => context.open(Open::Grants(None)),
            Command::Requests => context.open(Open::Requests),
            Command::Sessions => context.open(Open::Sessions),
            Command::Audit => context.open(Open::Audit),
            Command::Roles => context.open(Open::Roles),
            Command::Schools => context.open(Open::Schools),
            Command::ImportStudents => context.open(Open::Import(ImportKind::Students)),
            Command::ImportStaff => context.open(Open::Import(ImportKind::Staff)),
            Command::ImportMarks => context.open(Open::Import(ImportKind::Marks)),
            Command::Imports => context.open(Open::Imports),
            Command::SetUpFactor => context.open(Open::SetUpFactor),
            Command::DropFactor => context.open(Open::DropFactor),
            Command::ChangePassword => context.open(Open::ChangePassword),
            Command::Retry => context.effect(Effect::Retry),
            Command::Redraw => context.effect(Effect::Redraw),
            Command::LogOut => self.ask_to_log_out(),
            Command::Quit => self.quit(),
            Command::Back => self.back(),
            Command::Refresh => {
                if let Some(top) = self.stack.last_mut() {
                    top.start(context);
                }
            }
            other => {
                if let Some(top) = self.stack.last_mut() {
                    top.command(other, context);
                }
            }
        }
    }

    /// Does what the screens wished. Where an answer made a screen wish it, that screen may have
    /// others above it by now: what it closes and shows is at its own place, not at the top.
    pub(super) fn grant(&mut self, mut asker: Option<usize>) {
        while !self.context.wishes.is_empty() {
            for wish in std::mem::take(&mut self.context.wishes) {
                match wish {
                    Wish::Open(open) => self.open(open),
                    Wish::Close => asker = self.close_at(asker),
                    Wish::CloseAndRefresh => {
                        asker = self.close_at(asker);
                        let below = match asker {
                            Some(below) => self.stack.get_mut(below),
                            None => self.stack.last_mut(),
                        };
                        if let Some(below) = below {
                            below.start(&mut self.context);
                        }
                    }
                    Wish::CloseAndRun(command) => {
                        self.close();
                        self.run(command);
                    }
                    Wish::CloseAndConfirm(what) => {
                        self.close();
                        self.confirmed(what);
                    }
                    Wish::Show(screen) => self.show_above(asker, screen),
                    Wish::Entered { who, typed, closes } => {
                        if closes {
                            self.take_out(asker);
                        }
                        asker = None;
                        self.entered(*who, typed);
                    }
                }
            }
            asker = None;
        }
    }

    /// Takes a screen out of the stack, the top without a place, and the question about it that
    /// may stand above.
    fn take_out(&mut self, at: Option<usize>) -> Option<Box<dyn Screen>> {
        let at = at.unwrap_or(self.stack.len().checked_sub(1)?);
        let above = self.stack.get(at + 1);
        if above.is_some_and(|above| above.is_about_the_one_below()) {
            self.stack.remove(at + 1);
        }
        (at < self.stack.len()).then(|| self.stack.remove(at))
    }

    /// Closes a screen, and gives the place of the one below it.
    fn close_at(&mut self, at: Option<usize>) -> Option<usize> {
        let taken = self.take_out(at);
        if self.stack.is_empty() {
            self.begin(None);
            return None;
        }
        if taken.is_some_and(|taken| taken.bars().is_some()) {
            self.ask_again();
        }
        at.and_then(|at| at.checked_sub(1))
    }

    fn show_above(&mut self, at: Option<usize>, mut screen: Box<dyn Screen>) {
        screen.start(&mut self.context);
        match at.filter(|at| at + 1 < self.stack.len()) {
            Some(at) => self.stack.insert(at + 1, screen),
            None => self.stack.push(screen),
        }
    }

    /// Shows the login over whatever is open, which keeps all that was typed.
    pub(super) fn ask_login(&mut self, why: Option<&str>) {
        if !self.stack.iter().any(|screen| screen.is_login()) {
            let login = LogIn::new(&self.school, &self.user, why);
            self.stack.push(Box::new(login));
        }
    }

    pub(super) fn session_ended(&mut self) {
        let why = self
            .context
            .who
            .is_some()
            .then_some("your session has ended: log in again, nothing that you typed is lost");
        self.ask_login(why);
    }

    /// Somebody is logged in. Another person than before never sees what was open.
    pub(super) fn entered(&mut self, who: Who, typed: Option<Typed>) {
        let known = self.context.who.as_ref();
        let same = known
            .is_some_and(|known| (known.user, &known.school.code) == (who.user, &who.school.code));
        self.school.clone_from(&who.school.code);
        self.user.clone_from(&who.username);
        let barred = bar(&who);
        self.context.who = Some(who);
        if self.context.line == LineState::SessionEnded {
            self.context.line = LineState::Online;
        }
        self.stack.retain(|screen| !screen.is_login());
        if !same {
            self.stack.clear();
            self.context.pending.clear();
        }
        // A bar of before that is no more, or that begins anew with the password just typed.
        let stays = typed.is_none().then_some(barred).flatten();
        self.stack
            .retain(|screen| screen.bars().is_none() || screen.bars() == stays);
        let has_it = self.stack.iter().any(|screen| screen.bars().is_some());
        match barred {
            _ if self.stack.is_empty() => self.begin(typed),
            Some(command) if !has_it => self.show(bar_screen(command, typed)),
            Some(_) => {}
            None => self.ask_again(),
        }
    }

    /// Opens what comes first: what must be done before anything else, or else home, which is
    /// what is useful to whoever it is.
    fn begin(&mut self, typed: Option<Typed>) {
        let Some(who) = &self.context.who else {
            return self.ask_login(None);
        };
        let teaches = |role: &RoleCode| {
            [Role::Teacher, Role::HeadTeacher, Role::DeputyHead]
                .iter()
                .any(|one| *role == *one)
        };
        let has_sheets = who.roles.iter().any(teaches) || who.may(Permission::MarksRead);
        if let Some(command) = bar(who) {
            self.show(bar_screen(command, typed));
        } else if who.may(Permission::SchoolsManage) {
            self.open(Open::Schools);
        } else if has_sheets {
            self.open(Open::Sheets);
        } else if who.may(Permission::StaffManage) {
            self.open(Open::Staff);
        } else if who.may(Permission::StudentsWrite) {
            let (class, searching) = (None, false);
            self.open(Open::Students { class, searching });
        } else {
            self.open(Open::Sheets);
        }
    }

    /// Why a command cannot be done on the top screen now.
    pub(super) fn why_not(&self, command: Command) -> Option<String> {
        let who = self.context.who.as_ref();
        let logged_in = who.is_some() && !self.stack.iter().any(|screen| screen.is_login());
        let top = self.stack.last()?;
        let place = command.is_place();
        let of_the_session = matches!(
            command,
            Command::ChangePassword | Command::LogOut | Command::SetUpFactor | Command::DropFactor
        );
        if (place || of_the_session) && !logged_in {
            return Some("log in first".to_owned());
        }
        let of_second_factor = matches!(command, Command::SetUpFactor | Command::DropFactor);
        if let Some(who) = who.filter(|_| place || of_second_factor) {
            if who.must_change_password {
                return Some("choose a password of your own first".to_owned());
            }
            if place && who.second_factor == SecondFactor::Missing {
                return Some("set up your second factor first".to_owned());
            }
            if command.is_of_a_school() && who.school.code == PLATFORM {
                return Some("there is no school here, only the list of schools".to_owned());
            }
        }
        if let Some(missing) = self.missing(command) {
            return Some(missing);
        }
        match command {
            Command::SetUpFactor if who?.second_factor == SecondFactor::On => {
                Some("it is set up already; drop it first".to_owned())
            }
            Command::DropFactor if who?.second_factor != SecondFactor::On => {
                Some("there is none to drop".to_owned())
            }
            Command::Back if self.is_at_the_beginning() && !top.is_waiting() => {
                Some("this is where it begins; Ctrl-Q leaves Hillview".to_owned())
            }
            Command::Retry if self.context.line == LineState::Online => {
                Some("the server is reached already".to_owned())
            }
            _ => top.why_not(command, &self.context),
        }
    }

    /// Which permission a command needs that the person has not.
    fn missing(&self, command: Command) -> Option<String> {
        let scopes = self.stack.last()?.scopes();
        let of_it = |entry: &&Entry| entry.command == command;
        let entry = command::within(scopes).find(of_it);
        let entry = entry.or_else(|| {
            command::TABLE
                .iter()
                .filter(|_| command.is_place())
                .find(of_it)
        })?;
        let may = |permission: &Permission| self.context.may(*permission);
        if entry.needs.is_empty() || entry.needs.iter().any(may) {
            return None;
        }
        let needs: Vec<&str> = entry.needs.iter().map(|one| one.word()).collect();
        Some(format!("it needs {} on the school", needs.join(" or ")))
    }

    fn open(&mut self, open: Open) {
        let screen: Box<dyn Screen> = match open {
            Open::Sheet { sheet, student } => Box::new(Marks::new(sheet, student)),
            Open::Sheets => Box::new(Sheets::default()),
            Open::Students { class, searching } => {
                let list = List::new(Students::new(class));
                Box::new(if searching { list.filtering() } else { list })
            }
            Open::Student(student) => Box::new(StudentPage::new(student)),
            Open::Classes => Box::new(List::new(ClassList)),
            Open::History {
                sheet,
                student,
                name,
            } => Box::new(History::new(sheet, student, name)),
            Open::Outbox => Box::new(Outbox::default()),
            Open::Staff => Box::new(List::new(StaffList::default())),
            Open::Teaching { staff, class } => Box::new(List::new(TeachingList::new(staff, class))),
            Open::Grants(to) => Box::new(List::new(GrantList::new(to))),
            Open::AskFor => Box::new(grants::ask_form()),
            Open::Requests => Box::new(List::new(RequestList::default())),
            Open::Sessions => Box::new(List::new(SessionList::default())),
            Open::Audit => Box::new(List::new(AuditLog)),
            Open::Roles => Box::new(List::new(RoleList)),
            Open::Schools => Box::new(List::new(SchoolList)),
            Open::Import(kind) => Box::new(Import::new(kind)),
            Open::Imports => Box::new(List::new(ImportList)),
            Open::SetUpFactor => Box::new(SetUpFactor::wanted()),
            Open::DropFactor => Box::new(Form::new(DropFactor)),
            Open::ChangePassword => Box::new(Password::wanted()),
            Open::Confirm { question, what } => Box::new(Confirm::new(question, what)),
            Open::Help => Box::new(self.help()),
            Open::Palette => Box::new(Palette::new(self.choices())),
        };
        self.show(screen);
    }

    fn show(&mut self, screen: Box<dyn Screen>) {
        self.show_above(None, screen);
    }

    fn help(&self) -> Help {
        let Some(top) = self.stack.last() else {
            return Help::new(Vec::new());
        };
        let entries =
            command::within(top.scopes()).map(|entry| (entry, self.why_not(entry.command)));
        Help::new(entries.collect())
    }

    /// Every command there is, with the reason where it cannot be done here.
    fn choices(&self) -> Vec<Choice> {
        let Some(top) = self.stack.last() else {
            return Vec::new();
        };
        let scopes = top.scopes();
        let here = command::within(scopes).map(|entry| Choice {
            entry,
            key: self.key_of(top.as_ref(), entry).unwrap_or("-"),
            why_not: self.why_not(entry.command),
        });
        let elsewhere =
            |entry: &&Entry| !scopes.contains(&entry.scope) && entry.scope != Scope::Confirm;
        let (places, others): (Vec<_>, Vec<_>) = command::TABLE
            .iter()
            .filter(elsewhere)
            .partition(|entry| entry.command.is_place());
        // Its key means something else here, or nothing.
        let places = places.into_iter().map(|entry| Choice {
            entry,
            key: "-",
            why_not: self.why_not(entry.command),
        });
        let others = others.into_iter().map(|entry| Choice {
            entry,
            key: entry.key(),
            why_not: Some(format!("this belongs to: {}", entry.scope.title())),
        });
        here.chain(places).chain(others).collect()
    }

    fn close(&mut self) {
        self.close_at(None);
    }

    fn is_at_the_beginning(&self) -> bool {
        let top = self.stack.last();
        self.stack.len() == 1 || top.is_some_and(|top| top.is_login() || top.bars().is_some())
    }

    fn back(&mut self) {
        let Some(top) = self.stack.last_mut() else {
            return;
        };
        if top.is_waiting() {
            return top.stop_waiting(&mut self.context);
        }
        if let Some(question) = top.leaving() {
            return self.context.ask(question, Confirmation::Leave);
        }
        self.close();
    }

    fn ask_to_log_out(&mut self) {
        let typed = self.stack.iter().find_map(|screen| screen.unsaved());
        let question = match typed {
            Some(typed) => format!("End the session? It loses {typed}."),
            None => "End the session?".to_owned(),
        };
        self.context.ask(question, Confirmation::LogOut);
    }

    fn quit(&mut self) {
        let typed = self.stack.iter().find_map(|screen| screen.unsaved());
        let counts = self.context.counts;
        let (waiting, held) = (counts.waiting, counts.held);
        if typed.is_none() && waiting + held == 0 {
            return self.context.effect(Effect::Quit);
        }
        let mut reasons = Vec::new();
        reasons.extend(typed.map(|typed| format!("{typed} is lost")));
        if waiting > 0 {
            let marks = text::count(waiting, "mark", "marks");
            reasons.push(format!("not sent yet, kept on this machine: {marks}"));
        }
        if held > 0 {
            let marks = text::count(held, "mark", "marks");
            reasons.push(format!("to settle, kept on this machine: {marks}"));
        }
        let question = format!("Leave Hillview? {}.", reasons.join("; "));
        self.context.ask(question, Confirmation::Quit);
    }

    fn confirmed(&mut self, what: Confirmation) {
        match what {
            Confirmation::Quit => self.context.effect(Effect::Quit),
            Confirmation::Leave => self.close(),
            Confirmation::LogOut => {
                self.context.effect(Effect::LogOut);
                self.context.who = None;
                self.context.pending.clear();
                self.context.counts = crate::msg::OutboxCounts::default();
                self.stack.clear();
                self.ask_login(None);
            }
            other => {
                if let Some(top) = self.stack.last_mut() {
                    top.confirmed(other, &mut self.context);
                }
            }
        }
    }
}
