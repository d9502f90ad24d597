//! Redirect maps (RFC 2022, 5.4.3).

use serde_json::json;

use super::say::{self, BACKUP, LAYER3GRP, MARS, STRANGER, THIRD, op, part};
use super::stage::{CONTROL, MIN, PRIVATE, S, Stage, call, hangup, notice, said};

pub(super) fn stages() -> Vec<Stage> {
    vec![
        top_of_the_list(),
        hard(),
        soft(),
        soft_fails(),
        untrusted(),
        parts(),
        broken_parts(),
        late_part(),
    ]
}

/// A member of group 1 that sends to group 5.
fn member(id: &str, title: &str) -> Stage {
    let mut stage = Stage::client(id, title);
    stage.register();
    stage.joined(1);
    stage.tree("tree", 5, &[0x31]);
    stage
}

/// A map of one part on the control VC.
fn map(stage: &mut Stage, redirf: u64, servers: &[u8], ids: &[&str]) {
    let map = |msn| say::map_part(MARS, redirf, part(true, 1), msn, servers);
    stage.control(map, ids, Vec::new());
}

fn top_of_the_list() -> Stage {
    let mut stage = Stage::client(
        "map-tops-the-list",
        "What a map names is tried before what is configured.",
    )
    .list(&[MARS, BACKUP]);
    stage.register();
    let ids = ["5.4.3-01", "5.4.3-07"];
    map(&mut stage, 0x80, &[MARS, THIRD], &ids);
    // The first address is the current MARS: nothing to do.
    stage.quiet(30 * S, &ids);
    stage.down(CONTROL, &[], Vec::new());
    stage.within((S, 10 * S), &["5.4.1-01"], vec![call(MARS)]);
    stage.no_call(MARS, &["5.4.3-01", "5.4.2-01"], vec![call(THIRD)]);
    stage.no_call(THIRD, &["5.4.2-02"], Vec::new());
    stage.within(
        (MIN, MIN + 30 * S),
        &["5.4.3-01", "5.4.2-03"],
        vec![call(BACKUP)],
    );
    stage
}

fn hard() -> Stage {
    let mut stage = member(
        "redirect-hard",
        "A hard redirect: registration after a random wait, all joins again, all groups revalidated.",
    );
    let ids = ["5.4.3-07", "5.4.3-08"];
    let told = notice(
        "redirected",
        json!({"mars": say::atm(BACKUP), "hard": true}),
    );
    let map = |msn| say::map(MARS, msn, &[BACKUP, MARS]);
    stage.control(map, &ids, vec![told]);
    stage.quiet(S - 1, &["5.4.1-01"]);
    stage.within((1, 9 * S + 1), &ids, vec![call(BACKUP)]);
    let registers = said("backup", say::registration(op::JOIN, "r2"));
    stage.up("backup", BACKUP, &ids, vec![registers]);
    stage.flows("tree", 5, "0101", &["5.4.1-05"]);
    stage.leaf_of("backup-ccvc", BACKUP);
    let copy = say::registered(op::JOIN, "r2", 0x0234, 5_000);
    stage.hear("backup", copy, &ids, Vec::new());
    let joins = said(
        "backup",
        say::member(op::JOIN, &say::one(1), LAYER3GRP, "j2"),
    );
    stage.within((S, 10 * S), &["5.4.3-08", "5.4.1-02"], vec![joins]);
    let packet = said("tree", say::data1(0x0234, "0202"));
    let asks = said("backup", say::request(5));
    stage.send(5, "0202", &["5.4.3-08", "5.4.1-04"], vec![packet, asks]);
    stage
}

/// A soft redirect begins: the call at once, the registration on the new VC.
fn goes_soft(stage: &mut Stage) {
    let ids = ["5.4.3-07", "5.4.3-09"];
    let map = |msn| say::map_part(MARS, 0, part(true, 1), msn, &[BACKUP, MARS]);
    stage.control(map, &ids, vec![call(BACKUP)]);
    let registers = said("backup", say::registration(op::JOIN, "r2"));
    stage.up("backup", BACKUP, &ids, vec![registers]);
}

