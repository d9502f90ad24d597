//! Records on their way through a group.

use crate::wire::scsp::{Body, Csa, Csas, SequenceNumber};

use super::super::event::{Meters, SpeakerEvent};
use super::peer::Scripted;
use super::sim::Sim;
use super::{content, events, key, server};

fn hop_counts(sim: &Sim, from: usize, to: usize, since: usize) -> Vec<u16> {
    sim.log[since..]
        .iter()
        .filter(|f| (f.from, f.to) == (from, to))
        .flat_map(|f| match f.packet().body {
            Body::CsuRequest(records) => records.iter().map(|csa| csa.csas.hop_count).collect(),
            _ => Vec::new(),
        })
        .collect()
}

// R2334-2.3-03, R2334-2.3-04, R2334-2.3-11, R2334-B.2.0.2-01, R2334-B.2.0.2-03
#[test]
fn each_server_of_a_line_takes_one_off_the_hop_count() {
    let mut sim = Sim::line(4, |_, _| {});
    sim.all_up();
    sim.advance(3000);
    sim.assert_aligned();
    let since = sim.log.len();
    sim.originate_and_pump(1, 1, &[5]);
    sim.assert_equal_caches();
    assert_eq!(hop_counts(&sim, 1, 0, since), [255]);
    assert_eq!(hop_counts(&sim, 1, 2, since), [255]);
    assert_eq!(hop_counts(&sim, 2, 3, since), [254]);
    // Never back, and acknowledged to whoever sent it.
    assert_eq!(sim.kinds(0, 1, since), "R");
    assert_eq!(sim.kinds(2, 1, since), "R");
    assert_eq!(sim.kinds(3, 2, since), "R");
}

// R2334-B.2.0.2-01
#[test]
fn a_used_up_hop_count_goes_no_further() {
    let mut sim = Sim::line(4, |_, config| config.hop_count = 2);
    sim.all_up();
    sim.advance(3000);
    sim.originate_and_pump(0, 1, &[5]);
    let has = |sim: &Sim, n: usize| sim.speakers[n].get(server(1), key(1)).is_some();
    assert_eq!([1, 2, 3].map(|n| has(&sim, n)), [true, true, false]);
}

// R2334-2-02
#[test]
fn any_graph_that_connects_the_servers_will_do() {
    let line = [(0, 1), (1, 2), (2, 3)].as_slice();
    let ring = [(0, 1), (1, 2), (2, 3), (0, 3)].as_slice();
    let star = [(0, 2), (1, 2), (2, 3)].as_slice();
    let kite = [(0, 1), (0, 2), (1, 2), (2, 3)].as_slice();
    for graph in [line, ring, star, kite] {
        let mut sim = Sim::new(4, graph, |_, _| {});
        for me in 0..4 {
            sim.originate(me, 1, &[1]);
        }
        sim.all_up();
        sim.advance(3000);
        for me in 0..4 {
            sim.originate_and_pump(me, 2, &[2]);
        }
        sim.assert_aligned();
        sim.assert_equal_caches();
        assert_eq!(content(&sim.speakers[0]).len(), 8, "{graph:?}");
    }
}

// R2334-2.3-34
#[test]
fn flooding_ends_in_a_full_mesh() {
    let mut sim = Sim::new(
        4,
        &[(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)],
        |_, _| {},
    );
    sim.all_up();
    sim.advance(3000);
    sim.assert_aligned();
    let since = sim.log.len();
    sim.originate_and_pump(0, 1, &[5]);
    sim.assert_equal_caches();
    let floods = sim.log[since..].iter().filter(|f| f.kind() == 'U').count();
    assert!((3..=9).contains(&floods), "{floods}");
    let sent = sim.log.len();
    sim.advance(2900);
    assert_eq!(sim.log.len(), sent);
}

// R2334-1-02: register C13 (b), B10.
#[test]
fn news_from_a_healed_partition_reaches_the_far_ends() {
    let mut sim = Sim::line(4, |_, _| {});
    sim.up(0, 1);
    sim.up(2, 3);
    sim.advance(3000);
    for me in 0..4 {
        sim.originate_and_pump(me, 1, &[me as u8]);
    }
    assert_eq!(content(&sim.speakers[0]).len(), 2);
    sim.up(1, 2);
    sim.advance(3000);
    sim.assert_aligned();
    sim.assert_equal_caches();
    assert_eq!(content(&sim.speakers[0]).len(), 4);
}

