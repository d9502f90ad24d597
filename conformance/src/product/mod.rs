//! Lockstep exploration: the product of the model `server_group` and N production servers, searched breadth first.
//!
//! A [`Node`] is a state of the model, for each running server the number of a machine in the pool of
//! [`crate::adapter::servers`], and the records on their way. For every action that the model allows in it the act is
//! done to the machines; what they send is compared with what the model makes visible ([`judge`], with the patterns of
//! [`crate::lower`]), and what each server then knows with the model's projection. So what
//! [`crate::lockstep`] does along generated traces is done here for every action in every reachable state.
//!
//! **The network** is that of traces (ARCHITECTURE.md): all but CSU Requests crosses at once, records wait one by one.
//! Only time differs: Hellos go out with the beats, at full minutes, and when a link comes up the network says the second
//! Hello of each side itself, so that no act but a tick takes time and all servers are always in one phase.
//!
//! **Why the graph is finite.** Deadlines are counted from now; what ended and what is in quarantine is remembered for
//! ever (the model knows no end of that either). Record numbers: a machine is known up to the numbers in its own cache
//! ([`memo`]); how those of several caches and of records on their way compare is kept in the node as ranks, anew after each
//! step (`numbers.rs`), and frames are translated where they enter and leave a machine. The one number that means
//! something in itself is the first: rank 0 is kept for it.
//!
//! **What the product tells apart that the model does not**: which key a record got (keys are given in order of first
//! use), in what order repetitions are due, and how long a slave keeps its last CA. So there are more nodes than states.
//!
//! **What is set aside**: a server asks for one thing at a time (register C27) and the model for any number, so a step in
//! which it would ask while the answer to another question is on its way is counted and not compared, and what comes
//! after it is not looked at.
//!
//! **What is not here**: beats that hang and servers that follow another reading, which have no counterpart in real servers.

pub mod judge;
mod link;
pub mod machines;
pub mod memo;
mod node;
mod numbers;
pub mod scenario;
pub mod search;
mod step;
mod tables;
mod text;
mod work;
pub mod world;

#[cfg(test)]
mod tests;

pub use node::Node;
pub use search::{Explored, Fault, Limits, explore};
pub use world::World;
