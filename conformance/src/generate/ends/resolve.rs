//! Asking for the members of a group (RFC 2022, 5.1.1, 5.1.2).

use serde_json::json;

use super::say::{self, CMI, OWN, part};
use super::stage::{PRIVATE, S, Stage, add, call, close, notice, open, said};

pub(super) fn stages() -> Vec<Stage> {
    vec![
        answered(),
        parts(),
        last_part_missing(),
        part_skipped(),
        first_part_missing(),
        number_changes(),
        nak(),
        only_itself(),
        nobody_left(),
        foreign_answers(),
        unanswered(),
        repeated_answer(),
    ]
}

/// The packet is on its way, and the group is asked for.
fn asked(id: &str, title: &str) -> Stage {
    let mut stage = Stage::client(id, title);
    stage.register();
    let asks = said(PRIVATE, say::request(1));
    stage.send(1, "c0ffee", &["5.1.2-03"], vec![asks]);
    stage
}

fn answered() -> Stage {
    let mut stage = asked(
        "request",
        "A packet for a group: REQUEST, MULTI, tree, data.",
    );
    // A packet more asks for nothing more.
    stage.quiet(S, &[]);
    stage.send(1, "0202", &[], Vec::new());
    let answer = say::members(1, stage.msn, &[0x31, 0x32, 0x33]);
    stage.private(answer, &["5.1.3-01"], vec![open("tree", 1, 0x31)]);
    let first = said("tree", say::data1(CMI, "c0ffee"));
    let second = said("tree", say::data1(CMI, "0202"));
    let adds = vec![first, second, add("tree", 0x32), add("tree", 0x33)];
    stage.leaf_up("tree", 0x31, &["5.1.3-01", "5.5-01"], adds);
    stage.leaf_up("tree", 0x32, &["5.1.3-01"], Vec::new());
    stage.leaf_up("tree", 0x33, &["5.1.3-01"], Vec::new());
    stage.flows("tree", 1, "0303", &["5.1.3-01"]);
    // The answer has come: nothing is repeated.
    stage.quiet(30 * S, &["5.1.1-09"]);
    stage
}

fn parts() -> Stage {
    let mut stage = asked(
        "multi-parts",
        "An answer in three parts counts when it is whole.",
    );
    let msn = stage.msn;
    let ids = ["5.1.1-09", "5.1.4.2-06"];
    stage.private(
        say::multi(1, part(false, 1), msn, &[0x31]),
        &ids,
        Vec::new(),
    );
    stage.private(
        say::multi(1, part(false, 2), msn, &[0x32]),
        &ids,
        Vec::new(),
    );
    stage.quiet(S, &ids);
    let last = say::multi(1, part(true, 3), msn, &[0x33, 0x34]);
    stage.private(last, &ids, vec![open("tree", 1, 0x31)]);
    let mut outputs = vec![said("tree", say::data1(CMI, "c0ffee"))];
    outputs.extend([0x32, 0x33, 0x34].map(|peer| add("tree", peer)));
    stage.leaf_up("tree", 0x31, &["5.1.3-01"], outputs);
    stage.quiet(30 * S, &ids);
    stage
}

/// Asked again, it is answered as a whole.
fn then_answered(stage: &mut Stage, ids: &[&str]) {
    let answer = say::members(1, stage.msn, &[0x35]);
    stage.private(answer, ids, vec![open("tree", 1, 0x35)]);
    let packet = said("tree", say::data1(CMI, "c0ffee"));
    // Nothing of the broken answer is left.
    stage.leaf_up("tree", 0x35, ids, vec![packet]);
}

fn last_part_missing() -> Stage {
    let mut stage = asked(
        "multi-last-missing",
        "The last part of an answer does not come.",
    );
    let ids = ["5.1.1-09", "5.1.1-10", "5.1.1-12", "E-01"];
    stage.quiet(3 * S, &[]);
    let first = say::multi(1, part(false, 1), stage.msn, &[0x31]);
    stage.private(first, &ids, Vec::new());
    // Ten seconds after the REQUEST, or after the part.
    let asks = said(PRIVATE, say::request(1));
    stage.within((7 * S, 10 * S), &ids, vec![asks]);
    then_answered(&mut stage, &ids);
    stage
}

fn part_skipped() -> Stage {
    let mut stage = asked(
        "multi-part-skipped",
        "A part in the middle of an answer is lost.",
    );
    let ids = ["5.1.1-11"];
    let msn = stage.msn;
    for (last, y) in [(false, 1), (false, 3), (false, 4)] {
        stage.private(say::multi(1, part(last, y), msn, &[0x31]), &ids, Vec::new());
    }
    let asks = said(PRIVATE, say::request(1));
    let last = say::multi(1, part(true, 5), msn, &[0x32]);
    stage.private(last, &ids, vec![asks]);
    then_answered(&mut stage, &ids);
    stage
}

fn first_part_missing() -> Stage {
    let mut stage = asked(
        "multi-first-missing",
        "The first part of an answer is lost.",
    );
    let ids = ["5.1.1-11"];
    let msn = stage.msn;
    stage.private(
        say::multi(1, part(false, 2), msn, &[0x31]),
        &ids,
        Vec::new(),
    );
    let asks = said(PRIVATE, say::request(1));
    let last = say::multi(1, part(true, 3), msn, &[0x32]);
    stage.private(last, &ids, vec![asks]);
    then_answered(&mut stage, &ids);
    stage
}

