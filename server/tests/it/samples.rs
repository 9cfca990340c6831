//! One sample of each call that there is, as a client that means well would send it. A new call
//! needs one here, and is then tried with hostile text, with changed fields, and by everybody.

use hillview_server::service::assessments;
use hillview_server::testing::{Installation, PASSWORD, School};
use hillview_shared::accounts::{
    BeginSecondFactor, ChangePassword, ConfirmSecondFactor, DropSecondFactor, Permission, Role,
};
use hillview_shared::api::HillviewRequest as Call;
use hillview_shared::assessments::{
    AddAssessment, ListSheets, OpenSheet, WhichAssessment, WhichSheet,
};
use hillview_shared::audit::{ListAudit, VerifyAudit};
use hillview_shared::classes::AddClass;
use hillview_shared::grants::{
    DecideRequest, ExtendGrant, GiveGrant, ListGrants, ListRequests, RequestAccess, RequestState,
    RevokeGrant, Scope, ScopeKind,
};
use hillview_shared::ids::{
    ClassId, GrantId, ImportId, Moment, OperationId, RequestId, SessionId, SheetId, StudentId,
    TeachingId, Version,
};
use hillview_shared::imports::{
    ImportKind, ListProblems, OnDuplicate, RefusedRows, RunImport, SendChunk, StartImport,
    UndoImport,
};
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score, ShowHistory};
use hillview_shared::roles::{DropRole, SaveRole};
use hillview_shared::schools::{
    AddSchool, ExportSchool, ListSchools, RemoveSchool, RenameSchool, SuspendSchool,
};
use hillview_shared::sessions::{AddToken, EndSession, ListSessions, RevokeToken, SessionPolicy};
use hillview_shared::staff::{
    AddStaff, DisableStaff, EditStaff, IssuePasswords, ListStaff, WhichStaff,
};
use hillview_shared::students::{
    AddStudent, EditStudent, ListStudents, MoveStudent, Sex, WhichStudent,
};
use hillview_shared::subjects::{AddSubject, NewPaper};
use hillview_shared::teaching::{
    AssignMany, AssignTeaching, EndTeaching, ListTeaching, TeachingRole,
};

