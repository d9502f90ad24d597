//! What machines do, asked once: the same machine and the same input give the same machine and the same
//! frames, so that the many states in which they meet need not ask again. Frames, machines and histories
//! have numbers here, so that states are small.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::frame::{Frame, bit};
use super::judge::{self, Relay};
use super::machines::Machines;
use super::scenario::{RECORDS, Scenario};
use crate::adapter::machines::{ENDED, Input, Outcome, View};

/// What happens to one machine. Neighbours are numbered as the server has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The link to a neighbour is up.
    Up(u8),
    /// It is down.
    Down(u8),
    /// A frame comes from a neighbour.
    Frame(u8, u32),
    /// Milliseconds pass.
    Wait(u32),
    /// The next instance of an own record, its content marked with a stamp; 0 ends it.
    Originate(u8, u8),
    /// A record is dropped.
    Forget(u8),
    /// The numbers that a neighbour's alignment depends on become these.
    Renumber(u8, [u32; 5]),
}

/// Where one adjacency stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adjacent {
    /// CSU and CSUS messages may pass.
    pub open: bool,
    /// Aligned.
    pub aligned: bool,
    /// Hello FSM in Unidirectional or Bidirectional.
    pub there: bool,
    /// Master/Slave Negotiation or Cache Summarize.
    pub exchanging: bool,
    /// Master/Slave Negotiation, or Cache Summarize as master: the own CA is to be repeated.
    pub leading: bool,
    /// Master of the exchange.
    pub master: bool,
    /// CA numbers that matter.
    pub ca: [Option<u32>; 5],
}

/// What is known of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Which server it is.
    pub server: u8,
    /// Milliseconds to its next deadline.
    pub next_ms: Option<u32>,
    /// Number and stamp of what it holds of each record.
    pub cache: [Option<(i32, u8)>; RECORDS],
    /// It holds what no record of the scenario is.
    pub strays: bool,
    /// Own records that are not acknowledged everywhere, one bit each.
    pub unacknowledged: u8,
    /// Its neighbours.
    pub adjacent: [Adjacent; 2],
}

/// An instance that was originated: record, number, stamp.
pub type Instance = (u8, i32, u8);

/// What one event makes of one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// The machine after it.
    pub machine: u32,
    /// Frames sent, each with its direction.
    pub sent: Vec<(u8, u32)>,
    /// Claims that are broken by this alone.
    pub broken: u16,
    /// CAs among them that do not answer what came.
    pub unasked: Vec<u32>,
    /// Records passed on.
    pub relays: Vec<Relay>,
    /// Own instances that are new.
    pub originated: Vec<Instance>,
}

/// Values with numbers, from 0.
struct Table<K, V> {
    numbers: HashMap<K, u32>,
    values: Vec<Arc<V>>,
}

impl<K: Hash + Eq, V> Table<K, V> {
    fn new() -> Self {
        Self {
            numbers: HashMap::new(),
            values: Vec::new(),
        }
    }

    fn get(&self, number: u32) -> Option<Arc<V>> {
        self.values.get(number as usize).cloned()
    }

    fn put(&mut self, key: K, value: V) -> u32 {
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let values = &mut self.values;
        *self.numbers.entry(key).or_insert_with(|| {
            values.push(Arc::new(value));
            next
        })
    }
}

type Steps = HashMap<(u32, Event), Option<Arc<Local>>>;

/// See the module.
pub struct Memo {
    scenario: &'static Scenario,
    machines: Box<dyn Machines>,
    infos: RwLock<Vec<Info>>,
    frames: RwLock<Table<(u8, Vec<u8>), Frame>>,
    histories: RwLock<Table<Vec<Instance>, Vec<Instance>>>,
    steps: Vec<RwLock<Steps>>,
    /// Held while a machine is asked, so that what it answers is known to everybody in one order.
    asking: Mutex<()>,
    failure: OnceLock<String>,
    hasher: std::hash::RandomState,
}

const SHARDS: usize = 32;

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

