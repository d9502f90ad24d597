//! Trace vocabulary to frames, and frames to trace vocabulary. Uses the harness's own frames only.

mod describe;
mod messages;
mod records;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::trace::{ServerState, Trace};

/// mar$op.type of the messages that traces speak of (RFC 2022, 4.3.4).
pub mod op {
    /// MARS_REQUEST.
    pub const REQUEST: u64 = 1;
    /// MARS_MULTI.
    pub const MULTI: u64 = 2;
    /// MARS_MSERV.
    pub const MSERV: u64 = 3;
    /// MARS_JOIN.
    pub const JOIN: u64 = 4;
    /// MARS_LEAVE.
    pub const LEAVE: u64 = 5;
    /// MARS_NAK.
    pub const NAK: u64 = 6;
    /// MARS_UNSERV.
    pub const UNSERV: u64 = 7;
    /// MARS_SJOIN.
    pub const SJOIN: u64 = 8;
    /// MARS_SLEAVE.
    pub const SLEAVE: u64 = 9;
    /// MARS_REDIRECT_MAP.
    pub const REDIRECT_MAP: u64 = 12;
    /// MARS_MIGRATE.
    pub const MIGRATE: u64 = 13;
}

/// Bits of mar$flags (RFC 2022, 5.2.1).
pub mod flag {
    /// The message went through the server.
    pub const COPY: u64 = 0x4000;
    /// Registration or deregistration.
    pub const REGISTER: u64 = 0x2000;
    /// Holes were punched into the block.
    pub const PUNCHED: u64 = 0x1000;
}

/// The names of one trace and what they stand for.
pub struct Lower<'a> {
    trace: &'a Trace,
    /// Server name by server id.
    ids: BTreeMap<String, String>,
    /// Server or client name by ATM number.
    atms: BTreeMap<String, String>,
}

/// Text of a field, or nothing.
fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Number in a field, or zero.
fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

impl<'a> Lower<'a> {
    /// Takes the names of a trace.
    #[must_use]
    pub fn new(trace: &'a Trace) -> Self {
        let mut ids = BTreeMap::new();
        let mut atms = BTreeMap::new();
        for server in &trace.servers {
            ids.insert(
                text(&server.config, "server_id").to_owned(),
                server.name.clone(),
            );
            let atm = server.config.get("atm").unwrap_or(&Value::Null);
            atms.insert(text(atm, "number").to_owned(), server.name.clone());
        }
        for (name, client) in &trace.topology.clients {
            atms.insert(client.atm.clone(), name.clone());
        }
        Self { trace, ids, atms }
    }

    /// Configuration of a server.
    pub(crate) fn config(&self, server: &str) -> &Value {
        let found = self.trace.servers.iter().find(|other| other.name == server);
        found.map_or(&Value::Null, |server| &server.config)
    }

    /// Server id of a server, hex.
    pub(crate) fn server_id(&self, server: &str) -> &str {
        text(self.config(server), "server_id")
    }

    /// ATM number of a server, hex.
    pub(crate) fn server_atm(&self, server: &str) -> &str {
        text(
            self.config(server).get("atm").unwrap_or(&Value::Null),
            "number",
        )
    }

    /// ATM number and layer 3 address of a client, hex.
    pub(crate) fn client(&self, client: &str) -> (&str, &str) {
        let spec = self.trace.topology.clients.get(client);
        spec.map_or(("", ""), |spec| (&spec.atm, &spec.protocol_address))
    }

    /// Whether a client is a multicast server.
    #[must_use]
    pub fn is_mcs(&self, client: &str) -> bool {
        let spec = self.trace.topology.clients.get(client);
        spec.is_some_and(|spec| spec.mcs)
    }

    /// Operation of a message in which a client, or a multicast server, begins or ends something.
    fn op_of(&self, client: &str, begins: bool) -> u64 {
        match (self.is_mcs(client), begins) {
            (false, true) => op::JOIN,
            (false, false) => op::LEAVE,
            (true, true) => op::MSERV,
            (true, false) => op::UNSERV,
        }
    }

    /// `[min, max]` of a range, hex.
    pub(crate) fn range(&self, range: &str) -> (&str, &str) {
        self.trace
            .topology
            .ranges
            .get(range)
            .map_or(("", ""), |(min, max)| (min, max))
    }

    /// Name of the range with these ends.
    fn range_named(&self, min: &str, max: &str) -> Option<&str> {
        let same = |ends: &(String, String)| ends.0 == min && ends.1 == max;
        let ranges = &self.trace.topology.ranges;
        ranges
            .iter()
            .find(|(_, ends)| same(ends))
            .map(|(name, _)| name.as_str())
    }

    /// Name of the server or client with this ATM number, or the number.
    fn named<'n>(&'n self, atm: &'n str) -> &'n str {
        self.atms.get(atm).map_or(atm, String::as_str)
    }

    /// Name of the server with this id, or the id.
    fn server_named<'n>(&'n self, id: &'n str) -> &'n str {
        self.ids.get(id).map_or(id, String::as_str)
    }

    /// CMI range of a server, both ends included.
    #[must_use]
    pub fn cmi_range(&self, server: &str) -> (i64, i64) {
        let ends = self
            .config(server)
            .get("cmi_range")
            .and_then(Value::as_array);
        let end = |at: usize| {
            ends.and_then(|ends| ends.get(at))
                .and_then(Value::as_i64)
                .unwrap_or_default()
        };
        (end(0), end(1))
    }

    /// The state of a server from its probes.
    #[must_use]
    pub fn state(
        &self,
        membership: &Value,
        registrations: &Value,
        live: &Value,
        redirect_map: &Value,
    ) -> ServerState {
        let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let endpoint = |item: &Value| {
            self.named(text(item.get("endpoint").unwrap_or(&Value::Null), "number"))
                .to_owned()
        };
        let origin = |item: &Value| self.server_named(text(item, "origin")).to_owned();
        let range = |item: &Value| {
            let (min, max) = (text(item, "min"), text(item, "max"));
            self.range_named(min, max)
                .map_or_else(|| format!("<{min},{max}>"), str::to_owned)
        };
        let mut state = ServerState {
            live: items(live)
                .iter()
                .map(|id| {
                    self.server_named(id.as_str().unwrap_or_default())
                        .to_owned()
                })
                .collect(),
            registrations: items(registrations)
                .iter()
                .map(|item| (endpoint(item), origin(item)))
                .collect(),
            members: items(membership)
                .iter()
                .map(|item| (endpoint(item), range(item), origin(item)))
                .collect(),
            map: items(redirect_map)
                .iter()
                .map(|atm| self.named(text(atm, "number")).to_owned())
                .collect(),
        };
        state.live.sort();
        state.registrations.sort();
        // Of two lives of a server.
        state.registrations.dedup();
        state.members.sort();
        state
    }
}
