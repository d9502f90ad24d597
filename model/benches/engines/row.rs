//! One engine on one model, in a process of its own.

use crate::floor;
use crate::spin;
use crate::two_phase::TwoPhase;
use mars_model::explore::timely::{self, Cluster, Portable};
use mars_model::explore::{Exact, Kinds, Options, Space, search_space};
use mars_model::family::Configuration;
use mars_model::reading::Choice;
use mars_model::{alignment, cluster, flooding, hello, registry, scenario};
use stateright::{Checker, Model};
use std::hash::Hash;
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// An engine with its threads or processes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Engine {
    BreadthFirst(usize),
    DepthFirst(usize),
    Kernel(usize),
    /// So many searches on one thread each, at the same time: what the machine's cores can do at best.
    Apart(usize),
    Timely(usize),
    /// The model's own part of the work, on so many threads.
    Floor(usize),
    Spin,
}

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) unique: f64,
    pub(super) transitions: f64,
    pub(super) wall: f64,
    pub(super) cpu: f64,
    pub(super) octets: f64,
}

impl Engine {
    pub(super) const ALL: [Self; 10] = [
        Self::BreadthFirst(1),
        Self::BreadthFirst(2),
        Self::DepthFirst(1),
        Self::DepthFirst(2),
        Self::Kernel(1),
        Self::Kernel(2),
        Self::Apart(2),
        Self::Timely(2),
        Self::Floor(2),
        Self::Spin,
    ];

    pub(super) fn name(self) -> String {
        match self {
            Self::BreadthFirst(threads) => format!("stateright b{threads}"),
            Self::DepthFirst(threads) => format!("stateright d{threads}"),
            Self::Kernel(threads) => format!("kernel {threads}"),
            Self::Apart(searches) => format!("kernel 1, {searches}x"),
            Self::Timely(processes) => format!("timely {processes} proc"),
            Self::Floor(threads) => format!("model alone {threads}"),
            Self::Spin => "spin".to_owned(),
        }
    }

    /// Whether ratios are to this one.
    pub(super) const fn is_base(self) -> bool {
        matches!(self, Self::BreadthFirst(_))
    }

    /// Runs it; `None`: there is nothing to run here.
    pub(super) fn run(self, subject: &str) -> Result<Option<Row>, String> {
        let own = |more: &[String]| spawn(&self.name(), subject, more);
        match self {
            Self::Spin => match managers(subject) {
                Some(managers) => spin::run(&TwoPhase { managers }).map(Some),
                None => Ok(None),
            },
            Self::Timely(processes) => {
                let hosts = free_ports(processes)?.join(",");
                let peers: Vec<Child> = (0..processes)
                    .map(|process| own(&[process.to_string(), hosts.clone()]))
                    .collect::<Result<_, _>>()?;
                let rows: Vec<Row> = peers.into_iter().map(answer).collect::<Result<_, _>>()?;
                let first = rows.first().copied().ok_or("no process")?;
                Ok(Some(Row {
                    cpu: rows.iter().map(|row| row.cpu).sum(),
                    octets: rows.iter().map(|row| row.octets).sum(),
                    ..first
                }))
            }
            Self::Apart(searches) => {
                let peers: Vec<Child> =
                    (0..searches).map(|_| own(&[])).collect::<Result<_, _>>()?;
                let rows: Vec<Row> = peers.into_iter().map(answer).collect::<Result<_, _>>()?;
                let first = rows.first().copied().ok_or("no process")?;
                let of = |what: fn(&Row) -> f64| rows.iter().map(what);
                // One search's share of all.
                Ok(Some(Row {
                    wall: of(|row| row.wall).fold(0.0, f64::max) / rows.len() as f64,
                    cpu: of(|row| row.cpu).sum::<f64>() / rows.len() as f64,
                    ..first
                }))
            }
            Self::BreadthFirst(_) | Self::DepthFirst(_) | Self::Kernel(_) | Self::Floor(_) => {
                answer(own(&[])?).map(Some)
            }
        }
    }
}

/// Starts this program again for one row.
fn spawn(engine: &str, subject: &str, more: &[String]) -> Result<Child, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    Command::new(program)
        .args(["--row", engine, subject])
        .args(more)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())
}

/// What such a process says: five numbers.
fn answer(child: Child) -> Result<Row, String> {
    let output = child
        .wait_with_output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<f64> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    match numbers.as_slice() {
        &[unique, transitions, wall, cpu, octets] if output.status.success() => Ok(Row {
            unique,
            transitions,
            wall,
            cpu,
            octets,
        }),
        _ => Err(format!("ended with {}: {text}", output.status)),
    }
}

fn free_ports(count: usize) -> Result<Vec<String>, String> {
    let listeners: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    let address = |listener: &TcpListener| Ok(listener.local_addr()?.to_string());
    listeners
        .iter()
        .map(address)
        .collect::<Result<_, std::io::Error>>()
        .map_err(|error| error.to_string())
}

/// The number of managers, if the subject is two-phase commit.
fn managers(subject: &str) -> Option<u32> {
    let managers = subject.strip_prefix("two_phase_")?.parse().ok()?;
    (1..=14).contains(&managers).then_some(managers)
}

