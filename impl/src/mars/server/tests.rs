use super::*;
use crate::address::{AtmForm, AtmNumber};
use crate::wire::mars::decode;

const OWN: ServerId = ServerId([10, 0, 0, 1]);
const OTHER: ServerId = ServerId([10, 0, 0, 2]);
const HOLD: Time = Time(300_000);

fn endpoint(last: u8) -> Endpoint {
    let mut number = [0x47; 20];
    number[18] = last;
    Endpoint {
        number: AtmNumber::new(AtmForm::Nsapa, &number).unwrap(),
        subaddress: None,
    }
}

fn group(last: u8) -> ProtocolAddress {
    ProtocolAddress::new(&[224, 0, 0, last]).unwrap()
}

fn range(min: u8, max: u8) -> GroupRange {
    GroupRange::new(group(min), group(max)).unwrap()
}

fn address(last: u8) -> ProtocolAddress {
    ProtocolAddress::new(&[10, 0, 0, last]).unwrap()
}

fn mars() -> Mars {
    Mars::new(MarsConfig {
        protocol: Protocol::IPV4,
        address: endpoint(100),
        origin: OWN,
        cmi_range: [7, 9],
        csn_start: 50,
        mtu: 9180,
    })
}

/// A JOIN or LEAVE as a client sends it.
fn membership(kind: Kind, client: u8, flags: u16, pairs: PairList<'_>) -> Vec<u8> {
    let body = Membership {
        source_protocol: address(client),
        flags: MembershipFlags(flags),
        cmi: 0,
        msn: 0,
        pairs,
    };
    let body = match kind {
        Kind::Join => Body::Join(body),
        Kind::Leave => Body::Leave(body),
    };
    Message::new(Protocol::IPV4, endpoint(client), body).to_vec()
}

fn register(kind: Kind, client: u8) -> Vec<u8> {
    membership(
        kind,
        client,
        MembershipFlags::REGISTER | 0x21,
        PairList::null(1),
    )
}

fn one(kind: Kind, client: u8, flags: u16, range: GroupRange) -> Vec<u8> {
    membership(kind, client, flags, PairList::new(&[range]).unwrap())
}

fn request(client: u8, group: ProtocolAddress) -> Vec<u8> {
    let query = Query {
        source_protocol: address(client),
        target: group,
        padding: [9; 8],
    };
    Message::new(Protocol::IPV4, endpoint(client), Body::Request(query)).to_vec()
}

fn send(mars: &mut Mars, octets: &[u8]) -> Result<Vec<Effect>, Ignored> {
    mars.message(Time(0), octets, &decode(octets).unwrap(), HOLD, |_| false)
}

fn ok(mars: &mut Mars, octets: &[u8]) -> Vec<Effect> {
    send(mars, octets).unwrap()
}

/// The body of a JOIN or LEAVE that a MARS sent.
fn read(octets: &[u8]) -> (Kind, Endpoint, MembershipFlags, u16, u32, Vec<GroupRange>) {
    let message = decode(octets).unwrap();
    let kind = match message.body {
        Body::Join(_) => Kind::Join,
        Body::Leave(_) => Kind::Leave,
        _ => panic!("{message:?}"),
    };
    let body = message.body.membership().unwrap();
    (
        kind,
        message.source,
        body.flags,
        body.cmi,
        body.msn,
        body.pairs.iter().collect(),
    )
}

fn joined(client: u8, range: GroupRange) -> Effect {
    Effect::Changed(Changed::Joined {
        client: endpoint(client),
        range,
    })
}

