//! Multicast servers, own and of other servers, and what they change for clients.

use super::*;
use crate::mars::{Party, ranges};

/// A MSERV or UNSERV as an MCS sends it.
fn mcs(kind: Kind, mcs: u8, flags: u16, pairs: PairList<'_>) -> Vec<u8> {
    let body = Membership {
        source_protocol: address(mcs),
        flags: MembershipFlags(flags),
        cmi: 0,
        msn: 0,
        pairs,
    };
    let body = match kind {
        Kind::Join => Body::Mserv(body),
        Kind::Leave => Body::Unserv(body),
    };
    Message::new(Protocol::IPV4, endpoint(mcs), body).to_vec()
}

fn register_mcs(kind: Kind, number: u8) -> Vec<u8> {
    let flags = MembershipFlags::REGISTER | 0x21;
    mcs(kind, number, flags, PairList::null(1))
}

fn serves(kind: Kind, number: u8, range: GroupRange) -> Vec<u8> {
    mcs(kind, number, 0x8042, PairList::new(&[range]).unwrap())
}

/// What a MARS sent: (where, op, source, flags, number, pairs).
type Sent = (char, u8, Endpoint, u16, u32, Vec<GroupRange>);

/// The messages of JOIN form among effects, in order.
fn sent(effects: &[Effect]) -> Vec<Sent> {
    effects
        .iter()
        .filter_map(|effect| {
            let (to, octets) = match effect {
                Effect::Reply(octets) => ('p', octets),
                Effect::Cluster(octets) => ('c', octets),
                Effect::Servers(octets) => ('s', octets),
                _ => return None,
            };
            let message = decode(octets).unwrap();
            let body = message.body.membership()?;
            assert_eq!((body.cmi, body.source_protocol.is_null()), (0, false));
            let pairs = body.pairs.iter().collect();
            let op = message.body.op().code();
            Some((to, op, message.source, body.flags.0, body.msn, pairs))
        })
        .collect()
}

/// The MIGRATEs among effects: group, targets, CSN.
fn migrates(effects: &[Effect]) -> Vec<(ProtocolAddress, Vec<Endpoint>, u32)> {
    effects
        .iter()
        .filter_map(|effect| {
            let Effect::Cluster(octets) = effect else {
                return None;
            };
            let message = decode(octets).unwrap();
            let Body::Migrate(answer) = message.body else {
                return None;
            };
            // R2022-6.2.2-07
            assert_eq!(message.source, endpoint(100));
            assert_eq!(answer.source_protocol, address(100));
            assert_eq!((answer.last, answer.part), (false, 0));
            Some((answer.target, answer.targets.iter().collect(), answer.msn))
        })
        .collect()
}

fn told(changed: Changed) -> Effect {
    Effect::McsChanged(changed)
}

/// Clients 1 and 2 in group 5, client 1 in 6; MCS 50 registered.
fn cluster() -> Mars {
    let mut mars = Mars::new(MarsConfig {
        cmi_range: [7, 20],
        ..mars().config
    });
    for client in [1, 2] {
        ok(&mut mars, &register(Kind::Join, client));
        ok(&mut mars, &one(Kind::Join, client, 0, range(5, 5)));
    }
    ok(&mut mars, &one(Kind::Join, 1, 0, range(6, 6)));
    ok(&mut mars, &register_mcs(Kind::Join, 50));
    mars
}

fn listed(
    mars: &mut Mars,
    who: u8,
    group: ProtocolAddress,
) -> Result<(Vec<Endpoint>, u32), Ignored> {
    let effects = send(mars, &request(who, group))?;
    let [Effect::Reply(reply)] = &effects[..] else {
        panic!("{effects:?}");
    };
    Ok(match decode(reply).unwrap().body {
        Body::Multi(answer) => (answer.targets.iter().collect(), answer.msn),
        Body::Nak(_) => (Vec::new(), 0),
        body => panic!("{body:?}"),
    })
}

const COPY: u16 = MembershipFlags::COPY;
const PUNCHED: u16 = MembershipFlags::PUNCHED;
const LAYER3GRP: u16 = MembershipFlags::LAYER3GRP;

