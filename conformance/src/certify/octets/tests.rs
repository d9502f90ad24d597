use std::path::Path;
use std::sync::atomic::AtomicBool;

use serde_json::json;

use super::*;
use crate::certify::play::play;
use crate::certify::suite::Suite;
use crate::certify::verdict::{Explained, Verdict};
use crate::frames::seal::{Key, is_authentication};
use crate::sut::in_process::InProcess;
use crate::sut::{Answer, OutAction, Sut, SutError};

/// The built-in server behind somebody who breaks what it sends.
struct Broken {
    server: InProcess,
    code: Option<u64>,
    with: fn(&mut Value),
    /// In the finished octets.
    octets: fn(&mut Vec<u8>),
}

impl Broken {
    fn answer(&mut self, mut answer: Answer) -> Answer {
        for out in &mut answer.out {
            let OutAction::Send { hex, .. } = &mut out.action else {
                continue;
            };
            let mut frame = frames::read(&frames::unhex(hex).unwrap()).unwrap();
            if frame["protocol"] != "scsp" {
                continue;
            }
            let message = frame.get_mut("message").unwrap();
            if self.code.is_some_and(|code| message["type_code"] != code) {
                continue;
            }
            (self.with)(message);
            let fields = message.as_object_mut().unwrap();
            fields.shift_remove("checksum");
            let mut octets = frames::write(&frame).unwrap();
            (self.octets)(&mut octets);
            *hex = frames::hex(&octets);
        }
        answer
    }
}

impl Sut for Broken {
    fn reset(&mut self, case: &str, seed: u64, config: &Value) -> Result<Answer, SutError> {
        let answer = self.server.reset(case, seed, config)?;
        Ok(self.answer(answer))
    }

    fn vc_up(&mut self, at: u64, vc: &str, peer: &Value) -> Result<Answer, SutError> {
        let answer = self.server.vc_up(at, vc, peer)?;
        Ok(self.answer(answer))
    }

    fn vc_down(&mut self, at: u64, vc: &str) -> Result<Answer, SutError> {
        let answer = self.server.vc_down(at, vc)?;
        Ok(self.answer(answer))
    }

    fn deliver(&mut self, at: u64, vc: &str, octets: &[u8]) -> Result<Answer, SutError> {
        let answer = self.server.deliver(at, vc, octets)?;
        Ok(self.answer(answer))
    }

    fn leaf_gone(&mut self, at: u64, group: &str, peer: &Value) -> Result<Answer, SutError> {
        let answer = self.server.leaf_gone(at, group, peer)?;
        Ok(self.answer(answer))
    }

    fn advance(&mut self, to: u64) -> Result<Answer, SutError> {
        let answer = self.server.advance(to)?;
        Ok(self.answer(answer))
    }

    fn admin(&mut self, at: u64, what: &str) -> Result<Answer, SutError> {
        self.server.admin(at, what)
    }

    fn probe(&mut self, at: u64, what: &str) -> Result<Value, SutError> {
        self.server.probe(at, what)
    }
}

fn add(message: &mut Value, name: &str, by: u64) {
    message[name] = json!(message[name].as_u64().unwrap_or(0) + by);
}

fn in_records(message: &mut Value, name: &str, value: &Value) {
    for record in message["records"].as_array_mut().unwrap() {
        record[name] = value.clone();
    }
}

/// Changes the Authentication extension.
fn extension(message: &mut Value, change: impl Fn(&mut Value)) {
    let all = message.get_mut("extensions").and_then(Value::as_array_mut);
    let own = all.into_iter().flatten().find(|one| is_authentication(one));
    if let Some(own) = own {
        change(own);
    }
}

/// Changes the list of extensions.
fn extensions(message: &mut Value, change: impl Fn(&mut Vec<Value>)) {
    if let Some(all) = message.get_mut("extensions").and_then(Value::as_array_mut) {
        change(all);
        message.as_object_mut().unwrap().shift_remove("packet_size");
    }
}

/// A frame of the first neighbour gets another MAC.
fn seal_again(octets: &mut Vec<u8>) {
    let mut frame = frames::read(octets).unwrap();
    let message = frame["message"].as_object_mut().unwrap();
    let Some(Value::Array(mut all)) = message.shift_remove("extensions") else {
        return;
    };
    for name in ["packet_size", "checksum", "start_of_extensions"] {
        message.shift_remove(name);
    }
    all.pop();
    for one in &mut all {
        if is_authentication(one) {
            *one = Value::Null;
        }
    }
    let key = Key {
        spi: 4096,
        key: b"16 octets of key".to_vec(),
    };
    *octets = key.sealed(&frame, &all).unwrap();
}

