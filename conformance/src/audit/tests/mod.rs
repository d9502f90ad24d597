//! The audit finds nothing in what this project's server does, and finds what was tampered with.

mod capture;
mod demands;

use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};

use super::Auditor;
use super::tape::Tape;
use crate::certify::play::play;
use crate::certify::suite::Suite;
use crate::frames;
use crate::sut::in_process::InProcess;
use crate::trace::Trace;

fn suite() -> Suite {
    Suite::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces")).unwrap()
}

fn recorded(trace: &Trace) -> Vec<Value> {
    let mut sut = InProcess::new();
    let mut tape = Tape::new(&mut sut);
    play(trace, &mut tape, &AtomicBool::new(false)).unwrap();
    tape.linger();
    tape.lines
}

/// Every case of the suite as this project's server plays it, and what it does in the five minutes after it.
static RECORDED: LazyLock<Vec<(String, Vec<Value>)>> = LazyLock::new(|| {
    let suite = suite();
    let cases = suite.cases.iter();
    cases
        .map(|case| (case.trace.id.clone(), recorded(&case.trace)))
        .collect()
});

fn audited(lines: &[Value]) -> Auditor {
    let mut auditor = Auditor::new();
    for (at, line) in lines.iter().enumerate() {
        auditor.value(at + 1, line.clone()).unwrap();
    }
    auditor
}

#[test]
fn every_case_of_the_suite_recorded_on_this_projects_server_is_without_fault() {
    let mut all = Auditor::new();
    let mut cases = 0;
    for (_, lines) in RECORDED.iter() {
        cases += 1;
        for line in lines {
            all.value(cases, line.clone()).unwrap();
        }
    }
    let found: Vec<String> = all
        .findings()
        .iter()
        .map(|one| {
            format!(
                "{} {} ms {} {} {}: wanted {}, got {}",
                one.case, one.at, one.vc, one.monitor, one.code, one.wanted, one.got
            )
        })
        .collect();
    assert!(
        found.is_empty(),
        "{} found\n{}",
        found.len(),
        found.join("\n")
    );
    assert_eq!(all.runs, cases);
    for (monitor, count) in all.counts() {
        assert!(count.checks > 0, "{monitor} made no check");
    }
}

/// The frames sent by the server, as (line, output) and decoded, with their VC.
fn sent(lines: &[Value]) -> Vec<(usize, usize, Value)> {
    let mut all = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let out = line["out"].as_array().into_iter().flatten().enumerate();
        for (place, one) in out {
            if let Some(hex) = one["send"]["hex"].as_str() {
                let mut frame = frames::read(&frames::unhex(hex).unwrap()).unwrap();
                frame["vc"] = one["send"]["vc"].clone();
                all.push((at, place, frame));
            }
        }
    }
    all
}

