//! Who is in a group: REQUEST, MULTI in as few parts as possible, NAK (RFC 2022, 5.1.1, 5.1.2, 6.1.1).

use super::builder::{CCVC, Script};
use super::messages::{Endpoint, op};
use super::{BLOCK, CLUSTER, G1, G2};
use crate::trace::{Class, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![
        nak(),
        multi(),
        parts(),
        full_parts(),
        types(),
        subaddresses(),
        stranger(),
        once_each(),
        null_and_other_addresses(),
        format_bit(),
        wrong_length(),
    ]
}

fn nak() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "nak-is-the-request",
        "The answer for a group without members is the request under another operation, padding and all.",
    );
    s.register("c1");
    for padding in ["0000000000000000", "0102030405060708"] {
        let request = s.request("c1", G1.0).with("padding", padding);
        s.send("c1", request.with("thtl", 0).with("tstl", 0))
            .nak()
            .done(&["R2022-5.1.2-01", "R2022-5.1.2-07", "R2022-6.1.1-02", "F22"]);
    }
    s.finish()
}

fn multi() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "multi-in-one-part",
        "A group's members come back in one part, the one who asks among them, with the number of the last message.",
    );
    s.register("c1");
    s.register("c2");
    s.register("c3");
    let ids = [
        "R2022-4.3-01",
        "R2022-4.3.1-01",
        "R2022-5.1.1-03",
        "R2022-5.1.1-04",
        "R2022-5.1.2-04",
        "R2022-5.1.2-08",
        "R2022-5.1.2-09",
        "R2022-5.1.2-10",
        "R2022-5.1.2-11",
        "R2022-5.1.4.2-01",
        "R2022-5.1.4.2-03",
        "R2022-11-01",
    ];
    s.join("c1", G1);
    s.members("c1", G1.0, &["c1"], &ids);
    s.join("c2", G1);
    s.join("c3", G1);
    s.members("c1", G1.0, &["c1", "c2", "c3"], &ids);
    s.members("c3", G1.0, &["c1", "c2", "c3"], &ids);
    s.finish()
}

/// Four members with subaddresses fit: (256 - 80) / 40, with or without the eight octets of LLC/SNAP
/// (register F04).
const MTU: u16 = 256;

/// Clients with subaddresses.
const ALL: [&str; 9] = ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"];

fn with_subaddresses(id: &'static str, title: &'static str) -> Script {
    let mut script = Script::new(CLUSTER, id, title).config("mtu", MTU);
    for (number, who) in (1..).zip(ALL) {
        let endpoint = script.who(who).clone().below(0xd0 + number);
        script.cast(who, endpoint);
    }
    script
}

fn parts() -> Trace {
    let mut s = with_subaddresses(
        "multi-in-three-parts",
        "Nine members of which four fit in a message come in parts of four, four and one, with one number.",
    );
    for who in ALL {
        s.register(who);
        s.join(who, G1);
    }
    s.asks("c4", G1.0)
        .multi_in(CCVC, G1.0, &ALL, &[4, 4, 1])
        .done(&[
            "R2022-5.1.1-03",
            "R2022-5.1.1-04",
            "R2022-5.1.1-05",
            "R2022-5.1.1-06",
            "R2022-5.1.1-14",
            "R2022-5.1.2-10",
            "R2022-6.1.4-03",
        ]);
    s.says(op::LEAVE, "c4", G1)
        .copy_on(CCVC)
        .done(&["R2022-5.1.4.2-03"]);
    s.finish()
}

/// Register F03: by the formula of 5.1.1 there is one part more, with nothing in it.
fn full_parts() -> Trace {
    let mut s = with_subaddresses(
        "multi-in-full-parts",
        "Members that fill their parts exactly need no further part, but an empty one.",
    );
    let all = &ALL[..8];
    let ids = ["R2022-5.1.1-05", "R2022-5.1.1-06", "F03"];
    for who in all {
        s.register(who);
        s.join(who, G1);
    }
    s.asks("c1", G1.0)
        .multi_in(CCVC, G1.0, all, &[4, 4])
        .or(&ids)
        .multi_in(CCVC, G1.0, all, &[4, 4, 0])
        .done(&ids);
    s.finish()
}

fn types() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "multi-by-address-type",
        "Members with NSAPA and with E.164 numbers come in separate parts of one answer.",
    );
    for (who, digits) in [("c2", "31323334"), ("c4", "35363738")] {
        s.cast(who, Endpoint::nsapa(0, "0a000109").e164(digits));
    }
    for who in ["c1", "c2", "c3", "c4"] {
        s.register(who);
        s.join(who, G1);
    }
    let ids = [
        "R2022-5.1.1-05",
        "R2022-5.1.1-07",
        "R2022-5.1.1-08",
        "R2022-5.1.1-14",
        "R2022-5.1.2-05",
    ];
    let nsapa = s.multi("c1", G1.0, &["c1", "c3"], 0..2);
    let e164 = s.multi("c1", G1.0, &["c2", "c4"], 0..2);
    s.asks("c1", G1.0)
        .parts(CCVC, vec![nsapa.clone(), e164.clone()])
        .or(&ids)
        .parts(CCVC, vec![e164, nsapa])
        .done(&ids);
    s.finish()
}

