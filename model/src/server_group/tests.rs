//! The step function in detail: what one action makes visible, and when it is enabled.

use super::state::{CMI_HOLD, HOLD};
use super::*;
use crate::scenario::{Budgets, Profile};
use crate::trace::{TraceStep, record};

const C0: Client = Client(0);
const C1: Client = Client(1);
const A: Server = Server(0);
const B: Server = Server(1);
const C: Server = Server(2);
/// The first group alone, the second alone, and the block of both.
const G1: Range = Range(0);
const G2: Range = Range(1);
const BLOCK: Range = Range(2);

fn scenario() -> Scenario {
    Scenario {
        name: "test",
        title: "Everything is allowed.",
        servers: 3,
        clients: 2,
        ranges: &[0b01, 0b10, 0b11],
        links: &[(0, 1), (1, 2)],
        cmi_slots: 2,
        queue: 12,
        literal_purgers: 0,
        duplicates: true,
        beats: true,
        budgets: Budgets {
            registers: 9,
            changes: 9,
            deregisters: 9,
            moves: 9,
            client_crashes: 2,
            crashes: 2,
            cuts: 2,
            drains: 2,
            hangs: 2,
        },
        profile: Profile::Quick,
        actions: &[],
        witnesses: &[],
    }
}

fn model() -> ServerGroup {
    scenario().model(Rules::resolved())
}

fn run(model: &ServerGroup, actions: &[Action]) -> Vec<TraceStep> {
    record(model, actions).unwrap_or_else(|| panic!("not all of {actions:?} are enabled"))
}

fn last(model: &ServerGroup, actions: &[Action]) -> TraceStep {
    run(model, actions).pop().unwrap()
}

const fn deliver(from: Server, to: Server) -> Action {
    Action::Deliver { from, to }
}
const fn register(client: Client, server: Server) -> Action {
    Action::Register { client, server }
}
const fn join(client: Client, range: Range) -> Action {
    Action::Join { client, range }
}
const fn leave(client: Client, range: Range) -> Action {
    Action::Leave { client, range }
}
fn csu(
    from: Server,
    to: Server,
    origin: Server,
    kind: RecordKind,
    live: bool,
    cmi: u8,
    hops: u8,
) -> Observation {
    let record = Record {
        origin,
        kind,
        live,
        cmi,
    };
    Observation::Csu {
        from,
        to,
        record,
        hops,
        solicited: false,
        fresh: hops == 0,
    }
}
fn ccvc(server: Server, kind: CcvcKind, client: Client, groups: u8, punched: bool) -> Observation {
    Observation::Ccvc {
        server,
        kind,
        client,
        groups,
        punched,
    }
}
fn private(server: Server, client: Client, copy: Copy) -> Observation {
    Observation::Private {
        server,
        client,
        copy,
    }
}
/// Delivers until nothing is on its way.
fn settle(model: &ServerGroup, actions: &mut Vec<Action>) {
    loop {
        let state = run(model, actions)
            .last()
            .map_or_else(|| model.initial(), |step| step.state);
        let moving = model
            .servers()
            .flat_map(|from| model.servers().map(move |to| (from, to)));
        let Some((from, to)) = moving
            .into_iter()
            .find(|&(from, to)| from != to && state.next_in_flight(from, to).is_some())
        else {
            return;
        };
        actions.push(deliver(from, to));
    }
}
/// The actions with everything delivered after each.
fn settled(model: &ServerGroup, actions: &[Action]) -> Vec<Action> {
    let mut all = Vec::new();
    for &action in actions {
        all.push(action);
        settle(model, &mut all);
    }
    all
}
/// The step after `before` was done and settled.
fn after(model: &ServerGroup, before: &[Action], action: Action) -> TraceStep {
    let mut all = settled(model, before);
    all.push(action);
    last(model, &all)
}

