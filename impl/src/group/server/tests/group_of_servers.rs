//! Several servers that share what they know, through real frames.

use super::net::*;
use crate::address::Protocol;
use crate::wire::mars::MembershipFlags;
use crate::wire::scsp::{CacheKey, Csa, Csas, SequenceNumber};

// R2443-1-01 R2443-1-02 R2443-2-08 R2443-2-09 R2443-2-10 R2443-5.3-13 R2443-2-04
#[test]
fn two_servers_share_a_join() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(1, 100);
    net.register(2, 101);
    for server in [1, 2] {
        // Registrations are private, and add no leaf elsewhere (R2443-5.3-10).
        assert_eq!(net.seen(server).len(), 2);
    }
    net.join(1, 100, range(5, 9));
    for server in [1, 2] {
        assert_eq!(net.members(server), [(100, 5, 9, 1)]);
        let seen = net.seen(server);
        assert_eq!(on_ccvc(&seen), [(JOIN, 100, vec![(5, 9)])]);
        assert_eq!(seen.len(), 1);
    }
    net.leave(1, 100, range(5, 9));
    for server in [1, 2] {
        assert_eq!(net.members(server), []);
        assert_eq!(on_ccvc(&net.seen(server)), [(LEAVE, 100, vec![(5, 9)])]);
    }
    let (a, b) = (net.view(1), net.view(2));
    assert_eq!(a.membership, b.membership);
    assert_eq!(a.registrations, b.registrations);
    assert_eq!(a.cache, b.cache);
}

// R2443-5.3-21, register E11, E12: what a CCVC message made from a record looks like.
#[test]
fn a_record_becomes_a_message_of_the_local_mars() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(2, 101);
    net.register(1, 100);
    net.seen(2);
    let flags = MembershipFlags::LAYER3GRP | 0x77;
    net.client(1, 100, &membership(JOIN, 100, flags, range(5, 5)));
    let seen = net.seen(2);
    let [Seen::Cluster(octets)] = &seen[..] else {
        panic!("{seen:?}");
    };
    assert_eq!(short(octets), (JOIN, 100, 0xc000, 0, 0, vec![(5, 5)]));
    // The client's protocol address is there.
    assert_eq!(octets[52..56], [10, 0, 0, 100]);
}

// R2443-2-02 R2443-2-20 R2443-5.1-09: a line, and everyone's map.
#[test]
fn three_in_a_line_end_with_equal_views() {
    let mut net = Net::aligned(&[1, 2, 3], &[(1, 2), (2, 3)]);
    for server in 1..=3 {
        let client = 100 + server;
        net.register(server, client);
        net.join(server, client, range(server, 9));
        net.join(server, client, range(20, 20));
    }
    net.leave(3, 103, range(20, 20));
    net.leaf_gone(1, 101);
    let expected = [(102, 2, 9, 2), (102, 20, 20, 2), (103, 3, 9, 3)];
    let first = net.view(1);
    for server in 1..=3 {
        assert_eq!(net.members(server), expected);
        let view = net.view(server);
        assert_eq!(view.cache, first.cache);
        assert_eq!(view.registrations, first.registrations);
        // R2443-2-19 R2443-2-20: the own address, then the others by ascending id (register A01).
        let others = (1..=3).filter(|n| *n != server);
        let map: Vec<_> = core::iter::once(server)
            .chain(others)
            .map(endpoint)
            .collect();
        assert_eq!(view.redirect_map[0].servers, map);
    }
}

// R2443-2-23 R2443-5.4-05, register E19: a deregistration is silent and takes everything along.
#[test]
fn a_deregistration_empties_every_map() {
    for proxy in [false, true] {
        let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
        net.register(2, 101);
        net.register(1, 100);
        net.join(1, 100, range(5, 5));
        net.join(1, 100, range(7, 9));
        net.seen(2);
        if proxy {
            net.leaf_gone(1, 100);
        } else {
            net.deregister(1, 100);
        }
        assert_eq!(net.members(2), []);
        assert_eq!(net.seen(2), []);
        let states: Vec<_> = net
            .view(2)
            .cache
            .iter()
            .filter(|e| e.origin == id(1))
            .map(|e| e.state)
            .collect();
        assert_eq!(states, [Some(1), Some(4), Some(4), Some(4)]);
        assert_eq!(net.view(1).cache, net.view(2).cache);
    }
}