impl Memo {
    /// Nothing asked yet.
    #[must_use]
    pub fn new(scenario: &'static Scenario, machines: Box<dyn Machines>) -> Self {
        let memo = Self {
            scenario,
            machines,
            infos: RwLock::default(),
            frames: RwLock::new(Table::new()),
            histories: RwLock::new(Table::new()),
            steps: (0..SHARDS).map(|_| RwLock::default()).collect(),
            asking: Mutex::default(),
            failure: OnceLock::new(),
            hasher: std::hash::RandomState::new(),
        };
        // Number 0 is no frame, and the empty history.
        let none = Frame::read(Vec::new(), 0, 0, scenario);
        write(&memo.frames).put((u8::MAX, Vec::new()), none);
        memo.history_of(Vec::new());
        memo
    }

    /// The scenario.
    #[must_use]
    pub const fn scenario(&self) -> &'static Scenario {
        self.scenario
    }

    /// Why the machines could not be asked any more: a crash, a hang.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// Machines, frames and single steps met so far.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize, usize) {
        let steps = self.steps.iter().map(|shard| read(shard).len()).sum();
        let frames = read(&self.frames).values.len();
        (read(&self.infos).len(), frames, steps)
    }

    /// A frame; number 0 is none.
    #[must_use]
    pub fn frame(&self, number: u32) -> Option<Arc<Frame>> {
        read(&self.frames).get(number)
    }

    /// The number of a packet on a direction.
    pub fn frame_of(&self, direction: u8, octets: Vec<u8>) -> u32 {
        let key = (direction, octets);
        if let Some(&number) = read(&self.frames).numbers.get(&key) {
            return number;
        }
        let (from, to) = self.scenario.ends(direction);
        let frame = Frame::read(key.1.clone(), from, to, self.scenario);
        write(&self.frames).put(key, frame)
    }

    /// A history.
    #[must_use]
    pub fn history(&self, number: u32) -> Arc<Vec<Instance>> {
        read(&self.histories).get(number).unwrap_or_default()
    }

    /// The number of a history.
    pub fn history_of(&self, instances: Vec<Instance>) -> u32 {
        if let Some(&number) = read(&self.histories).numbers.get(&instances) {
            return number;
        }
        write(&self.histories).put(instances.clone(), instances)
    }

    /// What is known of a machine.
    #[must_use]
    pub fn info(&self, machine: u32) -> Option<Info> {
        read(&self.infos).get(machine as usize).copied()
    }

    /// A server that has just started.
    pub fn start(&self, server: u8, ca_start: u32) -> Option<u32> {
        let _asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let done = self.machines.start(u32::from(server), ca_start);
        self.note(done, server).map(|outcome| outcome.machine)
    }

    /// What an event makes of a machine; `None` after a failure.
    pub fn step(&self, machine: u32, event: Event) -> Option<Arc<Local>> {
        let key = (machine, event);
        let shard = self.shard(&key)?;
        if let Some(known) = read(shard).get(&key) {
            return known.clone();
        }
        let _asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read(shard).get(&key) {
            return known.clone();
        }
        let local = self.ask(machine, event).map(Arc::new);
        write(shard).insert(key, local.clone());
        local
    }

    /// Every step asked so far, for an audit.
    pub fn all_steps(&self) -> Vec<(u32, Event, Arc<Local>)> {
        let steps = self.steps.iter().flat_map(|shard| {
            let shard = read(shard);
            let known = shard
                .iter()
                .filter_map(|(&(machine, event), local)| Some((machine, event, local.clone()?)));
            known.collect::<Vec<_>>()
        });
        steps.collect()
    }

    fn shard(&self, key: &(u32, Event)) -> Option<&RwLock<Steps>> {
        #[expect(clippy::cast_possible_truncation, reason = "a remainder is wanted")]
        let place = self.hasher.hash_one(key) as usize % SHARDS;
        self.steps.get(place)
    }

    fn ask(&self, machine: u32, event: Event) -> Option<Local> {
        if self.failure.get().is_some() {
            return None;
        }
        let before = self.info(machine)?;
        let input = self.input(&before, event)?;
        let outcome = self.note(self.machines.step(machine, &input), before.server)?;
        let after = self.info(outcome.machine)?;
        let sent = self.sent(before.server, &outcome);
        Some(judge::local(
            self,
            &before,
            &after,
            event,
            outcome.machine,
            sent,
        ))
    }

    /// The frames of an outcome, each with its direction.
    #[must_use]
    pub fn sent(&self, server: u8, outcome: &Outcome) -> Vec<(u8, u32)> {
        let sent = outcome.sent.iter().filter_map(|(neighbor, octets)| {
            let direction = self.scenario.from(server).nth(usize::from(*neighbor))?;
            Some((direction, self.frame_of(direction, octets.clone())))
        });
        sent.collect()
    }

    /// Takes a new machine down, or the failure.
    fn note(&self, done: Result<Outcome, String>, server: u8) -> Option<Outcome> {
        match done {
            Ok(outcome) => {
                if let Some(view) = &outcome.view {
                    let mut infos = write(&self.infos);
                    if infos.len() == outcome.machine as usize {
                        infos.push(info(view, server, self.scenario));
                    }
                }
                Some(outcome)
            }
            Err(why) => {
                // Only the first is told.
                let _ = self.failure.set(why);
                None
            }
        }
    }

    /// The event as the machine hears of it.
    #[must_use]
    pub fn input(&self, before: &Info, event: Event) -> Option<Input> {
        let record = |record: u8| self.scenario.records.get(usize::from(record)).copied();
        Some(match event {
            Event::Up(neighbor) => Input::Up {
                neighbor: u16::from(neighbor),
            },
            Event::Down(neighbor) => Input::Down {
                neighbor: u16::from(neighbor),
            },
            Event::Frame(neighbor, frame) => Input::Packet {
                neighbor: u16::from(neighbor),
                octets: self.frame(frame)?.octets.clone(),
            },
            Event::Wait(ms) => Input::Wait { ms: u64::from(ms) },
            Event::Originate(place, stamp) => Input::Originate {
                key: Scenario::key(record(place)?),
                body: vec![stamp],
            },
            Event::Forget(place) => {
                let record = record(place)?;
                Input::Forget {
                    origin: Scenario::id(record.server),
                    key: Scenario::key(record),
                }
            }
            Event::Renumber(neighbor, to) => {
                let from = before.adjacent.get(usize::from(neighbor))?.ca;
                Input::Renumber {
                    neighbor: u16::from(neighbor),
                    map: from
                        .into_iter()
                        .zip(to)
                        .filter_map(|(from, to)| Some((from?, to)))
                        .collect(),
                }
            }
        })
    }
}

