//! The search: breadth first, on one thread, shortest disagreement first.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mars_model::scenario::Scenario;
use mars_model::server_group::Action;
use stateright::Model as _;

use super::machines::Machines;
use super::memo::Memo;
use super::node::Node;
use super::step::{initial, step};
use super::text;
use super::world::World;
use crate::judge::step::Failure;

/// Where a search ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// After about so many nodes.
    pub states: Option<u64>,
    /// After so long.
    pub time: Option<Duration>,
    /// Before it uses more octets, if the system says how many.
    pub memory: Option<u64>,
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All was seen.
    Exhausted,
    /// The model and the servers do not agree.
    Disagreement,
    /// A limit.
    Limit(&'static str),
    /// The stop flag.
    Stopped,
}

impl Ended {
    /// In a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::Disagreement => "disagreement",
            Self::Limit(which) => which,
            Self::Stopped => "stopped",
        }
    }
}

/// A disagreement.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What is wrong.
    pub failure: Failure,
    /// The shortest way there.
    pub path: Vec<Action>,
    /// The same in words, with what the servers did.
    pub text: String,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Different nodes.
    pub nodes: u64,
    /// Steps compared.
    pub steps: u64,
    /// Nodes whose steps are still to be compared.
    pub waiting: u64,
    /// Length of the shortest way to those at work.
    pub depth: u64,
    /// Different values of servers.
    pub machines: u64,
    /// Seconds.
    pub seconds: f64,
}

/// What came of a search.
#[derive(Clone, Debug)]
pub struct Explored {
    /// The scenario.
    pub scenario: &'static Scenario,
    /// Counts.
    pub progress: Progress,
    /// Different states of the model among the nodes.
    pub states: u64,
    /// Single steps of machines that were really made.
    pub asked: u64,
    /// Steps not compared, because servers take two for what the model takes for one (a second question while the answer
    /// to one is on its way, register C27); what comes after them is not looked at.
    pub aside: u64,
    /// Steps compared, by kind of action.
    pub actions: [u64; Action::KINDS.len()],
    /// Why it ended.
    pub ended: Ended,
    /// What is wrong.
    pub fault: Option<Fault>,
}

/// How a node was reached: from where, by what.
type Way = (u32, Option<Action>);

struct Search {
    memo: Memo,
    known: HashMap<[u64; 2], u32>,
    states: HashSet<u64>,
    ways: Vec<Way>,
    explored: Explored,
    started: Instant,
}

/// Explores a scenario in lockstep. `tell` hears now and then how far it is.
pub fn explore(
    scenario: &'static Scenario,
    machines: Box<dyn Machines>,
    limits: &Limits,
    tell: &mut dyn FnMut(&Progress),
    stop: &AtomicBool,
) -> Explored {
    let explored = Explored {
        scenario,
        progress: Progress::default(),
        states: 0,
        asked: 0,
        aside: 0,
        actions: [0; Action::KINDS.len()],
        ended: Ended::Exhausted,
        fault: None,
    };
    let mut search = Search {
        memo: Memo::new(World::new(scenario), machines),
        known: HashMap::new(),
        states: HashSet::new(),
        ways: Vec::new(),
        explored,
        started: Instant::now(),
    };
    search.run(limits, tell, stop);
    search.finish();
    search.explored
}

