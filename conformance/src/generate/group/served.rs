//! Memberships of the group that own MCSs serve: what goes out on the ServerControlVC (RFC 2443, 5.3 and 5.4;
//! RFC 2022, 6.2.4).

use serde_json::json;

use super::super::mars::builder::{CCVC, SCVC, Script};
use super::super::mars::expect::Expect;
use super::super::mars::messages::{Message, Range, flag, op};
use super::learned::{CMI, known, member};
use super::mcs_told::serves;
use super::record::{Record, end, fresh, state};
use super::stage::{N1, pair};
use super::{AROUND_G1, BLOCK, G1, G2, MCS};
use crate::trace::Trace;

pub(super) fn traces() -> Vec<Trace> {
    vec![single(), not_served(), block(), own(), only_where_served()]
}

/// A server with a client, and an MCS that serves the first group.
fn stage(id: &'static str, title: &'static str) -> Script {
    let mut s = pair(MCS, id, title);
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&[N1], "m1");
    serves(&mut s, &[N1], "m1", G1, "m1-g1");
    known(&mut s, "c5", 1, CMI);
    s
}

/// The message about a learned membership for the MCSs: whether holes are marked nobody says (register E18).
fn for_servers<'s>(expect: Expect<'s>, message: &Message, pairs: &[Range<'_>]) -> Expect<'s> {
    let either = json!({"one_of": [flag::COPY, flag::COPY | flag::PUNCHED]});
    expect.on(SCVC, message.clone().pairs(pairs).with("flags", either))
}

/// What an own MCS is told when it asks.
fn host_map(s: &mut Script, members: &[&str], ids: &[&str]) {
    s.asks("m1", G1.0)
        .multi_in(SCVC, G1.0, members, &[members.len()])
        .done(ids);
}

const JOINED: [&str; 5] = [
    "R2443-2-10",
    "R2443-5.3-14",
    "R2443-5.3-15",
    "R2443-5.3-19",
    "E12",
];
const LEFT: [&str; 5] = [
    "R2443-2-10",
    "R2443-5.4-06",
    "R2443-5.4-10",
    "R2443-5.4-11",
    "E12",
];

fn single() -> Trace {
    let mut s = stage(
        "one-learned-join-for-an-own-mcs",
        "A learned join or leave of a group that an own MCS serves goes to the MCSs, and not to the cluster.",
    );
    let record = Record::new(N1, 2, member(&s, state::JOIN, "c5", CMI, G1));
    let join = s.made_up(op::SJOIN, "c5", G1, CMI);
    for_servers(s.csu(N1, &record), &join, &[G1]).done(&JOINED);
    host_map(&mut s, &["c5"], &["R2443-1-01", "R2443-5.3-14"]);
    s.members("c1", G1.0, &["m1"], &["R2443-5.3-14"]);
    let record = record.next(member(&s, state::LEAVE, "c5", CMI, G1));
    let leave = s.made_up(op::SLEAVE, "c5", G1, CMI);
    for_servers(s.csu(N1, &record), &leave, &[G1]).done(&LEFT);
    s.finish()
}

fn not_served() -> Trace {
    let mut s = stage(
        "one-learned-join-for-no-own-mcs",
        "A learned join or leave of a group that no MCS serves goes to the cluster, and own MCSs hear nothing.",
    );
    let record = Record::new(N1, 2, member(&s, state::JOIN, "c5", CMI, G2));
    let join = s.made_up(op::JOIN, "c5", G2, CMI);
    s.csu(N1, &record)
        .on(CCVC, join)
        .done(&["R2443-5.3-16", "R2443-5.3-20", "E18"]);
    let record = record.next(member(&s, state::LEAVE, "c5", CMI, G2));
    let leave = s.made_up(op::LEAVE, "c5", G2, CMI);
    s.csu(N1, &record)
        .on(CCVC, leave)
        .done(&["R2443-5.4-07", "R2443-5.4-10", "E18"]);
    s.finish()
}

fn block() -> Trace {
    let mut s = stage(
        "one-learned-block-for-an-own-mcs",
        "A learned block that holds a served group goes to the MCSs whole, and to the cluster without that group.",
    );
    let record = Record::new(N1, 2, member(&s, state::JOIN, "c5", CMI, BLOCK));
    let sjoin = s.made_up(op::SJOIN, "c5", BLOCK, CMI);
    let join = s
        .made_up(op::JOIN, "c5", BLOCK, CMI)
        .with("flags", 0)
        .punched(op::JOIN, &AROUND_G1);
    for_servers(s.csu(N1, &record), &sjoin, &[BLOCK])
        .on(CCVC, join)
        .done(&JOINED);
    host_map(&mut s, &["c5"], &["R2443-1-01", "R2443-5.3-14"]);
    let record = record.next(member(&s, state::LEAVE, "c5", CMI, BLOCK));
    let sleave = s.made_up(op::SLEAVE, "c5", BLOCK, CMI);
    let leave = s
        .made_up(op::LEAVE, "c5", BLOCK, CMI)
        .with("flags", 0)
        .punched(op::LEAVE, &AROUND_G1);
    for_servers(s.csu(N1, &record), &sleave, &[BLOCK])
        .on(CCVC, leave)
        .done(&LEFT);
    s.finish()
}

/// The group is told of an own client's join whether it is served or not.
fn own() -> Trace {
    let mut s = stage(
        "one-own-join-of-an-own-served-group",
        "A client's join of a group that an own MCS serves goes to the MCSs and to the group, not to the cluster.",
    );
    let record = fresh("g1", &s.member(state::JOIN, "c1", G1));
    s.says(op::JOIN, "c1", G1)
        .punched_on(SCVC, op::SJOIN, &[G1])
        .copy()
        .tells(&[N1], &[record])
        .done(&["R2443-2-09", "R2443-5.3-02", "R2443-5.3-19"]);
    let record = end("g1", &s.member(state::LEAVE, "c1", G1));
    s.says(op::LEAVE, "c1", G1)
        .punched_on(SCVC, op::SLEAVE, &[G1])
        .copy()
        .tells(&[N1], &[record])
        .done(&["R2443-2-09", "R2443-5.4-02", "R2443-5.4-10"]);
    s.finish()
}

/// Only the server whose MCSs serve a group tells them (register E18).
fn only_where_served() -> Trace {
    let mut s = stage(
        "one-join-served-by-another-server",
        "A join of a group that only another server's MCS serves is told to neither the own MCSs nor the cluster.",
    );
    let part = super::record::Part::about(
        state::SERVE,
        super::record::REGISTER,
        json!(600),
        s.who("m5"),
        None,
    );
    s.csu(N1, &Record::new(N1, 10, part))
        .done(&["R2443-5.2-10", "R2443-5.2-14"]);
    let part = super::record::Part::about(state::SERVE, 0, json!(600), s.who("m5"), Some(G2));
    let migrate = s.migrate(G2.0, "m5");
    let serve = s
        .about(op::MSERV, "m5", G2)
        .with("flags", flag::COPY)
        .with("cmi", json!({"one_of": [0, 600]}));
    let ids = ["R2443-5.2-11", "R2443-5.2-12", "E17"];
    s.csu(N1, &Record::new(N1, 11, part))
        .on(SCVC, serve)
        .on(CCVC, migrate.clone())
        .or(&ids)
        .on(CCVC, migrate)
        .done(&ids);
    let ids = ["R2443-5.3-20", "R2443-5.3-22", "E18"];
    let record = fresh("g2", &s.member(state::JOIN, "c1", G2));
    s.says(op::JOIN, "c1", G2)
        .copy()
        .tells(&[N1], &[record])
        .done(&ids);
    let learned = Record::new(N1, 2, member(&s, state::JOIN, "c5", CMI, G2));
    s.csu(N1, &learned).done(&ids);
    let learned = learned.next(member(&s, state::LEAVE, "c5", CMI, G2));
    s.csu(N1, &learned)
        .done(&["R2443-5.4-06", "R2443-5.4-10", "E18"]);
    s.finish()
}
