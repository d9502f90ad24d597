//! The trace format `mars-trace/1`: a script of stimuli and of what must be observed, in protocol
//! vocabulary.
//!
//! One format serves two kinds of trace. A *global* trace has several servers; its steps are acts of
//! the whole scenario ([`Act`]), each with the outputs that it causes anywhere and the state of every
//! server after it. A *local* trace has one server under test; its steps are stimuli of the adapter
//! protocol ([`Stimulus`]) with allowed alternatives. Nothing in a trace is a constant that the
//! server is free to choose: such values are bound on first sight and referred to later.
//!
//! The one server of a local trace may be the other end of RFC 2022: with `role` `client` or `mcs` in
//! its `config` the harness is the MARS and the network. Then `call` is judged too, which of a server
//! it never is. Packets that are handed up, notices, and hangups are judged only where the trace names
//! them: if any step expects a `deliver`, every one that comes must be expected, and likewise for each
//! kind of `notice` and for the `hangup` of each VC. The trace has its own names of trees; one is given at the
//! `open` for its group, and data is expected on it as on a VC.

mod canonical;
mod file;

use std::collections::BTreeMap;

pub use canonical::canonical;
pub use file::{TraceError, TraceErrorKind, find, load, parse};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sut::{TreeOp, VcKind, Wish};

/// The only format this version reads and writes.
pub const FORMAT: &str = "mars-trace/1";

/// A whole trace file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// [`FORMAT`].
    pub format: String,
    /// Permanent name, a slug, equal to the file's stem.
    pub id: String,
    /// What it shows, for people.
    pub title: String,
    /// The area of the protocol it exercises, such as `group.liveness`.
    pub area: String,
    /// What kind of input it gives.
    pub class: Class,
    /// The strongest level among its requirements.
    pub level: Level,
    /// Ledger ids that it exercises.
    pub requirements: Vec<String>,
    /// Where a generated trace comes from; absent in a hand-made one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Who is there besides the servers.
    pub topology: Topology,
    /// The servers; a local trace has exactly one.
    pub servers: Vec<ServerSpec>,
    /// The script.
    pub steps: Vec<Step>,
}

/// What kind of input a trace gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// What a conforming peer sends when it may.
    Valid,
    /// What no conforming peer sends.
    Invalid,
    /// Right in itself, at the wrong moment.
    Inopportune,
}

/// RFC 2119 level, with `implied` for what an RFC states without a key word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// Optional.
    #[serde(rename = "MAY")]
    May,
    /// Recommended.
    #[serde(rename = "SHOULD")]
    Should,
    /// Stated without a key word, or forced by a format; judged like MUST.
    #[serde(rename = "implied")]
    Implied,
    /// Mandatory.
    #[serde(rename = "MUST")]
    Must,
}

/// The model path a generated trace was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name of the model's scenario.
    pub scenario: String,
    /// Fingerprint of scenario and rules, 16 hex digits; a changed model changes it.
    pub fingerprint: String,
    /// The goals that this path was chosen for.
    pub goals: Vec<String>,
}

/// Links and clients by name; names are used everywhere else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// SCSP adjacencies between servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<(String, String)>,
    /// MARS clients.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clients: BTreeMap<String, ClientSpec>,
    /// Group ranges, `[min, max]` in hex.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ranges: BTreeMap<String, (String, String)>,
}

/// One simulated client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientSpec {
    /// ATM number, hex (NSAPA).
    pub atm: String,
    /// Layer 3 address, hex.
    pub protocol_address: String,
    /// It is a multicast server: it registers and serves with `MARS_MSERV` and `MARS_UNSERV`, and is a leaf of the
    /// ServerControlVC. What it joins is what it serves.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub mcs: bool,
}

/// One server and its configuration in the adapter protocol's keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSpec {
    /// Name used in links, steps and states.
    pub name: String,
    /// `config` of the adapter protocol's `reset`.
    pub config: Value,
}

