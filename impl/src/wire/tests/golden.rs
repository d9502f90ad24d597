//! The twelve frames of `layouts-and-constants.md`, section 6, which were computed apart from this code.

use super::{Kind, recode, unhex};
use crate::address::{
    AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ProtocolAddress, ServerId,
};
use crate::wire::csa::{CsaState, MarsRecord, RecordFlags, decode_record, encode_record};
use crate::wire::mars::{self, MembershipFlags, Message};
use crate::wire::scsp::{self, AuthKey, CacheKey, Csa, Csas, EncodeBody, Header, SequenceNumber};

pub(super) const FRAMES: [(&str, Kind, &str); 12] = [
    (
        "g1_first_hello",
        Kind::Scsp,
        "01050020f0cf000000030003000000000003000100000000040000000a000001",
    ),
    (
        "g2_hello_one_heard",
        Kind::Scsp,
        "01050024e6c5000000030003000000000003000100000000040400000a0000010a000002",
    ),
    (
        "g3_first_ca",
        Kind::Scsp,
        "01010020c26c000011223344000300010000e000040400000a0000010a000002",
    ),
    (
        "g4_csu_request_redirect_entry",
        Kind::Scsp,
        "010200586c7f00000003000100000000040400010a0000010a00000200ff003c\
         0404000080000001000000010a000001000f0800000000000000000100000000\
         0000140047000580ffe1000000f21a2b3c0020480a000100",
    ),
    (
        "g5_csu_request_register_and_join",
        Kind::Scsp,
        "010200a46b2a00000003000100000000040400020a0000010a00000200ff0040\
         0404000080000001000000020a000001000f0800000000000000000320000101\
         040014000a00006347000580ffe1000000f21a2b3c0020480c00010000ff0048\
         0404000080000001000000030a000001000f0800000000000000000380000101\
         040414000a00006347000580ffe1000000f21a2b3c0020480c000100e0010203\
         e0010203",
    ),
    (
        "g6_csu_reply",
        Kind::Scsp,
        "01030044ca6f00000003000100000000040400020a0000020a00000100010014\
         0404000080000001000000020a00000100010014040400008000000100000003\
         0a000001",
    ),
    (
        "g7_hello_authenticated",
        Kind::Scsp,
        "01050040f570002400030003000000000003000100000000040400000a000001\
         0a0000020001001400001000b125683d9392cd01157545c766fca4cf00000000",
    ),
    (
        "g8_join_register",
        Kind::Mars,
        "000f08000000000000000000e4c0000000041400040000012000000000000000\
         47000580ffe1000000f21a2b3c0020480c0001000a000063",
    ),
    (
        "g9_join",
        Kind::Mars,
        "000f08000000000000000000c0b2000000041400040400018000000000000000\
         47000580ffe1000000f21a2b3c0020480c0001000a000063e0010203e0010203",
    ),
    (
        "g10_join_ccvc_copy",
        Kind::Mars,
        "000f0800000000000000000080ab00000004140004040001c000000000000007\
         47000580ffe1000000f21a2b3c0020480c0001000a000063e0010203e0010203",
    ),
    (
        "g11_redirect_map",
        Kind::Mars,
        "000f08000000000000000000f5ed0000000c1400001400800002800100000008\
         47000580ffe1000000f21a2b3c0020480a00010047000580ffe1000000f21a2b\
         3c0020480a00010047000580ffe1000000f21a2b3c0020480b000100",
    ),
    (
        "g12_request",
        Kind::Mars,
        "000f0800000000000000000022bc000000011400040000040000000000000000\
         47000580ffe1000000f21a2b3c0020480c0001000a000063e0010203",
    ),
];

const A: ServerId = ServerId([10, 0, 0, 1]);
const B: ServerId = ServerId([10, 0, 0, 2]);

pub(super) fn endpoint(octet: u8) -> Endpoint {
    let mut octets = unhex("47000580ffe1000000f21a2b3c00204800000100");
    octets[16] = octet;
    Endpoint {
        number: AtmNumber::new(AtmForm::Nsapa, &octets).unwrap(),
        subaddress: None,
    }
}

pub(super) fn address(octets: &[u8]) -> ProtocolAddress {
    ProtocolAddress::new(octets).unwrap()
}

pub(super) fn single(octets: &[u8]) -> GroupRange {
    GroupRange::new(address(octets), address(octets)).unwrap()
}

fn frame(name: &str) -> Vec<u8> {
    let (_, _, text) = FRAMES.iter().find(|one| one.0 == name).unwrap();
    unhex(text)
}

