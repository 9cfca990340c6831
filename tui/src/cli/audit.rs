//! The commands about the audit log: reading it, and finding what was tampered with.

use clap::{Args, Subcommand};
use hillview_shared::ApiError;
use hillview_shared::audit::{AuditEntry, AuditFault, ListAudit, VerifyAudit};
use hillview_shared::ids::Moment;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::Context;
use super::connection::{Session, ask};
use super::output::{self, Column, Outcome, usage};

/// Lines of one answer, at most.
const PAGE: u16 = 200;

#[derive(Subcommand)]
pub enum Command {
    List(List),
    Verify(Verify),
}

/// List what was done, refused, given and taken, the newest first
///
/// Times are in UTC, as in the list.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview audit list
  hillview audit list --action grant --by akinyi
  hillview audit list --refused --from 2026-03-01 --until 2026-04-01 --all --format csv")]
pub struct List {
    /// Only this action, or those that begin so: grant finds grant-give
    #[arg(long, value_name = "WORD")]
    action: Option<String>,
    /// Only what this login did
    #[arg(long, value_name = "LOGIN")]
    by: Option<String>,
    /// Only what was refused
    #[arg(long)]
    refused: bool,
    /// From this day or moment on: 2026-03-01 or 2026-03-01T06:30:00Z
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    from: Option<Moment>,
    /// Before this day or moment
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    until: Option<Moment>,
    /// At most so many lines
    #[arg(long, value_name = "N", default_value_t = 50, conflicts_with = "all")]
    limit: usize,
    /// All lines
    #[arg(long)]
    all: bool,
}

/// Find rows of the log, of histories and of marks that were changed behind the server's back
///
/// Names the first one with exit code 6. Otherwise prints the head of the log: written down
/// elsewhere and given with --expect, it shows later that nothing up to it was made anew.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview audit verify
  hillview audit verify --format json >> heads.json
  hillview audit verify --expect 4711:9f2c…64 digits…")]
pub struct Verify {
    /// A head that was printed before: it must still be in the log
    #[arg(long, value_name = "SEQUENCE:HASH")]
    expect: Option<String>,
}

#[derive(Serialize)]
struct Row {
    sequence: i64,
    at: String,
    username: Option<String>,
    address: String,
    source: String,
    action: String,
    subject: String,
    outcome: String,
    detail: String,
}

const COLUMNS: &[Column] = &[
    ("sequence", "NO"),
    ("at", "WHEN"),
    ("username", "LOGIN"),
    ("address", "FROM"),
    ("source", "CLIENT"),
    ("action", "ACTION"),
    ("subject", "WHAT"),
    ("outcome", "OUTCOME"),
    ("detail", "MORE"),
];

impl From<AuditEntry> for Row {
    fn from(entry: AuditEntry) -> Self {
        Self {
            sequence: entry.sequence,
            at: entry.at.to_string(),
            username: entry.username,
            address: entry.address,
            source: entry.source,
            action: entry.action,
            subject: entry.subject,
            outcome: entry.outcome,
            detail: entry.detail,
        }
    }
}

/// What a check came to.
#[derive(Serialize)]
struct Checked {
    rows: u64,
    head: Option<String>,
    fault: Option<AuditFault>,
}

const CHECKED: &[Column] = &[("rows", "ROWS CHECKED"), ("head", "HEAD")];

pub async fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    match command {
        Command::List(list) => {
            let rows = lines(&session, list).await?;
            output::list(context.settings.format, COLUMNS, &rows)?;
            Ok(Outcome::Done)
        }
        Command::Verify(verify) => {
            let checked = check(&session, verify.expect).await?;
            output::one(context.settings.format, CHECKED, &checked)?;
            let Some(fault) = &checked.fault else {
                return Ok(Outcome::Done);
            };
            output::say(&told(fault));
            Ok(Outcome::Invalid)
        }
    }
}

