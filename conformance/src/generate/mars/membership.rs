//! Joins and leaves of single groups and of blocks without holes (RFC 2022, 5.2.1, 6.1.2, 6.1.4).

use serde_json::json;

use super::builder::{CCVC, Script};
use super::messages::{LAYER3GRP, flag, op};
use super::{BLOCK, CLUSTER, G1, G2};
use crate::trace::{Class, Level, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![
        single(),
        repeated(),
        other_flag(),
        sequence_bits(),
        punched_by_a_client(),
        copy_flag(),
        several_pairs(),
        block(),
        block_repeated(),
        block_flag(),
        leave_unjoined_block(),
        opaque_groups(),
        numbers(),
        wrap(),
        two_in_a_block(),
    ]
}

fn single() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "join-and-leave-single",
        "Each change of a single group's membership goes to the whole cluster, and not to the client alone.",
    );
    s.register("c1");
    s.register("c2");
    for (op_type, who) in [
        (op::JOIN, "c1"),
        (op::JOIN, "c2"),
        (op::LEAVE, "c1"),
        (op::LEAVE, "c2"),
    ] {
        s.says(op_type, who, G1).copy_on(CCVC).done(&[
            "R2022-5.1.4.2-02",
            "R2022-5.2.1-01",
            "R2022-5.2.1-16",
            "R2022-6.1.2-08",
            "R2022-6.1.2-13",
            "R2022-6.1.4-01",
        ]);
        match (op_type, who) {
            (op::JOIN, "c1") => s.members("c2", G1.0, &["c1"], &["R2022-6.1.2-13"]),
            (op::JOIN, _) => s.members("c2", G1.0, &["c1", "c2"], &["R2022-6.1.2-13"]),
            (_, "c1") => s.members("c1", G1.0, &["c2"], &["R2022-6.1.2-13"]),
            _ => s.nobody("c1", G1.0),
        }
    }
    s.finish()
}

fn repeated() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "join-and-leave-repeated",
        "A join of what is joined comes back to the client alone and raises no number; a leave of what is left comes back.",
    );
    s.register("c1");
    s.register("c2");
    s.says(op::LEAVE, "c1", G1)
        .copy_or_told(&["R2022-6.1.2-12", "R2022-6.1.2-11", "F19"])
        .done(&["R2022-6.1.2-12", "R2022-6.1.2-11", "F19"]);
    s.join("c1", G1);
    for _ in 0..2 {
        s.says(op::JOIN, "c1", G1).copy().done(&[
            "R2022-5.1.4.2-03",
            "R2022-6.1.2-08",
            "R2022-6.1.2-11",
            "R2022-6.1.2-12",
            "R2022-6.1.4-04",
        ]);
    }
    s.join("c1", G2);
    s.says(op::LEAVE, "c1", G1)
        .copy_on(CCVC)
        .done(&["R2022-6.1.2-13", "R2022-6.1.4-04"]);
    s.says(op::LEAVE, "c1", G1)
        .copy_or_told(&["R2022-6.1.2-12", "R2022-5.1.4.2-03"])
        .done(&["R2022-6.1.2-12", "R2022-5.1.4.2-03"]);
    s.members("c2", G2.0, &["c1"], &["R2022-6.1.2-12"]);
    s.finish()
}

/// Register E08.
fn other_flag() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "join-again-for-layer-3",
        "A second join of a group for layer 3 is no change of membership, but makes it a layer 3 group.",
    );
    s.register("c1");
    s.join("c1", G1);
    let ask = s.about(op::GROUPLIST_REQUEST, "c1", BLOCK);
    let none = s.group_list("c1", &[]);
    s.send("c1", ask.clone())
        .parts(CCVC, vec![none])
        .or(&["R2022-5.3-04", "F07"])
        .done(&["R2022-5.3-04", "F07"]);
    let again = s.about(op::JOIN, "c1", G1).with("flags", LAYER3GRP);
    s.send("c1", again)
        .copy()
        .done(&["R2022-1.4-02", "R2022-6.1.2-12", "E08"]);
    let one = s.group_list("c1", &[G1.0]);
    s.send("c1", ask)
        .parts(CCVC, vec![one])
        .done(&["R2022-5.3-04", "E08"]);
    s.finish()
}

fn sequence_bits() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "sequence-bits-pass-unchanged",
        "The sequence bits of a client come back as they were, on either VC, and are compared with nothing.",
    );
    s.register("c1");
    for (mark, first) in [(0x5a, true), (0x5a, false), (0x00, false), (0xff, false)] {
        let join = s.about(op::JOIN, "c1", G1).with("flags", mark | LAYER3GRP);
        let expect = s.send("c1", join);
        let expect = if first {
            expect.copy_on(CCVC)
        } else {
            expect.copy()
        };
        expect.done(&["R2022-5.2.1-04", "R2022-5.2.2-07", "R2022-5.2.1-02"]);
    }
    let leave = s.about(op::LEAVE, "c1", G1).with("flags", 0x01);
    s.send("c1", leave)
        .copy_on(CCVC)
        .done(&["R2022-5.2.1-04", "R2022-5.2.2-07"]);
    s.finish()
}

