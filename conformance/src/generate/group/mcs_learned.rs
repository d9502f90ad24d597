//! What a server makes of MCSs of others when they come (RFC 2443, 5.2).

use serde_json::json;

use super::super::mars::builder::{CCVC, SCVC, Script};
use super::super::mars::messages::{flag, op};
use super::learned::{joins, known};
use super::record::{Part, Record, fresh, state};
use super::stage::{N1, pair, registration};
use super::{AROUND_G1, BLOCK, G1, G2, MCS};
use crate::trace::Trace;

pub(super) fn traces() -> Vec<Trace> {
    vec![
        register(),
        migrate(),
        members(),
        own_joins(),
        second(),
        own_mcs(),
        group_list(),
    ]
}

/// CMI of the first MCS of the neighbour.
pub(super) const CMI: u64 = 600;

/// What the neighbour says of a service.
pub(super) fn service(s: &Script, state: u64, who: &str, range: (&str, &str)) -> Part {
    Part::about(state, 0, json!(CMI), s.who(who), Some(range))
}

/// An MCS of the neighbour, known by a record that the server has taken.
pub(super) fn known_mcs(s: &mut Script, who: &str, key: u32) -> Record {
    let part = registration(state::SERVE, json!(CMI), s.who(who));
    let record = Record::new(N1, key, part);
    s.csu(N1, &record)
        .done(&["R2443-2-04", "R2443-5.2-10", "R2443-5.2-14"]);
    record
}

const MIGRATED: [&str; 6] = [
    "R2443-2-10",
    "R2443-5.2-11",
    "R2443-5.2-12",
    "R2443-5.2-13",
    "R2443-5.3-21",
    "E13",
];

/// An MCS of the neighbour is the first to serve a group; nobody is on the ServerControlVC.
pub(super) fn serves(s: &mut Script, who: &str, key: u32, range: (&str, &str)) -> Record {
    let record = Record::new(N1, key, service(s, state::SERVE, who, range));
    let migrate = s.migrate(range.0, who);
    s.csu(N1, &record).on(CCVC, migrate).done(&MIGRATED);
    record
}

