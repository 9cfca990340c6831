//! What becomes of assignments that are asked for, held against those that are there and against
//! each other. Pure: a preview and the deed are the same judgement.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use hillview_shared::ApiError;
use hillview_shared::ids::{ClassId, OfferingId, StaffId, TeachingId};
use hillview_shared::teaching::{Teaching, TeachingRole};

use crate::db::teaching::NewTeaching;

/// An assignment that is asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    pub new: NewTeaching,
    /// Whether its days were said, and not only taken to be from today.
    pub said_when: bool,
    /// Whether it ends that of the class's present class teacher.
    pub replace: bool,
    /// The name of who is to teach, of the class, and of the subject as it was asked for.
    pub staff: String,
    pub class: String,
    pub subject: Option<String>,
}

/// What becomes of one of them.
#[derive(Debug)]
pub enum Verdict {
    New,
    /// It is there already.
    Same(TeachingId),
    /// It is new and ends that of this class teacher.
    Replaces(String),
    Refused(ApiError),
}

/// What becomes of all of them.
#[derive(Debug, Default)]
pub struct Judged {
    /// In the order of the wishes.
    pub verdicts: Vec<Verdict>,
    /// What is ended for those that replace, with its last day.
    pub ended: Vec<(TeachingId, NaiveDate)>,
}

/// What two assignments have in common when they are one and the same, but for their days.
type Place = (StaffId, ClassId, Option<OfferingId>, TeachingRole);

/// The first and the last day. An assignment that was taken back before it began has none between.
type Span = (NaiveDate, Option<NaiveDate>);

/// Judges wishes by the assignments of their classes that are there.
pub fn judge(there: &[Teaching], wishes: &[Wish]) -> Judged {
    let mut bench = Bench::of(there);
    let mut verdicts: Vec<Option<Verdict>> = wishes.iter().map(|_| None).collect();
    for (place, refusal) in clashes(wishes) {
        verdicts[place] = Some(Verdict::Refused(refusal));
    }
    // Those that replace first: they make room.
    let order = wishes.iter().enumerate();
    let mut order: Vec<usize> = order.map(|(place, _)| place).collect();
    order.sort_by_key(|place| !wishes[*place].replace);
    for place in order {
        let verdict = &mut verdicts[place];
        if verdict.is_none() {
            *verdict = Some(bench.decide(&wishes[place]));
        }
    }
    Judged {
        verdicts: verdicts.into_iter().flatten().collect(),
        ended: bench.ended,
    }
}

