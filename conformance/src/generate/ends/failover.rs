//! Signs that a MARS has failed, and what follows (RFC 2022, 5, 5.4, 5.4.1, 5.4.2).

use serde_json::json;

use super::say::{self, BACKUP, CMI, LAYER3GRP, MARS, THIRD, op};
use super::stage::{CONTROL, MIN, PRIVATE, S, Stage, call, close, hangup, join, notice, said};

pub(super) fn stages() -> Vec<Stage> {
    vec![
        idle(1),
        idle(20),
        vc_lost(),
        no_maps(),
        maps_come(),
        control_lost(),
        no_call(),
        recovery(),
        no_backups(),
        backups(),
        backup_serves(),
    ]
}

fn idle(minutes: u64) -> Stage {
    let title =
        format!("The private VC is released after {minutes} min; the next message calls again.");
    let mut stage = Stage::client(&format!("mars-idle-{minutes}"), &title);
    if minutes != 20 {
        stage = stage.config("mars_idle_ms", json!(minutes * MIN));
    }
    stage.register();
    let ids = ["5-02", "E-01"];
    stage.minutes(minutes - 1);
    stage.due(MIN, &ids, vec![hangup(PRIVATE)]);
    let one = say::one(1);
    stage.wish(join(&one, true), &ids, vec![call(MARS)]);
    let joins = said("again", say::member(op::JOIN, &one, LAYER3GRP, "j"));
    stage.up("again", MARS, &ids, vec![joins]);
    let copy = say::copy(op::JOIN, &one, "j", 0, stage.msn);
    stage.hear("again", copy, &[], Vec::new());
    stage.quiet(30 * S, &["5.2.2-01"]);
    stage
}

fn vc_lost() -> Stage {
    let mut stage = Stage::client(
        "mars-vc-lost",
        "The private VC goes: the client stays a member, and calls when it has something to say.",
    );
    stage.register();
    stage.tree("tree", 1, &[0x31]);
    stage.down(PRIVATE, &["5-02"], Vec::new());
    stage.quiet(30 * S, &["5-02"]);
    stage.flows("tree", 1, "0101", &[]);
    let one = say::one(1);
    stage.wish(join(&one, true), &["5-02"], vec![call(MARS)]);
    let joins = said("again", say::member(op::JOIN, &one, LAYER3GRP, "j"));
    stage.up("again", MARS, &["5-02"], vec![joins]);
    stage
}

/// The MARS has failed for this reason.
fn failed(why: &str) -> crate::trace::Expected {
    notice("mars_problem", json!({"mars": say::atm(MARS), "why": why}))
}

/// A registration with the MARS that is called, over a VC of that name.
fn registers(stage: &mut Stage, vc: &str, mars: u8, name: &str, ids: &[&str]) {
    let said_once = said(vc, say::registration(op::JOIN, name));
    stage.up(vc, mars, ids, vec![said_once]);
}

fn no_maps() -> Stage {
    let mut stage = Stage::client(
        "mars-no-map",
        "No redirect map for four minutes: the MARS counts as failed.",
    );
    stage.register();
    let ids = ["5.4-02", "5.4.1-07", "E-02"];
    stage.due(4 * MIN, &ids, vec![failed("no-map")]);
    stage.quiet(S - 1, &["5.4.1-01"]);
    let ids = ["5.4-02", "5.4.1-01", "E-02"];
    stage.within((1, 9 * S + 1), &ids, vec![call(MARS)]);
    registers(&mut stage, "again", MARS, "r2", &["5.4.1-01"]);
    let copy = say::registered(op::JOIN, "r2", CMI, stage.msn);
    stage.hear("again", copy, &["5.4.1-01"], Vec::new());
    stage.due(4 * MIN, &["5.4-02"], vec![failed("no-map")]);
    stage
}

