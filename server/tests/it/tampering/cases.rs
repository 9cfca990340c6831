//! Ways to tamper, each with what is found.

use hillview_shared::audit::Tampering;
use hillview_shared::audit::Tampering::{Added, Changed, Removed};
use hillview_shared::ids::{SheetId, StudentId};

use super::ground::Ready;

/// What somebody does, with the numbers that each statement takes from the first on, and what is
/// found: in which log, at which place, what.
pub struct Case {
    pub statements: Vec<&'static str>,
    pub numbers: Vec<i64>,
    pub found: (&'static str, i64, Tampering),
}

fn case(
    statements: &[&'static str],
    numbers: &[i64],
    found: (&'static str, i64, Tampering),
) -> Case {
    Case {
        statements: statements.to_vec(),
        numbers: numbers.to_vec(),
        found,
    }
}

/// Cases in the audit log, whose last line is `end`.
pub fn in_the_log(end: i64) -> Vec<Case> {
    let columns = [
        "update audit set at = at + 1 where sequence = ?",
        "update audit set username = 'amina' where sequence = ?",
        "update audit set address = '192.0.2.9' where sequence = ?",
        "update audit set source = 'api' where sequence = ?",
        "update audit set action = 'publish' where sequence = ?",
        "update audit set subject = 'somebody' where sequence = ?",
        "update audit set outcome = 'denied' where sequence = ?",
        "update audit set refused = not refused where sequence = ?",
        "update audit set detail = 'nothing' where sequence = ?",
        "update audit set previous_hash = hash where sequence = ?",
        "update audit set hash = previous_hash where sequence = ?",
    ];
    const GONE: &str = "delete from audit where sequence = ?";
    let middle = end / 2;
    let mut cases = Vec::new();
    for place in [1, middle, end] {
        for sql in columns {
            cases.push(case(&[sql], &[place], ("audit", place, Changed)));
        }
        cases.push(case(&[GONE], &[place], ("audit", place, Removed)));
    }
    let close = "update audit set sequence = - sequence - 1 where sequence < 0";
    let below = "update audit set sequence = - sequence where sequence > ?";
    for place in [1, middle] {
        let closed = [GONE, below, close];
        cases.push(case(&closed, &[place], ("audit", place, Removed)));
    }
    let copy =
        "insert into audit (sequence, at, username, address, source, action, subject, outcome,
            refused, detail, previous_hash, hash)
        select ?, at + 1, username, address, source, action, subject, outcome, refused, detail,
            previous_hash, hash
        from audit where sequence = ?";
    let (up, make) = (
        "update audit set sequence = - sequence where sequence >= ?",
        "update audit set sequence = 1 - sequence where sequence < 0",
    );
    for place in [1, middle] {
        let added = [up, make, copy];
        cases.push(case(&added, &[place, place + 1], ("audit", place, Added)));
    }
    cases.extend([
        case(&[copy], &[end + 1, end], ("audit", end + 1, Added)),
        case(&[copy], &[0, 1], ("audit", 0, Added)),
        case(&["delete from audit"], &[], ("audit", 1, Removed)),
        case(
            &["delete from audit_head"],
            &[],
            ("audit", end + 1, Removed),
        ),
        case(
            &["update audit_head set sequence = sequence - 1"],
            &[],
            ("audit", end, Added),
        ),
    ]);
    cases
}

pub const HISTORY: &str = "marks of 4 East, English, MID";

/// Cases in the history of the sheet, of twelve rows.
pub fn in_the_history(sheet: SheetId, other_student: StudentId) -> Vec<Case> {
    let columns = [
        "update mark_change set old_score = 100 where sheet_id = ? and sequence = ?",
        "update mark_change set new_score = 5900 where sheet_id = ? and sequence = ?",
        "update mark_change set new_state = 'nonsense' where sheet_id = ? and sequence = ?",
        "update mark_change set new_level = 'EE1' where sheet_id = ? and sequence = ?",
        "update mark_change set changed_by = changed_by + 1 where sheet_id = ? and sequence = ?",
        "update mark_change set changed_at = changed_at - 1 where sheet_id = ? and sequence = ?",
        "update mark_change set operation = substr(hash, 1, 16) where sheet_id = ? and sequence = ?",
        "update mark_change set source = 'cli' where sheet_id = ? and sequence = ?",
        "update mark_change set reason = 'remarked' where sheet_id = ? and sequence = ?",
        "update mark_change set row_hash = substr(hash, 1, 8) where sheet_id = ? and sequence = ?",
        "update mark_change set row_hash = concat(substr(row_hash, 1, 4), substr(hash, 1, 4))
            where sheet_id = ? and sequence = ?",
        "update mark_change set hash = concat(operation, operation)
            where sheet_id = ? and sequence = ?",
    ];
    let to_other = "update mark_change set student_id = ? where sheet_id = ? and sequence = ?";
    let gone = "delete from mark_change where sheet_id = ? and sequence = ?";
    let mut cases = Vec::new();
    for place in [1, 6, 12] {
        for sql in columns {
            cases.push(case(&[sql], &[sheet.0, place], (HISTORY, place, Changed)));
        }
        let numbers = [other_student.0, sheet.0, place];
        cases.push(case(&[to_other], &numbers, (HISTORY, place, Changed)));
        cases.push(case(&[gone], &[sheet.0, place], (HISTORY, place, Removed)));
    }
    let last_two = "delete from mark_change where sheet_id = ? and sequence >= ?";
    let copy = "insert into mark_change (sheet_id, sequence, student_id, old_state, old_score,
            old_level, new_state, new_score, new_level, changed_by, changed_at, operation, source,
            reason, row_hash, hash)
        select sheet_id, ?, student_id, new_state, new_score, new_level, new_state, 5900, new_level,
            changed_by, changed_at + 1, operation, source, reason, row_hash, hash
        from mark_change where sheet_id = ? and sequence = ?";
    let up = "update mark_change set sequence = - sequence where sequence >= ?";
    let make = "update mark_change set sequence = 1 - sequence where sequence < 0";
    let above = "update mark_change set sequence = - sequence where sequence > ?";
    let close = "update mark_change set sequence = - sequence - 1 where sequence < 0";
    let one = "delete from mark_change where sequence = ?";
    for place in [1, 6, 11] {
        cases.push(case(
            &[one, above, close],
            &[place],
            (HISTORY, place, Removed),
        ));
    }
    let bare = "update mark_change set row_hash = null where sheet_id = ? and sequence = ?";
    for place in [6, 12] {
        cases.push(case(&[bare], &[sheet.0, place], (HISTORY, place, Changed)));
    }
    let numbers = [6, sheet.0, 5];
    cases.extend([
        case(&[last_two], &[sheet.0, 11], (HISTORY, 11, Removed)),
        case(&["delete from mark_change"], &[], (HISTORY, 1, Removed)),
        case(&[copy], &[13, sheet.0, 12], (HISTORY, 13, Added)),
        case(&[copy], &[0, sheet.0, 12], (HISTORY, 0, Added)),
        case(&[up, make, copy], &numbers, (HISTORY, 6, Added)),
    ]);
    cases
}

/// Cases in the marks themselves: A003's mark was last changed by row 8, A001's cleared by row 11.
pub fn in_the_marks(ready: &Ready) -> Vec<Case> {
    const A001: &str = "mark of A001 in 4 East, English, MID";
    const A003: &str = "mark of A003 in 4 East, English, MID";
    let numbers = [ready.sheet.0, ready.student(2).0];
    let mut cases: Vec<Case> = [
        "update mark set score = 5900 where sheet_id = ? and student_id = ?",
        "update mark set state = 'absent', score = null where sheet_id = ? and student_id = ?",
        "update mark set changed_by = changed_by + 1 where sheet_id = ? and student_id = ?",
        "update mark set score = 5900, changed_at = changed_at + 1 where sheet_id = ? and student_id = ?",
        "update mark set score = 5900, changed_at = 1 where sheet_id = ? and student_id = ?",
    ]
    .iter()
    .map(|sql| case(&[sql], &numbers, (A003, 8, Changed)))
    .collect();
    let gone = "delete from mark where sheet_id = ? and student_id = ?";
    let copy =
        "insert into mark (sheet_id, student_id, state, score, level, v, changed_by, changed_at)
        select sheet_id, ?, state, score, level, v, changed_by, 1
        from mark where sheet_id = ? and student_id = ?";
    let cleared = [ready.sheet.0, ready.student(0).0];
    let copied = |place: usize| [ready.student(place).0, numbers[0], numbers[1]];
    cases.extend([
        case(&[gone], &numbers, (A003, 8, Removed)),
        case(
            &["update mark set v = v + 100 where sheet_id = ? and student_id = ?"],
            &numbers,
            (A003, 8, Changed),
        ),
        case(
            &["update mark set state = 'scored', score = 5000 where sheet_id = ? and student_id = ?"],
            &cleared,
            (A001, 11, Changed),
        ),
        case(
            &["update mark set changed_by = changed_by + 1 where sheet_id = ? and student_id = ?"],
            &cleared,
            (A001, 11, Changed),
        ),
        // Where a server of before cleared a mark, it has no row.
        case(
            &["delete from mark where state = 'blank'", copy],
            &copied(0),
            (A001, 11, Changed),
        ),
        case(
            &[copy],
            &copied(5),
            ("mark of A006 in 4 East, English, MID", 0, Added),
        ),
    ]);
    cases
}
