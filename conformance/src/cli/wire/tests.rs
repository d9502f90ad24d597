use std::fs;
use std::path::Path;

use super::vectors;
use super::*;
use crate::frames;

/// Whole frames of every message: the seeds of the fuzz targets.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/decode_any");
    let mut seeds: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|name| name == "frame"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read(&path).unwrap())
        })
        .collect();
    seeds.sort();
    assert!(seeds.len() >= 30);
    seeds
}

fn line(octets: &[u8]) -> String {
    hex(octets)
}

fn decode(octets: &[u8]) -> Value {
    decode_line(line(octets).as_bytes(), None)
}

/// Repairs the checksum of a frame whose octets were changed.
fn reseal(frame: &mut [u8]) {
    let (at, end) = match frame {
        [..] if frame.len() < 16 => return,
        _ if frame[7] == 5 => (
            12,
            8 + usize::from(u16::from_be_bytes([frame[10], frame[11]])),
        ),
        _ => (20, frame.len()),
    };
    let Some(message) = frame.get_mut(8..end) else {
        return;
    };
    if message.len() < at - 6 {
        return;
    }
    message[at - 8..at - 6].fill(0);
    let sum = distributed_mars::wire::checksum::compute(message);
    message[at - 8..at - 6].copy_from_slice(&sum.to_be_bytes());
}

#[test]
fn what_is_decoded_is_encoded_exactly() {
    for (name, frame) in seeds() {
        let value = decode(&frame);
        assert_eq!(value["ok"], true, "{name}: {value}");
        let again = encode_line(value.to_string().as_bytes(), None);
        assert_eq!(again, Ok(frame.clone()), "{name}");
        let bare = if frame[7] == 5 {
            Bare::Scsp
        } else {
            Bare::Mars
        };
        let message = &frame[8..];
        let value = decode_line(line(message).as_bytes(), Some(bare));
        let again = encode_line(value.to_string().as_bytes(), Some(bare));
        assert_eq!(again.as_deref(), Ok(message), "{name}");
    }
}

/// Every octet of every frame changed in a few ways, checksum repaired.
fn variants(frame: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (8..frame.len()).flat_map(move |at| {
        [0x01, 0x40, 0x80, 0xff].map(|bits| {
            let mut wrong = frame.to_vec();
            wrong[at] ^= bits;
            reseal(&mut wrong);
            wrong
        })
    })
}

#[test]
fn changed_frames_are_refused_or_come_back_exactly() {
    let (mut stand, mut refused) = (0, 0);
    for (name, frame) in seeds() {
        for wrong in variants(&frame) {
            let value = decode(&wrong);
            if value["ok"] == true {
                stand += 1;
                let again = encode_line(value.to_string().as_bytes(), None);
                assert_eq!(again, Ok(wrong.clone()), "{name}: {value}");
            } else {
                refused += 1;
                let error = &value["error"];
                let code = error["code"].as_str().unwrap();
                assert!(to_json::codes().contains(&code), "{value}");
                assert!(error["offset"].as_u64().unwrap() <= wrong.len() as u64);
                assert!(error["field"].is_string() && error["detail"].is_string());
            }
        }
    }
    assert!(stand > 1000 && refused > 1000, "{stand} {refused}");
}

/// The two codecs know nothing of each other. What both accept they read alike; what only one accepts
/// is on the list of what the register lets be read in two ways, or of what only one of them checks.
#[test]
fn the_harness_reads_the_same() {
    let (mut accepted, mut refused) = (0, 0);
    for (name, frame) in seeds() {
        for octets in std::iter::once(frame.clone()).chain(variants(&frame)) {
            match (decode_octets(&octets, None), frames::read(&octets)) {
                (Ok((protocol, ours)), Ok(theirs)) => {
                    assert_eq!(theirs["protocol"], *protocol);
                    let (ours, theirs) = (comparable(&ours), comparable(&theirs["message"]));
                    assert_eq!(ours, theirs, "{name}: {}", line(&octets));
                    accepted += 1;
                }
                (Err(_), Err(_)) => refused += 1,
                (Ok(_), Err(theirs)) => {
                    // Register F01: op types 18 and 19.
                    let field = theirs.field.as_str();
                    assert_eq!(field, "op_type", "{name}: {theirs} {}", line(&octets));
                }
                (Err(ours), Ok(_)) => {
                    // R2022-5.2.1-17: blocks that do not ascend. R2022-5.1.2-01: a target address
                    // announced where the layout has none.
                    let known = ["min", "thtl", "tstl"];
                    let field = ours.field.as_str();
                    assert!(known.contains(&field), "{name}: {ours:?} {}", line(&octets));
                }
            }
        }
    }
    assert!(accepted > 5000 && refused > 1500, "{accepted} {refused}");
}

/// Where two readers see the fault of a record first may differ.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match name.as_str() {
                "error" => (name.clone(), Value::Null),
                _ => (name.clone(), comparable(value)),
            })
            .collect(),
        Value::Array(list) => list.iter().map(comparable).collect(),
        other => other.clone(),
    }
}