use crate::line::login;
use crate::wire::{class_of_forty, english};

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
        let mut all = self.of_logins();
        all.extend(self.of_rights());
        all.extend(self.of_the_platform());
        all.extend(self.of_people());
        all.extend(self.of_marks());
        all.extend(of_imports());
        all
    }

    fn of_logins(&self) -> Vec<Call> {
        let text = str::to_owned;
        vec![
            Call::Hello {
                request: hillview::client::hello("tui", None),
            },
            Call::Ping {},
            Call::LogIn {
                request: login(&self.school.code, "classteacher", PASSWORD),
            },
            Call::LogOut {},
            Call::WhoAmI {},
            Call::ChangePassword {
                request: ChangePassword {
                    old: text("not the present one"),
                    new: text("another long password"),
                },
            },
            Call::BeginSecondFactor {
                request: BeginSecondFactor {
                    password: text(PASSWORD),
                },
            },
            Call::ConfirmSecondFactor {
                request: ConfirmSecondFactor {
                    code: text("123456"),
                },
            },
            Call::DropSecondFactor {
                request: DropSecondFactor {
                    password: text("not the present one"),
                    code: text("123456"),
                },
            },
            Call::ListSessions {
                request: ListSessions {
                    all: true,
                    username: Some(text("classteacher")),
                    after: Some(text("1")),
                    limit: 20,
                },
            },
            Call::EndSession {
                request: EndSession {
                    session: SessionId(900_000),
                },
            },
            Call::ShowSessionPolicy {},
            Call::SaveSessionPolicy {
                request: SessionPolicy {
                    idle_minutes: 600,
                    days: 20,
                },
            },
            Call::ListTokens {},
            Call::AddToken {
                request: AddToken {
                    name: text("nightly export"),
                    permissions: vec![Permission::StudentsRead],
                    scope: Scope::SCHOOL,
                    days: 30,
                    reason: text("copies"),
                },
            },
            Call::RevokeToken {
                request: RevokeToken {
                    token: SessionId(900_000),
                },
            },
        ]
    }

    fn of_rights(&self) -> Vec<Call> {
        let text = str::to_owned;
        let scope = || Scope {
            kind: ScopeKind::Subject,
            name: Some(text("4 East")),
            subject: Some(text("ENG")),
        };
        vec![
            Call::ListRoles {},
            Call::SaveRole {
                request: SaveRole {
                    code: hillview_shared::accounts::RoleCode(text("exam-officer")),
                    permissions: vec![Permission::MarksRead],
                    second_factor: false,
                    v: Version(0),
                },
            },
            Call::DropRole {
                request: DropRole {
                    code: hillview_shared::accounts::RoleCode(text("exam-officer")),
                },
            },
            Call::ListGrants {
                request: ListGrants {
                    to: Some(text("teacher")),
                    ending_soon: false,
                    past: true,
                    after: Some(text("5")),
                    limit: 20,
                },
            },
            Call::GiveGrant {
                request: GiveGrant {
                    to: text("teacher"),
                    permission: Permission::MarksEnter,
                    scope: scope(),
                    starts: Some(Moment(1_800_000_000_000_000)),
                    days: Some(7),
                    reason: text("stands in for a colleague"),
                },
            },
            Call::ExtendGrant {
                request: ExtendGrant {
                    grant: GrantId(1),
                    days: Some(7),
                },
            },
            Call::RevokeGrant {
                request: RevokeGrant {
                    grant: GrantId(1),
                    reason: text("no longer needed"),
                },
            },
            Call::ListRequests {
                request: ListRequests {
                    decided: true,
                    after: Some(text("5")),
                    limit: 20,
                },
            },
            Call::RequestAccess {
                request: RequestAccess {
                    permission: Permission::MarksEnter,
                    scope: scope(),
                    days: Some(7),
                    reason: text("stands in for a colleague"),
                },
            },
            Call::DecideRequest {
                request: DecideRequest {
                    request: RequestId(1),
                    decision: RequestState::Denied,
                    answer: text("ask the deputy"),
                },
            },
            Call::ListAudit {
                request: ListAudit {
                    action: Some(text("log-in")),
                    username: Some(text("teacher")),
                    refused: false,
                    from: Some(Moment(1_700_000_000_000_000)),
                    until: Some(Moment(1_900_000_000_000_000)),
                    after: Some(text("100")),
                    limit: 20,
                },
            },
            Call::VerifyAudit {
                request: VerifyAudit::default(),
            },
        ]
    }

    fn of_the_platform(&self) -> Vec<Call> {
        let text = str::to_owned;
        vec![
            Call::ListSchools {
                request: ListSchools {
                    after: Some(text("a")),
                    limit: 20,
                },
            },
            Call::AddSchool {
                request: AddSchool {
                    code: text("mlimani"),
                    name: text("Mlimani Primary"),
                    pack: text("ke-cbe"),
                    admin: text("admin"),
                },
            },
            Call::SuspendSchool {
                request: SuspendSchool {
                    code: text("nowhere"),
                    undo: false,
                },
            },
            Call::RenameSchool {
                request: RenameSchool {
                    code: text(&self.school.code),
                    name: text("Kilimani Academy"),
                },
            },
            Call::ExportSchool {
                request: ExportSchool {
                    code: text("nowhere"),
                },
            },
            Call::RemoveSchool {
                request: RemoveSchool {
                    code: text("nowhere"),
                    confirm: text("nowhere"),
                },
            },
        ]
    }

    fn of_people(&self) -> Vec<Call> {
        let text = str::to_owned;
        let staff = || WhichStaff {
            staff: text("registrar"),
        };
        let day = |text: &str| Some(text.parse().unwrap());
        let assignment = || AssignTeaching {
            staff: text("classteacher"),
            class: text("4 West"),
            subject: Some(text("KIS")),
            role: TeachingRole::SubjectTeacher,
            starts: day("2026-01-05"),
            ends: day("2026-12-01"),
            replace: true,
        };
        vec![
            Call::ListStudents {
                request: ListStudents {
                    class: Some(self.east),
                    search: Some(text("achieng")),
                    all: true,
                    after: Some(text("Achieng Mary Atieno|1")),
                    limit: 20,
                },
            },
            Call::ShowStudent {
                request: WhichStudent::AdmissionNo(text("A001")),
            },
            Call::AddStudent {
                request: AddStudent {
                    admission_no: Some(text("B0017")),
                    name: text("Njoroge David"),
                    sex: Some(Sex::Male),
                    birth_date: day("2015-03-09"),
                    class: self.west,
                },
            },
            Call::EditStudent {
                request: EditStudent {
                    student: self.student,
                    based_on: Version(1),
                    name: Some(text("Achieng Mary")),
                    admission_no: Some(text("A001")),
                    sex: Some(Sex::Female),
                    birth_date: day("2015-03-09"),
                    status: None,
                },
            },
            Call::MoveStudent {
                request: MoveStudent {
                    student: self.student,
                    class: self.west,
                },
            },
            Call::ListStaff {
                request: ListStaff {
                    search: text("grace"),
                    disabled: true,
                    after: Some(text("Grace Njeri|1")),
                    limit: 20,
                },
            },
            Call::AddStaff {
                request: AddStaff {
                    staff_no: text("T77"),
                    name: text("Rukia Wekesa"),
                    username: text("rukia"),
                    roles: vec![Role::Teacher.into()],
                },
            },
            Call::EditStaff {
                request: EditStaff {
                    staff: text("registrar"),
                    name: Some(text("Peter Mutua")),
                    staff_no: Some(text("T2")),
                    roles: Some(vec![Role::Registrar.into()]),
                },
            },
            Call::DisableStaff {
                request: DisableStaff {
                    staff: text("registrar"),
                    undo: true,
                    reason: text("is on leave"),
                },
            },
            Call::ResetPassword { request: staff() },
            Call::ResetSecondFactor { request: staff() },
            Call::IssuePasswords {
                request: IssuePasswords { limit: 1 },
            },
            Call::ListTeaching {
                request: ListTeaching {
                    staff: Some(text("teacher")),
                    class: Some(text("4 East")),
                    all_dates: true,
                    after: Some(text("1")),
                    limit: 20,
                },
            },
            Call::AssignTeaching {
                request: assignment(),
            },
            Call::AssignMany {
                request: AssignMany {
                    assignments: vec![assignment()],
                    preview: true,
                },
            },
            Call::EndTeaching {
                request: EndTeaching {
                    teaching: TeachingId(900_000),
                    last_day: day("2026-06-30"),
                },
            },
        ]
    }

    fn of_marks(&self) -> Vec<Call> {
        let text = str::to_owned;
        let day = |text: &str| Some(text.parse().unwrap());
        let which = || WhichAssessment {
            code: text("T1-END"),
        };
        vec![
            Call::ListTerms {},
            Call::ListClasses {},
            Call::AddClass {
                request: AddClass {
                    grade: text("Grade 5"),
                    stream: text("Blue"),
                },
            },
            Call::ListPapers {},
            Call::AddSubject {
                request: AddSubject {
                    code: text("CODE"),
                    name: text("Coding"),
                    aliases: vec![text("Computing")],
                    grades: vec![text("Grade 4")],
                    papers: vec![NewPaper {
                        code: text("P1"),
                        name: text("Paper 1"),
                        weight: 100,
                        out_of: Score::whole(60),
                    }],
                },
            },
            Call::ListAssessments {},
            Call::AddAssessment {
                request: AddAssessment {
                    code: text("T1-END"),
                    name: text("End-Term"),
                    term: text("T1"),
                    out_of: Some(Score::whole(50)),
                    opens: day("2026-01-05"),
                    closes: day("2026-12-01"),
                    direct_levels: false,
                    grades: vec![text("Grade 4")],
                },
            },
            Call::OpenAssessment { request: which() },
            Call::LockAssessment { request: which() },
            Call::ListSheets {
                request: ListSheets {
                    assessment: None,
                    class: Some(self.east),
                    mine: false,
                    after: Some(text("1")),
                    limit: 20,
                },
            },
            Call::OpenSheet {
                request: OpenSheet {
                    sheet: english(),
                    newer_than: Some(Version(0)),
                },
            },
            Call::OpenSheet {
                request: OpenSheet {
                    sheet: WhichSheet::Id(self.sheet),
                    newer_than: None,
                },
            },
            Call::SaveMarks {
                request: SaveMarks {
                    sheet: self.sheet,
                    operation: OperationId([7; 16]),
                    edits: vec![
                        Edit {
                            student: self.student,
                            based_on: Version(0),
                            entry: Entry::Score(Score(6_750)),
                        },
                        Edit {
                            student: self.student,
                            based_on: Version(0),
                            entry: Entry::Level(text("EE1")),
                        },
                    ],
                    reason: Some(text("typed wrong")),
                },
            },
            Call::ShowHistory {
                request: ShowHistory {
                    sheet: self.sheet,
                    student: Some(self.student),
                    after: 0,
                },
            },
        ]
    }
}

fn of_imports() -> Vec<Call> {
    let text = str::to_owned;
    let import = ImportId(1);
    vec![
        Call::StartImport {
            request: StartImport {
                kind: ImportKind::Students,
                file_name: text("students.csv"),
                length: 30,
            },
        },
        Call::SendChunk {
            request: SendChunk {
                import,
                offset: 0,
                bytes: b"Adm No,Name,Class\nC1,A B,4 East"[..30].into(),
            },
        },
        Call::RunImport {
            request: RunImport {
                import,
                dry_run: false,
                on_duplicate: OnDuplicate::Skip,
                create_classes: true,
                assign_numbers: true,
                class: Some(text("4 East")),
                assessment: Some(text("T1-MID")),
            },
        },
        Call::ListProblems {
            request: ListProblems { import, after: 0 },
        },
        Call::RefusedRows {
            request: RefusedRows { import, offset: 0 },
        },
        Call::ListImports {},
        Call::UndoImport {
            request: UndoImport {
                import,
                reason: Some(text("the wrong file")),
            },
        },
    ]
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
    let page = include_str!("../../../shared/src/api.rs");
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
