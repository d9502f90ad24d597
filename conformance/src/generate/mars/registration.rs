//! Registration and deregistration of clients, CMIs, leaves of the `ccvc` (RFC 2022, 5.2.3, 6.1.2).

use serde_json::json;

use super::builder::{CCVC, Script};
use super::messages::{Endpoint, op};
use super::{CLUSTER, G1, G2};
use crate::trace::{Class, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![
        two(),
        again(),
        forms_of_the_pair(),
        without_address(),
        unregistered(),
        deregister(),
        deregister_twice(),
        frees_the_cmi(),
        exhausted(),
        leaf_gone(),
        no_such_leaf(),
        whole_address(),
        idle_vc(),
    ]
}

fn two() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "register-two",
        "Two clients register: each becomes a leaf of the ClusterControlVC and is told a CMI of its own, alone.",
    );
    for who in ["c1", "c2"] {
        s.up(who);
        let message = s.registration(op::JOIN, who);
        let cmi = s.new_cmi(who);
        s.send(who, message)
            .leaf(true, CCVC, who)
            .copy_with(cmi)
            .done(&[
                "R2022-4.1-02",
                "R2022-5.2.1-02",
                "R2022-5.2.1-07",
                "R2022-5.2.3-03",
                "R2022-5.2.3-05",
                "R2022-6.1.2-01",
                "R2022-6.1.2-04",
                "R2022-6.1.2-08",
            ]);
    }
    s.finish()
}

fn again() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "register-again",
        "A member that registers again gets the CMI that it has, no second leaf, and keeps its memberships.",
    );
    s.register("c1");
    s.register("c2");
    s.join("c1", G1);
    let message = s.registration(op::JOIN, "c1").with("flags", 0x2007);
    let cmi = s.cmi("c1");
    s.send("c1", message)
        .copy_with(cmi)
        .done(&["R2022-6.1.2-02", "R2022-5.2.1-04"]);
    s.members("c2", G1.0, &["c1"], &["R2022-6.1.2-02"]);
    s.finish()
}

/// Register F06.
fn forms_of_the_pair() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "register-pair-forms",
        "A registration may have no pair, a pair of no octets, or a pair that means nothing; its copy has the same.",
    );
    let forms: [&[(&str, &str)]; 3] = [&[], &[("", "")], &[G1]];
    for (who, pairs) in ["c1", "c2", "c3"].into_iter().zip(forms) {
        s.up(who);
        let message = s.registration(op::JOIN, who).pairs(pairs);
        let cmi = s.new_cmi(who);
        s.send(who, message)
            .leaf(true, CCVC, who)
            .copy_with(cmi)
            .done(&["R2022-6.1.2-01", "F06"]);
    }
    s.nobody("c3", G1.0);
    s.finish()
}

fn without_address() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "register-without-layer-3-address",
        "A client that tells no layer 3 address is a member like any other, by its ATM address.",
    );
    s.cast("c1", Endpoint::nsapa(0xc1, ""));
    s.register("c1");
    s.register("c2");
    s.says(op::JOIN, "c1", G1)
        .copy_on(CCVC)
        .done(&["R2022-4.2-02", "R2022-6.1.2-13"]);
    s.members("c2", G1.0, &["c1"], &["R2022-5.1.2-08"]);
    s.members("c1", G1.0, &["c1"], &["R2022-4.2-02", "R2022-5.1.2-09"]);
    s.finish()
}

fn unregistered() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "join-needs-registration",
        "Joins, leaves and questions of a node that is not registered are ignored.",
    )
    .class(Class::Inopportune);
    s.register("c1");
    s.up("c2");
    s.says(op::JOIN, "c2", G1)
        .silence(&["R2022-6.1.2-06", "R2022-F-01"]);
    s.says(op::LEAVE, "c2", G1)
        .silence(&["R2022-6.1.2-06", "R2022-F-01"]);
    s.nobody("c1", G1.0);
    s.join("c1", G1);
    s.asks("c2", G1.0)
        .silence(&["R2022-6.1.1-01", "R2022-F-01"]);
    s.says(op::LEAVE, "c2", G1)
        .silence(&["R2022-6.1.2-06", "R2022-F-01"]);
    s.members("c1", G1.0, &["c1"], &["R2022-6.1.2-06"]);
    s.finish()
}