#[test]
fn a_registration_is_a_leaf_a_private_copy_and_a_record_and_nothing_on_the_ccvc() {
    // R2443-2-04 R2443-2-08 R2443-5.3-01 R2443-5.3-13 R2443-5.3-06
    let step = last(&model(), &[register(C0, B)]);
    let kind = RecordKind::Register { client: C0 };
    let expected = [
        Observation::Leaf {
            server: B,
            client: C0,
            add: true,
        },
        private(
            B,
            C0,
            Copy::Register {
                cmi: Cmi { server: B, slot: 1 },
            },
        ),
        csu(B, A, B, kind, true, 1, 0),
        csu(B, C, B, kind, true, 1, 0),
    ];
    assert_eq!(step.observations, expected);
    let projection = project(&model(), &step.state, B).unwrap();
    assert_eq!(
        (projection.registrations, projection.leaves),
        (vec![(C0, B, 1)], vec![C0])
    );
    assert_eq!(project(&model(), &step.state, A).unwrap().registrations, []);
}

#[test]
fn a_repeated_registration_gets_the_same_cmi_and_no_record() {
    let step = last(&model(), &[register(C0, B), register(C0, B)]);
    assert_eq!(
        step.observations,
        [private(
            B,
            C0,
            Copy::Register {
                cmi: Cmi { server: B, slot: 1 }
            }
        )]
    );
}

#[test]
fn joins_are_punched_by_what_the_client_joined_here() {
    // R2443-5.3-15 R2443-5.3-16 R2443-5.3-17
    let model = model();
    let kind = |range| RecordKind::Join { client: C0, range };
    let single = last(&model, &[register(C0, A), join(C0, G1)]);
    assert_eq!(
        single.observations,
        [
            ccvc(A, CcvcKind::Join, C0, 0b01, false),
            csu(A, B, A, kind(G1), true, 1, 0)
        ]
    );
    let again = last(&model, &[register(C0, A), join(C0, G1), join(C0, G1)]);
    assert_eq!(
        again.observations,
        [private(A, C0, Copy::Join { range: G1 })]
    );
    let block = last(&model, &[register(C0, A), join(C0, G1), join(C0, BLOCK)]);
    let punched = [
        private(A, C0, Copy::Join { range: BLOCK }),
        ccvc(A, CcvcKind::Join, C0, 0b10, true),
        csu(A, B, A, kind(BLOCK), true, 1, 0),
    ];
    assert_eq!(block.observations, punched);
    let covered = last(&model, &[register(C0, A), join(C0, BLOCK), join(C0, G1)]);
    assert_eq!(
        covered.observations,
        [
            private(A, C0, Copy::Join { range: G1 }),
            csu(A, B, A, kind(G1), true, 1, 0)
        ]
    );
    let nothing_left = last(
        &model,
        &[register(C0, A), join(C0, G1), join(C0, G2), join(C0, BLOCK)],
    );
    let expected = [
        private(A, C0, Copy::Join { range: BLOCK }),
        csu(A, B, A, kind(BLOCK), true, 1, 0),
    ];
    assert_eq!(nothing_left.observations, expected);
}

#[test]
fn leaves_are_punched_by_what_stays_joined() {
    // R2443-5.4-02 R2443-5.4-06 R2443-5.4-08 R2443-5.4-11
    let model = model();
    let kind = |range| RecordKind::Join { client: C0, range };
    let block = last(
        &model,
        &[
            register(C0, A),
            join(C0, BLOCK),
            join(C0, G2),
            leave(C0, BLOCK),
        ],
    );
    let expected = [
        private(A, C0, Copy::Leave { range: BLOCK }),
        ccvc(A, CcvcKind::Leave, C0, 0b01, true),
        csu(A, B, A, kind(BLOCK), false, 1, 0),
    ];
    assert_eq!(block.observations, expected);
    let single = last(
        &model,
        &[
            register(C0, A),
            join(C0, BLOCK),
            join(C0, G2),
            leave(C0, G2),
        ],
    );
    assert_eq!(
        single.observations,
        [
            private(A, C0, Copy::Leave { range: G2 }),
            csu(A, B, A, kind(G2), false, 1, 0)
        ]
    );
    let not_joined = last(&model, &[register(C0, A), join(C0, BLOCK), leave(C0, G2)]);
    assert_eq!(
        not_joined.observations,
        [private(A, C0, Copy::Leave { range: G2 })]
    );
    let plain = last(&model, &[register(C0, A), join(C0, G2), leave(C0, G2)]);
    assert_eq!(
        plain.observations,
        [
            ccvc(A, CcvcKind::Leave, C0, 0b10, false),
            csu(A, B, A, kind(G2), false, 1, 0)
        ]
    );
}

