//! Multicast servers in a group of servers (RFC 2443, 5.2 to 5.5).

use super::net::*;
use crate::address::{GroupRange, Protocol, ProtocolAddress};
use crate::group::GroupConfig;
use crate::io::Input;
use crate::wire::codepoints::Op;
use crate::wire::mars::{Body, Membership, MembershipFlags, Message, PairList, decode};

const MSERV: u8 = 3;
const UNSERV: u8 = 7;
const SJOIN: u8 = 8;
const SLEAVE: u8 = 9;
const MIGRATE: u8 = 13;

fn mcs(op: u8, number: u8, range: Option<GroupRange>) -> Vec<u8> {
    let ranges: Vec<GroupRange> = range.into_iter().collect();
    let (flags, pairs) = if ranges.is_empty() {
        (MembershipFlags::REGISTER, PairList::null(1))
    } else {
        (0, PairList::new(&ranges).unwrap())
    };
    let body = Membership {
        source_protocol: ProtocolAddress::new(&[10, 0, 0, number]).unwrap(),
        flags: MembershipFlags(flags),
        cmi: 0,
        msn: 0,
        pairs,
    };
    let body = if op == MSERV {
        Body::Mserv(body)
    } else {
        Body::Unserv(body)
    };
    Message::new(Protocol::IPV4, endpoint(number), body).to_vec()
}

/// An MCS registers at a server, if need be, and serves some groups.
fn serve(net: &mut Net, server: u8, number: u8, groups: &[u8]) {
    net.client(server, number, &mcs(MSERV, number, None));
    for group in groups {
        net.client(
            server,
            number,
            &mcs(MSERV, number, Some(range(*group, *group))),
        );
    }
}

/// CCVC (true) or SCVC, op, who, groups.
type Told = (bool, u8, u8, Vec<(u8, u8)>);

/// What a server has sent on its control VCs since the last time. Of a MIGRATE, the first
/// target and the group.
fn control(net: &mut Net, server: u8) -> Vec<Told> {
    net.seen(server)
        .iter()
        .filter_map(|seen| {
            let (ccvc, octets) = match seen {
                Seen::Cluster(octets) => (true, octets),
                Seen::Servers(octets) => (false, octets),
                _ => return None,
            };
            let message = decode(octets).unwrap();
            let op = message.body.op();
            if let Body::Migrate(answer) = message.body {
                assert_eq!(message.source, endpoint(server));
                let target = answer.targets.iter().next().unwrap().number.octets()[18];
                let group = answer.target.octets()[3];
                return Some((ccvc, op.code(), target, vec![(group, group)]));
            }
            if op == Op::RedirectMap {
                return None;
            }
            let (op, who, flags, cmi, _, pairs) = short(octets);
            // Register E12
            assert_eq!(cmi, 0);
            assert_eq!(
                flags & (MembershipFlags::COPY | MembershipFlags::REGISTER),
                MembershipFlags::COPY
            );
            Some((ccvc, op, who, pairs))
        })
        .collect()
}

fn pair(group: u8) -> Vec<(u8, u8)> {
    vec![(group, group)]
}

/// Servers 1 and 2, each with a client (101, 102) and an MCS (51, 52) that serves nothing yet.
fn two() -> Net {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    for server in [1, 2] {
        net.register(server, 100 + server);
        serve(&mut net, server, 50 + server, &[]);
    }
    for server in [1, 2] {
        control(&mut net, server);
    }
    net
}

// R2443-5.2-01 R2443-5.2-02 R2443-5.2-06 R2443-5.2-10 R2443-5.2-14: a registration is known everywhere, and
// makes a leaf at home only.
#[test]
fn a_registration_of_an_mcs_is_shared_in_silence() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(2, 102);
    net.seen(2);
    serve(&mut net, 1, 51, &[]);
    assert_eq!(net.seen(2), []);
    assert!(matches!(
        net.seen(1)[..],
        [Seen::McsLeaf(true, 51), Seen::Private(51, _)]
    ));
    let (a, b) = (net.view(1), net.view(2));
    assert_eq!(a.mcs_registrations, b.mcs_registrations);
    assert_eq!(a.mcs_registrations.len(), 1);
    assert_eq!(
        (a.mcs_registrations[0].cmi, a.mcs_registrations[0].origin),
        (100, id(1))
    );
    assert_eq!((a.mcs_leaves.len(), b.mcs_leaves.len()), (1, 0));
    assert_eq!(a.cache, b.cache);
    assert_eq!(a.cache[1].state, Some(2));
}

