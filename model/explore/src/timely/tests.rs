//! The distributed search against the kernel, and against graphs that can be counted by hand.

use super::*;
use crate::StoppedBy;
use crate::tests::graphs::graphs;
use proptest::prelude::*;
use stateright::Property;
use std::sync::atomic::AtomicUsize;

const fn workers(count: usize) -> NonZeroUsize {
    match NonZeroUsize::new(count) {
        Some(count) => count,
        None => NonZeroUsize::MIN,
    }
}

/// A walker in a cube of `side`^3, one step along one axis at a time, with a jump back from the far corner.
struct Cube {
    side: u8,
    broken: bool,
}

/// A place; with `broken`, one that does not survive the journey.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Place {
    at: [u8; 3],
    broken: bool,
}

impl Portable for Place {
    fn write(&self, octets: &mut Vec<u8>) {
        self.at.write(octets);
        (self.broken && self.at != [1, 2, 3]).write(octets);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let (at, broken) = Portable::read(octets)?;
        Some(Self { at, broken })
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Walk {
    Along(usize),
    Home,
}

impl Kinds for Walk {
    const KINDS: &'static [&'static str] = &["along", "home"];
    fn kind(&self) -> usize {
        usize::from(*self == Self::Home)
    }
}

impl Model for Cube {
    type State = Place;
    type Action = Walk;
    fn init_states(&self) -> Vec<Place> {
        vec![Place {
            at: [0; 3],
            broken: self.broken,
        }]
    }
    fn actions(&self, _: &Place, actions: &mut Vec<Walk>) {
        actions.extend([Walk::Along(0), Walk::Along(1), Walk::Along(2), Walk::Home]);
    }
    fn next_state(&self, place: &Place, action: Walk) -> Option<Place> {
        let last = self.side - 1;
        let mut next = *place;
        match action {
            Walk::Along(axis) if next.at[axis] < last => next.at[axis] += 1,
            Walk::Home if next.at == [last; 3] => next.at = [0; 3],
            _ => return None,
        }
        Some(next)
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("inside", |cube: &Self, place: &Place| {
                place.at.iter().all(|&at| at < cube.side)
            }),
            Property::always("never at depth 5", |_: &Self, place: &Place| {
                place.at != [2, 2, 1]
            }),
            Property::sometimes("far corner", |cube: &Self, place: &Place| {
                place.at == [cube.side - 1; 3]
            }),
            Property::sometimes("nowhere", |_: &Self, place: &Place| place.at[0] == 200),
            Property::always("never far out", |_: &Self, place: &Place| place.at[0] < 9),
        ]
    }
    fn within_boundary(&self, place: &Place) -> bool {
        place.at[2] < 12
    }
}

fn cube(side: u8) -> Cube {
    Cube {
        side,
        broken: false,
    }
}

fn search_with(cube: &Cube, options: &Options, cluster: &Cluster) -> Result<Outcome<Cube>, Error> {
    search(cube, options, cluster, &mut |_| {}, &AtomicBool::new(false))
}

/// Free addresses on loopback.
fn loopback(count: usize) -> Vec<String> {
    let listeners: Vec<_> = (0..count)
        .map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    listeners
        .iter()
        .map(|listener| listener.local_addr().unwrap().to_string())
        .collect()
}

fn cluster(hosts: &[String], process: usize) -> Cluster {
    Cluster {
        hosts: hosts.to_vec(),
        process,
        ..Cluster::threads(workers(1))
    }
}

