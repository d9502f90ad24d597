//! The fixed header: what is dropped for it, and what is ignored in it (RFC 2022, 4.2, 4.3, 6).

use serde_json::json;

use super::builder::{CCVC, Script};
use super::messages::{Message, Protocol, op};
use super::{CLUSTER, G1, G2};
use crate::frames;
use crate::trace::{Class, Level, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![
        version(),
        unknown_operation(),
        not_for_servers(),
        empty_number(),
        hardware_type(),
        other_protocol(),
        long_form(),
        snap_of_a_short_form(),
        reserved_octets(),
        checksum(),
        cut_short(),
        encapsulation(),
        inverted_range(),
    ]
}

/// A member, and what must be as it was after the bad messages.
fn member(id: &'static str, title: &'static str) -> Script {
    let mut script = Script::new(CLUSTER, id, title).class(Class::Invalid);
    script.register("c1");
    script.join("c1", G1);
    script
}

/// Nothing came of it.
fn unharmed(mut script: Script, ids: &[&str]) -> Trace {
    script.nobody("c1", G2.0);
    script.members("c1", G1.0, &["c1"], ids);
    script.finish()
}

fn version() -> Trace {
    let mut s = member(
        "other-version",
        "Messages of another version of the protocol are dropped.",
    );
    for version in [1, 0x7f, 0xf0, 0xff] {
        for (op_type, range) in [(op::JOIN, G2), (op::LEAVE, G1)] {
            let message = s.about(op_type, "c1", range).with("op_version", version);
            s.send("c1", message).silence(&["R2022-4.3.5-01"]);
        }
        let request = s.request("c1", G1.0).with("op_version", version);
        s.send("c1", request).silence(&["R2022-4.3.5-01"]);
    }
    unharmed(s, &["R2022-4.3.5-01"])
}

/// Octet of mar$op.type in a frame with its LLC/SNAP header.
const OP_TYPE_AT: usize = 8 + 17;

/// The frame of a message without a checksum.
fn octets(message: &Message) -> Vec<u8> {
    let frame = message.clone().with("chksum", 0).frame();
    frames::write(&frame).unwrap_or_else(|error| panic!("{error}"))
}

fn unknown_operation() -> Trace {
    let mut s = member(
        "unknown-operation",
        "Messages with an operation that does not exist are dropped.",
    );
    let join = octets(&s.about(op::JOIN, "c1", G2));
    for wrong in [0, 14, 20, 99, 255] {
        let mut join = join.clone();
        join[OP_TYPE_AT] = wrong;
        s.send_octets("c1", &join).silence(&["R2022-11-01"]);
    }
    unharmed(s, &["R2022-11-01"])
}

fn not_for_servers() -> Trace {
    let mut s = member(
        "operations-of-a-server",
        "Messages that only a server sends are no business of a server that receives them.",
    )
    .class(Class::Inopportune);
    for op_type in [op::SJOIN, op::SLEAVE] {
        let range = if op_type == op::SJOIN { G2 } else { G1 };
        let message = s.about(op_type, "c1", range);
        s.send("c1", message).silence(&["R2022-11-01"]);
    }
    let multi = s.multi("c1", G2.0, &["c2"], 0..1);
    s.send("c1", multi).silence(&["R2022-11-01"]);
    let nak = s.request("c1", G1.0).with("op_type", op::NAK);
    s.send("c1", nak).silence(&["R2022-11-01"]);
    let list = s.group_list("c1", &[G2.0]);
    s.send("c1", list).silence(&["R2022-11-01"]);
    let map = s.map(&["c1"]).with("redirf", 0x80);
    s.send("c1", map).silence(&["R2022-11-01"]);
    let migrate = s.migrate(G1.0, "c1");
    s.send("c1", migrate).silence(&["R2022-11-01"]);
    unharmed(s, &["R2022-11-01"])
}

fn empty_number() -> Trace {
    let mut s = member(
        "empty-atm-number",
        "A message without a source ATM number is dropped before all else, whatever its subaddress.",
    );
    s.up("c2");
    let subaddress = s.who("c1").number.clone();
    for subaddress in ["", subaddress.as_str()] {
        let nameless = |message: Message| message.with("sha", "").with("ssa", subaddress);
        for message in [
            s.registration(op::JOIN, "c2"),
            s.about(op::JOIN, "c2", G2),
            s.request("c2", G1.0),
            s.registration(op::MSERV, "c2"),
        ] {
            s.send("c2", nameless(message))
                .silence(&["R2022-6-04", "R2022-4.3-02"]);
        }
    }
    unharmed(s, &["R2022-6-04"])
}

fn hardware_type() -> Trace {
    let mut s = member(
        "other-hardware-type",
        "Messages about another kind of link layer address are not understood.",
    );
    for afn in [0, 1, 14, 16, 0x0f00] {
        let message = s.about(op::JOIN, "c1", G2).with("afn", afn);
        s.send("c1", message).silence(&["R2022-4.3.1-01"]);
    }
    unharmed(s, &["R2022-4.3.1-01"])
}

fn other_protocol() -> Trace {
    let mut s = member(
        "unsupported-protocol",
        "Messages of a layer 3 protocol that the server does not serve are dropped.",
    )
    .class(Class::Inopportune);
    s.up("c2");
    for protocol in [Protocol::short(0x86dd), Protocol::long("00000086dd")] {
        let of_protocol = |message: Message| {
            message
                .with("pro_type", protocol.kind)
                .with("pro_snap", protocol.snap.clone())
        };
        for (who, message) in [
            ("c1", s.about(op::JOIN, "c1", G2)),
            ("c1", s.about(op::LEAVE, "c1", G1)),
            ("c1", s.request("c1", G1.0)),
            ("c2", s.registration(op::JOIN, "c2")),
            ("c2", s.registration(op::MSERV, "c2")),
        ] {
            s.send(who, of_protocol(message)).silence(&["R2022-6-02"]);
        }
    }
    unharmed(s, &["R2022-6-02"])
}

