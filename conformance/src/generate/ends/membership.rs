//! Joins and leaves of a client (RFC 2022, 5.2, 5.2.1, 5.2.2).

use serde_json::json;

use super::say::{self, LAYER3GRP, MARS, op};
use super::stage::{PRIVATE, S, Stage, call, join, leave, notice, said};
use crate::lower::flag;

/// What every JOIN and LEAVE of a group is.
const FORM: [&str; 8] = [
    "5.1.2-03", "5.2-01", "5.2.1-06", "5.2.1-08", "5.2.1-11", "5.2.1-12", "5.2.1-14", "5.2.1-15",
];

pub(super) fn stages() -> Vec<Stage> {
    vec![
        joins(),
        own_purposes(),
        router(),
        overlap(),
        repeats(10),
        repeats(5),
        wrong_copies(),
        copy_on_control(),
        several(),
        leaves(),
        own_leave(),
        foreign_copies(),
    ]
}

fn joins() -> Stage {
    let mut stage = Stage::client("join", "A group is joined for layer 3.");
    stage.register();
    let one = say::one(1);
    let mut ids = FORM.to_vec();
    ids.push("5.2.1.1-01");
    let said_once = said(PRIVATE, say::member(op::JOIN, &one, LAYER3GRP, "j"));
    stage.wish(join(&one, true), &ids, vec![said_once]);
    let copy = say::copy(op::JOIN, &one, "j", 0, stage.msn);
    let told = notice("joined", json!({"range": ["e0000001", "e0000001"]}));
    stage.private(copy, &["5.2.2-01", "5.2.2-04"], vec![told]);
    stage.quiet(60 * S, &["5.2.2-01"]);
    // What is joined is not joined again.
    stage.wish(join(&one, true), &[], Vec::new());
    stage
}

fn own_purposes() -> Stage {
    let mut stage = Stage::client(
        "join-for-itself",
        "A group that the interface joins for its own purposes.",
    );
    stage.register();
    let one = say::one(1);
    let said_once = said(PRIVATE, say::member(op::JOIN, &one, 0, "j"));
    stage.wish(join(&one, false), &["5.2.1-09"], vec![said_once]);
    let copy = say::copy(op::JOIN, &one, "j", 0, stage.msn);
    stage.private(copy, &[], vec![notice("joined", json!({}))]);
    let said_once = said(PRIVATE, say::member(op::LEAVE, &one, 0, "l"));
    stage.wish(leave(&one), &["5.2.1-09"], vec![said_once]);
    stage
}

fn router() -> Stage {
    let mut stage = Stage::client(
        "join-everything",
        "A router joins and leaves all groups of IPv4.",
    );
    stage.register();
    let all = say::everything();
    let ids = ["5.2-01", "5.2.1.1-02", "5.2.1.1-03", "5.2.1-12"];
    let said_once = said(PRIVATE, say::member(op::JOIN, &all, 0, "j"));
    stage.wish(join(&all, false), &ids, vec![said_once]);
    let copy = say::copy(op::JOIN, &all, "j", 0, stage.msn);
    stage.private(copy, &["5.2.2-04"], vec![notice("joined", json!({}))]);
    stage.quiet(30 * S, &["5.2.2-01"]);
    let said_once = said(PRIVATE, say::member(op::LEAVE, &all, 0, "l"));
    stage.wish(leave(&all), &ids, vec![said_once]);
    stage
}

fn overlap() -> Stage {
    let mut stage = Stage::client(
        "join-overlap",
        "A block that overlaps a block in force is not joined; single groups within one are.",
    )
    .inopportune();
    stage.register();
    let first = say::block(0x10, 0x1f);
    let said_once = said(PRIVATE, say::member(op::JOIN, &first, 0, "j"));
    stage.wish(join(&first, false), &[], vec![said_once]);
    let copy = say::copy(op::JOIN, &first, "j", 0, stage.msn);
    stage.private(copy, &[], Vec::new());
    for (from, to) in [(0x1f, 0x2f), (0x08, 0x10), (0x12, 0x14), (0x00, 0x40)] {
        let refused = notice("refused", json!({"why": "overlap"}));
        let other = say::block(from, to);
        stage.wish(join(&other, false), &["5.2-03"], vec![refused]);
    }
    let one = say::one(0x15);
    let single = said(PRIVATE, say::member(op::JOIN, &one, LAYER3GRP, "s"));
    stage.wish(join(&one, true), &["5.2-04"], vec![single]);
    let copy = say::copy(op::JOIN, &one, "s", 0, stage.msn);
    stage.private(copy, &[], Vec::new());
    // Left, it is in nobody's way.
    let said_once = said(PRIVATE, say::member(op::LEAVE, &first, 0, "l"));
    stage.wish(leave(&first), &[], vec![said_once]);
    let copy = say::copy(op::LEAVE, &first, "l", 0, stage.msn);
    stage.private(copy, &[], Vec::new());
    let other = say::block(0x08, 0x1f);
    let said_once = said(PRIVATE, say::member(op::JOIN, &other, 0, "o"));
    stage.wish(join(&other, false), &["5.2-03", "5.2-04"], vec![said_once]);
    stage
}