fn assert_same<M: Model>(ours: &Report<M>, theirs: &Report<M>) {
    assert_eq!(
        (ours.unique, ours.states, ours.depth, &ours.levels),
        (theirs.unique, theirs.states, theirs.depth, &theirs.levels)
    );
    assert_eq!(ours.action_counts, theirs.action_counts);
    assert_eq!(ours.stopped_by, theirs.stopped_by);
    assert_eq!(
        (&ours.held, &ours.missing_witnesses),
        (&theirs.held, &theirs.missing_witnesses)
    );
    let lengths = |report: &Report<M>| {
        let mut lengths: Vec<_> = report
            .discoveries
            .iter()
            .map(|discovery| {
                (
                    discovery.property,
                    discovery.violation,
                    discovery.path.len(),
                )
            })
            .collect();
        lengths.sort_unstable();
        lengths
    };
    assert_eq!(lengths(ours), lengths(theirs));
}

fn paths(report: &Report<Cube>) -> Vec<Vec<Walk>> {
    let discoveries = report.discoveries.iter();
    discoveries
        .map(|discovery| discovery.path.actions())
        .collect()
}

#[test]
fn any_number_of_workers_counts_as_the_kernel_does_and_finds_the_same_way() {
    let cube = cube(14);
    let kernel = crate::search(
        &cube,
        &Options::default(),
        &mut |_| {},
        &AtomicBool::new(false),
    );
    let mut ways = Vec::new();
    for count in [1, 2, 3, 5] {
        let outcome = search_with(
            &cube,
            &Options::default(),
            &Cluster::threads(workers(count)),
        )
        .unwrap();
        let report = &outcome.report;
        assert_same(report, &kernel);
        assert_eq!((report.unexpanded, report.threads), (0, count));
        // 14 x 14 x 12 places within the boundary.
        assert_eq!(report.unique, 2_352);
        let violation = report.discovery("never at depth 5").unwrap();
        assert!(violation.violation);
        assert_eq!(violation.path.len(), 5);
        assert_eq!(violation.path.last().map(|place| place.at), Some([2, 2, 1]));
        assert!(
            outcome
                .shares
                .iter()
                .all(|share| share.unique > 2_352 / 2 / count as u64)
        );
        assert_eq!(outcome.socket_octets, 0);
        ways.push(paths(report));
    }
    assert!(ways.iter().all(|way| *way == ways[0]), "{ways:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_graphs_are_counted_as_the_kernel_counts_them(graph in graphs(), count in 1usize..4) {
        let stop = AtomicBool::new(false);
        let (options, cluster) = (Options::default(), Cluster::threads(workers(count)));
        let outcome = search(&graph, &options, &cluster, &mut |_| {}, &stop).unwrap();
        assert_same(&outcome.report, &crate::search(&graph, &options, &mut |_| {}, &stop));
    }
}

