//! The figures of a load, as they are printed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::deeds::{Mix, Sort};
use super::ground::{Ground, Size};
use super::people::Came;
use super::proof::Proof;
use super::step::{Found, SignedOut, Step};
use super::{Load, Transport};
use crate::ops::bench::private::{Cached, Logged};
use crate::ops::bench::report::{Times, histogram, ratio, record, times};

/// All that was found; times are microseconds unless they say otherwise.
#[derive(Serialize)]
pub struct Figures {
    mix: Mix,
    transport: Transport,
    /// The mean of what a person thinks before the next call; none in an open loop.
    think_ms: Option<u64>,
    /// Calls a second, in an open loop.
    open_loop: Option<u32>,
    warm_up_seconds: u64,
    seconds: u64,
    size: Size,
    made_ms: u64,
    logins: Came,
    steps: Vec<StepFigures>,
}

/// What was found with so many people.
#[derive(Serialize)]
pub struct StepFigures {
    people: usize,
    /// Of those measured.
    calls_a_second: f64,
    /// From the moment at which a call was meant to be made.
    times: Times,
    /// From the moment at which it was made: what is between the two is the generator's doing, or
    /// that of calls before it.
    answered: Times,
    errors: u64,
    /// Marks that somebody else had changed meanwhile.
    conflicts: u64,
    /// Calls of an open loop that were never made, because those before them took too long.
    given_up: u64,
    /// What of a hundred calls was a read, a save and a search.
    shares: Shares,
    calls: Vec<CallFigures>,
    /// As the server logged them, by the names of the calls.
    logged: Vec<LoggedFigures>,
    statements_a_call: f64,
    server: Process,
    peak_memory_kib: u64,
    /// This process, which takes its part of the machine too.
    generator: Process,
    /// The database's process, where it is on this machine; an engine that is part of the server is
    /// counted there.
    database: Option<Process>,
    read_back: Proof,
    /// What the server's cache was asked for, from its start to its stop.
    cached: Vec<Cached>,
    sign_outs: Option<SignedOut>,
}

#[derive(Serialize)]
struct Shares {
    read: f64,
    save: f64,
    search: f64,
}

/// Calls that were made for one reason.
#[derive(Serialize)]
struct CallFigures {
    call: &'static str,
    /// What is special about it.
    of: &'static str,
    times: Times,
    answered: Times,
    errors: BTreeMap<String, u64>,
}

/// Calls of one name at the server: what it took from the call to its answer.
#[derive(Serialize)]
struct LoggedFigures {
    call: String,
    times: Times,
    statements_a_call: f64,
    statements_most: u32,
    refused: u64,
}

/// What a process took.
#[derive(Serialize)]
struct Process {
    cpu_ms: u64,
    cpu_micros_a_call: f64,
}

impl Figures {
    pub fn new(load: &Load, ground: &Ground, logins: Came, steps: Vec<StepFigures>) -> Self {
        Self {
            mix: load.mix,
            transport: load.transport,
            think_ms: load.open_loop.is_none().then(|| load.think_ms()),
            open_loop: load.open_loop,
            warm_up_seconds: load.warm_up,
            seconds: load.seconds,
            size: load.size,
            made_ms: ground.took_ms,
            logins,
            steps,
        }
    }

    /// Fails when something that was acknowledged is not there, or there twice.
    pub fn must_be_whole(&self) -> anyhow::Result<()> {
        let (mut lost, mut doubled) = (0, 0);
        for step in &self.steps {
            lost += step.read_back.lost;
            doubled += step.read_back.doubled;
        }
        anyhow::ensure!(
            lost == 0 && doubled == 0,
            "{lost} marks that were acknowledged are lost, and {doubled} are doubled"
        );
        Ok(())
    }
}

impl StepFigures {
    pub fn new(step: &Step, found: Found, cached: Vec<Cached>) -> Self {
        let (meant, answered) = found.tally.overall();
        let deeds = &found.tally.deeds;
        let errors = deeds.values().flat_map(|calls| calls.errors.values()).sum();
        let all = meant.len() + errors;
        let served = u64::try_from(found.calls.len()).unwrap_or(u64::MAX);
        let process = |cpu_ms: u64| Process {
            cpu_ms,
            cpu_micros_a_call: ratio(cpu_ms * 1_000, served),
        };
        let of_sort = |sort: Sort| {
            let fitting = deeds.iter().filter(|(deed, _)| deed.sort() == sort);
            let calls =
                fitting.map(|(_, calls)| calls.times.len() + calls.errors.values().sum::<u64>());
            ratio(calls.sum::<u64>() * 100, all)
        };
        let statements = found.calls.iter().map(|call| u64::from(call.statements));
        Self {
            people: step.people,
            calls_a_second: ratio(all, step.measured.as_secs()),
            times: times(&meant),
            answered: times(&answered),
            errors,
            conflicts: found.tally.conflicts,
            given_up: found.tally.given_up,
            shares: Shares {
                read: of_sort(Sort::Read),
                save: of_sort(Sort::Save),
                search: of_sort(Sort::Search),
            },
            statements_a_call: ratio(statements.sum(), served),
            server: process(found.server_ms),
            peak_memory_kib: found.peak_kib,
            generator: process(found.generator_ms),
            database: found.database_ms.map(process),
            read_back: found.proof,
            cached,
            sign_outs: found.signed_out,
            calls: deeds
                .iter()
                .map(|(deed, calls)| {
                    let (call, of) = deed.names();
                    CallFigures {
                        call,
                        of,
                        times: times(&calls.times),
                        answered: times(&calls.answered),
                        errors: calls.errors.clone(),
                    }
                })
                .collect(),
            logged: by_name(&found.calls),
        }
    }
}

fn by_name(calls: &[Logged]) -> Vec<LoggedFigures> {
    let mut names: BTreeMap<&str, Vec<&Logged>> = BTreeMap::new();
    for call in calls {
        names.entry(&call.method).or_default().push(call);
    }
    let figures = names.into_iter().map(|(call, all)| {
        let mut took = histogram();
        all.iter().for_each(|call| record(&mut took, call.micros));
        let statements = all.iter().map(|call| call.statements);
        LoggedFigures {
            call: call.to_owned(),
            times: times(&took),
            statements_a_call: ratio(statements.clone().map(u64::from).sum(), took.len()),
            statements_most: statements.max().unwrap_or_default(),
            refused: all.iter().map(|call| u64::from(call.outcome != "ok")).sum(),
        }
    });
    figures.collect()
}
