//! Executable specification of a group of MARS servers.
//!
//! [`server_group`] is RFC 2443 as a program: servers that flood registrations and memberships, clients that move,
//! fail over and are redirected. [`rules`] has one field for each ambiguity of the RFCs that a property tells apart;
//! [`scenario`] has the bounded configurations that are searched exhaustively by [`explore`]; [`findings`] shows, for
//! one ambiguity at a time, what goes wrong where it is read the other way; [`trace`] turns a path into data for replay.
//! [`cluster`] is one server of RFC 2022 with its clients and multicast servers.
//! [`alignment`] is the cache alignment of two neighbours (RFC 2334, 2.2 and 2.3), message by message.
//! [`family`] and [`registry`] let the same tools run scenarios of every family of models.
//! [`counts`] knows how many states each scenario has, so that nobody shrinks one by accident.
//! What is abstracted away, and why that is sound, stands in [`server_group`].

mod queues;
#[macro_use]
pub mod reading;

pub mod alignment;
pub mod carried;
pub mod cluster;
pub mod counts;
pub mod family;
pub mod findings;
pub mod flooding;
pub mod handshake;
pub mod hello;
pub mod registry;
pub mod rules;
pub mod scenario;
pub mod server_group;
pub mod trace;

/// The search, a crate of its own: it knows nothing of MARS.
pub use mars_explore as explore;
