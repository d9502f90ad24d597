//! One server, driven by frames.

use super::net::*;
use crate::address::Protocol;
use crate::group::{DistributedMars, GroupConfig};
use crate::io::{Admin, Input, Output, OutputAction, Time, VcId};
use crate::wire::llc_snap::MARS_HEADER;
use crate::wire::mars::{Body, MembershipFlags, decode};
use crate::wire::scsp::{CacheKey, Csa, Csas, SequenceNumber};

fn alone() -> Net {
    Net::new(&[1], &[])
}

/// The CSNs of what went out on the CCVC.
fn numbers(seen: &[Seen]) -> Vec<u32> {
    seen.iter()
        .filter_map(|seen| match seen {
            Seen::Cluster(octets) => Some(u32::from_be_bytes(octets[28..32].try_into().unwrap())),
            _ => None,
        })
        .collect()
}

// R2022-6.1.2-01 R2022-6.1.2-13 R2443-1-06 R2022-4.2-01
#[test]
fn a_client_registers_joins_and_asks() {
    let mut net = alone();
    net.register(1, 100);
    net.join(1, 100, range(5, 5));
    net.client(1, 100, &request(100, group(5)));
    let seen = net.seen(1);
    let [
        Seen::Leaf(true, 100),
        Seen::Private(100, registered),
        Seen::Cluster(joined),
        Seen::Private(100, multi),
    ] = &seen[..]
    else {
        panic!("{seen:?}");
    };
    assert_eq!(short(registered), (JOIN, 100, 0x6000, 100, 0, vec![]));
    assert_eq!(short(joined), (JOIN, 100, 0x4000, 0, 0, vec![(5, 5)]));
    let Body::Multi(answer) = decode(multi).unwrap().body else {
        panic!("{multi:?}");
    };
    assert_eq!(answer.msn, 1);
    assert_eq!(answer.targets.iter().collect::<Vec<_>>(), [endpoint(100)]);
    assert_eq!(net.members(1), [(100, 5, 5, 1)]);
}

// R2022-6.1.3-01 R2022-5.4.3-06, register F16: maps at every multiple of a minute, counted only when
// sent; R2022-5.1.4.2-02: numbers on the CCVC are consecutive.
#[test]
fn maps_follow_the_clock_and_numbers_the_ccvc() {
    let mut net = alone();
    net.run_to(61_000);
    assert_eq!(net.seen(1), []);
    net.register(1, 100);
    net.join(1, 100, range(5, 5));
    net.run_to(119_999);
    net.seen(1);
    net.run_to(240_000);
    net.leave(1, 100, range(5, 5));
    let seen = net.seen_at(1);
    let maps: Vec<u64> = seen
        .iter()
        .filter(|(_, seen)| matches!(seen, Seen::Cluster(octets) if octets[17] == 12))
        .map(|(at, _)| *at)
        .collect();
    assert_eq!(maps, [120_000, 180_000, 240_000]);
    let seen: Vec<Seen> = seen.into_iter().map(|(_, seen)| seen).collect();
    assert_eq!(numbers(&seen), [1, 2, 3, 4]);
}

// A name that is given twice stays with the first.
#[test]
fn a_vc_named_twice_keeps_its_peer() {
    let mut net = alone();
    let vc = VcId(7);
    net.input(
        1,
        Input::VcUp {
            vc,
            peer: endpoint(100),
        },
    );
    let before = net.servers[&1].canonical(Time(0));
    net.input(
        1,
        Input::VcUp {
            vc,
            peer: endpoint(101),
        },
    );
    assert_eq!(net.servers[&1].canonical(Time(0)), before);
    assert_eq!(net.servers[&1].meters().dropped["vc-named-twice"], 1);
}

// R2443-2-22 R2022-6.1.2-20
#[test]
fn a_lost_leaf_is_not_echoed() {
    let mut net = alone();
    net.register(1, 100);
    net.join(1, 100, range(5, 5));
    net.seen(1);
    net.leaf_gone(1, 100);
    net.leaf_gone(1, 100);
    assert_eq!(net.seen(1), []);
    let view = net.view(1);
    assert!(view.membership.is_empty() && view.registrations.is_empty());
    assert!(view.leaves.is_empty());
    // The register record first, then the join, both ended under their keys (registers C02, C04).
    let states: Vec<_> = view
        .cache
        .iter()
        .map(|entry| (entry.key.as_str(), entry.sequence - i32::MIN, entry.state))
        .collect();
    assert_eq!(
        states,
        [
            ("00000001", 1, Some(1)),
            ("00000002", 2, Some(4)),
            ("00000003", 2, Some(4))
        ]
    );
}

