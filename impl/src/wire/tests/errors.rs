//! What is refused, and what is said about it.

use super::{Kind, recode, samples};
use crate::wire::csa::decode_record;
use crate::wire::error::{ErrorCode, WireError};
use crate::wire::scsp::SequenceNumber;
use crate::wire::{checksum, mars, scsp};

fn sample(name: &str) -> Vec<u8> {
    samples::all()
        .into_iter()
        .find(|sample| sample.0 == name)
        .unwrap()
        .2
}

/// `name` with `octets` written at `at`, checksum repaired, and the error of its decoding.
fn refusal(name: &str, at: usize, octets: &[u8]) -> WireError {
    changed(name, at, octets).unwrap_err()
}

fn changed(name: &str, at: usize, octets: &[u8]) -> Result<Vec<u8>, WireError> {
    let (_, kind, mut message) = samples::all()
        .into_iter()
        .find(|sample| sample.0 == name)
        .unwrap();
    message[at..at + octets.len()].copy_from_slice(octets);
    let sum_at = match kind {
        Kind::Scsp => 4,
        Kind::Mars => 12,
    };
    message[sum_at..sum_at + 2].fill(0);
    let covered = match kind {
        Kind::Scsp => usize::from(u16::from_be_bytes([message[2], message[3]])),
        Kind::Mars => message.len(),
    };
    let sum = checksum::compute(&message[..covered.min(message.len())]).to_be_bytes();
    message[sum_at..sum_at + 2].copy_from_slice(&sum);
    recode(kind, &message)
}

#[track_caller]
fn expect(error: WireError, code: ErrorCode, field: &str, offset: usize, value: u64) {
    assert_eq!(
        (error.code, error.field, error.offset, error.value),
        (code, field, offset, value)
    );
}

#[test]
fn scsp_framing() {
    let name = "g6_csu_reply";
    // R2334-B.1-01; register D14: not abnormal.
    let error = refusal(name, 0, &[2]);
    expect(error, ErrorCode::BadVersion, "version", 0, 2);
    assert!(!error.is_abnormal());
    // R2334-B.1-02; register C25: not abnormal.
    let error = refusal(name, 1, &[6]);
    expect(error, ErrorCode::UnknownType, "type_code", 1, 6);
    assert!(!error.is_abnormal());
    // R2334-B.1-03
    let error = refusal(name, 2, &[0, 69]);
    expect(error, ErrorCode::BadLength, "packet_size", 2, 69);
    assert!(error.is_abnormal());
    expect(
        refusal(name, 2, &[0, 7]),
        ErrorCode::BadLength,
        "packet_size",
        2,
        7,
    );
    // R2334-B.1-04; register D13: not abnormal.
    let mut wrong = sample(name);
    wrong[30] ^= 1;
    let error = recode(Kind::Scsp, &wrong).unwrap_err();
    assert_eq!((error.code, error.offset), (ErrorCode::BadChecksum, 4));
    assert!(!error.is_abnormal());
    // R2334-B.1-07
    expect(
        refusal(name, 6, &[0, 69]),
        ErrorCode::BadLength,
        "start_of_extensions",
        6,
        69,
    );
}

