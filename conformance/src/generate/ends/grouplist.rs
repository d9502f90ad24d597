//! Asking for groups with layer 3 members (RFC 2022, 5.3).

use serde_json::json;

use super::say::{self, OWN, part};
use super::stage::{PRIVATE, S, Stage, call, notice, said};
use crate::sut::Wish;
use crate::trace::Expected;

pub(super) fn stages() -> Vec<Stage> {
    vec![listed(), broken(), unanswered()]
}

fn asked(id: &str, title: &str) -> Stage {
    let mut stage = Stage::client(id, title);
    stage.register();
    let (min, max) = say::everything();
    let asks = said(PRIVATE, say::list_request(&say::everything()));
    stage.wish(Wish::GroupList { min, max }, &["5.3-01"], vec![asks]);
    stage
}

fn list(groups: &[u8]) -> Expected {
    let groups: Vec<String> = groups.iter().map(|octet| say::group(*octet)).collect();
    notice(
        "group_list",
        json!({"range": ["e0000000", "efffffff"], "groups": groups}),
    )
}

fn listed() -> Stage {
    let mut stage = asked(
        "grouplist",
        "The groups with layer 3 members, in two parts.",
    );
    let msn = stage.msn;
    let ids = ["5.3-01", "5.3-08"];
    stage.private(
        say::list_reply(part(false, 1), msn, &[1, 2]),
        &ids,
        Vec::new(),
    );
    let whole = vec![list(&[1, 2, 9])];
    stage.private(say::list_reply(part(true, 2), msn, &[9]), &ids, whole);
    stage.quiet(30 * S, &ids);
    stage
}

fn broken() -> Stage {
    let mut stage = asked(
        "grouplist-broken",
        "A list with a part missing, and one whose mar$msn changes, are asked for again.",
    );
    let msn = stage.msn;
    let ids = ["5.3-08"];
    let asks = || vec![said(PRIVATE, say::list_request(&say::everything()))];
    stage.private(say::list_reply(part(false, 1), msn, &[1]), &ids, Vec::new());
    stage.private(say::list_reply(part(true, 3), msn, &[3]), &ids, asks());
    stage.private(say::list_reply(part(false, 1), msn, &[1]), &ids, Vec::new());
    stage.private(say::list_reply(part(true, 2), msn + 1, &[2]), &ids, asks());
    // The last part does not come.
    stage.private(say::list_reply(part(false, 1), msn, &[1]), &ids, Vec::new());
    stage.due(10 * S, &ids, asks());
    // That of somebody else.
    let foreign = json!({"sha": say::number(OWN + 1)});
    let other = say::with(say::list_reply(part(true, 1), msn, &[6]), foreign);
    stage.private(other, &["5.1.2-12"], Vec::new());
    stage.private(
        say::list_reply(part(true, 1), msn, &[5]),
        &ids,
        vec![list(&[5])],
    );
    stage
}

fn unanswered() -> Stage {
    let mut stage = asked(
        "grouplist-unanswered",
        "No list comes: the MARS counts as failed.",
    );
    for _ in 0..5 {
        let asks = said(PRIVATE, say::list_request(&say::everything()));
        stage.due(10 * S, &["5.3-08"], vec![asks]);
    }
    let failed = notice("mars_problem", json!({"why": "no-answer"}));
    stage.due(10 * S, &["5.4-02"], vec![failed]);
    stage.within((S, 10 * S), &["5.4.1-01"], vec![call(say::MARS)]);
    stage
}
