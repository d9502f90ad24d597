//! The search on several threads, processes or machines, carried by Timely Dataflow.
//!
//! Every state has an owner, chosen by its fingerprint, that alone keeps it, judges it and expands it; successors travel
//! to their owners ([`Portable`]). A level of the search is a timestamp of the dataflow, so it is over when the frontier
//! has passed it: then nothing of it can be on its way. Between levels all workers exchange accounts and come to the
//! same decision, so a search ends everywhere at once, whoever found or wanted something. Counts are exact, paths are
//! shortest, and the path to a discovery is the same for any number of workers: of all examples of its level the one with the
//! least fingerprint, and from each state back to the parent with the least.
//!
//! Who dies is noticed by the others, who end with an error: [`Error::Lost`]. Nothing is saved. `DISTRIBUTED.md` shows a run
//! of two processes and what many machines would take.

mod error;
mod link;
mod mesh;
mod owned;
mod portable;
mod pulse;
mod run;
mod shared;
mod summary;
mod wire;
mod worker;

pub use error::Error;
pub use portable::Portable;

use crate::{Discovery, Fingerprint, Hashed, Kinds, Options, Path, Progress, Report, Space};
use shared::Shared;
use stateright::{Expectation, Model};
use std::collections::BTreeMap;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use worker::known_as;

/// Who searches together.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Worker threads of each process.
    pub workers: NonZeroUsize,
    /// An address, `host:port`, for each process; empty: this process alone.
    pub hosts: Vec<String>,
    /// The place of this process among the hosts.
    pub process: usize,
    /// A number that stands for what is searched, beyond what the model itself shows; processes must agree on it.
    pub identity: u64,
    /// How long to wait for the other processes to come up.
    pub connect_within: Duration,
    /// How long another process may be silent before it is taken for lost.
    pub silence: Duration,
}

impl Cluster {
    /// One process with so many worker threads.
    pub const fn threads(workers: NonZeroUsize) -> Self {
        Self {
            workers,
            hosts: Vec::new(),
            process: 0,
            identity: 0,
            connect_within: Duration::from_secs(30),
            silence: Duration::from_secs(30),
        }
    }

    /// The addresses in a file of hosts: one a line; empty lines and what follows a `#` are nothing.
    pub fn hosts(text: &str) -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.split('#').next());
        lines
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }

    fn processes(&self) -> usize {
        self.hosts.len().max(1)
    }
}

/// What one worker had to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// States that it owns.
    pub unique: u64,
    /// Memory of its table, in octets.
    pub table_octets: u64,
    /// States that it sent to other workers.
    pub sent: u64,
    /// Octets of these states with fingerprint and parent.
    pub sent_octets: u64,
}

/// What came out, and what it took.
pub struct Outcome<M: Model> {
    /// The report, the same in every process but for `seconds`.
    pub report: Report<M>,
    /// Each worker's share, process by process.
    pub shares: Vec<Share>,
    /// Octets that this process wrote to sockets.
    pub socket_octets: u64,
}

/// Searches all reachable states together with other workers, or until one of them is told to stop.
///
/// All processes call it with the same model and options; it returns in all of them with the same report. Of the options,
/// `threads` is not looked at ([`Cluster::workers`] is), and limits of time, states and memory are looked at several times a
/// second; `max_memory` is for this process. The time counts from when all processes are there.
///
/// # Errors
///
/// See [`Error`]. A process that ends with an error makes all others end with one.
pub fn search<M>(
    model: &M,
    options: &Options,
    cluster: &Cluster,
    progress: &mut dyn FnMut(&Progress),
    stop: &AtomicBool,
) -> Result<Outcome<M>, Error>
where
    M: Model + Sync,
    M::State: Clone + Eq + Hash + Portable,
    M::Action: Clone + Kinds,
{
    search_space(&Hashed(model), options, cluster, progress, stop)
}

/// As [`search`], for a space that knows its states and makes successors in its own way.
///
/// # Errors
///
/// As for [`search`].
pub fn search_space<S>(
    space: &S,
    options: &Options,
    cluster: &Cluster,
    progress: &mut dyn FnMut(&Progress),
    stop: &AtomicBool,
) -> Result<Outcome<S::Model>, Error>
where
    S: Space<Key = u64>,
    <S::Model as Model>::State: Clone + Portable,
    <S::Model as Model>::Action: Clone + Kinds,
{
    let shared = Arc::new(Shared::new(cluster.processes(), &cluster.hosts));
    let mesh = mesh::connect(cluster, identity(space, options, cluster), stop)?;
    let started = Instant::now();
    let outcome = run::run(
        space, options, cluster, mesh, &shared, progress, stop, started,
    )?;
    let seconds = started.elapsed().as_secs_f64();
    let shares = outcome.last.accounts.iter().map(|account| Share {
        unique: account.unique,
        table_octets: account.table_octets,
        sent: account.sent,
        sent_octets: account.sent_octets,
    });
    Ok(Outcome {
        shares: shares.collect(),
        socket_octets: shared.sent.load(Ordering::Relaxed),
        report: report(space, options, &outcome, seconds)?,
    })
}

