//! What a person has on the desk: the sheets that are open, and what was seen in lists. From it
//! come the calls, and the answers go back to it.

use std::collections::BTreeMap;

use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::assessments::{
    ListSheets, OpenSheet, Sheet, SheetOpened, SheetSummary, WhichSheet,
};
use hillview_shared::audit::ListAudit;
use hillview_shared::classes::ListClasses;
use hillview_shared::ids::{ClassId, OperationId, SheetId, StudentId, Version};
use hillview_shared::marks::{Edit, Entry, MarksSaved, SaveMarks, Score, ShowHistory};
use hillview_shared::staff::ListStaff;
use hillview_shared::students::{ListStudents, WhichStudent};
use hillview_shared::teaching::ListTeaching;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};

use super::deeds::Deed;

/// Sheets that a person keeps open; of lists, what is remembered.
const OPEN_MAX: usize = 6;
const SEEN_MAX: usize = 200;
/// The most marks of a save as they are typed, and of a piece of a sheet before a deadline.
const FEW: usize = 5;
const PIECE: usize = 12;

#[derive(Default)]
pub struct Desk {
    /// Whether there is a deadline, so that sheet after sheet is entered.
    deadline: bool,
    /// Their own sheets; `None` until they have looked.
    own: Option<Vec<SheetId>>,
    sheets: Vec<SheetId>,
    classes: Vec<ClassId>,
    students: Vec<(StudentId, String)>,
    /// The next page of the students.
    page: Option<String>,
    open: BTreeMap<SheetId, Open>,
    /// The sheet that is entered before a deadline: how many marks of it are in.
    entering: Option<(SheetId, usize)>,
    /// How many were begun.
    begun: usize,
}

/// A sheet on the desk.
struct Open {
    v: Version,
    out_of: Score,
    /// The codes that are entered in place of scores.
    levels: Vec<String>,
    closed: bool,
    rows: Vec<Row>,
}

struct Row {
    student: StudentId,
    entry: Entry,
    v: Version,
}

impl Desk {
    pub fn new(deadline: bool) -> Self {
        Self {
            deadline,
            ..Self::default()
        }
    }

    pub fn has_deadline(&self) -> bool {
        self.deadline
    }

    /// What comes next for somebody who has a deadline: a sheet of their own is opened, and its marks
    /// are entered until all are in.
    pub fn before_deadline(&mut self) -> Deed {
        let Some((sheet, entered)) = self.entering else {
            return Deed::OpenSheet;
        };
        match self.open.get(&sheet) {
            Some(open) if !open.closed && entered < open.rows.len() => match entered {
                // One sheet in three was written on paper first.
                0 if self.begun.is_multiple_of(3) => Deed::SaveSheet,
                _ => Deed::SaveFew,
            },
            _ => Deed::OpenSheet,
        }
    }

    /// The call of a deed, or of what must come before it.
    pub fn request(&mut self, deed: Deed, random: &mut StdRng) -> (Deed, HillviewRequest) {
        let possible = match deed {
            Deed::SaveFew | Deed::SaveSheet => self.to_save(deed, random),
            Deed::OpenSheet => self.to_open(random),
            Deed::OpenSheetAgain => self.to_open_again(random),
            Deed::ListOwnSheets => Some(list_sheets(None, true)),
            Deed::ListSheetsOfClass => {
                let class = self.classes.choose(random);
                class.map(|class| list_sheets(Some(*class), false))
            }
            Deed::ListSheets => Some(list_sheets(None, false)),
            Deed::ListStudents => {
                let (class, after) = (self.classes.choose(random).copied(), self.page.take());
                // A page is of the list that it belongs to: the whole of what they may see.
                let class = class.filter(|_| after.is_none() && random.random_bool(0.5));
                Some(list_students(class, None, after))
            }
            Deed::SearchStudents => self.students.choose(random).map(|(_, name)| {
                let word = name.split(' ').next_back().unwrap_or_default();
                let part: String = word.chars().take(4).collect();
                list_students(None, Some(part), None)
            }),
            Deed::ShowStudent => self.students.choose(random).map(|(id, _)| {
                let request = WhichStudent::Id(*id);
                HillviewRequest::ShowStudent { request }
            }),
            Deed::ShowHistory => self.sheets.choose(random).map(|sheet| {
                let (sheet, student) = (*sheet, None);
                let after = 0;
                let request = ShowHistory {
                    sheet,
                    student,
                    after,
                };
                HillviewRequest::ShowHistory { request }
            }),
            Deed::ListClasses => {
                let request = ListClasses::default();
                Some(HillviewRequest::ListClasses { request })
            }
            Deed::ListStaff => {
                let request = ListStaff::default();
                Some(HillviewRequest::ListStaff { request })
            }
            Deed::ListTeaching => {
                let request = ListTeaching::default();
                Some(HillviewRequest::ListTeaching { request })
            }
            Deed::ListAudit => {
                let request = ListAudit::default();
                Some(HillviewRequest::ListAudit { request })
            }
        };
        match possible {
            Some(request) => (deed, request),
            None => self.before(deed, random),
        }
    }

