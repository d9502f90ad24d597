//! Holes that a client's own single joins make in its blocks (RFC 2022, 6.1.2 and appendix A).

use super::builder::{CCVC, Script};
use super::messages::{LAYER3GRP, Range, op};
use super::{BLOCK, CLUSTER, G1};
use crate::trace::{Class, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![
        over_single(),
        edges(),
        several(),
        nothing_left(),
        leave_within(),
        join_within(),
        whole_space(),
        overlapping(),
        carried_over(),
    ]
}

/// A single group.
const fn one(group: &str) -> Range<'_> {
    (group, group)
}

const AROUND_G1: [Range<'static>; 2] = [("e0000100", "e0000110"), ("e0000112", "e00001ff")];

fn over_single() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "block-over-a-single-join",
        "A block over a group that the client is in comes back whole to it alone, and goes to the cluster with a hole.",
    );
    s.register("c1");
    s.register("c2");
    s.join("c1", G1);
    for op_type in [op::JOIN, op::LEAVE] {
        s.says(op_type, "c1", BLOCK)
            .copy()
            .punched_on(CCVC, op_type, &AROUND_G1)
            .done(&[
                "R2022-5.2.1-03",
                "R2022-5.2.1-13",
                "R2022-5.2.1-17",
                "R2022-6.1.2-14",
                "R2022-6.1.2-16",
                "R2022-6.1.2-17",
                "R2022-A-01",
            ]);
        s.members("c2", G1.0, &["c1"], &["R2022-6.1.2-14"]);
    }
    s.says(op::LEAVE, "c1", G1)
        .copy_on(CCVC)
        .done(&["R2022-6.1.2-13"]);
    s.nobody("c2", G1.0);
    s.finish()
}

/// Register F05: the sample of appendix A is wrong at the edges.
fn edges() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "holes-at-the-edges",
        "A hole at the first or the last group of a block leaves all other groups, the neighbours of the hole too.",
    );
    let block = ("e0000140", "e0000147");
    let cases: [(&str, Range<'_>); 2] = [
        ("e0000140", ("e0000141", "e0000147")),
        ("e0000147", ("e0000140", "e0000146")),
    ];
    s.register("c1");
    for (group, left) in cases {
        s.join("c1", one(group));
        for op_type in [op::JOIN, op::LEAVE] {
            s.says(op_type, "c1", block)
                .copy()
                .punched_on(CCVC, op_type, &[left])
                .done(&["R2022-6.1.2-14", "R2022-6.1.2-17", "F05"]);
        }
        s.says(op::LEAVE, "c1", one(group))
            .copy_on(CCVC)
            .done(&["R2022-6.1.2-13"]);
    }
    // Just outside there is no hole.
    s.join("c1", one("e000013f"));
    s.join("c1", one("e0000148"));
    s.says(op::JOIN, "c1", block)
        .copy_on(CCVC)
        .done(&["R2022-6.1.2-15", "F05"]);
    s.finish()
}

fn several() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "several-holes",
        "Groups side by side make one hole, others one each; the pairs ascend.",
    );
    s.register("c1");
    for group in ["e0000182", "e0000111", "e0000112", "e0000181", "e00001f0"] {
        s.join("c1", one(group));
    }
    s.says(op::JOIN, "c1", BLOCK)
        .copy()
        .punched_on(
            CCVC,
            op::JOIN,
            &[
                ("e0000100", "e0000110"),
                ("e0000113", "e0000180"),
                ("e0000183", "e00001ef"),
                ("e00001f1", "e00001ff"),
            ],
        )
        .done(&[
            "R2022-5.2.1-17",
            "R2022-6.1.2-14",
            "R2022-6.1.2-17",
            "R2022-A-01",
        ]);
    s.finish()
}

fn nothing_left() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "no-pair-left",
        "A block of which the client is in every group already is no news to the cluster.",
    );
    s.register("c1");
    s.register("c2");
    s.join("c1", one("e0000110"));
    s.join("c1", G1);
    for op_type in [op::JOIN, op::LEAVE] {
        s.says(op_type, "c1", ("e0000110", "e0000111"))
            .copy()
            .done(&["R2022-6.1.2-16", "R2022-6.1.2-18", "F13"]);
        s.members("c2", G1.0, &["c1"], &["R2022-6.1.2-18"]);
    }
    s.finish()
}

