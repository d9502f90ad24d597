//! Scripts of local traces of one MARS without neighbours, in the words of the field. Every expectation is
//! written down by the author of a script; the builder keeps count of sequence numbers and of ids only.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::counter::Counter;
use super::expect::Expect;
use super::messages::{Endpoint, Message, Protocol, Range, one_each, op};
use crate::trace::{
    Alternative, Class, Expected, FORMAT, Level, ServerSpec, Source, Step, Stimulus, Topology,
    Trace,
};

/// The server's name.
pub(in crate::generate) const SERVER: &str = "s1";
/// The ClusterControlVC.
pub(in crate::generate) const CCVC: &str = "ccvc";
/// The ServerControlVC.
pub(in crate::generate) const SCVC: &str = "scvc";
/// CMIs that the server may assign.
pub(in crate::generate) const CMIS: (u16, u16) = (1, 200);
/// Milliseconds between redirect maps.
pub(in crate::generate) const MAP_MS: u64 = 60_000;

/// Places in a list that may be split into parts.
pub(in crate::generate) type Places = std::ops::Range<usize>;

/// A trace that is being written.
pub(in crate::generate) struct Script {
    id: &'static str,
    title: &'static str,
    area: &'static str,
    class: Class,
    config: Value,
    protocols: Vec<Protocol>,
    /// Who is there, by name.
    cast: BTreeMap<String, Endpoint>,
    /// The VC of each, when it has or had one, and how many it has had.
    vcs: BTreeMap<String, u32>,
    /// The protocol of what is said now.
    protocol: usize,
    counters: BTreeMap<String, Counter>,
    /// Names of the CMIs of who is registered, by protocol.
    cmis: BTreeMap<(usize, String), String>,
    /// Registrations so far.
    registrations: u32,
    at: u64,
    /// Which scripts it belongs to.
    scenario: &'static str,
    /// Items of the register that it shows.
    register: BTreeSet<String>,
    steps: Vec<Step>,
}

impl Script {
    /// A server that speaks IPv4, at time 0.
    pub(in crate::generate) fn new(
        area: &'static str,
        id: &'static str,
        title: &'static str,
    ) -> Self {
        let mars = Endpoint::nsapa(0x0a, "0a000001");
        let config = json!({
            "server_id": "0a000001",
            "atm": mars.peer(),
            "protocol_address": mars.address,
            "sgid": 1,
            "cmi_range": [CMIS.0, CMIS.1],
            "neighbors": [],
            "map_interval_ms": MAP_MS,
            "mtu": 9180,
            // Far from each other, so that one is not taken for the other where they are honoured.
            "csn_start": 1000,
            "ssn_start": 500_000,
        });
        let mut script = Self {
            id,
            title,
            area,
            class: Class::Valid,
            config,
            protocols: vec![Protocol::short(0x0800)],
            cast: BTreeMap::from([(SERVER.to_owned(), mars)]),
            vcs: BTreeMap::new(),
            protocol: 0,
            counters: BTreeMap::new(),
            cmis: BTreeMap::new(),
            registrations: 0,
            at: 0,
            scenario: "rfc2022-server",
            register: BTreeSet::new(),
            steps: Vec::new(),
        };
        for number in 1..10_u8 {
            let client = Endpoint::nsapa(0xc0 + number, &format!("0a0001{number:02x}"));
            let mcs = Endpoint::nsapa(0xe0 + number, &format!("0a0002{number:02x}"));
            script.cast.insert(format!("c{number}"), client);
            script.cast.insert(format!("m{number}"), mcs);
        }
        script
    }

    /// Its class, if it is not `valid`.
    pub(in crate::generate) fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    /// It belongs to other scripts than those about RFC 2022.
    pub(in crate::generate) fn scenario(mut self, scenario: &'static str) -> Self {
        self.scenario = scenario;
        self
    }

    /// Sets a key of the configuration.
    pub(in crate::generate) fn config(mut self, key: &str, value: impl Into<Value>) -> Self {
        if let Some(fields) = self.config.as_object_mut() {
            fields.insert(key.to_owned(), value.into());
        }
        self
    }

    /// The protocols it serves, instead of IPv4; the first is spoken until [`Self::speak`] says otherwise.
    pub(in crate::generate) fn protocols(mut self, protocols: &[Protocol]) -> Self {
        self.protocols = protocols.to_vec();
        self
    }

    /// The server's own ATM address, if it is not the usual one.
    pub(in crate::generate) fn server(mut self, atm: Endpoint) -> Self {
        let peer = atm.peer();
        self.cast.insert(SERVER.to_owned(), atm);
        self.config("atm", peer)
    }

    /// Somebody with an address of a special kind, or in place of one of the usual cast.
    pub(in crate::generate) fn cast(&mut self, name: &str, endpoint: Endpoint) {
        self.cast.insert(name.to_owned(), endpoint);
    }

