//! The Hello protocol of RFC 2334, 2.1.

pub mod hfsm;
pub mod rules;
