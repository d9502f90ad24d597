//! The MCS as an end of its own (RFC 2022, 6.2.2, 6.2.3, 6.2.5, 7).

use serde_json::json;

use super::say::{self, BACKUP, MARS, OWN, block, one, op, part};
use super::stage::{
    CONTROL, MIN, PRIVATE, S, Stage, add, call, close, drop_leaf, notice, open, said,
};
use crate::sut::Wish;
use crate::trace::Expected;

pub(super) fn stages() -> Vec<Stage> {
    vec![
        registers(),
        repeats(),
        deregisters(),
        serves(),
        serve_repeats(),
        unserves(),
        forwards(),
        forwards_by_group(),
        not_served(),
        members_change(),
        old_codes(),
        draft_leave(),
        other_servers(),
        gap(),
        no_gap(),
        leaf_fails(),
        first_member(),
        parts(),
        fails_over(),
        map(),
    ]
}

fn serve((min, max): &say::Block) -> Wish {
    Wish::Serve {
        min: min.clone(),
        max: max.clone(),
    }
}

fn unserve((min, max): &say::Block) -> Wish {
    Wish::Unserve {
        min: min.clone(),
        max: max.clone(),
    }
}

/// A data frame as it came goes out on a tree.
fn forwarded(tree: &str, hex: &str) -> Expected {
    said(tree, say::data1(8, hex))
}

/// A registered MCS that serves group 1, whose members are these, and is a leaf of a sender's tree.
fn serving(id: &str, title: &str, members: &[u8]) -> Stage {
    let mut stage = Stage::mcs(id, title);
    stage.register();
    serve_one(&mut stage, 1);
    if members.is_empty() {
        stage.private(say::nak(1), &[], Vec::new());
    } else {
        stage.answered("tree", 1, members, Vec::new());
    }
    stage.leaf_of("data", 0x51);
    stage
}

/// Serves a group, which the MARS confirms: its members are asked for at once.
fn serve_one(stage: &mut Stage, octet: u8) {
    let one = one(octet);
    let name = format!("serve {octet}");
    let serves = said(PRIVATE, say::member(op::MSERV, &one, 0, &name));
    stage.wish(serve(&one), &["6.2.2-03"], vec![serves]);
    let copy = say::copy(op::MSERV, &one, &name, 0, stage.msn);
    let asks = said(PRIVATE, say::request(octet));
    stage.private(copy, &["7.3-01"], vec![asks]);
}

fn registers() -> Stage {
    let mut stage = Stage::mcs(
        "register",
        "An MCS registers when it starts; its copy has no CMI.",
    );
    let ids = ["7.1-01", "6.2.3-02"];
    stage.wish(Wish::Register {}, &ids, vec![call(MARS)]);
    let registers = said(PRIVATE, say::registration(op::MSERV, "r"));
    stage.up(PRIVATE, MARS, &ids, vec![registers]);
    stage.leaf_of(CONTROL, MARS);
    let copy = say::registered(op::MSERV, "r", 0, stage.msn);
    let told = notice("registered", json!({"mars": say::atm(MARS), "cmi": 0}));
    stage.private(copy, &ids, vec![told]);
    stage.quiet(60 * S, &["6.2.3-02"]);
    stage
}

fn repeats() -> Stage {
    let mut stage = Stage::mcs(
        "register-repeats",
        "An MSERV that registers is repeated until a right copy comes.",
    );
    stage.wish(Wish::Register {}, &["7.1-01"], vec![call(MARS)]);
    let again = || said(PRIVATE, say::registration(op::MSERV, "r"));
    stage.up(PRIVATE, MARS, &[], vec![again()]);
    stage.leaf_of(CONTROL, MARS);
    let ids = ["6.2.3-02"];
    stage.due(10 * S, &ids, vec![again()]);
    let msn = stage.msn;
    let copy = || say::registered(op::MSERV, "r", 0, msn);
    for wrong in [
        json!({"op_type": op::UNSERV}),
        json!({"op_type": op::JOIN}),
        json!({"sha": say::number(0x41)}),
        json!({"flags": {"ref": "r"}}),
    ] {
        stage.private(say::with(copy(), wrong), &ids, Vec::new());
    }
    for _ in 0..4 {
        stage.due(10 * S, &ids, vec![again()]);
    }
    stage.private(copy(), &ids, vec![notice("registered", json!({}))]);
    stage.quiet(30 * S, &ids);
    stage
}

