//! Assigning many at once: one member of staff to many classes and subjects, or whoever teaches
//! the subjects of one class.

use std::collections::BTreeSet;

use hillview_shared::api::{HillviewRequest, Reply};
use hillview_shared::classes::{Class, ListClasses};
use hillview_shared::subjects::Paper;
use hillview_shared::teaching::{AssignMany, AssignTeaching, ListTeaching, Teaching, TeachingRole};
use hillview_shared::{ApiError, Kind};

use super::preview::Preview;
use crate::app::context::Context;
use crate::shapes::form::{Done, Filling, Form, Wrong, date, needed};
use crate::shapes::list::Answer;
use crate::widgets::inputs::{Input, Inputs};

const PLACE: &str = "Assign many";
const ALL: &str = "all";
const CLASS_TEACHER: &str = "class teacher";

/// Classes that one member of staff can be ticked for at once.
const CLASSES_MAX: u16 = 200;

/// First it is said for whom.
#[derive(Debug)]
pub struct Begin {
    staff: Option<String>,
    class: Option<String>,
    papers: Vec<Paper>,
    /// What was asked for last.
    asked: Option<Asked>,
}

#[derive(Debug)]
enum Asked {
    Staff { staff: String, only: Option<String> },
    Class(String),
}

const HOW: usize = 0;
const WHO: usize = 1;
const ONLY: usize = 2;
const WHERE: usize = 3;

impl Begin {
    pub fn new(staff: Option<String>, class: Option<String>) -> Self {
        Self {
            staff,
            class,
            papers: Vec::new(),
            asked: None,
        }
    }

    fn of_a_class(inputs: &Inputs) -> bool {
        inputs.chosen(HOW) == 1
    }
}

impl Filling for Begin {
    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn title(&self) -> String {
        "Assign many at once. Left and Right choose.".to_owned()
    }

    fn inputs(&self) -> Inputs {
        let of_a_class = self.staff.is_none() && self.class.is_some();
        let how = ["one person, many classes", "one class, each subject"];
        let text = |text: &Option<String>| Input::text(text.as_deref().unwrap_or_default(), 60);
        Inputs::new([
            ("For", Input::choice(&how, usize::from(of_a_class))),
            ("Login or staff number", text(&self.staff)),
            ("Only of a grade or stream", text(&None)),
            ("Class", text(&self.class)),
        ])
    }

    fn wants(&self) -> Vec<HillviewRequest> {
        vec![HillviewRequest::ListPapers {}]
    }

    fn loaded(&mut self, answer: Answer, _inputs: &mut Inputs) -> Reply<()> {
        self.papers = crate::reply!(answer, ListPapers)?;
        Ok(())
    }

    fn changed(&mut self, inputs: &mut Inputs) {
        let of_a_class = Self::of_a_class(inputs);
        inputs.show(WHO, !of_a_class);
        inputs.show(ONLY, !of_a_class);
        inputs.show(WHERE, of_a_class);
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let mut request = ListTeaching {
            limit: 200,
            ..ListTeaching::default()
        };
        self.asked = Some(match Self::of_a_class(inputs) {
            true => {
                let class = needed(inputs, WHERE, "class")?;
                request.class = Some(class.clone());
                Asked::Class(class)
            }
            false => {
                let staff = needed(inputs, WHO, "login or staff number")?;
                request.staff = Some(staff.clone());
                let only = inputs.given(ONLY);
                Asked::Staff { staff, only }
            }
        });
        Ok(HillviewRequest::ListTeaching { request })
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let present = crate::reply!(answer, ListTeaching)?.rows;
        let papers = self.papers.clone();
        Ok(match self.asked.take() {
            Some(Asked::Class(class)) => {
                Done::show(Form::new(OfClass::new(class, papers, present)))
            }
            Some(Asked::Staff { staff, only }) => {
                Done::show(Form::new(OfStaff::new(staff, only, papers, present)))
            }
            None => Done::say(""),
        })
    }
}

/// The subjects taught in the grade of a class, each once.
fn subjects_of(class: &Class, papers: &[Paper]) -> Vec<String> {
    let mut subjects = Vec::new();
    for paper in papers.iter().filter(|one| one.grade_id == class.grade_id) {
        if !subjects.contains(&paper.subject) {
            subjects.push(paper.subject.clone());
        }
    }
    subjects
}

