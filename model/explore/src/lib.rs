//! An exhaustive breadth-first search of any [`stateright::Model`], level by level, on any number of threads.
//!
//! Why not stateright's own: its breadth-first search forgets that a discovery was the shortest, keeps a path in every
//! queued state, and counts no actions (see the project's `ARCHITECTURE.md`). Here the first discovery is kept, so every
//! path is a shortest one, and the report is the same for any number of threads: counts, levels, labels, and the very
//! path of each example. It is the report of a search with one queue, which takes states in the order in which it met
//! them; no hash has a say in it. Only where time, memory or the stop flag end a search does it depend on the machine.
//!
//! A visited state costs its key in a table that is between a half and four fifths full (10 to 16 octets for a 64-bit
//! key) and six octets of parentage. Keys are 64-bit fingerprints, which can collide:
//! [`Report::collision_probability`] says how likely that was, and [`Options::seed`] repeats the search with another
//! hash. A model whose states fit into 64 or 128 bits says so with [`Packed`], and [`Exact`] then makes the set exact.
//! A model that can do better than `Hash`, `actions` and `next_state` implements [`Space`].
//!
//! How it works, and what it measured, is in `model/explore/README.md`.

pub mod audit;
mod batch;
mod fingerprint;
pub mod graph;
mod keep;
mod kernel;
pub mod liveness;
mod log;
mod meeting;
mod memory;
mod outcome;
mod phases;
mod report;
mod space;
mod table;
pub mod timely;

pub use fingerprint::Fingerprint;
pub use memory::available as available_memory;
pub use report::{Discovery, Kinds, Path, Progress, Report, StoppedBy};
pub use space::{Exact, Hashed, Packed, Space, Successors, expand_in_place};
pub use table::Key;

use stateright::Model;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How to search.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many threads search. The result is the same for any number.
    pub threads: NonZeroUsize,
    /// Give up after about this many unique states; `None`: never.
    pub max_states: Option<u64>,
    /// Give up after this time; `None`: never.
    pub max_time: Option<Duration>,
    /// Give up before table, parents and frontier take more octets than this; `None`: never.
    pub max_memory: Option<u64>,
    /// Stop as soon as this property is decided by an example (a violation, or a witness).
    pub until: Option<String>,
    /// Seed of the fingerprint.
    pub seed: u64,
    /// How often progress is told.
    pub progress_every: Duration,
    /// A planted fault: who claims a state last has it.
    #[cfg(test)]
    pub(crate) last_claim_wins: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: NonZeroUsize::MIN,
            max_states: None,
            max_time: None,
            max_memory: None,
            until: None,
            seed: 0,
            progress_every: Duration::from_millis(200),
            #[cfg(test)]
            last_claim_wins: false,
        }
    }
}

/// Names a transition, where the first occurrence of each name is wanted.
pub type Label<'a, M> =
    &'a (dyn Fn(&<M as Model>::State, &<M as Model>::Action) -> Option<u32> + Sync);

/// Searches all reachable states, or until told to stop. The flag is looked at after every few hundred states.
pub fn search<M>(
    model: &M,
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
    stop: &AtomicBool,
) -> Report<M>
where
    M: Model + Sync,
    M::State: Clone + Eq + Hash + Send + Sync,
    M::Action: Clone + Kinds,
{
    search_space(&Hashed(model), options, None, progress, stop)
}

/// As [`search`]; besides, keeps a shortest path to the first transition of each label. Transitions that change
/// nothing count: they are labelled, too.
pub fn search_labelled<M>(
    model: &M,
    options: &Options,
    label: Option<Label<'_, M>>,
    progress: &mut dyn FnMut(&Progress),
    stop: &AtomicBool,
) -> Report<M>
where
    M: Model + Sync,
    M::State: Clone + Eq + Hash + Send + Sync,
    M::Action: Clone + Kinds,
{
    search_space(&Hashed(model), options, label, progress, stop)
}

/// As [`search_labelled`], for a space that knows its states and makes successors in its own way.
pub fn search_space<S>(
    space: &S,
    options: &Options,
    label: Option<Label<'_, S::Model>>,
    progress: &mut dyn FnMut(&Progress),
    stop: &AtomicBool,
) -> Report<S::Model>
where
    S: Space,
    <S::Model as Model>::State: Clone + Send + Sync,
    <S::Model as Model>::Action: Clone + Kinds,
{
    let mut search = kernel::Search::new(space, options);
    let stopped_by = search.run(label, progress, stop);
    search.report(stopped_by)
}

#[cfg(test)]
mod tests;
