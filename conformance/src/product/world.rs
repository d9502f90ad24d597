//! The names of a scenario: what the model's numbers are on the wire.

use mars_model::rules::Rules;
use mars_model::scenario::Scenario;
use mars_model::server_group::{
    Client, Projection, Range, RecordKind, Server, ServerGroup, ServerList,
};
use serde_json::{Value, json};

use crate::adapter::servers::{Group, View};
use crate::frames::{FrameError, unhex};
use crate::generate::convert;
use crate::judge::books::Books;
use crate::lockstep::nsapa;
use crate::lower::Lower;
use crate::trace::{About, Class, FORMAT, Level, Trace};

/// Seconds between Hellos: they go out with the beats.
const HELLO_INTERVAL_S: u64 = convert::TICK_MS / 1000;

/// One scenario with its names.
pub struct World {
    /// The scenario.
    pub scenario: &'static Scenario,
    /// Its model.
    pub model: ServerGroup,
    trace: Trace,
    ids: Vec<[u8; 4]>,
    server_atms: Vec<String>,
    client_atms: Vec<String>,
    ranges: Vec<(String, String)>,
    lowest_cmis: Vec<u16>,
    /// For each server its neighbours, in the order of its configuration.
    neighbors: Vec<Vec<u8>>,
}

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Who made it.
    pub origin: Server,
    /// What it says something of.
    pub kind: RecordKind,
}

/// What a client tells a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Says {
    /// It registers, or ends that.
    Registration(bool),
    /// It joins a range, or leaves it.
    Membership(Range, bool),
}

impl World {
    /// The names of a scenario under the resolved rules.
    #[must_use]
    pub fn new(scenario: &'static Scenario) -> Self {
        let mut servers = convert::servers(scenario);
        for server in &mut servers {
            if let Some(config) = server.config.as_object_mut() {
                config.insert("hello_interval_s".to_owned(), json!(HELLO_INTERVAL_S));
                config.insert("quarantine_ms".to_owned(), json!(u64::MAX));
                config.insert("tombstone_ms".to_owned(), json!(u64::MAX));
            }
        }
        let trace = Trace {
            format: FORMAT.to_owned(),
            id: scenario.name.to_owned(),
            title: scenario.title.to_owned(),
            area: String::new(),
            class: Class::Valid,
            level: Level::Must,
            requirements: Vec::new(),
            source: None,
            topology: convert::topology(scenario),
            servers,
            steps: Vec::new(),
        };
        let configured = |name: &str| -> Vec<Value> {
            let configs = trace.servers.iter().map(|server| server.config.get(name));
            configs
                .map(|value| value.cloned().unwrap_or_default())
                .collect()
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let ids = configured("server_id");
        let ids = ids.iter().map(|id| id_of(id.as_str().unwrap_or_default()));
        let atms = configured("atm");
        let atms = atms
            .iter()
            .map(|atm| text(atm.get("number").unwrap_or(&Value::Null)));
        let cmis = configured("cmi_range");
        let cmis = cmis.iter().map(|range| {
            let low = range.get(0).and_then(Value::as_u64);
            low.and_then(|low| u16::try_from(low).ok())
                .unwrap_or_default()
        });
        let clients = (0..scenario.clients).map(|number| {
            let spec = trace.topology.clients.get(&convert::client(Client(number)));
            spec.map_or_else(String::new, |spec| spec.atm.clone())
        });
        let ranges = (0u8..).zip(scenario.ranges).map(|(number, _)| {
            let ends = trace.topology.ranges.get(&convert::range(Range(number)));
            ends.cloned().unwrap_or_default()
        });
        let neighbors = (0..scenario.servers).map(|number| {
            let other = |(a, b): &(u8, u8)| match number {
                _ if number == *a => Some(*b),
                _ if number == *b => Some(*a),
                _ => None,
            };
            scenario.links.iter().filter_map(other).collect()
        });
        Self {
            scenario,
            model: scenario.model(Rules::resolved()),
            ids: ids.collect(),
            server_atms: atms.collect(),
            lowest_cmis: cmis.collect(),
            client_atms: clients.collect(),
            ranges: ranges.collect(),
            neighbors: neighbors.collect(),
            trace,
        }
    }

    /// Who there is, for the pool.
    #[must_use]
    pub fn group(&self) -> Group {
        let servers = self.trace.servers.iter();
        Group {
            servers: servers.map(|server| server.config.clone()).collect(),
            clients: self.client_atms.iter().map(|atm| nsapa(atm)).collect(),
        }
    }

    /// Patterns and words.
    #[must_use]
    pub fn lower(&self) -> Lower<'_> {
        Lower::new(&self.trace)
    }

    /// Books in which every client has sent one message.
    #[must_use]
    pub fn books(&self) -> Books {
        let mut books = Books::default();
        for client in self.trace.topology.clients.keys() {
            books.next_mark(client);
        }
        books
    }

    /// How many servers there are.
    #[must_use]
    pub fn servers(&self) -> u8 {
        self.scenario.servers
    }