#[test]
fn a_deregistration_ends_the_register_record_first_and_is_silent_on_the_ccvc() {
    // R2443-5.4-01 R2443-5.4-05, C02, C04, E19
    let model = model();
    let step = last(
        &model,
        &[
            register(C0, A),
            join(C0, BLOCK),
            join(C0, G1),
            Action::Deregister { client: C0 },
        ],
    );
    let kind = |range| RecordKind::Join { client: C0, range };
    let expected = [
        private(A, C0, Copy::Deregister),
        Observation::Leaf {
            server: A,
            client: C0,
            add: false,
        },
        csu(A, B, A, RecordKind::Register { client: C0 }, false, 1, 0),
        csu(A, B, A, kind(G1), false, 1, 0),
        csu(A, B, A, kind(BLOCK), false, 1, 0),
    ];
    assert_eq!(step.observations, expected);
}

#[test]
fn a_join_from_the_net_is_announced_punched_and_passed_on() {
    // R2443-2-10 R2443-5.3-12 R2443-5.1-09
    let model = model();
    let mut actions = settled(&model, &[register(C1, B), register(C0, A), join(C0, G1)]);
    actions.extend([join(C0, BLOCK), deliver(A, B)]);
    let kind = RecordKind::Join {
        client: C0,
        range: BLOCK,
    };
    let step = last(&model, &actions);
    assert_eq!(
        step.observations,
        [
            ccvc(B, CcvcKind::Join, C0, 0b10, true),
            csu(B, C, A, kind, true, 1, 1)
        ]
    );
    // C has no leaf: nothing on its CCVC (F16).
    actions.push(deliver(B, C));
    assert_eq!(last(&model, &actions).observations, []);
    let members = project(&model, &last(&model, &actions).state, C)
        .unwrap()
        .members;
    assert_eq!(members, [(C0, G1, A), (C0, BLOCK, A)]);
}

#[test]
fn a_leave_and_a_deregister_from_the_net_differ_on_the_ccvc() {
    let model = model();
    let before = [register(C1, B), register(C0, A), join(C0, G1)];
    let leaves = settled(&model, &before)
        .into_iter()
        .chain([leave(C0, G1), deliver(A, B)])
        .collect::<Vec<_>>();
    assert_eq!(
        last(&model, &leaves).observations.first(),
        Some(&ccvc(B, CcvcKind::Leave, C0, 0b01, false))
    );
    let mut ends = settled(&model, &before);
    ends.extend([
        Action::Deregister { client: C0 },
        deliver(A, B),
        deliver(A, B),
    ]);
    let steps = run(&model, &ends);
    let shown = steps
        .iter()
        .rev()
        .take(2)
        .flat_map(|step| step.observations.iter());
    assert_eq!(
        shown
            .filter(|seen| matches!(seen, Observation::Ccvc { .. }))
            .count(),
        0
    );
}

#[test]
fn membership_known_from_two_servers_is_announced_and_ended_once() {
    // A07: the union; B06, E19: the end of one registration is silent.
    let model = model();
    let before = [
        register(C1, C),
        register(C0, A),
        join(C0, G1),
        Action::Move { client: C0, to: B },
    ];
    let mut actions = settled(&model, &before);
    actions.extend([join(C0, G1), deliver(B, A), deliver(B, C)]);
    let steps = run(&model, &actions);
    let at_c = &steps.last().unwrap().observations;
    assert_eq!(at_c.as_slice(), [], "C knew the member from A");
    actions.push(Action::LeafGone {
        server: A,
        client: C0,
    });
    settle(&model, &mut actions);
    let last = last(&model, &actions);
    assert_eq!(
        project(&model, &last.state, C).unwrap().members,
        [(C0, G1, B)]
    );
}

