//! A school that is ready for work: one login of each kind, two classes, a few students.

use std::sync::Arc;

use hillview_shared::accounts::{LogIn, Role, RoleCode};
use hillview_shared::classes::{AddClass, Class};
use hillview_shared::ids::ClassId;
use hillview_shared::staff::AddStaff;
use hillview_shared::students::{AddStudent, Student};
use hillview_shared::teaching::{AssignTeaching, TeachingRole};
use tokio::sync::OnceCell;

use crate::caller::{self, Caller};
use crate::db::accounts as logins;
use crate::service::accounts::{self, Peer};
use crate::service::schools::{self, NewSchool};
use crate::service::{State, classes, staff, students, teaching};

/// The password of every login that a test makes.
pub const PASSWORD: &str = "correct horse battery";

/// A ready school. Its logins are `admin`, `head`, `registrar`, `classteacher` (of 4 East) and
/// `teacher` (English in 4 East).
pub struct School {
    pub code: String,
    pub east: Class,
    pub west: Class,
    /// Five in 4 East, then two in 4 West.
    pub students: Vec<Student>,
    state: Arc<State>,
}

/// A local client.
pub fn peer() -> Peer {
    Peer {
        client: "test 0".into(),
        address: "unix".into(),
    }
}

impl School {
    /// # Panics
    /// When a step is refused: the test cannot go on.
    pub async fn make(state: &Arc<State>, code: &str) -> Self {
        let new = NewSchool {
            code,
            name: "Kilimani Primary",
            pack: "ke-cbe",
            admin: "admin",
        };
        schools::create(state, &new)
            .await
            .expect("a school can be made");
        settle(state, code, "admin").await;
        let admin = log_in(state, code, "admin").await;
        for (number, (username, name, role)) in (1..).zip(STAFF) {
            let request = AddStaff {
                staff_no: format!("T{number}"),
                name: name.to_owned(),
                username: username.to_owned(),
                roles: vec![role.into()],
            };
            staff::add(state, &admin, request)
                .await
                .expect("staff can be added");
            settle(state, code, username).await;
        }
        let east = add_class(state, &admin, "East").await;
        let west = add_class(state, &admin, "West").await;
        for (staff, subject, role) in [
            ("classteacher", None, TeachingRole::ClassTeacher),
            ("teacher", Some("ENG"), TeachingRole::SubjectTeacher),
        ] {
            let request = AssignTeaching {
                staff: staff.to_owned(),
                class: "4 East".to_owned(),
                subject: subject.map(str::to_owned),
                role,
                starts: None,
                ends: None,
                replace: false,
            };
            let assigned = teaching::assign(state, &admin, request).await;
            assigned.expect("teaching can be assigned");
        }
        let registrar = log_in(state, code, "registrar").await;
        let mut all = Vec::new();
        for (number, name) in (1..).zip(STUDENTS) {
            let class = if number <= 5 { east.id } else { west.id };
            all.push(add_student(state, &registrar, number, name, class).await);
        }
        Self {
            code: code.to_owned(),
            east,
            west,
            students: all,
            state: Arc::clone(state),
        }
    }

    /// One more who can log in.
    ///
    /// # Panics
    /// When they cannot be added.
    pub async fn add_login(&self, username: &str, role: Role) {
        let admin = self.caller("admin").await;
        let request = AddStaff {
            staff_no: username.to_owned(),
            name: "Rukia Wekesa".to_owned(),
            username: username.to_owned(),
            roles: vec![role.into()],
        };
        let added = staff::add(&self.state, &admin, request).await;
        added.expect("staff can be added");
        settle(&self.state, &self.code, username).await;
    }

    /// One of the school's people, logged in.
    ///
    /// # Panics
    /// When the login is refused.
    pub async fn caller(&self, username: &str) -> Caller {
        self.caller_at(&self.state, username).await
    }

    /// Adds a member of staff with a role, as the head does.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn hire(&self, username: &str, role: &str) -> Caller {
        let head = self.caller("head").await;
        let request = AddStaff {
            staff_no: format!("N-{username}"),
            name: username.to_owned(),
            username: username.to_owned(),
            roles: vec![RoleCode(role.to_owned())],
        };
        let added = staff::add(&self.state, &head, request).await;
        added.expect("staff can be added");
        settle(&self.state, &self.code, username).await;
        self.caller(username).await
    }

    /// The same at another server of the installation.
    ///
    /// # Panics
    /// When the login is refused.
    pub async fn caller_at(&self, state: &State, username: &str) -> Caller {
        log_in(state, &self.code, username).await
    }
}

const STAFF: [(&str, &str, Role); 4] = [
    ("head", "Grace Njeri", Role::HeadTeacher),
    ("registrar", "Peter Mutua", Role::Registrar),
    ("classteacher", "Amina Hassan", Role::Teacher),
    ("teacher", "John Otieno", Role::Teacher),
];

const STUDENTS: [&str; 7] = [
    "Achieng Mary Atieno",
    "Baraka Juma",
    "Chebet Faith",
    "Ng'ang'a Peter Kamau",
    "Wanjikũ Jane",
    "Zawadi Neema",
    "Kiprono Daniel",
];

async fn add_class(state: &State, admin: &Caller, stream: &str) -> Class {
    let request = AddClass {
        grade: "Grade 4".to_owned(),
        stream: stream.to_owned(),
    };
    let added = classes::add(state, admin, request).await;
    added.expect("a class can be added")
}

async fn add_student(
    state: &State,
    registrar: &Caller,
    number: usize,
    name: &str,
    class: ClassId,
) -> Student {
    let request = AddStudent {
        admission_no: Some(format!("A{number:03}")),
        name: name.to_owned(),
        sex: None,
        birth_date: None,
        class,
    };
    let added = students::add(state, registrar, request).await;
    added.expect("a student can be added")
}

/// Logs in with the password that tests know.
///
/// # Panics
/// When the login is refused.
pub async fn log_in(state: &State, school: &str, username: &str) -> Caller {
    let request = LogIn {
        school: school.to_owned(),
        user: username.to_owned(),
        password: PASSWORD.to_owned(),
        code: None,
        device: None,
    };
    let (_, key) = accounts::log_in(state, &peer(), request)
        .await
        .expect("a test can log in");
    caller::resolve(state, &key, &"test".into())
        .await
        .expect("a new session is good")
}

/// Gives a new login the password that tests know, as if it had been changed.
///
/// # Panics
/// When there is no such login.
pub async fn settle(state: &State, school: &str, username: &str) {
    static HASH: OnceCell<String> = OnceCell::const_new();
    let hash = async {
        state
            .hashers
            .hash(PASSWORD)
            .await
            .expect("a password can be hashed")
    };
    let hash = HASH.get_or_init(|| hash).await;
    let tenant = state
        .tenants
        .school(school)
        .await
        .expect("the school is open");
    let now = state.clock.now();
    tenant
        .db
        .write(async |tx| {
            let login = logins::find_login(&mut *tx, username)
                .await?
                .expect("the login was made");
            logins::set_password(tx, login.id, login.v, hash, false, now).await?;
            Ok(())
        })
        .await
        .expect("a password can be set");
}