fn soft() -> Stage {
    let mut stage = member(
        "redirect-soft",
        "A soft redirect: registration at once, then the old VC goes; no joins, no revalidation.",
    );
    goes_soft(&mut stage);
    // The old MARS is in use until the new one has answered.
    stage.flows("tree", 5, "0101", &["5.4.3-09"]);
    stage.leaf_of("backup-ccvc", BACKUP);
    let copy = say::registered(op::JOIN, "r2", 0x0234, 5_000);
    let ids = ["5.4.3-09", "5.4.3-10"];
    stage.hear("backup", copy, &ids, vec![hangup(PRIVATE)]);
    stage.quiet(15 * S, &["5.4.3-10"]);
    let packet = said("tree", say::data1(0x0234, "0202"));
    stage.send(5, "0202", &["5.4.3-10"], vec![packet]);
    // What is wanted next goes to the new one.
    let asks = said("backup", say::request(6));
    stage.send(6, "0303", &["5.4.3-09"], vec![asks]);
    stage
}

fn soft_fails() -> Stage {
    let mut stage = member(
        "redirect-soft-fails",
        "A soft redirect that fails leaves the client where it was.",
    );
    let ids = ["5.4.3-09"];
    let map = |msn| say::map_part(MARS, 0, part(true, 1), msn, &[BACKUP, MARS]);
    stage.control(map, &ids, vec![call(BACKUP)]);
    stage.no_call(BACKUP, &ids, Vec::new());
    stage.quiet(15 * S, &ids);
    stage.flows("tree", 5, "0101", &ids);
    let asks = said(PRIVATE, say::request(6));
    stage.send(6, "0202", &ids, vec![asks]);
    stage
}

fn untrusted() -> Stage {
    let mut stage = member(
        "map-untrusted",
        "Maps from another root lead nowhere, whosever name they bear.",
    )
    .invalid();
    let ids = ["5.4.3-11"];
    let msn = stage.msn;
    stage.leaf_of("foreign", STRANGER);
    for redirf in [0, 0x80] {
        for source in [STRANGER, MARS] {
            let map = say::map_part(source, redirf, part(true, 1), msn, &[STRANGER]);
            stage.hear("foreign", map, &ids, Vec::new());
        }
    }
    stage.quiet(30 * S, &ids);
    stage
}

fn parts() -> Stage {
    let mut stage = member("map-parts", "A map in three parts counts when it is whole.");
    let ids = ["5.4.3-04", "5.4.3-07"];
    let piece = |y, last, servers: &'static [u8]| {
        move |msn| say::map_part(MARS, 0x80, part(last, y), msn, servers)
    };
    stage.control(piece(1, false, &[BACKUP]), &ids, Vec::new());
    stage.control(piece(2, false, &[MARS]), &ids, Vec::new());
    stage.quiet(5 * S, &ids);
    let told = notice("redirected", json!({"mars": say::atm(BACKUP)}));
    stage.control(piece(3, true, &[THIRD]), &ids, vec![told]);
    stage.within((S, 10 * S), &["5.4.3-08"], vec![call(BACKUP)]);
    stage
}

fn broken_parts() -> Stage {
    let mut stage = member(
        "map-parts-broken",
        "A map is thrown away whole if a part is lost or the number jumps within it.",
    )
    .invalid();
    let ids = ["5.4.3-04"];
    let piece = |y, last| move |msn| say::map_part(MARS, 0x80, part(last, y), msn, &[BACKUP]);
    // The second of three is lost.
    stage.control(piece(1, false), &ids, Vec::new());
    stage.control(piece(3, true), &ids, Vec::new());
    // Another message has come between two parts.
    stage.quiet(S, &ids);
    stage.control(piece(1, false), &ids, Vec::new());
    stage.msn += 3;
    stage.control(piece(2, true), &ids, Vec::new());
    // The first is lost.
    stage.quiet(S, &ids);
    stage.control(piece(2, true), &ids, Vec::new());
    stage.quiet(30 * S, &ids);
    // A whole one counts.
    let told = notice("redirected", json!({"mars": say::atm(BACKUP)}));
    stage.control(piece(1, true), &ids, vec![told]);
    stage
}

fn late_part() -> Stage {
    let mut stage = member("map-part-late", "The last part of a map comes too late.").invalid();
    let ids = ["5.4.3-04"];
    let piece = |y, last| move |msn| say::map_part(MARS, 0x80, part(last, y), msn, &[BACKUP]);
    stage.control(piece(1, false), &ids, Vec::new());
    stage.quiet(10 * S + 1, &ids);
    stage.control(piece(2, true), &ids, Vec::new());
    stage.quiet(30 * S, &ids);
    stage
}
