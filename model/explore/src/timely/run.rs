//! The threads of one process: workers, pulses, and the caller's own, which watches.

use super::error::Error;
use super::link::Link;
use super::mesh::Mesh;
use super::portable::Portable;
use super::shared::{Peer, Shared};
use super::wire::Wire;
use super::worker::{Outcome, Search};
use super::{Cluster, pulse};
use crate::{Kinds, Options, Progress, Space, StoppedBy};
use ::timely::communication::Hooks;
use ::timely::communication::allocator::zero_copy::allocator::TcpBuilder;
use ::timely::communication::allocator::zero_copy::initialize::{
    CommsGuard, initialize_networking_from_sockets,
};
use ::timely::communication::allocator::{Allocator, ProcessBuilder};
use stateright::Model;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

/// How often the caller's thread looks at the flags.
const GLANCE: Duration = Duration::from_millis(10);

/// A worker's thread; if it panics, the others of this process must not wait for it.
struct Alarm<'a>(&'a Shared);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.panicked();
        }
    }
}

/// What becomes a worker's allocator in the worker's own thread.
enum Builder {
    Local(ProcessBuilder),
    Tcp(TcpBuilder),
}

impl Builder {
    fn build(self) -> Allocator {
        match self {
            Self::Local(builder) => Allocator::Process(builder.build()),
            Self::Tcp(builder) => Allocator::Tcp(builder.build()),
        }
    }
}

/// The connections of this process while it searches.
struct Network {
    /// One for each worker of this process.
    builders: Vec<Builder>,
    /// Joins timely's own threads when dropped, so it is not dropped when one of them may never end.
    guard: Option<CommsGuard>,
    /// To close what timely's threads still hold.
    streams: Vec<TcpStream>,
    pulses: Vec<(usize, TcpStream)>,
}

impl Network {
    fn new(mesh: Mesh, shared: &Arc<Shared>, cluster: &Cluster) -> Result<Self, Error> {
        let failed = |why| Error::System {
            doing: "set up the network",
            why,
        };
        let (workers, hooks) = (cluster.workers.get(), Hooks::default());
        let local = ProcessBuilder::new_typed_vector(workers, hooks.refill.clone(), None);
        let (mut streams, mut pulses, mut links) = (Vec::new(), Vec::new(), Vec::new());
        for (process, connections) in mesh.into_iter().enumerate() {
            let Some(connections) = connections else {
                links.push(None);
                continue;
            };
            streams.push(connections.parcels.try_clone().map_err(failed)?);
            pulses.push((process, connections.pulse));
            let link = Link::new(connections.parcels, process, Arc::clone(shared));
            links.push(Some(link));
        }
        if pulses.is_empty() {
            return Ok(Self {
                builders: local.into_iter().map(Builder::Local).collect(),
                guard: None,
                streams,
                pulses,
            });
        }
        let (builders, guard) =
            initialize_networking_from_sockets(local, links, cluster.process, workers, hooks)
                .map_err(failed)?;
        Ok(Self {
            builders: builders.into_iter().map(Builder::Tcp).collect(),
            guard: Some(guard),
            streams,
            pulses,
        })
    }
}

