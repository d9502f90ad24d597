//! What goes into an endpoint and what comes out. The contract is that of [`crate::io`].
//!
//! # Duties of a driver
//!
//! * VCs that end here, whoever set them up, have a [`VcId`] each: point-to-point VCs, and
//!   point-to-multipoint VCs of others of which this endpoint is a leaf (control VCs and data). A
//!   frame names the VC it came on.
//! * VCs that start here have a [`TreeId`], which the endpoint makes up and never uses twice.
//! * Each [`OutputAction::Call`] is answered by [`Input::VcUp`] or [`Input::CallFailed`].
//! * [`OutputAction::OpenTree`] and each [`OutputAction::AddLeaf`] are answered by [`Input::LeafUp`] or
//!   [`Input::LeafFailed`], unless the leaf is dropped or the tree closed first.

use serde::{Deserialize, Serialize};

use crate::address::{Endpoint, GroupRange, ProtocolAddress};
use crate::io::{Time, VcId};

/// The endpoint's name for a point-to-multipoint VC whose root it is; never used twice in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TreeId(pub u32);

/// What a VC that ends here is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VcKind {
    /// Point-to-point, both ways.
    PointToPoint,
    /// This endpoint is a leaf; frames only arrive.
    Leaf,
}

/// All that can happen to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Input {
    /// What the layer above wants.
    Command(Command),
    /// A VC that ends here came up, whoever asked for it.
    VcUp {
        /// Its name.
        vc: VcId,
        /// The other end: of a point-to-multipoint VC, the root.
        peer: Endpoint,
        /// What it is.
        kind: VcKind,
    },
    /// A VC that ends here is gone.
    VcDown {
        /// Its name.
        vc: VcId,
    },
    /// A [`OutputAction::Call`] came to nothing.
    CallFailed {
        /// Who was called.
        peer: Endpoint,
    },
    /// An AAL5 SDU, LLC/SNAP header included.
    Frame {
        /// The VC it came on.
        vc: VcId,
        /// The octets.
        octets: Vec<u8>,
    },
    /// A leaf that was asked for is there. The first one makes the tree usable.
    LeafUp {
        /// The tree.
        tree: TreeId,
        /// The leaf.
        peer: Endpoint,
    },
    /// A leaf that was asked for is not to be had (`ERR_L_RQFAILED`).
    LeafFailed {
        /// The tree.
        tree: TreeId,
        /// The leaf.
        peer: Endpoint,
        /// Cause of UNI 3.0/3.1. 49, 51, 37 and 41 are tried again, others drop the leaf.
        cause: u8,
    },
    /// A leaf left by itself (`ERR_L_DROP`).
    LeafGone {
        /// The tree.
        tree: TreeId,
        /// The leaf.
        peer: Endpoint,
    },
    /// A whole tree is gone (`ERR_L_RELEASE`).
    TreeDown {
        /// The tree.
        tree: TreeId,
    },
    /// Nothing but time passed.
    TimePassed,
}

/// What the layer above may want.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Command {
    /// Register with the MARS, and stay registered (RFC 2022, 5.2.3, 6.2.3).
    Register,
    /// End the registration, all joins, and all trees.
    Deregister,
    /// Client: join a group or a block of groups (RFC 2022, 5.2).
    Join {
        /// What.
        range: GroupRange,
        /// A layer 3 member asks for it. Counts for a single group only.
        layer3grp: bool,
    },
    /// Client: leave exactly what was joined.
    Leave {
        /// What.
        range: GroupRange,
    },
    /// Client: send a layer 3 packet to a group.
    Send {
        /// To whom.
        group: ProtocolAddress,
        /// The packet.
        packet: Vec<u8>,
    },
    /// Client: ask for the groups with layer 3 members (RFC 2022, 5.3). Answered by
    /// [`Notice::GroupList`].
    GroupList {
        /// Among which groups.
        range: GroupRange,
    },
    /// MCS: serve a group or a block of groups (RFC 2022, 6.2.2).
    Serve {
        /// What.
        range: GroupRange,
    },
    /// MCS: serve exactly that no more.
    Unserve {
        /// What.
        range: GroupRange,
    },
}

/// What an endpoint wants done, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Output {
    /// When it was emitted: the firing timer's deadline, or the time of the input.
    pub at: Time,
    /// What.
    pub action: OutputAction,
}

