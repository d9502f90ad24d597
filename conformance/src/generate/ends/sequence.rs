//! Tracking mar$msn and revalidation (RFC 2022, 5.1.4.2, 5.1.5, 5.1.5.2; register F02).

use super::say::{self, CMI, MARS, one, op, part};
use super::stage::{PRIVATE, S, Stage, add, drop_leaf, open, said};

pub(super) fn stages() -> Vec<Stage> {
    vec![
        gap(),
        all_groups(),
        leave_gap(),
        two_gaps(),
        no_gap(),
        wrap(),
        backwards(),
        after_registration(),
        hidden_by_a_private_number(),
        in_a_multi(),
        parts_count_once(),
        in_a_map(),
    ]
}

/// Registered, with a tree to 0x31 and 0x32 for group 1, and one message on the control VC.
fn sending(id: &str, title: &str) -> Stage {
    let mut stage = Stage::client(id, title);
    stage.register();
    stage.tree("tree", 1, &[0x31, 0x32]);
    tell(&mut stage, &[]);
    stage
}

/// A message on the control VC that tells nothing new.
fn tell(stage: &mut Stage, ids: &[&str]) {
    stage.control(
        |msn| say::told(op::JOIN, 0x31, &[one(1)], msn),
        ids,
        Vec::new(),
    );
}

/// Nothing is revalidated for a second; after ten the group is.
fn revalidated(stage: &mut Stage, ids: &[&str]) {
    stage.quiet(S - 1, ids);
    stage.flows("tree", 1, "0101", ids);
    stage.quiet(9 * S + 1, ids);
    stage.revalidates("tree", 1, "0202", ids);
}

/// Nothing is revalidated.
fn not_revalidated(stage: &mut Stage, ids: &[&str]) {
    stage.quiet(10 * S, ids);
    stage.flows("tree", 1, "0303", ids);
}

fn gap() -> Stage {
    let mut stage = sending(
        "gap",
        "A message on the ClusterControlVC is lost: the group is asked for again, and its leaves follow.",
    );
    stage.msn += 1;
    let ids = ["5.1.4.2-05", "5.1.5-01", "5.1.5-03", "5.1.5.2-01", "E-02"];
    tell(&mut stage, &ids);
    revalidated(&mut stage, &ids);
    let ids = ["5.1.5-02"];
    let answer = say::members(1, stage.msn, &[0x32, 0x33]);
    let outputs = vec![add("tree", 0x33), drop_leaf("tree", 0x31)];
    stage.private(answer, &ids, outputs);
    stage.leaf_up("tree", 0x33, &ids, Vec::new());
    // The flag is clear.
    stage.flows("tree", 1, "0303", &ids);
    not_revalidated(&mut stage, &ids);
    stage
}

fn all_groups() -> Stage {
    let mut stage = sending(
        "gap-all-groups",
        "A gap makes every group be asked for again.",
    );
    stage.tree("second", 2, &[0x31]);
    stage.tree("third", 3, &[0x33]);
    stage.msn += 1;
    let ids = ["5.1.5-03", "5.1.5.2-01"];
    tell(&mut stage, &ids);
    stage.quiet(S - 1, &ids);
    for (tree, group) in [("tree", 1), ("second", 2), ("third", 3)] {
        stage.flows(tree, group, "0101", &ids);
    }
    stage.quiet(9 * S + 1, &ids);
    for (tree, group) in [("tree", 1), ("second", 2), ("third", 3)] {
        stage.revalidates(tree, group, "0202", &ids);
    }
    stage
}

fn leave_gap() -> Stage {
    let mut stage = sending(
        "gap-at-leave",
        "A gap that is seen at a LEAVE about another group.",
    );
    stage.msn += 3;
    let ids = ["5.1.4.2-05", "5.1.5.2-01"];
    stage.control(
        |msn| say::told(op::LEAVE, 0x39, &[one(9)], msn),
        &ids,
        Vec::new(),
    );
    revalidated(&mut stage, &ids);
    stage
}

/// Gaps in a row do not put the revalidation off for ever.
fn two_gaps() -> Stage {
    let mut stage = sending(
        "gap-after-gap",
        "A gap every second: revalidation still comes within 10 s of the first.",
    );
    let ids = ["5.1.5-03"];
    for _ in 0..10 {
        stage.msn += 1;
        tell(&mut stage, &ids);
        stage.quiet(S, &ids);
    }
    stage.revalidates("tree", 1, "0202", &ids);
    stage
}

