//! Records on their way through a server, and records that nobody understands (RFC 2443, 3 and 6; RFC 2334, 2.3).

use serde_json::json;

use super::super::mars::builder::{CCVC, Script};
use super::super::mars::messages::op;
use super::learned::{CMI, member};
use super::record::{Part, Record, state};
use super::stage::{FAR, N1, N2, line, pair, registration};
use super::{G1, G2, MEMBERSHIP};
use crate::trace::{Class, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![
        passed_on(),
        from_afar(),
        last_hop(),
        states(),
        versions(),
        unused(),
    ]
}

/// What is passed on keeps its number and originator, and loses a hop.
const RELAYED: [&str; 3] = ["R2334-B.2.0.2-01", "R2334-B.2.0.2-10", "R2334-B.2.0.2-21"];

/// A record of the first neighbour or one behind it is taken and passed on to the second.
fn passes(s: &mut Script, record: &Record, ids: &[&str]) {
    let ids: Vec<&str> = ids.iter().copied().chain(RELAYED).collect();
    s.csu(N1, record).passes_on(&[N2], record).done(&ids);
}

fn passed_on() -> Trace {
    let mut s = line(
        MEMBERSHIP,
        "one-relay-of-every-state",
        "What one neighbour says of its clients and MCSs goes on to the other, one hop less and unchanged else.",
    );
    let ids = ["R2443-1-02", "R2443-2-02", "R2443-2-10", "R2443-6-03"];
    let client = Record::new(N1, 1, registration(state::JOIN, json!(CMI), s.who("c5")));
    passes(&mut s, &client, &ids);
    let mcs = Record::new(N1, 2, registration(state::SERVE, json!(600), s.who("m5")));
    passes(&mut s, &mcs, &ids);
    // Nobody is on the control VCs: what is said there nobody hears (register F16).
    let join = Record::new(N1, 3, member(&s, state::JOIN, "c5", CMI, G1));
    passes(&mut s, &join, &ids);
    let part = Part::about(state::SERVE, 0, json!(600), s.who("m5"), Some(G2));
    let serve = Record::new(N1, 4, part);
    passes(&mut s, &serve, &ids);
    let part = member(&s, state::LEAVE, "c5", CMI, G1);
    passes(&mut s, &join.next(part), &ids);
    let part = Part::about(state::UNSERVE, 0, json!(600), s.who("m5"), Some(G2));
    passes(&mut s, &serve.next(part), &ids);
    let part = registration(state::LEAVE, json!(CMI), s.who("c5"));
    passes(&mut s, &client.next(part), &ids);
    let part = registration(state::UNSERVE, json!(600), s.who("m5"));
    passes(&mut s, &mcs.next(part), &ids);
    s.finish()
}

fn from_afar() -> Trace {
    let mut s = line(
        MEMBERSHIP,
        "one-relay-of-a-server-behind",
        "Records of a server behind a neighbour are used and passed on under its id, its Redirect Entry first of all.",
    );
    s.registers(&[N1, N2], "c1", &["R2443-5.3-01"]);
    passes(&mut s, &FAR.beat(), &["R2443-5.1-09", "R2443-6-03"]);
    let client = Record::new(FAR, 1, registration(state::JOIN, json!(900), s.who("c5")));
    passes(&mut s, &client, &["R2443-6-03"]);
    let record = Record::new(FAR, 2, member(&s, state::JOIN, "c5", 900, G1));
    let join = s.made_up(op::JOIN, "c5", G1, 900);
    s.csu(N1, &record)
        .passes_on(&[N2], &record)
        .on(CCVC, join)
        .done(&["R2443-2-02", "R2443-2-10", "R2443-6-03"]);
    s.members("c1", G1.0, &["c5"], &["R2443-1-01", "R2443-6-03"]);
    s.finish()
}

