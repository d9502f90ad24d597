//! RFC 2022, 5.4.

use super::*;
use crate::endpoint::Problem;

/// A client of two MARSs, joined to groups 1 and 2, that sends to group 5.
fn busy() -> Rig {
    let mut rig = Rig::new(Role::Member, &[MARS, BACKUP]);
    rig.register(MARS);
    for last in [1, 2] {
        rig.join(one(last));
        let join = rig.last_sent();
        rig.control(&copy(&join, None, FIRST + u32::from(last) - 1));
    }
    rig.open(5, FIRST + 2, &[20]);
    rig.take();
    rig
}

fn calls(rig: &Rig) -> Vec<(u64, u8)> {
    let seen = rig.seen.iter();
    seen.filter_map(|(at, action)| match action {
        OutputAction::Call { peer } => Some((*at, last(peer))),
        _ => None,
    })
    .collect()
}

/// The times and last octets of the JOINs of single groups.
fn joins(rig: &Rig) -> Vec<(u64, u8)> {
    let seen = rig.seen.iter();
    seen.filter_map(|(at, action)| {
        let OutputAction::Send { octets, .. } = action else {
            return None;
        };
        let message = decode(split(octets).unwrap().1).unwrap();
        let Body::Join(body) = message.body else {
            return None;
        };
        let (min, _) = crate::ranges::ends(body.pairs.iter().next()?);
        Some((*at, min.octets()[3]))
    })
    .collect()
}

// R2022-5.4-02, register F15: four minutes without a map, and not less.
#[test]
fn maps_that_fail_to_come_are_a_problem() {
    let mut rig = busy();
    rig.run(200_000);
    rig.control(&map(MARS, true, (true, 1), FIRST + 2, &[MARS, BACKUP]));
    rig.run(239_999);
    assert!(rig.view().registered);
    rig.run(1);
    assert!(!rig.view().registered);
    let why = Problem::NoMap;
    assert!(rig.notices().contains(&Notice::MarsProblem {
        mars: atm(MARS),
        why
    }));
}

// R2022-5.4-02
#[test]
fn the_end_of_the_control_vc_is_a_problem() {
    let mut rig = busy();
    let vc = rig.controls.remove(&MARS).unwrap();
    rig.input(Input::VcDown { vc });
    let why = Problem::ControlVcLost;
    assert_eq!(
        rig.notices(),
        [Notice::MarsProblem {
            mars: atm(MARS),
            why
        }]
    );
}

// R2022-5.4-02
#[test]
fn a_call_that_fails_is_a_problem() {
    let mut rig = busy();
    let vc = rig.links.remove(&atm(MARS)).unwrap();
    rig.input(Input::VcDown { vc });
    assert!(rig.view().registered);
    rig.dead.insert(atm(MARS));
    rig.send(6);
    let why = Problem::NoVc;
    assert_eq!(
        rig.notices(),
        [Notice::MarsProblem {
            mars: atm(MARS),
            why
        }]
    );
}

// R2022-5.4.1-01 R2022-5.4.1-02 R2022-5.4.1-03 R2022-5.4.1-04 R2022-5.4.1-05
#[test]
fn a_passing_problem_ends_with_rejoins_and_revalidation() {
    let mut rig = busy();
    let tree = rig.tree(5);
    rig.core.problem(Problem::NoCopy);
    rig.drain();
    let start = rig.now;
    rig.send(5);
    assert!(matches!(
        rig.seen.last().unwrap().1,
        OutputAction::SendTree { .. }
    ));
    rig.take();
    rig.run(10_000);
    let [(at, MARS)] = calls(&rig)[..] else {
        panic!("{:?}", rig.seen);
    };
    assert!((1_000..=10_000).contains(&(at - start)));
    rig.confirm_registration(MARS, CMI, FIRST + 9);
    let again = rig.now;
    rig.take();
    assert!(rig.view().joined.iter().all(|joined| !joined.confirmed));
    rig.run(10_000);
    let joins = joins(&rig);
    let groups: BTreeSet<u8> = joins.iter().map(|(_, group)| *group).collect();
    assert_eq!(groups, BTreeSet::from([1, 2]));
    assert!((again + 1_000..=again + 10_000).contains(&joins[0].0));
    assert_ne!(joins[0].0, joins[1].0);
    assert!(rig.revalidates(5));
    assert_eq!(rig.tree(5), tree);
}

// R2022-5.4.2-01 R2022-5.4.2-02 R2022-5.4.2-03 R2022-5.4.2-04: the same once more, the next one at
// once, then a minute between them, round and round.
#[test]
fn backups_are_tried_in_order_for_ever() {
    let mut rig = Rig::new(Role::Member, &[MARS, BACKUP, 103]);
    rig.register(MARS);
    rig.dead = [MARS, BACKUP, 103].map(atm).into();
    rig.take();
    rig.core.problem(Problem::NoMap);
    rig.run(300_000);
    let calls = calls(&rig);
    let start = calls[0].0;
    assert!((1_000..=10_000).contains(&start));
    let minute = |n: u64| start + n * 60_000;
    let expected = [
        (start, MARS),
        (start, BACKUP),
        (minute(1), 103),
        (minute(2), MARS),
        (minute(3), BACKUP),
        (minute(4), 103),
    ];
    assert_eq!(calls, expected);
    assert!(
        rig.notices()
            .contains(&Notice::BackupChosen { mars: atm(BACKUP) })
    );
    // One that comes back is used.
    rig.dead.clear();
    rig.take();
    rig.run(60_000);
    rig.confirm_registration(MARS, 8, 3_000);
    let view = rig.view();
    assert_eq!((view.registered, view.cmi, view.hsn), (true, 8, 3_000));
    assert_eq!(view.current_mars, atm(MARS));
}

