//! Registration of multicast servers, leaves of the `scvc`, what is left when one goes (RFC 2022, 6.2.3).

use super::builder::{CCVC, SCVC, Script};
use super::expect::Expect;
use super::messages::{Message, Range, flag, op};
use super::{G1, G2, MCS};
use crate::trace::{Class, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![
        two(),
        again(),
        with_cmi(),
        stranger(),
        client_is_no_mcs(),
        deregister(),
        deregister_idle(),
        leaf_gone(),
        comes_back(),
    ]
}

fn two() -> Trace {
    let mut s = Script::new(
        MCS,
        "mcs-register-two",
        "An MCS that registers becomes a leaf of the ServerControlVC and gets its message back alone.",
    );
    s.register("c1");
    for who in ["m1", "m2"] {
        s.up(who);
        let message = s.registration(op::MSERV, who);
        s.send(who, message).leaf(true, SCVC, who).copy().done(&[
            "R2022-4.1-02",
            "R2022-6.2.2-01",
            "R2022-6.2.3-01",
            "R2022-6.2.3-03",
            "R2022-6.2.5-02",
        ]);
    }
    s.finish()
}

fn again() -> Trace {
    let mut s = Script::new(
        MCS,
        "mcs-register-again",
        "An MCS that registers again gets its message back, no second leaf, and goes on serving.",
    );
    s.register("c1");
    s.register_mcs("m1");
    s.serve("m1", G1);
    let message = s.registration(op::MSERV, "m1").with("flags", 0x2011);
    s.send("m1", message)
        .copy()
        .done(&["R2022-6.2.3-01", "R2022-6.2.3-03", "R2022-6.2.5-02"]);
    s.members("c1", G1.0, &["m1"], &["R2022-6.2.1-02"]);
    s.finish()
}

fn with_cmi() -> Trace {
    let mut s = Script::new(
        MCS,
        "mcs-register-with-a-cmi",
        "The CMI in an MSERV is zero in what the server sends, whatever the MCS wrote.",
    )
    .class(Class::Invalid);
    s.register("c1");
    s.up("m1");
    let message = s.registration(op::MSERV, "m1").with("cmi", 9);
    s.send("m1", message)
        .leaf(true, SCVC, "m1")
        .copy_with(0.into())
        .done(&["R2022-6.2.3-03"]);
    let message = s.about(op::MSERV, "m1", G1).with("cmi", 9);
    let copy = message.copied().with("cmi", 0);
    let ids = ["R2022-6.2.2-02", "R2022-6.2.3-03"];
    s.send("m1", message)
        .on(SCVC, copy)
        .or_migrates("m1", G1.0, &ids)
        .done(&ids);
    s.finish()
}

fn stranger() -> Trace {
    let mut s = Script::new(
        MCS,
        "mcs-must-register",
        "Who has not registered as an MCS serves nothing.",
    )
    .class(Class::Inopportune);
    s.register("c1");
    s.register_mcs("m2");
    s.join("c1", G1);
    s.up("m1");
    s.says(op::MSERV, "m1", G1)
        .silence(&["R2022-6.2.2-04", "R2022-F-01"]);
    s.says(op::UNSERV, "m1", G1).silence(&["R2022-F-01"]);
    s.asks("m1", G1.0)
        .silence(&["R2022-6.2.1-03", "R2022-F-01"]);
    s.members("c1", G1.0, &["c1"], &["R2022-6.2.2-04"]);
    s.finish()
}

fn client_is_no_mcs() -> Trace {
    let mut s = Script::new(
        MCS,
        "client-is-no-mcs",
        "A registered client is no MCS, and a registered MCS is no client.",
    )
    .class(Class::Inopportune);
    s.register("c1");
    s.register_mcs("m1");
    s.says(op::MSERV, "c1", G1).silence(&["R2022-6.2.2-04"]);
    s.says(op::JOIN, "m1", G2).silence(&["R2022-6.1.2-06"]);
    s.nobody("c1", G1.0);
    s.nobody("c1", G2.0);
    s.finish()
}