fn register() -> Trace {
    let mut s = pair(
        MCS,
        "one-learned-mcs-is-no-leaf",
        "An MCS that another server registered is no leaf here, and neither clients nor MCSs are told of it.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&[N1], "m1");
    s.joins(&[N1], "c1", G1, "g1");
    known_mcs(&mut s, "m5", 1);
    // The next messages have the next numbers.
    s.joins(&[N1], "c1", G2, "g2");
    let record = fresh(
        "m1-g",
        &s.service(state::SERVE, "m1", ("e0000133", "e0000133")),
    );
    s.says(op::MSERV, "m1", ("e0000133", "e0000133"))
        .copy_on(SCVC)
        .tells(&[N1], &[record])
        .or_migrates("m1", "e0000133", &["R2443-5.2-14"])
        .done(&["R2443-5.2-14"]);
    s.members("c1", G1.0, &["c1"], &["R2443-5.2-14"]);
    s.finish()
}

fn migrate() -> Trace {
    let mut s = pair(
        MCS,
        "one-learned-serve-migrates",
        "When an MCS of another server serves a group with members here, the cluster is moved to it by a MIGRATE of this server.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.registers(&[N1], "c2", &["R2443-5.3-01"]);
    s.joins(&[N1], "c1", G1, "g1");
    s.joins(&[N1], "c2", G2, "g2");
    known_mcs(&mut s, "m5", 1);
    serves(&mut s, "m5", 2, G1);
    for who in ["c1", "c2"] {
        s.members(who, G1.0, &["m5"], &["R2443-1-01", "R2443-5.2-11"]);
    }
    s.members("c2", G2.0, &["c2"], &["R2443-5.2-11"]);
    // The ClusterControlVC goes on behind it in number.
    let record = super::record::end("g2", &s.member(state::LEAVE, "c2", G2));
    s.says(op::LEAVE, "c2", G2)
        .copy_on(CCVC)
        .tells(&[N1], &[record])
        .done(&["R2443-5.2-13"]);
    s.finish()
}

/// Register E14: whether the members are here, elsewhere or nowhere.
fn members() -> Trace {
    let mut s = pair(
        MCS,
        "one-learned-serve-without-own-members",
        "A group that an MCS of another server serves is moved though its members are elsewhere, or nowhere.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    known(&mut s, "c5", 1, 513);
    joins(&mut s, "c5", 2, 513, G1);
    known_mcs(&mut s, "m5", 3);
    serves(&mut s, "m5", 4, G1);
    s.members("c1", G1.0, &["m5"], &["R2443-1-01", "R2443-5.2-11"]);
    let record = Record::new(N1, 5, service(&s, state::SERVE, "m5", G2));
    let migrate = s.migrate(G2.0, "m5");
    s.csu(N1, &record).on(CCVC, migrate).done(&[
        "R2443-5.2-11",
        "R2443-5.2-12",
        "R2443-5.2-13",
        "E14",
    ]);
    s.members("c1", G2.0, &["m5"], &["R2443-5.2-11", "F24"]);
    s.finish()
}

fn own_joins() -> Trace {
    let mut s = pair(
        MCS,
        "one-join-of-a-group-served-elsewhere",
        "A client that joins a group with an MCS anywhere is told to the group, and to its own cluster only for the rest of a block.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    known_mcs(&mut s, "m5", 1);
    serves(&mut s, "m5", 2, G1);
    let ids = ["R2443-5.3-14", "R2443-5.3-15", "R2443-5.3-22"];
    let record = fresh("g1", &s.member(state::JOIN, "c1", G1));
    s.says(op::JOIN, "c1", G1)
        .copy()
        .tells(&[N1], &[record])
        .done(&ids);
    let record = super::record::end("g1", &s.member(state::LEAVE, "c1", G1));
    s.says(op::LEAVE, "c1", G1)
        .copy()
        .tells(&[N1], &[record])
        .done(&["R2443-5.4-02", "R2443-5.4-06", "R2443-5.3-22"]);
    let record = fresh("block", &s.member(state::JOIN, "c1", BLOCK));
    s.says(op::JOIN, "c1", BLOCK)
        .copy()
        .punched_on(CCVC, op::JOIN, &AROUND_G1)
        .tells(&[N1], &[record])
        .done(&["R2443-5.3-09", "R2443-5.3-15", "R2443-5.3-22", "E07"]);
    let record = super::record::end("block", &s.member(state::LEAVE, "c1", BLOCK));
    s.says(op::LEAVE, "c1", BLOCK)
        .copy()
        .punched_on(CCVC, op::LEAVE, &AROUND_G1)
        .tells(&[N1], &[record])
        .done(&["R2443-5.4-02", "R2443-5.4-06", "R2443-5.3-22"]);
    s.members("c1", G1.0, &["m5"], &["R2443-5.2-11"]);
    s.finish()
}

/// Register E13: by the letter of RFC 2443 another MIGRATE, by RFC 2022 a JOIN.
fn second() -> Trace {
    let mut s = pair(
        MCS,
        "one-learned-second-mcs",
        "A further MCS of a group looks to the cluster like one more member, or moves it once more.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.joins(&[N1], "c1", G1, "g1");
    known_mcs(&mut s, "m5", 1);
    serves(&mut s, "m5", 2, G1);
    let part = registration(state::SERVE, json!(CMI + 1), s.who("m6"));
    s.csu(N1, &Record::new(N1, 3, part))
        .done(&["R2443-5.2-10", "R2443-5.2-14"]);
    let part = Part::about(state::SERVE, 0, json!(CMI + 1), s.who("m6"), Some(G1));
    let record = Record::new(N1, 4, part);
    let join = s.made_up(op::JOIN, "m6", G1, CMI + 1);
    let again = s.migrate(G1.0, "m6");
    let both = super::super::mars::messages::Message::answer(
        op::MIGRATE,
        s.protocol(),
        s.who(super::super::mars::builder::SERVER),
        G1.0,
        &[s.who("m5"), s.who("m6")],
    );
    let ids = ["R2443-5.2-11", "R2443-5.2-12", "E13"];
    s.csu(N1, &record)
        .on(CCVC, join)
        .or(&ids)
        .on(CCVC, again)
        .or(&ids)
        .on(CCVC, both)
        .done(&ids);
    s.members("c1", G1.0, &["m5", "m6"], &["R2443-5.2-11"]);
    s.finish()
}

/// Register E17: own MCSs may be told of another server's MCS.
fn own_mcs() -> Trace {
    let mut s = pair(
        MCS,
        "one-learned-serve-with-an-own-mcs",
        "An own MCS may be told that another server's MCS serves a group; it does not become the server of it.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&[N1], "m1");
    known_mcs(&mut s, "m5", 1);
    let record = Record::new(N1, 2, service(&s, state::SERVE, "m5", G1));
    let migrate = s.migrate(G1.0, "m5");
    let serve = s
        .about(op::MSERV, "m5", G1)
        .with("flags", flag::COPY)
        .with("cmi", json!({"one_of": [0, CMI]}));
    let ids = ["R2443-2-10", "R2443-5.2-11", "R2443-5.2-12", "E17"];
    s.csu(N1, &record)
        .on(SCVC, serve)
        .on(CCVC, migrate.clone())
        .or(&ids)
        .on(CCVC, migrate)
        .done(&ids);
    s.members("c1", G1.0, &["m5"], &["R2443-5.2-11"]);
    s.finish()
}

/// Register E25.
fn group_list() -> Trace {
    let mut s = pair(
        MCS,
        "one-learned-serve-of-two-groups",
        "Each group that an MCS of another server serves is a group of its own: asked for one, the other plays no part.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.joins(&[N1], "c1", G1, "g1");
    known_mcs(&mut s, "m5", 1);
    let part = registration(state::SERVE, json!(CMI + 1), s.who("m6"));
    s.csu(N1, &Record::new(N1, 2, part)).done(&["R2443-5.2-14"]);
    serves(&mut s, "m5", 3, G1);
    let part = Part::about(state::SERVE, 0, json!(CMI + 1), s.who("m6"), Some(G2));
    let migrate = s.migrate(G2.0, "m6");
    s.csu(N1, &Record::new(N1, 4, part))
        .on(CCVC, migrate)
        .done(&MIGRATED);
    s.members("c1", G1.0, &["m5"], &["R2443-5.2-11", "E25"]);
    s.members("c1", G2.0, &["m6"], &["R2443-5.2-11", "E25"]);
    s.finish()
}
