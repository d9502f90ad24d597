//! RFC 2443: where MARS and SCSP meet.
//!
//! [`DistributedMars`] is the one type that a user of the crate drives; see its documentation for
//! the contract. Everything in here is keyed by layer 3 protocol.

pub mod config;
mod keys;
mod liveness;
mod originators;
mod redirect_map;
mod server;
mod text;
pub mod view;

pub use config::{ConfigError, GroupConfig, NeighborConfig, RedirectOrder};
pub use server::{Canonical, DistributedMars, Meters};
pub use view::View;