/// Searches with all workers of this process.
#[expect(
    clippy::too_many_arguments,
    reason = "one caller, which has them all at hand"
)]
pub(super) fn run<S>(
    space: &S,
    options: &Options,
    cluster: &Cluster,
    mesh: Mesh,
    shared: &Arc<Shared>,
    progress: &mut dyn FnMut(&Progress),
    stop: &AtomicBool,
    started: Instant,
) -> Result<Outcome, Error>
where
    S: Space<Key = u64>,
    <S::Model as Model>::State: Clone + Portable,
    <S::Model as Model>::Action: Kinds,
{
    let network = Network::new(mesh, shared, cluster)?;
    let (process, silence) = (cluster.process, cluster.silence);
    let (builders, pulses) = (network.builders, &network.pulses);
    let shared = shared.as_ref();
    let (outcome, guard) = std::thread::scope(|scope| {
        let (end, ended) = mpsc::channel();
        for (other, stream) in pulses {
            scope.spawn(move || pulse::receive(shared, *other, stream, silence));
        }
        scope.spawn(move || pulse::send(shared, process, pulses, &ended));
        let workers: Vec<_> = builders
            .into_iter()
            .map(|builder| {
                scope.spawn(move || {
                    let _alarm = Alarm(shared);
                    let wire = Wire::new(builder.build(), shared);
                    let tally = shared.tallies.get(process)?;
                    Some(Search::new(space, options, wire, shared, tally).run())
                })
            })
            .collect();
        watch(options, cluster, shared, &workers, progress, stop, started);
        let outcome = collect(workers);
        // The last word tells the others that what closes now closes in good order.
        let _ = end.send(outcome.as_ref().is_ok_and(Result::is_ok));
        if !matches!(outcome, Ok(Ok(_))) {
            shared.tear_down();
            for stream in &network.streams {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        (outcome, network.guard)
    });
    // Every other process has said its last word, or is lost. In the second case, timely's threads for it end by unwinding,
    // which the guard would take for a fault, or may never end.
    if (0..cluster.processes())
        .any(|other| other != process && shared.peer(other) != Peer::Finished)
    {
        shared.tear_down();
        std::mem::forget(guard);
    } else {
        drop(guard);
    }
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

type Worker<'scope> = ScopedJoinHandle<'scope, Option<Result<Outcome, Error>>>;

/// Waits for the workers: tells of progress, and looks at the stop flag and the clock.
fn watch(
    options: &Options,
    cluster: &Cluster,
    shared: &Shared,
    workers: &[Worker<'_>],
    progress: &mut dyn FnMut(&Progress),
    stop: &AtomicBool,
    started: Instant,
) {
    let mut told = Instant::now();
    while workers.iter().any(|worker| !worker.is_finished()) {
        if stop.load(Ordering::Relaxed) {
            shared.ask_to_stop(Shared::number(StoppedBy::Interrupted));
        }
        if options
            .max_time
            .is_some_and(|most| started.elapsed() >= most)
        {
            shared.ask_to_stop(Shared::number(StoppedBy::TimeLimit));
        }
        if told.elapsed() >= options.progress_every {
            told = Instant::now();
            progress(&now(cluster, shared, started));
        }
        std::thread::sleep(GLANCE);
    }
    progress(&now(cluster, shared, started));
}

/// How far all processes are, as far as they have told.
fn now(cluster: &Cluster, shared: &Shared, started: Instant) -> Progress {
    let unique = shared.sum(|tally| &tally.unique);
    let expanded = shared.sum(|tally| &tally.expanded);
    let tally = shared.tallies.get(cluster.process);
    let octets = tally.map_or(0, |tally| tally.octets.load(Ordering::Relaxed));
    Progress {
        unique,
        states: shared.sum(|tally| &tally.states),
        depth: usize::try_from(shared.depth.load(Ordering::Relaxed)).unwrap_or(usize::MAX),
        frontier: shared.frontier.load(Ordering::Relaxed),
        queue: unique.saturating_sub(expanded),
        load: 0.0,
        octets,
        seconds: started.elapsed().as_secs_f64(),
    }
}

/// The result of the workers: the first panic, else the first error, else what all of them say.
fn collect(workers: Vec<Worker<'_>>) -> std::thread::Result<Result<Outcome, Error>> {
    let mut all = Vec::new();
    for worker in workers {
        all.push(worker.join()?);
    }
    let mut outcomes = all.into_iter().flatten();
    let first = outcomes.next().unwrap_or(Err(Error::Interrupted));
    Ok(outcomes.fold(first, |kept, next| match next {
        Err(error) if kept.is_ok() => Err(error),
        _ => kept,
    }))
}