fn number_changes() -> Stage {
    let mut stage = asked("multi-number-changes", "mar$msn changes within an answer.");
    let ids = ["5.1.1-13"];
    let msn = stage.msn;
    stage.private(
        say::multi(1, part(false, 1), msn, &[0x31]),
        &ids,
        Vec::new(),
    );
    let second = say::multi(1, part(false, 2), msn + 1, &[0x32]);
    stage.private(second, &ids, Vec::new());
    let asks = said(PRIVATE, say::request(1));
    let last = say::multi(1, part(true, 3), msn + 1, &[0x33]);
    stage.private(last, &ids, vec![asks]);
    then_answered(&mut stage, &ids);
    stage
}

/// After an answer that there is nobody: no REQUEST for 5 s, one after 10 s.
fn held(stage: &mut Stage) {
    let ids = ["5.1.1-01", "5.1.1-02"];
    stage.quiet(5 * S - 1, &ids);
    stage.send(1, "0404", &ids, Vec::new());
    stage.quiet(5 * S + 1, &ids);
    let asks = said(PRIVATE, say::request(1));
    stage.send(1, "0505", &ids, vec![asks]);
    // What came before is lost.
    let answer = say::members(1, stage.msn, &[0x31]);
    stage.private(answer, &ids, vec![open("tree", 1, 0x31)]);
    let packet = said("tree", say::data1(CMI, "0505"));
    stage.leaf_up("tree", 0x31, &ids, vec![packet]);
}

fn nak() -> Stage {
    let mut stage = asked(
        "nak",
        "Nobody is in the group: the packet is dropped in silence.",
    );
    stage.private(say::nak(1), &["5.1.1-01"], Vec::new());
    held(&mut stage);
    stage
}

fn only_itself() -> Stage {
    let mut stage = asked(
        "multi-only-itself",
        "Nobody but the client is in the group.",
    );
    stage.private(
        say::members(1, stage.msn, &[OWN]),
        &["5.1.1-02"],
        Vec::new(),
    );
    held(&mut stage);
    stage
}

/// A revalidation that finds nobody.
fn nobody_left() -> Stage {
    let mut stage = Stage::client(
        "nak-revalidating",
        "A revalidation finds nobody: the tree is closed.",
    );
    stage.register();
    stage.tree("tree", 1, &[0x31, 0x32]);
    stage.leaf_gone("tree", 0x31, &[], Vec::new());
    stage.quiet(10 * S, &["5.1.5.1-02"]);
    stage.revalidates("tree", 1, "0101", &["5.1.5-01"]);
    let ids = ["5.1.5-02", "5.1.1-01"];
    stage.private(say::nak(1), &ids, vec![close("tree")]);
    stage.quiet(5 * S - 1, &["5.1.1-02"]);
    stage.send(1, "0202", &["5.1.1-02"], Vec::new());
    stage
}

fn foreign_answers() -> Stage {
    let mut stage = asked(
        "multi-foreign",
        "Answers to others, for other groups, from others, and on the wrong VC.",
    )
    .inopportune();
    let ids = ["5.1.2-12"];
    let msn = stage.msn;
    let foreign = json!({"sha": say::number(0x31)});
    let answer = || say::members(1, msn, &[0x31]);
    stage.private(say::with(answer(), foreign.clone()), &ids, Vec::new());
    stage.private(say::with(say::nak(1), foreign), &ids, Vec::new());
    stage.private(say::members(2, msn, &[0x31]), &ids, Vec::new());
    stage.private(say::nak(2), &ids, Vec::new());
    stage.up("stranger", say::STRANGER, &[], Vec::new());
    stage.hear("stranger", answer(), &ids, Vec::new());
    stage.hear("stranger", say::nak(1), &ids, Vec::new());
    // The right one still counts.
    stage.private(answer(), &ids, vec![open("tree", 1, 0x31)]);
    stage
}

fn unanswered() -> Stage {
    let mut stage = asked(
        "request-unanswered",
        "No answer comes: the REQUEST is repeated every 10 s, until the MARS counts as failed.",
    );
    let ids = ["5.1.1-09", "5.1.1-10", "5.1.1-12"];
    for _ in 0..5 {
        let asks = said(PRIVATE, say::request(1));
        stage.due(10 * S, &ids, vec![asks]);
    }
    let failed = notice("mars_problem", json!({"why": "no-answer"}));
    stage.due(10 * S, &["5.4-02"], vec![failed]);
    stage.within((S, 10 * S), &["5.4.1-01"], vec![call(say::MARS)]);
    stage
}

fn repeated_answer() -> Stage {
    let mut stage = asked(
        "multi-twice",
        "An answer that was not asked for changes nothing.",
    )
    .inopportune();
    stage.answered(
        "tree",
        1,
        &[0x31, 0x32],
        vec![said("tree", say::data1(CMI, "c0ffee"))],
    );
    let again = say::members(1, stage.msn, &[0x33]);
    stage.private(again, &["5.1.4-01"], Vec::new());
    stage.private(say::nak(1), &["5.1.4-01"], Vec::new());
    stage.flows("tree", 1, "0101", &[]);
    stage
}