#[test]
fn a_proxy_deregister_makes_the_new_home_repeat_its_records_once() {
    // R2443-2-22 R2443-5.4-03, A08
    let model = model();
    let before = [
        register(C0, A),
        join(C0, G1),
        Action::Move { client: C0, to: B },
        join(C0, G1),
    ];
    let gone = Action::LeafGone {
        server: A,
        client: C0,
    };
    let proxy = after(&model, &before, gone);
    let register_kind = RecordKind::Register { client: C0 };
    let join_kind = RecordKind::Join {
        client: C0,
        range: G1,
    };
    let expected = [
        csu(A, B, A, register_kind, false, 1, 0),
        csu(A, B, A, join_kind, false, 1, 0),
    ];
    assert_eq!(proxy.observations, expected);
    let mut actions = settled(&model, &before);
    actions.extend([gone, deliver(A, B)]);
    let expected = [
        csu(B, C, A, register_kind, false, 1, 1),
        csu(B, A, B, register_kind, true, 1, 0),
        csu(B, C, B, register_kind, true, 1, 0),
        csu(B, A, B, join_kind, true, 1, 0),
        csu(B, C, B, join_kind, true, 1, 0),
    ];
    assert_eq!(last(&model, &actions).observations, expected);
    // The join's own withdrawal and the repeated records make nothing more.
    settle(&model, &mut actions);
    assert!(last(&model, &actions).state.is_quiet());
}

#[test]
fn a_tick_beats_and_sends_maps_only_where_there_is_a_leaf() {
    // R2443-2-15 R2443-2-17 R2443-2-19 R2443-5.1-05
    let model = model();
    let step = after(&model, &[register(C0, B)], Action::Tick);
    let beat = |from: Server, to| csu(from, to, from, RecordKind::RedirectEntry, true, 0, 0);
    let mut order = ServerList::EMPTY;
    [B, A, C].into_iter().for_each(|server| order.push(server));
    let expected = [
        beat(A, B),
        beat(B, A),
        beat(B, C),
        beat(C, B),
        Observation::Map {
            server: B,
            order,
            hard: true,
        },
    ];
    assert_eq!(step.observations, expected);
    assert!(
        record(&model, &[register(C0, B), Action::Tick]).is_none(),
        "records are faster than heartbeats"
    );
}

#[test]
fn a_silent_server_is_flushed_in_the_third_interval_and_not_before() {
    // R2443-2-18 R2443-5.1-07, B01, B05
    let model = model();
    let crash = Action::Crash { server: A };
    let mut actions = settled(
        &model,
        &[register(C0, A), join(C0, G1), register(C1, B), crash],
    );
    for interval in 1..=HOLD {
        settle(&model, &mut actions);
        actions.push(Action::Tick);
        let step = last(&model, &actions);
        let projection = project(&model, &step.state, C).unwrap();
        assert_eq!(
            projection.members.is_empty(),
            interval == HOLD,
            "{interval}"
        );
        assert_eq!(projection.live.contains(&A), interval < HOLD, "{interval}");
        let maps = step.observations.iter().filter_map(|seen| match seen {
            Observation::Map { order, .. } => Some(order.contains(A)),
            _ => None,
        });
        assert_eq!(maps.collect::<Vec<_>>(), [interval < HOLD]);
        assert!(
            !step
                .observations
                .iter()
                .any(|seen| matches!(seen, Observation::Ccvc { .. })),
            "B06"
        );
    }
}

