//! Model-based conformance harness for distributed MARS servers.

pub mod judge;
pub mod trace;
