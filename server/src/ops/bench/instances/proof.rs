//! The histories in the database, compared with what the users were told.

use std::collections::{BTreeMap, BTreeSet};

use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::ids::SheetId;
use hillview_shared::marks::{Entry, ShowHistory};

use super::super::line::Line;
use super::user::User;

/// What the histories have, and what of it does not fit.
#[derive(Default)]
pub struct Proof {
    read: BTreeSet<SheetId>,
    /// What was written, by sheet and admission number.
    written: BTreeMap<(SheetId, String), Vec<Entry>>,
    /// Acknowledged changes that are not in a history.
    pub lost: u64,
    /// Changes in a history that nobody made, or one made twice.
    pub doubled: u64,
}

impl Proof {
    /// Compares the changes that one user made.
    pub async fn compare(&mut self, line: &Line, user: &User) -> anyhow::Result<()> {
        if self.read.insert(user.sheet) {
            self.read(line, user.sheet).await?;
        }
        for cell in &user.cells {
            let at = (user.sheet, cell.row.adm.clone());
            let there = self.written.remove(&at).unwrap_or_default();
            let made: Vec<&Entry> = cell.before.iter().chain(&cell.written).collect();
            if there.iter().collect::<Vec<_>>() == made {
                continue;
            }
            // One after another in the order in which they were made, whatever stands between.
            let mut rest = there.iter();
            let found = made.iter().filter(|made| rest.any(|it| it == **made));
            let found = found.count();
            self.lost += u64::try_from(made.len() - found)?;
            self.doubled += u64::try_from(there.len() - found)?;
        }
        Ok(())
    }

    async fn read(&mut self, line: &Line, sheet: SheetId) -> anyhow::Result<()> {
        let mut after = 0;
        loop {
            let request = ShowHistory {
                sheet,
                student: None,
                after,
            };
            let answer = line
                .call(HillviewRequest::ShowHistory { request })
                .await??;
            let HillviewResponse::ShowHistory(Ok(changes)) = answer else {
                anyhow::bail!("no history came");
            };
            let Some(last) = changes.last() else {
                return Ok(());
            };
            after = last.sequence;
            for change in changes {
                let at = (sheet, change.admission_no);
                self.written.entry(at).or_default().push(change.after);
            }
        }
    }
}