/// One step: exactly one of `act` and `stimulus`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Virtual milliseconds since the start at which the step ends.
    pub at: u64,
    /// Global trace: what happens in the scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
    /// Local trace: what is done to the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stimulus: Option<Stimulus>,
    /// Allowed alternatives; one must match. An alternative without outputs demands silence.
    pub expect: Vec<Alternative>,
    /// Global trace: state of every live server after the step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub state: BTreeMap<String, ServerState>,
}

/// Acts of a scenario; names of clients, servers and ranges are those of the topology.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "fields bear the names of the roles they refer to"
)]
pub enum Act {
    /// The client registers for the first time.
    Register { client: String, server: String },
    /// The client joins a range at its home.
    Join {
        client: String,
        server: String,
        range: String,
    },
    /// The client leaves a range.
    Leave {
        client: String,
        server: String,
        range: String,
    },
    /// The client deregisters.
    Deregister { client: String, server: String },
    /// The client registers elsewhere while its old leaf stays.
    Move { client: String, server: String },
    /// A redirected client registers with the first server of its map.
    Redirect { client: String, server: String },
    /// A client that lost its home registers with the next server.
    Failover { client: String, server: String },
    /// The client asks who is in the lowest group of a range.
    Query {
        client: String,
        server: String,
        range: String,
    },
    /// The network reports that the client's leaf dropped off the ClusterControlVC.
    LeafGone { server: String, client: String },
    /// The client dies; nobody is told yet.
    ClientCrash { client: String },
    /// The oldest record on its way from one server to another arrives.
    Deliver { from: String, to: String },
    /// A server stops, for good or until it starts again.
    Crash { server: String },
    /// A server that stopped starts again with an empty memory and the next incarnation; its links are down.
    Restart { server: String },
    /// The VC between two servers is lost, with all that was on its way.
    Cut { a: String, b: String },
    /// The VC is back; the two caches align.
    Heal { a: String, b: String },
    /// The operator sends this server's clients elsewhere.
    Drain { server: String },
    /// A minute passes.
    Tick,
}

/// A stimulus of the adapter protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "fields bear the names of the roles they refer to"
)]
pub enum Stimulus {
    /// A point-to-point VC came up; with `kind` `leaf` one of the peer's trees, of which the endpoint
    /// under test is a leaf.
    VcUp {
        vc: String,
        peer: Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<VcKind>,
    },
    /// It was released.
    VcDown { vc: String },
    /// A frame arrives: either `hex`, or `frame` in the form of `wire decode`, where any value may
    /// be `{"ref": NAME}` or `{"ref": NAME, "add": N}`.
    Deliver {
        vc: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hex: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        frame: Option<Value>,
    },
    /// A leaf dropped off a control VC, or off an endpoint's tree.
    LeafGone { group: String, peer: Value },
    /// The layer above an endpoint wants something.
    Command(Wish),
    /// A call of an endpoint came to nothing.
    CallFailed { peer: Value },
    /// A leaf that an endpoint asked for is there.
    LeafUp { tree: String, peer: Value },
    /// A leaf that an endpoint asked for is not to be had.
    LeafFailed {
        tree: String,
        peer: Value,
        cause: u8,
    },
    /// A tree of an endpoint is gone.
    TreeDown { tree: String },
    /// Time passes up to the step's `at`.
    Advance {},
}

/// One allowed way to behave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    /// Level of the requirements behind it.
    pub level: Level,
    /// Ledger ids behind it.
    pub requirements: Vec<String>,
    /// When each of them may come, virtual ms, both ends included: where an RFC gives a random delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<(u64, u64)>,
    /// Outputs demanded: in order per VC, in any order across VCs. On a tree its `open` comes before
    /// and its `close` after all else; leaves are added and dropped in any order.
    pub outputs: Vec<Expected>,
}

