//! Registration, and what is not answered at all.

use super::*;

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
    assert_eq!(mars.map().members(group(5)), [endpoint(2)]);
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

// Register F06: no pair, a pair of no octets, a pair that is ignored.
#[test]
fn a_registration_may_say_what_it_likes_about_groups() {
    for pairs in [
        PairList::null(0),
        PairList::null(1),
        PairList::new(&[range(5, 5)]).unwrap(),
    ] {
        let mut mars = mars();
        let sent = message(Kind::Join, 1, MembershipFlags::REGISTER, pairs);
        assert_eq!(ok(&mut mars, &sent).len(), 3);
        assert!(mars.map().members(group(5)).is_empty());
    }
}

#[test]
fn what_only_servers_send_is_ignored() {
    let mut mars = mars();
    let mut nak = request(1, group(5));
    nak[17] = 6;
    nak[12..14].fill(0);
    assert_eq!(send(&mut mars, &nak), Err(Ignored::NotForServers(Op::Nak)));
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
