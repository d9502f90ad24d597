//! Hellos, dead times, and frames that are not to be had.

use crate::io::Time;
use crate::wire::scsp::{self, Body, Csa, Csas, EncodeBody, Header, SequenceNumber};

use super::super::event::{DropReason, NeighborIx, SpeakerEvent};
use super::peer::Scripted;
use super::sim::Sim;
use super::{ServerId, Taste, content, events, key, server};

fn hellos(s: &Scripted, n: usize) -> Vec<Option<ServerId>> {
    s.sent
        .iter()
        .filter(|(to, _)| *to == n)
        .map(|(_, octets)| scsp::decode(octets).unwrap())
        .filter(|packet| matches!(packet.body, Body::Hello { .. }))
        .map(|packet| packet.header.receiver)
        .collect()
}

fn hello_with(hello_interval: u16, dead_factor: u16) -> EncodeBody<'static> {
    EncodeBody::Hello {
        hello_interval,
        dead_factor,
        family: 77,
        additional: &[],
    }
}

fn dropped(s: &Scripted, reason: DropReason) -> u64 {
    s.speaker
        .meters()
        .dropped
        .get(&reason)
        .copied()
        .unwrap_or(0)
}

fn record(n: u16) -> Csa<'static> {
    let csas = Csas {
        hop_count: 9,
        ..Csas::new(key(n), server(9), SequenceNumber(5))
    };
    Csa { csas, body: &[1] }
}

// R2334-2.1-01, R2334-2.1-12, R2334-2.1-05, R2334-2.1-06, R2334-B.2.5-02, R2334-B.2.5-09
#[test]
fn hellos_go_out_at_once_and_every_interval() {
    let mut s = Scripted::new(&[3]);
    assert_eq!(hellos(&s, 0), [None]);
    assert_eq!(s.speaker.next_deadline(), Some(Time(3000)));
    s.clear();
    s.pass(2999);
    assert_eq!(hellos(&s, 0), []);
    s.pass(1);
    s.pass(6000);
    assert_eq!(hellos(&s, 0), [None; 3]);
    assert_eq!(s.hfsm(0), "waiting");
}

// R2334-2.1-07, R2334-2.1-11, R2334-B.2.5-05, R2334-B.2.5-10
#[test]
fn a_heard_neighbor_is_listed_in_the_next_hello() {
    let mut s = Scripted::new(&[3, 4]);
    s.hello(0, false);
    s.clear();
    s.pass(3000);
    assert_eq!(
        (hellos(&s, 0), hellos(&s, 1)),
        (vec![Some(server(3))], vec![None])
    );
    let body = scsp::decode(&s.sent[0].1).unwrap().body;
    assert!(matches!(
        body,
        Body::Hello {
            hello_interval: 3,
            dead_factor: 3,
            family: 0,
            ..
        }
    ));
}

// R2334-2.1-08, R2334-2.1-09, R2334-2.1-14, R2334-2.1-22, R2334-B.2.5-04: register D01.
#[test]
fn one_hello_that_omits_us_ends_bidirectional() {
    let mut s = Scripted::new(&[3]);
    s.align(0);
    s.hello(0, false);
    assert_eq!((s.hfsm(0), s.cafsm(0)), ("unidirectional", "down"));
    s.hello(0, true);
    assert_eq!((s.hfsm(0), s.cafsm(0)), ("bidirectional", "negotiation"));
    // R2334-B.2.1-05: with a number not used before.
    let mut numbers: Vec<_> = s.cas_to(0).iter().map(|(number, _)| *number).collect();
    s.hello(0, false);
    s.hello(0, true);
    numbers.push(s.last_ca(0).0);
    assert!(numbers[0] < numbers[1]);
}

// R2334-2.1-08, R2334-B.2.5-11
#[test]
fn the_own_id_may_be_in_an_additional_record() {
    let mut s = Scripted::new(&[3]);
    let body = EncodeBody::Hello {
        hello_interval: 3,
        dead_factor: 3,
        family: 0,
        additional: &[server(8), server(2)],
    };
    s.send_as(0, server(3), Some(server(7)), &body);
    assert_eq!(s.hfsm(0), "bidirectional");
}

// R2334-2.1-13, R2334-2.1-15, R2334-2.1-18, R2334-B.2.5-03, R2334-B.2.5-12
#[test]
fn a_silent_neighbor_is_dead_after_its_own_last_values() {
    let mut s = Scripted::new(&[3]);
    s.send(0, &hello_with(100, 100));
    s.send(0, &hello_with(2, 5));
    s.pass(9999);
    assert_eq!(s.hfsm(0), "bidirectional");
    s.clear();
    s.pass(1);
    assert_eq!((s.hfsm(0), s.cafsm(0)), ("waiting", "down"));
    s.pass(3000);
    assert_eq!(hellos(&s, 0), [None]);
}