// R2443-5.3-15 R2443-5.3-16 R2443-5.3-09 R2443-5.4-06 R2443-5.4-07: every server punches for itself.
#[test]
fn holes_are_punched_at_each_server() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(2, 101);
    net.register(1, 100);
    net.join(1, 100, range(6, 6));
    net.seen(1);
    net.seen(2);
    net.join(1, 100, range(4, 9));
    let punched = vec![(4, 5), (7, 9)];
    assert_eq!(on_ccvc(&net.seen(2)), [(JOIN, 100, punched.clone())]);
    let seen = net.seen(1);
    assert_eq!(on_ccvc(&seen), [(JOIN, 100, punched.clone())]);
    assert!(matches!(&seen[0], Seen::Private(100, _)));
    // Inside its block: news for the cache, none for anybody's cluster (register E08).
    net.join(1, 100, range(8, 8));
    assert!(matches!(&net.seen(1)[..], [Seen::Private(100, _)]));
    assert_eq!(net.seen(2), []);
    assert!(net.members(2).contains(&(100, 8, 8, 1)));
    net.leave(1, 100, range(4, 9));
    let left = vec![(4, 5), (7, 7), (9, 9)];
    assert_eq!(on_ccvc(&net.seen(2)), [(LEAVE, 100, left)]);
}

// R2443-5.3-17 R2443-5.4-08: no record for what changes nothing.
#[test]
fn duplicates_give_no_record() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(1, 100);
    net.join(1, 100, range(5, 9));
    let before = net.view(2).cache;
    net.register(1, 100);
    net.join(1, 100, range(5, 9));
    net.leave(1, 100, range(5, 5));
    assert_eq!(net.view(2).cache, before);
}

// Register A07: two homes are two entries; each ends with its own leaf.
#[test]
fn a_client_with_two_homes_is_counted_once() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    for server in [1, 2] {
        net.register(server, 100);
        net.join(server, 100, range(5, 5));
    }
    for server in [1, 2] {
        assert_eq!(net.members(server), [(100, 5, 5, 1), (100, 5, 5, 2)]);
    }
    net.seen(1);
    net.leave(2, 100, range(5, 5));
    // Still a member by the other record.
    assert_eq!(on_ccvc(&net.seen(1)), []);
    assert_eq!(net.members(1), [(100, 5, 5, 1)]);
}

// Register A08: a late deregistration at the old home does not take the new one along, and the new home
// says again what it knows, once.
#[test]
fn a_foreign_deregister_is_answered_with_own_records() {
    let mut net = Net::aligned(&[1, 2, 3], &[(1, 2), (2, 3)]);
    net.register(1, 100);
    net.join(1, 100, range(5, 5));
    net.register(2, 100);
    net.join(2, 100, range(7, 9));
    net.join(2, 100, range(5, 5));
    let numbers = |net: &Net, server: u8| -> Vec<i32> {
        let view = net.view(server);
        let own = view.cache.iter().filter(|e| e.origin == id(2));
        own.skip(1).map(|e| e.sequence - i32::MIN).collect()
    };
    assert_eq!(numbers(&net, 3), [1, 1, 1]);
    net.leaf_gone(1, 100);
    for server in 1..=3 {
        assert_eq!(numbers(&net, server), [2, 2, 2]);
        assert_eq!(net.members(server), [(100, 5, 5, 2), (100, 7, 9, 2)]);
    }
    assert_eq!(net.servers[&2].meters().reoriginations, 1);
}

