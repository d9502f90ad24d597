//! What a server makes of the clients of others (RFC 2443, 5.3 and 5.4), on the side of its own cluster.

use serde_json::json;

use super::super::mars::builder::{CCVC, Script};
use super::super::mars::messages::op;
use super::record::{Part, Record, state};
use super::stage::{N1, pair, registration};
use super::{G1, G2, MEMBERSHIP};
use crate::trace::{Class, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![
        register(),
        join(),
        leave(),
        deregister(),
        deregister_of_one(),
        elsewhere(),
        sequence(),
        layer3(),
        late(),
    ]
}

/// CMI of the first client of the neighbour.
pub(super) const CMI: u64 = 513;

/// A client of the neighbour, known by a record that the server has taken.
pub(super) fn known(s: &mut Script, who: &str, key: u32, cmi: u64) -> Record {
    let part = registration(state::JOIN, json!(cmi), s.who(who));
    let record = Record::new(N1, key, part);
    s.csu(N1, &record)
        .done(&["R2443-2-04", "R2443-5.3-10", "R2443-5.3-12", "R2443-5.3-13"]);
    record
}

/// What the neighbour says of a membership.
pub(super) fn member(s: &Script, state: u64, who: &str, cmi: u64, range: (&str, &str)) -> Part {
    Part::about(state, 0, json!(cmi), s.who(who), Some(range))
}

/// A client of the neighbour joins a range that is news to the cluster.
pub(super) fn joins(s: &mut Script, who: &str, key: u32, cmi: u64, range: (&str, &str)) -> Record {
    let record = Record::new(N1, key, member(s, state::JOIN, who, cmi, range));
    let join = s.made_up(op::JOIN, who, range, cmi);
    s.csu(N1, &record).on(CCVC, join).done(&[
        "R2443-1-02",
        "R2443-2-10",
        "R2443-5.3-16",
        "R2443-5.3-21",
        "E12",
    ]);
    record
}

fn register() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-learned-register-is-no-leaf",
        "A client that another server registered is no leaf here, and the cluster is not told of it.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.joins(&[N1], "c1", G1, "g1");
    known(&mut s, "c5", 1, CMI);
    known(&mut s, "c6", 2, CMI + 1);
    // The next message on the ClusterControlVC has the next number.
    s.joins(&[N1], "c1", G2, "g2");
    s.members("c1", G1.0, &["c1"], &["R2443-5.3-12"]);
    s.finish()
}

fn join() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-learned-join-is-told",
        "A membership learned from the group is told to the cluster as a join of its client, and every question finds it.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    known(&mut s, "c5", 1, CMI);
    joins(&mut s, "c5", 2, CMI, G1);
    s.members(
        "c1",
        G1.0,
        &["c5"],
        &["R2443-1-01", "R2443-1-02", "R2443-2-10"],
    );
    s.joins(&[N1], "c1", G1, "g1");
    s.members("c1", G1.0, &["c1", "c5"], &["R2443-1-01"]);
    known(&mut s, "c6", 3, CMI + 1);
    joins(&mut s, "c6", 4, CMI + 1, G2);
    joins(&mut s, "c6", 5, CMI + 1, G1);
    s.members("c1", G1.0, &["c1", "c5", "c6"], &["R2443-1-01"]);
    s.members("c1", G2.0, &["c6"], &["R2443-1-01"]);
    s.finish()
}

fn leave() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-learned-leave-is-told",
        "A leave learned from the group is told to the cluster, and the client is in that range no more, and in others still.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    known(&mut s, "c5", 1, CMI);
    let first = joins(&mut s, "c5", 2, CMI, G1);
    joins(&mut s, "c5", 3, CMI, G2);
    let part = member(&s, state::LEAVE, "c5", CMI, G1);
    let leave = s.made_up(op::LEAVE, "c5", G1, CMI);
    s.csu(N1, &first.next(part)).on(CCVC, leave).done(&[
        "R2443-2-10",
        "R2443-5.4-07",
        "R2443-5.4-11",
        "E12",
    ]);
    s.nobody("c1", G1.0);
    s.members("c1", G2.0, &["c5"], &["R2443-5.4-11"]);
    s.finish()
}

/// Register E19: the cluster need not be told.
fn deregister() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-learned-deregister-purges",
        "A client of another server that is deregistered is in no group any more; other clients are.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    let client = known(&mut s, "c5", 1, CMI);
    known(&mut s, "c6", 2, CMI + 1);
    joins(&mut s, "c5", 3, CMI, G1);
    joins(&mut s, "c5", 4, CMI, G2);
    joins(&mut s, "c6", 5, CMI + 1, G2);
    let part = registration(state::LEAVE, json!(CMI), s.who("c5"));
    s.csu(N1, &client.next(part))
        .done(&["R2443-2-23", "R2443-5.4-05", "E19"]);
    s.nobody("c1", G1.0);
    s.members("c1", G2.0, &["c6"], &["R2443-2-23", "R2443-5.4-05"]);
    s.finish()
}

