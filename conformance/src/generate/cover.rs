//! A small set of candidates that meets all goals: greedy, ties to the shorter and then the earlier.

use std::collections::BTreeSet;

use mars_model::scenario::Scenario;

use super::goals::{Candidate, Goal};

/// Indices of the chosen candidates in their order, each with the goals it was chosen for.
pub(super) fn cover(candidates: &[(&'static Scenario, Candidate)]) -> Vec<(usize, Vec<Goal>)> {
    let mut open: BTreeSet<&Goal> = candidates
        .iter()
        .flat_map(|(_, candidate)| &candidate.goals)
        .collect();
    let mut chosen = Vec::new();
    while !open.is_empty() {
        let best = candidates
            .iter()
            .enumerate()
            .max_by_key(|(index, (_, candidate))| {
                let met = candidate
                    .goals
                    .iter()
                    .filter(|goal| open.contains(goal))
                    .count();
                (
                    met,
                    core::cmp::Reverse(candidate.actions.len()),
                    core::cmp::Reverse(*index),
                )
            });
        let Some((index, (_, candidate))) = best else {
            break;
        };
        let met: Vec<Goal> = candidate
            .goals
            .iter()
            .filter(|goal| open.contains(goal))
            .cloned()
            .collect();
        for goal in &candidate.goals {
            open.remove(goal);
        }
        chosen.push((index, met));
    }
    chosen.sort_by_key(|(index, _)| *index);
    chosen
}
