//! What a server makes of MCSs of others when they go (RFC 2443, 5.5).

use serde_json::json;

use super::super::mars::builder::{CCVC, SERVER, Script};
use super::super::mars::messages::{Message, op};
use super::learned::{joins, known};
use super::mcs_learned::{CMI, known_mcs, serves, service};
use super::record::{Record, fresh, state};
use super::stage::{N1, pair, registration};
use super::{G1, G2, MCS};
use crate::trace::Trace;

pub(super) fn traces() -> Vec<Trace> {
    vec![
        unserve(),
        deregister(),
        back_to_mesh(),
        not_the_last(),
        idle(),
    ]
}

const LEFT: [&str; 5] = [
    "R2443-2-10",
    "R2443-5.5-06",
    "R2443-5.5-07",
    "R2443-5.5-08",
    "E16",
];

/// The LEAVE of an MCS that is no member any more.
fn leave_of(s: &Script, who: &str, range: (&str, &str), cmi: u64) -> Message {
    s.made_up(op::LEAVE, who, range, cmi)
}

fn unserve() -> Trace {
    let mut s = pair(
        MCS,
        "one-learned-unserve-leaves",
        "When an MCS of another server stops serving a group, the cluster sees a LEAVE of it and goes back to a mesh.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.joins(&[N1], "c1", G1, "g1");
    known_mcs(&mut s, "m5", 1);
    let first = serves(&mut s, "m5", 2, G1);
    serves(&mut s, "m5", 3, G2);
    let leave = leave_of(&s, "m5", G1, CMI);
    let part = service(&s, state::UNSERVE, "m5", G1);
    s.csu(N1, &first.next(part)).on(CCVC, leave).done(&LEFT);
    let ids = ["R2443-5.5-06", "R2443-5.5-09"];
    s.members("c1", G1.0, &["c1"], &ids);
    s.members("c1", G2.0, &["m5"], &["R2443-5.5-06"]);
    s.finish()
}

/// Register E16: one message or several.
fn deregister() -> Trace {
    let mut s = pair(
        MCS,
        "one-learned-mcs-deregister-purges",
        "When an MCS of another server is deregistered, all it served is gone, and the cluster sees LEAVEs of it.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.joins(&[N1], "c1", G1, "g1");
    let mcs = known_mcs(&mut s, "m5", 1);
    serves(&mut s, "m5", 2, G1);
    serves(&mut s, "m5", 3, G2);
    let leave = leave_of(&s, "m5", G1, CMI);
    let part = registration(state::UNSERVE, json!(CMI), s.who("m5"));
    let ids = ["R2443-5.5-05", "R2443-5.5-07", "R2443-5.5-08", "E16"];
    s.csu(N1, &mcs.next(part))
        .on(CCVC, leave.clone().pairs(&[G1, G2]))
        .or(&ids)
        .on(CCVC, leave.clone())
        .on(CCVC, leave.pairs(&[G2]))
        .done(&ids);
    s.members("c1", G1.0, &["c1"], &["R2443-5.5-05", "R2443-5.5-09"]);
    s.nobody("c1", G2.0);
    s.finish()
}

fn back_to_mesh() -> Trace {
    let mut s = pair(
        MCS,
        "one-mesh-after-the-last-mcs",
        "Once the last MCS of a group is gone, joins of it are told to the cluster again, and it may be served anew.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    known_mcs(&mut s, "m5", 1);
    let first = serves(&mut s, "m5", 2, G1);
    // As long as it is served it is no news to the cluster.
    let record = fresh("g1", &s.member(state::JOIN, "c1", G1));
    s.says(op::JOIN, "c1", G1)
        .copy()
        .tells(&[N1], &[record])
        .done(&["R2443-5.3-14", "R2443-5.3-22"]);
    let leave = leave_of(&s, "m5", G1, CMI);
    let gone = first.next(service(&s, state::UNSERVE, "m5", G1));
    s.csu(N1, &gone).on(CCVC, leave).done(&LEFT);
    s.members("c1", G1.0, &["c1"], &["R2443-5.5-09"]);
    known(&mut s, "c5", 3, 513);
    joins(&mut s, "c5", 4, 513, G1);
    s.members("c1", G1.0, &["c1", "c5"], &["R2443-5.5-09"]);
    let again = gone.next(service(&s, state::SERVE, "m5", G1));
    let migrate = s.migrate(G1.0, "m5");
    s.csu(N1, &again)
        .on(CCVC, migrate)
        .done(&["R2443-5.2-11", "R2443-5.2-12", "R2443-5.2-13"]);
    s.members("c1", G1.0, &["m5"], &["R2443-5.2-11"]);
    s.finish()
}

/// Register E16: also when another MCS remains, since one leaf is gone.
fn not_the_last() -> Trace {
    let mut s = pair(
        MCS,
        "one-learned-mcs-of-two-goes",
        "When one of two MCSs of a group goes, the cluster sees a LEAVE of that one, and the other goes on serving.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.joins(&[N1], "c1", G1, "g1");
    known_mcs(&mut s, "m5", 1);
    let first = serves(&mut s, "m5", 2, G1);
    known_mcs(&mut s, "m6", 3);
    let join = s.made_up(op::JOIN, "m6", G1, CMI);
    let migrate = s.migrate(G1.0, "m6");
    let record = Record::new(N1, 4, service(&s, state::SERVE, "m6", G1));
    let both = Message::answer(
        op::MIGRATE,
        s.protocol(),
        s.who(SERVER),
        G1.0,
        &[s.who("m5"), s.who("m6")],
    );
    let ids = ["R2443-5.2-11", "R2443-5.2-12", "E13"];
    s.csu(N1, &record)
        .on(CCVC, join)
        .or(&ids)
        .on(CCVC, migrate)
        .or(&ids)
        .on(CCVC, both)
        .done(&ids);
    let leave = leave_of(&s, "m5", G1, CMI);
    let part = service(&s, state::UNSERVE, "m5", G1);
    s.csu(N1, &first.next(part)).on(CCVC, leave).done(&LEFT);
    s.members("c1", G1.0, &["m6"], &["R2443-5.5-06"]);
    s.finish()
}

/// Register E16: it left nothing.
fn idle() -> Trace {
    let mut s = pair(
        MCS,
        "one-learned-idle-mcs-goes",
        "An MCS of another server that served nothing goes without a word to the cluster, and may come back.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    let mcs = known_mcs(&mut s, "m5", 1);
    let part = registration(state::UNSERVE, json!(CMI), s.who("m5"));
    let gone = mcs.next(part);
    s.csu(N1, &gone).done(&["R2443-5.5-05", "E16"]);
    let part = registration(state::SERVE, json!(CMI + 1), s.who("m5"));
    s.csu(N1, &gone.next(part)).done(&["R2443-5.2-14"]);
    let part = super::record::Part::about(state::SERVE, 0, json!(CMI + 1), s.who("m5"), Some(G1));
    let migrate = s.migrate(G1.0, "m5");
    s.csu(N1, &Record::new(N1, 2, part))
        .on(CCVC, migrate)
        .done(&["R2443-5.2-11", "R2443-5.2-12"]);
    s.members("c1", G1.0, &["m5"], &["R2443-5.2-11"]);
    s.finish()
}
