//! The pool itself.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use distributed_mars::address::ServerId;
use distributed_mars::io::Time;
use distributed_mars::scsp::{
    Application, CaNumbers, CafsmState, CanonicalSpeaker, Judgement, NeighborIx, Role, Speaker,
    SpeakerConfig, SpeakerEvent,
};
use distributed_mars::wire::scsp::{CacheKey, Csa, SequenceNumber};

use super::{Adjacency, Config, ENDED, Held, Input, Outcome, View};

/// What was asked for is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolError {
    /// No machine has this number.
    Machine(u32),
    /// No configuration has this number.
    Config(u32),
    /// There are more machines than numbers.
    Full,
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine(number) => write!(f, "there is no machine {number}"),
            Self::Config(number) => write!(f, "there is no configuration {number}"),
            Self::Full => f.write_str("there are too many machines"),
        }
    }
}

impl std::error::Error for PoolError {}

/// Every record is of use.
struct UseAll;

impl Application for UseAll {
    fn judge(&self, _: &Csa<'_>) -> Judgement {
        Judgement::Use
    }
}

/// A speaker at a moment of its own time.
#[derive(Clone, Debug)]
struct Machine {
    speaker: Speaker,
    now: Time,
}

/// What makes two machines one.
#[derive(PartialEq, Eq, Hash)]
struct Identity {
    canonical: CanonicalSpeaker,
    ca_numbers: Vec<CaNumbers>,
}

#[derive(Default)]
struct Inner {
    /// By number: the one that stands for all, then others like it.
    machines: Vec<Vec<Arc<Machine>>>,
    numbers: HashMap<Identity, u32>,
}

/// See [the module](super).
pub struct Pool {
    configs: Vec<SpeakerConfig>,
    /// So many machines of each number are kept, at least one.
    keep: usize,
    inner: Mutex<Inner>,
}

impl Pool {
    /// An empty pool for servers of these configurations, that keeps up to `keep` machines (at least one)
    /// of each number.
    #[must_use]
    pub fn new(configs: &[Config], keep: usize) -> Self {
        Self {
            configs: configs.iter().map(speaker_config).collect(),
            keep,
            inner: Mutex::default(),
        }
    }

    /// A server that has just started, its first CA number `ca_start`.
    ///
    /// # Errors
    /// There is no such configuration, or no number left.
    pub fn start(&self, config: u32, ca_start: u32) -> Result<Outcome, PoolError> {
        let known = usize::try_from(config)
            .ok()
            .and_then(|n| self.configs.get(n));
        let mut config = known.ok_or(PoolError::Config(config))?.clone();
        config.ca_start = ca_start;
        let now = Time(0);
        let speaker = Speaker::new(config, now);
        self.keep(Machine { speaker, now }, Vec::new())
    }

    /// What `input` makes of a machine.
    ///
    /// # Errors
    /// There is no such machine, or no number left.
    pub fn step(&self, machine: u32, input: &Input) -> Result<Outcome, PoolError> {
        self.step_of(machine, 0, input)
    }

    /// The same for another of the machines that have this number; `place` counts from 0, which is the one
    /// that stands for all.
    ///
    /// # Errors
    /// As for [`Self::step`]; there may be fewer machines, too.
    pub fn step_of(&self, machine: u32, place: usize, input: &Input) -> Result<Outcome, PoolError> {
        let before = self
            .alike(machine)
            .and_then(|all| all.into_iter().nth(place))
            .ok_or(PoolError::Machine(machine))?;
        let mut after = Machine::clone(&before);
        after.take(input);
        let sent = after.settle();
        self.keep(after, sent)
    }

    /// How many machines of one number are kept.
    #[must_use]
    pub fn count(&self, machine: u32) -> usize {
        self.alike(machine).map_or(0, |all| all.len())
    }