/// The assignments that are there, as they are after what was decided already.
struct Bench<'a> {
    leaders: HashMap<ClassId, Vec<(&'a Teaching, Span)>>,
    places: HashMap<Place, Vec<(&'a Teaching, Span)>>,
    ended: Vec<(TeachingId, NaiveDate)>,
}

impl<'a> Bench<'a> {
    fn of(there: &'a [Teaching]) -> Self {
        let mut bench = Self {
            leaders: HashMap::new(),
            places: HashMap::new(),
            ended: Vec::new(),
        };
        for one in there {
            let span = (one.starts, one.ends);
            let place = (one.staff_id, one.class_id, one.offering_id, one.role);
            bench.places.entry(place).or_default().push((one, span));
            if one.role == TeachingRole::ClassTeacher {
                let leaders = bench.leaders.entry(one.class_id).or_default();
                leaders.push((one, span));
            }
        }
        bench
    }

    fn decide(&mut self, wish: &Wish) -> Verdict {
        let new = &wish.new;
        let span = (new.starts, new.ends);
        let place = (new.staff, new.class, new.offering, new.role);
        for (one, has) in self.places.get(&place).into_iter().flatten() {
            let same = match wish.said_when {
                true => *has == span,
                false => covers(*has, span),
            };
            if same {
                return Verdict::Same(one.id);
            }
            if overlap(*has, span) {
                return Verdict::Refused(overlapping(wish, *has));
            }
        }
        match new.role {
            TeachingRole::ClassTeacher => self.lead(wish, span),
            _ => Verdict::New,
        }
    }

    /// A class has one class teacher on a day.
    fn lead(&mut self, wish: &Wish, span: Span) -> Verdict {
        let leaders = self.leaders.entry(wish.new.class).or_default();
        let in_the_way = |(_, has): &&mut (&Teaching, Span)| overlap(*has, span);
        let mut others: Vec<_> = leaders.iter_mut().filter(in_the_way).collect();
        let Some((first, has)) = others.first().map(|other| (other.0, other.1)) else {
            return Verdict::New;
        };
        if !wish.replace {
            return Verdict::Refused(second_leader(&wish.class, &first.staff, has.0));
        }
        // Whoever begins later is no present class teacher that could be replaced.
        if let Some(later) = others.iter().find(|(_, has)| has.0 > span.0) {
            return Verdict::Refused(second_leader(&wish.class, &later.0.staff, later.1.0));
        }
        let eve = span.0.checked_sub_days(Days::new(1)).unwrap_or(span.0);
        for other in &mut others {
            other.1.1 = Some(eve);
            self.ended.push((other.0.id, eve));
        }
        Verdict::Replaces(first.staff.clone())
    }
}

fn is_empty((starts, ends): Span) -> bool {
    ends.is_some_and(|ends| ends < starts)
}

/// Whether two spans have a day in common.
fn overlap(a: Span, b: Span) -> bool {
    let begins_within = |a: Span, b: Span| b.1.is_none_or(|ends| a.0 <= ends);
    !is_empty(a) && !is_empty(b) && begins_within(a, b) && begins_within(b, a)
}

/// Whether a span has every day of another.
fn covers(a: Span, b: Span) -> bool {
    let lasts =
        a.1.is_none_or(|ends| b.1.is_some_and(|other| other <= ends));
    !is_empty(a) && a.0 <= b.0 && lasts
}

/// The wishes that stand in each other's way, each once with the reason.
fn clashes(wishes: &[Wish]) -> HashMap<usize, ApiError> {
    let mut places: HashMap<Place, Vec<usize>> = HashMap::new();
    let mut leaders: HashMap<ClassId, Vec<usize>> = HashMap::new();
    for (place, wish) in wishes.iter().enumerate() {
        let new = &wish.new;
        let key = (new.staff, new.class, new.offering, new.role);
        places.entry(key).or_default().push(place);
        if new.role == TeachingRole::ClassTeacher {
            leaders.entry(new.class).or_default().push(place);
        }
    }
    let mut clashes = HashMap::new();
    for (one, other) in leaders
        .into_values()
        .flat_map(|of| overlapping_of(wishes, of))
    {
        for (one, other) in [(one, other), (other, one)] {
            let message = format!(
                "{} would have two class teachers: {} stands in the same list",
                wishes[one].class, wishes[other].staff
            );
            let refusal = ApiError::conflict("two-class-teachers", message)
                .hint("leave one of them, or make the second one a deputy");
            clashes.insert(one, refusal);
        }
    }
    for (one, other) in places
        .into_values()
        .flat_map(|of| overlapping_of(wishes, of))
    {
        for place in [one, other] {
            let message = "the same assignment stands twice in the list";
            clashes.insert(place, ApiError::conflict("twice", message));
        }
    }
    clashes
}

/// Of some wishes, pairs so that everyone that has a day in common with another is in a pair.
fn overlapping_of(wishes: &[Wish], mut some: Vec<usize>) -> Vec<(usize, usize)> {
    let span = |place: usize| (wishes[place].new.starts, wishes[place].new.ends);
    some.sort_by_key(|place| span(*place).0);
    let mut pairs = Vec::new();
    let mut last: Option<usize> = None;
    for place in some {
        if let Some(before) = last
            && overlap(span(before), span(place))
        {
            pairs.push((before, place));
        }
        // The one that lasts longest so far is the one that later ones may meet.
        let lasts = |place: usize| span(place).1.unwrap_or(NaiveDate::MAX);
        last = Some(
            last.map_or(place, |before| match lasts(place) > lasts(before) {
                true => place,
                false => before,
            }),
        );
    }
    pairs
}

fn second_leader(class: &str, leader: &str, from: NaiveDate) -> ApiError {
    let message = format!("{class} has a class teacher: {leader}, from {from}");
    ApiError::conflict("two-class-teachers", message)
        .hint("make the second one a deputy, or replace the first one")
}

fn overlapping(wish: &Wish, has: Span) -> ApiError {
    let ends = has.1.map_or_else(String::new, |ends| format!(" to {ends}"));
    let message = format!(
        "{} is {} of {} already, from {}{ends}",
        wish.staff, wish.new.role, wish.class, has.0
    );
    ApiError::conflict("overlapping", message).hint("end that first, or say other days")
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
