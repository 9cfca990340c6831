//! What a session may do at a moment, and on which part of the school: from its roles, from what
//! it teaches and from what it was granted. Every question about rights ends here, and the answer
//! is no unless one of the three says yes. Not here: whose session it is (`caller`).

use chrono::NaiveDate;
use hillview_shared::accounts::{PLATFORM, Permission};
use hillview_shared::ids::{ClassId, Moment};
use hillview_shared::teaching::TeachingRole;

use crate::db::grants::Granted;
pub use crate::db::grants::Part;
use crate::db::sessions::{Session, Taught};

/// What teaching a class, or a subject of it, gives there.
const TEACHING: [Permission; 3] = [
    Permission::MarksEnter,
    Permission::MarksSubmit,
    Permission::MarksImport,
];

/// A session's reach at a moment.
#[derive(Clone, Copy)]
pub struct Reach<'a> {
    session: &'a Session,
    school: &'a str,
    now: Moment,
    today: NaiveDate,
}

impl<'a> Reach<'a> {
    /// Of a session of the school with this code. `today` is the school's day at `now`.
    pub fn new(session: &'a Session, school: &'a str, now: Moment, today: NaiveDate) -> Self {
        Self {
            session,
            school,
            now,
            today,
        }
    }

    /// Whether it has a permission on the whole school.
    pub fn on_school(self, asked: Permission) -> bool {
        // Whatever a role or a grant of an ordinary school says.
        if asked == Permission::SchoolsManage && self.school != PLATFORM {
            return false;
        }
        let roles = self.session.permissions.iter();
        let granted = self.granted().filter(|granted| granted.class_id.is_none());
        roles
            .copied()
            .chain(granted.map(|granted| granted.permission))
            .any(|held| gives(held, asked))
    }

    /// The permissions on the whole school, sorted.
    pub fn permissions(self) -> Vec<Permission> {
        let all = Permission::ALL.iter().copied();
        all.filter(|permission| self.on_school(*permission))
            .collect()
    }

    /// The parts of the school on which it has a permission that it may not have on the whole.
    pub fn parts(self, asked: Permission) -> impl Iterator<Item = Part> + use<'a> {
        let taught = self
            .taught()
            .filter(move |_| TEACHING.iter().any(|held| gives(*held, asked)))
            .map(|taught| Part {
                class: taught.class_id,
                offering: taught.offering_id,
            });
        let granted = self
            .granted()
            .filter(move |granted| gives(granted.permission, asked))
            .filter_map(|granted| {
                Some(Part {
                    class: granted.class_id?,
                    offering: granted.offering_id,
                })
            });
        taught.chain(granted)
    }

    /// The subjects that it teaches itself or was given to enter marks for: not the rest of a
    /// class teacher's class.
    pub fn own_parts(self) -> impl Iterator<Item = Part> + use<'a> {
        let taught = self
            .taught()
            .filter(|taught| taught.role == TeachingRole::SubjectTeacher)
            .map(|taught| Part {
                class: taught.class_id,
                offering: taught.offering_id,
            });
        let granted = self
            .granted()
            .filter(|granted| granted.permission == Permission::MarksEnter)
            .filter_map(|granted| {
                Some(Part {
                    class: granted.class_id?,
                    offering: granted.offering_id,
                })
            });
        taught.chain(granted)
    }

    /// The classes of which it is the class teacher.
    pub fn own_classes(self) -> impl Iterator<Item = ClassId> + use<'a> {
        let own = self.taught();
        own.filter(|taught| taught.role == TeachingRole::ClassTeacher)
            .map(|taught| taught.class_id)
    }

    fn taught(self) -> impl Iterator<Item = &'a Taught> {
        let Self { session, today, .. } = self;
        let in_force = move |taught: &&Taught| {
            taught.starts <= today && taught.ends.is_none_or(|ends| ends >= today)
        };
        session.teaching.iter().filter(in_force)
    }

    fn granted(self) -> impl Iterator<Item = &'a Granted> {
        let Self { session, now, .. } = self;
        let in_force = move |granted: &&Granted| {
            granted.starts <= now && granted.ends.is_none_or(|ends| now < ends)
        };
        session.grants.iter().filter(in_force)
    }
}