fn deregisters() -> Stage {
    let mut stage = serving(
        "deregister",
        "An MCS ends its registration with UNSERV.",
        &[0x31],
    );
    let ids = ["6.2.3-02"];
    let again = || said(PRIVATE, say::registration(op::UNSERV, "d"));
    stage.wish(Wish::Deregister {}, &ids, vec![again()]);
    stage.due(10 * S, &ids, vec![again()]);
    let copy = say::registered(op::UNSERV, "d", 0, stage.msn);
    let told = notice("deregistered", json!({"confirmed": true}));
    stage.private(copy, &ids, vec![told, close("tree")]);
    stage.quiet(30 * S, &ids);
    stage
}

fn serves() -> Stage {
    let mut stage = Stage::mcs(
        "serve",
        "A group is served: MSERV, its copy, the group's members, the tree.",
    );
    stage.register();
    let one = one(1);
    let serves = said(PRIVATE, say::member(op::MSERV, &one, 0, "s"));
    stage.wish(serve(&one), &["6.2.2-03"], vec![serves]);
    let copy = say::copy(op::MSERV, &one, "s", 0, stage.msn);
    let told = notice("joined", json!({}));
    let ids = ["7.3-01"];
    stage.private(copy, &ids, vec![told, said(PRIVATE, say::request(1))]);
    let answer = say::members(1, stage.msn, &[0x31, 0x32]);
    stage.private(answer, &ids, vec![open("tree", 1, 0x31)]);
    stage.leaf_up("tree", 0x31, &ids, vec![add("tree", 0x32)]);
    stage.leaf_up("tree", 0x32, &ids, Vec::new());
    stage.quiet(60 * S, &ids);
    stage
}

fn serve_repeats() -> Stage {
    let mut stage = Stage::mcs(
        "serve-repeats",
        "An MSERV for a block is repeated five times; then the MARS counts as failed.",
    );
    stage.register();
    let range = block(1, 9);
    let again = || said(PRIVATE, say::member(op::MSERV, &range, 0, "s"));
    stage.wish(serve(&range), &["6.2.2-03"], vec![again()]);
    for _ in 0..5 {
        stage.due(10 * S, &["6.2.3-02", "7.4-01"], vec![again()]);
    }
    let failed = notice("mars_problem", json!({"why": "no-copy"}));
    stage.due(10 * S, &["7.4-01"], vec![failed]);
    stage.within((S, 10 * S), &["7.4-01"], vec![call(MARS)]);
    stage
}

fn unserves() -> Stage {
    let mut stage = serving(
        "unserve",
        "An MCS withdraws from a group that has members.",
        &[0x31],
    );
    let ids = ["6.2.2-15", "6.2.2-03"];
    let again = || said(PRIVATE, say::member(op::UNSERV, &one(1), 0, "u"));
    stage.wish(unserve(&one(1)), &ids, vec![again()]);
    // Senders have not heard of it yet.
    let ids = ["6.2.2-15"];
    stage.hear(
        "data",
        say::data1(8, "0101"),
        &ids,
        vec![forwarded("tree", "0101")],
    );
    stage.due(10 * S, &ids, vec![again()]);
    let copy = say::copy(op::UNSERV, &one(1), "u", 0, stage.msn);
    let told = notice("left", json!({}));
    stage.private(copy, &ids, vec![told, close("tree")]);
    stage.hear("data", say::data1(8, "0202"), &ids, Vec::new());
    stage.quiet(30 * S, &ids);
    stage
}

