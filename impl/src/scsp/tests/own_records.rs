//! A server's own records: numbers, and what it does when the net knows better (register C08, C11).

use crate::wire::scsp::{Csa, Csas, SequenceNumber};

use super::super::event::{NeighborIx, SpeakerEvent};
use super::peer::Scripted;
use super::sim::Sim;
use super::{content, events, key, server};

fn own(key_number: u16, sequence: i32) -> Csas {
    Csas::new(key(key_number), server(2), SequenceNumber(sequence))
}

fn returned(s: &mut Scripted) -> Vec<(u8, i32, bool, Option<Vec<u8>>)> {
    events(&mut s.speaker)
        .into_iter()
        .filter_map(|e| match e {
            SpeakerEvent::OwnReturned {
                key,
                sequence,
                held,
                body,
                ..
            } => Some((key.0[3], sequence.0, held, body.map(|b| b.to_vec()))),
            _ => None,
        })
        .collect()
}

// R2334-B.2.0.2-09, R2334-B.2.0.2-12, R2334-B.2.0.2-13
#[test]
fn numbers_begin_at_the_bottom_and_go_up_by_one() {
    let mut s = Scripted::new(&[3]);
    let numbers: Vec<_> = (0..3)
        .map(|_| s.speaker.originate(s.now, key(1), vec![1]).unwrap())
        .collect();
    let first = SequenceNumber::FIRST;
    assert_eq!(numbers, [first, first.next(), first.next().next()]);
}

// R2334-2.3-21, R2334-B.2.0.2-16, R2334-B.2.0.2-17
#[test]
fn a_larger_number_for_a_held_key_is_reported_and_never_fetched() {
    for how in ["ca", "csu", "reply"] {
        let mut s = Scripted::new(&[3]);
        s.speaker.originate(s.now, key(1), vec![1]).unwrap();
        s.negotiate(0);
        let theirs = own(1, 70);
        if how == "ca" {
            s.summarize(0, &[theirs]);
        } else {
            s.summarize(0, &[]);
            s.send_csus(0, &[own(1, i32::MIN + 1)]);
            s.clear();
            match how {
                "csu" => s.csu(
                    0,
                    &[Csa {
                        csas: theirs,
                        body: &[9],
                    }],
                ),
                _ => s.csu_reply(0, &[theirs]),
            }
        }
        assert_eq!(s.asked(0), [], "{how}");
        assert_eq!(s.cafsm(0), "aligned");
        let body = (how == "csu").then(|| vec![9]);
        assert_eq!(returned(&mut s), [(1, 70, true, body)]);
        assert_eq!(s.speaker.get(server(2), key(1)).unwrap().body, [1]);
        // Register H07: what came is acknowledged.
        if how == "csu" {
            assert_eq!(s.replies_to(0), [theirs]);
        }
        s.clear();
        let number = s
            .speaker
            .originate_above(s.now, key(1), SequenceNumber(70), vec![1])
            .unwrap();
        s.drain();
        assert_eq!(number, SequenceNumber(70 + 0x1_0000));
        let once = s
            .speaker
            .originate_above(s.now, key(1), SequenceNumber(70), vec![1]);
        s.drain();
        assert_eq!(once, Some(number));
        assert_eq!(
            s.csas_to(0),
            [(
                Csas {
                    hop_count: 255,
                    ..own(1, number.0)
                },
                vec![1]
            )]
        );
    }
}

// R2334-2.2.2.1-01: register C08, B11.
#[test]
fn an_own_record_that_is_not_held_is_fetched_and_not_installed() {
    let mut s = Scripted::new(&[3]);
    s.negotiate(0);
    s.summarize(0, &[own(4, 70)]);
    assert_eq!(s.asked(0), [own(4, 70)]);
    s.csu(
        0,
        &[Csa {
            csas: own(4, 70),
            body: &[9],
        }],
    );
    assert_eq!(s.cafsm(0), "aligned");
    assert_eq!(returned(&mut s), [(4, 70, false, Some(vec![9]))]);
    assert!(s.speaker.get(server(2), key(4)).is_none());
}

// R2334-2.3-22: register C08.
#[test]
fn an_own_record_with_a_smaller_or_equal_number_changes_nothing() {
    let mut s = Scripted::new(&[3]);
    s.align(0);
    s.speaker.originate(s.now, key(1), vec![1]).unwrap();
    s.speaker.originate(s.now, key(1), vec![1]).unwrap();
    s.drain();
    s.acknowledge_all(0);
    s.clear();
    let held = own(1, i32::MIN + 2);
    s.csu(
        0,
        &[Csa {
            csas: own(1, i32::MIN + 1),
            body: &[1],
        }],
    );
    s.csu(
        0,
        &[Csa {
            csas: held,
            body: &[1],
        }],
    );
    assert_eq!(s.replies_to(0), [held, held]);
    assert_eq!(returned(&mut s), []);
    assert_eq!(s.csas_to(0), []);
}

