//! What the measurements have in common: times in a histogram, what was measured on what, and JSON.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::db::storage;
use crate::service::State;

/// Figures with what they were measured on.
#[derive(Serialize)]
pub struct Report<F> {
    /// The measurement, as it is called on the command line.
    pub bench: &'static str,
    pub on: On,
    pub figures: F,
}

/// What was measured.
#[derive(Serialize)]
pub struct On {
    pub hillview: &'static str,
    /// Whether the compiler optimised.
    pub release: bool,
    pub cores: usize,
    /// The engine as it names itself.
    pub database: String,
    pub redis: bool,
    pub at: String,
}

/// Times in microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Times {
    pub count: u64,
    pub p50: u64,
    pub p95: u64,
    pub p99: u64,
    pub most: u64,
}

impl On {
    /// What a server of this state is. `redis`: whether it shares through one.
    pub async fn of(state: &State, redis: bool) -> anyhow::Result<Self> {
        Ok(Self {
            hillview: env!("CARGO_PKG_VERSION"),
            release: !cfg!(debug_assertions),
            cores: std::thread::available_parallelism()?.get(),
            database: storage::name(state.tenants.control()).await?,
            redis,
            at: chrono::Utc::now().format("%Y-%m-%d %H:%M").to_string(),
        })
    }
}

impl<F: Serialize> Report<F> {
    /// Prints it as JSON, and writes it into a file as well.
    pub fn say(&self, file: Option<&Path>) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        if let Some(file) = file {
            std::fs::write(file, text.clone() + "\n")
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        crate::ops::print(&text)
    }
}

/// Microseconds, with three digits that count.
pub fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("three digits are few enough")
}

/// Counts a time, in microseconds.
pub fn record(histogram: &mut Histogram<u64>, micros: u64) {
    let recorded = histogram.record(micros);
    recorded.expect("a histogram of this file grows with what is recorded");
}

pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

pub fn times(histogram: &Histogram<u64>) -> Times {
    Times {
        count: histogram.len(),
        p50: histogram.value_at_quantile(0.5),
        p95: histogram.value_at_quantile(0.95),
        p99: histogram.value_at_quantile(0.99),
        most: histogram.max(),
    }
}

/// A ratio with two decimals; 0 of nothing.
#[expect(clippy::float_arithmetic, reason = "a figure to read, and no mark")]
pub fn ratio(part: u64, whole: u64) -> f64 {
    let hundredths = part.saturating_mul(100).checked_div(whole);
    hundredths.unwrap_or_default() as f64 / 100.0
}
