//! Requests and responses of `mars-sut/1`, as they stand on the line.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Version of the protocol spoken.
pub const PROTOCOL: u64 = 1;
/// Longest line, without its newline.
pub const MAX_LINE: usize = 1 << 20;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Echoed in the response.
    pub id: i64,
    /// What to do.
    #[serde(flatten)]
    pub op: Op,
}

/// The operations. Times are virtual milliseconds since `reset`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Op {
    /// First message of a connection.
    Hello {
        /// Version of the protocol.
        protocol: u64,
        /// Name and version of the suite.
        #[serde(default)]
        suite: Value,
    },
    /// A fresh server at time 0, no VC up; extension: with `role` `client` or `mcs` in `config` an
    /// endpoint instead.
    Reset {
        /// Name of the case, for logs.
        #[serde(default)]
        case: String,
        /// Source of what has to look random.
        #[serde(default)]
        seed: u64,
        /// The server's configuration.
        config: Value,
    },
    /// A point-to-point VC is up.
    VcUp {
        /// When.
        at: u64,
        /// Its name.
        vc: String,
        /// The other end, an ATM address.
        peer: Value,
        /// Extension: `leaf` where the endpoint under test is a leaf of the peer's
        /// point-to-multipoint VC; otherwise the VC is point-to-point.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<VcKind>,
    },
    /// A VC was released by the other side or the network.
    VcDown {
        /// When.
        at: u64,
        /// Its name.
        vc: String,
    },
    /// A frame arrives.
    Deliver {
        /// When.
        at: u64,
        /// On which VC.
        vc: String,
        /// The octets in hex, LLC/SNAP header included.
        hex: String,
    },
    /// A leaf dropped off a control VC, or off a tree of an endpoint.
    LeafGone {
        /// When.
        at: u64,
        /// The name of the control VC or of the tree.
        group: String,
        /// The leaf, an ATM address.
        peer: Value,
    },
    /// Time passes.
    Advance {
        /// Until when, inclusive.
        to: u64,
    },
    /// Extension: an administrator's command.
    Admin {
        /// When.
        at: u64,
        /// `drain` or `undrain`.
        what: String,
    },
    /// Extension: the layer above an endpoint wants something.
    Command {
        /// When.
        at: u64,
        /// What.
        command: Wish,
    },
    /// Extension: a `call` of an endpoint came to nothing.
    CallFailed {
        /// When.
        at: u64,
        /// Who was called, an ATM address.
        peer: Value,
    },
    /// Extension: a leaf that an endpoint asked for is there.
    LeafUp {
        /// When.
        at: u64,
        /// The tree's name.
        tree: String,
        /// The leaf, an ATM address.
        peer: Value,
    },
    /// Extension: a leaf that an endpoint asked for is not to be had.
    LeafFailed {
        /// When.
        at: u64,
        /// The tree's name.
        tree: String,
        /// The leaf, an ATM address.
        peer: Value,
        /// Cause of UNI 3.0/3.1.
        cause: u8,
    },
    /// Extension: a whole tree of an endpoint is gone.
    TreeDown {
        /// When.
        at: u64,
        /// The tree's name.
        tree: String,
    },
    /// Reads state.
    Probe {
        /// What to read.
        what: String,
    },
    /// Ends the adapter.
    Bye,
}

/// What a VC that ends at an endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VcKind {
    /// The endpoint is a leaf: frames only arrive.
    Leaf,
}

/// What the layer above an endpoint may want. Groups and packets in hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "a block is `min` to `max`, both included; the rest bears its name"
)]
pub enum Wish {
    /// To be registered, and stay so.
    Register {},
    /// To end the registration and all that hangs on it.
    Deregister {},
    /// Client: to join a group or a block.
    Join {
        min: String,
        max: String,
        #[serde(default)]
        layer3grp: bool,
    },
    /// Client: to leave exactly what was joined.
    Leave { min: String, max: String },
    /// Client: to send a layer 3 packet.
    Send { group: String, hex: String },
    /// Client: to know which groups have layer 3 members.
    GroupList { min: String, max: String },
    /// MCS: to serve a group or a block.
    Serve { min: String, max: String },
    /// MCS: to serve exactly that no more.
    Unserve { min: String, max: String },
}

