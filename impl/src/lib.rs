//! A distributed MARS server, sans-IO.
//!
//! RFC 2443 lets several MARS servers (RFC 2022) share one group-membership database by flooding it
//! with SCSP (RFC 2334). This crate is bytes in, bytes out: no clock, no randomness, no thread, no
//! socket. See [`io`] for the contract of every machine in it.
//!
//! # A server that nobody else serves with
//!
//! ```
//! use distributed_mars::address::{AtmForm, AtmNumber, Endpoint, ServerId};
//! use distributed_mars::group::{DistributedMars, GroupConfig};
//! use distributed_mars::io::{Input, OutputAction, Time, VcId};
//!
//! let atm = |last: u8| Endpoint {
//!     number: AtmNumber::new(AtmForm::Nsapa, &[0x47, last]).expect("two octets are no more than 20"),
//!     subaddress: None,
//! };
//! let config = GroupConfig::new(ServerId([10, 0, 0, 1]), atm(1), [1, 999]);
//! let mut server = DistributedMars::new(config)?;
//!
//! // A client calls and registers: LLC/SNAP, then a MARS_JOIN with the register flag.
//! let vc = VcId(1);
//! server.handle(Time(0), Input::VcUp { vc, peer: atm(9) });
//! let octets = vec![
//!     0xaa, 0xaa, 3, 0, 0, 0x5e, 0, 3, // MARS control
//!     0, 15, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 2, 0, // afn, IPv4, op JOIN, lengths
//!     0, 0, 0, 1, 0x20, 0, 0, 0, 0, 0, 0, 0, // one pair of no groups; register
//!     0x47, 9, // mar$sha
//! ];
//! server.handle(Time(5), Input::Frame { vc, octets });
//!
//! // It becomes a leaf of the cluster control VC and gets its copy with a Cluster Member ID.
//! let outputs: Vec<_> = std::iter::from_fn(|| server.poll_output()).collect();
//! assert!(matches!(outputs[0].action, OutputAction::AddLeaf { peer, .. } if peer == atm(9)));
//! assert!(matches!(outputs[1].action, OutputAction::Send { .. }));
//! assert_eq!(server.view().registrations[0].cmi, 1);
//!
//! // Until the next heartbeat is due there is nothing to do.
//! assert_eq!(server.next_deadline(), Some(Time(60_000)));
//! # Ok::<(), distributed_mars::group::ConfigError>(())
//! ```
//!
//! # Map
//!
//! | module | source | knows of |
//! | --- | --- | --- |
//! | [`group`] | RFC 2443: the server that a user drives | all below |
//! | [`mars`] | RFC 2022, 6: one MARS for one protocol, its clients and multicast servers | `wire` |
//! | [`endpoint`] | RFC 2022, 5 and 7: the other end, a client or a multicast server | `wire`, `timer` |
//! | [`scsp`] | RFC 2334: flooding between servers, over opaque records | `wire`, `timer` |
//! | [`wire`] | octets to messages and back | - |
//! | [`timer`], [`io`], [`address`], [`ranges`] | what all share | - |
//!
//! # Out of scope
//!
//! Signalling (who sets VCs up, and how), soft redirects between servers (register A04), TLVs of RFC 2022,
//! 10 other than skipping, returning or heeding them, TLVs of clients in what other servers announce.
#![cfg_attr(test, allow(clippy::cast_possible_truncation))]

pub mod address;
pub mod endpoint;
pub mod group;
pub mod io;
pub mod mars;
pub mod ranges;
pub mod scsp;
pub mod timer;
pub mod wire;
