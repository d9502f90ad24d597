//! What the group is told of a server's own MCSs (RFC 2443, 5.2 and 5.5).

use serde_json::{Value, json};

use super::super::mars::builder::{CCVC, SCVC, Script};
use super::super::mars::messages::{Endpoint, LAYER3GRP, flag, op};
use super::record::{Part, end, fresh, state};
use super::stage::{N1, N2, Neighbor, line, pair, registration};
use super::{G1, G2, MCS};
use crate::trace::{Class, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![
        register(),
        serve(),
        unserve(),
        deregister(),
        redundant(),
        addresses(),
    ]
}

/// An MCS of this server begins to serve a group without members; names the record.
pub(super) fn serves(s: &mut Script, to: &[Neighbor], who: &str, range: (&str, &str), name: &str) {
    let record = fresh(name, &s.service(state::SERVE, who, range));
    let ids = [
        "R2443-2-09",
        "R2443-5.2-02",
        "R2443-5.2-03",
        "R2443-5.2-04",
        "R2443-5.2-05",
        "R2443-5.2-06",
        "R2443-5.2-08",
        "R2443-5.2-09",
    ];
    s.says(op::MSERV, who, range)
        .copy_on(SCVC)
        .tells(to, &[record])
        .or_migrates(who, range.0, &ids)
        .done(&ids);
}

/// The CMI that an MCS has in its records.
fn cmi(who: &str) -> Value {
    json!({"ref": format!("{who}-cmi")})
}

fn register() -> Trace {
    let mut s = line(
        MCS,
        "one-mcs-register-is-told",
        "An MCS that registers becomes a leaf of the ServerControlVC; each neighbour gets one record of it, the cluster nothing.",
    );
    s.registers(&[N1, N2], "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&[N1, N2], "m1");
    s.register_mcs_of(&[N1, N2], "m2");
    s.finish()
}

fn serve() -> Trace {
    let mut s = line(
        MCS,
        "one-serve-is-told",
        "An MCS that serves a group is told to each neighbour with the group and the CMI of its registration, never with layer 3.",
    );
    let to = [N1, N2];
    s.registers(&to, "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&to, "m1");
    serves(&mut s, &to, "m1", G1, "m1-g1");
    let message = s.about(op::MSERV, "m1", G2).with("flags", LAYER3GRP);
    let record = fresh("m1-g2", &s.service(state::SERVE, "m1", G2));
    s.send("m1", message)
        .copy_on(SCVC)
        .tells(&to, &[record])
        .or_migrates("m1", G2.0, &["R2443-5.2-02", "R2443-5.2-05"])
        .done(&["R2443-5.2-02", "R2443-5.2-05"]);
    s.members("c1", G2.0, &["m1"], &["R2443-1-01"]);
    s.finish()
}

fn unserve() -> Trace {
    let mut s = pair(
        MCS,
        "one-unserve-is-told",
        "An MCS that stops serving a group is told to the neighbour by a record of state 5; its other group stays.",
    );
    let to = [N1];
    s.registers(&to, "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&to, "m1");
    serves(&mut s, &to, "m1", G1, "m1-g1");
    serves(&mut s, &to, "m1", G2, "m1-g2");
    let record = end("m1-g1", &s.service(state::UNSERVE, "m1", G1));
    let leave = s.about(op::LEAVE, "m1", G1).with("flags", flag::COPY);
    s.says(op::UNSERV, "m1", G1)
        .copy_on(SCVC)
        .on(CCVC, leave)
        .tells(&to, &[record])
        .done(&[
            "R2443-2-09",
            "R2443-5.2-06",
            "R2443-5.5-02",
            "R2443-5.5-04",
            "C02",
        ]);
    s.nobody("c1", G1.0);
    s.members("c1", G2.0, &["m1"], &["R2443-5.5-02"]);
    s.finish()
}

fn deregister() -> Trace {
    let mut s = line(
        MCS,
        "one-mcs-deregister-is-told",
        "An MCS that deregisters loses its leaf, and each neighbour gets a record of state 5 about its registration.",
    );
    let to = [N1, N2];
    s.registers(&to, "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&to, "m1");
    let message = s.registration(op::UNSERV, "m1");
    let part = registration(state::UNSERVE, cmi("m1"), s.who("m1"));
    s.send("m1", message)
        .copy()
        .leaf(false, SCVC, "m1")
        .tells(&to, &[end("m1", &part)])
        .done(&[
            "R2443-5.2-06",
            "R2443-5.2-07",
            "R2443-5.5-01",
            "R2443-5.5-04",
            "C02",
        ]);
    s.says(op::MSERV, "m1", G1).silence(&["R2443-1-04"]);
    s.finish()
}

fn redundant() -> Trace {
    let mut s = pair(
        MCS,
        "one-redundant-serve-is-not-told",
        "An MSERV or UNSERV without news comes back to its MCS alone: nothing was added, nothing was ended.",
    )
    .class(Class::Inopportune);
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&[N1], "m1");
    serves(&mut s, &[N1], "m1", G1, "m1-g1");
    s.says(op::MSERV, "m1", G1).copy().done(&["R2443-5.2-02"]);
    s.says(op::UNSERV, "m1", G2).copy().done(&["R2443-5.5-02"]);
    s.members("c1", G1.0, &["m1"], &["R2443-5.5-02"]);
    s.finish()
}

fn addresses() -> Trace {
    let mut s = pair(
        MCS,
        "one-mcs-addresses-in-records",
        "Records of an MCS have its addresses, and no room for those it has not.",
    );
    let cast = [
        ("m1", Endpoint::nsapa(0xe1, "")),
        ("m2", Endpoint::nsapa(0xe2, "0a000202").below(0xd2)),
        (
            "m3",
            Endpoint::nsapa(0xe3, "").e164("123456789f").below(0xd3),
        ),
    ];
    for (who, endpoint) in cast {
        s.cast(who, endpoint);
        s.register_mcs_of(&[N1], who);
    }
    serves(&mut s, &[N1], "m2", G1, "m2-g1");
    serves(&mut s, &[N1], "m1", G2, "m1-g2");
    let message = s.registration(op::UNSERV, "m3");
    let part: Part = registration(state::UNSERVE, cmi("m3"), s.who("m3"));
    s.send("m3", message)
        .copy()
        .leaf(false, SCVC, "m3")
        .tells(&[N1], &[end("m3", &part)])
        .done(&["R2443-3-18", "R2443-3-19", "R2443-5.5-04"]);
    s.finish()
}
