//! Assigning many at once: one member of staff to many classes and subjects, or whoever teaches
//! the subjects of one class.

use std::collections::BTreeSet;

use hillview_shared::api::{HillviewRequest, HillviewResponse, Reply};
use hillview_shared::classes::Class;
use hillview_shared::subjects::Paper;
use hillview_shared::teaching::{AssignMany, AssignTeaching, ListTeaching, Teaching, TeachingRole};

use super::preview::Preview;
use crate::app::context::Context;
use crate::shapes::form::{Done, Filling, Form, Wrong, date};
use crate::shapes::list::Answer;
use crate::widgets::inputs::{Input, Inputs};

const PLACE: &str = "Assign many";
const ALL: &str = "all";
const CLASS_TEACHER: &str = "class teacher";

/// First it is said for whom.
#[derive(Debug)]
pub struct Begin {
    staff: Option<String>,
    class: Option<String>,
    classes: Vec<Class>,
    papers: Vec<Paper>,
    /// What was asked for last: the class, or else the member of staff.
    chosen: Option<Class>,
    named: String,
}

const HOW: usize = 0;
const WHO: usize = 1;
const WHERE: usize = 2;

impl Begin {
    pub fn new(staff: Option<String>, class: Option<String>) -> Self {
        Self {
            staff,
            class,
            classes: Vec::new(),
            papers: Vec::new(),
            chosen: None,
            named: String::new(),
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
        let none: [String; 0] = [];
        Inputs::new([
            ("For", Input::choice(&how, usize::from(of_a_class))),
            (
                "Login or staff number",
                Input::text(self.staff.as_deref().unwrap_or_default(), 60),
            ),
            ("Class", Input::choice(&none, 0)),
        ])
    }

    fn wants(&self) -> Vec<HillviewRequest> {
        vec![
            HillviewRequest::ListClasses {},
            HillviewRequest::ListPapers {},
        ]
    }

    fn loaded(&mut self, answer: Answer, inputs: &mut Inputs) -> Reply<()> {
        match answer {
            Ok(HillviewResponse::ListClasses(classes)) => {
                self.classes = classes?;
                let names: Vec<&str> = self.classes.iter().map(|one| one.name.as_str()).collect();
                let begins = self.class.as_ref().and_then(|class| {
                    let class = hillview_shared::text::fold(class);
                    let folded = |name: &&str| hillview_shared::text::fold(name) == class;
                    names.iter().position(folded)
                });
                inputs.set(WHERE, Input::choice(&names, begins.unwrap_or(0)));
            }
            papers => self.papers = crate::reply!(papers, ListPapers)?,
        }
        Ok(())
    }

    fn changed(&mut self, inputs: &mut Inputs) {
        let of_a_class = Self::of_a_class(inputs);
        inputs.show(WHO, !of_a_class);
        inputs.show(WHERE, of_a_class);
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        self.chosen = None;
        let mut request = ListTeaching {
            limit: 200,
            ..ListTeaching::default()
        };
        if Self::of_a_class(inputs) {
            let class = self.classes.get(inputs.chosen(WHERE));
            let class = class.ok_or_else(|| Wrong::new(WHERE, "there is no class yet"))?;
            request.class = Some(class.name.clone());
            self.chosen = Some(class.clone());
        } else {
            let named = inputs.given(WHO);
            self.named =
                named.ok_or_else(|| Wrong::new(WHO, "the login or staff number is missing"))?;
            request.staff = Some(self.named.clone());
        }
        Ok(HillviewRequest::ListTeaching { request })
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let present = crate::reply!(answer, ListTeaching)?.rows;
        Ok(match self.chosen.take() {
            Some(class) => {
                let subjects = subjects_of(&class, &self.papers);
                let of_class = OfClass::new(class, subjects, &present);
                Done::show(Form::new(of_class))
            }
            None => {
                let of_staff = OfStaff::new(&self.named, &self.classes, &self.papers, &present);
                Done::show(Form::new(of_staff))
            }
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
    fn new(staff: &str, classes: &[Class], papers: &[Paper], present: &[Teaching]) -> Self {
        let has = |class: &str, subject: Option<&str>| {
            present.iter().any(|one| {
                one.class == class
                    && one.subject.as_deref() == subject
                    && one.role != TeachingRole::Deputy
            })
        };
        let mut places = Vec::new();
        for class in classes {
            let subjects = subjects_of(class, papers).into_iter().map(Some);
            // What is theirs already needs no tick.
            for subject in std::iter::once(None).chain(subjects) {
                if !has(&class.name, subject.as_deref()) {
                    let class = class.name.clone();
                    let ticked = false;
                    places.push(Place {
                        class,
                        subject,
                        ticked,
                    });
                }
            }
        }
        let subjects: BTreeSet<&str> = places.iter().map(Place::subject).collect();
        let subjects = std::iter::once(ALL).chain(subjects).map(str::to_owned);
        let names = classes.iter().map(|class| class.name.clone());
        Self {
            staff: staff.to_owned(),
            subjects: subjects.collect(),
            classes: std::iter::once(ALL.to_owned()).chain(names).collect(),
            shown: (0..places.len()).collect(),
            places,
            only: (0, 0),
            sent: Vec::new(),
        }
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
    /// The class teacher first.
    subjects: Vec<Option<String>>,
    /// Whose each of them is now, in words.
    present: Vec<String>,
    sent: Vec<AssignTeaching>,
}

impl OfClass {
    fn new(class: Class, subjects: Vec<String>, present: &[Teaching]) -> Self {
        let subjects = std::iter::once(None).chain(subjects.into_iter().map(Some));
        let subjects: Vec<Option<String>> = subjects.collect();
        let who = |subject: &Option<String>| {
            let of_it = present
                .iter()
                .filter(|one| one.subject == *subject && one.role != TeachingRole::Deputy);
            let names: Vec<&str> = of_it.map(|one| one.staff.as_str()).collect();
            names.join(", ")
        };
        Self {
            class: class.name,
            present: subjects.iter().map(who).collect(),
            subjects,
            sent: Vec::new(),
        }
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
        let rows = self.subjects.iter().zip(&self.present);
        Inputs::new(rows.map(|(subject, present)| {
            let subject = subject.as_deref().unwrap_or(CLASS_TEACHER);
            let label = match present.is_empty() {
                true => subject.to_owned(),
                false => format!("{subject} ({present})"),
            };
            (label, Input::text("", 60))
        }))
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