fn info(view: &View, server: u8, scenario: &Scenario) -> Info {
    let mut info = Info {
        server,
        next_ms: view.next_ms.and_then(|ms| u32::try_from(ms).ok()),
        cache: [None; RECORDS],
        strays: false,
        unacknowledged: 0,
        adjacent: [Adjacent::default(); 2],
    };
    for held in &view.cache {
        let record = scenario.record_of(&held.origin, &held.key);
        match record.and_then(|record| info.cache.get_mut(usize::from(record))) {
            Some(place) => *place = Some((held.sequence, stamp(&held.body))),
            None => info.strays = true,
        }
    }
    for key in &view.unacknowledged {
        if let Some(record) = scenario.record_of(&Scenario::id(server), key) {
            info.unacknowledged |= bit(record);
        }
    }
    for (place, adjacency) in info.adjacent.iter_mut().zip(&view.neighbors) {
        let cafsm = adjacency.cafsm.as_str();
        *place = Adjacent {
            open: matches!(cafsm, "update" | "aligned"),
            aligned: cafsm == "aligned",
            there: matches!(adjacency.hfsm.as_str(), "unidirectional" | "bidirectional"),
            exchanging: matches!(cafsm, "negotiation" | "summarize"),
            leading: cafsm == "negotiation" || adjacency.master,
            master: adjacency.master,
            ca: adjacency.ca_numbers,
        };
    }
    info
}

/// The stamp of a content: 0 for an ended record.
fn stamp(body: &[u8]) -> u8 {
    match body {
        _ if body == ENDED => 0,
        [stamp] => *stamp,
        _ => u8::MAX,
    }
}
