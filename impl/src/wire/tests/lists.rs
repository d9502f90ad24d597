//! Lists as values: which are empty, which are equal, which are refused; read ones and made ones alike.

use super::golden::{address, endpoint};
use super::{Kind, samples, unhex};
use crate::address::{AtmForm, AtmNumber, Endpoint, GroupRange};
use crate::wire::codepoints::ScspType;
use crate::wire::mars::{
    self, AddressList, Answer, Body, EndpointList, GroupList, Membership, MembershipFlags, Message,
    PairList, Reserved, Tlvs,
};
use crate::wire::reader::Reader;
use crate::wire::{checksum, scsp};

const PROTOCOL: crate::address::Protocol = crate::address::Protocol::IPV4;

/// The pairs that a JOIN with `pairs` brings over.
fn with_pairs(pairs: PairList<'_>) -> Vec<u8> {
    let membership = Membership {
        source_protocol: address(&[]),
        flags: MembershipFlags(0),
        cmi: 0,
        msn: 0,
        pairs,
    };
    Message::new(PROTOCOL, endpoint(1), Body::Join(membership)).to_vec()
}

fn pairs_of(octets: &[u8]) -> PairList<'_> {
    mars::decode(octets)
        .unwrap()
        .body
        .membership()
        .unwrap()
        .pairs
}

#[test]
fn pair_lists_are_equal_when_lengths_and_blocks_are() {
    let block = |low, high| {
        GroupRange::new(address(&[224, 0, 0, low]), address(&[224, 0, 0, high])).unwrap()
    };
    let (one, two) = ([block(1, 2)], [block(1, 2), block(4, 5)]);
    let other = [block(1, 3)];
    let [one, two, other] = [&one[..], &two, &other].map(|items| PairList::new(items).unwrap());
    let (none, null4, null0) = (PairList::default(), PairList::null(4), PairList::null(0));
    let octets = with_pairs(two);
    assert_eq!(pairs_of(&octets), two);
    let all = [one, two, other, null4, null0];
    for (a, left) in all.iter().enumerate() {
        for (b, right) in all.iter().enumerate() {
            assert_eq!(left == right, a == b, "{left:?} {right:?}");
        }
        let pairs = left.len();
        assert_eq!(left.is_empty(), pairs == 0, "{left:?}");
    }
    assert!(none.is_empty() && !one.is_empty() && !two.is_empty());
    assert_eq!((one.len(), two.len(), none.len()), (1, 2, 0));
    // Pairs of no octets count, and are not blocks.
    assert_eq!(
        (null4.len(), null4.group_len(), null4.iter().count()),
        (4, 0, 0)
    );
    assert!(!null4.is_empty() && null0.is_empty());
    // No pairs, and mar$tpln says four: not the same as saying nothing.
    let mut wide = with_pairs(null0);
    wide[12..14].fill(0);
    assert_eq!(pairs_of(&wide), null0);
    wide[21] = 4;
    assert_eq!((pairs_of(&wide).len(), pairs_of(&wide).group_len()), (0, 4));
    assert_ne!(pairs_of(&wide), null0);
}

#[test]
fn address_lists_are_equal_when_length_and_groups_are() {
    let (one, two) = (
        [address(&[224, 0, 0, 9])],
        [address(&[224, 0, 0, 9]), address(&[224, 0, 0, 8])],
    );
    let other = [address(&[224, 0, 0, 7])];
    let lists = [&one[..], &two, &other].map(|items| AddressList::new(items).unwrap());
    let [one, two, other] = lists;
    let all = [
        one,
        two,
        other,
        AddressList::empty(4),
        AddressList::empty(16),
    ];
    for (a, left) in all.iter().enumerate() {
        for (b, right) in all.iter().enumerate() {
            assert_eq!(left == right, a == b, "{left:?} {right:?}");
        }
    }
    assert!(AddressList::empty(4).is_empty() && !one.is_empty() && !two.is_empty());
    assert!(AddressList::default().is_empty());
    // Read ones are equal to made ones; an empty one keeps mar$tpln (R2022-5.3-06).
    for groups in [two, AddressList::empty(16)] {
        let list = GroupList {
            source_protocol: address(&[]),
            last: true,
            part: 1,
            msn: 2,
            groups,
        };
        let octets = Message::new(PROTOCOL, endpoint(1), Body::GrouplistReply(list)).to_vec();
        let Body::GrouplistReply(read) = mars::decode(&octets).unwrap().body else {
            panic!("a reply");
        };
        assert_eq!(read.groups, groups);
        assert_eq!(read.groups.group_len(), groups.group_len());
    }
}

