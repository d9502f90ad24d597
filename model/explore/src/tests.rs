//! The search against graphs that can be counted by hand, and against stateright's own.

pub(crate) mod graphs;
mod limits;

use super::*;
use stateright::{Checker, Property};
use std::collections::{BTreeMap, BTreeSet};

/// A walker on a grid of `side` x `side`, one step right or up at a time; from the far corner back to the start.
struct Grid {
    side: u8,
}

#[derive(Clone, Debug, PartialEq)]
enum Walk {
    Right,
    Up,
    Home,
}

impl Kinds for Walk {
    const KINDS: &'static [&'static str] = &["right", "up", "home"];
    fn kind(&self) -> usize {
        match self {
            Self::Right => 0,
            Self::Up => 1,
            Self::Home => 2,
        }
    }
}

impl Model for Grid {
    type State = (u8, u8);
    type Action = Walk;
    fn init_states(&self) -> Vec<(u8, u8)> {
        vec![(0, 0)]
    }
    fn actions(&self, _: &(u8, u8), actions: &mut Vec<Walk>) {
        actions.extend([Walk::Right, Walk::Up, Walk::Home]);
    }
    fn next_state(&self, &(x, y): &(u8, u8), action: Walk) -> Option<(u8, u8)> {
        let last = self.side - 1;
        match action {
            Walk::Right => (x < last).then(|| (x + 1, y)),
            Walk::Up => (y < last).then(|| (x, y + 1)),
            Walk::Home => (x == last && y == last).then_some((0, 0)),
        }
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("inside", |grid, &(x, y)| x < grid.side && y < grid.side),
            Property::always("never at 3,2", |_, &state| state != (3, 2)),
            Property::sometimes("far corner", |grid, &(x, y)| {
                x == grid.side - 1 && y == grid.side - 1
            }),
            Property::sometimes("nowhere", |_, &(x, _)| x == 200),
        ]
    }
}

#[test]
fn grid_is_counted_exactly_and_paths_are_shortest() {
    let grid = Grid { side: 9 };
    let report = search(
        &grid,
        &Options::default(),
        &mut |_| {},
        &AtomicBool::new(false),
    );
    assert_eq!(
        (report.unique, report.depth, report.stopped_by),
        (81, 16, StoppedBy::Exhausted)
    );
    // 72 steps right, 72 up, one home, one initial state.
    assert_eq!(report.states, 146);
    assert_eq!(
        report.action_counts,
        [("right", 72), ("up", 72), ("home", 1)]
    );
    assert_eq!(report.levels.iter().sum::<u64>(), 81);
    assert_eq!(report.levels.get(8), Some(&9));
    assert_eq!(
        (report.held.as_slice(), report.missing_witnesses.as_slice()),
        (&["inside"][..], &["nowhere"][..])
    );
    let violation = report.discovery("never at 3,2").unwrap();
    assert!(violation.violation && !report.is_clean());
    assert_eq!(
        (violation.path.len(), violation.path.last()),
        (5, Some(&(3, 2)))
    );
    assert_eq!(
        report
            .discovery("far corner")
            .map(|discovery| discovery.path.len()),
        Some(16)
    );
}

#[test]
fn labels_are_reached_by_shortest_paths() {
    let grid = Grid { side: 5 };
    let label =
        |&(x, y): &(u8, u8), action: &Walk| (*action == Walk::Up && x == 2).then_some(u32::from(y));
    let report = search_labelled(
        &grid,
        &Options::default(),
        Some(&label),
        &mut |_| {},
        &AtomicBool::new(false),
    );
    let lengths: Vec<_> = report
        .labels
        .iter()
        .map(|(&label, path)| (label, path.len()))
        .collect();
    // The step up from the top row is not possible, but the label is asked for before that is known.
    assert_eq!(lengths, [(0, 3), (1, 4), (2, 5), (3, 6), (4, 6)]);
    assert_eq!(
        report.labels.get(&1).map(|path| path.last().copied()),
        Some(Some((2, 2)))
    );
}

#[test]
fn a_raised_flag_a_limit_and_a_decided_property_end_the_search() {
    let grid = Grid { side: 200 };
    let (none, raised) = (AtomicBool::new(false), AtomicBool::new(true));
    let run = |options: &Options, flag| search(&grid, options, &mut |_| {}, flag);
    let stopped = run(&Options::default(), &raised);
    assert_eq!(stopped.stopped_by, StoppedBy::Interrupted);
    let limited = run(
        &Options {
            max_states: Some(500),
            ..Options::default()
        },
        &none,
    );
    assert_eq!(limited.stopped_by, StoppedBy::StateLimit);
    assert!((500..2_000).contains(&limited.unique));
    let decided = run(
        &Options {
            until: Some("never at 3,2".into()),
            ..Options::default()
        },
        &none,
    );
    assert_eq!(decided.stopped_by, StoppedBy::Decided);
    assert!(decided.unique < 100);
}

#[test]
fn two_seeds_and_stateright_count_alike() {
    let grid = || Grid { side: 60 };
    let theirs = grid().checker().spawn_bfs().join().unique_state_count();
    for seed in [0, 1, 0xffff_ffff_ffff_ffff] {
        let options = Options {
            seed,
            ..Options::default()
        };
        let ours = search(&grid(), &options, &mut |_| {}, &AtomicBool::new(false));
        assert_eq!((ours.unique, theirs), (3_600, 3_600));
        assert!(ours.collision_probability() < 1e-9 && ours.bytes_per_state > 0.0);
    }
}
