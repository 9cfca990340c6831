//! One person at work: a role, a session, a line, and calls one after the other.

use hillview_shared::ApiError;
use hillview_shared::api::{HillviewRequest, HillviewResponse, Resume};
use hillview_shared::ids::{Moment, SheetId, StudentId, Version};
use hillview_shared::marks::{Entry, MarksSaved, SaveMarks};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::deeds::{Deed, Mix, Role};
use super::desk::Desk;
use super::people::Employed;
use super::tally::Outcome;
use crate::ops::bench::line::{Line, Way};

pub struct Person {
    role: Role,
    way: Way,
    session: Resume,
    line: Option<Line>,
    pub random: StdRng,
    desk: Desk,
    saves: Vec<Save>,
}

/// A save that was sent.
#[derive(Clone, Debug)]
pub struct Save {
    pub sheet: SheetId,
    /// The marks that were stored, or may have been.
    pub marks: Vec<(StudentId, Entry)>,
    /// The version that was acknowledged; without it nobody knows what became of the save.
    pub version: Option<Version>,
}

impl Person {
    /// `number` decides everything that is left to chance.
    pub fn new(number: u64, employed: &Employed, mix: Mix, way: Way) -> Self {
        Self {
            role: employed.role,
            way,
            session: employed.session.clone(),
            line: None,
            random: StdRng::seed_from_u64(number),
            desk: Desk::new(mix == Mix::L4 && employed.role == Role::Teacher),
            saves: Vec::new(),
        }
    }

    /// Comes in; says what time it is at the server.
    pub async fn connect(&mut self) -> anyhow::Result<Moment> {
        let (line, welcome) = self.way.go_on(&self.session).await?;
        self.line = Some(line);
        Ok(welcome.time)
    }

    /// Gives a sign of life, and says whether there was an answer.
    pub async fn ping(&self) -> bool {
        match &self.line {
            Some(line) => matches!(line.call(HillviewRequest::Ping {}).await, Ok(Ok(_))),
            None => false,
        }
    }

    /// Goes; leaves the saves that were sent, and the session and the way to look after them.
    pub fn go(self) -> (Way, Resume, Vec<Save>) {
        (self.way, self.session, self.saves)
    }

    /// Makes one call.
    pub async fn act(&mut self) -> (Deed, Outcome) {
        let wished = match self.desk.has_deadline() {
            true => self.desk.before_deadline(),
            false => self.role.next(&mut self.random),
        };
        let (deed, request) = self.desk.request(wished, &mut self.random);
        let save = match &request {
            HillviewRequest::SaveMarks { request } => Some(request.clone()),
            _ => None,
        };
        let outcome = match self.ask(request).await {
            Ok(Ok(HillviewResponse::SaveMarks(Ok(saved)))) => self.saved(save, &saved),
            Ok(Ok(response)) => {
                self.desk.learn(deed, response);
                Outcome::default()
            }
            Ok(Err(refusal)) => {
                self.desk.clear();
                Outcome::error(&refusal.code)
            }
            Err(_) => {
                self.line = None;
                self.saves.extend(save.map(|save| Save {
                    sheet: save.sheet,
                    marks: marks_of(save),
                    version: None,
                }));
                self.desk.clear();
                Outcome::error("lost-line")
            }
        };
        (deed, outcome)
    }

    async fn ask(
        &mut self,
        request: HillviewRequest,
    ) -> anyhow::Result<Result<HillviewResponse, ApiError>> {
        if self.line.is_none() {
            self.connect().await?;
        }
        match &self.line {
            Some(line) => line.call(request).await,
            None => anyhow::bail!("there is no line"),
        }
    }

    fn saved(&mut self, save: Option<SaveMarks>, saved: &MarksSaved) -> Outcome {
        let Some(save) = save else {
            return Outcome::error("answer-to-another-call");
        };
        let problems = &saved.problems;
        let conflicts = problems.iter().filter(|it| it.theirs.is_some()).count();
        let other = problems.iter().find(|it| it.theirs.is_none());
        let error = other.map(|problem| problem.code.clone());
        self.desk.saved(&save, saved);
        let sheet = save.sheet;
        let mut marks = marks_of(save);
        marks.retain(|(student, _)| !problems.iter().any(|it| it.student == *student));
        self.saves.push(Save {
            sheet,
            marks,
            version: Some(saved.version),
        });
        Outcome {
            error,
            conflicts: u64::try_from(conflicts).unwrap_or(u64::MAX),
        }
    }
}

fn marks_of(save: SaveMarks) -> Vec<(StudentId, Entry)> {
    let edits = save.edits.into_iter();
    edits.map(|edit| (edit.student, edit.entry)).collect()
}
