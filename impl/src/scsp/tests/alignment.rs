//! Two speakers align.

use crate::io::Time;
use crate::wire::scsp::Body;

use super::super::event::SpeakerEvent;
use super::super::{CafsmState, HfsmState};
use super::sim::{Fate, Frame, Sim};
use super::{content, key, server};

/// Three records in a CA, so that a handful needs several.
fn small(_: usize, config: &mut super::SpeakerConfig) {
    config.mtu = 32 + 3 * 20;
}

// R2334-2.1-08, R2334-2.2-03, R2334-2.2.3-01
#[test]
fn two_empty_servers_are_aligned_at_the_second_hello() {
    let mut sim = Sim::pair(|_, _| {});
    sim.all_up();
    assert_eq!(sim.kinds(0, 1, 0), "H");
    assert_eq!(
        sim.speakers[0].hfsm(sim.ix(0, 1)),
        HfsmState::Unidirectional
    );
    sim.advance(2999);
    assert_eq!(sim.log.len(), 2);
    sim.advance(1);
    // No time passes between Bidirectional and Aligned.
    sim.assert_aligned();
    assert_eq!(sim.now, Time(3000));
    let aligned: Vec<_> = sim
        .events
        .iter()
        .flatten()
        .filter(|e| matches!(e, SpeakerEvent::NeighborAligned { at: Time(3000), .. }))
        .collect();
    assert_eq!(aligned.len(), 2);
}

