//! Records that arrive, alignment, and what servers make of each other's deregisters.

use super::*;

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
fn a_server_without_leaves_stores_and_passes_on_and_is_silent() {
    // R2443-5.1-09
    let model = model();
    let mut actions = settled(&model, &[register(C0, A)]);
    actions.extend([join(C0, G1), deliver(A, B)]);
    let kind = RecordKind::Join {
        client: C0,
        range: G1,
    };
    let step = last(&model, &actions);
    assert_eq!(step.observations, [csu(B, C, A, kind, true, 1, 1)]);
    let members = project(&model, &step.state, B).unwrap().members;
    assert_eq!(members, [(C0, G1, A)]);
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
            earlier: false,
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
        taken(C, B, join_kind, true),
        taken(B, A, register_kind, false),
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
            earlier: false,
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
