//! Frames that say what they should, in octets that nobody who follows the RFCs would send: something is set that is
//! reserved, or stands where nothing belongs. Only what the server itself makes is looked at; copies of a client's
//! message, and records that it passes on, are as they came (registers F10, E26).

use serde_json::Value;

use super::octets;
use crate::judge::pattern::Difference;
use crate::judge::step::Failure;

/// Fields that have one canonical value, whatever a message says.
const RESERVED: [&str; 6] = [
    "hdrrsv",
    "unused",
    "hello_unused",
    "padding",
    "gap",
    "trailing",
];

/// MARS operations whose messages the MARS makes itself: MULTI, `GROUPLIST_REPLY`, `REDIRECT_MAP`, MIGRATE.
const MADE_UP: [u64; 4] = [2, 11, 12, 13];
/// SCSP type of a CA, and what its flags leave unused; of the other messages' flags everything is.
const CA: u64 = 1;
const CA_UNUSED: u64 = 0x1fff;
/// What the N bit leaves unused in the flags of a summary.
const SUMMARY_UNUSED: u64 = 0x7fff;

/// The code of a field that differs.
pub(super) fn code(code: &str) -> String {
    match code.strip_prefix("wrong-field:") {
        Some(field) if RESERVED.contains(&field) => format!("noncanonical:{field}"),
        _ => code.to_owned(),
    }
}

/// The first thing that is not canonical in a frame as the harness reads it, and the ledger entry against it.
pub(super) fn fault(frame: &Value, hex: &str) -> Option<(Failure, &'static str)> {
    let message = frame.get("message")?;
    let (field, requirement) = match frame.get("protocol")?.as_str()? {
        "scsp" => of_scsp(message),
        "mars" => of_mars(message),
        _ => None,
    }?;
    let got = message.pointer(&pointer(&field)).map(Value::to_string);
    let difference = Difference {
        field: format!("message.{field}"),
        wanted: match message.pointer(&pointer(&field)) {
            Some(Value::Number(_)) => "0".to_owned(),
            _ => "zeros, or nothing".to_owned(),
        },
        got: got.unwrap_or_default(),
    };
    let failure = Failure::new(
        format!("noncanonical:{}", difference.name()),
        "what is reserved is sent as zero",
        hex,
    );
    let differences = vec![difference];
    let failure = Failure {
        differences,
        ..failure
    };
    Some((failure, requirement))
}

/// A path such as `records[0].flags` as a JSON pointer.
fn pointer(field: &str) -> String {
    format!("/{}", field.replace(['.', '['], "/").replace(']', ""))
}

fn number(of: &Value, name: &str) -> u64 {
    of.get(name).and_then(Value::as_u64).unwrap_or(0)
}

/// Whether hex octets are there that are not all zero.
fn is_set(of: &Value, name: &str) -> bool {
    let text = of.get(name).and_then(Value::as_str).unwrap_or_default();
    text.bytes().any(|digit| digit != b'0')
}

fn of_scsp(message: &Value) -> Option<(String, &'static str)> {
    let unused = "R2334-B-03";
    for field in ["unused", "hello_unused"] {
        if number(message, field) != 0 {
            return Some((field.to_owned(), unused));
        }
    }
    let mask = if number(message, "type_code") == CA {
        CA_UNUSED
    } else {
        u64::MAX
    };
    if number(message, "flags") & mask != 0 {
        return Some(("flags".to_owned(), unused));
    }
    if message.get("trailing").is_some() {
        return Some(("trailing".to_owned(), "R2334-B.1-03"));
    }
    if octets::one_vendor_twice(message) {
        return Some(("extensions.vendor".to_owned(), "R2334-B.3.2-02"));
    }
    let records = message.get("records")?.as_array()?;
    let own = records
        .iter()
        .enumerate()
        .filter(|(_, record)| record.get("originator_id") == message.get("sender_id"));
    for (position, record) in own {
        if number(record, "flags") & SUMMARY_UNUSED != 0 {
            return Some((format!("records[{position}].flags"), unused));
        }
        let sequence = record.get("csa_sequence_number").and_then(Value::as_i64);
        if sequence == Some(i64::from(i32::MIN)) {
            let field = format!("records[{position}].csa_sequence_number");
            return Some((field, "R2334-B.2.0.2-11"));
        }
        let part = record.get("mars");
        if part.is_some_and(|part| number(part, "unused") != 0) {
            return Some((format!("records[{position}].mars.unused"), "R2443-3-05"));
        }
    }
    None
}

