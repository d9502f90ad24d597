use serde_json::{Value, json};

use super::*;

/// G5 of the layouts: register and join in one CSU Request.
const G5: &str = "010200a46b2a00000003000100000000040400020a0000010a00000200ff0040\
0404000080000001000000020a000001000f0800000000000000000320000101\
040014000a00006347000580ffe1000000f21a2b3c0020480c00010000ff0048\
0404000080000001000000030a000001000f0800000000000000000380000101\
040414000a00006347000580ffe1000000f21a2b3c0020480c000100e0010203\
e0010203";

fn g5() -> Vec<u8> {
    unhex(G5).unwrap()
}

/// The packet with a right checksum again, after it was changed.
fn summed(mut packet: Vec<u8>) -> Vec<u8> {
    packet[4..6].fill(0);
    let sum = checksum(&packet);
    packet[4..6].copy_from_slice(&sum.to_be_bytes());
    packet
}

#[test]
fn golden_csu_request_reads_and_writes_back() {
    let frame = read_bare(Protocol::Scsp, &g5()).unwrap();
    let records = csu_request_records(&frame).unwrap();
    assert_eq!(records[1]["mars"]["minimum_group_address"], "e0010203");
    assert_eq!(records[0]["csa_sequence_number"], -2_147_483_647);
    assert_eq!(write_bare(&frame).unwrap(), g5());
}

#[test]
fn csu_request_computes_what_is_absent() {
    let mars = |flags: u32, group: &str| {
        json!({"state": 3, "flags": flags, "cluster_member_id": 0x101,
            "source_protocol_address": "0a000063",
            "source_atm_address": "47000580ffe1000000f21a2b3c0020480c000100",
            "minimum_group_address": group, "maximum_group_address": group})
    };
    let record = |key: &str, mars: Value| {
        json!({"csa_sequence_number": i32::MIN + 1, "cache_key": key,
            "originator_id": "0a000001", "mars": mars})
    };
    let records = [
        record("00000002", mars(0x2000, "")),
        record("00000003", mars(0x8000, "e0010203")),
    ];
    let frame = csu_request(&json!(1), "0a000001", "0a000002", &records).unwrap();
    assert_eq!(hex(&frame[8..]), G5);
    assert_eq!(frame[..8], Protocol::Scsp.header());
}

#[test]
fn any_flipped_bit_of_a_packet_is_noticed() {
    for bit in 0..g5().len() * 8 {
        let mut packet = g5();
        packet[bit / 8] ^= 0x80 >> (bit % 8);
        assert!(read_bare(Protocol::Scsp, &packet).is_err(), "bit {bit}");
    }
}

#[test]
fn every_truncation_is_noticed() {
    for end in 0..g5().len() {
        assert!(read_bare(Protocol::Scsp, &g5()[..end]).is_err(), "{end}");
    }
}

#[test]
fn offsets_count_from_the_start_of_the_input() {
    let mut packet = g5();
    packet[0] = 2;
    let error = read_bare(Protocol::Scsp, &packet).unwrap_err();
    assert_eq!((error.code, error.offset), (ErrorCode::BadVersion, 0));
    let frame = [&Protocol::Scsp.header()[..], &packet].concat();
    assert_eq!(read(&frame).unwrap_err().offset, 8);
}

#[test]
fn a_bad_part_is_an_error_in_place_and_can_be_acknowledged() {
    let mut packet = g5();
    packet[28 + 20 + 11] = 9;
    let packet = summed(packet);
    let frame = read_bare(Protocol::Scsp, &packet).unwrap();
    let records = csu_request_records(&frame).unwrap();
    assert_eq!(records[0]["error"]["code"], "unknown-type");
    assert_eq!(records[0]["error"]["field"], "state");
    assert_eq!(records[0]["error"]["offset"], 59);
    assert_eq!(records[1]["mars"]["state"], 3);
    assert_eq!(summary(&records[0]).unwrap()["cache_key"], "00000002");
    assert_eq!(summary(&records[1]).unwrap()["record_length"], 20);
    assert_eq!(write_bare(&frame).unwrap(), packet);
}
