//! Model-based conformance harness for distributed MARS servers.

pub mod adapter;
pub mod audit;
pub mod certify;
pub mod cli;
pub mod frames;
pub mod generate;
pub mod inside;
pub mod judge;
pub mod lockstep;
pub mod lower;
pub mod mutants;
pub mod product;
pub mod report;
pub mod requirements;
pub mod sut;
pub mod trace;
pub mod vectors;