    /// What somebody does who cannot do that yet: they look for it.
    fn before(&mut self, deed: Deed, random: &mut StdRng) -> (Deed, HillviewRequest) {
        let first = match deed {
            Deed::ListSheetsOfClass => Deed::ListClasses,
            Deed::ShowStudent | Deed::SearchStudents => Deed::ListStudents,
            Deed::OpenSheetAgain | Deed::SaveFew | Deed::SaveSheet if !self.sheets.is_empty() => {
                Deed::OpenSheet
            }
            _ if self.own.is_none() => Deed::ListOwnSheets,
            _ => Deed::ListSheets,
        };
        self.request(first, random)
    }

    fn to_open(&self, random: &mut StdRng) -> Option<HillviewRequest> {
        // Mostly one of their own; whoever has none looks at others'.
        let own = self.own.as_deref().filter(|own| !own.is_empty());
        let of = match own {
            Some(own) if self.deadline || random.random_bool(0.8) => own,
            _ => &self.sheets,
        };
        let sheet = of.choose(random).copied().filter(|_| self.own.is_some())?;
        Some(open(sheet, None))
    }

    fn to_open_again(&self, random: &mut StdRng) -> Option<HillviewRequest> {
        let (sheet, known) = self.open.iter().choose(random)?;
        Some(open(*sheet, Some(known.v)))
    }

    fn to_save(&self, deed: Deed, random: &mut StdRng) -> Option<HillviewRequest> {
        let own = self.own.as_deref().unwrap_or_default();
        let (sheet, from) = match self.entering {
            Some(entering) => entering,
            None => {
                let mine = |(id, it): &(&SheetId, &Open)| !it.closed && own.contains(*id);
                let (sheet, open) = self.open.iter().filter(mine).choose(random)?;
                let last = open.rows.len().saturating_sub(1);
                (*sheet, random.random_range(0..=last))
            }
        };
        let open = self.open.get(&sheet)?;
        let many = match (deed, self.entering) {
            (Deed::SaveSheet, _) => open.rows.len(),
            (_, Some(_)) => random.random_range(FEW..=PIECE),
            _ => random.random_range(1..=FEW),
        };
        let from = if deed == Deed::SaveSheet { 0 } else { from };
        let rows = open.rows.iter().skip(from).take(many);
        let edits: Vec<Edit> = rows.map(|row| open.edit(row, random)).collect();
        if edits.is_empty() {
            return None;
        }
        let request = SaveMarks {
            sheet,
            // Another one in each run on the same schools, where all else is as it was.
            operation: OperationId(rand::random()),
            edits,
            reason: None,
        };
        Some(HillviewRequest::SaveMarks { request })
    }

    /// Takes an answer to the desk.
    pub fn learn(&mut self, deed: Deed, response: HillviewResponse) {
        match response {
            HillviewResponse::ListSheets(Ok(page)) => self.saw_sheets(deed, &page.rows),
            HillviewResponse::ListClasses(Ok(page)) => {
                self.classes = page.rows.iter().map(|class| class.id).collect();
            }
            HillviewResponse::ListStudents(Ok(page)) => {
                let rows = page.rows.into_iter().map(|row| (row.id, row.name));
                self.students.extend(rows);
                let surplus = self.students.len().saturating_sub(SEEN_MAX);
                self.students.drain(..surplus);
                self.page = page.next.filter(|_| deed == Deed::ListStudents);
            }
            HillviewResponse::OpenSheet(Ok(SheetOpened::Sheet(sheet))) => self.opened(*sheet),
            _ => {}
        }
    }

