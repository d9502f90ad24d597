//! Neighbours that authenticate, and others that pretend to be one (RFC 2443, 6; RFC 2334, B.3). The MACs of what the
//! server sends are judged in every trace whose server has keys.

use serde_json::{Value, json};

use super::super::mars::builder::{CCVC, Script};
use super::super::mars::messages::op;
use super::learned::{CMI, member};
use super::record::{Record, state};
use super::stage::{FAR, N1, N2, Neighbor, Seal, registration, server};
use super::{AUTHENTICATION, G1, G2};
use crate::trace::{Class, Expected, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![
        trusted(),
        two_keys(),
        half(),
        extensions(),
        again(),
        bogus(
            "one-wrong-mac-is-thrown-away",
            "A record under a wrong MAC is thrown away: not acknowledged, not used, not told.",
            Seal::Wrong,
        ),
        bogus(
            "one-missing-mac-is-thrown-away",
            "A record without authentication from a neighbour that has a key is thrown away.",
            Seal::None,
        ),
        bogus(
            "one-unknown-spi-is-thrown-away",
            "A record under a security parameter index that nobody allocated is thrown away.",
            Seal::Stranger,
        ),
        bogus(
            "one-borrowed-key-is-thrown-away",
            "A record under the key that another neighbour has for the same index is thrown away.",
            Seal::Borrowed,
        ),
        bogus(
            "one-changed-record-is-thrown-away",
            "A record that was changed after its MAC was made is thrown away.",
            Seal::Changed,
        ),
        bogus(
            "one-short-mac-is-thrown-away",
            "A record under half of its MAC is thrown away.",
            Seal::Short,
        ),
        bogus(
            "one-zero-mac-is-thrown-away",
            "A record whose MAC was left zero is thrown away.",
            Seal::Zero,
        ),
        strangers(),
    ]
}

/// What a server that authenticates is held to by every packet that it sends, and by every one that it takes.
const SEALED: [&str; 12] = [
    "R2334-B.1-07",
    "R2334-B.3-01",
    "R2334-B.3-02",
    "R2334-B.3-04",
    "R2334-B.3.1-01",
    "R2334-B.3.1-02",
    "R2334-B.3.1.1-01",
    "R2334-B.3.1.1-02",
    "R2334-B.3.1.1-03",
    "R2334-B.3.1.2-01",
    "R2334-B.3.1.4-01",
    "R2443-6-03",
];

/// What it is held to by one that it must not take.
const THROWN: [&str; 6] = [
    "R2334-B.3.1-03",
    "R2334-B.3.1.4-03",
    "R2334-B.3.1.4-04",
    "R2334-B.3.1.5-03",
    "R2443-6-02",
    "D07",
];

/// A server whose neighbours are these, and those of `keys` authenticate.
fn keyed(
    id: &'static str,
    title: &'static str,
    class: Class,
    neighbors: &[Neighbor],
    keys: &[Neighbor],
) -> Script {
    let keys: Vec<Value> = keys.iter().map(|one| one.entry()).collect();
    server(AUTHENTICATION, id, title, neighbors)
        .class(class)
        .config("auth", keys)
}

/// A server with one client, whose neighbour authenticates, is Aligned and has a client.
fn stage(id: &'static str, title: &'static str, class: Class) -> Script {
    let mut s = keyed(id, title, class, &[N1, N2], &[N1, N2]);
    s.align_as(N1, Seal::Right);
    s.csu_as(N1, &N1.beat(), Seal::Right)
        .acknowledges(N1, &N1.beat())
        .done(&SEALED);
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    let part = registration(state::JOIN, json!(CMI), s.who("c5"));
    let client = Record::new(N1, 1, part);
    s.csu_as(N1, &client, Seal::Right)
        .acknowledges(N1, &client)
        .done(&SEALED);
    s
}

/// The neighbour's client joins a group.
fn join(s: &mut Script, key: u32, range: (&str, &str), seal: Seal, ids: &[&str]) {
    let record = Record::new(N1, key, member(s, state::JOIN, "c5", CMI, range));
    let join = s.made_up(op::JOIN, "c5", range, CMI);
    s.csu_as(N1, &record, seal)
        .acknowledges(N1, &record)
        .on(CCVC, join)
        .done(ids);
    s.members("c1", range.0, &["c5"], &["R2443-6-03"]);
}

fn trusted() -> Trace {
    let mut s = stage(
        "one-authenticated-neighbour-is-trusted",
        "What a neighbour says under a right MAC is acknowledged, used and told.",
        Class::Valid,
    );
    let ids = ["R2334-B.3.1.4-01", "R2443-6-03", "D08"];
    join(&mut s, 2, G1, Seal::Right, &ids);
    join(&mut s, 3, G2, Seal::Right, &ids);
    s.finish()
}

/// A record of `from` is acknowledged under its key and passed on to `to` under that one's.
fn passes(s: &mut Script, from: Neighbor, to: Neighbor, record: &Record, ids: &[&str]) {
    s.csu_as(from, record, Seal::Right)
        .acknowledges(from, record)
        .passes_on(&[to], record)
        .done(ids);
}