#[test]
fn decode_and_encode_exactly() {
    for (name, kind, text) in FRAMES {
        let octets = unhex(text);
        assert_eq!(recode(kind, &octets), Ok(octets), "{name}");
    }
}

fn check_scsp(name: &str, header: Header, body: &EncodeBody<'_>, key: Option<&AuthKey>) {
    let mut out = vec![0xa5];
    scsp::encode(&header, body, key, &mut out);
    let octets = frame(name);
    assert_eq!(out[1..], octets, "{name}");
    let decoded = scsp::decode(&octets).unwrap();
    assert_eq!(decoded.header, header);
    assert_eq!(decoded.body, body.into());
    assert_eq!(decoded.reserved, scsp::Reserved::default());
}

#[test]
fn hellos_are_built_from_values() {
    // R2334-B.2.5-01, R2334-B.2.5-09, R2334-B.2.5-10, R2334-B.1-01, R2334-B.1-03, R2334-B.1-04,
    // R2443-2-01, R2443-4.1-01, R2443-4.1-02, R2443-4.1-03, R2334-2.1-07
    let hello = EncodeBody::Hello {
        hello_interval: 3,
        dead_factor: 3,
        family: 0,
        additional: &[],
    };
    check_scsp("g1_first_hello", Header::mars(1, A, None), &hello, None);
    check_scsp(
        "g2_hello_one_heard",
        Header::mars(1, A, Some(B)),
        &hello,
        None,
    );
    // R2334-B.1-07, R2334-B.3-02, R2334-B.3.1-01, R2334-B.3.1.1-01
    let key = AuthKey {
        spi: 0x1000,
        key: vec![0x0b; 16],
    };
    check_scsp(
        "g7_hello_authenticated",
        Header::mars(1, A, Some(B)),
        &hello,
        Some(&key),
    );
    let octets = frame("g7_hello_authenticated");
    assert!(scsp::verify_authentication(&octets, &key));
    assert_eq!(
        scsp::decode(&octets).unwrap().authentication.unwrap().spi,
        0x1000
    );
    let other = AuthKey {
        spi: 0x1000,
        key: vec![0x0c; 16],
    };
    assert!(!scsp::verify_authentication(&octets, &other));
    assert!(!scsp::verify_authentication(
        &frame("g2_hello_one_heard"),
        &key
    ));
    // The SPI names the key; what lies behind the packet is no part of it.
    let renamed = AuthKey {
        spi: 0x1001,
        key: key.key.clone(),
    };
    assert!(!scsp::verify_authentication(&octets, &renamed));
    let padded = [octets.as_slice(), &[0; 3]].concat();
    assert!(scsp::verify_authentication(&padded, &key));
    let bare = frame("g2_hello_one_heard");
    assert_eq!(octets.len(), bare.len() + scsp::SEAL_LENGTH);
}

#[test]
fn first_ca_is_built_from_values() {
    // R2334-2.2-04, R2334-B.2.1-01, R2334-B.2.1-07
    check_scsp(
        "g3_first_ca",
        Header::mars(1, A, Some(B)),
        &EncodeBody::Ca {
            sequence: 0x1122_3344,
            master: true,
            init: true,
            more: true,
            records: &[],
        },
        None,
    );
}

fn csas(key: u8) -> Csas {
    Csas::new(CacheKey([0, 0, 0, key]), A, SequenceNumber::FIRST)
}

fn csa(key: u8, body: &[u8]) -> Csa<'_> {
    Csa {
        csas: Csas {
            hop_count: 255,
            ..csas(key)
        },
        body,
    }
}

