//! Leaves that drop: the server speaks for who is gone (RFC 2443, 2, 5.4 and 5.5).

use super::super::mars::builder::{CCVC, SCVC};
use super::super::mars::messages::{flag, op};
use super::record::{end, fresh, state};
use super::stage::{N1, N2, line, pair, registration};
use super::{G1, G2, PROXY};
use crate::trace::Trace;

pub(super) fn traces() -> Vec<Trace> {
    vec![client(), member(), mcs(), serving_mcs()]
}

fn client() -> Trace {
    let mut s = line(
        PROXY,
        "one-client-leaf-gone",
        "A client that drops off the ClusterControlVC is deregistered with every neighbour by its server.",
    );
    s.registers(&[N1, N2], "c1", &["R2443-5.3-01"]);
    s.registers(&[N1, N2], "c2", &["R2443-5.3-01"]);
    let part = registration(state::LEAVE, s.cmi("c1"), s.who("c1"));
    s.leaf_gone(CCVC, "c1")
        .tells(&[N1, N2], &[end("c1", &part)])
        .done(&["R2443-2-22", "R2443-5.4-03", "R2443-5.4-04", "C02"]);
    s.free_cmi("c1");
    s.says(op::JOIN, "c1", G1).silence(&["R2443-1-04"]);
    s.joins(&[N1, N2], "c2", G1, "g1");
    s.finish()
}

/// Registers C03, C04: what it had joined may be ended one by one as well.
fn member() -> Trace {
    let mut s = pair(
        PROXY,
        "one-member-leaf-gone",
        "A member that drops off the ClusterControlVC is deregistered with the neighbour, and is in no group any more.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.registers(&[N1], "c2", &["R2443-5.3-01"]);
    s.joins(&[N1], "c1", G1, "g1");
    let part = registration(state::LEAVE, s.cmi("c1"), s.who("c1"));
    let gone = end("c1", &part);
    let left = end("g1", &s.member(state::LEAVE, "c1", G1));
    let ids = [
        "R2443-2-22",
        "R2443-5.4-03",
        "R2443-5.4-04",
        "C02",
        "C04",
        "E19",
    ];
    let to = [N1];
    // How they are packed, and their order, is free (contract).
    s.leaf_gone(CCVC, "c1")
        .tells(&to, &[gone.clone(), left])
        .or(&ids)
        .tells(&to, &[gone])
        .done(&ids);
    s.free_cmi("c1");
    s.nobody("c2", G1.0);
    s.finish()
}

fn mcs() -> Trace {
    let mut s = line(
        PROXY,
        "one-mcs-leaf-gone",
        "An MCS that drops off the ServerControlVC is deregistered with every neighbour by its server.",
    );
    s.registers(&[N1, N2], "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&[N1, N2], "m1");
    let cmi = serde_json::json!({"ref": "m1-cmi"});
    let part = registration(state::UNSERVE, cmi, s.who("m1"));
    s.leaf_gone(SCVC, "m1")
        .tells(&[N1, N2], &[end("m1", &part)])
        .done(&[
            "R2443-2-22",
            "R2443-5.2-06",
            "R2443-5.5-03",
            "R2443-5.5-04",
            "C02",
        ]);
    s.says(op::MSERV, "m1", G1).silence(&["R2443-1-04"]);
    s.finish()
}

/// Register E16: the cluster is told of the groups by one message or several, or by the letter of RFC 2022, 6.2.3, by none.
fn serving_mcs() -> Trace {
    let mut s = pair(
        PROXY,
        "one-serving-mcs-leaf-gone",
        "When an MCS drops that served two groups, the group hears of it, and both groups are meshes again.",
    );
    let to = [N1];
    s.registers(&to, "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&to, "m1");
    for (range, name) in [(G1, "m1-g1"), (G2, "m1-g2")] {
        let record = fresh(name, &s.service(state::SERVE, "m1", range));
        s.says(op::MSERV, "m1", range)
            .copy_on(SCVC)
            .tells(&to, &[record])
            .or_migrates("m1", range.0, &["R2443-5.2-02"])
            .done(&["R2443-5.2-02"]);
    }
    let cmi = serde_json::json!({"ref": "m1-cmi"});
    let gone = end("m1", &registration(state::UNSERVE, cmi, s.who("m1")));
    let first = end("m1-g1", &s.service(state::UNSERVE, "m1", G1));
    let second = end("m1-g2", &s.service(state::UNSERVE, "m1", G2));
    let leave = s.about(op::LEAVE, "m1", G1).with("flags", flag::COPY);
    let ids = [
        "R2443-2-22",
        "R2443-5.5-03",
        "R2443-5.5-04",
        "R2443-5.5-07",
        "R2443-5.5-08",
        "E16",
    ];
    // How they are packed, and their order, is free (contract).
    let sets = [vec![gone.clone(), first, second], vec![gone]];
    let pairs = [vec![vec![G1, G2]], vec![vec![G1], vec![G2]], Vec::new()];
    let mut ways = sets
        .iter()
        .flat_map(|set| pairs.iter().map(move |pairs| (set, pairs)))
        .peekable();
    let mut expect = s.leaf_gone(SCVC, "m1");
    while let Some((set, pairs)) = ways.next() {
        expect = expect.tells(&to, set);
        for pairs in pairs {
            expect = expect.on(CCVC, leave.clone().pairs(pairs));
        }
        if ways.peek().is_some() {
            expect = expect.or(&ids);
        }
    }
    expect.done(&ids);
    s.nobody("c1", G1.0);
    s.nobody("c1", G2.0);
    s.finish()
}
