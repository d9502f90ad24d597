//! Requests, group lists, redirect maps.

use super::*;

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

// R2022-5.3-07 R2022-5.1.4.2-01
#[test]
fn a_group_list_is_split_like_a_multi() {
    let mut mars = Mars::new(MarsConfig {
        // The fixed part, the addresses of the requester, and two groups.
        mtu: 32 + 20 + 4 + 2 * 4 + 3,
        ..mars().config
    });
    ok(&mut mars, &register(Kind::Join, 1));
    for number in [5, 7, 9, 11, 13] {
        ok(
            &mut mars,
            &one(Kind::Join, 1, 0x8000, range(number, number)),
        );
    }
    let all = [range(1, 20)];
    let body = Membership {
        source_protocol: address(1),
        flags: MembershipFlags::default(),
        cmi: 0,
        msn: 0,
        pairs: PairList::new(&all).unwrap(),
    };
    let ask = Message::new(Protocol::IPV4, endpoint(1), Body::GrouplistRequest(body)).to_vec();
    // The current number, in every message of the server's but REQUEST and NAK.
    let csn = {
        let effects = ok(&mut mars, &request(1, group(5)));
        let [Effect::Reply(multi)] = &effects[..] else {
            panic!("{effects:?}");
        };
        let Body::Multi(answer) = decode(multi).unwrap().body else {
            panic!("{multi:?}");
        };
        answer.msn
    };
    let effects = ok(&mut mars, &ask);
    let parts: Vec<_> = effects
        .iter()
        .map(|effect| {
            let Effect::Reply(reply) = effect else {
                panic!("{effect:?}");
            };
            assert!(reply.len() <= usize::from(mars.config.mtu));
            let Body::GrouplistReply(list) = decode(reply).unwrap().body else {
                panic!("{reply:?}");
            };
            (list.part, list.last, list.msn, list.groups.len())
        })
        .collect();
    let expected = [(1, false, csn, 2), (2, false, csn, 2), (3, true, csn, 1)];
    assert_eq!(parts, expected);
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