/// A record of originator 9 about client 100, as its neighbour 2 would flood it.
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

/// State, flags, CMI and range of a record about client 100.
fn body(state: u8, register: bool, cmi: u8, range: Option<(u8, u8)>) -> Vec<u8> {
    let groups = if range.is_some() { 4 } else { 0 };
    let flags = if register { 0x20 } else { 0 };
    let mut octets = vec![0, 15, 8, 0, 0, 0, 0, 0, 0, 0, 0, state, flags, 0, 0, cmi, 0];
    octets.extend([groups, 20, 0]);
    octets.extend(endpoint(100).number.octets());
    for end in range.into_iter().flat_map(|(min, max)| [min, max]) {
        octets.extend([224, 0, 0, end]);
    }
    octets
}

fn two_with_a_leaf() -> Net {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(1, 101);
    net.seen(1);
    net
}

// Register E20: a join whose registration is not known yet is held, and announced when it is.
#[test]
fn a_join_before_its_registration_is_held() {
    let mut net = two_with_a_leaf();
    net.record(1, 2, foreign(&body(3, false, 7, Some((5, 6))), 2, 1));
    net.record(1, 2, foreign(&body(3, false, 7, Some((1, 9))), 3, 1));
    net.record(1, 2, foreign(&body(3, false, 8, Some((20, 20))), 4, 1));
    assert_eq!(net.members(1), []);
    assert_eq!(net.seen(1), []);
    net.record(1, 2, foreign(&body(3, true, 7, None), 1, 1));
    assert_eq!(net.members(1), [(100, 1, 9, 9), (100, 5, 6, 9)]);
    assert_eq!(on_ccvc(&net.seen(1)), [(JOIN, 100, vec![(1, 9)])]);
}

// Register C03, C04: a registration under another CMI ends what belonged to the older one.
#[test]
fn a_new_cmi_ends_the_older_registration() {
    let mut net = two_with_a_leaf();
    net.record(1, 2, foreign(&body(3, true, 7, None), 1, 1));
    net.record(1, 2, foreign(&body(3, false, 7, Some((5, 5))), 2, 1));
    net.record(1, 2, foreign(&body(3, false, 8, Some((6, 6))), 3, 1));
    net.seen(1);
    net.record(1, 2, foreign(&body(3, true, 8, None), 1, 2));
    assert_eq!(net.members(1), [(100, 6, 6, 9)]);
    // The end is silent, the beginning is not.
    assert_eq!(on_ccvc(&net.seen(1)), [(JOIN, 100, vec![(6, 6)])]);
    // An old join that comes late counts for nothing.
    net.record(1, 2, foreign(&body(3, false, 7, Some((5, 5))), 2, 2));
    assert_eq!(net.members(1), [(100, 6, 6, 9)]);
}

// R2443-2-23 R2443-5.4-05: joins do not come back with a registration that reuses the CMI, as a peer
// that ends a registration by one record would have it.
#[test]
fn a_deregister_record_purges_for_good() {
    let mut net = two_with_a_leaf();
    net.record(1, 2, foreign(&body(3, true, 7, None), 1, 1));
    net.record(1, 2, foreign(&body(3, false, 7, Some((5, 5))), 2, 1));
    net.record(1, 2, foreign(&body(4, true, 7, None), 1, 2));
    assert_eq!(net.members(1), []);
    net.record(1, 2, foreign(&body(3, true, 7, None), 1, 3));
    assert_eq!(net.members(1), []);
    net.record(1, 2, foreign(&body(3, false, 7, Some((5, 5))), 2, 2));
    assert_eq!(net.members(1), [(100, 5, 5, 9)]);
}

