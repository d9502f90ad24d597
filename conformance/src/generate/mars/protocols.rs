//! Two layer 3 protocols at one server share nothing but the VC to a node (RFC 2022, 6, 6.3, 9).

use super::builder::{CCVC, SCVC, SERVER, Script};
use super::messages::{Endpoint, Protocol, Range, flag, op};
use super::{CLUSTER, G1};
use crate::trace::{Class, Trace};

/// A group of IPv6.
const G6: Range<'static> = (
    "ff020000000000000000000000000111",
    "ff020000000000000000000000000111",
);

pub(super) fn traces() -> Vec<Trace> {
    vec![
        apart(),
        one_only(),
        ends_apart(),
        maps(),
        long_form(),
        servers_apart(),
    ]
}

/// A server of IPv4 and IPv6.
fn both(id: &'static str, title: &'static str) -> Script {
    Script::new(CLUSTER, id, title).protocols(&[Protocol::short(0x0800), Protocol::short(0x86dd)])
}

/// A member that has a VC already registers for another protocol.
fn register_too(s: &mut Script, who: &str) {
    let message = s.registration(op::JOIN, who);
    let cmi = s.new_cmi(who);
    s.send(who, message)
        .leaf(true, CCVC, who)
        .copy_with(cmi)
        .done(&["R2022-6-01", "R2022-6.1.2-03", "R2022-9-02"]);
}

fn apart() -> Trace {
    let mut s = both(
        "protocols-apart",
        "A node that registers for two protocols is a leaf of two control VCs, each with numbers and groups of its own.",
    );
    s.register("c1");
    s.speak(1);
    register_too(&mut s, "c1");
    let ids = ["R2022-6-01", "R2022-6.3-01", "R2022-9-01"];
    for _ in 0..2 {
        s.speak(0);
        s.says(op::JOIN, "c1", G1).copy_on(CCVC).done(&ids);
        s.speak(1);
        s.says(op::JOIN, "c1", G6).copy_on(CCVC).done(&ids);
        s.says(op::LEAVE, "c1", G6).copy_on(CCVC).done(&ids);
        s.speak(0);
        s.members("c1", G1.0, &["c1"], &ids);
        s.says(op::LEAVE, "c1", G1).copy_on(CCVC).done(&ids);
    }
    s.speak(1);
    s.says(op::JOIN, "c1", G6).copy_on(CCVC).done(&ids);
    s.members("c1", G6.0, &["c1"], &ids);
    s.finish()
}

fn one_only() -> Trace {
    let mut s = both(
        "registered-for-one-protocol",
        "Who is registered for one protocol is a stranger in the other.",
    )
    .class(Class::Inopportune);
    s.register("c1");
    s.speak(1);
    s.says(op::JOIN, "c1", G6)
        .silence(&["R2022-6-01", "R2022-6.1.2-06"]);
    s.asks("c1", G6.0)
        .silence(&["R2022-6-01", "R2022-6.1.1-01"]);
    s.speak(0);
    s.join("c1", G1);
    s.finish()
}

fn ends_apart() -> Trace {
    let mut s = both(
        "protocols-end-apart",
        "To deregister or drop off for one protocol leaves the other alone.",
    );
    for who in ["c1", "c2"] {
        s.speak(0);
        s.register(who);
        s.join(who, G1);
        s.speak(1);
        register_too(&mut s, who);
        s.join(who, G6);
    }
    s.speak(0);
    let message = s.registration(op::LEAVE, "c1");
    s.send("c1", message)
        .copy_with(serde_json::json!({"any": true}))
        .leaf(false, CCVC, "c1")
        .done(&["R2022-6.1.2-05", "R2022-6-01"]);
    s.speak(1);
    s.leaf_gone(CCVC, "c2").silence(&["R2022-6.1.2-20"]);
    s.members("c1", G6.0, &["c1"], &["R2022-6-01", "R2022-6.1.2-03"]);
    s.speak(0);
    s.members("c2", G1.0, &["c2"], &["R2022-6-01", "R2022-6.1.2-03"]);
    s.finish()
}

fn maps() -> Trace {
    let mut s = both(
        "maps-per-protocol",
        "Each protocol has its own redirect map on its own control VC.",
    );
    s.register("c1");
    s.join("c1", G1);
    s.speak(1);
    register_too(&mut s, "c1");
    s.speak(0);
    let of_ipv4 = s.map(&[SERVER]);
    s.speak(1);
    let of_ipv6 = s.map(&[SERVER]);
    s.advance(60_000)
        .on_protocol(0, CCVC, of_ipv4)
        .on_protocol(1, CCVC, of_ipv6)
        .done(&["R2022-6-01", "R2022-6.1.3-01", "R2022-6.3-01"]);
    s.finish()
}

fn long_form() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "long-form-protocol",
        "A protocol that has only a long form is served like any other, apart from one with another SNAP part.",
    )
    .protocols(&[Protocol::long("0000008137"), Protocol::long("00000080f3")]);
    s.register("c1");
    s.says(op::JOIN, "c1", G1)
        .copy_on(CCVC)
        .done(&["R2022-4.3.2-01", "R2022-6-01"]);
    s.members("c1", G1.0, &["c1"], &["R2022-4.3.2-01"]);
    s.speak(1);
    s.asks("c1", G1.0)
        .silence(&["R2022-4.3.2-01", "R2022-6.1.1-01"]);
    register_too(&mut s, "c1");
    s.nobody("c1", G1.0);
    s.finish()
}

fn servers_apart() -> Trace {
    let mut s = both(
        "multicast-servers-per-protocol",
        "An MCS of one protocol is none of the other, and its ServerControlVC is that protocol's.",
    );
    s.cast("m1", Endpoint::nsapa(0xe1, ""));
    s.register("c1");
    s.speak(1);
    register_too(&mut s, "c1");
    s.speak(0);
    s.register_mcs("m1");
    s.serve("m1", G1);
    s.speak(1);
    s.says(op::MSERV, "m1", G6)
        .silence(&["R2022-6.2.2-04", "R2022-6-01"]);
    s.join("c1", G6);
    s.members("c1", G6.0, &["c1"], &["R2022-6-01"]);
    s.speak(0);
    s.join_served("c1", G1);
    s.members("c1", G1.0, &["m1"], &["R2022-6.2.1-02"]);
    // A deregistration concerns the protocol that it names.
    s.speak(1);
    let message = s.registration(op::UNSERV, "m1");
    s.send("m1", message.clone())
        .or(&["R2022-6.2.3-04"])
        .private(
            "m1",
            message.with("flags", flag::REGISTER | flag::COPY),
            SCVC,
        )
        .done(&["R2022-6.2.3-04"]);
    s.speak(0);
    s.members("c1", G1.0, &["m1"], &["R2022-6.2.3-04"]);
    s.finish()
}