// R2022-5.4.2-01 with loss instead of a refused call, register F12; and A06: the old control VC. R2443-1-05 R2443-2-13
// R2443-2-14: one server at a time, and everything is joined there.
#[test]
fn a_silent_mars_is_replaced_by_its_backup() {
    let mut rig = busy();
    rig.core.problem(Problem::NoMap);
    rig.run(10_000 + 60_000);
    let calls = calls(&rig);
    assert_eq!(calls[0].1, MARS);
    assert_eq!(calls[1], (calls[0].0 + 60_000, BACKUP));
    let old = rig.controls[&MARS];
    rig.confirm_registration(BACKUP, 300, 70);
    assert!(
        rig.seen
            .iter()
            .any(|(_, action)| *action == OutputAction::Hangup { vc: old })
    );
    let view = rig.view();
    assert_eq!(
        (view.current_mars, view.cmi, view.hsn),
        (atm(BACKUP), 300, 70)
    );
    rig.take();
    rig.run(10_000);
    assert_eq!(joins(&rig).len(), 2);
    // The old one is not believed any more.
    rig.controls.remove(&MARS);
    rig.control_from(MARS, &update(Op::Leave, 20, 0, 5, &[one(5)]));
    assert_eq!(
        (rig.dropped("other-mars"), rig.leaves(5)),
        (1, Some(vec![20]))
    );
    rig.control_from(BACKUP, &update(Op::Join, 21, 0, 70, &[one(5)]));
    assert_eq!(rig.leaves(5), Some(vec![20, 21]));
}

// N07: the MARS that was given up had registered this endpoint after all, and only its copies were lost.
#[test]
fn the_control_vc_of_a_mars_that_was_given_up_is_left() {
    let mut rig = busy();
    rig.core.problem(Problem::NoMap);
    rig.run(10_000);
    let stray = rig.control_vc(MARS);
    let left = |rig: &Rig| {
        let wanted = OutputAction::Hangup { vc: stray };
        rig.seen.iter().any(|(_, action)| *action == wanted)
    };
    // It is about to be registered with, so its map means nothing.
    rig.control(&map(MARS, true, (true, 1), 9, &[MARS, BACKUP]));
    rig.run(60_000);
    assert!(!left(&rig));
    rig.confirm_registration(BACKUP, 300, 70);
    // What others say on a VC does not tell whose VC it is.
    rig.input(Input::VcUp {
        vc: stray,
        peer: atm(MARS),
        kind: VcKind::Leaf,
    });
    rig.take();
    rig.controls.insert(MARS, stray);
    rig.control(&update(Op::Join, 21, 0, 10, &[one(5)]));
    assert!(!left(&rig));
    rig.control(&map(MARS, true, (true, 1), 11, &[MARS, BACKUP]));
    assert!(left(&rig));
    assert_eq!(rig.view().current_mars, atm(BACKUP));
}

// R2022-5.4.3-01 R2022-5.4.3-12
#[test]
fn a_map_goes_to_the_top_of_the_list() {
    let mut rig = busy();
    let list = |rig: &Rig| rig.view().backups.iter().map(last).collect::<Vec<_>>();
    rig.control(&map(MARS, true, (false, 1), FIRST + 2, &[MARS, 104]));
    assert_eq!(list(&rig), [MARS, BACKUP]);
    rig.control(&map(MARS, true, (true, 2), FIRST + 3, &[105]));
    assert_eq!(list(&rig), [MARS, 104, 105, BACKUP]);
    // The newest replaces the one before.
    rig.control(&map(MARS, true, (true, 1), FIRST + 4, &[MARS, 103]));
    assert_eq!(list(&rig), [MARS, 103, BACKUP]);
    assert_eq!(rig.view().phase, "registered");
}

// R2022-5.4.3-04
#[test]
fn a_broken_map_is_thrown_away() {
    let broken: [&[(bool, u16, u32)]; 3] = [
        &[(true, 2, 2)],
        &[(false, 1, 2), (true, 3, 3)],
        &[(false, 1, 2), (true, 2, 4)],
    ];
    for parts in broken {
        let mut rig = busy();
        for (last, part, msn) in parts {
            rig.control(&map(MARS, true, (*last, *part), FIRST + msn, &[BACKUP]));
        }
        assert_eq!(
            (rig.dropped("broken-map"), rig.view().phase),
            (1, "registered")
        );
        assert_eq!(rig.view().backups, [MARS, BACKUP].map(atm));
    }
    // A part that comes too late.
    let mut rig = busy();
    rig.control(&map(MARS, true, (false, 1), FIRST + 2, &[BACKUP]));
    rig.run(10_000);
    rig.control(&map(MARS, true, (true, 2), FIRST + 3, &[BACKUP]));
    assert_eq!(
        (rig.dropped("broken-map"), rig.view().phase),
        (1, "registered")
    );
}