// Register C02, H10: a leave under a key of its own.
#[test]
fn a_leave_under_a_new_key_ends_the_join_it_fits() {
    let mut net = two_with_a_leaf();
    net.record(1, 2, foreign(&body(3, true, 7, None), 1, 1));
    net.record(1, 2, foreign(&body(3, false, 7, Some((5, 5))), 2, 1));
    net.seen(1);
    net.record(1, 2, foreign(&body(4, false, 8, Some((5, 5))), 3, 1));
    assert_eq!(net.members(1), [(100, 5, 5, 9)]);
    net.record(1, 2, foreign(&body(4, false, 7, Some((5, 5))), 4, 1));
    assert_eq!(net.members(1), []);
    assert_eq!(on_ccvc(&net.seen(1)), [(LEAVE, 100, vec![(5, 5)])]);
    // The same for a deregistration.
    net.record(1, 2, foreign(&body(3, false, 7, Some((5, 5))), 2, 2));
    net.record(1, 2, foreign(&body(4, true, 7, None), 5, 1));
    assert_eq!(net.members(1), []);
    assert_eq!(net.view(1).registrations.len(), 1);
}

// R2443-3-07 R2443-3-09 (register C24): discarded, acknowledged, not passed on.
#[test]
fn unusable_records_stay_where_they_are() {
    let mut net = Net::aligned(&[1, 2, 3], &[(1, 2), (1, 3)]);
    // State, version, hardware type, protocol, and an IPv4 group of one octet.
    let mut wrong = vec![body(6, true, 7, None); 4];
    wrong[1][11] = 3;
    wrong[1][10] = 1;
    wrong[2][11] = 3;
    wrong[2][1] = 14;
    wrong[3][11] = 3;
    wrong[3][2..4].copy_from_slice(&[0x86, 0xdd]);
    let mut short = body(3, false, 7, None);
    short[17] = 1;
    short.extend([1, 1]);
    wrong.push(short);
    for (key, body) in (1..).zip(&wrong) {
        net.record(1, 2, foreign(body, key, 1));
    }
    let states: Vec<_> = net
        .view(1)
        .cache
        .iter()
        .filter(|e| e.origin == id(9))
        .map(|e| e.state)
        .collect();
    assert_eq!(states, [None; 5]);
    assert!(net.view(3).cache.iter().all(|e| e.origin != id(9)));
    assert!(net.view(1).registrations.is_empty());
}

// R2443-5.2-14: MCS records are kept and passed on; what to do with them comes with MCSs.
#[test]
fn mcs_records_are_cached_and_flooded() {
    let mut net = Net::aligned(&[1, 2, 3], &[(1, 2), (1, 3)]);
    net.record(1, 2, foreign(&body(2, true, 7, None), 1, 1));
    net.record(1, 2, foreign(&body(5, true, 7, None), 2, 1));
    for server in [1, 3] {
        let view = net.view(server);
        let states: Vec<_> = view
            .cache
            .iter()
            .filter(|e| e.origin == id(9))
            .map(|e| e.state)
            .collect();
        assert_eq!(states, [Some(2), Some(5)]);
        assert!(view.registrations.is_empty());
    }
}

// R2443-2-05, register E03: what others' records carry is not given, and an overlap is noticed.
#[test]
fn cmis_of_others_are_skipped_and_conflicts_counted() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.record(1, 2, foreign(&body(3, true, 100, None), 1, 1));
    assert_eq!(net.servers[&1].meters().cmi_conflicts, 1);
    net.register(1, 101);
    let cmis: Vec<u16> = net.view(1).registrations.iter().map(|r| r.cmi).collect();
    assert_eq!(cmis, [100, 101]);
}

// R2443-3-12: the sequence bits mean nothing here; layer3grp alone is a change without news.
#[test]
fn flags_alone_are_no_news_for_the_cluster() {
    let mut net = two_with_a_leaf();
    net.record(1, 2, foreign(&body(3, true, 7, None), 1, 1));
    let mut join = body(3, false, 7, Some((5, 5)));
    net.record(1, 2, foreign(&join, 2, 1));
    net.seen(1);
    join[12..14].copy_from_slice(&[0x80, 0x55]);
    net.record(1, 2, foreign(&join, 2, 2));
    assert_eq!(net.seen(1), []);
    assert_eq!(net.members(1), [(100, 5, 5, 9)]);
    let map = net.servers[&1].core.services.values().next().unwrap();
    assert_eq!(map.mars.map().layer3_groups(range(0, 9)).len(), 1);
}