fn deregister() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "deregister-removes-all",
        "A deregistration is copied to the client alone, takes its leaf and all its memberships; it is a stranger then.",
    );
    s.register("c1");
    s.register("c2");
    s.join("c1", G1);
    s.join("c1", G2);
    s.join("c2", G2);
    let message = s.registration(op::LEAVE, "c1");
    s.send("c1", message)
        .copy_with(json!({"any": true}))
        .leaf(false, CCVC, "c1")
        .done(&["R2022-6.1.2-05", "R2022-6.1.2-19", "R2022-5.2.3-07"]);
    s.free_cmi("c1");
    s.nobody("c2", G1.0);
    s.members("c2", G2.0, &["c2"], &["R2022-6.1.2-19"]);
    s.says(op::JOIN, "c1", G1).silence(&["R2022-6.1.2-06"]);
    s.asks("c1", G2.0).silence(&["R2022-6.1.1-01"]);
    // It may come back, and is new.
    let message = s.registration(op::JOIN, "c1");
    let cmi = s.new_cmi("c1");
    s.send("c1", message)
        .leaf(true, CCVC, "c1")
        .copy_with(cmi)
        .done(&["R2022-6.1.2-01"]);
    s.nobody("c1", G1.0);
    s.finish()
}

/// The sample of appendix F answers, the body speaks of members only.
fn deregister_twice() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "deregister-twice",
        "A deregistration that is repeated may be answered again, and changes nothing.",
    )
    .class(Class::Inopportune);
    s.register("c1");
    s.register("c2");
    let message = s.registration(op::LEAVE, "c1");
    let any = json!({"any": true});
    s.send("c1", message.clone())
        .copy_with(any.clone())
        .leaf(false, CCVC, "c1")
        .done(&["R2022-6.1.2-05"]);
    s.free_cmi("c1");
    s.send("c1", message)
        .or(&["R2022-6.1.2-05"])
        .copy_with(any)
        .done(&["R2022-6.1.2-05"]);
    s.join("c2", G1);
    s.finish()
}

/// Register E04: a freed CMI waits for twice the dead time and for the records that bear it.
fn frees_the_cmi() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "deregister-frees-the-cmi",
        "The only CMI is given to a second client when the first has been gone for a while.",
    )
    .config("cmi_range", json!([7, 7]));
    s.register("c1");
    let message = s.registration(op::LEAVE, "c1");
    s.send("c1", message)
        .copy_with(json!({"any": true}))
        .leaf(false, CCVC, "c1")
        .done(&["R2022-5.2.3-07", "R2022-6.1.2-19"]);
    s.free_cmi("c1");
    for minute in 1..=20 {
        s.advance(minute * 60_000).silence(&[]);
    }
    s.up("c2");
    let message = s.registration(op::JOIN, "c2");
    let cmi = s.new_cmi("c2");
    s.send("c2", message)
        .leaf(true, CCVC, "c2")
        .copy_with(cmi)
        .done(&["R2022-5.2.3-07", "R2022-6.1.2-01"]);
    s.finish()
}

/// Register E02.
fn exhausted() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "register-without-a-free-cmi",
        "When no CMI is free a registration is not answered, makes no leaf, and disturbs no member.",
    )
    .class(Class::Inopportune)
    .config("cmi_range", json!([5, 6]));
    s.register("c1");
    s.register("c2");
    s.up("c3");
    let message = s.registration(op::JOIN, "c3");
    s.send("c3", message.clone())
        .silence(&["R2022-5.2.3-05", "E02"]);
    s.says(op::JOIN, "c3", G1).silence(&["R2022-6.1.2-06"]);
    for who in ["c1", "c2"] {
        let message = s.registration(op::JOIN, who);
        let cmi = s.cmi(who);
        s.send(who, message)
            .copy_with(cmi)
            .done(&["R2022-6.1.2-02", "R2022-5.2.3-05"]);
    }
    s.join("c1", G1);
    s.members("c2", G1.0, &["c1"], &["R2022-6.1.2-13"]);
    s.send("c3", message).silence(&["R2022-5.2.3-05", "E02"]);
    s.finish()
}