#[test]
fn endpoint_lists_are_equal_when_forms_and_endpoints_are() {
    let subaddressed = Endpoint {
        subaddress: AtmNumber::new(AtmForm::Nsapa, &[1, 2, 3]),
        ..endpoint(1)
    };
    let (one, two, sub) = ([endpoint(1)], [endpoint(1), endpoint(2)], [subaddressed]);
    let [one, two, sub] = [&one[..], &two, &sub].map(|items| EndpointList::new(items).unwrap());
    let empty = EndpointList::with_type_lengths(&[], 20, 0).unwrap();
    let all = [one, two, sub, empty, EndpointList::default()];
    for (a, left) in all.iter().enumerate() {
        for (b, right) in all.iter().enumerate() {
            assert_eq!(left == right, a == b, "{left:?} {right:?}");
        }
    }
    assert!(empty.is_empty() && !one.is_empty() && !two.is_empty());
    // Forms differ: not one list (R2022-5.1.1-08).
    assert!(EndpointList::new(&[endpoint(1), subaddressed]).is_none());
    // R2022-5.1.2-06: bit 6 of mar$tstl may be set where there is no subaddress, and only there.
    let plain = [endpoint(1)];
    let odd = EndpointList::with_type_lengths(&plain, 20, 0x40).unwrap();
    assert_eq!(odd.type_lengths(), (20, 0x40));
    assert_ne!(odd, one);
    let sub = [subaddressed];
    assert!(EndpointList::with_type_lengths(&sub, 20, 3).is_some());
    for (thtl, tstl) in [
        (20, 0),
        (20, 0x43),
        (20, 4),
        (0x54, 3),
        (19, 3),
        (20, 0x80 | 3),
    ] {
        assert!(
            EndpointList::with_type_lengths(&sub, thtl, tstl).is_none(),
            "{thtl:#x} {tstl:#x}"
        );
    }
    assert!(EndpointList::with_type_lengths(&plain, 20, 1).is_none());
    // Read again, forms and all.
    for targets in [two, odd, empty] {
        let answer = Answer {
            source_protocol: address(&[]),
            target: address(&[224, 0, 0, 1]),
            last: true,
            part: 1,
            msn: 2,
            targets,
        };
        let octets = Message::new(PROTOCOL, endpoint(1), Body::Multi(answer)).to_vec();
        let Body::Multi(read) = mars::decode(&octets).unwrap().body else {
            panic!("a multi");
        };
        assert_eq!(read.targets, targets);
    }
}

#[test]
fn no_groups_of_any_length_may_be_listed_and_groups_of_no_length_may_not() {
    // R2022-5.3-06: a count with nothing to count is refused, no count is not.
    let (_, _, octets) = samples::all()
        .into_iter()
        .find(|sample| sample.0 == "grouplist_reply")
        .unwrap();
    let mut reply = octets[..octets.len() - 8].to_vec();
    reply[12..14].fill(0);
    reply[23] = 0;
    reply[24..26].copy_from_slice(&[0, 0]);
    assert!(mars::decode(&reply).is_ok());
    reply[24..26].copy_from_slice(&[0, 1]);
    let error = mars::decode(&reply).unwrap_err();
    assert_eq!((error.field, error.offset, error.value), ("tnum", 24, 1));
}

#[test]
fn steps_over_octets_that_are_there() {
    let mut reader = Reader::new(&[1, 2, 3]);
    assert!(reader.skip(2));
    assert_eq!((reader.offset(), reader.rest()), (2, &[3][..]));
    assert!(!reader.skip(2));
    assert_eq!((reader.offset(), reader.rest()), (2, &[3][..]));
    assert!(reader.skip(1) && reader.skip(0) && !reader.skip(1));
}

#[test]
fn what_stands_before_the_first_record_is_known() {
    // RFC 2334, B.2: 8 octets of fixed part, 12 of common part, two ids of four; CA has 4 more, Hello 8.
    for code in ScspType::ALL {
        let own = match code {
            ScspType::Ca => 4,
            ScspType::Hello => 8,
            _ => 0,
        };
        assert_eq!(scsp::overhead(*code), 8 + own + 12 + 8, "{code:?}");
    }
}

#[test]
fn a_message_appended_to_others_is_the_same_message() {
    // R2022-10-01, R2022-10.1-03: offsets count from the message's start, whatever is before it.
    for (name, kind, octets) in samples::all() {
        if kind != Kind::Mars {
            continue;
        }
        let message = mars::decode(&octets).unwrap();
        for before in 1..6 {
            let mut out = vec![0xaa; before];
            message.encode(&mut out);
            assert_eq!(out[before..], octets, "{name} behind {before} octets");
        }
    }
}

#[test]
fn the_two_zeros_of_a_checksum_are_told_apart() {
    // Register F17: a sum that comes out as zero is sent as zero, and 0xFFFF is kept when it came.
    let tlvs = unhex("0000 0000");
    let plain = with_pairs(PairList::null(0));
    let base = Message {
        tlvs: Tlvs::parse(&tlvs).unwrap(),
        reserved: Reserved::default(),
        ..mars::decode(&plain).unwrap()
    };
    // Find an msn with which the computed checksum is zero.
    let found = (0..=u32::from(u16::MAX)).find_map(|msn| {
        let mut message = base;
        let Body::Join(mut join) = message.body else {
            return None;
        };
        join.msn = msn;
        message.body = Body::Join(join);
        (message.to_vec()[12..14] == [0, 0]).then_some(message)
    });
    let mut message = found.expect("some sum is zero");
    message.reserved.negative_zero = true;
    let octets = message.to_vec();
    assert_eq!(octets[12..14], [0xff, 0xff]);
    assert!(checksum::verify(&octets));
    let read = mars::decode(&octets).unwrap();
    assert!(read.reserved.negative_zero && read.checksum_present);
    assert_eq!(read.to_vec(), octets);
    // Where the sum is another, the mark changes nothing.
    let Body::Join(mut join) = message.body else {
        panic!("a join");
    };
    join.msn ^= 1;
    message.body = Body::Join(join);
    let marked = message.to_vec();
    message.reserved.negative_zero = false;
    assert_eq!(message.to_vec(), marked);
    assert_ne!(marked[12..14], [0xff, 0xff]);
}
