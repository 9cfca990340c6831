//! The schools that people work at.

use crate::ops::demo::school;
use crate::service::State;

use super::deeds::Role;

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
    pub marks: usize,
}

/// The schools, made.
pub struct Ground {
    pub schools: Vec<String>,
    /// Of each school.
    pub teachers: usize,
    pub password: &'static str,
    pub took_ms: u64,
}

impl Ground {
    pub async fn make(state: &std::sync::Arc<State>, _size: &Size) -> anyhow::Result<Self> {
        let began = std::time::Instant::now();
        school::make(state).await?;
        Ok(Self {
            schools: vec![school::CODE.to_owned()],
            teachers: school::STAFF.len(),
            password: school::PASSWORD,
            took_ms: u64::try_from(began.elapsed().as_millis())?,
        })
    }

    /// The login of the n-th person of a role.
    pub fn login(&self, role: Role, n: usize) -> String {
        match role {
            Role::Teacher => school::STAFF[n % self.teachers].0.to_owned(),
            Role::Head | Role::Deputy | Role::Registrar => school::STAFF[0].0.to_owned(),
        }
    }
}

impl Size {
    /// A small school with so many teachers.
    pub fn of_teachers(teachers: usize) -> Self {
        Self {
            schools: 1,
            students: 2_000,
            teachers,
            marks: 20_000,
        }
    }
}