// Registers C01, C05, E04: a registration that comes again has its keys again, and another CMI.
#[test]
fn registering_again_reuses_keys_and_changes_the_cmi() {
    let mut net = alone();
    for _ in 0..2 {
        net.register(1, 100);
        net.join(1, 100, range(5, 5));
        net.deregister(1, 100);
    }
    net.register(1, 100);
    let view = net.view(1);
    assert_eq!(view.cache.len(), 3);
    assert_eq!(view.registrations[0].cmi, 102);
    // Rounds of join and leave, then the third registration.
    assert_eq!(view.cache[1].sequence - i32::MIN, 5);
    assert_eq!(view.cache[2].sequence - i32::MIN, 4);
}

// Register B12: silence until some neighbour is Aligned or the time is over.
#[test]
fn clients_wait_for_the_first_alignment() {
    let mut net = Net::new(&[1, 2], &[(1, 2)]);
    net.register(1, 100);
    net.run_to(17_999);
    net.register(1, 100);
    assert_eq!(net.seen(1), []);
    net.run_to(18_000);
    net.register(1, 100);
    assert_eq!(net.seen(1).len(), 2);
    assert_eq!(net.servers[&1].meters().dropped["not-serving"], 2);
    // Aligned earlier, it serves earlier.
    let mut net = Net::new(&[1, 2], &[(1, 2)]);
    net.link(1, 2);
    net.run_to(10_000);
    net.register(1, 100);
    assert_eq!(net.seen(1).len(), 2);
}

// R2022-6-01 R2022-6-02 R2022-6.1.2-03 R2022-6.3-01
#[test]
fn protocols_have_nothing_to_do_with_each_other() {
    let mut config = config(1, &[]);
    config.protocols.push(Protocol::IPV6);
    let mut server = DistributedMars::new(config).unwrap();
    let vc = VcId(1);
    server.handle(
        Time(0),
        Input::VcUp {
            vc,
            peer: endpoint(100),
        },
    );
    for kind in [0x86dd_u16, 0x0800, 0x1234] {
        let mut octets = [&MARS_HEADER, register(JOIN, 100).as_slice()].concat();
        octets[10..12].copy_from_slice(&kind.to_be_bytes());
        octets[20..22].fill(0);
        server.handle(Time(0), Input::Frame { vc, octets });
    }
    let leaves: Vec<Protocol> = core::iter::from_fn(|| server.poll_output())
        .filter_map(|output| match output.action {
            OutputAction::AddLeaf { group, .. } => Some(group.protocol),
            _ => None,
        })
        .collect();
    assert_eq!(leaves, [Protocol::IPV6, Protocol::IPV4]);
    assert_eq!(server.meters().dropped["unserved-protocol"], 1);
    let view = server.view();
    let cmis: Vec<u16> = view.registrations.iter().map(|r| r.cmi).collect();
    assert_eq!(cmis, [100, 100]);
    // One Redirect Entry for each (register A12).
    let beats = view.cache.iter().filter(|e| e.state == Some(1)).count();
    assert_eq!((beats, view.redirect_map.len()), (2, 2));
    server.handle(
        Time(0),
        Input::LeafGone {
            group: CCVC,
            peer: endpoint(100),
        },
    );
    let left = server.view().registrations;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].protocol, Protocol::IPV6);
}

// Register A01, A04: a drain is one list later undone.
#[test]
fn a_drain_without_a_refuge_changes_nothing() {
    let mut net = alone();
    let before = net.view(1).redirect_map;
    net.input(1, Input::Admin(Admin::Drain));
    assert_eq!(net.view(1).redirect_map, before);
    net.input(1, Input::Admin(Admin::Undrain));
}

#[test]
fn a_bad_configuration_makes_no_server() {
    let config = GroupConfig {
        cmi_range: [9, 1],
        ..config(1, &[])
    };
    assert!(DistributedMars::new(config).is_err());
}

#[test]
fn time_that_goes_back_counts_as_the_last() {
    let mut net = alone();
    let server = net.servers.get_mut(&1).unwrap();
    server.handle(Time(90_000), Input::TimePassed);
    server.handle(Time(10), Input::TimePassed);
    assert_eq!(server.next_deadline(), Some(Time(120_000)));
}