// R2022-6.2.3-01 R2022-6.2.3-03 R2022-6.2.5-02 R2443-5.2-01, register E01
#[test]
fn an_mcs_registers_and_is_told_no_cmi() {
    let mut mars = mars();
    let message = register_mcs(Kind::Join, 50);
    let effects = ok(&mut mars, &message);
    let client = endpoint(50);
    assert_eq!(effects[0], Effect::AddServerLeaf(client));
    assert_eq!(effects[2], told(Changed::Registered { client }));
    let flags = MembershipFlags::REGISTER | COPY | 0x21;
    let copy = [('p', 3, client, flags, 50, vec![])];
    assert_eq!(sent(&effects), copy);
    assert_eq!(effects.len(), 3);
    assert_eq!(mars.party(Party::mcs(client)).unwrap().cmi, 7);
    assert_eq!(mars.party(Party::client(client)), None);
    // It has a number that no client gets.
    ok(&mut mars, &register(Kind::Join, 1));
    assert_eq!(mars.cluster().member(endpoint(1)).unwrap().cmi, 8);
    // R2022-6.2.3-02: again, and nothing but the copy.
    let before = mars.clone();
    assert_eq!(sent(&ok(&mut mars, &message)), copy);
    assert_eq!(mars, before);
}

// R2022-6.2.5-01
#[test]
fn the_ssn_has_a_start_of_its_own() {
    let mut mars = Mars::new(MarsConfig {
        ssn_start: 900,
        ..mars().config
    });
    let effects = ok(&mut mars, &register_mcs(Kind::Join, 50));
    let numbers: Vec<u32> = sent(&effects).iter().map(|one| one.4).collect();
    assert_eq!((numbers, mars.cluster.csn()), (vec![900], 50));
}

// R2022-6.2.2-02 R2022-6.2.2-05 R2022-6.2.2-06 R2022-6.2.2-07 R2022-5.1.6-01, register E14
#[test]
fn the_first_mcs_of_a_group_with_members_moves_the_senders() {
    let mut mars = cluster();
    let csn = mars.cluster().csn();
    let effects = ok(&mut mars, &serves(Kind::Join, 50, range(5, 5)));
    let client = endpoint(50);
    let copy = (
        's',
        3,
        client,
        LAYER3GRP | COPY | 0x42,
        50,
        vec![range(5, 5)],
    );
    assert_eq!(sent(&effects), [copy]);
    assert_eq!(migrates(&effects), [(group(5), vec![client], csn)]);
    let joined = Changed::Joined {
        client,
        range: range(5, 5),
    };
    assert_eq!(effects[2..], [told(joined)]);
    // Nobody is in group 9: no senders to move.
    let effects = ok(&mut mars, &serves(Kind::Join, 50, range(9, 9)));
    assert_eq!((effects.len(), migrates(&effects).len()), (2, 0));
    // R2022-6.2.2-13 R2022-6.2.2-14: redundant.
    let before = mars.clone();
    let effects = ok(&mut mars, &serves(Kind::Join, 50, range(5, 5)));
    let copy = (
        'p',
        3,
        client,
        LAYER3GRP | COPY | 0x42,
        52,
        vec![range(5, 5)],
    );
    assert_eq!((sent(&effects), effects.len()), (vec![copy], 1));
    assert_eq!(mars, before);
}

// R2022-6.2.2-08 R2022-6.2.2-09 R2022-6.2.2-11 R2022-6.2.2-12 R2022-6.2.3-06, registers E13, E16
#[test]
fn further_mcss_come_and_go_as_members_do() {
    let mut mars = cluster();
    ok(&mut mars, &register_mcs(Kind::Join, 51));
    ok(&mut mars, &serves(Kind::Join, 50, range(5, 5)));
    let csn = mars.cluster().csn();
    let effects = ok(&mut mars, &serves(Kind::Join, 51, range(5, 5)));
    let on_scvc = |op, ssn| {
        (
            's',
            op,
            endpoint(51),
            LAYER3GRP | COPY | 0x42,
            ssn,
            vec![range(5, 5)],
        )
    };
    let on_ccvc = |op, csn| ('c', op, endpoint(51), COPY | 0x42, csn, vec![range(5, 5)]);
    assert_eq!(sent(&effects), [on_scvc(3, 51), on_ccvc(4, csn)]);
    assert!(migrates(&effects).is_empty());
    assert_eq!(
        listed(&mut mars, 1, group(5)).unwrap().0,
        [endpoint(50), endpoint(51)]
    );
    let effects = ok(&mut mars, &serves(Kind::Leave, 51, range(5, 5)));
    assert_eq!(sent(&effects), [on_scvc(7, 52), on_ccvc(5, csn + 1)]);
    assert!(matches!(
        effects[2..],
        [Effect::McsChanged(Changed::Left { .. })]
    ));
    // R2022-6.2.2-13
    let effects = ok(&mut mars, &serves(Kind::Leave, 51, range(5, 5)));
    assert_eq!((effects.len(), sent(&effects)[0].0), (1, 'p'));
}

