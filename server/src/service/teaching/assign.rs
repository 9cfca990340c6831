//! Carries assignments out. Whoever they concern reads their rights again at the next call.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use hillview_shared::audit::Action;
use hillview_shared::ids::{ClassId, Moment, TeachingId};
use hillview_shared::teaching::{
    ASSIGN_MOST, AssignMany, AssignOutcome, AssignTeaching, Assigned, AssignedLine, EndTeaching,
    Teaching, TeachingRole,
};
use hillview_shared::{ApiError, Kind};

use super::judge::{Judged, Verdict, Wish, judge};
use super::names::{Names, staff_of};
use crate::caller::Caller;
use crate::db::teaching::{self, NewTeaching};
use crate::db::{Tx, sessions};
use crate::error::Result;
use crate::service::audit::{self, Event};
use crate::service::{State, accounts, fields};

/// Assigns a member of staff to a class, or to a subject of it. A class has one class teacher on a
/// day; an assignment that is there already is given back as it is.
pub async fn assign(state: &State, caller: &Caller, request: AssignTeaching) -> Result<Teaching> {
    let db = caller.db();
    let now = state.clock.now();
    let asked = std::slice::from_ref(&request);
    let found = staff_of(db.into(), asked).await?;
    let mut names = Names::read(db.into(), caller, caller.today(now)).await?;
    let wishes = [names.wish(&found, &request)?];
    let assigned = db
        .write(async |tx| {
            let judged = held_against(tx, &wishes, true).await?;
            if let Some(Verdict::Refused(refusal)) = judged.verdicts.first() {
                return Err(refusal.clone().into());
            }
            carry_out(tx, caller, &wishes, &judged, now).await?;
            let of_class = teaching::of_classes(&mut *tx, &[wishes[0].new.class]).await?;
            let made = of_class
                .into_iter()
                .rev()
                .find(|one| match &judged.verdicts[0] {
                    Verdict::Same(id) => one.id == *id,
                    _ => is(one, &wishes[0].new),
                });
            let made = made.ok_or_else(|| ApiError::not_found("assignment"))?;
            audit::note_all(tx, &caller.by(now), &events(&wishes, &judged)).await?;
            Ok(made)
        })
        .await?;
    accounts::tell_changed(state, caller.school_code()).await;
    Ok(assigned)
}

fn is(one: &Teaching, new: &NewTeaching) -> bool {
    (one.staff_id, one.offering_id, one.role) == (new.staff, new.offering, new.role)
        && (one.starts, one.ends) == (new.starts, new.ends)
}

/// Assigns many at once: all of them, or none when one is refused. A preview goes the same way and
/// writes nothing.
pub async fn assign_many(state: &State, caller: &Caller, request: AssignMany) -> Result<Assigned> {
    let asked = &request.assignments;
    if asked.is_empty() || asked.len() > ASSIGN_MOST {
        let message = format!(
            "1 to {ASSIGN_MOST} are assigned at once, not {}",
            asked.len()
        );
        return Err(ApiError::invalid("bad-limit", message).into());
    }
    let db = caller.db();
    let now = state.clock.now();
    let found = staff_of(db.into(), asked).await?;
    let mut names = Names::read(db.into(), caller, caller.today(now)).await?;
    let read: Vec<Result<Wish, ApiError>> =
        asked.iter().map(|one| names.wish(&found, one)).collect();
    let wishes: Vec<Wish> = read.iter().flatten().cloned().collect();
    let whole = wishes.len() == read.len();
    let (judged, applied) = db
        .write(async |tx| {
            let judged = held_against(tx, &wishes, !request.preview).await?;
            let refused = |verdict: &Verdict| matches!(verdict, Verdict::Refused(_));
            let applies = whole && !request.preview && !judged.verdicts.iter().any(refused);
            if applies {
                carry_out(tx, caller, &wishes, &judged, now).await?;
                audit::note_all(tx, &caller.by(now), &events(&wishes, &judged)).await?;
            }
            Ok((judged, applies))
        })
        .await?;
    if applied {
        accounts::tell_changed(state, caller.school_code()).await;
    }
    Ok(Assigned {
        applied,
        lines: lines(read, judged),
    })
}

fn lines(read: Vec<Result<Wish, ApiError>>, judged: Judged) -> Vec<AssignedLine> {
    let mut verdicts = judged.verdicts.into_iter();
    let line = |read| match read {
        Ok(wish) => told(wish, verdicts.next()),
        Err(refusal) => refused(None, &refusal),
    };
    read.into_iter().map(line).collect()
}

fn told(wish: Wish, verdict: Option<Verdict>) -> AssignedLine {
    let (outcome, words) = match verdict {
        Some(Verdict::Refused(refusal)) => return refused(Some(wish), &refusal),
        Some(Verdict::New) | None => (AssignOutcome::New, String::new()),
        Some(Verdict::Same(_)) => (AssignOutcome::Same, String::new()),
        Some(Verdict::Replaces(whom)) => (AssignOutcome::Replaces, format!("replaces {whom}")),
    };
    AssignedLine {
        outcome,
        class: Some(wish.class),
        staff: Some(wish.staff),
        words,
    }
}

