//! A distributed MARS server, sans-IO.
//!
//! RFC 2443 lets several MARS servers (RFC 2022) share one group-membership database by flooding it
//! with SCSP (RFC 2334). This crate is bytes in, bytes out: no clock, no randomness, no thread, no
//! socket. See [`io`] for the contract of every machine in it.
#![cfg_attr(test, allow(clippy::cast_possible_truncation))]

pub mod address;
pub mod group;
pub mod io;
pub mod mars;
pub mod scsp;
pub mod timer;
pub mod wire;