fn two_keys() -> Trace {
    let mut s = keyed(
        "one-key-for-each-neighbour",
        "Two neighbours have two keys under one index; what one says leaves for the other under that one's key.",
        Class::Valid,
        &[N1, N2],
        &[N1, N2],
    );
    s.align_as(N1, Seal::Right);
    s.align_as(N2, Seal::Right);
    let ids = [
        "R2334-B.3.1-02",
        "R2334-B.3.1.1-02",
        "R2334-B.3.1.3-02",
        "R2334-B.3.1.4-01",
        "R2443-6-03",
    ];
    passes(&mut s, N1, N2, &N1.beat(), &ids);
    passes(&mut s, N2, N1, &N2.beat(), &ids);
    // A server behind the neighbour is believed as the neighbour is.
    let ids = ["R2334-B.3.1-02", "R2334-B.3.1.5-04", "R2443-6-03"];
    passes(&mut s, N1, N2, &FAR.beat(), &ids);
    let part = registration(state::JOIN, json!(900), s.who("c5"));
    passes(&mut s, N2, N1, &Record::new(FAR, 1, part), &ids);
    let part = member(&s, state::JOIN, "c5", 900, G1);
    passes(&mut s, N1, N2, &Record::new(FAR, 2, part), &ids);
    s.finish()
}

fn half() -> Trace {
    let mut s = keyed(
        "one-neighbour-without-a-key",
        "A neighbour that shares no key is spoken to without authentication, the other one with it; what the first seals is thrown away.",
        Class::Valid,
        &[N1, N2],
        &[N1],
    );
    s.align_as(N1, Seal::Right);
    s.align_as(N2, Seal::None);
    let ids = ["R2334-B.3.1-02", "R2334-B.3.1.3-02", "R2443-6-03"];
    passes(&mut s, N1, N2, &N1.beat(), &ids);
    s.csu(N2, &N2.beat())
        .passes_on(&[N1], &N2.beat())
        .done(&ids);
    let part = registration(state::JOIN, json!(900), s.who("c5"));
    thrown(&mut s, N2, &Record::new(N2, 1, part), Seal::Right);
    s.finish()
}

fn extensions() -> Trace {
    let mut s = stage(
        "one-vendor-private-extensions",
        "Extensions of vendors before and behind the MAC change nothing, and are part of what it is over.",
        Class::Valid,
    );
    let ids = [
        "R2334-B.3-03",
        "R2334-B.3.2-01",
        "R2334-B.3.2-03",
        "R2334-B.3.1.4-03",
        "D11",
    ];
    join(&mut s, 2, G1, Seal::Among, &ids);
    join(&mut s, 3, G2, Seal::Right, &ids);
    s.finish()
}

/// Register D10: nothing tells a replay from a retransmission; it must not change anything.
fn again() -> Trace {
    let mut s = stage(
        "one-replay-changes-nothing",
        "A packet that is sent once more by whoever saw it is acknowledged or not, and what was newer stays.",
        Class::Invalid,
    );
    let first = Record::new(N1, 2, member(&s, state::JOIN, "c5", CMI, G1));
    join(&mut s, 2, G1, Seal::Right, &["R2443-6-03"]);
    let gone = first.next(member(&s, state::LEAVE, "c5", CMI, G1));
    let leave = s.made_up(op::LEAVE, "c5", G1, CMI);
    s.csu_as(N1, &gone, Seal::Right)
        .acknowledges(N1, &gone)
        .on(CCVC, leave)
        .done(&["R2443-6-03"]);
    s.nobody("c1", G1.0);
    let ids = ["R2334-B.3.1.5-03", "D10"];
    // An older instance is answered with the newer one (R2334-2.3-22).
    s.csu_as(N1, &first, Seal::Right)
        .acknowledges(N1, &gone)
        .or(&ids)
        .silence(&ids);
    s.nobody("c1", G1.0);
    s.csu_as(N1, &gone, Seal::Right)
        .acknowledges(N1, &gone)
        .or(&ids)
        .silence(&ids);
    s.nobody("c1", G1.0);
    s.finish()
}

/// A record is thrown away. Register D07: the server may give up the neighbour, and says so in a Hello at most.
fn thrown(s: &mut Script, from: Neighbor, record: &Record, seal: Seal) {
    let hello = Expected::Frame {
        vc: from.name.to_owned(),
        matches: json!({"protocol": "scsp", "message": {"type_code": 5, "receiver_id": ""}}),
    };
    s.csu_as(from, record, seal)
        .or(&THROWN)
        .sees(hello)
        .done(&THROWN);
}

fn bogus(id: &'static str, title: &'static str, seal: Seal) -> Trace {
    let mut s = stage(id, title, Class::Invalid);
    let record = Record::new(N1, 3, member(&s, state::JOIN, "c5", CMI, G2));
    thrown(&mut s, N1, &record, seal);
    s.nobody("c1", G2.0);
    s.finish()
}

/// Nobody becomes a neighbour without the key: no Hello is heard.
fn strangers() -> Trace {
    let mut s = keyed(
        "one-hello-without-the-key",
        "A Hello that is not under the neighbour's key begins nothing; the neighbour's own does.",
        Class::Invalid,
        &[N1, N2],
        &[N1, N2],
    );
    s.appears(N1);
    let hello = Expected::Frame {
        vc: N1.name.to_owned(),
        matches: json!({"protocol": "scsp", "message": {"type_code": 5, "receiver_id": ""}}),
    };
    for seal in [
        Seal::None,
        Seal::Wrong,
        Seal::Borrowed,
        Seal::Stranger,
        Seal::Zero,
    ] {
        s.scsp_as(N1, super::stage::hello(), seal)
            .or(&THROWN)
            .sees(hello.clone())
            .done(&THROWN);
    }
    s.greets(N1, Seal::Right);
    s.finish()
}
