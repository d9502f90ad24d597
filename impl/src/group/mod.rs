//! RFC 2443: where MARS and SCSP meet.
//!
//! [`DistributedMars`] is the one type that a user of the crate drives; see its documentation for
//! the contract. Everything in here is keyed by layer 3 protocol.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`config`] | what an administrator says |
//! | `server` | inputs, timers, outputs |
//! | `flow` | what SCSP tells, what MARS wants done |
//! | `announce` | what counts of other servers' clients and MCSs, and who is told |
//! | `own` | own clients' doings become records; own records come back |
//! | `records`, `keys` | the records themselves and the names of own ones |
//! | `originators` | the other servers' claims, and which count |
//! | `liveness` | heartbeats, flush, restore |
//! | `redirect_map` | which servers clients are told of |
//! | [`view`], `snapshot` | the state for others to look at |

mod announce;
pub mod config;
mod flow;
mod keys;
mod liveness;
mod meters;
mod originators;
mod own;
mod records;
mod redirect_map;
mod server;
mod snapshot;
mod text;
pub mod view;

pub use config::{
    AuthAlgorithm, AuthConfig, AuthConfigFault, ConfigError, GroupConfig, NeighborConfig,
    RedirectOrder,
};
pub use meters::Meters;
pub use server::DistributedMars;
pub use snapshot::Canonical;
pub use view::View;
