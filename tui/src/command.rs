//! The one table of what can be done: it feeds the keys, the footer, `?`, `:` and
//! `docs/reference/keys.md`.
//!
//! A command has a name, a sentence and a place before it has a key. What a command does stands
//! with its screen; whether it can be done now is asked of the screen, which says why not.

use crate::keymap;
use crate::msg::Key;

/// Where a command can be given. A screen names its scopes, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Anywhere,
    /// Whatever has rows and a cursor.
    Rows,
    /// Whatever has fields to fill in one after the other.
    Fields,
    LogIn,
    Password,
    Sheets,
    Marks,
    /// A mark is being typed.
    MarkEdit,
    /// The cursor is on a mark against which another one stands.
    Conflict,
    /// Pasted or filled marks are shown before they are entered.
    Preview,
    Students,
    Student,
    Classes,
    Outbox,
    /// A search is being typed.
    Search,
    Palette,
    Confirm,
}

impl Scope {
    pub const ALL: [Self; 17] = [
        Self::Marks,
        Self::MarkEdit,
        Self::Conflict,
        Self::Preview,
        Self::Rows,
        Self::Sheets,
        Self::Students,
        Self::Student,
        Self::Classes,
        Self::Outbox,
        Self::Search,
        Self::Palette,
        Self::Confirm,
        Self::LogIn,
        Self::Password,
        Self::Fields,
        Self::Anywhere,
    ];

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Anywhere => "Anywhere",
            Self::Rows => "In every list",
            Self::Fields => "In every form",
            Self::LogIn => "Logging in",
            Self::Password => "Another password",
            Self::Sheets => "My sheets",
            Self::Marks => "A mark sheet",
            Self::MarkEdit => "While a mark is typed",
            Self::Conflict => "On a mark in conflict",
            Self::Preview => "Before pasted or filled marks are entered",
            Self::Students => "Students",
            Self::Student => "A student",
            Self::Classes => "Classes",
            Self::Outbox => "What waits in the outbox",
            Self::Search => "While a search is typed",
            Self::Palette => "The list of commands",
            Self::Confirm => "When asked",
        }
    }
}

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    Help,
    Palette,
    Back,
    Refresh,
    Outbox,
    Retry,
    Redraw,
    MySheets,
    ChangePassword,
    LogOut,
    Quit,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Open,
    NextField,
    PreviousField,
    Submit,
    Students,
    Classes,
    FindStudent,
    MineOrAll,
    Next,
    TypeMark,
    EditMark,
    Absent,
    Exempt,
    Withheld,
    Irregular,
    Clear,
    Undo,
    Redo,
    NextBlank,
    PreviousBlank,
    Find,
    History,
    OpenStudent,
    FillDown,
    SaveMark,
    CancelEdit,
    KeepMine,
    TakeTheirs,
    EnterPreview,
    CancelPreview,
    Search,
    ShowAll,
    Earlier,
    Later,
    DropEdit,
    RunSearch,
    CancelSearch,
    RunCommand,
    Yes,
    No,
}

impl Command {
    /// Whether it opens a place, which it does above any screen, whatever its own scope.
    pub fn is_place(self) -> bool {
        matches!(
            self,
            Self::MySheets | Self::Students | Self::FindStudent | Self::Classes | Self::Outbox
        )
    }
}

/// A row of the table.
#[derive(Debug)]
pub struct Entry {
    pub command: Command,
    pub name: &'static str,
    pub scope: Scope,
    /// The keys, as [`keymap`] names them; the first is the one that hints show.
    pub keys: &'static [&'static str],
    /// For the footer, in as few words as can be; empty where the footer leaves it out.
    pub short: &'static str,
    pub sentence: &'static str,
    /// The same on the command line.
    pub cli: &'static str,
}

const fn row(
    command: Command,
    scope: Scope,
    name: &'static str,
    keys: &'static [&'static str],
    short: &'static str,
    sentence: &'static str,
) -> Entry {
    Entry {
        command,
        name,
        scope,
        keys,
        short,
        sentence,
        cli: "",
    }
}

impl Entry {
    const fn cli(mut self, cli: &'static str) -> Self {
        self.cli = cli;
        self
    }

    /// The key that hints show, or `-`.
    pub fn key(&self) -> &'static str {
        self.keys.first().copied().unwrap_or("-")
    }

    /// Whether a key gives this command.
    pub fn has(&self, key: Key) -> bool {
        let name = keymap::name(key);
        self.keys.iter().any(|known| *known == name)
    }
}

/// The commands in some scopes, in the order of the scopes, then of the table.
pub fn within(scopes: &[Scope]) -> impl Iterator<Item = &'static Entry> {
    scopes
        .iter()
        .flat_map(|scope| TABLE.iter().filter(move |entry| entry.scope == *scope))
}