    fn saw_sheets(&mut self, deed: Deed, rows: &[SheetSummary]) {
        if deed == Deed::ListOwnSheets {
            self.own = Some(rows.iter().map(|row| row.id).collect());
        }
        self.sheets.extend(rows.iter().map(|row| row.id));
        self.sheets.sort_unstable();
        self.sheets.dedup();
        self.sheets.truncate(SEEN_MAX);
    }

    fn opened(&mut self, sheet: Sheet) {
        let levels = match sheet.direct_levels {
            true => sheet.scheme.bands.into_iter().map(|it| it.code).collect(),
            false => Vec::new(),
        };
        let rows = sheet.rows.into_iter().map(|row| Row {
            student: row.id,
            entry: row.entry,
            v: row.v,
        });
        let open = Open {
            v: sheet.v,
            out_of: sheet.out_of,
            levels,
            closed: sheet.closed.is_some(),
            rows: rows.collect(),
        };
        while self.open.len() >= OPEN_MAX && !self.open.contains_key(&sheet.id) {
            self.open.pop_first();
        }
        self.open.insert(sheet.id, open);
        let own = self.own.iter().flatten().any(|own| *own == sheet.id);
        self.entering = (self.deadline && own).then_some((sheet.id, 0));
        self.begun += usize::from(self.entering.is_some());
    }

    /// What a save came to: what stands where, and how far the sheet is.
    pub fn saved(&mut self, save: &SaveMarks, saved: &MarksSaved) {
        let Some(open) = self.open.get_mut(&save.sheet) else {
            return;
        };
        open.v = saved.version;
        for edit in &save.edits {
            let Some(row) = open.rows.iter_mut().find(|row| row.student == edit.student) else {
                continue;
            };
            let problem = saved.problems.iter().find(|it| it.student == edit.student);
            (row.entry, row.v) = match problem {
                None => (edit.entry.clone(), saved.version),
                Some(problem) => match &problem.theirs {
                    Some(theirs) => (theirs.entry.clone(), theirs.version),
                    None => continue,
                },
            };
        }
        if let Some((_, entered)) = &mut self.entering {
            *entered += save.edits.len();
        }
    }

    /// What is open may be another by now.
    pub fn clear(&mut self) {
        self.open.clear();
        self.entering = None;
    }
}

impl Open {
    /// Another mark than the one that stands.
    fn edit(&self, row: &Row, random: &mut StdRng) -> Edit {
        let entry = match self.levels.choose(random) {
            Some(code) => Entry::Level(code.clone()),
            None => Entry::Score(Score(random.random_range(0..=self.out_of.0 / 50) * 50)),
        };
        let entry = match (entry == row.entry, &row.entry) {
            (false, _) => entry,
            (true, Entry::Absent) => Entry::Exempt,
            (true, _) => Entry::Absent,
        };
        Edit {
            student: row.student,
            based_on: row.v,
            entry,
        }
    }
}

fn list_sheets(class: Option<ClassId>, mine: bool) -> HillviewRequest {
    let request = ListSheets {
        class,
        mine,
        ..ListSheets::default()
    };
    HillviewRequest::ListSheets { request }
}

fn list_students(
    class: Option<ClassId>,
    search: Option<String>,
    after: Option<String>,
) -> HillviewRequest {
    let request = ListStudents {
        class,
        search,
        after,
        ..ListStudents::default()
    };
    HillviewRequest::ListStudents { request }
}

fn open(sheet: SheetId, newer_than: Option<Version>) -> HillviewRequest {
    let sheet = WhichSheet::Id(sheet);
    let request = OpenSheet { sheet, newer_than };
    HillviewRequest::OpenSheet { request }
}
