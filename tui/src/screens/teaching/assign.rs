//! Assigning one member of staff to one class, and ending an assignment.

use hillview_shared::api::{HillviewRequest, Reply};
use hillview_shared::subjects::Paper;
use hillview_shared::teaching::{AssignTeaching, EndTeaching, Teaching, TeachingRole};

use super::{PLACE, what};
use crate::app::context::Context;
use crate::shapes::form::{Done, Filling, Wrong, date, needed};
use crate::shapes::list::Answer;
use crate::widgets::inputs::{Input, Inputs};

const STAFF: usize = 0;
const CLASS: usize = 1;
const ROLE: usize = 2;
const SUBJECT: usize = 3;
const FROM: usize = 4;
const TO: usize = 5;
const REPLACE: usize = 6;

const ROLES: [TeachingRole; 3] = [
    TeachingRole::SubjectTeacher,
    TeachingRole::ClassTeacher,
    TeachingRole::Deputy,
];

#[derive(Debug)]
pub struct AssignForm {
    staff: Option<String>,
    class: Option<String>,
    /// The names of the subjects that the school teaches.
    subjects: Vec<String>,
}

impl AssignForm {
    pub fn new(staff: Option<String>, class: Option<String>) -> Self {
        let subjects = Vec::new();
        Self {
            staff,
            class,
            subjects,
        }
    }
}

impl Filling for AssignForm {
    fn place(&self) -> String {
        "Assign".to_owned()
    }

    fn title(&self) -> String {
        "Assign a member of staff to a class. Left and Right choose.".to_owned()
    }

    fn inputs(&self) -> Inputs {
        let text = |text: &Option<String>| Input::text(text.as_deref().unwrap_or_default(), 60);
        let mut inputs = Inputs::new([
            ("Login or staff number", text(&self.staff)),
            ("Class", text(&self.class)),
            ("As", Input::choice(&ROLES, 0)),
            ("Subject", Input::choice(&self.subjects, 0)),
            ("From (empty: today)", Input::text("", 10)),
            ("Last day (empty: no end)", Input::text("", 10)),
            (
                "A class teacher who is there",
                Input::choice(&["stays", "is replaced"], 0),
            ),
        ]);
        inputs.focus = match (&self.staff, &self.class) {
            (None, _) => STAFF,
            (Some(_), None) => CLASS,
            (Some(_), Some(_)) => ROLE,
        };
        inputs
    }

    fn wants(&self) -> Vec<HillviewRequest> {
        vec![HillviewRequest::ListPapers {}]
    }

    fn loaded(&mut self, answer: Answer, inputs: &mut Inputs) -> Reply<()> {
        let papers: Vec<Paper> = crate::reply!(answer, ListPapers)?;
        let mut subjects: Vec<String> = papers.into_iter().map(|paper| paper.subject).collect();
        subjects.sort();
        subjects.dedup();
        inputs.set(SUBJECT, Input::choice(&subjects, 0));
        self.subjects = subjects;
        Ok(())
    }

    fn changed(&mut self, inputs: &mut Inputs) {
        let role = ROLES[inputs.chosen(ROLE)];
        inputs.show(SUBJECT, role == TeachingRole::SubjectTeacher);
        inputs.show(REPLACE, role == TeachingRole::ClassTeacher);
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let role = ROLES[inputs.chosen(ROLE)];
        let subject = self.subjects.get(inputs.chosen(SUBJECT)).cloned();
        let request = AssignTeaching {
            staff: needed(inputs, STAFF, "member of staff")?,
            class: needed(inputs, CLASS, "class")?,
            subject: subject.filter(|_| role == TeachingRole::SubjectTeacher),
            role,
            starts: date(inputs, FROM)?,
            ends: date(inputs, TO)?,
            replace: role == TeachingRole::ClassTeacher && inputs.chosen(REPLACE) == 1,
        };
        if role == TeachingRole::SubjectTeacher && request.subject.is_none() {
            return Err(Wrong::new(SUBJECT, "the school has no subject yet"));
        }
        Ok(HillviewRequest::AssignTeaching { request })
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let made = crate::reply!(answer, AssignTeaching)?;
        Ok(Done::say(format!(
            "{} is assigned to {}: {}",
            made.staff,
            made.class,
            what(&made)
        )))
    }
}

#[derive(Debug)]
pub struct EndForm {
    teaching: Teaching,
}

impl EndForm {
    pub fn new(teaching: Teaching) -> Self {
        Self { teaching }
    }
}

impl Filling for EndForm {
    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn title(&self) -> String {
        let Teaching { staff, class, .. } = &self.teaching;
        let what = what(&self.teaching);
        format!("End the assignment of {staff} to {class}: {what}.")
    }

    fn inputs(&self) -> Inputs {
        Inputs::new([("Last day (empty: it ends now)", Input::text("", 10))])
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let request = EndTeaching {
            teaching: self.teaching.id,
            last_day: date(inputs, 0)?,
        };
        Ok(HillviewRequest::EndTeaching { request })
    }

    fn question(&self, inputs: &Inputs) -> Option<String> {
        let Teaching { staff, class, .. } = &self.teaching;
        Some(match inputs.text(0) {
            "" => format!("{staff} no longer reaches {class} by this. End it now?"),
            day => format!("After {day} {staff} no longer reaches {class} by this. End it then?"),
        })
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let ended = crate::reply!(answer, EndTeaching)?;
        let Teaching { staff, class, .. } = ended;
        Ok(Done::say(format!(
            "the assignment of {staff} to {class} ends"
        )))
    }
}
