//! What a speaker tells the protocol on top of it, and what it counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::ServerId;
use crate::io::{LogEvent, Time};
use crate::wire::ErrorCode;
use crate::wire::scsp::{CacheKey, Csa, SequenceNumber};

use super::auth::AuthFault;

/// Index into [`SpeakerConfig::neighbors`](super::SpeakerConfig::neighbors).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NeighborIx(pub u16);

/// What the protocol on top makes of a record (register C24).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Judgement {
    /// Store it, tell of it, pass it on.
    Use,
    /// Acknowledge it and remember its number, no more: its content is to be discarded.
    AcknowledgeOnly,
}

/// The protocol on top of the speaker.
pub trait Application {
    /// Asked before a newer record of another originator is stored. Depends on nothing but the record.
    fn judge(&self, csa: &Csa<'_>) -> Judgement;
}

/// What happened, in order. Handle the events right after the call that caused them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpeakerEvent {
    /// The Hello FSM of a neighbour reached Bidirectional.
    NeighborUp {
        /// When.
        at: Time,
        /// Which.
        neighbor: NeighborIx,
    },
    /// It left Bidirectional.
    NeighborDown {
        /// When.
        at: Time,
        /// Which.
        neighbor: NeighborIx,
    },
    /// The alignment FSM of a neighbour reached Aligned.
    NeighborAligned {
        /// When.
        at: Time,
        /// Which.
        neighbor: NeighborIx,
    },
    /// A record of another originator that is newer than what was cached is now in the cache.
    Learned {
        /// When.
        at: Time,
        /// Its originator, never the own id.
        origin: ServerId,
        /// Its key.
        key: CacheKey,
        /// Its number.
        sequence: SequenceNumber,
        /// Its protocol-specific part.
        body: Arc<[u8]>,
        /// The neighbour that sent it.
        from: NeighborIx,
        /// It answered a CSUS (or would have): it was on the request list of that neighbour.
        solicited: bool,
        /// Content was cached under this key before.
        known_key: bool,
    },
    /// The net holds a record of the own id that is newer than, or unknown to, this server
    /// (register C08). Nothing was stored. Answer with [`Speaker::originate_above`](super::Speaker).
    OwnReturned {
        /// When.
        at: Time,
        /// The key.
        key: CacheKey,
        /// The number that the net has.
        sequence: SequenceNumber,
        /// Its content, where it came with it: always when `held` is false.
        body: Option<Arc<[u8]>>,
        /// The cache has an own entry under this key, live or ended, with a smaller number.
        held: bool,
        /// The neighbour that told.
        from: NeighborIx,
    },
    /// A neighbour answered that a solicited record no longer exists; the older instance that was
    /// cached is gone (register C15).
    Dropped {
        /// When.
        at: Time,
        /// Its originator.
        origin: ServerId,
        /// Its key.
        key: CacheKey,
    },
    /// No neighbour has yet to acknowledge an own purge (number 0x7FFFFFFF; register C11, H13).
    PurgeAcknowledged {
        /// When.
        at: Time,
        /// The key.
        key: CacheKey,
    },
    /// A tombstone's time is over: the record is no longer cached (register C06).
    Expired {
        /// When.
        at: Time,
        /// Its originator; may be the own id.
        origin: ServerId,
        /// Its key.
        key: CacheKey,
    },
    /// An originator was in quarantine for so long that its contents are gone (register B02).
    GivenUp {
        /// When.
        at: Time,
        /// The originator.
        origin: ServerId,
    },
    /// A line for the log.
    Logged {
        /// When.
        at: Time,
        /// What.
        event: LogEvent,
    },
}

/// Why a frame was dropped without an effect on any state, unless the reason says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// There is no VC to that neighbour as far as SCSP knows.
    NoVc,
    /// It could not be read. Wrong lengths reset the adjacency (register C25), the rest does not (D13,
    /// D14).
    Malformed(ErrorCode),
    /// Authentication failed, is missing, or is there where none is agreed (register D07).
    Authentication(AuthFault),
    /// Other Protocol ID or Server Group ID.
    WrongInstance,
    /// Other Receiver ID.
    WrongReceiver,
    /// Sender ID is not the neighbour's (register C30), is configured to be another, or is live on
    /// another VC (register D12).
    WrongSender,
    /// Sender ID is the own one, or all ones (register A03, C31). Resets the adjacency.
    ImpossibleSender,
    /// Not a Hello, before Bidirectional.
    NotBidirectional,
    /// A CSU or CSUS outside Update Cache and Aligned (register C23).
    WrongState,
}

/// Counters. Not part of the state: two speakers may differ in them and be the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meters {
    /// Frames dropped, by reason.
    pub dropped: BTreeMap<DropReason, u64>,
    /// Packets sent.
    pub sent: u64,
    /// Packets not sent because no key of the receiver is valid (RFC 2334, B.3.1.4).
    pub withheld: u64,
    /// Packets received, good or bad.
    pub received: u64,
    /// Moves to Waiting by an abnormal event.
    pub abnormal: u64,
    /// Times that an alignment had to begin again.
    pub renegotiations: u64,
    /// CSAs that were newer and taken.
    pub accepted: u64,
    /// CSAs acknowledged only (register C24).
    pub acknowledged_only: u64,
    /// CSAs acknowledged and dropped because the cache has a newer instance (RFC 2334, 2.3).
    pub stale: u64,
    /// CSAs acknowledged and dropped because the cache has that instance.
    pub duplicate: u64,
    /// CSAs acknowledged and dropped because of a reserved number, or one passed over before (register
    /// H05, C24).
    pub ignored: u64,
    /// Null records that nobody had asked for (register C15).
    pub unasked_nulls: u64,
    /// CSAs of the own id that came back newer than, or unknown to, this server (register C08).
    pub own_returned: u64,
    /// CSAs taken and not passed on because their hop count was used up.
    pub hops_used_up: u64,
    /// CAs that the state of the alignment let pass without an effect, or with a repeated answer.
    pub ca_duplicates: u64,
    /// Summaries in CSU Replies that acknowledge nothing queued, or an older instance.
    pub idle_acknowledgements: u64,
    /// Tombstones whose time was over (register C06).
    pub expired: u64,
    /// Equal number, other octets (register C12).
    pub conflicting: u64,
    /// CSAs sent again for want of an acknowledgement.
    pub csa_repeats: u64,
}