fn punched_by_a_client() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "punched-flag-from-a-client",
        "A client that sets the punched flag finds it clear in what the server makes of its message.",
    )
    .class(Class::Invalid);
    s.register("c1");
    for range in [G1, BLOCK] {
        let join = s.about(op::JOIN, "c1", range).with("flags", flag::PUNCHED);
        let expect = s.send("c1", join);
        if range == G1 {
            expect.copy_on(CCVC).done(&["R2022-6.1.2-11"]);
        } else {
            // The block lies around the group.
            expect
                .copy()
                .punched_on(
                    CCVC,
                    op::JOIN,
                    &[("e0000100", "e0000110"), ("e0000112", "e00001ff")],
                )
                .done(&["R2022-6.1.2-16", "R2022-6.1.2-17"]);
        }
    }
    let again = s.about(op::JOIN, "c1", G1).with("flags", flag::PUNCHED);
    s.send("c1", again)
        .copy()
        .done(&["R2022-6.1.2-11", "R2022-6.1.2-12"]);
    s.finish()
}

fn copy_flag() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "copy-flag-is-ignored",
        "Joins and leaves with the copy flag, registering or not, come from a MARS and are ignored.",
    )
    .class(Class::Invalid);
    s.register("c1");
    s.join("c1", G1);
    for (op_type, group, flags) in [
        (op::JOIN, G2, flag::COPY),
        (op::LEAVE, G1, flag::COPY),
        (op::LEAVE, G1, flag::COPY | flag::REGISTER),
    ] {
        let message = s.about(op_type, "c1", group).with("flags", flags);
        s.send("c1", message)
            .silence(&["R2022-6.1.2-07", "R2022-5.2.1-07"]);
    }
    s.up("c2");
    let message = s
        .registration(op::JOIN, "c2")
        .with("flags", flag::COPY | flag::REGISTER);
    s.send("c2", message).silence(&["R2022-6.1.2-07"]);
    s.nobody("c1", G2.0);
    s.members("c1", G1.0, &["c1"], &["R2022-6.1.2-07"]);
    s.finish()
}

fn several_pairs() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "several-pairs-are-dropped",
        "A join or leave of more than one range is dropped without a word.",
    )
    .class(Class::Invalid);
    s.register("c1");
    s.join("c1", G1);
    let join = s.about(op::JOIN, "c1", G2).pairs(&[G2, BLOCK]);
    s.send("c1", join.pairs(&[("e0000101", "e0000101"), G2]))
        .silence(&["R2022-6.1.2-09"]);
    let leave = s.about(op::LEAVE, "c1", G1).pairs(&[G1, G2]);
    s.send("c1", leave).silence(&["R2022-6.1.2-09"]);
    s.nobody("c1", G2.0);
    s.nobody("c1", "e0000101");
    s.members("c1", G1.0, &["c1"], &["R2022-6.1.2-09"]);
    s.finish()
}

fn block() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "join-and-leave-block",
        "A block without holes goes to the cluster as it is; who joined it is a member from its first group to its last.",
    );
    s.register("c1");
    s.register("c2");
    s.says(op::JOIN, "c1", BLOCK)
        .copy_on(CCVC)
        .done(&["R2022-6.1.2-15", "R2022-5.2.1-18"]);
    for group in [BLOCK.0, BLOCK.1, G1.0] {
        s.members("c2", group, &["c1"], &["R2022-6.1.2-15", "R2022-5.2.1-18"]);
    }
    for group in ["e00000ff", "e0000200", "60000150"] {
        s.nobody("c2", group);
    }
    s.says(op::LEAVE, "c1", BLOCK)
        .copy_on(CCVC)
        .done(&["R2022-6.1.2-15"]);
    for group in [BLOCK.0, BLOCK.1] {
        s.nobody("c2", group);
    }
    s.finish()
}

/// Register F14: the body of the RFC tells the cluster again.
fn block_repeated() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "join-block-again",
        "A block that is joined already comes back to the client, or goes to the cluster once more.",
    );
    s.register("c1");
    s.join("c1", BLOCK);
    s.says(op::JOIN, "c1", BLOCK)
        .copy()
        .or(&["R2022-6.1.2-15", "F14"])
        .copy_on(CCVC)
        .done(&["R2022-6.1.2-15", "F14"]);
    s.members("c1", G1.0, &["c1"], &["R2022-6.1.2-15"]);
    s.finish()
}