    /// From now on messages are of the protocol with this index.
    pub(in crate::generate) fn speak(&mut self, index: usize) {
        self.protocol = index;
    }

    /// Index of the protocol of what is said now.
    pub(in crate::generate) fn spoken(&self) -> usize {
        self.protocol
    }

    /// The protocol of what is said now.
    pub(in crate::generate) fn protocol(&self) -> &Protocol {
        &self.protocols[self.protocol]
    }

    /// Somebody of the cast.
    pub(in crate::generate) fn who(&self, name: &str) -> &Endpoint {
        let found = self.cast.get(name);
        found.unwrap_or_else(|| panic!("{}: nobody is called {name}", self.id))
    }

    /// The VC of somebody.
    pub(in crate::generate) fn vc(&self, name: &str) -> String {
        match self.vcs.get(name).copied().unwrap_or_default() {
            0 | 1 => name.to_owned(),
            more => format!("{name}-{more}"),
        }
    }

    /// The full name of `ccvc` or `scvc` of the protocol spoken now.
    pub(in crate::generate) fn control_vc(&self, vc: &str) -> String {
        if self.protocols.len() == 1 {
            vc.to_owned()
        } else {
            format!("{vc}:{}", self.protocol().suffix())
        }
    }

    /// The numbers of `ccvc` or `scvc` of the protocol spoken now.
    pub(in crate::generate) fn counter(&mut self, vc: &str) -> &mut Counter {
        let kind = if vc == SCVC { "ssn" } else { "csn" };
        let name = match self.protocol {
            0 => kind.to_owned(),
            more => format!("{kind}:{more}"),
        };
        self.counters
            .entry(name.clone())
            .or_insert_with(|| Counter::new(name))
    }

    pub(in crate::generate) fn counters(&self) -> &BTreeMap<String, Counter> {
        &self.counters
    }

    pub(in crate::generate) fn set_counters(&mut self, counters: BTreeMap<String, Counter>) {
        self.counters = counters;
    }

    /// A new CMI for a registration of `who` here: within the range, and nobody else's
    /// (R2022-5.2.3-05).
    pub(in crate::generate) fn new_cmi(&mut self, who: &str) -> Value {
        let key = self.cmi_key(who);
        let own = self.protocol;
        let others: Vec<Value> = self
            .cmis
            .iter()
            .filter(|((protocol, other), _)| *protocol == own && other != who)
            .map(|(_, name)| json!({"ref": name}))
            .collect();
        self.registrations += 1;
        let name = match self.registrations {
            1 => "cmi".to_owned(),
            more => format!("cmi-{more}"),
        };
        self.cmis.insert(key, name.clone());
        let range = self.config.get("cmi_range").cloned().unwrap_or_default();
        match others.as_slice() {
            [] => json!({"bind": name, "in": range}),
            _ => json!({"bind": name, "in": range, "unlike": others}),
        }
    }

    /// The registration of `who` is over; its CMI may be given again.
    pub(in crate::generate) fn free_cmi(&mut self, who: &str) {
        let key = self.cmi_key(who);
        self.cmis.remove(&key);
    }

    /// Whether somebody is a leaf of the `ClusterControlVC` of the protocol spoken now.
    pub(in crate::generate) fn has_clients(&self) -> bool {
        self.cmis
            .keys()
            .any(|(protocol, _)| *protocol == self.protocol)
    }

    /// The CMI that `who` has.
    pub(in crate::generate) fn cmi(&self, who: &str) -> Value {
        json!({"ref": self.cmis.get(&self.cmi_key(who))})
    }

    fn cmi_key(&self, who: &str) -> (usize, String) {
        (self.protocol, who.to_owned())
    }

    // Messages of the cast in the protocol spoken now.

    /// A message of JOIN form about one range.
    pub(in crate::generate) fn about(&self, op_type: u64, who: &str, range: Range<'_>) -> Message {
        Message::about(op_type, self.protocol(), self.who(who), range)
    }

    /// Registration or deregistration.
    pub(in crate::generate) fn registration(&self, op_type: u64, who: &str) -> Message {
        Message::registration(op_type, self.protocol(), self.who(who))
    }

    /// A REQUEST.
    pub(in crate::generate) fn request(&self, who: &str, group: &str) -> Message {
        Message::query(op::REQUEST, self.protocol(), self.who(who), group)
    }

