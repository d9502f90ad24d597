//! The alignment machine alone: its whole transition relation, and corners of it.

use std::sync::Arc;

use super::*;
use crate::address::ServerId;
use crate::wire::scsp::CacheKey;

fn cache(entries: u8) -> Cache {
    let mut cache = Cache::default();
    for n in 0..entries {
        let id = RecordId {
            origin: ServerId([10, 0, 0, 9]),
            key: CacheKey([0, 0, 0, n]),
        };
        cache.store(id, SequenceNumber(1), Arc::from([].as_slice()));
    }
    cache
}

fn ca(sequence: u32, flags: &str, records: usize) -> CaMessage {
    let (records, _) = cache(9).summaries(None, records);
    CaMessage {
        sequence,
        master: flags.contains('M'),
        init: flags.contains('I'),
        more: flags.contains('O'),
        records,
    }
}

/// A short form of what the machine did: letters for actions, number and flags of what it sent
/// relative to `base`.
fn told(actions: &[CaAction], base: u32) -> String {
    let words: Vec<_> = actions
        .iter()
        .map(|action| match action {
            CaAction::Reset => "reset".to_owned(),
            CaAction::Send(ca) => {
                let flag = |set, letter| if set { letter } else { '-' };
                format!(
                    "{:+}{}{}{}{}",
                    i64::from(ca.sequence) - i64::from(base),
                    flag(ca.master, 'M'),
                    flag(ca.init, 'I'),
                    flag(ca.more, 'O'),
                    ca.records.len()
                )
            }
            CaAction::StartTimer => "timer".to_owned(),
            CaAction::StopTimer => "no-timer".to_owned(),
            CaAction::StartHold => "hold".to_owned(),
            CaAction::StartPatience => "patience".to_owned(),
            CaAction::StopHold => "no-hold".to_owned(),
            CaAction::Offer(records) => format!("offer {}", records.len()),
            CaAction::Process => "process".to_owned(),
            CaAction::EnterUpdate => "update".to_owned(),
        })
        .collect();
    words.join(" ")
}

/// A machine in each situation that the RFC tells apart, with two entries to summarise in CAs of
/// one. Its own number is 100 after negotiation, the neighbour's bid 500.
fn situations() -> Vec<(&'static str, bool, Alignment, u32)> {
    let two = cache(2);
    let run = |larger: bool, steps: &[CaMessage]| {
        let context = CaContext {
            peer_is_larger: larger,
            cache: &two,
            limit: 1,
        };
        let mut machine = Alignment::new(100);
        machine.start();
        for step in steps {
            machine.receive(step, context);
        }
        machine
    };
    let bid = ca(500, "MIO", 0);
    let aligned = |mut machine: Alignment| {
        assert!(machine.satisfied());
        machine
    };
    let slave_done = [bid.clone(), ca(501, "M", 0)];
    let master_done = [ca(100, "", 0), ca(101, "", 0), ca(102, "", 0)];
    vec![
        ("down", true, Alignment::new(100), 100),
        ("negotiation, peer larger", true, run(true, &[]), 100),
        ("negotiation, peer smaller", false, run(false, &[]), 100),
        ("slave, one sent", true, run(true, &slave_done[..1]), 500),
        (
            "slave, all sent",
            true,
            run(true, &[bid, ca(501, "MO", 1)]),
            501,
        ),
        (
            "master, one sent",
            false,
            run(false, &master_done[..1]),
            101,
        ),
        (
            "master, all sent",
            false,
            run(false, &master_done[..2]),
            102,
        ),
        ("update, was slave", true, run(true, &slave_done), 501),
        ("update, was master", false, run(false, &master_done), 103),
        (
            "aligned, was slave",
            true,
            aligned(run(true, &slave_done)),
            501,
        ),
        (
            "aligned, was master",
            false,
            aligned(run(false, &master_done)),
            103,
        ),
    ]
}

