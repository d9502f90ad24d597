//! Heartbeats, flush and restore, CMI holds, maps and what clients do about them.

use super::*;

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
            control: Control::Cluster,
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
            earlier: false,
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
            control: Control::Cluster,
            client: C0,
            add: true
        })
    );
    assert_eq!(step.state.client(C0).home(), Some(C));
    assert!(step.state.client(C0).has_to_rejoin(G1) && step.state.client(C0).joined() == 0);
}