#[test]
fn scsp_ids_and_counts() {
    let name = "g6_csu_reply";
    // R2443-4.1-02, R2443-4.1-03
    let error = refusal(name, 16, &[5]);
    expect(error, ErrorCode::BadLength, "sender_id_len", 16, 5);
    assert!(error.is_abnormal());
    expect(
        refusal(name, 17, &[0]),
        ErrorCode::BadLength,
        "recvr_id_len",
        17,
        0,
    );
    // R2443-4.2-01, R2443-4.2-02
    expect(
        refusal(name, 32, &[8]),
        ErrorCode::BadLength,
        "cache_key_len",
        32,
        8,
    );
    expect(
        refusal(name, 53, &[8]),
        ErrorCode::BadLength,
        "orig_id_len",
        53,
        8,
    );
    // R2334-B.2.0.2-05
    expect(
        refusal(name, 30, &[0, 40]),
        ErrorCode::BadLength,
        "record_length",
        30,
        40,
    );
    // R2334-B.2.0.1-03: one record too many, one too few.
    expect(
        refusal(name, 18, &[0, 3]),
        ErrorCode::Truncated,
        "hop_count",
        68,
        2,
    );
    expect(
        refusal(name, 18, &[0, 1]),
        ErrorCode::BadLength,
        "records",
        48,
        20,
    );
    // R2334-B.2.0.2-06: a CSA shorter than its summary, and one past the end.
    let name = "g4_csu_request_redirect_entry";
    expect(
        refusal(name, 30, &[0, 19]),
        ErrorCode::BadLength,
        "record_length",
        30,
        19,
    );
    expect(
        refusal(name, 30, &[0, 61]),
        ErrorCode::BadLength,
        "record_length",
        30,
        61,
    );
    // R2334-B.2.5-08
    expect(
        refusal("hello_three_heard", 41, &[3]),
        ErrorCode::BadLength,
        "rec_id_len",
        41,
        3,
    );
}

#[test]
fn scsp_zero_records_stand() {
    // Register C29.
    let packet = sample("csu_reply_odd_but_standing");
    let decoded = scsp::decode(&packet).unwrap();
    assert_eq!(decoded.body.records(), 0);
    // R2334-B-04: what is unused does not matter, and is kept.
    assert_eq!(decoded.reserved.common, 0x0102);
    assert_eq!(decoded.trailing, [0xee, 0xff]);
    // R2334-B.3.2-03: a vendor's extension is skipped.
    let kinds: Vec<u16> = decoded.extensions.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [2, 1]);
    assert_eq!(decoded.authentication.unwrap().data, [0xaa, 0xbb, 0xcc]);
}

#[test]
fn scsp_unused_fields_are_sent_zero() {
    // R2334-B-03, R2334-B.1-06, R2334-B.2.2-03, R2334-B.2.5-07
    for name in ["g1_first_hello", "g3_first_ca", "g6_csu_reply"] {
        let octets = sample(name);
        assert_eq!(octets[6..8], [0, 0], "{name}");
        let packet = scsp::decode(&octets).unwrap();
        assert_eq!(packet.reserved, scsp::Reserved::default(), "{name}");
    }
}

#[test]
fn scsp_extensions() {
    // R2334-B.3-02: without End.
    let name = "g7_hello_authenticated";
    expect(
        refusal(name, 60, &[0, 9]),
        ErrorCode::Truncated,
        "type",
        64,
        2,
    );
    expect(
        refusal(name, 38, &[0, 25]),
        ErrorCode::Truncated,
        "value",
        40,
        25,
    );
    expect(
        refusal(name, 36, &[0, 0]),
        ErrorCode::BadLength,
        "length",
        38,
        20,
    );
    // R2334-B.3-04
    expect(
        refusal("csu_reply_odd_but_standing", 28, &[0, 1]),
        ErrorCode::BadValue,
        "type",
        37,
        1,
    );
}

#[test]
fn sequence_numbers_compare_as_signed() {
    // R2334-B.2.0.2-11
    let order = [
        SequenceNumber::MIN_RESERVED,
        SequenceNumber::FIRST,
        SequenceNumber(-1),
        SequenceNumber(0),
        SequenceNumber::LAST,
        SequenceNumber::PURGE,
    ];
    assert!(order.is_sorted());
    assert_eq!(
        order.map(|number| number.0 as u32)[..2],
        [0x8000_0000, 0x8000_0001]
    );
    assert_eq!(
        order.map(|number| number.0 as u32)[4..],
        [0x7fff_fffe, 0x7fff_ffff]
    );
    assert_eq!(SequenceNumber::LAST.next(), SequenceNumber::PURGE);
    assert_eq!(SequenceNumber::PURGE.next(), SequenceNumber::PURGE);
    // Register H05: the reserved number is the record's affair, not the packet's.
    let again = changed("g6_csu_reply", 36, &[0x80, 0, 0, 0]).unwrap();
    let packet = scsp::decode(&again).unwrap();
    let scsp::Body::CsuReply(records) = packet.body else {
        panic!("{packet:?}");
    };
    assert!(!records.iter().next().unwrap().sequence.is_usable());
}