fn assignment(staff: &str, class: &str, subject: Option<String>) -> AssignTeaching {
    AssignTeaching {
        staff: staff.to_owned(),
        class: class.to_owned(),
        role: match &subject {
            Some(_) => TeachingRole::SubjectTeacher,
            None => TeachingRole::ClassTeacher,
        },
        subject,
        starts: None,
        ends: None,
        replace: false,
    }
}

fn previewed(assignments: Vec<AssignTeaching>) -> HillviewRequest {
    let request = AssignMany {
        assignments,
        preview: true,
    };
    HillviewRequest::AssignMany { request }
}

/// One of what a member of staff may be ticked for.
#[derive(Debug)]
struct Place {
    class: String,
    /// `None` for the class teacher.
    subject: Option<String>,
    ticked: bool,
}

impl Place {
    fn subject(&self) -> &str {
        self.subject.as_deref().unwrap_or(CLASS_TEACHER)
    }
}

/// One member of staff: classes and subjects are ticked.
#[derive(Debug)]
struct OfStaff {
    staff: String,
    /// What the classes are searched by.
    search: Option<String>,
    papers: Vec<Paper>,
    present: Vec<Teaching>,
    places: Vec<Place>,
    classes: Vec<String>,
    subjects: Vec<String>,
    /// Which of the places are on the screen.
    shown: Vec<usize>,
    only: (usize, usize),
    sent: Vec<AssignTeaching>,
}

const ONLY_CLASS: usize = 0;
const ONLY_SUBJECT: usize = 1;
const TICKS: usize = 2;
const FROM: usize = 3;

impl OfStaff {
    fn new(
        staff: String,
        only: Option<String>,
        papers: Vec<Paper>,
        present: Vec<Teaching>,
    ) -> Self {
        Self {
            staff,
            search: only,
            papers,
            present,
            subjects: vec![ALL.to_owned()],
            classes: vec![ALL.to_owned()],
            shown: Vec::new(),
            places: Vec::new(),
            only: (0, 0),
            sent: Vec::new(),
        }
    }

    /// What is theirs already needs no tick.
    fn has(&self, class: &str, subject: Option<&str>) -> bool {
        self.present.iter().any(|one| {
            one.class == class
                && one.subject.as_deref() == subject
                && one.role != TeachingRole::Deputy
        })
    }

    fn list(&mut self, classes: Vec<Class>) {
        for class in classes {
            let subjects = subjects_of(&class, &self.papers).into_iter().map(Some);
            for subject in std::iter::once(None).chain(subjects) {
                if !self.has(&class.name, subject.as_deref()) {
                    self.places.push(Place {
                        class: class.name.clone(),
                        subject,
                        ticked: false,
                    });
                }
            }
            self.classes.push(class.name);
        }
        let subjects: BTreeSet<&str> = self.places.iter().map(Place::subject).collect();
        self.subjects
            .extend(subjects.into_iter().map(str::to_owned));
        self.shown = (0..self.places.len()).collect();
    }

    fn ticks(&self) -> Input {
        let shown: Vec<&Place> = self.shown.iter().map(|at| &self.places[*at]).collect();
        let words: Vec<String> = shown
            .iter()
            .map(|place| format!("{:<10} {}", place.class, place.subject()))
            .collect();
        let ticked: Vec<bool> = shown.iter().map(|place| place.ticked).collect();
        Input::ticks_of(words, ticked)
    }
}

impl Filling for OfStaff {
    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn title(&self) -> String {
        format!(
            "Assign {} to: Space ticks. Class and subject say which are listed.",
            self.staff
        )
    }

    fn inputs(&self) -> Inputs {
        let mut inputs = Inputs::new([
            ("Class", Input::choice(&self.classes, 0)),
            ("Subject", Input::choice(&self.subjects, 0)),
            ("Assign to", self.ticks()),
            ("From (empty: today)", Input::text("", 10)),
        ]);
        inputs.focus = TICKS;
        inputs
    }

    fn wants(&self) -> Vec<HillviewRequest> {
        let request = ListClasses {
            search: self.search.clone(),
            limit: CLASSES_MAX,
            ..ListClasses::default()
        };
        vec![HillviewRequest::ListClasses { request }]
    }

    fn loaded(&mut self, answer: Answer, inputs: &mut Inputs) -> Reply<()> {
        let page = crate::reply!(answer, ListClasses)?;
        if page.next.is_some() {
            let message = format!("these are more than {CLASSES_MAX} classes");
            return Err(ApiError::invalid("too-many-classes", message)
                .hint("go back and say which grade or stream"));
        }
        if page.rows.is_empty() {
            let of = self.search.as_deref().unwrap_or("the school");
            let message = format!("there is no class of {of}, or it is not yours to see");
            return Err(ApiError::new(Kind::NotFound, "unknown-class", message));
        }
        self.list(page.rows);
        *inputs = self.inputs();
        Ok(())
    }