fn leave_within() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "leave-within-own-block",
        "A leave of one group of a block that stays joined changes nothing.",
    );
    s.register("c1");
    s.register("c2");
    s.join("c1", BLOCK);
    s.says(op::LEAVE, "c1", G1)
        .copy()
        .done(&["R2022-6.1.2-12", "R2022-6.1.2-11", "F19"]);
    s.members("c2", G1.0, &["c1"], &["R2022-6.1.2-12"]);
    s.says(op::LEAVE, "c1", BLOCK)
        .copy_on(CCVC)
        .done(&["R2022-6.1.2-15"]);
    s.nobody("c2", G1.0);
    s.finish()
}

fn join_within() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "join-within-own-block",
        "A single join inside a block is no news to the cluster, but stays when the block is left.",
    );
    s.register("c1");
    s.register("c2");
    s.join("c1", BLOCK);
    s.says(op::JOIN, "c1", G1)
        .copy()
        .done(&["R2022-6.1.2-12", "R2022-6.1.2-11", "E08"]);
    s.says(op::LEAVE, "c1", BLOCK)
        .copy()
        .punched_on(CCVC, op::LEAVE, &AROUND_G1)
        .done(&["R2022-6.1.2-14", "R2022-6.1.2-16", "R2022-6.1.2-17"]);
    s.members("c2", G1.0, &["c1"], &["R2022-6.1.2-14"]);
    s.nobody("c2", BLOCK.0);
    s.finish()
}

fn whole_space() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "block-of-the-whole-space",
        "A block of all addresses with holes at both ends of the space has the rest of it.",
    );
    s.register("c1");
    s.join("c1", one("00000000"));
    s.join("c1", one("ffffffff"));
    s.says(op::JOIN, "c1", ("00000000", "ffffffff"))
        .copy()
        .punched_on(CCVC, op::JOIN, &[("00000001", "fffffffe")])
        .done(&["R2022-6.1.2-14", "R2022-6.1.2-17", "R2022-5.2.1-18", "F05"]);
    s.members("c1", "7fffffff", &["c1"], &["R2022-6.1.2-14"]);
    s.members("c1", "80000000", &["c1"], &["R2022-5.2.1-18"]);
    s.finish()
}

/// Register F18: by the letter only single joins make holes.
fn overlapping() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "overlapping-blocks",
        "Of two blocks that overlap, which no client should join, leaving one keeps the groups of the other.",
    )
    .class(Class::Invalid);
    let (low, high) = (("e0000100", "e000017f"), ("e0000140", "e00001ff"));
    s.register("c1");
    s.join("c1", low);
    s.says(op::JOIN, "c1", high)
        .copy()
        .punched_on(CCVC, op::JOIN, &[("e0000180", "e00001ff")])
        .or(&["R2022-6.1.2-14", "F18"])
        .copy_on(CCVC)
        .done(&["R2022-6.1.2-15", "F18"]);
    s.says(op::LEAVE, "c1", low)
        .copy()
        .punched_on(CCVC, op::LEAVE, &[("e0000100", "e000013f")])
        .or(&["R2022-6.1.2-14", "F18"])
        .copy_on(CCVC)
        .done(&["R2022-6.1.2-15", "F18"]);
    s.members("c1", "e0000150", &["c1"], &["R2022-6.1.2-14"]);
    s.nobody("c1", "e000013f");
    s.finish()
}

fn carried_over() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "punched-copy-keeps-the-rest",
        "A copy with holes has the sequence bits and the TLVs of the message it was made from.",
    );
    s.register("c1");
    s.join("c1", G1);
    let tlvs: &[(u16, &str)] = &[(0x3801, "aabbccddee"), (0, "")];
    let join = s
        .about(op::JOIN, "c1", BLOCK)
        .with("flags", 0x42)
        .tlvs(tlvs);
    s.send("c1", join)
        .copy()
        .punched_on(CCVC, op::JOIN, &AROUND_G1)
        .done(&[
            "R2022-5.2.1-04",
            "R2022-6.1.2-17",
            "R2022-10-01",
            "R2022-10.2-01",
            "R2022-10.2-02",
            "F10",
        ]);
    let again = s.about(op::JOIN, "c1", G1).with("flags", LAYER3GRP | 0x43);
    s.send("c1", again)
        .copy()
        .done(&["R2022-5.2.1-04", "R2022-6.1.2-12"]);
    s.finish()
}