fn forwards() -> Stage {
    let mut stage = serving(
        "forward",
        "What senders send goes out on the group's tree as it came, CMI and all.",
        &[0x31, 0x32],
    );
    let ids = ["7.2-01", "7.3-01"];
    stage.hear(
        "data",
        say::data1(8, "0102"),
        &ids,
        vec![forwarded("tree", "0102")],
    );
    stage.leaf_of("more", 0x52);
    let other = said("tree", say::data1(9, "0304"));
    stage.hear("more", say::data1(9, "0304"), &ids, vec![other]);
    let second = said("tree", say::data2("0506"));
    stage.hear(
        "more",
        say::data2("0506"),
        &["5.5-02", "7.2-01"],
        vec![second],
    );
    stage
}

/// An IPv4 packet to 224.0.0.`to`.
fn packet(to: u8) -> String {
    format!("450000140000000001110000{}{}", "0a000051", say::group(to))
}

fn forwards_by_group() -> Stage {
    let mut stage = serving(
        "forward-by-group",
        "An MCS of several groups forwards each packet to its own group's tree.",
        &[0x31],
    );
    serve_one(&mut stage, 2);
    stage.answered("second", 2, &[0x32], Vec::new());
    let ids = ["7.2-01", "7.3-01"];
    let (first, second) = (packet(1), packet(2));
    stage.hear(
        "data",
        say::data1(8, &first),
        &ids,
        vec![forwarded("tree", &first)],
    );
    stage.hear(
        "data",
        say::data1(8, &second),
        &ids,
        vec![forwarded("second", &second)],
    );
    let third = packet(3);
    stage.hear("data", say::data1(8, &third), &ids, Vec::new());
    stage
}

fn not_served() -> Stage {
    let mut stage = Stage::mcs(
        "forward-nothing",
        "An MCS that serves no group forwards nothing.",
    )
    .inopportune();
    stage.register();
    stage.leaf_of("data", 0x51);
    stage.hear("data", say::data1(8, &packet(1)), &["7.2-01"], Vec::new());
    stage.quiet(30 * S, &["7.2-01"]);
    stage
}

fn members_change() -> Stage {
    let mut stage = serving(
        "sjoin-sleave",
        "SJOIN and SLEAVE change the leaves; what is known already or not served does not.",
        &[0x31, 0x32],
    );
    let ids = ["7.3-01"];
    let told = |op, who, range: &say::Block| {
        let ranges = [range.clone()];
        move |msn| say::told(op, who, &ranges, msn)
    };
    stage.control(
        told(op::SJOIN, 0x33, &one(1)),
        &ids,
        vec![add("tree", 0x33)],
    );
    stage.leaf_up("tree", 0x33, &ids, Vec::new());
    stage.control(told(op::SJOIN, 0x33, &one(1)), &ids, Vec::new());
    stage.control(told(op::SJOIN, 0x34, &one(2)), &ids, Vec::new());
    let gone = vec![drop_leaf("tree", 0x31)];
    stage.control(told(op::SLEAVE, 0x31, &block(0, 3)), &ids, gone);
    stage.control(told(op::SLEAVE, 0x31, &one(1)), &ids, Vec::new());
    stage.hear(
        "data",
        say::data1(8, "01"),
        &ids,
        vec![forwarded("tree", "01")],
    );
    // Those of clients are for clients.
    stage.control(told(op::JOIN, 0x35, &one(1)), &ids, Vec::new());
    // With the last member the tree goes.
    let gone = vec![drop_leaf("tree", 0x32)];
    stage.control(told(op::SLEAVE, 0x32, &one(1)), &ids, gone);
    stage.control(told(op::SLEAVE, 0x33, &one(1)), &ids, vec![close("tree")]);
    stage
}

fn old_codes() -> Stage {
    let mut stage = serving(
        "sjoin-18",
        "SJOIN and SLEAVE under the codes 18 and 19 are understood (register F01).",
        &[0x31],
    );
    let ids = ["7.3-01"];
    let join = |msn| say::told(18, 0x33, &[one(1)], msn);
    stage.control(join, &ids, vec![add("tree", 0x33)]);
    let leave = |msn| say::told(19, 0x33, &[one(1)], msn);
    stage.control(leave, &ids, vec![drop_leaf("tree", 0x33)]);
    stage
}