#[test]
fn records_are_refused_alone() {
    let packet = sample("g5_csu_request_register_and_join");
    let (register, join) = (packet[48..92].to_vec(), packet[112..164].to_vec());
    assert!(decode_record(&register).is_ok());
    assert!(decode_record(&join).is_ok());
    let refuse = |body: &[u8], at: usize, octet: u8| {
        let mut body = body.to_vec();
        body[at] = octet;
        decode_record(&body).unwrap_err()
    };
    // R2443-3-02
    expect(
        refuse(&join, 1, 1),
        ErrorCode::BadValue,
        "hardware_type",
        0,
        1,
    );
    // R2443-3-06, R2443-3-07
    for version in [1, 2, 0xef, 0xf0, 0xff] {
        expect(
            refuse(&join, 10, version),
            ErrorCode::BadVersion,
            "version",
            10,
            u64::from(version),
        );
    }
    // R2443-3-08
    for state in [0, 6, 0xff] {
        expect(
            refuse(&join, 11, state),
            ErrorCode::UnknownType,
            "state",
            11,
            u64::from(state),
        );
    }
    // R2443-5.3-06, R2443-5.2-07: a registration with a group; R2443-5.3-07: a join without.
    expect(
        refuse(&join, 12, 0x20),
        ErrorCode::BadLength,
        "group_addr_len",
        17,
        4,
    );
    expect(
        refuse(&register, 12, 0),
        ErrorCode::BadLength,
        "group_addr_len",
        17,
        0,
    );
    // R2443-5.1-02, R2443-5.1-03
    expect(
        refuse(&join, 11, 1),
        ErrorCode::BadLength,
        "group_addr_len",
        17,
        4,
    );
    // R2443-3-18: the top bit, a null number, a number longer than is kept.
    expect(
        refuse(&join, 18, 0x94),
        ErrorCode::BadValue,
        "atm_addr_tl",
        18,
        0x94,
    );
    expect(
        refuse(&join, 18, 0x3f),
        ErrorCode::Truncated,
        "source_atm_address",
        24,
        0x3f,
    );
    let mut long = join.clone();
    long[18] = 21;
    long.insert(24, 0x47);
    expect(
        decode_record(&long).unwrap_err(),
        ErrorCode::BadLength,
        "atm_addr_tl",
        18,
        21,
    );
    // R2443-3-01: lengths that do not add up.
    expect(
        refuse(&join, 16, 3),
        ErrorCode::BadLength,
        "record_length",
        51,
        1,
    );
    expect(
        refuse(&join, 16, 5),
        ErrorCode::Truncated,
        "maximum_group_address",
        49,
        4,
    );
    // R2443-3-22: the minimum above the maximum.
    expect(
        refuse(&join, 44, 0xe1),
        ErrorCode::BadValue,
        "maximum_group_address",
        48,
        4,
    );
    // R2443-3-05: the unused octet does not matter.
    let mut odd = join.clone();
    odd[9] = 0x77;
    assert_eq!(decode_record(&odd).unwrap().unused, 0x77);
}