fn flip(value: &mut Value, at: usize) {
    let mut text = value["value"].as_str().unwrap().to_owned();
    let digit = if text.get(at..=at) == Some("0") {
        "1"
    } else {
        "0"
    };
    text.replace_range(at..=at, digit);
    value["value"] = json!(text);
}

const fn whole(_: &mut Value) {}
const fn same(_: &mut Vec<u8>) {}

/// Rule, type of the packets that are broken, how, and the code that certification has for it.
type Break = (
    &'static str,
    Option<u64>,
    fn(&mut Value),
    fn(&mut Vec<u8>),
    &'static str,
);

fn breaks() -> Vec<Break> {
    let malformed = "malformed-frame";
    vec![
        ("R2334-B-01", None, whole, |all| all[5] ^= 1, malformed),
        (
            "R2334-B-02",
            None,
            |m| m["start_of_extensions"] = json!(9),
            same,
            malformed,
        ),
        (
            "R2334-B-03",
            None,
            |m| m["unused"] = json!(1),
            same,
            "noncanonical:unused",
        ),
        (
            "R2334-B.1-03",
            None,
            |m| add(m, "packet_size", 1),
            same,
            malformed,
        ),
        (
            "R2334-B.1-06",
            None,
            |m| m["start_of_extensions"] = m["packet_size"].clone(),
            same,
            malformed,
        ),
        (
            "R2334-B.2.0.1-01",
            None,
            |m| {
                let (sender, receiver) = (m["sender_id"].clone(), m["receiver_id"].clone());
                if receiver != "" {
                    m["sender_id"] = receiver;
                    m["receiver_id"] = sender;
                }
            },
            same,
            "wrong-field:sender_id",
        ),
        (
            "R2334-B.2.0.1-02",
            None,
            |m| m["protocol_id"] = json!(2),
            same,
            "wrong-field:protocol_id",
        ),
        (
            "R2334-B.2.0.1-03",
            None,
            |m| add(m, "number_of_records", 1),
            same,
            malformed,
        ),
        (
            "R2334-B.2.0.2-02",
            Some(REPLY),
            |m| in_records(m, "hop_count", &json!(2)),
            same,
            "wrong-field:hop_count",
        ),
        (
            "R2334-B.2.0.2-05",
            Some(REPLY),
            |m| in_records(m, "record_length", &json!(12)),
            same,
            malformed,
        ),
        (
            "R2334-B.2.0.2-06",
            Some(REQUEST),
            |m| in_records(m, "record_length", &json!(20)),
            same,
            malformed,
        ),
        (
            "R2334-B.2.0.2-11",
            Some(REQUEST),
            |m| in_records(m, "csa_sequence_number", &json!(i32::MIN)),
            same,
            "noncanonical:csa_sequence_number",
        ),
        (
            "R2334-B.2.1-01",
            Some(CA),
            |m| m["number_of_records"] = json!(9),
            same,
            malformed,
        ),
        (
            "R2334-B.2.1-06",
            Some(CA),
            |m| add(m, "number_of_records", 1),
            same,
            malformed,
        ),
        (
            "R2334-B.2.1-07",
            Some(CA),
            |m| m["flags"] = json!(m["flags"].as_u64().unwrap() >> 13),
            same,
            "wrong-field:flags",
        ),
        (
            "R2334-B.2.1-08",
            Some(CA),
            |m| in_records(m, "record_length", &json!(40)),
            same,
            malformed,
        ),
        (
            "R2334-2.3-05",
            Some(REQUEST),
            |m| m["number_of_records"] = json!(0),
            same,
            malformed,
        ),
        (
            "R2334-B.2.2-01",
            Some(REQUEST),
            |m| {
                m["records"] = json!([]);
                m.as_object_mut().unwrap().shift_remove("packet_size");
            },
            same,
            malformed,
        ),
        (
            "R2334-B.2.2-02",
            Some(REQUEST),
            |m| add(m, "number_of_records", 1),
            same,
            malformed,
        ),
        (
            "R2334-B.2.2-03",
            Some(REQUEST),
            |m| m["flags"] = json!(0x8000),
            same,
            "wrong-field:flags",
        ),
        (
            "R2334-B.2.2.1-01",
            Some(REQUEST),
            |m| in_records(m, "record_length", &json!(24)),
            same,
            malformed,
        ),
        (
            "R2334-B.2.3-01",
            Some(REPLY),
            |m| in_records(m, "record_length", &json!(40)),
            same,
            malformed,
        ),
        (
            "R2334-B.2.4-01",
            Some(CSUS),
            |m| in_records(m, "record_length", &json!(40)),
            same,
            malformed,
        ),
        (
            "R2334-B.2.4-02",
            Some(CSUS),
            |m| m["receiver_id"] = json!("ffffffff"),
            same,
            "wrong-field:receiver_id",
        ),
        (
            "R2334-B.2.5-01",
            Some(HELLO),
            // One octet earlier than it should stand.
            |m| m["hello_interval"] = json!(m["hello_interval"].as_u64().unwrap() << 8),
            same,
            "wrong-field:hello_interval",
        ),
        (
            "R2334-B.2.5-06",
            Some(HELLO),
            |m| add(m, "number_of_records", 1),
            same,
            malformed,
        ),
        (
            "R2334-B.2.5-07",
            Some(HELLO),
            |m| m["flags"] = json!(0x8000),
            same,
            "noncanonical:flags",
        ),
        (
            "R2334-B.1-07",
            None,
            |m| {
                if m.get("extensions").is_some() {
                    add(m, "start_of_extensions", 4);
                }
            },
            same,
            malformed,
        ),
        (
            "R2334-B.3-01",
            None,
            |m| extension(m, |one| add(one, "length", 1)),
            same,
            malformed,
        ),
        (
            "R2334-B.3-02",
            None,
            |m| {
                extensions(m, |all| {
                    all.pop();
                });
            },
            same,
            malformed,
        ),
        (
            "R2334-B.3-04",
            None,
            |m| extensions(m, |all| all.insert(0, all[0].clone())),
            same,
            malformed,
        ),
        (
            "R2334-B.3.1-01",
            None,
            |m| extension(m, |one| one["type"] = json!(9)),
            same,
            "wrong-field:extensions",
        ),
        (
            "R2334-B.3.1.1-01",
            None,
            |m| {
                extension(m, |one| {
                    let text = one["value"].as_str().unwrap().to_owned();
                    let (spi, mac) = text.split_at(8);
                    one["value"] = json!(format!("{mac}{spi}"));
                });
            },
            same,
            "wrong-field:spi",
        ),
        (
            "R2334-B.3.1.1-02",
            None,
            |m| extension(m, |one| flip(one, 7)),
            same,
            "wrong-field:spi",
        ),
        (
            "R2334-B.3.1.1-03",
            None,
            |m| extension(m, |one| flip(one, 39)),
            same,
            "wrong-field:mac",
        ),
        (
            "R2334-B.3.1.2-01",
            None,
            |m| extension(m, |one| flip(one, 8)),
            same,
            "wrong-field:mac",
        ),
        (
            "R2334-B.3.2-02",
            None,
            |m| {
                extensions(m, |all| {
                    for _ in 0..2 {
                        all.insert(0, json!({"type": 2, "value": "00005eaa"}));
                    }
                });
            },
            seal_again,
            "noncanonical:vendor",
        ),
    ]
}

