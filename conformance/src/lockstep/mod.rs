//! Lockstep: a global trace played on N servers under test, everything compared after each step.

pub mod local;
mod network;
mod replay;

pub use network::{Network, NetworkError, Seen, SeenWhat, nsapa};
pub use replay::{PROLOGUE_MS, HEAL_MS, Replayed, StepFailure, replay};