/// How a recording is tampered with.
enum Tamper {
    Drop,
    Double,
    Vc,
    Late,
    Add(&'static str, i64),
    Set(&'static str, Value),
    NoTarget,
    /// The targets in reverse.
    Turned,
    /// One pair from the first to the last group.
    Whole,
}

/// `None` where the frame has no room for it.
fn apply(
    lines: &mut [Value],
    at: usize,
    place: usize,
    mut frame: Value,
    tamper: &Tamper,
) -> Option<()> {
    let out = lines[at]["out"].as_array_mut().unwrap();
    match tamper {
        Tamper::Drop => {
            out.remove(place);
            return Some(());
        }
        Tamper::Double => {
            let one = out[place].clone();
            out.insert(place, one);
            return Some(());
        }
        Tamper::Vc => {
            out[place]["send"]["vc"] = json!("never-up");
            return Some(());
        }
        Tamper::Late => {
            out[place]["at"] = json!(out[place]["at"].as_u64().unwrap() + 1);
            return Some(());
        }
        Tamper::Add(field, by) => {
            let value = frame["message"].pointer_mut(field)?;
            *value = json!(value.as_i64().unwrap() + by);
        }
        Tamper::Set(field, to) => *frame["message"].pointer_mut(field)? = to.clone(),
        Tamper::Whole => {
            let pairs = frame["message"]["pairs"].as_array_mut()?;
            let max = pairs.last()?["max"].clone();
            pairs.truncate(1);
            pairs[0]["max"] = max;
        }
        Tamper::Turned => frame["message"]["targets"].as_array_mut()?.reverse(),
        Tamper::NoTarget => {
            let targets = frame["message"]["targets"].as_array_mut()?;
            targets.pop();
            let count = targets.len();
            frame["message"]["tnum"] = json!(count);
        }
    }
    let message = frame["message"].as_object_mut().unwrap();
    for computed in ["checksum", "chksum", "pnum"] {
        message.remove(computed);
    }
    out[place]["send"]["hex"] = json!(frames::hex(&frames::write(&frame).ok()?));
    Some(())
}

type Which = fn(&Value) -> bool;

fn scsp(frame: &Value, kind: u64) -> bool {
    frame["protocol"] == "scsp" && frame["message"]["type_code"] == kind
}

fn mars(frame: &Value, op: u64) -> bool {
    frame["protocol"] == "mars" && frame["message"]["op_type"] == op
}

#[test]
fn what_was_tampered_with_is_found() {
    use Tamper::{Add, Double, Drop, Late, NoTarget, Set, Vc, Whole};
    let hello: Which = |frame| scsp(frame, 5);
    let ca: Which = |frame| scsp(frame, 1);
    let bid: Which = |frame| scsp(frame, 1) && frame["message"]["flags"] == 0xe000;
    let request: Which = |frame| scsp(frame, 2);
    let relayed: Which = |frame| {
        let record = &frame["message"]["records"][0];
        scsp(frame, 2) && record["originator_id"] != frame["message"]["sender_id"]
    };
    let own: Which = |frame| {
        let record = &frame["message"]["records"][0];
        scsp(frame, 2) && record["originator_id"] == frame["message"]["sender_id"]
    };
    let reply: Which = |frame| scsp(frame, 3);
    // The first Hello lists nobody; one that does is sent by the clock.
    let later: Which = |frame| scsp(frame, 5) && frame["message"]["recvr_id_len"] == 4;
    // The number of a bid is free, that of what answers it is not.
    let answer: Which = |frame| scsp(frame, 1) && frame["message"]["flags"] == 0;
    // Not the first instance of its key.
    let newer: Which = |frame| {
        let record = &frame["message"]["records"][0];
        let number = record["csa_sequence_number"].as_i64();
        scsp(frame, 2)
            && record["originator_id"] == frame["message"]["sender_id"]
            && number > Some(-0x7fff_ffff)
    };
    let register: Which =
        |frame| mars(frame, 4) && frame["message"]["flags"].as_u64().unwrap() & 0x2000 != 0;
    let join: Which =
        |frame| mars(frame, 4) && frame["message"]["flags"].as_u64().unwrap() & 0x3000 == 0;
    let spread: Which = |frame| mars(frame, 4) && frame["vc"] == "ccvc";
    let punched: Which = |frame| {
        let flags = frame["message"]["flags"].as_u64().unwrap_or_default();
        mars(frame, 4) && frame["vc"] == "ccvc" && flags & 0x1000 != 0
    };
    let map: Which = |frame| mars(frame, 12);
    let multi: Which = |frame| mars(frame, 2);
    let nak: Which = |frame| mars(frame, 6);
    let table: Vec<(&str, Which, Tamper, &str)> = vec![
        ("a Hello on another VC", hello, Vc, "wrong-field:vc"),
        (
            "a Hello after the request's time",
            hello,
            Late,
            "protocol-violation",
        ),
        (
            "a reserved bit in a Hello",
            hello,
            Set("/unused", json!(1)),
            "noncanonical:unused",
        ),
        (
            "Family octets in a Hello",
            hello,
            Set("/hello_unused", json!(1)),
            "noncanonical:hello_unused",
        ),
        (
            "another interval in a Hello",
            hello,
            Add("/hello_interval", 1),
            "wrong-field:hello_interval",
        ),
        (
            "another dead factor",
            hello,
            Add("/dead_factor", 1),
            "wrong-field:hello_interval",
        ),
        ("a Hello that is gone", later, Drop, "late-output"),
        ("a bid that is gone", bid, Drop, "missing-output"),
        ("a bid twice", bid, Double, ""),
        (
            "a CA number changed",
            answer,
            Add("/ca_sequence_number", 7),
            "",
        ),
        (
            "a CA with reserved flags",
            ca,
            Add("/flags", 1),
            "noncanonical:flags",
        ),
        ("a CA on another VC", ca, Vc, "wrong-field:vc"),
        (
            "an acknowledgement that is gone",
            reply,
            Drop,
            "missing-output",
        ),
        ("an acknowledgement twice", reply, Double, "extra-output"),
        (
            "an acknowledgement of less",
            reply,
            Add("/records/0/csa_sequence_number", -1),
            "wrong-field:csa_sequence_number",
        ),
        (
            "an acknowledgement of another key",
            reply,
            Set("/records/0/cache_key", json!("deadbeef")),
            "extra-output",
        ),
        (
            "flags in a CSU Request",
            request,
            Set("/flags", json!(1)),
            "noncanonical:flags",
        ),
        (
            "hop count one up",
            relayed,
            Add("/records/0/hop_count", 1),
            "wrong-field:hop_count",
        ),
        (
            "a relayed record changed",
            relayed,
            Add("/records/0/mars/cluster_member_id", 1),
            "wrong-field:mars",
        ),
        (
            "own hop count",
            own,
            Add("/records/0/hop_count", -1),
            "wrong-field:hop_count",
        ),
        (
            "own number repeated with another content",
            newer,
            Add("/records/0/csa_sequence_number", -1),
            "wrong-field:csa_sequence_number",
        ),
        (
            "a CMI changed",
            register,
            Add("/cmi", 1000),
            "wrong-field:cmi",
        ),
        (
            "a CMI of zero",
            register,
            Set("/cmi", json!(0)),
            "wrong-field:cmi",
        ),
        (
            "a copy without copy",
            register,
            Add("/flags", -0x4000),
            "wrong-field:flags",
        ),
        (
            "a copy with punched",
            register,
            Add("/flags", 0x1000),
            "wrong-field:flags",
        ),
        (
            "another sequence",
            register,
            Add("/flags", 1),
            "extra-output",
        ),
        (
            "a registration's copy twice, once elsewhere",
            register,
            Vc,
            "wrong-field:vc",
        ),
        (
            "a reserved bit in a JOIN",
            join,
            Add("/flags", 0x100),
            "noncanonical:flags",
        ),
        (
            "hdrrsv",
            map,
            Set("/hdrrsv", json!("000001")),
            "noncanonical:hdrrsv",
        ),
        (
            "a JOIN of a group that its source never joined",
            spread,
            Set("/pairs/0", json!({"min": "e00000fe", "max": "e00000fe"})),
            "extra-output",
        ),
        (
            "a hole that is not punched",
            punched,
            Whole,
            "wrong-field:pairs",
        ),
        ("a number skipped", map, Add("/msn", 1), "wrong-field:msn"),
        ("a number repeated", map, Add("/msn", -1), "wrong-field:msn"),
        ("a map twice", map, Double, "wrong-field:msn"),
        ("a member missing", multi, NoTarget, "wrong-field:targets"),
        (
            "a part skipped",
            multi,
            Add("/seqxy", 1),
            "wrong-field:seqxy",
        ),
        ("a MULTI twice", multi, Double, "extra-output"),
        ("a MULTI that is gone", multi, Drop, "missing-output"),
        ("a NAK that is gone", nak, Drop, "missing-output"),
        ("a NAK twice", nak, Double, "extra-output"),
        (
            "a NAK about another group",
            nak,
            Set("/tpa", json!("e1020304")),
            "extra-output",
        ),
    ];
    let recordings = RECORDED.iter().map(|(_, lines)| lines);
    let frames: Vec<_> = recordings.clone().map(|lines| sent(lines)).collect();
    let mut missed = Vec::new();
    for (what, which, tamper, code) in &table {
        // The fault must be found in some recording within the first forty that have such a frame.
        let mut tried = 0;
        let found = recordings.clone().zip(&frames).any(|(lines, frames)| {
            let Some((at, place, frame)) = frames.iter().find(|(.., frame)| which(frame)) else {
                return false;
            };
            tried += 1;
            if tried > 40 {
                return false;
            }
            let mut lines = lines.clone();
            if apply(&mut lines, *at, *place, frame.clone(), tamper).is_none() {
                return false;
            }
            let auditor = audited(&lines);
            auditor
                .findings()
                .iter()
                .any(|one| code.is_empty() || one.code == *code)
        });
        if !found {
            missed.push(format!("{what} (tried on {tried})"));
        }
    }
    assert!(table.len() >= 30);
    assert!(missed.is_empty(), "not found: {missed:#?}");
}

// R2334-B.2.0.2-01, N10: what changed since a bid was answered goes out with a count of its own when Update Cache begins.
#[test]
fn a_fresh_hop_count_passes_where_update_cache_begins_and_nowhere_else() {
    let counted = |lines: &[Value]| {
        let auditor = audited(lines);
        let findings = auditor.findings().iter();
        findings
            .filter(|one| one.code == "wrong-field:hop_count")
            .count()
    };
    let is_ca = |one: &Value| {
        let octets = one["hex"].as_str().and_then(frames::unhex);
        octets
            .and_then(|octets| frames::read(&octets).ok())
            .is_some_and(|frame| scsp(&frame, 1))
    };
    let mut tried = 0;
    for (case, lines) in RECORDED.iter() {
        let frames = sent(lines);
        let relayed = frames.iter().find(|(.., frame)| {
            let record = &frame["message"]["records"][0];
            scsp(frame, 2)
                && record["originator_id"] != frame["message"]["sender_id"]
                && record["hop_count"] == 254
        });
        let Some((answer, place, frame)) = relayed else {
            continue;
        };
        let with_ca = |at: &usize| {
            let out = lines[*at]["out"].as_array().into_iter().flatten();
            let mut all = out.map(|one| &one["send"]).chain([&lines[at - 1]]);
            all.any(|one| one["vc"] == frame["vc"] && is_ca(one))
        };
        let Some(last) = (1..answer - 1).rev().find(with_ca) else {
            continue;
        };
        // The news comes just before the last CA crosses, and goes on at once, or one exchange later.
        for wait in [0, 2] {
            let mut changed = lines.clone();
            apply(
                &mut changed,
                *answer,
                *place,
                frame.clone(),
                &Tamper::Add("/records/0/hop_count", 1),
            )
            .unwrap();
            let mut sent = changed[*answer]["out"]
                .as_array_mut()
                .unwrap()
                .remove(*place);
            changed[last - 1..=*answer].rotate_right(2);
            let at = changed[last + 1]["at"].clone();
            changed[last - 1]["at"] = at.clone();
            let held = changed[last]["out"].as_array_mut().unwrap();
            held.iter_mut().for_each(|one| one["at"] = at.clone());
            let out = &mut changed[last + 2 + wait]["out"];
            sent["at"] = at;
            out.as_array_mut().unwrap().push(sent);
            assert_eq!(counted(&changed), wait / 2, "{case}");
        }
        tried += 1;
    }
    assert!(tried > 10, "{tried}");
}

#[test]
fn a_line_that_is_cut_off_is_told() {
    let mut auditor = Auditor::new();
    let request = r#"{"request":{"id":1,"op":"advance","to":5}}"#;
    auditor.line(1, request).unwrap();
    assert!(auditor.waits());
    let error = auditor.line(2, r#"{"id":1,"status":"ok","#).unwrap_err();
    assert_eq!(error.line, 2);
}

#[test]
fn a_violation_fits_the_published_schema_and_its_requirements_exist() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/audit.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let ledger = crate::requirements::Ledger::load().unwrap();
    let mut lines = recorded(&suite().cases[0].trace);
    let (at, place, frame) = sent(&lines)[0].clone();
    apply(&mut lines, at, place, frame, &Tamper::Vc).unwrap();
    let auditor = audited(&lines);
    assert!(!auditor.findings().is_empty());
    for finding in auditor.findings() {
        assert!(
            schema.is_valid(&json!({"violation": finding})),
            "{finding:?}"
        );
        assert!(finding.requirements.iter().all(|id| ledger.has(id)));
        let mut wrong = json!({"violation": finding});
        wrong["violation"]["code"] = json!("bad");
        assert!(!schema.is_valid(&wrong));
    }
}

#[test]
fn a_leaf_that_is_not_added_or_not_dropped_is_found() {
    for op in ["add", "drop"] {
        for group in ["ccvc", "scvc"] {
            let found = RECORDED.iter().any(|(_, lines)| {
                let mut lines = lines.clone();
                for line in &mut lines {
                    if let Some(out) = line.get_mut("out").and_then(Value::as_array_mut) {
                        out.retain(|one| one["leaf"]["op"] != op || one["leaf"]["group"] != group);
                    }
                }
                let auditor = audited(&lines);
                let mut findings = auditor.findings().iter();
                findings.any(|one| one.monitor == "copies" && one.code == "missing-output")
            });
            assert!(found, "{op} {group}");
        }
    }
}