/// What processes must agree on to search together.
fn identity<S>(space: &S, options: &Options, cluster: &Cluster) -> u64
where
    S: Space<Key = u64>,
    <S::Model as Model>::Action: Kinds,
{
    let model = space.model();
    let initial: Vec<u64> = model
        .init_states()
        .iter()
        .map(|state| known_as(space, options.seed, state))
        .collect();
    let properties: Vec<(&str, bool)> = model
        .properties()
        .iter()
        .map(|property| {
            (
                property.name,
                matches!(property.expectation, Expectation::Always),
            )
        })
        .collect();
    let limits = (options.max_states, options.max_time, &options.until);
    let about = (
        cluster.identity,
        options.seed,
        limits,
        env!("CARGO_PKG_VERSION"),
    );
    Fingerprint::of(
        0,
        &(
            about,
            initial,
            properties,
            <S::Model as Model>::Action::KINDS,
        ),
    )
}

/// Turns fingerprints into paths, and accounts into a report.
fn report<S>(
    space: &S,
    options: &Options,
    outcome: &worker::Outcome,
    seconds: f64,
) -> Result<Report<S::Model>, Error>
where
    S: Space<Key = u64>,
    <S::Model as Model>::State: Clone,
    <S::Model as Model>::Action: Clone + Kinds,
{
    let properties = space.model().properties();
    let kinds = <S::Model as Model>::Action::KINDS;
    let mut discoveries = Vec::new();
    for (place, way) in &outcome.found {
        let Some(property) = properties.get(*place) else {
            continue;
        };
        let path = follow(space, options.seed, way).map_err(|step| Error::Replay {
            property: property.name,
            step,
        })?;
        discoveries.push(Discovery {
            property: property.name,
            violation: matches!(property.expectation, Expectation::Always),
            path,
        });
    }
    let undecided = |always: bool| {
        let open = properties
            .iter()
            .enumerate()
            .filter(|(place, _)| outcome.found.iter().all(|(found, _)| found != place));
        open.filter(|(_, property)| matches!(property.expectation, Expectation::Always) == always)
            .map(|(_, property)| property.name)
            .collect()
    };
    let last = &outcome.last;
    let unique = last.sum(|account| account.unique);
    let peak_octets = last.sum(|account| account.peak_octets);
    let counts = last.counts(kinds.len());
    Ok(Report {
        states: last.sum(|account| account.states),
        unique,
        depth: outcome.levels.len().saturating_sub(1),
        levels: outcome.levels.clone(),
        unexpanded: unique.saturating_sub(last.sum(|account| account.expanded)),
        threads: last.accounts.len(),
        seed: options.seed,
        exact: false,
        peak_octets,
        visited_octets: last.sum(|account| account.table_octets),
        stopped_by: outcome.stopped_by,
        seconds,
        bytes_per_state: peak_octets as f64 / unique.max(1) as f64,
        action_counts: kinds.iter().copied().zip(counts).collect(),
        discoveries,
        held: undecided(true),
        missing_witnesses: undecided(false),
        labels: BTreeMap::new(),
    })
}

/// Follows fingerprints from an initial state through the model; the number of the step that is not there otherwise.
fn follow<S>(space: &S, seed: u64, way: &[u64]) -> Result<Path<S::Model>, usize>
where
    S: Space<Key = u64>,
    <S::Model as Model>::State: Clone,
    <S::Model as Model>::Action: Clone,
{
    let model = space.model();
    let mut path = Path(Vec::with_capacity(way.len()));
    for (step, &fingerprint) in way.iter().enumerate() {
        let next = match path.0.last() {
            None => {
                let mut initial = model.init_states().into_iter().map(|state| (None, state));
                initial.find(|(_, state)| known_as(space, seed, state) == fingerprint)
            }
            Some((_, state)) => {
                let mut actions = Vec::new();
                model.actions(state, &mut actions);
                actions.into_iter().find_map(|action| {
                    let next = model.next_state(state, action.clone())?;
                    (known_as(space, seed, &next) == fingerprint).then_some((Some(action), next))
                })
            }
        };
        path.0.push(next.ok_or(step)?);
    }
    Ok(path)
}

#[cfg(test)]
mod tests;
