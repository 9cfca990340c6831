//! The history in the database, compared with what the writers know.

use std::collections::HashMap;

use hillview_server::chain::{Hash, Link, START};
use hillview_server::db::Db;
use hillview_server::testing::Installation;
use hillview_shared::ids::{Moment, OperationId, SheetId, StudentId, UserId};
use hillview_shared::marks::{Entry, MarkState, Score};

use super::writer::{Effect, Writer};

type Value = (Option<MarkState>, Option<Score>, Option<String>);
type Row = (
    i64,
    StudentId,
    Option<MarkState>,
    Option<Score>,
    Option<String>,
    Option<MarkState>,
    Option<Score>,
    Option<String>,
    UserId,
    Moment,
    Vec<u8>,
    String,
    Option<String>,
    Vec<u8>,
    Vec<u8>,
);

const HISTORY: &str = "select sequence, student_id, old_state, old_score, old_level, new_state, \
    new_score, new_level, changed_by, changed_at, operation, source, reason, row_hash, hash \
    from mark_change where sheet_id = ? order by sequence";

/// Each acknowledged change has exactly one row, there is no other row, and every hash fits.
pub async fn compare(installation: &Installation, school: &str, writers: &[Writer]) -> usize {
    let state = installation.another().await;
    let db = state.tenants.school(school).await.unwrap().db;
    let mut sheets: HashMap<SheetId, Vec<&Effect>> = HashMap::new();
    for writer in writers {
        sheets
            .entry(writer.sheet)
            .or_default()
            .extend(&writer.effects);
    }
    let mut rows = 0;
    for (sheet, known) in sheets {
        let stored = history(&db, sheet).await;
        let key = |effect: &Effect| (effect.operation, effect.student);
        let mut left: HashMap<_, &Effect> = stored.iter().map(|it| (key(it), it)).collect();
        assert_eq!(left.len(), stored.len(), "a change is in the history twice");
        for effect in known {
            let found = left.remove(&key(effect));
            assert_eq!(
                found,
                Some(effect),
                "an acknowledged change is not in the history"
            );
        }
        assert!(left.is_empty(), "nobody knows of these changes: {left:?}");
        rows += stored.len();
    }
    state.tenants.close().await;
    rows
}

/// A sheet's history, checked link by link.
async fn history(db: &Db, sheet: SheetId) -> Vec<Effect> {
    let rows: Vec<Row> = db.query(HISTORY).bind(sheet).all().await.unwrap();
    let mut previous: Hash = START;
    let effects = (1..).zip(rows).map(|(place, row)| {
        let (sequence, student, s0, p0, l0, s1, p1, l1, by, at, operation, source, reason, ..) =
            &row;
        let effect = Effect {
            operation: OperationId(operation.as_slice().try_into().unwrap()),
            student: *student,
            before: entry((*s0, *p0, l0.clone())),
            after: entry((*s1, *p1, l1.clone())),
        };
        let link = Link {
            sheet,
            sequence: *sequence,
            student: *student,
            before: &effect.before,
            after: &effect.after,
            by: *by,
            at: *at,
            operation: effect.operation,
            source,
            reason: reason.as_deref(),
        };
        assert_eq!(*sequence, place);
        let hash = link.hash(&previous);
        let kept = link.row_hash(&previous, &hash);
        let stored = (row.13.as_slice(), row.14.as_slice());
        assert_eq!(
            stored,
            (kept.bytes(), &hash[..]),
            "sheet {sheet}, row {sequence}"
        );
        previous = hash;
        effect
    });
    effects.collect()
}

fn entry((state, score, level): Value) -> Entry {
    state.map_or(Entry::Blank, |state| {
        Entry::stored(state, score, level).unwrap()
    })
}