// R2443-5.2-11 R2443-5.2-12 R2443-5.2-13 R2443-5.5-02 R2443-5.5-06 R2443-5.5-07, registers E13, E14, E17
#[test]
fn serving_and_unserving_are_carried_to_every_server() {
    let mut net = two();
    net.join(1, 101, range(5, 5));
    control(&mut net, 1);
    control(&mut net, 2);
    serve(&mut net, 1, 51, &[5, 9]);
    // At home no MIGRATE for group 9, which has no members (E14); elsewhere there is one.
    let home = [
        (false, MSERV, 51, pair(5)),
        (true, MIGRATE, 51, pair(5)),
        (false, MSERV, 51, pair(9)),
    ];
    assert_eq!(control(&mut net, 1), home);
    let away = [
        (false, MSERV, 51, pair(5)),
        (true, MIGRATE, 51, pair(5)),
        (false, MSERV, 51, pair(9)),
        (true, MIGRATE, 51, pair(9)),
    ];
    assert_eq!(control(&mut net, 2), away);
    // E13: the second one comes as a member does.
    serve(&mut net, 2, 52, &[5]);
    for server in [1, 2] {
        let expected = [(false, MSERV, 52, pair(5)), (true, JOIN, 52, pair(5))];
        assert_eq!(control(&mut net, server), expected);
        assert_eq!(
            net.served(server),
            [(51, 5, 5, 1), (51, 9, 9, 1), (52, 5, 5, 2)]
        );
    }
    net.client(1, 51, &mcs(UNSERV, 51, Some(range(5, 5))));
    for server in [1, 2] {
        let expected = [(false, UNSERV, 51, pair(5)), (true, LEAVE, 51, pair(5))];
        assert_eq!(control(&mut net, server), expected);
        assert_eq!(net.served(server), [(51, 9, 9, 1), (52, 5, 5, 2)]);
    }
    assert_eq!(net.view(1).cache, net.view(2).cache);
    // R2022-6.2.2-13: what changes nothing is no record.
    let before = net.view(2).cache;
    serve(&mut net, 1, 51, &[9]);
    net.client(1, 51, &mcs(UNSERV, 51, Some(range(5, 5))));
    assert_eq!(net.view(2).cache, before);
}

// R2443-5.3-14 R2443-5.3-16 R2443-5.3-19 R2443-5.3-20 R2443-5.3-22 R2443-5.4-07 R2443-5.4-10, register E18: only the
// server of the MCS tells it, and to every server the group is a served one.
#[test]
fn joins_of_a_served_group_go_to_the_scvc_of_its_mcs() {
    let mut net = two();
    serve(&mut net, 2, 52, &[5]);
    // Of another group, so what follows is not for it.
    serve(&mut net, 1, 51, &[9]);
    control(&mut net, 1);
    control(&mut net, 2);
    net.join(1, 101, range(5, 5));
    assert_eq!(control(&mut net, 1), []);
    assert_eq!(control(&mut net, 2), [(false, SJOIN, 101, pair(5))]);
    net.join(1, 101, range(4, 6));
    let rest = vec![(4, 4), (6, 6)];
    assert_eq!(control(&mut net, 1), [(true, JOIN, 101, rest.clone())]);
    let expected = [(false, SJOIN, 101, rest.clone()), (true, JOIN, 101, rest)];
    assert_eq!(control(&mut net, 2), expected);
    net.leave(1, 101, range(5, 5));
    // Still in it by the block.
    assert_eq!(
        (control(&mut net, 1), control(&mut net, 2)),
        (vec![], vec![])
    );
    net.leave(1, 101, range(4, 6));
    let rest = vec![(4, 4), (6, 6)];
    assert_eq!(control(&mut net, 1), [(true, LEAVE, 101, rest.clone())]);
    let expected = [(false, SLEAVE, 101, vec![(4, 6)]), (true, LEAVE, 101, rest)];
    assert_eq!(control(&mut net, 2), expected);
}

// R2022-6.2.1-01 R2022-6.2.1-02 R2443-5.5-09, register E25: the maps of the group answer.
#[test]
fn queries_are_answered_from_the_maps_of_the_group() {
    let mut net = two();
    net.join(1, 101, range(5, 5));
    net.join(2, 102, range(5, 5));
    serve(&mut net, 2, 52, &[5]);
    let ask = |net: &mut Net, server: u8, who: u8| -> Vec<u8> {
        net.seen(server);
        net.client(server, who, &request(who, group(5)));
        let seen = net.seen(server);
        let [Seen::Private(to, octets)] = &seen[..] else {
            panic!("{seen:?}");
        };
        assert_eq!(*to, who);
        let Body::Multi(answer) = decode(octets).unwrap().body else {
            panic!("{seen:?}");
        };
        answer
            .targets
            .iter()
            .map(|one| one.number.octets()[18])
            .collect()
    };
    assert_eq!(ask(&mut net, 1, 101), [52]);
    assert_eq!(ask(&mut net, 2, 52), [101, 102]);
    // It is no MCS of this group.
    net.client(1, 51, &request(51, group(5)));
    assert_eq!(net.seen(1), []);
    assert_eq!(net.servers[&1].meters().dropped["not-serving-group"], 1);
    net.client(2, 52, &mcs(UNSERV, 52, None));
    assert_eq!(ask(&mut net, 1, 101), [101, 102]);
}