#[test]
fn a_restored_server_is_announced_and_flooded_once() {
    // B02, H04: C's heartbeat pauses for three intervals; its member is unused, then used and announced again.
    let model = model();
    let mut actions = vec![
        register(C0, C),
        join(C0, G1),
        register(C1, A),
        Action::Hang { server: C },
    ];
    actions.extend([Action::Tick, Action::Tick]);
    actions = settled(&model, &actions);
    actions.extend([Action::Wake { server: C }, Action::Tick]);
    assert_eq!(
        project(&model, &last(&model, &actions).state, A)
            .unwrap()
            .members,
        []
    );
    actions.push(deliver(C, B));
    let solicited = |kind| Observation::Csu {
        from: B,
        to: A,
        record: Record {
            origin: C,
            kind,
            live: true,
            cmi: 1,
        },
        hops: 0,
        solicited: false,
        fresh: false,
    };
    let expected = [
        csu(B, A, C, RecordKind::RedirectEntry, true, 0, 1),
        solicited(RecordKind::Register { client: C0 }),
        solicited(RecordKind::Join {
            client: C0,
            range: G1,
        }),
    ];
    assert_eq!(last(&model, &actions).observations, expected);
    settle(&model, &mut actions);
    let steps = run(&model, &actions);
    let announced = steps.iter().skip(14).flat_map(|step| &step.observations);
    let announced: Vec<_> = announced
        .filter(|seen| matches!(seen, Observation::Ccvc { server: A, .. }))
        .collect();
    assert_eq!(
        announced.last(),
        Some(&&ccvc(A, CcvcKind::Join, C0, 0b01, false))
    );
    assert_eq!(
        project(&model, &steps.last().unwrap().state, A)
            .unwrap()
            .members,
        [(C0, G1, C)]
    );
}

#[test]
fn healing_takes_over_what_is_newer_and_starts_its_flooding_afresh() {
    // R2443-2-02, C13
    let model = model();
    let cut = Action::Cut { a: B, b: C };
    let step = after(
        &model,
        &[cut, register(C0, C), join(C0, G1)],
        Action::Heal { a: B, b: C },
    );
    let taken = |from, to, kind, solicited| Observation::Csu {
        from,
        to,
        record: Record {
            origin: C,
            kind,
            live: true,
            cmi: 1,
        },
        hops: 0,
        solicited,
        fresh: false,
    };
    let (register_kind, join_kind) = (
        RecordKind::Register { client: C0 },
        RecordKind::Join {
            client: C0,
            range: G1,
        },
    );
    let expected = [
        taken(C, B, register_kind, true),
        taken(B, A, register_kind, false),
        taken(C, B, join_kind, true),
        taken(B, A, join_kind, false),
    ];
    assert_eq!(step.observations, expected);
}

#[test]
fn an_older_record_is_answered_with_the_newer_one() {
    // RFC 2334, 2.3 case 2b, on a ring: B gets A's leave directly and then the old join round by C.
    let mut ring = scenario();
    ring.links = &[(0, 1), (0, 2), (1, 2)];
    let model = ring.model(Rules::resolved());
    let mut actions = settled(&model, &[register(C0, A)]);
    actions.extend([
        join(C0, G1),
        deliver(A, C),
        leave(C0, G1),
        deliver(A, B),
        deliver(A, B),
        deliver(C, B),
    ]);
    let answer = Observation::Csu {
        from: B,
        to: C,
        record: Record {
            origin: A,
            kind: RecordKind::Join {
                client: C0,
                range: G1,
            },
            live: false,
            cmi: 1,
        },
        hops: 0,
        solicited: true,
        fresh: false,
    };
    assert_eq!(last(&model, &actions).observations, [answer]);
}

