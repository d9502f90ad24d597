//! Judging what a server did against what a trace demands.

pub mod books;
pub mod pattern;
pub mod step;
