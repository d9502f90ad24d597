//! Point-to-multipoint VCs of a client: set-up, failing and leaving leaves, idle time (RFC 2022, 5.1.3,
//! 5.1.5.1).

use serde_json::json;

use super::say::{self, CMI};
use super::stage::{MIN, PRIVATE, S, Stage, add, close, open, said};

/// Causes of UNI 3.0 and 3.1 after which a leaf is asked for again.
const PASSING: [u8; 4] = [49, 51, 37, 41];
/// One after which it is not: unallocated number.
const LASTING: u8 = 1;

pub(super) fn stages() -> Vec<Stage> {
    vec![
        first_fails(),
        first_rests(),
        all_fail(),
        only_one_rests(),
        causes(),
        doubled(),
        dropped_while_resting(),
        idle(1),
        idle(20),
        leaf_gone(),
        last_gone(),
        released(),
    ]
}

/// A packet waits for a tree to these members.
fn opening(id: &str, title: &str, members: &[u8]) -> Stage {
    let mut stage = Stage::client(id, title);
    stage.register();
    let asks = said(PRIVATE, say::request(1));
    stage.send(1, "c0ffee", &[], vec![asks]);
    let answer = say::members(1, stage.msn, members);
    stage.private(answer, &["5.1.3-01"], vec![open("tree", 1, 0x31)]);
    stage
}

fn packet() -> crate::trace::Expected {
    said("tree", say::data1(CMI, "c0ffee"))
}

fn first_fails() -> Stage {
    let mut stage = opening(
        "leaf-first-fails",
        "The first leaf fails for good: the next one opens the tree.",
        &[0x31, 0x32, 0x33],
    );
    let ids = ["5.1.3-01", "5.1.3-02"];
    let next = open("tree", 1, 0x32);
    stage.leaf_failed(("tree", 0x31, LASTING), &ids, vec![next]);
    stage.leaf_up("tree", 0x32, &ids, vec![packet(), add("tree", 0x33)]);
    stage.leaf_up("tree", 0x33, &ids, Vec::new());
    stage.quiet(60 * S, &["5.1.3-02"]);
    stage
}

fn first_rests() -> Stage {
    let mut stage = opening(
        "leaf-first-rests",
        "The first leaf fails for now: the next one opens the tree, and it is added later.",
        &[0x31, 0x32],
    );
    let ids = ["5.1.3-01", "5.1.3-02", "5.1.3-03"];
    let next = open("tree", 1, 0x32);
    stage.leaf_failed(("tree", 0x31, 41), &ids, vec![next]);
    stage.leaf_up("tree", 0x32, &["5.1.3-04"], vec![packet()]);
    stage.within((5 * S, 10 * S), &ids, vec![add("tree", 0x31)]);
    stage.leaf_up("tree", 0x31, &ids, Vec::new());
    stage.quiet(60 * S, &["5.1.3-03"]);
    stage
}

fn all_fail() -> Stage {
    let mut stage = opening(
        "leaf-all-fail",
        "Every leaf fails for good: the packet is lost, and the next one asks again.",
        &[0x31, 0x32],
    );
    let ids = ["5.1.3-01", "5.1.3-02"];
    let next = open("tree", 1, 0x32);
    stage.leaf_failed(("tree", 0x31, LASTING), &ids, vec![next]);
    stage.leaf_failed(("tree", 0x32, LASTING), &ids, Vec::new());
    stage.quiet(30 * S, &ids);
    let asks = said(PRIVATE, say::request(1));
    stage.send(1, "0101", &ids, vec![asks]);
    stage
}

fn only_one_rests() -> Stage {
    let mut stage = opening(
        "leaf-only-one-rests",
        "The only leaf fails for now: it is asked for again.",
        &[0x31],
    );
    let ids = ["5.1.3-02", "5.1.3-03", "E-01"];
    stage.leaf_failed(("tree", 0x31, 37), &ids, Vec::new());
    let again = open("tree", 1, 0x31);
    stage.within((5 * S, 10 * S), &ids, vec![again]);
    stage.leaf_up("tree", 0x31, &["5.1.3-03"], vec![packet()]);
    stage
}

/// All leaves but the first fail: four for now, one for good.
fn causes() -> Stage {
    let mut stage = opening(
        "leaf-causes",
        "Leaves that fail for now are asked for again, those that fail for good are not.",
        &[0x31, 0x32, 0x33, 0x34, 0x35, 0x36],
    );
    let rest = [0x32, 0x33, 0x34, 0x35, 0x36];
    let mut outputs = vec![packet()];
    outputs.extend(rest.map(|peer| add("tree", peer)));
    stage.leaf_up("tree", 0x31, &["5.1.3-01"], outputs);
    for (peer, cause) in rest.into_iter().zip(PASSING) {
        stage.leaf_failed(("tree", peer, cause), &["5.1.3-02"], Vec::new());
    }
    stage.leaf_failed(("tree", 0x36, 27), &["5.1.3-02"], Vec::new());
    stage.flows("tree", 1, "0101", &["5.1.3-04"]);
    let ids = ["5.1.3-02", "5.1.3-03"];
    let again = [0x32, 0x33, 0x34, 0x35].map(|peer| add("tree", peer));
    stage.within((5 * S, 10 * S), &ids, again.to_vec());
    for peer in [0x32, 0x33, 0x34, 0x35] {
        stage.leaf_up("tree", peer, &ids, Vec::new());
    }
    stage.quiet(60 * S, &["5.1.3-02"]);
    stage
}

