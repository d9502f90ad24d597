//! RFC 2334 for two neighbours: how their caches are aligned, and kept equal, message by message.

pub mod cafsm;
pub mod rules;

pub use rules::Rules;