// R2334-2.2.1-01, R2334-2.2.1-02, R2334-2.2.1-03, R2334-2.2.1-04, R2334-2.2.1-06, R2334-2.2.1-07,
// R2334-2.2.1-08, R2334-2.2.1-09, R2334-2.2.1-10, R2334-2.2.1-12, R2334-2.2.1-13, R2334-2.2.2-02,
// R2334-2.2.2-03, R2334-2.2.2-04, R2334-2.2.2-05, R2334-2.2.2-08, R2334-2.2.2-09, R2334-2.2.2-10,
// R2334-2.2.2-11, R2334-2.2.2-12, R2334-2.2.2-14, R2334-2.2.2-15, R2334-2.2.2-16, R2334-2.2.2-17,
// R2334-2.2.2-18, R2334-2.2.2-19, R2334-2.2-07, R2334-2.2-08
#[test]
fn the_whole_transition_relation() {
    let two = cache(2);
    let mut table = String::new();
    for (name, larger, machine, own) in situations() {
        table += &format!("{name}\n");
        let context = CaContext {
            peer_is_larger: larger,
            cache: &two,
            limit: 1,
        };
        let mut line = |event: String, act: &dyn Fn(&mut Alignment) -> Vec<CaAction>| {
            let mut machine = machine.clone();
            let actions = act(&mut machine);
            let to = machine.state().name();
            let row = format!("  {event:<18} -> {to:<11} {}", told(&actions, own));
            table += row.trim_end();
            table += "\n";
        };
        line("stop".into(), &|m| m.stop());
        line("timer".into(), &|m| m.timer());
        line("release".into(), &|m| m.release());
        line("list empty".into(), &|m| {
            m.satisfied();
            Vec::new()
        });
        let mut numbers = vec![-1i64, 0, 1, 2];
        if larger {
            numbers.push(500 - i64::from(own));
        }
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            for (flags, records) in [
                ("MIO", 0),
                ("MIO", 1),
                ("M", 1),
                ("MO", 1),
                ("", 1),
                ("O", 1),
            ] {
                let sequence = u32::try_from(i64::from(own) + number).unwrap();
                let message = ca(sequence, flags, records);
                line(format!("ca {number:+} {flags:3} {records}"), &|m| {
                    m.receive(&message, context)
                });
            }
        }
    }
    insta::assert_snapshot!(table);
}

// R2334-2.2.2-18: register C21.
#[test]
fn a_slave_with_nothing_left_answers_until_the_master_is_done() {
    let empty = Cache::default();
    let context = CaContext {
        peer_is_larger: true,
        cache: &empty,
        limit: 5,
    };
    let mut slave = Alignment::new(1);
    slave.start();
    slave.receive(&ca(500, "MIO", 0), context);
    for number in 501..=504 {
        let actions = slave.receive(&ca(number, "MO", 1), context);
        assert_eq!(told(&actions, number), "process +0---0 patience");
        assert_eq!(slave.state(), CafsmState::Summarize(Role::Slave));
    }
    slave.receive(&ca(505, "M", 1), context);
    assert_eq!(slave.state(), CafsmState::Update);
}

// R2334-B.2.1-05
#[test]
fn every_negotiation_has_a_number_never_sent_before() {
    let two = cache(2);
    let context = CaContext {
        peer_is_larger: false,
        cache: &two,
        limit: 1,
    };
    let mut master = Alignment::new(u32::MAX - 1);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let actions = master.start();
        let mut number = master.sequence;
        seen.extend(actions.iter().filter_map(|a| match a {
            CaAction::Send(ca) => Some(ca.sequence),
            _ => None,
        }));
        for _ in 0..3 {
            let answer = ca(number, "", 0);
            for action in master.receive(&answer, context) {
                if let CaAction::Send(ca) = action {
                    seen.push(ca.sequence);
                }
            }
            number = number.wrapping_add(1);
        }
        assert_eq!(master.state(), CafsmState::Update);
        master.stop();
    }
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len());
}

