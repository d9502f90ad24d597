//! What the model itself takes: all successors of all states and all safety properties, and nothing else. What an engine
//! compares and remembers comes on top.

use crate::row::Counted;
use mars_model::explore::{Kinds, Space, Successors};
use stateright::{Expectation, Model};
use std::collections::HashSet;
use std::hash::Hash;
use std::hint::black_box;
use std::panic::resume_unwind;
use std::time::Instant;

/// Counts successors and drops them.
#[derive(Default)]
struct Dropped(u64);

impl<T> Successors<T> for Dropped {
    fn take(&mut self, _: u32, _: usize, state: T) {
        black_box(&state);
        self.0 += 1;
    }
}

/// All reachable states, in no order that matters.
fn reachable<M>(model: &M) -> Vec<M::State>
where
    M: Model,
    M::State: Clone + Eq + Hash,
{
    let mut all = model.init_states();
    let mut seen: HashSet<M::State> = all.iter().cloned().collect();
    let mut next = 0;
    while let Some(state) = all.get(next).cloned() {
        for state in model.next_states(&state) {
            if model.within_boundary(&state) && seen.insert(state.clone()) {
                all.push(state);
            }
        }
        next += 1;
    }
    all
}

/// The same counts as those of a search, and the time that the model takes of it.
pub(super) fn run<S>(space: &S, threads: usize, cpu: impl Fn() -> f64) -> Counted
where
    S: Space,
    <S::Model as Model>::State: Clone + Eq + Hash + Send + Sync,
    <S::Model as Model>::Action: Kinds,
{
    let model = space.model();
    let states = reachable(model);
    let all = |states: &[<S::Model as Model>::State]| {
        let (mut dropped, mut actions) = (Dropped::default(), Vec::new());
        let properties = model.properties();
        for state in states {
            space.expand(state, &mut actions, &mut dropped);
            for property in &properties {
                if property.expectation == Expectation::Always {
                    black_box((property.condition)(model, state));
                }
            }
        }
        dropped.0
    };
    let (before, started) = (cpu(), Instant::now());
    let transitions: u64 = std::thread::scope(|scope| {
        let parts = states.chunks(states.len().div_ceil(threads).max(1));
        let parts: Vec<_> = parts.map(|part| scope.spawn(move || all(part))).collect();
        parts
            .into_iter()
            .map(|part| part.join().unwrap_or_else(|why| resume_unwind(why)))
            .sum()
    });
    Counted {
        wall: started.elapsed().as_secs_f64(),
        unique: states.len() as u64,
        transitions: transitions + model.init_states().len() as u64,
        before,
    }
}