#[test]
fn three_processes_over_loopback_report_alike() {
    let hosts = loopback(3);
    let kernel = crate::search(
        &cube(9),
        &Options::default(),
        &mut |_| {},
        &AtomicBool::new(false),
    );
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|process| {
                let cluster = Cluster {
                    workers: workers(2),
                    ..cluster(&hosts, process)
                };
                scope.spawn(move || search_with(&cube(9), &Options::default(), &cluster).unwrap())
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for outcome in &outcomes {
        assert_same(&outcome.report, &kernel);
        assert_eq!(paths(&outcome.report), paths(&outcomes[0].report));
        assert_eq!(outcome.shares, outcomes[0].shares);
        assert!(outcome.shares.len() == 6 && outcome.socket_octets > 0);
    }
}

#[test]
fn a_state_that_changes_on_its_way_is_an_error_and_not_a_wrong_count() {
    let cube = Cube {
        side: 6,
        broken: true,
    };
    // Alone nothing travels.
    assert!(search_with(&cube, &Options::default(), &Cluster::threads(workers(1))).is_ok());
    let found = (2..9).any(|count| {
        let outcome = search_with(
            &cube,
            &Options::default(),
            &Cluster::threads(workers(count)),
        );
        match outcome {
            // The one state that its codec spoils was nowhere sent.
            Ok(outcome) => {
                assert_eq!(outcome.report.unique, 216);
                false
            }
            Err(error) => matches!(error, Error::Codec { octets } if octets.contains("010203")),
        }
    });
    assert!(found);
}

#[test]
fn flags_and_limits_end_the_search_at_every_worker() {
    let large = cube(200);
    let two = Cluster::threads(workers(2));
    let stop = AtomicBool::new(false);
    let calls = AtomicUsize::new(0);
    let options = Options {
        progress_every: Duration::from_millis(1),
        ..Options::default()
    };
    let stopped = search(
        &large,
        &options,
        &two,
        &mut |_| {
            calls.fetch_add(1, Ordering::Relaxed);
            stop.store(true, Ordering::Relaxed);
        },
        &stop,
    );
    let stopped = stopped.unwrap().report;
    assert_eq!(stopped.stopped_by, StoppedBy::Interrupted);
    assert!(calls.load(Ordering::Relaxed) > 0 && stopped.unexpanded > 0);

    let limited = |options| search_with(&large, &options, &two).unwrap().report;
    let few = limited(Options {
        max_states: Some(5_000),
        ..Options::default()
    });
    assert_eq!(few.stopped_by, StoppedBy::StateLimit);
    assert!((5_000..50_000).contains(&few.unique), "{}", few.unique);
    let short = limited(Options {
        max_time: Some(Duration::ZERO),
        ..Options::default()
    });
    assert_eq!(short.stopped_by, StoppedBy::TimeLimit);
    let small = limited(Options {
        max_memory: Some(1 << 20),
        ..Options::default()
    });
    assert_eq!(small.stopped_by, StoppedBy::MemoryLimit);
    let decided = limited(Options {
        until: Some("never at depth 5".into()),
        ..Options::default()
    });
    // The whole of level 5, and nothing of the next: as many places as ways to write 5 as a sum of three.
    assert_eq!((decided.stopped_by, decided.depth), (StoppedBy::Decided, 5));
    assert_eq!(decided.levels, [1, 3, 6, 10, 15, 21]);
}

#[test]
fn who_never_comes_who_differs_and_who_is_not_listed_are_named() {
    let hosts = loopback(2);
    let waiting = Cluster {
        connect_within: Duration::from_millis(200),
        ..cluster(&hosts, 0)
    };
    let error = search_with(&cube(3), &Options::default(), &waiting)
        .err()
        .unwrap();
    assert!(
        matches!(error, Error::NeverCame { process: 1, .. }),
        "{error}"
    );
    assert!(error.to_string().contains(&hosts[1]), "{error}");

    let caller = Cluster {
        process: 1,
        ..waiting.clone()
    };
    let error = search_with(&cube(3), &Options::default(), &caller)
        .err()
        .unwrap();
    assert!(
        matches!(error, Error::NeverCame { process: 0, .. }),
        "{error}"
    );

    let stranger = Cluster {
        process: 2,
        ..waiting
    };
    let error = search_with(&cube(3), &Options::default(), &stranger)
        .err()
        .unwrap();
    assert!(
        matches!(
            error,
            Error::NoSuchProcess {
                process: 2,
                hosts: 2
            }
        ),
        "{error}"
    );

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = search_with(
        &cube(3),
        &Options::default(),
        &cluster(&[address, hosts[1].clone()], 0),
    );
    assert!(matches!(error, Err(Error::Listen { .. })));

    let hosts = loopback(2);
    let errors: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = [3, 4]
            .into_iter()
            .enumerate()
            .map(|(process, identity)| {
                let cluster = Cluster {
                    identity,
                    connect_within: Duration::from_secs(5),
                    ..cluster(&hosts, process)
                };
                scope.spawn(move || search_with(&cube(3), &Options::default(), &cluster).err())
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for error in errors {
        assert!(matches!(error, Some(Error::Differs { .. })), "{error:?}");
    }
}

#[test]
fn a_file_of_hosts_is_read() {
    let text = "# ours\n one:4000 \n\n127.0.0.1:4001 # the second\n";
    assert_eq!(Cluster::hosts(text), ["one:4000", "127.0.0.1:4001"]);
}
