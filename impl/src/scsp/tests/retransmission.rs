//! Acknowledgements, repeats and the limit of repeats.

use crate::wire::scsp::{Csa, Csas, SequenceNumber};

use super::peer::Scripted;
use super::sim::{Fate, Sim};
use super::{key, server};

fn own(key_number: u16, sequence: i32) -> Csas {
    Csas::new(key(key_number), server(2), SequenceNumber(sequence))
}

const FIRST: i32 = i32::MIN + 1;

fn originate(s: &mut Scripted, key_number: u16, body: u8) {
    s.speaker
        .originate(s.now, key(key_number), vec![body])
        .unwrap();
    s.drain();
}

/// Keys and numbers (from the first) of the CSAs sent to a neighbour.
fn keys(s: &Scripted, n: usize) -> Vec<(u8, i32)> {
    s.csas_to(n)
        .iter()
        .map(|(csas, _)| (csas.key.0[3], csas.sequence.0 - FIRST))
        .collect()
}

// R2334-2.3-12, R2334-2.3-13, R2334-2.3-16
#[test]
fn only_the_silent_neighbor_gets_a_repeat() {
    let mut s = Scripted::new(&[1, 3]);
    s.align_all();
    originate(&mut s, 1, 1);
    s.csu_reply(1, &[own(1, FIRST)]);
    s.clear();
    s.pass(1999);
    assert_eq!(s.sent, []);
    s.pass(1);
    assert_eq!((keys(&s, 0), keys(&s, 1)), (vec![(1, 0)], vec![]));
    // R2334-B.2.0.2-03: the repeat is the same frame, hop count and all.
    assert_eq!(s.csas_to(0)[0].0.hop_count, 255);
    s.clear();
    s.pass(2000);
    assert_eq!(keys(&s, 0), [(1, 0)]);
    s.csu_reply(0, &[own(1, FIRST)]);
    s.clear();
    // R2334-2.3-15
    s.pass(2000);
    assert_eq!(keys(&s, 0), []);
}

// R2334-2.3-14, R2334-2.3-19, R2334-2.3-09
#[test]
fn a_repeat_has_only_what_is_not_acknowledged() {
    let mut s = Scripted::new(&[3]);
    s.align(0);
    for n in 1..=4 {
        s.speaker.originate(s.now, key(n), vec![1]).unwrap();
    }
    s.drain();
    s.csu_reply(0, &[own(3, FIRST)]);
    s.csu_reply(0, &[own(1, FIRST)]);
    s.clear();
    s.pass(2000);
    assert_eq!(keys(&s, 0), [(2, 0), (4, 0)]);
}

// R2334-2.3-18, R2334-2.3-20
#[test]
fn only_the_newest_instance_is_repeated() {
    let mut s = Scripted::new(&[3]);
    s.align(0);
    originate(&mut s, 1, 1);
    s.pass(500);
    originate(&mut s, 1, 2);
    s.csu_reply(0, &[own(1, FIRST)]);
    s.clear();
    s.pass(1999);
    assert_eq!(s.csas_to(0), []);
    s.pass(1);
    assert_eq!(keys(&s, 0), [(1, 1)]);
}

// R2334-2.3-17: register C28.
#[test]
fn the_reset_comes_one_interval_after_the_last_repeat() {
    let mut s = Scripted::with(&[3], |config| config.csu_max_rexmt = 2);
    s.align(0);
    originate(&mut s, 1, 1);
    s.clear();
    s.pass(4000);
    assert_eq!(keys(&s, 0), [(1, 0), (1, 0)]);
    s.pass(1999);
    assert_eq!(s.hfsm(0), "bidirectional");
    s.clear();
    s.pass(1);
    assert_eq!((s.hfsm(0), s.cafsm(0)), ("waiting", "down"));
    assert_eq!(keys(&s, 0), []);
    assert_eq!(s.speaker.meters().abnormal, 1);
    // The record is not lost: it is in the next summary.
    s.negotiate(0);
    assert_eq!(s.summaries_to(0), [own(1, FIRST)]);
}

