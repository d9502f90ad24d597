//! Which projections become cases: a small set of beginnings of projections that shows every label, every pair
//! of consecutive ones, and then the shortest of the rest until the suite has its number of cases. What is chosen
//! depends on the set of paths alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{project, project_until};
use crate::trace::Trace;

/// Projected cases of the suite.
pub(super) const CASES: usize = 312;
/// Longest row of labels that is a goal.
const LONGEST: usize = 2;
/// What the steps before a path cost, in steps of it.
const PROLOGUE: usize = 6;

/// One projection that may be chosen.
struct Candidate<'t> {
    global: &'t Trace,
    server: &'t str,
    /// A number for each label; equal labels in groups of as many servers have equal ones.
    labels: Vec<usize>,
}

/// A row of labels.
type Row = Vec<usize>;

impl Candidate<'_> {
    /// The rows of so many labels that are not shown yet, and how many labels it takes to show them.
    fn open(&self, length: usize, shown: &BTreeSet<Row>) -> (usize, usize) {
        let rows = self.labels.windows(length).enumerate();
        let mut new: BTreeSet<&[usize]> = BTreeSet::new();
        let mut until = 0;
        for (from, row) in rows.filter(|(_, row)| !shown.contains(*row)) {
            if new.insert(row) {
                until = from + length;
            }
        }
        (new.len(), until)
    }
}

/// What is chosen.
#[derive(Default)]
struct Cases {
    chosen: BTreeMap<String, Trace>,
    scripts: BTreeSet<String>,
}

impl Cases {
    /// Takes a projection up to so many steps, unless its script is there.
    fn add(&mut self, one: &Candidate<'_>, until: usize) {
        let Some(projected) = project_until(one.global, one.server, until) else {
            return;
        };
        let trace = projected.trace;
        let script = serde_json::to_string(&(&trace.servers, &trace.steps)).unwrap_or_default();
        if self.scripts.insert(script) {
            self.chosen.insert(trace.id.clone(), trace);
        }
    }
}

/// The cases among the projections of these global traces. Equal scripts count once.
#[must_use]
pub(in crate::generate) fn choose(globals: &[Trace]) -> Vec<Trace> {
    let mut globals: Vec<&Trace> = globals.iter().collect();
    globals.sort_by(|one, other| one.id.cmp(&other.id));
    let mut numbers: BTreeMap<(usize, String), usize> = BTreeMap::new();
    let mut all: Vec<Candidate<'_>> = Vec::new();
    for global in globals {
        for server in &global.servers {
            let Some(projected) = project(global, &server.name) else {
                continue;
            };
            let labels = projected.labels.into_iter().map(|label| {
                let next = numbers.len();
                *numbers.entry((global.servers.len(), label)).or_insert(next)
            });
            all.push(Candidate {
                global,
                server: &server.name,
                labels: labels.collect(),
            });
        }
    }
    let mut cases = Cases::default();
    let mut shown: BTreeSet<Row> = BTreeSet::new();
    for length in 1..=LONGEST {
        // Greedy: most open rows for a step first, ties to the earlier.
        while let Some(((_, until), index)) = all
            .iter()
            .enumerate()
            .map(|(index, one)| (one.open(length, &shown), index))
            .filter(|((open, _), _)| *open > 0)
            .max_by_key(|((open, until), index)| {
                let gain = open * 1_000 / (until + PROLOGUE);
                (gain, core::cmp::Reverse(*index))
            })
        {
            let one = all.remove(index);
            for length in 1..=LONGEST {
                let labels = one.labels.get(..until).unwrap_or(&one.labels);
                shown.extend(labels.windows(length).map(<[usize]>::to_vec));
            }
            cases.add(&one, until);
        }
    }
    // Labels are coarse: others differ in who it is, or in the order of what they hide.
    all.sort_by_key(|one| one.labels.len());
    for one in &all {
        if cases.chosen.len() < CASES {
            cases.add(one, usize::MAX);
        }
    }
    cases.chosen.into_values().collect()
}