fn subaddresses() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "multi-with-subaddresses",
        "Members with a subaddress come in another part than those without; each target is number and subaddress.",
    );
    for (who, octet) in [("c2", 0xd2), ("c4", 0xd4)] {
        s.cast(who, Endpoint::nsapa(0xc2, "0a000109").below(octet));
    }
    // In the order of their numbers those without one stand on both sides.
    for who in ["c1", "c2", "c4", "c5"] {
        s.register(who);
        s.join(who, G1);
    }
    let ids = ["R2022-5.1.1-07", "R2022-5.1.1-08", "R2022-5.1.2-11"];
    let plain = s.multi("c4", G1.0, &["c1", "c5"], 0..2);
    let with = s.multi("c4", G1.0, &["c2", "c4"], 0..2);
    s.asks("c4", G1.0)
        .parts(CCVC, vec![plain.clone(), with.clone()])
        .or(&ids)
        .parts(CCVC, vec![with, plain])
        .done(&ids);
    s.finish()
}

fn stranger() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "request-of-a-stranger",
        "A request whose source is no member gets no answer, not even one whose number is a member's.",
    )
    .class(Class::Inopportune);
    s.register("c1");
    s.join("c1", G1);
    s.up("c2");
    s.asks("c2", G1.0)
        .silence(&["R2022-6.1.1-01", "R2022-F-01"]);
    s.asks("c2", G2.0).silence(&["R2022-6.1.1-01"]);
    let other = s
        .request("c1", G1.0)
        .with("ssa", s.who("c2").number.clone());
    s.send("c2", other).silence(&["R2022-6.1.1-01"]);
    s.members("c1", G1.0, &["c1"], &["R2022-6.1.1-01"]);
    s.finish()
}

fn once_each() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "multi-lists-a-member-once",
        "A member that is in a group by two of its joins is one target, until the last of them ends.",
    );
    s.register("c1");
    s.join("c1", BLOCK);
    s.says(op::JOIN, "c1", G1).copy().done(&["R2022-6.1.2-12"]);
    s.members("c1", G1.0, &["c1"], &["R2022-5.1.2-11"]);
    s.says(op::LEAVE, "c1", G1).copy().done(&["R2022-6.1.2-12"]);
    s.members("c1", G1.0, &["c1"], &["R2022-5.1.2-11"]);
    s.finish()
}

fn null_and_other_addresses() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "multi-copies-the-source",
        "The source of a MULTI is that of the request, layer 3 address included, whatever the registration said.",
    );
    s.register("c1");
    s.register("c2");
    s.join("c2", G1);
    for address in ["", "0a0000fe"] {
        let request = s.request("c1", G1.0).with("spa", address);
        let answer = s.multi("c1", G1.0, &["c2"], 0..1).with("spa", address);
        s.send("c1", request).parts(CCVC, vec![answer]).done(&[
            "R2022-5.1.2-09",
            "R2022-4.2-02",
            "F22",
        ]);
        let request = s.request("c1", G2.0).with("spa", address);
        s.send("c1", request)
            .nak()
            .done(&["R2022-5.1.2-07", "R2022-4.2-02"]);
    }
    s.finish()
}

fn format_bit() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "format-bit-of-no-address",
        "The format bit of an address of no octets is ignored.",
    );
    s.register("c1");
    s.register("c2");
    s.join("c2", G1);
    let odd = s.request("c1", G1.0).with("sstl", 0x40);
    let answer = s
        .multi("c1", G1.0, &["c2"], 0..1)
        .with("sstl", serde_json::json!({"one_of": [0, 0x40]}));
    s.send("c1", odd)
        .parts(CCVC, vec![answer])
        .done(&["R2022-5.1.2-06"]);
    let odd = s.request("c1", G1.0).with("thtl", 0x40).with("tstl", 0x40);
    s.send("c1", odd)
        .multi(G1.0, &["c2"])
        .done(&["R2022-5.1.2-06"]);
    s.finish()
}

fn wrong_length() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "request-of-a-wrong-length",
        "An IPv4 group has four octets: a request for another length finds no members.",
    )
    .class(Class::Invalid);
    s.register("c1");
    s.join("c1", G1);
    for group in ["e00001", "e000011100", ""] {
        s.asks("c1", group)
            .or(&["R2022-5.1.2-02"])
            .nak()
            .done(&["R2022-5.1.2-02"]);
    }
    s.members("c1", G1.0, &["c1"], &["R2022-5.1.2-02"]);
    s.finish()
}
