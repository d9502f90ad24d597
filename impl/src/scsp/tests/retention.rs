//! How long ended records and quarantines last.

use crate::wire::scsp::{Csa, Csas, SequenceNumber};

use super::super::event::SpeakerEvent;
use super::peer::Scripted;
use super::{Time, events, key, server};

fn foreign(key_number: u16, sequence: i32) -> Csas {
    Csas {
        hop_count: 9,
        ..Csas::new(key(key_number), server(9), SequenceNumber(sequence))
    }
}

fn learn(s: &mut Scripted, key_number: u16, sequence: i32) {
    s.csu(
        0,
        &[Csa {
            csas: foreign(key_number, sequence),
            body: &[1],
        }],
    );
}

/// Two Aligned neighbours; tombstones are kept 100 s, quarantines 1000 s.
fn two() -> Scripted {
    let mut s = Scripted::with(&[1, 3], |config| {
        config.tombstone_ms = 100_000;
        config.quarantine_ms = 1_000_000;
        config.csu_max_rexmt = 1000;
    });
    s.align_all();
    s
}

/// Names of the events since the last call that tell of an end.
fn ends(s: &mut Scripted) -> Vec<(&'static str, u64, u8)> {
    events(&mut s.speaker)
        .into_iter()
        .filter_map(|event| match event {
            SpeakerEvent::Expired { at, key, .. } => Some(("expired", at.0, key.0[3])),
            SpeakerEvent::GivenUp { at, origin } => Some(("given up", at.0, origin.0[3])),
            _ => None,
        })
        .collect()
}

fn is_cached(s: &Scripted, key_number: u16) -> bool {
    s.speaker.get(server(9), key(key_number)).is_some()
}

// Register C06: at an exact deadline, not before, summarised until then.
#[test]
fn a_tombstone_is_kept_for_its_time_and_no_longer() {
    let mut s = two();
    learn(&mut s, 1, 5);
    s.speaker.entomb(s.now, server(9), key(1));
    s.acknowledge_all(1);
    s.pass(99_999);
    assert!(is_cached(&s, 1));
    s.renegotiate(1, &[]);
    assert_eq!(
        s.summaries_to(1),
        [Csas {
            hop_count: 1,
            ..foreign(1, 5)
        }]
    );
    s.pass(1);
    assert!(!is_cached(&s, 1));
    assert_eq!(ends(&mut s), [("expired", 100_000, 1)]);
    assert_eq!(s.speaker.meters().expired, 1);
    // What is not there cannot end.
    s.speaker.entomb(s.now, server(9), key(1));
    s.pass(100_000);
    assert_eq!(ends(&mut s), []);
}

// Register C06: a record that lives again is kept, and one that ends again has its time anew.
#[test]
fn a_record_that_lives_again_does_not_expire() {
    let mut s = two();
    learn(&mut s, 1, 5);
    s.speaker.entomb(s.now, server(9), key(1));
    s.pass(60_000);
    learn(&mut s, 1, 6);
    s.speaker.exhume(server(9), key(1));
    s.pass(200_000);
    assert!(is_cached(&s, 1));
    learn(&mut s, 1, 7);
    s.acknowledge_all(1);
    s.speaker.entomb(s.now, server(9), key(1));
    s.pass(50_000);
    s.speaker.entomb(s.now, server(9), key(1));
    s.pass(99_999);
    assert!(is_cached(&s, 1));
    s.pass(1);
    assert!(!is_cached(&s, 1));
}

// Register C06: nobody who has yet to acknowledge it loses it.
#[test]
fn a_tombstone_waits_for_every_acknowledgement() {
    let mut s = two();
    let own = s.speaker.originate(s.now, key(1), vec![4]).unwrap();
    s.speaker.entomb(s.now, server(2), key(1));
    s.drain();
    let acknowledged = [Csas::new(key(1), server(2), own)];
    s.csu_reply(0, &acknowledged);
    s.pass(150_000);
    assert!(s.speaker.get(server(2), key(1)).is_some());
    s.csu_reply(1, &acknowledged);
    s.pass(2000);
    assert!(s.speaker.get(server(2), key(1)).is_none());
    assert_eq!(ends(&mut s).len(), 1);
}

