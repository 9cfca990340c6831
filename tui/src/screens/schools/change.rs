//! Adding a school, giving one another name, and removing one for good.

use hillview_shared::api::{HillviewRequest, Reply};
use hillview_shared::schools::{AddSchool, RemoveSchool, RenameSchool, SchoolEntry};

use super::PLACE;
use crate::app::context::Context;
use crate::shapes::form::{Done, Filling, Wrong, needed};
use crate::shapes::list::Answer;
use crate::shapes::once::Once;
use crate::widgets::inputs::{Input, Inputs};

#[derive(Debug, Default)]
pub struct AddForm {
    /// The first login as it was sent.
    admin: String,
}

impl Filling for AddForm {
    fn place(&self) -> String {
        "Add a school".to_owned()
    }

    fn title(&self) -> String {
        "Make a school, with the login that sets it up.".to_owned()
    }

    fn inputs(&self) -> Inputs {
        Inputs::new([
            ("Code (used at every login)", Input::text("", 20)),
            ("Name", Input::text("", 120)),
            ("Country pack", Input::text("ke-cbe", 20)),
            ("First login", Input::text("admin", 40)),
        ])
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let request = AddSchool {
            code: needed(inputs, 0, "code")?,
            name: needed(inputs, 1, "name")?,
            pack: needed(inputs, 2, "country pack")?,
            admin: needed(inputs, 3, "first login")?,
        };
        self.admin.clone_from(&request.admin);
        Ok(HillviewRequest::AddSchool { request })
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let added = crate::reply!(answer, AddSchool)?;
        Ok(Done::show(Once::new(
            PLACE,
            format!("{} is made.", added.school.name),
            [
                ("School", added.school.code),
                ("Login", self.admin.clone()),
                ("One-time password", added.one_time_password),
            ],
            "Hand it over to whoever sets the school up. It works once and must be changed at the \
             first login. Nobody can read it again: neither you nor the server.",
        )))
    }
}

#[derive(Debug)]
pub struct RenameForm {
    school: SchoolEntry,
}

impl RenameForm {
    pub fn new(school: SchoolEntry) -> Self {
        Self { school }
    }
}

impl Filling for RenameForm {
    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn title(&self) -> String {
        format!(
            "Give {} another name; its code stays, since people log in with it.",
            self.school.code
        )
    }

    fn inputs(&self) -> Inputs {
        Inputs::new([("Name", Input::text(&self.school.name, 120))])
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let request = RenameSchool {
            code: self.school.code.clone(),
            name: needed(inputs, 0, "name")?,
        };
        if request.name == self.school.name {
            return Err(Wrong::new(0, "that is its name"));
        }
        Ok(HillviewRequest::RenameSchool { request })
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let school = crate::reply!(answer, RenameSchool)?;
        Ok(Done::say(format!("{} is now {}", school.code, school.name)))
    }
}

#[derive(Debug)]
pub struct RemoveForm {
    school: SchoolEntry,
}

impl RemoveForm {
    pub fn new(school: SchoolEntry) -> Self {
        Self { school }
    }
}

impl Filling for RemoveForm {
    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn title(&self) -> String {
        format!(
            "Remove {} with all that it has: students, marks, histories. Nothing brings it back; \
             export it before. Type its name to show that you mean it.",
            self.school.name
        )
    }

    fn inputs(&self) -> Inputs {
        Inputs::new([("Its name", Input::text("", 120))])
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let confirm = needed(inputs, 0, "name")?;
        if confirm != self.school.name {
            return Err(Wrong::new(0, "that is not its name"));
        }
        let code = self.school.code.clone();
        let request = RemoveSchool { code, confirm };
        Ok(HillviewRequest::RemoveSchool { request })
    }

    fn question(&self, _inputs: &Inputs) -> Option<String> {
        Some(format!("Remove {} for good?", self.school.name))
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        crate::reply!(answer, RemoveSchool)?;
        Ok(Done::say(format!("{} is removed", self.school.name)))
    }
}