// The contract of `io`: nothing happens between now and the next deadline, and a timer due at an
// input's time fires before it.
#[test]
fn calls_in_between_change_nothing_and_timers_come_first() {
    let outputs = |steps: &[u64]| -> Vec<Output> {
        let mut server = DistributedMars::new(config(1, &[])).unwrap();
        let vc = VcId(1);
        let peer = endpoint(100);
        server.handle(Time(0), Input::VcUp { vc, peer });
        let mut frame = |at: u64, message: &[u8]| {
            let octets = [&MARS_HEADER, message].concat();
            server.handle(Time(at), Input::Frame { vc, octets });
        };
        frame(5, &register(JOIN, 100));
        for step in steps {
            server.handle(Time(*step), Input::TimePassed);
        }
        let octets = [
            &MARS_HEADER,
            membership(JOIN, 100, 0, range(5, 5)).as_slice(),
        ]
        .concat();
        server.handle(Time(180_000), Input::Frame { vc, octets });
        core::iter::from_fn(|| server.poll_output()).collect()
    };
    let at_once = outputs(&[]);
    assert_eq!(
        at_once,
        outputs(&[6, 59_999, 60_000, 60_000, 130_000, 180_000])
    );
    // Three maps, then the join.
    let ats: Vec<u64> = at_once.iter().map(|output| output.at.0).collect();
    assert_eq!(ats, [5, 5, 60_000, 120_000, 180_000, 180_000]);
}

#[test]
fn canonical_is_the_same_at_two_times() {
    let at = |start: u64| {
        let mut net = alone();
        net.run_to(start);
        net.register(1, 100);
        net.join(1, 100, range(5, 9));
        net.register(1, 101);
        net.deregister(1, 101);
        net.run_to(start + 70_000);
        net.servers[&1].canonical(Time(start + 70_000))
    };
    assert_eq!(at(7), at(60_007));
    assert_eq!(at(7), at(6_000_007));
    assert_ne!(at(7), at(8));
}

quickcheck::quickcheck! {
    // No octets make a server panic or change what it is.
    fn noise_is_counted_and_forgotten(frames: Vec<(Vec<u8>, u8)>) -> bool {
        let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
        net.register(1, 100);
        net.join(1, 100, range(5, 9));
        let before = net.servers[&1].canonical(Time(net.now));
        for (noise, kind) in frames {
            match kind % 4 {
                // A frame of nothing known.
                0 => {
                    let vc = VcId(u32::from(kind));
                    net.input(1, Input::Frame { vc, octets: noise });
                }
                // A MARS message of noise.
                1 => net.client(1, 100, &noise),
                // A good JOIN with one octet of noise in it, which its checksum finds.
                2 => {
                    let mut octets = membership(JOIN, 100, 0, range(20, 30));
                    let at = usize::from(kind) % octets.len();
                    let flip = noise.first().copied().unwrap_or(1).max(1);
                    octets[at] ^= flip;
                    net.client(1, 100, &octets);
                }
                // SCSP from one that is no neighbour.
                _ => {
                    let octets = [&crate::wire::llc_snap::SCSP_HEADER, &noise[..]].concat();
                    net.client(1, 100, &[]);
                    net.input(1, Input::Frame { vc: VcId(4), octets });
                }
            }
        }
        net.servers[&1].canonical(Time(net.now)) == before
    }
}

quickcheck::quickcheck! {
    // Nor do the records of a neighbour, whatever they hold; and what they do is undone by silence.
    fn noise_in_records_never_panics(records: Vec<(u8, u8, Vec<u8>)>) -> bool {
        let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
        net.register(1, 100);
        net.join(1, 100, range(5, 9));
        for (origin, state, noise) in records {
            let mut body = vec![0, 15, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1 + state % 5, 0, 0, 0];
            body.extend(&noise);
            let csas = Csas {
                hop_count: u16::from(origin),
                ..Csas::new(
                    CacheKey([0, 0, 0, origin % 4]),
                    id(1 + origin % 3),
                    SequenceNumber(i32::from(state) << 24),
                )
            };
            net.record(1, 2, Csa { csas, body: &body });
        }
        net.run(200_000);
        net.members(1) == [(100, 5, 9, 1)]
    }
}

// The flags that a register record takes from the JOIN: R2443-5.3-04.
#[test]
fn the_register_record_repeats_the_flags() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    let mut octets = register(JOIN, 100);
    octets[12..14].fill(0);
    let flags = MembershipFlags::REGISTER | 0x37;
    octets[24..26].copy_from_slice(&flags.to_be_bytes());
    net.client(1, 100, &octets);
    let server = &net.servers[&2];
    let (_, _, entry) = server
        .speaker
        .cache()
        .find(|(origin, key, _)| *origin == id(1) && key.0 == [0, 0, 0, 2])
        .unwrap();
    assert_eq!(entry.body[12..14], [0x20, 0x37]);
    assert_eq!(entry.body[14..18], [0, 100, 4, 0]);
}