pub(super) fn is_subject(word: &str) -> bool {
    managers(word).is_some() || registry::by_name(word).is_some()
}

/// The process of one row: engine, subject, and for `timely` the place and all addresses.
pub(super) fn child(words: &[String]) -> ExitCode {
    let word = |place: usize| words.get(place).map_or("", String::as_str);
    let engine = Engine::ALL
        .into_iter()
        .find(|engine| engine.name() == word(0));
    let Some(engine) = engine else {
        return ExitCode::from(64);
    };
    let cluster = Cluster {
        hosts: word(3).split(',').map(str::to_owned).collect(),
        process: word(2).parse().unwrap_or(0),
        ..Cluster::threads(NonZeroUsize::MIN)
    };
    let counted = match managers(word(1)) {
        Some(managers) => {
            let model = TwoPhase { managers };
            measure(engine, model.clone(), &Exact(&model), &cluster)
        }
        None => {
            let (name, cluster) = (word(1), &cluster);
            one_of(engine, hello::scenarios(), name, cluster)
                .or_else(|| one_of(engine, alignment::scenarios(), name, cluster))
                .or_else(|| one_of(engine, flooding::scenarios(), name, cluster))
                .or_else(|| one_of(engine, cluster::scenarios(), name, cluster))
                .or_else(|| one_of(engine, scenario::scenarios(), name, cluster))
        }
    };
    let Some(Counted {
        unique,
        transitions,
        wall,
        before,
    }) = counted
    else {
        return ExitCode::FAILURE;
    };
    let octets = match engine {
        Engine::Floor(_) => 0,
        _ => peak_octets(),
    };
    println!("{unique} {transitions} {wall} {} {octets}", cpu() - before);
    ExitCode::SUCCESS
}

/// What one process counted, in what time.
pub(super) struct Counted {
    pub(super) unique: u64,
    pub(super) transitions: u64,
    pub(super) wall: f64,
    /// Processor time that does not belong to it.
    pub(super) before: f64,
}

/// The scenario of a family, if it is there.
fn one_of<C: Configuration>(
    engine: Engine,
    scenarios: &[C],
    name: &str,
    cluster: &Cluster,
) -> Option<Counted>
where
    C::Model: Space<Key = u64>,
{
    let scenario = scenarios.iter().find(|scenario| scenario.name() == name)?;
    let model = || scenario.model(Choice::Resolved.readers());
    measure(engine, model(), &model(), cluster)
}

/// `model` is that of the space once more: stateright's checker keeps its own.
fn measure<S>(engine: Engine, model: S::Model, space: &S, cluster: &Cluster) -> Option<Counted>
where
    S: Space<Key = u64>,
    S::Model: Send + 'static,
    <S::Model as Model>::State: Clone + Eq + Hash + Send + Sync + Portable + 'static,
    <S::Model as Model>::Action: Clone + Kinds + PartialEq + Send + Sync + 'static,
{
    let (started, stop) = (Instant::now(), AtomicBool::new(false));
    let counted = |unique: u64, transitions: u64| {
        Some(Counted {
            unique,
            transitions,
            wall: started.elapsed().as_secs_f64(),
            before: 0.0,
        })
    };
    let theirs = |unique: usize, states: usize| counted(unique as u64, states as u64);
    match engine {
        Engine::BreadthFirst(threads) => {
            let checker = model.checker().threads(threads).spawn_bfs().join();
            theirs(checker.unique_state_count(), checker.state_count())
        }
        Engine::DepthFirst(threads) => {
            let checker = model.checker().threads(threads).spawn_dfs().join();
            theirs(checker.unique_state_count(), checker.state_count())
        }
        Engine::Kernel(threads) => {
            let options = Options {
                threads: NonZeroUsize::new(threads)?,
                ..Options::default()
            };
            let report = search_space(space, &options, None, &mut |_| {}, &stop);
            counted(report.unique, report.states)
        }
        Engine::Apart(_) => {
            let report = search_space(space, &Options::default(), None, &mut |_| {}, &stop);
            counted(report.unique, report.states)
        }
        Engine::Timely(_) => {
            let options = Options::default();
            match timely::search_space(space, &options, cluster, &mut |_| {}, &stop) {
                // Its own time begins when both processes are there.
                Ok(outcome) => {
                    let report = outcome.report;
                    Some(Counted {
                        wall: report.seconds,
                        ..counted(report.unique, report.states)?
                    })
                }
                Err(error) => {
                    eprintln!("{error}");
                    None
                }
            }
        }
        Engine::Floor(threads) => Some(floor::run(space, threads, cpu)),
        Engine::Spin => None,
    }
}

/// Processor time of this process so far, in seconds; 0 where there is no `/proc`.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    // A tick is 10 ms on every Linux.
    ticks
        .filter_map(|field| field.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

/// The most memory that this process ever had resident, in octets; 0 where there is no `/proc`.
fn peak_octets() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibioctets =
        line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kibioctets.unwrap_or(0) * 1024
}
