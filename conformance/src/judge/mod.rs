//! Judging what a server did against what a trace demands.

pub mod pattern;
