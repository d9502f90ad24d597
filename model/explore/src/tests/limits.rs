//! Ends before the end, exact sets, and models at the edges.

use super::*;

fn threads(threads: usize) -> Options {
    Options {
        threads: NonZeroUsize::new(threads).unwrap(),
        ..Options::default()
    }
}

fn run<M>(model: &M, options: &Options) -> Report<M>
where
    M: Model + Sync,
    M::State: Clone + Eq + Hash + Send + Sync,
    M::Action: Clone + Kinds,
{
    search(model, options, &mut |_| {}, &AtomicBool::new(false))
}

/// A tree without an end: every word is a state with two successors.
struct Endless;

#[derive(Clone, Debug)]
struct Bit(bool);

impl Kinds for Bit {
    const KINDS: &'static [&'static str] = &["bit"];
    fn kind(&self) -> usize {
        0
    }
}

impl Model for Endless {
    type State = u128;
    type Action = Bit;
    fn init_states(&self) -> Vec<u128> {
        vec![1]
    }
    fn actions(&self, _: &u128, actions: &mut Vec<Bit>) {
        actions.extend([Bit(false), Bit(true)]);
    }
    fn next_state(&self, &word: &u128, Bit(bit): Bit) -> Option<u128> {
        Some(word << 1 | u128::from(bit))
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("not 37", |_, &word| word != 37),
            Property::sometimes("far away", |_, &word| word == 1 << 100),
        ]
    }
}

#[test]
fn a_violation_at_depth_five_has_five_steps_whatever_else_is_open() {
    for count in 1..=3 {
        let options = Options {
            max_states: Some(20_000),
            ..threads(count)
        };
        let report = run(&Endless, &options);
        let found = report.discovery("not 37").unwrap();
        assert_eq!((found.path.len(), found.path.last()), (5, Some(&37)));
        assert_eq!(report.missing_witnesses, ["far away"]);
        assert_eq!(report.stopped_by, StoppedBy::StateLimit);
    }
}

/// What is said about a search that was stopped is true of a tree that doubles at each level.
fn is_consistent(report: &Report<Endless>) {
    assert!(
        report
            .levels
            .iter()
            .enumerate()
            .all(|(depth, &count)| count == 1 << depth)
    );
    assert_eq!(report.depth, report.levels.len() - 1);
    let known: u64 = report.levels.iter().sum();
    assert!(report.unique >= known && report.unexpanded > 0);
    // Each state that was expanded gave two.
    assert_eq!(report.unique, 2 * (report.unique - report.unexpanded) + 1);
}

#[test]
fn memory_and_time_limits_end_the_search_and_say_what_was_done() {
    for count in [1, 2] {
        let limit = 3_000_000;
        let report = run(
            &Endless,
            &Options {
                max_memory: Some(limit),
                ..threads(count)
            },
        );
        assert_eq!(report.stopped_by, StoppedBy::MemoryLimit);
        assert!(report.peak_octets < 2 * limit, "{}", report.peak_octets);
        assert!(report.unique > 1_000);
        is_consistent(&report);

        let time = Duration::from_millis(30);
        let report = run(
            &Endless,
            &Options {
                max_time: Some(time),
                max_states: Some(4_000_000),
                ..threads(count)
            },
        );
        assert!(matches!(
            report.stopped_by,
            StoppedBy::TimeLimit | StoppedBy::StateLimit
        ));
        is_consistent(&report);
        let report = run(
            &Endless,
            &Options {
                max_time: Some(Duration::ZERO),
                ..threads(count)
            },
        );
        assert_eq!(
            (report.stopped_by, report.unique),
            (StoppedBy::TimeLimit, 1)
        );
    }
}

