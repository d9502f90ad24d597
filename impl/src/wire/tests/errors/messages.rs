//! Control messages of RFC 2022.

use super::*;

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
    expect(
        refusal("g12_request", 22, &[1]),
        ErrorCode::BadLength,
        "tstl",
        22,
        1,
    );
    // An address longer than any that is kept.
    let error = refusal("g9_join", 20, &[17]);
    assert_eq!((error.code, error.field), (ErrorCode::BadLength, "spa"));
    // R2022-5.1.1-07, R2022-5.1.1-08: one list, one form and length.
    let mut mixed = [golden_endpoint(1); 2];
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