/// Register C13.
fn last_hop() -> Trace {
    let mut s = line(
        MEMBERSHIP,
        "one-relay-ends-with-the-hop-count",
        "A record with one hop left is used here and not passed on.",
    );
    s.registers(&[N1, N2], "c1", &["R2443-5.3-01"]);
    let part = registration(state::JOIN, json!(CMI), s.who("c5"));
    s.csu(N1, &Record::new(N1, 1, part).hops(1))
        .done(&["R2443-5.3-12", "R2334-B.2.0.2-01", "C13"]);
    let record = Record::new(N1, 2, member(&s, state::JOIN, "c5", CMI, G1)).hops(1);
    let join = s.made_up(op::JOIN, "c5", G1, CMI);
    s.csu(N1, &record)
        .on(CCVC, join)
        .done(&["R2443-2-10", "C13"]);
    s.members("c1", G1.0, &["c5"], &["R2443-1-01"]);
    s.finish()
}

/// A record that must be discarded; whether it is acknowledged nobody says (register C24).
fn discarded(s: &mut Script, record: &Record, ids: &[&str]) {
    s.csu_of(N1, record)
        .acknowledges(N1, record)
        .or(ids)
        .silence(ids);
}

fn states() -> Trace {
    let mut s = line(
        MEMBERSHIP,
        "one-unknown-state-is-discarded",
        "A record whose state is none of the five is not used, not told, and not passed on.",
    )
    .class(Class::Invalid);
    s.registers(&[N1, N2], "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&[N1, N2], "m1");
    let client = Record::new(N1, 1, registration(state::JOIN, json!(CMI), s.who("c5")));
    passes(&mut s, &client, &["R2443-6-03"]);
    for (key, state) in [(2, 0), (3, 6), (4, 255)] {
        let part = member(&s, state, "c5", CMI, G1);
        discarded(&mut s, &Record::new(N1, key, part), &["R2443-3-09", "C24"]);
        s.nobody("c1", G1.0);
    }
    // The next one is used.
    let record = Record::new(N1, 5, member(&s, state::JOIN, "c5", CMI, G1));
    let join = s.made_up(op::JOIN, "c5", G1, CMI);
    s.csu(N1, &record)
        .passes_on(&[N2], &record)
        .on(CCVC, join)
        .done(&["R2443-3-09"]);
    s.finish()
}

fn versions() -> Trace {
    let mut s = line(
        MEMBERSHIP,
        "one-unknown-version-is-not-read",
        "A record of another version or another hardware is not read as one of this format, and the adjacency stays.",
    )
    .class(Class::Invalid);
    s.registers(&[N1, N2], "c1", &["R2443-5.3-01"]);
    let client = Record::new(N1, 1, registration(state::JOIN, json!(CMI), s.who("c5")));
    passes(&mut s, &client, &["R2443-6-03"]);
    for (key, version) in [(2, 1), (3, 2), (4, 0xf0), (5, 0xff)] {
        let part = member(&s, state::JOIN, "c5", CMI, G1).with("version", version);
        discarded(&mut s, &Record::new(N1, key, part), &["R2443-3-07", "C24"]);
        s.nobody("c1", G1.0);
    }
    let record = Record::new(N1, 6, member(&s, state::JOIN, "c5", CMI, G1));
    let join = s.made_up(op::JOIN, "c5", G1, CMI);
    s.csu(N1, &record)
        .passes_on(&[N2], &record)
        .on(CCVC, join)
        .done(&["R2443-3-07"]);
    s.finish()
}

fn unused() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-unused-octet-is-ignored",
        "The unused octet of a record may be anything.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    let part = registration(state::JOIN, json!(CMI), s.who("c5")).with("unused", 0xff);
    s.csu(N1, &Record::new(N1, 1, part)).done(&["R2443-3-05"]);
    let part = member(&s, state::JOIN, "c5", CMI, G1).with("unused", 0xa5);
    let join = s.made_up(op::JOIN, "c5", G1, CMI);
    s.csu(N1, &Record::new(N1, 2, part))
        .on(CCVC, join)
        .done(&["R2443-3-05"]);
    s.members("c1", G1.0, &["c5"], &["R2443-3-05"]);
    s.finish()
}
