//! What assignments name, found: the staff, the class, the subject as it is taught there.

use std::collections::HashMap;

use chrono::NaiveDate;
use hillview_shared::ApiError;
use hillview_shared::accounts::Permission;
use hillview_shared::ids::{ClassId, GradeId, OfferingId, StaffId};
use hillview_shared::staff::{Staff, StaffState};
use hillview_shared::teaching::{AssignTeaching, TeachingRole};

use super::judge::Wish;
use crate::caller::Caller;
use crate::db::classes::{self, Named};
use crate::db::teaching::NewTeaching;
use crate::db::{Db, On, staff as people, subjects};
use crate::error::Result;
use crate::service::calendar::current_year;
use crate::service::{classes as service, fields, spelling, staff};

/// The classes and subjects of the year, read once for all assignments of a request.
pub struct Names {
    today: NaiveDate,
    classes: Vec<Named>,
    offered: HashMap<GradeId, Vec<subjects::Named>>,
    /// The caller, unless they may enter all marks: nobody gives themselves a way to marks.
    myself: Option<StaffId>,
    /// Classes by what people wrote for them.
    known: HashMap<String, Option<usize>>,
}

impl Names {
    pub async fn read(on: On<'_>, caller: &Caller, today: NaiveDate) -> Result<Self> {
        match on {
            On::Db(db) => {
                let year = current_year(db, today).await?;
                let classes = classes::named(db.into(), year).await?;
                Ok(Self::of(today, caller, classes, subjects::named(db).await?))
            }
            On::Tx(tx) => {
                let year = current_year(&mut *tx, today).await?;
                let classes = classes::named((&mut *tx).into(), year).await?;
                Ok(Self::of(today, caller, classes, subjects::named(tx).await?))
            }
        }
    }

    fn of(
        today: NaiveDate,
        caller: &Caller,
        mut classes: Vec<Named>,
        subjects: Vec<(GradeId, subjects::Named)>,
    ) -> Self {
        classes.retain(|class| caller.sees_class(class.id));
        let mut offered: HashMap<GradeId, Vec<subjects::Named>> = HashMap::new();
        for (grade, subject) in subjects {
            offered.entry(grade).or_default().push(subject);
        }
        Self {
            today,
            classes,
            offered,
            myself: not_to_assign(caller),
            known: HashMap::new(),
        }
    }

    /// The classes of the year.
    pub fn classes(&self) -> impl Iterator<Item = ClassId> + '_ {
        self.classes.iter().map(|class| class.id)
    }

    /// The class that somebody means.
    pub fn class(&mut self, text: &str) -> Result<&Named, ApiError> {
        fields::sought("class", text)?;
        let known = self.known.entry(text.to_owned());
        let place = *known.or_insert_with(|| self.classes.iter().position(|class| class.is(text)));
        let class = place.map(|place| &self.classes[place]);
        class.ok_or_else(|| service::unknown(&format!("class {text:?}")))
    }

    /// The subject that somebody means, as it is taught in a class.
    pub fn subject(&self, class: ClassId, text: &str) -> Result<OfferingId, ApiError> {
        fields::sought("subject", text)?;
        let class = self.classes.iter().find(|known| known.id == class);
        let offered = class.and_then(|class| self.offered.get(&class.grade.grade_id));
        let offered: Vec<&subjects::Named> = offered.into_iter().flatten().collect();
        meant_of(
            &offered,
            class.map_or("the class", |class| &class.class),
            text,
        )
    }

    /// What an assignment asks for, with all that it names found.
    pub fn wish(&mut self, found: &[Staff], asked: &AssignTeaching) -> Result<Wish, ApiError> {
        fields::sought("member of staff", &asked.staff)?;
        let who = staff::meant(found, &asked.staff)?;
        if who.state == StaffState::Disabled {
            let message = format!("{} is disabled and teaches nothing", who.name);
            return Err(ApiError::conflict("disabled", message)
                .hint("let them in again first: hillview staff disable --undo"));
        }
        if self.myself == Some(who.id) {
            return Err(own_teaching());
        }
        let class = self.class(&asked.class)?;
        let (id, name) = (class.id, class.class.clone());
        let offering = self.offering(asked, id)?;
        let starts = asked.starts.unwrap_or(self.today);
        check_days(starts, asked.ends)?;
        Ok(Wish {
            new: NewTeaching {
                staff: who.id,
                class: id,
                offering,
                role: asked.role,
                starts,
                ends: asked.ends,
            },
            said_when: asked.starts.is_some() || asked.ends.is_some(),
            replace: asked.replace,
            staff: who.name.clone(),
            class: name,
            subject: asked.subject.clone().filter(|_| offering.is_some()),
        })
    }

    /// The subject that is taught; a class teacher has none.
    fn offering(
        &self,
        asked: &AssignTeaching,
        class: ClassId,
    ) -> Result<Option<OfferingId>, ApiError> {
        let subject = asked.subject.as_deref().map(str::trim);
        match (asked.role, subject.filter(|text| !text.is_empty())) {
            (TeachingRole::SubjectTeacher, Some(text)) => self.subject(class, text).map(Some),
            (TeachingRole::SubjectTeacher, None) => {
                let message = "a subject teacher teaches a subject: name it";
                Err(ApiError::invalid("no-subject", message))
            }
            (_, None) => Ok(None),
            (role, Some(_)) => {
                let message = format!("a {role} has the whole class, not one subject");
                Err(ApiError::invalid("subject-not-allowed", message))
            }
        }
    }
}

