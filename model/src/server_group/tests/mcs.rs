//! Multicast servers: what goes out on both control VCs, at their home and elsewhere.

use super::*;
use crate::server_group::Control;

/// C1 is a multicast server.
fn with_mcs() -> Scenario {
    Scenario {
        mcs: 0b10,
        ..scenario()
    }
}

fn scvc(server: Server, kind: ScvcKind, client: Client, groups: u8) -> Observation {
    Observation::Scvc {
        server,
        kind,
        client,
        groups,
        punched: false,
    }
}

const fn migrate(server: Server, client: Client, group: u8) -> Observation {
    Observation::Migrate {
        server,
        client,
        group,
    }
}

#[test]
fn a_multicast_server_registers_on_the_scvc_and_its_copy_has_no_cmi() {
    // R2443-5.2-01 R2443-1-06, E01
    let step = last(&with_mcs().model(Rules::resolved()), &[register(C1, B)]);
    let kind = RecordKind::Register { client: C1 };
    let expected = [
        Observation::Leaf {
            server: B,
            control: Control::Servers,
            client: C1,
            add: true,
        },
        private(
            B,
            C1,
            Copy::Register {
                cmi: Cmi { server: B, slot: 0 },
            },
        ),
        csu(B, A, B, kind, true, 1, 0),
        csu(B, C, B, kind, true, 1, 0),
    ];
    assert_eq!(step.observations, expected);
}

#[test]
fn the_first_service_makes_clients_everywhere_migrate() {
    // R2443-5.2-02 R2443-5.2-12 R2443-5.2-13, E13, E14
    let model = with_mcs().model(Rules::resolved());
    let before = [register(C0, A), join(C0, G1), register(C1, B)];
    let step = after(&model, &before, join(C1, G1));
    let kind = RecordKind::Join {
        client: C1,
        range: G1,
    };
    let expected = [
        scvc(B, ScvcKind::Mserv, C1, 0b01),
        csu(B, A, B, kind, true, 1, 0),
        csu(B, C, B, kind, true, 1, 0),
    ];
    assert_eq!(step.observations, expected, "no client at home");
    let mut all = settled(&model, &before);
    all.extend([join(C1, G1), deliver(B, A)]);
    assert_eq!(last(&model, &all).observations, [migrate(A, C1, 0b01)]);
    // At home with a member to move, and without one.
    let before = [register(C0, B), register(C1, B)];
    let step = after(&model, &before, join(C1, G1));
    assert!(!step.observations.contains(&migrate(B, C1, 0b01)));
    let before = [register(C0, B), join(C0, G1), register(C1, B)];
    let step = after(&model, &before, join(C1, G1));
    assert!(step.observations.contains(&migrate(B, C1, 0b01)));
    // Without members elsewhere, all the same.
    let mut all = settled(&model, &[register(C0, A), register(C1, B)]);
    all.extend([join(C1, G1), deliver(B, A)]);
    assert_eq!(last(&model, &all).observations, [migrate(A, C1, 0b01)]);
}

#[test]
fn joins_reach_the_scvc_where_the_group_is_served_and_no_ccvc() {
    // R2443-5.3-15 R2443-5.3-19 R2443-5.3-20
    let model = with_mcs().model(Rules::resolved());
    let before = [register(C0, A), register(C1, B), join(C1, G1)];
    let kind = RecordKind::Join {
        client: C0,
        range: G1,
    };
    let step = after(&model, &before, join(C0, G1));
    // Holes for all of it: the copy is private, and A has no multicast server.
    let expected = [
        private(A, C0, Copy::Join { range: G1 }),
        csu(A, B, A, kind, true, 1, 0),
    ];
    assert_eq!(step.observations, expected);
    let mut all = settled(&model, &before);
    all.extend([join(C0, G1), deliver(A, B)]);
    let step = last(&model, &all);
    assert_eq!(
        step.observations.first(),
        Some(&scvc(B, ScvcKind::Sjoin, C0, 0b01))
    );
    // A block is announced to the multicast server whole and to clients without the served group.
    let mut all = settled(&model, &before);
    all.push(join(C0, BLOCK));
    let step = last(&model, &all);
    let cluster = ccvc(A, CcvcKind::Join, C0, 0b10, true);
    assert!(step.observations.contains(&cluster));
    all.push(deliver(A, B));
    let step = last(&model, &all);
    assert_eq!(
        step.observations.first(),
        Some(&scvc(B, ScvcKind::Sjoin, C0, 0b11))
    );
    // Of a group that it does not serve it hears nothing.
    let mut all = settled(&model, &before);
    all.extend([join(C0, G2), deliver(A, B)]);
    let step = last(&model, &all);
    assert!(
        step.observations
            .iter()
            .all(|seen| matches!(seen, Observation::Csu { .. }))
    );
    // A leave likewise. R2443-5.4-10
    let mut all = settled(&model, &before);
    all.push(join(C0, G1));
    settle(&model, &mut all);
    all.extend([leave(C0, G1), deliver(A, B)]);
    let step = last(&model, &all);
    assert_eq!(
        step.observations.first(),
        Some(&scvc(B, ScvcKind::Sleave, C0, 0b01))
    );
}

