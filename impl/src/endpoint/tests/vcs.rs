//! RFC 2022, 5.1.3, 5.1.4.1, 5.1.5.1 and 5.1.6.

use super::*;

fn opened() -> Rig {
    let mut rig = Rig::client();
    rig.open(5, FIRST, &[20, 21]);
    rig
}

// R2022-5.1.4.1-01 R2022-5.1.4.1-02 R2022-5.2-02 R2022-5.1.4-01
#[test]
fn joins_and_leaves_change_the_leaf_set() {
    let mut rig = opened();
    let punched = MembershipFlags::PUNCHED;
    rig.control(&update(Op::Join, 22, 0, FIRST, &[one(5)]));
    let blocks = [range(1, 2), range(4, 9)];
    rig.control(&update(Op::Join, 23, punched, FIRST + 1, &blocks));
    // Told already; about others; not of this group; a hole.
    rig.take();
    rig.control(&update(Op::Join, 22, 0, FIRST + 2, &[one(5)]));
    rig.control(&update(Op::Join, 24, 0, FIRST + 3, &[one(6)]));
    let around = [range(1, 4), range(6, 9)];
    rig.control(&update(Op::Leave, 20, punched, FIRST + 4, &around));
    assert!(rig.take().is_empty());
    assert_eq!(rig.leaves(5), Some(vec![20, 21, 22, 23]));
    rig.control(&update(Op::Leave, 20, 0, FIRST + 5, &[one(5)]));
    rig.control(&update(Op::Leave, 21, 0, FIRST + 6, &[range(1, 9)]));
    assert_eq!(rig.leaves(5), Some(vec![22, 23]));
    assert_eq!((rig.core.meters().jumps, rig.view().hsn), (0, FIRST + 6));
}

// R2022-5.1.4.1-02
#[test]
fn with_the_last_leaf_the_tree_closes() {
    let mut rig = opened();
    rig.control(&update(Op::Leave, 20, 0, FIRST, &[one(5)]));
    rig.control(&update(Op::Leave, 21, 0, FIRST + 1, &[one(5)]));
    assert!(rig.trees.is_empty());
    assert!(rig.view().groups.is_empty());
    rig.send(5);
    assert_eq!(rig.ops(), [Op::Request]);
}

// R2022-5.1.4.1-03
#[test]
fn the_own_leaving_does_not_touch_the_tree() {
    let mut rig = opened();
    rig.join(one(5));
    let join = rig.last_sent();
    rig.control(&copy(&join, None, FIRST));
    assert_eq!(rig.leaves(5), Some(vec![20, 21]));
    rig.leave(one(5));
    let leave = rig.last_sent();
    rig.control(&copy(&leave, None, FIRST + 1));
    assert_eq!(rig.leaves(5), Some(vec![20, 21]));
}

// R2022-5.1.4.1-04 R2022-5.2.1-07
#[test]
fn empty_updates_only_count_and_uncopied_ones_do_not() {
    let mut rig = opened();
    rig.control(&update(Op::Leave, 20, 0, FIRST, &[]));
    assert_eq!(
        (rig.leaves(5), rig.view().control_msn),
        (Some(vec![20, 21]), Some(FIRST))
    );
    let mut sent = update(Op::Leave, 20, 0, FIRST + 1, &[one(5)]);
    sent[12..14].fill(0);
    sent[24] = 0;
    rig.control(&sent);
    assert_eq!(rig.dropped("no-copy-flag"), 1);
    assert_eq!(
        (rig.leaves(5), rig.view().control_msn),
        (Some(vec![20, 21]), Some(FIRST))
    );
}

// R2022-5.1.3-01: the next address when the first fails; the others wait for the first to be there.
#[test]
fn the_tree_opens_to_whoever_answers_first() {
    let mut rig = Rig::client();
    rig.leaves_up = false;
    rig.send(5);
    rig.private(&multi(5, true, 1, FIRST, &[20, 21, 22]));
    let tree = rig.tree(5);
    let opens = |rig: &mut Rig| -> Vec<OutputAction> {
        let seen = rig.take().into_iter().map(|(_, action)| action);
        seen.filter(|action| !matches!(action, OutputAction::Send { .. }))
            .collect()
    };
    let open = |last: u8| OutputAction::OpenTree {
        tree,
        group: group(5),
        peer: atm(last),
    };
    assert_eq!(opens(&mut rig), [open(20)]);
    // One that joins meanwhile waits too.
    rig.control(&update(Op::Join, 23, 0, FIRST, &[one(5)]));
    assert_eq!(opens(&mut rig), []);
    // R2022-5.1.3-02: 3 is final, 41 is not.
    let failed = |last: u8, cause: u8| Input::LeafFailed {
        tree,
        peer: atm(last),
        cause,
    };
    rig.input(failed(20, 3));
    assert_eq!(opens(&mut rig), [open(21)]);
    rig.input(failed(21, 41));
    assert_eq!(opens(&mut rig), [open(22)]);
    // R2022-5.1.3-04: data flows although 21 is missing.
    rig.input(Input::LeafUp {
        tree,
        peer: atm(22),
    });
    let add = |last: u8| OutputAction::AddLeaf {
        tree,
        peer: atm(last),
    };
    let seen = opens(&mut rig);
    assert!(matches!(seen[0], OutputAction::SendTree { .. }));
    assert_eq!(seen[1..], [add(23)]);
    assert_eq!(rig.leaves(5), Some(vec![21, 22, 23]));
    // R2022-5.1.3-03: 5 to 10 s, then twice that.
    let from = rig.now;
    rig.run(10_000);
    let seen = rig.take();
    let (at, action) = seen.first().unwrap();
    let wait = at - from;
    assert!((5_000..=10_000).contains(&wait) && *action == add(21));
    rig.input(failed(21, 41));
    let from = rig.now;
    rig.run(2 * wait - 1);
    assert!(rig.take().is_empty());
    rig.run(1);
    assert_eq!(rig.take(), [(from + 2 * wait, add(21))]);
    rig.input(Input::LeafUp {
        tree,
        peer: atm(21),
    });
    assert_eq!(rig.view().groups[0].up, [21, 22].map(atm));
}