// R2022-6.2.1-01 R2022-6.2.1-02 R2022-6.2.1-03 R2022-6.2.5-02 R2022-6.2.5-03, registers F24, F25, E25
#[test]
fn who_asks_decides_what_is_answered() {
    let mut mars = cluster();
    ok(&mut mars, &register_mcs(Kind::Join, 51));
    for group in [5, 9] {
        ok(&mut mars, &serves(Kind::Join, 50, range(group, group)));
    }
    let (csn, ssn) = (mars.cluster().csn(), mars.control().ssn());
    assert_ne!(csn, ssn);
    let members = vec![endpoint(1), endpoint(2)];
    assert_eq!(
        listed(&mut mars, 1, group(5)),
        Ok((vec![endpoint(50)], csn))
    );
    assert_eq!(listed(&mut mars, 50, group(5)), Ok((members, ssn)));
    assert_eq!(listed(&mut mars, 1, group(6)), Ok((vec![endpoint(1)], csn)));
    // F24: no member of group 9.
    assert_eq!(
        listed(&mut mars, 1, group(9)),
        Ok((vec![endpoint(50)], csn))
    );
    assert_eq!(listed(&mut mars, 50, group(9)), Ok((vec![], 0)));
    // F25: not its group. A stranger is no MCS at all.
    assert_eq!(listed(&mut mars, 51, group(5)), Err(Ignored::NotServing));
    assert_eq!(listed(&mut mars, 50, group(6)), Err(Ignored::NotServing));
    assert_eq!(listed(&mut mars, 52, group(5)), Err(Ignored::NotRegistered));
    // R2443-5.5-09: a mesh again.
    ok(&mut mars, &serves(Kind::Leave, 50, range(5, 5)));
    assert_eq!(listed(&mut mars, 1, group(5)).unwrap().0.len(), 2);
}

// R2022-6.2.4-03 R2022-6.2.4-04 R2022-6.2.4-05 R2022-6.2.4-11 R2022-6.2.4-12 R2022-6.2.4-01, register F01
#[test]
fn changes_of_a_served_group_go_to_the_mcs_and_not_to_the_cluster() {
    let mut mars = cluster();
    ok(&mut mars, &serves(Kind::Join, 50, range(5, 9)));
    let (csn, ssn) = (mars.cluster().csn(), mars.control().ssn());
    for (kind, op) in [(Kind::Join, 8), (Kind::Leave, 9)] {
        let flags = LAYER3GRP | PUNCHED | 3;
        let effects = ok(&mut mars, &one(kind, 2, flags, range(7, 7)));
        let flags = LAYER3GRP | COPY | 3;
        let to = |to, op, msn| (to, op, endpoint(2), flags, msn, vec![range(7, 7)]);
        let ssn = ssn + u32::from(op) - 8;
        assert_eq!(sent(&effects), [to('s', op, ssn), to('p', op - 4, csn)]);
        // R2022-6.2.4-03: no change, no SJOIN.
        let effects = ok(&mut mars, &one(kind, 2, flags & !COPY, range(7, 7)));
        assert_eq!(sent(&effects), [to('p', op - 4, csn)]);
    }
    // R2022-6.2.4-02: a group without an MCS.
    let effects = ok(&mut mars, &one(Kind::Join, 2, 0, range(20, 20)));
    assert_eq!(sent(&effects)[0].0, 'c');
}

