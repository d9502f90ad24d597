//! Following the joins and leaves of others (RFC 2022, 5.1.4, 5.1.4.1, 5.1.6, 5.2).

use super::say::{self, CMI, OWN, block, one, op};
use super::stage::{CONTROL, PRIVATE, S, Stage, add, close, drop_leaf, open, said};

pub(super) fn stages() -> Vec<Stage> {
    vec![
        joins(),
        leaves(),
        last_leaves(),
        several_pairs(),
        no_pairs(),
        own_messages(),
        from_a_stranger(),
        during_a_request(),
        migrate(),
        migrate_without_a_tree(),
        tlvs(),
        not_a_copy(),
    ]
}

/// Registered, with a tree to 0x31 and 0x32 for group 1.
fn sending(id: &str, title: &str) -> Stage {
    let mut stage = Stage::client(id, title);
    stage.register();
    stage.tree("tree", 1, &[0x31, 0x32]);
    stage
}

fn joins() -> Stage {
    let mut stage = sending(
        "other-joins",
        "A new member becomes a leaf, a known one does not.",
    );
    let ids = ["5.1.4.1-01"];
    let told = |msn| say::told(op::JOIN, 0x33, &[one(1)], msn);
    stage.control(told, &ids, vec![add("tree", 0x33)]);
    stage.leaf_up("tree", 0x33, &[], Vec::new());
    // Again, and of one who is there: nothing new.
    stage.control(told, &["5.1.4-01"], Vec::new());
    stage.control(
        |msn| say::told(op::JOIN, 0x31, &[one(1)], msn),
        &["5.1.4-01"],
        Vec::new(),
    );
    // A block that encompasses the group, and some that do not.
    let router = |msn| say::told(op::JOIN, 0x34, &[say::everything()], msn);
    stage.control(router, &ids, vec![add("tree", 0x34)]);
    stage.control(
        |msn| say::told(op::JOIN, 0x35, &[one(2)], msn),
        &ids,
        Vec::new(),
    );
    let above = |msn| say::told(op::JOIN, 0x35, &[block(2, 9)], msn);
    stage.control(above, &ids, Vec::new());
    let edge = |msn| say::told(op::JOIN, 0x36, &[block(0, 1)], msn);
    stage.control(edge, &ids, vec![add("tree", 0x36)]);
    stage.flows("tree", 1, "0101", &["5.1.4-01"]);
    stage
}

fn leaves() -> Stage {
    let mut stage = sending("other-leaves", "A member that leaves is dropped.");
    let ids = ["5.1.4.1-02"];
    // Nobody, and another group.
    stage.control(
        |msn| say::told(op::LEAVE, 0x33, &[one(1)], msn),
        &["5.1.4-01"],
        Vec::new(),
    );
    stage.control(
        |msn| say::told(op::LEAVE, 0x32, &[one(2)], msn),
        &ids,
        Vec::new(),
    );
    let told = |msn| say::told(op::LEAVE, 0x32, &[one(1)], msn);
    stage.control(told, &ids, vec![drop_leaf("tree", 0x32)]);
    stage.control(told, &["5.1.4-01"], Vec::new());
    stage.flows("tree", 1, "0101", &ids);
    // It comes back.
    let back = |msn| say::told(op::JOIN, 0x32, &[one(1)], msn);
    stage.control(back, &["5.1.4.1-01"], vec![add("tree", 0x32)]);
    stage
}

fn last_leaves() -> Stage {
    let mut stage = sending("other-last-leaves", "With the last member the tree goes.");
    let ids = ["5.1.4.1-02"];
    let first = |msn| say::told(op::LEAVE, 0x31, &[one(1)], msn);
    stage.control(first, &ids, vec![drop_leaf("tree", 0x31)]);
    let all = |msn| say::told(op::LEAVE, 0x32, &[say::everything()], msn);
    stage.control(all, &ids, vec![close("tree")]);
    let asks = said(PRIVATE, say::request(1));
    stage.send(1, "0101", &ids, vec![asks]);
    stage
}

