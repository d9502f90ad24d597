//! Registration and deregistration (RFC 2022, 5.2.3; 5.2.2 for the repeats).

use serde_json::json;

use super::say::{self, CMI, MARS, op};
use super::stage::{CONTROL, PRIVATE, S, Stage, call, join, notice, open, said};
use crate::lower::flag;
use crate::sut::Wish;

/// What every registration is.
const FORM: [&str; 9] = [
    "4-01", "5.1.2-03", "5.2-05", "5.2.1-06", "5.2.1-12", "5.2.1-14", "5.2.1-15", "5.2.3-01",
    "5.2.3-02",
];

pub(super) fn stages() -> Vec<Stage> {
    vec![
        first(),
        without_a_source(),
        joins_wait(),
        repeats(10),
        repeats(5),
        no_vc(),
        slow_call(),
        wrong_copies(),
        cmi(),
        deregistered(),
        deregistration_repeats(),
    ]
}

fn first() -> Stage {
    let mut stage = Stage::client("register", "A registration, and its copy.");
    stage.wish(Wish::Register {}, &FORM, vec![call(MARS)]);
    let join = said(PRIVATE, say::registration(op::JOIN, "r"));
    stage.up(PRIVATE, MARS, &FORM, vec![join]);
    stage.leaf_of(CONTROL, MARS);
    stage.quiet(9 * S, &["5.2.2-01"]);
    let copy = say::registered(op::JOIN, "r", CMI, stage.msn);
    let told = notice("registered", json!({"mars": say::atm(MARS), "cmi": CMI}));
    stage.private(copy, &["5.2.2-04", "5.2.3-04"], vec![told]);
    // The copy ends the repeats.
    stage.quiet(60 * S, &["5.2.2-01"]);
    stage
}

fn without_a_source() -> Stage {
    let mut stage = Stage::client(
        "register-nameless",
        "A client without a layer 3 address registers.",
    )
    .config("protocol_address", json!(""));
    stage.wish(Wish::Register {}, &[], vec![call(MARS)]);
    let join = said(PRIVATE, say::nameless(op::JOIN, "r"));
    stage.up(PRIVATE, MARS, &["5.2.3-02"], vec![join]);
    stage.leaf_of(CONTROL, MARS);
    let copy = say::registered(op::JOIN, "r", CMI, stage.msn);
    let told = notice("registered", json!({"cmi": CMI}));
    stage.private(
        say::with(copy, json!({"spa": ""})),
        &["5.2.3-02"],
        vec![told],
    );
    stage
}

fn joins_wait() -> Stage {
    let mut stage = Stage::client(
        "register-before-joining",
        "What is joined before the registration is confirmed waits for it.",
    )
    .inopportune();
    let one = say::one(1);
    stage.wish(
        join(&one, true),
        &["5.2-05"],
        vec![notice("refused", json!({}))],
    );
    stage.wish(Wish::Register {}, &[], vec![call(MARS)]);
    let registration = said(PRIVATE, say::registration(op::JOIN, "r"));
    stage.up(PRIVATE, MARS, &[], vec![registration]);
    stage.leaf_of(CONTROL, MARS);
    stage.wish(join(&one, true), &["5.2-05"], Vec::new());
    let copy = say::registered(op::JOIN, "r", CMI, stage.msn);
    let joins = said(PRIVATE, say::member(op::JOIN, &one, say::LAYER3GRP, "j"));
    stage.private(copy, &["5.2-05"], vec![joins]);
    stage
}

/// Six transmissions, then another round after a random wait.
fn repeats(seconds: u64) -> Stage {
    let id = format!("register-repeats-{seconds}");
    let title =
        format!("A registration is repeated five times, {seconds} s apart; then another round.");
    let mut stage = Stage::client(&id, &title).config("retransmit_ms", json!(seconds * S));
    stage.wish(Wish::Register {}, &[], vec![call(MARS)]);
    let again = || said(PRIVATE, say::registration(op::JOIN, "r"));
    stage.up(PRIVATE, MARS, &[], vec![again()]);
    for _ in 0..5 {
        stage.due(
            seconds * S,
            &["5.2.2-01", "5.2.2-02", "E-02"],
            vec![again()],
        );
    }
    let failed = notice("registration_failed", json!({"mars": say::atm(MARS)}));
    let ids = ["5.2.2-03", "5.4.1-07", "E-02"];
    stage.due(seconds * S, &ids, vec![failed]);
    // Reconnection: a new VC, since the old one may be what is wrong.
    stage.within((S, 10 * S), &["5.4.1-01", "E-02"], vec![call(MARS)]);
    stage.leaf_of(CONTROL, MARS);
    let anew = said("mars-again", say::registration(op::JOIN, "r2"));
    stage.up("mars-again", MARS, &["5.4.1-01"], vec![anew]);
    let copy = say::registered(op::JOIN, "r2", CMI, stage.msn);
    stage.hear("mars-again", copy, &[], Vec::new());
    stage.quiet(4 * seconds * S, &["5.2.2-01"]);
    stage
}

fn no_vc() -> Stage {
    let mut stage = Stage::client(
        "register-no-vc",
        "The MARS cannot be called; the call is tried again after a random wait.",
    );
    stage.wish(Wish::Register {}, &[], vec![call(MARS)]);
    let failed = notice("registration_failed", json!({}));
    stage.no_call(MARS, &["5.4-02", "5.4.1-07"], vec![failed]);
    stage.quiet(S - 1, &["5.4.1-01"]);
    stage.within((1, 9 * S + 1), &["5.4.1-01"], vec![call(MARS)]);
    let registration = said(PRIVATE, say::registration(op::JOIN, "r"));
    stage.up(PRIVATE, MARS, &["5.4.1-01"], vec![registration]);
    stage
}