fn draft_leave() -> Stage {
    let mut stage = serving(
        "leave-as-sleave",
        "A LEAVE on the ServerControlVC counts as SLEAVE (register G01).",
        &[0x31, 0x32],
    );
    let leave = |msn| say::told(op::LEAVE, 0x32, &[one(1)], msn);
    stage.control(leave, &["7.3-01"], vec![drop_leaf("tree", 0x32)]);
    stage
}

fn other_servers() -> Stage {
    let mut stage = serving(
        "other-mservs",
        "MSERV and UNSERV of other MCSs count for the sequence number only.",
        &[0x31],
    );
    let ids = ["6.2.5-05"];
    for op in [op::MSERV, op::UNSERV] {
        let told = |msn| say::told(op, 0x42, &[one(1)], msn);
        stage.control(told, &ids, Vec::new());
    }
    stage.quiet(10 * S, &ids);
    stage.hear(
        "data",
        say::data1(8, "01"),
        &ids,
        vec![forwarded("tree", "01")],
    );
    stage.msn += 1;
    stage.control(
        |msn| say::told(op::MSERV, 0x42, &[one(9)], msn),
        &ids,
        Vec::new(),
    );
    revalidated(&mut stage, &ids);
    stage
}

/// Nothing is revalidated for a second; after ten the group is.
fn revalidated(stage: &mut Stage, ids: &[&str]) {
    stage.quiet(S - 1, ids);
    stage.hear(
        "data",
        say::data1(8, "02"),
        ids,
        vec![forwarded("tree", "02")],
    );
    stage.quiet(9 * S + 1, ids);
    let outputs = vec![forwarded("tree", "03"), said(PRIVATE, say::request(1))];
    stage.hear("data", say::data1(8, "03"), ids, outputs);
}

fn gap() -> Stage {
    let mut stage = serving(
        "gap",
        "A message on the ServerControlVC is lost: the group is asked for again.",
        &[0x31, 0x32],
    );
    let ids = ["6.2.5-05", "7.3-01"];
    let told = |msn| say::told(op::SJOIN, 0x31, &[one(1)], msn);
    stage.control(told, &ids, Vec::new());
    stage.msn += 1;
    stage.control(told, &ids, Vec::new());
    revalidated(&mut stage, &ids);
    let answer = say::members(1, stage.msn, &[0x32, 0x33]);
    let outputs = vec![add("tree", 0x33), drop_leaf("tree", 0x31)];
    stage.private(answer, &ids, outputs);
    stage
}

fn no_gap() -> Stage {
    let mut stage = serving(
        "no-gap",
        "Consecutive numbers on the ServerControlVC lead to no revalidation.",
        &[0x31],
    );
    let ids = ["6.2.5-05"];
    for _ in 0..4 {
        let told = |msn| say::told(op::SJOIN, 0x31, &[one(1)], msn);
        stage.control(told, &ids, Vec::new());
    }
    stage.quiet(10 * S, &ids);
    stage.hear(
        "data",
        say::data1(8, "01"),
        &ids,
        vec![forwarded("tree", "01")],
    );
    stage
}

fn leaf_fails() -> Stage {
    let mut stage = Stage::mcs(
        "leaf-fails",
        "An MCS treats failing and leaving leaves as a client does.",
    );
    stage.register();
    serve_one(&mut stage, 1);
    let ids = ["7.3-01", "5.1.3-02", "5.1.3-03"];
    let answer = say::members(1, stage.msn, &[0x31, 0x32, 0x33]);
    stage.private(answer, &ids, vec![open("tree", 1, 0x31)]);
    let adds = vec![add("tree", 0x32), add("tree", 0x33)];
    stage.leaf_up("tree", 0x31, &ids, adds);
    stage.leaf_failed(("tree", 0x32, 49), &ids, Vec::new());
    stage.leaf_failed(("tree", 0x33, 1), &ids, Vec::new());
    stage.within((5 * S, 10 * S), &ids, vec![add("tree", 0x32)]);
    stage.leaf_up("tree", 0x32, &ids, Vec::new());
    stage.leaf_of("data", 0x51);
    let ids = ["7.3-01", "5.1.5.1-02"];
    stage.leaf_gone("tree", 0x32, &ids, Vec::new());
    revalidated(&mut stage, &ids);
    stage
}