// R2022-5.4.3-03 R2022-5.4.3-11, register F11
#[test]
fn maps_of_others_are_ignored() {
    let mut rig = busy();
    rig.control(&map(BACKUP, true, (true, 1), FIRST + 2, &[BACKUP]));
    rig.private(&map(MARS, true, (true, 1), FIRST + 3, &[BACKUP]));
    assert_eq!(rig.dropped("untrusted-map"), 2);
    rig.control_from(BACKUP, &map(MARS, true, (true, 1), 9, &[BACKUP]));
    assert_eq!(rig.dropped("other-mars"), 1);
    assert_eq!(rig.view().phase, "registered");
}

// R2022-5.4.3-07 R2022-5.4.3-08
#[test]
fn a_hard_redirect_moves_with_rejoin_and_revalidation() {
    let mut rig = busy();
    rig.control(&map(MARS, true, (true, 1), FIRST + 2, &[BACKUP, MARS]));
    let start = rig.now;
    let (mars, hard) = (atm(BACKUP), true);
    assert_eq!(rig.notices(), [Notice::Redirected { mars, hard }]);
    // Until then it is served where it was.
    assert_eq!((rig.view().registered, rig.view().phase), (true, "waiting"));
    rig.control(&map(MARS, true, (true, 1), FIRST + 3, &[BACKUP, MARS]));
    rig.run(10_000);
    let [(at, BACKUP)] = calls(&rig)[..] else {
        panic!("{:?}", rig.seen);
    };
    assert!((start + 1_000..=start + 10_000).contains(&at));
    rig.confirm_registration(BACKUP, 300, 70);
    assert!(!rig.links.contains_key(&atm(MARS)) && !rig.controls.contains_key(&MARS));
    rig.take();
    rig.run(10_000);
    assert_eq!(joins(&rig).len(), 2);
    assert!(rig.revalidates(5));
}

// R2022-5.4.3-07: taken back before it has begun.
#[test]
fn a_redirect_can_be_taken_back() {
    let mut rig = busy();
    rig.control(&map(MARS, true, (true, 1), FIRST + 2, &[BACKUP, MARS]));
    rig.control(&map(MARS, true, (true, 1), FIRST + 3, &[MARS, BACKUP]));
    assert_eq!(rig.view().phase, "registered");
    rig.run(20_000);
    assert_eq!(calls(&rig), []);
}

// R2022-5.4.3-09 R2022-5.4.3-10
#[test]
fn a_soft_redirect_moves_and_no_more() {
    let mut rig = busy();
    rig.control(&map(MARS, false, (true, 1), FIRST + 2, &[BACKUP, MARS]));
    assert_eq!(calls(&rig), [(rig.now, BACKUP)]);
    // The old one is still in use.
    rig.control(&update(Op::Join, 21, 0, FIRST + 3, &[one(5)]));
    assert_eq!(rig.leaves(5), Some(vec![20, 21]));
    rig.confirm_registration(BACKUP, 300, 70);
    assert_eq!(
        (rig.view().current_mars, rig.view().cmi),
        (atm(BACKUP), 300)
    );
    assert!(!rig.links.contains_key(&atm(MARS)));
    rig.take();
    rig.run(20_000);
    assert_eq!(joins(&rig), []);
    assert!(!rig.revalidates(5) && rig.core.meters().jumps == 0);
    assert!(rig.view().joined.iter().all(|joined| joined.confirmed));
}

// R2022-5.4.3-09: and one that fails leaves everything as it was.
#[test]
fn a_soft_redirect_to_nobody_changes_nothing() {
    let mut rig = busy();
    rig.dead.insert(atm(BACKUP));
    rig.control(&map(MARS, false, (true, 1), FIRST + 2, &[BACKUP, MARS]));
    assert_eq!(
        (rig.view().phase, rig.view().current_mars),
        ("registered", atm(MARS))
    );
    rig.join(one(3));
    assert_eq!(rig.ops(), [Op::Join]);
}

// R2022-5.2.3-06 over a failure: what was left meanwhile is left at the new MARS too.
#[test]
fn what_was_left_during_the_failure_is_not_rejoined() {
    let mut rig = busy();
    rig.core.problem(Problem::NoMap);
    rig.leave(one(1));
    rig.join(one(3));
    rig.run(10_000);
    assert_eq!(rig.ops(), [Op::Join]);
    rig.confirm_registration(MARS, CMI, 70);
    assert_eq!(rig.ops(), [Op::Join, Op::Leave]);
    rig.take();
    rig.run(10_000);
    let groups: BTreeSet<u8> = joins(&rig).iter().map(|(_, group)| *group).collect();
    assert_eq!(groups, BTreeSet::from([2, 3]));
}