// Register B02: given up after its limit; the numbers stay for the time of a tombstone, so that a neighbour
// who gives up later brings nothing back.
#[test]
fn a_quarantine_ends_in_two_steps() {
    let mut s = two();
    learn(&mut s, 1, 5);
    learn(&mut s, 2, 5);
    s.acknowledge_all(1);
    s.speaker.entomb(s.now, server(9), key(2));
    s.pass(50_000);
    s.speaker.quarantine(server(9));
    // The second call changes nothing about the limit.
    s.pass(50_000);
    s.speaker.quarantine(server(9));
    assert_eq!(ends(&mut s), [("expired", 100_000, 2)]);
    s.pass(949_999);
    assert!(s.speaker.get(server(9), key(1)).unwrap().usable);
    s.pass(1);
    assert_eq!(ends(&mut s), [("given up", 1_050_000, 9)]);
    assert!(!s.speaker.get(server(9), key(1)).unwrap().usable);
    s.clear();
    learn(&mut s, 1, 5);
    assert!(!s.speaker.get(server(9), key(1)).unwrap().usable);
    assert_eq!(
        s.replies_to(0),
        [Csas {
            hop_count: 1,
            ..foreign(1, 5)
        }]
    );
    assert_eq!(s.csas_to(1), []);
    s.pass(100_000);
    assert!(!is_cached(&s, 1));
    // Nothing is left of the quarantine either: a record that comes now counts.
    learn(&mut s, 1, 5);
    assert!(!s.speaker.get(server(9), key(1)).unwrap().quarantined);
    assert_eq!(s.speaker.next_deadline().map(|at| at.0 % 1000), Some(0));
}

// Registers B02, B03: an originator that comes back is welcome with all that others kept of it.
#[test]
fn who_comes_back_after_being_given_up_starts_afresh() {
    let mut s = two();
    learn(&mut s, 1, 5);
    learn(&mut s, 2, 5);
    s.speaker.quarantine(server(9));
    s.pass(1_000_000);
    learn(&mut s, 2, 6);
    s.speaker.restore(s.now, server(9), None);
    s.drain();
    assert!(!is_cached(&s, 1) && is_cached(&s, 2));
    // What a neighbour summarised before the number was forgotten has to be summarised again.
    assert_eq!([0, 1].map(|n| s.cafsm(n)), ["negotiation"; 2]);
    let bid = s.last_ca(0).0;
    s.ca(0, bid, "", &[foreign(1, 5), foreign(2, 6)]);
    s.ca(0, bid + 1, "", &[]);
    assert_eq!(
        s.asked(0),
        [Csas {
            hop_count: 1,
            ..foreign(1, 5)
        }]
    );
    learn(&mut s, 1, 5);
    assert!(s.speaker.get(server(9), key(1)).unwrap().usable);
    ends(&mut s);
    s.pass(5_000_000);
    assert_eq!(ends(&mut s), []);
    assert!(is_cached(&s, 1) && is_cached(&s, 2));
}

// Registers B02, C06: ends are part of the state, as time left.
#[test]
fn the_time_left_is_part_of_the_canonical_state() {
    let at = |wait: u64| {
        let mut s = two();
        learn(&mut s, 1, 5);
        s.acknowledge_all(1);
        s.pass(wait);
        s.hello(0, true);
        s.hello(1, true);
        s.speaker.entomb(s.now, server(9), key(1));
        s.speaker.quarantine(server(9));
        s
    };
    let canonical = |s: &Scripted, now: u64| s.speaker.canonical(Time(now));
    assert_eq!(
        canonical(&at(12_000), 12_000),
        canonical(&at(15_000), 15_000)
    );
    let mut later = at(12_000);
    later.pass(3000);
    later.hello(0, true);
    later.hello(1, true);
    assert_ne!(canonical(&later, 15_000), canonical(&at(15_000), 15_000));
}

// Register C06: a summary in which the record is no longer told would let the neighbour bring it back.
#[test]
fn a_tombstone_stays_while_summaries_go_to_and_fro() {
    let mut s = two();
    learn(&mut s, 1, 5);
    s.speaker.entomb(s.now, server(9), key(1));
    s.acknowledge_all(1);
    s.pass(99_000);
    s.negotiate(1);
    assert_eq!(s.cafsm(1), "summarize");
    s.pass(1_500);
    assert!(is_cached(&s, 1));
    assert_eq!(ends(&mut s), []);
}