/// What the cluster may be told when an MCS goes that served these groups (register E16): one LEAVE, one for
/// each group, or by the letter of RFC 2022 nothing.
fn tells_of<'s>(
    mut expect: Expect<'s>,
    leave: &Message,
    groups: &[Range<'_>],
    rest: impl Fn(Expect<'s>) -> Expect<'s>,
    ids: &[&str],
) {
    // R2022-5.2.2-06: nobody's sequence bits are in it.
    let told: Vec<&str> = ids
        .iter()
        .copied()
        .chain(["R2022-5.2.1-03", "R2022-5.2.2-06"])
        .collect();
    expect = rest(expect).on(CCVC, leave.clone().pairs(groups));
    expect = rest(expect.or(&told));
    for group in groups {
        expect = expect.on(CCVC, leave.clone().pairs(&[*group]));
    }
    rest(expect.or(&told)).done(ids);
}

/// The LEAVE that a server makes up about an MCS.
fn leave_of(s: &Script, who: &str) -> Message {
    s.about(op::LEAVE, who, G1).with("flags", flag::COPY)
}

fn deregister() -> Trace {
    let mut s = Script::new(
        MCS,
        "mcs-deregister",
        "An MCS that deregisters is in no server map any more; its groups are meshes again.",
    );
    s.register("c1");
    s.register_mcs("m1");
    s.register_mcs("m2");
    s.serve("m1", G1);
    s.serve("m1", G2);
    s.join_served("c1", G1);
    let message = s.registration(op::UNSERV, "m1");
    let leave = leave_of(&s, "m1");
    let ids = ["R2022-6.2.3-04", "R2022-6.2.2-10", "E16"];
    let expect = s.send("m1", message);
    tells_of(
        expect,
        &leave,
        &[G1, G2],
        |expect| expect.copy().leaf(false, SCVC, "m1"),
        &ids,
    );
    s.members("c1", G1.0, &["c1"], &["R2022-6.2.3-04", "R2022-6.2.2-10"]);
    s.nobody("c1", G2.0);
    s.says(op::MSERV, "m1", G1).silence(&["R2022-6.2.2-04"]);
    s.asks("m1", G1.0).silence(&["R2022-6.2.1-03"]);
    // A join is the cluster's business again, and none of the other MCS's.
    s.says(op::JOIN, "c1", G2)
        .copy_on(CCVC)
        .done(&["R2022-6.2.3-04", "R2022-6.2.4-02"]);
    s.finish()
}

fn deregister_idle() -> Trace {
    let mut s = Script::new(
        MCS,
        "mcs-deregister-idle",
        "An MCS that served nothing goes without a word to the cluster.",
    );
    s.register("c1");
    s.register_mcs("m1");
    s.register_mcs("m2");
    s.serve("m2", G1);
    let message = s.registration(op::UNSERV, "m1");
    s.send("m1", message)
        .copy()
        .leaf(false, SCVC, "m1")
        .done(&["R2022-6.2.3-04"]);
    s.members("c1", G1.0, &["m2"], &["R2022-6.2.3-04"]);
    s.finish()
}

fn leaf_gone() -> Trace {
    let mut s = Script::new(
        MCS,
        "mcs-leaf-gone",
        "An MCS that drops off the ServerControlVC serves nothing any more, and is a stranger until it registers.",
    );
    s.register("c1");
    s.register_mcs("m1");
    s.register_mcs("m2");
    s.serve("m1", G1);
    s.serve("m2", G2);
    s.join_served("c1", G1);
    let leave = leave_of(&s, "m1");
    let expect = s.leaf_gone(SCVC, "m1");
    tells_of(
        expect,
        &leave,
        &[G1],
        |expect| expect,
        &["R2022-4.1-02", "E16"],
    );
    s.members("c1", G1.0, &["c1"], &["R2022-6.2.2-10"]);
    s.members("c1", G2.0, &["m2"], &["R2022-6.2.1-02"]);
    s.says(op::MSERV, "m1", G1).silence(&["R2022-6.2.2-04"]);
    s.finish()
}

fn comes_back() -> Trace {
    let mut s = Script::new(
        MCS,
        "mcs-comes-back",
        "An MCS that registers once more after it deregistered is new: it serves what it says from now on.",
    );
    s.register("c1");
    s.join("c1", G1);
    s.register_mcs("m1");
    let message = s.registration(op::UNSERV, "m1");
    s.send("m1", message)
        .copy()
        .leaf(false, SCVC, "m1")
        .done(&["R2022-6.2.3-04"]);
    let message = s.registration(op::MSERV, "m1");
    s.send("m1", message)
        .leaf(true, SCVC, "m1")
        .copy()
        .done(&["R2022-6.2.3-01"]);
    s.members("c1", G1.0, &["c1"], &["R2022-6.2.1-02"]);
    let migrate = s.migrate(G1.0, "m1");
    s.says(op::MSERV, "m1", G1)
        .copy_on(SCVC)
        .on(CCVC, migrate)
        .done(&["R2022-6.2.2-02", "R2022-6.2.2-06"]);
    s.finish()
}
