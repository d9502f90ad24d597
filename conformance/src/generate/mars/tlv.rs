//! Supplementary parameters: a list is read before its message is acted on (RFC 2022, 10 and appendix D).

use serde_json::json;

use super::builder::{CCVC, Script};
use super::messages::{Endpoint, op};
use super::{CLUSTER, G1, G2};
use crate::trace::{Class, Trace};

/// Octets of a JOIN of one IPv4 range from an NSAPA without a subaddress: where its TLVs begin.
const END_OF_JOIN: u64 = 64;

pub(super) fn traces() -> Vec<Trace> {
    vec![
        null_only(),
        skipped(),
        silent_drop(),
        drop_with_error(),
        queries(),
        low_bits(),
        boundary(),
        malformed(),
        after_the_null(),
    ]
}

type List = &'static [(u16, &'static str)];

fn null_only() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "tlv-null-only",
        "A list that has the null TLV only changes nothing, and comes back with the message.",
    );
    s.register("c1");
    let join = s.about(op::JOIN, "c1", G1).tlvs(&[(0, "")]);
    s.send("c1", join.clone()).copy_on(CCVC).done(&[
        "R2022-4.3.4-01",
        "R2022-10.1-01",
        "R2022-10.1-03",
        "R2022-10.4-01",
        "R2022-10.4-02",
        "F10",
    ]);
    s.send("c1", join)
        .copy()
        .done(&["R2022-10.4-01", "R2022-10.4-02", "F10"]);
    s.finish()
}

fn skipped() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "tlv-unknown-skipped",
        "Unknown TLVs whose top bits are 0 or 3 are passed over by their padded length, wherever in the list they are.",
    );
    s.register("c1");
    let lists: [List; 4] = [
        &[(0x3801, ""), (0, "")],
        &[(0x3801, "aa"), (0xf801, "bbcc"), (0, "")],
        &[(0xffff, "aabbccdd"), (0x0001, "aabbcc"), (0, "")],
        &[(0x1000, "aabbccddee40010000"), (0, "")],
    ];
    for (position, list) in lists.into_iter().enumerate() {
        let op_type = if position % 2 == 0 {
            op::JOIN
        } else {
            op::LEAVE
        };
        let message = s.about(op_type, "c1", G1).tlvs(list);
        s.send("c1", message).copy_on(CCVC).done(&[
            "R2022-10.2-01",
            "R2022-10.2-02",
            "R2022-10.2-03",
            "R2022-10.2-05",
            "R2022-10.3-02",
            "R2022-D-01",
        ]);
    }
    s.finish()
}

/// Messages with a TLV that forbids them change nothing.
fn dropped(id: &'static str, title: &'static str, list: List, later: List, ids: &[&str]) -> Trace {
    let mut s = Script::new(CLUSTER, id, title).class(Class::Invalid);
    s.register("c1");
    s.join("c1", G1);
    for (op_type, range) in [(op::JOIN, G2), (op::LEAVE, G1)] {
        let message = s.about(op_type, "c1", range);
        s.send("c1", message.clone().tlvs(list)).silence(ids);
        s.send("c1", message.tlvs(later)).silence(ids);
    }
    let request = s.request("c1", G1.0).tlvs(list);
    s.send("c1", request).silence(ids);
    s.up("c2");
    let message = s.registration(op::JOIN, "c2").tlvs(list);
    s.send("c2", message).silence(ids);
    s.nobody("c1", G2.0);
    s.members("c1", G1.0, &["c1"], ids);
    s.finish()
}

fn silent_drop() -> Trace {
    dropped(
        "tlv-unknown-drops-silently",
        "An unknown TLV whose top bits are 1 makes its message vanish, also behind one that is skipped.",
        &[(0x4001, "aabb"), (0, "")],
        &[(0x3801, "aabbcc"), (0x7fff, ""), (0, "")],
        &[
            "R2022-10.2-03",
            "R2022-10.3-01",
            "R2022-10.3-02",
            "R2022-D-01",
        ],
    )
}

fn drop_with_error() -> Trace {
    dropped(
        "tlv-unknown-drops-with-error",
        "An unknown TLV whose top bits are 2 makes its message vanish with an error that only the server sees.",
        &[(0x8001, "aabb"), (0, "")],
        &[(0xc001, "aabbcc"), (0xbfff, ""), (0, "")],
        &[
            "R2022-10.2-03",
            "R2022-10.3-01",
            "R2022-10.3-02",
            "R2022-D-01",
        ],
    )
}