    /// The part of a MULTI for somebody that has those of `members` which stand at these places, in any
    /// order.
    pub(in crate::generate) fn multi(
        &self,
        who: &str,
        group: &str,
        members: &[&str],
        part: Places,
    ) -> Message {
        let first = members.first().copied().unwrap_or_default();
        let members: Vec<&Endpoint> = members.iter().map(|name| self.who(name)).collect();
        let answer = Message::answer(op::MULTI, self.protocol(), self.who(who), group, &members);
        if members.len() == 1 {
            return answer;
        }
        let name = format!("{first}-and-others-{}", self.steps.len());
        answer.any_targets(&name, &members, part)
    }

    /// A whole list of layer 3 groups for somebody, in any order.
    pub(in crate::generate) fn group_list(&self, who: &str, groups: &[&str]) -> Message {
        self.group_list_part(who, groups, 0..groups.len())
    }

    /// The part of such a list that has those groups which stand at these places.
    pub(in crate::generate) fn group_list_part(
        &self,
        who: &str,
        groups: &[&str],
        part: Places,
    ) -> Message {
        let count = part.len();
        let name = format!("group-{}", self.steps.len());
        let values: Vec<Value> = groups.iter().map(|group| json!(group)).collect();
        let list = Message::group_list(self.protocol(), self.who(who), groups);
        match groups {
            [] | [_] => list,
            _ => list
                .with("tnum", count)
                .with("groups", one_each(&name, &values, part)),
        }
    }

    /// A MIGRATE of a group.
    pub(in crate::generate) fn migrate(&self, group: &str, mcs: &str) -> Message {
        let targets = [self.who(mcs)];
        Message::answer(
            op::MIGRATE,
            self.protocol(),
            self.who(SERVER),
            group,
            &targets,
        )
    }

    /// A redirect map in one part.
    pub(in crate::generate) fn map(&self, servers: &[&str]) -> Message {
        let servers: Vec<&Endpoint> = servers.iter().map(|name| self.who(name)).collect();
        Message::redirect_map(self.protocol(), self.who(SERVER), &servers)
    }

    // Steps.

