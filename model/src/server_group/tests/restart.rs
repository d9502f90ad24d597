//! A server that starts again: what it is told of its earlier life, what it withdraws, whom it serves and when.

use super::*;
use crate::server_group::{Control, RecordKind};

fn two() -> ServerGroup {
    let scenario = Scenario {
        servers: 2,
        links: &[(0, 1)],
        budgets: Budgets {
            restarts: 1,
            ..scenario().budgets
        },
        ..scenario()
    };
    scenario.model(Rules::resolved())
}

const CRASH: Action = Action::Crash { server: A };
const RESTART: Action = Action::Restart { server: A };
const HEAL: Action = Action::Heal { a: A, b: B };

/// A ends a record of its earlier life.
fn withdrawn(kind: RecordKind) -> Observation {
    match csu(A, B, A, kind, false, 1, 0) {
        Observation::Csu {
            from,
            to,
            record,
            hops,
            solicited,
            fresh,
        } => Observation::Csu {
            from,
            to,
            record: Record {
                earlier: true,
                ..record
            },
            hops,
            solicited,
            fresh,
        },
        other => other,
    }
}

fn before() -> Vec<Action> {
    settled(&two(), &[register(C0, A), join(C0, G1), register(C1, B)])
}

#[test]
fn a_server_that_is_back_in_time_withdraws_what_it_does_not_hold() {
    // B11, C08, C09
    let model = two();
    let mut all = before();
    all.extend([CRASH, RESTART]);
    assert_eq!(last(&model, &all).observations, []);
    let counted = |all: &[Action]| {
        project(&model, &last(&model, all).state, B)
            .unwrap()
            .members
    };
    assert_eq!(counted(&all), [(C0, G1, A)], "not missed yet");
    all.push(HEAL);
    let (about, joined) = (
        RecordKind::Register { client: C0 },
        RecordKind::Join {
            client: C0,
            range: G1,
        },
    );
    let seen = last(&model, &all).observations;
    let asked = |kind| Observation::Csu {
        from: B,
        to: A,
        record: Record {
            origin: A,
            earlier: true,
            kind,
            live: true,
            cmi: u8::from(kind != RecordKind::RedirectEntry),
        },
        hops: 0,
        solicited: true,
        fresh: false,
    };
    for kind in [RecordKind::RedirectEntry, about, joined] {
        assert!(seen.contains(&asked(kind)), "{kind:?} in {seen:?}");
    }
    for kind in [about, joined] {
        assert!(seen.contains(&withdrawn(kind)));
    }
    settle(&model, &mut all);
    assert_eq!(counted(&all), []);
    // The Redirect Entry of the earlier life is superseded, not withdrawn: there is no such state.
    assert_eq!(
        project(&model, &last(&model, &all).state, B).unwrap().live,
        [A, B]
    );
}

#[test]
fn a_server_that_is_back_late_is_told_what_was_in_quarantine() {
    // B02, B03, B11, H06
    let model = two();
    let mut all = before();
    all.push(CRASH);
    for _ in 0..3 {
        all.push(Action::Tick);
        settle(&model, &mut all);
    }
    all.push(RESTART);
    let live = |all: &[Action]| project(&model, &last(&model, all).state, B).unwrap().live;
    assert_eq!(live(&all), [B]);
    all.push(HEAL);
    assert_eq!(live(&all), [A, B], "its heartbeat has a key that is new");
    let seen = last(&model, &all).observations;
    // No summary has it, so it is flooded, to its originator too: and announced as if just learned (H04).
    assert!(
        seen.contains(&ccvc(B, CcvcKind::Join, C0, 0b01, false)),
        "{seen:?}"
    );
    all.push(deliver(B, A));
    assert_eq!(last(&model, &all).observations, [], "the old heartbeat");
    all.push(deliver(B, A));
    let seen = last(&model, &all).observations;
    let about = RecordKind::Register { client: C0 };
    assert_eq!(seen, [withdrawn(about)]);
    settle(&model, &mut all);
    assert_eq!(
        project(&model, &last(&model, &all).state, B)
            .unwrap()
            .members,
        []
    );
}

#[test]
fn nobody_is_served_before_the_alignment_or_the_end_of_the_start() {
    // B12
    let model = two();
    let mut all = before();
    all.extend([CRASH, RESTART]);
    let mut early = all.clone();
    early.push(register(C0, A));
    assert!(record(&model, &early).is_none());
    // Who lost its home goes elsewhere meanwhile.
    let mut away = all.clone();
    away.push(Action::Failover { client: C0 });
    let step = last(&model, &away);
    assert_eq!(project(&model, &step.state, B).unwrap().leaves, [C0, C1]);
    for ready in [HEAL, Action::Tick] {
        let mut back = all.clone();
        back.push(ready);
        settle(&model, &mut back);
        back.push(Action::Failover { client: C0 });
        let step = last(&model, &back);
        let expected = Observation::Leaf {
            server: A,
            control: Control::Cluster,
            client: C0,
            add: true,
        };
        assert_eq!(step.observations.first(), Some(&expected));
    }
}

#[test]
fn what_was_given_in_the_earlier_life_is_held() {
    // E04
    let model = two();
    let mut all = before();
    all.extend([CRASH, RESTART, HEAL]);
    settle(&model, &mut all);
    all.push(Action::Failover { client: C0 });
    let cmi = Cmi { server: A, slot: 2 };
    let copy = private(A, C0, Copy::Register { cmi });
    assert!(last(&model, &all).observations.contains(&copy));
}

#[test]
fn a_server_starts_again_once_and_among_two() {
    let mut all = before();
    all.extend([CRASH, RESTART, CRASH]);
    assert!(record(&two(), &all).is_some());
    all.push(RESTART);
    assert!(record(&two(), &all).is_none());
    let three = Scenario {
        budgets: Budgets {
            restarts: 1,
            ..scenario().budgets
        },
        ..scenario()
    };
    let model = three.model(Rules::resolved());
    assert!(record(&model, &[CRASH, RESTART]).is_none());
}