#[rustfmt::skip]
pub const TABLE: &[Entry] = {
    use Command as C;
    use Scope as S;
    &[
        row(C::TypeMark, S::Marks, "type-mark", &["0-9"], "mark", "Type the mark of the row: 47, 67.5, 17/20 or 85%")
            .cli("marks set"),
        row(C::Next, S::Marks, "next-row", &["Enter"], "", "Move down without changing the mark"),
        row(C::Absent, S::Marks, "mark-absent", &["a"], "absent", "Enter AB: the student was not there").cli("marks set"),
        row(C::Exempt, S::Marks, "mark-exempt", &["e"], "exempt", "Enter EX: the student need not sit this paper").cli("marks set"),
        row(C::Undo, S::Marks, "undo", &["u"], "undo", "Take back your last change here; a fill or a paste is one"),
        row(C::Find, S::Marks, "find-row", &["/"], "find", "Jump to a student by name, admission number or row number"),
        row(C::NextBlank, S::Marks, "next-blank", &["n"], "next blank", "Jump to the next student who has no mark"),
        row(C::History, S::Marks, "mark-history", &["h"], "history", "Show every change of this mark").cli("marks history"),
        row(C::OpenStudent, S::Marks, "student-of-row", &["s"], "student", "Show the student's page").cli("students show"),
        row(C::Clear, S::Marks, "clear-mark", &["Del"], "clear", "Clear the mark; asks when it is saved").cli("marks set"),
        row(C::Redo, S::Marks, "redo", &["Ctrl-R"], "", "Do again what undo took back"),
        row(C::EditMark, S::Marks, "edit-mark", &["F2", "i"], "", "Change the mark that is there, or type a level such as EE1"),
        row(C::FillDown, S::Marks, "fill-down", &["f"], "", "Enter this mark in every blank below it, after a look").cli("marks set"),
        row(C::PreviousBlank, S::Marks, "previous-blank", &["N"], "", "Jump to the previous student who has no mark"),
        row(C::Withheld, S::Marks, "mark-withheld", &["W"], "", "Enter W: the result is withheld").cli("marks set"),
        row(C::Irregular, S::Marks, "mark-irregular", &["Y"], "", "Enter Y: an irregularity was reported").cli("marks set"),
        row(C::SaveMark, S::MarkEdit, "save-mark", &["Enter", "Tab"], "save", "Save the mark and move down; keys that move save too").cli("marks set"),
        row(C::CancelEdit, S::MarkEdit, "cancel-edit", &["Esc"], "cancel", "Leave the mark as it was; u brings the typed back"),
        row(C::KeepMine, S::Conflict, "keep-mine", &["m"], "keep mine", "Write your mark over the one that stands against it").cli("marks set"),
        row(C::TakeTheirs, S::Conflict, "take-theirs", &["t"], "take theirs", "Leave the other mark and drop yours").cli("outbox drop"),
        row(C::EnterPreview, S::Preview, "enter-preview", &["Enter", "y"], "enter them", "Enter the marks that are shown"),
        row(C::CancelPreview, S::Preview, "cancel-preview", &["Esc", "n"], "cancel", "Enter none of them"),
        row(C::Open, S::Sheets, "open-sheet", &["Enter"], "open", "Open the sheet").cli("marks show"),
        row(C::Students, S::Sheets, "students", &["s"], "students", "List the students you may see").cli("students list"),
        row(C::FindStudent, S::Sheets, "find-student", &["/"], "find student", "Find a student by name or admission number").cli("students list --search"),
        row(C::Classes, S::Sheets, "classes", &["c"], "classes", "List the classes you may see").cli("classes list"),
        row(C::MineOrAll, S::Sheets, "mine-or-all", &["m"], "mine/all", "Change between sheets you teach and all you may see").cli("sheets list"),
        row(C::Open, S::Students, "open-student", &["Enter"], "open", "Show the student's page").cli("students show"),
        row(C::Search, S::Students, "search-students", &["/"], "search", "Search by name or admission number").cli("students list --search"),
        row(C::ShowAll, S::Students, "all-students", &["A"], "all/active", "Change between active students and all").cli("students list --all"),
        row(C::Earlier, S::Student, "earlier-assessments", &["Left"], "earlier", "Show earlier assessments"),
        row(C::Later, S::Student, "later-assessments", &["Right"], "later", "Show later assessments"),
        row(C::Open, S::Classes, "open-class", &["Enter"], "students of it", "List the students of the class").cli("students list --class"),
        row(C::Open, S::Outbox, "open-edit", &["Enter"], "open its sheet", "Open the sheet of this mark").cli("marks show"),
        row(C::DropEdit, S::Outbox, "drop-edit", &["Del"], "drop", "Forget this refused or conflicting mark; asks first").cli("outbox drop"),
        row(C::RunSearch, S::Search, "run-search", &["Enter"], "search", "Search for what is typed"),
        row(C::CancelSearch, S::Search, "cancel-search", &["Esc"], "leave", "Leave the search"),
        row(C::RunCommand, S::Palette, "run-command", &["Enter"], "do it", "Do what the cursor is on"),
        row(C::Yes, S::Confirm, "yes", &["y"], "yes", "Do it"),
        row(C::No, S::Confirm, "no", &["n", "Enter", "Esc"], "no", "Leave everything as it is"),
        row(C::Submit, S::LogIn, "submit", &["Enter"], "next, log in", "Go to the next field; on the last one, log in").cli("login"),
        row(C::Submit, S::Password, "submit-password", &["Enter"], "next, change", "Go to the next field; on the last one, change the password").cli("passwd"),
        row(C::NextField, S::Fields, "next-field", &["Tab", "Down"], "", "Go to the next field"),
        row(C::PreviousField, S::Fields, "previous-field", &["BackTab", "Up"], "", "Go to the previous field"),
        row(C::Down, S::Rows, "down", &["Down", "j"], "", "Move down"),
        row(C::Up, S::Rows, "up", &["Up", "k"], "", "Move up"),
        row(C::PageDown, S::Rows, "page-down", &["PgDn"], "", "Move down a page"),
        row(C::PageUp, S::Rows, "page-up", &["PgUp"], "", "Move up a page"),
        row(C::First, S::Rows, "first", &["Home", "g"], "", "Go to the first row"),
        row(C::Last, S::Rows, "last", &["End", "G"], "", "Go to the last row"),
        row(C::Back, S::Anywhere, "back", &["Esc"], "back", "Go back to where you came from"),
        row(C::Help, S::Anywhere, "help", &["?", "F1"], "help", "Show what can be done here"),
        row(C::Palette, S::Anywhere, "commands", &[":", "Ctrl-P"], "commands", "Find any command by a few letters of it"),
        row(C::Quit, S::Anywhere, "quit", &["Ctrl-Q", "Ctrl-C"], "quit", "Leave Hillview; asks when a mark is not sent yet"),
        row(C::Outbox, S::Anywhere, "outbox", &["o"], "", "Show the marks that are queued, refused or in conflict").cli("outbox list"),
        row(C::Retry, S::Anywhere, "retry", &["R"], "", "Try to reach the server now").cli("outbox retry"),
        row(C::Refresh, S::Anywhere, "refresh", &["F5"], "", "Ask the server again for what is shown"),
        row(C::Redraw, S::Anywhere, "redraw", &["Ctrl-L"], "", "Draw the screen anew"),
        row(C::MySheets, S::Anywhere, "my-sheets", &[], "", "Show your sheets; Esc comes back to what is open").cli("sheets list"),
        row(C::ChangePassword, S::Anywhere, "change-password", &[], "", "Change your password").cli("passwd"),
        row(C::LogOut, S::Anywhere, "log-out", &[], "", "End the session; what is queued stays on this machine").cli("logout"),
    ]
};