fn maps_come() -> Stage {
    let mut stage = Stage::client(
        "mars-maps-come",
        "Redirect maps come in time, the last one just in time; then none does.",
    );
    stage.register();
    stage.minutes(4);
    stage.quiet(4 * MIN - 1, &["5.4-02"]);
    stage.control(|msn| say::map(MARS, msn, &[MARS]), &["5.4-02"], Vec::new());
    // Other messages do not stand for a map.
    stage.quiet(2 * MIN, &["5.4-02"]);
    stage.control(
        |msn| say::told(op::JOIN, 0x31, &[say::one(1)], msn),
        &["5.4-02"],
        Vec::new(),
    );
    stage.due(2 * MIN, &["5.4-02"], vec![failed("no-map")]);
    stage
}

fn control_lost() -> Stage {
    let mut stage = Stage::client(
        "mars-control-lost",
        "The client is no leaf of the ClusterControlVC any more.",
    );
    stage.register();
    stage.leaf_of("data", 0x31);
    // A VC of somebody else is none.
    stage.down("data", &["5.4-02"], Vec::new());
    stage.quiet(15 * S, &["5.4-02"]);
    stage.down(CONTROL, &["5.4-02"], vec![failed("control-vc-lost")]);
    stage.within((S, 10 * S), &["5.4.1-01"], vec![call(MARS)]);
    registers(&mut stage, "again", MARS, "r2", &["5.4.1-01"]);
    stage
}

fn no_call() -> Stage {
    let mut stage = Stage::client("mars-no-vc", "The MARS of a member does not answer a call.");
    stage.register();
    stage.down(PRIVATE, &[], Vec::new());
    stage.wish(join(&say::one(1), true), &[], vec![call(MARS)]);
    stage.no_call(MARS, &["5.4-02", "5.4.1-07"], vec![failed("no-vc")]);
    stage.within((S, 10 * S), &["5.4.1-01"], vec![call(MARS)]);
    registers(&mut stage, "again", MARS, "r2", &["5.4.1-01"]);
    stage
}

fn recovery() -> Stage {
    let mut stage = Stage::client(
        "recovery",
        "Registered again, the client joins all its groups, revalidates all it sends to, and keeps its trees.",
    );
    stage.register();
    stage.joined(1);
    stage.joined(2);
    stage.tree("tree", 5, &[0x31, 0x32]);
    stage.tree("other", 6, &[0x33]);
    stage.down(CONTROL, &["5.4-02"], Vec::new());
    let undisturbed = ["5.4.1-05"];
    stage.flows("tree", 5, "0101", &undisturbed);
    stage.within((S, 10 * S), &["5.4.1-01"], vec![call(MARS)]);
    registers(&mut stage, "again", MARS, "r2", &["5.4.1-01"]);
    stage.flows("tree", 5, "0202", &undisturbed);
    stage.leaf_of("ccvc-again", MARS);
    let copy = say::registered(op::JOIN, "r2", 0x0123, stage.msn);
    stage.hear("again", copy, &["5.4.1-02", "5.4.1-04"], Vec::new());
    stage.quiet(S - 1, &["5.4.1-03", "5.4.1-04"]);
    let packet = said("tree", say::data1(0x0123, "0303"));
    stage.send(5, "0303", &["5.4.1-05", "5.2.3-04"], vec![packet]);
    // Both groups, in any order.
    let pairs = |octet| json!([{"min": say::group(octet), "max": say::group(octet)}]);
    let joins = [json!([]), json!([{"ref": "joined 0"}])];
    let joins = joins.iter().enumerate().map(|(n, unlike)| {
        let bound = json!({
            "bind": format!("joined {n}"), "one_of": [pairs(1), pairs(2)], "unlike": unlike,
        });
        let join = say::member(op::JOIN, &say::one(1), LAYER3GRP, &format!("j {n}"));
        said("again", say::with(join, json!({"pairs": bound})))
    });
    let ids = ["5.4.1-02", "5.4.1-03", "E-02"];
    stage.within((1, 9 * S + 1), &ids, joins.collect());
    for (tree, group) in [("tree", 5), ("other", 6)] {
        let packet = said(tree, say::data1(0x0123, "0404"));
        let asks = said("again", say::request(group));
        stage.send(group, "0404", &["5.4.1-04"], vec![packet, asks]);
    }
    stage
}

