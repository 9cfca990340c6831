//! From a pack to the tables of a new school.

use std::collections::HashMap;

use hillview_shared::ids::{GradeId, Moment, SchemeId, SubjectId};
use hillview_shared::subjects::NewPaper;

use super::{Pack, PackLevel};
use crate::db::subjects::{NewOffering, NewSubject};
use crate::db::{Tx, calendar, classes, subjects};
use crate::error::{Error, Result};
use crate::service::spelling::alias_text;

/// Loads a pack into the empty tables of a new school, inside the transaction that makes it.
pub async fn load(tx: &mut Tx, pack: &Pack, school: &str, at: Moment) -> Result<()> {
    calendar::set_profile(tx, school, &pack.locale, &pack.time_zone, at).await?;
    let mut schemes: HashMap<&str, SchemeId> = HashMap::new();
    for scheme in &pack.schemes {
        schemes.insert(
            &scheme.code,
            subjects::add_scheme(tx, &scheme.scheme(), at).await?,
        );
    }
    let year = &pack.calendar;
    let id = calendar::add_year(tx, &year.name, year.starts, year.ends).await?;
    for (ordinal, (name, starts, ends)) in (1..).zip(&year.terms) {
        calendar::add_term(tx, id, ordinal, name, (*starts, *ends)).await?;
    }
    let mut known: HashMap<&str, SubjectId> = HashMap::new();
    for (code, name, short_name, aliases) in &pack.subjects.list {
        let aliases = alias_text(aliases);
        let new = NewSubject {
            code,
            name,
            short_name,
            aliases: &aliases,
        };
        known.insert(code, subjects::add(tx, &new, None, at).await?);
    }
    let mut grades = Grades {
        ordinal: 0,
        last: None,
    };
    for (ordinal, level) in (1..).zip(&pack.levels) {
        let scheme = |code: &str| schemes.get(code).copied().ok_or_else(|| unknown(code));
        let (scores, levels) = (scheme(&level.score_scheme)?, scheme(&level.level_scheme)?);
        let name = (level.code.as_str(), level.name.as_str());
        let id = classes::add_level(tx, name, ordinal, scores, levels).await?;
        for grade in &level.grades {
            let names = (grade.0.as_str(), grade.1.as_str(), grade.2.as_str());
            grades.ordinal += 1;
            let grade = classes::add_grade(tx, id, names, grades.ordinal, grades.last).await?;
            grades.last = Some(grade);
            offer(tx, level, grade, &known).await?;
        }
    }
    Ok(())
}

/// How far the ladder of grades has been built.
struct Grades {
    ordinal: i32,
    last: Option<GradeId>,
}

async fn offer(
    tx: &mut Tx,
    level: &PackLevel,
    grade: GradeId,
    known: &HashMap<&str, SubjectId>,
) -> Result<()> {
    for offering in level.offerings() {
        let subject = *known
            .get(offering.subject)
            .ok_or_else(|| unknown(offering.subject))?;
        let new = NewOffering {
            grade,
            subject,
            mode: offering.mode,
            group: offering.group,
            by_default: offering.by_default,
        };
        let id = subjects::offer(tx, &new).await?;
        let only = NewPaper::only();
        let paper = subjects::NewPaper {
            code: &only.code,
            name: &only.name,
            ordinal: 1,
            weight: only.weight,
            out_of: only.out_of,
        };
        subjects::add_paper(tx, id, &paper).await?;
    }
    Ok(())
}

fn unknown(code: &str) -> Error {
    Error::fault("load a pack", format!("it does not define {code}"))
}
