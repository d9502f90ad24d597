//! Heartbeats, flush, restore, redirect maps.

use super::net::*;
use crate::io::{Admin, Input};
use crate::wire::mars::{Body, decode};
use crate::wire::scsp::{CacheKey, Csa, Csas, SequenceNumber};

/// Two servers with a client each, the first joined to a group, then cut off from each other's frames
/// while their VC stays.
fn cut_off() -> Net {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(1, 100);
    net.join(1, 100, range(5, 5));
    net.register(2, 101);
    net.seen(2);
    net.deaf = vec![(1, 2), (2, 1)];
    net
}

// R2443-2-11 R2443-2-18 R2443-5.1-07: exactly at the hold time, not a millisecond before; registers B06
// and E19: silently.
#[test]
fn a_server_that_misses_two_beats_is_flushed_at_the_hold_time() {
    let mut net = cut_off();
    // The last beat was learned by alignment, in the first second.
    let learned = 150_000;
    net.run_to(learned - 1);
    let live = net.view(2);
    assert_eq!(net.members(2), [(100, 5, 5, 1)]);
    assert_eq!(live.live.len(), 1);
    assert_eq!(live.redirect_map[0].servers, [endpoint(2), endpoint(1)]);
    net.run_to(learned + 3000);
    let view = net.view(2);
    assert_eq!(net.members(2), []);
    assert_eq!(view.registrations.len(), 1);
    assert!(view.live.is_empty());
    assert_eq!(view.redirect_map[0].servers, [endpoint(2)]);
    // Register B02: kept, not used, not summarised.
    let quarantined = view.cache.iter().filter(|e| e.quarantined).count();
    assert_eq!(quarantined, 3);
    assert!(on_ccvc(&net.seen(2)).is_empty());
    assert_eq!(net.servers[&2].meters().flushes, 1);
}

// The instant of the flush, to the millisecond.
#[test]
fn the_flush_has_its_own_deadline() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.run_to(60_000);
    net.deaf = vec![(1, 2), (2, 1)];
    net.run_to(209_999);
    assert_eq!(net.view(2).live.len(), 1);
    net.run_to(210_000);
    assert!(net.view(2).live.is_empty());
}

// R2443-2-16 R2443-2-17 R2443-5.1-05
#[test]
fn beats_keep_a_server_alive() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(1, 100);
    net.join(1, 100, range(5, 5));
    net.run_to(1_000_000);
    assert_eq!(net.members(2), [(100, 5, 5, 1)]);
    // One instance a minute, the one of time 0 included.
    let view = net.view(2);
    let beat = view.cache.iter().find(|e| e.origin == id(1)).unwrap();
    assert_eq!(beat.sequence - i32::MIN, 17);
}

// Registers B02, H04: what comes back is announced as if it had just been learned.
#[test]
fn a_beat_restores_what_was_flushed() {
    let mut net = cut_off();
    net.run_to(200_000);
    assert_eq!(net.members(2), []);
    net.seen(2);
    net.deaf.clear();
    net.run_to(260_000);
    assert_eq!(net.members(2), [(100, 5, 5, 1)]);
    assert_eq!(on_ccvc(&net.seen(2)), [(JOIN, 100, vec![(5, 5)])]);
    let view = net.view(2);
    assert!(view.cache.iter().all(|e| !e.quarantined));
    assert_eq!(view.cache, net.view(1).cache);
    assert_eq!(net.servers[&2].meters().restores, 1);
}

/// All of these die, so that the rest flush them, and start a new life; client 100 was at server 1.
fn back_after_the_flush(links: &[(u8, u8)], dying: &[u8]) -> Net {
    let mut net = Net::aligned(&[1, 2, 3], links);
    net.register(1, 100);
    net.join(1, 100, range(5, 5));
    net.run(1_000);
    assert_eq!(net.members(3).len(), 1);
    for server in dying {
        net.kill(*server);
    }
    net.run(220_000);
    assert_eq!(net.members(3), []);
    for server in dying {
        let others: Vec<u8> = links
            .iter()
            .filter(|(a, b)| a == server || b == server)
            .map(|(a, b)| if a == server { *b } else { *a })
            .collect();
        let mut config = config(*server, &others);
        config.incarnation = 1;
        net.start(config);
    }
    for (a, b) in links {
        if dying.contains(a) || dying.contains(b) {
            net.link(*a, *b);
        }
    }
    net.run(70_000);
    assert_eq!(net.servers[&3].meters().restores, dying.len() as u64);
    net
}