    /// Something happens.
    pub(in crate::generate) fn step(
        &mut self,
        stimulus: Stimulus,
        sent: Option<(String, Message)>,
    ) -> Expect<'_> {
        Expect::new(self, stimulus, sent)
    }

    /// A VC to somebody is up; nothing is said.
    pub(in crate::generate) fn up(&mut self, who: &str) {
        *self.vcs.entry(who.to_owned()).or_insert(0) += 1;
        let (vc, peer) = (self.vc(who), self.who(who).peer());
        self.step(
            Stimulus::VcUp {
                vc,
                peer,
                kind: None,
            },
            None,
        )
        .silence(&[]);
    }

    /// The VC to somebody is down.
    pub(in crate::generate) fn down(&mut self, who: &str) -> Expect<'_> {
        let vc = self.vc(who);
        self.step(Stimulus::VcDown { vc }, None)
    }

    /// Somebody sends a message on its VC.
    pub(in crate::generate) fn send(&mut self, who: &str, message: Message) -> Expect<'_> {
        let (vc, frame) = (self.vc(who), Some(message.frame()));
        let hex = None;
        self.step(
            Stimulus::Deliver { vc, hex, frame },
            Some((who.to_owned(), message)),
        )
    }

    /// Somebody sends octets that are no message the writer of frames could make; `message` is what they
    /// would be.
    pub(in crate::generate) fn send_octets(&mut self, who: &str, octets: &[u8]) -> Expect<'_> {
        let (vc, hex) = (self.vc(who), Some(crate::frames::hex(octets)));
        let frame = None;
        self.step(Stimulus::Deliver { vc, hex, frame }, None)
    }

    /// The network reports that somebody is no leaf of `ccvc` or `scvc` any more.
    pub(in crate::generate) fn leaf_gone(&mut self, vc: &str, who: &str) -> Expect<'_> {
        let (group, peer) = (self.control_vc(vc), self.who(who).peer());
        self.step(Stimulus::LeafGone { group, peer }, None)
    }

    /// Time passes up to `at` ms.
    pub(in crate::generate) fn advance(&mut self, at: u64) -> Expect<'_> {
        self.at = at;
        self.step(Stimulus::Advance {}, None)
    }

    /// Somebody joins (`op::JOIN`), leaves, serves or unserves a range.
    pub(in crate::generate) fn says(
        &mut self,
        op_type: u64,
        who: &str,
        range: Range<'_>,
    ) -> Expect<'_> {
        let message = self.about(op_type, who, range);
        self.send(who, message)
    }

    /// Somebody asks for the members of a group.
    pub(in crate::generate) fn asks(&mut self, who: &str, group: &str) -> Expect<'_> {
        let message = self.request(who, group);
        self.send(who, message)
    }

    /// A client comes up and registers.
    pub(in crate::generate) fn register(&mut self, who: &str) {
        self.up(who);
        let message = self.registration(op::JOIN, who);
        let cmi = self.new_cmi(who);
        self.send(who, message)
            .leaf(true, CCVC, who)
            .copy_with(cmi)
            .done(&["R2022-6.1.2-01", "R2022-5.2.3-03"]);
    }

    /// An MCS comes up and registers.
    pub(in crate::generate) fn register_mcs(&mut self, who: &str) {
        self.up(who);
        let message = self.registration(op::MSERV, who);
        self.send(who, message)
            .leaf(true, SCVC, who)
            .copy()
            .done(&["R2022-6.2.3-01", "R2022-6.2.3-03"]);
    }

    /// A client joins a range that is news to the cluster.
    pub(in crate::generate) fn join(&mut self, who: &str, range: Range<'_>) {
        self.says(op::JOIN, who, range)
            .copy_on(CCVC)
            .done(&["R2022-6.1.2-08"]);
    }

    /// A client joins a single group that an own MCS serves.
    pub(in crate::generate) fn join_served(&mut self, who: &str, range: Range<'_>) {
        self.says(op::JOIN, who, range)
            .punched_on(SCVC, op::SJOIN, &[range])
            .copy()
            .done(&["R2022-6.2.4-03", "R2022-6.2.4-04"]);
    }

    /// An MCS begins to serve a group that has no members and no other MCS.
    pub(in crate::generate) fn serve(&mut self, who: &str, range: Range<'_>) {
        let ids = ["R2022-6.2.2-02", "R2022-6.2.2-05"];
        self.says(op::MSERV, who, range)
            .copy_on(SCVC)
            .or_migrates(who, range.0, &ids)
            .done(&ids);
    }

    /// The members of a group are asked for and are these.
    pub(in crate::generate) fn members(
        &mut self,
        who: &str,
        group: &str,
        members: &[&str],
        ids: &[&str],
    ) {
        self.asks(who, group).multi(group, members).done(ids);
    }

    /// A group is asked for that has no members.
    pub(in crate::generate) fn nobody(&mut self, who: &str, group: &str) {
        self.asks(who, group).nak().done(&["R2022-6.1.1-02"]);
    }

    /// Steps so far.
    pub(in crate::generate) fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Those of some ids that are the ledger's; items of the register are goals of the trace.
    pub(in crate::generate) fn cite(&mut self, ids: &[&str]) -> Vec<String> {
        let (ledger, register): (Vec<&str>, Vec<&str>) =
            ids.iter().copied().partition(|id| id.starts_with('R'));
        self.register
            .extend(register.into_iter().map(str::to_owned));
        ledger.into_iter().map(str::to_owned).collect()
    }

    /// A step is over.
    pub(in crate::generate) fn push(&mut self, stimulus: Stimulus, expect: Vec<Alternative>) {
        self.steps.push(Step {
            at: self.at,
            act: None,
            stimulus: Some(stimulus),
            expect,
            state: BTreeMap::new(),
        });
    }

    /// The trace.
    pub(in crate::generate) fn finish(mut self) -> Trace {
        let protocols: Vec<Value> = self
            .protocols
            .iter()
            .map(|one| json!({"type": one.kind, "snap": one.snap}))
            .collect();
        if let Some(fields) = self.config.as_object_mut() {
            fields.insert("protocols".to_owned(), protocols.into());
        }
        let alternatives = || self.steps.iter().flat_map(|step| &step.expect);
        let mut requirements: Vec<String> = alternatives()
            .flat_map(|one| one.requirements.clone())
            .collect();
        requirements.sort();
        requirements.dedup();
        let level = alternatives().map(|one| one.level).max();
        let goals = std::iter::once(self.title.to_owned())
            .chain(self.register.clone())
            .collect();
        let fingerprint = fingerprint(&self.steps);
        Trace {
            format: FORMAT.to_owned(),
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            area: self.area.to_owned(),
            class: self.class,
            level: level.unwrap_or(Level::Must),
            requirements,
            source: Some(Source {
                scenario: self.scenario.to_owned(),
                fingerprint,
                goals,
            }),
            topology: Topology::default(),
            servers: vec![ServerSpec {
                name: SERVER.to_owned(),
                config: self.config,
            }],
            steps: self.steps,
        }
    }
}

/// Of a script's steps: 16 hex digits that change when one does (FNV-1a).
fn fingerprint(steps: &[Step]) -> String {
    let text = serde_json::to_string(steps).unwrap_or_default();
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// A leaf of a control VC.
pub(in crate::generate) fn leaf(add: bool, group: &str, endpoint: &Endpoint) -> Expected {
    use crate::trace::LeafOp;
    Expected::Leaf {
        from: SERVER.to_owned(),
        op: if add { LeafOp::Add } else { LeafOp::Drop },
        peer: endpoint.number.clone(),
        group: Some(group.to_owned()),
    }
}
