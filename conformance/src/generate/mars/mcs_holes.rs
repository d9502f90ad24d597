//! Joins and leaves where MCSs serve some groups: SJOIN and SLEAVE for the MCSs, and for the cluster what is
//! still a mesh (RFC 2022, 6.2.4).

use super::builder::{CCVC, SCVC, Script};
use super::messages::{LAYER3GRP, Range, op};
use super::{BLOCK, G1, G2, MCS};
use crate::trace::Trace;

pub(super) fn traces() -> Vec<Trace> {
    vec![
        single(),
        single_repeated(),
        other_group(),
        block(),
        block_and_own_single(),
        no_group_served(),
        all_served(),
        side_by_side(),
        served_and_left(),
        member_goes(),
    ]
}

/// `BLOCK` without `G1`.
const AROUND_G1: [Range<'static>; 2] = [("e0000100", "e0000110"), ("e0000112", "e00001ff")];

/// Somebody is a client, and an MCS serves `G1`.
fn served(id: &'static str, title: &'static str) -> Script {
    let mut script = Script::new(MCS, id, title);
    script.register("c1");
    script.register("c2");
    script.register_mcs("m1");
    script.serve("m1", G1);
    script
}

const SERVED: [&str; 9] = [
    "R2022-6.1.2-10",
    "R2022-6.2.4-01",
    "R2022-6.2.4-03",
    "R2022-6.2.4-04",
    "R2022-6.2.4-05",
    "R2022-6.2.4-11",
    "R2022-6.2.4-12",
    "R2022-6.2.5-01",
    "F01",
];

fn single() -> Trace {
    let mut s = served(
        "join-and-leave-served-group",
        "A change in a group that an MCS serves goes to the MCSs and back to the client, and not to the cluster.",
    );
    let join = s.about(op::JOIN, "c1", G1).with("flags", LAYER3GRP | 0x33);
    s.send("c1", join)
        .punched_on(SCVC, op::SJOIN, &[G1])
        .copy()
        .done(&SERVED);
    s.join_served("c2", G1);
    s.asks("m1", G1.0)
        .multi_in(SCVC, G1.0, &["c1", "c2"], &[2])
        .done(&["R2022-6.2.1-01"]);
    let leave = s.about(op::LEAVE, "c1", G1).with("flags", 0x34);
    s.send("c1", leave)
        .punched_on(SCVC, op::SLEAVE, &[G1])
        .copy()
        .done(&SERVED);
    // The cluster's numbers have not moved.
    s.says(op::JOIN, "c1", G2)
        .copy_on(CCVC)
        .done(&["R2022-6.2.4-02", "R2022-6.2.4-05"]);
    s.finish()
}

fn single_repeated() -> Trace {
    let mut s = served(
        "join-and-leave-served-group-repeated",
        "What changes nothing in a group that an MCS serves is told to its client only.",
    );
    s.says(op::LEAVE, "c1", G1)
        .copy()
        .or(&["R2022-6.2.4-03", "R2022-6.2.4-04"])
        .punched_on(SCVC, op::SLEAVE, &[G1])
        .copy()
        .done(&["R2022-6.2.4-03", "R2022-6.2.4-04"]);
    s.join_served("c1", G1);
    s.says(op::JOIN, "c1", G1)
        .copy()
        .done(&["R2022-6.2.4-03", "R2022-6.2.4-04", "R2022-6.2.5-04"]);
    s.says(op::LEAVE, "c1", G1)
        .punched_on(SCVC, op::SLEAVE, &[G1])
        .copy()
        .done(&SERVED);
    s.says(op::LEAVE, "c1", G1)
        .copy()
        .or(&["R2022-6.2.4-03", "R2022-6.2.4-04"])
        .punched_on(SCVC, op::SLEAVE, &[G1])
        .copy()
        .done(&["R2022-6.2.4-03", "R2022-6.2.4-04"]);
    s.asks("m1", G1.0).nak().done(&["R2022-F-02"]);
    s.finish()
}

fn other_group() -> Trace {
    let mut s = served(
        "join-and-leave-unserved-group",
        "A change in a group that no MCS serves goes to the cluster alone, whatever is served elsewhere.",
    );
    for op_type in [op::JOIN, op::LEAVE] {
        s.says(op_type, "c1", G2)
            .copy_on(CCVC)
            .done(&["R2022-6.1.2-10", "R2022-6.2.4-02"]);
    }
    s.finish()
}

const BLOCKS: [&str; 9] = [
    "R2022-5.2.1-17",
    "R2022-6.2.4-06",
    "R2022-6.2.4-07",
    "R2022-6.2.4-09",
    "R2022-6.2.4-10",
    "R2022-6.2.4-11",
    "R2022-6.2.4-12",
    "R2022-6.2.5-01",
    "R2022-A-01",
];

fn block() -> Trace {
    let mut s = served(
        "block-over-a-served-group",
        "A block over a served group goes whole to the MCSs and to the client, and to the cluster with a hole.",
    );
    for op_type in [op::JOIN, op::LEAVE] {
        let to_servers = if op_type == op::JOIN {
            op::SJOIN
        } else {
            op::SLEAVE
        };
        s.says(op_type, "c1", BLOCK)
            .punched_on(SCVC, to_servers, &[BLOCK])
            .copy()
            .punched_on(CCVC, op_type, &AROUND_G1)
            .done(&BLOCKS);
        if op_type == op::JOIN {
            s.asks("m1", G1.0)
                .multi_in(SCVC, G1.0, &["c1"], &[1])
                .done(&["R2022-6.2.1-01"]);
            s.members("c2", G2.0, &["c1"], &["R2022-6.2.4-07"]);
        }
    }
    s.asks("m1", G1.0).nak().done(&["R2022-F-02"]);
    s.finish()
}

fn block_and_own_single() -> Trace {
    let mut s = served(
        "block-over-a-served-group-and-a-single-join",
        "The client's own single join is a hole for the MCSs; for the cluster the served group is another.",
    );
    s.join("c1", G2);
    for op_type in [op::JOIN, op::LEAVE] {
        let to_servers = if op_type == op::JOIN {
            op::SJOIN
        } else {
            op::SLEAVE
        };
        s.says(op_type, "c1", BLOCK)
            .punched_on(
                SCVC,
                to_servers,
                &[("e0000100", "e0000121"), ("e0000123", "e00001ff")],
            )
            .copy()
            .punched_on(
                CCVC,
                op_type,
                &[
                    ("e0000100", "e0000110"),
                    ("e0000112", "e0000121"),
                    ("e0000123", "e00001ff"),
                ],
            )
            .done(&BLOCKS);
    }
    s.members("c2", G2.0, &["c1"], &["R2022-6.2.4-07"]);
    // A single join of the served group inside the block.
    s.join_served("c1", G1);
    s.says(op::JOIN, "c1", ("e0000110", "e0000112"))
        .punched_on(
            SCVC,
            op::SJOIN,
            &[("e0000110", "e0000110"), ("e0000112", "e0000112")],
        )
        .copy()
        .punched_on(
            CCVC,
            op::JOIN,
            &[("e0000110", "e0000110"), ("e0000112", "e0000112")],
        )
        .done(&BLOCKS);
    s.finish()
}

/// Register E18: by the letter the MCSs hear of every block.
fn no_group_served() -> Trace {
    let mut s = served(
        "block-of-unserved-groups",
        "A block without holes goes to the cluster as it is, although there are MCSs.",
    );
    let block = ("e0000200", "e00002ff");
    s.says(op::JOIN, "c1", block)
        .copy_on(CCVC)
        .or(&["R2022-6.2.4-08", "E18"])
        .punched_on(SCVC, op::SJOIN, &[block])
        .copy_on(CCVC)
        .done(&["R2022-6.2.4-06", "R2022-6.2.4-08", "E18"]);
    s.members("c2", "e0000280", &["c1"], &["R2022-6.2.4-08"]);
    s.finish()
}

fn all_served() -> Trace {
    let mut s = served(
        "block-of-served-groups-only",
        "A block of which every group is served is no news to the cluster.",
    );
    s.serve("m1", ("e0000112", "e0000112"));
    let block = ("e0000111", "e0000112");
    for op_type in [op::JOIN, op::LEAVE] {
        let to_servers = if op_type == op::JOIN {
            op::SJOIN
        } else {
            op::SLEAVE
        };
        s.says(op_type, "c1", block)
            .punched_on(SCVC, to_servers, &[block])
            .copy()
            .done(&["R2022-6.2.4-06", "R2022-6.2.4-09", "R2022-6.2.4-10", "F13"]);
    }
    s.finish()
}

fn side_by_side() -> Trace {
    let mut s = served(
        "holes-of-several-mcs",
        "Served groups side by side make one hole, whoever serves them; those at the edges of a block shorten it.",
    );
    s.register_mcs("m2");
    for (who, group) in [("m2", "e0000112"), ("m1", "e0000100"), ("m2", "e00001ff")] {
        s.serve(who, (group, group));
    }
    s.says(op::JOIN, "c1", BLOCK)
        .punched_on(SCVC, op::SJOIN, &[BLOCK])
        .copy()
        .punched_on(
            CCVC,
            op::JOIN,
            &[("e0000101", "e0000110"), ("e0000113", "e00001fe")],
        )
        .done(&BLOCKS);
    s.finish()
}

fn served_and_left() -> Trace {
    let mut s = served(
        "hole-closes-with-the-last-mcs",
        "A group that is served no more is no hole in the next block.",
    );
    let leave = s.about(op::LEAVE, "m1", G1).with("flags", 0x4000);
    s.says(op::UNSERV, "m1", G1)
        .copy_on(SCVC)
        .on(CCVC, leave)
        .done(&["R2022-6.2.2-10", "R2022-6.2.2-11"]);
    s.says(op::JOIN, "c1", BLOCK)
        .copy_on(CCVC)
        .or(&["R2022-6.2.4-08", "E18"])
        .punched_on(SCVC, op::SJOIN, &[BLOCK])
        .copy_on(CCVC)
        .done(&["R2022-6.2.4-06", "R2022-6.2.4-08", "E18"]);
    s.finish()
}

/// Register E19.
fn member_goes() -> Trace {
    let mut s = served(
        "member-of-a-served-group-goes",
        "A member that drops off is gone from what its MCS is told when it asks.",
    );
    s.join_served("c1", G1);
    s.join_served("c2", G1);
    s.leaf_gone(CCVC, "c1").silence(&["R2022-6.1.2-20", "E19"]);
    s.asks("m1", G1.0)
        .multi_in(SCVC, G1.0, &["c2"], &[1])
        .done(&["R2022-6.1.2-20", "R2022-6.2.1-01"]);
    s.says(op::JOIN, "c1", G1).silence(&["R2022-6.1.2-06"]);
    s.finish()
}
