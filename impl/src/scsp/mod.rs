//! SCSP, the Server Cache Synchronization Protocol (RFC 2334): keeps the caches of a group of servers
//! alike by flooding records along point-to-point VCs.
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
//! | [`speaker`] | all DCSs: what is accepted from whom, timers, the public calls |
//! | `flood` | 2.3 flooding, own records, quarantine |
//! | [`canonical`] | the state as something to compare |
//!
//! Left out: point-to-multipoint VCs between servers (register C31, D09), Family IDs (D05).

pub mod alignment;
pub mod cache;
pub mod canonical;
mod config;
mod event;
mod flood;
pub mod hello;
pub mod neighbor;
pub mod speaker;
pub mod update;

#[cfg(test)]
mod tests;

pub use alignment::{CafsmState, Role};
pub use cache::{Entry, RecordId};
pub use canonical::CanonicalSpeaker;
pub use config::SpeakerConfig;
pub use event::{Application, DropReason, Judgement, Meters, NeighborIx, SpeakerEvent};
pub use hello::HfsmState;
pub use speaker::Speaker;