fn block_flag() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "layer-3-flag-on-a-block",
        "The layer 3 flag on a block counts as clear: none of its groups is a layer 3 group.",
    )
    .class(Class::Invalid);
    s.register("c1");
    s.register("c2");
    let join = s.about(op::JOIN, "c1", BLOCK).with("flags", LAYER3GRP);
    let told = join.copied().with(
        "flags",
        json!({"one_of": [flag::COPY, flag::COPY | LAYER3GRP]}),
    );
    s.send("c1", join)
        .on(CCVC, told)
        .done(&["R2022-5.2.1-10", "R2022-6.1.2-15"]);
    let join = s.about(op::JOIN, "c2", G1).with("flags", LAYER3GRP);
    s.send("c2", join).copy_on(CCVC).done(&["R2022-6.1.2-13"]);
    let ask = s.about(op::GROUPLIST_REQUEST, "c2", BLOCK);
    let one = s.group_list("c2", &[G1.0]);
    s.send("c2", ask)
        .parts(CCVC, vec![one])
        .done(&["R2022-5.2.1-10", "R2022-5.3-04"]);
    s.finish()
}

/// Register F19: read by the letter the cluster is told of the holes.
fn leave_unjoined_block() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "leave-block-that-is-not-joined",
        "A leave of a block over a single join does not end the single join.",
    )
    .class(Class::Inopportune);
    s.register("c1");
    s.join("c1", G1);
    s.says(op::LEAVE, "c1", BLOCK)
        .copy()
        .or(&["R2022-6.1.2-14", "F19"])
        .copy()
        .punched_on(
            CCVC,
            op::LEAVE,
            &[("e0000100", "e0000110"), ("e0000112", "e00001ff")],
        )
        .done(&["R2022-6.1.2-14", "F19"]);
    s.members("c1", G1.0, &["c1"], &["R2022-6.1.2-14"]);
    s.finish()
}

fn opaque_groups() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "groups-are-opaque",
        "A group is a string of octets: class and meaning of an IPv4 address are no matter.",
    );
    s.register("c1");
    for group in ["0a000105", "ffffffff", "00000000"] {
        s.says(op::JOIN, "c1", (group, group))
            .copy_on(CCVC)
            .done(&["R2022-6-03", "R2022-4.1-04"]);
        s.members("c1", group, &["c1"], &["R2022-6-03", "R2022-4.1-04"]);
    }
    s.nobody("c1", "00000001");
    s.finish()
}

fn numbers() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "csn-counts-cluster-messages",
        "Whatever goes out on the ClusterControlVC raises the CSN by one, and whatever goes out elsewhere does not.",
    );
    s.register("c1");
    s.register("c2");
    s.join("c1", G1);
    s.says(op::JOIN, "c1", G1)
        .copy()
        .done(&["R2022-5.1.4.2-03"]);
    s.members(
        "c2",
        G1.0,
        &["c1"],
        &["R2022-5.1.4.2-01", "R2022-5.1.4.2-03"],
    );
    s.nobody("c2", G2.0);
    s.register("c3");
    s.says(op::JOIN, "c3", G2).copy_on(CCVC).done(&[
        "R2022-5.1.4.2-02",
        "R2022-6.1.4-01",
        "R2022-6.1.4-04",
    ]);
    let message = s.registration(op::LEAVE, "c3");
    s.send("c3", message)
        .copy_with(json!({"any": true}))
        .leaf(false, CCVC, "c3")
        .done(&["R2022-5.1.4.2-03"]);
    s.says(op::LEAVE, "c1", G1).copy_on(CCVC).done(&[
        "R2022-5.1.4.2-02",
        "R2022-6.1.4-01",
        "R2022-6.1.4-04",
    ]);
    s.finish()
}

fn wrap() -> Trace {
    let mut s = Script::new(CLUSTER, "csn-wraps", "The CSN goes from 2^32 - 1 to 0.")
        .config("csn_start", 0xffff_fffe_u32);
    s.register("c1");
    for op_type in [op::JOIN, op::LEAVE, op::JOIN, op::LEAVE] {
        s.says(op_type, "c1", G1)
            .level(Level::Must)
            .copy_on(CCVC)
            .done(&[
                "R2022-5.1.4.2-04",
                "R2022-5.1.4.2-08",
                "R2022-6.1.4-01",
                "R2022-6.1.4-02",
            ]);
        // A leave of what is left may be told (register F19).
        if op_type == op::JOIN {
            s.says(op_type, "c1", G1).copy().done(&["R2022-6.1.4-02"]);
        }
    }
    s.finish()
}

fn two_in_a_block() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "block-of-one-is-none-of-another",
        "What one client has joined makes no hole in the block of another.",
    );
    s.register("c1");
    s.register("c2");
    s.join("c1", G1);
    s.says(op::JOIN, "c2", BLOCK)
        .copy_on(CCVC)
        .done(&["R2022-6.1.2-14", "R2022-6.1.2-15"]);
    s.members("c1", G1.0, &["c1", "c2"], &["R2022-6.1.2-15"]);
    s.says(op::LEAVE, "c1", G1)
        .copy_on(CCVC)
        .done(&["R2022-6.1.2-13"]);
    s.members("c1", G1.0, &["c2"], &["R2022-6.1.2-13"]);
    s.says(op::LEAVE, "c2", BLOCK)
        .copy_on(CCVC)
        .done(&["R2022-6.1.2-15"]);
    s.nobody("c1", G1.0);
    s.finish()
}
