//! Model-based conformance harness for distributed MARS servers.

pub mod adapter;
pub mod cli;
pub mod judge;
pub mod sut;
pub mod trace;
