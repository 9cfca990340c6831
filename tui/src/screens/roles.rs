//! Roles: what each may do in the school, and whether its logins need a second factor.

use hillview_shared::accounts::{Permission, RoleCode};
use hillview_shared::api::{HillviewRequest, Reply};
use hillview_shared::ids::Version;
use hillview_shared::roles::{DropRole, RoleDetail, SaveRole};
use hillview_shared::students::Page;

use crate::app::context::Context;
use crate::command::{Command, Scope};
use crate::shapes::facts::Facts;
use crate::shapes::form::{Done, Filling, Form, Wrong, needed};
use crate::shapes::list::{Answer, Listing};
use crate::theme::Tone;
use crate::widgets::columns::Column;
use crate::widgets::inputs::{Input, Inputs};

const PLACE: &str = "Roles";

#[derive(Debug, Default)]
pub struct RoleList;

fn words(permissions: &[Permission]) -> String {
    let words: Vec<&str> = permissions.iter().map(|one| one.word()).collect();
    words.join(", ")
}

fn facts(role: &RoleDetail) -> Facts {
    let may = match role.permissions.is_empty() {
        true => "nothing on the whole school: what is taught and granted decides".to_owned(),
        false => words(&role.permissions),
    };
    let factor = if role.second_factor {
        "needed"
    } else {
        "not needed"
    };
    let kind = if role.built_in {
        "every school has it"
    } else {
        "this school's own"
    };
    Facts::new(
        PLACE,
        role.code.to_string(),
        [
            ("Logins", role.logins.to_string()),
            ("Second factor", factor.to_owned()),
            ("Kind", kind.to_owned()),
            ("May", may),
        ],
    )
}

impl Listing for RoleList {
    type Row = RoleDetail;
    const COLUMNS: &'static [Column] = &[
        Column::new("Role", 17),
        Column::new("Logins", 8),
        Column::new("Second factor", 15),
        Column::new("May", 10).grows(),
    ];
    const NOUNS: (&'static str, &'static str) = ("role", "roles");

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Roles, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn request(
        &self,
        _filters: &Inputs,
        _page: (Option<String>, u16),
        _context: &Context,
    ) -> HillviewRequest {
        HillviewRequest::ListRoles {}
    }

    fn page(&mut self, answer: Answer) -> Reply<Page<RoleDetail>> {
        let rows = crate::reply!(answer, ListRoles)?;
        Ok(Page { rows, next: None })
    }

    fn cells(&self, role: &RoleDetail, _context: &Context) -> (Tone, Vec<String>) {
        let cells = vec![
            role.code.to_string(),
            role.logins.to_string(),
            if role.second_factor { "needed" } else { "-" }.to_owned(),
            words(&role.permissions),
        ];
        (Tone::Plain, cells)
    }

    fn none(&self, _filters: &Inputs) -> String {
        "There is no role.".to_owned()
    }

    fn why_not(
        &self,
        command: Command,
        role: Option<&RoleDetail>,
        _context: &Context,
    ) -> Option<String> {
        match (command, role) {
            (Command::Roles, _) => Some("they are on the screen".to_owned()),
            (Command::Edit | Command::Remove, None) => Some("there is no role here".to_owned()),
            (Command::Remove, Some(role)) if role.built_in => {
                Some(format!("every school has {}", role.code))
            }
            (Command::Remove, Some(role)) if role.logins > 0 => {
                Some(format!("logins that have it: {}", role.logins))
            }
            _ => None,
        }
    }

    fn command(
        &mut self,
        command: Command,
        role: Option<&RoleDetail>,
        context: &mut Context,
    ) -> bool {
        match (command, role) {
            (Command::Open, Some(role)) => context.show(facts(role)),
            (Command::Add, _) => context.show(Form::new(RoleForm { role: None })),
            (Command::Edit, Some(role)) => {
                let role = Some(role.clone());
                context.show(Form::new(RoleForm { role }));
            }
            (Command::Remove, Some(role)) => {
                let request = DropRole {
                    code: role.code.clone(),
                };
                let question = format!("Drop the role {}?", role.code);
                context.ask_to_call(question, HillviewRequest::DropRole { request });
            }
            _ => {}
        }
        false
    }

    fn acted(&mut self, answer: Answer, _context: &mut Context) -> Reply<String> {
        crate::reply!(answer, DropRole)?;
        Ok("the role is dropped".to_owned())
    }
}

/// A new role, or what one may do.
#[derive(Debug)]
struct RoleForm {
    role: Option<RoleDetail>,
}

impl RoleForm {
    /// What it can contain: what there is in a school, and what it has.
    fn permissions(&self) -> Vec<Permission> {
        let has = |one: &Permission| {
            let role = self.role.as_ref();
            role.is_some_and(|role| role.permissions.contains(one))
        };
        let all = Permission::ALL.iter().copied();
        all.filter(|one| Permission::OF_A_SCHOOL.contains(one) || has(one))
            .collect()
    }
}

const CODE: usize = 0;
const FACTOR: usize = 1;
const MAY: usize = 2;

impl Filling for RoleForm {
    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn title(&self) -> String {
        match &self.role {
            None => "Add a role. Space ticks what it may do on the whole school.".to_owned(),
            Some(role) => format!(
                "What {} may do on the whole school. Logins that have it: {}.",
                role.code, role.logins
            ),
        }
    }

    fn inputs(&self) -> Inputs {
        let role = self.role.as_ref();
        let needed = usize::from(role.is_some_and(|role| role.second_factor));
        let has = |one: &Permission| role.is_some_and(|role| role.permissions.contains(one));
        let mut inputs = Inputs::new([
            ("Code", Input::text("", 40)),
            (
                "Second factor",
                Input::choice(&["not needed", "needed"], needed),
            ),
            ("May", Input::ticks(&self.permissions(), has)),
        ]);
        if role.is_some() {
            inputs.show(CODE, false);
            inputs.focus = FACTOR;
        }
        inputs
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let (code, v) = match &self.role {
            Some(role) => (role.code.clone(), role.v),
            None => (RoleCode(needed(inputs, CODE, "code")?), Version(0)),
        };
        let all = self.permissions();
        let request = SaveRole {
            code,
            permissions: inputs.ticked(MAY).into_iter().map(|at| all[at]).collect(),
            second_factor: inputs.chosen(FACTOR) == 1,
            v,
        };
        Ok(HillviewRequest::SaveRole { request })
    }

    fn question(&self, _inputs: &Inputs) -> Option<String> {
        let role = self.role.as_ref()?;
        Some(format!(
            "Change what {} may do? Logins that have it: {}.",
            role.code, role.logins
        ))
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let role = crate::reply!(answer, SaveRole)?;
        Ok(Done::say(format!("the role {} is saved", role.code)))
    }
}
