//! Registration and deregistration of clients, CMIs, leaves of the `ccvc` (RFC 2022, 5.2.3, 6.1.2).

use super::CLUSTER;
use super::builder::{CCVC, Script};
use super::messages::op;
use crate::trace::{Class, Trace};

/// A group.
const G: (&str, &str) = ("e0010203", "e0010203");

pub(super) fn traces() -> Vec<Trace> {
    vec![first(), again(), deregister()]
}

fn first() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "register-two",
        "Two clients register: each becomes a leaf of the ClusterControlVC and is told a CMI of its own, alone.",
    );
    s.up("c1");
    let message = s.registration(op::JOIN, "c1");
    let cmi = s.new_cmi("c1");
    s.send("c1", message)
        .leaf(true, CCVC, "c1")
        .copy_with(cmi)
        .done(&[
            "R2022-6.1.2-01",
            "R2022-6.1.2-04",
            "R2022-6.1.2-08",
            "R2022-5.2.3-03",
            "R2022-5.2.1-02",
            "R2022-5.2.1-07",
        ]);
    s.up("c2");
    let message = s.registration(op::JOIN, "c2");
    let cmi = s.new_cmi("c2");
    s.send("c2", message)
        .leaf(true, CCVC, "c2")
        .copy_with(cmi)
        .done(&[
            "R2022-6.1.2-01",
            "R2022-6.1.2-04",
            "R2022-5.2.3-05",
            "R2022-4.1-02",
        ]);
    s.finish()
}

fn again() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "register-again",
        "A member that registers again gets the CMI that it has, and no second leaf.",
    );
    s.register("c1");
    s.register("c2");
    let message = s.registration(op::JOIN, "c1");
    let cmi = s.cmi("c1");
    s.send("c1", message)
        .copy_with(cmi)
        .done(&["R2022-6.1.2-02"]);
    s.finish()
}

fn deregister() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "join-needs-registration",
        "Joins and leaves of a node that is not registered are ignored.",
    )
    .class(Class::Inopportune);
    s.register("c1");
    s.up("c2");
    s.says(op::JOIN, "c2", G).silence(&["R2022-6.1.2-06"]);
    s.says(op::LEAVE, "c2", G).silence(&["R2022-6.1.2-06"]);
    s.asks("c1", G.0).nak().done(&["R2022-6.1.1-02"]);
    s.join("c1", G);
    s.asks("c1", G.0)
        .multi(G.0, &["c1"])
        .done(&["R2022-5.1.2-08"]);
    s.finish()
}