    /// Server id.
    #[must_use]
    pub fn id(&self, server: u8) -> [u8; 4] {
        self.ids
            .get(usize::from(server))
            .copied()
            .unwrap_or_default()
    }

    /// The server with this id.
    #[must_use]
    pub fn server_of(&self, id: [u8; 4]) -> Option<u8> {
        let place = self.ids.iter().position(|other| *other == id)?;
        u8::try_from(place).ok()
    }

    /// The number that a server has for another.
    #[must_use]
    pub fn neighbor(&self, server: u8, other: u8) -> Option<u8> {
        let all = self.neighbors.get(usize::from(server))?;
        u8::try_from(all.iter().position(|one| *one == other)?).ok()
    }

    /// The server that has this number at another.
    #[must_use]
    pub fn at(&self, server: u8, neighbor: u8) -> Option<u8> {
        let all = self.neighbors.get(usize::from(server))?;
        all.get(usize::from(neighbor)).copied()
    }

    /// The CMI in a place of a server's range.
    #[must_use]
    pub fn cmi(&self, server: Server, slot: u8) -> u16 {
        let low = self.lowest_cmis.get(usize::from(server.0)).copied();
        (low.unwrap_or_default() + u16::from(slot)).saturating_sub(1)
    }

    /// The frame of a client.
    ///
    /// # Errors
    /// Addresses that are no hex; a bug of ours.
    pub fn says(&self, client: Client, says: Says) -> Result<Vec<u8>, FrameError> {
        let (lower, name) = (self.lower(), convert::client(client));
        match says {
            Says::Registration(join) => lower.registration(&name, join),
            Says::Membership(range, join) => {
                let mark = self.books().mark(&name);
                lower.membership(&name, &convert::range(range), mark, join)
            }
        }
    }

    /// What a record is about, if the scenario has names for it.
    #[must_use]
    pub fn identify(&self, record: &Value) -> Option<Identity> {
        let ((origin, about), _) = self.lower().identify(record)?;
        let mut servers = self.model.servers();
        let origin = servers.find(|one| convert::server(*one) == origin)?;
        let client = |name: &str| {
            let mut all = (0..self.scenario.clients).map(Client);
            all.find(|one| convert::client(*one) == name)
        };
        let range = |name: &str| self.model.ranges().find(|one| convert::range(*one) == name);
        let kind = match about {
            About::RedirectEntry => RecordKind::RedirectEntry,
            About::Register { client: c } => RecordKind::Register {
                client: client(&c)?,
            },
            About::Join {
                client: c,
                range: r,
            } => RecordKind::Join {
                client: client(&c)?,
                range: range(&r)?,
            },
        };
        Some(Identity { origin, kind })
    }

    /// What a server knows and serves.
    ///
    /// # Errors
    /// In words: somebody or something that is not in the scenario.
    pub fn projection(&self, server: u8, view: &View) -> Result<Projection, String> {
        let server_of = |id: &[u8; 4]| {
            let found = self.server_of(*id).map(Server);
            found.ok_or_else(|| format!("no server has the id {id:?}"))
        };
        let client_of = |atm: &String| {
            let place = self.client_atms.iter().position(|one| one == atm);
            let found = place.and_then(|place| u8::try_from(place).ok()).map(Client);
            found.ok_or_else(|| format!("no client has the number {atm}"))
        };
        let mut registrations = Vec::new();
        for (client, origin, cmi) in &view.registrations {
            let origin = server_of(origin)?;
            let slot = (1..=u8::MAX).find(|slot| self.cmi(origin, *slot) == *cmi);
            let slot =
                slot.ok_or_else(|| format!("CMI {cmi} is not in the range of {origin:?}"))?;
            registrations.push((client_of(client)?, origin, slot));
        }
        registrations.sort_unstable();
        let mut members = Vec::new();
        for (client, min, max, origin) in &view.members {
            let range = self
                .ranges
                .iter()
                .position(|(low, high)| (low, high) == (min, max));
            let range = range.and_then(|range| u8::try_from(range).ok()).map(Range);
            let range = range.ok_or_else(|| format!("<{min},{max}> is no range"))?;
            members.push((client_of(client)?, range, server_of(origin)?));
        }
        members.sort_unstable();
        let mut live: Vec<Server> = view.live.iter().map(server_of).collect::<Result<_, _>>()?;
        live.push(Server(server));
        live.sort_unstable();
        live.dedup();
        let mut map = ServerList::EMPTY;
        for atm in &view.map {
            let place = self.server_atms.iter().position(|one| one == atm);
            let listed = place.and_then(|place| u8::try_from(place).ok()).map(Server);
            map.push(listed.ok_or_else(|| format!("the map lists {atm}"))?);
        }
        let mut leaves: Vec<Client> = view
            .leaves
            .iter()
            .map(client_of)
            .collect::<Result<_, _>>()?;
        leaves.sort_unstable();
        Ok(Projection {
            registrations,
            members,
            live,
            map,
            leaves,
        })
    }
}

/// Four octets of hex.
fn id_of(text: &str) -> [u8; 4] {
    let octets = unhex(text).unwrap_or_default();
    octets.try_into().unwrap_or_default()
}