fn several_pairs() -> Stage {
    let mut stage = sending(
        "other-punched",
        "A JOIN and a LEAVE of three pairs with holes between: every pair counts, no hole does.",
    );
    stage.tree("hole", 4, &[0x31]);
    stage.tree("last", 9, &[0x31]);
    let ids = ["5.2-02", "5.1.4.1-01"];
    let pairs = [block(0, 1), block(3, 3), block(5, 9)];
    let told = |msn| say::told_punched(op::JOIN, 0x33, &pairs, msn);
    stage.control(told, &ids, vec![add("tree", 0x33), add("last", 0x33)]);
    stage.leaf_up("tree", 0x33, &[], Vec::new());
    stage.leaf_up("last", 0x33, &[], Vec::new());
    let told = |msn| say::told_punched(op::LEAVE, 0x33, &pairs, msn);
    let ids = ["5.2-02", "5.1.4.1-02"];
    stage.control(
        told,
        &ids,
        vec![drop_leaf("tree", 0x33), drop_leaf("last", 0x33)],
    );
    stage
}

fn no_pairs() -> Stage {
    let mut stage = sending(
        "other-no-pairs",
        "JOIN and LEAVE without pairs count for the sequence number only.",
    );
    let ids = ["5.1.4.1-04"];
    for op in [op::JOIN, op::LEAVE] {
        stage.control(|msn| say::told(op, 0x31, &[], msn), &ids, Vec::new());
    }
    // They have counted: there is no gap after them.
    let told = |msn| say::told(op::JOIN, 0x33, &[one(1)], msn);
    stage.control(told, &ids, vec![add("tree", 0x33)]);
    stage.quiet(10 * S, &ids);
    stage.flows("tree", 1, "0101", &ids);
    // And a gap at one of them is a gap.
    stage.msn += 1;
    stage.control(|msn| say::told(op::JOIN, 0x31, &[], msn), &ids, Vec::new());
    stage.quiet(10 * S, &ids);
    stage.revalidates("tree", 1, "0202", &ids);
    stage
}

fn own_messages() -> Stage {
    let mut stage = sending(
        "own-told",
        "Own joins and leaves on the ClusterControlVC do not touch the own trees.",
    )
    .inopportune();
    let ids = ["5.1.2-12", "5.1.4.1-03"];
    stage.control(
        |msn| say::told(op::JOIN, OWN, &[one(1)], msn),
        &ids,
        Vec::new(),
    );
    stage.control(
        |msn| say::told(op::LEAVE, OWN, &[one(1)], msn),
        &ids,
        Vec::new(),
    );
    stage.flows("tree", 1, "0101", &ids);
    stage
}

fn from_a_stranger() -> Stage {
    let mut stage = sending(
        "other-from-a-stranger",
        "JOINs and LEAVEs from somebody who is not the MARS change nothing.",
    )
    .invalid();
    let ids = ["5.1.4.1-01"];
    stage.leaf_of("foreign", say::STRANGER);
    let msn = stage.msn + 5;
    stage.hear(
        "foreign",
        say::told(op::JOIN, 0x33, &[one(1)], msn),
        &ids,
        Vec::new(),
    );
    stage.hear(
        "foreign",
        say::told(op::LEAVE, 0x31, &[one(1)], msn),
        &ids,
        Vec::new(),
    );
    stage.quiet(10 * S, &["5.1.5.2-01"]);
    // Nor do they count for the number.
    stage.flows("tree", 1, "0101", &["5.1.5.2-01"]);
    stage
}

fn during_a_request() -> Stage {
    let mut stage = Stage::client(
        "other-joins-during-request",
        "What is told while an answer is on its way is newer than the answer.",
    );
    stage.register();
    stage.send(1, "0101", &[], vec![said(PRIVATE, say::request(1))]);
    let msn = stage.msn;
    let ids = ["5.1.4.1-01", "5.1.4.1-02"];
    let half = |y, last, members: &[u8]| say::multi(1, say::part(last, y), msn, members);
    stage.private(half(1, false, &[0x31]), &[], Vec::new());
    stage.control(
        |msn| say::told(op::LEAVE, 0x31, &[one(1)], msn),
        &ids,
        Vec::new(),
    );
    stage.control(
        |msn| say::told(op::JOIN, 0x33, &[one(1)], msn),
        &ids,
        Vec::new(),
    );
    stage.private(half(2, true, &[0x32]), &ids, vec![open("tree", 1, 0x32)]);
    let packet = said("tree", say::data1(CMI, "0101"));
    stage.leaf_up("tree", 0x32, &ids, vec![packet, add("tree", 0x33)]);
    stage
}

