//! The contract of every machine in the crate: one input, then an ordered list of outputs.
//!
//! * `handle(now, input)` first fires every timer due at or before `now`, in order of deadline, each
//!   with its own time, then takes the input. Outputs queue up; drain them with `poll_output()`.
//! * `now` counts milliseconds since the server started and never goes back (a smaller value is
//!   taken as the last one seen).
//! * Between `now` and `next_deadline()` a machine stays silent unless it is given an input.
//! * Everything here is plain data with serde, so that a recording is a list of inputs.

use serde::{Deserialize, Serialize};

use crate::address::{Endpoint, Protocol};

/// Milliseconds since the server started.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Time(pub u64);

/// The driver's name for a point-to-point VC; never used twice in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VcId(pub u32);

/// Which of the two point-to-multipoint control VCs of a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ControlKind {
    /// ClusterControlVC: its leaves are the registered clients.
    Ccvc,
    /// ServerControlVC: its leaves are the registered MCSs.
    Scvc,
}

/// One control VC: there is a pair of them for each layer 3 protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ControlVc {
    /// Clients' or MCSs' VC.
    pub kind: ControlKind,
    /// The layer 3 protocol it serves.
    pub protocol: Protocol,
}

/// All that can happen to a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// A point-to-point VC to `peer` came up, whoever asked for it.
    VcUp {
        /// Name of the new VC.
        vc: VcId,
        /// The other end.
        peer: Endpoint,
    },
    /// That VC was released by the other side or by the network.
    VcDown {
        /// Name of the VC.
        vc: VcId,
    },
    /// An AAL5 SDU, LLC/SNAP header included, arrived on `vc`.
    Frame {
        /// Name of the VC.
        vc: VcId,
        /// The octets.
        octets: Vec<u8>,
    },
    /// The network reports that a leaf dropped off a control VC.
    LeafGone {
        /// The control VC.
        group: ControlVc,
        /// The leaf.
        peer: Endpoint,
    },
    /// Nothing but time passed.
    TimePassed,
    /// An administrative command.
    Admin(Admin),
}

/// Administrative commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Admin {
    /// Put the first other live server at the head of the redirect map, with the hard flag, so that
    /// this server's clients move away (register A01, A04). Ended by [`Admin::Undrain`].
    Drain,
    /// Back to the own address first.
    Undrain,
}

/// Where a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Target {
    /// One point-to-point VC.
    Vc(VcId),
    /// All leaves of a control VC.
    Group(ControlVc),
}

/// What a server wants done, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// When it was emitted: the firing timer's deadline, or the time of the input.
    pub at: Time,
    /// What.
    pub action: OutputAction,
}

/// The kinds of output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutputAction {
    /// Send an SDU (LLC/SNAP included).
    Send {
        /// The VC.
        target: Target,
        /// The octets.
        octets: Vec<u8>,
    },
    /// Add a leaf to a control VC. Emitted before the first frame on that VC meant to reach it.
    AddLeaf {
        /// The control VC.
        group: ControlVc,
        /// The leaf.
        peer: Endpoint,
    },
    /// Drop a leaf from a control VC.
    DropLeaf {
        /// The control VC.
        group: ControlVc,
        /// The leaf.
        peer: Endpoint,
    },
    /// Please set up a point-to-point VC to this endpoint.
    Call {
        /// The endpoint to call.
        peer: Endpoint,
    },
    /// Please release this VC.
    Hangup {
        /// The VC.
        vc: VcId,
    },
    /// Something for the log; never needed for the protocol.
    Log(LogEvent),
}

/// A line for the log, as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEvent {
    /// Stable name of the kind of event, kebab-case.
    pub code: String,
    /// For people.
    pub detail: String,
}
