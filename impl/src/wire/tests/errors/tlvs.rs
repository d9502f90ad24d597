//! Supplementary parameters (RFC 2022, 10).

use super::*;

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