// Finding N04: a slave repeats nothing by itself, so it must not wait for ever.
#[test]
fn a_slave_that_hears_nothing_bids() {
    let cache = Cache::default();
    let context = CaContext {
        peer_is_larger: true,
        cache: &cache,
        limit: 5,
    };
    let mut slave = Alignment::new(1);
    slave.start();
    assert_eq!(slave.lose_patience(), []);
    slave.receive(&ca(500, "MIO", 0), context);
    let actions = slave.lose_patience();
    assert_eq!(slave.state(), CafsmState::Negotiation);
    assert_eq!(told(&actions, 2), "reset no-hold timer +0MIO0");
}

// Register H01, as the model has it: what the slave sent last would not answer the bid.
#[test]
fn a_copy_of_the_bid_after_the_next_ca_is_another_bid() {
    let cache = Cache::default();
    let context = CaContext {
        peer_is_larger: true,
        cache: &cache,
        limit: 5,
    };
    let mut slave = Alignment::new(1);
    slave.start();
    slave.receive(&ca(500, "MIO", 0), context);
    let bid = ca(500, "MIO", 0);
    assert_eq!(told(&slave.receive(&bid, context), 500), "+0---0 patience");
    slave.receive(&ca(501, "MO", 1), context);
    let actions = slave.receive(&bid, context);
    assert!(actions.contains(&CaAction::Reset));
    assert_eq!(slave.state(), CafsmState::Summarize(Role::Slave));
}

// Finding N10: a master takes a second answer to its bid for a copy of the first.
#[test]
fn a_bid_that_comes_again_is_answered_alike_and_what_changed_is_sent_later() {
    let id = |n| RecordId {
        origin: ServerId([10, 0, 0, 9]),
        key: CacheKey([0, 0, 0, n]),
    };
    let mut cache = cache(4);
    cache.remove(id(1));
    let (bid, mut slave) = (ca(500, "MIO", 0), Alignment::new(1));
    slave.start();
    let first = slave.receive(&bid, context(&cache, 2));
    let sent = |actions: &[CaAction]| {
        let mut sent = actions.iter().filter_map(|action| match action {
            CaAction::Send(ca) if !ca.init => Some(ca.clone()),
            _ => None,
        });
        sent.next().unwrap()
    };
    // Two of three are told: 0 and 2. One of them changes, one comes between them, one behind them.
    cache.store(id(2), SequenceNumber(2), Arc::from([].as_slice()));
    cache.store(id(1), SequenceNumber(5), Arc::from([].as_slice()));
    cache.store(id(4), SequenceNumber(1), Arc::from([].as_slice()));
    let ways: [fn(&mut Alignment, CaContext<'_>); 3] = [
        |slave, context| {
            // A late copy, after the next CA of the master.
            slave.receive(&ca(501, "MO", 1), context);
        },
        |slave, _| {
            slave.lose_patience();
        },
        |slave, _| {
            slave.stop();
            slave.start();
        },
    ];
    for way in ways {
        let mut slave = slave.clone();
        way(&mut slave, context(&cache, 2));
        let again = slave.receive(&bid, context(&cache, 2));
        assert_eq!(sent(&again), sent(&first));
        assert!(again.contains(&CaAction::Offer(vec![id(1), id(2)])));
        // The rest goes its way.
        let next = sent(&slave.receive(&ca(501, "M", 0), context(&cache, 2)));
        assert_eq!(
            next.records.iter().map(RecordId::of).collect::<Vec<_>>(),
            [id(3), id(4)]
        );
    }
    // Another bid is another exchange.
    slave.lose_patience();
    let other = slave.receive(&ca(700, "MIO", 0), context(&cache, 2));
    assert_ne!(sent(&other).records, sent(&first).records);
    assert!(
        !other
            .iter()
            .any(|action| matches!(action, CaAction::Offer(_)))
    );
}

const fn context(cache: &Cache, limit: usize) -> CaContext<'_> {
    CaContext {
        peer_is_larger: true,
        cache,
        limit,
    }
}