/// Whether who has one permission thereby has another: nobody writes unseen, and a mark sheet
/// lists the students of its class.
fn gives(held: Permission, asked: Permission) -> bool {
    use Permission as P;
    let on_marks = || {
        matches!(
            held,
            P::MarksEnter | P::MarksSubmit | P::MarksApprove | P::MarksUnlock | P::MarksImport
        )
    };
    held == asked
        || match asked {
            P::MarksRead => on_marks(),
            P::StudentsRead => matches!(held, P::StudentsWrite | P::MarksRead) || on_marks(),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use hillview_shared::ids::{OfferingId, SessionId, UserId};

    use super::*;

    const EAST: ClassId = ClassId(1);
    const WEST: ClassId = ClassId(2);
    const ENGLISH: OfferingId = OfferingId(7);

    fn session() -> Session {
        Session {
            id: SessionId(1),
            idle: None,
            user: UserId(1),
            staff: None,
            username: String::new(),
            name: String::new(),
            must_change: false,
            second_factor: hillview_shared::accounts::SecondFactor::Off,
            last_seen: Moment(0),
            ends: Moment(i64::MAX),
            roles: Vec::new(),
            permissions: Vec::new(),
            teaching: Vec::new(),
            grants: Vec::new(),
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn has(
        session: &Session,
        now: i64,
        permission: Permission,
        class: ClassId,
        subject: OfferingId,
    ) -> bool {
        let reach = Reach::new(session, "kilimani", Moment(now), day("2026-05-01"));
        reach.on_school(permission)
            || reach
                .parts(permission)
                .any(|part| part.class == class && part.offering.is_none_or(|own| own == subject))
    }

    #[test]
    fn a_grant_begins_and_ends_at_its_moments() {
        let mut session = session();
        session.grants.push(Granted {
            permission: Permission::MarksEnter,
            class_id: Some(EAST),
            offering_id: Some(ENGLISH),
            starts: Moment(100),
            ends: Some(Moment(200)),
        });
        for (now, in_force) in [(99, false), (100, true), (199, true), (200, false)] {
            let entered = has(&session, now, Permission::MarksEnter, EAST, ENGLISH);
            assert_eq!(entered, in_force, "{now}");
            let seen = has(&session, now, Permission::StudentsRead, EAST, ENGLISH);
            assert_eq!(seen, in_force, "{now}");
        }
        assert!(!has(&session, 150, Permission::MarksEnter, WEST, ENGLISH));
        assert!(!has(
            &session,
            150,
            Permission::MarksEnter,
            EAST,
            OfferingId(8)
        ));
        assert!(!has(&session, 150, Permission::MarksUnlock, EAST, ENGLISH));
    }

    #[test]
    fn teaching_counts_on_its_first_and_last_day() {
        let mut session = session();
        session.teaching.push(Taught {
            class_id: EAST,
            offering_id: None,
            role: TeachingRole::ClassTeacher,
            starts: day("2026-05-01"),
            ends: Some(day("2026-05-03")),
        });
        for (today, in_force) in [
            ("2026-04-30", false),
            ("2026-05-01", true),
            ("2026-05-03", true),
            ("2026-05-04", false),
        ] {
            let reach = Reach::new(&session, "kilimani", Moment(0), day(today));
            let parts = reach.parts(Permission::MarksEnter).count();
            assert_eq!(parts == 1, in_force, "{today}");
            assert_eq!(reach.own_parts().count(), 0, "no subject of their own");
        }
    }

    #[test]
    fn schools_are_managed_from_the_platform_only() {
        let mut session = session();
        session.permissions.push(Permission::SchoolsManage);
        session.grants.push(Granted {
            permission: Permission::SchoolsManage,
            class_id: None,
            offering_id: None,
            starts: Moment(0),
            ends: None,
        });
        let today = day("2026-05-01");
        for (school, counts) in [("kilimani", false), (PLATFORM, true)] {
            let reach = Reach::new(&session, school, Moment(1), today);
            assert_eq!(reach.on_school(Permission::SchoolsManage), counts);
            assert_eq!(reach.permissions().len(), usize::from(counts));
        }
    }
}
