//! SCSP packets.

use super::*;

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