fn queries() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "tlv-on-requests",
        "A request with a TLV that is skipped is answered; a NAK still has the TLV, as it has all of the request.",
    );
    s.register("c1");
    s.join("c1", G1);
    let list: List = &[(0x3801, "aabbcc"), (0, "")];
    let request = s.request("c1", G2.0).tlvs(list);
    s.send("c1", request)
        .nak()
        .done(&["R2022-5.1.2-07", "R2022-10.2-03"]);
    let request = s.request("c1", G1.0).tlvs(list);
    s.send("c1", request)
        .multi(G1.0, &["c1"])
        .done(&["R2022-10.2-03", "R2022-10.3-02"]);
    s.finish()
}

fn low_bits() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "tlv-offset-low-bits",
        "The two low bits of the offset of the TLVs are masked off by who receives it.",
    )
    .class(Class::Invalid);
    s.register("c1");
    s.join("c1", G1);
    for bits in 1..=3 {
        let message = s
            .about(op::JOIN, "c1", G2)
            .tlvs(&[(0x4001, ""), (0, "")])
            .with("extoff", END_OF_JOIN + bits);
        s.send("c1", message)
            .silence(&["R2022-10.1-02", "R2022-10.3-01", "R2022-D-01"]);
        let message = s
            .request("c1", G1.0)
            .tlvs(&[(0x3801, "aabbccdd"), (0, "")])
            // A REQUEST has one group where a JOIN has two.
            .with("extoff", END_OF_JOIN - 4 + bits);
        s.send("c1", message)
            .multi(G1.0, &["c1"])
            .done(&["R2022-10.1-02", "R2022-D-01"]);
    }
    // Offsets 1 to 3 are none.
    let message = s.request("c1", G1.0).with("extoff", 3);
    s.send("c1", message)
        .multi(G1.0, &["c1"])
        .done(&["R2022-10.1-01", "R2022-10.1-02"]);
    s.nobody("c1", G2.0);
    s.finish()
}

fn boundary() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "tlv-on-a-boundary",
        "Behind addresses of an odd length TLVs begin at the next 32-bit boundary, in what comes back too.",
    );
    s.cast(
        "c1",
        Endpoint::nsapa(0, "0a000101").e164("3136313735353531323132"),
    );
    s.register("c1");
    s.join("c1", G1);
    let block = ("e0000110", "e0000112");
    let join = s
        .about(op::JOIN, "c1", block)
        .tlvs(&[(0x3801, "aa"), (0, "")]);
    s.send("c1", join)
        .copy()
        .punched_on(
            CCVC,
            op::JOIN,
            &[("e0000110", "e0000110"), ("e0000112", "e0000112")],
        )
        .done(&[
            "R2022-10-01",
            "R2022-10.1-01",
            "R2022-10.1-03",
            "R2022-10.2-02",
        ]);
    s.finish()
}

/// Register F23.
fn malformed() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "tlv-list-malformed",
        "A list that begins inside the addresses, runs over the end, or has no null TLV makes its message void.",
    )
    .class(Class::Invalid);
    s.register("c1");
    let join = s.about(op::JOIN, "c1", G1);
    let length = |value: &str, length: u64| json!([{"type": 0x3801, "length": length, "value": value}, {"type": 0, "length": 0, "value": ""}]);
    let skip: List = &[(0x3801, "aabbccdd")];
    for wrong in [
        join.clone().with("extoff", 40),
        join.clone().with("extoff", 4000),
        join.clone().tlvs(&[(0, "")]).with("extoff", 60),
        join.clone().tlvs(skip),
        join.clone().tlvs(skip).with("extoff", END_OF_JOIN + 4),
        join.clone().with("tlvs", length("aabbccdd", 13)),
        join.clone().with("tlvs", length("aabbccdd", 0xffff)),
    ] {
        s.send("c1", wrong)
            .silence(&["R2022-10-01", "R2022-10.4-01", "F23"]);
    }
    s.nobody("c1", G1.0);
    s.finish()
}

fn after_the_null() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "tlv-list-ends-at-null",
        "What follows the null TLV belongs to no list.",
    )
    .class(Class::Invalid);
    s.register("c1");
    s.join("c1", G1);
    let request = s
        .request("c1", G1.0)
        .tlvs(&[(0, "")])
        .with("trailing", "4001000000000000");
    s.send("c1", request)
        .multi(G1.0, &["c1"])
        .done(&["R2022-10.4-01"]);
    s.finish()
}