fn doubled() -> Stage {
    let mut stage = opening(
        "leaf-doubled",
        "Each wait for a leaf that goes on failing is twice the last one.",
        &[0x31, 0x32],
    );
    stage.leaf_up("tree", 0x31, &[], vec![packet(), add("tree", 0x32)]);
    let ids = ["5.1.3-03", "E-01"];
    let (mut from, mut to) = (5 * S, 10 * S);
    for _ in 0..3 {
        stage.leaf_failed(("tree", 0x32, 51), &ids, Vec::new());
        stage.within((from, to), &ids, vec![add("tree", 0x32)]);
        (from, to) = (2 * from, 2 * to);
    }
    stage.leaf_up("tree", 0x32, &ids, Vec::new());
    stage.quiet(60 * S, &ids);
    stage
}

fn dropped_while_resting() -> Stage {
    let mut stage = opening(
        "leaf-leaves-while-resting",
        "A member that leaves while its leaf is to be asked for again is not asked for again.",
        &[0x31, 0x32],
    );
    stage.leaf_up("tree", 0x31, &[], vec![packet(), add("tree", 0x32)]);
    stage.leaf_failed(("tree", 0x32, 49), &["5.1.3-02"], Vec::new());
    let leave = |msn| say::told(say::op::LEAVE, 0x32, &[say::one(1)], msn);
    stage.control(leave, &["5.1.4.1-02"], Vec::new());
    stage.quiet(60 * S, &["5.1.4.1-02", "5.1.3-03"]);
    stage
}

fn idle(minutes: u64) -> Stage {
    let title = format!("A tree without traffic for {minutes} min is closed.");
    let mut stage = Stage::client(&format!("tree-idle-{minutes}"), &title);
    let ids: &[&str] = if minutes == 20 {
        stage = stage.config("mars_idle_ms", json!(60 * MIN));
        &["5.1.3-05", "5.1.3-06", "E-01"]
    } else {
        stage = stage.config("tree_idle_ms", json!(minutes * MIN));
        &["5.1.3-05"]
    };
    stage.register();
    stage.tree("tree", 1, &[0x31]);
    // Each packet starts the time again.
    stage.minutes(minutes - 1);
    stage.quiet(30 * S, ids);
    stage.flows("tree", 1, "0101", ids);
    stage.minutes(minutes - 1);
    stage.due(MIN, ids, vec![close("tree")]);
    // No active path any more.
    let asks = said(PRIVATE, say::request(1));
    stage.send(1, "0202", ids, vec![asks]);
    stage
}

fn leaf_gone() -> Stage {
    let mut stage = Stage::client(
        "leaf-gone",
        "A leaf drops itself: it is forgotten, and the tree is revalidated 1 to 10 s later.",
    );
    stage.register();
    stage.tree("tree", 1, &[0x31, 0x32, 0x33]);
    stage.tree("other", 2, &[0x34]);
    let ids = ["5.1.5.1-01", "5.1.5.1-02", "R2443-2-24"];
    stage.leaf_gone("tree", 0x32, &ids, Vec::new());
    stage.quiet(S - 1, &ids);
    stage.flows("tree", 1, "0101", &ids);
    stage.quiet(9 * S + 1, &ids);
    stage.flows("other", 2, "0202", &["5.1.5.1-02"]);
    stage.revalidates("tree", 1, "0303", &ids);
    // It is not in the local set any more, so it has to be added.
    let answer = say::members(1, stage.msn, &[0x31, 0x32, 0x33]);
    stage.private(answer, &["5.1.5.1-01", "5.1.5-02"], vec![add("tree", 0x32)]);
    stage.leaf_up("tree", 0x32, &[], Vec::new());
    stage.flows("tree", 1, "0404", &["5.1.5-02"]);
    stage
}

fn last_gone() -> Stage {
    let mut stage = Stage::client("leaf-last-gone", "The last leaf drops itself.");
    stage.register();
    stage.tree("tree", 1, &[0x31]);
    let ids = ["5.1.5.1-01"];
    stage.leaf_gone("tree", 0x31, &ids, vec![close("tree")]);
    let asks = said(PRIVATE, say::request(1));
    stage.send(1, "0101", &ids, vec![asks]);
    stage
}

fn released() -> Stage {
    let mut stage = Stage::client(
        "tree-released",
        "The network releases a tree: the next packet starts from the REQUEST.",
    );
    stage.register();
    stage.tree("tree", 1, &[0x31, 0x32]);
    let down = crate::trace::Stimulus::TreeDown {
        tree: "tree".to_owned(),
    };
    let ids = ["5.1.5.1-03"];
    stage.give(down, &ids, Vec::new());
    // Nothing is left to add to.
    let join = |msn| say::told(say::op::JOIN, 0x33, &[say::one(1)], msn);
    stage.control(join, &ids, Vec::new());
    let asks = said(PRIVATE, say::request(1));
    stage.send(1, "0101", &ids, vec![asks]);
    let packet = said("anew", say::data1(CMI, "0101"));
    stage.answered("anew", 1, &[0x31, 0x33], vec![packet]);
    stage
}