fn no_gap() -> Stage {
    let mut stage = sending("no-gap", "Consecutive numbers lead to no revalidation.");
    let ids = ["5.1.4.2-05", "5.1.4-01"];
    for _ in 0..3 {
        tell(&mut stage, &ids);
        // A private answer carries the number of the next message, or that of the last one.
        stage.send(2, "00", &[], vec![said(PRIVATE, say::request(2))]);
        stage.private(say::nak(2), &ids, Vec::new());
        stage.quiet(10 * S, &ids);
    }
    stage.joined(5);
    tell(&mut stage, &ids);
    not_revalidated(&mut stage, &ids);
    stage
}

fn wrap() -> Stage {
    let mut stage = Stage::client("gap-wrap", "The number wraps from 2^32 - 1 to 0: no gap.");
    stage.msn = 0xffff_fffe;
    stage.register();
    stage.tree("tree", 1, &[0x31]);
    let ids = ["5.1.4.2-04"];
    for _ in 0..4 {
        tell(&mut stage, &ids);
    }
    not_revalidated(&mut stage, &ids);
    stage
}

fn backwards() -> Stage {
    let mut stage = sending("gap-backwards", "A number that goes back is a jump.");
    stage.msn -= 1;
    let ids = ["5.1.4.2-04", "5.1.4.2-05"];
    tell(&mut stage, &ids);
    revalidated(&mut stage, &ids);
    stage
}

fn after_registration() -> Stage {
    let mut stage = Stage::client(
        "gap-none-after-registration",
        "The number of the registration's copy is where tracking starts.",
    );
    stage.msn = 0x1234_5678;
    stage.register();
    stage.tree("tree", 1, &[0x31]);
    let ids = ["5.1.4.2-07"];
    not_revalidated(&mut stage, &ids);
    tell(&mut stage, &ids);
    not_revalidated(&mut stage, &ids);
    stage
}

fn hidden_by_a_private_number() -> Stage {
    let mut stage = sending(
        "gap-behind-private-number",
        "A message is lost right after a private one has carried its number: it is missed all the same.",
    );
    // The copy of a join carries n; n on the control VC is lost; n + 1 comes.
    stage.joined(5);
    stage.msn += 1;
    let ids = ["5.1.4.2-05"];
    tell(&mut stage, &ids);
    revalidated(&mut stage, &ids);
    stage
}

fn in_a_multi() -> Stage {
    let mut stage = sending(
        "gap-in-multi",
        "A gap that is seen in the MULTI for a new tree concerns all trees but that one.",
    );
    stage.send(2, "00", &[], vec![said(PRIVATE, say::request(2))]);
    stage.msn += 2;
    let ids = ["5.1.5.2-02", "5.1.4.2-06"];
    let answer = say::members(2, stage.msn, &[0x33]);
    stage.private(answer, &ids, vec![open("new", 2, 0x33)]);
    let packet = said("new", say::data1(CMI, "00"));
    stage.leaf_up("new", 0x33, &ids, vec![packet]);
    stage.quiet(10 * S, &ids);
    stage.flows("new", 2, "0404", &ids);
    stage.revalidates("tree", 1, "0202", &ids);
    stage
}

fn parts_count_once() -> Stage {
    let mut stage = sending(
        "gap-in-broken-multi",
        "The numbers of an answer that does not become whole do not count.",
    );
    stage.send(2, "00", &[], vec![said(PRIVATE, say::request(2))]);
    let ids = ["5.1.4.2-06"];
    let strange = stage.msn + 7;
    stage.private(
        say::multi(2, part(false, 1), strange, &[0x33]),
        &ids,
        Vec::new(),
    );
    let asks = said(PRIVATE, say::request(2));
    stage.private(
        say::multi(2, part(true, 3), strange, &[0x33]),
        &ids,
        vec![asks],
    );
    stage.private(say::nak(2), &ids, Vec::new());
    not_revalidated(&mut stage, &ids);
    tell(&mut stage, &ids);
    not_revalidated(&mut stage, &ids);
    stage
}

fn in_a_map() -> Stage {
    let mut stage = sending("gap-in-map", "A gap that is seen in a redirect map.");
    let ids = ["5.1.4.2-05"];
    let map = |msn| say::map(MARS, msn, &[MARS]);
    stage.control(map, &ids, Vec::new());
    not_revalidated(&mut stage, &ids);
    stage.msn += 1;
    stage.control(map, &ids, Vec::new());
    revalidated(&mut stage, &ids);
    stage
}