fn suite() -> Suite {
    Suite::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces")).unwrap()
}

/// The cases that are about a rule, short ones first.
fn cases<'s>(suite: &'s Suite, id: &str) -> Vec<&'s Trace> {
    let about = |trace: &&Trace| trace.requirements.iter().any(|one| one == id);
    let all = suite.cases.iter().map(|case| &case.trace);
    let mut cases: Vec<&Trace> = all.filter(about).collect();
    cases.sort_by_key(|trace| trace.steps.len());
    cases
}

fn failure(trace: &Trace, (_, code, with, octets, _): Break) -> Option<Explained> {
    let mut sut = Broken {
        server: InProcess::new(),
        code,
        with,
        octets,
    };
    let played = play(trace, &mut sut, &AtomicBool::new(false)).unwrap();
    assert_ne!(played.verdict, Verdict::Error, "{}", trace.id);
    played.failure
}

/// Each rule is one that certification fails, under its id and with its code; what is whole it lets pass.
#[test]
fn a_server_that_breaks_a_rule_about_octets_fails_a_case_that_is_about_it() {
    let suite = suite();
    let breaks = breaks();
    let names: Vec<&str> = breaks.iter().map(|one| one.0).collect();
    let rules: Vec<&str> = RULES.iter().map(|(id, ..)| *id).collect();
    assert_eq!(names, rules);
    let mut wrong = Vec::new();
    for one in breaks {
        let (id, .., code) = one;
        let cases = cases(&suite, id);
        let mut seen = Vec::new();
        let found = cases.iter().any(|trace| {
            let Some(told) = failure(trace, one) else {
                return false;
            };
            let fits = told.code == code && told.requirements.iter().any(|other| other == id);
            seen.push((told.code, told.requirements));
            fits
        });
        if !found {
            let first = seen.first();
            wrong.push(format!(
                "{id}, {} cases: {code} wanted, {first:?}",
                cases.len()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let whole: Break = ("R2334-B-01", None, whole, same, "");
    for trace in cases(&suite, whole.0).into_iter().take(20) {
        assert_eq!(failure(trace, whole), None, "{}", trace.id);
    }
}