/// The newest lines, page by page.
async fn lines(session: &Session, list: List) -> Result<Vec<Row>, ApiError> {
    let most = if list.all { usize::MAX } else { list.limit };
    let mut request = ListAudit {
        action: list.action,
        username: list.by,
        refused: list.refused,
        from: list.from,
        until: list.until,
        after: None,
        limit: PAGE,
    };
    let mut rows = Vec::new();
    while rows.len() < most {
        let left = u16::try_from(most - rows.len()).unwrap_or(PAGE);
        request.limit = left.min(PAGE);
        let page = ask!(session, list_audit(request.clone()))?;
        rows.extend(page.rows.into_iter().map(Row::from));
        if page.next.is_none() {
            break;
        }
        request.after = page.next;
    }
    Ok(rows)
}

/// Has everything checked, piece by piece, up to the first fault.
async fn check(session: &Session, expect: Option<String>) -> Result<Checked, ApiError> {
    let mut request = VerifyAudit {
        after: None,
        expect,
    };
    let (bar, mut rows) = (progress(), 0);
    loop {
        let piece = ask!(session, verify_audit(request.clone()))?;
        rows += piece.rows;
        bar.set_position(rows);
        if piece.fault.is_some() || piece.next.is_none() {
            bar.finish_and_clear();
            return Ok(Checked {
                rows,
                head: piece.head,
                fault: piece.fault,
            });
        }
        request.after = piece.next;
    }
}

/// A count on a terminal, nothing elsewhere.
fn progress() -> ProgressBar {
    if !output::is_watched() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length();
    match ProgressStyle::with_template("checking: {human_pos} rows") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The fault as a sentence, with what to do.
fn told(fault: &AuditFault) -> String {
    let AuditFault {
        log,
        sequence,
        what,
    } = fault;
    let row = match (log.as_str(), log.starts_with("mark of ")) {
        ("audit", _) => format!("line {sequence} of the audit log"),
        (log, true) => format!("the {log} (change {sequence} of its history)"),
        (log, false) => format!("change {sequence} of the history of the {log}"),
    };
    format!(
        "error: {row} was {what} behind the server's back; what comes after it was not checked\n\
         hint: compare with a backup, and ask whoever runs the database who could write to it\n\
         code: tampered"
    )
}

/// A day, from its first moment in UTC, or a moment.
fn moment(text: &str) -> Result<Moment, ApiError> {
    let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .and_then(|day| day.and_hms_opt(0, 0, 0));
    let moment = match day {
        Some(day) => Some(day.and_utc().timestamp_micros()),
        None => chrono::DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|moment| moment.timestamp_micros()),
    };
    moment.map(Moment).ok_or_else(|| {
        let message = "neither a day such as 2026-03-01 nor a moment such as 2026-03-01T06:30:00Z";
        usage("bad-moment", message)
    })
}

#[cfg(test)]
mod tests {
    use hillview_shared::audit::Tampering;

    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_utc() {
        let at = |text| moment(text).map(|moment| moment.to_string());
        assert_eq!(at("2026-03-01").unwrap(), "2026-03-01T00:00:00Z");
        assert_eq!(
            at("2026-03-01T09:30:00+03:00").unwrap(),
            "2026-03-01T06:30:00Z"
        );
        for bad in ["", "yesterday", "2026-13-01", "2026-03-01 06:30"] {
            assert!(at(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_fault_is_told_in_a_sentence() {
        let first_line = |log: &str, what| {
            let fault = AuditFault {
                log: log.to_owned(),
                sequence: 7,
                what,
            };
            told(&fault).lines().next().unwrap_or_default().to_owned()
        };
        let rest = "behind the server's back; what comes after it was not checked";
        assert_eq!(
            first_line("audit", Tampering::Changed),
            format!("error: line 7 of the audit log was changed {rest}")
        );
        assert_eq!(
            first_line("marks of 4 East, English, MID", Tampering::Removed),
            format!(
                "error: change 7 of the history of the marks of 4 East, English, MID was removed {rest}"
            )
        );
        assert_eq!(
            first_line("mark of A1 in 4 East, English, MID", Tampering::Added),
            format!(
                "error: the mark of A1 in 4 East, English, MID (change 7 of its history) was added {rest}"
            )
        );
    }
}