    fn changed(&mut self, inputs: &mut Inputs) {
        let ticked = inputs.ticked(TICKS);
        for (row, at) in self.shown.iter().enumerate() {
            self.places[*at].ticked = ticked.contains(&row);
        }
        let only = (inputs.chosen(ONLY_CLASS), inputs.chosen(ONLY_SUBJECT));
        if only != self.only {
            self.only = only;
            let fits = |place: &Place| {
                (only.0 == 0 || place.class == self.classes[only.0])
                    && (only.1 == 0 || place.subject() == self.subjects[only.1])
            };
            let places = self.places.iter().enumerate();
            let shown = places.filter(|(_, place)| fits(place));
            self.shown = shown.map(|(at, _)| at).collect();
            inputs.set(TICKS, self.ticks());
        }
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let starts = date(inputs, FROM)?;
        let ticked = self.places.iter().filter(|place| place.ticked);
        let assign = |place: &Place| AssignTeaching {
            starts,
            ..assignment(&self.staff, &place.class, place.subject.clone())
        };
        self.sent = ticked.map(assign).collect();
        if self.sent.is_empty() {
            return Err(Wrong::new(TICKS, "nothing is ticked"));
        }
        Ok(previewed(self.sent.clone()))
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let would = crate::reply!(answer, AssignMany)?;
        Ok(Done::over(Preview::new(self.sent.clone(), would)))
    }
}

/// One class: who teaches each subject is filled in.
#[derive(Debug)]
struct OfClass {
    class: String,
    papers: Vec<Paper>,
    present: Vec<Teaching>,
    /// The class teacher first.
    subjects: Vec<Option<String>>,
    sent: Vec<AssignTeaching>,
}

impl OfClass {
    /// Of the class that somebody means by a name.
    fn new(class: String, papers: Vec<Paper>, present: Vec<Teaching>) -> Self {
        Self {
            class,
            papers,
            present,
            subjects: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// Whose a subject is now, in words.
    fn whose(&self, subject: Option<&str>) -> String {
        let of_it = self
            .present
            .iter()
            .filter(|one| one.subject.as_deref() == subject && one.role != TeachingRole::Deputy);
        let names: Vec<&str> = of_it.map(|one| one.staff.as_str()).collect();
        names.join(", ")
    }
}

impl Filling for OfClass {
    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn title(&self) -> String {
        format!(
            "Who teaches {}: a login or staff number each; what is left empty stays.",
            self.class
        )
    }

    fn inputs(&self) -> Inputs {
        Inputs::new(self.subjects.iter().map(|subject| {
            let present = self.whose(subject.as_deref());
            let subject = subject.as_deref().unwrap_or(CLASS_TEACHER);
            let label = match present.is_empty() {
                true => subject.to_owned(),
                false => format!("{subject} ({present})"),
            };
            (label, Input::text("", 60))
        }))
    }

    fn wants(&self) -> Vec<HillviewRequest> {
        let request = ListClasses {
            class: Some(self.class.clone()),
            ..ListClasses::default()
        };
        vec![HillviewRequest::ListClasses { request }]
    }

    fn loaded(&mut self, answer: Answer, inputs: &mut Inputs) -> Reply<()> {
        let found = crate::reply!(answer, ListClasses)?.rows.into_iter().next();
        let class = found.ok_or_else(|| {
            let message = format!("there is no class {:?}", self.class);
            ApiError::new(Kind::NotFound, "unknown-class", message)
        })?;
        let subjects = subjects_of(&class, &self.papers).into_iter().map(Some);
        self.subjects = std::iter::once(None).chain(subjects).collect();
        self.class = class.name;
        *inputs = self.inputs();
        Ok(())
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let rows = self.subjects.iter().enumerate();
        let filled = rows.filter_map(|(at, subject)| {
            let staff = inputs.given(at)?;
            Some(assignment(&staff, &self.class, subject.clone()))
        });
        self.sent = filled.collect();
        if self.sent.is_empty() {
            return Err(Wrong::new(0, "nobody is filled in"));
        }
        Ok(previewed(self.sent.clone()))
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let would = crate::reply!(answer, AssignMany)?;
        Ok(Done::over(Preview::new(self.sent.clone(), would)))
    }
}