// R2022-6.2.4-06 R2022-6.2.4-07 R2022-6.2.4-09 R2022-6.2.4-10, register E18
#[test]
fn a_block_is_punched_for_mcss_and_for_the_cluster() {
    for kind in [Kind::Join, Kind::Leave] {
        let mut mars = cluster();
        for group in [5, 8] {
            ok(&mut mars, &serves(Kind::Join, 50, range(group, group)));
        }
        if kind == Kind::Leave {
            ok(&mut mars, &one(Kind::Join, 1, 0, range(4, 9)));
        }
        let (csn, ssn) = (mars.cluster().csn(), mars.control().ssn());
        let effects = ok(&mut mars, &one(kind, 1, 3, range(4, 9)));
        let op = if kind == Kind::Join { 4 } else { 5 };
        let to = |to, op, flags, msn, pairs: &[GroupRange]| {
            (to, op, endpoint(1), COPY | flags | 3, msn, pairs.to_vec())
        };
        // Client 1 is in 5 and 6 by themselves; MCSs serve 5 and 8.
        let expected = [
            to('s', op + 4, PUNCHED, ssn, &[range(4, 4), range(7, 9)]),
            to('p', op, 0, csn, &[range(4, 9)]),
            to(
                'c',
                op,
                PUNCHED,
                csn,
                &[range(4, 4), range(7, 7), range(9, 9)],
            ),
        ];
        assert_eq!(sent(&effects), expected);
        // Where nothing is punched for the MCSs, they get the message itself.
        let effects = ok(&mut mars, &one(Kind::Join, 2, 3, range(8, 9)));
        let to = |to, op, flags, pairs: &[GroupRange]| (to, op, COPY | flags | 3, pairs.to_vec());
        let got: Vec<_> = sent(&effects)
            .into_iter()
            .map(|s| (s.0, s.1, s.3, s.5))
            .collect();
        let expected = [
            to('s', 8, 0, &[range(8, 9)]),
            to('p', 4, 0, &[range(8, 9)]),
            to('c', 4, PUNCHED, &[range(9, 9)]),
        ];
        assert_eq!(got, expected);
    }
}

// Register F20
#[test]
fn an_mcs_does_not_join_what_it_serves() {
    let mut mars = cluster();
    ok(&mut mars, &register(Kind::Join, 50));
    ok(&mut mars, &serves(Kind::Join, 50, range(5, 5)));
    let before = mars.clone();
    for join in [range(5, 5), range(1, 9)] {
        let join = one(Kind::Join, 50, 0, join);
        assert_eq!(send(&mut mars, &join), Err(Ignored::ServesGroup));
    }
    assert_eq!(mars, before);
    assert!(send(&mut mars, &one(Kind::Join, 50, 0, range(6, 9))).is_ok());
}

// R2022-6.2.3-04 R2443-5.5-01 R2443-5.5-03 R2443-5.5-07, register E16
#[test]
fn an_mcs_that_goes_leaves_all_its_groups_at_once() {
    for lost in [false, true] {
        let mut mars = cluster();
        ok(&mut mars, &register_mcs(Kind::Join, 51));
        for group in [9, 5, 6] {
            ok(&mut mars, &serves(Kind::Join, 50, range(group, group)));
        }
        ok(&mut mars, &serves(Kind::Join, 51, range(5, 5)));
        let (csn, ssn) = (mars.cluster().csn(), mars.control().ssn());
        let mut effects = if lost {
            mars.mcs_gone(endpoint(50), HOLD).unwrap()
        } else {
            ok(&mut mars, &register_mcs(Kind::Leave, 50))
        };
        let client = endpoint(50);
        let Some(Effect::McsChanged(Changed::Deregistered { member, .. })) = effects.pop() else {
            panic!("{effects:?}");
        };
        assert_eq!((member.cmi, member.joins.len()), (9, 3));
        let groups = vec![range(5, 5), range(6, 6), range(9, 9)];
        let leave = ('c', 5, client, COPY, csn, groups);
        if !lost {
            let flags = MembershipFlags::REGISTER | COPY | 0x21;
            assert_eq!(sent(&effects[..1]), [('p', 7, client, flags, ssn, vec![])]);
            assert_eq!(effects[1], Effect::DropServerLeaf(client));
            effects.drain(..2);
        }
        assert_eq!(sent(&effects), [leave]);
        assert_eq!(listed(&mut mars, 1, group(5)).unwrap().0, [endpoint(51)]);
        assert_eq!(listed(&mut mars, 1, group(6)).unwrap().0, [endpoint(1)]);
        assert_eq!(mars.mcs_gone(endpoint(50), HOLD), None);
        // Register E04: the CMI waits.
        ok(&mut mars, &register_mcs(Kind::Join, 50));
        assert_ne!(mars.party(Party::mcs(client)).unwrap().cmi, 9);
    }
}