/// A server may know IPv4 by its long form; what it says itself is in the short one.
fn long_form() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "long-form-of-ipv4",
        "A request in the long form of a protocol with a short one is dropped, or answered in the short form.",
    )
    .class(Class::Invalid);
    s.register("c1");
    s.join("c1", G1);
    let request = s
        .request("c1", G1.0)
        .with("pro_type", 0x80)
        .with("pro_snap", "0000000800");
    s.send("c1", request)
        .level(Level::May)
        .or(&["R2022-4.3.2-05"])
        .level(Level::Must)
        .multi(G1.0, &["c1"])
        .done(&["R2022-4.3.2-04", "R2022-4.3.2-05"]);
    s.finish()
}

fn snap_of_a_short_form() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "snap-of-a-short-form",
        "With a short form of the protocol the SNAP octets are ignored, and zero in what the server makes.",
    )
    .class(Class::Invalid);
    s.register("c1");
    let odd = json!({"one_of": ["0000000000", "0102030405"]});
    let join = s.about(op::JOIN, "c1", G1).with("pro_snap", "0102030405");
    let copy = join.copied().with("pro_snap", odd);
    s.send("c1", join)
        .on(CCVC, copy)
        .done(&["R2022-4.3.2-03", "F10"]);
    let request = s.request("c1", G1.0).with("pro_snap", "0102030405");
    s.send("c1", request).multi(G1.0, &["c1"]).done(&[
        "R2022-4.3.2-01",
        "R2022-4.3.2-02",
        "R2022-4.3.2-03",
    ]);
    s.finish()
}

fn reserved_octets() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "reserved-octets-ignored",
        "The reserved octets of the header mean nothing in this version.",
    )
    .class(Class::Invalid);
    s.register("c1");
    s.join("c1", G1);
    let request = s.request("c1", G1.0).with("hdrrsv", "ffffff");
    s.send("c1", request)
        .multi(G1.0, &["c1"])
        .done(&["R2022-4.3-03"]);
    let leave = s.about(op::LEAVE, "c1", G1).with("hdrrsv", "010203");
    let odd = json!({"one_of": ["000000", "010203"]});
    let copy = leave.copied().with("hdrrsv", odd);
    s.send("c1", leave)
        .on(CCVC, copy)
        .done(&["R2022-4.3-03", "F10"]);
    s.finish()
}

fn checksum() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "checksum-of-zero-is-valid",
        "A message without a checksum is as good as one with a right one; a wrong one may be noticed.",
    );
    s.up("c1");
    let message = s.registration(op::JOIN, "c1").with("chksum", 0);
    let cmi = s.new_cmi("c1");
    s.send("c1", message)
        .leaf(true, CCVC, "c1")
        .copy_with(cmi)
        .done(&["R2022-4.3.3-05", "R2022-4.3.3-02"]);
    let join = s.about(op::JOIN, "c1", G1).with("chksum", 0);
    s.send("c1", join)
        .copy_on(CCVC)
        .done(&["R2022-4.3.3-04", "R2022-4.3.3-05"]);
    let request = s.request("c1", G1.0).with("chksum", 0);
    s.send("c1", request)
        .multi(G1.0, &["c1"])
        .done(&["R2022-4.3.3-05"]);
    let request = s.request("c1", G2.0).with("chksum", 0);
    s.send("c1", request).nak().done(&["R2022-4.3.3-05", "F08"]);
    s.asks("c1", G2.0).nak().done(&["R2022-4.3.3-01", "F08"]);
    let request = s.request("c1", G1.0).with("chksum", 0x0bad);
    s.send("c1", request)
        .or(&["R2022-4.3.3-04"])
        .multi(G1.0, &["c1"])
        .done(&["R2022-4.3.3-03"]);
    s.finish()
}

fn cut_short() -> Trace {
    let mut s = member(
        "message-cut-short",
        "A message that ends before its last address is dropped.",
    );
    let join = octets(&s.about(op::JOIN, "c1", G2));
    for length in [0, 7, 8, 9, 27, 28, 40, 59, 60, 64, 71] {
        s.send_octets("c1", &join[..length])
            .silence(&["R2022-1.4-01", "R2022-5.2.1-01"]);
    }
    unharmed(s, &["R2022-1.4-01"])
}

fn encapsulation() -> Trace {
    let mut s = member(
        "other-encapsulation",
        "Only frames with the LLC/SNAP header of MARS control messages are MARS control messages.",
    );
    let join = octets(&s.about(op::JOIN, "c1", G2));
    for (at, wrong) in [
        (0, 0xfe),
        (2, 0x13),
        (3, 0x01),
        (5, 0x5f),
        (7, 0x01),
        (7, 0x04),
    ] {
        let mut join = join.clone();
        join[at] = wrong;
        s.send_octets("c1", &join)
            .silence(&["R2022-4.2-01", "R2022-4.1-03"]);
    }
    unharmed(s, &["R2022-4.2-01"])
}

fn inverted_range() -> Trace {
    let mut s = member(
        "range-upside-down",
        "A range whose end is below its beginning is no range, compared as unsigned numbers.",
    );
    for (min, max) in [("e0000122", "e0000121"), ("e0000200", "60000200")] {
        s.says(op::JOIN, "c1", (min, max))
            .silence(&["R2022-5.2.1-17", "R2022-5.2.1-18"]);
    }
    unharmed(s, &["R2022-5.2.1-17"])
}