#[test]
fn records_are_built_from_values() {
    // R2443-5.1-01, R2443-5.1-02, R2443-5.1-03, R2443-5.1-04, R2443-3-01, R2443-3-02, R2443-3-06
    let heartbeat = MarsRecord {
        protocol: Protocol::IPV4,
        state: CsaState::RedirectEntry,
        flags: RecordFlags(0),
        cmi: 0,
        source: ProtocolAddress::default(),
        endpoint: endpoint(0x0a),
        range: None,
        unused: 0,
    };
    // R2443-5.3-03, R2443-5.3-06, R2443-3-17
    let register = MarsRecord {
        state: CsaState::ClientJoin,
        flags: RecordFlags(RecordFlags::REGISTER),
        cmi: 0x0101,
        source: address(&[10, 0, 0, 99]),
        endpoint: endpoint(0x0c),
        ..heartbeat
    };
    // R2443-5.3-05, R2443-5.3-07, R2443-5.3-09, R2443-3-10, R2443-3-22, R2443-3-23
    let join = MarsRecord {
        flags: RecordFlags(RecordFlags::LAYER3GRP),
        range: Some(single(&[224, 1, 2, 3])),
        ..register
    };
    let mut bodies = [Vec::new(), Vec::new(), Vec::new()];
    for (record, body) in [heartbeat, register, join].iter().zip(&mut bodies) {
        encode_record(record, body);
        assert_eq!(decode_record(body), Ok(*record));
    }
    let [heartbeat, register, join] = &bodies;
    check_scsp(
        "g4_csu_request_redirect_entry",
        Header::mars(1, A, Some(B)),
        &EncodeBody::CsuRequest(&[csa(1, heartbeat)]),
        None,
    );
    // R2334-B.2.2-01, R2334-B.2.2-02, R2334-B.2.2.1-01, R2334-B.2.0.2-06
    check_scsp(
        "g5_csu_request_register_and_join",
        Header::mars(1, A, Some(B)),
        &EncodeBody::CsuRequest(&[csa(2, register), csa(3, join)]),
        None,
    );
    // R2334-B.2.3-01, R2334-B.2.0.2-02, R2334-B.2.0.2-05, R2334-B.2.0.1-03
    check_scsp(
        "g6_csu_reply",
        Header::mars(1, B, Some(A)),
        &EncodeBody::CsuReply(&[csas(2), csas(3)]),
        None,
    );
}

fn check_mars(name: &str, message: &Message<'_>) {
    let octets = frame(name);
    assert_eq!(message.to_vec(), octets, "{name}");
    assert_eq!(mars::decode(&octets).unwrap(), *message, "{name}");
}

fn join<'a>(flags: u16, pairs: mars::PairList<'a>) -> mars::Membership<'a> {
    mars::Membership {
        source_protocol: address(&[10, 0, 0, 99]),
        flags: MembershipFlags(flags),
        cmi: 0,
        msn: 0,
        pairs,
    }
}

#[test]
fn joins_are_built_from_values() {
    // R2022-5.2.1-01, R2022-5.2.1-02, R2022-5.2.1-07, R2022-5.2.1-12, R2022-5.2.1-14, R2022-5.2.1-15,
    // R2022-4.3-01, R2022-4.3.1-01, R2022-4.3.3-01, R2022-5.2.1.1-01
    let from_client =
        |membership| Message::new(Protocol::IPV4, endpoint(0x0c), mars::Body::Join(membership));
    let registration = join(MembershipFlags::REGISTER, mars::PairList::null(1));
    check_mars("g8_join_register", &from_client(registration));
    let ranges = [single(&[224, 1, 2, 3])];
    let pairs = mars::PairList::new(&ranges).unwrap();
    let membership = join(MembershipFlags::LAYER3GRP, pairs);
    check_mars("g9_join", &from_client(membership));
    let copy = mars::Membership {
        flags: membership.flags.with(MembershipFlags::COPY),
        msn: 7,
        ..membership
    };
    check_mars("g10_join_ccvc_copy", &from_client(copy));

    // R2022-6.1.2-08, R2022-5.2.1-04
    let mut patched = Vec::new();
    mars::patched_copy(
        &frame("g9_join"),
        MembershipFlags::COPY,
        MembershipFlags::PUNCHED,
        None,
        7,
        &mut patched,
    );
    assert_eq!(patched, frame("g10_join_ccvc_copy"));
}

#[test]
fn map_and_request_are_built_from_values() {
    // R2022-5.4.3-02, R2022-5.4.3-03, R2443-5.1-08
    let servers = [endpoint(0x0a), endpoint(0x0b)];
    let map = mars::RedirectMap {
        hard: true,
        last: true,
        part: 1,
        msn: 8,
        servers: mars::EndpointList::new(&servers).unwrap(),
    };
    check_mars(
        "g11_redirect_map",
        &Message::new(Protocol::IPV4, endpoint(0x0a), mars::Body::RedirectMap(map)),
    );
    // R2022-5.1.2-01, R2022-5.1.2-02, R2022-5.1.2-05
    let query = mars::Query {
        source_protocol: address(&[10, 0, 0, 99]),
        target: address(&[224, 1, 2, 3]),
        padding: [0; 8],
    };
    check_mars(
        "g12_request",
        &Message::new(Protocol::IPV4, endpoint(0x0c), mars::Body::Request(query)),
    );
    // R2022-5.1.2-07
    let mut nak = Vec::new();
    mars::nak_copy(&frame("g12_request"), &mut nak);
    let nak = mars::decode(&nak).unwrap();
    assert_eq!(nak.body, mars::Body::Nak(query));
    assert_eq!(nak.source, endpoint(0x0c));
}