// A key that is put to another use: the old claim leaves, the new one joins.
#[test]
fn a_key_may_change_its_subject() {
    let mut net = two_with_a_leaf();
    net.record(1, 2, foreign(&body(3, true, 7, None), 1, 1));
    net.record(1, 2, foreign(&body(3, false, 7, Some((5, 5))), 2, 1));
    net.seen(1);
    net.record(1, 2, foreign(&body(3, false, 7, Some((5, 6))), 2, 2));
    assert_eq!(
        on_ccvc(&net.seen(1)),
        [(LEAVE, 100, vec![(5, 5)]), (JOIN, 100, vec![(5, 6)])]
    );
    assert_eq!(net.members(1), [(100, 5, 6, 9)]);
}

// The same where the new use is none of a client: what the key said counts no more.
#[test]
fn a_key_that_says_nothing_of_a_client_any_more_ends_its_claim() {
    let mcs = body(2, true, 7, None);
    let mut beat = body(1, false, 0, None);
    beat[18] = 20;
    for other in [mcs, beat] {
        let mut net = two_with_a_leaf();
        net.record(1, 2, foreign(&body(3, true, 7, None), 1, 1));
        net.record(1, 2, foreign(&body(3, false, 7, Some((5, 5))), 2, 1));
        net.seen(1);
        net.record(1, 2, foreign(&other, 2, 2));
        assert_eq!(on_ccvc(&net.seen(1)), [(LEAVE, 100, vec![(5, 5)])]);
        assert_eq!(net.members(1), []);
    }
}

// Register H12: one cache of SCSP serves all protocols, so a key may go from one to another.
#[test]
fn a_key_that_goes_to_another_protocol_ends_its_claim() {
    let mut config = config(1, &[2]);
    config.protocols.push(Protocol::IPV6);
    let mut net = Net::new(&[2], &[(1, 2)]);
    net.start(config);
    net.link(1, 2);
    net.run_to(10_000);
    net.record(1, 2, foreign(&body(3, true, 7, None), 1, 1));
    net.record(1, 2, foreign(&body(3, false, 7, Some((5, 5))), 2, 1));
    assert_eq!(net.members(1), [(100, 5, 5, 9)]);
    let mut other = body(3, true, 7, None);
    other[2..4].copy_from_slice(&[0x86, 0xdd]);
    net.record(1, 2, foreign(&other, 2, 2));
    assert_eq!(net.members(1), []);
    assert_eq!(net.view(1).registrations.len(), 2);
}

// Register H11: a second VC is not used while the first is up.
#[test]
fn a_second_vc_waits_for_the_first_to_go() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.link(1, 2);
    net.run(5000);
    assert_eq!(net.view(1).cafsm["0a000002"], "aligned");
    net.unlink(1, 2);
    assert_eq!(net.view(1).hfsm["0a000002"], "unidirectional");
    net.run(10_000);
    assert_eq!(net.view(1).cafsm["0a000002"], "aligned");
    assert_eq!(net.view(2).cafsm["0a000001"], "aligned");
}

// R2443-2-02: a mesh takes each record once, and stays quiet.
#[test]
fn a_full_mesh_agrees() {
    let links = [(1, 2), (1, 3), (2, 3)];
    let mut net = Net::aligned(&[1, 2, 3], &links);
    net.register(1, 100);
    net.join(1, 100, range(5, 5));
    for server in 2..=3 {
        assert_eq!(net.members(server), [(100, 5, 5, 1)]);
        assert_eq!(net.servers[&server].scsp_meters().csa_repeats, 0);
    }
    assert_eq!(net.view(2).cache, net.view(3).cache);
}
