//! Makes what stands in docs/PERFORMANCE.md between its marks, and its plots, from the JSON that the
//! benches wrote. What the figures mean is written by hand around them.
//!
//! Not here: measuring (`hillview-server bench`), and which benches are run (`scripts/bench`).

mod page;
mod plots;
mod records;
mod specs;
mod tables;
mod units;

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Parser;

use records::Records;

/// Make the tables and plots of docs/PERFORMANCE.md from the figures of docs/performance
#[derive(Parser)]
#[command(after_help = "\
Examples:
  cargo run --example figures
  cargo run --example figures -- --check
  cargo run --example figures -- --records /tmp/figures --page /tmp/figures/page.md")]
struct Figures {
    /// Folder of the JSON files; the plots are written beside them
    #[arg(long, default_value = "docs/performance", value_name = "FOLDER")]
    records: PathBuf,
    /// Page whose tables are made anew
    #[arg(long, default_value = "docs/PERFORMANCE.md", value_name = "FILE")]
    page: PathBuf,
    /// Write nothing: fail when something would change
    #[arg(long)]
    check: bool,
}

fn main() -> anyhow::Result<()> {
    let figures = Figures::parse();
    for (path, text) in figures.made()? {
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        if known == text {
            continue;
        }
        ensure!(!figures.check, "{} is old", path.display());
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

impl Figures {
    /// Every file that is made, with its text.
    fn made(&self) -> anyhow::Result<Vec<(PathBuf, String)>> {
        let records = Records::read(&self.records, &self.page)?;
        let page = std::fs::read_to_string(&self.page)
            .with_context(|| format!("cannot read {}", self.page.display()))?;
        let mut made = vec![(self.page.clone(), page::renew(&page, &records)?)];
        for (name, drawn) in plots::all(&records)? {
            made.push((self.records.join(name), drawn));
        }
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn compare(records: PathBuf, page: PathBuf) {
        let figures = Figures {
            records,
            page,
            check: true,
        };
        for (path, text) in figures.made().unwrap() {
            if std::env::var_os("HILLVIEW_UPDATE_DOCS").is_some() {
                std::fs::write(&path, &text).unwrap();
            }
            let known = std::fs::read_to_string(&path).unwrap_or_default();
            let path = path.display();
            let hint = "HILLVIEW_UPDATE_DOCS=1 cargo test --example figures writes it anew";
            assert!(known == text, "{path} is old: {hint}");
        }
    }

    #[test]
    fn the_page_and_its_plots_are_what_the_record_gives() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        compare(docs.join("performance"), docs.join("PERFORMANCE.md"));
    }

    #[test]
    fn the_same_figures_give_the_same_page_and_plots() {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/figures/samples");
        compare(samples.clone(), samples.join("page.md"));
    }
}
