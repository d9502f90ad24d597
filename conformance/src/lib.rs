//! Model-based conformance harness for distributed MARS servers.

pub mod frames;
pub mod judge;
pub mod requirements;
pub mod trace;
