//! Real `marsd` processes, clients, and what can happen to them. Each test is bounded in time and has loopback addresses of
//! its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

mod common;
mod group;
mod hostile;
mod namespaces;
mod service;
#[cfg(feature = "tls")]
mod tls;
