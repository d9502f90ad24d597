//! `mars-conformance`.
fn main() {}