fn leaf_gone() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "leaf-gone-removes-all",
        "A member that drops off the ClusterControlVC is in no group any more, and a stranger until it registers.",
    );
    s.register("c1");
    s.register("c2");
    s.join("c1", G1);
    s.join("c1", G2);
    s.join("c2", G2);
    s.leaf_gone(CCVC, "c1").silence(&["R2022-6.1.2-20", "E19"]);
    s.free_cmi("c1");
    s.nobody("c2", G1.0);
    s.members("c2", G2.0, &["c2"], &["R2022-6.1.2-20"]);
    s.says(op::JOIN, "c1", G1).silence(&["R2022-6.1.2-06"]);
    let message = s.registration(op::JOIN, "c1");
    let cmi = s.new_cmi("c1");
    s.send("c1", message)
        .leaf(true, CCVC, "c1")
        .copy_with(cmi)
        .done(&["R2022-6.1.2-01"]);
    s.join("c1", G1);
    s.finish()
}

fn no_such_leaf() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "leaf-gone-of-a-stranger",
        "A leaf that was never there, or is gone already, takes nobody's memberships along.",
    )
    .class(Class::Inopportune);
    s.register("c1");
    s.register("c2");
    s.join("c1", G1);
    s.leaf_gone(CCVC, "c3").silence(&["R2022-6.1.2-20"]);
    s.leaf_gone(CCVC, "c2").silence(&["R2022-6.1.2-20"]);
    s.leaf_gone(CCVC, "c2").silence(&["R2022-6.1.2-20"]);
    s.members("c1", G1.0, &["c1"], &["R2022-6.1.2-20"]);
    s.finish()
}

/// Two nodes that have the number in common, and one with a native E.164 number.
fn whole_address() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "register-subaddress-and-e164",
        "Number and subaddress together name a node: two that share a number are two members.",
    );
    s.cast("c4", Endpoint::nsapa(0xc4, "0a000104").below(0xd4));
    s.cast("c5", Endpoint::nsapa(0xc4, "0a000104").below(0xd5));
    let e164 = Endpoint::nsapa(0, "0a000106").e164("3136313735353531323132");
    s.cast("c6", e164);
    for who in ["c4", "c5", "c6"] {
        s.up(who);
        let message = s.registration(op::JOIN, who);
        let cmi = s.new_cmi(who);
        s.send(who, message)
            .leaf(true, CCVC, who)
            .copy_with(cmi)
            .done(&["R2022-5.1.2-05", "R2022-5.2.3-05", "R2022-4.3-02"]);
    }
    s.join("c4", G1);
    s.members("c6", G1.0, &["c4"], &["R2022-5.1.2-05", "R2022-5.1.2-11"]);
    s.says(op::LEAVE, "c5", G1)
        .copy_or_told(&["R2022-6.1.2-12"])
        .done(&["R2022-6.1.2-12"]);
    s.members("c5", G1.0, &["c4"], &["R2022-6.1.2-12"]);
    s.leaf_gone(CCVC, "c5").silence(&["R2022-6.1.2-20"]);
    s.members("c4", G1.0, &["c4"], &["R2022-6.1.2-20"]);
    s.finish()
}

fn idle_vc() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "private-vc-comes-and-goes",
        "The private VC of a member may go down and come back; membership hangs on the leaf of the control VC.",
    );
    s.register("c1");
    s.register("c2");
    s.join("c1", G1);
    s.down("c1").silence(&["R2022-6.1.2-20"]);
    s.members("c2", G1.0, &["c1"], &["R2022-6.1.2-20"]);
    s.up("c1");
    s.members("c1", G1.0, &["c1"], &["R2022-6.1.1-01"]);
    s.says(op::LEAVE, "c1", G1)
        .copy_on(CCVC)
        .done(&["R2022-6.1.2-13"]);
    s.nobody("c1", G1.0);
    s.finish()
}