/// Register E22: who is deregistered is told by its addresses.
fn deregister_of_one() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-learned-deregister-spares-own",
        "A deregistration by another server takes its own client and none of this server.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.joins(&[N1], "c1", G1, "g1");
    let client = known(&mut s, "c5", 1, CMI);
    let part = registration(state::LEAVE, json!(CMI), s.who("c5"));
    s.csu(N1, &client.next(part)).done(&["R2443-5.4-05"]);
    s.members("c1", G1.0, &["c1"], &["R2443-5.4-05"]);
    // It may come back under another CMI.
    let part = registration(state::JOIN, json!(CMI + 7), s.who("c5"));
    let back = client
        .next(registration(state::LEAVE, json!(CMI), s.who("c5")))
        .next(part);
    s.csu(N1, &back).done(&["R2443-5.3-12", "C03"]);
    joins(&mut s, "c5", 9, CMI + 7, G1);
    s.members("c1", G1.0, &["c1", "c5"], &["R2443-1-01"]);
    s.finish()
}

/// Register A09.
fn elsewhere() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-client-of-another-server",
        "A client that is registered with another server is a stranger here: no answer, no membership, no word to the group.",
    )
    .class(Class::Inopportune);
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    known(&mut s, "c5", 1, CMI);
    joins(&mut s, "c5", 2, CMI, G1);
    s.up("c5");
    s.says(op::JOIN, "c5", G2).silence(&["R2443-1-04", "A09"]);
    s.says(op::LEAVE, "c5", G1).silence(&["R2443-1-04", "A09"]);
    s.asks("c5", G1.0).silence(&["R2443-1-04", "A09"]);
    s.nobody("c1", G2.0);
    s.members("c1", G1.0, &["c5"], &["R2443-1-01"]);
    s.finish()
}

/// Register E11.
fn sequence() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-sequence-bits-mean-nothing",
        "Two records that differ in their sequence bits alone do the same, and the bits do not reach the cluster.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    let part = registration(state::JOIN, json!(CMI), s.who("c5"))
        .with("flags", super::record::REGISTER | 0x77);
    s.csu(N1, &Record::new(N1, 1, part)).done(&["R2443-3-12"]);
    for (key, range, bits) in [(2, G1, 0), (3, G2, 0xa5)] {
        let part = member(&s, state::JOIN, "c5", CMI, range);
        let join = s.made_up(op::JOIN, "c5", range, CMI);
        s.csu(N1, &Record::new(N1, key, part.with("flags", bits)))
            .on(CCVC, join)
            .done(&["R2443-3-12", "E11"]);
        s.members("c1", range.0, &["c5"], &["R2443-3-12"]);
    }
    s.finish()
}

fn layer3() -> Trace {
    use super::super::mars::messages::{LAYER3GRP, flag};
    let mut s = pair(
        MEMBERSHIP,
        "one-learned-join-for-layer-3",
        "The layer 3 flag of a record is that of the join made of it, and its client is in the list of groups' members.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    known(&mut s, "c5", 1, CMI);
    let part = member(&s, state::JOIN, "c5", CMI, G1).with("flags", LAYER3GRP);
    let join = s
        .made_up(op::JOIN, "c5", G1, CMI)
        .with("flags", flag::COPY | LAYER3GRP);
    s.csu(N1, &Record::new(N1, 2, part)).on(CCVC, join).done(&[
        "R2443-3-10",
        "R2443-5.3-16",
        "E12",
    ]);
    s.members("c1", G1.0, &["c5"], &["R2443-1-01"]);
    s.finish()
}

/// Register E20: cached, and used when the registration is there.
fn late() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-join-before-its-registration",
        "A membership may come before the registration it belongs to: no later than with that its client is a member.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    let join = s.made_up(op::JOIN, "c5", G1, CMI);
    let part = member(&s, state::JOIN, "c5", CMI, G1);
    let record = Record::new(N1, 2, part);
    let part = registration(state::JOIN, json!(CMI), s.who("c5"));
    s.csu(N1, &record)
        .or(&["R2443-1-02", "E20"])
        .on(CCVC, join.clone())
        .done(&["R2443-1-02", "E20"]);
    s.csu(N1, &Record::new(N1, 1, part))
        .on(CCVC, join)
        .or(&["R2443-2-10", "E20"])
        .done(&["R2443-2-10", "E20"]);
    s.members("c1", G1.0, &["c5"], &["R2443-1-01"]);
    s.finish()
}
