//! The production code inside the checker: a model whose servers are real SCSP speakers and whose network
//! carries their real frames, losing, doubling and delaying so many of them.
//!
//! A [`State`] holds numbers of machines; what they stand for is a speaker in the pool of
//! [`crate::adapter::machines`], and each step is a call of that speaker. Time is what is left to deadlines:
//! a [`Tick`](Action::Tick) goes to the next of any server, and only when nothing is on its way, unless a
//! [`Late`](Action::Late) one is left. Frames are read by the harness's own reader; what must hold
//! ([`claims`]) is judged by the frames, the caches and the harness's own books, never by what a speaker says
//! of its lists.
//!
//! **Why the graph is finite.** Deadlines are counted from now. CSA numbers grow with originations only, of
//! which there are so many. CA numbers grow with each alignment: after each step those that matter on a link
//! are numbered anew, all at once, in both machines and in all frames (`numbers.rs`).
//!
//! **Why that loses nothing.** Machines of one number behave alike: a test plays every step that was asked on
//! several of them. CA numbers are compared for being equal or next to each other; what lies further apart
//! never meets again. A test runs the model with and without new numbers side by side.

pub mod action;
pub mod case;
pub mod claims;
mod clock;
mod frame;
mod judge;
pub mod machines;
pub mod memo;
mod numbers;
pub mod run;
pub mod scenario;
mod space;
pub mod state;
mod step;
#[cfg(test)]
mod tests;
mod text;

pub use action::Action;
pub use scenario::Scenario;
pub use space::Inside;
pub use state::State;
