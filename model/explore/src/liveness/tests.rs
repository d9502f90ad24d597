//! Faults planted in graphs small enough to be judged by eye, and what stateright's `eventually` makes of them.

use super::*;
use crate::Options;
use crate::graph::Graph;
use stateright::{Checker, Property};
use std::sync::atomic::AtomicBool;

/// A graph as a model: for each state its actions, each with a class and where it leads (`None`: nowhere).
#[derive(Clone, Debug, Default)]
pub(super) struct Small {
    pub(super) rows: Vec<Vec<(Option<u8>, Option<u8>)>>,
    pub(super) initial: Vec<u8>,
    /// Good states, one bit each.
    pub(super) good: u32,
    /// States beyond the boundary, one bit each.
    pub(super) outside: u32,
}

/// An action of a [`Small`] model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Go {
    place: usize,
    pub(super) class: Option<u8>,
}

impl Model for Small {
    type State = u8;
    type Action = Go;
    fn init_states(&self) -> Vec<u8> {
        self.initial.clone()
    }
    fn actions(&self, &state: &u8, actions: &mut Vec<Go>) {
        let row = self.rows[usize::from(state)].iter().enumerate();
        actions.extend(row.map(|(place, &(class, _))| Go { place, class }));
    }
    fn next_state(&self, &state: &u8, action: Go) -> Option<u8> {
        self.rows[usize::from(state)][action.place].1
    }
    fn within_boundary(&self, &state: &u8) -> bool {
        state >= 32 || self.outside >> state & 1 == 0
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::eventually("good", |model, &state| {
            model.good >> state & 1 == 1
        })]
    }
}

impl Small {
    /// Unclassed transitions, from state 0.
    fn new(rows: &[&[u8]], good: &[u8]) -> Self {
        let row = |row: &&[u8]| row.iter().map(|&to| (None, Some(to))).collect();
        Self {
            rows: rows.iter().map(row).collect(),
            initial: vec![0],
            good: good.iter().fold(0, |all, &state| all | 1 << state),
            outside: 0,
        }
    }
    fn with_class(mut self, from: usize, place: usize, class: u8) -> Self {
        self.rows[from][place].0 = Some(class);
        self
    }
    pub(super) fn is_good(&self, state: u8) -> bool {
        state < 32 && self.good >> state & 1 == 1
    }
    pub(super) fn graph(&self) -> Graph<'_, Self> {
        let graph = Graph::build(
            self,
            &Options::default(),
            &mut |_| {},
            &AtomicBool::new(false),
        );
        assert!(graph.is_complete());
        graph
    }
    fn trap(&self) -> Option<Trap<Self>> {
        can_always_reach(&self.graph(), |&state| self.is_good(state)).counterexample()
    }
    fn lasso(&self) -> Option<Lasso<Self>> {
        always_again(&self.graph(), |&state| self.is_good(state), class).counterexample()
    }
    fn stateright_misses(&self) -> bool {
        let checker = self.clone().checker().spawn_bfs().join();
        checker.is_done() && checker.discovery("good").is_none()
    }
}

pub(super) fn class(_: &u8, action: &Go) -> Option<Class> {
    action.class.and_then(Class::new)
}

fn states(stem: &Path<Small>, cycle: &[(Go, u8)]) -> (Vec<u8>, Vec<u8>) {
    (
        stem.0.iter().map(|&(_, state)| state).collect(),
        cycle.iter().map(|&(_, state)| state).collect(),
    )
}

fn trapped(trap: &Trap<Small>) -> (usize, Vec<u8>, Vec<u8>, usize) {
    let (stem, cycle) = states(&trap.lasso.stem, &trap.lasso.cycle);
    (trap.no_return, stem, cycle, trap.states)
}

#[test]
fn a_livelock_on_a_cycle_is_found_that_stateright_misses() {
    let model = Small::new(&[&[1, 3], &[2], &[1], &[]], &[3]);
    assert!(model.stateright_misses());
    assert_eq!(
        trapped(&model.trap().unwrap()),
        (1, vec![0, 1], vec![2, 1], 2)
    );
    let lasso = model.lasso().unwrap();
    assert_eq!(states(&lasso.stem, &lasso.cycle), (vec![0, 1], vec![2, 1]));
}