// R2022-6.2.2-04 R2022-6.1.2-07 R2022-6.1.2-09 R2022-5.1.2-02
#[test]
fn odd_messages_of_mcss_are_ignored() {
    let mut mars = cluster();
    let before = mars.clone();
    let one_pair = [range(5, 5)];
    let two = [range(4, 4), range(6, 6)];
    for kind in [Kind::Join, Kind::Leave] {
        for (message, why) in [
            (serves(kind, 51, range(5, 5)), Ignored::NotRegistered),
            // A client is no MCS.
            (serves(kind, 1, range(5, 5)), Ignored::NotRegistered),
            (mcs(kind, 50, 0, PairList::null(1)), Ignored::NoGroup),
            (
                mcs(kind, 50, 0, PairList::new(&two).unwrap()),
                Ignored::SeveralPairs,
            ),
            (
                mcs(kind, 50, COPY, PairList::new(&one_pair).unwrap()),
                Ignored::CopyFlag,
            ),
        ] {
            assert_eq!(send(&mut mars, &message), Err(why));
        }
    }
    let stranger = register_mcs(Kind::Leave, 51);
    assert_eq!(send(&mut mars, &stranger), Err(Ignored::NotRegistered));
    assert_eq!(mars, before);
}

// Register E02: as for clients.
#[test]
fn an_mcs_too_needs_a_cmi() {
    let mut mars = mars();
    for number in 50..53 {
        ok(&mut mars, &register_mcs(Kind::Join, number));
    }
    let full = mars.clone();
    assert_eq!(
        send(&mut mars, &register_mcs(Kind::Join, 53)),
        Err(Ignored::NoCmi)
    );
    assert_eq!(mars, full);
}

// R2022-6.2-02 R2022-6.2.5-01 R2022-6.2.5-02
#[test]
fn redirect_maps_go_out_on_both_control_vcs() {
    let mut mars = cluster();
    let (csn, ssn) = (mars.cluster().csn(), mars.control().ssn());
    let effects = mars.redirect_map(&[endpoint(100), endpoint(101)]);
    let [Effect::Cluster(clients), Effect::Servers(servers)] = &effects[..] else {
        panic!("{effects:?}");
    };
    for (octets, number) in [(clients, csn), (servers, ssn)] {
        let message = decode(octets).unwrap();
        let Body::RedirectMap(map) = message.body else {
            panic!("{message:?}");
        };
        assert_eq!(
            (map.msn, map.servers.len(), message.source),
            (number, 2, endpoint(100))
        );
    }
    assert_eq!(
        (mars.cluster().csn(), mars.control().ssn()),
        (csn + 1, ssn + 1)
    );
}

// Register F07
#[test]
fn an_mcs_may_ask_for_a_group_list() {
    let mut mars = cluster();
    ok(&mut mars, &one(Kind::Join, 2, LAYER3GRP, range(20, 20)));
    ok(&mut mars, &serves(Kind::Join, 50, range(7, 7)));
    for (who, number) in [(1, mars.cluster().csn()), (50, mars.control().ssn())] {
        let mut ask = serves(Kind::Join, who, range(0, 255));
        ask[17] = 10;
        ask[12..14].fill(0);
        let effects = ok(&mut mars, &ask);
        let [Effect::Reply(reply)] = &effects[..] else {
            panic!("{effects:?}");
        };
        let Body::GrouplistReply(list) = decode(reply).unwrap().body else {
            panic!("{effects:?}");
        };
        assert_eq!((list.msn, list.groups.len()), (number, 1));
    }
}