/// The kinds of output.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OutputAction {
    /// Please set up a point-to-point VC.
    Call {
        /// To whom.
        peer: Endpoint,
    },
    /// Please release a VC that ends here: hang up, or leave as a leaf.
    Hangup {
        /// Its name.
        vc: VcId,
    },
    /// Send an SDU (LLC/SNAP included) to a MARS.
    Send {
        /// A point-to-point VC.
        vc: VcId,
        /// The octets.
        octets: Vec<u8>,
    },
    /// Please set up a point-to-multipoint VC to its first leaf (`L_MULTI_RQ`). Said again, with
    /// another leaf, when that one fails.
    OpenTree {
        /// Its name from now on.
        tree: TreeId,
        /// The group that it is for.
        group: ProtocolAddress,
        /// The first leaf.
        peer: Endpoint,
    },
    /// Please add a leaf (`L_MULTI_ADD`). Never before the first leaf is up.
    AddLeaf {
        /// The tree.
        tree: TreeId,
        /// The leaf.
        peer: Endpoint,
    },
    /// Please drop a leaf (`L_MULTI_DROP`), which may not be up yet.
    DropLeaf {
        /// The tree.
        tree: TreeId,
        /// The leaf.
        peer: Endpoint,
    },
    /// Please release a tree (`L_RELEASE`), which may not be up yet.
    CloseTree {
        /// The tree.
        tree: TreeId,
    },
    /// Send a data SDU (LLC/SNAP included) to all leaves.
    SendTree {
        /// The tree.
        tree: TreeId,
        /// The octets.
        octets: Vec<u8>,
    },
    /// A layer 3 packet for the layer above.
    Deliver {
        /// Cluster Member ID of the sender, where the frame has it (Type 1).
        cmi: Option<u16>,
        /// The packet.
        packet: Vec<u8>,
    },
    /// Something for the layer above or the administrator.
    Notice(Notice),
}

/// What the layer above and the administrator are told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Registered.
    Registered {
        /// The MARS.
        mars: Endpoint,
        /// Cluster Member ID; 0 for an MCS.
        cmi: u16,
    },
    /// The registration ended as [`Command::Deregister`] asked.
    Deregistered {
        /// False where the MARS never confirmed it.
        confirmed: bool,
    },
    /// The MARS has a join (or the service) of this range.
    Joined {
        /// What.
        range: GroupRange,
    },
    /// The MARS has a leave (or the end of the service) of this range.
    Left {
        /// What.
        range: GroupRange,
    },
    /// The answer to [`Command::GroupList`].
    GroupList {
        /// What was asked for.
        range: GroupRange,
        /// Groups with layer 3 members.
        groups: Vec<ProtocolAddress>,
    },
    /// The MARS is thought to have failed (RFC 2022, 5.4).
    MarsProblem {
        /// Which.
        mars: Endpoint,
        /// The sign.
        why: Problem,
    },
    /// A registration with this MARS came to nothing (RFC 2022, 5.4.1).
    RegistrationFailed {
        /// Which.
        mars: Endpoint,
    },
    /// Another MARS is tried (RFC 2022, 5.4.2).
    BackupChosen {
        /// Which.
        mars: Endpoint,
    },
    /// A redirect map names another MARS (RFC 2022, 5.4.3).
    Redirected {
        /// Which.
        mars: Endpoint,
        /// With rejoin and revalidation.
        hard: bool,
    },
    /// A command was refused; nothing changed.
    Refused {
        /// Why.
        why: Refusal,
    },
}

/// Signs of a failed MARS (RFC 2022, 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// No point-to-point VC to it.
    NoVc,
    /// REQUESTs or `GROUPLIST_REQUEST`s without a whole answer.
    NoAnswer,
    /// JOINs, LEAVEs, MSERVs or UNSERVs without a copy.
    NoCopy,
    /// No redirect map for too long.
    NoMap,
    /// It dropped this endpoint from its control VC.
    ControlVcLost,
}

/// Why a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// A command for the other kind of endpoint.
    WrongRole,
    /// The group's length does not fit the protocol.
    NoGroup,
    /// A block that overlaps a block in force (RFC 2022, 5.2).
    Overlap,
    /// A leave of what is not joined.
    NotJoined,
    /// The endpoint is not told to register.
    NotRegistered,
}