// R2334-2.2.1-05, R2334-2.2.1-11, R2334-2.2.2-07, R2334-2.2.2-13, R2334-B.2.1-02, R2334-B.2.1-03
#[test]
fn the_larger_id_leads_and_the_slave_copies_its_numbers() {
    let mut sim = Sim::pair(small);
    for n in 0..7 {
        sim.originate(0, n, &[1]);
        sim.originate(1, 100 + n, &[2]);
    }
    sim.all_up();
    sim.advance(3000);
    sim.assert_aligned();
    let seen: Vec<_> = sim
        .log
        .iter()
        .filter_map(|frame| match frame.packet().body {
            Body::Ca {
                sequence,
                master,
                init,
                more,
                records,
            } => {
                let flag = |set, letter| if set { letter } else { '-' };
                Some(format!(
                    "{} {sequence} {}{}{} {}",
                    frame.from + 1,
                    flag(master, 'M'),
                    flag(init, 'I'),
                    flag(more, 'O'),
                    records.len()
                ))
            }
            _ => None,
        })
        .collect();
    insta::assert_snapshot!(seen.join("\n"), @"
    2 2000 MIO 0
    1 1000 MIO 0
    1 2000 --O 3
    2 2001 M-O 3
    1 2001 --O 3
    2 2002 M-O 3
    1 2002 --- 1
    2 2003 M-- 1
    1 2003 --- 0
    ");
}

// R2334-2.2.2-06, R2334-2.2.2.1-01, R2334-2.2.3-02, R2334-2.2.3-03, R2334-2.2.3-04, R2334-2.2.3-09
#[test]
fn caches_are_equal_whatever_each_side_had() {
    for (left, right) in [
        (0, 1),
        (1, 0),
        (1, 1),
        (3, 3),
        (4, 2),
        (10, 0),
        (0, 10),
        (13, 11),
    ] {
        let mut sim = Sim::pair(small);
        for n in 0..left {
            sim.originate(0, n, &[1, n as u8]);
        }
        for n in 0..right {
            sim.originate(1, n, &[2, n as u8]);
        }
        sim.all_up();
        sim.advance(3000);
        sim.assert_aligned();
        sim.assert_equal_caches();
        assert_eq!(content(&sim.speakers[0]).len(), usize::from(left + right));
        // Everything came by solicitation, with a hop count of one.
        for frame in &sim.log {
            if let Body::CsuRequest(records) = frame.packet().body {
                assert!(records.iter().all(|csa| csa.csas.hop_count == 1));
            }
        }
        // Nothing is left to repeat.
        let sent = sim.log.len();
        sim.advance(2999);
        assert_eq!(sim.log.len(), sent);
    }
}

// R2334-2.2.3-05: register C16, at every place of the exchange and on either side.
#[test]
fn a_change_during_the_exchange_is_not_lost() {
    for changer in [0, 1] {
        for after in 0..40 {
            let mut sim = Sim::pair(small);
            for n in 0..8 {
                sim.originate(0, n, &[1]);
                sim.originate(1, n, &[2]);
            }
            sim.all_up();
            sim.now = Time(3000);
            for me in [0, 1] {
                sim.speakers[me].fire(Time(3000));
                sim.drain(me);
            }
            for _ in 0..after {
                sim.deliver_one();
            }
            sim.originate(changer, 0, &[9]);
            sim.originate(changer, 7, &[9]);
            sim.originate(changer, 50, &[9]);
            sim.pump();
            sim.assert_aligned();
            sim.assert_equal_caches();
            assert_eq!(content(&sim.speakers[0]).len(), 17);
        }
    }
}

fn nth(n: usize, wanted: impl Fn(&Frame) -> bool + 'static) -> Box<dyn FnMut(&Frame) -> Fate> {
    let mut seen = 0;
    Box::new(move |frame| {
        if wanted(frame) {
            seen += 1;
            if seen == n {
                return Fate::Lose;
            }
        }
        Fate::Deliver
    })
}

// R2334-2.2-05, R2334-2.2.2-11, R2334-2.2.2-20, R2334-2.2.2-23; register H01, C17.
#[test]
fn any_single_lost_ca_is_made_good() {
    for sender in [0, 1] {
        for n in 1..=6 {
            let mut sim = Sim::pair(small);
            for k in 0..8 {
                sim.originate(0, k, &[1]);
                sim.originate(1, k, &[2]);
            }
            sim.link = nth(n, move |f| f.from == sender && f.kind() == 'C');
            sim.all_up();
            sim.advance(3000);
            // A CSUS that ties with the repeated CA meets a master that is not ready (C23).
            sim.advance(6000);
            sim.assert_aligned();
            sim.assert_equal_caches();
        }
    }
}

// R2334-2.2.2-20
#[test]
fn the_slaves_last_ca_is_sent_again_while_it_is_kept() {
    let mut sim = Sim::pair(|_, _| {});
    // Server 1 is the slave; its third CA is the last answer, after bid and first answer.
    sim.link = nth(3, |f| f.from == 0 && f.kind() == 'C');
    sim.all_up();
    sim.advance(3000);
    assert_eq!(sim.speakers[0].cafsm(sim.ix(0, 1)), CafsmState::Aligned);
    assert_eq!(sim.speakers[1].cafsm(sim.ix(1, 0)).name(), "summarize");
    let since = sim.log.len();
    sim.advance(3000);
    sim.assert_aligned();
    // One repeat and the same answer; no negotiation.
    assert_eq!(sim.kinds(1, 0, since).replace('H', ""), "C");
    assert_eq!(sim.kinds(0, 1, since).replace('H', ""), "C");
    assert_eq!(sim.speakers[0].meters().renegotiations, 0);
}

// R2334-2.2.2-21, R2334-2.2.2-22, R2334-2.2-08; register C17, C18.
#[test]
fn without_the_copy_a_repeat_leads_to_a_new_negotiation() {
    let mut sim = Sim::pair(|_, _| {});
    let mut answers = 0;
    sim.link = Box::new(move |f| {
        // The last answer is lost, and so are three repeats of the master's CA.
        if f.from == 0 && f.kind() == 'C' {
            answers += 1;
            if answers == 3 {
                return Fate::Lose;
            }
        }
        if f.from == 1 && f.kind() == 'C' && f.at > Time(3000) && f.at <= Time(12_000) {
            return Fate::Lose;
        }
        Fate::Deliver
    });
    sim.all_up();
    sim.advance(3000);
    sim.originate(1, 5, &[7]);
    sim.advance(9000);
    assert_eq!(sim.speakers[1].cafsm(sim.ix(1, 0)).name(), "summarize");
    assert_eq!(sim.speakers[0].meters().renegotiations, 0);
    sim.advance(3000);
    sim.assert_aligned();
    sim.assert_equal_caches();
    assert_eq!(sim.speakers[0].meters().renegotiations, 1);
    assert!(sim.speakers[0].get(server(2), key(5)).is_some());
}

// R2334-2.2.3-07, R2334-2.2.3-08
#[test]
fn a_repeated_csus_asks_for_what_is_missing_and_more() {
    // One record in a CSU Request, three in a CSUS.
    let mut sim = Sim::pair(|_, config| config.mtu = 28 + 3 * 20);
    for n in 0..5 {
        sim.originate(1, n, &[0; 50]);
    }
    // The second answer is lost.
    sim.link = nth(2, |f| f.from == 1 && f.kind() == 'U');
    sim.all_up();
    sim.advance(3000);
    assert_eq!(sim.speakers[0].cafsm(sim.ix(0, 1)), CafsmState::Update);
    // The CSU timer of the other side is quicker than the CSUS timer: keep it from helping.
    sim.link = Box::new(|f| {
        if f.from == 1 && f.kind() == 'U' && f.at == Time(5000) {
            Fate::Lose
        } else {
            Fate::Deliver
        }
    });
    sim.advance(3000);
    sim.assert_aligned();
    sim.assert_equal_caches();
    let asked: Vec<_> = sim
        .log
        .iter()
        .filter_map(|f| match f.packet().body {
            Body::Csus(records) => Some((
                f.at.0,
                records.iter().map(|csas| csas.key.0[3]).collect::<Vec<_>>(),
            )),
            _ => None,
        })
        .collect();
    assert_eq!(asked, [(3000, vec![0, 1, 2]), (6000, vec![1, 3, 4])]);
}

// R2334-2.2.3-06
#[test]
fn csus_is_repeated_every_interval_without_limit() {
    let mut sim = Sim::pair(|_, config| config.csus_rexmt_ms = 700);
    sim.originate(1, 1, &[1]);
    sim.link = Box::new(|f| {
        if f.kind() == 'S' {
            Fate::Lose
        } else {
            Fate::Deliver
        }
    });
    sim.all_up();
    sim.advance(3000);
    sim.advance(7000);
    let times: Vec<_> = sim
        .log
        .iter()
        .filter(|f| f.kind() == 'S')
        .map(|f| f.at.0)
        .collect();
    assert_eq!(times, (0..=10).map(|n| 3000 + 700 * n).collect::<Vec<_>>());
}

// R2334-2.3-01; register C23.
#[test]
fn no_csu_passes_before_update_cache() {
    let mut sim = Sim::pair(small);
    for n in 0..8 {
        sim.originate(0, n, &[1]);
    }
    sim.link = Box::new(|f| {
        if f.from == 0 && f.kind() == 'C' {
            Fate::Lose
        } else {
            Fate::Deliver
        }
    });
    sim.all_up();
    sim.advance(3000);
    sim.originate_and_pump(0, 3, &[2]);
    sim.originate_and_pump(1, 3, &[2]);
    assert!(sim.log.iter().all(|f| matches!(f.kind(), 'H' | 'C')));
}
