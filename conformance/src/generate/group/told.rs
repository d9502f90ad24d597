//! What the group is told of a server's own clients (RFC 2443, 5.3 and 5.4).

use serde_json::json;

use super::super::mars::builder::{CCVC, SCVC};
use super::super::mars::messages::{Endpoint, LAYER3GRP, flag, op};
use super::record::{end, fresh, newer, state};
use super::stage::{N1, N2, line, pair, registration};
use super::{AROUND_G1, BLOCK, G1, G2, MEMBERSHIP};
use crate::trace::{Class, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![
        register(),
        join(),
        duplicate(),
        no_range(),
        leave(),
        no_leave(),
        deregister(),
        block(),
        addresses(),
        sequence(),
        stranger(),
        again(),
    ]
}

/// What the record of a registration shows.
const REGISTERED: [&str; 21] = [
    "R2443-1-06",
    "R2443-1-07",
    "R2443-2-04",
    "R2443-2-08",
    "R2443-3-01",
    "R2443-3-02",
    "R2443-3-03",
    "R2443-3-04",
    "R2443-3-05",
    "R2443-3-06",
    "R2443-3-08",
    "R2443-3-10",
    "R2443-3-11",
    "R2443-3-13",
    "R2443-3-17",
    "R2443-5.3-01",
    "R2443-5.3-03",
    "R2443-5.3-05",
    "R2443-5.3-06",
    "R2443-5.3-08",
    "R2443-5.3-13",
];

fn register() -> Trace {
    let mut s = line(
        MEMBERSHIP,
        "one-register-is-told",
        "A client that registers becomes a leaf and gets a CMI; each neighbour gets one record of it, the cluster nothing.",
    );
    for who in ["c1", "c2"] {
        s.registers(&[N1, N2], who, &REGISTERED);
    }
    s.finish()
}

fn join() -> Trace {
    let mut s = line(
        MEMBERSHIP,
        "one-join-is-told",
        "A join goes to the own cluster and as one record with its range to each neighbour, layer 3 flag and CMI included.",
    );
    s.registers(&[N1, N2], "c1", &["R2443-5.3-01"]);
    s.registers(&[N1, N2], "c2", &["R2443-5.3-01"]);
    for (who, range, flags) in [("c1", G1, 0), ("c2", G1, LAYER3GRP), ("c1", G2, LAYER3GRP)] {
        let message = s.about(op::JOIN, who, range).with("flags", flags);
        let part = s.member(state::JOIN, who, range).with("flags", flags);
        let record = fresh(&format!("{who}-{}", range.0), &part);
        s.send(who, message)
            .copy_on(CCVC)
            .tells(&[N1, N2], &[record])
            .done(&[
                "R2443-2-09",
                "R2443-3-10",
                "R2443-3-14",
                "R2443-3-16",
                "R2443-3-22",
                "R2443-3-23",
                "R2443-5.3-02",
                "R2443-5.3-04",
                "R2443-5.3-05",
                "R2443-5.3-07",
                "R2443-5.3-08",
                "R2443-5.3-09",
                "R2443-5.3-11",
            ]);
    }
    s.members("c2", G1.0, &["c1", "c2"], &["R2443-1-01"]);
    s.finish()
}

fn duplicate() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-repeated-join-is-not-told",
        "A join of a range that the client is in already comes back to it alone; the group hears nothing.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.joins(&[N1], "c1", G1, "g1");
    s.says(op::JOIN, "c1", G1).copy().done(&["R2443-5.3-17"]);
    s.joins(&[N1], "c1", G2, "g2");
    for range in [G2, G1] {
        s.says(op::JOIN, "c1", range).copy().done(&["R2443-5.3-17"]);
    }
    s.finish()
}

/// Register F13: whether it comes back is RFC 2022's business.
fn no_range() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-join-without-a-range",
        "A join or a leave that names no range is no news to the group.",
    )
    .class(Class::Inopportune);
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.joins(&[N1], "c1", G1, "g1");
    for (op_type, id) in [(op::JOIN, "R2443-5.3-18"), (op::LEAVE, "R2443-5.4-09")] {
        let message = s.about(op_type, "c1", G1).pairs(&[]).with("tpln", 4);
        s.send("c1", message)
            .copy()
            .or(&[id, "F13"])
            .copy_on(CCVC)
            .or(&[id, "F13"])
            .silence(&[id, "F13"]);
    }
    s.members("c1", G1.0, &["c1"], &["R2443-5.4-09"]);
    s.finish()
}