// R2443-5.5-01 R2443-5.5-03 R2443-5.5-05 R2443-5.5-07, registers E16, E17
#[test]
fn an_mcs_that_goes_is_purged_everywhere() {
    for lost in [false, true] {
        let mut net = two();
        serve(&mut net, 1, 51, &[9, 5, 6]);
        control(&mut net, 1);
        control(&mut net, 2);
        if lost {
            let peer = endpoint(51);
            net.input(1, Input::LeafGone { group: SCVC, peer });
            net.input(1, Input::LeafGone { group: SCVC, peer });
            assert_eq!(net.servers[&1].meters().dropped["unknown-leaf"], 1);
        } else {
            net.client(1, 51, &mcs(UNSERV, 51, None));
        }
        let leave = [(true, LEAVE, 51, vec![(5, 5), (6, 6), (9, 9)])];
        for server in [1, 2] {
            assert_eq!(control(&mut net, server), leave);
            assert_eq!(net.served(server), []);
            assert_eq!(net.view(server).mcs_registrations.len(), 1);
        }
        let view = net.view(2);
        let states: Vec<_> = view
            .cache
            .iter()
            .filter(|e| e.origin == id(1))
            .map(|e| e.state)
            .collect();
        assert_eq!(
            states,
            [Some(1), Some(3), Some(5), Some(5), Some(5), Some(5)]
        );
        assert_eq!(net.view(1).cache, view.cache);
    }
}

// Registers B06, H04: a flush says LEAVE, a restore what was said at first.
#[test]
fn a_flush_takes_mcss_away_and_a_restore_brings_them_back() {
    let mut net = two();
    serve(&mut net, 1, 51, &[5, 6]);
    serve(&mut net, 2, 52, &[6]);
    net.deaf = vec![(1, 2)];
    control(&mut net, 2);
    net.run(300_000);
    assert_eq!(
        control(&mut net, 2),
        [(true, LEAVE, 51, vec![(5, 5), (6, 6)])]
    );
    assert_eq!(net.served(2), [(52, 6, 6, 2)]);
    net.deaf.clear();
    net.run(120_000);
    let expected = [
        (false, MSERV, 51, pair(5)),
        (true, MIGRATE, 51, pair(5)),
        (false, MSERV, 51, pair(6)),
        (true, JOIN, 51, pair(6)),
    ];
    assert_eq!(control(&mut net, 2), expected);
    assert_eq!(net.served(2), [(51, 5, 5, 1), (51, 6, 6, 1), (52, 6, 6, 2)]);
}

// Register A08 for MCSs: the old home's end does not take the new home's word along.
#[test]
fn an_mcs_that_moved_keeps_its_new_home() {
    let mut net = two();
    serve(&mut net, 1, 60, &[5]);
    serve(&mut net, 2, 60, &[5]);
    for server in [1, 2] {
        control(&mut net, server);
        assert_eq!(net.served(server), [(60, 5, 5, 1), (60, 5, 5, 2)]);
    }
    let before = net.servers[&2].meters().reoriginations;
    net.input(
        1,
        Input::LeafGone {
            group: SCVC,
            peer: endpoint(60),
        },
    );
    for server in [1, 2] {
        assert_eq!(net.served(server), [(60, 5, 5, 2)]);
        // Nothing changed for senders.
        assert_eq!(control(&mut net, server), []);
    }
    assert_eq!(net.servers[&2].meters().reoriginations, before + 1);
}

// Register B11: a server that starts again withdraws what MCSs of its earlier life served.
#[test]
fn services_of_an_earlier_life_are_withdrawn() {
    let mut net = two();
    serve(&mut net, 1, 51, &[5]);
    net.kill(1);
    control(&mut net, 2);
    let again = GroupConfig {
        incarnation: 2,
        ..config(1, &[2])
    };
    net.start(again);
    net.link(1, 2);
    net.run(30_000);
    assert_eq!(net.served(2), []);
    let leave = (true, LEAVE, 51, pair(5));
    assert!(control(&mut net, 2).contains(&leave));
    assert_eq!(net.view(2).mcs_registrations.len(), 1);
}

// Register E15: allowed, and logged.
#[test]
fn two_mcss_for_one_group_are_used_both() {
    let mut net = two();
    serve(&mut net, 1, 51, &[5]);
    serve(&mut net, 2, 52, &[5]);
    for server in [1, 2] {
        assert_eq!(net.served(server), [(51, 5, 5, 1), (52, 5, 5, 2)]);
    }
}

// The view of servers without MCSs reads as it always did.
#[test]
fn a_view_without_mcss_does_not_mention_them() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(1, 101);
    net.join(1, 101, range(5, 5));
    let text = serde_json::to_string(&net.view(1)).unwrap();
    assert!(!text.contains("mcs"), "{text}");
    serve(&mut net, 1, 51, &[5]);
    let text = serde_json::to_string(&net.view(1)).unwrap();
    assert!(
        text.contains("mcs_registrations") && text.contains("\"kind\":\"mcs\""),
        "{text}"
    );
}