// R2334-2.2.4-02, R2334-2.3-02, R2334-B.2.0.2-04
#[test]
fn an_answer_to_a_csus_goes_to_the_asker_only_with_hop_count_one() {
    let mut sim = Sim::line(3, |_, _| {});
    sim.originate(1, 1, &[5]);
    sim.up(0, 1);
    sim.advance(3000);
    assert_eq!(hop_counts(&sim, 1, 0, 0), [1]);
    sim.up(1, 2);
    let since = sim.log.len();
    sim.advance(3000);
    assert_eq!(hop_counts(&sim, 1, 2, since), [1]);
    assert!(hop_counts(&sim, 1, 0, since).is_empty());
}

// R2334-2.3-08: what is originated between two drains shares packets.
#[test]
fn records_originated_together_share_a_packet() {
    let mut sim = Sim::pair(|_, _| {});
    sim.all_up();
    sim.advance(3000);
    let since = sim.log.len();
    for n in 0..10 {
        sim.speakers[0]
            .originate(sim.now, key(n), vec![n as u8])
            .unwrap();
    }
    sim.drain(0);
    sim.pump();
    assert_eq!(
        (sim.kinds(0, 1, since), sim.kinds(1, 0, since)),
        ("U".into(), "R".into())
    );
    sim.assert_equal_caches();
    // And the deadline was known before the packet was taken.
    sim.speakers[0].originate(sim.now, key(0), vec![9]).unwrap();
    assert_eq!(sim.speakers[0].next_deadline().unwrap().0, sim.now.0 + 2000);
}

// R2334-2.3-10, R2334-B.2.0.1-04, R2334-B.2.0.2-10, R2334-B.2.0.2-19, R2334-B.2.0.2-21: register E26.
#[test]
fn a_relay_keeps_octets_number_and_originator() {
    let mut sim = Sim::line(3, |_, _| {});
    sim.all_up();
    sim.advance(3000);
    let body: Vec<u8> = (0..=254).collect();
    sim.originate_and_pump(0, 7, &body);
    let entry = sim.speakers[2].get(server(1), key(7)).unwrap();
    assert_eq!(
        (entry.sequence, entry.body),
        (SequenceNumber::FIRST, &body[..])
    );
    let learned: Vec<_> = sim.events[2]
        .iter()
        .filter_map(|e| match e {
            SpeakerEvent::Learned {
                origin,
                solicited,
                known_key,
                ..
            } => Some((*origin, *solicited, *known_key)),
            _ => None,
        })
        .collect();
    assert_eq!(learned, [(server(1), false, false)]);
}

/// A record of a third server, 10.0.0.9.
fn foreign(key_number: u16, sequence: i32, hop_count: u16) -> Csas {
    Csas {
        hop_count,
        ..Csas::new(key(key_number), server(9), SequenceNumber(sequence))
    }
}

fn two_neighbors() -> (Scripted, usize) {
    let mut scripted = Scripted::new(&[1, 3]);
    scripted.align_all();
    (scripted, 1)
}

// R2334-B.2.0.2-01: register C13 (a).
#[test]
fn hop_counts_zero_and_one_are_accepted_and_not_passed_on() {
    for (hop_count, passed_on) in [(0, None), (1, None), (2, Some(1)), (3, Some(2))] {
        let (mut s, other) = two_neighbors();
        s.csu(
            0,
            &[Csa {
                csas: foreign(1, 5, hop_count),
                body: &[1],
            }],
        );
        let seen: Vec<_> = s
            .csas_to(other)
            .iter()
            .map(|(csas, _)| csas.hop_count)
            .collect();
        assert_eq!(seen, Vec::from_iter(passed_on));
        assert!(s.speaker.get(server(9), key(1)).is_some());
    }
}

// R2334-2.3-06: register C24.
#[test]
fn a_record_to_be_discarded_is_acknowledged_and_remembered_only() {
    let (mut s, other) = two_neighbors();
    let bad = Csa {
        csas: foreign(1, 5, 255),
        body: &[0xff],
    };
    s.csu(0, &[bad]);
    assert_eq!(s.replies_to(0), [foreign(1, 5, 1)]);
    assert_eq!(s.csas_to(other), []);
    let entry = s.speaker.get(server(9), key(1)).unwrap();
    assert!(!entry.usable && entry.body.is_empty());
    assert!(
        !events(&mut s.speaker)
            .iter()
            .any(|e| matches!(e, SpeakerEvent::Learned { .. }))
    );
    // Once is enough; and what comes after it is judged for itself.
    s.csu(0, &[bad]);
    assert_eq!(s.speaker.meters().acknowledged_only, 1);
    s.csu(
        0,
        &[Csa {
            csas: foreign(1, 6, 255),
            body: &[1],
        }],
    );
    assert_eq!(s.csas_to(other).len(), 1);
}

