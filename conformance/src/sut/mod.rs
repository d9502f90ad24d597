//! Servers under test, as the harness drives them.
//!
//! [`Sut`] is the adapter protocol `mars-sut/1` as a trait: one request, one answer, virtual time
//! owned by the caller. Two implementations: [`in_process::InProcess`] (this project's server, in
//! this process) and [`child::Child`] (any implementation behind stdin and stdout). Both check the
//! contract of time with one [`contract::Contract`].

pub mod child;
pub mod contract;
pub mod in_process;
pub mod reply;

use std::fmt;

use serde_json::Value;

pub use crate::adapter::message::{TreeOp, VcKind, Wish};

/// One server under test.
///
/// Every call answers what the server emitted, in order, and its earliest pending timer. `at` and
/// `to` are virtual milliseconds since `reset` and never go back. `peer` is an ATM address in the
/// protocol's JSON form.
pub trait Sut {
    /// A fresh server at time 0, no VC up; the answer has what it emits at time 0.
    ///
    /// # Errors
    /// As for every call: the server crashed, hung, broke the protocol, or refused.
    fn reset(&mut self, case: &str, seed: u64, config: &Value) -> Result<Answer, SutError>;

    /// A point-to-point VC named `vc` to `peer` is up. A name is never used twice after one reset.
    ///
    /// # Errors
    /// See [`Sut::reset`].
    fn vc_up(&mut self, at: u64, vc: &str, peer: &Value) -> Result<Answer, SutError>;

    /// That VC was released by the other side or by the network.
    ///
    /// # Errors
    /// See [`Sut::reset`].
    fn vc_down(&mut self, at: u64, vc: &str) -> Result<Answer, SutError>;

    /// A frame, LLC/SNAP header included, arrives on `vc`.
    ///
    /// # Errors
    /// See [`Sut::reset`].
    fn deliver(&mut self, at: u64, vc: &str, octets: &[u8]) -> Result<Answer, SutError>;

    /// A leaf dropped off the control VC named `group`.
    ///
    /// # Errors
    /// See [`Sut::reset`].
    fn leaf_gone(&mut self, at: u64, group: &str, peer: &Value) -> Result<Answer, SutError>;

    /// Time passes; every timer due at or before `to` fires.
    ///
    /// # Errors
    /// See [`Sut::reset`].
    fn advance(&mut self, to: u64) -> Result<Answer, SutError>;

    /// An administrator's command, `drain` or `undrain`: an extension of the protocol, which other
    /// implementations answer `unsupported`.
    ///
    /// # Errors
    /// See [`Sut::reset`].
    fn admin(&mut self, at: u64, what: &str) -> Result<Answer, SutError>;

    /// The endpoint under test is a leaf of the point-to-multipoint VC of `peer`, named `vc`: an
    /// extension, as all that only an endpoint understands.
    ///
    /// # Errors
    /// See [`Sut::reset`].
    fn leaf_of(&mut self, _at: u64, _vc: &str, _peer: &Value) -> Result<Answer, SutError> {
        Err(unsupported("vc_up"))
    }

    /// What the layer above the endpoint wants.
    ///
    /// # Errors
    /// See [`Sut::reset`].
    fn command(&mut self, _at: u64, _command: &Wish) -> Result<Answer, SutError> {
        Err(unsupported("command"))
    }

    /// What the network tells the endpoint of its calls and trees.
    ///
    /// # Errors
    /// See [`Sut::reset`].
    fn signal(&mut self, _at: u64, _signal: &Signal) -> Result<Answer, SutError> {
        Err(unsupported("signal"))
    }

    /// Reads state as it is after the last stimulus: `membership`, `cache`, `redirect_map`, `hfsm`, `cafsm`, and beyond the contract
    /// `registrations` and `live`.
    ///
    /// # Errors
    /// See [`Sut::reset`].
    fn probe(&mut self, at: u64, what: &str) -> Result<Value, SutError>;
}

/// The answer of whoever has no endpoint.
fn unsupported(op: &'static str) -> SutError {
    SutError::Unsupported {
        op,
        reason: "not a client and not an MCS".to_owned(),
    }
}

/// What the network tells an endpoint. `peer` is an ATM address, `tree` the endpoint's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A call came to nothing.
    CallFailed {
        /// Who was called.
        peer: Value,
    },
    /// A leaf is there.
    LeafUp {
        /// The tree.
        tree: String,
        /// The leaf.
        peer: Value,
    },
    /// A leaf is not to be had.
    LeafFailed {
        /// The tree.
        tree: String,
        /// The leaf.
        peer: Value,
        /// Cause of UNI 3.0/3.1.
        cause: u8,
    },
    /// A tree was released.
    TreeDown {
        /// The tree.
        tree: String,
    },
}