#[test]
fn a_flag_raised_in_between_ends_the_search() {
    let stop = AtomicBool::new(false);
    let options = Options {
        progress_every: Duration::ZERO,
        ..threads(2)
    };
    let mut told = 0;
    let mut tell = |now: &Progress| {
        told += 1;
        assert!(now.load <= 0.81 && now.queue <= now.unique && now.octets > 0);
        if now.unique > 500 {
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    };
    let report = search(&Endless, &options, &mut tell, &stop);
    assert_eq!(report.stopped_by, StoppedBy::Interrupted);
    assert!(told > 3);
    is_consistent(&report);
}

/// Words whose hash forgets all but four bits, though they are packed well.
struct Forgetful<W>(std::marker::PhantomData<W>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Poor(u16);

impl Hash for Poor {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        (self.0 & 0xf).hash(hasher);
    }
}

impl<W> Model for Forgetful<W> {
    type State = Poor;
    type Action = Bit;
    fn init_states(&self) -> Vec<Poor> {
        vec![Poor(0)]
    }
    fn actions(&self, _: &Poor, actions: &mut Vec<Bit>) {
        actions.extend([Bit(false), Bit(true)]);
    }
    fn next_state(&self, &Poor(word): &Poor, Bit(bit): Bit) -> Option<Poor> {
        Some(Poor((word << 1 | u16::from(bit)) & 0x3ff))
    }
}

impl Packed for Forgetful<u64> {
    type Word = u64;
    fn pack(&self, state: &Poor) -> u64 {
        state.0.into()
    }
}

impl Packed for Forgetful<u128> {
    type Word = u128;
    fn pack(&self, state: &Poor) -> u128 {
        u128::from(state.0) << 100
    }
}

#[test]
fn an_exact_set_finds_what_a_weak_hash_merges() {
    let stop = AtomicBool::new(false);
    for count in [1, 2] {
        let options = threads(count);
        let merged = run(&Forgetful::<u64>(std::marker::PhantomData), &options);
        assert_eq!((merged.unique, merged.exact), (16, false));
        let narrow = search_space(
            &Exact(&Forgetful::<u64>(std::marker::PhantomData)),
            &options,
            None,
            &mut |_| {},
            &stop,
        );
        let wide = search_space(
            &Exact(&Forgetful::<u128>(std::marker::PhantomData)),
            &options,
            None,
            &mut |_| {},
            &stop,
        );
        assert_eq!(
            (narrow.unique, wide.unique, narrow.exact, wide.exact),
            (1_024, 1_024, true, true)
        );
        assert!(narrow.collision_probability() == 0.0 && merged.collision_probability() > 0.0);
    }
}

#[test]
fn more_actions_and_initial_states_than_sixteen_bits_are_told_apart() {
    let many: Vec<u16> = (0..=u16::MAX).collect();
    let star = graphs::Graph {
        starts: many.iter().copied().chain([7]).collect(),
        edges: vec![],
        bad: vec![u16::MAX],
        good: vec![],
        beyond: vec![],
    };
    let report = run(&star, &threads(2));
    assert_eq!((report.unique, report.states), (65_536, 65_537));
    assert_eq!(
        report.discovery("never").unwrap().path.last(),
        Some(&u16::MAX)
    );
    let fan = graphs::Graph {
        starts: vec![0],
        // 0xffff comes at place 65,535 and beyond, 5 before.
        edges: vec![
            (0..70_000)
                .map(|_| Some(5))
                .chain([Some(u16::MAX)])
                .collect(),
        ],
        bad: vec![u16::MAX],
        good: vec![],
        beyond: vec![],
    };
    let report = run(&fan, &threads(2));
    assert_eq!((report.unique, report.states), (3, 70_002));
    assert_eq!(
        report.discovery("never").unwrap().path.last(),
        Some(&u16::MAX)
    );
}

#[test]
fn a_panic_of_the_model_reaches_the_caller() {
    struct Broken;
    impl Model for Broken {
        type State = u128;
        type Action = Bit;
        fn init_states(&self) -> Vec<u128> {
            (0..100).collect()
        }
        fn actions(&self, _: &u128, actions: &mut Vec<Bit>) {
            actions.push(Bit(true));
        }
        fn next_state(&self, &state: &u128, _: Bit) -> Option<u128> {
            assert!(state != 77, "this model breaks at 77");
            Some(state + 100)
        }
    }
    let outcome = std::panic::catch_unwind(|| run(&Broken, &threads(3)).unique);
    assert!(outcome.is_err());
}
