//! Finds what was changed, removed or added behind the server's back: in the audit log, in the
//! histories of marks, and in the marks, each of which must be what its history ends with.
//!
//! A call checks a bounded piece and says where to go on; the school works meanwhile. Not found
//! is a log whose end was taken back together with its head, unless the head was written down.

mod follow;
mod log;
mod sheets;

use hillview_shared::ApiError;
use hillview_shared::audit::{AuditChecked, AuditFault, Tampering, VerifyAudit};
use hillview_shared::ids::{SheetId, StudentId};

use self::follow::Place;
use super::refusals;
use crate::caller::Caller;
use crate::chain::Hash;
use crate::db::{self, Db, students};
use crate::error::Result;
use crate::service::State;

/// Rows of a chain that are held at once, about.
const PIECE: i64 = 5_000;
/// Pieces of a call, one after another: a call that may run for minutes counts as many in the
/// user's rate, so that pieces by themselves would wait longer than they work. Others get their
/// turn at each statement.
const PIECES: usize = 16;

/// What was done to which row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fault {
    place: Where,
    sequence: i64,
    what: Tampering,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    Audit,
    History(SheetId),
    Mark(SheetId, StudentId),
}

impl Fault {
    fn audit(sequence: i64, what: Tampering) -> Self {
        Self {
            place: Where::Audit,
            sequence,
            what,
        }
    }
}

/// How far a check has come: the log up to a place in it, then all of it and the sheets up to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cursor {
    Log(Place),
    Sheets(Place, SheetId),
}

/// Checks the next pieces.
pub async fn verify(state: &State, caller: &Caller, request: VerifyAudit) -> Result<AuditChecked> {
    let expect = request.expect.as_deref().map(written_down).transpose()?;
    let mut cursor = match request.after.as_deref() {
        None => {
            refusals::flush(state, caller.tenant()).await;
            Cursor::Log(Place::START)
        }
        Some(after) => read(after)?,
    };
    let db = caller.db();
    let mut rows = 0;
    for _ in 0..PIECES {
        let (looked_at, next, end) = match piece(db, cursor, expect).await? {
            Ok(checked) => checked,
            Err(fault) => {
                return Ok(AuditChecked {
                    rows,
                    fault: Some(named(db, fault).await?),
                    next: None,
                    head: None,
                });
            }
        };
        rows += looked_at;
        let Some(next) = next else {
            return Ok(AuditChecked {
                rows,
                fault: None,
                next: None,
                head: Some(head(end)),
            });
        };
        cursor = next;
    }
    Ok(AuditChecked {
        rows,
        fault: None,
        next: Some(shown(&cursor)),
        head: None,
    })
}

/// Checks one piece: how many rows it had, where to go on, and where the log ended.
async fn piece(
    db: &Db,
    cursor: Cursor,
    expect: Option<Place>,
) -> Result<Result<(u64, Option<Cursor>, Place), Fault>> {
    Ok(match cursor {
        Cursor::Log(start) => log::check(db, start, expect).await?.map(|piece| {
            let next = match piece.whole {
                true => Cursor::Sheets(piece.end, SheetId(0)),
                false => Cursor::Log(piece.end),
            };
            (piece.rows, Some(next), piece.end)
        }),
        Cursor::Sheets(end, behind) => sheets::check(db, behind).await?.map(|piece| {
            let next = piece.next.map(|sheet| Cursor::Sheets(end, sheet));
            (piece.rows, next, end)
        }),
    })
}

fn head(place: Place) -> String {
    format!("{}:{}", place.sequence, hex::encode(place.hash))
}

fn place(text: &str) -> Option<Place> {
    let (sequence, hash) = text.split_once(':')?;
    let mut bytes: Hash = [0; 32];
    hex::decode_to_slice(hash, &mut bytes).ok()?;
    Some(Place {
        sequence: sequence.parse().ok().filter(|sequence| *sequence >= 0)?,
        hash: bytes,
    })
}

fn written_down(text: &str) -> Result<Place, ApiError> {
    place(text.trim()).ok_or_else(|| {
        let message = "this is no head of an audit log";
        ApiError::invalid("bad-head", message)
            .hint("it is a number, a colon and 64 hexadecimal digits, as audit verify prints it")
    })
}

fn shown(cursor: &Cursor) -> String {
    match cursor {
        Cursor::Log(end) => format!("log {}", head(*end)),
        Cursor::Sheets(end, sheet) => format!("sheets {} {sheet}", head(*end)),
    }
}

fn read(after: &str) -> Result<Cursor, ApiError> {
    let mut words = after.split(' ');
    let cursor = match (words.next(), words.next(), words.next(), words.next()) {
        (Some("log"), Some(end), None, None) => place(end).map(Cursor::Log),
        (Some("sheets"), Some(end), Some(sheet), None) => place(end)
            .zip(sheet.parse().ok())
            .map(|(end, sheet)| Cursor::Sheets(end, SheetId(sheet))),
        _ => None,
    };
    cursor.ok_or_else(|| {
        ApiError::invalid("bad-place", "this is not where a check stopped")
            .hint("take it from `next` of the piece before")
    })
}

/// The fault in words.
async fn named(db: &Db, fault: Fault) -> Result<AuditFault> {
    let log = match fault.place {
        Where::Audit => "audit".to_owned(),
        Where::History(sheet) => format!("marks of {}", sheet_name(db, sheet).await?),
        Where::Mark(sheet, student) => {
            let found = students::one(db.into(), student).await?;
            let who = found.map_or_else(
                || format!("student {student}"),
                |student| student.admission_no,
            );
            format!("mark of {who} in {}", sheet_name(db, sheet).await?)
        }
    };
    Ok(AuditFault {
        log,
        sequence: fault.sequence,
        what: fault.what,
    })
}

async fn sheet_name(db: &Db, sheet: SheetId) -> Result<String> {
    let head = db::sheets::head(db, sheet).await?;
    Ok(head.map_or_else(
        || format!("sheet {sheet}"),
        |head| format!("{}, {}, {}", head.class, head.paper, head.assessment),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_goes_on_where_it_stopped() {
        let end = Place {
            sequence: 7,
            hash: [0xab; 32],
        };
        for cursor in [Cursor::Log(end), Cursor::Sheets(end, SheetId(9))] {
            assert_eq!(read(&shown(&cursor)), Ok(cursor));
        }
        let wrong = format!("log 7:{}", "ab".repeat(31));
        for bad in ["", "log", "log 7", "log 7:ab", "sheets 7:ab 1", &wrong] {
            assert_eq!(read(bad).unwrap_err().code, "bad-place", "{bad:?}");
        }
    }

    #[test]
    fn a_head_is_read_as_it_is_printed() {
        let text = format!("12:{}", "0f".repeat(32));
        assert_eq!(head(written_down(&text).unwrap()), text);
        for bad in ["", "12", "-1:00", "x:00", &text[..66]] {
            assert_eq!(written_down(bad).unwrap_err().code, "bad-head", "{bad:?}");
        }
    }
}