/// What a request brought about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Everything emitted, in order.
    pub out: Vec<Out>,
    /// Earliest pending timer, virtual milliseconds; until then the server is silent unless it is
    /// stimulated.
    pub next: Option<u64>,
}

/// One thing emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Out {
    /// Virtual milliseconds.
    pub at: u64,
    /// What.
    pub action: OutAction,
}

/// The kinds of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutAction {
    /// A frame was sent.
    Send {
        /// A point-to-point VC's name, or a control VC's (`ccvc`, `scvc`, `ccvc:0800`).
        vc: String,
        /// The octets in lower-case hex, LLC/SNAP included.
        hex: String,
    },
    /// A leaf was added to or dropped from a control VC.
    Leaf {
        /// Added, or dropped.
        add: bool,
        /// The control VC's name.
        group: String,
        /// The leaf.
        peer: Value,
    },
    /// Please set up a point-to-point VC.
    Call {
        /// To whom.
        peer: Value,
    },
    /// A VC was released.
    Hangup {
        /// Its name.
        vc: String,
    },
    /// An endpoint changes a point-to-multipoint VC of its own.
    Tree {
        /// Which change.
        op: TreeOp,
        /// The endpoint's name of it; data is sent on it.
        tree: String,
        /// At `open`: the group, in hex.
        group: Option<String>,
        /// The leaf; none at `close`.
        peer: Option<Value>,
    },
    /// An endpoint hands a layer 3 packet up.
    Deliver {
        /// Cluster Member ID of its sender, where the frame has it.
        cmi: Option<u16>,
        /// The packet.
        hex: String,
    },
    /// An endpoint tells the layer above something: one field, the kind of notice.
    Notice(Value),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SutError {
    /// The process ended, or the server panicked.
    Crash {
        /// How it ended.
        detail: String,
        /// Last lines of its stderr.
        stderr: Vec<String>,
    },
    /// No answer in time.
    Hang {
        /// The request that waits.
        op: &'static str,
        /// Milliseconds of real time waited.
        waited_ms: u64,
        /// Last lines of its stderr.
        stderr: Vec<String>,
    },
    /// The answer breaks a rule of `mars-sut/1`.
    Protocol {
        /// Which; see [`contract`].
        rule: u8,
        /// What is wrong.
        detail: String,
    },
    /// The server does not know this operation, or this probe.
    Unsupported {
        /// The operation.
        op: &'static str,
        /// Its reason.
        reason: String,
    },
    /// The server refused the request, or could not be started.
    Refused {
        /// The adapter's error code, kebab-case.
        code: String,
        /// Its reason.
        reason: String,
    },
}

impl SutError {
    /// Stable code of a failure: `crash`, `hang`, `protocol-violation:<n>`, `unsupported`, `error`.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::Crash { .. } => "crash".to_owned(),
            Self::Hang { .. } => "hang".to_owned(),
            Self::Protocol { rule, .. } => format!("protocol-violation:{rule}"),
            Self::Unsupported { .. } => "unsupported".to_owned(),
            Self::Refused { .. } => "error".to_owned(),
        }
    }
}

impl fmt::Display for SutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = |f: &mut fmt::Formatter<'_>, stderr: &[String]| {
            stderr
                .iter()
                .try_for_each(|line| write!(f, "\n  stderr: {line}"))
        };
        match self {
            Self::Crash { detail, stderr } => {
                write!(f, "crashed: {detail}")?;
                last(f, stderr)
            }
            Self::Hang {
                op,
                waited_ms,
                stderr,
            } => {
                write!(f, "no answer to `{op}` within {waited_ms} ms")?;
                last(f, stderr)
            }
            Self::Protocol { rule, detail } => {
                write!(
                    f,
                    "breaks rule {rule} of mars-sut/1 ({}): {detail}",
                    contract::rule(*rule)
                )
            }
            Self::Unsupported { op, reason } => write!(f, "`{op}` is unsupported: {reason}"),
            Self::Refused { code, reason } if reason.is_empty() => write!(f, "refused: {code}"),
            Self::Refused { code, reason } => write!(f, "refused: {code}: {reason}"),
        }
    }
}

impl std::error::Error for SutError {}
