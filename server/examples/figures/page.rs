//! The page: what stands between its marks is made, the words around stay.

use anyhow::{Context, bail};

use crate::records::Records;
use crate::tables;

const BEGIN: &str = "<!-- made: ";
const END: &str = "<!-- end of made -->";

/// The page with every table made anew.
pub fn renew(page: &str, records: &Records) -> anyhow::Result<String> {
    let mut renewed = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (name, after) = after.split_once(" -->").context("a mark without its end")?;
        let (old, after) = after
            .split_once(END)
            .with_context(|| format!("{name} has no {END}"))?;
        if old.contains(BEGIN) {
            bail!("{name} has no {END} before the next table");
        }
        let table = tables::made(name, records)?;
        renewed += &format!("{before}{BEGIN}{name} -->\n{table}{END}");
        rest = after;
    }
    Ok(renewed + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_with_a_broken_mark_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::read(folder.path(), &folder.path().join("page.md")).unwrap();
        for page in [
            "<!-- made: machine",
            "<!-- made: machine -->\n",
            "<!-- made: machine -->\n<!-- made: login -->\n<!-- end of made -->",
            "<!-- made: nothing such -->\n<!-- end of made -->",
        ] {
            assert!(renew(page, &records).is_err(), "{page}");
        }
    }
}
