//! Calls of whoever looks after the schools.

use hillview_shared::api::HillviewRequest as Call;
use hillview_shared::schools::{
    AddSchool, ExportSchool, ListSchools, RemoveSchool, RenameSchool, SuspendSchool,
};

use super::{About, text};

pub fn schools(about: &About) -> Vec<Call> {
    vec![
        Call::ListSchools {
            request: ListSchools {
                after: Some(text("a")),
                limit: 20,
            },
        },
        Call::AddSchool {
            request: AddSchool {
                code: text("mlimani"),
                name: text("Mlimani Primary"),
                pack: text("ke-cbe"),
                admin: text("admin"),
            },
        },
        Call::SuspendSchool {
            request: SuspendSchool {
                code: text("nowhere"),
                undo: false,
            },
        },
        Call::RenameSchool {
            request: RenameSchool {
                code: text(&about.school.code),
                name: text("Kilimani Academy"),
            },
        },
        Call::ExportSchool {
            request: ExportSchool {
                code: text("nowhere"),
            },
        },
        Call::RemoveSchool {
            request: RemoveSchool {
                code: text("nowhere"),
                confirm: text("nowhere"),
            },
        },
    ]
}
