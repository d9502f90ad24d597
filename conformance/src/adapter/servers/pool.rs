//! The pool itself.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use distributed_mars::address::{Endpoint, Protocol};
use distributed_mars::group::{Canonical, DistributedMars, GroupConfig};
use distributed_mars::io::{self, ControlKind, ControlVc, OutputAction, Target, Time, VcId};
use distributed_mars::scsp::RecordId;
use distributed_mars::wire::scsp::SequenceNumber;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Deed, Group, Held, Input, Outcome, View};

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolError {
    /// No value has this number.
    Machine(u32),
    /// No server has this number.
    Server(u32),
    /// A configuration or address that the implementation refuses.
    Refused(String),
    /// There are more values than numbers.
    Full,
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine(number) => write!(f, "there is no machine {number}"),
            Self::Server(number) => write!(f, "there is no server {number}"),
            Self::Refused(why) => write!(f, "refused: {why}"),
            Self::Full => f.write_str("there are too many machines"),
        }
    }
}

impl std::error::Error for PoolError {}

/// VCs to clients are numbered from here; those to neighbours from 0.
const CLIENTS: u32 = 1 << 8;
/// A number in a cache counts as such up to so many above the first one, so that there is room below each for the
/// older ones that may still be on their way; beyond, one is as good as another.
pub const HEADROOM: i32 = 6;
/// The ClusterControlVC of the one protocol.
const CCVC: ControlVc = ControlVc {
    kind: ControlKind::Ccvc,
    protocol: Protocol::IPV4,
};

/// A server at a moment of its own time.
#[derive(Clone, Debug)]
struct Machine {
    mars: DistributedMars,
    now: Time,
    server: u32,
}

#[derive(Default)]
struct Inner {
    machines: Vec<Arc<Machine>>,
    /// By 128 bits of hash of what makes two values one.
    numbers: HashMap<[u64; 2], u32>,
}

/// See [the module](super).
pub struct Pool {
    configs: Vec<GroupConfig>,
    clients: Vec<Endpoint>,
    /// Equal values have one number.
    merges: bool,
    inner: Mutex<Inner>,
}

impl Pool {
    /// As [`Self::new`], but every value has a number of its own, so that each server is the one that went the whole way.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn apart(group: &Group) -> Result<Self, PoolError> {
        let merges = false;
        Self::new(group).map(|pool| Self { merges, ..pool })
    }

    /// An empty pool for these servers.
    ///
    /// # Errors
    /// A configuration or address that cannot be read.
    pub fn new(group: &Group) -> Result<Self, PoolError> {
        let refused = |error: serde_json::Error| PoolError::Refused(error.to_string());
        let configs = group.servers.iter().cloned().map(serde_json::from_value);
        let clients = group.clients.iter().cloned().map(serde_json::from_value);
        Ok(Self {
            configs: configs.collect::<Result<_, _>>().map_err(refused)?,
            clients: clients.collect::<Result<_, _>>().map_err(refused)?,
            merges: true,
            inner: Mutex::default(),
        })
    }

    /// A server that has just started, its clients' VCs up.
    ///
    /// # Errors
    /// There is no such server, its configuration is refused, or no number is left.
    pub fn start(&self, server: u32) -> Result<Outcome, PoolError> {
        let known = usize::try_from(server)
            .ok()
            .and_then(|n| self.configs.get(n));
        let config = known.ok_or(PoolError::Server(server))?.clone();
        let mars = DistributedMars::new(config);
        let mut mars = mars.map_err(|error| PoolError::Refused(error.to_string()))?;
        let now = Time(0);
        for (vc, peer) in (CLIENTS..).zip(&self.clients) {
            let (vc, peer) = (VcId(vc), *peer);
            mars.handle(now, io::Input::VcUp { vc, peer });
        }
        self.keep(Machine { mars, now, server })
    }

    /// What `input` makes of a server.
    ///
    /// # Errors
    /// There is no such value, neighbour or client, or no number left.
    pub fn step(&self, machine: u32, input: &Input) -> Result<Outcome, PoolError> {
        let place = usize::try_from(machine).ok();
        let before = place.and_then(|place| self.inner().machines.get(place).cloned());
        let mut after = Machine::clone(&*before.ok_or(PoolError::Machine(machine))?);
        if let Input::Wait { ms } = input {
            after.now = Time(after.now.0.saturating_add(u64::from(*ms)));
        }
        let input = self.input(&after, input)?;
        after.mars.handle(after.now, input);
        self.keep(after)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self, client: u8) -> Result<Endpoint, PoolError> {
        let known = self.clients.get(usize::from(client)).copied();
        known.ok_or_else(|| PoolError::Refused(format!("no client {client}")))
    }

    fn input(&self, machine: &Machine, input: &Input) -> Result<io::Input, PoolError> {
        let vc = |neighbor: u8| VcId(u32::from(neighbor));
        Ok(match input {
            Input::Up { neighbor } => {
                let neighbors = &machine.mars.config().neighbors;
                let known = neighbors.get(usize::from(*neighbor));
                let known =
                    known.ok_or_else(|| PoolError::Refused(format!("no neighbor {neighbor}")))?;
                io::Input::VcUp {
                    vc: vc(*neighbor),
                    peer: known.atm,
                }
            }
            Input::Down { neighbor } => io::Input::VcDown { vc: vc(*neighbor) },
            Input::Frame { neighbor, octets } => io::Input::Frame {
                vc: vc(*neighbor),
                octets: octets.clone(),
            },
            Input::Client { client, octets } => io::Input::Frame {
                vc: VcId(CLIENTS + u32::from(*client)),
                octets: octets.clone(),
            },
            Input::LeafGone { client } => io::Input::LeafGone {
                group: CCVC,
                peer: self.client(*client)?,
            },
            Input::Drain => io::Input::Admin(io::Admin::Drain),
            Input::Wait { .. } => io::Input::TimePassed,
        })
    }

    /// Takes out what the server did and gives it its number.
    fn keep(&self, mut machine: Machine) -> Result<Outcome, PoolError> {
        let mut deeds = Vec::new();
        while let Some(output) = machine.mars.poll_output() {
            deeds.extend(self.deed(output.action));
        }
        let numbers = machine.mars.cache();
        let numbers = numbers.map(|(_, _, entry)| entry.sequence.0).collect();
        let identity = machine.identity();
        let mut inner = self.inner();
        if let Some(&number) = inner.numbers.get(&identity).filter(|_| self.merges) {
            return Ok(Outcome {
                machine: number,
                view: None,
                numbers,
                deeds,
            });
        }
        let number = u32::try_from(inner.machines.len()).map_err(|_| PoolError::Full)?;
        let view = machine.view();
        inner.machines.push(Arc::new(machine));
        inner.numbers.insert(identity, number);
        Ok(Outcome {
            machine: number,
            view: Some(view),
            numbers,
            deeds,
        })
    }

    fn deed(&self, action: OutputAction) -> Option<Deed> {
        let odd = |what: String| Some(Deed::Odd { what });
        let leaf = |group: ControlVc, peer: Endpoint, add| {
            let known = self.clients.iter().position(|client| *client == peer);
            match known.and_then(|place| u8::try_from(place).ok()) {
                Some(client) if group == CCVC => Some(Deed::Leaf { add, client }),
                _ => odd(format!("leaf {peer:?} of {group:?}")),
            }
        };
        match action {
            OutputAction::Send { target, octets } => match target {
                Target::Group(group) if group == CCVC => Some(Deed::Cluster { octets }),
                Target::Group(group) => odd(format!("a frame on {group:?}")),
                Target::Vc(VcId(vc)) => {
                    match (u8::try_from(vc), vc.checked_sub(CLIENTS).map(u8::try_from)) {
                        (Ok(neighbor), _) => Some(Deed::Neighbor { neighbor, octets }),
                        (_, Some(Ok(client))) => Some(Deed::Client { client, octets }),
                        _ => odd(format!("a frame on VC {vc}")),
                    }
                }
            },
            OutputAction::AddLeaf { group, peer } => leaf(group, peer, true),
            OutputAction::DropLeaf { group, peer } => leaf(group, peer, false),
            // A server may call a neighbour or give a VC up at any time; the scenario's links decide.
            OutputAction::Call { .. } | OutputAction::Hangup { .. } | OutputAction::Log(_) => None,
        }
    }
}