// R2022-6.1.2-01 R2022-6.1.2-04 R2022-6.1.2-08 R2022-5.2.3-03 R2443-1-06 R2443-1-07
#[test]
fn a_registration_adds_a_leaf_and_returns_the_cmi_privately() {
    let mut mars = mars();
    let sent = register(Kind::Join, 1);
    let effects = ok(&mut mars, &sent);
    let [
        Effect::AddLeaf(leaf),
        Effect::Reply(reply),
        Effect::Changed(changed),
    ] = &effects[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!(*leaf, endpoint(1));
    assert_eq!(
        *changed,
        Changed::Registered {
            client: endpoint(1)
        }
    );
    let (kind, source, flags, cmi, msn, pairs) = read(reply);
    assert_eq!((kind, source), (Kind::Join, endpoint(1)));
    assert_eq!(
        flags.0,
        MembershipFlags::REGISTER | MembershipFlags::COPY | 0x21
    );
    assert_eq!((cmi, msn, pairs), (7, 50, vec![]));
    // Nothing else is changed (register F10), mar$pnum neither (F06).
    let mut expected = Vec::new();
    patched_copy(&sent, MembershipFlags::COPY, 0, Some(7), 50, &mut expected);
    assert_eq!(*reply, expected);
}

// R2022-6.1.2-02
#[test]
fn registering_again_returns_the_same_cmi_and_nothing_else() {
    let mut mars = mars();
    ok(&mut mars, &register(Kind::Join, 1));
    let before = mars.clone();
    let effects = ok(&mut mars, &register(Kind::Join, 1));
    let [Effect::Reply(reply)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(read(reply).3, 7);
    assert_eq!(mars, before);
}

// Register E02: silence, no leaf, nothing for the group. R2443-2-06
#[test]
fn an_exhausted_range_answers_nobody() {
    let mut mars = mars();
    for client in 1..=3 {
        ok(&mut mars, &register(Kind::Join, client));
    }
    let full = mars.clone();
    let fourth = register(Kind::Join, 4);
    assert_eq!(send(&mut mars, &fourth), Err(Ignored::NoCmi));
    assert_eq!(mars, full);
    // Register E04: a deregistration does not free the CMI at once.
    ok(&mut mars, &register(Kind::Leave, 2));
    assert_eq!(send(&mut mars, &fourth), Err(Ignored::NoCmi));
    let message = decode(&fourth).unwrap();
    let later = mars
        .message(HOLD, &fourth, &message, HOLD, |_| false)
        .unwrap();
    let Some(Effect::Reply(reply)) = later.get(1) else {
        panic!("{later:?}");
    };
    assert_eq!(read(reply).3, 8);
}

// R2443-2-05: a CMI that another server's record carries is not given.
#[test]
fn skips_cmis_of_other_servers() {
    let mut mars = mars();
    let sent = register(Kind::Join, 1);
    let effects = mars
        .message(Time(0), &sent, &decode(&sent).unwrap(), HOLD, |cmi| {
            cmi == 7
        })
        .unwrap();
    let Some(Effect::Reply(reply)) = effects.get(1) else {
        panic!("{effects:?}");
    };
    assert_eq!(read(reply).3, 8);
}

// R2022-6.1.2-13 R2022-6.1.2-11 R2022-5.2.1-04 R2443-2-09
#[test]
fn a_single_join_goes_out_on_the_ccvc_only() {
    let mut mars = mars();
    ok(&mut mars, &register(Kind::Join, 1));
    let sent = one(
        Kind::Join,
        1,
        MembershipFlags::LAYER3GRP | MembershipFlags::PUNCHED | 0x42,
        range(5, 5),
    );
    let effects = ok(&mut mars, &sent);
    let [Effect::Cluster(copy), changed] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(*changed, joined(1, range(5, 5)));
    let (kind, source, flags, cmi, msn, pairs) = read(copy);
    assert_eq!((kind, source), (Kind::Join, endpoint(1)));
    assert_eq!(
        flags.0,
        MembershipFlags::LAYER3GRP | MembershipFlags::COPY | 0x42
    );
    assert_eq!((cmi, msn, pairs), (0, 50, vec![range(5, 5)]));
    // R2022-6.1.4-01: consecutive.
    let effects = ok(&mut mars, &one(Kind::Leave, 1, 0, range(5, 5)));
    let Some(Effect::Cluster(copy)) = effects.first() else {
        panic!("{effects:?}");
    };
    assert_eq!((read(copy).0, read(copy).4), (Kind::Leave, 51));
}

// R2443-5.3-17 R2443-5.4-08 R2022-6.1.2-12, registers F14 and F19
#[test]
fn duplicates_are_returned_privately_without_news() {
    let mut mars = mars();
    ok(&mut mars, &register(Kind::Join, 1));
    let block = one(Kind::Join, 1, 0, range(5, 9));
    ok(&mut mars, &block);
    let before = mars.clone();
    for message in [
        block,
        one(Kind::Leave, 1, 0, range(5, 8)),
        one(Kind::Leave, 1, 0, range(7, 7)),
    ] {
        let effects = ok(&mut mars, &message);
        let [Effect::Reply(reply)] = &effects[..] else {
            panic!("{effects:?}");
        };
        // R2022-5.1.4.2-03: the current number, not raised.
        assert_eq!(read(reply).4, 51);
        assert_eq!(mars, before);
    }
}

// R2022-6.1.2-12 with register E08: news for the group, none for the cluster.
#[test]
fn a_single_join_inside_an_own_block_is_private() {
    let mut mars = mars();
    ok(&mut mars, &register(Kind::Join, 1));
    ok(&mut mars, &one(Kind::Join, 1, 0, range(5, 9)));
    let effects = ok(&mut mars, &one(Kind::Join, 1, 0, range(7, 7)));
    let [Effect::Reply(reply), changed] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert!(!read(reply).2.punched());
    assert_eq!(*changed, joined(1, range(7, 7)));
    // R2443-5.4-07: still a member by the block.
    let effects = ok(&mut mars, &one(Kind::Leave, 1, 0, range(7, 7)));
    assert!(matches!(
        &effects[..],
        [Effect::Reply(_), Effect::Changed(Changed::Left { .. })]
    ));
}

// R2022-6.1.2-14 R2022-6.1.2-16 R2022-6.1.2-17 R2443-5.3-09 R2443-3-11
#[test]
fn a_block_over_singles_is_punched_on_the_ccvc() {
    for kind in [Kind::Join, Kind::Leave] {
        let mut mars = mars();
        ok(&mut mars, &register(Kind::Join, 1));
        if kind == Kind::Leave {
            ok(&mut mars, &one(Kind::Join, 1, 0, range(4, 9)));
        }
        for single in [4, 6, 9] {
            ok(&mut mars, &one(Kind::Join, 1, 0, range(single, single)));
        }
        let csn = mars.cluster().csn();
        let sent = one(kind, 1, 3, range(4, 9));
        let effects = ok(&mut mars, &sent);
        let [
            Effect::Reply(reply),
            Effect::Cluster(copy),
            Effect::Changed(changed),
        ] = &effects[..]
        else {
            panic!("{effects:?}");
        };
        let (_, _, flags, _, msn, pairs) = read(reply);
        assert_eq!((flags.0, msn), (MembershipFlags::COPY | 3, csn));
        assert_eq!(pairs, [range(4, 9)]);
        let (got, _, flags, _, msn, pairs) = read(copy);
        assert_eq!((got, msn), (kind, csn));
        assert_eq!(
            flags.0,
            MembershipFlags::COPY | MembershipFlags::PUNCHED | 3
        );
        assert_eq!(pairs, [range(5, 5), range(7, 8)]);
        // The group hears of the block as it was asked for (register E07).
        let (Changed::Joined { range: told, .. } | Changed::Left { range: told, .. }) = changed
        else {
            panic!("{changed:?}");
        };
        assert_eq!(*told, range(4, 9));
    }
}

// R2022-6.1.2-18, register F13
#[test]
fn nothing_goes_out_when_no_group_is_left() {
    let mut mars = mars();
    ok(&mut mars, &register(Kind::Join, 1));
    ok(&mut mars, &one(Kind::Join, 1, 0, range(4, 4)));
    ok(&mut mars, &one(Kind::Join, 1, 0, range(5, 5)));
    let effects = ok(&mut mars, &one(Kind::Join, 1, 0, range(4, 5)));
    let [Effect::Reply(_), changed] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(*changed, joined(1, range(4, 5)));
}

// R2022-5.2.1-10 R2443-5.3-11 (register E09), and register E08 on the flag alone.
#[test]
fn layer3grp_counts_for_single_groups_only() {
    let mut mars = mars();
    ok(&mut mars, &register(Kind::Join, 1));
    let flag = MembershipFlags::LAYER3GRP;
    ok(&mut mars, &one(Kind::Join, 1, flag, range(4, 9)));
    ok(&mut mars, &one(Kind::Join, 1, flag, range(5, 5)));
    let joins = &mars.cluster().member(endpoint(1)).unwrap().joins;
    assert!(!joins[&range(4, 9)].layer3grp);
    assert!(joins[&range(5, 5)].layer3grp);
    // R2022-5.3-04
    assert_eq!(
        mars.map().layer3_groups(range(0, 255)),
        [group(5)].into_iter().collect()
    );
    // The same group without the flag: private, and news for the group.
    let effects = ok(&mut mars, &one(Kind::Join, 1, 0, range(5, 5)));
    assert!(
        matches!(&effects[..], [Effect::Reply(_), changed] if *changed == joined(1, range(5, 5)))
    );
    assert!(mars.map().layer3_groups(range(0, 255)).is_empty());
}

// R2022-5.2.3-07 R2022-6.1.2-05 R2022-6.1.2-19, register E19
#[test]
fn a_deregistration_is_private_and_silent_on_the_ccvc() {
    let mut mars = mars();
    for client in [1, 2] {
        ok(&mut mars, &register(Kind::Join, client));
        ok(&mut mars, &one(Kind::Join, client, 0, range(5, 5)));
    }
    let effects = ok(&mut mars, &register(Kind::Leave, 1));
    let [
        Effect::Reply(reply),
        Effect::DropLeaf(leaf),
        Effect::Changed(Changed::Deregistered { client, member }),
    ] = &effects[..]
    else {
        panic!("{effects:?}");
    };
    let (kind, _, flags, _, msn, _) = read(reply);
    assert_eq!((kind, msn), (Kind::Leave, 52));
    assert!(flags.register() && flags.copy());
    assert_eq!((*leaf, *client, member.cmi), (endpoint(1), endpoint(1), 7));
    assert_eq!(
        mars.map().members(group(5)),
        [endpoint(2)].into_iter().collect()
    );
    // Not a member any more (register A09).
    assert_eq!(
        send(&mut mars, &register(Kind::Leave, 1)),
        Err(Ignored::NotRegistered)
    );
}

// R2022-6.1.2-20 R2443-2-22
#[test]
fn a_lost_leaf_ends_the_registration() {
    let mut mars = mars();
    ok(&mut mars, &register(Kind::Join, 1));
    ok(&mut mars, &one(Kind::Join, 1, 0, range(5, 5)));
    let Some(Changed::Deregistered { member, .. }) = mars.leaf_gone(endpoint(1), HOLD) else {
        panic!();
    };
    assert_eq!(member.joins.len(), 1);
    assert!(mars.map().members(group(5)).is_empty());
    assert_eq!(mars.leaf_gone(endpoint(1), HOLD), None);
}

// R2022-6.1.1-01 R2022-6.1.2-06 R2443-1-04
#[test]
fn strangers_are_ignored() {
    let mut mars = mars();
    let before = mars.clone();
    for message in [
        request(1, group(5)),
        one(Kind::Join, 1, 0, range(5, 5)),
        one(Kind::Leave, 1, 0, range(5, 5)),
        register(Kind::Leave, 1),
    ] {
        assert_eq!(send(&mut mars, &message), Err(Ignored::NotRegistered));
    }
    assert_eq!(mars, before);
}

// R2022-6.1.2-07 R2022-6.1.2-09 R2443-5.3-18 R2443-5.4-09
#[test]
fn odd_joins_are_ignored() {
    let mut mars = mars();
    ok(&mut mars, &register(Kind::Join, 1));
    let before = mars.clone();
    let two = [range(4, 4), range(6, 6)];
    let short = GroupRange::new(
        ProtocolAddress::new(&[1]).unwrap(),
        ProtocolAddress::new(&[1]).unwrap(),
    )
    .unwrap();
    for kind in [Kind::Join, Kind::Leave] {
        for (flags, pairs, why) in [
            (
                MembershipFlags::COPY,
                PairList::new(&two[..1]),
                Ignored::CopyFlag,
            ),
            (
                MembershipFlags::COPY | MembershipFlags::REGISTER,
                Some(PairList::null(1)),
                Ignored::CopyFlag,
            ),
            (0, PairList::new(&two), Ignored::SeveralPairs),
            (0, Some(PairList::null(0)), Ignored::NoGroup),
            (0, Some(PairList::null(1)), Ignored::NoGroup),
            (0, PairList::new(&[short]), Ignored::NoGroup),
        ] {
            let message = membership(kind, 1, flags, pairs.unwrap());
            assert_eq!(send(&mut mars, &message), Err(why));
        }
    }
    assert_eq!(mars, before);
}

// Register F06: no pair, a pair of no octets, a pair that is ignored.
#[test]
fn a_registration_may_say_what_it_likes_about_groups() {
    for pairs in [
        PairList::null(0),
        PairList::null(1),
        PairList::new(&[range(5, 5)]).unwrap(),
    ] {
        let mut mars = mars();
        let sent = membership(Kind::Join, 1, MembershipFlags::REGISTER, pairs);
        assert_eq!(ok(&mut mars, &sent).len(), 3);
        assert!(mars.map().members(group(5)).is_empty());
    }
}

// R2022-6.1.1-02 R2022-5.1.2-07
#[test]
fn a_nak_is_the_request_with_another_op() {
    let mut mars = mars();
    ok(&mut mars, &register(Kind::Join, 1));
    let mut sent = request(1, group(5));
    for checksum in [true, false] {
        if !checksum {
            sent[12..14].fill(0);
        }
        let effects = ok(&mut mars, &sent);
        let [Effect::Reply(nak)] = &effects[..] else {
            panic!("{effects:?}");
        };
        let mut expected = sent.clone();
        expected[17] = 6;
        expected[12..14].copy_from_slice(&nak[12..14]);
        assert_eq!(*nak, expected);
        assert_eq!(nak[12..14] != [0, 0], checksum);
        assert!(matches!(decode(nak).unwrap().body, Body::Nak(_)));
    }
}

// R2443-1-01 R2022-5.1.2-09 R2022-5.1.1-14
#[test]
fn a_request_is_answered_from_the_group_wide_map() {
    let mut mars = mars();
    ok(&mut mars, &register(Kind::Join, 1));
    ok(&mut mars, &one(Kind::Join, 1, 0, range(4, 9)));
    let foreign = |client| Foreign {
        origin: OTHER,
        client: endpoint(client),
        range: range(5, 5),
        layer3grp: false,
        source: ProtocolAddress::default(),
    };
    // A07: one client with two homes is listed once.
    mars.foreign_begins(foreign(1), false);
    mars.foreign_begins(foreign(3), false);
    let effects = ok(&mut mars, &request(1, group(5)));
    let [Effect::Reply(multi)] = &effects[..] else {
        panic!("{effects:?}");
    };
    let message = decode(multi).unwrap();
    assert_eq!(message.source, endpoint(1));
    let Body::Multi(answer) = message.body else {
        panic!("{message:?}");
    };
    assert_eq!(answer.source_protocol, address(1));
    assert_eq!((answer.target, answer.msn), (group(5), 51));
    assert_eq!((answer.part, answer.last), (1, true));
    assert_eq!(
        answer.targets.iter().collect::<Vec<_>>(),
        [endpoint(1), endpoint(3)]
    );
}

// R2022-5.1.1-05 R2022-5.1.1-06 R2022-5.1.1-07 R2022-5.1.1-08 R2022-5.1.1-03 R2022-5.1.1-04
#[test]
fn a_multi_is_split_by_type_and_mtu() {
    let mut mars = Mars::new(MarsConfig {
        // The fixed part, the addresses of the requester, and three members.
        mtu: 32 + 20 + 4 + 4 + 3 * 20 + 19,
        ..mars().config
    });
    ok(&mut mars, &register(Kind::Join, 1));
    let e164 = |last: u8| Endpoint {
        number: AtmNumber::new(AtmForm::E164, &[last; 8]).unwrap(),
        subaddress: None,
    };
    let clients: Vec<Endpoint> = [endpoint(10), e164(1), endpoint(11), e164(2)]
        .into_iter()
        .chain((12..14).map(endpoint))
        .collect();
    for client in &clients {
        mars.foreign_begins(
            Foreign {
                origin: OTHER,
                client: *client,
                range: range(5, 5),
                layer3grp: false,
                source: ProtocolAddress::default(),
            },
            false,
        );
    }
    let effects = ok(&mut mars, &request(1, group(5)));
    let mut got = Vec::new();
    for effect in &effects {
        let Effect::Reply(multi) = effect else {
            panic!("{effect:?}");
        };
        assert!(multi.len() <= usize::from(mars.config.mtu));
        let message = decode(multi).unwrap();
        let Body::Multi(answer) = message.body else {
            panic!("{message:?}");
        };
        got.push((answer.part, answer.last, answer.targets.len()));
    }
    // Four NSAPAs three at a time, then two E.164 numbers.
    assert_eq!(got, [(1, false, 3), (2, false, 1), (3, true, 2)]);
}

// R2022-5.3-02 R2022-5.3-03 R2022-5.3-04 R2022-5.3-06 R2022-5.3-09, register F07
#[test]
fn a_group_list_names_layer_3_groups() {
    let mut mars = mars();
    let ask = |pairs: PairList<'_>| {
        let body = Membership {
            source_protocol: address(1),
            flags: MembershipFlags::default(),
            cmi: 0,
            msn: 0,
            pairs,
        };
        Message::new(Protocol::IPV4, endpoint(1), Body::GrouplistRequest(body)).to_vec()
    };
    let both = [range(4, 9), range(20, 30)];
    let sent = ask(PairList::new(&both).unwrap());
    assert_eq!(send(&mut mars, &sent), Err(Ignored::NotRegistered));
    ok(&mut mars, &register(Kind::Join, 1));
    let listed = |mars: &mut Mars| {
        let effects = ok(mars, &sent);
        let [Effect::Reply(reply)] = &effects[..] else {
            panic!("{effects:?}");
        };
        let message = decode(reply).unwrap();
        let Body::GrouplistReply(list) = message.body else {
            panic!("{message:?}");
        };
        assert_eq!((list.part, list.last), (1, true));
        list.groups.iter().collect::<Vec<_>>()
    };
    assert_eq!(listed(&mut mars), []);
    for (group, flags) in [(5, 0x8000), (6, 0), (25, 0x8000)] {
        ok(&mut mars, &one(Kind::Join, 1, flags, range(group, group)));
    }
    assert_eq!(listed(&mut mars), [group(5)]);
    assert_eq!(
        send(&mut mars, &ask(PairList::null(0))),
        Err(Ignored::NoGroup)
    );
}

// R2022-6.1.3-01 R2022-5.4.3-03 R2443-5.1-08, register F16
#[test]
fn a_redirect_map_needs_a_leaf() {
    let mut mars = mars();
    let servers = [endpoint(100), endpoint(101)];
    assert_eq!(mars.redirect_map(&servers), []);
    assert_eq!(mars.cluster().csn(), 50);
    ok(&mut mars, &register(Kind::Join, 1));
    let effects = mars.redirect_map(&servers);
    let [Effect::Cluster(octets)] = &effects[..] else {
        panic!("{effects:?}");
    };
    let message = decode(octets).unwrap();
    assert_eq!(message.source, endpoint(100));
    let Body::RedirectMap(map) = message.body else {
        panic!("{message:?}");
    };
    assert!(map.hard && map.last);
    assert_eq!((map.part, map.msn), (1, 50));
    assert_eq!(map.servers.iter().collect::<Vec<_>>(), servers);
    assert_eq!(mars.cluster().csn(), 51);
}

// R2022-5.4.3-12, register F26: the order stands, so types may alternate; each part is a transmission.
#[test]
fn a_mixed_redirect_map_keeps_its_order() {
    let mut mars = mars();
    ok(&mut mars, &register(Kind::Join, 1));
    let e164 = Endpoint {
        number: AtmNumber::new(AtmForm::E164, &[1; 8]).unwrap(),
        subaddress: None,
    };
    let effects = mars.redirect_map(&[endpoint(100), e164, endpoint(101)]);
    let parts: Vec<_> = effects
        .iter()
        .map(|effect| {
            let Effect::Cluster(octets) = effect else {
                panic!("{effect:?}");
            };
            let Body::RedirectMap(map) = decode(octets).unwrap().body else {
                panic!();
            };
            (map.part, map.last, map.msn, map.servers.len())
        })
        .collect();
    assert_eq!(
        parts,
        [(1, false, 50, 1), (2, false, 51, 1), (3, true, 52, 1)]
    );
}

// R2443-2-10 R2443-5.3-15 R2443-5.3-21 R2443-5.4-06, register E12
#[test]
fn foreign_changes_are_announced_punched() {
    let mut mars = mars();
    let foreign = |min, max| Foreign {
        origin: OTHER,
        client: endpoint(3),
        range: range(min, max),
        layer3grp: min == max,
        source: address(3),
    };
    // Without a leaf nothing is sent (register F16).
    assert_eq!(mars.foreign_begins(foreign(6, 6), true), []);
    ok(&mut mars, &register(Kind::Join, 1));
    assert_eq!(mars.cluster().csn(), 50);
    let effects = mars.foreign_begins(foreign(4, 9), true);
    let [Effect::Cluster(join)] = &effects[..] else {
        panic!("{effects:?}");
    };
    let (kind, source, flags, cmi, msn, pairs) = read(join);
    assert_eq!((kind, source, cmi, msn), (Kind::Join, endpoint(3), 0, 50));
    assert_eq!(flags.0, MembershipFlags::COPY | MembershipFlags::PUNCHED);
    assert_eq!(pairs, [range(4, 5), range(7, 9)]);
    // Covered already: nothing is left to say.
    assert_eq!(mars.foreign_begins(foreign(7, 7), true), []);
    assert_eq!(mars.foreign_ends(foreign(7, 7), true), []);
    let effects = mars.foreign_ends(foreign(4, 9), true);
    let [Effect::Cluster(leave)] = &effects[..] else {
        panic!("{effects:?}");
    };
    let (kind, _, _, _, msn, pairs) = read(leave);
    assert_eq!((kind, msn), (Kind::Leave, 51));
    assert_eq!(pairs, [range(4, 5), range(7, 9)]);
    let effects = mars.foreign_ends(foreign(6, 6), true);
    let [Effect::Cluster(leave)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(
        read(leave).2.0,
        MembershipFlags::COPY | MembershipFlags::LAYER3GRP
    );
}

// A block with more holes than one message can tell of.
#[test]
fn a_long_list_of_blocks_is_split() {
    let mut mars = Mars::new(MarsConfig {
        mtu: 32 + 20 + 4 + 3 + 2 * 8,
        ..mars().config
    });
    ok(&mut mars, &register(Kind::Join, 1));
    for single in [2, 4, 6] {
        ok(&mut mars, &one(Kind::Join, 1, 0, range(single, single)));
    }
    let effects = ok(&mut mars, &one(Kind::Join, 1, 0, range(1, 7)));
    let pairs: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Cluster(octets) => Some((octets.len() <= 75, read(octets).5)),
            _ => None,
        })
        .collect();
    assert_eq!(
        pairs,
        [
            (true, vec![range(1, 1), range(3, 3)]),
            (true, vec![range(5, 5), range(7, 7)])
        ]
    );
}

