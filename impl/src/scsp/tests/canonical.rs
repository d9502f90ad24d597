//! The same situation at two times is one canonical state.

use std::collections::BTreeSet;

use super::super::CanonicalSpeaker;
use super::super::event::NeighborIx;
use super::sim::{Fate, Sim};

fn states(sim: &Sim) -> Vec<CanonicalSpeaker> {
    sim.speakers.iter().map(|s| s.canonical(sim.now)).collect()
}

/// Three in a row that beat once every Hello interval, with two records.
fn beat(sim: &mut Sim) {
    sim.originate_and_pump(0, 1, &[1]);
    sim.originate_and_pump(2, 1, &[3]);
    sim.advance(3000);
}

// R2334-2.2.4-01
#[test]
fn a_quiet_group_comes_back_to_the_same_state() {
    let mut sim = Sim::line(3, |_, _| {});
    sim.all_up();
    // Until the slaves have given up the copies of their last CAs, three intervals later.
    sim.advance(3000 + 9000);
    beat(&mut sim);
    let once = states(&sim);
    for _ in 0..5 {
        beat(&mut sim);
        assert_eq!(states(&sim), once);
    }
    let distinct: BTreeSet<_> = sim
        .speakers
        .iter()
        .map(|s| format!("{:?}", s.canonical(sim.now)))
        .collect();
    assert_eq!(distinct.len(), 3);
}

// R2334-2.3-12, R2334-2.2.3-06
#[test]
fn so_does_one_that_waits_in_the_middle_of_something() {
    let run = |start: u64, ca_start: u32, beats: usize| {
        let mut sim = Sim::pair(|me, config| {
            config.mtu = 92;
            config.ca_start = ca_start + 10_000 * me as u32;
        });
        sim.advance(start);
        sim.all_up();
        sim.advance(3000 + 9000);
        for _ in 0..beats {
            beat_pair(&mut sim);
        }
        sim.link = Box::new(|f| {
            if matches!(f.kind(), 'R' | 'C') {
                Fate::Lose
            } else {
                Fate::Deliver
            }
        });
        sim.originate_and_pump(0, 1, &[1]);
        sim.originate_and_pump(1, 1, &[2]);
        sim.advance(500);
        let waiting = states(&sim);
        sim.link = Box::new(|f| {
            if matches!(f.kind(), 'S') {
                Fate::Lose
            } else {
                Fate::Deliver
            }
        });
        sim.down(0, 1);
        sim.originate_and_pump(1, 2, &[2]);
        sim.up(0, 1);
        sim.advance(4000);
        (waiting, states(&sim))
    };
    assert_eq!(run(0, 0, 1), run(777, u32::MAX - 20_000, 4));
}

fn beat_pair(sim: &mut Sim) {
    sim.originate_and_pump(0, 1, &[1]);
    sim.originate_and_pump(1, 1, &[3]);
    sim.advance(3000);
}

// R2334-2.2-01
#[test]
fn what_differs_shows() {
    let mut sim = Sim::pair(|_, _| {});
    sim.all_up();
    sim.advance(3000);
    let before = sim.speakers[0].canonical(sim.now);
    let mut other = sim.speakers[0].clone();
    other.vc_down(sim.now, NeighborIx(0));
    assert_ne!(other.canonical(sim.now), before);
    let mut other = sim.speakers[0].clone();
    other.fire(crate::io::Time(sim.now.0 + 1));
    assert_ne!(other.canonical(crate::io::Time(sim.now.0 + 1)), before);
    let mut other = sim.speakers[0].clone();
    other.originate(sim.now, super::key(1), vec![]).unwrap();
    assert_ne!(other.canonical(sim.now), before);
}