impl Machine {
    /// What makes two values one, as 128 bits.
    fn identity(&self) -> [u64; 2] {
        let held = self.mars.cache().map(|(origin, key, entry)| {
            let number = entry.sequence.0;
            let above = number.saturating_sub(SequenceNumber::FIRST.0).min(HEADROOM);
            (RecordId { origin, key }, SequenceNumber(number - above))
        });
        let held: BTreeMap<_, _> = held.collect();
        // What is asked for and not held has the number that the asker gives it.
        let base = |id| held.get(&id).copied().unwrap_or(SequenceNumber::FIRST);
        let canonical: Canonical = self.mars.canonical_from(self.now, base);
        let neighbors = self.mars.config().neighbors.len();
        let neighbors = 0..u16::try_from(neighbors).unwrap_or(u16::MAX);
        let ca: Vec<_> = neighbors.map(|n| self.mars.ca_numbers(n)).collect();
        [0u8, 1].map(|half| {
            let mut hasher = DefaultHasher::new();
            (half, self.server, &ca, &canonical).hash(&mut hasher);
            hasher.finish()
        })
    }

    fn view(&self) -> View {
        let view = self.mars.view();
        let map = view.redirect_map.first();
        View {
            cache: self
                .mars
                .cache()
                .map(|(origin, key, entry)| Held {
                    origin: origin.0,
                    key: key.0,
                    body: entry.body.to_vec(),
                })
                .collect(),
            live: view.live.iter().map(|live| live.origin.0).collect(),
            registrations: view
                .registrations
                .iter()
                .map(|one| (number(&one.endpoint), one.origin.0, one.cmi))
                .collect(),
            members: view
                .membership
                .iter()
                .map(|one| {
                    let (min, max) = (hex(&one.min), hex(&one.max));
                    (number(&one.endpoint), min, max, one.origin.0)
                })
                .collect(),
            map: map.map_or_else(Vec::new, |map| map.servers.iter().map(number).collect()),
            leaves: view
                .leaves
                .iter()
                .map(|one| number(&one.endpoint))
                .collect(),
            next_ms: self
                .mars
                .next_deadline()
                .map(|deadline| deadline.0.saturating_sub(self.now.0)),
        }
    }
}

/// The ATM number, hex.
fn number(endpoint: &Endpoint) -> String {
    let value = json!(endpoint);
    let number = value.get("number").and_then(Value::as_str);
    number.unwrap_or_default().to_owned()
}

/// What is written as hex.
fn hex(value: &impl Serialize) -> String {
    json!(value).as_str().unwrap_or_default().to_owned()
}