// R2443-5.2-11 R2443-5.2-12 R2443-5.5-06 R2443-5.5-07 R2443-5.5-08, registers E13, E14, E16, E17
#[test]
fn services_elsewhere_are_announced_by_their_effect_on_the_map() {
    let mut mars = cluster();
    let foreign = |number, low, high| Foreign {
        origin: OTHER,
        client: endpoint(number),
        range: range(low, high),
        layer3grp: false,
        source: address(number),
    };
    let (csn, ssn) = (mars.cluster().csn(), mars.control().ssn());
    // A group that nobody is in: the MIGRATE comes nevertheless.
    let effects = mars.foreign_serves(foreign(60, 30, 30), true);
    assert_eq!(migrates(&effects), [(group(30), vec![endpoint(60)], csn)]);
    let copy = ('s', 3, endpoint(60), COPY, ssn, vec![range(30, 30)]);
    assert_eq!(sent(&effects), [copy]);
    // By another server's word too: no news.
    let again = Foreign {
        origin: OWN,
        ..foreign(60, 30, 30)
    };
    assert_eq!(mars.foreign_serves(again, true), []);
    assert_eq!(mars.foreign_unserves(&[again], true), []);
    let effects = mars.foreign_serves(foreign(61, 30, 30), false);
    assert_eq!(
        sent(&effects),
        [('c', 4, endpoint(61), COPY, csn + 1, vec![range(30, 30)])]
    );
    mars.foreign_serves(foreign(61, 31, 31), false);
    let csn = mars.cluster().csn();
    let ended = [foreign(61, 31, 31), foreign(61, 30, 30)];
    let effects = mars.foreign_unserves(&ended, true);
    let list = vec![range(30, 30), range(31, 31)];
    let expected = [
        ('s', 7, endpoint(61), COPY, ssn + 1, vec![range(31, 31)]),
        ('s', 7, endpoint(61), COPY, ssn + 2, vec![range(30, 30)]),
        ('c', 5, endpoint(61), COPY, csn, list),
    ];
    assert_eq!(sent(&effects), expected);
    assert_eq!(listed(&mut mars, 1, group(30)).unwrap().0, [endpoint(60)]);
    assert_eq!(listed(&mut mars, 1, group(31)).unwrap().0, []);
}

// R2443-5.3-19 R2443-5.4-10 R2443-5.3-16, registers E12, E18
#[test]
fn joins_elsewhere_reach_own_mcss_that_serve_the_group() {
    let mut mars = cluster();
    ok(&mut mars, &serves(Kind::Join, 50, range(5, 5)));
    let elsewhere = Foreign {
        origin: OTHER,
        client: endpoint(60),
        range: range(8, 8),
        layer3grp: false,
        source: address(60),
    };
    mars.foreign_serves(elsewhere, false);
    let join = |low, high| Foreign {
        client: endpoint(3),
        source: address(3),
        range: range(low, high),
        ..elsewhere
    };
    let (csn, ssn) = (mars.cluster().csn(), mars.control().ssn());
    let to = |to, op, flags, msn, pairs: &[GroupRange]| {
        (to, op, endpoint(3), COPY | flags, msn, pairs.to_vec())
    };
    // A group of an MCS elsewhere concerns nobody here.
    assert_eq!(mars.foreign_begins(join(8, 8), true), []);
    let effects = mars.foreign_begins(join(5, 5), true);
    assert_eq!(sent(&effects), [to('s', 8, 0, ssn, &[range(5, 5)])]);
    let effects = mars.foreign_begins(join(4, 9), true);
    let expected = [
        to(
            's',
            8,
            PUNCHED,
            ssn + 1,
            &[range(4, 4), range(6, 7), range(9, 9)],
        ),
        to(
            'c',
            4,
            PUNCHED,
            csn,
            &[range(4, 4), range(6, 7), range(9, 9)],
        ),
    ];
    assert_eq!(sent(&effects), expected);
    let effects = mars.foreign_ends(join(5, 5), true);
    assert_eq!(sent(&effects), []);
    let effects = mars.foreign_ends(join(4, 9), true);
    let expected = [
        to('s', 9, PUNCHED, ssn + 2, &[range(4, 7), range(9, 9)]),
        to(
            'c',
            5,
            PUNCHED,
            csn + 1,
            &[range(4, 4), range(6, 7), range(9, 9)],
        ),
    ];
    assert_eq!(sent(&effects), expected);
}

