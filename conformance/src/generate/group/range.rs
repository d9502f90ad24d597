//! Cluster Member IDs: unique in the LIS, and of the server's own range (RFC 2443, 2).

use serde_json::json;

use super::super::mars::builder::{CCVC, Script};
use super::super::mars::messages::op;
use super::learned::{joins, known};
use super::record::{end, fresh, state};
use super::stage::{N1, pair, registration, server};
use super::{CMI_RANGE, G1};
use crate::trace::{Class, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![own_range(), foreign_in_range(), exhausted(), nobody_elses()]
}

fn own_range() -> Trace {
    let mut s = pair(
        CMI_RANGE,
        "one-cmi-of-the-own-range",
        "Clients that register here get CMIs of the range of this server, each its own, whatever other servers have given.",
    );
    known(&mut s, "c5", 1, 513);
    known(&mut s, "c6", 2, 514);
    for who in ["c1", "c2", "c3"] {
        s.registers(&[N1], who, &["R2443-1-07", "R2443-2-05", "R2443-2-06"]);
    }
    s.finish()
}

/// With a range of these.
fn small(id: &'static str, title: &'static str, range: [u16; 2]) -> Script {
    let mut s = server(CMI_RANGE, id, title, &[N1]).config("cmi_range", json!(range));
    s.open(&[N1]);
    s
}

/// Register E03: ranges that overlap.
fn foreign_in_range() -> Trace {
    let mut s = small(
        "one-cmi-that-another-server-gave",
        "A CMI of the own range that another server has given is given to nobody here as long as it is in use.",
        [5, 6],
    );
    known(&mut s, "c5", 1, 5);
    s.up("c1");
    let message = s.registration(op::JOIN, "c1");
    let part = registration(state::JOIN, json!(6), s.who("c1"));
    s.send("c1", message)
        .leaf(true, CCVC, "c1")
        .copy_with(json!(6))
        .tells(&[N1], &[fresh("c1", &part)])
        .done(&["R2443-2-05", "R2443-2-06", "E03"]);
    // It is the last one.
    s.up("c2");
    let message = s.registration(op::JOIN, "c2");
    s.send("c2", message).silence(&["R2443-2-05", "E02", "E03"]);
    s.finish()
}

/// Register E02.
fn exhausted() -> Trace {
    let mut s = small(
        "one-cmi-range-exhausted",
        "When the own range is used up a registration gets nothing: no answer, no leaf, and no word to the group.",
        [7, 8],
    )
    .class(Class::Inopportune);
    s.registers(&[N1], "c1", &["R2443-2-06"]);
    s.registers(&[N1], "c2", &["R2443-2-06"]);
    s.up("c3");
    let message = s.registration(op::JOIN, "c3");
    s.send("c3", message).silence(&["R2443-2-06", "E02"]);
    s.says(op::JOIN, "c3", G1).silence(&["R2443-1-04"]);
    // What others give is no matter of this range.
    known(&mut s, "c5", 1, 513);
    joins(&mut s, "c5", 2, 513, G1);
    s.members("c1", G1.0, &["c5"], &["R2443-1-01"]);
    s.finish()
}

/// Register E04: what has just been freed is not given to another.
fn nobody_elses() -> Trace {
    let mut s = small(
        "one-cmi-not-given-twice",
        "A client that registers as another deregisters never gets a CMI that a third one has.",
        [5, 9],
    );
    s.registers(&[N1], "c1", &["R2443-2-05"]);
    s.registers(&[N1], "c2", &["R2443-2-05"]);
    let message = s.registration(op::LEAVE, "c1");
    let part = registration(state::LEAVE, s.cmi("c1"), s.who("c1"));
    s.send("c1", message)
        .copy_with(json!({"any": true}))
        .leaf(false, CCVC, "c1")
        .tells(&[N1], &[end("c1", &part)])
        .done(&["R2443-5.4-01"]);
    s.free_cmi("c1");
    s.registers(&[N1], "c3", &["R2443-2-05", "R2443-2-06"]);
    s.finish()
}
