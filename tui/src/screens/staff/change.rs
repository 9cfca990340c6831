//! Adding a member of staff, changing one, and disabling one.

use hillview_shared::accounts::{Role, RoleCode};
use hillview_shared::api::{HillviewRequest, Reply};
use hillview_shared::staff::{AddStaff, DisableStaff, EditStaff, Staff, StaffState};

use super::{PLACE, handed_over, key};
use crate::app::context::Context;
use crate::shapes::form::{Done, Filling, Wrong, needed};
use crate::shapes::list::Answer;
use crate::widgets::inputs::{Input, Inputs};

const NAME: usize = 0;
const NUMBER: usize = 1;
const ADD_LOGIN: usize = 2;
const ADD_ROLES: usize = 3;
const EDIT_ROLES: usize = 2;

/// The roles of the school, one of which is ticked for most people.
fn load_roles(answer: Answer, ticked: impl Fn(&RoleCode) -> bool) -> Reply<(Vec<RoleCode>, Input)> {
    let roles = crate::reply!(answer, ListRoles)?;
    let roles: Vec<RoleCode> = roles.into_iter().map(|role| role.code).collect();
    let input = Input::ticks(&roles, ticked);
    Ok((roles, input))
}

fn ticked_roles(inputs: &Inputs, at: usize, roles: &[RoleCode]) -> Vec<RoleCode> {
    let ticked = inputs.ticked(at);
    let ticked = ticked.into_iter().filter_map(|role| roles.get(role));
    ticked.cloned().collect()
}

#[derive(Debug, Default)]
pub struct AddForm {
    roles: Vec<RoleCode>,
}

impl Filling for AddForm {
    fn place(&self) -> String {
        "Add staff".to_owned()
    }

    fn title(&self) -> String {
        "Add a member of staff with a login. Space ticks a role.".to_owned()
    }

    fn inputs(&self) -> Inputs {
        let none: [RoleCode; 0] = [];
        Inputs::new([
            ("Full name", Input::text("", 120)),
            ("Staff number", Input::text("", 30)),
            ("Login", Input::text("", 40)),
            ("Roles", Input::ticks(&none, |_| false)),
        ])
    }

    fn wants(&self) -> Vec<HillviewRequest> {
        vec![HillviewRequest::ListRoles {}]
    }

    fn loaded(&mut self, answer: Answer, inputs: &mut Inputs) -> Reply<()> {
        let (roles, input) = load_roles(answer, |role| *role == Role::Teacher)?;
        inputs.set(ADD_ROLES, input);
        self.roles = roles;
        Ok(())
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let request = AddStaff {
            name: needed(inputs, NAME, "name")?,
            staff_no: needed(inputs, NUMBER, "staff number")?,
            username: needed(inputs, ADD_LOGIN, "login")?,
            roles: ticked_roles(inputs, ADD_ROLES, &self.roles),
        };
        if request.roles.is_empty() {
            return Err(Wrong::new(ADD_ROLES, "a login needs a role"));
        }
        Ok(HillviewRequest::AddStaff { request })
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let added = crate::reply!(answer, AddStaff)?;
        let heading = format!("{} is added.", added.staff.name);
        let login = key(&added.staff);
        let password = added.one_time_password;
        Ok(Done::show(handed_over(heading, &login, password, None)))
    }
}

#[derive(Debug)]
pub struct EditForm {
    staff: Staff,
    roles: Vec<RoleCode>,
}

impl EditForm {
    pub fn new(staff: Staff) -> Self {
        let roles = staff.roles.clone();
        Self { staff, roles }
    }
}

impl Filling for EditForm {
    fn place(&self) -> String {
        "Edit staff".to_owned()
    }

    fn title(&self) -> String {
        format!(
            "Change {}. Other roles end the sessions of the login.",
            self.staff.name
        )
    }

    fn inputs(&self) -> Inputs {
        let mut inputs = Inputs::new([
            ("Full name", Input::text(&self.staff.name, 120)),
            ("Staff number", Input::text(&self.staff.staff_no, 30)),
            ("Roles", Input::ticks(&self.roles, |_| true)),
        ]);
        inputs.show(EDIT_ROLES, self.staff.username.is_some());
        inputs
    }

    fn wants(&self) -> Vec<HillviewRequest> {
        vec![HillviewRequest::ListRoles {}]
    }

    fn loaded(&mut self, answer: Answer, inputs: &mut Inputs) -> Reply<()> {
        // What was ticked and unticked before the answer came stays.
        let ticked = ticked_roles(inputs, EDIT_ROLES, &self.roles);
        let (roles, input) = load_roles(answer, |role| ticked.contains(role))?;
        inputs.set(EDIT_ROLES, input);
        self.roles = roles;
        Ok(())
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let (name, number) = (
            needed(inputs, NAME, "name")?,
            needed(inputs, NUMBER, "staff number")?,
        );
        let mut roles = ticked_roles(inputs, EDIT_ROLES, &self.roles);
        roles.sort();
        let mut before = self.staff.roles.clone();
        before.sort();
        if roles.is_empty() && self.staff.username.is_some() {
            return Err(Wrong::new(EDIT_ROLES, "a login needs a role"));
        }
        let request = EditStaff {
            staff: key(&self.staff),
            name: (name != self.staff.name).then_some(name),
            staff_no: (number != self.staff.staff_no).then_some(number),
            roles: (roles != before).then_some(roles),
        };
        if (&request.name, &request.staff_no, &request.roles) == (&None, &None, &None) {
            return Err(Wrong::new(NAME, "nothing is changed"));
        }
        Ok(HillviewRequest::EditStaff { request })
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let staff = crate::reply!(answer, EditStaff)?;
        Ok(Done::say(format!("{} is changed", staff.name)))
    }
}

#[derive(Debug)]
pub struct DisableForm {
    staff: Staff,
    /// Lets them in again.
    undo: bool,
}

impl DisableForm {
    pub fn new(staff: Staff) -> Self {
        let undo = staff.state == StaffState::Disabled;
        Self { staff, undo }
    }
}

impl Filling for DisableForm {
    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn title(&self) -> String {
        let name = &self.staff.name;
        match self.undo {
            true => format!("Let {name} log in again."),
            false => format!(
                "Disable {name}: their sessions end at once, and what they did stays under their \
                 name."
            ),
        }
    }

    fn inputs(&self) -> Inputs {
        Inputs::new([("Reason", Input::text("", 200))])
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let request = DisableStaff {
            staff: key(&self.staff),
            undo: self.undo,
            reason: inputs.text(0).to_owned(),
        };
        Ok(HillviewRequest::DisableStaff { request })
    }

    fn question(&self, _inputs: &Inputs) -> Option<String> {
        Some(match self.undo {
            true => format!("Let {} in again?", self.staff.name),
            false => format!("Disable {}?", self.staff.name),
        })
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let staff = crate::reply!(answer, DisableStaff)?;
        Ok(Done::say(format!("{} is {}", staff.name, staff.state)))
    }
}
