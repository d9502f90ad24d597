//! What is on its way and what is known where, along a global trace: which instance of which record every
//! message bears. Nothing of it is about one server; the trace itself says what is sent.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::judge::books::{Identity, identity};
use crate::lower::Lower;
use crate::trace::{About, Act, Expected, ExpectedCsa, Step, Trace};

/// One instance of a record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Instance {
    pub(super) identity: Identity,
    /// 1 for the first.
    pub(super) number: i64,
    /// Which key of its originator it has, from 1.
    pub(super) key: u32,
    pub(super) live: bool,
    /// As it is said: a number, or a reference to what the server under test chose.
    pub(super) cmi: Value,
}

/// A record on its way.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    pub(super) instance: Instance,
    /// Servers passed; 0 at the originator.
    pub(super) hops: u8,
}

/// The records of one step.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// What this step delivered.
    pub(super) arrived: Option<Carried>,
    /// The newer instance that its receiver has already.
    pub(super) known: Option<Instance>,
    /// The instance of every `csa` among the outputs, in their order.
    pub(super) sent: Vec<Instance>,
}

/// Direction of a link.
type Way = (String, String);

/// All servers of a trace.
pub(super) struct World {
    /// The server under test.
    subject: String,
    links: Vec<Way>,
    down: Vec<Way>,
    queues: BTreeMap<Way, VecDeque<Carried>>,
    /// Newest instance that each server has of each record.
    caches: BTreeMap<String, BTreeMap<Identity, Instance>>,
    newest: BTreeMap<Identity, Instance>,
    keys: BTreeMap<String, u32>,
    /// CMI of each client's last registration, by originator and client.
    cmis: BTreeMap<Way, Value>,
    /// Those of them that live.
    registered: Vec<Way>,
    ranges: BTreeMap<String, (i64, i64)>,
}

impl World {
    /// All links are up, and every server knows every server.
    pub(super) fn new(trace: &Trace, lower: &Lower<'_>, subject: &str) -> Self {
        let names: Vec<String> = trace.servers.iter().map(|one| one.name.clone()).collect();
        let mut world = Self {
            subject: subject.to_owned(),
            links: trace.topology.links.clone(),
            down: Vec::new(),
            queues: BTreeMap::new(),
            caches: BTreeMap::new(),
            newest: BTreeMap::new(),
            keys: BTreeMap::new(),
            cmis: BTreeMap::new(),
            registered: Vec::new(),
            ranges: names
                .iter()
                .map(|name| (name.clone(), lower.cmi_range(name)))
                .collect(),
        };
        for origin in &names {
            let entry = world.make(&(origin.clone(), About::RedirectEntry), true);
            for name in &names {
                let cache = world.caches.entry(name.clone()).or_default();
                cache.insert(entry.identity.clone(), entry.clone());
            }
        }
        world
    }

    /// The Redirect Entry of a server as everybody has it at the start.
    pub(super) fn entry(&self, server: &str) -> Option<&Instance> {
        self.newest.get(&(server.to_owned(), About::RedirectEntry))
    }

    /// The neighbours of a server whose links are up.
    pub(super) fn neighbors(&self, server: &str) -> Vec<String> {
        let up = self.links.iter().filter(|link| !self.down.contains(link));
        up.filter_map(|(a, b)| match server {
            _ if server == a => Some(b.clone()),
            _ if server == b => Some(a.clone()),
            _ => None,
        })
        .collect()
    }

    /// What a registration that the server under test accepts is called from now on.
    pub(super) fn name_cmi(&mut self, client: &str, name: &str) {
        let key = (self.subject.clone(), client.to_owned());
        self.cmis.insert(key, json!({"ref": name}));
    }

    /// The CMI of a client at a server.
    pub(super) fn cmi(&self, origin: &str, client: &str) -> Option<&Value> {
        self.cmis.get(&(origin.to_owned(), client.to_owned()))
    }

    /// One step; `None` when the trace says something that cannot be followed.
    pub(super) fn step(&mut self, step: &Step) -> Option<Moved> {
        let mut moved = Moved::default();
        let mut healing: Option<(&str, &str)> = None;
        match step.act.as_ref()? {
            Act::Deliver { from, to } => {
                let way = (from.clone(), to.clone());
                let carried = self.queues.get_mut(&way)?.pop_front()?;
                let identity = &carried.instance.identity;
                let known = self.caches.get(to).and_then(|cache| cache.get(identity));
                let newer = known.filter(|known| known.number > carried.instance.number);
                moved.known = newer.cloned();
                self.learn(to, &carried.instance);
                moved.arrived = Some(carried);
            }
            Act::Cut { a, b } => self.cut(a, b),
            Act::Crash { server } => {
                for other in self.neighbors(server) {
                    self.cut(server, &other);
                }
            }
            Act::Heal { a, b } => {
                self.down
                    .retain(|(one, other)| (one, other) != (a, b) && (one, other) != (b, a));
                healing = Some((a, b));
            }
            Act::Restart { .. } => return None,
            _ => {}
        }
        let mut made: Vec<Instance> = Vec::new();
        let outputs = step.expect.iter().flat_map(|one| &one.outputs);
        for output in outputs {
            let Expected::Csa(csa) = output else {
                continue;
            };
            let instance = self.instance(csa, moved.arrived.as_ref(), &mut made)?;
            let ends = (csa.from.as_str(), csa.to.as_str());
            let crosses =
                csa.solicited && healing.is_some_and(|(a, b)| ends == (a, b) || ends == (b, a));
            if crosses {
                self.learn(&csa.to, &instance);
            } else if self.neighbors(&csa.from).contains(&csa.to) {
                let way = (csa.from.clone(), csa.to.clone());
                let hops = csa.hops;
                let instance = instance.clone();
                let queue = self.queues.entry(way).or_default();
                queue.push_back(Carried { instance, hops });
            }
            moved.sent.push(instance);
        }
        Some(moved)
    }