#[test]
fn a_livelock_on_a_self_loop_is_found_that_stateright_misses() {
    let model = Small::new(&[&[3, 1], &[1], &[], &[]], &[3]);
    assert!(model.stateright_misses());
    assert_eq!(trapped(&model.trap().unwrap()), (1, vec![0, 1], vec![1], 1));
    let lasso = model.lasso().unwrap();
    assert_eq!(states(&lasso.stem, &lasso.cycle), (vec![0, 1], vec![1]));
}

#[test]
fn a_livelock_behind_a_join_is_found_that_stateright_misses() {
    // 1 is good and the first to reach the join at 3; by way of 2 nothing good ever happens.
    for rows in [
        [&[1u8, 2][..], &[3], &[3], &[]],
        [&[1, 2], &[3], &[3], &[3]],
    ] {
        let model = Small::new(&rows, &[1]);
        assert!(model.stateright_misses());
        let trap = model.trap().unwrap();
        // At 2 it is too late; the place that is never left is 3.
        assert_eq!((trap.no_return, trap.lasso.stem.last()), (1, Some(&3)));
    }
}

#[test]
fn once_is_enough_where_only_the_first_state_asks() {
    // As above: the run by way of 1 is good once, the one by way of 2 never is.
    let rows: [&[u8]; 4] = [&[1, 2], &[3], &[3], &[]];
    let once = |model: &Small| {
        let verdict = leads_to(
            &model.graph(),
            |&state| state == 0,
            |&state| model.is_good(state),
            class,
        );
        verdict.counterexample()
    };
    let lasso = once(&Small::new(&rows, &[1])).unwrap();
    assert_eq!(states(&lasso.stem, &lasso.cycle), (vec![0, 2, 3], vec![]));
    assert!(once(&Small::new(&rows, &[1, 2])).is_none());
    assert!(Small::new(&rows, &[1, 2]).lasso().is_some());
}

#[test]
fn correct_systems_pass_all() {
    for model in [
        Small::new(&[&[1], &[2], &[0]], &[2]),
        Small::new(&[&[1, 2], &[3], &[3], &[]], &[3]),
        Small::new(&[&[]], &[0]),
        Small::new(&[&[0]], &[0]),
    ] {
        assert!(
            model.trap().is_none() && model.lasso().is_none(),
            "{model:?}"
        );
        let within = |n| {
            let good = |&state: &u8| model.is_good(state);
            answers_within(&model.graph(), |_| true, good, n, |_| 1)
        };
        assert!(within(2).holds());
    }
}

#[test]
fn a_terminal_state_is_a_trap_and_an_end() {
    let model = Small::new(&[&[1, 2], &[0], &[3], &[]], &[1]);
    let trap = model.trap().unwrap();
    assert_eq!(trapped(&trap), (1, vec![0, 2, 3], vec![], 1));
    assert!(!trap.lasso.crosses_boundary);
    assert!(trap.lasso.text(&model).contains("the run ends"));
    let lasso = model.lasso().unwrap();
    assert_eq!(states(&lasso.stem, &lasso.cycle), (vec![0, 2, 3], vec![]));
}

#[test]
fn weak_fairness_excludes_a_loop_in_which_a_fair_class_stays_enabled() {
    // Waiting at 0 and 1 alternately; leaving for the good 2 is possible in both, or in one of them only.
    let both = Small::new(&[&[1, 2], &[0, 2], &[0]], &[2]);
    let lasso = both.lasso().unwrap();
    assert_eq!(states(&lasso.stem, &lasso.cycle), (vec![0], vec![1, 0]));
    assert!(both.trap().is_none());
    let fair = both.with_class(0, 1, 7).with_class(1, 1, 7);
    assert!(fair.lasso().is_none());
    let one = Small::new(&[&[1, 2], &[0], &[0]], &[2]).with_class(0, 1, 7);
    assert!(one.lasso().is_some());
}

