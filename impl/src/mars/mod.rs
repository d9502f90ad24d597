//! RFC 2022: one MARS, for one layer 3 protocol. Knows nothing of SCSP.
//!
//! Terms: a *client* is a cluster member; CMI, Cluster Member ID, its number; CCVC,
//! ClusterControlVC, the point-to-multipoint VC from the MARS to all of them; CSN, Cluster Sequence
//! Number, the counter of messages on it; MCS, multicast server; SCVC and SSN, ServerControlVC and Server
//! Sequence Number, the same for MCSs.

mod answers;
pub mod blocks;
pub mod cluster;
pub mod cmi;
mod distribution;
pub mod mcs;
pub mod membership;
mod packing;
mod party;
pub mod server;

pub use crate::ranges;
pub use party::{Party, Role};
pub use server::{Changed, Effect, Foreign, Ignored, Mars, MarsConfig};