// R2334-2.2.3-09: register C24, C26.
#[test]
fn a_discarded_record_still_satisfies_the_request_list() {
    let mut s = Scripted::new(&[3]);
    s.negotiate(0);
    s.summarize(0, &[foreign(1, 5, 1)]);
    assert_eq!(s.asked(0), [foreign(1, 5, 1)]);
    assert_eq!(s.cafsm(0), "update");
    s.csu(
        0,
        &[Csa {
            csas: foreign(1, 5, 1),
            body: &[0xff],
        }],
    );
    assert_eq!(s.cafsm(0), "aligned");
}

// R2334-2.2.3-09: register C26.
#[test]
fn a_requested_record_may_come_from_another_neighbor() {
    let mut s = Scripted::new(&[1, 3]);
    s.align(0);
    s.negotiate(1);
    s.summarize(1, &[foreign(1, 5, 1)]);
    assert_eq!(s.cafsm(1), "update");
    s.clear();
    s.csu(
        0,
        &[Csa {
            csas: foreign(1, 6, 9),
            body: &[1],
        }],
    );
    assert_eq!(s.cafsm(1), "aligned");
    // No repeat of the CSUS either.
    s.pass(3000);
    assert_eq!(s.asked(1), []);
}

// R2334-2.3-20, R2334-2.3-22
#[test]
fn an_old_record_is_acknowledged_with_the_cached_summary() {
    let (mut s, other) = two_neighbors();
    s.csu(
        0,
        &[Csa {
            csas: foreign(1, 5, 9),
            body: &[1],
        }],
    );
    s.clear();
    s.csu(
        0,
        &[Csa {
            csas: foreign(1, 4, 9),
            body: &[2],
        }],
    );
    assert_eq!(s.replies_to(0), [foreign(1, 5, 1)]);
    assert_eq!(s.csas_to(other), []);
    assert_eq!(s.speaker.get(server(9), key(1)).unwrap().body, [1]);
}

// R2334-B.2.0.2-11: register H05.
#[test]
fn the_reserved_number_is_acknowledged_and_never_used() {
    let (mut s, _) = two_neighbors();
    s.csu(
        0,
        &[Csa {
            csas: foreign(1, i32::MIN, 9),
            body: &[1],
        }],
    );
    assert_eq!(s.replies_to(0), [foreign(1, i32::MIN, 1)]);
    assert!(s.speaker.get(server(9), key(1)).is_none());
    s.csu(
        0,
        &[Csa {
            csas: foreign(1, 5, 9),
            body: &[1],
        }],
    );
    s.clear();
    s.csu(
        0,
        &[Csa {
            csas: foreign(1, i32::MIN, 9),
            body: &[1],
        }],
    );
    assert_eq!(s.replies_to(0), [foreign(1, 5, 1)]);
}

// R2334-2.3-34: register C12.
#[test]
fn equal_number_with_other_octets_changes_nothing_and_is_counted() {
    let (mut s, other) = two_neighbors();
    s.csu(
        0,
        &[Csa {
            csas: foreign(1, 5, 9),
            body: &[1],
        }],
    );
    s.clear();
    s.csu(
        other,
        &[Csa {
            csas: foreign(1, 5, 9),
            body: &[2],
        }],
    );
    assert_eq!(s.speaker.meters().conflicting, 1);
    assert_eq!(s.speaker.get(server(9), key(1)).unwrap().body, [1]);
    assert_eq!(s.csas_to(0), []);
}

// R2334-2.3-23, R2334-2.3-24, R2334-B.2.0.2-07
#[test]
fn a_csus_for_an_unknown_record_is_answered_by_a_null_record() {
    let (mut s, _) = two_neighbors();
    s.send_csus(0, &[foreign(1, 5, 1)]);
    let null = Csas {
        null: true,
        ..foreign(1, 5, 1)
    };
    assert_eq!(s.csas_to(0), [(null, vec![])]);
    // It waits for an acknowledgement as others do, and the N bit plays no part in it (C14).
    s.csu_reply(0, &[foreign(1, 5, 1)]);
    s.clear();
    s.pass(2500);
    assert_eq!(s.csas_to(0), []);
}