#[test]
fn cmis_go_round_are_held_and_run_out_in_silence() {
    // R2443-2-05 R2443-2-06, E02, E04
    let model = model();
    let given = |step: &TraceStep| {
        step.observations.iter().find_map(|seen| match seen {
            Observation::Private {
                copy: Copy::Register { cmi },
                ..
            } => Some(cmi.slot),
            _ => None,
        })
    };
    let end = Action::Deregister { client: C0 };
    let round = [register(C0, A), end];
    assert_eq!(given(&after(&model, &round, register(C0, A))), Some(2));
    let mut used_up = vec![register(C0, A), end, register(C0, A), end];
    let refused = after(&model, &used_up, register(C0, A));
    assert_eq!(
        (
            refused.observations.len(),
            project(&model, &refused.state, A).unwrap().leaves
        ),
        (0, vec![])
    );
    for _ in 1..CMI_HOLD {
        used_up.push(Action::Tick);
    }
    let mut waiting = settled(&model, &used_up);
    waiting.push(register(C0, A));
    assert!(
        record(&model, &waiting).is_none(),
        "the last interval of the hold depends on the moment"
    );
    used_up.push(Action::Tick);
    assert_eq!(given(&after(&model, &used_up, register(C0, A))), Some(1));
}

#[test]
fn a_drained_server_hands_its_clients_over_and_they_join_again() {
    // R2443-2-13, A04
    let model = model();
    let before = [
        register(C0, A),
        join(C0, G1),
        Action::Drain { server: A },
        Action::Tick,
    ];
    let redirect = Action::Redirect { client: C0 };
    let step = after(&model, &before, redirect);
    assert!(step.observations.contains(&private(
        B,
        C0,
        Copy::Register {
            cmi: Cmi { server: B, slot: 1 }
        }
    )));
    let with_join: Vec<_> = before.into_iter().chain([redirect, join(C0, G1)]).collect();
    let gone = after(
        &model,
        &with_join,
        Action::LeafGone {
            server: A,
            client: C0,
        },
    );
    assert_eq!(
        project(&model, &gone.state, B).unwrap().members,
        [(C0, G1, A), (C0, G1, B)]
    );
    // The map of the new home starts with itself: no way back.
    let stays: Vec<_> = with_join
        .into_iter()
        .chain([Action::Tick, redirect])
        .collect();
    assert!(record(&model, &settled(&model, &stays[..stays.len() - 1])).is_some());
    let mut all = settled(&model, &stays[..stays.len() - 1]);
    all.push(redirect);
    assert!(record(&model, &all).is_none());
}

#[test]
fn failover_follows_the_map_and_skips_servers_that_stay_silent() {
    // R2443-2-12 R2443-2-14
    let mut small = scenario();
    small.cmi_slots = 1;
    let model = small.model(Rules::resolved());
    let before = [
        register(C0, A),
        join(C0, G1),
        register(C1, B),
        Action::Tick,
        Action::Crash { server: A },
    ];
    let step = after(&model, &before, Action::Failover { client: C0 });
    assert_eq!(
        step.observations.first(),
        Some(&Observation::Leaf {
            server: C,
            client: C0,
            add: true
        })
    );
    assert_eq!(step.state.client(C0).home(), Some(C));
    assert!(step.state.client(C0).has_to_rejoin(G1) && step.state.client(C0).joined() == 0);
}

#[test]
fn who_is_not_registered_is_not_heard() {
    // R2443-1-04, A09
    let model = model();
    assert!(record(&model, &[join(C0, G1)]).is_none());
    assert!(record(&model, &[Action::Deregister { client: C0 }]).is_none());
    assert!(
        record(&model, &[register(C0, A), register(C0, B)]).is_none(),
        "one home at a time"
    );
    assert!(
        record(
            &model,
            &[
                register(C0, A),
                Action::LeafGone {
                    server: A,
                    client: C0
                }
            ]
        )
        .is_none()
    );
}

#[test]
fn enabled_actions_are_those_that_can_be_performed() {
    // Registrations may still wait for the end of a hold; everything else that is offered works.
    let model = model();
    let mut states = vec![model.initial()];
    let mut actions = Vec::new();
    for _ in 0..3 {
        let mut next = Vec::new();
        for state in &states {
            actions.clear();
            model.actions(state, &mut actions);
            next.extend(
                actions
                    .iter()
                    .map(|&action| model.next_state(state, action).unwrap()),
            );
        }
        states = next;
    }
    assert!(states.len() > 1_000);
}