fn leave() -> Trace {
    let mut s = line(
        MEMBERSHIP,
        "one-leave-is-told",
        "A leave of a joined range goes to the own cluster and as a record of state 4 to each neighbour.",
    );
    s.registers(&[N1, N2], "c1", &["R2443-5.3-01"]);
    s.joins(&[N1, N2], "c1", G1, "g1");
    s.joins(&[N1, N2], "c1", G2, "g2");
    let record = end("g1", &s.member(state::LEAVE, "c1", G1));
    s.says(op::LEAVE, "c1", G1)
        .copy_on(CCVC)
        .tells(&[N1, N2], &[record])
        .done(&[
            "R2443-2-09",
            "R2443-3-08",
            "R2443-5.4-02",
            "R2443-5.4-04",
            "R2443-5.4-07",
            "C02",
        ]);
    s.nobody("c1", G1.0);
    s.members("c1", G2.0, &["c1"], &["R2443-5.4-02"]);
    s.finish()
}

fn no_leave() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-leave-without-a-join",
        "A leave of what the client did not join comes back to it; the group does not hear of it.",
    )
    .class(Class::Inopportune);
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.registers(&[N1], "c2", &["R2443-5.3-01"]);
    s.joins(&[N1], "c1", G1, "g1");
    s.says(op::LEAVE, "c1", G2)
        .copy_or_told(&["R2443-5.4-08", "E08", "F19"])
        .done(&["R2443-5.4-08", "E08", "F19"]);
    // The cluster may be told of the rest of the block, the group may not.
    let rest = [("e0000100", "e0000110"), ("e0000112", "e00001ff")];
    s.says(op::LEAVE, "c1", BLOCK)
        .copy()
        .or(&["R2443-5.4-08", "F14", "F19"])
        .copy()
        .punched_on(CCVC, op::LEAVE, &rest)
        .done(&["R2443-5.4-08", "F14", "F19"]);
    // What another client joined is not this one's.
    s.says(op::LEAVE, "c2", G1)
        .copy_or_told(&["R2443-5.4-08", "E08"])
        .done(&["R2443-5.4-08", "E08"]);
    s.members("c2", G1.0, &["c1"], &["R2443-5.4-08"]);
    s.finish()
}

fn deregister() -> Trace {
    let mut s = line(
        MEMBERSHIP,
        "one-deregister-is-told",
        "A client that deregisters loses its leaf, and each neighbour gets a record of state 4 about its registration.",
    );
    s.registers(&[N1, N2], "c1", &["R2443-5.3-01"]);
    s.registers(&[N1, N2], "c2", &["R2443-5.3-01"]);
    let message = s.registration(op::LEAVE, "c1");
    let part = registration(state::LEAVE, s.cmi("c1"), s.who("c1"));
    s.send("c1", message)
        .copy_with(json!({"any": true}))
        .leaf(false, CCVC, "c1")
        .tells(&[N1, N2], &[end("c1", &part)])
        .done(&["R2443-5.4-01", "R2443-5.4-04", "R2443-5.3-06", "C02"]);
    s.free_cmi("c1");
    s.says(op::JOIN, "c1", G1).silence(&["R2443-1-04"]);
    s.finish()
}

/// Register E07.
fn block() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-block-is-told-whole",
        "The group is told the block that a client joined, its own cluster the block without what the client was in.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.joins(&[N1], "c1", G1, "g1");
    let ids = [
        "R2443-3-11",
        "R2443-3-22",
        "R2443-5.3-09",
        "R2443-5.3-16",
        "E07",
    ];
    let record = fresh("block", &s.member(state::JOIN, "c1", BLOCK));
    s.says(op::JOIN, "c1", BLOCK)
        .copy()
        .punched_on(CCVC, op::JOIN, &AROUND_G1)
        .tells(&[N1], &[record])
        .done(&ids);
    // A single group inside it: the cluster knows already, the group need be told.
    let record = fresh("g2", &s.member(state::JOIN, "c1", G2));
    s.says(op::JOIN, "c1", G2)
        .copy()
        .tells(&[N1], &[record])
        .done(&["R2443-5.3-02", "R2443-5.3-16", "E08"]);
    for (range, name) in [(G2, "g2"), (G1, "g1")] {
        let record = end(name, &s.member(state::LEAVE, "c1", range));
        s.says(op::LEAVE, "c1", range)
            .copy()
            .tells(&[N1], &[record])
            .done(&["R2443-5.4-02", "R2443-5.4-07"]);
    }
    let record = end("block", &s.member(state::LEAVE, "c1", BLOCK));
    s.says(op::LEAVE, "c1", BLOCK)
        .copy_on(CCVC)
        .tells(&[N1], &[record])
        .done(&["R2443-5.4-02", "R2443-5.4-07"]);
    s.nobody("c1", G1.0);
    s.finish()
}