#[test]
fn mars_header() {
    let name = "g9_join";
    // R2022-4.3.1-01
    expect(refusal(name, 0, &[0, 1]), ErrorCode::BadValue, "afn", 0, 1);
    // R2022-4.3.5-01
    expect(
        refusal(name, 16, &[1]),
        ErrorCode::BadVersion,
        "op_version",
        16,
        1,
    );
    // R2022-11-01
    for op in [0, 14, 17, 20, 255] {
        expect(
            refusal(name, 17, &[op]),
            ErrorCode::UnknownType,
            "op_type",
            17,
            u64::from(op),
        );
    }
    // R2022-5.1.2-04, R2022-4.3-02
    expect(
        refusal(name, 18, &[0x94]),
        ErrorCode::BadValue,
        "shtl",
        18,
        0x94,
    );
    expect(refusal(name, 18, &[0]), ErrorCode::BadLength, "shtl", 18, 0);
    // R2022-4.3.3-04, R2022-4.3.3-05
    let mut octets = sample(name);
    octets[63] ^= 4;
    assert_eq!(
        recode(Kind::Mars, &octets).unwrap_err().code,
        ErrorCode::BadChecksum
    );
    octets[12..14].fill(0);
    let unchecked = mars::decode(&octets).unwrap();
    assert!(!unchecked.checksum_present);
    // R2022-4.3.3-02: and it stays without one.
    assert_eq!(unchecked.to_vec(), octets);
}

#[test]
fn mars_fields_that_do_not_matter() {
    // R2022-4.3-03, R2022-4.3.2-03, R2022-5.1.2-06, register F01
    let octets = sample("sjoin_odd_but_standing");
    let odd = mars::decode(&octets).unwrap();
    assert_eq!(odd.reserved.hdrrsv, [1, 2, 3]);
    assert_eq!(odd.protocol, crate::address::Protocol::IPV4);
    assert_eq!(odd.source.subaddress, None);
    assert!(matches!(odd.body, mars::Body::Sjoin(_)));
    // R2022-4.3.2-02: without what came, zeros are sent.
    let clean = mars::Message::new(odd.protocol, odd.source, odd.body).to_vec();
    assert_eq!(clean[4..12], [0; 8]);
    assert_eq!(clean[17], 8);
    // Register F22.
    let nak = sample("nak");
    let mars::Body::Nak(query) = mars::decode(&nak).unwrap().body else {
        panic!("not a NAK");
    };
    assert_eq!(&query.padding, b"padding!");
}

#[test]
fn mars_lists() {
    // R2022-5.2.1-17: the second block inside the first; a block upside down.
    expect(
        refusal("leave_punched", 64, &[224, 0, 0, 255]),
        ErrorCode::BadValue,
        "min",
        64,
        4,
    );
    expect(
        refusal("leave_punched", 56, &[224, 1, 0, 0]),
        ErrorCode::BadValue,
        "max",
        60,
        4,
    );
    // A count beyond the message.
    let error = refusal("multi", 24, &[0, 3]);
    assert_eq!((error.code, error.field), (ErrorCode::Truncated, "tha"));
    // R2022-5.1.2-01: a REQUEST has no target ATM address.
    expect(
        refusal("g12_request", 21, &[20]),
        ErrorCode::BadLength,
        "thtl",
        21,
        20,
    );
    // R2022-5.3-06
    expect(
        refusal("grouplist_reply", 22, &[1]),
        ErrorCode::BadLength,
        "tstl",
        22,
        1,
    );
    // An address longer than any that is kept.
    let error = refusal("g9_join", 20, &[17]);
    assert_eq!((error.code, error.field), (ErrorCode::BadLength, "spa"));
    // R2022-5.1.1-07, R2022-5.1.1-08: one list, one form and length.
    let mut mixed = [super::golden::endpoint(1); 2];
    assert!(mars::EndpointList::new(&mixed).is_some());
    mixed[1].subaddress = Some(mixed[0].number);
    assert!(mars::EndpointList::new(&mixed).is_none());
}