fn slow_call() -> Stage {
    let mut stage = Stage::client(
        "register-slow-call",
        "The VC to the MARS takes long to come up: the repeats are counted from what is sent on it.",
    );
    stage.wish(Wish::Register {}, &[], vec![call(MARS)]);
    stage.quiet(9 * S, &["5.2.2-02"]);
    let again = || said(PRIVATE, say::registration(op::JOIN, "r"));
    let ids = ["5.2.2-01", "5.2.2-02"];
    stage.up(PRIVATE, MARS, &ids, vec![again()]);
    stage.within((5 * S, 10 * S), &ids, vec![again()]);
    stage.due(10 * S, &ids, vec![again()]);
    stage
}

fn wrong_copies() -> Stage {
    let mut stage = Stage::client(
        "register-wrong-copies",
        "Messages that are no copy of the registration, each in one field, do not end it.",
    )
    .invalid();
    stage.wish(Wish::Register {}, &[], vec![call(MARS)]);
    let again = || said(PRIVATE, say::registration(op::JOIN, "r"));
    stage.up(PRIVATE, MARS, &[], vec![again()]);
    stage.leaf_of(CONTROL, MARS);
    let msn = stage.msn;
    let copy = || say::registered(op::JOIN, "r", CMI, msn);
    let flags = |add: u64| json!({"flags": {"ref": "r", "add": add}});
    let group = json!([{"min": "e0000001", "max": "e0000001"}]);
    let wrong = [
        ("5.2.2-04", json!({"op_type": op::LEAVE})),
        // Neither copy nor sequence nor register nor punched is as it should be.
        ("5.2.2-05", flags(0)),
        ("5.2.2-05", flags(flag::COPY | flag::PUNCHED)),
        ("5.2.2-04", flags(flag::COPY + 1)),
        ("5.2.2-04", json!({"flags": {"ref": "r", "add": 0x2000}})),
        ("5.1.2-12", json!({"sha": say::number(0x31)})),
        ("5.2.2-04", json!({"pnum": 0, "pairs": []})),
        ("5.2.2-04", json!({"tpln": 4, "pairs": group})),
    ];
    for (id, fields) in wrong {
        stage.private(say::with(copy(), fields), &[id], Vec::new());
    }
    stage.due(10 * S, &["5.2.2-04"], vec![again()]);
    let told = notice("registered", json!({"cmi": CMI}));
    stage.private(copy(), &["5.2.2-04"], vec![told]);
    stage.quiet(30 * S, &["5.2.2-01"]);
    stage
}

fn cmi() -> Stage {
    let mut stage = Stage::client(
        "register-cmi",
        "The CMI of the copy is the one that data carries, and that the client knows as its own.",
    );
    stage.wish(Wish::Register {}, &[], vec![call(MARS)]);
    let registration = said(PRIVATE, say::registration(op::JOIN, "r"));
    stage.up(PRIVATE, MARS, &[], vec![registration]);
    stage.leaf_of(CONTROL, MARS);
    let copy = say::registered(op::JOIN, "r", 0xabcd, stage.msn);
    stage.private(copy, &["5.2.3-04"], Vec::new());
    stage.send(1, "00", &[], vec![said(PRIVATE, say::request(1))]);
    let packet = said("tree", say::data1(0xabcd, "00"));
    stage.private(
        say::members(1, stage.msn, &[0x31]),
        &[],
        vec![open("tree", 1, 0x31)],
    );
    stage.leaf_up("tree", 0x31, &["5.2.3-04", "5.5-01"], vec![packet]);
    stage
}

fn deregistered() -> Stage {
    let mut stage = Stage::client(
        "deregister",
        "A deregistration, and its copy: nothing is said after it.",
    );
    stage.register();
    stage.joined(1);
    let leave = said(PRIVATE, say::registration(op::LEAVE, "d"));
    stage.wish(Wish::Deregister {}, &["5.2.3-06"], vec![leave]);
    let copy = say::registered(op::LEAVE, "d", 0, stage.msn);
    let told = notice("deregistered", json!({"confirmed": true}));
    stage.private(copy, &["5.2.3-06"], vec![told]);
    stage.quiet(4 * 60 * S, &["5.2.3-06"]);
    stage
}

fn deregistration_repeats() -> Stage {
    let mut stage = Stage::client(
        "deregister-repeats",
        "A deregistration is repeated until it is confirmed.",
    );
    stage.register();
    let leave = || said(PRIVATE, say::registration(op::LEAVE, "d"));
    stage.wish(Wish::Deregister {}, &["5.2.3-06"], vec![leave()]);
    for _ in 0..4 {
        stage.due(10 * S, &["5.2.3-06"], vec![leave()]);
    }
    // A copy of something else.
    let copy = say::registered(op::JOIN, "d", CMI, stage.msn);
    stage.private(copy, &["5.2.3-06"], Vec::new());
    stage.due(10 * S, &["5.2.3-06"], vec![leave()]);
    let copy = say::registered(op::LEAVE, "d", 0, stage.msn);
    let told = notice("deregistered", json!({"confirmed": true}));
    stage.private(copy, &["5.2.3-06"], vec![told]);
    stage.quiet(30 * S, &["5.2.3-06"]);
    stage
}