fn migrate() -> Stage {
    let mut stage = sending("migrate", "A group moves to an MCS.");
    stage.tree("other", 2, &[0x31]);
    let ids = ["5.1.6-02", "5.1.6-03"];
    let outputs = vec![close("tree"), open("moved", 1, 0x41)];
    stage.control(|msn| say::migrate(1, msn, &[0x41, 0x42]), &ids, outputs);
    stage.leaf_up("moved", 0x41, &ids, vec![add("moved", 0x42)]);
    stage.leaf_up("moved", 0x42, &ids, Vec::new());
    stage.flows("moved", 1, "0101", &ids);
    // Other groups stay, and the MIGRATE is in the sequence like any other message.
    stage.quiet(10 * S, &["5.1.6-04"]);
    stage.flows("other", 2, "0202", &["5.1.6-04"]);
    // Members that leave the group have left the tree; an MCS is a leaf like any other.
    stage.control(
        |msn| say::told(op::LEAVE, 0x31, &[one(1)], msn),
        &ids,
        Vec::new(),
    );
    let gone = vec![drop_leaf("moved", 0x42)];
    stage.control(|msn| say::told(op::LEAVE, 0x42, &[one(1)], msn), &ids, gone);
    stage
}

fn migrate_without_a_tree() -> Stage {
    let mut stage = Stage::client(
        "migrate-number",
        "The number of a MIGRATE counts: a gap at it leads to revalidation.",
    );
    stage.register();
    stage.tree("tree", 1, &[0x31]);
    let told = |msn| say::told(op::JOIN, 0x31, &[one(1)], msn);
    stage.control(told, &[], Vec::new());
    stage.msn += 1;
    let ids = ["5.1.6-04", "5.1.5.2-01"];
    // Of a group without a tree: nothing to move (register E14).
    stage.control(|msn| say::migrate(2, msn, &[0x41]), &ids, Vec::new());
    stage.quiet(S - 1, &["5.1.5-03"]);
    stage.flows("tree", 1, "0101", &["5.1.5-03"]);
    stage.quiet(9 * S + 1, &ids);
    stage.revalidates("tree", 1, "0202", &ids);
    stage
}

fn tlvs() -> Stage {
    let mut stage = sending(
        "other-tlvs",
        "Unknown TLVs: their type says whether the message counts.",
    );
    let joins =
        |who, kind| move |msn| say::with_tlv(say::told(op::JOIN, who, &[one(1)], msn), kind);
    let ids = ["10.3-01", "10.3-02"];
    stage.control(joins(0x33, 0x0123), &ids, vec![add("tree", 0x33)]);
    stage.leaf_up("tree", 0x33, &[], Vec::new());
    // Stop: silently, or with an error to the administrator.
    stage.hear(CONTROL, joins(0x34, 0x4123)(stage.msn), &ids, Vec::new());
    stage.hear(CONTROL, joins(0x35, 0x8123)(stage.msn), &ids, Vec::new());
    stage.flows("tree", 1, "0101", &ids);
    stage
}

fn not_a_copy() -> Stage {
    let mut stage = sending(
        "other-without-copy",
        "A JOIN without the copy flag has not gone through the MARS.",
    )
    .invalid();
    let bare = say::told(op::JOIN, 0x33, &[one(1)], stage.msn);
    let bare = say::with(bare, serde_json::json!({"flags": 0}));
    stage.hear(CONTROL, bare, &["5.2.1-07"], Vec::new());
    stage.flows("tree", 1, "0101", &["5.2.1-07"]);
    stage
}