fn repeats(seconds: u64) -> Stage {
    let id = format!("join-repeats-{seconds}");
    let title = format!(
        "A JOIN is repeated five times, {seconds} s apart; then the MARS counts as failed."
    );
    let mut stage = Stage::client(&id, &title).config("retransmit_ms", json!(seconds * S));
    stage.register();
    let one = say::one(1);
    let again = || said(PRIVATE, say::member(op::JOIN, &one, LAYER3GRP, "j"));
    stage.wish(join(&one, true), &["5.2.2-01"], vec![again()]);
    for _ in 0..5 {
        stage.due(
            seconds * S,
            &["5.2.2-01", "5.2.2-02", "E-02"],
            vec![again()],
        );
    }
    let why = json!({"mars": say::atm(MARS), "why": "no-copy"});
    let failed = notice("mars_problem", why);
    let ids = ["5.2.2-03", "5.4-02", "5.4.1-07"];
    stage.due(seconds * S, &ids, vec![failed]);
    stage.within((S, 10 * S), &["5.2.2-03", "5.4.1-01"], vec![call(MARS)]);
    stage
}

fn wrong_copies() -> Stage {
    let mut stage = Stage::client(
        "join-wrong-copies",
        "Messages that are no copy of the JOIN, each in one field, do not end its repeats.",
    )
    .invalid();
    stage.register();
    let one = say::one(1);
    let again = || said(PRIVATE, say::member(op::JOIN, &one, LAYER3GRP, "j"));
    stage.wish(join(&one, true), &[], vec![again()]);
    let msn = stage.msn;
    let copy = || say::copy(op::JOIN, &one, "j", 0, msn);
    let flags = |add: u64| json!({"flags": {"ref": "j", "add": add}});
    let two = json!([
        {"min": "e0000001", "max": "e0000001"}, {"min": "e0000005", "max": "e0000005"},
    ]);
    let wrong = [
        ("5.2.2-04", json!({"op_type": op::LEAVE})),
        ("5.2.2-04", json!({"op_type": op::SJOIN})),
        ("5.2.2-04", flags(flag::COPY | flag::REGISTER)),
        ("5.2.2-04", flags(flag::COPY + 1)),
        ("5.2.2-05", flags(0)),
        ("5.2.2-05", flags(flag::COPY | flag::PUNCHED)),
        ("5.2.2-04", json!({"sha": say::number(0x31)})),
        ("5.2.2-04", json!({"pnum": 2, "pairs": two})),
        ("5.2.2-04", json!({"pnum": 0, "pairs": []})),
        (
            "5.2.2-04",
            json!({"pairs": [{"min": "e0000002", "max": "e0000002"}]}),
        ),
        (
            "5.2.2-04",
            json!({"pairs": [{"min": "e0000001", "max": "e0000002"}]}),
        ),
    ];
    for (id, fields) in wrong {
        stage.private(say::with(copy(), fields), &[id], Vec::new());
    }
    stage.due(10 * S, &["5.2.2-04", "5.2.2-05"], vec![again()]);
    stage.private(copy(), &["5.2.2-04"], vec![notice("joined", json!({}))]);
    stage.quiet(30 * S, &["5.2.2-01"]);
    stage
}

fn copy_on_control() -> Stage {
    let mut stage = Stage::client(
        "join-copy-on-control",
        "The copy of a JOIN comes on the ClusterControlVC.",
    );
    stage.register();
    let one = say::one(1);
    let said_once = said(PRIVATE, say::member(op::JOIN, &one, LAYER3GRP, "j"));
    stage.wish(join(&one, true), &[], vec![said_once]);
    let told = vec![notice("joined", json!({}))];
    stage.control(
        |msn| say::copy(op::JOIN, &one, "j", 0, msn),
        &["5.2.2-01", "5.2.2-04"],
        told,
    );
    stage.quiet(60 * S, &["5.2.2-01"]);
    stage
}

