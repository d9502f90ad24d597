//! CSA records, refused alone (register C24).

use super::*;

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