// Registers B02, B03, B11: what a new life has to withdraw is in no summary; the others show it. Found by the
// simulation of a whole LIS.
#[test]
fn a_server_that_starts_anew_after_its_flush_withdraws_its_old_records() {
    let net = back_after_the_flush(&[(1, 2), (1, 3), (2, 3)], &[1]);
    for server in 1..=3 {
        assert_eq!(net.members(server), []);
    }
    assert!(net.servers[&1].meters().withdrawals > 0);
}

// The same where only a server at the far end of a line still knows.
#[test]
fn it_does_so_where_its_beat_came_by_way_of_another() {
    let net = back_after_the_flush(&[(1, 2), (2, 3)], &[1, 2]);
    for server in 1..=3 {
        assert_eq!(net.members(server), []);
    }
    assert!(net.servers[&1].meters().withdrawals > 0);
}

// Register B02: changes during quarantine count when it ends, and are not announced before.
#[test]
fn records_learned_in_quarantine_count_after_it() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(1, 101);
    let beat = body(1, 9, None);
    net.record(1, 2, foreign(&beat, 1, 1));
    net.record(1, 2, foreign(&body(3, 100, None), 2, 1));
    net.record(1, 2, foreign(&body(3, 100, Some(5)), 3, 1));
    assert_eq!(net.members(1), [(100, 5, 5, 9)]);
    net.run(150_000);
    assert_eq!(net.members(1), []);
    net.seen(1);
    net.record(1, 2, foreign(&body(4, 100, Some(5)), 3, 2));
    net.record(1, 2, foreign(&body(3, 100, Some(7)), 4, 1));
    // Equal and older beats are no beats (register B04).
    net.record(1, 2, foreign(&beat, 1, 1));
    assert_eq!(net.members(1), []);
    assert_eq!(net.seen(1), []);
    net.record(1, 2, foreign(&beat, 1, 2));
    assert_eq!(net.members(1), [(100, 7, 7, 9)]);
    assert_eq!(on_ccvc(&net.seen(1)), [(JOIN, 100, vec![(7, 7)])]);
    // Register H06: a beat under another key is a beat.
    net.run(150_000);
    net.record(1, 2, foreign(&beat, 9, 1));
    assert_eq!(net.members(1), [(100, 7, 7, 9)]);
}

// Register B07: joins without any beat count from first sight, for one hold time.
#[test]
fn records_without_a_beat_count_for_a_while() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.record(1, 2, foreign(&body(3, 100, Some(5)), 3, 1));
    net.run(100_000);
    net.record(1, 2, foreign(&body(3, 100, None), 2, 1));
    assert_eq!(net.members(1), [(100, 5, 5, 9)]);
    assert!(
        net.view(1)
            .live
            .iter()
            .any(|o| o.origin == id(9) && o.atm.is_none())
    );
    // No address, no place in the map.
    assert_eq!(net.view(1).redirect_map[0].servers.len(), 2);
    net.run(49_999);
    assert_eq!(net.members(1), [(100, 5, 5, 9)]);
    net.run(1);
    assert_eq!(net.members(1), []);
}

/// A record of originator 9, as neighbour 2 would flood it.
fn foreign(body: &[u8], key: u8, number: i32) -> Csa<'_> {
    Csa {
        csas: Csas {
            hop_count: 5,
            ..Csas::new(
                CacheKey([9, 0, 0, key]),
                id(9),
                SequenceNumber(i32::MIN + number),
            )
        },
        body,
    }
}

/// A record about an endpoint: a beat (state 1), a registration, or one of a single group; CMI 7.
fn body(state: u8, about: u8, group: Option<u8>) -> Vec<u8> {
    let (register, cmi) = match (state, group) {
        (1, _) => (0, 0),
        (_, None) => (0x20, 7),
        _ => (0, 7),
    };
    let groups = if group.is_some() { 4 } else { 0 };
    let mut octets = vec![
        0, 15, 8, 0, 0, 0, 0, 0, 0, 0, 0, state, register, 0, 0, cmi, 0,
    ];
    octets.extend([groups, 20, 0]);
    octets.extend(endpoint(about).number.octets());
    for end in group.into_iter().flat_map(|group| [group, group]) {
        octets.extend([224, 0, 0, end]);
    }
    octets
}

