//! The staff of the school: who they are, what roles their logins have, and whether they may log
//! in.

mod change;

use hillview_shared::api::{HillviewRequest, Reply};
use hillview_shared::staff::{ListStaff, OneTimePassword, Staff, StaffState, WhichStaff};
use hillview_shared::students::Page;

use self::change::{AddForm, DisableForm, EditForm};
use crate::app::context::{Context, Open};
use crate::command::{Command, Scope};
use crate::shapes::facts::Facts;
use crate::shapes::form::Form;
use crate::shapes::list::{Answer, Listing};
use crate::shapes::once::Once;
use crate::theme::Tone;
use crate::widgets::columns::Column;
use crate::widgets::inputs::{Input, Inputs};

const PLACE: &str = "Staff";

#[derive(Debug, Default)]
pub struct StaffList {
    /// Also those who may not log in.
    all: bool,
}

/// How a request names somebody: by login, which everybody knows, or else by number.
fn key(staff: &Staff) -> String {
    staff
        .username
        .clone()
        .unwrap_or_else(|| staff.staff_no.clone())
}

fn roles(staff: &Staff) -> String {
    let roles: Vec<&str> = staff.roles.iter().map(|role| role.0.as_str()).collect();
    roles.join(", ")
}

fn facts(staff: &Staff, context: &Context) -> Facts {
    let yes_or_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let seen = staff.last_seen.map(|at| context.clock(at));
    Facts::new(
        "Staff",
        &staff.name,
        [
            ("Number", staff.staff_no.clone()),
            ("Login", staff.username.clone().unwrap_or("none".to_owned())),
            ("State", staff.state.to_string()),
            ("Roles", roles(staff)),
            ("Last seen", seen.unwrap_or("never".to_owned())),
            ("Second factor", yes_or_no(staff.second_factor)),
        ],
    )
}

/// Shows a password that works once.
fn handed_over(heading: String, username: &str, password: String, until: Option<String>) -> Once {
    let mut facts = vec![
        ("Login", username.to_owned()),
        ("One-time password", password),
    ];
    facts.extend(until.map(|until| ("Good until", until)));
    Once::new(
        PLACE,
        heading,
        facts,
        "Hand it over yourself. It works once and must be changed at the first login. Nobody can \
         read it again: neither you nor the server.",
    )
}

impl StaffList {
    /// Why nothing can be done to the login of somebody.
    fn no_login(staff: &Staff) -> Option<String> {
        let none = staff.username.is_none();
        none.then(|| format!("{} has no login", staff.name))
    }

    fn ask_to_reset(staff: &Staff, context: &mut Context) {
        let question = format!(
            "Give {} a new one-time password? The present one stops working and their sessions end.",
            staff.name
        );
        let request = WhichStaff { staff: key(staff) };
        context.ask_to_call(question, HillviewRequest::ResetPassword { request });
    }

    fn ask_to_reset_factor(staff: &Staff, context: &mut Context) {
        let question = format!(
            "Take the second factor of {} away? Their password alone lets them in.",
            staff.name
        );
        let request = WhichStaff { staff: key(staff) };
        context.ask_to_call(question, HillviewRequest::ResetSecondFactor { request });
    }
}