#[test]
fn what_only_servers_send_is_ignored() {
    let mut mars = mars();
    let mut nak = request(1, group(5));
    nak[17] = 6;
    nak[12..14].fill(0);
    assert_eq!(send(&mut mars, &nak), Err(Ignored::NotForServers(Op::Nak)));
    let mut mserv = register(Kind::Join, 1);
    mserv[17] = 3;
    mserv[12..14].fill(0);
    assert_eq!(send(&mut mars, &mserv), Err(Ignored::Unserved(Op::Mserv)));
}

// R2022-10.2-03 R2022-10.3-02
#[test]
fn unknown_tlvs_are_heeded() {
    for (kind, expected) in [
        (0x3801, Ok(())),
        (0x7801, Err(Ignored::Tlv(TlvAction::Drop))),
        (0xb801, Err(Ignored::Tlv(TlvAction::Report))),
    ] {
        let mut mars = mars();
        let mut octets = register(Kind::Join, 1);
        octets[12..14].fill(0);
        let at = octets.len() as u16;
        octets[14..16].copy_from_slice(&at.to_be_bytes());
        octets.extend(u16::to_be_bytes(kind));
        octets.extend([0, 1, 0xaa, 0, 0, 0, 0, 0, 0, 0]);
        let result = send(&mut mars, &octets);
        if let Ok(effects) = &result {
            let Some(Effect::Reply(reply)) = effects.get(1) else {
                panic!("{effects:?}");
            };
            // Register F10: returned as it came; no checksum was there to renew.
            assert_eq!(reply[40..], octets[40..]);
            assert_eq!(reply[12..14], [0, 0]);
        }
        assert_eq!(result.map(|_| ()), expected);
    }
}

#[test]
fn canonical_is_the_same_at_any_time() {
    let at = |time: u64, start: u32| {
        let mut mars = Mars::new(MarsConfig {
            csn_start: start,
            ..mars().config
        });
        for sent in [
            register(Kind::Join, 1),
            register(Kind::Join, 2),
            register(Kind::Leave, 1),
        ] {
            let message = decode(&sent).unwrap();
            mars.message(Time(time), &sent, &message, Time(time + 100), |_| false)
                .unwrap();
        }
        mars.canonical(Time(time + 40))
    };
    assert_eq!(at(0, 0), at(999_999, u32::MAX));
}
