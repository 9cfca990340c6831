//! What processes take of this machine, as Linux counts it.

use std::path::Path;

use crate::db::{Db, storage};

/// A tick of the clock in which a process's time is counted, in milliseconds.
const TICK: u64 = 10;

/// Time of a process on processors so far, in milliseconds.
pub fn cpu_ms(pid: u32) -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in brackets may hold spaces; user and system time are 11 and 12 after it.
    let after = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let times = after.split(' ').skip(11).take(2);
    let ticks: u64 = times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Ok(ticks * TICK)
}

/// The database server, if it runs on this machine and may be looked at.
pub async fn database(db: &Db) -> anyhow::Result<Option<u32>> {
    let Some(file) = storage::pid_file(db).await? else {
        return Ok(None);
    };
    let pid = std::fs::read_to_string(file).ok();
    let pid = pid.and_then(|pid| pid.trim().parse::<u32>().ok());
    Ok(pid.filter(|pid| is_database(*pid)))
}

/// Whether the number is still a database's: a file of another machine, or an old one, names anybody.
fn is_database(pid: u32) -> bool {
    let name = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("comm"));
    name.is_ok_and(|name| ["mariadbd", "mysqld"].contains(&name.trim()))
}
