//! The one table of what can be done: it feeds the keys, the footer, `?`, `:` and
//! `docs/reference/keys.md`.
//!
//! A command has a name, a sentence and a place before it has a key. What a command does stands
//! with its screen; whether it can be done now is asked of the screen, which says why not.

mod table;

use hillview_shared::accounts::Permission;

use crate::keymap;
use crate::msg::Key;

pub use table::TABLE;

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
    Staff,
    Teaching,
    /// What many assignments would do is shown before they are made.
    Assigned,
    Grants,
    Requests,
    Sessions,
    Audit,
    Roles,
    Schools,
    /// What an import would do, or did.
    Import,
    Imports,
    /// Something that is shown once.
    Once,
    Form,
    /// A search is being typed.
    Search,
    Palette,
    Confirm,
}

impl Scope {
    pub const ALL: [Self; 30] = [
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
        Self::Staff,
        Self::Teaching,
        Self::Assigned,
        Self::Grants,
        Self::Requests,
        Self::Sessions,
        Self::Audit,
        Self::Roles,
        Self::Schools,
        Self::Import,
        Self::Imports,
        Self::Once,
        Self::Search,
        Self::Palette,
        Self::Confirm,
        Self::LogIn,
        Self::Password,
        Self::Form,
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
            Self::Staff => "Staff",
            Self::Teaching => "Who teaches what",
            Self::Assigned => "Before many assignments are made",
            Self::Grants => "Grants",
            Self::Requests => "Requests for permissions",
            Self::Sessions => "Sessions",
            Self::Audit => "The audit log",
            Self::Roles => "Roles",
            Self::Schools => "Schools of the installation",
            Self::Import => "Before a file is imported, and after",
            Self::Imports => "Imports that were made",
            Self::Once => "What is shown once",
            Self::Form => "Filling in a form",
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
    Staff,
    Teaching,
    Grants,
    Requests,
    Sessions,
    Audit,
    Roles,
    Schools,
    SetUpFactor,
    DropFactor,
    Add,
    Edit,
    Disable,
    ResetPassword,
    ResetFactor,
    TeachingOf,
    GrantsOf,
    AssignMany,
    End,
    Tick,
    TickAll,
    Preview,
    Replace,
    Apply,
    Give,
    AskFor,
    Extend,
    Revoke,
    Soon,
    Approve,
    Deny,
    Withdraw,
    Verify,
    Rename,
    Suspend,
    Export,
    Remove,
    WrittenDown,
    ImportStudents,
    ImportStaff,
    ImportMarks,
    Imports,
    SaveRefused,
    Columns,
}

impl Command {
    /// Whether it opens a place, which it does above any screen, whatever its own scope.
    pub fn is_place(self) -> bool {
        self.is_of_a_school()
            || matches!(
                self,
                Self::Staff | Self::Roles | Self::Sessions | Self::Audit | Self::Schools
            )
    }

    /// Whether it only moves over rows.
    pub fn is_movement(self) -> bool {
        matches!(
            self,
            Self::Up
                | Self::Down
                | Self::PageUp
                | Self::PageDown
                | Self::First
                | Self::Last
                | Self::Next
        )
    }

    /// Whether it only moves between fields.
    pub fn is_of_a_field(self) -> bool {
        matches!(self, Self::NextField | Self::PreviousField)
    }

    /// Whether it opens a place that only a school has.
    pub fn is_of_a_school(self) -> bool {
        matches!(
            self,
            Self::MySheets
                | Self::Students
                | Self::FindStudent
                | Self::Classes
                | Self::Outbox
                | Self::Teaching
                | Self::Grants
                | Self::Requests
                | Self::ImportStudents
                | Self::ImportStaff
                | Self::ImportMarks
                | Self::Imports
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
    /// Whoever has none of these permissions on the school cannot; anybody can where it is empty.
    pub needs: &'static [Permission],
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
        needs: &[],
    }
}

impl Entry {
    const fn cli(mut self, cli: &'static str) -> Self {
        self.cli = cli;
        self
    }

    const fn needs(mut self, permissions: &'static [Permission]) -> Self {
        self.needs = permissions;
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

/// The reference page of keys and commands, as `docs/reference/keys.md` holds it.
pub fn reference() -> String {
    let mut page = String::from(
        "# Keys and commands\n\nMade from the program's own table; a test compares the two.\n\
         While a mark or a search is typed, letters are text and never commands.\n\n\
         `:`, or `Ctrl-P` while something is typed, finds every command. The places among them \
         open from every screen;\n`Esc` comes back. They are:\n",
    );
    let places = TABLE.iter().filter(|entry| entry.command.is_place());
    let places: Vec<String> = places.map(|entry| format!("`{}`", entry.name)).collect();
    page += &format!("{}.\n", places.join(", "));
    for scope in Scope::ALL {
        page += &format!("\n## {}\n\n", scope.title());
        page += "| key | command | what it does | needs | on the command line |\n|---|---|---|---|---|\n";
        for entry in within(&[scope]) {
            let keys: Vec<String> = entry.keys.iter().map(|key| format!("`{key}`")).collect();
            let cli = match entry.cli {
                "" => String::new(),
                cli => format!("`hillview {cli}`"),
            };
            let needs: Vec<String> = entry.needs.iter().map(|one| format!("`{one}`")).collect();
            page += &format!(
                "| {} | `{}` | {} | {} | {cli} |\n",
                keys.join(" "),
                entry.name,
                entry.sentence,
                needs.join(" or "),
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
