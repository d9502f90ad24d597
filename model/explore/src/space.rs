//! A model as the kernel sees it: how a state is known in the visited set, and how its successors are made.

use super::Fingerprint;
use super::report::Kinds;
use super::table::Key;
use stateright::Model;
use std::hash::Hash;

/// A state space that can be searched. [`Hashed`] makes one of any model, [`Exact`] of a model whose states fit into a
/// word; a model that can do better than `actions` and `next_state` implements it by itself.
pub trait Space: Sync {
    /// The model that the reports speak about.
    type Model: Model + Sync;
    /// What a state is known by.
    type Key: Key;
    /// Whether two states have two keys. Otherwise keys are fingerprints, and a report says how likely a collision was.
    const EXACT: bool;

    /// The model.
    fn model(&self) -> &Self::Model;

    /// The key of a state. The seed changes fingerprints, not exact keys.
    fn key(&self, seed: u64, state: &<Self::Model as Model>::State) -> Self::Key;

    /// Hands over every successor of a state, in the order of the list that `actions` makes; actions without effect are
    /// left out. `actions` is scratch space.
    fn expand(
        &self,
        state: &<Self::Model as Model>::State,
        actions: &mut Vec<<Self::Model as Model>::Action>,
        successors: &mut impl Successors<<Self::Model as Model>::State>,
    ) where
        <Self::Model as Model>::Action: Kinds,
    {
        expand_plainly(self.model(), state, actions, |_| {}, successors);
    }
}

/// Who takes the successors of a state. Each comes with the place of its action in the list that `actions` makes, and
/// the action's kind.
pub trait Successors<T> {
    /// A successor.
    fn take(&mut self, place: u32, kind: usize, state: T);
    /// A successor that `change` makes of a copy of `state`, where it may wait to be looked up; none if it says false.
    fn make(&mut self, place: u32, kind: usize, state: &T, change: impl FnOnce(&mut T) -> bool)
    where
        T: Clone,
    {
        let mut next = state.clone();
        if change(&mut next) {
            self.take(place, kind, next);
        }
    }
}

/// Successors by `actions` and `next_state`; `look` sees every action before, with its place.
pub(super) fn expand_plainly<M: Model>(
    model: &M,
    state: &M::State,
    actions: &mut Vec<M::Action>,
    mut look: impl FnMut((u32, &M::Action)),
    successors: &mut impl Successors<M::State>,
) where
    M::Action: Kinds,
{
    actions.clear();
    model.actions(state, actions);
    for (place, action) in (0u32..).zip(actions.drain(..)) {
        look((place, &action));
        let kind = action.kind();
        if let Some(next) = model.next_state(state, action) {
            successors.take(place, kind, next);
        }
    }
}

/// Successors made in place: each is a copy of the state that `perform` changes, unless it says that the action is not
/// possible.
#[inline]
pub fn expand_in_place<M: Model>(
    model: &M,
    state: &M::State,
    actions: &mut Vec<M::Action>,
    perform: impl Fn(&mut M::State, M::Action) -> bool,
    successors: &mut impl Successors<M::State>,
) where
    M::State: Clone,
    M::Action: Kinds,
{
    actions.clear();
    model.actions(state, actions);
    for (place, action) in (0u32..).zip(actions.drain(..)) {
        let kind = action.kind();
        successors.make(place, kind, state, |next| perform(next, action));
    }
}

/// Any model, its states known by 64-bit fingerprints of what their `Hash` says.
pub struct Hashed<'a, M>(pub &'a M);

impl<M> Space for Hashed<'_, M>
where
    M: Model + Sync,
    M::State: Hash,
{
    type Model = M;
    type Key = u64;
    const EXACT: bool = false;

    fn model(&self) -> &M {
        self.0
    }
    #[inline]
    fn key(&self, seed: u64, state: &M::State) -> u64 {
        Fingerprint::of(seed, state)
    }
}

/// A model whose states fit into 64 or 128 bits.
pub trait Packed: Model {
    /// `u64` or `u128`.
    type Word: Key;
    /// All of a state, one to one: different states have different words.
    fn pack(&self, state: &Self::State) -> Self::Word;
}

/// A model with packed states: the visited set is exact, no two states are ever taken for one.
pub struct Exact<'a, M>(pub &'a M);

impl<M: Packed + Sync> Space for Exact<'_, M> {
    type Model = M;
    type Key = M::Word;
    const EXACT: bool = true;

    fn model(&self) -> &M {
        self.0
    }
    #[inline]
    fn key(&self, _: u64, state: &M::State) -> M::Word {
        self.0.pack(state)
    }
}
