//! What the sides did, side by side.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::super::report::{Times, histogram, times};

#[derive(Serialize)]
pub struct Compared {
    /// Saves through the server.
    server: Side,
    /// The statements that write, by themselves.
    raw: Side,
    /// With the one that reads.
    raw_with_read: Side,
    /// The server's rate in thousandths of the rate of `raw`, round by round.
    permille_of_raw: Spread,
    /// The same of `raw_with_read`.
    permille_of_raw_with_read: Spread,
}

#[derive(Serialize)]
struct Side {
    saves: u64,
    saves_a_second: Spread,
    save: Times,
    /// Time on processors of whoever asks, for each save.
    client_cpu: u64,
    /// Of the server, for each save; the database's own is not known here.
    server_cpu: u64,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Spread {
    median: u64,
    least: u64,
    most: u64,
}

/// What one side did in one round.
pub struct Round {
    pub took: Duration,
    pub times: Histogram<u64>,
    pub client_ms: u64,
    pub server_ms: u64,
}

/// What one side did in all rounds.
pub struct Total {
    /// Saves in a thousand seconds.
    rates: Vec<u64>,
    times: Histogram<u64>,
    client_ms: u64,
    server_ms: u64,
}

impl Total {
    pub fn new() -> Self {
        Self {
            rates: Vec::new(),
            times: histogram(),
            client_ms: 0,
            server_ms: 0,
        }
    }

    pub fn add(&mut self, round: Round) -> anyhow::Result<()> {
        let micros = round.took.as_micros().max(1);
        let rate = u128::from(round.times.len()) * 1_000_000_000 / micros;
        self.rates.push(u64::try_from(rate)?);
        self.times.add(round.times)?;
        self.client_ms += round.client_ms;
        self.server_ms += round.server_ms;
        Ok(())
    }
}

impl Side {
    fn of(total: &Total) -> Self {
        let saves = total.times.len();
        Self {
            saves,
            saves_a_second: Spread::of(total.rates.iter().map(|rate| rate / 1000)),
            save: times(&total.times),
            client_cpu: total.client_ms * 1000 / saves.max(1),
            server_cpu: total.server_ms * 1000 / saves.max(1),
        }
    }
}

impl Compared {
    /// Of the server, what writes alone, and what reads as well.
    pub fn of([server, raw, raw_with_read]: &[Total; 3]) -> Self {
        let share = |other: &Total| {
            let both = server.rates.iter().zip(&other.rates);
            Spread::of(both.map(|(one, other)| one * 1000 / other.max(&1)))
        };
        Self {
            permille_of_raw: share(raw),
            permille_of_raw_with_read: share(raw_with_read),
            server: Side::of(server),
            raw: Side::of(raw),
            raw_with_read: Side::of(raw_with_read),
        }
    }
}

impl Spread {
    fn of(values: impl Iterator<Item = u64>) -> Self {
        let mut values: Vec<u64> = values.collect();
        values.sort_unstable();
        let at = |place: usize| values.get(place).copied().unwrap_or_default();
        Self {
            median: at(values.len() / 2),
            least: at(0),
            most: at(values.len().saturating_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(rounds: &[(u64, u64)]) -> Total {
        let mut total = Total::new();
        for (saves, micros) in rounds {
            let mut times = histogram();
            times.record_n(1000, *saves).unwrap();
            let took = Duration::from_micros(*micros);
            let (client_ms, server_ms) = (1, 2);
            total
                .add(Round {
                    took,
                    times,
                    client_ms,
                    server_ms,
                })
                .unwrap();
        }
        total
    }

    #[test]
    fn each_round_is_compared_with_its_own() {
        // The machine was half as fast in the second round, for all alike.
        let server = total(&[(70, 1_000_000), (70, 2_000_000), (80, 1_000_000)]);
        let raw = total(&[(100, 1_000_000), (100, 2_000_000), (100, 1_000_000)]);
        let with_read = total(&[(70, 1_000_000), (70, 2_000_000), (80, 1_000_000)]);
        let compared = Compared::of(&[server, raw, with_read]);
        let spread = |median, least, most| Spread {
            median,
            least,
            most,
        };
        assert_eq!(compared.permille_of_raw, spread(700, 700, 800));
        assert_eq!(compared.permille_of_raw_with_read, spread(1000, 1000, 1000));
        assert_eq!(compared.server.saves_a_second, spread(70, 35, 80));
        assert_eq!(compared.server.saves, 220);
        assert_eq!(compared.raw.server_cpu, 20);
    }
}