fn refused(wish: Option<Wish>, refusal: &ApiError) -> AssignedLine {
    let (class, staff) = wish.map(|wish| (wish.class, wish.staff)).unzip();
    AssignedLine {
        outcome: AssignOutcome::Refused,
        class,
        staff,
        words: refusal.message.clone(),
    }
}

/// Judges wishes by what their classes have, which is held when something is to be written.
async fn held_against(tx: &mut Tx, wishes: &[Wish], hold: bool) -> Result<Judged> {
    let mut classes: Vec<ClassId> = wishes.iter().map(|wish| wish.new.class).collect();
    classes.sort_unstable();
    classes.dedup();
    if hold {
        teaching::hold_classes(tx, &classes).await?;
    }
    let there = teaching::of_classes(tx, &classes).await?;
    Ok(judge(&there, wishes))
}

/// Does what was judged, none of it refused. Sessions of those concerned read what they teach again.
pub async fn carry_out(
    tx: &mut Tx,
    caller: &Caller,
    wishes: &[Wish],
    judged: &Judged,
    now: Moment,
) -> Result<()> {
    let mut by_day: BTreeMap<NaiveDate, Vec<TeachingId>> = BTreeMap::new();
    for (id, last_day) in &judged.ended {
        by_day.entry(*last_day).or_default().push(*id);
    }
    for (last_day, ended) in &by_day {
        teaching::end(tx, ended, *last_day).await?;
    }
    let new = wishes.iter().zip(&judged.verdicts);
    let new = new.filter(|(_, verdict)| matches!(verdict, Verdict::New | Verdict::Replaces(_)));
    let new: Vec<NewTeaching> = new.map(|(wish, _)| wish.new).collect();
    if new.is_empty() {
        return Ok(());
    }
    teaching::add(tx, &new, caller.user(), now).await?;
    Ok(sessions::changed(tx).await?)
}

/// What the audit log says of assignments that were carried out.
pub fn events(wishes: &[Wish], judged: &Judged) -> Vec<Event> {
    let made = wishes.iter().zip(&judged.verdicts);
    let event = |(wish, verdict): (&Wish, &Verdict)| {
        let new = &wish.new;
        let replaced = match verdict {
            Verdict::New => String::new(),
            Verdict::Replaces(whom) => format!(", replaces {whom}"),
            Verdict::Same(_) | Verdict::Refused(_) => return None,
        };
        let subject = wish.subject.as_ref().map(|subject| format!(", {subject}"));
        let ends = new.ends.map(|ends| format!(" to {ends}"));
        let event = Event::new(
            Action::TeachingAssign,
            shown(&wish.staff, &wish.class, new.role),
        );
        Some(event.detail(format!(
            "from {}{}{}{replaced}",
            new.starts,
            ends.unwrap_or_default(),
            subject.unwrap_or_default()
        )))
    };
    made.filter_map(event).collect()
}

/// What the audit log says of an assignment that was ended.
pub fn ended(one: &Teaching, last_day: NaiveDate) -> Event {
    let event = Event::new(Action::TeachingEnd, shown(&one.staff, &one.class, one.role));
    event.detail(format!("last day {last_day}"))
}

/// An assignment as the audit log names it.
fn shown(staff: &str, class: &str, role: TeachingRole) -> String {
    format!("{staff}, {role} of {class}")
}

/// Ends an assignment: yesterday was its last day, when no other is said. The row stays.
pub async fn end(state: &State, caller: &Caller, request: EndTeaching) -> Result<Teaching> {
    let now = state.clock.now();
    let yesterday = caller.today(now) - Days::new(1);
    request
        .last_day
        .map_or(Ok(()), |day| fields::day("last day", day))?;
    let db = caller.db();
    let ended = db
        .write(async |tx| {
            let unknown = || ApiError::not_found("assignment");
            let one = teaching::one(tx, request.teaching)
                .await?
                .ok_or_else(unknown)?;
            teaching::hold_classes(tx, &[one.class_id]).await?;
            let one = teaching::one(tx, one.id).await?.ok_or_else(unknown)?;
            // Before the first day it never begins.
            let eve = one
                .starts
                .checked_sub_days(Days::new(1))
                .unwrap_or(one.starts);
            let last_day = request.last_day.unwrap_or(yesterday.max(eve));
            if last_day < eve {
                let message = format!("it begins on {} only", one.starts);
                return Err(ApiError::invalid("ends-before-start", message).into());
            }
            if let Some(ends) = one.ends.filter(|ends| *ends < last_day) {
                let message = match ends < one.starts {
                    true => "it was taken back before it began".to_owned(),
                    false => format!("it ends on {ends} already"),
                };
                return Err(ApiError::new(Kind::Conflict, "ended", message)
                    .hint("assign it anew for more time")
                    .into());
            }
            teaching::end(tx, &[one.id], last_day).await?;
            sessions::changed(tx).await?;
            let read = teaching::one(tx, one.id).await?.ok_or_else(unknown)?;
            audit::note(tx, &caller.by(now), self::ended(&read, last_day)).await?;
            Ok(read)
        })
        .await?;
    accounts::tell_changed(state, caller.school_code()).await;
    Ok(ended)
}