/// One output that must be seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "fields bear the names of the roles they refer to"
)]
pub enum Expected {
    /// A record in a CSU Request from one server to another.
    Csa(ExpectedCsa),
    /// A MARS control message on `ccvc` or on the VC of a client.
    Mars(ExpectedMars),
    /// A leaf added to or dropped from the control VC named `group`, from any where none is named.
    Leaf {
        from: String,
        op: LeafOp,
        peer: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
    },
    /// A frame on a VC whose decoded form has at least these fields. A value may be a matcher of
    /// `judge::pattern`.
    Frame { vc: String, matches: Value },
    /// An endpoint changes one of its trees. `group` stands at `open`; `peer` is a number in hex, none
    /// at `close`.
    Tree {
        op: TreeOp,
        tree: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        peer: Option<String>,
    },
    /// An endpoint asks for a point-to-point VC to this number.
    Call { peer: String },
    /// An endpoint releases a VC that ends at it.
    Hangup { vc: String },
    /// An endpoint hands a packet up; without `cmi`, of whichever sender.
    Deliver {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cmi: Option<u16>,
        hex: String,
    },
    /// An endpoint tells the layer above this: a pattern of an object with one field, the kind.
    Notice { matches: Value },
}

/// A record on its way between two servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedCsa {
    /// Sender.
    pub from: String,
    /// Receiver.
    pub to: String,
    /// Originator of the record.
    pub origin: String,
    /// What the record is about.
    pub about: About,
    /// State 1, 2 or 3 (true), or 4 or 5 (false).
    pub live: bool,
    /// Its key is one of the originator's life before it started again.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub earlier: bool,
    /// A new instance made by its originator in this step; otherwise the octets that came in.
    pub fresh: bool,
    /// Servers passed since flooding (re)started; 0 at the originator.
    pub hops: u8,
    /// Sent as the answer to a solicitation.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub solicited: bool,
}

/// What a record is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "fields bear the names of the roles they refer to"
)]
pub enum About {
    /// The originator itself.
    RedirectEntry,
    /// A client's registration.
    Register { client: String },
    /// A client's membership.
    Join { client: String, range: String },
}

/// A MARS control message from a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedMars {
    /// Sender.
    pub from: String,
    /// `ccvc`, `scvc`, or a client's name for its point-to-point VC.
    pub to: String,
    /// What it says.
    pub says: Says,
}

/// What a MARS control message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "fields bear the names of the roles they refer to"
)]
pub enum Says {
    /// Private copy of a registration; its CMI is bound to this server and client.
    RegisterCopy,
    /// Private copy of a deregistration.
    DeregisterCopy,
    /// Private copy of a join.
    JoinCopy { range: String },
    /// Private copy of a leave.
    LeaveCopy { range: String },
    /// A join told to the cluster; `groups` are the `[min, max]` pairs it lists.
    Join {
        client: String,
        groups: Vec<(String, String)>,
        punched: bool,
    },
    /// A leave told to the cluster.
    Leave {
        client: String,
        groups: Vec<(String, String)>,
        punched: bool,
    },
    /// A join told to multicast servers (`MARS_SJOIN`).
    Sjoin {
        client: String,
        groups: Vec<(String, String)>,
        punched: bool,
    },
    /// A leave told to multicast servers (`MARS_SLEAVE`).
    Sleave {
        client: String,
        groups: Vec<(String, String)>,
        punched: bool,
    },
    /// A service told to multicast servers (`MARS_MSERV`).
    Serve {
        client: String,
        groups: Vec<(String, String)>,
    },
    /// The end of a service told to multicast servers (`MARS_UNSERV`).
    Unserve {
        client: String,
        groups: Vec<(String, String)>,
    },
    /// Senders to `group` are to use this multicast server from now on.
    Migrate { client: String, group: String },
    /// The redirect map.
    RedirectMap { order: Vec<String>, hard: bool },
    /// The members of the group asked for, in any order.
    Multi { range: String, members: Vec<String> },
    /// Nobody is in the group asked for.
    Nak { range: String },
}

/// Added or dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LeafOp {
    /// Added.
    Add,
    /// Dropped.
    Drop,
}

/// What a server knows, in the form both model and implementation are projected to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerState {
    /// Originators not flushed, the server itself included, ascending.
    pub live: Vec<String>,
    /// Registrations that count: (client, originator), ascending.
    pub registrations: Vec<(String, String)>,
    /// Memberships that count: (client, range, originator), ascending.
    pub members: Vec<(String, String, String)>,
    /// The redirect map as it would be sent now.
    pub map: Vec<String>,
}
