//! Joins and leaves, own and of other servers.

use super::*;

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
    assert_eq!(mars.map().layer3_groups(range(0, 255)), [group(5)]);
    // The same group without the flag: private, and news for the group.
    let effects = ok(&mut mars, &one(Kind::Join, 1, 0, range(5, 5)));
    assert!(
        matches!(&effects[..], [Effect::Reply(_), changed] if *changed == joined(1, range(5, 5)))
    );
    assert!(mars.map().layer3_groups(range(0, 255)).is_empty());
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
            let message = message(kind, 1, flags, pairs.unwrap());
            assert_eq!(send(&mut mars, &message), Err(why));
        }
    }
    assert_eq!(mars, before);
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