/// The caller as a member of staff, where they may not say themselves what they teach: teaching a
/// class opens its marks.
pub fn not_to_assign(caller: &Caller) -> Option<StaffId> {
    let reaches_all = caller.may(Permission::MarksEnter);
    caller.staff().filter(|_| !reaches_all)
}

/// The refusal of an assignment that the caller would make for themselves.
pub fn own_teaching() -> ApiError {
    ApiError::denied("nobody assigns themselves who may not enter all marks")
        .hint("ask the head teacher or a deputy")
}

/// The offering of a grade that somebody means by a subject.
pub async fn find_subject(db: &Db, grade: GradeId, class: &str, text: &str) -> Result<OfferingId> {
    fields::sought("subject", text)?;
    let offered = subjects::named(db).await?;
    let of_grade = offered.iter().filter(|(of, _)| *of == grade);
    let offered: Vec<&subjects::Named> = of_grade.map(|(_, subject)| subject).collect();
    Ok(meant_of(&offered, class, text)?)
}

fn meant_of(offered: &[&subjects::Named], class: &str, text: &str) -> Result<OfferingId, ApiError> {
    let is = |subject: &&&subjects::Named| {
        let names = [&subject.code, &subject.name, &subject.short_name];
        spelling::is_subject(text, names.map(String::as_str), &subject.aliases)
    };
    let found = offered.iter().find(is);
    found.map(|subject| subject.offering_id).ok_or_else(|| {
        let codes: Vec<&str> = offered.iter().map(|known| known.code.as_str()).collect();
        ApiError::invalid("unknown-subject", format!("{class} is not taught {text:?}"))
            .hint(format!("its subjects are {}", codes.join(", ")))
    })
}

/// The staff that assignments name.
pub async fn staff_of(on: On<'_>, asked: &[AssignTeaching]) -> Result<Vec<Staff>> {
    let keys: Vec<String> = asked.iter().map(|one| staff::key(&one.staff)).collect();
    let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    keys.sort_unstable();
    keys.dedup();
    Ok(people::found(on, &keys).await?)
}

/// Refuses days that cannot be meant.
fn check_days(starts: NaiveDate, ends: Option<NaiveDate>) -> Result<(), ApiError> {
    fields::day("first day", starts)?;
    ends.map_or(Ok(()), |ends| fields::day("last day", ends))?;
    match ends.filter(|ends| *ends < starts) {
        None => Ok(()),
        Some(ends) => {
            let message = format!("it would end on {ends}, before it begins on {starts}");
            Err(ApiError::invalid("ends-before-start", message))
        }
    }
}