/// The reference page of keys and commands, as `docs/reference/keys.md` holds it.
pub fn reference() -> String {
    let mut page = String::from(
        "# Keys and commands\n\nMade from the program's own table; a test compares the two.\n\
         While a mark or a search is typed, letters are text and never commands.\n\n\
         `:`, or `Ctrl-P` while something is typed, finds every command. The places among them \
         (`my-sheets`,\n`students`, `find-student`, `classes`, `outbox`) open from every screen; \
         `Esc` comes back.\n",
    );
    for scope in Scope::ALL {
        page += &format!("\n## {}\n\n", scope.title());
        page += "| key | command | what it does | on the command line |\n|---|---|---|---|\n";
        for entry in within(&[scope]) {
            let keys: Vec<String> = entry.keys.iter().map(|key| format!("`{key}`")).collect();
            let cli = match entry.cli {
                "" => String::new(),
                cli => format!("`hillview {cli}`"),
            };
            page += &format!(
                "| {} | `{}` | {} | {cli} |\n",
                keys.join(" "),
                entry.name,
                entry.sentence
            );
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_scope() {
        for scope in Scope::ALL {
            let mut keys: Vec<&str> = within(&[scope])
                .flat_map(|entry| entry.keys)
                .copied()
                .collect();
            let count = keys.len();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), count, "{scope:?}");
        }
    }

    #[test]
    fn names_are_unique_and_sentences_have_no_full_stop() {
        let mut names: Vec<&str> = TABLE.iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
        for entry in TABLE {
            assert!(!entry.sentence.ends_with('.'), "{}", entry.name);
            // What help shows at 80 columns beside the keys.
            assert!(entry.sentence.len() <= 62, "{}", entry.name);
            assert!(Scope::ALL.contains(&entry.scope), "{}", entry.name);
        }
    }
}
