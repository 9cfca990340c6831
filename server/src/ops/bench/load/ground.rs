//! The schools that people work at.

use std::sync::Arc;
use std::time::Instant;

use super::deeds::Role;
use crate::ops::seed;
use crate::service::State;

/// A school has at least so many students for each teacher who teaches: classes of 40, ten subjects.
const STUDENTS_A_TEACHER: usize = 5;

/// How large the schools are together.
#[derive(Clone, Copy, Debug, clap::Args, serde::Serialize)]
pub struct Size {
    /// Over how many schools students, teachers and marks are spread
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub schools: usize,
    /// Students in all
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    pub students: usize,
    /// Teachers in all
    #[arg(long, default_value_t = 3_000, value_name = "N")]
    pub teachers: usize,
    /// Marks that were entered before
    #[arg(long, default_value_t = 1_800_000, value_name = "N")]
    pub marks: u64,
}

/// The schools, made.
pub struct Ground {
    /// Their codes.
    pub schools: Vec<String>,
    /// How many teachers of each teach: they come first, and the first of them have a class.
    pub teachers: usize,
    pub took_ms: u64,
}

impl Size {
    /// A small school with so many teachers who teach.
    pub fn of_teachers(teachers: usize) -> Self {
        Self {
            schools: 1,
            students: teachers * STUDENTS_A_TEACHER,
            teachers,
            marks: 1_000,
        }
    }

    fn of_one(&self) -> anyhow::Result<seed::Size> {
        anyhow::ensure!(self.schools > 0, "people need a school to work at");
        let schools = u64::try_from(self.schools)?;
        Ok(seed::Size {
            students: self.students / self.schools,
            teachers: self.teachers / self.schools,
            marks: self.marks / schools,
            seed: 1,
        })
    }
}

impl Ground {
    pub async fn make(state: &Arc<State>, size: &Size) -> anyhow::Result<Self> {
        let began = Instant::now();
        let one = size.of_one()?;
        let mut schools = Vec::new();
        for number in 1..=size.schools {
            let (code, name) = (format!("load{number}"), format!("School {number}"));
            let one = seed::Size {
                seed: u64::try_from(number)?,
                ..one
            };
            Box::pin(seed::school(state, &code, &name, &one, &|_| ())).await?;
            schools.push(code);
        }
        Ok(Self {
            schools,
            teachers: one.teachers.min(one.students / STUDENTS_A_TEACHER).max(1),
            took_ms: u64::try_from(began.elapsed().as_millis())?,
        })
    }

    /// The login of the n-th person of a role.
    pub fn login(&self, role: Role, n: usize) -> String {
        match role {
            Role::Teacher => format!("t{:05}", n + 1),
            Role::Head => "head".to_owned(),
            Role::Deputy => "deputy".to_owned(),
            Role::Registrar => "registrar".to_owned(),
        }
    }
}