#[test]
fn registrations_may_count_pairs_of_no_octets() {
    // Register F06: pnum 0 and pnum 1 with tpln 0 both stand, and are told apart.
    for (name, count) in [("g8_join_register", 1), ("unserv_register_no_pair", 0)] {
        let octets = sample(name);
        let message = mars::decode(&octets).unwrap();
        let pairs = message.body.membership().unwrap().pairs;
        assert_eq!((pairs.len(), pairs.group_len()), (count, 0), "{name}");
        assert_eq!(pairs.iter().count(), 0, "{name}");
    }
    // More than one would cost their sender nothing.
    expect(
        refusal("g8_join_register", 22, &[0, 2]),
        ErrorCode::BadLength,
        "pnum",
        22,
        2,
    );
    expect(
        refusal("redirect_map_soft_empty", 24, &[0, 1]),
        ErrorCode::BadLength,
        "tnum",
        24,
        1,
    );
    // The third: an ignored pair of octets.
    assert!(changed("g9_join", 24, &[0x20, 0]).is_ok());
}

#[test]
fn supplementary_parameters() {
    let name = "join_tlvs_long_form_e164";
    let octets = sample(name);
    let message = mars::decode(&octets).unwrap();
    // R2022-10.1-01, R2022-10.1-03, R2022-10.2-05
    assert_eq!(octets[14..16], [0, 60]);
    let tlvs: Vec<(u16, &[u8], usize)> = message
        .tlvs
        .iter()
        .map(|tlv| (tlv.kind(), tlv.value, tlv.padding.len()))
        .collect();
    assert_eq!(
        tlvs,
        [(0x1001, &[1, 2, 3, 4, 5][..], 3), (0x3800, &[][..], 0)]
    );
    assert_eq!(message.tlvs.verdict(), mars::TlvAction::Skip);
    // R2022-10.1-02
    assert!(changed(name, 14, &[0, 63]).is_ok());
    // Register F23: inside the addresses, past the end, no null TLV (R2022-10.4-01).
    expect(
        refusal(name, 14, &[0, 56]),
        ErrorCode::BadLength,
        "extoff",
        14,
        56,
    );
    expect(
        refusal(name, 14, &[0, 84]),
        ErrorCode::BadLength,
        "extoff",
        14,
        84,
    );
    expect(
        refusal(name, 14, &[0, 80]),
        ErrorCode::BadLength,
        "extoff",
        14,
        80,
    );
    expect(
        refusal(name, 76, &[0, 1]),
        ErrorCode::Truncated,
        "type",
        80,
        2,
    );
    // R2022-10.4-01: the null TLV has no octets.
    expect(
        refusal(name, 72, &[0, 0, 0, 4]),
        ErrorCode::BadLength,
        "length",
        74,
        4,
    );
    // R2022-10.1-02: the two low bits alone are no offset, and stay.
    let low_bits = changed("g9_join", 14, &[0, 2]).unwrap();
    let message = mars::decode(&low_bits).unwrap();
    assert!(message.tlvs.octets().is_empty());
    assert_eq!(message.to_vec(), low_bits);
    // R2022-10.4-02: the null TLV may be the only one.
    let alone = sample("sjoin_odd_but_standing");
    let alone = mars::decode(&alone).unwrap();
    assert_eq!(alone.tlvs.octets(), [0; 4]);
    assert_eq!(alone.tlvs.iter().count(), 0);
    // The first TLV that does not want to be skipped decides.
    for (octet, verdict) in [
        (0x50, mars::TlvAction::Drop),
        (0x90, mars::TlvAction::Report),
        (0xd0, mars::TlvAction::Skip),
    ] {
        let octets = changed(name, 60, &[octet]).unwrap();
        let message = mars::decode(&octets).unwrap();
        assert_eq!(message.tlvs.verdict(), verdict);
    }
    assert!(mars::Tlvs::parse(&[0; 8]).is_err());
}

#[test]
fn errors_say_what_where_and_how_much() {
    let error = refusal("g6_csu_reply", 16, &[5]);
    assert_eq!(
        error.to_string(),
        "bad-length: field sender_id_len at offset 16, value 5 (0x5)"
    );
    assert_eq!(error.shifted(8).offset, 24);
    let mut names: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    names.dedup();
    assert_eq!(names.len(), ErrorCode::ALL.len());
}