#[test]
fn a_tree_that_nobody_answers_is_no_tree() {
    let mut rig = Rig::client();
    rig.leaves_up = false;
    rig.send(5);
    rig.private(&multi(5, true, 1, FIRST, &[20]));
    let tree = rig.tree(5);
    let (peer, cause) = (atm(20), 3);
    rig.input(Input::LeafFailed { tree, peer, cause });
    assert!(rig.view().groups.is_empty());
    assert_eq!(rig.dropped("no-leaf"), 1);
    // What comes too late is of no tree.
    rig.input(Input::LeafUp { tree, peer });
    assert_eq!(rig.dropped("unknown-tree"), 1);
}

#[test]
fn a_leave_of_the_leaf_that_is_called_calls_another() {
    let mut rig = Rig::client();
    rig.leaves_up = false;
    rig.send(5);
    rig.private(&multi(5, true, 1, FIRST, &[20, 21]));
    let first = rig.tree(5);
    rig.control(&update(Op::Leave, 20, 0, FIRST, &[one(5)]));
    let second = rig.tree(5);
    assert_ne!(first, second);
    rig.input(Input::LeafUp {
        tree: second,
        peer: atm(21),
    });
    let last = rig.seen.last().unwrap();
    assert!(matches!(last.1, OutputAction::SendTree { tree, .. } if tree == second));
}

// R2022-5.1.5.1-01 R2022-5.1.5.1-02 R2443-2-24
#[test]
fn a_leaf_that_goes_is_dropped_and_asked_about() {
    let mut rig = opened();
    let tree = rig.tree(5);
    rig.trees.get_mut(&tree).unwrap().remove(&atm(20));
    rig.input(Input::LeafGone {
        tree,
        peer: atm(20),
    });
    assert_eq!(rig.leaves(5), Some(vec![21]));
    assert!(rig.take().is_empty());
    rig.run(999);
    assert!(!rig.revalidates(5));
    rig.run(9_001);
    assert!(rig.revalidates(5));
}

// R2022-5.1.5.1-03
#[test]
fn a_tree_that_goes_is_set_up_by_the_next_packet() {
    let mut rig = opened();
    let tree = rig.tree(5);
    rig.trees.clear();
    rig.input(Input::TreeDown { tree });
    assert!(rig.take().is_empty());
    assert_eq!(rig.leaves(5), None);
    rig.send(5);
    assert_eq!(rig.ops(), [Op::Request]);
}

// R2022-5.1.3-05 R2022-5.1.3-06
#[test]
fn an_idle_tree_is_closed() {
    let mut rig = opened();
    let start = rig.now;
    let mut msn = FIRST;
    let mut minutes = |rig: &mut Rig, count: u64| {
        for _ in 0..count {
            rig.run(60_000);
            rig.control(&map(MARS, true, (true, 1), msn, &[MARS]));
            msn += 1;
        }
    };
    minutes(&mut rig, 10);
    rig.send(5);
    minutes(&mut rig, 19);
    rig.run(59_999);
    assert_eq!(rig.leaves(5), Some(vec![20, 21]));
    rig.take();
    let tree = rig.tree(5);
    rig.run(1);
    let closed = (start + 30 * 60_000, OutputAction::CloseTree { tree });
    assert!(rig.take().contains(&closed));
    assert_eq!(rig.leaves(5), None);
}

// R2022-5.1.6-01 R2022-5.1.6-02 R2022-5.1.6-03 R2022-5.1.6-04
#[test]
fn a_migration_makes_another_tree() {
    let mut rig = opened();
    let old = rig.tree(5);
    rig.control(&migrate(5, FIRST, &[50]));
    assert_eq!(rig.leaves(5), Some(vec![50]));
    assert_ne!(rig.tree(5), old);
    assert_eq!(rig.view().control_msn, Some(FIRST));
    // Register E14: nothing where there was nothing.
    rig.control(&migrate(6, FIRST + 1, &[50]));
    assert_eq!(rig.leaves(6), None);
    // Packets that wait for an answer go to the new tree, and the answer is not needed.
    rig.send(7);
    rig.control(&migrate(7, FIRST + 2, &[50]));
    assert_eq!(rig.leaves(7), Some(vec![50]));
    assert!(matches!(
        rig.seen.last().unwrap().1,
        OutputAction::SendTree { .. }
    ));
    rig.private(&multi(7, true, 1, FIRST + 3, &[20]));
    assert_eq!(rig.leaves(7), Some(vec![50]));
}