fn first_member() -> Stage {
    let mut stage = serving(
        "first-member",
        "A group without members gets its first one: its tree comes up.",
        &[],
    );
    let ids = ["7.3-01"];
    stage.quiet(S, &ids);
    let told = |msn| say::told(op::SJOIN, 0x31, &[one(1)], msn);
    stage.control(told, &ids, vec![open("tree", 1, 0x31)]);
    stage.leaf_up("tree", 0x31, &ids, Vec::new());
    stage.hear(
        "data",
        say::data1(8, "01"),
        &ids,
        vec![forwarded("tree", "01")],
    );
    stage
}

fn parts() -> Stage {
    let mut stage = Stage::mcs(
        "multi-parts",
        "An MCS puts the parts of an answer together.",
    );
    stage.register();
    serve_one(&mut stage, 1);
    let msn = stage.msn;
    let ids = ["7.3-01", "5.1.1-11"];
    let piece = |y, last| say::multi(1, part(last, y), msn, &[0x31]);
    stage.private(piece(1, false), &ids, Vec::new());
    let asks = said(PRIVATE, say::request(1));
    stage.private(piece(3, true), &ids, vec![asks]);
    stage.private(piece(1, false), &ids, Vec::new());
    let last = say::multi(1, part(true, 2), msn, &[OWN, 0x32]);
    stage.private(last, &ids, vec![open("tree", 1, 0x31)]);
    stage.leaf_up("tree", 0x31, &ids, vec![add("tree", 0x32)]);
    stage
}

fn fails_over() -> Stage {
    let mut stage = Stage::mcs(
        "failover",
        "The MARS of an MCS fails: it registers with the backup and serves its groups there.",
    )
    .list(&[MARS, BACKUP]);
    stage.register();
    serve_one(&mut stage, 1);
    stage.answered("tree", 1, &[0x31], Vec::new());
    stage.leaf_of("data", 0x51);
    let ids = ["7.4-01"];
    let failed = notice("mars_problem", json!({"why": "no-map"}));
    stage.due(4 * MIN, &ids, vec![failed]);
    stage.within((S, 10 * S), &ids, vec![call(MARS)]);
    stage.no_call(MARS, &ids, vec![call(BACKUP)]);
    let registers = said("backup", say::registration(op::MSERV, "r2"));
    stage.up("backup", BACKUP, &ids, vec![registers]);
    stage.leaf_of("backup-control", BACKUP);
    stage.hear(
        "data",
        say::data1(8, "01"),
        &ids,
        vec![forwarded("tree", "01")],
    );
    let copy = say::registered(op::MSERV, "r2", 0, 7_000);
    stage.hear("backup", copy, &ids, Vec::new());
    let serves = said("backup", say::member(op::MSERV, &one(1), 0, "s2"));
    stage.within((S, 10 * S), &ids, vec![serves]);
    let copy = say::copy(op::MSERV, &one(1), "s2", 0, 7_000);
    stage.hear("backup", copy, &ids, Vec::new());
    let asks = said("backup", say::request(1));
    stage.hear(
        "data",
        say::data1(8, "02"),
        &ids,
        vec![forwarded("tree", "02"), asks],
    );
    stage
}

fn map() -> Stage {
    let mut stage = serving(
        "redirect",
        "A redirect map on the ServerControlVC moves an MCS.",
        &[0x31],
    );
    let ids = ["7.4-01"];
    stage.control(|msn| say::map(MARS, msn, &[MARS, BACKUP]), &ids, Vec::new());
    stage.quiet(15 * S, &ids);
    let map = |msn| say::map(MARS, msn, &[BACKUP, MARS]);
    stage.control(map, &ids, Vec::new());
    stage.within((S, 10 * S), &ids, vec![call(BACKUP)]);
    let registers = said("backup", say::registration(op::MSERV, "r2"));
    stage.up("backup", BACKUP, &ids, vec![registers]);
    stage
}