#[test]
fn every_line_has_an_answer() {
    for (text, code, offset) in [
        ("", "bad-hex", 0),
        ("010", "bad-hex", 1),
        ("01zz", "bad-hex", 1),
        ("aaaa0300005e00", "truncated", 0),
        ("aaaa0300005e0009ff", "bad-encapsulation", 0),
        ("aaaa0300005e0005", "truncated", 8),
        ("aaaa0300005e00050205", "bad-version", 8),
        ("aaaa0300005e00030001", "bad-value", 8),
    ] {
        let value = decode_line(text.as_bytes(), None);
        assert_eq!(value["ok"], false, "{text}");
        assert_eq!(value["error"]["code"], code, "{text}: {value}");
        assert_eq!(value["error"]["offset"], offset, "{text}: {value}");
    }
    for text in ["", "{", "[]", "{}", r#"{"protocol":"ip","message":{}}"#] {
        let refusal = encode_line(text.as_bytes(), None).unwrap_err();
        assert_eq!(refusal["ok"], false, "{text}");
        assert_eq!(refusal["error"]["code"], "bad-json", "{text}");
    }
}

#[test]
fn a_bad_record_stands_in_its_place() {
    // Register C24: state 9 in the second record.
    let (_, mut frame) = seeds()
        .into_iter()
        .find(|(name, _)| name == "g5_csu_request_register_and_join")
        .unwrap();
    frame[8 + 112 + 11] = 9;
    reseal(&mut frame);
    let value = decode(&frame);
    let records = value["message"]["records"].as_array().unwrap();
    assert!(records[0].get("mars").is_some());
    assert_eq!(records[1]["error"]["code"], "unknown-type");
    assert_eq!(records[1]["error"]["field"], "state");
    assert_eq!(records[1]["error"]["offset"], 8 + 112 + 11);
    assert_eq!(records[1]["hex"], hex(&frame[8 + 92..8 + 164]));
    assert_eq!(encode_line(value.to_string().as_bytes(), None), Ok(frame));
}

#[test]
fn encoding_fills_in_what_is_left_out_and_refuses_what_is_wrong() {
    let join = r#"{"protocol":"mars","message":{"op_type":4,"flags":32768,"spa":"0a000063",
        "sha":"47000580ffe1000000f21a2b3c0020480c000100",
        "pairs":[{"min":"e0010203","max":"e0010203"}]}}"#;
    let golden = "000f08000000000000000000c0b2000000041400040400018000000000000000\
                  47000580ffe1000000f21a2b3c0020480c0001000a000063e0010203e0010203";
    let octets = encode_line(join.as_bytes(), Some(Bare::Mars)).unwrap();
    assert_eq!(hex(&octets), golden);
    for (field, value) in [
        ("pnum", "2"),
        ("chksum", "1"),
        ("spln", "5"),
        ("afn", "16"),
        ("sha", "\"00\""),
        ("no_such_field", "0"),
    ] {
        let wrong = join.replacen(
            "\"op_type\"",
            &format!("\"{field}\":{value},\"op_type\""),
            1,
        );
        let refusal = encode_line(wrong.as_bytes(), Some(Bare::Mars));
        if field == "sha" {
            // The later of two in the text counts.
            assert_eq!(refusal.as_deref(), Ok(&octets[..]));
        } else {
            assert_eq!(refusal.unwrap_err()["error"]["field"], field);
        }
    }
}

#[test]
fn lines_are_cut_in_constant_memory_and_none_is_lost() {
    let long = vec![b'a'; LONGEST_LINE + 10];
    let mut text = b"one\r\n\n".to_vec();
    text.extend(&long);
    text.extend(b"\nlast");
    let mut lengths = Vec::new();
    each_line(&mut BufReader::with_capacity(8, &text[..]), |line, _| {
        lengths.push(line.len());
        Ok(true)
    })
    .unwrap();
    assert_eq!(lengths, [3, 0, LONGEST_LINE, 4]);
}

#[test]
fn the_vectors_hold_and_a_changed_one_does_not() {
    let (rows, counts) = vectors::check(&vectors::folder()).unwrap();
    let failed: Vec<&vectors::Row> = rows.iter().filter(|row| !row.passes()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(rows.len(), counts.valid + counts.invalid + counts.hmac);

    // A change of a field, of an octet and of an error each turn one vector red, for both codecs.
    let folder = std::env::temp_dir().join(format!("mars-vectors-{}", std::process::id()));
    for (file, from, to) in [
        (
            "golden.json",
            "\"hello_interval\": 3",
            "\"hello_interval\": 4",
        ),
        ("golden.json", "c0b200000004", "c0b300000004"),
        ("invalid-mars.json", "\"offset\": 19", "\"offset\": 18"),
        ("invalid-csa.json", "\"record\": 0", "\"record\": 1"),
    ] {
        let text = fs::read_to_string(vectors::folder().join(file)).unwrap();
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(file), changed).unwrap();
        let (rows, _) = vectors::check(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        let failures: Vec<&str> = rows
            .iter()
            .filter_map(|row| row.failure.as_deref())
            .collect();
        assert_eq!(failures.len(), 1, "{failures:?}");
        assert!(failures[0].contains("distributed_mars: "), "{failures:?}");
        assert!(failures[0].contains("harness: "), "{failures:?}");
    }
    assert!(vectors::check(Path::new("/nonexistent")).is_err());
}

#[test]
fn every_line_fits_the_published_schema() {
    let schema = include_str!("../../../schemas/decode.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut lines = 0;
    for (name, frame) in seeds() {
        for octets in std::iter::once(frame.clone()).chain(variants(&frame).step_by(5)) {
            let value = decode(&octets);
            if let Err(error) = validator.validate(&value) {
                panic!("{name}: {error} at {}: {value}", error.instance_path());
            }
            lines += 1;
        }
    }
    assert!(lines > 1000);
    let mut wrong = decode(&seeds()[0].1);
    assert!(validator.is_valid(&wrong));
    wrong["message"]["flags"] = "0".into();
    assert!(!validator.is_valid(&wrong));
}