// R2334-B.2.0.2-08: register C15.
#[test]
fn a_null_record_counts_as_received_and_ends_an_older_instance() {
    let mut s = Scripted::new(&[3]);
    s.align(0);
    s.csu(
        0,
        &[Csa {
            csas: foreign(1, 4, 9),
            body: &[1],
        }],
    );
    s.renegotiate(0, &[foreign(1, 5, 1), foreign(2, 5, 1)]);
    s.clear();
    let null = |n| Csas {
        null: true,
        ..foreign(n, 5, 1)
    };
    s.csu(
        0,
        &[
            Csa {
                csas: null(1),
                body: &[],
            },
            Csa {
                csas: null(2),
                body: &[],
            },
        ],
    );
    assert_eq!(s.replies_to(0), [null(1), null(2)]);
    assert_eq!(s.cafsm(0), "aligned");
    assert!(s.speaker.get(server(9), key(1)).is_none());
    assert!(
        events(&mut s.speaker)
            .iter()
            .any(|e| matches!(e, SpeakerEvent::Dropped { key: k, .. } if *k == key(1)))
    );
}

// R2334-B.2.0.2-08: register C15.
#[test]
fn a_null_record_nobody_asked_for_is_acknowledged_and_ignored() {
    let (mut s, _) = two_neighbors();
    s.csu(
        0,
        &[Csa {
            csas: foreign(1, 4, 9),
            body: &[1],
        }],
    );
    s.clear();
    let null = Csas {
        null: true,
        ..foreign(1, 5, 1)
    };
    s.csu(
        0,
        &[Csa {
            csas: null,
            body: &[],
        }],
    );
    assert_eq!(s.replies_to(0), [null]);
    assert!(s.speaker.get(server(9), key(1)).is_some());
}

// R2334-2.3-21: register C27.
#[test]
fn a_larger_number_in_a_reply_is_solicited_in_aligned() {
    let (mut s, other) = two_neighbors();
    s.csu(
        0,
        &[Csa {
            csas: foreign(1, 5, 9),
            body: &[1],
        }],
    );
    s.clear();
    s.csu_reply(other, &[foreign(1, 8, 1)]);
    assert_eq!(s.asked(other), [foreign(1, 8, 1)]);
    assert_eq!(s.cafsm(other), "aligned");
    // Off the queue: no repeat of the old one; the CSUS is repeated.
    s.clear();
    s.pass(3000);
    assert_eq!(s.csas_to(other), []);
    assert_eq!(s.asked(other), [foreign(1, 8, 1)]);
    // Solicited news starts afresh (C13).
    s.clear();
    s.csu(
        other,
        &[Csa {
            csas: foreign(1, 8, 1),
            body: &[3],
        }],
    );
    assert_eq!(s.csas_to(0), [(foreign(1, 8, 255), vec![3])]);
    s.clear();
    s.pass(1900);
    assert_eq!(s.asked(other), []);
}

// R2334-2.2.3-05
#[test]
fn only_one_csus_is_outstanding() {
    let (mut s, other) = two_neighbors();
    for n in 1..=3 {
        s.csu(
            0,
            &[Csa {
                csas: foreign(n, 5, 9),
                body: &[1],
            }],
        );
    }
    s.clear();
    s.csu_reply(other, &[foreign(1, 8, 1)]);
    s.csu_reply(other, &[foreign(2, 8, 1)]);
    s.csu_reply(other, &[foreign(3, 8, 1)]);
    assert_eq!(s.asked(other), [foreign(1, 8, 1)]);
    s.clear();
    s.csu(
        other,
        &[Csa {
            csas: foreign(1, 8, 1),
            body: &[1],
        }],
    );
    assert_eq!(s.asked(other), [foreign(2, 8, 1), foreign(3, 8, 1)]);
}