// R2334-B.2.0.2-14, R2334-B.2.0.2-15: register C11, H13.
#[test]
fn a_used_up_key_is_purged_and_the_acknowledgement_is_told() {
    let mut s = Scripted::new(&[1, 3]);
    s.align_all();
    let last = SequenceNumber::LAST;
    let below = SequenceNumber(last.0 - 0x2_0000);
    assert!(
        s.speaker
            .originate_above(s.now, key(1), below, vec![1])
            .is_some()
    );
    // Register C11: never into the last 2^16 numbers.
    let near = SequenceNumber(last.0 - 0xffff);
    assert_eq!(
        s.speaker.originate_above(s.now, key(1), near, vec![1]),
        None
    );
    assert_eq!(
        s.speaker.originate_above(s.now, key(1), last, vec![1]),
        None
    );
    s.drain();
    s.speaker.purge(s.now, key(1), vec![4]);
    s.drain();
    assert_eq!(s.speaker.originate(s.now, key(1), vec![1]), None);
    let purged = |s: &mut Scripted| {
        events(&mut s.speaker)
            .iter()
            .any(|e| matches!(e, SpeakerEvent::PurgeAcknowledged { key: k, .. } if *k == key(1)))
    };
    s.csu_reply(0, &[own(1, i32::MAX)]);
    assert!(!purged(&mut s));
    assert!(s.speaker.is_unacknowledged(server(2), key(1)));
    s.csu_reply(1, &[own(1, i32::MAX)]);
    assert!(purged(&mut s));
    assert!(!s.speaker.is_unacknowledged(server(2), key(1)));
}

// R2334-B.2.0.2-15: register C11, as receiver of a literal peer.
#[test]
fn a_peer_may_begin_a_purged_key_again() {
    let mut s = Scripted::new(&[1, 3]);
    s.align_all();
    let foreign = |sequence| Csas {
        hop_count: 9,
        ..Csas::new(key(1), server(9), SequenceNumber(sequence))
    };
    s.csu(
        0,
        &[Csa {
            csas: foreign(i32::MAX),
            body: &[4],
        }],
    );
    s.csu(
        0,
        &[Csa {
            csas: foreign(i32::MIN + 1),
            body: &[5],
        }],
    );
    // Not before the other neighbour has the purge.
    assert_eq!(s.speaker.get(server(9), key(1)).unwrap().body, [4]);
    s.csu_reply(
        1,
        &[Csas {
            hop_count: 1,
            ..foreign(i32::MAX)
        }],
    );
    s.csu(
        0,
        &[Csa {
            csas: foreign(i32::MIN + 1),
            body: &[5],
        }],
    );
    assert_eq!(s.speaker.get(server(9), key(1)).unwrap().body, [5]);
}

// R2334-B.2.0.2-16: a restart, with a group that remembers.
#[test]
fn a_restarted_server_learns_of_its_former_life() {
    let mut sim = Sim::line(3, |_, _| {});
    sim.all_up();
    sim.advance(3000);
    sim.originate_and_pump(0, 1, &[1]);
    sim.originate_and_pump(0, 2, &[2]);
    sim.down(0, 1);
    let mut config = sim.speakers[0].config().clone();
    config.ca_start = 77_000;
    sim.speakers[0] = super::Speaker::new(config, sim.now);
    sim.events[0].clear();
    sim.originate(0, 1, &[9]);
    sim.up(0, 1);
    sim.advance(3000);
    sim.assert_aligned();
    let told = |sim: &Sim| {
        sim.events[0]
            .iter()
            .filter(|e| matches!(e, SpeakerEvent::OwnReturned { .. }))
            .count()
    };
    // Key 2 was not held; key 1 had the same number, which cannot be told from its former content
    // (register C12): that is what incarnations in keys are for.
    assert_eq!(told(&sim), 1);
    let above = SequenceNumber::FIRST;
    let now = sim.now;
    sim.speakers[0]
        .originate_above(now, key(2), above, vec![0])
        .unwrap();
    sim.originate_and_pump(0, 1, &[9]);
    sim.assert_equal_caches();
    assert_eq!(content(&sim.speakers[2]).len(), 2);
}

// R2334-B.2.0.2-15: register C11, H13.
#[test]
fn a_purge_that_nobody_is_left_to_acknowledge_is_told_once() {
    let told = |s: &mut Scripted| -> Vec<u8> {
        let events = events(&mut s.speaker).into_iter();
        let keys = events.filter_map(|e| match e {
            SpeakerEvent::PurgeAcknowledged { key, .. } => Some(key.0[3]),
            _ => None,
        });
        keys.collect()
    };
    let purge = |s: &mut Scripted, k| {
        s.speaker.purge(s.now, key(k), vec![4]);
        s.drain();
    };
    let mut s = Scripted::new(&[1, 3]);
    // No neighbour knows of it.
    purge(&mut s, 9);
    assert_eq!(told(&mut s), [9]);
    s.align_all();
    s.pass(0);
    told(&mut s);
    for k in [3, 1, 2] {
        purge(&mut s, k);
    }
    s.csu_reply(0, &[own(1, i32::MAX), own(3, i32::MAX)]);
    s.csu_reply(1, &[own(2, i32::MAX), own(3, i32::MAX)]);
    assert_eq!(told(&mut s), [3]);
    // What waits for a neighbour that goes is told when it goes, in order of keys.
    purge(&mut s, 4);
    s.csu_reply(1, &[own(4, i32::MAX)]);
    for n in [0, 1] {
        s.speaker.vc_down(s.now, NeighborIx(n));
        let expected: &[u8] = if n == 0 { &[2, 4] } else { &[1] };
        assert_eq!(told(&mut s), expected);
    }
    s.pass(60_000);
    assert_eq!(told(&mut s), []);
}
