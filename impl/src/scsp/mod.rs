//! SCSP, the Server Cache Synchronization Protocol (RFC 2334): keeps the caches of a group of servers
//! alike by flooding records along the VCs between them.
//!
//! The speaker is generic: a record's protocol-specific part is opaque octets, and what is made of it is
//! up to the [`Application`]. Terms of the RFC used here: the local server (LS) has an id (LSID) and
//! talks to directly connected servers (DCS, each with its DCSID); a record is a Cache State
//! Advertisement (CSA), its name and version alone a summary (CSAS).
//!
//! | module | RFC 2334 |
//! | --- | --- |
//! | [`hello`] | 2.1, the Hello FSM (HFSM) |
//! | [`alignment`] | 2.2 to 2.2.2, the Cache Alignment FSM (CAFSM) |
//! | [`update`] | 2.2.3 request list and CSUS; 2.3 retransmit queue |
//! | [`cache`] | 2.4 newness, B.2.0.2 numbers |
//! | [`neighbor`] | one DCS: the above together, with their timers |
//! | [`speaker`] | all DCSs: timers, the public calls |
//! | `receive` | what is accepted from whom |
//! | `flood` | 2.3 flooding, own records, quarantine |
//! | `retention` | how long ended records and quarantines last |
//! | [`multipoint`] | 2.1 one Hello to all leaves of a point-to-multipoint VC |
//! | [`auth`] | B.3.1 keys |
//! | [`canonical`] | the state as something to compare |
//!
//! Left out: sending CSU Requests to the id of all ones, and taking a full mesh of point-to-multipoint VCs
//! for one port (2.3; register C31: such a request is accepted, and every record is flooded to each
//! neighbour); one Hello FSM for several groups (Family ID, register D05: sent zero and ignored); key
//! management protocols, and hash algorithms but HMAC-MD5-128 (B.3.1.2, B.3.1.3: keys are configured).

pub mod alignment;
pub mod auth;
pub mod cache;
pub mod canonical;
mod config;
mod event;
mod flood;
pub mod hello;
pub mod multipoint;
pub mod neighbor;
mod receive;
mod retention;
pub mod speaker;
pub mod update;

#[cfg(test)]
mod tests;

pub use alignment::{CaNumbers, CafsmState, Role};
pub use auth::{AuthFault, PeerKey, TimedKey};
pub use cache::{Entry, RecordId};
pub use canonical::CanonicalSpeaker;
pub use config::SpeakerConfig;
pub use event::{Application, DropReason, Judgement, Meters, NeighborIx, SpeakerEvent};
pub use hello::HfsmState;
pub use multipoint::{Multipoint, MultipointIx};
pub use speaker::Speaker;