fn several() -> Stage {
    let mut stage = Stage::client(
        "join-several",
        "Several JOINs and a LEAVE are unconfirmed at once; copies come in another order.",
    );
    stage.register();
    stage.joined(9);
    let (one, two, nine) = (say::one(1), say::one(2), say::one(9));
    let first = || said(PRIVATE, say::member(op::JOIN, &one, LAYER3GRP, "a"));
    let second = || said(PRIVATE, say::member(op::JOIN, &two, LAYER3GRP, "b"));
    let third = || said(PRIVATE, say::member(op::LEAVE, &nine, LAYER3GRP, "c"));
    stage.wish(join(&one, true), &["5.2.2-08"], vec![first()]);
    stage.quiet(S, &[]);
    stage.wish(join(&two, true), &["5.2.2-08"], vec![second()]);
    stage.quiet(S, &[]);
    stage.wish(leave(&nine), &["5.2.2-08"], vec![third()]);
    let ids = ["5.2.2-01", "5.2.2-08"];
    stage.due(8 * S, &ids, vec![first()]);
    stage.due(S, &ids, vec![second()]);
    let copy = say::copy(op::JOIN, &two, "b", 0, stage.msn);
    stage.private(copy, &ids, Vec::new());
    stage.due(S, &ids, vec![third()]);
    let copy = say::copy(op::LEAVE, &nine, "c", 0, stage.msn);
    stage.private(copy, &ids, Vec::new());
    stage.due(8 * S, &ids, vec![first()]);
    let copy = say::copy(op::JOIN, &one, "a", 0, stage.msn);
    stage.private(copy, &ids, Vec::new());
    stage.quiet(30 * S, &ids);
    stage
}

fn leaves() -> Stage {
    let mut stage = Stage::client(
        "leave",
        "A group is left; the LEAVE is repeated until its copy.",
    );
    stage.register();
    stage.joined(1);
    let one = say::one(1);
    let again = || said(PRIVATE, say::member(op::LEAVE, &one, LAYER3GRP, "l"));
    stage.wish(leave(&one), &FORM, vec![again()]);
    stage.due(10 * S, &["5.2.2-01"], vec![again()]);
    // The copy of a JOIN is no copy of a LEAVE.
    let copy = say::copy(op::JOIN, &one, "l", 0, stage.msn);
    stage.private(copy, &["5.2.2-04"], Vec::new());
    stage.due(10 * S, &["5.2.2-01"], vec![again()]);
    let copy = say::copy(op::LEAVE, &one, "l", 0, stage.msn);
    let told = notice("left", json!({"range": ["e0000001", "e0000001"]}));
    stage.private(copy, &["5.2.2-04"], vec![told]);
    stage.quiet(30 * S, &["5.2.2-01"]);
    stage
}

fn own_leave() -> Stage {
    let mut stage = Stage::client(
        "leave-while-sending",
        "A client that leaves a group goes on sending to it.",
    );
    stage.register();
    stage.joined(1);
    stage.tree("tree", 1, &[0x31]);
    let one = say::one(1);
    let said_once = said(PRIVATE, say::member(op::LEAVE, &one, LAYER3GRP, "l"));
    stage.wish(leave(&one), &["5.1.4.1-03"], vec![said_once]);
    let ids = ["5.1.4.1-03", "5.1.2-12"];
    let copy = |msn| say::copy(op::LEAVE, &one, "l", 0, msn);
    stage.control(copy, &ids, vec![notice("left", json!({}))]);
    stage.flows("tree", 1, "0102", &ids);
    // Its own joining adds no leaf.
    let said_once = said(PRIVATE, say::member(op::JOIN, &one, LAYER3GRP, "j"));
    stage.wish(join(&one, true), &[], vec![said_once]);
    stage.control(
        |msn| say::copy(op::JOIN, &one, "j", 0, msn),
        &["5.1.2-12"],
        Vec::new(),
    );
    stage.flows("tree", 1, "0103", &["5.1.4.1-03"]);
    stage
}

fn foreign_copies() -> Stage {
    let mut stage = Stage::client(
        "join-foreign",
        "JOINs of others with the same number and group confirm nothing.",
    );
    stage.register();
    let one = say::one(1);
    let again = || said(PRIVATE, say::member(op::JOIN, &one, LAYER3GRP, "j"));
    stage.wish(join(&one, true), &[], vec![again()]);
    let ids = ["5.1.2-12", "5.2.1-05"];
    for who in [0x31, 0x32] {
        let who = json!({"sha": say::number(who)});
        let other = |msn| say::with(say::copy(op::JOIN, &one, "j", 0, msn), who);
        stage.control(other, &ids, Vec::new());
    }
    stage.due(10 * S, &ids, vec![again()]);
    let copy = |msn| say::copy(op::JOIN, &one, "j", 0, msn);
    stage.control(copy, &ids, vec![notice("joined", json!({}))]);
    stage.quiet(30 * S, &["5.2.2-01"]);
    stage
}