impl Search {
    fn run(&mut self, limits: &Limits, tell: &mut dyn FnMut(&Progress), stop: &AtomicBool) {
        let first = match initial(&mut self.memo) {
            Ok(first) => first,
            Err(failure) => {
                let text = format!("before the first step\n{failure}\n");
                self.explored.ended = Ended::Disagreement;
                self.explored.fault = Some(Fault {
                    failure,
                    path: Vec::new(),
                    text,
                });
                return;
            }
        };
        let mut level = Vec::new();
        self.enter(first, (0, None), &mut level);
        let mut actions = Vec::new();
        let mut count = 0u32;
        while !level.is_empty() {
            let mut next = Vec::new();
            let mut left = level.len();
            for (place, node) in level {
                count = count.wrapping_add(1);
                if count.is_multiple_of(256) {
                    self.explored.progress.waiting = (left + next.len()) as u64;
                    self.measure();
                    tell(&self.explored.progress);
                    if let Some(ended) = self.over(limits, count, stop) {
                        self.explored.ended = ended;
                        return;
                    }
                }
                left -= 1;
                actions.clear();
                self.memo.world.model.actions(&node.state, &mut actions);
                for &action in &actions {
                    let Some(done) = step(&mut self.memo, &node, action, false) else {
                        continue;
                    };
                    if done.aside {
                        self.explored.aside += 1;
                        continue;
                    }
                    self.explored.progress.steps += 1;
                    if let Some(count) = self.explored.actions.get_mut(action.kind()) {
                        *count += 1;
                    }
                    match done.node {
                        Ok(after) => self.enter(after, (place, Some(action)), &mut next),
                        Err(failure) => {
                            self.explored.ended = Ended::Disagreement;
                            self.explored.fault = Some(self.fault(place, action, failure));
                            return;
                        }
                    }
                }
            }
            self.explored.progress.depth += 1;
            level = next;
        }
        self.explored.progress.depth = self.explored.progress.depth.saturating_sub(1);
        self.explored.progress.waiting = 0;
    }

    fn enter(&mut self, node: Node, way: Way, level: &mut Vec<(u32, Node)>) {
        let place = u32::try_from(self.ways.len()).unwrap_or(u32::MAX);
        if let std::collections::hash_map::Entry::Vacant(free) =
            self.known.entry(node.fingerprint())
        {
            free.insert(place);
            self.ways.push(way);
            let mut hasher = DefaultHasher::new();
            node.state.hash(&mut hasher);
            self.states.insert(hasher.finish());
            level.push((place, node));
        }
    }

    fn measure(&mut self) {
        let progress = &mut self.explored.progress;
        progress.nodes = self.ways.len() as u64;
        progress.machines = self.memo.sizes().0 as u64;
        progress.seconds = self.started.elapsed().as_secs_f64();
    }

    fn over(&self, limits: &Limits, count: u32, stop: &AtomicBool) -> Option<Ended> {
        if stop.load(Ordering::Relaxed) {
            return Some(Ended::Stopped);
        }
        let progress = &self.explored.progress;
        if limits.states.is_some_and(|most| progress.nodes >= most) {
            return Some(Ended::Limit("max-states"));
        }
        if limits
            .time
            .is_some_and(|most| self.started.elapsed() >= most)
        {
            return Some(Ended::Limit("max-seconds"));
        }
        let looked = count.is_multiple_of(1 << 13);
        let used = if looked { resident() } else { None };
        if used
            .zip(limits.memory)
            .is_some_and(|(used, most)| used >= most)
        {
            return Some(Ended::Limit("max-memory"));
        }
        None
    }

    fn finish(&mut self) {
        self.measure();
        self.explored.states = self.states.len() as u64;
        self.explored.asked = self.memo.sizes().2 as u64;
    }

    /// The way to a disagreement, played once more for its words.
    fn fault(&mut self, place: u32, last: Action, failure: Failure) -> Fault {
        let mut path = vec![last];
        let mut at = place;
        while let Some(&(before, Some(action))) = self.ways.get(at as usize) {
            path.push(action);
            at = before;
        }
        path.reverse();
        let mut words = String::new();
        let mut node = initial(&mut self.memo);
        for (number, &action) in path.iter().enumerate() {
            let Ok(here) = node else { break };
            words.push_str(&format!("{:>4}. {}\n", number + 1, text::action(action)));
            let Some(done) = step(&mut self.memo, &here, action, true) else {
                break;
            };
            for line in done.words {
                words.push_str(&format!("        {line}\n"));
            }
            node = done.node;
        }
        for line in failure.to_string().lines() {
            words.push_str(&format!("      {line}\n"));
        }
        Fault {
            failure,
            path,
            text: words,
        }
    }
}

/// Octets of memory that this process has, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}