// R2334-2.2.2.1-01: register B02, B03, H04.
#[test]
fn quarantined_records_are_kept_unsummarised_and_flooded_once_when_restored() {
    let mut s = Scripted::new(&[1, 3, 4]);
    s.align(0);
    s.align(1);
    s.csu(
        0,
        &[Csa {
            csas: foreign(1, 5, 9),
            body: &[1],
        }],
    );
    s.csu(
        0,
        &[Csa {
            csas: foreign(2, 5, 9),
            body: &[2],
        }],
    );
    s.speaker.quarantine(server(9));
    assert!(s.speaker.get(server(9), key(1)).unwrap().quarantined);
    // A neighbour that aligns now hears nothing of them, and cannot bring them back.
    s.negotiate(2);
    s.summarize(2, &[foreign(1, 5, 1)]);
    assert_eq!(s.summaries_to(2), []);
    assert_eq!(s.cafsm(2), "aligned");
    // Updates go on meanwhile.
    s.acknowledge_all(1);
    s.clear();
    s.csu(
        0,
        &[Csa {
            csas: foreign(1, 6, 9),
            body: &[3],
        }],
    );
    assert_eq!(s.csas_to(1).len(), 1);
    s.acknowledge_all(1);
    s.acknowledge_all(2);
    s.clear();
    s.speaker
        .restore(s.now, server(9), Some(super::super::NeighborIx(0)));
    s.drain();
    assert_eq!(s.csas_to(0), []);
    let flooded = [(foreign(1, 6, 255), vec![3]), (foreign(2, 5, 255), vec![2])];
    assert_eq!(s.csas_to(1), flooded);
    assert_eq!(s.csas_to(2), flooded);
    s.clear();
    s.speaker.restore(s.now, server(9), None);
    s.drain();
    assert_eq!(s.csas_to(1), []);
}

// R2334-2.3-29, R2334-2.3-27, R2334-2.3-33: register C31.
#[test]
fn a_request_to_everybody_is_answered_to_its_sender() {
    let (mut s, _) = two_neighbors();
    s.csu_to(
        0,
        Some(super::ServerId([0xff; 4])),
        &[Csa {
            csas: foreign(1, 5, 9),
            body: &[1],
        }],
    );
    assert_eq!(s.replies_to(0), [foreign(1, 5, 1)]);
    let (_, reply) = s.sent.iter().find(|(to, _)| *to == 0).unwrap();
    let header = crate::wire::scsp::decode(reply).unwrap().header;
    assert_eq!(
        (header.sender, header.receiver),
        (server(2), Some(server(1)))
    );
    // Flooded all the same: a mesh is no single port here.
    assert_eq!(s.csas_to(1), [(foreign(1, 5, 8), vec![1])]);
    s.clear();
    s.csu_to(
        0,
        Some(server(77)),
        &[Csa {
            csas: foreign(2, 5, 9),
            body: &[1],
        }],
    );
    assert_eq!(s.sent, []);
    assert!(s.speaker.get(server(9), key(2)).is_none());
}

// R2334-2.2.1-13, R2334-2.3-20, R2334-2.3-22, R2334-2.3-34, R2334-B.2.0.2-01, R2334-B.2.0.2-11
#[test]
fn whatever_is_dropped_is_counted_under_its_reason() {
    let (mut s, other) = two_neighbors();
    s.speaker.originate(s.now, key(1), vec![1]).unwrap();
    s.drain();
    let csa = |csas| Csa { csas, body: &[1] };
    let before = s.speaker.meters().clone();
    // New, but with its last hop; again; older; the reserved number; under the own id.
    s.csu(0, &[csa(foreign(1, 5, 1))]);
    s.csu(other, &[csa(foreign(1, 5, 9)), csa(foreign(1, 4, 9))]);
    s.csu(0, &[csa(foreign(2, i32::MIN, 9))]);
    let own = |sequence| Csas {
        origin: server(2),
        ..foreign(1, sequence, 9)
    };
    s.csu(0, &[csa(own(7)), csa(own(i32::MIN + 1))]);
    // A null record and acknowledgements that nobody waits for; a CA that was answered before.
    let null = Csas {
        null: true,
        ..foreign(3, 5, 1)
    };
    s.csu(
        0,
        &[Csa {
            csas: null,
            body: &[],
        }],
    );
    s.csu_reply(0, &[foreign(4, 5, 1)]);
    s.ca(other, 9001, "M", &[]);
    let after = s.speaker.meters();
    let counted = |of: fn(&Meters) -> u64| of(after) - of(&before);
    assert_eq!(counted(|m| m.accepted), 1);
    assert_eq!(counted(|m| m.hops_used_up), 1);
    assert_eq!(counted(|m| m.duplicate), 2);
    assert_eq!(counted(|m| m.stale), 1);
    assert_eq!(counted(|m| m.ignored), 1);
    assert_eq!(counted(|m| m.own_returned), 1);
    assert_eq!(counted(|m| m.unasked_nulls), 1);
    assert_eq!(counted(|m| m.idle_acknowledgements), 1);
    assert_eq!(counted(|m| m.ca_duplicates), 1);
    // Every one of them was a frame in order.
    assert_eq!(after.dropped, before.dropped);
}
