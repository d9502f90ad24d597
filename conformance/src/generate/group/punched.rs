//! Blocks learned from the group, and what holes a server punches for its own cluster (RFC 2443, 5.3 and 5.4;
//! RFC 2022, 6.1.2 and 6.2.4).

use serde_json::json;

use super::super::mars::builder::{CCVC, Script};
use super::super::mars::messages::{Range, op};
use super::learned::{CMI, joins, known, member};
use super::record::{Part, Record, state};
use super::stage::{N1, pair};
use super::{AROUND_G1, BLOCK, G1, G2, MEMBERSHIP};
use crate::trace::Trace;

pub(super) fn traces() -> Vec<Trace> {
    vec![
        own_groups(),
        served_groups(),
        single_inside(),
        nothing_left(),
    ]
}

/// A block of a client of the neighbour goes to the cluster with these pairs.
pub(super) fn block(
    s: &mut Script,
    op_type: u64,
    record: &Record,
    pairs: &[Range<'_>],
    ids: &[&str],
) {
    let told = s
        .made_up(op_type, "c5", BLOCK, CMI)
        .with("flags", 0)
        .punched(op_type, pairs);
    s.csu(N1, record).on(CCVC, told).done(ids);
}

const JOINED: [&str; 4] = ["R2443-5.3-14", "R2443-5.3-15", "R2443-5.3-16", "E12"];
const LEFT: [&str; 4] = ["R2443-5.4-06", "R2443-5.4-07", "R2443-5.4-11", "E12"];

fn own_groups() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-learned-block-over-a-single-join",
        "A block of a client of another server goes to the cluster without the group that the client was in; so does its leave.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    known(&mut s, "c5", 1, CMI);
    joins(&mut s, "c5", 2, CMI, G1);
    let record = Record::new(N1, 3, member(&s, state::JOIN, "c5", CMI, BLOCK));
    block(&mut s, op::JOIN, &record, &AROUND_G1, &JOINED);
    s.members("c1", G2.0, &["c5"], &["R2443-1-01"]);
    let record = record.next(member(&s, state::LEAVE, "c5", CMI, BLOCK));
    block(&mut s, op::LEAVE, &record, &AROUND_G1, &LEFT);
    s.nobody("c1", G2.0);
    s.members("c1", G1.0, &["c5"], &["R2443-5.4-11"]);
    s.finish()
}

fn served_groups() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-learned-block-over-a-served-group",
        "A block of a client of another server goes to the cluster without the group that an MCS of that server serves.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    let mcs = Part::about(
        state::SERVE,
        super::record::REGISTER,
        json!(600),
        s.who("m5"),
        None,
    );
    s.csu(N1, &Record::new(N1, 10, mcs))
        .done(&["R2443-5.2-10", "R2443-5.2-14"]);
    let serve = Part::about(state::SERVE, 0, json!(600), s.who("m5"), Some(G1));
    let migrate = s.migrate(G1.0, "m5");
    s.csu(N1, &Record::new(N1, 11, serve))
        .on(CCVC, migrate)
        .done(&["R2443-5.2-11", "R2443-5.2-12", "R2443-5.2-13", "E14"]);
    known(&mut s, "c5", 1, CMI);
    let record = Record::new(N1, 3, member(&s, state::JOIN, "c5", CMI, BLOCK));
    block(&mut s, op::JOIN, &record, &AROUND_G1, &JOINED);
    s.members("c1", G2.0, &["c5"], &["R2443-1-01"]);
    s.members("c1", G1.0, &["m5"], &["R2443-5.2-11", "R2443-5.3-22"]);
    let record = record.next(member(&s, state::LEAVE, "c5", CMI, BLOCK));
    block(&mut s, op::LEAVE, &record, &AROUND_G1, &LEFT);
    s.nobody("c1", G2.0);
    s.finish()
}

fn single_inside() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-learned-single-inside-a-block",
        "A join or leave of a group that a block of the same client covers is no news to the cluster.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    known(&mut s, "c5", 1, CMI);
    joins(&mut s, "c5", 2, CMI, BLOCK);
    let record = Record::new(N1, 3, member(&s, state::JOIN, "c5", CMI, G1));
    s.csu(N1, &record)
        .done(&["R2443-5.3-14", "R2443-5.3-15", "R2443-5.3-16"]);
    let part = member(&s, state::LEAVE, "c5", CMI, G1);
    s.csu(N1, &record.next(part))
        .done(&["R2443-5.4-06", "R2443-5.4-07"]);
    s.members("c1", G1.0, &["c5"], &["R2443-5.4-11"]);
    s.finish()
}

fn nothing_left() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-learned-block-without-news",
        "A block of which the client is in every group already is not told to the cluster, neither is its leave.",
    );
    let small = ("e0000110", "e0000111");
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    known(&mut s, "c5", 1, CMI);
    joins(&mut s, "c5", 2, CMI, ("e0000110", "e0000110"));
    joins(&mut s, "c5", 3, CMI, G1);
    let record = Record::new(N1, 4, member(&s, state::JOIN, "c5", CMI, small));
    s.csu(N1, &record)
        .done(&["R2443-5.3-14", "R2443-5.3-15", "R2443-5.3-16"]);
    let part = member(&s, state::LEAVE, "c5", CMI, small);
    s.csu(N1, &record.next(part))
        .done(&["R2443-5.4-06", "R2443-5.4-07"]);
    s.members("c1", G1.0, &["c5"], &["R2443-5.4-11"]);
    s.finish()
}