#[test]
fn a_round_meets_every_obligation() {
    // One class is taken on the way round, another is not enabled at 2, so the loop has to pass both.
    let model = Small::new(&[&[1, 4], &[2, 0, 4], &[3], &[0, 4], &[]], &[4])
        .with_class(0, 1, 1)
        .with_class(1, 2, 1)
        .with_class(3, 1, 1)
        .with_class(1, 1, 2);
    let lasso = model.lasso().unwrap();
    assert_eq!(lasso.stem.len(), 0);
    let (_, cycle) = states(&lasso.stem, &lasso.cycle);
    assert!(cycle.contains(&2), "{cycle:?}");
    let text = lasso.text(&model);
    assert!(text.starts_with("in an initial state\nand for ever:\n  1. "));
}

#[test]
fn a_stutter_neither_owes_nor_pays() {
    // At 0 a fair action changes nothing, and an unfair one does not either: the run may stay.
    let mut model = Small::new(&[&[0, 0, 1], &[1]], &[1]).with_class(0, 0, 3);
    assert!(model.lasso().is_some());
    // The way out belongs to the same class: the stutter does not count as having taken it.
    model.rows[0][2].0 = Some(3);
    assert!(model.lasso().is_none());
    // The same where the stuttering action says `None`.
    model.rows[0][0].1 = None;
    assert!(model.lasso().is_none());
}

#[test]
fn an_answer_is_counted_from_each_question() {
    // 0 asks, 4 answers; there is a short way and a long one.
    let model = Small::new(&[&[1, 4], &[2], &[3], &[4], &[4]], &[4]);
    let graph = model.graph();
    let within = |n| {
        let (asks, answers) = (|&state: &u8| state == 0, |&state: &u8| state == 4);
        answers_within(&graph, asks, answers, n, |_| 1)
    };
    assert!(within(4).holds());
    let late = within(3).counterexample().unwrap();
    assert_eq!(
        (late.since, late.counted, late.ends, late.path.len()),
        (0, 4, false, 4)
    );
    // Only what counts is counted.
    let zero = answers_within(&graph, |_| true, |&state| state == 4, 0, |_| 0);
    assert!(zero.holds());
}

#[test]
fn what_a_limit_left_out_is_not_judged() {
    let model = Small::new(&[&[1], &[2], &[3], &[3]], &[0]);
    let options = Options {
        max_states: Some(3),
        ..Options::default()
    };
    let graph = Graph::build(&model, &options, &mut |_| {}, &AtomicBool::new(false));
    assert_eq!(
        (graph.len(), graph.stopped_by(), graph.transitions()),
        (3, crate::StoppedBy::StateLimit, 2)
    );
    assert!(!graph.is_expanded(2));
    let open = can_always_reach(&graph, |&state| model.is_good(state));
    assert!(matches!(open, Verdict::Open));
    let open = always_again(&graph, |&state| model.is_good(state), class);
    assert!(matches!(open, Verdict::Open));
}

#[test]
fn the_boundary_is_part_of_the_model_and_is_named() {
    let mut model = Small::new(&[&[1], &[2], &[]], &[2]);
    model.outside = 1 << 2;
    let trap = model.trap().unwrap();
    assert_eq!(trapped(&trap), (0, vec![0, 1], vec![], 1));
    assert!(trap.lasso.crosses_boundary && model.lasso().unwrap().crosses_boundary);
    assert!(trap.lasso.text(&model).contains("boundary"));
}

#[test]
fn a_graph_stays_within_its_memory() {
    let rows: Vec<Vec<u8>> = (0..250u8).map(|state| vec![state + 1]).collect();
    let rows: Vec<&[u8]> = rows.iter().map(Vec::as_slice).chain([&[][..]]).collect();
    let model = Small::new(&rows, &[0]);
    let options = Options {
        max_memory: Some(1_000),
        ..Options::default()
    };
    let graph = Graph::build(&model, &options, &mut |_| {}, &AtomicBool::new(false));
    assert_eq!(graph.stopped_by(), crate::StoppedBy::MemoryLimit);
    assert!(graph.octets() <= 1_000);
    let stopped = Graph::build(
        &model,
        &Options::default(),
        &mut |_| {},
        &AtomicBool::new(true),
    );
    assert_eq!(stopped.stopped_by(), crate::StoppedBy::Interrupted);
    let whole = model.graph();
    assert!(whole.peak_octets() >= whole.octets() && whole.len() == 251);
}
