//! What no other test would notice: found by cargo-mutants (`impl/mutants/`).

use super::golden::{endpoint, single};
use crate::address::{Protocol, ProtocolAddress, ServerId};
use crate::wire::checksum;
use crate::wire::codepoints::Op;
use crate::wire::mars::{
    self, Body, Membership, MembershipFlags, Message, PairList, Reserved, patched_copy,
    retyped_copy,
};
use crate::wire::scsp::{
    self, AuthKey, CacheKey, Csa, Csas, EncodeBody, Extensions, Header, RecordList, SequenceNumber,
};

const A: ServerId = ServerId([10, 0, 0, 1]);
const B: ServerId = ServerId([10, 0, 0, 2]);

fn csas(key: u8) -> Csas {
    Csas::new(CacheKey([0, 0, 0, key]), A, SequenceNumber::FIRST)
}

fn hello(hello_interval: u16, auth: Option<&AuthKey>) -> Vec<u8> {
    let body = EncodeBody::Hello {
        hello_interval,
        dead_factor: 3,
        family: 0,
        additional: &[B, A],
    };
    let mut out = Vec::new();
    scsp::encode(&Header::mars(1, A, Some(B)), &body, auth, &mut out);
    out
}

#[test]
fn packets_are_written_into_just_the_room_they_need() {
    let summaries = [csas(1), csas(2), csas(3)];
    let records: Vec<Csa<'_>> = summaries
        .iter()
        .map(|&csas| Csa {
            csas,
            body: &[7; 13],
        })
        .collect();
    for body in [
        EncodeBody::Ca {
            sequence: 7,
            master: true,
            init: false,
            more: true,
            records: &summaries,
        },
        EncodeBody::CsuRequest(&records),
        EncodeBody::CsuReply(&summaries),
        EncodeBody::Csus(&summaries),
        EncodeBody::Hello {
            hello_interval: 3,
            dead_factor: 3,
            family: 0,
            additional: &[A, B, A],
        },
    ] {
        let mut out = Vec::new();
        scsp::encode(&Header::mars(1, A, Some(B)), &body, None, &mut out);
        assert_eq!(out.capacity(), out.len(), "{body:?}");
    }
}

/// R2334-B.3-05: where the MAC lies depends on what stands before it.
#[test]
fn a_vendor_extension_may_stand_before_authentication() {
    let key = AuthKey {
        spi: 9,
        key: vec![0x0b; 16],
    };
    let signed = hello(3, Some(&key));
    let at = usize::from(u16::from_be_bytes([signed[6], signed[7]]));
    for value in [&[][..], &[0, 0, 0x5e], &[1; 40]] {
        let length = u16::try_from(value.len()).unwrap().to_be_bytes();
        let vendor = [&[0, 2], &length[..], value].concat();
        let mut octets = [&signed[..at], &vendor, &signed[at..]].concat();
        let size = u16::try_from(octets.len()).unwrap();
        octets[2..4].copy_from_slice(&size.to_be_bytes());
        octets[4..6].fill(0);
        let mac_at = at + vendor.len() + 8;
        octets[mac_at..mac_at + 16].fill(0);
        let mac = scsp::hmac_md5(&key.key, &octets);
        octets[mac_at..mac_at + 16].copy_from_slice(&mac);
        let sum = checksum::compute(&octets);
        octets[4..6].copy_from_slice(&sum.to_be_bytes());
        assert!(scsp::verify_authentication(&octets, &key), "{value:?}");
    }
}

#[test]
fn what_follows_end_is_shown_as_it_came() {
    let nothing = Extensions::parse(&[0; 4]).unwrap();
    assert!(nothing.after_end().is_empty());
    let bare = Extensions::parse(&[0, 0, 0, 0, 8, 9]).unwrap();
    assert_eq!(bare.after_end(), [8, 9]);
    let listed = Extensions::parse(&[0, 2, 0, 1, 7, 0, 0, 0, 0, 9]).unwrap();
    assert_eq!(listed.after_end(), [9]);
    let signed = Extensions::parse(&[0, 1, 0, 4, 0, 0, 0, 16, 0, 0, 0, 0]).unwrap();
    let shown = format!("{:?}", signed.authentication().unwrap());
    assert!(shown.contains("spi 0x10"), "{shown}");
}

