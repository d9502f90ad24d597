//! Lockstep: a global trace played on N servers under test, everything compared after each step.

pub mod local;
mod network;
pub(crate) mod observed;
mod replay;

pub use network::{Network, NetworkError, Seen, SeenWhat, nsapa};
pub use replay::{HEAL_MS, PROLOGUE_MS, Replayed, StepFailure, replay, replay_seen};
