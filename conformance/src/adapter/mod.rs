//! The adapter: this project's server, client and MCS over `mars-sut/1`.
//!
//! Names only `distributed_mars`, `serde`, `serde_json` and itself: the mutant build compiles these
//! same files into adapters of altered copies of the implementation.

mod endpoint;
mod groups;
pub mod machines;
pub mod message;
mod names;
pub mod serve;
pub mod servers;
mod session;

pub use message::{Action, Emitted, Op, Outcome, Request, Response};
pub use session::{Identity, Session};