    /// A machine's canonical state and CA numbers, for people.
    #[cfg(test)]
    pub(crate) fn text(&self, machine: u32) -> String {
        let first = self.alike(machine).and_then(|all| all.into_iter().next());
        first.map_or_else(String::new, |machine| {
            let identity = machine.identity();
            format!("{:?}\n{:?}", identity.ca_numbers, identity.canonical)
        })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn alike(&self, machine: u32) -> Option<Vec<Arc<Machine>>> {
        let place = usize::try_from(machine).ok()?;
        self.inner().machines.get(place).cloned()
    }

    /// Gives a machine its number.
    fn keep(&self, machine: Machine, sent: Vec<(u16, Vec<u8>)>) -> Result<Outcome, PoolError> {
        let identity = machine.identity();
        let mut inner = self.inner();
        if let Some(&number) = inner.numbers.get(&identity) {
            if self.keep > 1
                && let Some(alike) = inner.machines.get_mut(number as usize)
                && alike.len() < self.keep
                && alike.iter().all(|known| known.now != machine.now)
            {
                alike.push(Arc::new(machine));
            }
            return Ok(Outcome {
                machine: number,
                view: None,
                sent,
            });
        }
        let number = u32::try_from(inner.machines.len()).map_err(|_| PoolError::Full)?;
        let view = machine.view();
        inner.machines.push(vec![Arc::new(machine)]);
        inner.numbers.insert(identity, number);
        Ok(Outcome {
            machine: number,
            view: Some(view),
            sent,
        })
    }
}

fn speaker_config(config: &Config) -> SpeakerConfig {
    let neighbors = config.neighbors.iter().map(|&id| Some(ServerId(id)));
    SpeakerConfig {
        protocol_id: config.protocol_id,
        hello_interval_s: config.hello_interval_s,
        dead_factor: config.dead_factor,
        ca_rexmt_ms: config.ca_rexmt_ms,
        csus_rexmt_ms: config.csus_rexmt_ms,
        csu_rexmt_ms: config.csu_rexmt_ms,
        csu_max_rexmt: config.csu_max_rexmt,
        hop_count: config.hop_count,
        mtu: config.mtu,
        restart_constant: config.restart_constant,
        ..SpeakerConfig::new(ServerId(config.id), neighbors.collect())
    }
}

impl Machine {
    fn take(&mut self, input: &Input) {
        let now = self.now;
        match input {
            Input::Up { neighbor } => self.speaker.vc_up(now, NeighborIx(*neighbor)),
            Input::Down { neighbor } => self.speaker.vc_down(now, NeighborIx(*neighbor)),
            Input::Packet { neighbor, octets } => {
                self.speaker
                    .packet(now, NeighborIx(*neighbor), octets, &UseAll);
            }
            Input::Wait { ms } => {
                self.now = Time(now.0.saturating_add(*ms));
                self.speaker.fire(self.now);
            }
            Input::Originate { key, body } => {
                self.speaker.originate(now, CacheKey(*key), body.clone());
            }
            Input::Purge { key } => self.speaker.purge(now, CacheKey(*key), ENDED.to_vec()),
            Input::Forget { origin, key } => self.speaker.forget(ServerId(*origin), CacheKey(*key)),
            Input::Renumber { neighbor, map } => {
                let to = |number| {
                    map.iter()
                        .find(|(from, _)| *from == number)
                        .map_or(0, |&(_, to)| to)
                };
                self.speaker.renumber(NeighborIx(*neighbor), to);
            }
        }
    }

    /// Answers what the speaker tells as the protocol on top would, and takes out what it sends.
    fn settle(&mut self) -> Vec<(u16, Vec<u8>)> {
        let own = self.speaker.id();
        while let Some(event) = self.speaker.poll_event() {
            // Register C08: what is in use is told again above the net's number, the rest is ended.
            if let SpeakerEvent::OwnReturned { key, sequence, .. } = event {
                let body = self.speaker.get(own, key).map(|held| held.body.to_vec());
                let body = body.unwrap_or_else(|| ENDED.to_vec());
                self.speaker.originate_above(self.now, key, sequence, body);
            }
        }
        std::iter::from_fn(|| self.speaker.poll_send())
            .map(|(_, neighbor, packet)| (neighbor.0, packet))
            .collect()
    }

    fn neighbors(&self) -> impl Iterator<Item = NeighborIx> {
        let count = self.speaker.config().neighbors.len();
        (0..u16::try_from(count).unwrap_or(u16::MAX)).map(NeighborIx)
    }

    fn identity(&self) -> Identity {
        Identity {
            canonical: self.speaker.canonical_from(self.now, |_| SequenceNumber(0)),
            ca_numbers: self
                .neighbors()
                .map(|neighbor| self.speaker.ca_numbers(neighbor))
                .collect(),
        }
    }

    fn view(&self) -> View {
        let adjacency = |neighbor| {
            let cafsm = self.speaker.cafsm(neighbor);
            Adjacency {
                hfsm: self.speaker.hfsm(neighbor).name().to_owned(),
                cafsm: cafsm.name().to_owned(),
                master: cafsm == CafsmState::Summarize(Role::Master),
                ca_numbers: self.speaker.ca_numbers(neighbor),
            }
        };
        let own = self.speaker.id();
        View {
            cache: self
                .speaker
                .cache()
                .filter(|(_, _, entry)| entry.usable)
                .map(|(origin, key, entry)| Held {
                    origin: origin.0,
                    key: key.0,
                    sequence: entry.sequence.0,
                    body: entry.body.to_vec(),
                })
                .collect(),
            neighbors: self.neighbors().map(adjacency).collect(),
            next_ms: self
                .speaker
                .next_deadline()
                .map(|deadline| deadline.0.saturating_sub(self.now.0)),
            unacknowledged: self
                .speaker
                .cache()
                .filter(|&(origin, key, _)| {
                    origin == own && self.speaker.is_unacknowledged(origin, key)
                })
                .map(|(_, key, _)| key.0)
                .collect(),
        }
    }
}
