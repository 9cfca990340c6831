//! One sample of each call that there is, as a client that means well would send it. A new call
//! needs one here, and is then tried with hostile text, with changed fields, and by everybody.

mod imports;
mod logins;
mod marks;
mod people;
mod platform;
mod rights;

use chrono::NaiveDate;
use hillview_server::service::assessments;
use hillview_server::testing::{Installation, School};
use hillview_shared::api::HillviewRequest as Call;
use hillview_shared::assessments::ListSheets;
use hillview_shared::ids::{ClassId, SheetId, StudentId};

use crate::wire::class_of_forty;

/// What samples name.
pub struct About {
    pub school: School,
    pub east: ClassId,
    pub west: ClassId,
    pub student: StudentId,
    pub sheet: SheetId,
}

impl About {
    /// A school with a class of forty and English open for it.
    pub async fn school(it: &Installation) -> Self {
        let school = class_of_forty(it).await;
        let head = school.caller("head").await;
        let sheets = assessments::list_sheets(&it.state, &head, ListSheets::default()).await;
        let sheets = sheets.unwrap().rows;
        let english = sheets
            .iter()
            .find(|sheet| sheet.class_id == school.east.id && sheet.paper == "English");
        Self {
            east: school.east.id,
            west: school.west.id,
            student: school.students[0].id,
            sheet: english.unwrap_or(&sheets[0]).id,
            school,
        }
    }

    /// A sample of each call.
    pub fn samples(&self) -> Vec<Call> {
        let all = [
            logins::logins(self),
            logins::sessions(),
            rights::roles(),
            rights::grants(),
            rights::audit(),
            platform::schools(self),
            people::students(self),
            people::staff(),
            people::teaching(),
            marks::subjects(),
            marks::assessments(),
            marks::sheets(self),
            imports::imports(),
        ];
        all.into_iter().flatten().collect()
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn day(text: &str) -> Option<NaiveDate> {
    Some(text.parse().unwrap())
}

/// A call's name as it travels.
pub fn name(call: &Call) -> String {
    let encoded = hillview_shared::wire::Call::encode(call).unwrap();
    encoded.method().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_has_a_sample() {
    use hillview_server::testing::Engine;

    let it = Installation::new(Engine::Sqlite).await;
    let about = About::school(&it).await;
    let sampled: std::collections::BTreeSet<_> = about.samples().iter().map(name).collect();
    let page = include_str!("../../../../shared/src/api.rs");
    let calls = page.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("    async fn ")?.split_once('(')?;
        let words = name
            .split('_')
            .map(|word| word[..1].to_uppercase() + &word[1..]);
        Some(words.collect::<String>())
    });
    let calls: std::collections::BTreeSet<_> = calls.collect();
    assert!(calls.len() > 60, "{calls:?}");
    assert_eq!(sampled, calls);
    it.remove().await;
}
