//! The third phase: what is new is kept and examined.

use super::batch::{Hand, Out, UNIT};
use super::table::Key;
use stateright::{Expectation, Model, Property};
use std::sync::{PoisonError, RwLock};

/// What one thread keeps of some neighbouring units.
pub(super) struct Kept<T> {
    /// The new states in order.
    pub(super) blocks: Vec<Vec<T>>,
    /// How many they are.
    pub(super) count: u32,
    /// The first of them that is an example, by property.
    pub(super) examples: Vec<(usize, u32)>,
}

/// The third phase for some neighbouring units: drops what others claimed first, asks the open properties about the
/// rest. `lost` has the losers of each group of shards and unit; the units begin at `first`.
pub(super) fn keep<M: Model, K: Key>(
    examiner: &mut Examiner<'_, M>,
    hand: &mut Hand<M::State, K>,
    outs: &[RwLock<Out<M::State, K>>],
    lost: &[&Vec<Vec<u32>>],
    first: usize,
) -> Kept<M::State> {
    let mut kept = Kept {
        blocks: Vec::new(),
        count: 0,
        examples: Vec::new(),
    };
    let mut block = hand.block();
    let mut dead = Vec::new();
    for (unit, out) in (first..).zip(outs) {
        let mut out = out.write().unwrap_or_else(PoisonError::into_inner);
        let lost = || lost.iter().filter_map(|lost| lost.get(unit)).flatten();
        let all_live = lost().next().is_none();
        dead.clear();
        dead.resize(out.states.len(), false);
        for &place in lost() {
            if let Some(dead) = dead.get_mut(place as usize) {
                *dead = true;
            }
        }
        if !all_live {
            let mut flags = dead.iter();
            out.origins.retain(|_| flags.next() == Some(&false));
        }
        for (state, &dead) in out.states.drain(..).zip(&dead) {
            if dead {
                continue;
            }
            examiner.ask(&state, kept.count, &mut kept.examples);
            kept.count += 1;
            if block.len() == UNIT {
                kept.blocks
                    .push(std::mem::replace(&mut block, hand.block()));
            }
            block.push(state);
        }
    }
    kept.blocks.push(block);
    kept
}

/// Asks states about properties, until each has its example.
pub(super) struct Examiner<'a, M: Model> {
    pub(super) model: &'a M,
    pub(super) properties: &'a [Property<M>],
    pub(super) open: Vec<usize>,
}

impl<M: Model> Examiner<'_, M> {
    /// Notes the properties of which a state is the first example; `place` is the state's.
    pub(super) fn ask(&mut self, state: &M::State, place: u32, examples: &mut Vec<(usize, u32)>) {
        let (model, properties) = (self.model, self.properties);
        let is_example = |property: usize| {
            properties
                .get(property)
                .is_some_and(|property| match property.expectation {
                    Expectation::Always => !(property.condition)(model, state),
                    Expectation::Sometimes => (property.condition)(model, state),
                    // "Eventually" needs more than states: it is not decided here.
                    Expectation::Eventually => false,
                })
        };
        let before = examples.len();
        for &property in &self.open {
            if is_example(property) {
                examples.push((property, place));
            }
        }
        for (property, _) in examples.iter().skip(before) {
            self.open.retain(|open| open != property);
        }
    }
}