/// The first registration of a member that has failed comes to nothing.
fn fails_again(stage: &mut Stage) {
    stage.down(CONTROL, &[], Vec::new());
    stage.within((S, 10 * S), &["5.4.1-01"], vec![call(MARS)]);
}

fn no_backups() -> Stage {
    let mut stage = Stage::client(
        "recovery-without-backups",
        "Without backups the client waits a minute before each round.",
    );
    stage.register();
    fails_again(&mut stage);
    for _ in 0..3 {
        let told = notice("registration_failed", json!({"mars": say::atm(MARS)}));
        let ids = ["5.4.1-06", "5.4.1-07"];
        stage.no_call(MARS, &ids, vec![told]);
        stage.quiet(MIN - 1, &["5.4.1-06", "E-02"]);
        stage.within((1, 30 * S), &["5.4.1-06"], vec![call(MARS)]);
    }
    registers(&mut stage, "again", MARS, "r2", &["5.4.1-06"]);
    stage
}

fn backups() -> Stage {
    let mut stage = Stage::client(
        "recovery-with-backups",
        "The next MARS is tried at once, those after it a minute apart, and then the first again.",
    )
    .list(&[MARS, BACKUP, THIRD]);
    stage.register();
    fails_again(&mut stage);
    let chosen = |mars| notice("backup_chosen", json!({"mars": say::atm(mars)}));
    let ids = ["5.4-01", "5.4.2-01", "5.4.2-04"];
    stage.no_call(MARS, &ids, vec![chosen(BACKUP), call(BACKUP)]);
    let mut last = BACKUP;
    for next in [THIRD, MARS, BACKUP, THIRD] {
        let ids = ["5.4.2-02", "5.4.2-03", "5.4.2-04"];
        stage.no_call(last, &ids, vec![chosen(next)]);
        stage.quiet(MIN - 1, &["5.4.2-02", "E-02"]);
        stage.within((1, 30 * S), &["5.4.2-02", "5.4.2-03"], vec![call(next)]);
        last = next;
    }
    stage
}

fn backup_serves() -> Stage {
    let mut stage = Stage::client(
        "recovery-at-backup",
        "A backup takes the registration: groups are joined there, and the old MARS is not listened to.",
    )
    .list(&[MARS, BACKUP]);
    stage.register();
    stage.joined(1);
    stage.tree("tree", 5, &[0x31]);
    fails_again(&mut stage);
    // Six JOINs without a copy.
    registers(&mut stage, "again", MARS, "r2", &["5.4.1-01"]);
    let again = || said("again", say::registration(op::JOIN, "r2"));
    for _ in 0..5 {
        stage.due(10 * S, &["5.2.2-01"], vec![again()]);
    }
    stage.due(10 * S, &["5.2.2-03", "5.4.2-01"], vec![call(BACKUP)]);
    registers(&mut stage, "backup", BACKUP, "r3", &["5.4.2-01"]);
    stage.leaf_of("backup-ccvc", BACKUP);
    stage.leaf_of("old-ccvc", MARS);
    let copy = say::registered(op::JOIN, "r3", 0x0234, 5_000);
    stage.hear("backup", copy, &["5.4.1-02"], Vec::new());
    let joins = said(
        "backup",
        say::member(op::JOIN, &say::one(1), LAYER3GRP, "j2"),
    );
    stage.within((S, 10 * S), &["5.4.1-02", "5.4.1-03"], vec![joins]);
    let packet = said("tree", say::data1(0x0234, "0101"));
    let asks = said("backup", say::request(5));
    stage.send(5, "0101", &["5.4.1-04", "5.4.1-05"], vec![packet, asks]);
    // Words of the old one.
    let leave = say::told(op::LEAVE, 0x31, &[say::one(5)], stage.msn);
    stage.hear("old-ccvc", leave, &["5.4.2-01"], Vec::new());
    let leave = say::told(op::LEAVE, 0x31, &[say::one(5)], 5_000);
    stage.hear("backup-ccvc", leave, &["5.4.2-01"], vec![close("tree")]);
    stage
}
