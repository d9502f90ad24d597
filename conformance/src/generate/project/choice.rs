//! Which projections become cases: a small set that shows every label and every pair of consecutive ones, then
//! the shortest of the others. What is chosen depends on the set of paths alone.

use std::collections::BTreeSet;

use super::{Projected, project};
use crate::trace::{Trace, canonical};

/// Projected cases of the suite.
pub(super) const CASES: usize = 350;

/// Something that a projection shows.
type Goal = (usize, String, String);

/// What a projection shows, in a group of so many servers: each label and each pair of consecutive ones.
fn goals(servers: usize, labels: &[String]) -> BTreeSet<Goal> {
    let single = labels
        .iter()
        .map(|one| (servers, one.clone(), String::new()));
    let pairs = labels.windows(2).filter_map(|pair| match pair {
        [one, other] => Some((servers, one.clone(), other.clone())),
        _ => None,
    });
    single.chain(pairs).collect()
}

/// One projection that may be chosen.
struct Candidate {
    projected: Projected,
    goals: BTreeSet<Goal>,
    octets: usize,
}

/// The cases among the projections of these global traces, in their order. Equal scripts count once.
#[must_use]
pub(in crate::generate) fn choose(globals: &[Trace]) -> Vec<Trace> {
    let mut scripts: BTreeSet<String> = BTreeSet::new();
    let mut all: Vec<Candidate> = Vec::new();
    let mut globals: Vec<&Trace> = globals.iter().collect();
    globals.sort_by(|one, other| one.id.cmp(&other.id));
    for global in globals {
        for server in &global.servers {
            let Some(projected) = project(global, &server.name) else {
                continue;
            };
            let (servers, steps) = (&projected.trace.servers, &projected.trace.steps);
            let script = serde_json::to_value((servers, steps)).unwrap_or_default();
            if !scripts.insert(script.to_string()) {
                continue;
            }
            let value = serde_json::to_value(&projected.trace).unwrap_or_default();
            all.push(Candidate {
                goals: goals(global.servers.len(), &projected.labels),
                octets: canonical(&value).len(),
                projected,
            });
        }
    }
    let mut chosen = cover(&all);
    let mut others: Vec<usize> = (0..all.len()).filter(|one| !chosen.contains(one)).collect();
    others.sort_by_key(|one| (all.get(*one).map(|one| one.octets), *one));
    let missing = CASES.saturating_sub(chosen.len());
    chosen.extend(others.into_iter().take(missing));
    let all = all.into_iter().enumerate();
    all.filter(|(index, _)| chosen.contains(index))
        .map(|(_, one)| one.projected.trace)
        .collect()
}

/// Greedy: most open goals for an octet first, ties to the earlier.
fn cover(all: &[Candidate]) -> BTreeSet<usize> {
    let mut open: BTreeSet<&Goal> = all.iter().flat_map(|one| &one.goals).collect();
    let mut chosen = BTreeSet::new();
    while !open.is_empty() {
        let met = |one: &Candidate| one.goals.iter().filter(|goal| open.contains(goal)).count();
        let best = all.iter().enumerate().max_by_key(|(index, one)| {
            (
                met(one) * 1_000_000 / one.octets.max(1),
                core::cmp::Reverse(*index),
            )
        });
        let Some((index, one)) = best.filter(|(_, one)| met(one) > 0) else {
            break;
        };
        for goal in &one.goals {
            open.remove(goal);
        }
        chosen.insert(index);
    }
    chosen
}
