//! `marsd`: distributed MARS servers, clients and multicast servers as processes, with VCs over TCP.
//!
//! Everything of the protocol is in [`distributed_mars`]; here are clocks, sockets, files and people.

pub mod atm;
pub mod bench;
pub mod clock;
pub mod config;
pub mod demo;
pub mod fabric;
pub mod frame;
pub mod lab;
pub mod metrics;
pub mod proxy;
pub mod queue;
pub mod record;
pub mod server;
pub mod soak;
pub mod state;
pub mod station;
pub mod status;
pub mod tally;
pub mod testing;
pub mod tls;
pub mod vc;
