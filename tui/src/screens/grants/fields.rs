//! What every form about a permission asks for: which, where, for how long, why.

use hillview_shared::accounts::Permission;
use hillview_shared::grants::{GRANT_DAYS, Scope, ScopeKind};

use crate::shapes::form::Wrong;
use crate::widgets::inputs::{Input, Inputs};

pub const PERMISSION: usize = 0;
pub const WHERE: usize = 1;
const NAME: usize = 2;
const SUBJECT: usize = 3;
pub const DAYS: usize = 4;
pub const REASON: usize = 5;

/// A week, as most are given for.
const USUAL: usize = 2;

pub fn days() -> Input {
    let days = GRANT_DAYS.map(|days| match days {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    });
    let options: Vec<String> = days.into_iter().chain(["no end".to_owned()]).collect();
    Input::choice(&options, USUAL)
}

/// The days that are chosen; `None` for no end.
pub fn chosen_days(inputs: &Inputs, at: usize) -> Option<u16> {
    GRANT_DAYS.get(inputs.chosen(at)).copied()
}

pub fn inputs() -> Inputs {
    Inputs::new([
        ("Permission", Input::choice(Permission::OF_A_SCHOOL, 0)),
        ("On", Input::choice(ScopeKind::ALL, 0)),
        ("Which (level, grade or class)", Input::text("", 60)),
        ("Subject", Input::text("", 60)),
        ("For", days()),
        ("Reason", Input::text("", 200)),
    ])
}

/// Asks for a part of the school only where the permission can be on one.
pub fn changed(inputs: &mut Inputs) {
    let on_a_part = permission(inputs).on_a_part();
    let kind = kind(inputs);
    inputs.show(WHERE, on_a_part);
    inputs.show(NAME, kind != ScopeKind::School);
    inputs.show(SUBJECT, kind == ScopeKind::Subject);
}

pub fn permission(inputs: &Inputs) -> Permission {
    Permission::OF_A_SCHOOL[inputs.chosen(PERMISSION)]
}

fn kind(inputs: &Inputs) -> ScopeKind {
    match permission(inputs).on_a_part() {
        true => ScopeKind::ALL[inputs.chosen(WHERE)],
        false => ScopeKind::School,
    }
}

pub fn scope(inputs: &Inputs) -> Result<Scope, Wrong> {
    let kind = kind(inputs);
    let (name, subject) = (inputs.given(NAME), inputs.given(SUBJECT));
    if kind != ScopeKind::School && name.is_none() {
        return Err(Wrong::new(NAME, format!("which {kind}? It is missing")));
    }
    if kind == ScopeKind::Subject && subject.is_none() {
        return Err(Wrong::new(SUBJECT, "the subject is missing"));
    }
    Ok(Scope {
        kind,
        name,
        subject,
    })
}
