//! Real `marsd` processes, clients, and what can happen to them. Each test is bounded in time and has loopback addresses of
//! its own.

mod common;
mod group;
mod hostile;
mod namespaces;
mod service;
#[cfg(feature = "tls")]
mod tls;