// R2334-2.1-18: whoever dies at the time of a Hello is not in it.
#[test]
fn the_dead_timer_fires_before_the_hello_of_that_instant() {
    let mut s = Scripted::new(&[3]);
    s.send(0, &hello_with(3, 1));
    s.clear();
    s.pass(3000);
    assert_eq!(hellos(&s, 0), [None]);
}

// R2334-2.1-03, R2334-2.1-20, R2334-2.2-07
#[test]
fn losing_one_vc_leaves_the_other_alone() {
    let mut s = Scripted::new(&[1, 3]);
    s.align_all();
    s.speaker.vc_down(s.now, NeighborIx(0));
    assert_eq!((s.hfsm(0), s.cafsm(0)), ("down", "down"));
    assert_eq!((s.hfsm(1), s.cafsm(1)), ("bidirectional", "aligned"));
    s.pass(9000);
    assert_eq!(hellos(&s, 0), []);
    assert_eq!(hellos(&s, 1).len(), 3);
    // R2334-1-02
    s.speaker.vc_up(s.now, NeighborIx(0));
    s.drain();
    s.align(0);
}

// R2334-2.1-21
#[test]
fn before_bidirectional_everything_else_is_ignored() {
    let mut s = Scripted::new(&[3]);
    for heard in [false, true] {
        if heard {
            s.hello(0, false);
        }
        let before = s.speaker.core().clone();
        s.clear();
        s.ca(0, 1, "MIO", &[]);
        s.csu(0, &[record(1)]);
        s.csu_reply(0, &[record(1).csas]);
        s.send_csus(0, &[record(1).csas]);
        assert_eq!(s.sent, []);
        assert_eq!(*s.speaker.core(), before);
    }
    assert_eq!(dropped(&s, DropReason::NotBidirectional), 8);
}

// R2334-2.3-01: register C23.
#[test]
fn csu_and_csus_before_update_cache_have_no_effect() {
    let mut s = Scripted::new(&[3]);
    for summarizing in [false, true] {
        s.hello(0, true);
        if summarizing {
            s.negotiate(0);
        }
        let before = s.speaker.core().clone();
        s.clear();
        s.csu(0, &[record(1)]);
        s.csu_reply(0, &[record(1).csas]);
        s.send_csus(0, &[record(1).csas]);
        assert_eq!(s.sent, []);
        assert_eq!(*s.speaker.core(), before);
    }
    assert_eq!(dropped(&s, DropReason::WrongState), 6);
}

// R2334-1-01, R2334-2-01, R2334-2.2.3-10, R2334-2.3-27, R2334-B.2.4-02, R2334-B.2.0.1-05,
// R2443-1-08: register C25, C30.
#[test]
fn frames_for_others_are_dropped_without_a_reset() {
    let mut s = Scripted::new(&[3]);
    s.align(0);
    let before = s.speaker.core().clone();
    let bid = EncodeBody::Ca {
        sequence: 1,
        master: true,
        init: true,
        more: true,
        records: &[],
    };
    let csas = [record(1).csas];
    let csa = [record(1)];
    let bodies = [
        bid,
        EncodeBody::CsuRequest(&csa),
        EncodeBody::CsuReply(&csas),
        EncodeBody::Csus(&csas),
    ];
    for body in &bodies {
        s.send_as(0, server(3), Some(server(4)), body);
        s.send_as(0, server(4), Some(server(2)), body);
        for (protocol_id, group) in [(1, 1), (3, 2)] {
            let mut header = Header::mars(group, server(3), Some(server(2)));
            header.protocol_id = protocol_id;
            let mut octets = Vec::new();
            scsp::encode(&header, body, None, &mut octets);
            s.raw(0, &octets);
        }
    }
    assert_eq!(s.sent, []);
    assert_eq!(*s.speaker.core(), before);
    assert_eq!(dropped(&s, DropReason::WrongReceiver), 4);
    assert_eq!(dropped(&s, DropReason::WrongSender), 4);
    assert_eq!(dropped(&s, DropReason::WrongInstance), 8);
    // All ones is for CSU Requests only.
    s.send_as(0, server(3), Some(ServerId([0xff; 4])), &bid);
    assert_eq!(*s.speaker.core(), before);
}

// R2334-2.1-19: register C25, D03, D13, D14.
#[test]
fn impossible_lengths_reset_the_adjacency_and_noise_does_not() {
    let good = {
        let header = Header::mars(1, server(3), Some(server(2)));
        let mut octets = Vec::new();
        scsp::encode(
            &header,
            &EncodeBody::CsuRequest(&[record(1)]),
            None,
            &mut octets,
        );
        octets
    };
    let mut s = Scripted::new(&[3]);
    s.align(0);
    let before = s.speaker.core().clone();
    for (at, octet) in [(0, 2), (1, 9), (4, good[4] ^ 1)] {
        let mut bad = good.clone();
        bad[at] = octet;
        s.raw(0, &bad);
        assert_eq!(*s.speaker.core(), before, "octet {at}");
    }
    s.raw(0, &good[..good.len() - 1]);
    assert_eq!((s.hfsm(0), s.cafsm(0)), ("waiting", "down"));
    assert_eq!(content(&s.speaker), []);
    s.clear();
    s.pass(3000);
    assert_eq!(hellos(&s, 0), [None]);
    assert!(events(&mut s.speaker).iter().any(
        |e| matches!(e, SpeakerEvent::Logged { event, .. } if event.code == "abnormal-event")
    ));
}