// A block: one MIGRATE for each group with members, a JOIN for what others serve already.
#[test]
fn an_mcs_may_serve_a_block() {
    let mut mars = cluster();
    ok(&mut mars, &register_mcs(Kind::Join, 51));
    ok(&mut mars, &serves(Kind::Join, 51, range(6, 7)));
    ok(&mut mars, &one(Kind::Join, 2, 0, range(9, 10)));
    let csn = mars.cluster().csn();
    let effects = ok(&mut mars, &serves(Kind::Join, 50, range(0, 255)));
    let moved: Vec<_> = migrates(&effects)
        .into_iter()
        .map(|(group, _, _)| group)
        .collect();
    assert_eq!(moved, [group(5), group(9), group(10)]);
    assert_eq!(
        sent(&effects)[1],
        ('c', 4, endpoint(50), COPY, csn + 3, vec![range(6, 7)])
    );
    // Inside of what it serves: news for the group, none for the cluster.
    let effects = ok(&mut mars, &serves(Kind::Join, 50, range(5, 5)));
    assert_eq!(
        (
            sent(&effects).len(),
            migrates(&effects).len(),
            effects.len()
        ),
        (1, 0, 2)
    );
    let effects = ok(&mut mars, &serves(Kind::Leave, 50, range(0, 255)));
    assert_eq!(sent(&effects)[1].5, [range(0, 4), range(6, 255)]);
    // One that is not small: only groups that somebody joined singly.
    let whole = GroupRange::new(group(0), ProtocolAddress::new(&[239, 0, 0, 0]).unwrap()).unwrap();
    let effects = ok(&mut mars, &serves(Kind::Join, 51, whole));
    assert_eq!(migrates(&effects), []);
    ok(&mut mars, &serves(Kind::Leave, 51, whole));
    ok(&mut mars, &serves(Kind::Leave, 50, range(5, 5)));
    let effects = ok(&mut mars, &serves(Kind::Join, 51, whole));
    assert_eq!(migrates(&effects).len(), 1);
}

quickcheck::quickcheck! {
    // R2022-6.2.4-06 R2022-6.2.4-07 R2022-6.1.2-14: group by group, the cluster hears of what the client
    // joins newly and no MCS serves, the MCSs of what it joins newly.
    fn punched_is_the_range_less_own_joins_less_served_groups(
        singles: Vec<u8>,
        served: Vec<(u8, bool)>,
        block: (u8, u8),
        leave: bool
    ) -> bool {
        let mut mars = mars();
        ok(&mut mars, &register(Kind::Join, 1));
        ok(&mut mars, &register_mcs(Kind::Join, 50));
        let block = range(block.0.min(block.1), block.0.max(block.1));
        if leave {
            ok(&mut mars, &one(Kind::Join, 1, 0, block));
        }
        let mut joined = [false; 256];
        for single in singles {
            joined[usize::from(single)] = true;
            ok(&mut mars, &one(Kind::Join, 1, 0, range(single, single)));
        }
        let (mut all_served, mut own_served) = ([false; 256], false);
        for (single, own) in served {
            let served = range(single, single);
            if own {
                ok(&mut mars, &serves(Kind::Join, 50, served));
                own_served |= ranges::contains(block, group(single));
            } else {
                let (client, source) = (endpoint(60), address(60));
                let origin = OTHER;
                let foreign = Foreign { origin, client, range: served, layer3grp: false, source };
                mars.foreign_serves(foreign, true);
            }
            all_served[usize::from(single)] = true;
        }
        let kind = if leave { Kind::Leave } else { Kind::Join };
        // A block of one group that was joined singly is no news.
        let news = leave || !(block.is_single() && joined[usize::from(ranges::ends(block).0.octets()[3])]);
        let effects = ok(&mut mars, &one(kind, 1, 0, block));
        let named = |to: char| -> Vec<bool> {
            let pairs: Vec<_> = sent(&effects)
                .into_iter()
                .filter(|sent| sent.0 == to)
                .flat_map(|sent| sent.5)
                .collect();
            (0..=255)
                .map(|octet| pairs.iter().any(|range| ranges::contains(*range, group(octet))))
                .collect()
        };
        // A LEAVE of a block of one group that was joined once only ends it.
        let single = block.is_single() && leave;
        let open = |octet: u8| {
            news && ranges::contains(block, group(octet)) && (single || !joined[usize::from(octet)])
        };
        let cluster: Vec<_> = (0..=255).map(|o| open(o) && !all_served[usize::from(o)]).collect();
        let servers: Vec<_> = (0..=255).map(|o| own_served && open(o)).collect();
        named('c') == cluster && named('s') == servers
    }
}
