//! The other end of RFC 2022: a cluster member and a multicast server (MCS), sans-IO.
//!
//! [`Client`] is RFC 2022, 5, [`Mcs`] is 6.2 and 7. Both are one machine in two roles: an MCS says
//! MSERV and UNSERV where a client says JOIN and LEAVE, and hears SJOIN and SLEAVE where a client
//! hears JOIN and LEAVE. Neither knows the server's code; both ends share octets only.
//!
//! ```
//! use distributed_mars::address::{AtmForm, AtmNumber, Endpoint, Protocol};
//! use distributed_mars::endpoint::{Client, Command, EndpointConfig, Input, OutputAction};
//! use distributed_mars::io::Time;
//!
//! let atm = |last: u8| Endpoint {
//!     number: AtmNumber::new(AtmForm::Nsapa, &[0x47, last]).expect("two octets are no more than 20"),
//!     subaddress: None,
//! };
//! let mut client = Client::new(EndpointConfig::new(Protocol::IPV4, atm(9), vec![atm(1)]))?;
//! client.handle(Time(0), Input::Command(Command::Register));
//! let call = client.poll_output().map(|output| output.action);
//! assert_eq!(call, Some(OutputAction::Call { peer: atm(1) }));
//! # Ok::<(), distributed_mars::endpoint::ConfigError>(())
//! ```
//!
//! Terms: *tree*, a point-to-multipoint VC whose root is here, one for each group that is sent to;
//! *control VC*, the point-to-multipoint VC from the MARS to its clients or to its MCSs.

mod aside;
mod chance;
mod client;
mod config;
mod control;
mod core;
mod data;
mod failover;
mod grouplist;
pub mod io;
mod link;
mod mcs;
mod membership;
mod parts;
mod registration;
mod resolve;
mod sequence;
mod vcs;
mod view;

pub use client::Client;
pub use config::{ConfigError, EndpointConfig};
pub use io::{Command, Input, Notice, Output, OutputAction, Problem, Refusal, TreeId, VcKind};
pub use mcs::Mcs;
pub use view::{GroupView, JoinedView, Meters, View};

#[cfg(test)]
mod tests;