// R2334-2.1-10: register D12.
#[test]
fn another_server_on_the_vc_starts_from_waiting() {
    let mut s = Scripted::new(&[3]);
    s.align(0);
    s.send_as(0, server(5), Some(server(2)), &hello_with(3, 3));
    assert_eq!((s.hfsm(0), s.cafsm(0)), ("bidirectional", "negotiation"));
    assert_eq!(s.speaker.neighbor_id(NeighborIx(0)), Some(server(5)));
    assert_eq!(s.speaker.meters().abnormal, 1);
}

// R2334-2.1-02: register D12.
#[test]
fn a_configured_id_and_an_id_that_is_live_elsewhere_are_respected() {
    let mut s = Scripted::with(&[3, 4], |config| config.neighbors[0] = Some(server(3)));
    s.send_as(0, server(6), Some(server(2)), &hello_with(3, 3));
    assert_eq!(s.hfsm(0), "waiting");
    s.hello(0, true);
    s.send_as(1, server(3), Some(server(2)), &hello_with(3, 3));
    assert_eq!((s.hfsm(0), s.hfsm(1)), ("bidirectional", "waiting"));
    assert_eq!(dropped(&s, DropReason::WrongSender), 2);
}

// R2334-2.2.1-01: register A03, C31.
#[test]
fn nobody_may_have_our_id_or_everybodys() {
    for sender in [server(2), ServerId([0xff; 4])] {
        let mut s = Scripted::new(&[3]);
        s.align(0);
        s.send_as(0, sender, Some(server(2)), &hello_with(3, 3));
        assert_eq!((s.hfsm(0), s.cafsm(0)), ("waiting", "down"));
        s.clear();
        s.pass(3000);
        assert_eq!(hellos(&s, 0), [None]);
    }
}

// R2334-2.1-05: a VC that comes up twice, a neighbour that is not configured.
#[test]
fn odd_calls_do_no_harm() {
    let mut s = Scripted::new(&[3]);
    s.align(0);
    let before = s.speaker.core().clone();
    s.speaker.vc_up(s.now, NeighborIx(0));
    s.speaker.vc_up(s.now, NeighborIx(9));
    s.speaker.vc_down(s.now, NeighborIx(9));
    s.speaker.packet(s.now, NeighborIx(9), &[1, 2, 3], &Taste);
    s.drain();
    assert_eq!(*s.speaker.core(), before);
    assert_eq!(s.sent, []);
    assert_eq!(dropped(&s, DropReason::NoVc), 1);
    // Time does not go back.
    s.pass(10);
    s.speaker.originate(Time(3), key(1), vec![]).unwrap();
    assert_eq!(s.speaker.poll_send().map(|(at, ..)| at), Some(s.now));
}

// R2334-1-01, R2334-2.1-16: each speaker is one PID/SGID; two on one VC do not disturb each other.
#[test]
fn two_groups_on_one_vc_are_two_adjacencies() {
    let mut one = Sim::pair(|_, config| config.server_group = 1);
    let mut two = Sim::pair(|_, config| config.server_group = 2);
    one.all_up();
    two.all_up();
    one.advance(3000);
    two.advance(3000);
    let before = one.speakers[0].core().clone();
    for frame in two.log.iter().filter(|f| f.to == 0) {
        one.speakers[0].packet(one.now, NeighborIx(0), &frame.octets, &Taste);
    }
    assert_eq!(*one.speakers[0].core(), before);
}

// R2334-2.2-02, R2334-2.2-04, R2334-2.2-05, R2334-2.2-06, R2334-B.2.1-04, R2334-B.2.1-05
#[test]
fn the_first_ca_is_repeated_unchanged_until_the_hello_machine_leaves_bidirectional() {
    let mut s = Scripted::with(&[3, 4], |config| config.ca_rexmt_ms = 1000);
    assert_eq!(s.cafsm(0), "down");
    s.hello(0, false);
    assert_eq!(s.cas_to(0), []);
    s.hello(0, true);
    s.hello(1, true);
    let (first, other) = (s.last_ca(0), s.last_ca(1));
    assert_eq!((first.1.as_str(), other.1.as_str()), ("MIO", "MIO"));
    assert_ne!(first.0, other.0);
    s.clear();
    s.pass(3500);
    assert_eq!(s.cas_to(0), vec![first.clone(); 3]);
    s.hello(0, false);
    s.clear();
    s.pass(5000);
    assert_eq!(s.cas_to(0), []);
    assert_eq!(s.cas_to(1), vec![other; 5]);
    s.hello(0, true);
    assert_ne!(s.last_ca(0), first);
}
