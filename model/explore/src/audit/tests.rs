//! States whose `Hash` and `Eq` disagree on purpose.

use super::*;
use stateright::util::HashableHashSet;
use stateright::{Checker, Property};

/// A clock with two hands on a dial of `hours`: the small one moves when the big one comes round. `S` decides how the
/// hands are compared and hashed.
struct Clock<S> {
    hours: u8,
    make: fn(u8, u8) -> S,
    read: fn(&S) -> (u8, u8),
}

impl<S: Clone + Eq + Hash + Debug> Model for Clock<S> {
    type State = S;
    type Action = ();
    fn init_states(&self) -> Vec<S> {
        vec![(self.make)(0, 0)]
    }
    fn actions(&self, _: &S, actions: &mut Vec<()>) {
        actions.push(());
    }
    fn next_state(&self, state: &S, (): ()) -> Option<S> {
        let (small, big) = (self.read)(state);
        let round = big + 1 == 60;
        let small = if round {
            (small + 1) % self.hours
        } else {
            small
        };
        Some((self.make)(small, if round { 0 } else { big + 1 }))
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("true", |_, _| true)]
    }
}

fn run<S: Clone + Eq + Hash + Debug>(clock: &Clock<S>, options: &Options, pairs: u64) -> Audit<S> {
    audit(clock, options, pairs, &mut |_| {}, &AtomicBool::new(false))
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Honest {
    small: u8,
    big: u8,
}

const HONEST: Clock<Honest> = Clock {
    hours: 12,
    make: |small, big| Honest { small, big },
    read: |state| (state.small, state.big),
};

#[test]
fn states_whose_hash_and_eq_agree_are_proved_to() {
    let audit = run(&HONEST, &Options::default(), 1 << 30);
    assert!(audit.proved() && audit.fault.is_none());
    let all = 12 * 60;
    assert_eq!((audit.states, audit.crossed), (all, all));
    // The window, then every pair.
    let windows = (0..all).map(|place| place.min(WINDOW as u64)).sum::<u64>();
    assert_eq!(audit.pairs, windows + all * (all - 1) / 2);
    assert!(audit.octets >= all * 2 && audit.chance_collisions == 0);
}

/// `Hash` forgets the small hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Forgetful {
    small: u8,
    big: u8,
}

#[expect(clippy::derived_hash_with_manual_eq, reason = "the planted fault")]
#[derive(Clone, Copy, Hash, Debug)]
struct Generous {
    small: u8,
    big: u8,
}

impl Hash for Forgetful {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.big.hash(hasher);
    }
}

/// `Eq` ignores the small hand.
impl PartialEq for Generous {
    fn eq(&self, other: &Self) -> bool {
        self.big == other.big
    }
}
impl Eq for Generous {}

#[test]
fn a_hash_that_forgets_a_field_is_found_and_shown() {
    let clock = Clock {
        hours: 12,
        make: |small, big| Forgetful { small, big },
        read: |state| (state.small, state.big),
    };
    let audit = run(&clock, &Options::default(), 0);
    let (a, b) = (
        Forgetful { small: 0, big: 0 },
        Forgetful { small: 1, big: 0 },
    );
    assert_eq!(audit.fault, Some(Fault::Forgets(a, b)));
    assert!(!audit.proved());
    let text = audit.fault.unwrap().text();
    assert!(
        text.contains("*     small: 0,") && text.contains("*     small: 1,"),
        "{text}"
    );
    assert!(
        text.contains("      big: 0,") && text.contains("derive `Hash`"),
        "{text}"
    );
    // What it costs a search that believes the fingerprint: it ends after one round of the big hand.
    let seen = clock.checker().spawn_bfs().join().unique_state_count();
    assert_eq!(seen, 60);
}

#[test]
fn an_eq_that_ignores_a_field_is_found_near_by_or_by_all_pairs() {
    let clock = Clock {
        hours: 12,
        make: |small, big| Generous { small, big },
        read: |state| (state.small, state.big),
    };
    let near = run(&clock, &Options::default(), 0);
    let Some(Fault::Adds(a, b)) = near.fault else {
        panic!("{near:?}");
    };
    assert_eq!((a.small, a.big, b.small, b.big), (0, 0, 1, 0));
    assert_eq!(near.states, 60);
    // The octets of one side written first, so that equal ones lie more than a window apart.
    let far: Clock<Far> = Clock {
        hours: 12,
        make: |small, big| Far { small, big },
        read: |state| (state.small, state.big),
    };
    let unseen = run(&far, &Options::default(), 0);
    assert!(unseen.fault.is_none() && !unseen.proved());
    let seen = run(&far, &Options::default(), 1 << 30);
    let Some(Fault::Adds(a, b)) = &seen.fault else {
        panic!("{seen:?}");
    };
    assert_eq!((a.big, a.small, b.small), (b.big, 0, 2));
    let text = seen.fault.unwrap().text();
    assert!(
        text.contains("are equal") && text.contains("remedy: derive"),
        "{text}"
    );
}

/// `Eq` ignores the small hand but for its lowest bit.
#[expect(clippy::derived_hash_with_manual_eq, reason = "the planted fault")]
#[derive(Clone, Copy, Hash, Debug)]
struct Far {
    small: u8,
    big: u8,
}
impl PartialEq for Far {
    fn eq(&self, other: &Self) -> bool {
        (self.small % 2, self.big) == (other.small % 2, other.big)
    }
}
impl Eq for Far {}

#[test]
fn sets_side_by_side_without_a_length_run_together() {
    type Sets = [HashableHashSet<u8>; 2];
    let clock: Clock<Sets> = Clock {
        hours: 2,
        make: |small, big| {
            let mut sets = Sets::default();
            sets[usize::from(small)].insert(big);
            sets
        },
        read: |sets| {
            let small = u8::from(sets[0].is_empty());
            let big = sets.iter().flat_map(|set| set.iter()).next();
            (small, big.copied().unwrap())
        },
    };
    let audit = run(&clock, &Options::default(), 0);
    assert!(matches!(audit.fault, Some(Fault::Forgets(..))), "{audit:?}");
}

#[test]
fn limits_end_an_audit_and_it_says_so() {
    let states = Options {
        max_states: Some(100),
        ..Options::default()
    };
    let limited = run(&HONEST, &states, 1 << 30);
    assert_eq!((limited.states, limited.crossed), (100, 100));
    assert!(limited.stopped_by == StoppedBy::StateLimit && !limited.proved());
    let memory = Options {
        max_memory: Some(64),
        ..Options::default()
    };
    let limited = run(&HONEST, &memory, 1 << 30);
    assert!(limited.stopped_by == StoppedBy::MemoryLimit && limited.octets <= 64);
    // All states, but not all pairs.
    let pairs = run(&HONEST, &Options::default(), 1_000);
    assert!(pairs.stopped_by == StoppedBy::Exhausted && !pairs.proved());
    assert_eq!(pairs.crossed, 45);
    let stopped = audit(
        &HONEST,
        &Options::default(),
        9,
        &mut |_| {},
        &AtomicBool::new(true),
    );
    assert!(stopped.stopped_by == StoppedBy::Interrupted && !stopped.proved());
}
