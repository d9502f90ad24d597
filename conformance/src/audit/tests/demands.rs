//! What a server leaves undone is found, each demand by at least one declared tampering.

use serde_json::{Value, json};

use super::{RECORDED, Tamper, Which, apply, audited, mars, scsp, sent};

/// What is done to a recording.
enum Fault {
    /// To the first such frame.
    One(Tamper),
    /// Every such frame but the first is gone.
    Silence,
    /// Every such frame that time alone leads to is gone.
    Timer,
    /// After the first such frame nothing happens any more, and eight seconds pass.
    Cut,
}

/// A record of a CSU Request.
fn first(frame: &Value) -> Option<&Value> {
    frame["message"]["records"].get(0)
}

fn own(frame: &Value, state: u64, register: bool) -> bool {
    first(frame).is_some_and(|record| {
        let flags = record["mars"]["flags"].as_u64().unwrap_or_default();
        scsp(frame, 2)
            && record["originator_id"] == frame["message"]["sender_id"]
            && record["mars"]["state"] == state
            && (flags & 0x2000 != 0) == register
    })
}

fn relayed(frame: &Value) -> bool {
    first(frame).is_some_and(|record| {
        scsp(frame, 2) && record["originator_id"] != frame["message"]["sender_id"]
    })
}

fn on(frame: &Value, vc: &str, op: u64) -> bool {
    mars(frame, op) && frame["vc"] == vc
}

fn private(frame: &Value, op: u64, register: bool) -> bool {
    let flags = frame["message"]["flags"].as_u64().unwrap_or_default();
    mars(frame, op)
        && frame["vc"] != "ccvc"
        && frame["vc"] != "scvc"
        && (flags & 0x2000 != 0) == register
}

fn table() -> Vec<(&'static str, Which, Fault, &'static str, &'static str)> {
    use Fault::{Cut, One, Silence};
    use Tamper::{Drop, NoTarget, Set, Turned};
    let missing = "missing-output";
    let late = "late-output";
    let targets = "wrong-field:targets";
    let stranger = json!("47ffffffffffffffffffffffffffffffffffffff");
    vec![
        (
            "news that is not passed on",
            relayed,
            One(Drop),
            "flooding",
            missing,
        ),
        (
            "a registration that is not told",
            |f| own(f, 3, true),
            One(Drop),
            "flooding",
            missing,
        ),
        (
            "a join that is not told",
            |f| own(f, 3, false),
            One(Drop),
            "flooding",
            missing,
        ),
        (
            "a leave that is not told",
            |f| own(f, 4, false),
            One(Drop),
            "flooding",
            missing,
        ),
        (
            "a deregistration that is not told",
            |f| own(f, 4, true),
            One(Drop),
            "flooding",
            missing,
        ),
        (
            "an MCS that is not told",
            |f| own(f, 2, true),
            One(Drop),
            "flooding",
            missing,
        ),
        (
            "a service that is not told",
            |f| own(f, 2, false),
            One(Drop),
            "flooding",
            missing,
        ),
        (
            "an MCS that went and is not told",
            |f| own(f, 5, true),
            One(Drop),
            "flooding",
            missing,
        ),
        (
            "a CSU Request that is not repeated",
            |f| scsp(f, 2),
            Fault::Timer,
            "repeats",
            late,
        ),
        (
            "a CSUS that is not repeated",
            |f| scsp(f, 4),
            Cut,
            "repeats",
            late,
        ),
        (
            "Redirect Entries that end",
            |f| own(f, 1, false),
            Silence,
            "beats",
            late,
        ),
        (
            "maps that end",
            |f| on(f, "ccvc", 12),
            Silence,
            "maps",
            late,
        ),
        (
            "a server missing in a map",
            |f| on(f, "ccvc", 12),
            One(NoTarget),
            "maps",
            targets,
        ),
        (
            "a map of nobody",
            |f| {
                on(f, "ccvc", 12)
                    && f["message"]["targets"]
                        .as_array()
                        .is_some_and(|all| all.len() == 1)
            },
            One(NoTarget),
            "maps",
            targets,
        ),
        (
            "a stranger in a map",
            |f| on(f, "ccvc", 12),
            One(Set("/targets/0/tha", stranger)),
            "maps",
            targets,
        ),
        (
            "a map in another order",
            |f| {
                on(f, "ccvc", 12)
                    && f["message"]["targets"]
                        .as_array()
                        .is_some_and(|all| all.len() > 2)
            },
            One(Turned),
            "maps",
            "wrong-order",
        ),
        (
            "a registration without answer",
            |f| private(f, 4, true),
            One(Drop),
            "copies",
            missing,
        ),
        (
            "a deregistration without answer",
            |f| private(f, 5, true),
            One(Drop),
            "copies",
            missing,
        ),
        (
            "an MCS's registration without answer",
            |f| private(f, 3, true),
            One(Drop),
            "copies",
            missing,
        ),
        (
            "a repeated join without answer",
            |f| private(f, 4, false),
            One(Drop),
            "copies",
            missing,
        ),
        (
            "a JOIN that the cluster does not hear",
            |f| on(f, "ccvc", 4),
            One(Drop),
            "spread",
            missing,
        ),
        (
            "a LEAVE that the cluster does not hear",
            |f| on(f, "ccvc", 5),
            One(Drop),
            "spread",
            missing,
        ),
        (
            "a MIGRATE that is gone",
            |f| on(f, "ccvc", 13),
            One(Drop),
            "spread",
            missing,
        ),
        (
            "an SJOIN that is gone",
            |f| on(f, "scvc", 8),
            One(Drop),
            "spread",
            missing,
        ),
        (
            "an UNSERV that the cluster does not hear of",
            |f| on(f, "ccvc", 5),
            One(Tamper::Vc),
            "spread",
            missing,
        ),
        (
            "holes that are not marked",
            |f| {
                let flags = f["message"]["flags"].as_u64().unwrap_or_default();
                let pairs = f["message"]["pairs"].as_array().map_or(0, Vec::len);
                on(f, "ccvc", 4) && pairs > 1 && flags & 0x1000 != 0
            },
            One(Tamper::Add("/flags", -0x1000)),
            "copies",
            "wrong-field:flags",
        ),
        (
            "an answer to a stranger",
            |f| mars(f, 2),
            One(Set(
                "/sha",
                json!("47ffffffffffffffffffffffffffffffffffffff"),
            )),
            "copies",
            "extra-output",
        ),
        (
            "an SLEAVE that is gone",
            |f| on(f, "scvc", 9),
            One(Drop),
            "spread",
            missing,
        ),
    ]
}

