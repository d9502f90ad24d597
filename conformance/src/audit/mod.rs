//! `audit`: whether a conforming server could have done what a recording says that a server did.
//!
//! A recording is what came in and what went out, as lines of the adapter protocol. It is read line by line; monitors
//! track what is known and accept whatever some conforming server could do, under every reading that the register lists.
//! What cannot be known is not judged, and counted as such. Nothing here knows the implementation.

mod book;
mod config;
mod demands;
mod event;
mod finding;
mod lines;
mod links;
mod messages;
mod packets;
pub mod pcapng;
mod ranges;
pub mod tape;
#[cfg(test)]
mod tests;
mod updates;
mod view;
mod world;

pub use finding::{Count, Finding, KEPT};
pub use lines::{Auditor, LineError};
pub use packets::Tally;
