//! The step function in detail: what one action makes visible, and when it is enabled.

mod mcs;
mod net;
mod restart;
mod time;

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
        mcs: 0,
        slow: 0,
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
            restarts: 0,
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
        earlier: false,
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
            control: Control::Cluster,
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
            control: Control::Cluster,
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

// N08: RFC 2022, 6.1.2 gives a member that registers again the CMI that it has, and says nothing of what it has joined.
#[test]
fn who_comes_back_before_the_old_leaf_went_is_a_member_of_what_it_joined_then() {
    let model = model();
    let end = last(
        &model,
        &[
            register(C0, A),
            join(C0, G1),
            deliver(A, B),
            deliver(A, B),
            Action::Move { client: C0, to: B },
            deliver(B, A),
            Action::Deregister { client: C0 },
            deliver(B, A),
            deliver(A, B),
            deliver(A, B),
            register(C0, A),
        ],
    );
    assert_eq!(end.state.client(C0).joined(), 0);
    let members = project(&model, &end.state, B).unwrap().members;
    assert_eq!(members, [(C0, G1, A)]);
}