#[test]
fn what_is_left_undone_is_found_by_the_demand_for_it() {
    let recordings = RECORDED.iter().map(|(_, lines)| lines);
    let frames: Vec<_> = recordings.clone().map(|lines| sent(lines)).collect();
    let mut missed = Vec::new();
    for (what, which, fault, monitor, code) in table() {
        let mut tried = 0;
        let found = recordings.clone().zip(&frames).any(|(lines, frames)| {
            let mut such = frames.iter().filter(|(at, _, frame)| {
                let timer = lines[at - 1]["op"] == "advance";
                which(frame) && (timer || !matches!(fault, Fault::Timer))
            });
            let Some((at, place, frame)) = such.next() else {
                return false;
            };
            tried += 1;
            let mut lines = lines.clone();
            match &fault {
                Fault::One(tamper) => {
                    if apply(&mut lines, *at, *place, frame.clone(), tamper).is_none() {
                        return false;
                    }
                }
                Fault::Cut => {
                    let now = ["at", "to"]
                        .iter()
                        .find_map(|field| lines[at - 1][*field].as_u64());
                    let then = now.unwrap() + 8_000;
                    let id = at / 2 + 2;
                    lines.truncate(at + 1);
                    lines.push(json!({"id": id, "op": "advance", "to": then}));
                    lines.push(json!({"id": id, "status": "ok", "out": [], "next": then + 1}));
                }
                Fault::Silence | Fault::Timer => {
                    let rest: Vec<_> = such.collect();
                    for (at, place, _) in rest.into_iter().rev() {
                        lines[*at]["out"].as_array_mut().unwrap().remove(*place);
                    }
                    if matches!(fault, Fault::Timer) {
                        lines[*at]["out"].as_array_mut().unwrap().remove(*place);
                    }
                }
            }
            let auditor = audited(&lines);
            let mut findings = auditor.findings().iter();
            findings.any(|one| one.monitor == monitor && one.code == code)
        });
        if !found {
            missed.push(format!("{what} (tried on {tried})"));
        }
    }
    assert!(missed.is_empty(), "not found: {missed:#?}");
}