#[test]
fn an_end_of_service_is_a_leave_whatever_ended_it() {
    // R2443-5.5-01 R2443-5.5-02 R2443-5.5-03 R2443-5.5-06 R2443-5.5-07, E16
    let model = with_mcs().model(Rules::resolved());
    let before = [
        register(C0, A),
        join(C0, G1),
        register(C1, B),
        join(C1, G1),
        join(C1, G2),
    ];
    let left = |groups| ccvc(A, CcvcKind::Leave, C1, groups, false);
    let mut all = settled(&model, &before);
    all.extend([leave(C1, G1), deliver(B, A)]);
    assert_eq!(last(&model, &all).observations, [left(0b01)]);
    // A deregistration ends both at once, and the records of the services say nothing new.
    let mut all = settled(&model, &before);
    all.extend([Action::Deregister { client: C1 }, deliver(B, A)]);
    assert_eq!(last(&model, &all).observations, [left(0b11)]);
    all.push(deliver(B, A));
    assert_eq!(last(&model, &all).observations, []);
    let mut all = settled(&model, &before);
    let gone = Action::LeafGone {
        server: B,
        client: C1,
    };
    all.extend([Action::ClientCrash { client: C1 }, gone, deliver(B, A)]);
    assert_eq!(last(&model, &all).observations, [left(0b11)]);
    // Its server stops: the flush says it (B06).
    let mut all = settled(&model, &before);
    all.push(Action::Crash { server: B });
    for _ in 0..3 {
        all.push(Action::Tick);
        settle(&model, &mut all);
    }
    let steps = run(&model, &all);
    let said = steps
        .iter()
        .filter(|step| step.observations.contains(&left(0b11)));
    assert_eq!(said.count(), 1);
    // At home, where a client hears it too.
    let home = [register(C0, B), join(C0, G1), register(C1, B), join(C1, G1)];
    let step = after(&model, &home, Action::Deregister { client: C1 });
    let told = ccvc(B, CcvcKind::Leave, C1, 0b01, false);
    assert!(step.observations.contains(&told));
}

#[test]
fn a_further_multicast_server_joins_and_one_that_moved_is_no_news() {
    // E13, A07
    let model = with_mcs().model(Rules::resolved());
    let moved = [
        register(C0, A),
        register(C1, B),
        join(C1, G1),
        Action::Move { client: C1, to: C },
        join(C1, G1),
    ];
    let at_a = |step: &TraceStep| {
        step.observations
            .iter()
            .filter(|seen| matches!(seen, Observation::Ccvc { .. } | Observation::Migrate { .. }))
            .count()
    };
    let steps = run(&model, &settled(&model, &moved));
    assert_eq!(steps.iter().map(at_a).sum::<usize>(), 1, "one MIGRATE");
    // The old home's word ends, the new home's stays: nobody is told.
    let gone = Action::LeafGone {
        server: B,
        client: C1,
    };
    let mut all = settled(&model, &moved);
    all.push(gone);
    settle(&model, &mut all);
    let steps = run(&model, &all);
    assert_eq!(steps.iter().map(at_a).sum::<usize>(), 1);
    let both = Scenario {
        mcs: 0b11,
        ..scenario()
    };
    let model = both.model(Rules::resolved());
    let mut all = settled(&model, &[register(C0, A), join(C0, G1), register(C1, C)]);
    all.extend([join(C1, G1), deliver(C, B), deliver(B, A)]);
    // Own multicast servers hear of it (E17); there is no client to be told.
    assert_eq!(
        last(&model, &all).observations,
        [scvc(A, ScvcKind::Mserv, C1, 0b01)]
    );
}

#[test]
fn maps_go_out_on_both_control_vcs() {
    // R2443-2-19, R2022-6.2-02
    let model = with_mcs().model(Rules::resolved());
    let step = after(&model, &[register(C0, B), register(C1, B)], Action::Tick);
    let maps = step.observations.iter().filter_map(|seen| match seen {
        Observation::Map { control, .. } => Some(*control),
        _ => None,
    });
    assert_eq!(
        maps.collect::<Vec<_>>(),
        [Control::Cluster, Control::Servers]
    );
}

#[test]
fn a_multicast_server_serves_a_group_at_a_time() {
    let model = with_mcs().model(Rules::resolved());
    assert!(record(&model, &[register(C1, A), join(C1, BLOCK)]).is_none());
    assert!(record(&model, &[register(C0, A), join(C0, BLOCK)]).is_some());
}