// R2443-2-11 with register B05: what counts is who originated it, not who passed it on. The relay dies;
// its own clients go, those behind it stay as long as their beats find another way.
#[test]
fn losing_a_relay_flushes_the_relay_alone() {
    let links = [(1, 2), (2, 3), (1, 3)];
    let mut net = Net::aligned(&[1, 2, 3], &links);
    for server in [2, 3] {
        net.register(server, 100 + server);
        net.join(server, 100 + server, range(server, server));
    }
    net.kill(2);
    net.run(300_000);
    assert_eq!(net.members(1), [(103, 3, 3, 3)]);
    assert_eq!(net.members(3), [(103, 3, 3, 3)]);
    let servers = net.view(1).redirect_map[0].servers.clone();
    assert_eq!(servers, [endpoint(1), endpoint(3)]);
}

// R2443-2-19 R2443-2-20 R2443-5.1-06 R2443-5.1-08 R2022-5.4.3-03
#[test]
fn the_map_on_the_ccvc_lists_live_servers_in_order() {
    let mut net = Net::aligned(&[1, 2, 3], &[(1, 2), (2, 3)]);
    net.register(2, 102);
    let listed = |net: &mut Net| {
        net.seen(2);
        net.run(60_000);
        let seen = net.seen(2);
        let [Seen::Cluster(octets)] = &seen[..] else {
            panic!("{seen:?}");
        };
        let message = decode(octets).unwrap();
        assert_eq!(message.source, endpoint(2));
        let Body::RedirectMap(map) = message.body else {
            panic!("{message:?}");
        };
        // Register A04: always hard.
        assert!(map.hard);
        map.servers
            .iter()
            .map(|s| s.number.octets()[18])
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(&mut net), [2, 1, 3]);
    net.input(2, Input::Admin(Admin::Drain));
    assert_eq!(listed(&mut net), [1, 2, 3]);
    net.input(2, Input::Admin(Admin::Undrain));
    net.kill(3);
    net.run(180_000);
    assert_eq!(listed(&mut net), [2, 1]);
}

// R2443-2-21, register A10: configured backups come last, once.
#[test]
fn configured_backups_follow() {
    let mut net = Net::new(&[], &[]);
    for (server, other) in [(1, 2), (2, 1)] {
        let mut config = config(server, &[other]);
        config.backups = vec![endpoint(9), endpoint(other)];
        net.start(config);
    }
    assert_eq!(
        net.view(1).redirect_map[0].servers,
        [endpoint(1), endpoint(9), endpoint(2)]
    );
    net.link(1, 2);
    net.run_to(10_000);
    assert_eq!(
        net.view(1).redirect_map[0].servers,
        [endpoint(1), endpoint(2), endpoint(9)]
    );
}

// Registers H12, E23: one protocol may fall silent while the server lives.
#[test]
fn protocols_of_one_server_are_flushed_apart() {
    let mut net = Net::new(&[], &[]);
    for (server, other) in [(1, 2), (2, 1)] {
        let mut config = config(server, &[other]);
        config.protocols.push(crate::address::Protocol::IPV6);
        net.start(config);
    }
    net.link(1, 2);
    net.run_to(10_000);
    let other = |mut body: Vec<u8>| {
        body[2..4].copy_from_slice(&[0x86, 0xdd]);
        body
    };
    let (four, six) = (body(1, 9, None), other(body(1, 9, None)));
    net.record(1, 2, foreign(&four, 1, 1));
    net.record(1, 2, foreign(&six, 2, 1));
    net.record(1, 2, foreign(&body(3, 100, None), 3, 1));
    net.record(1, 2, foreign(&body(3, 100, Some(5)), 4, 1));
    net.record(1, 2, foreign(&other(body(3, 100, None)), 5, 1));
    net.run(100_000);
    net.record(1, 2, foreign(&six, 2, 2));
    net.run(50_000);
    let view = net.view(1);
    let live: Vec<_> = view.live.iter().filter(|o| o.origin == id(9)).collect();
    assert_eq!(live.len(), 1);
    assert_eq!(live[0].protocol, crate::address::Protocol::IPV6);
    assert_eq!(net.members(1), []);
    assert_eq!(view.registrations.len(), 1);
    // It lives, so its records stay in summaries; those that are flushed just do not count.
    assert!(view.cache.iter().all(|e| !e.quarantined));
    net.run(100_000);
    let quarantined = net.view(1).cache.iter().filter(|e| e.quarantined).count();
    assert_eq!(quarantined, 5);
    net.record(1, 2, foreign(&four, 1, 2));
    assert_eq!(net.members(1), [(100, 5, 5, 9)]);
    assert!(net.view(1).cache.iter().all(|e| !e.quarantined));
    assert_eq!(net.view(1).registrations.len(), 1);
}