/// What the subject of a test can be: `config.role` of `reset`, `roles` of `hello`.
pub const ROLES: [&str; 3] = ["server", "client", "mcs"];

/// Names of all operations, as on the line.
pub const OPS: [&str; 15] = [
    "hello",
    "reset",
    "vc_up",
    "vc_down",
    "deliver",
    "leaf_gone",
    "advance",
    "admin",
    "command",
    "call_failed",
    "leaf_up",
    "leaf_failed",
    "tree_down",
    "probe",
    "bye",
];

/// Names of all probes.
pub const PROBES: [&str; 7] = [
    "membership",
    "cache",
    "redirect_map",
    "hfsm",
    "cafsm",
    "registrations",
    "live",
];

impl Request {
    /// Reads one line.
    ///
    /// # Errors
    /// The response to give instead: `unsupported` for an operation that is not in the list, error
    /// `malformed-request` for anything else, with the id if there is one.
    pub fn parse(line: &[u8]) -> Result<Self, Box<Response>> {
        let malformed = |id, reason: String| {
            let code = "malformed-request".to_owned();
            Box::new(Response {
                id,
                outcome: Outcome::Error { code, reason },
            })
        };
        let value: Value =
            serde_json::from_slice(line).map_err(|error| malformed(None, error.to_string()))?;
        let (Some(id), Some(op)) = (
            value.get("id").and_then(Value::as_i64),
            value.get("op").and_then(Value::as_str),
        ) else {
            return Err(malformed(
                None,
                "a request has an integer id and an op".to_owned(),
            ));
        };
        if !OPS.contains(&op) {
            let reason = format!("no operation `{op}`");
            return Err(Box::new(Response {
                id: Some(id),
                outcome: Outcome::Unsupported { reason },
            }));
        }
        serde_json::from_value(value).map_err(|error| malformed(Some(id), error.to_string()))
    }
}

/// One response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The request's; null when there was none to echo.
    pub id: Option<i64>,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How a request went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Outcome {
    /// Done.
    Ok {
        /// What was emitted, in order.
        #[serde(default)]
        out: Vec<Emitted>,
        /// Earliest pending deadline.
        #[serde(default)]
        next: Option<u64>,
        /// What the operation adds: `probe`, or what `hello` is answered with.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
    /// This adapter does not do that.
    Unsupported {
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// It did not work; nothing has changed.
    Error {
        /// Stable code, kebab-case.
        code: String,
        /// For people.
        #[serde(default)]
        reason: String,
    },
}

/// One output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emitted {
    /// When.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub action: Action,
}

/// The kinds of output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A frame.
    Send {
        /// Name of a VC or control VC.
        vc: String,
        /// Octets in lower-case hex.
        hex: String,
    },
    /// A change of leaves.
    Leaf {
        /// Which change.
        op: LeafOp,
        /// Name of the control VC.
        group: String,
        /// The leaf.
        peer: Value,
    },
    /// Please set up a VC.
    Call {
        /// To whom.
        peer: Value,
    },
    /// A VC was released.
    Hangup {
        /// Its name.
        vc: String,
    },
    /// Extension: an endpoint changes a point-to-multipoint VC of its own.
    Tree {
        /// Which change.
        op: TreeOp,
        /// The tree's name, given at `open` and never used again after `close`. Data is sent on it.
        tree: String,
        /// At `open`: the group that it is for, in hex.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
        /// The leaf; none at `close`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        peer: Option<Value>,
    },
    /// Extension: an endpoint hands a layer 3 packet up.
    Deliver {
        /// Cluster Member ID of its sender, where the frame has it.
        cmi: Option<u16>,
        /// The packet.
        hex: String,
    },
    /// Extension: an endpoint tells the layer above or the administrator something: an object with
    /// one field, the kind of notice.
    Notice(Value),
}

/// The changes of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TreeOp {
    /// Set up to its first leaf; said again, with another leaf, when that one fails.
    Open,
    /// Add a leaf.
    Add,
    /// Drop a leaf.
    Drop,
    /// Release it.
    Close,
}

/// The two changes of leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LeafOp {
    /// Add.
    Add,
    /// Drop.
    Drop,
}