    /// Which instance a message bears.
    fn instance(
        &mut self,
        csa: &ExpectedCsa,
        arrived: Option<&Carried>,
        made: &mut Vec<Instance>,
    ) -> Option<Instance> {
        let identity = identity(csa);
        if csa.earlier {
            return None;
        }
        if !csa.fresh {
            let same = arrived.filter(|one| one.instance.identity == identity);
            if let Some(carried) = same.filter(|_| !csa.solicited) {
                return Some(carried.instance.clone());
            }
            let there = |server: &str| self.caches.get(server)?.get(&identity);
            let (at_sender, at_asker) = (there(&csa.from), there(&csa.to));
            let newer = match (at_sender, at_asker) {
                (Some(one), Some(other)) => one.number > other.number,
                (one, _) => one.is_some(),
            };
            let right = at_sender.filter(|one| one.live == csa.live && (newer || !csa.solicited));
            if let Some(one) = right {
                return Some(one.clone());
            }
            // What was made while nobody was linked to the originator is seen here for the first time.
            if !(csa.solicited && csa.from == csa.origin) {
                return None;
            }
        }
        let again = |one: &&Instance| one.identity == identity && one.live == csa.live;
        if let Some(one) = made.iter().find(again) {
            return Some(one.clone());
        }
        let instance = self.make(&identity, csa.live);
        self.learn(&csa.origin, &instance);
        made.push(instance.clone());
        Some(instance)
    }

    /// The next instance of a record.
    fn make(&mut self, identity: &Identity, live: bool) -> Instance {
        let (origin, about) = identity;
        let last = self.newest.get(identity);
        let (number, key) = (
            last.map_or(1, |last| last.number + 1),
            last.map(|last| last.key),
        );
        let key = key.unwrap_or_else(|| {
            let key = self.keys.entry(origin.clone()).or_insert(0);
            *key += 1;
            *key
        });
        let cmi = match about {
            About::RedirectEntry => json!(0),
            About::Register { client } => self.registered(origin, client, live),
            About::Join { client, .. } => self.cmi(origin, client).cloned().unwrap_or(json!(0)),
        };
        let instance = Instance {
            identity: identity.clone(),
            number,
            key,
            live,
            cmi,
        };
        self.newest.insert(identity.clone(), instance.clone());
        instance
    }

    /// The CMI of a registration that begins or ends: of the originator's range, nobody else's, and another
    /// one for a new registration where the range has room (register E04).
    fn registered(&mut self, origin: &str, client: &str, live: bool) -> Value {
        let key = (origin.to_owned(), client.to_owned());
        let old = self.cmis.get(&key).cloned();
        let lives = self.registered.contains(&key);
        self.registered.retain(|other| *other != key);
        if live {
            self.registered.push(key.clone());
        }
        if !live || lives || origin == self.subject {
            return old.unwrap_or(json!(0));
        }
        let (low, high) = self.ranges.get(origin).copied().unwrap_or((1, 1));
        let taken = |cmi: i64| {
            let of = self.cmis.iter();
            let of = of.filter(|((other, _), value)| other == origin && **value == json!(cmi));
            of.map(|(key, _)| key).collect::<Vec<&Way>>()
        };
        let unused = (low..=high).find(|cmi| taken(*cmi).is_empty());
        let free = |cmi: &i64| !taken(*cmi).iter().any(|key| self.registered.contains(key));
        let cmi = json!(unused.or_else(|| (low..=high).find(free)).unwrap_or(low));
        self.cmis.insert(key, cmi.clone());
        cmi
    }

    fn learn(&mut self, server: &str, instance: &Instance) {
        let cache = self.caches.entry(server.to_owned()).or_default();
        let older = cache.get(&instance.identity);
        if older.is_none_or(|old| old.number < instance.number) {
            cache.insert(instance.identity.clone(), instance.clone());
        }
    }

    fn cut(&mut self, a: &str, b: &str) {
        let same = |link: &&Way| (link.0 == a && link.1 == b) || (link.0 == b && link.1 == a);
        self.down.extend(self.links.iter().find(same).cloned());
        self.queues.remove(&(a.to_owned(), b.to_owned()));
        self.queues.remove(&(b.to_owned(), a.to_owned()));
    }
}
