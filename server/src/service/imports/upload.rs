//! How a file comes up: announced, then piece by piece, in order. The pieces lie in the school's
//! database, because the next call may reach another server.

use hillview_shared::ApiError;
use hillview_shared::ids::{ImportId, Moment, UserId};
use hillview_shared::imports::{CHUNK_MAX, FILE_MAX, ImportState, SendChunk, StartImport};
use hillview_shared::text::visible;

use super::{may_import, mine};
use crate::caller::Caller;
use crate::db::imports::{self, Waiting};
use crate::error::Result;
use crate::service::State;

/// How long a file waits for its import, in microseconds.
const KEPT: i64 = 24 * 60 * 60 * 1_000_000;
/// How many files of one person wait at the same time.
const WAITING_MAX: usize = 8;

/// Announces a file. Files that nobody imported within a day are forgotten, and all but the latest
/// of the caller, so that nobody fills the database.
pub async fn start(state: &State, caller: &Caller, request: StartImport) -> Result<ImportId> {
    may_import(caller, request.kind)?;
    if request.length == 0 {
        return Err(ApiError::invalid("empty-file", "the file is empty").into());
    }
    if request.length > FILE_MAX {
        return Err(super::read::too_large("file", "20 MiB").into());
    }
    let name = file_name(&request.file_name);
    let length = i64::try_from(request.length).unwrap_or(i64::MAX);
    let now = state.clock.now();
    caller
        .db()
        .write(async |tx| {
            let waiting = imports::waiting(tx).await?;
            imports::clear_files(tx, &given_up(&waiting, caller.user(), now)).await?;
            let file = (name.as_str(), length);
            Ok(imports::add_job(tx, request.kind, file, caller.user(), now).await?)
        })
        .await
}

/// The files that make room for another one of this person.
fn given_up(waiting: &[Waiting], by: UserId, now: Moment) -> Vec<ImportId> {
    let old = |file: &&Waiting| file.created_at.0 < now.0 - KEPT;
    let theirs = waiting.iter().filter(|file| file.created_by == by);
    let too_many = theirs.skip(WAITING_MAX - 1);
    let given_up = waiting.iter().filter(old).chain(too_many);
    given_up.map(|file| file.id).collect()
}

/// Takes a piece of a file. The same piece sent again changes nothing.
pub async fn receive(_: &State, caller: &Caller, request: SendChunk) -> Result<()> {
    let length = request.bytes.len();
    if length == 0 || length > CHUNK_MAX {
        let message = format!("a piece has 1 to {CHUNK_MAX} bytes, not {length}");
        return Err(ApiError::invalid("bad-piece", message).into());
    }
    let offset = i64::try_from(request.offset).unwrap_or(i64::MAX);
    let end = offset.saturating_add(i64::try_from(length).unwrap_or(i64::MAX));
    caller
        .db()
        .write(async |tx| {
            let job = mine(caller, imports::hold_job(tx, request.import).await?)?;
            if job.state != ImportState::Receiving {
                let message = format!("the file of import {} is complete", job.id);
                return Err(ApiError::conflict("file-complete", message).into());
            }
            if end <= job.received {
                return Ok(());
            }
            if offset != job.received || end > job.length {
                let message = format!(
                    "the next piece begins at {} of {}, not at {offset}",
                    job.received, job.length
                );
                return Err(ApiError::conflict("out-of-order", message).into());
            }
            Ok(imports::add_chunk(tx, job.id, offset, &request.bytes).await?)
        })
        .await
}

/// The file's own name, fit to be shown.
fn file_name(text: &str) -> String {
    let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
    visible(name).chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_waits_for_a_day_and_behind_seven_later_ones() {
        let day = Moment(KEPT * 10);
        let file = |id, by, created_at| Waiting {
            id: ImportId(id),
            created_by: UserId(by),
            created_at,
        };
        let mut waiting = vec![
            file(20, 2, Moment(day.0 - KEPT)),
            file(19, 2, Moment(day.0 - KEPT - 1)),
        ];
        waiting.extend((1..=8).rev().map(|id| file(id, 1, day)));
        let given_up = |by| given_up(&waiting, UserId(by), day);
        assert_eq!(given_up(1), [ImportId(19), ImportId(1)]);
        assert_eq!(given_up(2), [ImportId(19)]);
    }

    #[test]
    fn only_the_name_of_a_file_is_kept() {
        for (text, name) in [
            ("students.csv", "students.csv"),
            ("/home/amina/students.csv", "students.csv"),
            ("C:\\Users\\amina\\students.csv", "students.csv"),
            ("a\u{1b}[2J.csv", "a\u{fffd}[2J.csv"),
        ] {
            assert_eq!(file_name(text), name);
        }
        assert_eq!(file_name(&"x".repeat(300)).len(), 200);
    }
}