fn of_mars(message: &Value) -> Option<(String, &'static str)> {
    if !MADE_UP.contains(&number(message, "op_type")) {
        return None;
    }
    if is_set(message, "hdrrsv") {
        return Some(("hdrrsv".to_owned(), "R2022-4.3-03"));
    }
    if is_set(message, "gap") {
        return Some(("gap".to_owned(), "R2022-10.2-02"));
    }
    if message.get("trailing").is_some() {
        return Some(("trailing".to_owned(), "R2022-4.3-01"));
    }
    let tlvs = message.get("tlvs").and_then(Value::as_array)?;
    let odd = tlvs.iter().position(|tlv| is_set(tlv, "padding"))?;
    Some((format!("tlvs[{odd}].padding"), "R2022-10.2-02"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(frame: &Value) -> Option<(String, &'static str)> {
        let (failure, requirement) = fault(frame, "")?;
        Some((failure.code, requirement))
    }

    /// A frame with one field more, or another value in it.
    fn with(frame: &Value, pointer: &str, value: Value) -> Value {
        let mut frame = frame.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = frame.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        parent.insert(name.to_owned(), value);
        frame
    }

    #[test]
    fn what_is_reserved_is_found_in_each_message_that_the_server_makes() {
        let csu = json!({"protocol": "scsp", "message": {
            "type_code": 2, "unused": 0, "flags": 0, "sender_id": "0a000001",
            "records": [
                {"flags": 0x1000, "originator_id": "0a000002", "mars": {"unused": 7}},
                {"flags": 0, "originator_id": "0a000001", "mars": {"unused": 0}},
            ],
        }});
        let ca = json!({"protocol": "scsp", "message": {"type_code": 1, "flags": 0xe000, "records": []}});
        let hello = json!({"protocol": "scsp", "message": {"type_code": 5, "hello_unused": 0, "records": []}});
        let map = json!({"protocol": "mars", "message": {
            "op_type": 12, "hdrrsv": "000000", "gap": "00", "tlvs": [{"padding": ""}, {"padding": "00"}],
        }});
        for clean in [&csu, &ca, &hello, &map] {
            assert_eq!(found(clean), None, "{clean}");
        }
        let stated = [
            (&csu, "/message/unused", json!(1), "unused", "R2334-B-03"),
            (&csu, "/message/flags", json!(1), "flags", "R2334-B-03"),
            (
                &csu,
                "/message/records/1/flags",
                json!(0x8001),
                "flags",
                "R2334-B-03",
            ),
            (
                &csu,
                "/message/records/1/mars/unused",
                json!(1),
                "unused",
                "R2443-3-05",
            ),
            (
                &csu,
                "/message/trailing",
                json!("00"),
                "trailing",
                "R2334-B.1-03",
            ),
            (&ca, "/message/flags", json!(0xe001), "flags", "R2334-B-03"),
            (
                &hello,
                "/message/hello_unused",
                json!(9),
                "hello_unused",
                "R2334-B-03",
            ),
            (
                &map,
                "/message/hdrrsv",
                json!("000100"),
                "hdrrsv",
                "R2022-4.3-03",
            ),
            (&map, "/message/gap", json!("01"), "gap", "R2022-10.2-02"),
            (
                &map,
                "/message/trailing",
                json!("00"),
                "trailing",
                "R2022-4.3-01",
            ),
            (
                &map,
                "/message/tlvs/1/padding",
                json!("01"),
                "padding",
                "R2022-10.2-02",
            ),
        ];
        for (frame, pointer, value, field, requirement) in stated {
            let wanted = (format!("noncanonical:{field}"), requirement);
            assert_eq!(
                found(&with(frame, pointer, value)),
                Some(wanted),
                "{pointer}"
            );
        }
        // A copy of what a client sent is as it came; N is a flag.
        let join = with(&map, "/message/op_type", json!(4));
        assert_eq!(
            found(&with(&join, "/message/hdrrsv", json!("000100"))),
            None
        );
        assert_eq!(
            found(&with(&csu, "/message/records/1/flags", json!(0x8000))),
            None
        );
    }

    #[test]
    fn a_reserved_field_that_differs_has_a_code_of_its_own() {
        assert_eq!(code("wrong-field:hdrrsv"), "noncanonical:hdrrsv");
        assert_eq!(code("wrong-field:msn"), "wrong-field:msn");
        assert_eq!(code("missing-output"), "missing-output");
    }
}
