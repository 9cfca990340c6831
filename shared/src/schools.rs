//! Schools as a platform administrator sees them: what they are called and whether they are open,
//! nothing of what is in them.

use serde::{Deserialize, Serialize};

use crate::ids::Moment;

/// A school of this installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::FromRow))]
pub struct SchoolEntry {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// `making`, `open`, `suspended` or `removing`.
    pub state: String,
    /// When it was made.
    pub created: Moment,
}

/// Which schools to list, by code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListSchools {
    /// Where the page before ended.
    #[serde(default)]
    pub after: Option<String>,
    /// Rows of a page: 1 to 200, 50 when 0.
    #[serde(default)]
    pub limit: u16,
}

/// Makes a school with its first login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddSchool {
    /// Its code: 2 to 20 of `a-z 0-9 -`.
    pub code: String,
    /// Its name: 1 to 120 characters.
    pub name: String,
    /// The country pack to begin with, such as `ke-cbe`.
    pub pack: String,
    /// The name of the first login, which sets the school up.
    pub admin: String,
}

/// The answer to [`AddSchool`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolAdded {
    /// The school.
    pub school: SchoolEntry,
    /// The first login's password, which must be changed. Shown once, never readable again.
    pub one_time_password: String,
}

impl std::fmt::Debug for SchoolAdded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SchoolAdded")
            .field("school", &self.school)
            .finish_non_exhaustive()
    }
}

/// Lets nobody into a school any more, or opens it again. Its data stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspendSchool {
    /// Its code.
    pub code: String,
    /// Opens it again.
    #[serde(default)]
    pub undo: bool,
}

/// Gives a school another name; its code stays, since people log in with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameSchool {
    /// Its code.
    pub code: String,
    /// The new name: 1 to 120 characters.
    pub name: String,
}

/// Writes all that a school has into a file beside the server's data, for whoever runs the server
/// to hand over. The caller sees none of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportSchool {
    /// Its code.
    pub code: String,
}

/// The answer to [`ExportSchool`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolExported {
    /// The file's name, in the folder `exports` of the server's data.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// How many rows it holds.
    pub rows: u64,
}

/// Removes a suspended school with all that it has, for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveSchool {
    /// Its code.
    pub code: String,
    /// Its name, typed to show that it is meant.
    pub confirm: String,
}
