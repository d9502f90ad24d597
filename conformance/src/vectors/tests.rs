use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::*;
use crate::frames::{self, Protocol};
use crate::requirements::Ledger;

fn corpus() -> Corpus {
    load(&folder()).unwrap()
}

#[test]
fn the_own_codec_passes_every_vector() {
    let corpus = corpus();
    let wrong: Vec<String> = corpus
        .judge(&[&Harness])
        .into_iter()
        .filter_map(|verdict| Some(format!("{}: {}", verdict.id, verdict.failure?)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_are_as_many_as_promised_and_each_has_a_name_of_its_own() {
    let corpus = corpus();
    assert!(corpus.valid.len() >= 120, "{} valid", corpus.valid.len());
    assert!(
        corpus.invalid.len() >= 150,
        "{} invalid",
        corpus.invalid.len()
    );
    let ledger = Ledger::load().unwrap();
    let mut ids = BTreeSet::new();
    let mut octets = BTreeMap::new();
    for one in corpus.judge(&[]) {
        assert!(ids.insert(one.id), "{} twice", one.id);
        let unknown: Vec<&String> = one
            .requirements
            .iter()
            .filter(|id| !ledger.has(id))
            .collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", one.id);
        let of_ledger = |id: &String| ledger.requirement(id).is_some();
        assert!(
            one.requirements.iter().any(of_ledger),
            "{} cites no rule",
            one.id
        );
    }
    let valid = corpus
        .valid
        .iter()
        .map(|one| (&one.id, &one.bare, &one.hex));
    let invalid = corpus
        .invalid
        .iter()
        .map(|one| (&one.id, &one.bare, &one.hex));
    for (id, bare, hex) in valid.chain(invalid) {
        if let Some(other) = octets.insert((bare, hex), id) {
            panic!("{id} has the octets of {other}");
        }
    }
}

#[test]
fn what_is_wrong_was_right_once() {
    let corpus = corpus();
    let valid: BTreeMap<&str, &Valid> = corpus
        .valid
        .iter()
        .map(|one| (one.id.as_str(), one))
        .collect();
    for one in &corpus.invalid {
        let base = valid.get(one.base.as_str());
        assert!(
            base.is_some_and(|base| base.bare == one.bare),
            "{}: {}",
            one.id,
            one.base
        );
        assert!(!one.deviation.is_empty(), "{}", one.id);
        assert_eq!(one.tier == Tier::Record, one.record.is_some(), "{}", one.id);
    }
}

/// Every code point that octets can carry, as `name=value`.
fn shown(corpus: &Corpus) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for one in &corpus.valid {
        let message = &one.fields["message"];
        seen.insert(format!(
            "protocol={}",
            one.fields["protocol"].as_str().unwrap()
        ));
        let mut note = |name: &str, value: &Value| {
            if let Some(number) = value.as_u64() {
                seen.insert(format!("{name}={number}"));
            }
        };
        note("type_code", &message["type_code"]);
        note("op_type", &message["op_type"]);
        for extension in message["extensions"].as_array().into_iter().flatten() {
            note("extension", &extension["type"]);
        }
        for tlv in message["tlvs"].as_array().into_iter().flatten() {
            let kind = tlv["type"].as_u64().unwrap();
            note("tlv_action", &json!(kind >> 14));
            note("tlv", &json!(kind & 0x3fff));
        }
        for record in message["records"].as_array().into_iter().flatten() {
            note("null", &json!(record["flags"].as_u64().unwrap_or(0) >> 15));
            let mars = &record["mars"];
            note("state", &mars["state"]);
            if let (Some(state), Some(flags)) = (mars["state"].as_u64(), mars["flags"].as_u64()) {
                let register = flags >> 13 & 1;
                note(&format!("state {state} register"), &json!(register));
            }
        }
    }
    seen
}

#[test]
fn every_code_point_has_a_vector() {
    let mut wanted: BTreeSet<String> = ["scsp", "mars", "data1", "data2"]
        .iter()
        .map(|name| format!("protocol={name}"))
        .collect();
    let mut want = |name: &str, values: &[u64]| {
        wanted.extend(values.iter().map(|value| format!("{name}={value}")));
    };
    // RFC 2334, B.1 and B.3; RFC 2443, 3; RFC 2022, 11 and 10.2.
    want("type_code", &[1, 2, 3, 4, 5]);
    want("extension", &[0, 1, 2]);
    want("null", &[0, 1]);
    want("state", &[1, 2, 3, 4, 5]);
    for state in 2..=5 {
        want(&format!("state {state} register"), &[0, 1]);
    }
    want("op_type", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    want("tlv_action", &[0, 1, 2, 3]);
    want(
        "tlv",
        &[0, 1, 0xfff, 0x1000, 0x11ff, 0x1200, 0x37ff, 0x3800, 0x3fff],
    );
    let mut corpus = corpus();
    let missing =
        |corpus: &Corpus| -> Vec<String> { wanted.difference(&shown(corpus)).cloned().collect() };
    assert_eq!(missing(&corpus), Vec::<String>::new());
    // The check can fail: without the MIGRATEs there is none.
    corpus
        .valid
        .retain(|one| one.fields["message"]["op_type"] != 13);
    assert_eq!(missing(&corpus), ["op_type=13"]);
}

#[test]
fn every_code_that_octets_can_earn_has_a_vector() {
    let corpus = corpus();
    let seen: BTreeSet<&str> = corpus
        .invalid
        .iter()
        .map(|one| one.error.code.as_str())
        .collect();
    for code in frames::ErrorCode::ALL {
        let of_text = matches!(code, frames::ErrorCode::BadHex | frames::ErrorCode::BadJson);
        assert_eq!(seen.contains(code.as_str()), !of_text, "{}", code.as_str());
    }
}

/// A codec that always answers the same.
struct Stuck(Result<Value, Value>);

impl Codec for Stuck {
    fn name(&self) -> &'static str {
        "stuck"
    }

    fn decode(&self, _: Option<Protocol>, _: &[u8]) -> Result<Value, Value> {
        self.0.clone()
    }

    fn encode(&self, _: Option<Protocol>, _: &Value) -> Result<Vec<u8>, Value> {
        Ok(Vec::new())
    }

    fn mac(&self, _: &[u8], _: &[u8]) -> Option<Vec<u8>> {
        Some(Vec::new())
    }
}

#[test]
fn a_codec_that_is_wrong_is_found_out() {
    let corpus = corpus();
    let silent = Stuck(Ok(json!({})));
    let refusing = Stuck(Err(json!({"code": "truncated"})));
    for codec in [&silent, &refusing] {
        let verdicts = corpus.judge(&[codec]);
        let passed: Vec<&str> = verdicts
            .iter()
            .filter(|one| one.failure.is_none())
            .map(|one| one.id)
            .collect();
        assert_eq!(passed, Vec::<&str>::new());
    }
    for mut one in corpus.invalid {
        one.error.offset += 1;
        assert!(one.judge(&Harness).is_some(), "{}", one.id);
    }
    for mut one in corpus.valid {
        let flipped = if one.hex.ends_with('0') { "1" } else { "0" };
        let end = one.hex.len() - 1;
        one.hex.replace_range(end.., flipped);
        assert!(one.judge(&Harness).is_some(), "{}", one.id);
    }
}

#[test]
fn errors_name_file_and_vector() {
    let folder = std::env::temp_dir().join(format!("mars-vector-errors-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let mut answers = Vec::new();
    for text in [
        r#"{"format": "mars-vectors/2", "kind": "valid", "vectors": []}"#,
        r#"{"format": "mars-vectors/1", "kind": "odd", "vectors": []}"#,
        r#"{"format": "mars-vectors/1", "kind": "hmac", "vectors": [{"id": "K7"}]}"#,
        r#"{"format": "mars-vectors/1", "kind": "hmac", "vectors": []}"#,
        "{",
    ] {
        fs::write(folder.join("x.json"), text).unwrap();
        answers.push(load(&folder).unwrap_err().to_string());
    }
    fs::remove_dir_all(&folder).unwrap();
    let wanted = [
        "mars-vectors/2",
        "odd",
        "vector K7: missing field",
        "no vectors",
        "line 1",
    ];
    for (answer, wanted) in answers.iter().zip(wanted) {
        assert!(answer.contains(wanted), "{answer}");
    }
    assert!(answers[2].contains("x.json: "), "{}", answers[2]);
}

/// Puts a right checksum into a bare message again, if it had one.
fn summed(protocol: Protocol, octets: &mut [u8]) {
    let place = if protocol == Protocol::Scsp {
        4..6
    } else {
        12..14
    };
    if octets.get(place.clone()).is_some_and(|sum| sum != [0, 0]) {
        octets[place.clone()].fill(0);
        let sum = frames::checksum(octets);
        octets[place].copy_from_slice(&sum.to_be_bytes());
    }
}

#[test]
fn whatever_reads_is_written_back_octet_for_octet() {
    let (mut stood, mut fell) = (0, 0);
    for vector in corpus().valid {
        let Some(protocol) = vector.bare.as_deref().and_then(Protocol::from_name) else {
            continue;
        };
        // A sweep over the largest would take minutes and show nothing new.
        let whole = frames::unhex(&vector.hex).unwrap();
        if whole.len() > 400 {
            continue;
        }
        let mut variants = Vec::new();
        for place in 0..whole.len() {
            for value in [0, 1, 3, 4, 0x14, 0x40, 0x80, 0xff, whole[place] ^ 1] {
                let mut octets = whole.clone();
                octets[place] = value;
                variants.push(octets);
            }
            variants.push(whole[..place].to_vec());
        }
        variants.push([&whole[..], &[0xab]].concat());
        for mut octets in variants {
            summed(protocol, &mut octets);
            match frames::read_bare(protocol, &octets) {
                Ok(value) => {
                    stood += 1;
                    let back = frames::write_bare(&value).unwrap();
                    assert_eq!(frames::hex(&back), frames::hex(&octets), "{value}");
                }
                Err(error) => {
                    fell += 1;
                    assert!(error.offset <= octets.len(), "{error}");
                }
            }
        }
    }
    assert!(stood > 0 && fell > 0, "{stood} stood, {fell} fell");
}
