//! `marsd`: distributed MARS servers, clients and multicast servers as processes, with VCs over TCP.
//!
//! Everything of the protocol is in [`distributed_mars`]; here are clocks, sockets, files and people.

pub mod atm;
pub mod clock;
pub mod config;
pub mod fabric;
pub mod frame;
pub mod queue;
pub mod tls;
pub mod vc;