/// A sum of zero has two spellings (RFC 2334, B.1), and a copy keeps the one that came.
#[test]
fn both_zeros_of_the_checksum_are_kept() {
    let mut octets = (0..=u16::MAX)
        .map(|interval| hello(interval, None))
        .find(|octets| octets[4..6] == [0, 0])
        .unwrap();
    for zero in [[0, 0], [0xff, 0xff]] {
        octets[4..6].copy_from_slice(&zero);
        let mut again = Vec::new();
        scsp::decode(&octets).unwrap().encode(&mut again);
        assert_eq!(again, octets);
    }
}

#[test]
fn a_packet_of_the_fixed_part_alone_has_a_true_size() {
    let mut octets = [1, 5, 0, 8, 0, 0, 0, 0];
    let sum = checksum::compute(&octets);
    octets[4..6].copy_from_slice(&sum.to_be_bytes());
    let error = scsp::decode(&octets).unwrap_err();
    assert_ne!(error.field, "packet_size", "{error}");
}

#[test]
fn sequence_numbers_and_keys_compare() {
    assert!(!SequenceNumber::MIN_RESERVED.is_usable());
    assert!(SequenceNumber::FIRST.is_usable());
    assert!(CacheKey([0, 0, 1, 0]) > CacheKey([0, 0, 0, 255]));
}

#[test]
fn lists_of_records_compare_by_their_records() {
    let (one, two) = ([csas(1)], [csas(1), csas(2)]);
    let list = |items| RecordList::<Csas>::from(items);
    assert_eq!(list(&one[..]), list(&two[..1]));
    assert_ne!(list(&one[..]), list(&two[1..]));
    assert_ne!(list(&one[..]), list(&two[..]));
    assert!(list(&[]).is_empty());
    assert!(!list(&two[..]).is_empty());
}

#[test]
fn a_membership_knows_the_length_of_its_groups() {
    let ranges = [single(&[224, 0, 0, 9])];
    let membership = |pairs| Membership {
        source_protocol: ProtocolAddress::default(),
        flags: MembershipFlags(MembershipFlags::COPY | 3),
        cmi: 0,
        msn: 0,
        pairs,
    };
    assert_eq!(membership(PairList::default()).group_len(), 0);
    let join = membership(PairList::new(&ranges).unwrap());
    assert_eq!(join.group_len(), 4);

    // A flag that is set stays set.
    let mut original = Vec::new();
    Message::new(Protocol::IPV4, endpoint(9), Body::Join(join)).encode(&mut original);
    let mut copy = Vec::new();
    patched_copy(&original, MembershipFlags::COPY, 0, None, 5, &mut copy);
    let copied = mars::decode(&copy).unwrap();
    let copied = copied.body.membership().unwrap();
    assert_eq!(copied.flags, join.flags);
    assert_eq!(copied.msn, 5);

    // A JOIN goes on as SJOIN, with other flags, number and sender.
    let mut other = Vec::new();
    let (set, clear) = (MembershipFlags::PUNCHED, MembershipFlags::COPY);
    retyped_copy(&original, Op::Sjoin, set, clear, Some(7), 9, &mut other);
    let decoded = mars::decode(&other).unwrap();
    assert_eq!(decoded.body.op(), Op::Sjoin);
    let body = decoded.body.membership().unwrap();
    assert_eq!(body.flags, MembershipFlags(MembershipFlags::PUNCHED | 3));
    assert_eq!((body.cmi, body.msn), (7, 9));
    assert_eq!(body.pairs, join.pairs);
}

#[test]
fn only_what_is_odd_is_shown() {
    let shown = |reserved: Reserved<'_>| format!("{reserved:?}");
    assert_eq!(shown(Reserved::default()), "Reserved");
    let zero = Reserved {
        trailing: &[0],
        ..Reserved::default()
    };
    assert!(shown(zero).contains("trailing"));
    let padded = Reserved {
        padding: Some(&[]),
        ..Reserved::default()
    };
    assert!(shown(padded).contains("padding"));
    assert!(!shown(padded).contains("trailing"));
    let snap = Reserved {
        snap: [0, 0, 0, 0, 1],
        ..Reserved::default()
    };
    assert!(shown(snap).contains("snap") && !shown(snap).contains("hdrrsv"));
}