impl Listing for StaffList {
    type Row = Staff;
    const COLUMNS: &'static [Column] = &[
        Column::new("Name", 18).grows(),
        Column::new("Login", 15),
        Column::new("Number", 9).gives_way(),
        Column::new("State", 9),
        Column::new("Roles", 14).grows(),
    ];
    const NOUNS: (&'static str, &'static str) = ("member of staff", "members of staff");

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Staff, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn filters(&self) -> Inputs {
        Inputs::new([("Search (name, number or login)", Input::text("", 60))])
    }

    fn request(
        &self,
        filters: &Inputs,
        (after, limit): (Option<String>, u16),
        _context: &Context,
    ) -> HillviewRequest {
        let request = ListStaff {
            search: filters.text(0).to_owned(),
            disabled: self.all,
            after,
            limit,
        };
        HillviewRequest::ListStaff { request }
    }

    fn page(&mut self, answer: Answer) -> Reply<Page<Staff>> {
        crate::reply!(answer, ListStaff)
    }

    fn cells(&self, staff: &Staff, _context: &Context) -> (Tone, Vec<String>) {
        let tone = match staff.state {
            StaffState::Active => Tone::Plain,
            StaffState::Disabled => Tone::Faint,
        };
        let cells = vec![
            staff.name.clone(),
            staff.username.clone().unwrap_or("-".to_owned()),
            staff.staff_no.clone(),
            staff.state.to_string(),
            roles(staff),
        ];
        (tone, cells)
    }

    fn none(&self, filters: &Inputs) -> String {
        match filters.text(0) {
            "" => "There is nobody here yet.".to_owned(),
            search => format!("Nobody's name, number or login has {search:?}."),
        }
    }

    fn note(&self, _rows: &[Staff]) -> String {
        if self.all { ", also disabled ones" } else { "" }.to_owned()
    }

    fn why_not(
        &self,
        command: Command,
        staff: Option<&Staff>,
        _context: &Context,
    ) -> Option<String> {
        let of_a_row = matches!(
            command,
            Command::Edit
                | Command::Disable
                | Command::ResetPassword
                | Command::ResetFactor
                | Command::TeachingOf
                | Command::GrantsOf
        );
        let Some(staff) = staff.filter(|_| of_a_row) else {
            return match command {
                Command::Staff => Some("they are on the screen".to_owned()),
                _ => of_a_row.then(|| "there is nobody on the screen".to_owned()),
            };
        };
        match command {
            Command::ResetPassword if staff.state == StaffState::Disabled => {
                Some(format!("{} is disabled; d lets them in again", staff.name))
            }
            Command::ResetFactor if staff.username.is_some() && !staff.second_factor => {
                Some(format!("{} has no second factor", staff.name))
            }
            Command::ResetPassword | Command::ResetFactor | Command::GrantsOf => {
                Self::no_login(staff)
            }
            _ => None,
        }
    }

    fn command(&mut self, command: Command, staff: Option<&Staff>, context: &mut Context) -> bool {
        match (command, staff) {
            (Command::ShowAll, _) => {
                self.all = !self.all;
                return true;
            }
            (Command::Add, _) => context.show(Form::new(AddForm::default())),
            (Command::Open, Some(staff)) => {
                let facts = facts(staff, context);
                context.show(facts);
            }
            (Command::Edit, Some(staff)) => {
                context.show(Form::new(EditForm::new(staff.clone())));
            }
            (Command::Disable, Some(staff)) => {
                context.show(Form::new(DisableForm::new(staff.clone())));
            }
            (Command::ResetPassword, Some(staff)) => Self::ask_to_reset(staff, context),
            (Command::ResetFactor, Some(staff)) => Self::ask_to_reset_factor(staff, context),
            (Command::TeachingOf, Some(staff)) => context.open(Open::Teaching {
                staff: Some(key(staff)),
                class: None,
            }),
            (Command::GrantsOf, Some(staff)) => context.open(Open::Grants(Some(key(staff)))),
            _ => {}
        }
        false
    }

    fn acted(&mut self, answer: Answer, context: &mut Context) -> Reply<String> {
        use hillview_shared::api::HillviewResponse as A;
        if let Ok(A::ResetSecondFactor(reply)) = answer {
            reply?;
            return Ok("the second factor is taken away".to_owned());
        }
        let OneTimePassword {
            username,
            password,
            ends,
        } = crate::reply!(answer, ResetPassword)?;
        let heading = format!("{username} has a new one-time password.");
        let until = Some(context.clock(ends));
        context.show(handed_over(heading, &username, password, until));
        Ok(String::new())
    }
}