// R2334-2.3-16, R2334-2.3-17: a newer instance has its own count.
#[test]
fn a_newer_instance_starts_counting_again() {
    let mut s = Scripted::with(&[3], |config| config.csu_max_rexmt = 1);
    s.align(0);
    originate(&mut s, 1, 1);
    s.pass(3000);
    originate(&mut s, 1, 2);
    s.pass(3900);
    assert_eq!(s.hfsm(0), "bidirectional");
    s.pass(100);
    assert_eq!(s.hfsm(0), "waiting");
}

// R2334-2.3-25, R2334-2.3-26, R2334-B.2.3-02
#[test]
fn the_same_record_from_the_neighbor_is_an_acknowledgement() {
    let mut s = Scripted::new(&[1, 3]);
    s.align_all();
    let csas = Csas {
        hop_count: 9,
        ..Csas::new(key(1), server(9), SequenceNumber(5))
    };
    s.csu(0, &[Csa { csas, body: &[1] }]);
    assert_eq!(s.csas_to(1).len(), 1);
    s.clear();
    s.csu(1, &[Csa { csas, body: &[1] }]);
    assert_eq!(
        s.replies_to(1),
        [Csas {
            hop_count: 1,
            ..csas
        }]
    );
    s.clear();
    s.pass(2500);
    assert_eq!(s.csas_to(1), []);
}

// R2334-2.3-06: over a line that loses, in both directions, for a while.
#[test]
fn a_lost_flood_and_a_lost_acknowledgement_are_made_good() {
    for lost in ['U', 'R'] {
        let mut sim = Sim::line(3, |_, _| {});
        sim.all_up();
        sim.advance(3000);
        let mut left = 3;
        sim.link = Box::new(move |f| {
            if f.kind() == lost && left > 0 {
                left -= 1;
                return Fate::Lose;
            }
            Fate::Deliver
        });
        sim.originate_and_pump(0, 1, &[4]);
        sim.advance(9000);
        sim.assert_aligned();
        sim.assert_equal_caches();
        assert_eq!(sim.speakers[2].meters().accepted, 1);
    }
}

// R2334-2.3-17, R2334-2.1-19: register D03.
#[test]
fn after_the_limit_two_speakers_find_together_again() {
    let mut sim = Sim::pair(|_, _| {});
    sim.all_up();
    sim.advance(3000);
    sim.link = Box::new(|f| {
        if f.kind() == 'U' {
            Fate::Lose
        } else {
            Fate::Deliver
        }
    });
    sim.originate_and_pump(0, 1, &[4]);
    sim.advance(11_999);
    sim.assert_aligned();
    sim.advance(1);
    assert_eq!(sim.speakers[0].meters().abnormal, 1);
    sim.link = Box::new(|_| Fate::Deliver);
    sim.advance(9000);
    sim.assert_aligned();
    sim.assert_equal_caches();
}

// Finding N03, against register C14's "N ignored": what is echoed is the null record, nothing else of that number.
#[test]
fn the_echo_of_a_null_record_acknowledges_no_record() {
    let mut s = Scripted::new(&[3]);
    s.align(0);
    originate(&mut s, 1, 1);
    let echo = |key_number, sequence| Csas {
        null: true,
        ..own(key_number, sequence)
    };
    s.csu_reply(0, &[echo(1, FIRST), echo(1, FIRST + 5)]);
    s.clear();
    s.pass(2000);
    assert_eq!(keys(&s, 0), [(1, 0)]);
    // A null record itself is acknowledged by its echo.
    s.csu_reply(0, &[own(1, FIRST)]);
    s.send_csus(0, &[own(7, FIRST)]);
    s.csu_reply(0, &[echo(7, FIRST)]);
    s.clear();
    s.pass(2000);
    assert_eq!(keys(&s, 0), []);
}