fn addresses() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-addresses-in-records",
        "A record has the client's addresses and no room for those it has not, be they E.164, a subaddress, or none.",
    );
    let number = "123456789f";
    let cast = [
        ("c1", Endpoint::nsapa(0xc1, "")),
        ("c2", Endpoint::nsapa(0xc2, "0a000102").below(0xd2)),
        (
            "c3",
            Endpoint::nsapa(0xc3, "0a000103").e164(number).below(0xd3),
        ),
        ("c4", Endpoint::nsapa(0xc4, "").e164(number)),
    ];
    // Five octets of E.164 make the whole packet odd.
    let ids = [
        "R2334-B.1-05",
        "R2443-3-01",
        "R2443-3-14",
        "R2443-3-15",
        "R2443-3-18",
        "R2443-3-19",
        "R2443-3-20",
        "R2443-3-21",
        "R2443-3-23",
        "R2443-5.3-08",
    ];
    for (who, endpoint) in cast {
        s.cast(who, endpoint);
        s.registers(&[N1], who, &ids);
        let record = fresh(&format!("{who}-g1"), &s.member(state::JOIN, who, G1));
        s.says(op::JOIN, who, G1)
            .copy_on(CCVC)
            .tells(&[N1], &[record])
            .done(&ids);
    }
    s.finish()
}

/// Register E11.
fn sequence() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-flags-in-records",
        "Of the flags of a join a record has layer 3 and register only, and perhaps the client's sequence bits.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    let flags = LAYER3GRP | flag::PUNCHED | 0x5a;
    let message = s.about(op::JOIN, "c1", G1).with("flags", flags);
    let either = json!({"one_of": [LAYER3GRP | 0x5a, LAYER3GRP]});
    let part = s.member(state::JOIN, "c1", G1).with("flags", either);
    s.send("c1", message)
        .copy_on(CCVC)
        .tells(&[N1], &[fresh("g1", &part)])
        .done(&["R2443-3-10", "R2443-3-11", "R2443-5.3-04", "E11"]);
    s.finish()
}

fn stranger() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-stranger-is-not-told",
        "Who has not registered may neither join nor leave, ask nor serve; the group hears nothing of it.",
    )
    .class(Class::Inopportune);
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&[N1], "m1");
    s.up("c2");
    s.up("m2");
    for op_type in [op::JOIN, op::LEAVE, op::MSERV, op::UNSERV] {
        for who in ["c2", "m2"] {
            s.says(op_type, who, G1).silence(&["R2443-1-04"]);
        }
    }
    s.asks("c2", G1.0).silence(&["R2443-1-04"]);
    s.nobody("c1", G1.0);
    s.says(op::MSERV, "m1", G1)
        .copy_on(SCVC)
        .tells(&[N1], &[anything()])
        .or_migrates("m1", G1.0, &["R2443-1-04"])
        .done(&["R2443-1-04"]);
    s.finish()
}

/// A record, whatever it says.
fn anything() -> serde_json::Value {
    json!({"mars": {"state": state::SERVE}})
}

/// Register E08: what this client joined in its present registration here is what counts.
fn again() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-rejoin-after-a-new-registration",
        "After a deregistration the same client and the same group are new: both are told once more.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    let message = s.registration(op::LEAVE, "c1");
    let part = registration(state::LEAVE, s.cmi("c1"), s.who("c1"));
    s.send("c1", message)
        .copy_with(json!({"any": true}))
        .leaf(false, CCVC, "c1")
        .tells(&[N1], &[end("c1", &part)])
        .done(&["R2443-5.4-01"]);
    s.free_cmi("c1");
    let message = s.registration(op::JOIN, "c1");
    let cmi = s.new_cmi("c1");
    let part = registration(state::JOIN, cmi.clone(), s.who("c1"));
    // The next instance of the old record, or a new one.
    let record = json!({"one_of": [newer("c1", 2, &part), fresh("again", &part)]});
    s.send("c1", message)
        .leaf(true, CCVC, "c1")
        .copy_with(cmi.clone())
        .tells(&[N1], &[record])
        .done(&["R2443-2-08", "R2443-5.3-01", "C03"]);
    s.joins(&[N1], "c1", G1, "g1");
    s.finish()
}
